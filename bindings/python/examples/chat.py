#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A chat with one contact, in a terminal.

    chat.py --home alice --relay godwit://HOST:PORT#KEY --user alice --password-file FILE [--register] bob

A line is a message. The contact is asked for, and accepted, when it is none yet. Ends with the end of input.
"""
import argparse
import asyncio
import sys

import godwit


async def lines():
    """Standard input, line by line, without blocking the loop."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        yield line.decode().rstrip("\n")


def say(text):
    print(text, flush=True)


async def befriend(me, peer, ready, online):
    """A contact since an earlier run, or asked for now."""
    if any(c["user"] == peer and c["state"] == "accepted" for c in (await me.contacts())["contacts"]):
        ready.set()
    elif online:
        try:
            await me.contact_add(user=peer)
        except godwit.GodwitError as trouble:
            say(f"there is no {peer} yet: waiting until they ask" if trouble.code == "no_such_user" else f"not asked yet: {trouble.detail}")


async def show(me, peer, ready):
    async for event in me.events():
        match event:
            case {"event": "connected"}:
                await befriend(me, peer, ready, True)
            case {"event": "message", "from": sender, "text": text, "path": path}:
                say(f"{sender} [{path}]: {text}")
            case {"event": "message_state", "state": "delivered", "path": path, "reason": why}:
                say(f"✓✓ {path} ({why})")
            case {"event": "message_state", "state": "failed", "reason": why}:
                say(f"not delivered: {why}")
            case {"event": "contact_request", "user": user} if user == peer:
                await me.contact_accept(user=user)
                ready.set()
            case {"event": "contact_accepted", "user": user} if user == peer:
                ready.set()
            case {"event": "security", "kind": kind, "user": user}:
                say(f"security: {kind} ({user})")
            case {"event": "disconnected", "error": error}:
                say(f"offline: {error['detail']}")


async def talk(given):
    with open(given.password_file, encoding="utf-8") as file:
        account = {"relay": given.relay, "user": given.user, "password": file.readline().rstrip("\n")}
    async with godwit.open(given.home, allow_loopback=given.loopback) as me:
        if not (await me.status())["user"]:
            await (me.register if given.register else me.login)(**account)
        ready = asyncio.Event()
        shown = asyncio.create_task(show(me, given.peer, ready))
        await befriend(me, given.peer, ready, False)
        await ready.wait()
        say(f"you can write to {given.peer}")
        async for line in lines():
            if line:
                await me.send(to=given.peer, text=line)
        shown.cancel()


def main():
    arguments = argparse.ArgumentParser(description="A chat with one contact.")
    for name in ("--home", "--relay", "--user", "--password-file"):
        arguments.add_argument(name, required=True)
    arguments.add_argument("--register", action="store_true", help="make the account first")
    arguments.add_argument("--loopback", action="store_true", help="several clients on one machine")
    arguments.add_argument("peer")
    try:
        asyncio.run(talk(arguments.parse_args()))
    except godwit.GodwitError as trouble:
        sys.exit(f"chat: {trouble}")


if __name__ == "__main__":
    main()
