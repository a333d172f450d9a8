# SPDX-License-Identifier: Apache-2.0
"""Real clients and a real relay: messages arrive, by the path that theory says, and the relay sees no content."""

import ipaddress
import secrets
import time

import nat
from clients import TURN_CONFIG, Client, Relay, introduce, pair_of, paths
from lab import check, note, scenario
from topology import TURN_SERVER_CONFIG, until

#: The rest of what passes the relay while a path is direct: keep-alives, signals, presence. Per second, generously.
SIGNALLING_BYTES_PER_SECOND = 4000


def wait_path(client, peer, path, seconds):
    """Until the client says that its best path to `peer` is `path`."""
    def now(_=None):
        for contact in client.must("contacts")["contacts"]:
            if contact["user"] == peer:
                return contact["path"] == path
        return False
    until(now, seconds, f"{client.user}'s path to {peer} did not become {path}")


def exchange(alice, bob, count, label, bytes_each=200, seconds=40, also=()):
    """`count` messages each way, all delivered, in order, once; behind those of alice's in `also`. Returns the deliveries of all as one dict."""
    texts = {c.user: [f"{label} {i} {secrets.token_hex(bytes_each // 2)}" for i in range(count)] for c in (alice, bob)}
    before = {c.user: len(c.texts(o.user)) for c, o in ((alice, bob), (bob, alice))}
    sent = {alice.user: [], bob.user: []}
    for i in range(count):
        sent["alice"].append(alice.send("bob", texts["alice"][i]))
        sent["bob"].append(bob.send("alice", texts["bob"][i]))
    deliveries = {**alice.wait_delivered([*also, *sent["alice"]], seconds), **bob.wait_delivered(sent["bob"], seconds)}
    for reader, writer in ((alice, bob), (bob, alice)):
        def texts_of(client, writer=writer):
            return [text for text in client.texts(writer.user)[before[client.user]:] if text.startswith(label + " ")]
        reader.wait("the texts", lambda c: len(texts_of(c)) >= count, 10)
        got = texts_of(reader)
        check(got == texts[writer.user], f"{reader.user} got what {writer.user} sent, in order, once ({label})")
    return deliveries


def same_histories(alice, bob):
    mine, yours = alice.history(bob.user), bob.history(alice.user)
    check(mine == yours, f"both histories are equal ({len(mine)} and {len(yours)} messages)")
    check(len(mine) == len(set(mine)), "nothing is in the history twice")
    note(f"both histories equal: {len(mine)} messages")


def mailbox_bytes(*clients):
    return sum(c.must("status")["content_bytes_mailbox"] for c in clients)


def quiet_relay(capture, marker, began, content_bytes):
    """The capture at the relay, which ran from the start: no marker anywhere, and since `began` (wall clock) far fewer bytes than
    the content that was exchanged meanwhile."""
    seconds = time.time() - began
    packets = capture.stop()
    check(packets, "the capture works: registration is in it")
    check(not any(marker in frame for _, frame in packets), "no content marker in the capture at the relay")
    seen = sum(len(frame) for at, frame in packets if at >= began)
    check(seen < content_bytes / 2 and seen < SIGNALLING_BYTES_PER_SECOND * (seconds + 5),
          f"{seen} bytes passed the relay while {content_bytes} bytes of content were exchanged")
    note(f"relay: {seen} bytes on the wire in {seconds:.1f} s, while {content_bytes} bytes of content went past it; "
         f"{len(packets)} packets since the start, no marker in them")


def traffic_between(packets, one, other):
    """How many IPv4 packets of a capture went between two addresses."""
    pair = {ipaddress.ip_address(one).packed, ipaddress.ip_address(other).packed}
    return sum(frame[12:14] == b"\x08\x00" and {frame[26:30], frame[30:34]} == pair for _, frame in packets)


def direct_conversation(lab, kind_a, kind_b):
    relay, alice, bob = pair_of(lab, lab.site(kind_a, "alice"), lab.site(kind_b, "bob"))
    first = alice.send("bob", "first words")
    alice.wait_delivered([first], 20)
    note(f"{kind_a} - {kind_b}: first message {alice.state(first)['path']}, {alice.state(first).get('reason')}")
    wait_path(alice, "bob", "direct", 15)
    wait_path(bob, "alice", "direct", 15)
    return relay, alice, bob


@scenario("homes behind port-restricted NATs: direct, and the relay sees nothing of it", seconds=120)
def flight_direct(lab):
    capture = lab.capture(lab.relay)
    relay, alice, bob = direct_conversation(lab, "port_restricted", "port_restricted")
    before, stored = mailbox_bytes(alice, bob), relay.stats()["content_bytes_stored"]
    began = time.time()
    deliveries = exchange(alice, bob, 100, "GODWIT-MARKER", bytes_each=2000)
    note(f"paths: {paths(deliveries)}")
    check(paths(deliveries) == {"direct": 200}, f"all direct, not {paths(deliveries)}")
    check(mailbox_bytes(alice, bob) == before, "no content byte went to the mailbox, say the clients")
    check(relay.stats()["content_bytes_stored"] == stored, "no content byte came to the mailbox, says the relay")
    quiet_relay(capture, b"GODWIT-MARKER", began, 200 * 2000)
    same_histories(alice, bob)


@scenario("other pairs that theory lets go direct", seconds=240)
def flight_direct_pairs(lab):
    pairs = (("open", "symmetric"), ("restricted", "symmetric"), ("double", "double"), ("firewalled", "full_cone"))
    for kind_a, kind_b in pairs:
        check(nat.expected(kind_a, kind_b) == "direct", "this list is of direct pairs")
    for i, (kind_a, kind_b) in enumerate(pairs):
        site_a, site_b = lab.site(kind_a, f"a{i}"), lab.site(kind_b, f"b{i}")
        relay, alice, bob = fresh_pair(lab, site_a, site_b, i)
        alice.wait_delivered([alice.send("bob" + str(i), "hello")], 20)
        wait_path(alice, bob.user, "direct", 15)
        got = alice.wait_delivered([alice.send(bob.user, f"direct {n}") for n in range(5)], 20)
        check(paths(got) == {"direct": 5}, f"{kind_a} - {kind_b}: direct, not {paths(got)}")
        note(f"{kind_a} - {kind_b}: {paths(got)}")


def fresh_pair(lab, site_a, site_b, number, config=""):
    """Another pair of accounts on the one relay of this lab."""
    if not hasattr(lab, "shared_relay"):
        lab.shared_relay = Relay(lab, config)
    alice, bob = Client(lab, site_a, f"alice{number}"), Client(lab, site_b, f"bob{number}")
    alice.register(lab.shared_relay)
    bob.register(lab.shared_relay)
    introduce(alice, bob)
    return lab.shared_relay, alice, bob


@scenario("symmetric on both sides, no TURN: everything by mailbox, sealed", seconds=120)
def flight_symmetric(lab):
    check(nat.expected("symmetric", "symmetric") == "turned", "without TURN there is only the mailbox")
    relay, alice, bob = pair_of(lab, lab.site("symmetric", "alice"), lab.site("symmetric", "bob"))
    capture = lab.capture(lab.relay)
    deliveries = exchange(alice, bob, 10, "GODWIT-MARKER")
    check(paths(deliveries) == {"mailbox": 20}, f"by mailbox, not {paths(deliveries)}")
    packets = capture.stop()
    check(packets and not any(b"GODWIT-MARKER" in frame for _, frame in packets), "what passed the relay was not readable")
    same_histories(alice, bob)


def _turned(lab, config):
    """Symmetric on both sides: what the TURN servers of `config` carry. Returns the relay."""
    relay, alice, bob = pair_of(lab, lab.site("symmetric", "alice"), lab.site("symmetric", "bob"), config)
    alice.wait_delivered([alice.send("bob", "hello")], 20)
    wait_path(alice, "bob", "turned", 20)
    wait_path(bob, "alice", "turned", 20)
    capture, stored = lab.capture(lab.relay), relay.stats()["content_bytes_stored"]
    deliveries = exchange(alice, bob, 10, "GODWIT-MARKER")
    check(paths(deliveries) == {"turned": 20}, f"turned, not {paths(deliveries)}")
    check(relay.stats()["content_bytes_stored"] == stored, "the mailbox has no part in it")
    check(not any(b"GODWIT-MARKER" in frame for _, frame in capture.stop()), "what passed the TURN server was not readable")
    same_histories(alice, bob)
    return relay


@scenario("symmetric on both sides, with a TURN server beside the relay: turned, sealed twice over", seconds=120)
def flight_turned(lab):
    lab.turn()
    _turned(lab, TURN_CONFIG)


@scenario("the relay is the TURN server: clients get it with their session", seconds=120)
def flight_turned_by_relay(lab):
    stats = _turned(lab, TURN_SERVER_CONFIG).stats()
    note(f"relayed: {stats['turn_packets_to_peers']} datagrams to peers, {stats['turn_bytes_to_peers']} bytes; "
         f"{stats['turn_allocations']} allocations")
    check(stats["turn_packets_to_peers"] > 0, "the relay relayed them")


@scenario("coturn with the same secret: the same credentials open it", seconds=120)
def flight_turned_by_coturn(lab):
    lab.coturn()
    _turned(lab, TURN_CONFIG)


@scenario("relay_only: the contact learns no address, although both are in the open", seconds=120)
def flight_hidden(lab):
    lab.turn()
    site_a, site_b = lab.site("open", "alice"), lab.site("open", "bob")
    captures = [lab.capture(site_a.edge), lab.capture(site_b.edge)]
    relay, alice, bob = pair_of(lab, site_a, site_b, TURN_CONFIG, before_contact=lambda a: a.must("set_policy", path="relay_only"))
    deliveries = exchange(alice, bob, 10, "hidden")
    note(f"paths: {paths(deliveries)}")
    check("direct" not in paths(deliveries), f"nothing direct, not {paths(deliveries)}")
    time.sleep(3)  # Long enough for any attempt at a direct path to show itself.
    for capture in captures:
        seen = traffic_between(capture.stop(), site_a.external, site_b.external)
        check(seen == 0, f"{seen} packets went between the two")
    same_histories(alice, bob)


@scenario("two clients at home, on one LAN: direct, without leaving it", seconds=120)
def flight_one_lan(lab):
    home = lab.site("port_restricted", "alice")
    beside = lab.beside(home, "bob")
    relay, alice, bob = pair_of(lab, home, beside)
    alice.wait_delivered([alice.send("bob", "hello")], 20)
    wait_path(alice, "bob", "direct", 15)
    wait_path(bob, "alice", "direct", 15)
    capture = lab.capture(home.edge)
    deliveries = exchange(alice, bob, 20, "at home", bytes_each=2000)
    check(paths(deliveries) == {"direct": 40}, f"direct, not {paths(deliveries)}")
    seen = sum(len(frame) for _, frame in capture.stop())
    check(seen < 20_000, f"{seen} bytes left the house")
    same_histories(alice, bob)


@scenario("the direct path is cut in mid-conversation: mailbox at once, direct again when it heals", seconds=180)
def flight_cut(lab):
    site_a, site_b = lab.site("port_restricted", "alice"), lab.site("port_restricted", "bob")
    relay, alice, bob = pair_of(lab, site_a, site_b)
    alice.wait_delivered([alice.send("bob", "hello")], 20)
    wait_path(alice, "bob", "direct", 15)
    deliveries = exchange(alice, bob, 10, "before")
    check(paths(deliveries) == {"direct": 20}, f"direct before the cut, not {paths(deliveries)}")
    heal = lab.cut(site_a, site_b)
    started = time.monotonic()
    deliveries = exchange(alice, bob, 10, "during", seconds=60)
    took = time.monotonic() - started
    note(f"after the cut: {paths(deliveries)}, all delivered after {took:.1f} s")
    check(set(paths(deliveries)) == {"mailbox"}, f"by mailbox while it is cut, not {paths(deliveries)}")
    check(took < 30, f"within seconds, not {took:.1f} s")
    heal()
    for client in (alice, bob):
        client.must("network_changed")  # As a platform would say; without it the next attempt waits for its turn.
    started = time.monotonic()
    wait_path(alice, "bob", "direct", 60)
    wait_path(bob, "alice", "direct", 30)
    note(f"direct again after {time.monotonic() - started:.1f} s")
    deliveries = exchange(alice, bob, 10, "after")
    check(paths(deliveries) == {"direct": 20}, f"direct after it healed, not {paths(deliveries)}")
    same_histories(alice, bob)


@scenario("a client moves to another uplink in mid-conversation: nothing lost, direct again", seconds=180)
def flight_uplink(lab):
    site_a, site_b = lab.site("port_restricted", "alice"), lab.site("port_restricted", "bob")
    other = lab.second_uplink(site_a, "port_restricted")
    relay, alice, bob = pair_of(lab, site_a, site_b)
    alice.wait_delivered([alice.send("bob", "hello")], 20)
    wait_path(alice, "bob", "direct", 15)
    exchange(alice, bob, 5, "before")
    capture = lab.capture(other.edge)
    started = time.monotonic()
    lab.switch_uplink(site_a, other)
    deliveries = exchange(alice, bob, 5, "moving", seconds=60)
    note(f"moving: {paths(deliveries)}, all delivered {time.monotonic() - started:.1f} s after the move began")
    check(time.monotonic() - started < 15, "within seconds")

    def direct_there():
        return traffic_between(capture.packets(), other.external, site_b.external) > 0 and not wait_path(alice, "bob", "direct", 1)
    until(direct_there, 60, "no direct path by the new uplink")
    note(f"direct by the new uplink {time.monotonic() - started:.1f} s after the move began")
    deliveries = exchange(alice, bob, 20, "after")
    check(paths(deliveries) == {"direct": 40}, f"direct after the move, not {paths(deliveries)}")
    seen = traffic_between(capture.stop(), other.external, site_b.external)
    check(seen > 40, f"the new uplink carries it: {seen} packets")
    same_histories(alice, bob)


@scenario("UDP is blocked: TLS to the relay, and the mailbox", seconds=120)
def flight_udp_blocked(lab):
    relay, alice, bob = pair_of(lab, lab.site("udp_blocked", "alice"), lab.site("open", "bob"))
    over = alice.of("connected")[-1]["over"]
    check(over == "tls", f"alice is connected over tls, not {over}")
    check(bob.of("connected")[-1]["over"] == "quic", "bob, whose UDP passes, over quic")
    deliveries = exchange(alice, bob, 10, "blocked")
    check(set(paths(deliveries)) == {"mailbox"}, f"by mailbox, not {paths(deliveries)}")
    same_histories(alice, bob)


@scenario("the relay dies while the path is direct: the conversation goes on; it returns: so do the clients", seconds=120)
def flight_relay_dies(lab):
    relay, alice, bob = direct_conversation(lab, "port_restricted", "port_restricted")
    relay.kill()
    deliveries = exchange(alice, bob, 10, "without a relay")
    check(paths(deliveries) == {"direct": 20}, f"direct, not {paths(deliveries)}")
    relay.start()
    for client in (alice, bob):
        until(lambda: client.must("status")["connected"], 60, f"{client.user} did not reconnect")
    exchange(alice, bob, 5, "with it again")
    same_histories(alice, bob)


@scenario("the receiver is killed with messages on the way, comes back, and has all of them once", seconds=120)
def flight_offline(lab):
    relay, alice, bob = direct_conversation(lab, "port_restricted", "port_restricted")
    bob.kill()
    sent = [alice.send("bob", f"while away {i}") for i in range(10)]
    bob.start()
    alice.wait_delivered(sent, 60)
    note(f"paths: {paths(alice.wait_delivered(sent, 1))}")
    until(lambda: [t for t in bob.history("alice") if t.startswith("while away")] == [f"while away {i}" for i in range(10)],
          20, "bob's history has all ten, in order, once")
    same_histories(alice, bob)


@scenario("5 % loss in bursts and 300 ms round trip: everything arrives, in order", seconds=180)
def flight_bad_wire(lab):
    site_a, site_b = lab.site("port_restricted", "alice"), lab.site("port_restricted", "bob")
    lab.wire(site_a, "--delay-ms", 140, "--jitter-ms", 20, "--loss", 5, "--burst", 2, "--duplicate", 1, "--reorder", 2)
    relay, alice, bob = pair_of(lab, site_a, site_b)
    alice.wait_delivered([alice.send("bob", "hello")], 30)
    deliveries = exchange(alice, bob, 30, "rough", seconds=90)
    note(f"paths: {paths(deliveries)}")
    same_histories(alice, bob)


@scenario("UDP is blocked on one side, TURN over TCP: turned", seconds=120)
def flight_udp_blocked_turned(lab):
    lab.turn()
    relay, alice, bob = pair_of(lab, lab.site("udp_blocked", "alice"), lab.site("port_restricted", "bob"), TURN_CONFIG)
    check(alice.of("connected")[-1]["over"] == "tls", "alice is connected over tls")
    alice.wait_delivered([alice.send("bob", "hello")], 20)
    wait_path(alice, "bob", "turned", 20)
    wait_path(bob, "alice", "turned", 20)
    deliveries = exchange(alice, bob, 10, "blocked")
    check(paths(deliveries) == {"turned": 20}, f"turned, not {paths(deliveries)}")
    same_histories(alice, bob)


@scenario("packets of more than 1,280 bytes vanish on the way: large messages still go direct", seconds=150)
def flight_mtu_hole(lab):
    sites = lab.site("port_restricted", "alice"), lab.site("port_restricted", "bob")
    lab.mtu_hole(1280)
    relay, alice, bob = pair_of(lab, *sites)
    alice.wait_delivered([alice.send("bob", "hello")], 20)
    wait_path(alice, "bob", "direct", 15)
    wait_path(bob, "alice", "direct", 15)
    started = time.monotonic()
    deliveries = exchange(alice, bob, 10, "long", bytes_each=20_000, seconds=60)
    note(f"20 messages of 20 kB: {paths(deliveries)}, all delivered after {time.monotonic() - started:.1f} s")
    check(paths(deliveries) == {"direct": 20}, f"direct, not {paths(deliveries)}")
    same_histories(alice, bob)


@scenario("the TURN server is gone: pairs that do not need it go direct", seconds=90)
def flight_turn_dead(lab):
    relay, alice, bob = pair_of(lab, lab.site("port_restricted", "alice"), lab.site("port_restricted", "bob"), TURN_CONFIG)
    started = time.monotonic()
    alice.wait_delivered([alice.send("bob", "hello")], 20)
    wait_path(alice, "bob", "direct", 30)
    wait_path(bob, "alice", "direct", 30)
    note(f"direct after {time.monotonic() - started:.1f} s")
    deliveries = exchange(alice, bob, 5, "direct")
    check(paths(deliveries) == {"direct": 10}, f"direct, not {paths(deliveries)}")


@scenario("rung by rung down, and up again: direct, turned, mailbox over QUIC, mailbox over TLS, direct", seconds=300)
def flight_rungs(lab):
    turn = lab.turn()
    site_a, site_b = lab.site("port_restricted", "alice"), lab.site("port_restricted", "bob")
    relay, alice, bob = pair_of(lab, site_a, site_b, TURN_CONFIG)

    def rung(name, path, over):
        started = time.monotonic()
        first = exchange(alice, bob, 3, name + ", at once", seconds=60)
        took = time.monotonic() - started
        if path != "mailbox":
            wait_path(alice, "bob", path, 60)
            wait_path(bob, "alice", path, 60)
        got = exchange(alice, bob, 5, name, seconds=60)
        note(f"{name}: at once {paths(first)} within {took:.1f} s, then {paths(got)}")
        check(set(paths(got)) == {path}, f"{name}: by {path}, not {paths(got)}")
        seen = alice.of("connected")[-1]["over"]
        check(seen == over, f"{name}: connected over {over}, not {seen}")

    rung("all is well", "direct", "quic")
    heal_pair = lab.cut(site_a, site_b)
    for client in (alice, bob):
        client.must("network_changed")
    rung("no direct way", "turned", "quic")
    turn.kill()
    turn.wait()
    for client in (alice, bob):
        client.must("network_changed")
    rung("no TURN server", "mailbox", "quic")
    heal_udp = lab.no_udp(site_a)
    alice.must("network_changed")
    until(lambda: alice.of("connected")[-1]["over"] == "tls", 60, "alice does not come back over TLS")
    rung("no UDP", "mailbox", "tls")
    heal_udp()
    heal_pair()
    for client in (alice, bob):
        client.must("network_changed")
    until(lambda: alice.of("connected")[-1]["over"] == "quic", 90, "alice does not come back over QUIC")
    rung("all is well again", "direct", "quic")
    same_histories(alice, bob)


@scenario("measured: the first message after both are online, 20 ms to the relay (40 ms between the two)", seconds=180)
def flight_first_message(lab):
    lab.turn()
    for kind, expected in (("port_restricted", "direct"), ("symmetric", "turned")):
        site_a, site_b = lab.site(kind, f"a-{kind}"[:9]), lab.site(kind, f"b-{kind}"[:9])
        for site in (site_a, site_b):
            lab.wire(site, "--delay-ms", 10)
        relay, alice, bob = fresh_pair(lab, site_a, site_b, kind[0], TURN_CONFIG)
        alice.wait_delivered([alice.send(bob.user, "once, to have met")], 20)
        took, by = [], []
        for i in range(7):
            for client in (alice, bob):
                client.quit()
                client.events.clear()
                client.start()
            for client, peer in ((alice, bob), (bob, alice)):
                client.wait_event("connected", 20)
                client.wait_event("presence", 20, user=peer.user, online=True)
            began = time.monotonic()
            alice.send(bob.user, f"first {i}")
            got = bob.wait("the message", lambda c: [e for e in c.of("message") if e["text"] == f"first {i}"], 20)[0]
            took.append(round((got["at"] - began) * 1000))
            by.append(got["path"])
        note(f"{kind}: send to arrival, durable: p50 {sorted(took)[3]} ms of {sorted(took)}, by {by}")
        check(by.count(expected) >= 4, f"mostly {expected}: {by}")
        for client in (alice, bob):
            client.quit()
