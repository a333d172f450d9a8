#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looking for what was said, between real programs: by JSON lines and on the command line; what was taken back is gone, through a restart and the check."""
import subprocess
import sys

from world import check, equal, main


def run(world, home, *words):
    return subprocess.run([world.given.client, "--home", home, "--loopback", *words], capture_output=True, text=True, timeout=60, check=False)


def texts(client, text, **filters):
    return [hit["text"] for hit in client.ok("search", text=text, **filters)["hits"]]


def found_and_taken_back(world):
    relay = world.relay()
    alice, bob = world.pair(relay)
    for n in range(600):
        alice.send("bob", f"第{n}杯咖啡 cup number {n}")
    equal(bob.final(bob.send("alice", "Wo ist der Kaffee? 茶"))["state"], "delivered", "the last one")
    for client in (alice, bob):
        equal(texts(client, "茶"), ["Wo ist der Kaffee? 茶"], "one character")
        equal(texts(client, "kaff"), ["Wo ist der Kaffee? 茶"], "a beginning")
        equal(texts(client, "咖啡 599"), ["第599杯咖啡 cup number 599"], "both")
        equal(texts(client, "nothing of the kind"), [], "nothing")
    hit = alice.ok("search", text="杯咖", limit=1)["hits"][0]
    begin, length = hit["matches"][0]["begin"], hit["matches"][0]["length"]
    equal(hit["snippet"].encode()[begin : begin + length].decode(), "杯咖", "what to highlight")
    seen, before = [], 0
    while True:
        page = bob.ok("search", **{"with": "alice", "from": "alice", "kinds": ["text"]}, text="咖啡", limit=200, before=before)
        seen += [one["text"] for one in page["hits"]]
        before = page["next"]
        if before == 0:
            break
    equal(len(seen), 600, "all of them, once")
    equal(seen[0], "第599杯咖啡 cup number 599", "the newest first")
    equal(texts(bob, "咖啡", **{"from": "bob"}), [], "of somebody else")
    alice.refused("invalid_argument", "search", text="")
    alice.refused("invalid_argument", "search", text="x" * 257)
    alice.refused("invalid_argument", "search", text="...")
    alice.refused("invalid_argument", "search", text="x", kinds=["nothing"])
    alice.refused("not_a_contact", "search", text="x", **{"with": "stranger"})

    first = bob.ok("search", text="第0杯")["hits"][0]["message"]
    equal(alice.final(alice.ok("recall", message=first)["message"])["state"], "delivered", "the recall")
    for client in (alice, bob):
        equal(texts(client, "第0杯"), [], "taken back")
        client.quit()
        found = run(world, client.home, "search", "咖啡 599")
        check(found.returncode == 0 and "cup number 599" in found.stdout, f"on the command line: {found.stdout} {found.stderr}")
        found = run(world, client.home, "search", "第0杯")
        equal((found.returncode, found.stdout), (0, ""), f"what was taken back: {found.stderr}")
        found = run(world, client.home, "search", "咖啡", "--limit", "3", "--from", "alice")
        check(len(found.stdout.splitlines()) == 3 and "more: --before " in found.stderr, f"a page: {found.stdout} {found.stderr}")
        found = run(world, client.home, "search", "...")
        check(found.returncode == 1 and "invalid_argument" in found.stderr, f"signs: {found.stderr}")
        found = run(world, client.home, "check")
        equal(found.returncode, 0, found.stdout + found.stderr)


if __name__ == "__main__":
    sys.exit(main([found_and_taken_back]))
