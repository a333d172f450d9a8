# SPDX-License-Identifier: Apache-2.0
"""What tools/schema.py is made of: model.py reads schema/*.toml, every other module writes one face."""
