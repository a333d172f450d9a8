// SPDX-License-Identifier: Apache-2.0
// A client's engine against a hostile relay and a hostile contact: an engine on a store in memory, and the input says
// what both send, what the application asks, when links break, time passes and the process dies.
//
// Holds: every frame that leaves decodes at the far side; a tick says no more than a bounded number of things; the
// store never fails, and a new engine starts from it.
#include "tests/fuzz/target.hpp"
#include "tests/lib/wire/samples.hpp"
#include "tests/sim/world.hpp"

#include "lib/identity/conversation_id.hpp"
#include "lib/identity/notice.hpp"

#include <variant>

using namespace godwit;
using namespace godwit::fuzz;
namespace frame = godwit::wire::relay;

namespace {

constexpr std::size_t steps_max = 48;
constexpr std::size_t said_a_tick_max = 4096;
constexpr std::size_t links_kept_max = 64;

/// Ann and Bob know each other; Bob has said things that Ann has not got yet.
struct Before {
    testing::MemoryStore store; ///< Ann's.
    std::vector<wire::Envelope> from_bob;
    DeviceId bob;
    Bytes bob_list;
    PublicKey bob_account;
    ConversationId conversation;
    Before()
    {
        testing::World world(5);
        auto& ann = world.client("ann");
        auto& other = world.client("bob");
        world.befriend(ann, other);
        (void)ann.send("bob", "first");
        world.run_for(std::chrono::seconds(5));
        world.relay_crash();
        world.break_links(ann);
        ann.crash();
        for (const char* text : {"one", "two", "three"})
            (void)other.send("ann", text);
        for (const auto& delivery : other.store.open_deliveries(0, 10))
            if (const auto envelope = other.store.envelope(delivery.message); envelope && !envelope->sealed.empty())
                from_bob.push_back({envelope->message, envelope->sealed});
        FUZZ_CHECK(!from_bob.empty());
        store = ann.store;
        bob = other.store.identity()->device;
        for (const auto& contact : store.contacts()) {
            bob_list = contact.device_list;
            bob_account = contact.account_key;
        }
        conversation = identity::conversation_of(store.identity()->account_key, bob_account);
        FUZZ_CHECK(!bob_list.empty());
    }
};

const Before& before()
{
    static const Before* const made = new Before; // Never destroyed: a world outlives nothing.
    return *made;
}

struct Mute final : port::Trace {
    void line(port::TraceLevel, std::string_view, std::string_view) override {}
};

class Siege {
public:
    explicit Siege(Choices& choices) : choices_(choices), store_(before().store)
    {
        const auto address = wire::parse_relay_address(store_.identity()->relay);
        FUZZ_CHECK(address.ok());
        relay_key_ = address->key;
        start();
    }

    void step()
    {
        switch (choices_.dice(14)) {
        case 0: return relay_up();
        case 1: return enter();
        case 2: return respond();
        case 3:
        case 4: return push();
        case 5: return relay_raw();
        case 6: return pass_time();
        case 7: return ask();
        case 8: return ice();
        case 9: return peer_up();
        case 10:
        case 11: return peer_frame();
        case 12: return link_down();
        default:
            if (choices_.dice(4) == 0) start();
        }
    }

private:
    using Input = std::function<void(engine::Engine&)>;

    /// gather → engine → commit → speak
    void tick(const Input& input)
    {
        store_.begin();
        input(*engine_);
        engine_->handle_deadline(now_);
        FUZZ_CHECK(!store_.failed());
        FUZZ_CHECK(store_.commit().ok());
        std::size_t said = 0;
        for (; auto effect = engine_->next_effect(); ++said)
            perform(*effect);
        for (; auto event = engine_->next_event(); ++said)
            if (const auto* message = std::get_if<event::MessageReceived>(&*event))
                shown_.emplace_back(message->message.conversation, message->message.id);
        FUZZ_CHECK(said <= said_a_tick_max);
    }
    void start()
    {
        relay_links_.clear();
        peer_links_.clear();
        up_.clear();
        known_.clear();
        asked_.clear();
        engine_ = std::make_unique<engine::Engine>(engine::Config{}, store_, entropy_, trace_);
        tick([this](engine::Engine& engine) { engine.start(now_); });
    }
    void perform(const engine::Effect& effect)
    {
        if (const auto* dial = std::get_if<engine::DialRelay>(&effect))
            keep(relay_links_, dial->link);
        else if (const auto* open = std::get_if<engine::OpenPath>(&effect))
            keep(peer_links_, open->link);
        else if (const auto* close = std::get_if<engine::CloseLink>(&effect))
            forget(close->link);
        else if (const auto* send = std::get_if<engine::SendFrame>(&effect)) {
            // To a link that it has closed in this very tick, too: the shell drops that.
            FUZZ_CHECK(known_.contains(send->link));
            if (!up_.contains(send->link)) return;
            if (std::find(peer_links_.begin(), peer_links_.end(), send->link) != peer_links_.end()) {
                FUZZ_CHECK(wire::decode_peer_frame(send->frame).ok());
                return;
            }
            const auto said = wire::decode_client_frame(send->frame);
            FUZZ_CHECK(said.ok());
            if (const auto* request = std::get_if<frame::Request>(&*said)) asked_.emplace_back(send->link, request->id);
        }
    }
    void keep(std::vector<engine::LinkId>& links, engine::LinkId link)
    {
        FUZZ_CHECK(links.size() < links_kept_max);
        FUZZ_CHECK(known_.insert(link).second); // A name is never used twice.
        links.push_back(link);
    }
    void forget(engine::LinkId link)
    {
        std::erase(relay_links_, link);
        std::erase(peer_links_, link);
        up_.erase(link);
        std::erase_if(asked_, [&](const auto& one) { return one.first == link; });
    }
    /// One of these links that is up, or not yet; 0: none.
    engine::LinkId some(const std::vector<engine::LinkId>& links, bool is_up)
    {
        std::vector<engine::LinkId> fit;
        for (const auto link : links)
            if (up_.contains(link) == is_up) fit.push_back(link);
        return fit.empty() ? 0 : fit[choices_.dice(fit.size())];
    }

    // ---- the relay ----

    void relay_up()
    {
        const auto link = some(relay_links_, false);
        if (link == 0) return;
        up_.insert(link);
        tick([&](engine::Engine& engine) { engine.link_up(link, relay_key_, Path::none, "relay", now_); });
    }
    void from_relay(engine::LinkId link, const Bytes& bytes)
    {
        if (link == 0) return;
        tick([&](engine::Engine& engine) { engine.link_frame(link, bytes, now_); });
    }
    void from_relay(engine::LinkId link, const frame::ServerFrame& what) { from_relay(link, wire::encode(what)); }
    wire::RosterEntry bob_entry()
    {
        wire::RosterEntry out{
            "bob", wire::RosterState::accepted, before().bob_account, before().bob_list, {before().bob}};
        switch (choices_.dice(8)) {
        case 1: out.online.clear(); break;
        case 2: out.account_key.bytes[0] ^= 1; break;
        case 3: out.device_list = mutated(out.device_list, choices_); break;
        case 4: out.state = static_cast<wire::RosterState>(choices_.dice(5)); break;
        case 5: out.user = "bo" + std::to_string(choices_.dice(4)); break;
        default: break;
        }
        return out;
    }
    frame::Roster roster()
    {
        frame::Roster out;
        out.entries = {bob_entry()};
        out.own_device_list = store_.identity() ? store_.identity()->device_list : Bytes{1};
        out.last = choices_.dice(4) != 3;
        return out;
    }
    /// What an honest relay says to one who comes back, up to the roster.
    void enter()
    {
        if (some(relay_links_, true) == 0) relay_up();
        const auto link = some(relay_links_, true);
        if (link == 0) return;
        frame::Welcome welcome;
        welcome.relay_version = "0.1.0";
        from_relay(link, welcome);
        if (asked_.empty()) return;
        frame::Response response{asked_.back().second, {ErrorCode::ok, {}, 0}, session()};
        asked_.pop_back();
        from_relay(link, response);
        if (up_.contains(link)) from_relay(link, roster());
    }
    frame::Session session()
    {
        frame::Session out;
        out.user = choices_.dice(4) == 3 ? choices_.text(8) : "ann";
        if (!is_utf8(out.user)) out.user = "x";
        if (choices_.flag())
            out.turn_servers = {
                {"turn", 3478, wire::TurnServer::Transport::udp, "u", "p", static_cast<WallMs>(choices_.number(6))}};
        return out;
    }
    void respond()
    {
        if (asked_.empty()) return;
        const auto at = choices_.dice(asked_.size());
        const auto [link, id] = asked_[at];
        if (choices_.dice(4) != 3) asked_.erase(asked_.begin() + static_cast<std::ptrdiff_t>(at));
        frame::Response response{id, {ErrorCode::ok, {}, 0}, {}};
        if (choices_.flag()) response.error = {static_cast<ErrorCode>(choices_.byte()), "because", choices_.number(3)};
        switch (choices_.dice(7)) {
        case 0: break;
        case 1: response.body = session(); break;
        case 3: response.body = frame::KeyPackageStock{static_cast<std::uint32_t>(choices_.number(1))}; break;
        case 4: response.body = frame::KeyPackages{{{before().bob, to_bytes(choices_.bytes(64))}}}; break;
        case 5: {
            frame::GroupState state;
            state.incarnation = choices_.dice(4);
            state.epoch = choices_.dice(4);
            state.group_info = to_bytes(choices_.bytes(64));
            response.body = state;
            break;
        }
        case 2: response.body = frame::MailboxPutOk{{static_cast<ErrorCode>(choices_.byte() % 64)}}; break;
        default:
            response.body =
                frame::LoginOk{before().bob_account, to_bytes(choices_.bytes(80)), before().bob_list, false};
        }
        if (up_.contains(link)) from_relay(link, response);
    }
    wire::Envelope envelope()
    {
        auto out = before().from_bob[choices_.dice(before().from_bob.size())];
        const auto how = choices_.dice(4);
        if (how == 1) out.sealed = mutated(out.sealed, choices_);
        if (how == 2) out.id.bytes[0] = choices_.byte();
        if (out.sealed.empty()) out.sealed = {1};
        return out;
    }
    DeviceId sender() { return choices_.dice(4) == 3 ? DeviceId{} : before().bob; }
    void push()
    {
        const auto link = some(relay_links_, true);
        switch (choices_.dice(11)) {
        case 0: return from_relay(link, roster());
        case 1: return from_relay(link, frame::RosterChange{bob_entry()});
        case 2: return from_relay(link, frame::OwnDevices{choices_.flag() ? to_bytes(choices_.bytes(64)) : Bytes{1}});
        case 3: return from_relay(link, frame::Presence{choices_.flag() ? "bob" : "ann", {before().bob}});
        case 4: {
            auto sealed = envelope().sealed;
            return from_relay(link, frame::SignalPush{sender(), std::move(sealed)});
        }
        case 5: return from_relay(link, frame::Goodbye{{static_cast<ErrorCode>(choices_.byte() % 64), "hear", 1000}});
        case 6: return from_relay(link, frame::MailboxEmpty{});
        case 7: return from_relay(link, frame::LinkGranted{to_bytes(choices_.bytes(64))});
        case 8: {
            frame::GroupChanged changed;
            changed.conversation = before().conversation;
            changed.incarnation = choices_.dice(4);
            changed.epoch = choices_.dice(4);
            return from_relay(link, changed);
        }
        case 9: return from_relay(link, notice());
        default: {
            const auto sequence = choices_.number(1);
            const auto from = sender();
            return from_relay(link, frame::MailboxDeliver{sequence, from, now_.wall_ms, envelope()});
        }
        }
    }
    /// By the relay's key, or by none.
    frame::NoticeDeliver notice()
    {
        wire::OperatorNotice out;
        out.id.bytes.fill(static_cast<std::uint8_t>(1 + choices_.dice(4)));
        out.created_ms = 1;
        out.expires_ms = static_cast<WallMs>(choices_.number(6));
        out.withdrawn = choices_.flag();
        out.title = choices_.flag() ? "title" : "";
        auto bytes = choices_.flag() ? identity::sign_notice(out, testing::World::relay_seed()) : wire::encode(out);
        if (choices_.dice(4) == 3) bytes = mutated(bytes, choices_);
        if (bytes.empty()) bytes = {1};
        return {choices_.number(1), std::move(bytes)};
    }
    void relay_raw()
    {
        static const auto samples = wire::test::samples();
        const auto link = some(relay_links_, true);
        from_relay(link, mutated(samples[choices_.dice(samples.size())].encoded, choices_));
    }

    // ---- the contact ----

    void ice()
    {
        const auto link = some(peer_links_, false);
        if (link == 0) return;
        const auto how = choices_.dice(3);
        const auto candidate = "candidate:" + std::to_string(choices_.byte());
        tick([&](engine::Engine& engine) {
            if (how == 0)
                engine.ice_local_description(link, "ufrag", "pwdpwdpwdpwdpwdpwdpwdpwd", now_);
            else if (how == 1)
                engine.ice_local_candidate(link, candidate, now_);
            else
                engine.ice_gathering_done(link, now_);
        });
    }
    void peer_up()
    {
        const auto link = some(peer_links_, false);
        if (link == 0) return;
        const auto path = choices_.flag() ? Path::turned : Path::direct;
        up_.insert(link);
        tick([&](engine::Engine& engine) { engine.link_up(link, before().bob, path, "fuzz", now_); });
    }
    void peer_frame()
    {
        const auto link = some(peer_links_, true);
        if (link == 0) return;
        wire::peer::Frame what;
        switch (choices_.dice(7)) {
        case 0: what = wire::peer::Deliver{envelope()}; break;
        case 4: what = wire::peer::Unopened{{before().from_bob.front().id}}; break;
        case 5: {
            wire::peer::GroupHead head;
            head.conversation = before().conversation;
            head.incarnation = choices_.dice(3);
            head.epoch = choices_.dice(4);
            what = head;
            break;
        }
        case 1: {
            wire::peer::Receipt receipt;
            for (const auto& open : store_.open_deliveries(0, 3))
                receipt.ids.push_back(open.message);
            receipt.ids.push_back(before().from_bob.front().id);
            what = receipt;
            break;
        }
        case 2: what = wire::peer::Ping{choices_.number(2)}; break;
        case 3: what = wire::peer::Pong{choices_.number(2)}; break;
        default: {
            const auto bytes = mutated(wire::encode(wire::peer::Frame(wire::peer::Ping{7})), choices_);
            return tick([&](engine::Engine& engine) { engine.link_frame(link, bytes, now_); });
        }
        }
        tick([&](engine::Engine& engine) { engine.link_frame(link, wire::encode(what), now_); });
    }

    // ---- the rest of the world ----

    void link_down()
    {
        auto links = relay_links_;
        links.insert(links.end(), peer_links_.begin(), peer_links_.end());
        if (links.empty()) return;
        const auto link = links[choices_.dice(links.size())];
        const Error why{choices_.flag() ? ErrorCode::timed_out : ErrorCode::cancelled, "gone", 0};
        forget(link);
        tick([&](engine::Engine& engine) { engine.link_down(link, why, now_); });
    }
    void pass_time()
    {
        static constexpr std::int64_t waits_ms[] = {1, 400, 2500, 15'000, 300'000, 86'400'000};
        const auto until = now_.mono + std::chrono::milliseconds(waits_ms[choices_.dice(std::size(waits_ms))]);
        // Due things happen on the way, as the shell would do it; not for ever.
        for (int ticks = 0; ticks < 20 && engine_->deadline() <= until; ++ticks) {
            advance(std::max(engine_->deadline(), now_.mono));
            tick([](engine::Engine&) {});
        }
        advance(until);
        tick([](engine::Engine&) {});
    }
    void advance(Instant to)
    {
        now_.wall_ms += std::chrono::duration_cast<std::chrono::milliseconds>(to - now_.mono).count();
        now_.mono = to;
    }
    void ask()
    {
        Request request = request::Status{};
        const std::string user = choices_.dice(4) == 3 ? "cy" : "bob";
        switch (choices_.dice(15)) {
        case 0:
        case 1: request = request::Send{user, "hello", choices_.flag() ? "key" : ""}; break;
        case 2: request = request::History{user, 10, {}}; break;
        case 3: request = request::ContactAdd{user}; break;
        case 4: request = request::ContactRemove{user}; break;
        case 5: request = request::ContactBlock{user}; break;
        case 6: request = request::NetworkChanged{}; break;
        case 7: request = request::SetPolicy{static_cast<PathPolicy>(choices_.dice(4))}; break;
        case 8:
            if (!shown_.empty())
                return tick([&](engine::Engine& engine) {
                    const auto& [conversation, id] = shown_[choices_.dice(shown_.size())];
                    engine.message_taken(conversation, id);
                });
            break;
        case 9: request = request::Devices{}; break;
        case 10: request = request::SafetyNumber{user}; break;
        case 11: request = request::Verify{user, choices_.flag(), choices_.flag() ? "godwit-verify:1:x" : ""}; break;
        case 12: request = request::DeviceRevoke{before().bob}; break;
        case 13: request = request::DeviceLink{"godwit-link:2:x"}; break;
        default:
            if (choices_.dice(8) == 7) request = request::Logout{};
        }
        tick([&](engine::Engine& engine) { engine.submit({++last_request_, request}, now_); });
    }

    Choices& choices_;
    testing::MemoryStore store_;
    test::SeededEntropy entropy_{3};
    Mute trace_;
    PublicKey relay_key_;
    Moment now_{Instant(std::chrono::hours(1)), 1'700'010'000'000};
    std::unique_ptr<engine::Engine> engine_;
    std::vector<engine::LinkId> relay_links_;
    std::vector<engine::LinkId> peer_links_;
    std::set<engine::LinkId> up_;
    std::set<engine::LinkId> known_;                              ///< Every link that this engine ever named.
    std::vector<std::pair<engine::LinkId, std::uint64_t>> asked_; ///< Requests without a response.
    std::vector<std::pair<ConversationId, MessageId>> shown_;
    RequestId last_request_ = 0;
};

std::vector<Bytes> stories()
{
    // Enter, Bob is online, a text for him, ICE, a direct link, what he has to say.
    std::vector<Bytes> out{{1, 0, 0, 0, 0, 1, 7, 0, 0, 0, 8, 0, 0, 8, 1, 0, 9, 0, 10, 0, 0, 0, 10, 1, 6, 2}};
    std::uint64_t state = 9;
    for (std::size_t i = 0; i < 6; ++i) {
        Bytes story{1, 0, 0, 0, 0, 1};
        for (std::size_t n = 0; n < 40 + 30 * i; ++n) {
            state = state * 6364136223846793005ULL + 1442695040888963407ULL;
            story.push_back(static_cast<std::uint8_t>(state >> 56));
        }
        out.push_back(std::move(story));
    }
    return out;
}

} // namespace

FUZZ_TARGET(engine_siege, "wire", 768, stories)
{
    Choices choices(input);
    Siege siege(choices);
    for (std::size_t step = 0; step < steps_max && !choices.empty(); ++step)
        siege.step();
}
