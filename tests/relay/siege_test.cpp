// SPDX-License-Identifier: Apache-2.0
// A siege: everything that strangers and malicious members may throw at a relay's ports, against a real process. Who
// behaves is served all the while, and afterwards the relay holds no more memory and files than before.
//
// GODWIT_TEST_SEEDS=N runs seeds 1 to N; a failure names its seed.
#include "lib/identity/conversation_id.hpp"
#include "tests/lib/wire/samples.hpp"
#include "tests/relay/enemy.hpp"
#include "tests/relay/mls_shapes.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

constexpr int datagrams_a_seed = 3'000;
constexpr int streams_a_seed = 120;
constexpr int held_streams = 60;
constexpr int frames_a_seed = 600;
/// Buffers, caches and the allocator's slack; a leak of what is thrown here in a few seeds is more.
constexpr std::size_t growth_kib_max = 48 * 1024;

std::uint64_t seeds_of_this_run()
{
    const char* const given = std::getenv("GODWIT_TEST_SEEDS");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : 2;
}

class Siege {
public:
    explicit Siege(const TemporaryDirectory& directory)
        : relay_({"--data", directory.path("data"), "--listen", "127.0.0.1:0", "--config", config(directory)}),
          address_(relay_.ready()), hello_(first_flight(Over::tls, address_)),
          initial_(first_flight(Over::quic, address_)), ann_(loop_, address_, Over::quic, 1),
          bo_(loop_, address_, Over::tls, 2)
    {
        REQUIRE(ann_.is_up());
        REQUIRE(bo_.is_up());
        CHECK(ann_.join("ann", 100) == ErrorCode::ok);
        CHECK(bo_.join("bo", 200) == ErrorCode::ok);
        CHECK(ann_.code(frame::ContactAdd{"bo"}) == ErrorCode::ok);
        CHECK(bo_.code(frame::ContactAccept{"ann"}) == ErrorCode::ok);
        mallory_ = std::make_unique<LiveClient>(loop_, address_, Over::tls, 3);
        REQUIRE(mallory_->is_up());
        CHECK(mallory_->join("mal", 300) == ErrorCode::ok);
        CHECK(mallory_->code(frame::ContactAdd{"bo"}) == ErrorCode::ok);
        CHECK(bo_.code(frame::ContactAccept{"mal"}) == ErrorCode::ok);
        for (const auto& sample : wire::test::client_samples())
            frames_.push_back(sample.encoded);
        for (const auto& body : hostile_requests())
            frames_.push_back(wire::encode(wire::relay::ClientFrame(frame::Request{7, body})));
    }

    /// Mallory comes back more often than any household.
    static std::string config(const TemporaryDirectory& directory)
    {
        const auto path = directory.path("relay.toml");
        std::ofstream(path) << "[limits]\narrivals_per_address_burst = 100000\n";
        return path;
    }

    void datagrams(Random& random)
    {
        const Enemy udp(SOCK_DGRAM, address_.port);
        for (int i = 0; i < datagrams_a_seed; ++i) {
            auto datagram = i % 2 == 0 ? mutated(initial_, hello_, random) : noise(random, 1'400);
            if (!datagram.empty() && i % 5 == 1) datagram[0] = static_cast<std::uint8_t>(0xc0 | (datagram[0] & 0x3f));
            if (!datagram.empty() && i % 5 == 3) datagram[0] &= 3; // as STUN begins
            udp.send(datagram);
            if (i % 500 == 0) somebody_else_is_served();
        }
    }

    /// Garbage, halves of handshakes, and connections that say nothing: some end at once, some are held.
    void streams(Random& random)
    {
        std::vector<std::unique_ptr<Enemy>> held;
        for (int i = 0; i < streams_a_seed; ++i) {
            auto tcp = std::make_unique<Enemy>(SOCK_STREAM, address_.port);
            switch (random() % 5) {
            case 0: tcp->send(noise(random, 4'000)); break;
            case 1:
                tcp->send(
                    Bytes(hello_.begin(), hello_.begin() + static_cast<std::ptrdiff_t>(random() % hello_.size())));
                break;
            case 2: tcp->send(mutated(hello_, initial_, random)); break;
            case 3: tcp->send(hello_); break; // and never again
            default: break;
            }
            if (held.size() < held_streams) held.push_back(std::move(tcp));
            if (i % 30 == 0) somebody_else_is_served();
        }
        LiveClient late(loop_, address_, Over::tls, 1'000 + random() % 1'000'000);
        CHECK(late.is_up()); // with all of them still there
    }

    /// Frames of all kinds, spoilt, from a member of the relay. Nonsense ends a link; it comes back, as often as it
    /// takes.
    void frames(Random& random)
    {
        for (int i = 0; i < frames_a_seed; ++i) {
            const auto& one = frames_[random() % frames_.size()];
            const auto bad = random() % 6 == 0 ? one : mutated(one, frames_[random() % frames_.size()], random);
            CAPTURE(to_hex(BytesView(bad).first(std::min<std::size_t>(bad.size(), 400))));
            if (mallory_->down || !mallory_->send_raw(bad)) come_back(random);
            const auto token = random();
            if (!mallory_->down) (void)mallory_->send_raw(wire::encode(wire::relay::ClientFrame(frame::Ping{token})));
            CHECK(mallory_->until([&] { return mallory_->down || pong(token); }));
            if (i % 100 == 0) somebody_else_is_served();
        }
    }

    void somebody_else_is_served()
    {
        CHECK(ann_.put(bo_.id, ++messages_) == ErrorCode::ok);
        for (;;) {
            const auto mail = bo_.next<frame::MailboxDeliver>();
            REQUIRE(mail);
            bo_.send(frame::MailboxAck{{mail->sequence}});
            if (mail->from != ann_.id) continue; // Mallory is a contact too
            CHECK(mail->envelope.id == envelope(messages_).id);
            break;
        }
        ann_.frames.clear();
        bo_.frames.clear();
    }

    [[nodiscard]] std::size_t memory_kib() const { return resident_kib(relay_.pid()); }
    [[nodiscard]] std::size_t files() const { return open_files(relay_.pid()); }
    /// The loop runs, nothing else happens, until the relay has let go of what it held for those who are gone.
    [[nodiscard]] bool settles_at(std::size_t files_max)
    {
        return ann_.until([&] {
            loop_.run_once(std::chrono::milliseconds(20));
            return files() <= files_max;
        });
    }
    /// It came through to every layer: what nobody let in proves nothing.
    void was_felt()
    {
        relay_.signal(SIGUSR1);
        const auto stats = relay_.line();
        CHECK(counter(stats, "frames_malformed") > 200);
        CHECK(counter(stats, "sessions_total") > 200);
        CHECK(counter(stats, "requests_refused") > 50);
        CHECK(counter(stats, "group_commits_malformed") > 5);
        CHECK(counter(stats, "commits_failed") == 0);
    }
    void end()
    {
        CHECK_FALSE(ann_.down);
        CHECK_FALSE(bo_.down);
        relay_.signal(SIGTERM);
        CHECK(relay_.wait() == 0);
        CHECK(relay_.errors().empty());
    }

private:
    /// Well-formed, and as large or as wrong as the wire lets them be.
    std::vector<frame::RequestBody> hostile_requests() const
    {
        const auto conversation =
            identity::conversation_of(signing_key(300).public_key(), signing_key(200).public_key());
        const wire::GroupName group{conversation, 1};
        const auto id = envelope(1).id;
        return {frame::GroupCommit{"bo", conversation, 1, 0, {}, envelope(1), {bo_.id}, Bytes(9, 9), Bytes(9, 9)},
                frame::GroupCommit{"bo",
                                   conversation,
                                   ~std::uint64_t{0},
                                   ~std::uint64_t{0},
                                   {bo_.id},
                                   {id, commit_bytes(group, 1, id)},
                                   {},
                                   {},
                                   group_info_bytes(group, 2)},
                frame::GroupCommit{"bo",
                                   conversation,
                                   1,
                                   0,
                                   {},
                                   {id, commit_bytes(group, 0, id)},
                                   {bo_.id},
                                   welcome_bytes(128, wire::welcome_bytes_max / 2),
                                   group_info_bytes(group, 1, 1, wire::group_info_bytes_max / 2)},
                frame::GroupReject{"bo", conversation, ~std::uint64_t{0}, 0, id, ~std::uint32_t{0}},
                frame::MailboxPut{std::vector<DeviceId>(wire::recipients_max, bo_.id), envelope(2, 100'000)},
                frame::KeyPackagePublish{std::vector<Bytes>(wire::key_packages_max, Bytes(2'048, 7)), Bytes(2'048, 8)},
                frame::Signal{bo_.id, Bytes(16'384, 3)},
                frame::LinkGrant{bo_.id, Bytes(16'384, 3)},
                frame::DevicesPut{Bytes(10'240, 0x97)}};
    }
    bool pong(std::uint64_t token)
    {
        auto& frames = mallory_->frames;
        const bool there = std::any_of(frames.begin(), frames.end(), [&](const auto& one) {
            const auto* const said = std::get_if<frame::Pong>(&one);
            return said != nullptr && said->token == token;
        });
        if (there) frames.clear();
        return there;
    }
    void come_back(Random& random)
    {
        const auto over = random() % 2 == 0 ? Over::quic : Over::tls;
        mallory_ = std::make_unique<LiveClient>(loop_, address_, over, 3);
        REQUIRE(mallory_->is_up());
        mallory_->send(frame::Hello{1, 1, "0.1.0", "test"});
        CHECK(mallory_->code(frame::Resume{}) == ErrorCode::ok);
    }

    loop::Loop loop_;
    RelayProcess relay_;
    wire::RelayAddress address_;
    Bytes hello_, initial_;
    LiveClient ann_, bo_;
    std::unique_ptr<LiveClient> mallory_;
    std::vector<Bytes> frames_;
    std::uint64_t messages_ = 0;
};

} // namespace

TEST_CASE("a siege of both ports by strangers, and by a member: who behaves is served, and nothing is kept of it")
{
    const TemporaryDirectory directory;
    Siege siege(directory);
    const auto assault = [&](std::uint64_t seed) {
        INFO("GODWIT_TEST_SEEDS=" << seed);
        Random random(seed);
        siege.datagrams(random);
        siege.streams(random);
        siege.frames(random);
        siege.somebody_else_is_served();
    };
    const auto files = siege.files();
    assault(0); // caches fill
    CHECK(siege.settles_at(files + 2));
    const auto before = siege.memory_kib();
    REQUIRE(before > 0);
    for (std::uint64_t seed = 1; seed <= seeds_of_this_run(); ++seed)
        assault(seed);
    CHECK(siege.settles_at(files + 2));
    INFO("before: " << before << " KiB");
    CHECK(siege.memory_kib() < before + growth_kib_max);
    siege.was_felt();
    siege.end();
}
