// SPDX-License-Identifier: Apache-2.0
// The rules against abuse on the wire of a real process: each at its limit and one past it, and all the while a canary
// pair writes to each other. How much slower that was is printed, as a ratio of medians: a figure, no verdict, because
// this machine has other things to do as well. The verdict is that it was served, in order and whole.
#include "tests/relay/enemy.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

/// Rounds of the canary: at least so many while something is done, and at most so many until something happens.
constexpr int calm_rounds = 40;
constexpr int rounds_max = 20'000;

class Stage {
public:
    explicit Stage(const std::string& config) : relay_(arguments(config)), address_(relay_.ready())
    {
        REQUIRE(ann_.is_up());
        REQUIRE(bo_.is_up());
        CHECK(ann_.join("ann", 100) == ErrorCode::ok);
        CHECK(bo_.join("bo", 200) == ErrorCode::ok);
        CHECK(ann_.code(frame::ContactAdd{"bo"}) == ErrorCode::ok);
        CHECK(bo_.code(frame::ContactAccept{"ann"}) == ErrorCode::ok);
        for (int i = 0; i < calm_rounds; ++i)
            canary();
        calm_ = std::exchange(took_, {});
    }
    ~Stage()
    {
        CHECK_FALSE(ann_.down);
        CHECK_FALSE(bo_.down);
    }

    /// One message from one to the other, durable at the relay, delivered, acknowledged.
    void canary()
    {
        const auto began = loop::Loop::now().mono;
        REQUIRE(ann_.put(bo_.id, ++messages_) == ErrorCode::ok);
        const auto mail = bo_.next<frame::MailboxDeliver>();
        REQUIRE(mail);
        REQUIRE(mail->envelope.id == envelope(messages_).id);
        bo_.send(frame::MailboxAck{{mail->sequence}});
        took_.push_back(loop::Loop::now().mono - began);
        ann_.frames.clear();
        bo_.frames.clear();
    }
    /// The canary sings until `condition`, and is heard whatever happens.
    bool sings_until(const std::function<bool()>& condition)
    {
        for (int i = 0; i < rounds_max; ++i) {
            canary();
            if (condition()) return true;
            loop_.run_once(std::chrono::milliseconds(2));
        }
        return false;
    }
    /// Nobody sings: nothing is on its way to the canary that it could be slow to take.
    bool waits_until(const std::function<bool()>& condition)
    {
        for (int i = 0; i < 600; ++i) {
            if (condition()) return true;
            loop_.run_once(std::chrono::milliseconds(100));
        }
        return false;
    }
    void report(const std::string& what)
    {
        while (took_.size() < calm_rounds)
            canary();
        const auto median = [](std::vector<Duration> of) {
            std::sort(of.begin(), of.end());
            return static_cast<double>(of[of.size() / 2].count());
        };
        MESSAGE(what << ": canary's median " << median(took_) / median(calm_) << " of the calm one (" << took_.size()
                     << " messages)");
        took_.clear();
    }

    [[nodiscard]] std::uint64_t stat(const std::string& name)
    {
        relay_.signal(SIGUSR1);
        return counter(relay_.line(), name);
    }
    [[nodiscard]] const wire::RelayAddress& address() const { return address_; }
    [[nodiscard]] loop::Loop& loop() { return loop_; }
    LiveClient& ann() { return ann_; }

private:
    std::vector<std::string> arguments(const std::string& config) const
    {
        const auto path = directory_.path("relay.toml");
        std::ofstream(path) << config;
        return {"--data", directory_.path("data"), "--listen", "127.0.0.1:0", "--config", path};
    }

    TemporaryDirectory directory_;
    loop::Loop loop_;
    RelayProcess relay_;
    wire::RelayAddress address_;
    LiveClient ann_{loop_, address_, Over::quic, 1}, bo_{loop_, address_, Over::tls, 2};
    std::uint64_t messages_ = 0;
    std::vector<Duration> took_, calm_;
};

Bytes numbered(Bytes message, std::uint32_t number)
{
    for (std::size_t i = 0; i < 4; ++i)
        message.at(8 + i) = static_cast<std::uint8_t>(number >> (8 * i)); // in the transaction id
    return message;
}

/// RFC 8489 section 5: a Binding request, and an Allocate with REQUESTED-TRANSPORT UDP.
const Bytes binding = *from_hex("000100002112a442000000000000000000000000");
const Bytes allocate = *from_hex("000300082112a4420000000000000000000000000019000411000000");

} // namespace

TEST_CASE("handshakes that never end: so many of an address, one more is refused; what trickles in buys no time")
{
    Stage stage("[limits]\nhalf_open_per_address = 8\nlogin_s = 2\n");
    const auto hello = first_flight(Over::tls, stage.address());
    std::vector<std::unique_ptr<Enemy>> held;
    for (int i = 0; i < 8; ++i) {
        held.push_back(std::make_unique<Enemy>(SOCK_STREAM, stage.address().port));
        held.back()->send(BytesView(hello).first(5)); // the head of a record
    }
    const Enemy ninth(SOCK_STREAM, stage.address().port);
    CHECK(stage.sings_until([&] { return ninth.is_closed(); }));
    CHECK(std::none_of(held.begin(), held.end(), [](const auto& one) { return one->is_closed(); }));
    std::size_t next = 5;
    CHECK(stage.sings_until([&] {
        for (const auto& one : held)
            if (next < hello.size() - 1) one->send(BytesView(hello).subspan(next, 1));
        ++next;
        return std::all_of(held.begin(), held.end(), [](const auto& one) { return one->is_closed(); });
    }));
    const Enemy again(SOCK_STREAM, stage.address().port);
    for (int i = 0; i < 5; ++i)
        stage.canary();
    CHECK_FALSE(again.is_closed());
    stage.report("slow handshakes");
}

TEST_CASE(
    "QUIC handshakes that never end: whoever has not proved its address costs nothing; or, where the operator says "
    "so, from a quarter of an address's places on")
{
    Stage strict("[limits]\nhalf_open_per_address = 8\nlogin_s = 2\n");
    Stage stage("[limits]\nhalf_open_per_address = 8\nlogin_s = 5\nretry_always = false\n");
    // Long header packets, RFC 9000 section 17.2: type 3 is Retry.
    const auto is_retry = [](const Bytes& datagram) { return (datagram.at(0) & 0xb0) == 0xb0; };
    const auto comes = [](Stage& where) {
        const auto initial = first_flight(Over::quic, where.address());
        const Enemy enemy(SOCK_DGRAM, where.address().port);
        enemy.send(initial);
        std::optional<Bytes> said;
        CHECK(where.sings_until([&] { return (said = enemy.receive(0)).has_value(); }));
        return said.value_or(Bytes(1));
    };
    for (int i = 0; i < 30; ++i) // of eight places none is taken
        CHECK(is_retry(comes(strict)));
    int retries = 0;
    for (int i = 0; i < 9; ++i) {
        const bool retry = is_retry(comes(stage));
        CHECK_FALSE((i < 2 && retry));
        retries += retry ? 1 : 0;
    }
    CHECK(retries == 7);
    CHECK(stage.sings_until([&] { return !is_retry(comes(stage)); })); // the two have had their time
    stage.report("slow QUIC handshakes");
}

TEST_CASE("newcomers of an address: a burst, one more is refused, and others get in")
{
    Stage stage(
        "[limits]\narrivals_per_address_burst = 20\narrivals_per_address_per_s = 1\nhalf_open_per_address = 1000\n");
    std::vector<std::unique_ptr<Enemy>> all;
    for (int i = 0; i < 40; ++i)
        all.push_back(std::make_unique<Enemy>(SOCK_STREAM, stage.address().port));
    for (int i = 0; i < 20; ++i)
        CHECK_FALSE(all[static_cast<std::size_t>(i)]->is_closed());
    CHECK(stage.sings_until([&] { return all.back()->is_closed(); }));
    const auto refused = std::count_if(all.begin(), all.end(), [](const auto& one) { return one->is_closed(); });
    CHECK(refused >= 10); // one a second gets in meanwhile
    CHECK(refused <= 20);
    LiveClient other(stage.loop(), stage.address(), Over::tls, 7);
    CHECK(other.is_up());
    stage.report("a crowd of newcomers");
}

TEST_CASE("a stranger's frame: 32 KiB is heard out, one byte more ends the link at its length; a member may say more")
{
    for (const auto over : {Over::tls, Over::quic}) {
        Stage stage("");
        LiveClient brief(stage.loop(), stage.address(), over, 11), lengthy(stage.loop(), stage.address(), over, 12);
        REQUIRE(brief.is_up());
        REQUIRE(lengthy.is_up());
        const auto before = stage.stat("frames_malformed");
        REQUIRE(brief.send_raw(Bytes(32 * 1024, 0xc0)));
        CHECK(stage.sings_until([&] { return brief.down.has_value(); }));
        CHECK(stage.stat("frames_malformed") == before + 1); // the core has seen it, and found it to be nothing
        REQUIRE(lengthy.send_raw(Bytes(32 * 1024 + 1, 0xc0)));
        CHECK(stage.sings_until([&] { return lengthy.down.has_value(); }));
        CHECK(stage.stat("frames_malformed") == before + 1);
        CHECK(stage.ann().put(stage.ann().id, 1'000'000) != ErrorCode::timed_out);
        CHECK(stage.ann().code(frame::BlobPut{filled<wire::BlobId>(1), 1, 0, Bytes(wire::blob_piece_bytes_max, 1)}) ==
              ErrorCode::ok);
        stage.report("long frames of strangers");
    }
}

TEST_CASE("who does not read: the slowest goes when all that waits is too much, or when nothing is taken for too long")
{
    // Of two relays: where a pause of five seconds ends a link, the canary itself must not be caught in one. Over QUIC:
    // what waits does so in the relay, and not in buffers of the kernel, which take 36 MiB of TCP on some machines.
    Stage stage("[overload]\nqueued_mib = 1\n");
    CHECK(stage.ann().code(frame::BlobPut{filled<wire::BlobId>(1), 1, 0, Bytes(wire::blob_piece_bytes_max, 1)}) ==
          ErrorCode::ok);
    loop::Loop nobody_runs_it;
    LiveClient deaf(nobody_runs_it, stage.address(), Over::quic, 21);
    REQUIRE(deaf.is_up());
    REQUIRE(deaf.join("deaf", 2100) == ErrorCode::ok);
    // 12.5 MiB of answers: more than its window, its link's queue and one of backlog take.
    constexpr std::uint64_t asked = 200;
    for (std::uint64_t i = 0; i < asked; ++i)
        deaf.send(frame::Request{1'000 + i, frame::BlobGet{filled<wire::BlobId>(1), 0}});
    CHECK(stage.waits_until([&] {
        nobody_runs_it.run_once(Duration::zero()); // until the last question has left
        return stage.stat("blob_pieces_delivered") == asked || stage.stat("slow_readers_closed") == 1;
    }));
    CHECK(stage.sings_until([&] { return stage.stat("slow_readers_closed") == 1; }));
    stage.report("a reader with 12 MiB before it");

    // And one that is owed little, and takes nothing of it.
    Stage other("[overload]\nstalled_s = 5\n");
    CHECK(other.ann().code(frame::BlobPut{filled<wire::BlobId>(1), 1, 0, Bytes(wire::blob_piece_bytes_max, 1)}) ==
          ErrorCode::ok);
    LiveClient gone(nobody_runs_it, other.address(), Over::quic, 22);
    REQUIRE(gone.is_up());
    REQUIRE(gone.join("gone", 2200) == ErrorCode::ok);
    gone.send(frame::Request{1'000, frame::BlobGet{filled<wire::BlobId>(1), 0}});
    for (int i = 0; i < 3; ++i)
        nobody_runs_it.run_once(Duration::zero());
    CHECK(other.waits_until([&] { return other.stat("slow_readers_closed") == 1; }));
    CHECK(other.stat("sessions") == 2);
    other.canary();
    other.report("a reader that is gone");
}

TEST_CASE("a member that floods is told to wait, and only that one")
{
    Stage stage("[limits]\nrequests_burst = 200\nrequests_per_s = 100\n");
    LiveClient mal(stage.loop(), stage.address(), Over::tls, 31);
    REQUIRE(mal.is_up());
    REQUIRE(mal.join("mal", 3100) == ErrorCode::ok);
    std::uint64_t id = 1'000;
    for (int wave = 0; wave < 10; ++wave) {
        for (int i = 0; i < 300; ++i)
            mal.send(frame::Request{++id, frame::FetchSession{}});
        stage.canary();
    }
    std::size_t served = 0, refused = 0;
    CHECK(stage.sings_until([&] {
        for (const auto& one : std::exchange(mal.frames, {}))
            if (const auto* const response = std::get_if<frame::Response>(&one))
                ++(response->error.code == ErrorCode::ok ? served : refused);
        return served + refused == 3'000;
    }));
    CHECK(served >= 200);
    CHECK(refused > 1'000);
    CHECK(stage.stat("requests_throttled") == refused);
    stage.report("a flood of requests");
}

TEST_CASE("answers to addresses that prove nothing: 1.6 times for STUN and TURN, 3 times for QUIC, counted on the wire")
{
    // With the handshake's own answers, which are the longest: at first a Retry is all.
    Stage stage("[limits]\nlogin_s = 2\nretry_always = false\n[turn_server]\nsecret = \"s\"\n");
    const auto initial = first_flight(Over::quic, stage.address());
    auto version = initial;
    version[1] = 0x5a;       // of a QUIC to come
    Bytes unknown(60, 0x41); // a short header for a connection that this relay does not have
    struct Kind {
        const char* what;
        Bytes datagram;
        int times;
        double factor_max;
        bool answered;
    };
    auto bare = binding;
    bare[4] = 0; // without the cookie, as RFC 3489 has it
    const Kind kinds[] = {{"STUN binding", binding, 20, 1.6, true},
                          {"STUN binding of RFC 3489", bare, 20, 1.6, true},
                          {"TURN allocate", allocate, 20, 1.6, true},
                          {"QUIC Initial", initial, 1, 3.0, true},
                          {"QUIC Initial cut short", Bytes(initial.begin(), initial.begin() + 1100), 1, 0.0, false},
                          {"QUIC of another version", version, 10, 1.0, true},
                          {"QUIC of a connection that is not", unknown, 10, 1.0, true},
                          {"noise", Bytes(200, 0x99), 10, 3.0, false}};
    std::uint8_t from = 10;
    for (const auto& [what, datagram, times, factor_max, answered] : kinds) {
        INFO(std::string(what));
        const Enemy enemy(SOCK_DGRAM, stage.address().port, from++);
        std::size_t out = 0, in = 0;
        for (int i = 0; i < times; ++i) {
            const bool is_stun = datagram.size() < 30;
            enemy.send(is_stun ? numbered(datagram, static_cast<std::uint32_t>(i)) : datagram);
            out += datagram.size();
        }
        // Repetitions too: until the handshake's time is up.
        const auto end =
            loop::Loop::now().mono + (times == 1 ? std::chrono::seconds(3) : std::chrono::milliseconds(300));
        CHECK(stage.sings_until([&] {
            while (const auto got = enemy.receive(0))
                in += got->size();
            return loop::Loop::now().mono >= end;
        }));
        const auto factor = static_cast<double>(in) / static_cast<double>(out);
        MESSAGE(std::string(what) << ": " << factor << " of what was sent");
        CHECK(factor <= factor_max);
        CHECK((in > 0) == answered);
    }
    stage.report("questions of nobody");
}

TEST_CASE("STUN of an address: a burst is answered, the rest at a pace, another address at once")
{
    for (const auto* const turn : {"", "[turn_server]\nsecret = \"s\"\n"}) {
        INFO(std::string(turn));
        Stage stage(turn);
        const Enemy many(SOCK_DGRAM, stage.address().port, 30);
        const auto began = loop::Loop::now().mono;
        std::size_t answers = 0;
        const auto gather = [&] {
            while (many.receive(0))
                ++answers;
        };
        for (std::uint32_t i = 0; i < 600; ++i) {
            many.send(numbered(binding, i));
            if (i % 50 == 49) {
                stage.canary(); // the socket's buffer has room again
                gather();
            }
        }
        const Enemy other(SOCK_DGRAM, stage.address().port, 31);
        other.send(binding);
        CHECK(other.receive(5'000).has_value());
        gather();
        const auto elapsed = loop::Loop::now().mono - began;
        CHECK(answers >= 200);
        CHECK(answers <= 201 + static_cast<std::size_t>(elapsed / std::chrono::milliseconds(20)));
        stage.report("many STUN questions");
    }
}

TEST_CASE("no memory to spare: strangers and known devices alike are told when to come back, each at another time")
{
    const TemporaryDirectory directory;
    loop::Loop loop;
    {
        RelayProcess relay({"--data", directory.path("data"), "--listen", "127.0.0.1:0"});
        LiveClient ann(loop, relay.ready(), Over::tls, 1);
        REQUIRE(ann.is_up());
        REQUIRE(ann.join("ann", 100) == ErrorCode::ok);
        relay.signal(SIGTERM);
        CHECK(ann.next<frame::Goodbye>()->what.retry_after_ms >= 1'000);
        CHECK(relay.wait() == 0);
    }
    const auto path = directory.path("relay.toml");
    std::ofstream(path) << "[overload]\nmemory_mib = 1\n[limits]\narrivals_per_address_burst = 100000\n";
    RelayProcess relay({"--data", directory.path("data"), "--listen", "127.0.0.1:0", "--config", path});
    const auto address = relay.ready();
    std::set<std::uint64_t> waits;
    int known = 0;
    // It is measured once a second: at first everybody is let in.
    for (std::uint64_t i = 0; i < 20'000 && waits.size() < 6; ++i) {
        LiveClient late(loop, address, i % 2 == 0 ? Over::tls : Over::quic, i % 4 < 2 ? 1 : 1'000 + i);
        if (!late.is_up()) continue;
        (void)late.send_raw(wire::encode(wire::relay::ClientFrame(frame::Hello{1, 1, "0.1.0", "test"})));
        late.until([&] { return late.down || !late.frames.empty(); });
        for (const auto& one : late.frames)
            if (const auto* const goodbye = std::get_if<frame::Goodbye>(&one)) {
                CHECK(goodbye->what.code == ErrorCode::relay_unavailable);
                CHECK(goodbye->what.retry_after_ms >= 10'000);
                CHECK(goodbye->what.retry_after_ms <= 20'000);
                waits.insert(goodbye->what.retry_after_ms);
                known += i % 4 < 2 ? 1 : 0;
            }
    }
    CHECK(waits.size() == 6);
    CHECK(known >= 2);
    relay.signal(SIGUSR1);
    const auto stats = relay.line();
    CHECK(counter(stats, "shed_level") == 6);
    CHECK(counter(stats, "overload_refused") >= 6);
    relay.signal(SIGTERM);
    CHECK(relay.wait() == 0);
    CHECK(relay.errors().find("gives up messages") != std::string::npos);
}
