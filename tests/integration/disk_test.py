#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A disk that is full: requests say so, reading goes on, what was accepted arrives, and with room again everything works, without
a restart. The full disk is a limit on the size of files (RLIMIT_FSIZE), which needs no root and can be lifted while running."""
import os
import resource
import signal
import time

from world import check, equal, main


def limit(client, most):
    """No file of this client grows past `most` bytes; -1: as it likes."""
    resource.prlimit(client.run.process.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def largest(client):
    return max(os.path.getsize(os.path.join(client.home, name)) for name in os.listdir(client.home))


def fill(sender, to, text, count):
    """Sends until the disk refuses; the ids that were accepted."""
    accepted, refused = [], 0
    for n in range(count):
        reply = sender.ask("send", to=to, text=f"{n} {text}")
        if reply["ok"]:
            accepted.append(reply["message"])
        else:
            equal(reply["error"]["code"], "storage_failed", f"a full disk: {reply}")
            check(reply["error"]["retry"] > 0, f"says when to try again: {reply}")
            refused += 1
            if refused == 3:
                return accepted
    check(False, f"the disk was never full: {len(accepted)}")
    return accepted


def sender_is_full(world):
    world.spawn["restore_signals"] = False
    relay = world.relay()
    alice, bob = world.pair(relay)
    before = [alice.send("bob", f"before {n}") for n in range(3)]
    for message in before:
        alice.final(message)
    start = alice.mark()
    limit(alice, largest(alice) + 64 * 1024)
    accepted = fill(alice, "bob", "x" * 3000, 2000)
    check(len(accepted) > 0, "there was room for some")
    alice.event("warning", start)
    equal([m["message"] for m in alice.history("bob")], before + accepted, "reading works while the disk is full")
    limit(alice, resource.RLIM_INFINITY)
    until = time.monotonic() + 40
    while not (reply := alice.ask("send", to="bob", text="after"))["ok"]:
        check(time.monotonic() < until, f"there is room again, but {reply}")
        time.sleep(0.2)
    everything = before + accepted + [reply["message"]]
    until = time.monotonic() + 40
    while alice.ok("status")["outbox_messages"]:
        check(time.monotonic() < until, f"still on their way: {alice.ok('status')}")
        time.sleep(0.2)
    equal([m["message"] for m in bob.history("alice")], everything, "what was accepted has arrived, once, in order")
    equal([m["message"] for m in alice.history("bob")], everything, "the sender's history")


def receiver_is_full(world):
    world.spawn["restore_signals"] = False
    relay = world.relay()
    alice, bob = world.pair(relay)
    alice.final(alice.send("bob", "before"))
    start = bob.mark()
    limit(bob, largest(bob) + 64 * 1024)
    sent = [alice.send("bob", f"{n} " + "x" * 8000) for n in range(30)]
    bob.event("warning", start)
    time.sleep(1)
    kept = [m["message"] for m in bob.history("alice")][1:]
    equal(kept, sent[:len(kept)], "what was kept is the beginning")
    check(len(kept) < len(sent), "it was full")
    limit(bob, resource.RLIM_INFINITY)
    until = time.monotonic() + 60
    while alice.ok("status")["outbox_messages"]:
        check(time.monotonic() < until, f"still on their way: {alice.ok('status')}")
        time.sleep(0.2)
    equal([m["message"] for m in bob.history("alice")][1:], sent, "everything has arrived, once, in order")
    shown = [line["message"] for line in bob.run.lines if line.get("event") == "message"][1:]
    equal(shown, sent, "each was shown once in this run")


# The limit raises SIGXFSZ, whose default would end the process; ignored here, it is ignored in children (see World.spawn).
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
main([sender_is_full, receiver_is_full])
