#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Groups between real programs: made, talked in directly and by the relay, through kill -9, by link, left and dissolved."""
import os
import sys

from world import check, equal, main, password_of


def enroll(world, relay, name):
    client = world.client(name)
    client.ok("register", relay=relay.address, user=name, password=password_of(name))
    client.event("connected")
    return client


def crew(world):
    """alice, whom bob and carol know; they do not know each other."""
    relay = world.relay()
    alice, bob, carol = (enroll(world, relay, name) for name in ("alice", "bob", "carol"))
    for other in (bob, carol):
        alice.ok("contact_add", user=other.name)
        other.event("contact_request", user="alice")
        other.ok("contact_accept", user="alice")
        alice.event("contact_accepted", user=other.name)
    group = alice.ok("group_create", name="crew", members=["bob", "carol"])["conversation"]
    for other in (bob, carol):
        other.event("group", what="joined", conversation=group)
    return relay, alice, bob, carol, group


def say(who, group, text):
    return who.ok("send", conversation=group, text=text)["message"]


def texts(who, group):
    messages = who.ok("history", conversation=group, limit=1000)["messages"]
    return [line["text"] for line in messages if line["kind"] != "group_note"]


def three_talk(world):
    relay, alice, bob, carol, group = crew(world)
    first = say(alice, group, "welcome")
    for other in (bob, carol):
        got = other.event("message", conversation=group)
        equal((got["text"], got["from"], got["with"]), ("welcome", "alice", ""), "what came")
    equal(alice.final(first)["state"], "delivered", "by a contact")
    say(bob, group, "hi")
    equal(carol.event("message", text="hi")["path"], "mailbox", "who is no contact is reached by the relay")
    alice.event("message", text="hi")
    members = {one["user"]: one["role"] for one in carol.ok("group_about", conversation=group)["group"]["members"]}
    equal(members, {"alice": "owner", "bob": "member", "carol": "member"}, "who is in it")
    title = [one["title"] for one in bob.ok("conversations")["conversations"] if one["conversation"] == group]
    equal(title, ["crew"], "in the list")
    bob.refused("not_allowed", "group_set", conversation=group, name="mine")
    alice.ok("group_set", conversation=group, name="the crew", announcement="be kind")
    carol.event("group", what="profile", conversation=group)
    equal(carol.ok("group_about", conversation=group)["group"]["announcement"], "be kind", "announcement")
    reports = {one["user"]: one["state"] for one in alice.ok("deliveries", message=first)["deliveries"]}
    equal(set(reports), {"bob", "carol"}, "to whom")
    # What the relay keeps reads no word of it.
    for name in os.listdir(relay.folder):
        path = os.path.join(relay.folder, name)
        if not os.path.isfile(path):
            continue
        with open(path, "rb") as file:
            content = file.read()
        check(b"the crew" not in content and b"be kind" not in content, f"{name} names the group")


def killed_and_back(world):
    relay, alice, bob, carol, group = crew(world)
    carol.kill()
    said = [say(alice, group, f"number {n}") for n in range(20)]
    bob.event("message", text="number 19")
    alice.ok("group_set", conversation=group, about="meanwhile")
    said.append(say(bob, group, "and more"))
    relay.kill()
    relay.start()
    carol.start()
    # Each sender's own in order; whose relay comes back first is anybody's guess.
    carol.event("message", text="and more")
    carol.event("message", text="number 19")
    equal([text for text in texts(carol, group) if text != "and more"], [f"number {n}" for n in range(20)], "all of it, in order")
    equal(carol.ok("group_about", conversation=group)["group"]["about"], "meanwhile", "what changed meanwhile")
    bob.kill()
    bob.start()
    bob.event("connected")
    say(bob, group, "again")
    carol.event("message", text="again")


def by_link_and_out(world):
    relay, alice, bob, carol, group = crew(world)
    dave = enroll(world, relay, "dave")
    alice.refused("not_allowed", "group_link", conversation=group)
    alice.ok("group_set", conversation=group, join="request")
    link = alice.ok("group_link", conversation=group)["code"]
    equal(dave.ok("group_join", link=link, text="me too")["conversation"], group, "which group")
    equal(alice.event("group_asked", user="dave")["text"], "me too", "what he says")
    alice.ok("group_answer", conversation=group, user="dave")
    dave.event("group", what="joined", conversation=group)
    say(dave, group, "hello")
    carol.event("message", text="hello")
    alice.ok("group_remove", conversation=group, users=["carol"])
    carol.event("group", what="closed", conversation=group)
    carol.refused("not_allowed", "send", conversation=group, text="but")
    bob.ok("group_leave", conversation=group)
    dave.event("group", what="removed", users=["bob"])
    say(dave, group, "just us")
    alice.event("message", text="just us")
    alice.ok("group_dissolve", conversation=group)
    dave.event("group", what="closed", conversation=group)
    dave.refused("not_allowed", "send", conversation=group, text="hm")
    equal(texts(dave, group), ["hello", "just us"], "the history stays")


if __name__ == "__main__":
    sys.exit(main([three_talk, killed_and_back, by_link_and_out]))
