// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/world.hpp"

#include "lib/crypto/signing.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace godwit::testing {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// When a link whose far side is silent is given up by the transport (QUIC idle timeout).
constexpr Duration transport_idle = seconds(30);
/// Ticks of one client without time passing: more is a loop.
constexpr std::uint32_t ticks_at_once_max = 1000;

bool tracing()
{
    return std::getenv("GODWIT_TRACE") != nullptr;
}

std::string describe(const Event& event)
{
    if (const auto* e = std::get_if<event::Disconnected>(&event))
        return "disconnected: " + e->reason.detail + ", again in " + std::to_string(e->retry_in_ms) + " ms";
    if (const auto* e = std::get_if<event::Connected>(&event))
        return std::string("connected over ") + (e->over == RelayTransport::quic ? "quic" : "tls");
    if (const auto* e = std::get_if<event::MessageReceived>(&event)) return "received " + e->message.text;
    if (const auto* e = std::get_if<event::MessageStateChanged>(&event))
        return to_hex(BytesView(e->id.view()).first(2)) + " " + std::string(message_state_name(e->state)) + " " +
               std::string(path_name(e->path)) + " " + e->reason;
    if (const auto* e = std::get_if<event::PathChanged>(&event))
        return "path " + std::string(path_name(e->path)) + ": " + e->reason;
    if (const auto* e = std::get_if<event::Presence>(&event)) return e->user + (e->online ? " online" : " offline");
    if (const auto* e = std::get_if<event::Reply>(&event))
        return "reply " + std::to_string(e->id) + " " + std::string(error_name(e->error.code));
    return "event " + std::to_string(event.index());
}

struct SilentTrace final : port::Trace {
    void line(port::TraceLevel, std::string_view room, std::string_view text) override
    {
        if (!tracing()) return;
        std::printf("  [%.*s] %.*s\n", static_cast<int>(room.size()), room.data(), static_cast<int>(text.size()),
                    text.data());
    }
};
SilentTrace silent_trace;

} // namespace

// ---- the shell around one engine ----------------------------------------------------------------

Client::Client(World& world, std::string name_in, std::uint64_t seed, engine::Config config)
    : name(std::move(name_in)), world_(world), config_(std::move(config)), entropy_(seed)
{
}

Moment Client::now() const
{
    return {world_.now(), world_.wall_ms() + clock_skew_ms};
}

void Client::start()
{
    REQUIRE(engine_ == nullptr);
    world_.say(name + " starts");
    ++life_;
    engine_ = std::make_unique<engine::Engine>(config_, store, entropy_, silent_trace);
    tick({[](engine::Engine& engine, Moment at) { engine.start(at); }});
}

void Client::crash()
{
    if (engine_ == nullptr) return;
    world_.say(name + " crashes");
    store.rollback();
    engine_.reset();
    crash_at_.reset();
    wake_at_ = never;
    auto links = std::move(links_);
    links_.clear();
    for (const auto& [id, link] : links)
        if (link.wire != 0) world_.close(*this, link.wire);
    heard.replies.clear(); // A new process knows nothing of the old one's requests.
    last_request_ += 1000;
}

void Client::input(Input what)
{
    if (engine_ == nullptr) return;
    std::vector<Input> inputs;
    inputs.push_back(std::move(what));
    tick(std::move(inputs));
}

/// gather → engine → commit → speak
void Client::tick(std::vector<Input> inputs)
{
    ++ticks_;
    burst_ = burst_at_ == world_.now() ? burst_ + 1 : 0;
    burst_at_ = world_.now();
    REQUIRE_MESSAGE(burst_ < ticks_at_once_max, name << " ticks without end");

    store.begin();
    for (auto& one : inputs)
        one(*engine_, now());
    engine_->handle_deadline(now());

    const bool writes = store.dirty();
    if (crash_at_ == Seam::before_commit && writes) return crash();
    const auto committed = store.commit();
    if (!committed) {
        // The shell's duty: forget what was about to be said, read the store again, start over.
        engine_->discard_outputs();
        store.rollback();
        crash();
        start();
        return;
    }
    if (crash_at_ == Seam::after_commit && writes) return crash();

    std::vector<engine::Effect> effects;
    std::vector<Event> events;
    while (auto effect = engine_->next_effect())
        effects.push_back(std::move(*effect));
    while (auto event = engine_->next_event())
        events.push_back(std::move(*event));
    const bool dies = crash_at_ == Seam::mid_speak && writes;
    const auto said = dies ? world_.random() % (effects.size() + 1) : effects.size();
    for (std::size_t i = 0; i < said; ++i)
        perform(std::move(effects[i]));
    if (dies) return crash();
    for (auto& event : events)
        take(std::move(event));
    schedule_wake();
}

void Client::schedule_wake()
{
    const auto due = engine_->deadline();
    if (due == wake_at_) return;
    wake_at_ = due;
    if (due == never) return;
    const auto life = life_;
    world_.at(std::max(due, world_.now()), [this, life, due] {
        if (engine_ == nullptr || life_ != life || wake_at_ != due) return;
        wake_at_ = never;
        tick({});
    });
}

void Client::take(Event event)
{
    if (tracing()) world_.say(name + ": " + describe(event));
    if (auto* reply = std::get_if<event::Reply>(&event)) {
        heard.replies[reply->id] = *reply;
        if (const auto* id = std::get_if<MessageId>(&reply->value); id != nullptr && !world_.told_.contains(*id)) {
            const auto row = store.message(*id);
            REQUIRE_MESSAGE(row.has_value(), name << " tells of a message that is not in its store");
            auto& told = world_.told_[*id];
            told.conversation = row->conversation;
            for (const auto& other : store.sorted(row->conversation))
                if (other.message.id != *id) told.before.insert(other.message.id);
        }
    } else if (auto* message = std::get_if<event::MessageReceived>(&event)) {
        heard.received.push_back(message->message);
        const auto id = message->message.id;
        if (takes_events)
            world_.at(world_.now(), [this, id, life = life_] {
                if (life_ == life) input([id](engine::Engine& engine, Moment) { engine.message_taken(id); });
            });
    } else if (auto* state = std::get_if<event::MessageStateChanged>(&event)) {
        heard.states.push_back(*state);
    } else {
        heard.others.push_back(std::move(event));
    }
}

void Client::perform(engine::Effect effect)
{
    if (auto* dial = std::get_if<engine::DialRelay>(&effect)) {
        Link link;
        link.is_relay = true;
        link.transport = dial->transport;
        links_[dial->link] = link;
        ++dials_[dial->transport];
        world_.dial_relay(*this, dial->link, *dial);
    } else if (auto* open = std::get_if<engine::OpenPath>(&effect)) {
        Link link;
        link.open = *open;
        const auto id = open->link;
        links_[id] = link;
        ++opened_paths_;
        // ICE gathers: a description, two candidates, the end.
        const auto ufrag = name + "-" + std::to_string(life_) + "-" + std::to_string(id);
        world_.by_ufrag_[ufrag] = {this, id};
        const auto later = [this, id, life = life_](Duration after, Input what) {
            world_.at(world_.now() + after, [this, id, life, what = std::move(what)] {
                if (life_ == life && links_.contains(id)) input(what);
            });
        };
        later(milliseconds(1),
              [id, ufrag](engine::Engine& e, Moment at) { e.ice_local_description(id, ufrag, "pwd", at); });
        for (int n = 0; n < 2; ++n)
            later(milliseconds(2 + 10 * n), [id, n](engine::Engine& e, Moment at) {
                e.ice_local_candidate(id, "candidate " + std::to_string(n), at);
            });
        later(milliseconds(30), [id](engine::Engine& e, Moment at) { e.ice_gathering_done(id, at); });
    } else if (auto* remote = std::get_if<engine::SetRemoteDescription>(&effect)) {
        const auto at = links_.find(remote->link);
        REQUIRE(at != links_.end());
        at->second.remote_ufrag = remote->ufrag;
        world_.try_pair(*this, remote->link);
    } else if (auto* candidate = std::get_if<engine::AddRemoteCandidate>(&effect)) {
        const auto at = links_.find(candidate->link);
        REQUIRE(at != links_.end());
        ++at->second.remote_candidates;
        world_.try_pair(*this, candidate->link);
    } else if (auto* send = std::get_if<engine::SendFrame>(&effect)) {
        const auto at = links_.find(send->link);
        if (at != links_.end() && at->second.wire != 0) world_.send(*this, at->second.wire, std::move(send->frame));
    } else if (auto* close = std::get_if<engine::CloseLink>(&effect)) {
        const auto at = links_.find(close->link);
        if (at == links_.end()) return;
        const auto wire = at->second.wire;
        links_.erase(at);
        if (wire != 0) world_.close(*this, wire);
    } else if (auto* fault = std::get_if<engine::DropDirect>(&effect)) {
        world_.network.direct_blackholed = fault->drop;
    }
}

RequestId Client::ask(Request request)
{
    const auto id = ++last_request_;
    input([id, request](engine::Engine& engine, Moment at) { engine.submit({id, request}, at); });
    return id;
}

RequestId Client::enter(bool create, const std::string& password)
{
    engine::Credentials credentials;
    credentials.create = create;
    credentials.relay = world_.relay_address_;
    credentials.relay_text = world_.relay_address_.to_text();
    credentials.user = World::account(name);
    credentials.device_name = name;
    // What Argon2id does for real: equal passwords of one user give equal keys.
    credentials.vault_key.assign(32, 7);
    for (std::size_t i = 0; i < password.size(); ++i) {
        credentials.login_secret.bytes[i % 32] =
            static_cast<std::uint8_t>(credentials.login_secret.bytes[i % 32] * 31 + password[i]);
        credentials.vault_key[i % 32] = static_cast<std::uint8_t>(credentials.vault_key[i % 32] * 17 + password[i]);
    }
    const auto id = ++last_request_;
    input([id, credentials](engine::Engine& engine, Moment at) { engine.submit({id, credentials}, at); });
    return id;
}

const event::Reply* Client::reply(RequestId id) const
{
    const auto at = heard.replies.find(id);
    return at == heard.replies.end() ? nullptr : &at->second;
}

bool Client::ok(RequestId id) const
{
    const auto* answer = reply(id);
    return answer != nullptr && answer->error.code == ErrorCode::ok;
}

event::Reply Client::wait(RequestId id)
{
    REQUIRE(world_.run_until([&] { return reply(id) != nullptr; }, seconds(60)));
    return *reply(id);
}

StatusReport Client::status()
{
    return std::get<StatusReport>(wait(ask(request::Status{})).value);
}

std::vector<Message> Client::history(const std::string& with)
{
    return std::get<std::vector<Message>>(wait(ask(request::History{with, 1000, {}})).value);
}

std::vector<Contact> Client::contacts()
{
    return std::get<std::vector<Contact>>(wait(ask(request::Contacts{})).value);
}

MessageId Client::send(const std::string& to, const std::string& text)
{
    const auto answer = wait(ask(request::Send{to, text, {}}));
    REQUIRE_MESSAGE(answer.error.code == ErrorCode::ok, answer.error.detail);
    return std::get<MessageId>(answer.value);
}

std::optional<MessageState> Client::state(const MessageId& id)
{
    const auto row = store.message(id);
    return row ? std::optional(row->message.state) : std::nullopt;
}

std::size_t Client::live_peer_links(Path path) const
{
    return static_cast<std::size_t>(std::count_if(links_.begin(), links_.end(), [&](const auto& entry) {
        return entry.second.up && !entry.second.is_relay && entry.second.path == path;
    }));
}

std::uint64_t Client::dials(RelayTransport transport) const
{
    const auto at = dials_.find(transport);
    return at == dials_.end() ? 0 : at->second;
}

// ---- time ---------------------------------------------------------------------------------------

World::World(std::uint64_t seed, relay::Config relay_config)
    : random(seed), relay_config_(std::move(relay_config)), relay_entropy_(seed ^ 0x9e3779b97f4a7c15ULL)
{
    now_ = Instant(seconds(1000));
    auto opened = relay::Store::open_in_memory();
    REQUIRE(opened.ok());
    relay_store_ = std::make_unique<relay::Store>(std::move(*opened));
    relay_address_.host = "relay.test";
    relay_address_.port = 4433;
    relay_address_.key = crypto::SigningKey::from_seed(Bytes(32, 1)).public_key();
    relay_config_.turn_servers = [this](std::string_view, WallMs) {
        std::vector<wire::TurnServer> out;
        if (network.turn_possible) {
            out.emplace_back();
            out.back().host = "turn.test";
        }
        return out;
    };
    relay_start();
}

World::~World() = default;

WallMs World::wall_ms() const
{
    return 1'700'000'000'000 + std::chrono::duration_cast<milliseconds>(now_.time_since_epoch()).count();
}

void World::at(Instant when, std::function<void()> what)
{
    later_.push_back({when, ++order_, std::move(what)});
    std::push_heap(later_.begin(), later_.end());
}

void World::say(const std::string& what) const
{
    if (tracing()) std::printf("%10.3f %s\n", static_cast<double>(now_.time_since_epoch().count()) / 1e6, what.c_str());
}

void World::run_for(Duration duration)
{
    const auto end = now_ + duration;
    while (!later_.empty() && later_.front().when <= end) {
        std::pop_heap(later_.begin(), later_.end());
        auto next = std::move(later_.back());
        later_.pop_back();
        now_ = std::max(now_, next.when);
        next.what();
    }
    now_ = end;
}

bool World::run_until(const std::function<bool()>& done, Duration timeout)
{
    const auto end = now_ + timeout;
    while (!done()) {
        if (later_.empty() || later_.front().when > end) {
            now_ = end;
            return done();
        }
        std::pop_heap(later_.begin(), later_.end());
        auto next = std::move(later_.back());
        later_.pop_back();
        now_ = std::max(now_, next.when);
        next.what();
    }
    return true;
}

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
    return out;
}

Client& World::client(const std::string& name, engine::Config config)
{
    auto& slot = clients_[name];
    if (slot == nullptr) slot = std::make_unique<Client>(*this, name, random(), std::move(config));
    return *slot;
}

std::string World::account(const std::string& client_name)
{
    return client_name.substr(0, client_name.find('.'));
}

// ---- the relay ----------------------------------------------------------------------------------

Moment World::relay_moment() const
{
    return {now_, wall_ms()};
}

void World::relay_start()
{
    if (relay_ != nullptr) return;
    ++relay_life_;
    relay_ = std::make_unique<relay::Core>(relay_config_, *relay_store_, relay_entropy_);
    relay_wake_ = never;
}

void World::relay_crash()
{
    if (relay_ == nullptr) return;
    relay_store_->rollback();
    relay_.reset();
    std::vector<std::uint64_t> mine;
    for (const auto& [id, wire] : wires_)
        if (wire.b == nullptr && wire.open) mine.push_back(id);
    for (const auto id : mine)
        break_wire(id, {ErrorCode::not_connected, "the relay is gone", 0});
}

void World::relay_tick(const std::function<void(relay::Core&, Moment)>& what)
{
    if (relay_ == nullptr) return;
    what(*relay_, relay_moment());
    REQUIRE(relay_->commit(relay_moment()).ok());
    while (auto output = relay_->next_output()) {
        if (output->close) {
            // Flush and close: what was said before arrives before.
            const auto known = wires_.find(output->link);
            if (known != wires_.end())
                at(std::max(now_, known->second.last_to_a),
                   [this, id = output->link] { break_wire(id, {ErrorCode::cancelled, "closed by the relay", 0}); });
        } else {
            relay_send(output->link, std::move(output->frame));
        }
    }
    const auto due = relay_->deadline();
    if (due != never && due < relay_wake_) {
        relay_wake_ = due;
        at(std::max(due, now_), [this, due, life = relay_life_] {
            if (relay_life_ != life || relay_wake_ != due) return;
            relay_wake_ = never;
            relay_tick([](relay::Core& core, Moment moment) { core.handle_deadline(moment); });
        });
    }
}

void World::dial_relay(Client& client, engine::LinkId link, const engine::DialRelay& dial)
{
    const auto life = client.life_;
    const auto key = crypto::SigningKey::from_seed(dial.device_seed).public_key();
    const auto transport = dial.transport;
    at(now_ + delay() * 2, [this, &client, life, link, key, transport] {
        if (client.life_ != life || !client.links_.contains(link)) return;
        if (is_cut(client) || (network.quic_blocked && transport == RelayTransport::quic)) return; // Nobody answers.
        if (relay_ == nullptr)
            return report_down(&client, life, link, {ErrorCode::not_connected, "connection refused", 0}, delay());
        const auto id = ++last_wire_;
        Wire wire;
        wire.a = &client;
        wire.a_life = life;
        wire.a_link = link;
        wire.relay_life = relay_life_;
        wires_[id] = wire;
        client.links_[link].wire = id;
        client.links_[link].up = true;
        relay_tick(
            [&](relay::Core& core, Moment moment) { core.link_up(id, {key, "192.0.2.1:1", client.name}, moment); });
        client.input([link, this](engine::Engine& engine, Moment moment) {
            engine.link_up(link, relay_address_.key, Path::none, "relay", moment);
        });
    });
}

// ---- links --------------------------------------------------------------------------------------

/// Two sides that know each other's description and a candidate of each other find a path, if there is one.
void World::try_pair(Client& client, engine::LinkId link)
{
    const auto mine = client.links_.find(link);
    if (mine == client.links_.end() || mine->second.remote_ufrag.empty() || mine->second.wire != 0) return;
    const auto other = by_ufrag_.find(mine->second.remote_ufrag);
    if (other == by_ufrag_.end()) return;
    auto& far = *other->second.first;
    const auto far_link = other->second.second;
    const auto theirs = far.links_.find(far_link);
    if (theirs == far.links_.end() || theirs->second.wire != 0) return;
    const auto named = by_ufrag_.find(theirs->second.remote_ufrag);
    if (named == by_ufrag_.end() || named->second.first != &client || named->second.second != link) return;
    if (mine->second.remote_candidates == 0 || theirs->second.remote_candidates == 0) return;

    const bool direct = network.direct_possible && !network.direct_blackholed && mine->second.open.allow_direct &&
                        theirs->second.open.allow_direct;
    const bool turned = network.turn_possible && (mine->second.open.allow_turn || theirs->second.open.allow_turn);
    if (!direct && !turned) return; // ICE goes on trying until it is given up.
    REQUIRE(mine->second.open.controlling != theirs->second.open.controlling);
    const auto id = ++last_wire_;
    Wire wire;
    wire.a = &client;
    wire.a_life = client.life_;
    wire.a_link = link;
    wire.b = &far;
    wire.b_life = far.life_;
    wire.b_link = far_link;
    wire.path = direct ? Path::direct : Path::turned;
    // One side is up a moment before the other; what it sends at once waits in the other's transport until that is up
    // too.
    wire.last_to_a = now_ + network.ice_time + delay();
    wire.last_to_b = now_ + network.ice_time + delay();
    wires_[id] = wire;
    mine->second.wire = theirs->second.wire = id;
    const auto bring_up = [this, id](Instant when, Client* one, std::uint64_t life, engine::LinkId its_link,
                                     DeviceId peer, Path path) {
        at(when, [this, one, life, its_link, peer, path, id] {
            const auto known = wires_.find(id);
            if (known == wires_.end() || !known->second.open || one->life_ != life) return;
            const auto place = one->links_.find(its_link);
            if (place == one->links_.end()) return;
            if (is_cut(*one)) return break_wire(id, {ErrorCode::timed_out, "handshake", 0});
            place->second.up = true;
            place->second.path = path;
            one->input([=](engine::Engine& engine, Moment moment) {
                engine.link_up(its_link, peer, path, "simulated", moment);
            });
        });
    };
    bring_up(wire.last_to_a, &client, client.life_, link, mine->second.open.peer, wire.path);
    bring_up(wire.last_to_b, &far, far.life_, far_link, theirs->second.open.peer, wire.path);
}

bool World::swallows(const Wire& wire) const
{
    if (is_cut(*wire.a) || (wire.b != nullptr && is_cut(*wire.b))) return true;
    return wire.path == Path::direct && network.direct_blackholed;
}

void World::send(Client& from, std::uint64_t id, Bytes frame)
{
    const auto known = wires_.find(id);
    if (known == wires_.end() || !known->second.open) return;
    auto& wire = known->second;
    const bool from_a = wire.a == &from && wire.a_life == from.life_;
    auto& last = from_a ? wire.last_to_b : wire.last_to_a;
    last = std::max(last, now_ + delay_on(wire));
    at(last, [this, id, from_a, frame = std::move(frame)] {
        const auto place = wires_.find(id);
        if (place == wires_.end() || !place->second.open) return;
        const auto& w = place->second;
        if (swallows(w)) {
            // A hole in an ordered stream: nothing after it arrives either. The transport gives up after its idle time.
            auto& broken = place->second;
            broken.last_to_a = broken.last_to_b = never - seconds(1000);
            at(now_ + transport_idle, [this, id] { break_wire(id, {ErrorCode::timed_out, "idle", 0}); });
            return;
        }
        if (from_a && w.b == nullptr) {
            if (w.relay_life == relay_life_)
                relay_tick([&](relay::Core& core, Moment moment) { core.receive(id, frame, moment); });
            return;
        }
        auto* to = from_a ? w.b : w.a;
        const auto life = from_a ? w.b_life : w.a_life;
        const auto link = from_a ? w.b_link : w.a_link;
        const auto target = to->links_.find(link);
        if (to->life_ != life || target == to->links_.end()) return;
        if (!target->second.up)
            return; // The handshake of that side is not done: its transport would have kept it back.
        to->input([link, &frame](engine::Engine& engine, Moment moment) { engine.link_frame(link, frame, moment); });
    });
}

void World::relay_send(std::uint64_t id, Bytes frame)
{
    const auto known = wires_.find(id);
    if (known == wires_.end() || !known->second.open) return;
    auto& wire = known->second;
    wire.last_to_a = std::max(wire.last_to_a, now_ + delay_on(wire));
    at(wire.last_to_a, [this, id, frame = std::move(frame)] {
        const auto place = wires_.find(id);
        if (place == wires_.end() || !place->second.open) return;
        const auto& w = place->second;
        if (swallows(w)) {
            place->second.last_to_a = place->second.last_to_b = never - seconds(1000);
            at(now_ + transport_idle, [this, id] { break_wire(id, {ErrorCode::timed_out, "idle", 0}); });
            return;
        }
        if (w.a->life_ != w.a_life) return;
        const auto link = w.a_link;
        w.a->input([link, &frame](engine::Engine& engine, Moment moment) { engine.link_frame(link, frame, moment); });
    });
}

void World::report_down(Client* client, std::uint64_t life, engine::LinkId link, const Error& why, Duration after)
{
    at(now_ + after, [client, life, link, why] {
        if (client->life_ != life || client->links_.erase(link) == 0) return;
        client->input([link, why](engine::Engine& engine, Moment moment) { engine.link_down(link, why, moment); });
    });
}

/// One side says goodbye: the other hears of it, unless the network swallows it.
void World::close(Client& by, std::uint64_t id)
{
    const auto known = wires_.find(id);
    if (known == wires_.end() || !known->second.open) return;
    auto wire = known->second;
    known->second.open = false;
    const bool heard = !swallows(wire);
    wires_.erase(known);
    const Error why =
        heard ? Error{ErrorCode::cancelled, "the far side closed", 0} : Error{ErrorCode::timed_out, "idle", 0};
    const auto after = heard ? delay() : transport_idle;
    if (wire.b == nullptr) {
        at(now_ + after, [this, id, life = wire.relay_life] {
            if (relay_life_ == life) relay_tick([&](relay::Core& core, Moment moment) { core.link_down(id, moment); });
        });
        return;
    }
    const bool by_a = wire.a == &by && wire.a_life == by.life_;
    if (by_a)
        report_down(wire.b, wire.b_life, wire.b_link, why, after);
    else
        report_down(wire.a, wire.a_life, wire.a_link, why, after);
}

void World::break_wire(std::uint64_t id, const Error& why)
{
    const auto known = wires_.find(id);
    if (known == wires_.end() || !known->second.open) return;
    const auto wire = known->second;
    wires_.erase(known);
    report_down(wire.a, wire.a_life, wire.a_link, why, delay());
    if (wire.b != nullptr)
        report_down(wire.b, wire.b_life, wire.b_link, why, delay());
    else
        at(now_ + delay(), [this, id, life = wire.relay_life] {
            if (relay_life_ == life) relay_tick([&](relay::Core& core, Moment moment) { core.link_down(id, moment); });
        });
}

void World::cut(Client& client)
{
    cut_.insert(client.name);
}
void World::restore(Client& client)
{
    cut_.erase(client.name);
}

void World::break_links(Client& client)
{
    std::vector<std::uint64_t> mine;
    for (const auto& [id, wire] : wires_)
        if (wire.a == &client || wire.b == &client) mine.push_back(id);
    for (const auto id : mine)
        break_wire(id, {ErrorCode::not_connected, "reset", 0});
}

void World::befriend(Client& a, Client& b)
{
    for (auto* one : {&a, &b}) {
        if (!one->running()) one->start();
        if (one->store.identity()) continue;
        REQUIRE(account(one->name) == one->name); // Second devices log in by themselves.
        const auto answer = one->wait(one->enter(true));
        REQUIRE_MESSAGE(answer.error.code == ErrorCode::ok, answer.error.detail);
    }
    REQUIRE(run_until([&] { return a.status().connected && b.status().connected; }));
    REQUIRE(a.wait(a.ask(request::ContactAdd{account(b.name)})).error.code == ErrorCode::ok);
    REQUIRE(b.wait(b.ask(request::ContactAdd{account(a.name)})).error.code == ErrorCode::ok);
    const auto knows = [](Client& one, const std::string& user) {
        for (const auto& contact : one.contacts())
            if (contact.user == user && contact.state == ContactState::accepted && contact.device_count > 0)
                return true;
        return false;
    };
    REQUIRE(run_until([&] { return knows(a, account(b.name)) && knows(b, account(a.name)); }));
}

// ---- promises -----------------------------------------------------------------------------------

bool World::all_terminal(Client& client)
{
    return client.store.open_message_count() == 0;
}

std::optional<ConversationId> World::conversation_of(const Circle& circle)
{
    for (auto* one : circle)
        for (auto* other : circle)
            if (account(one->name) != account(other->name))
                if (const auto id = one->store.value("conversation/" + account(other->name)))
                    return ConversationId::from(*id);
    return std::nullopt;
}

std::string World::check_now(const Circle& circle)
{
    const auto conversation = conversation_of(circle);
    if (!conversation) return "no conversation";
    for (auto* one : circle) {
        for (const auto& row : one->store.sorted(*conversation)) {
            const auto& message = row.message;
            if (message.state == MessageState::failed) return "failed: " + message.text + ": " + message.failure;
            if (message.state != MessageState::delivered) continue;
            const bool there = std::any_of(circle.begin(), circle.end(), [&](Client* far) {
                return account(far->name) == message.with && (far->store.has_message(*conversation, message.id) ||
                                                              far->store.held_message(*conversation, message.id));
            });
            if (!there) return "counts as delivered and is not there: " + message.text;
        }
    }
    return {};
}

std::string World::check_conversation(const Circle& circle)
{
    if (auto wrong = check_now(circle); !wrong.empty()) return wrong;
    const auto conversation = conversation_of(circle);
    const auto rows = circle.front()->store.sorted(*conversation);
    std::map<MessageId, std::size_t> place;
    std::set<std::string> texts;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        place[rows[i].message.id] = i;
        if (!texts.insert(rows[i].message.text).second) return "twice in a history: " + rows[i].message.text;
    }
    for (auto* one : circle) {
        const auto theirs = one->store.sorted(*conversation);
        if (theirs.size() != rows.size())
            return "histories differ in length: " + std::to_string(rows.size()) + " and " +
                   std::to_string(theirs.size());
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const auto& x = rows[i].message;
            const auto& y = theirs[i].message;
            if (x.id != y.id || x.text != y.text)
                return "histories differ at " + std::to_string(i) + ": " + x.text + " | " + y.text;
            if (x.from != y.from) return "histories disagree about the author of " + x.text;
        }
    }
    for (const auto& [id, told] : told_) {
        if (told.conversation != *conversation) continue;
        if (!place.contains(id)) return "an application was told of a message that is not there";
        for (const auto& before : told.before)
            if (place.contains(before) && place.at(before) > place.at(id))
                return "an answer stands before what it answers to";
    }
    for (auto* one : circle) {
        std::set<MessageId> shown;
        bool gap = false;
        for (const auto& message : one->heard.received) {
            gap = gap || message.gap_before;
            // What this one answers to was shown before it, unless a gap was admitted.
            for (const auto& before : told_[message.id].before)
                if (const auto row = one->store.message(before);
                    !gap && row && row->message.state == MessageState::received && !shown.contains(before))
                    return one->name + " was shown " + message.text + " before " + row->message.text;
            shown.insert(message.id);
        }
        for (const auto& row : one->store.sorted(*conversation))
            if (row.message.state == MessageState::received && !shown.contains(row.message.id))
                return one->name + " was never shown " + row.message.text;
    }
    return {};
}

} // namespace godwit::testing
