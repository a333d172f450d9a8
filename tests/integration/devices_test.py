#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Several devices of one account: by password and by code, what each gets to read, what a revoked one does not; and what two
people compare. Real processes and a real relay."""
import re
import time

from world import WAIT_S, Failed, befriend, check, equal, main, password_of


def more_of(world, relay, user, name):
    """Another device of an account, by its password."""
    device = world.client(name)
    device.ok("login", relay=relay.address, user=user, password=password_of(user), device_name=name)
    return device


def id_of(device):
    return device.ok("status")["device"]


def devices_of(device):
    return {one["device"]: one for one in device.ok("devices")["devices"]}


def contact(device, user):
    return next(one for one in device.ok("contacts")["contacts"] if one["user"] == user)


def texts(device, user):
    return [message["text"] for message in device.history(user)]


def reads(device, user, text, seconds=WAIT_S):
    message = device.event("message", seconds=seconds, **{"from": user, "text": text})
    equal(message["with"], user, f"{device.name} reads {text!r}")
    return message


def has_own(device, user, text):
    """What another device of the account wrote is in the history here, too."""
    until = time.monotonic() + WAIT_S
    start = 0
    while text not in texts(device, user):
        # Anything that comes may be it; there is nothing else to wait for.
        device.run.wait(lambda line: line.get("event") == "message_state", f"news of {text!r}", start, until - time.monotonic())
        start = device.mark()


def a_second_device_reads_on(world):
    relay = world.relay()
    alice, bob = world.pair(relay)
    carl = world.client("carl")
    carl.ok("register", relay=relay.address, user="carl", password=password_of("carl"))
    befriend(alice, carl)
    equal(alice.final(alice.send("bob", "before"))["state"], "delivered", "the first message")
    known_to_bob = contact(bob, "alice")["devices"]
    marks = alice.mark(), bob.mark(), carl.mark()
    phone = more_of(world, relay, "alice", "alice-phone")
    new = id_of(phone)
    for device, mark in zip((alice, bob, carl), marks):
        told = device.event("security", mark, kind="device_added", user="alice")
        equal((told["device"], told["detail"]), (new, "alice-phone"), f"{device.name} is told of the device")
    equal(contact(bob, "alice")["devices"], known_to_bob + 1, "bob counts alice's devices")
    listed = devices_of(alice)
    equal(set(listed), {id_of(alice), new}, "alice's devices")
    equal((listed[new]["name"], listed[new]["current"], listed[id_of(alice)]["current"]), ("alice-phone", False, True), "which is which")
    check(all(one["online"] and one["created_ms"] > 0 for one in listed.values()), f"both are there: {listed}")
    equal(set(devices_of(phone)), set(listed), "the phone lists the same")
    check(devices_of(phone)[new]["current"], "and knows itself")

    # New messages of all conversations reach it, and what it says reaches everybody, the account's first device too.
    for friend in (bob, carl):
        friend.send("alice", f"{friend.name} to both")
        for device in (alice, phone):
            reads(device, friend.name, f"{friend.name} to both")
        phone.send(friend.name, f"the phone to {friend.name}")
        reads(friend, "alice", f"the phone to {friend.name}")
        has_own(alice, friend.name, f"the phone to {friend.name}")
    alice.send("bob", "from the first one")
    reads(bob, "alice", "from the first one")
    has_own(phone, "bob", "from the first one")
    check("before" not in texts(phone, "bob"), "what was said before it came is not for it")
    equal(len(texts(bob, "alice")), len(set(texts(bob, "alice"))), f"each once: {texts(bob, 'alice')}")


def a_device_linked_by_code(world):
    relay = world.relay()
    alice, bob = world.pair(relay)
    more_of(world, relay, "alice", "alice-phone")
    tablet = world.client("alice-tablet")
    code = tablet.ok("device_link_code", relay=relay.address, device_name="tablet")["code"]
    check(re.fullmatch(r"godwit-link:2:[\w-]{136}", code), f"a code: {code}")
    equal(tablet.ok("status")["user"], "", "nobody's device while it waits")
    damaged = code[:-1] + ("A" if code[-1] != "A" else "Q")
    for bad in ("", "tablet", code[:-1], code + "A", code.replace("link:2", "link:1"), code.replace(":2:", ":2:*")):
        alice.refused("invalid_argument", "device_link", code=bad)
    alice.ask("device_link", code=damaged)  # a wrong secret: the grant does not open, and the tablet goes on waiting
    mark = bob.mark()
    alice.ok("device_link", code=code)
    tablet.event("linked", user="alice")
    equal(tablet.ok("status")["user"], "alice", "whose it is now")
    told = bob.event("security", mark, kind="device_added", user="alice")
    equal((told["device"], told["detail"]), (id_of(tablet), "tablet"), "bob is told")
    equal(len(devices_of(alice)), 3, "alice's devices")
    alice.refused("invalid_argument", "device_link", code=code)  # it is one of hers already
    tablet.refused("already_registered", "device_link_code", relay=relay.address)
    equal(contact(tablet, "bob")["state"], "accepted", "the account's contacts came with it")
    bob.send("alice", "to three devices")
    for device in (alice, tablet):
        reads(device, "bob", "to three devices")
    tablet.send("bob", "hello from the tablet")
    reads(bob, "alice", "hello from the tablet")
    has_own(alice, "bob", "hello from the tablet")
    # It has the account's secret like any other: it may let the next one in.
    fourth = world.client("alice-watch")
    tablet.ok("device_link", code=fourth.ok("device_link_code", relay=relay.address)["code"])
    fourth.event("linked", user="alice")


def a_code_that_nobody_waits_with(world):
    relay = world.relay()
    alice, _ = world.pair(relay)
    links = relay.stats()["links"]
    gone = world.client("gone")
    code = gone.ok("device_link_code", relay=relay.address)["code"]
    gone.quit()
    until = time.monotonic() + WAIT_S
    while relay.stats()["links"] > links:
        check(time.monotonic() < until, "the relay still has the link of a device that is gone")
    slip = code[:-1] + ("A" if code[-1] != "A" else "B")
    alice.refused("invalid_argument", "device_link", code=slip)
    alice.refused("not_connected", "device_link", code=code)
    gone.start()
    equal(gone.ok("status")["user"], "", "it is still nobody's")
    again = gone.ok("device_link_code", relay=relay.address)["code"]
    check(again != code, "a code is for one wait")
    alice.ok("device_link", code=again)
    gone.event("linked", user="alice")


def a_revoked_device_reads_no_more(world):
    relay = world.relay()
    alice, bob = world.pair(relay)
    phone = more_of(world, relay, "alice", "alice-phone")
    lost = more_of(world, relay, "alice", "alice-lost")
    bob.send("alice", "while all are in")
    for device in (alice, phone, lost):
        reads(device, "bob", "while all are in")
    phone_id, lost_id = id_of(phone), id_of(lost)
    lost.kill()  # one is there when it happens, the other is not
    alice.refused("invalid_argument", "device_revoke", device="ab" * 32)
    error = alice.refused("invalid_argument", "device_revoke", device=id_of(alice))
    check("log out" in error["detail"], f"says what to do instead: {error}")
    equal(len(devices_of(alice)), 3, "nothing has changed")
    for victim in (phone_id, lost_id):
        marks = alice.mark(), bob.mark()
        alice.ok("device_revoke", device=victim)
        for device, mark in zip((alice, bob), marks):
            equal(device.event("security", mark, kind="device_removed", user="alice")["device"], victim, f"{device.name} is told")
    equal(phone.event("logged_out")["error"]["code"], "device_revoked", "the phone is told")
    equal(set(devices_of(alice)), {id_of(alice)}, "who is left")
    phone.refused("not_registered", "send", to="bob", text="from outside")
    phone.refused("not_registered", "device_revoke", device=id_of(alice))

    for n in range(5):
        equal(bob.final(bob.send("alice", f"after {n}"))["state"], "delivered", "alice still gets everything")
        reads(alice, "bob", f"after {n}")
    lost.start()
    equal(lost.event("logged_out")["error"]["code"], "device_revoked", "the lost one is told when it comes back")
    for device in (phone, lost):
        equal([text for text in texts(device, "bob") if text.startswith("after")], [], f"{device.name} reads nothing new")
        check("while all are in" in texts(device, "bob"), f"{device.name} keeps what it had")
        check(not any("after" in line.get("text", "") for line in device.run.lines), f"{device.name} is told nothing new")
        check(not device.ok("status")["connected"], f"{device.name} stays outside")
    # Revoked is not banished: the password brings a device back, and everybody is told again.
    mark = bob.mark()
    phone.ok("login", relay=relay.address, user="alice", password=password_of("alice"), device_name="alice-phone")
    bob.event("security", mark, kind="device_added", user="alice")
    bob.send("alice", "welcome back")
    # What it answers to was said while the phone was outside: no gap, and no long wait for it.
    check(not reads(phone, "bob", "welcome back")["gap_before"], "what was missed by being outside is no gap")
    equal([text for text in texts(phone, "bob") if text.startswith("after")], [], "what it missed stays missed")


def numbers_to_compare(world):
    relay = world.relay()
    alice, bob = world.pair(relay)
    carl = world.client("carl")
    carl.ok("register", relay=relay.address, user="carl", password=password_of("carl"))
    befriend(alice, carl)
    hers, his = alice.ok("safety_number", **{"with": "bob"}), bob.ok("safety_number", **{"with": "alice"})
    check(re.fullmatch(r"(\d{5} ){11}\d{5}", hers["number"]), f"a number to read out: {hers['number']}")
    equal(hers["number"], his["number"], "both sides see the same number")
    check(hers["number"] != alice.ok("safety_number", **{"with": "carl"})["number"], "every pair its own")
    check(hers["code"] != his["code"], "each side its own code")
    equal((hers["verified"], his["verified"]), (False, False), "nobody has compared yet")

    error = alice.refused("authentication_failed", "verify", **{"with": "bob", "code": hers["code"]})  # her own, not his
    check("do not go on" in error["detail"], f"says what it means: {error}")
    for wrong in (his["code"][:-1], his["code"] + "A", carl.ok("safety_number", **{"with": "alice"})["code"], "bob"):
        alice.refused("authentication_failed", "verify", **{"with": "bob", "code": wrong})
    check(not contact(alice, "bob")["verified"], "a code that is not his verifies nothing")
    alice.ok("verify", **{"with": "bob", "code": his["code"]})
    check(contact(alice, "bob")["verified"], "verified by code")
    check(not contact(bob, "alice")["verified"], "what alice has compared bob has not")
    check(not contact(alice, "carl")["verified"], "nor alice with carl")
    bob.refused("invalid_argument", "verify", **{"with": "alice"})  # nothing was compared
    alice.refused("authentication_failed", "verify", **{"with": "carl", "code": hers["number"]})  # another pair's
    bob.ok("verify", **{"with": "alice", "code": his["number"]})
    check(bob.ok("safety_number", **{"with": "alice"})["verified"], "verified by reading")
    bob.ok("verify", **{"with": "alice", "verified": False})
    check(not contact(bob, "alice")["verified"], "taken back")

    # Devices come and go: the number and the flag stay, and the new device sees the same number.
    phone = more_of(world, relay, "bob", "bob-phone")
    alice.event("security", kind="device_added", user="bob")
    equal(alice.ok("safety_number", **{"with": "bob"}), {**hers, "id": alice.next_id, "verified": True}, "after bob's phone came")
    equal(on_phone(phone)["number"], hers["number"], "the same on the phone")
    alice.kill()
    alice.start()
    check(contact(alice, "bob")["verified"], "it is kept, and told offline too")

    # The flag is about a contact: it ends with it.
    alice.event("connected")
    mark = bob.mark()
    alice.ok("contact_remove", user="bob")
    bob.event("contact_removed", mark, user="alice")
    alice.refused("not_a_contact", "safety_number", **{"with": "bob"})
    alice.refused("not_a_contact", "verify", **{"with": "bob", "code": his["code"]})
    befriend(alice, bob)
    again = alice.ok("safety_number", **{"with": "bob"})
    equal((again["number"], again["verified"]), (hers["number"], False), "bob is who he was, and is to be compared again")
    alice.refused("not_a_contact", "safety_number", **{"with": "alice"})
    alice.refused("not_a_contact", "safety_number", **{"with": "nobody"})


def on_phone(phone):
    """The safety number there, as soon as the phone has its contacts."""
    until = time.monotonic() + WAIT_S
    while not (reply := phone.ask("safety_number", **{"with": "alice"}))["ok"]:
        if reply["error"]["code"] != "not_a_contact" or time.monotonic() > until:
            raise Failed(f"no safety number on the phone: {reply}")
    return reply


def a_thousand_messages_renew_the_keys(world):
    """In one run, with nothing else happening: the sender's leaf gets new keys by a commit."""
    relay = world.relay()
    alice, bob = world.pair(relay)
    equal(alice.final(alice.send("bob", "first"))["state"], "delivered", "the first")
    before = relay.stats()["group_commits"]
    for n in range(1100):
        message = alice.send("bob", f"number {n}")
        if n % 50 == 0:
            alice.final(message)
    equal(alice.final(message)["state"], "delivered", "the last")
    until = time.monotonic() + WAIT_S
    while relay.stats()["group_commits"] == before:
        check(time.monotonic() < until, "no commit after 1,100 messages")


main([a_second_device_reads_on, a_thousand_messages_renew_the_keys, a_device_linked_by_code, a_code_that_nobody_waits_with, a_revoked_device_reads_no_more,
      numbers_to_compare])
