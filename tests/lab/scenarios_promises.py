# SPDX-License-Identifier: Apache-2.0
"""What goals.md promises of changing and of bad networks, in its numbers: N2 and N3."""

import secrets
import time

from clients import pair_of, paths
from lab import check, note, scenario
from scenarios_flight import exchange, fresh_pair, same_histories, wait_path
from topology import until

MOVES = 18
RESUMED_SECONDS_MAX = 5
#: Loss in percent (in bursts of three) and round trip in milliseconds; goals.md N3.
RUNGS = ((0.1, 16), (1, 50), (3, 150), (5, 300), (8, 450), (12, 600))
BEYOND = (25, 800)
P95_AT = (5, 300)
P95_SECONDS_MAX = 2.0


def in_words(seconds):
    ordered = sorted(seconds)
    return f"p50 {ordered[len(ordered) // 2]:.1f} s, slowest {ordered[-1]:.1f} s"


@scenario("eighteen moves between two uplinks, with messages on the way: nothing lost, resumed within 5 s", seconds=420)
def flight_moves(lab):
    home, bobs = lab.site("port_restricted", "alice"), lab.site("port_restricted", "bob")
    mobile = lab.second_uplink(home, "restricted")
    relay, alice, bob = pair_of(lab, home, bobs)
    alice.wait_delivered([alice.send("bob", "hello")], 20)
    wait_path(alice, "bob", "direct", 15)
    took, by = [], {}
    for move in range(MOVES):
        sent = [alice.send("bob", f"as it begins {move}")]
        started = time.monotonic()
        if move % 2 == 0:
            lab.switch_uplink(home, mobile)
        else:
            lab.switch_uplink(home, home, "eth1", "eth0")
        deliveries = exchange(alice, bob, 3, f"move {move}", seconds=60, also=sent)
        took.append(time.monotonic() - started)
        for path, count in paths(deliveries).items():
            by[path] = by.get(path, 0) + count
        wait_path(alice, "bob", "direct", 60)
    note(f"{MOVES} moves, {7 * MOVES} messages: all delivered after {in_words(took)}; by {by}")
    same_histories(alice, bob)
    check(max(took) <= RESUMED_SECONDS_MAX, f"resumed within {RESUMED_SECONDS_MAX} s, not {max(took):.1f} s")


@scenario("the NAT box forgets its connections (conntrack flush), ten times: nothing lost, resumed within 5 s", seconds=240)
def flight_flush(lab):
    # Behind a symmetric box each flush is another port, as the far side sees it.
    homes, bobs = lab.site("symmetric", "alice"), lab.site("restricted", "bob")
    relay, alice, bob = pair_of(lab, homes, bobs)
    alice.wait_delivered([alice.send("bob", "hello")], 20)
    wait_path(alice, "bob", "direct", 15)
    took, by = [], {}
    for flush in range(10):
        started = time.monotonic()
        lab.flush_conntrack(homes)
        deliveries = exchange(alice, bob, 3, f"flush {flush}", seconds=60)
        took.append(time.monotonic() - started)
        for path, count in paths(deliveries).items():
            by[path] = by.get(path, 0) + count
        wait_path(alice, "bob", "direct", 60)
    note(f"10 flushes, 60 messages: all delivered after {in_words(took)}; by {by}")
    same_histories(alice, bob)
    check(max(took) <= RESUMED_SECONDS_MAX, f"resumed within {RESUMED_SECONDS_MAX} s, not {max(took):.1f} s")


@scenario("the relay is killed in mid-conversation by mailbox, six times: nothing lost, resumed within 5 s of its return", seconds=240)
def flight_relay_killed(lab):
    relay, alice, bob = pair_of(lab, lab.site("symmetric", "alice"), lab.site("symmetric", "bob"))
    exchange(alice, bob, 3, "before")
    took = []
    for kill in range(6):
        sent = [alice.send("bob", f"as it dies {kill} {n}") for n in range(5)]
        relay.kill()
        sent += [alice.send("bob", f"while it is dead {kill} {n}") for n in range(5)]
        relay.start()
        started = time.monotonic()
        alice.wait_delivered(sent, 90)
        took.append(time.monotonic() - started)
        for client in (alice, bob):
            until(lambda c=client: c.must("status")["connected"], 60, f"{client.user} did not reconnect")
    note(f"6 kills, 60 messages: all delivered after {in_words(took)}")
    same_histories(alice, bob)
    check(max(took) <= RESUMED_SECONDS_MAX, f"resumed within {RESUMED_SECONDS_MAX} s, not {max(took):.1f} s")


def paced(alice, bob, count, label, seconds):
    """`count` messages, ten a second. How long each took from being sent to its receipt, in seconds, and by which paths."""
    sent = {}
    for i in range(count):
        began = time.monotonic()
        sent[alice.send(bob.user, f"{label} {i} {secrets.token_hex(50)}")] = began
        time.sleep(max(0.0, 0.1 - (time.monotonic() - began)))  # The pace is what is measured at.
    deliveries = alice.wait_delivered(list(sent), seconds)
    return [deliveries[message]["at"] - began for message, began in sent.items()], paths(deliveries)


@scenario("rungs of loss and delay, up to 12 % in bursts at 600 ms, and 25 % at 800 ms: everything arrives", seconds=540)
def flight_degradation(lab):
    for number, (loss, trip) in enumerate((*RUNGS, BEYOND)):
        sites = lab.site("port_restricted", f"a{number}"), lab.site("port_restricted", f"b{number}")
        relay, alice, bob = fresh_pair(lab, *sites, f"d{number}")
        alice.wait_delivered([alice.send(bob.user, "hello")], 20)
        wait_path(alice, bob.user, "direct", 30)
        lab.wire(sites[0], "--delay-ms", trip // 2, "--loss", loss, "--burst", 3)
        alice.wait_delivered([alice.send(bob.user, "on the new wire")], 90)
        took, by = paced(alice, bob, 60, "rung", 180)
        ordered = sorted(took)
        p95 = ordered[len(ordered) * 95 // 100]
        note(f"{loss} % loss, {trip} ms: sent to receipt p50 {ordered[len(ordered) // 2]:.2f} s, p95 {p95:.2f} s, by {by}")
        same_histories(alice, bob)
        if (loss, trip) == P95_AT:
            check(p95 <= P95_SECONDS_MAX, f"p95 at {loss} % and {trip} ms within {P95_SECONDS_MAX} s, not {p95:.2f} s")
        for client in (alice, bob):
            client.quit()
