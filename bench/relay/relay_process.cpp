// SPDX-License-Identifier: Apache-2.0
#include "bench/relay/relay_process.hpp"

#include "transport/loop/loop.hpp"

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {
namespace {

using namespace godwit;

constexpr const char* config_text = "[registration]\nper_address_burst = 1000000\n"
                                    "[overload]\ntick_ms = 60000\nmemory_mib = 65536\n"
                                    "[limits]\nlinks = 1000000\nlinks_per_address = 1000000\n"
                                    "half_open_per_address = 1000000\narrivals_per_address_burst = 1000000\n"
                                    "strangers = 1000000\nlogin_s = 60\nidle_s = 120\n"
                                    "mailbox_messages = 1000000\nmailbox_mib = 4096\nmailbox_sender_percent = 100\n"
                                    "requests_burst = 1000000\nrequests_per_s = 1000000\n"
                                    "frames_burst = 1000000\nframes_per_s = 1000000\n"
                                    "contact_changes_burst = 100000\n";

std::string text_of(const std::string& path)
{
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

RelayProcess::RelayProcess(const std::string& program, const std::filesystem::path& directory,
                           const std::string& owners)
    : data_(directory / "data"), account_(directory / "owners")
{
    const auto config = (directory / "relay.toml").string();
    std::ofstream(config) << config_text;
    int out[2];
    if (::pipe(out) != 0) throw std::runtime_error("pipe failed");
    pid_ = ::fork();
    if (pid_ == 0) {
        ::dup2(out[1], STDOUT_FILENO);
        ::close(out[0]);
        ::close(out[1]);
        if (!owners.empty()) {
            ::setenv("LD_PRELOAD", owners.c_str(), 1);
            ::setenv("GODWIT_OWNERS", account_.c_str(), 1);
        }
        ::execl(program.c_str(), program.c_str(), "--data", data_.c_str(), "--listen", "127.0.0.1:0", "--config",
                config.c_str(), static_cast<char*>(nullptr));
        std::perror(program.c_str());
        ::_exit(127);
    }
    ::close(out[1]);
    std::string line;
    for (char c = 0; ::read(out[0], &c, 1) == 1 && c != '\n';)
        line += c;
    out_ = out[0];
    if (!line.starts_with("ready ")) throw std::runtime_error("the relay did not start: " + line);
    auto address = wire::parse_relay_address(line.substr(6));
    if (!address.ok()) throw std::runtime_error(address.error().detail);
    address_ = *std::move(address);
}

RelayProcess::~RelayProcess()
{
    ::kill(pid_, SIGTERM);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    ::close(out_);
}

std::map<std::string, double> RelayProcess::memory_by_owner() const
{
    std::filesystem::remove(account_);
    ::kill(pid_, SIGRTMIN + 3);
    for (int i = 0; !std::filesystem::exists(account_); ++i) {
        if (i == 6000 || has_ended()) throw std::runtime_error("the relay does not say whose its memory is");
        ::usleep(10'000); // it is renamed into place when it is whole
    }
    std::map<std::string, double> out;
    std::ifstream file(account_);
    std::string owner;
    for (double bytes = 0; file >> owner >> bytes;)
        out[owner] = bytes / 1024;
    return out;
}

bool RelayProcess::has_ended() const
{
    siginfo_t found{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &found, WEXITED | WNOHANG | WNOWAIT) == 0 && found.si_pid != 0;
}

Usage RelayProcess::usage() const
{
    const auto proc = "/proc/" + std::to_string(pid_);
    Usage out;
    const auto stat = text_of(proc + "/stat");
    std::istringstream fields(stat.substr(std::min(stat.size(), stat.rfind(')') + 2))); // field 3 on
    std::string skipped;
    for (int field = 3; field < 14; ++field)
        fields >> skipped;
    double user = 0, system = 0;
    fields >> user >> system;
    out.cpu_s = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    std::istringstream status(text_of(proc + "/status"));
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:")) out.rss_kib = std::stod(line.substr(6));
    std::error_code error;
    for (std::filesystem::directory_iterator at(proc + "/fd", error), end; !error && at != end; at.increment(error))
        ++out.descriptors;
    for (const auto* const name : {"relay.db", "relay.db-wal"})
        if (const auto bytes = std::filesystem::file_size(data_ / name, error); !error)
            out.database_kib += static_cast<double>(bytes) / 1024;
    return out;
}

Stretch::Stretch(const RelayProcess& relay) : relay_(relay), cpu_(relay.usage().cpu_s), since_(loop::Loop::now().mono)
{
}

double Stretch::wall_s() const
{
    return std::chrono::duration<double>(loop::Loop::now().mono - since_).count();
}

void Stretch::tell(const std::string& what, std::size_t count) const
{
    const auto wall = wall_s(), cpu = cpu_s(), n = static_cast<double>(count);
    std::printf("%-44s %9zu  %8.0f /s  %8.0f /s of a core  %7.1f us each  (relay %.0f %% busy)\n", what.c_str(), count,
                n / wall, cpu > 0 ? n / cpu : 0.0, n > 0 ? cpu * 1e6 / n : 0.0, 100 * cpu / wall);
    std::fflush(stdout);
}

} // namespace bench
