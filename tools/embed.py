# SPDX-License-Identifier: Apache-2.0
"""Files as a C++ table: embed.py OUT FILE... ("index.html" becomes "/").

Writes the definition of relay/admin/page.hpp's page_files().
"""

import pathlib
import sys

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


def literal(text):
    """Pieces that every compiler takes, as raw strings."""
    assert ')page"' not in text
    pieces = [text[i : i + 8000] for i in range(0, len(text), 8000)] or [""]
    return "\n    ".join(f'R"page({piece})page"' for piece in pieces)


def main():
    out, files = pathlib.Path(sys.argv[1]), [pathlib.Path(name) for name in sys.argv[2:]]
    rows = []
    for file in files:
        path = "/" if file.name == "index.html" else "/" + file.name
        rows.append(f'    {{"{path}", "{TYPES[file.suffix]}",\n    {literal(file.read_text())}}},\n')
    out.write_text(
        "// Made by tools/embed.py.\n"
        '#include "relay/admin/page.hpp"\n\n'
        "namespace godwit::relay::admin {\nnamespace {\n\n"
        f"constexpr PageFile files[] = {{\n{''.join(rows)}}};\n\n"
        "} // namespace\n\nstd::span<const PageFile> page_files()\n{\n    return files;\n}\n\n} // namespace godwit::relay::admin\n"
    )


if __name__ == "__main__":
    main()
