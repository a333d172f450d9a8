#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the operator says, between real programs: the operator's command, the relay, two devices of an account, somebody who is away, kill -9 of each."""
import json
import os
import subprocess

from world import check, equal, main, password_of


def notice(world, relay, verb, *more, refused=False):
    done = subprocess.run([world.given.relay, "notice", verb, "--data", relay.folder, *more], capture_output=True, text=True, timeout=60, check=False)
    equal(done.returncode, 1 if refused else 0, f"notice {verb} {more}: {done.stderr}")
    return done.stderr if refused else done.stdout


def state(world, relay, which):
    return json.loads(notice(world, relay, "state", which, "--json"))


def reached(world, relay, which, devices):
    """The command comes after the devices' own commits, and may come before what they say about them."""
    for _ in range(200):
        now = state(world, relay, which)
        if now["devices_reached"] == devices:
            return now
    raise AssertionError(f"{devices} devices were to have it: {now}")


def titles(client):
    return [(one["title"], one["read"]) for one in client.ok("notices")["notices"]]


def two_devices_and_somebody_away(world):
    relay = world.relay()
    alice, bob = world.pair(relay)
    tablet = world.client("alice-tablet")
    tablet.ok("login", relay=relay.address, user="alice", password=password_of("alice"))
    tablet.event("connected")
    bob.kill()

    which = notice(world, relay, "send", "--to-all", "--title", "Moving on Sunday", "--text", "Back at six.\nReally.", "--kind", "maintenance",
                   "--link", "https://relay.example/status").strip()
    for one in (alice, tablet):
        event = one.event("notice_received")
        equal(event["notice"], which, "its id")
        equal((event["title"], event["text"], event["kind"], event["link"]),
              ("Moving on Sunday", "Back at six.\nReally.", "maintenance", "https://relay.example/status"), "what it says")
        check(event["to_all"] and not event["end_to_end"] and not event["read"], str(event))
        equal(one.ok("status")["frames_rejected"], 0, "nonsense")
    now = reached(world, relay, which, 2)
    equal((now["accounts"], now["accounts_reached"], now["devices"]), (2, 1, 3), "how far it came")
    for one in alice.ok("conversations", hidden=True)["conversations"]:
        check(not one.get("last"), f"a notice is no message: {one}")

    # Who was away has it at the next start; the relay has died meanwhile, too.
    relay.kill()
    relay.start()
    bob.start()
    equal(bob.event("notice_received")["notice"], which, "bob's")
    reached(world, relay, which, 3)
    # Once: after a kill and a start it is there, and not told again.
    bob.kill()
    bob.start()
    bob.event("connected")
    bob.ok("send", to="alice", text="are you there")
    equal(titles(bob), [("Moving on Sunday", False)], "bob's notices")
    check(not [line for line in bob.run.lines if line.get("event") == "notice_received"], "told again")

    # Read on one device, read on the other.
    mark = tablet.mark()
    alice.ok("notices_read")
    equal(tablet.event("notices_read", mark)["up_to"], which, "read up to")
    equal(titles(tablet), [("Moving on Sunday", True)], "the tablet's")

    # To one account, and taken back.
    marks = [(one, one.mark()) for one in (alice, tablet)]
    own = notice(world, relay, "send", "--to", "alice", "--title", "Your account", "--kind", "account").strip()
    for one, mark in marks:  # the tablet may still be on its way back to the relay
        event = one.event("notice_received", mark, notice=own)
        check(not event["to_all"], str(event))
    reached(world, relay, own, 2)
    equal(len(titles(bob)), 1, "bob hears nothing of it")
    notice(world, relay, "withdraw", own)
    for one in (alice, tablet):
        one.event("notice_withdrawn", notice=own)
        equal(len(titles(one)), 1, "gone")
    check("withdrawn" in notice(world, relay, "list"), "the operator's list")

    alice.refused("invalid_argument", "notices", limit=257)
    alice.refused("invalid_argument", "notices", before="00" * 16)
    alice.refused("invalid_argument", "notices_read", up_to="xyz")


def at_the_prompt(world):
    relay = world.relay()
    alice, _ = world.pair(relay)
    notice(world, relay, "send", "--to-all", "--title", "Hello \x1b", refused=True)
    notice(world, relay, "send", "--to-all", "--title", "Hello all", "--text", "From the operator.")
    alice.event("notice_received")
    alice.quit()
    done = subprocess.run([world.given.client, "--home", alice.home, "notices"], capture_output=True, text=True, timeout=60, check=False)
    equal(done.returncode, 0, done.stderr)
    for words in ("THE OPERATOR OF THE RELAY", "not end-to-end encrypted", "Hello all", "From the operator."):
        check(words in done.stdout, done.stdout)
    done = subprocess.run([world.given.client, "--home", alice.home, "--loopback"], input="/notices\n", capture_output=True, text=True, timeout=60,
                          check=False)
    check("THE OPERATOR OF THE RELAY" in done.stdout and "not end-to-end encrypted" in done.stdout, done.stdout + done.stderr)
    check(not os.path.exists(os.path.join(world.folder, "alice", "control.sock")), "a client has no such door")


if __name__ == "__main__":
    main([two_devices_and_somebody_away, at_the_prompt])
