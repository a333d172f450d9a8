#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two clients and a relay over real sockets: the ways of a message, and the ways of being refused."""
import os
import random
import socket
import threading
import time

from world import Failed, befriend, check, equal, main, password_of


def same_histories(alice, bob):
    ours = [(m["message"], m["from"], m["text"]) for m in alice.history("bob")]
    theirs = [(m["message"], m["from"], m["text"]) for m in bob.history("alice")]
    equal(ours, theirs, "histories")
    return ours


def bytes_of(folder):
    """Everything a process keeps on disk, in one string."""
    out = b""
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            if not os.path.isfile(path):
                continue # a socket
            with open(path, "rb") as file:
                out += file.read()
    return out


def nothing_to_read(world):
    """What lies in the mailbox, and what lies in a home, says nothing; the search can find things."""
    relay = world.relay()
    alice, bob = world.pair(relay)
    bob.quit()
    secret = "MARKER-of-the-hidden-words"
    for number in range(8):
        alice.event("message_state", message=alice.send("bob", f"{secret} {number}"), state="sent", path="mailbox")
    check(relay.stats()["content_bytes_stored"] > 0, "the mailbox has the content")
    kept = bytes_of(relay.folder)
    check(b"alice" in kept and b"bob" in kept, "the search sees what the relay does know")
    check(secret.encode() not in kept, "no content in the relay's files")
    home = bytes_of(alice.home)
    check(len(home) > 8 * 1024 and secret.encode() not in home and b"alice" not in home, "no plaintext in the home")
    if os.name == "posix":
        for name in os.listdir(alice.home):
            mode = os.stat(os.path.join(alice.home, name)).st_mode & 0o077
            equal(mode, 0, f"rights of others on {name}")
    bob.start()
    bob.event("message", text=f"{secret} 7")


def direct_mailbox_and_back(world):
    relay = world.relay()
    alice, bob = world.pair(relay)
    equal(alice.final(alice.send("bob", "straight"))["path"], "direct", "first message")
    equal(bob.final(bob.send("alice", "back"))["path"], "direct", "and back")
    equal(relay.stats()["content_bytes_stored"], 0, "content seen by the relay while direct")

    alice.ok("fault", drop_direct=True)
    equal(alice.final(alice.send("bob", "around"))["path"], "mailbox", "while cut")
    equal(bob.final(bob.send("alice", "around, too"))["path"], "mailbox", "while cut")
    marks = alice.mark(), bob.mark()
    alice.ok("fault", drop_direct=False)
    alice.ok("network_changed")
    alice.event("path", marks[0], user="bob", path="direct")
    bob.event("path", marks[1], user="alice", path="direct")
    equal(alice.final(alice.send("bob", "straight again"))["path"], "direct", "after healing")

    # Offline: accepted and stored at once, delivered when bob is back. The same key sends once.
    bob.quit()
    alice.event("presence", user="bob", online=False)
    waiting = alice.send("bob", "for later", key="k1")
    alice.event("message_state", message=waiting, state="sent", path="mailbox")
    equal(alice.send("bob", "for later", key="k1"), waiting, "the same key gives the same message")
    bob.start()
    equal(bob.event("message", message=waiting)["path"], "mailbox", "after being offline")
    equal(alice.final(waiting)["state"], "delivered", "after being offline")

    history = same_histories(alice, bob)
    equal(len(history), 6, "messages in the history")
    for _, _, text in history:
        check(text, "text")
    # Both restart: the histories are the same, and nothing is shown as new again.
    for one in (alice, bob):
        one.quit()
        one.start()
    equal(same_histories(alice, bob), history, "history after a restart")
    for one in (alice, bob):
        one.event("connected")
        check(not [line for line in one.run.lines if line.get("event") == "message"], f"{one.name}: shown again")

    # relay_only hides addresses: no direct path, content by the relay.
    start = alice.mark()
    alice.ok("set_policy", path="relay_only")
    equal(alice.final(alice.send("bob", "hidden"))["path"], "mailbox", "relay_only")
    alice.ok("set_policy", path="direct_only")
    equal(alice.final(alice.send("bob", "only straight"))["path"], "direct", "direct_only")
    del start


def refusals(world):
    relay = world.relay()
    alice, bob = world.pair(relay)
    eve = world.client("eve")
    register = {"relay": relay.address, "user": "eve", "password": password_of("eve")}
    host, key = relay.address.split("#")

    eve.refused("not_registered", "send", to="alice", text="x")
    eve.refused("invalid_argument", "register", **{**register, "relay": host})
    eve.refused("invalid_argument", "register", **{**register, "user": "Eve!"})
    eve.refused("invalid_argument", "register", **{**register, "password": "short"})
    other = ("A" if key[0] != "A" else "B") + key[1:]
    eve.refused("relay_key_mismatch", "register", **{**register, "relay": f"{host}#{other}"})
    eve.refused("name_taken", "register", **{**register, "user": "alice"})
    wrong = eve.refused("wrong_credentials", "login", **{**register, "user": "alice"})
    unknown = eve.refused("wrong_credentials", "login", **{**register, "user": "nobody.at.all"})
    equal(wrong["detail"], unknown["detail"], "the same answer for a wrong password and an unknown user")
    codes = set()
    for _ in range(12):
        reply = eve.ask("login", **{**register, "user": "alice"})
        codes.add(reply["error"]["code"])
        if reply["error"]["code"] == "rate_limited":
            check(reply["error"]["retry"] > 0, f"says when to come back: {reply}")
            break
    check("rate_limited" in codes, f"guessing is throttled: {codes}")
    eve.ok("register", **register)
    eve.refused("already_registered", "register", **{**register, "user": "eve2"})

    alice.refused("message_too_large", "send", to="bob", text="x" * 65537)
    alice.refused("invalid_argument", "send", to="bob", text="")
    alice.refused("not_a_contact", "send", to="eve", text="x")
    alice.refused("no_such_user", "contact_add", user="nobody.at.all")
    alice.refused("invalid_argument", "contact_add", user="alice")
    alice.refused("not_a_contact", "history", **{"with": "stranger"})
    alice.refused("invalid_argument", "history", **{"with": "bob", "before": "ab" * 16})
    longest = alice.send("bob", "\u00e4" * 32768)
    equal(alice.final(longest)["state"], "delivered", "a message of exactly 65536 bytes")

    # A blocked contact's messages do not arrive; and the contact ends for both when it is removed.
    befriend(eve, alice)
    start = alice.mark()
    alice.ok("contact_block", user="eve")
    alice.refused("blocked", "send", to="eve", text="x")
    eve.ask("send", to="alice", text="are you there?")
    time.sleep(1)
    check(not [line for line in alice.run.lines[start:] if line.get("event") == "message"], "a message of a blocked contact")
    start = bob.mark()
    alice.ok("contact_remove", user="bob")
    bob.event("contact_removed", start, user="alice")
    bob.refused("not_a_contact", "send", to="alice", text="x")
    alice.ok("logout")
    alice.refused("not_registered", "send", to="bob", text="x")
    check(len(alice.history("bob")) == 1, "the history stays after a logout")


def garbage_at_the_relay(world):
    """Strangers shout at both ports while a pair talks: the pair is served, the relay lives."""
    relay = world.relay()
    alice, bob = world.pair(relay)
    alice.ok("set_policy", path="relay_only")
    done = threading.Event()
    sent = [0, 0]

    def shout_udp():
        dice = random.Random(1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.connect(("127.0.0.1", relay.port))
            while not done.is_set():
                size = dice.choice((0, 1, 8, 20, 40, 1200, 1200, 1452, 9000))
                data = bytearray(dice.randbytes(size))
                if size >= 7 and dice.random() < 0.5:
                    data[0] |= 0xC0  # a QUIC long header
                    data[1:5] = dice.choice((b"\x00\x00\x00\x01", b"\x00\x00\x00\x00", b"\x6b\x33\x43\xcf"))
                try:
                    udp.send(data)
                    sent[0] += 1
                except OSError:
                    pass
                if sent[0] % 64 == 0:
                    time.sleep(0.005)  # two cores are shared with what is tested

    def shout_tcp():
        dice = random.Random(2)
        while not done.is_set():
            try:
                with socket.create_connection(("127.0.0.1", relay.port), 5) as tcp:
                    tcp.settimeout(0.02)
                    tcp.sendall(dice.choice((dice.randbytes(dice.randrange(1, 4000)), b"GET / HTTP/1.1\r\n\r\n",
                                             b"\x16\x03\x01\x02\x00\x01" + dice.randbytes(500), b"")))
                    sent[1] += 1
                    try:
                        tcp.recv(1000)
                    except OSError:
                        pass
            except OSError:
                pass

    threads = [threading.Thread(target=shout) for shout in (shout_udp, shout_tcp)]
    for thread in threads:
        thread.start()
    try:
        for n in range(20):
            equal(alice.final(alice.send("bob", f"through the noise {n}"))["state"], "delivered", "in the noise")
    finally:
        done.set()
        for thread in threads:
            thread.join()
    check(sent[0] > 100 and sent[1] > 5, f"too little noise to prove anything: {sent}")
    check(relay.run.process.poll() is None, "the relay is gone")
    eve = world.client("eve")
    eve.ok("register", relay=relay.address, user="eve", password=password_of("eve"))
    same_histories(alice, bob)
    equal(relay.run.end(), 0, "the relay's exit code on SIGTERM")


def three_devices_and_a_relay_restart(world):
    """A second device logs in with the password; the relay restarts; everyone finds everyone again."""
    relay = world.relay()
    alice, bob = world.pair(relay)
    phone = world.client("phone")
    phone.ok("login", relay=relay.address, user="bob", password=password_of("bob"))
    equal([c["user"] for c in phone.ok("contacts")["contacts"]], ["alice"], "contacts on the second device")
    alice.run.wait(lambda line: True, "anything")
    until = time.monotonic() + 20
    while [c["devices"] for c in alice.ok("contacts")["contacts"]] != [2]:
        check(time.monotonic() < until, "alice hears of bob's second device")
        time.sleep(0.1)
    first = alice.send("bob", "to both of you")
    for device in (bob, phone):
        equal(device.event("message", message=first)["text"], "to both of you", device.name)
    # What bob writes on one device shows on the other.
    mine = bob.send("alice", "from my desk")
    alice.event("message", message=mine)
    until = time.monotonic() + 20
    while mine not in [m["message"] for m in phone.history("alice")]:
        check(time.monotonic() < until, "the other device files what this one sent")
        time.sleep(0.1)

    marks = [one.mark() for one in (alice, bob, phone)]
    relay.kill()
    relay.start()
    for one in (alice, bob, phone):
        one.ok("network_changed")  # else an idle client notices at its next keepalive
    for one, mark in zip((alice, bob, phone), marks):
        one.event("connected", mark)
    again = alice.send("bob", "after the restart")
    for device in (bob, phone):
        device.event("message", message=again)
    texts = [m["text"] for m in alice.history("bob")]
    equal([m["text"] for m in bob.history("alice")], texts, "history of the first device")
    equal([m["text"] for m in phone.history("alice")], texts, "history of the second device")


def versions(world):
    """The relay's operator announces a newer client, then demands it."""
    relay = world.relay()
    config = os.path.join(world.folder, "relay.toml")
    alice, bob = world.pair(relay)
    check(not [line for line in alice.run.lines if line.get("event") == "update"], "no news, no event")

    def announce(text):
        with open(config, "w") as file:
            file.write(text)
        marks = alice.mark(), bob.mark()
        relay.kill()
        relay.start("--config", config)
        for one in (alice, bob):
            one.ok("network_changed")
        return marks

    start, _ = announce('[clients]\nlatest = "99.1.0"\n')
    news = alice.event("update", start)
    equal((news["required"], news["version"]), (False, "99.1.0"), "update")
    equal(alice.final(alice.send("bob", "still served"))["state"], "delivered", "an old client is served")
    start, _ = announce('[clients]\nlatest = "99.1.0"\nrequired = "99.0.0"\n')
    check(alice.event("update", start)["required"], "required")
    eve = world.client("eve")
    eve.refused("update_required", "register", relay=relay.address, user="eve", password=password_of("eve"))
    check(len(alice.history("bob")) == 1, "the history is still there")


def nobody_there(world):
    """A relay that does not answer: an error that says so, in a bounded time; and the client goes on when it is back."""
    relay = world.relay()
    relay.kill()
    ann = world.client("ann")
    started = time.monotonic()
    register = {"relay": relay.address, "user": "ann", "password": password_of("ann")}
    reply = ann.ask("register", **register)
    check(reply["error"]["code"] in ("timed_out", "not_connected"), reply)
    check(time.monotonic() - started < 25, f"took {time.monotonic() - started:.0f} s")
    reply = ann.ask("register", **{**register, "relay": register["relay"].replace("127.0.0.1", "no-such-host.invalid")})
    check(reply["error"]["code"] in ("timed_out", "not_connected"), reply)
    relay.start()
    ann.ok("register", **register)


main([direct_mailbox_and_back, nothing_to_read, refusals, garbage_at_the_relay, three_devices_and_a_relay_restart, versions, nobody_there])
