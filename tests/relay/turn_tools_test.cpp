// SPDX-License-Identifier: Apache-2.0
// The TURN server of the real process against coturn's own tools, on loopback: what others believe the RFCs say.
#include "tests/relay/process.hpp"

#include <fstream>
#include <iterator>
#include <span>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <csignal>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>

extern char** environ;

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

bool tools_are_there()
{
    for (const char* tool : {"turnutils_uclient", "turnutils_peer", "turnutils_stunclient", "turnutils_natdiscovery"})
        if (access(("/usr/bin/" + std::string(tool)).c_str(), X_OK) != 0) return false;
    return true;
}

/// A tool that runs beside us. Most of its time it waits for a second to pass, so several do so together.
class Tool {
public:
    /// Ends by itself, or after so many seconds.
    explicit Tool(const std::string& command, int seconds = 60) : output_(file_.path("output"))
    {
        const auto line = "exec timeout " + std::to_string(seconds) + " " + command + " > " + output_ + " 2>&1";
        const char* const arguments[] = {"/bin/sh", "-c", line.c_str(), nullptr};
        REQUIRE(posix_spawn(&pid_, arguments[0], nullptr, nullptr, const_cast<char* const*>(arguments), environ) == 0);
    }
    ~Tool() { stop(); }
    Tool(const Tool&) = delete;
    Tool& operator=(const Tool&) = delete;

    /// All that it said, at its end.
    std::string output()
    {
        if (pid_ > 0) ::waitpid(std::exchange(pid_, 0), nullptr, 0);
        std::ifstream file(output_);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    /// What it said until now; it goes.
    std::string stop()
    {
        if (pid_ > 0) ::kill(pid_, SIGTERM); // timeout(1) passes it on
        return output();
    }

private:
    TemporaryDirectory file_;
    std::string output_;
    pid_t pid_ = 0;
};

std::string output_of(const std::string& command, int seconds = 60)
{
    return Tool(command, seconds).output();
}

/// uclient's exit code is no verdict; its last totals are.
std::pair<int, int> sent_and_received(const std::string& output)
{
    const auto last = [&](const std::string& name) {
        const auto at = output.rfind(name + "=");
        return at == std::string::npos ? -1 : std::atoi(output.c_str() + at + name.size() + 1);
    };
    return {last("tot_send_msgs"), last("tot_recv_msgs")};
}

/// A free UDP port, which the next one to ask gets.
std::uint16_t free_port()
{
    const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
    socklen_t length = sizeof at;
    REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &length) == 0);
    ::close(fd);
    return ntohs(at.sin_port);
}

/// turnutils_peer: sends back what it gets.
class EchoPeer {
public:
    explicit EchoPeer(const char* address = "127.0.0.1")
    {
        const std::string number = std::to_string(port);
        const char* const arguments[] = {"/usr/bin/turnutils_peer", "-p", number.c_str(), "-L", address, nullptr};
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1, 0);
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", 1, 0);
        REQUIRE(posix_spawn(&pid_, arguments[0], &actions, nullptr, const_cast<char* const*>(arguments), environ) == 0);
        posix_spawn_file_actions_destroy(&actions);
    }
    ~EchoPeer()
    {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    EchoPeer(const EchoPeer&) = delete;
    EchoPeer& operator=(const EchoPeer&) = delete;

    const std::uint16_t port = free_port();

private:
    pid_t pid_ = 0;
};

/// The relay's own figure. Its lines are for one reader at a time.
std::uint64_t counter(RelayProcess& relay, const std::string& name)
{
    relay.signal(SIGUSR1);
    const auto stats = relay.line();
    const auto at = stats.find("\"" + name + "\":");
    REQUIRE(at != std::string::npos);
    return std::stoull(stats.substr(at + name.size() + 3));
}

/// Until it is at least that, for a minute.
bool reaches(RelayProcess& relay, const std::string& name, std::uint64_t least)
{
    for (int i = 0; i < 600; ++i) {
        if (counter(relay, name) >= least) return true;
        ::usleep(100'000);
    }
    return false;
}

/// A way to use uclient, by a user of its own: the others' allocations are not its.
struct Way {
    const char* what;
    std::string options;
};

struct Stage {
    TemporaryDirectory directory;
    std::unique_ptr<RelayProcess> relay;
    wire::RelayAddress address;
    std::string port;

    explicit Stage(const std::string& turn_server)
    {
        const auto path = directory.path("relay.toml");
        std::ofstream(path) << "[turn_server]\nsecret = \"lab\"\n" << turn_server;
        relay = std::make_unique<RelayProcess>(
            std::vector<std::string>{"--data", directory.path("data"), "--listen", "127.0.0.1:0", "--config", path});
        address = relay->ready();
        port = std::to_string(address.port);
    }
    [[nodiscard]] std::string uclient(const std::string& options) const
    {
        return output_of("turnutils_uclient -u ann -W lab -p " + port + " " + options + " 127.0.0.1");
    }
    /// Each brings back all that it sends. A few at a time: strangers of one address are paced.
    void take(std::span<const Way> ways) const
    {
        constexpr std::size_t together = 6;
        for (std::size_t at = 0; at < ways.size(); at += together) {
            const auto some = ways.subspan(at, std::min(together, ways.size() - at));
            std::vector<std::unique_ptr<Tool>> tools;
            for (std::size_t n = 0; n < some.size(); ++n)
                tools.push_back(std::make_unique<Tool>("turnutils_uclient -u way" + std::to_string(at + n) +
                                                       " -W lab -z 5 " + some[n].options));
            for (std::size_t n = 0; n < some.size(); ++n) {
                CAPTURE(some[n].what);
                const auto said = tools[n]->output();
                const auto [sent, received] = sent_and_received(said);
                CHECK_MESSAGE(sent > 0, said);
                CHECK_MESSAGE(received == sent, said);
            }
        }
    }
};

constexpr const char* for_all = "accounts_only = false\nallow_peers = [\"127.0.0.0/8\"]\nallocations_per_user = 64\n"
                                "port_min = 40000\nport_max = 40999\npermissions_per_user = 500\n"
                                "channels_per_user = 500\nrequests_per_s_per_user = 1000\n";

} // namespace

TEST_CASE("coturn's tools against our server")
{
    if (!tools_are_there()) {
        MESSAGE("not run: no turnutils (package coturn) on this machine");
        return;
    }
    const auto further = free_port();
    Stage stage(std::string(for_all) + "listen = [\"127.0.0.1:" + std::to_string(further) + "\"]\n");
    const EchoPeer peer;
    const auto to_peer = " -e 127.0.0.1 -r " + std::to_string(peer.port);

    // stunclient and natdiscovery: where we are, as the server sees it.
    const auto seen = output_of("turnutils_stunclient -p " + stage.port + " 127.0.0.1");
    CHECK_MESSAGE(seen.find("UDP reflexive addr: 127.0.0.1:") != std::string::npos, seen);
    const auto discovered = output_of("turnutils_natdiscovery -m -p " + stage.port + " 127.0.0.1");
    CHECK_MESSAGE(discovered.find("127.0.0.1") != std::string::npos, discovered);

    // uclient: so many messages to a peer and back, in every way that it knows.
    const auto here = " -p " + stage.port + " 127.0.0.1";
    const Way ways[] = {
        {"channels, with RTCP on the reserved port", "-n 20 -m 2" + to_peer + here},
        {"channels, one allocation each", "-n 20 -m 4 -c" + to_peer + here},
        {"Send and Data indications", "-n 20 -m 2 -s" + to_peer + here},
        {"indications that forbid fragments", "-n 20 -m 2 -s -g" + to_peer + here},
        {"over TCP", "-n 20 -m 2 -t" + to_peer + here},
        {"over TCP, by indications", "-n 20 -m 2 -t -s" + to_peer + here},
        {"client to client, relayed to relayed", "-n 20 -m 2 -y -c" + here},
        {"client to client over TCP", "-n 20 -m 2 -y -c -t" + here},
        {"with requests in between", "-n 20 -m 1 -G" + to_peer + here},
        {"datagrams of 1,200 bytes", "-n 50 -l 1200 -c" + to_peer + here},
        {"padded channels, as pjnath sends them", "-n 20 -D -c -l 101" + to_peer + here},
        {"by the further port, another door to the same",
         "-c -n 10 -p " + std::to_string(further) + to_peer + " 127.0.0.1"},
    };
    stage.take(ways);

    // A wrong secret moves nothing, however often it is tried: once without, and then with it.
    const auto made = counter(*stage.relay, "turn_allocations_total"), asked = counter(*stage.relay, "turn_challenges");
    CHECK(made > 20);
    Tool wrong("turnutils_uclient -u ann -W other -c -n 5" + to_peer + here);
    CHECK(reaches(*stage.relay, "turn_challenges", asked + 2));
    CHECK(sent_and_received(wrong.stop()).second <= 0);
    CHECK(counter(*stage.relay, "turn_allocations_total") == made);
    // uclient's own bad behaviour, which is another every time, harms nobody who comes meanwhile.
    Tool bad("turnutils_uclient -u eve -W lab -R -N -c -n 5 -m 2" + to_peer + here);
    CHECK(sent_and_received(stage.uclient("-n 10 -z 5 -c" + to_peer)).second == 10);
    (void)bad.stop();
    stage.relay->signal(SIGTERM);
    CHECK(stage.relay->wait() == 0);
}

TEST_CASE("IPv6: relayed sockets of it for clients of either family, and peers that answer")
{
    if (!tools_are_there()) {
        MESSAGE("not run: no turnutils (package coturn) on this machine");
        return;
    }
    if (access("/proc/net/if_inet6", R_OK) != 0) {
        MESSAGE("not run: no IPv6 on this machine");
        return;
    }
    const auto further = free_port();
    // for_all allows peers of IPv4's loopback alone
    std::string config = for_all;
    config.replace(config.find("127.0.0.0/8"), 11, "::1");
    Stage stage(config + "address_v4 = \"127.0.0.1\"\naddress_v6 = \"::1\"\nlisten = [\"[::1]:" +
                std::to_string(further) + "\"]\n");
    const EchoPeer peer("::1");
    const auto to_peer = " -x -e ::1 -r " + std::to_string(peer.port);
    const auto here = to_peer + " -p " + stage.port + " 127.0.0.1";
    const Way ways[] = {
        {"channels", "-n 20 -m 2 -c" + here},
        {"Send and Data indications", "-n 20 -m 2 -s -c" + here},
        {"datagrams of 1,200 bytes", "-n 20 -l 1200 -c" + here},
        {"over TCP", "-n 20 -m 2 -t -c" + here},
        {"a client that comes over IPv6 itself", "-c -n 10" + to_peer + " -p " + std::to_string(further) + " ::1"}};
    stage.take(ways);
    CHECK(counter(*stage.relay, "turn_packets_to_peers") > 100);
}

TEST_CASE("loopback is nobody's peer unless the operator says so, and a name that is no account here gets nothing")
{
    if (!tools_are_there()) {
        MESSAGE("not run: no turnutils (package coturn) on this machine");
        return;
    }
    const EchoPeer peer;
    const auto to_peer = " -e 127.0.0.1 -r " + std::to_string(peer.port);
    {
        Stage closed("accounts_only = false\n");
        Tool ann("turnutils_uclient -u ann -W lab -c -n 5 -p " + closed.port + to_peer + " 127.0.0.1");
        CHECK(reaches(*closed.relay, "turn_packets_unpermitted", 1));
        const auto said = ann.stop();
        CHECK_MESSAGE(sent_and_received(said).second <= 0, said);
        CHECK(counter(*closed.relay, "turn_packets_to_peers") == 0);
    }
    Stage members("allow_peers = [\"127.0.0.1\"]\nallocations_per_user = 20\n"); // three tools at once, each with some
    const auto try_it = "turnutils_uclient -u ann -W lab -c -n 5 -z 5 -p " + members.port + to_peer + " 127.0.0.1";
    {
        Tool nobody(try_it);
        CHECK(reaches(*members.relay, "turn_challenges", 2));
        const auto said = nobody.stop();
        CHECK_MESSAGE(sent_and_received(said).second <= 0, said);
        CHECK(counter(*members.relay, "turn_allocations_total") == 0);
    }
    loop::Loop loop;
    LiveClient ann(loop, members.address, Over::quic, 1);
    REQUIRE(ann.is_up());
    REQUIRE(ann.join("ann", 1) == ErrorCode::ok);
    // And what clients get at login is what opens it.
    const auto session = std::get<frame::Session>(ann.ask(frame::FetchSession{}).body);
    REQUIRE(session.turn_servers.size() == 2);
    CHECK(session.turn_servers[0].port == members.address.port);
    CHECK(session.turn_servers[1].transport == wire::TurnServer::Transport::tcp);
    std::vector<std::unique_ptr<Tool>> tools;
    tools.push_back(std::make_unique<Tool>(try_it));
    for (const auto& server : session.turn_servers) {
        const bool tcp = server.transport == wire::TurnServer::Transport::tcp;
        tools.push_back(std::make_unique<Tool>("turnutils_uclient -c -n 5 -z 5 -u '" + server.username + "' -w '" +
                                               server.password + "' -p " + std::to_string(server.port) +
                                               (tcp ? " -t" : "") + to_peer + " 127.0.0.1"));
    }
    for (const auto& tool : tools) {
        const auto said = tool->output();
        CHECK_MESSAGE(sent_and_received(said).second == 5, said);
    }
}
