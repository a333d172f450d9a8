// SPDX-License-Identifier: Apache-2.0
// One device: a disk that lives, a process that may die, and the application on top of it.
//
//   Drive::engine   the tick rule "gather → engine → commit → speak" in a dozen lines, each input a tick of its own
//   Drive::ticker   the real client::Ticker, as in every program (ticker_host.hpp)
//
// A process dies at one of the seams of its tick, or between ticks:
//   before_commit   the tick's transaction is lost, or cut at some operation of the disk
//   after_commit    it is durable, and nobody is told
//   mid_speak       some of what it says gets out
//   after_speak     all of it, but the application has not looked yet
#pragma once

#include "lib/engine/engine.hpp"
#include "tests/sim/disk.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/turn.hpp"
#include "tests/support/memory_files.hpp"
#include "tests/support/seeded_entropy.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace godwit::client {
class Reports;
} // namespace godwit::client

namespace godwit::testing {

class World;
class TickerHost;

enum class Drive : std::uint8_t { engine, ticker };
enum class Seam : std::uint8_t { before_commit, after_commit, mid_speak, after_speak };
inline constexpr unsigned seam_count = 4;

/// What an application was told and keeps.
struct Heard {
    std::map<RequestId, event::Reply> replies;
    std::vector<Message> received; ///< May repeat after a crash.
    std::vector<event::MessageStateChanged> states;
    std::vector<Event> others;
};

struct PasswordKeys {
    FixedBytes<32, wire::relay::LoginSecretTag> login_secret;
    Bytes vault_key;
};
/// What Argon2id does for real: equal passwords give equal keys.
[[nodiscard]] PasswordKeys keys_of_password(std::string_view password);
[[nodiscard]] port::Trace& world_trace();

/// Media of calls, as far as the engine goes: orders are kept, and sound flows as soon as there is a way.
struct SimMedia final : port::MediaDoor {
    struct Call {
        std::optional<port::MediaBegin> begin;
        std::vector<port::CallKeys> later;
        std::vector<port::MediaWay> ways;
        std::vector<port::MediaParts> parts;
        std::map<DeviceId, port::MediaJoin> peers; ///< Of a group: who is in it now.
        bool ended = false;
        int begins = 0; ///< A device may come into the call of a group again.
    };
    std::map<CallId, Call> calls;
    bool flows = true;
    bool vp9 = true;

    bool decodes_vp9() override { return vp9; }
    Result<void> check(const CallDevices& devices) override
    {
        if (devices.audio_source == "missing")
            return Error{ErrorCode::no_such_file, "audio_source \"missing\": there is no such file", 0};
        return {};
    }
};

struct ClientOptions {
    engine::Config config;
    DiskKind disk = DiskKind::memory;
    Drive drive = Drive::engine;
    bool media = true;             ///< Drive::engine.
    std::size_t events_max = 4096; ///< Of the application's queue; Drive::ticker.
};

class Client {
public:
    Client(World& world, std::string name, std::uint64_t seed, ClientOptions options);
    ~Client();

    const std::string name;
    ClientDisk disk;
    MemoryStore& store; ///< Of stories, whose disks are memory.
    MemoryFiles files;
    MemoryUserFiles user_files;
    SimMedia media;
    Heard heard;
    bool takes_events = true; ///< The application takes what it is shown at once.
    WallMs clock_skew_ms = 0;
    Nat nat = Nat::open;

    [[nodiscard]] bool running() const { return engine_ != nullptr || host_ != nullptr; }
    void start();
    /// The process is gone; its links break.
    void crash(Leaves leaves = Leaves::all);
    /// At the given seam of the next tick that writes. `detail`: at which operation of the disk, after how many
    /// effects.
    void crash_at(Seam seam, std::uint64_t detail = 0, Leaves leaves = Leaves::all);
    void live_on();
    /// As a program does that ends, or is about to be frozen. Drive::engine.
    bool end_calls();

    RequestId ask(Request request);
    RequestId enter(bool create, const std::string& password = "password");
    /// The application looks at what waits for it. Drive::ticker; the other does so at once.
    void take_events();
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

    [[nodiscard]] std::string account() const { return name.substr(0, name.find('.')); }
    [[nodiscard]] bool logged_in();
    /// A link to the relay is up.
    [[nodiscard]] bool connected() const;
    [[nodiscard]] std::size_t live_peer_links(Path path) const;
    [[nodiscard]] std::uint64_t dials(RelayTransport transport) const;
    [[nodiscard]] std::uint64_t ticks() const { return ticks_; }
    [[nodiscard]] std::uint64_t opened_paths() const { return opened_paths_; }
    [[nodiscard]] std::uint64_t lives() const { return lives_; }
    [[nodiscard]] const engine::Config& config() const { return options_.config; }

private:
    friend class World;
    friend class TickerHost;
    using Input = std::function<void(engine::Engine&, Moment)>;

    struct Link {
        bool is_relay = false;
        RelayTransport transport = RelayTransport::none;
        engine::OpenPath open; ///< Of peer links.
        std::string remote_ufrag;
        std::uint32_t remote_candidates = 0;
        std::uint32_t remote_relayed = 0; ///< Of them, addresses at the TURN server.
        std::uint16_t turn_port = 0;      ///< The own one; 0: none.
        bool up = false;
        Path path = Path::none;
        std::uint64_t wire = 0; ///< World's name of the connection; 0: none yet.
    };
    struct Plan {
        Seam seam = Seam::before_commit;
        std::uint64_t detail = 0;
        Leaves leaves = Leaves::all;
    };

    // what the world reports, to whichever drive there is
    void report_up(engine::LinkId link, const PublicKey& peer, Path path, std::string_view detail);
    void report_frame(engine::LinkId link, BytesView frame);
    void report_down(engine::LinkId link, const Error& why);

    // Drive::engine
    void input(const Input& what);
    void tick(const Input& what);
    void schedule_wake();

    // both
    [[nodiscard]] port::FileDoors doors() { return {&files, &user_files}; }
    [[nodiscard]] Moment now() const;
    void count_tick();
    void turn_begins();
    /// A tick is over: the place to die. Afterwards this process may be gone.
    void turn_over();
    void perform(engine::Effect effect);
    void dial(const engine::DialRelay& dial);
    void gather_candidates(const engine::OpenPath& open);
    void report_later(engine::LinkId link, Duration after, std::function<void(client::Reports&)> to_ticker,
                      Input to_engine);
    void report_candidate(engine::LinkId link, const std::string& candidate, Duration after);
    void report_gathered(engine::LinkId link, Duration after);
    void ask_for_turn(engine::LinkId link, unsigned tries_left, Duration wait);
    void direct(engine::DirectMedia what);
    void take(Event event);
    void close_links();

    World& world_;
    std::uint64_t seed_; ///< Its addresses come from it, too.
    ClientOptions options_;
    test::SeededEntropy entropy_;
    std::unique_ptr<engine::Engine> engine_;
    std::unique_ptr<TickerHost> host_;
    std::uint64_t lives_ = 0;
    std::uint64_t life_ = 0; ///< Which set of links: what was meant for an older one is dropped.
    std::map<engine::LinkId, Link> links_;
    std::map<RelayTransport, std::uint64_t> dials_;
    std::optional<Plan> plan_;
    std::uint64_t changes_before_turn_ = 0;
    std::uint64_t performed_ = 0; ///< In this turn.
    bool dying_ = false;          ///< Nothing gets out any more.
    bool take_planned_ = false;
    std::vector<std::pair<ConversationId, MessageId>> shown_; ///< And not taken; Drive::engine.
    RequestId last_request_ = 0;
    Instant wake_at_ = never;
    std::uint64_t ticks_ = 0;
    std::uint64_t opened_paths_ = 0;
    Instant burst_at_{};
    std::uint32_t burst_ = 0;
};

} // namespace godwit::testing
