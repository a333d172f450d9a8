#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls between real programs over loopback, in numbers: from the answer until sound flows, directly and through TURN, and what a call takes of a processor and of
memory. `./dev bench call --live`; in a group of N: `--members 4`."""
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "integration"))
from world import befriend, main, password_of

CALLS = 7
#: Loopback is nobody's on the open internet, so a TURN server has to be told that it may be reached.
TURN_SERVER_CONFIG = """
[turn_server]
allow_peers = ["127.0.0.0/8"]
"""
MEASURED_S = 10


def cpu_s(client):
    with open(f"/proc/{client.run.process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(client):
    with open(f"/proc/{client.run.process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


def answered(caller, callee, **devices):
    """One call: from `answer` until both say that sound flows, in ms. The call goes on."""
    marks = caller.mark(), callee.mark()
    call = caller.ok("call", to=callee.name, **devices)["call"]
    callee.event("call_incoming", marks[1], call=call)
    time.sleep(1)  # somebody reaches for it: while it rings the path is found
    began = time.monotonic()
    callee.ok("answer", **devices)
    for one, mark in zip((caller, callee), marks):
        one.event("call_state", mark, call=call, state="active")
    return call, (time.monotonic() - began) * 1000


def hang_up(caller, callee, call):
    mark = callee.mark()
    caller.ok("hangup")
    callee.event("call_ended", mark, call=call)


def set_up(world):
    silent = {"audio_source": "tone", "audio_sink": "none", "video_source": "none", "video_sink": "none"}
    relay = world.relay(config=TURN_SERVER_CONFIG)
    for policy in ("direct_first", "relay_only"):
        alice, bob = (world.client(f"{name}-{policy}") for name in ("alice", "bob"))
        for one in (alice, bob):
            one.name = one.name.replace("_", "")
            one.ok("register", relay=relay.address, user=one.name, password=password_of(one.name))
            one.event("connected")
        befriend(alice, bob)
        for one in (alice, bob):
            one.ok("set_policy", path=policy)
        times = []
        for _ in range(CALLS):
            call, took = answered(alice, bob, **silent)
            times.append(took)
            path = alice.ok("call_stats")["path"]
            hang_up(alice, bob, call)
        print(f"{policy}: from the answer until sound flows, {path}: median {statistics.median(times):.0f} ms, longest {max(times):.0f} ms of {CALLS}", flush=True)


def what_a_call_takes(world):
    alice, bob = world.pair(world.relay())
    time.sleep(3)
    before = memory_mib(alice)
    print(f"before the first call: {before:.1f} MiB", flush=True)
    for what, devices in (("sound", {"video_source": "none"}), ("sound and pictures, 640 x 360, both ways", {"video": True, "video_source": "pattern"})):
        devices = {"audio_source": "tone", "audio_sink": "none", "video_sink": "none", **devices}
        call, _ = answered(alice, bob, **devices)
        time.sleep(6)  # until the rate has found its place
        spent, began = cpu_s(alice), time.monotonic()
        time.sleep(MEASURED_S)
        share = (cpu_s(alice) - spent) / (time.monotonic() - began)
        stats = alice.ok("call_stats")
        print(f"{what}: {100 * share:.1f} % of one processor, {memory_mib(alice) - before:.1f} MiB more, {stats['sent_bps'] / 1000:.0f} kbit/s sent", flush=True)
        hang_up(alice, bob, call)


def a_group(world):
    count = world.given.members
    relay = world.relay()
    people = [world.client(f"p{i}") for i in range(count)]
    for one in people:
        one.ok("register", relay=relay.address, user=one.name, password=password_of(one.name))
        one.event("connected")
    for other in people[1:]:
        befriend(people[0], other)
    group = people[0].ok("group_create", name="crew", members=[one.name for one in people[1:]])["conversation"]
    for other in people[1:]:
        other.event("group", what="joined", conversation=group)
    devices = {"audio_source": "tone", "audio_sink": "none", "video_source": "none", "video_sink": "none"}
    call = people[0].ok("call", conversation=group, **devices)["call"]
    times = []
    for i, one in enumerate(people[1:], 1):
        one.event("call_incoming", call=call)
        began = time.monotonic()
        one.ok("answer", call=call, **devices)
        for other in people[:i]:
            one.run.wait(lambda line: line.get("event") == "call_member" and line["what"] == "connected" and line["member"]["user"] == other.name, f"{other.name} heard")
        times.append((time.monotonic() - began) * 1000)
    spent, began = cpu_s(people[1]), time.monotonic()
    time.sleep(MEASURED_S)
    share = (cpu_s(people[1]) - spent) / (time.monotonic() - began)
    print(f"a group's call of {count}: from the answer until all others are heard: median {statistics.median(times):.0f} ms, longest {max(times):.0f} ms; "
          f"sound with {count - 1} others takes {100 * share:.1f} % of one processor of each", flush=True)


if __name__ == "__main__":
    main([set_up, what_a_call_takes, a_group], lambda parser: parser.add_argument("--members", type=int, default=4))
