# SPDX-License-Identifier: Apache-2.0
"""godwit: private messages from device to device, over a relay where the direct way fails.

    async with godwit.open("alice") as me:
        await me.login(relay=relay, user="alice", password=password)
        await me.send(to="bob", text="Hello from Alaska")
        async for event in me.events():
            match event:
                case {"event": "message", "from": sender, "text": text}:
                    print(sender, text)

Every request is a method, every event a dictionary; their types are in `godwit.types`. Unaudited: read the threat model before you
trust it with anything.
"""
from . import _schema as types
from ._client import Client, Picture, check_home, open, repair_home  # pylint: disable=redefined-builtin
from ._native import GodwitError, version
from ._schema import UNSET, ErrorCode

__all__ = ["Client", "ErrorCode", "GodwitError", "Picture", "UNSET", "check_home", "open", "repair_home", "types", "version"]
__version__ = "0.1.0"
