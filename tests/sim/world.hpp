// SPDX-License-Identifier: Apache-2.0
// A small deterministic world: real engines and the real relay core on a virtual clock, joined by a network that does
// what the seed says. The shell around each engine keeps the tick rule "gather → engine → commit → speak" and can be
// made to die, or its disk to refuse, at every seam of it.
//
//   world.client("alice")          a device with its store; the store outlives its engine
//   world.run_for(2s) / run_until  virtual time passes; nothing else does
//   network()                      what is cut, slow, blocked or lost
//   check_…()                      promises, judged on stores and on what applications were told
//
// No names of tests in here: tests/sim grows from it.
#pragma once

#include "lib/engine/engine.hpp"
#include "relay/core/core.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/seeded_entropy.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>

namespace godwit::testing {

/// Where in a tick a process dies.
enum class Seam { before_commit, after_commit, mid_speak };

struct Network {
    Duration delay_min = std::chrono::milliseconds(5);
    Duration delay_max = std::chrono::milliseconds(40);
    Duration relay_extra{};         ///< Frames by the relay take up to this much longer: paths overtake each other.
    bool direct_possible = true;    ///< A direct ICE pair can be found.
    bool turn_possible = false;     ///< A TURN server is there.
    bool quic_blocked = false;      ///< UDP to the relay vanishes.
    bool direct_blackholed = false; ///< Direct paths swallow everything, without a word.
    Duration ice_time = std::chrono::milliseconds(120);
};

/// What an application was told and keeps.
struct Heard {
    std::map<RequestId, event::Reply> replies;
    std::vector<Message> received; ///< May repeat after a crash.
    std::vector<event::MessageStateChanged> states;
    std::vector<Event> others;
};

class World;

/// One device: a store that lives, an engine that may die.
class Client {
public:
    Client(World& world, std::string name, std::uint64_t seed, engine::Config config);

    const std::string name;
    MemoryStore store;
    Heard heard;
    bool takes_events = true; ///< The application takes what it is shown at once.
    WallMs clock_skew_ms = 0;

    [[nodiscard]] bool running() const { return engine_ != nullptr; }
    void start();
    /// The process is gone; its links break.
    void crash();
    /// At the given seam of the next tick that writes.
    void crash_at(Seam seam) { crash_at_ = seam; }
    void live_on() { crash_at_.reset(); }

    RequestId ask(Request request);
    RequestId enter(bool create, const std::string& password = "password");
    /// The reply, when there is one.
    [[nodiscard]] const event::Reply* reply(RequestId id) const;
    [[nodiscard]] bool ok(RequestId id) const;

    // conveniences over ask(); each runs the world until the reply is there
    event::Reply wait(RequestId id);
    StatusReport status();
    std::vector<Message> history(const std::string& with);
    std::vector<Contact> contacts();
    MessageId send(const std::string& to, const std::string& text);
    [[nodiscard]] std::optional<MessageState> state(const MessageId& id);

    [[nodiscard]] std::size_t live_peer_links(Path path) const;
    [[nodiscard]] std::uint64_t dials(RelayTransport transport) const;
    [[nodiscard]] std::uint64_t ticks() const { return ticks_; }
    [[nodiscard]] std::uint64_t opened_paths() const { return opened_paths_; }

private:
    friend class World;
    using Input = std::function<void(engine::Engine&, Moment)>;

    struct Link {
        bool is_relay = false;
        RelayTransport transport = RelayTransport::none;
        engine::OpenPath open; ///< Of peer links.
        std::string remote_ufrag;
        std::uint32_t remote_candidates = 0;
        bool up = false;
        Path path = Path::none;
        std::uint64_t wire = 0; ///< World's name of the connection; 0: none yet.
    };

    void input(Input what);
    void tick(std::vector<Input> inputs);
    void perform(engine::Effect effect);
    void take(Event event);
    void schedule_wake();
    [[nodiscard]] Moment now() const;

    World& world_;
    engine::Config config_;
    test::SeededEntropy entropy_;
    std::unique_ptr<engine::Engine> engine_;
    std::uint64_t life_ = 0; ///< Which engine: what was meant for an older one is dropped.
    std::map<engine::LinkId, Link> links_;
    std::map<RelayTransport, std::uint64_t> dials_;
    std::optional<Seam> crash_at_;
    RequestId last_request_ = 0;
    Instant wake_at_ = never;
    std::uint64_t ticks_ = 0;
    std::uint64_t opened_paths_ = 0;
    Instant burst_at_{};
    std::uint32_t burst_ = 0;
};

class World {
public:
    explicit World(std::uint64_t seed, relay::Config relay_config = {});
    ~World();

    Client& client(const std::string& name, engine::Config config = {});
    /// A second device of the account that `name` begins with ("alice.phone" belongs to alice).
    [[nodiscard]] static std::string account(const std::string& client_name);

    Network network;
    std::mt19937_64 random;

    [[nodiscard]] Instant now() const { return now_; }
    [[nodiscard]] WallMs wall_ms() const;
    void run_for(Duration duration);
    /// False when `timeout` passed first.
    bool run_until(const std::function<bool()>& done, Duration timeout = std::chrono::seconds(30));

    // the relay
    void relay_crash();
    void relay_start();
    [[nodiscard]] bool relay_running() const { return relay_ != nullptr; }
    [[nodiscard]] const relay::Counters& relay_counters() const { return relay_->counters(); }

    // the network
    void cut(Client& client); ///< No packets to or from it; links notice late.
    void restore(Client& client);
    [[nodiscard]] bool is_cut(const Client& client) const { return cut_.contains(client.name); }
    /// Every link of this client breaks now, both sides told.
    void break_links(Client& client);
    /// Registers both, makes them contacts, and waits until both know.
    void befriend(Client& a, Client& b);

    /// All devices of a conversation of two accounts, each with the whole of it.
    using Circle = std::vector<Client*>;
    /// The promises that hold at any moment: what counts as delivered is durable at the other account; nothing has
    /// failed that was not told to. Empty: all is well; else what is not.
    [[nodiscard]] std::string check_now(const Circle& circle);
    /// The promises at rest: every message of which an application was told is in every history once, all are equal and
    /// causal, and every received one was shown, after what it answers to.
    [[nodiscard]] std::string check_conversation(const Circle& circle);
    [[nodiscard]] std::string check_conversation(Client& a, Client& b) { return check_conversation({&a, &b}); }
    [[nodiscard]] static std::optional<ConversationId> conversation_of(const Circle& circle);
    /// Of a's outgoing: none is in flight any more.
    [[nodiscard]] bool all_terminal(Client& client);
    /// Into the trace (GODWIT_TRACE=1), with the time.
    void say(const std::string& what) const;

private:
    friend class Client;

    struct Wire {
        Client* a = nullptr;
        std::uint64_t a_life = 0;
        engine::LinkId a_link = 0;
        Client* b = nullptr; ///< nullptr: the relay.
        std::uint64_t b_life = 0;
        engine::LinkId b_link = 0;
        std::uint64_t relay_life = 0;
        Path path = Path::none;
        Instant last_to_a{};
        Instant last_to_b{};
        bool open = true;
    };

    void at(Instant when, std::function<void()> what);
    Duration delay();
    Duration delay_on(const Wire& wire);
    void relay_tick(const std::function<void(relay::Core&, Moment)>& input);
    [[nodiscard]] Moment relay_moment() const;
    void dial_relay(Client& client, engine::LinkId link, const engine::DialRelay& dial);
    void try_pair(Client& client, engine::LinkId link);
    void send(Client& from, std::uint64_t wire, Bytes frame);
    void relay_send(std::uint64_t wire, Bytes frame);
    void close(Client& by, std::uint64_t wire);
    void break_wire(std::uint64_t wire, const Error& why);
    void report_down(Client* client, std::uint64_t life, engine::LinkId link, const Error& why, Duration after);
    [[nodiscard]] bool swallows(const Wire& wire) const;

    struct Later {
        Instant when;
        std::uint64_t order;
        std::function<void()> what;
        bool operator<(const Later& other) const
        {
            return when != other.when ? when > other.when : order > other.order;
        }
    };
    /// What applications were told is accepted, and what the sender's history held then: that stands before it for
    /// ever.
    struct Told {
        ConversationId conversation;
        std::set<MessageId> before;
    };
    std::map<MessageId, Told> told_;

    Instant now_{};
    std::uint64_t order_ = 0;
    std::vector<Later> later_; ///< A heap.
    std::map<std::string, std::unique_ptr<Client>> clients_;
    std::set<std::string> cut_;
    std::map<std::uint64_t, Wire> wires_;
    std::uint64_t last_wire_ = 0;
    std::map<std::string, std::pair<Client*, engine::LinkId>> by_ufrag_;

    relay::Config relay_config_;
    test::SeededEntropy relay_entropy_;
    std::unique_ptr<relay::Store> relay_store_;
    std::unique_ptr<relay::Core> relay_;
    std::uint64_t relay_life_ = 0;
    Instant relay_wake_ = never;
    wire::RelayAddress relay_address_;
};

} // namespace godwit::testing
