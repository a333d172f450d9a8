// SPDX-License-Identifier: Apache-2.0
// A siege of every port that a relay may have open, each by what speaks nearly its language: QUIC, STUN and TURN on
// UDP, TLS, TURN and HTTP on TCP; strangers, and people with good credentials. A canary pair is served all the while;
// afterwards the relay has the memory and the files that it had, answers, and goes when it is told to.
//
//   GODWIT_SIEGE_DATAGRAMS=N     for each UDP port (4,000; ./dev gates X1: 1,000,000)
//   GODWIT_SIEGE_CONNECTIONS=N   for each stream port (120; 5,000)
//   GODWIT_TEST_SEED=N           another siege (1)
#include "tests/relay/port_enemies.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

/// Of what a port is sent before the relay has read it: the kernel keeps some 200 KiB.
constexpr std::uint64_t waiting_bytes_max = 64 * 1024;
/// The canary's turn; another connection is recorded, another allocation made.
constexpr std::uint64_t canary_every = 2'000, fresh_every = 20'000;
constexpr std::size_t held_max = 48;
constexpr std::size_t growth_kib_max = 64 * 1024;
constexpr const char* secret = "of the TURN server";

std::uint64_t number_of(const char* name, std::uint64_t otherwise)
{
    const char* const given = std::getenv(name);
    return given != nullptr ? std::strtoull(given, nullptr, 10) : otherwise;
}

/// One that nobody has, of UDP and of TCP.
std::uint16_t free_port(int type)
{
    const int fd = ::socket(AF_INET, type, 0);
    auto at = loopback(1, 0);
    socklen_t size = sizeof at;
    REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&at), size) == 0);
    REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    ::close(fd);
    return ntohs(at.sin_port);
}

std::uint16_t metrics_port_in(const std::string& line) // metrics http://127.0.0.1:PORT/metrics
{
    REQUIRE(line.starts_with("metrics http://127.0.0.1:"));
    return static_cast<std::uint16_t>(std::stoul(line.substr(25)));
}

class Siege {
public:
    Siege()
        : turn_port_(free_port(SOCK_DGRAM)), admin_port_(free_port(SOCK_STREAM)),
          relay_({"--data", directory_.path("data"), "--listen", "127.0.0.1:0", "--config", config()}),
          address_(relay_.ready()), metrics_port_(metrics_port_in(relay_.line())),
          hello_(first_flight(Over::tls, address_)), initial_(first_flight(Over::quic, address_)),
          ann_(loop_, address_, Over::quic, 1), bo_(loop_, address_, Over::tls, 2)
    {
        CHECK(relay_.line() == "admin http://127.0.0.1:" + std::to_string(admin_port_) + "/");
        REQUIRE(ann_.is_up());
        REQUIRE(bo_.is_up());
        CHECK(ann_.join("ann", 100) == ErrorCode::ok);
        CHECK(bo_.join("bo", 200) == ErrorCode::ok);
        CHECK(ann_.code(frame::ContactAdd{"bo"}) == ErrorCode::ok);
        CHECK(bo_.code(frame::ContactAccept{"ann"}) == ErrorCode::ok);
        const auto made = run({"admin", "token", "add", "root", "--role", "owner", "--data", directory_.path("data")});
        REQUIRE_MESSAGE(made.exit_code == 0, made.errors);
        token_ = made.out.substr(0, made.out.find('\n'));
    }

    void of_datagrams(std::uint16_t port, std::uint64_t count, Random& random)
    {
        const auto before = udp_queue(port);
        std::vector<std::unique_ptr<Enemy>> strangers;
        for (std::uint8_t last = 2; last < 34; ++last)
            strangers.push_back(std::make_unique<Enemy>(SOCK_DGRAM, port, last));
        std::unique_ptr<RecordedClient> client;
        std::unique_ptr<TurnUser> user;
        for (std::uint64_t i = 0; i < count; ++i) {
            if (i % fresh_every == 0) {
                if (user) user->leave(random);
                if (port == address_.port) client = std::make_unique<RecordedClient>(address_, ++numbers_);
                ++numbers_;
                user =
                    std::make_unique<TurnUser>(port, static_cast<std::uint8_t>(40 + numbers_ % 200), secret, numbers_);
                if (user->allocate(random)) ++allocations_;
            }
            const auto& stranger = *strangers[random() % strangers.size()];
            switch (random() % 8) {
            case 0: stranger.send(noise(random, 1'400)); break;
            case 1: { // as STUN, or as ChannelData, or as QUIC begins
                auto datagram = noise(random, 200);
                if (!datagram.empty()) datagram[0] = static_cast<std::uint8_t>((random() % 4) << 6 | (datagram[0] & 3));
                stranger.send(datagram);
                break;
            }
            case 2: stranger.send(mutated(initial_, hello_, random)); break;
            case 3:
            case 4: // of a connection that stands, from where it stands and from elsewhere
                if (client) {
                    const auto bad = mutated(client->said()[random() % client->said().size()], initial_, random);
                    if (random() % 2 == 0)
                        client->send(bad);
                    else
                        stranger.send(bad);
                    break;
                }
                [[fallthrough]];
            default: user->say(random); break;
            }
            if (i % 64 == 0)
                while (udp_queue(port).waiting_bytes > waiting_bytes_max)
                    loop_.run_once(std::chrono::milliseconds(1)); // it is to be read, not dropped by the kernel
            if (i % canary_every == 0) canary();
        }
        if (user) user->leave(random);
        const auto after = udp_queue(port);
        MESSAGE("UDP port: " << count << " datagrams, " << after.dropped - before.dropped << " dropped by the kernel");
        CHECK(after.dropped - before.dropped < count / 20 + 100);
    }

    template <class Speak>
    void of_streams(const char* what, std::uint16_t port, std::uint64_t count, Random& random, Speak speak)
    {
        std::deque<std::unique_ptr<Enemy>> held;
        for (std::uint64_t i = 0; i < count; ++i) {
            held.push_back(std::make_unique<Enemy>(SOCK_STREAM, port, static_cast<std::uint8_t>(2 + i % 250)));
            if (random() % 8 != 0) speak(*held.back()); // else it says nothing
            if (random() % 4 == 0) speak(*held[random() % held.size()]);
            if (random() % 2 == 0) held.pop_back();
            if (held.size() > held_max) held.pop_front();
            if (i % 50 == 0) canary();
        }
        MESSAGE(std::string(what) << ": " << count << " connections");
    }

    void assault(std::uint64_t datagrams, std::uint64_t connections, Random& random)
    {
        of_datagrams(address_.port, datagrams, random);
        of_datagrams(turn_port_, datagrams, random);
        of_streams("TLS", address_.port, connections, random, [&](const Enemy& tcp) {
            tcp.send(random() % 3 == 0   ? hello_
                     : random() % 2 == 0 ? mutated(hello_, initial_, random)
                                         : noise(random, 4'000));
        });
        of_streams("TURN over TCP", turn_port_, connections, random, [&](const Enemy& tcp) {
            auto bytes = noise(random, 2'000);
            if (!bytes.empty()) bytes[0] &= static_cast<std::uint8_t>(random() % 2 == 0 ? 3 : 0x43);
            tcp.send(bytes);
        });
        for (const auto port : {metrics_port_, admin_port_})
            of_streams("HTTP", port, connections, random, [&](const Enemy& tcp) {
                tcp.send(random() % 8 == 0 ? to_bytes(as_bytes(good_request(token_, random)))
                                           : bad_request(token_, random));
                while (const auto said = tcp.receive(0))
                    if (said->empty()) break;
            });
        canary();
    }

    void canary()
    {
        CHECK(ann_.put(bo_.id, ++messages_) == ErrorCode::ok);
        const auto mail = bo_.next<frame::MailboxDeliver>();
        REQUIRE(mail);
        bo_.send(frame::MailboxAck{{mail->sequence}});
        CHECK(mail->envelope.id == envelope(messages_).id);
        ann_.frames.clear();
        bo_.frames.clear();
    }

    /// Until it has let go of what it held for those who are gone.
    [[nodiscard]] bool settles_at(std::size_t files_max)
    {
        for (int tries = 0; tries < 10; ++tries, canary()) // HTTP and handshakes have their own times
            if (ann_.until([&] {
                    loop_.run_once(std::chrono::milliseconds(20));
                    return open_files(relay_.pid()) <= files_max;
                }))
                return true;
        return false;
    }
    [[nodiscard]] std::size_t memory_kib() const { return resident_kib(relay_.pid()); }
    [[nodiscard]] std::size_t files() const { return open_files(relay_.pid()); }

    void end()
    {
        // What it was to be felt by, and who was to be served.
        CHECK(allocations_ > 0);
        CHECK(http_answer(metrics_port_, "GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                  .starts_with("HTTP/1.1 200"));
        CHECK(http_answer(admin_port_, "GET /v1/state HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                                       "Authorization: Bearer " +
                                           token_ + "\r\n\r\n")
                  .starts_with("HTTP/1.1 200"));
        CHECK_FALSE(ann_.down);
        CHECK_FALSE(bo_.down);
        relay_.signal(SIGTERM);
        CHECK(relay_.wait() == 0);
        CHECK(relay_.errors() == "");
    }
    [[nodiscard]] std::uint64_t messages() const { return messages_; }

private:
    std::string config() const
    {
        const auto path = directory_.path("relay.toml");
        std::ofstream(path) << "[limits]\narrivals_per_address_burst = 100000\nhalf_open_per_address = 256\n"
                               "[turn_server]\naccounts_only = false\nallow_peers = [\"127.0.0.0/8\"]\nsecret = \""
                            << secret << "\"\nlisten = [\"127.0.0.1:" << turn_port_
                            << "\"]\n[metrics]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:" << admin_port_
                            << "\"\n[log]\nlevel = \"error\"\n";
        return path;
    }
    TemporaryDirectory directory_;
    std::uint16_t turn_port_, admin_port_;
    loop::Loop loop_;
    RelayProcess relay_;
    wire::RelayAddress address_;
    std::uint16_t metrics_port_;
    Bytes hello_, initial_;
    LiveClient ann_, bo_;
    std::string token_;
    std::uint64_t messages_ = 0, numbers_ = 1'000, allocations_ = 0;
};

} // namespace

TEST_CASE("a siege of every port: a canary pair is served, and memory and files are what they were")
{
    const auto seed = number_of("GODWIT_TEST_SEED", 1);
    INFO("GODWIT_TEST_SEED=" << seed);
    Random random(seed);
    Siege siege;
    const auto files = siege.files();
    siege.assault(3'000, 100, random); // caches fill
    REQUIRE(siege.settles_at(files + 4));
    const auto before = siege.memory_kib();
    siege.assault(number_of("GODWIT_SIEGE_DATAGRAMS", 4'000), number_of("GODWIT_SIEGE_CONNECTIONS", 120), random);
    CHECK(siege.settles_at(files + 4));
    const auto after = siege.memory_kib();
    MESSAGE(before << " KiB before, " << after << " KiB after; " << siege.messages() << " messages of the canary");
    CHECK(after < before + growth_kib_max);
    siege.end();
}

TEST_CASE("HTTP: requests behind a body that is longer than it says; the relay goes on, and others are served")
{
    const TemporaryDirectory directory;
    std::ofstream(directory.path("relay.toml")) << "[metrics]\nlisten = \"127.0.0.1:0\"\n";
    RelayProcess relay(
        {"--data", directory.path("data"), "--listen", "127.0.0.1:0", "--config", directory.path("relay.toml")});
    (void)relay.ready();
    const auto port = metrics_port_in(relay.line());
    const std::string host = "Host: localhost\r\n";
    std::vector<std::unique_ptr<Enemy>> held;
    for (int i = 0; i < 8; ++i) {
        held.push_back(std::make_unique<Enemy>(SOCK_STREAM, port, 1));
        held.back()->send(as_bytes("GET /metrics HTTP/1.1\r\n" + host + "\r\n"));
        if (i % 2 == 0) CHECK(held.back()->receive(10'000).has_value());
        held.back()->send(
            as_bytes("PUT /metrics HTTP/1.1\r\n" + host + "Content-Length: 26\r\n\r\n" + std::string(40, 'x')));
        CHECK(http_answer(port, "GET /live HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n")
                  .starts_with("HTTP/1.1 200"));
    }
    for (const auto& one : held) { // each has its answers, then the end
        std::string said;
        while (const auto some = one->receive(10'000)) {
            if (some->empty()) break;
            said += as_text(*some);
        }
        CHECK(said.find("HTTP/1.1 405") != std::string::npos);
    }
    relay.signal(SIGTERM);
    CHECK(relay.wait() == 0);
}
