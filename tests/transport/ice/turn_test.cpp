// SPDX-License-Identifier: Apache-2.0
// Against a real TURN server (coturn) on loopback, when one is installed; and against one that never answers.
#include "tests/transport/ice/ice_world.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>

extern char** environ;

using namespace godwit;
using namespace godwit::ice;
using namespace godwit::ice::test;

namespace {

/// A bound UDP socket that reads nothing: a server that is dead but whose port does not answer with ICMP either.
struct DeadServer {
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    std::uint16_t port = 0;

    DeadServer()
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        socklen_t length = sizeof address;
        REQUIRE(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0);
        port = ntohs(address.sin_port);
    }
    ~DeadServer() { close(fd); }
    DeadServer(const DeadServer&) = delete;
    DeadServer& operator=(const DeadServer&) = delete;
};

/// coturn as a child process on loopback, ended with us.
class Coturn {
public:
    [[nodiscard]] bool start()
    {
        const char* found = nullptr;
        for (const char* path : {"/usr/bin/turnserver", "/usr/local/bin/turnserver", "/usr/sbin/turnserver"})
            if (access(path, X_OK) == 0) found = path;
        if (found == nullptr) return false;
        {
            DeadServer probe; // Borrow its free port.
            port = probe.port;
        }
        char name[] = "/tmp/godwit_turn_XXXXXX";
        REQUIRE(mkdtemp(name) != nullptr);
        directory_ = name;
        const std::vector<std::string> words = {found,
                                                "-n",
                                                "--no-cli",
                                                "--no-tls",
                                                "--no-dtls",
                                                "--allow-loopback-peers",
                                                "--lt-cred-mech",
                                                "--fingerprint",
                                                "--listening-ip=127.0.0.1",
                                                "--relay-ip=127.0.0.1",
                                                "--listening-port=" + std::to_string(port),
                                                "--min-port=45000",
                                                "--max-port=45999",
                                                "--realm=godwit.test",
                                                "--user=alice:wonder",
                                                "--log-file=stdout",
                                                "--simple-log",
                                                "--pidfile=" + directory_ + "/pid",
                                                "--userdb=" + directory_ + "/db",
                                                "--no-software-attribute"};
        std::vector<char*> arguments;
        for (const auto& word : words)
            arguments.push_back(const_cast<char*>(word.c_str()));
        arguments.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1, 0);
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", 1, 0);
        const bool spawned = posix_spawn(&pid_, found, &actions, nullptr, arguments.data(), environ) == 0;
        posix_spawn_file_actions_destroy(&actions);
        return spawned;
    }

    ~Coturn()
    {
        if (pid_ > 0) {
            kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
        if (!directory_.empty()) std::filesystem::remove_all(directory_);
    }

    Coturn() = default;
    Coturn(const Coturn&) = delete;
    Coturn& operator=(const Coturn&) = delete;

    [[nodiscard]] TurnServer server(TurnServer::Transport transport, const std::string& password = "wonder") const
    {
        return {"127.0.0.1", port, transport, "alice", password};
    }

    std::uint16_t port = 0;

private:
    pid_t pid_ = -1;
    std::string directory_;
};

IceConfig relay_only(bool controlling, const TurnServer& server)
{
    auto config = loopback(controlling);
    config.allow_direct = false;
    config.turn = {server};
    return config;
}

/// Opens sessions until one gets a relayed candidate: coturn is up.
bool wait_for(World& world, const Coturn& coturn)
{
    for (int attempt = 0; attempt < 20; ++attempt) {
        Peer probe;
        probe.open(world, relay_only(true, coturn.server(TurnServer::Transport::udp)));
        probe.session->gather();
        if (!world.run_until([&] { return probe.gathered > 0; })) return false;
        if (!probe.candidates.empty()) return true;
    }
    return false;
}

} // namespace

TEST_CASE("a TURN server that never answers: gathering ends, direct works, and closing ends too")
{
    World world;
    const DeadServer dead;
    const TurnServer server{"127.0.0.1", dead.port, TurnServer::Transport::udp, "alice", "wonder"};
    Couple couple;
    auto config_a = loopback(true);
    config_a.turn = {server};
    couple.open(world, config_a, loopback(false));
    couple.introduce();
    couple.gather();
    CHECK(world.run_until([&] { return couple.both_connected(); }));

    SUBCASE("closed while the allocation is pending")
    {
        couple.a.session.reset();
        CHECK(world.run_until([&] { return world.runtime->session_count() == 1; }, std::chrono::seconds(5)));
    }
    SUBCASE("closed after gathering gave up")
    {
        CHECK(world.run_until([&] { return couple.a.gathered == 1; }, std::chrono::seconds(15)));
        couple.a.session.reset();
        CHECK(world.run_until([&] { return world.runtime->session_count() == 1; }, std::chrono::seconds(5)));
    }
}

TEST_CASE("relay_only with a dead TURN server names no address at all and fails")
{
    World world;
    const DeadServer dead;
    Peer hidden;
    auto config = relay_only(true, {"127.0.0.1", dead.port, TurnServer::Transport::udp, "alice", "wonder"});
    config.attempt_max = std::chrono::milliseconds(2500);
    hidden.open(world, config);
    hidden.session->gather();
    CHECK(world.run_until([&] { return hidden.failed > 0; }));
    CHECK(hidden.candidates.empty());
}

TEST_CASE("through a real TURN server")
{
    World world;
    Coturn coturn;
    if (!coturn.start() || !wait_for(world, coturn)) {
        MESSAGE("not run: no working turnserver (package coturn) on this machine");
        return;
    }

    for (const auto transport : {TurnServer::Transport::udp, TurnServer::Transport::tcp}) {
        CAPTURE(static_cast<int>(transport));
        Couple couple;
        couple.open(world, relay_only(true, coturn.server(transport)), relay_only(false, coturn.server(transport)));
        couple.introduce();
        couple.gather();
        REQUIRE(world.run_until([&] { return couple.both_connected(); }));
        for (const auto* peer : {&couple.a, &couple.b}) {
            CHECK(peer->pairs.back().turned());
            CHECK(peer->candidates.size() == 1);
            for (const auto& text : peer->candidates) {
                CHECK_MESSAGE(text.find(" typ relay raddr 0.0.0.0 rport 9") != std::string::npos, text);
                CHECK_MESSAGE(text.find("127.0.0.1 45") != std::string::npos,
                              text); // The relay's port range, not ours.
            }
        }
        couple.a.session->path().observe(&couple.a);
        couple.b.session->path().observe(&couple.b);
        const std::string large(port::datagram_bytes_min, 'y');
        CHECK(couple.a.say("over the relay"));
        CHECK(couple.b.say(large));
        REQUIRE(world.run_until([&] { return !couple.a.datagrams.empty() && !couple.b.datagrams.empty(); }));
        CHECK(couple.b.datagrams.front() == "over the relay");
        CHECK(couple.a.datagrams.front() == large);
    }

    SUBCASE("direct wins where both are allowed")
    {
        Couple couple;
        auto config_a = loopback(true);
        config_a.turn = {coturn.server(TurnServer::Transport::udp)};
        auto config_b = config_a;
        config_b.controlling = false;
        couple.open(world, config_a, config_b);
        couple.introduce();
        couple.gather();
        REQUIRE(world.run_until([&] { return couple.both_connected(); }));
        REQUIRE(world.run_until(
            [&] { return !couple.a.session->pair()->turned() && !couple.b.session->pair()->turned(); }));
    }

    SUBCASE("without allow_relay the server only tells our address")
    {
        Peer peer;
        auto config = loopback(true);
        config.turn = {coturn.server(TurnServer::Transport::udp)};
        config.allow_relay = false;
        peer.open(world, config);
        peer.session->gather();
        REQUIRE(world.run_until([&] { return peer.gathered > 0; }));
        for (const auto& text : peer.candidates)
            CHECK(text.find("typ relay") == std::string::npos);
    }

    SUBCASE("wrong credentials give no relayed candidate, and no hang")
    {
        Peer peer;
        auto config = relay_only(true, coturn.server(TurnServer::Transport::udp, "looking-glass"));
        config.attempt_max = std::chrono::seconds(5);
        peer.open(world, config);
        peer.session->gather();
        REQUIRE(world.run_until([&] { return peer.gathered > 0; }));
        CHECK(peer.candidates.empty());
    }
}
