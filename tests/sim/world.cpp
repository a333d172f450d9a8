// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/world.hpp"

#include "lib/crypto/signing.hpp"
#include "lib/identity/notice.hpp"
#include "tests/sim/broken.hpp"

#include <cstdio>
#include <cstdlib>

namespace godwit::testing {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

bool tracing()
{
    static const bool on = std::getenv("GODWIT_TRACE") != nullptr;
    return on;
}

std::string describe(const Event& event)
{
    if (const auto* e = std::get_if<event::Disconnected>(&event))
        return "disconnected: " + e->reason.detail + ", again in " + std::to_string(e->retry_in_ms) + " ms";
    if (const auto* e = std::get_if<event::Connected>(&event))
        return std::string("connected over ") + (e->over == RelayTransport::quic ? "quic" : "tls");
    if (const auto* e = std::get_if<event::MessageReceived>(&event))
        return "received " + e->message.text.substr(0, 48) + (e->message.gap_before ? " (after a gap)" : "");
    if (const auto* e = std::get_if<event::MessageStateChanged>(&event))
        return to_hex(BytesView(e->id.view()).first(2)) + " " + std::string(message_state_name(e->state)) + " " +
               std::string(path_name(e->path)) + " " + e->reason;
    if (const auto* e = std::get_if<event::PathChanged>(&event))
        return "path " + std::string(path_name(e->path)) + ": " + e->reason;
    if (const auto* e = std::get_if<event::Presence>(&event)) return e->user + (e->online ? " online" : " offline");
    if (const auto* e = std::get_if<event::Reply>(&event)) {
        std::string id;
        if (const auto* message = std::get_if<MessageId>(&e->value)) id = to_hex(BytesView(message->view()).first(2));
        return "reply " + std::to_string(e->id) + " " + std::string(error_name(e->error.code)) + " " + id;
    }
    return "event " + std::to_string(event.index());
}

struct Traces final : port::Trace {
    void line(port::TraceLevel, std::string_view room, std::string_view text) override
    {
        if (!tracing()) return;
        std::printf("  [%.*s] %.*s\n", static_cast<int>(room.size()), room.data(), static_cast<int>(text.size()),
                    text.data());
    }
};

} // namespace

port::Trace& world_trace()
{
    static Traces traces;
    return traces;
}

World::World(std::uint64_t seed, relay::Config relay_config, DiskKind relay_disk)
    : random(seed), relay(
                        *this, seed ^ 0x9e3779b97f4a7c15ULL,
                        [&] {
                            relay_config.turn_servers = [this](std::string_view, WallMs) {
                                std::vector<wire::TurnServer> out;
                                if (network.turn_possible) {
                                    out.emplace_back();
                                    out.back().host = "turn.test";
                                }
                                return out;
                            };
                            relay_config.sign_notice = [](wire::OperatorNotice notice) {
                                return identity::sign_notice(std::move(notice), relay_seed());
                            };
                            return std::move(relay_config);
                        }(),
                        relay_disk),
      relay_key_(crypto::SigningKey::from_seed(relay_seed()).public_key())
{
    relay.start();
}

World::~World() = default;

Client& World::client(const std::string& name, engine::Config config)
{
    ClientOptions options;
    options.config = std::move(config);
    return client(name, std::move(options));
}

Client& World::client(const std::string& name, ClientOptions options)
{
    auto& slot = clients_[name];
    if (slot == nullptr) slot = std::make_unique<Client>(*this, name, random(), std::move(options));
    return *slot;
}

std::string World::account(const std::string& client_name)
{
    return client_name.substr(0, client_name.find('.'));
}

wire::RelayAddress World::relay_address() const
{
    wire::RelayAddress out;
    out.host = "relay.test";
    out.port = 4433;
    out.key = relay_key_;
    return out;
}

WallMs World::wall_ms() const
{
    return 1'700'000'000'000 + std::chrono::duration_cast<milliseconds>(now().time_since_epoch()).count();
}

void World::say(const std::string& what) const
{
    if (tracing())
        std::printf("%10.3f %s\n", static_cast<double>(now().time_since_epoch().count()) / 1e6, what.c_str());
}

void World::trace_event(Client& client, const Event& event)
{
    const auto text = describe(event);
    hash.note(now(), client.name, event.index(), as_bytes(text));
    say(client.name + ": " + text);
}

/// For the promises of stories, whose stores are in memory.
void World::note_accepted(Client& client, const event::Reply& reply)
{
    const auto* id = std::get_if<MessageId>(&reply.value);
    if (id == nullptr || observer != nullptr || client.disk.kind() != DiskKind::memory || told_.contains(*id)) return;
    const auto row = client.store.message(*id);
    if (!row && client.store.value("scheduled/" + to_hex(id->view()))) return; // It is still to come.
    demand(row.has_value(), client.name + " tells of a message that is not in its store");
    auto& told = told_[*id];
    told.conversation = row->message.conversation;
    for (const auto& other : client.store.sorted(row->message.conversation))
        if (other.message.id != *id) told.before.insert(other.message.id);
}

void World::cut(Client& client, Cut how)
{
    if (how == Cut::none) return restore(client);
    cut_[client.name] = how;
}

void World::restore(Client& client)
{
    cut_.erase(client.name);
}

void World::befriend(Client& a, Client& b)
{
    for (auto* one : {&a, &b}) {
        if (!one->running()) one->start();
        if (one->disk.store().identity()) continue;
        demand(account(one->name) == one->name, "second devices log in by themselves");
        const auto answer = one->wait(one->enter(true));
        demand(answer.error.code == ErrorCode::ok, one->name + " cannot register: " + answer.error.detail);
    }
    demand(run_until([&] { return a.status().connected && b.status().connected; }), "friends do not connect");
    demand(a.wait(a.ask(request::ContactAdd{account(b.name)})).error.code == ErrorCode::ok, "a contact is refused");
    demand(b.wait(b.ask(request::ContactAdd{account(a.name)})).error.code == ErrorCode::ok, "a contact is refused");
    const auto knows = [](Client& one, const std::string& user) {
        for (const auto& contact : one.contacts())
            if (contact.user == user && contact.state == ContactState::accepted && contact.device_count > 0)
                return true;
        return false;
    };
    demand(run_until([&] { return knows(a, account(b.name)) && knows(b, account(a.name)); }),
           "friends do not know each other");
}

} // namespace godwit::testing
