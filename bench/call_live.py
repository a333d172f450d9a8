#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls between real programs over loopback, in numbers: from the answer until sound flows, directly and through TURN, and what a call takes of a processor and of
memory, also in groups of 2 to 8: `./dev bench call --live [--members N…]`."""
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
PICTURE_MEMBERS_MAX = 4  # call_picture_members_max


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


def everybody(people, group, **devices):
    """All in one call of theirs; what each took from `answer` until it was connected with all who were there, in ms. A member who is in the call speaks to every other by itself (a mesh)."""
    call = people[0].ok("call", conversation=group, **devices)["call"]
    times = []
    for i, one in enumerate(people[1:], 1):
        one.event("call_incoming", call=call)
        mark, began = one.mark(), time.monotonic()
        one.ok("answer", call=call, **devices)
        for other in people[:i]:
            one.run.wait(lambda line: line.get("event") == "call_member" and line["what"] == "connected" and line["member"]["user"] == other.name, f"{other.name} heard", mark)
        times.append((time.monotonic() - began) * 1000)
    return call, times


def pairs_of(people, call):
    """What each says of each other."""
    out = []
    for one in people:
        [seen] = [known for known in one.ok("calls")["calls"] if known["call"] == call]
        out += [one.ok("call_stats", call=call, device=member["device"]) for member in seen["members"]]
    return out


def in_a_call(world, people, group, pictures):
    count = len(people)
    before = [memory_mib(one) for one in people]
    devices = {"audio_source": "tone", "audio_sink": "none", "video_source": "pattern" if pictures else "none", "video_sink": "none", "video": pictures}
    call, times = everybody(people, group, **devices)
    time.sleep(10)  # until the rates have found their places
    shown = [pair["pictures_shown"] for pair in pairs_of(people, call)]
    spent, began = [cpu_s(one) for one in people], time.monotonic()
    time.sleep(MEASURED_S)
    passed = time.monotonic() - began
    shares = [100 * (cpu_s(one) - was) / passed for one, was in zip(people, spent)]
    pairs = pairs_of(people, call)
    shown = [(pair["pictures_shown"] - was) / passed for pair, was in zip(pairs, shown)]
    # Half the way there and back, what the jitter buffer keeps back, a frame of 20 ms and a step of 10.
    delays = [pair["round_trip_ms"] / 2 + pair["audio_delay_ms"] + 30 for pair in pairs]
    more = [memory_mib(one) - was for one, was in zip(people, before)]
    mean = statistics.mean
    print(f"{count} with {'pictures' if pictures else 'sound'}: from the answer until connected with all: median {statistics.median(times):.0f} ms, longest {max(times):.0f}; "
          f"of one processor each {mean(shares):.1f} %, most {max(shares):.1f}; memory {mean(more):.1f} MiB more, most {max(more):.1f}; from mouth to ear, by what the members measure, "
          f"{statistics.median(delays):.0f} ms, longest {max(delays):.0f}; made up {100 * mean(pair['concealed'] for pair in pairs):.1f} %; "
          f"sent to each {mean(pair['sent_bps'] for pair in pairs) / 1000:.0f} kbit/s"
          + (f"; pictures a second of each {mean(shown):.1f}, least {min(shown):.1f}, of {pairs[0]['width']} x {pairs[0]['height']}" if pictures else "")
          + f"; load {os.getloadavg()[0]:.0f}", flush=True)
    marks = [one.mark() for one in people]
    for one in people:
        one.ok("hangup", call=call)
    for one, mark in zip(people, marks):
        one.event("call_ended", mark, call=call)


def a_group(world):
    relay = world.relay()
    people = [world.client(f"p{i}") for i in range(max(world.given.members))]
    for one in people:
        one.ok("register", relay=relay.address, user=one.name, password=password_of(one.name))
        one.event("connected")
    for other in people[1:]:
        befriend(people[0], other)
    for count in world.given.members:
        some = people[:count]
        group = people[0].ok("group_create", name=f"crew {count}", members=[one.name for one in some[1:]])["conversation"]
        for other in some[1:]:
            other.event("group", what="joined", conversation=group)
        for pictures in (False, True):
            if not pictures or count <= PICTURE_MEMBERS_MAX:
                in_a_call(world, some, group, pictures)


if __name__ == "__main__":
    main([set_up, what_a_call_takes, a_group], lambda parser: parser.add_argument("--members", type=int, nargs="+", default=[2, 3, 4, 8]))
