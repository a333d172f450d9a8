// SPDX-License-Identifier: Apache-2.0
// Streams between devices, and between a device and the relay.
//
//   send ──> put: when does it arrive? ──> arrive ── swallowed? ── no ──> hand_over
//                                             │ yes
//                                             └──> stalled: nothing after it arrives either; pump tries again, as a
//                                                  transport retransmits, until its idle time is over and it breaks
#include "tests/sim/broken.hpp"
#include "tests/sim/world.hpp"

#include "lib/crypto/signing.hpp"

#include <algorithm>

namespace godwit::testing {

using std::chrono::seconds;

namespace {

/// What datagrams to anywhere leave from; else there is only the own address at the TURN server.
bool has_own_socket(const Client& client, bool allow_direct)
{
    return allow_direct && client.nat != Nat::udp_blocked;
}

} // namespace

Duration World::delay()
{
    const auto span = static_cast<std::uint64_t>((network.delay_max - network.delay_min).count()) + 1;
    return network.delay_min + Duration(static_cast<Duration::rep>(random() % span));
}

Duration World::delay_on(const Wire& wire)
{
    auto out = delay();
    if (wire.b == nullptr && network.relay_extra > Duration(0))
        out += Duration(static_cast<Duration::rep>(random() % static_cast<std::uint64_t>(network.relay_extra.count())));
    if (wire.path == Path::turned) out += delay(); // On from the TURN server.
    return out;
}

// ---- links come up ------------------------------------------------------------------------------

void World::dial_relay(Client& client, engine::LinkId link, const engine::DialRelay& dial)
{
    const auto life = client.life_;
    const auto key = crypto::SigningKey::from_seed(dial.device_seed).public_key();
    const auto transport = dial.transport;
    at(now() + delay() * 2, [this, &client, life, link, key, transport] {
        if (client.life_ != life || !client.links_.contains(link)) return;
        const bool udp_blocked = network.quic_blocked || client.nat == Nat::udp_blocked;
        if (is_cut(client) || (udp_blocked && transport == RelayTransport::quic)) return; // Nobody answers.
        if (!relay.running())
            return report_down(&client, life, link, {ErrorCode::not_connected, "connection refused", 0}, delay());
        const auto id = ++last_wire_;
        Wire wire;
        wire.a = &client;
        wire.a_life = life;
        wire.a_link = link;
        wire.relay_life = relay.life();
        wires_[id] = std::move(wire);
        client.links_[link].wire = id;
        client.links_[link].up = true;
        relay.input(
            [&](relay::Core& core, Moment moment) { core.link_up(id, {key, "192.0.2.1:1", client.name}, moment); });
        client.report_up(link, relay_key_, Path::none, "relay");
    });
}

/// TCP does where UDP is blocked.
bool World::turn_answers(const Client& client) const
{
    return network.turn_possible && !network.turn_silent && relay.running() && !is_cut(client);
}

/// Whether `owner`'s address at the TURN server carries both ways: the other one has heard of it and has something to
/// send from, and its own addresses are permitted there.
bool World::is_relayed_for(const Client::Link& owner, const Client& other, const Client::Link& its) const
{
    if (network.turn_silent || !turn.has(owner.turn_port, now())) return false;
    if (its.remote_relayed == 0 || owner.remote_candidates == 0) return false;
    return has_own_socket(other, its.open.allow_direct) || (owner.remote_relayed > 0 && turn.has(its.turn_port, now()));
}

/// Two sides that know each other's description and a candidate of each other find a path, if there is one.
void World::try_pair(Client& client, engine::LinkId link)
{
    const auto mine = client.links_.find(link);
    if (mine == client.links_.end() || mine->second.remote_ufrag.empty() || mine->second.wire != 0) return;
    const auto other = by_ufrag_.find(mine->second.remote_ufrag);
    if (other == by_ufrag_.end()) return;
    auto& far = *other->second.client;
    const auto far_link = other->second.link;
    if (far.life_ != other->second.life) return;
    const auto theirs = far.links_.find(far_link);
    if (theirs == far.links_.end() || theirs->second.wire != 0) return;
    const auto named = by_ufrag_.find(theirs->second.remote_ufrag);
    if (named == by_ufrag_.end() || named->second.client != &client || named->second.link != link ||
        named->second.life != client.life_)
        return;
    if (mine->second.remote_candidates == 0 || theirs->second.remote_candidates == 0) return;

    const bool direct = network.direct_possible && !network.direct_blackholed && opens_directly(client.nat, far.nat) &&
                        mine->second.open.allow_direct && theirs->second.open.allow_direct;
    const bool by_mine = is_relayed_for(mine->second, far, theirs->second);
    const bool by_theirs = is_relayed_for(theirs->second, client, mine->second);
    const bool turned = by_mine || by_theirs;
    if (!direct && !turned) return; // ICE goes on trying until it is given up.
    if (network.ice_fails_percent > 0 && random() % 100 < network.ice_fails_percent) return;
    demand(mine->second.open.controlling != theirs->second.open.controlling, "both sides control one ICE session");
    const auto id = ++last_wire_;
    Wire wire;
    wire.a = &client;
    wire.a_life = client.life_;
    wire.a_link = link;
    wire.b = &far;
    wire.b_life = far.life_;
    wire.b_link = far_link;
    wire.path = direct ? Path::direct : Path::turned;
    if (!direct) {
        if (by_mine || !has_own_socket(client, mine->second.open.allow_direct)) wire.turn_a = mine->second.turn_port;
        if (!by_mine || !has_own_socket(far, theirs->second.open.allow_direct)) wire.turn_b = theirs->second.turn_port;
    }
    // One side is up a moment before the other; what it sends at once waits in the other's transport until that is up
    // too.
    wire.to_a.last = now() + network.ice_time + delay();
    wire.to_b.last = now() + network.ice_time + delay();
    wires_[id] = std::move(wire);
    mine->second.wire = theirs->second.wire = id;
    const auto peer_of_a = mine->second.open.peer;
    const auto peer_of_b = theirs->second.open.peer;
    at(wires_[id].to_a.last, [this, id, peer_of_a] { bring_up(id, true, peer_of_a); });
    at(wires_[id].to_b.last, [this, id, peer_of_b] { bring_up(id, false, peer_of_b); });
}

void World::bring_up(std::uint64_t id, bool side_a, const DeviceId& peer)
{
    const auto known = wires_.find(id);
    if (known == wires_.end()) return;
    const auto& wire = known->second;
    auto* one = side_a ? wire.a : wire.b;
    const auto link = side_a ? wire.a_link : wire.b_link;
    if (one->life_ != (side_a ? wire.a_life : wire.b_life)) return;
    const auto place = one->links_.find(link);
    if (place == one->links_.end()) return;
    if (is_cut(*one)) return break_wire(id, {ErrorCode::timed_out, "handshake", 0});
    place->second.up = true;
    place->second.path = wire.path;
    if (side_a && wire.path == Path::turned) ++turned_links_;
    one->report_up(link, peer, wire.path, "simulated");
}

// ---- frames -------------------------------------------------------------------------------------

void World::send(Client& from, std::uint64_t id, Bytes frame)
{
    const auto known = wires_.find(id);
    if (known == wires_.end()) return;
    const auto& wire = known->second;
    const bool from_a = wire.a == &from && wire.a_life == from.life_;
    if (observer != nullptr) {
        if (wire.b == nullptr)
            observer->frame_to_relay(from, frame);
        else
            observer->peer_frame(from, from_a ? *wire.b : *wire.a, frame);
    }
    if (wire.b != nullptr || !meddle_to_relay) return put(id, !from_a, std::move(frame));
    for (auto& one : meddle_to_relay(from, std::move(frame)))
        if (wires_.contains(id)) put(id, false, std::move(one));
}

void World::relay_says(relay::Output output)
{
    const auto known = wires_.find(output.link);
    if (known == wires_.end()) return;
    if (output.close) {
        // Flush and close: what was said before arrives before.
        at(known->second.to_a.last,
           [this, id = output.link] { break_wire(id, {ErrorCode::cancelled, "closed by the relay", 0}); });
        return;
    }
    if (observer != nullptr) observer->frame_of_relay(output.link, *known->second.a, output.frame);
    if (!meddle_to_device) return put(output.link, true, std::move(output.frame));
    for (auto& one : meddle_to_device(*known->second.a, std::move(output.frame)))
        if (wires_.contains(output.link)) put(output.link, true, std::move(one));
}

void World::inject(Client& to, Bytes frame)
{
    for (auto at = wires_.rbegin(); at != wires_.rend(); ++at)
        if (at->second.a == &to && at->second.b == nullptr) return put(at->first, true, std::move(frame));
    demand(false, to.name + " has no link to the relay");
}

void World::put(std::uint64_t id, bool to_a, Bytes frame)
{
    auto& wire = wires_.at(id);
    hash.note(now(), to_a ? "a" : "b", id, frame);
    if (network.corrupt_per_million > 0 && random() % 1'000'000 < network.corrupt_per_million)
        return break_wire(id, {ErrorCode::not_connected, "a record does not authenticate", 0});
    auto& stream = to_a ? wire.to_a : wire.to_b;
    stream.last = std::max(stream.last, now() + delay_on(wire) + stream.losses.delay(network, random));
    stream.queue.push_back(std::move(frame));
    at(stream.last, [this, id, to_a] { arrive(id, to_a); });
}

void World::arrive(std::uint64_t id, bool to_a)
{
    const auto known = wires_.find(id);
    if (known == wires_.end()) return;
    auto& stream = to_a ? known->second.to_a : known->second.to_b;
    ++stream.due;
    if (stream.stalled) return;
    if (swallows(known->second, to_a)) {
        stream.stalled = true;
        stream.stalled_since = now();
        return pump(id, to_a, retransmit_first);
    }
    --stream.due;
    const auto frame = std::move(stream.queue.front());
    stream.queue.pop_front();
    (void)hand_over(id, to_a, frame);
}

/// A hole in an ordered stream: nothing after it arrives either.
void World::pump(std::uint64_t id, bool to_a, Duration wait)
{
    at(now() + wait, [this, id, to_a, wait] {
        const auto known = wires_.find(id);
        if (known == wires_.end()) return;
        auto& stream = to_a ? known->second.to_a : known->second.to_b;
        if (stream.stalled_since + transport_idle <= now()) return break_wire(id, {ErrorCode::timed_out, "idle", 0});
        if (swallows(known->second, to_a)) return pump(id, to_a, wait * 2);
        stream.stalled = false;
        while (stream.due > 0) {
            --stream.due;
            const auto frame = std::move(stream.queue.front());
            stream.queue.pop_front();
            if (!hand_over(id, to_a, frame)) return;
        }
    });
}

/// False when the link is gone.
bool World::hand_over(std::uint64_t id, bool to_a, BytesView frame)
{
    const auto& wire = wires_.at(id);
    if (!to_a && wire.b == nullptr) {
        if (wire.relay_life == relay.life() && relay.running()) {
            if (observer != nullptr) observer->relay_takes(id, *wire.a, frame);
            relay.input([&](relay::Core& core, Moment moment) { core.receive(id, frame, moment); });
        }
        return wires_.contains(id);
    }
    auto* to = to_a ? wire.a : wire.b;
    const auto life = to_a ? wire.a_life : wire.b_life;
    const auto link = to_a ? wire.a_link : wire.b_link;
    const auto target = to->links_.find(link);
    if (to->life_ != life || target == to->links_.end()) return wires_.contains(id);
    if (target->second.up) to->report_frame(link, frame);
    return wires_.contains(id);
}

bool World::swallows(const Wire& wire, bool to_a) const
{
    const auto vanishes = [&](const Client* one, Cut way) {
        if (one == nullptr) return false;
        const auto at = cut_.find(one->name);
        return at != cut_.end() && (at->second == Cut::both || at->second == way);
    };
    if (vanishes(wire.a, to_a ? Cut::incoming : Cut::outgoing)) return true;
    if (vanishes(wire.b, to_a ? Cut::outgoing : Cut::incoming)) return true;
    const auto is_gone = [&](std::uint16_t port) { return port != 0 && !turn.has(port, now()); };
    if (wire.path == Path::turned) return network.turn_silent || is_gone(wire.turn_a) || is_gone(wire.turn_b);
    return wire.path == Path::direct && network.direct_blackholed;
}

// ---- links go down ------------------------------------------------------------------------------

void World::report_down(Client* client, std::uint64_t life, engine::LinkId link, const Error& why, Duration after)
{
    at(now() + after, [this, client, life, link, why] {
        const auto known = client->links_.find(link);
        if (client->life_ != life || known == client->links_.end()) return;
        turn.release(known->second.turn_port);
        client->links_.erase(known);
        client->report_down(link, why);
    });
}

/// One side says goodbye: the other hears of it, unless the network swallows it.
void World::close(Client& by, std::uint64_t id, std::uint64_t life)
{
    const auto known = wires_.find(id);
    if (known == wires_.end()) return;
    const auto wire = std::move(known->second);
    wires_.erase(known);
    const bool by_a = wire.a == &by && wire.a_life == life;
    const bool heard = !swallows(wire, !by_a);
    const Error why =
        heard ? Error{ErrorCode::cancelled, "the far side closed", 0} : Error{ErrorCode::timed_out, "idle", 0};
    const auto after = heard ? delay() : transport_idle;
    if (wire.b == nullptr)
        at(now() + after, [this, id, relay_life = wire.relay_life] {
            if (relay.life() == relay_life)
                relay.input([&](relay::Core& core, Moment moment) { core.link_down(id, moment); });
        });
    else if (by_a)
        report_down(wire.b, wire.b_life, wire.b_link, why, after);
    else
        report_down(wire.a, wire.a_life, wire.a_link, why, after);
}

void World::break_wire(std::uint64_t id, const Error& why)
{
    const auto known = wires_.find(id);
    if (known == wires_.end()) return;
    const auto wire = std::move(known->second);
    wires_.erase(known);
    report_down(wire.a, wire.a_life, wire.a_link, why, delay());
    if (wire.b != nullptr)
        report_down(wire.b, wire.b_life, wire.b_link, why, delay());
    else
        at(now() + delay(), [this, id, life = wire.relay_life] {
            if (relay.life() == life)
                relay.input([&](relay::Core& core, Moment moment) { core.link_down(id, moment); });
        });
}

void World::relay_is_gone()
{
    std::vector<std::uint64_t> its;
    for (const auto& [id, wire] : wires_)
        if (wire.b == nullptr) its.push_back(id);
    for (const auto id : its)
        break_wire(id, {ErrorCode::not_connected, "the relay is gone", 0});
    turn.crash(); // It is the relay's.
}

void World::break_links(Client& client)
{
    std::vector<std::uint64_t> mine;
    for (const auto& [id, wire] : wires_)
        if (wire.a == &client || wire.b == &client) mine.push_back(id);
    for (const auto id : mine)
        break_wire(id, {ErrorCode::not_connected, "reset", 0});
}

} // namespace godwit::testing
