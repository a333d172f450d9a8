// SPDX-License-Identifier: Apache-2.0
// A deterministic world: real engines and the real relay core on a virtual clock, joined by a network that does what
// the seed says. tests/lib/engine tells stories in it; the simulator (main.cpp) breaks it at random. docs/sim.md.
//
//   client.hpp       a device: disk, process, application     network.hpp   what links suffer, which NATs open
//   turn.hpp         relayed addresses
//   ticker_host.hpp  the loop under the real Ticker           disk.hpp      what a crash leaves
//   relay_host.hpp   the relay's process                      observer.hpp  who watches
//   links.cpp        streams between them                     promises.cpp  what stories check at the end
//
//   world.client("alice")          a device; its disk outlives its process
//   world.run_for(2s) / run_until  virtual time passes; nothing else does
//   check_…()                      promises, judged on stores and on what applications were told
#pragma once

#include "tests/sim/client.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/observer.hpp"
#include "tests/sim/relay_host.hpp"
#include "tests/sim/schedule.hpp"
#include "tests/sim/trace_hash.hpp"
#include "tests/sim/turn.hpp"

#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>

namespace godwit::testing {

class World {
public:
    explicit World(std::uint64_t seed, relay::Config relay_config = {}, DiskKind relay_disk = DiskKind::memory);
    ~World();

    /// Made at the first call. A second device of the account that `name` begins with: "alice.phone" belongs to alice.
    Client& client(const std::string& name, engine::Config config = {});
    Client& client(const std::string& name, ClientOptions options);
    [[nodiscard]] static std::string account(const std::string& client_name);

    Network network;
    TurnServer turn;
    std::mt19937_64 random;
    TraceHash hash;
    Observer* observer = nullptr;

    // time
    [[nodiscard]] Instant now() const { return schedule_.now(); }
    [[nodiscard]] WallMs wall_ms() const;
    void at(Instant when, std::function<void()> what) { schedule_.at(when, std::move(what)); }
    void run_for(Duration duration) { schedule_.run_for(duration); }
    /// False when `timeout` passed first.
    bool run_until(const std::function<bool()>& done, Duration timeout = std::chrono::seconds(30))
    {
        return schedule_.run_until(done, timeout);
    }
    [[nodiscard]] std::uint64_t happened() const { return schedule_.happened(); }
    /// Peer links that came up by a relayed address.
    [[nodiscard]] std::uint64_t turned_links() const { return turned_links_; }

    // the relay
    RelayHost relay;
    void relay_crash() { relay.crash(); }
    void relay_start() { relay.start(); }
    [[nodiscard]] bool relay_running() const { return relay.running(); }
    [[nodiscard]] const relay::Counters& relay_counters() const { return relay.core().counters(); }
    [[nodiscard]] wire::RelayAddress relay_address() const;
    /// Of the key that is in its address, which signs what its operator says.
    [[nodiscard]] static Bytes relay_seed() { return Bytes(32, 1); }

    // the network
    void cut(Client& client, Cut how = Cut::both); ///< Its datagrams vanish; links notice late.
    void restore(Client& client);
    [[nodiscard]] bool is_cut(const Client& client) const { return cut_.contains(client.name); }
    /// Every link of this client breaks now, both sides told.
    void break_links(Client& client);

    /// An evil hand on the relay's side of its links sees every frame on its way, and says what goes on in its place.
    using Meddle = std::function<std::vector<Bytes>(Client&, Bytes)>;
    Meddle meddle_to_device;
    Meddle meddle_to_relay;
    /// As if the relay had said it.
    void inject(Client& to, Bytes frame);
    /// Registers both, makes them contacts, and waits until both know.
    void befriend(Client& a, Client& b);

    // promises.cpp
    /// All devices of a conversation of two accounts, each with the whole of it, stores in memory.
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
    friend class TickerHost;
    friend class RelayHost;

    /// One direction of a link.
    struct Stream {
        std::deque<Bytes> queue;
        std::size_t due = 0; ///< Of the queue, those whose time has come.
        Instant last{};      ///< When the newest of the queue arrives.
        bool stalled = false;
        Instant stalled_since{};
        Losses losses;
    };
    struct Wire {
        Client* a = nullptr;
        std::uint64_t a_life = 0;
        engine::LinkId a_link = 0;
        Client* b = nullptr; ///< nullptr: the relay.
        std::uint64_t b_life = 0;
        engine::LinkId b_link = 0;
        std::uint64_t relay_life = 0;
        Path path = Path::none;
        std::uint16_t turn_a = 0; ///< The relayed addresses that it goes by.
        std::uint16_t turn_b = 0;
        Stream to_a;
        Stream to_b;
    };
    struct Ufrag {
        Client* client = nullptr;
        engine::LinkId link = 0;
        std::uint64_t life = 0;
    };

    // links.cpp
    Duration delay();
    Duration delay_on(const Wire& wire);
    void dial_relay(Client& client, engine::LinkId link, const engine::DialRelay& dial);
    void try_pair(Client& client, engine::LinkId link);
    [[nodiscard]] bool turn_answers(const Client& client) const;
    [[nodiscard]] bool is_relayed_for(const Client::Link& owner, const Client& other, const Client::Link& its) const;
    void bring_up(std::uint64_t wire, bool side_a, const DeviceId& peer);
    void send(Client& from, std::uint64_t wire, Bytes frame);
    void relay_says(relay::Output output);
    void relay_is_gone();
    void put(std::uint64_t wire, bool to_a, Bytes frame);
    void arrive(std::uint64_t wire, bool to_a);
    void pump(std::uint64_t wire, bool to_a, Duration wait);
    bool hand_over(std::uint64_t wire, bool to_a, BytesView frame);
    [[nodiscard]] bool swallows(const Wire& wire, bool to_a) const;
    void close(Client& by, std::uint64_t wire, std::uint64_t life);
    void break_wire(std::uint64_t wire, const Error& why);
    void report_down(Client* client, std::uint64_t life, engine::LinkId link, const Error& why, Duration after);

    void trace_event(Client& client, const Event& event);
    void note_accepted(Client& client, const event::Reply& reply);

    /// What applications were told is accepted, and what the sender's history held then: that stands before it for
    /// ever.
    struct Told {
        ConversationId conversation;
        std::set<MessageId> before;
    };
    std::map<MessageId, Told> told_;

    Schedule schedule_;
    std::map<std::string, std::unique_ptr<Client>> clients_;
    std::map<std::string, Cut> cut_;
    std::map<std::uint64_t, Wire> wires_;
    std::uint64_t last_wire_ = 0;
    std::uint64_t turned_links_ = 0;
    std::map<std::string, Ufrag> by_ufrag_;
    PublicKey relay_key_;
};

} // namespace godwit::testing
