# SPDX-License-Identifier: Apache-2.0
"""ICE alone: every pair of NAT kinds arrives where theory says, on transport/ice by way of ice_probe."""

import itertools

import nat
from lab import check, note, scenario
from probes import STUN, TURN, Meeting


def meet(lab, a, b, expected, arguments, label, seconds=15):
    meeting = Meeting(lab, a, b, arguments)
    try:
        got = meeting.settle(expected, seconds)
        took = f"{meeting.connect_ms} ms" if meeting.connect_ms is not None else "-"
        pair = " ".join(meeting.a.pair[:2]) if meeting.a.pair else "-"
        note(f"{label:36} {got:8} {took:>8}  {pair}")
        check(got == expected, f"{label}: expected {expected}, got {got}")
        return meeting
    finally:
        meeting.quit()


@scenario("every pair of NAT kinds, with TURN: direct or turned as theory says", seconds=420)
def ice_matrix(lab):
    lab.turn()
    sites = {(kind, side): lab.site(kind, f"{side}{i}") for i, kind in enumerate(nat.KINDS) for side in "ab"}
    for a, b in itertools.combinations_with_replacement(nat.KINDS, 2):
        meet(lab, sites[a, "a"], sites[b, "b"], nat.expected(a, b), TURN, f"{a} - {b}")


@scenario("without TURN: the pairs that need it fail, the others go direct", seconds=240)
def ice_without_turn(lab):
    lab.turn()  # It answers STUN too.
    sites = {(kind, side): lab.site(kind, f"{side}{i}") for i, kind in enumerate(nat.KINDS) for side in "ab"}
    for a, b in (("symmetric", "symmetric"), ("symmetric", "port_restricted"), ("symmetric", "firewalled"),
                 ("double_symmetric", "double"), ("udp_blocked", "open"), ("symmetric", "restricted"),
                 ("symmetric", "full_cone"), ("double", "double"), ("port_restricted", "port_restricted")):
        expected = "direct" if nat.expected(a, b) == "direct" else "failed"
        meet(lab, sites[a, "a"], sites[b, "b"], expected, [*STUN, "--attempt-ms", "8000"], f"{a} - {b}", 20)


@scenario("two clients behind one NAT: direct on one LAN, turned when the box keeps them apart and has no hairpin")
def ice_one_nat(lab):
    lab.turn()
    home = lab.site("port_restricted", "home")
    same = lab.beside(home, "same")
    meet(lab, home, same, "direct", TURN, "same LAN")
    office = lab.site("port_restricted", "office")
    apart = lab.beside(office, "apart", own_lan=True)
    meet(lab, office, apart, "turned", TURN, "kept apart, no hairpin")


@scenario("IPv6 goes direct where IPv4 cannot (symmetric on both sides)")
def ice_ipv6(lab):
    lab.turn()
    a, b = lab.site("symmetric", "a", v6=True), lab.site("symmetric", "b", v6=True)
    meeting = meet(lab, a, b, "direct", TURN, "symmetric - symmetric, dual stack")
    check(meeting.a.pair[2].startswith("["), f"an IPv6 pair, not {meeting.a.pair}")


@scenario("relay_only: nothing but relayed candidates leaves, and the path is turned although both are open")
def ice_relay_only(lab):
    lab.turn()
    a, b = lab.site("open", "a"), lab.site("open", "b")
    meeting = Meeting(lab, a, b, [*TURN, "--no-direct"], TURN)
    try:
        check(meeting.settle("turned") == "turned", "turned")
        check(meeting.a.candidates, "at least one candidate")
        for line in meeting.a.candidates:
            check(" typ relay " in line and a.external not in line, f"a leaked address: {line}")
    finally:
        meeting.quit()


@scenario("a long, lossy wire: ICE still connects, direct", seconds=120)
def ice_bad_wire(lab):
    lab.turn()
    a, b = lab.site("port_restricted", "a"), lab.site("port_restricted", "b")
    lab.wire(a, "--delay-ms", 80, "--jitter-ms", 20, "--loss", 10, "--burst", 3, "--duplicate", 2, "--reorder", 5)
    meet(lab, a, b, "direct", TURN, "160 ms round trip, 10 % loss in bursts", 30)
