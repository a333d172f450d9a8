#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What goes on after a message was sent, between real programs: it moves, is written anew and remembered; what happens to
a group stands in its history; and all of it can be typed."""
import os
import subprocess

from world import check, equal, main, password_of


def enroll(world, relay, name):
    client = world.client(name)
    client.ok("register", relay=relay.address, user=name, password=password_of(name))
    client.event("connected")
    return client


def friends(world):
    relay = world.relay()
    ann, ben = enroll(world, relay, "ann"), enroll(world, relay, "ben")
    ann.ok("contact_add", user="ben")
    ben.event("contact_request", user="ann")
    ben.ok("contact_accept", user="ann")
    ann.event("contact_accepted", user="ben")
    return relay, ann, ben


def newest(client, **where):
    return client.ok("history", limit=1, **where)["messages"][-1]


def a_place_that_moves(world):
    _, ann, ben = friends(world)
    place = ann.ok("send", to="ben", text="", body={"kind": "location", "latitude": 59.9, "longitude": 10.7, "live_seconds": 600})["message"]
    got = ben.event("message", message=place)
    check(got["live_until_ms"] > got["sent_ms"], "it moves")
    for step in range(1, 31):
        ann.ok("move_location", message=place, latitude=60 + step / 100, longitude=10.7, accuracy_m=5)
    ben.event("message_changed", what="moved", message=place)
    ann.ok("end_location", message=place)
    ben.run.wait(lambda line: line.get("event") == "message_changed" and line["message"] == place and "live_until_ms" not in line,
                 "end of the way")
    equal(round(newest(ben, **{"with": "ann"})["body"]["latitude"], 4), 60.3, "where she is")
    ann.refused("invalid_argument", "move_location", message=place, latitude=1, longitude=1)
    ben.refused("invalid_argument", "end_location", message=place)


def what_it_said_before(world):
    _, ann, ben = friends(world)
    ben.ok("set_versions", kept=4)
    ben.refused("invalid_argument", "set_versions", kept=65)
    message = ann.ok("send", to="ben", text="one @ben", mentions=[{"user": "ben", "begin": 4, "length": 4}])["message"]
    ben.event("message", message=message)
    ann.ok("edit", message=message, text="two")
    changed = ben.event("message_changed", what="edited", message=message)
    equal((changed["text"], changed["versions"]), ("two", 1), "as it stands")
    versions = ben.ok("versions", message=message)["versions"]
    equal([one["text"] for one in versions], ["one @ben"], "what it said")
    equal(versions[0]["mentions"], [{"user": "ben", "begin": 4, "length": 4}], "whom it mentioned")
    equal(ann.ok("versions", message=message)["versions"], [], "ann keeps none")
    ann.ok("recall", message=message)
    ben.event("message_changed", what="recalled", message=message)
    equal(ben.ok("versions", message=message)["versions"], [], "gone with it")
    ben.kill()
    for folder, _, names in os.walk(ben.home):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                check(b"one @ben" not in file.read(), f"words in {name}")


def a_group_and_its_history(world):
    _, ann, ben = friends(world)
    group = ann.ok("group_create", name="crew", members=["ben"])["conversation"]
    ben.event("group", what="joined", conversation=group)
    ann.ok("group_set", conversation=group, name="the crew")
    ben.event("group", what="profile", conversation=group)
    ann.ok("typing", conversation=group)
    equal(ben.event("typing", conversation=group)["with"], "", "in the group")
    notes = [line["body"]["what"] for line in ben.ok("history", conversation=group)["messages"] if line["kind"] == "group_note"]
    equal(notes[-1], "name", "what happened")
    row = [one for one in ben.ok("conversations")["conversations"] if one["conversation"] == group][0]
    equal(row["unread"], 0, "no news")
    note = newest(ben, conversation=group)["message"]
    ben.refused("invalid_argument", "react", message=note, emoji="+")
    ben.refused("invalid_argument", "send", conversation=group, text="x", body={"kind": "group_note"})


main([a_place_that_moves, what_it_said_before, a_group_and_its_history])
