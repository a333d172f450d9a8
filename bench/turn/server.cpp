// SPDX-License-Identifier: Apache-2.0
#include "bench/turn/server.hpp"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <spawn.h>

extern char** environ;

namespace bench::turn {
namespace {

std::uint16_t free_port()
{
    const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof at;
    if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 ||
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &length) != 0)
        give_up("no UDP port to be had");
    ::close(fd);
    return ntohs(at.sin_port);
}

std::string new_directory()
{
    std::string name = (std::filesystem::temp_directory_path() / "godwit-bench-turn-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) give_up("cannot make " + name);
    return name;
}

} // namespace

void give_up(const std::string& why)
{
    throw GaveUp{why};
}

bool Server::is_program(const std::string& path)
{
    return ::access(path.c_str(), X_OK) == 0;
}

Server Server::relay(const std::string& program)
{
    const auto directory = new_directory();
    const auto port = free_port();
    std::ofstream(directory + "/relay.toml") << "[turn_server]\nsecret = \"" << secret
                                             << "\"\naccounts_only = false\nallow_peers = [\"127.0.0.0/8\"]\n"
                                                "allocations_per_user = 10000\npermissions_per_user = 10000\n"
                                                "channels_per_user = 4096\nkbit_per_s_per_user = 10000000\n"
                                                "packets_per_s_per_user = 10000000\nrequests_per_s_per_user = 100000\n"
                                                "port_min = 20000\nport_max = 29999\n";
    return Server({program, "--data", directory + "/data", "--config", directory + "/relay.toml", "--listen",
                   "127.0.0.1:" + std::to_string(port)},
                  directory, port);
}

Server Server::coturn(const std::string& program)
{
    const auto directory = new_directory();
    const auto port = free_port();
    return Server({program, "-n", "--no-cli", "--no-tls", "--no-dtls", "--allow-loopback-peers", "--use-auth-secret",
                   std::string("--static-auth-secret=") + secret, "--realm=bench", "--listening-ip=127.0.0.1",
                   "--relay-ip=127.0.0.1", "--listening-port=" + std::to_string(port), "--min-port=20000",
                   "--max-port=29999", "--log-file=/dev/null", "--no-stdout-log", "--pidfile=" + directory + "/pid",
                   "--userdb=" + directory + "/db"},
                  directory, port);
}

Server::Server(const std::vector<std::string>& words, std::string directory, std::uint16_t port)
    : directory_(std::move(directory)), port_(port)
{
    std::vector<char*> arguments;
    for (const auto& word : words)
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1, 0);
    const int fault = posix_spawn(&pid_, words[0].c_str(), &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (fault != 0) give_up("cannot start " + words[0]);
}

Server::~Server()
{
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

double Server::cpu_seconds() const
{
    std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
    std::string word;
    std::string line;
    std::getline(file, line);
    const auto after_name = line.rfind(')');
    if (after_name == std::string::npos) give_up("the server ended");
    // Fields 14 and 15 (proc(5)): user and system time, in ticks; the third stands right behind the name.
    std::size_t at = after_name;
    for (int field = 2; field < 14; ++field)
        at = line.find(' ', at + 1);
    char* rest = nullptr;
    const double user = std::strtod(line.c_str() + at, &rest);
    return (user + std::strtod(rest, nullptr)) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::size_t Server::resident_bytes() const
{
    std::ifstream file("/proc/" + std::to_string(pid_) + "/statm");
    std::size_t all = 0;
    std::size_t resident = 0;
    file >> all >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

} // namespace bench::turn
