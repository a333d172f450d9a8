// SPDX-License-Identifier: Apache-2.0
// A relay process under load, on the loopback interface: what it does in a second, and what it takes.
//
//   register N users -> idle: memory of each, processor time of all -> they leave and come back: logins
//   -> some of them put envelopes, each to itself, as fast as they are answered: durable messages
//   -> as many strangers as allowed stand in front of the door: memory of each
//
//   --soak SECONDS   instead: the same people come, send and go, round after round; the relay's memory after each, and
//                    the slope of a line through the second half of them. More than slope_kib_max a round is a leak.
//
// Bounded in count and time. The relay's processor time is counted apart from the load's, as both share the machine: a
// rate "of a core" is what the relay did in a second of its own time, and what one loop can do when nobody else wants
// the machine.
#include "bench/relay/user.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {
namespace {

using namespace godwit;
using Seconds = std::chrono::duration<double>;

struct Options {
    std::string relay;
    std::size_t clients = 1000;
    std::size_t logins = 500;
    std::size_t senders = 32;
    std::size_t window = 32;
    std::size_t bytes = 1024;
    std::size_t messages = 50'000;
    std::size_t strangers = 500;
    double seconds = 20; ///< Of each measurement, at most.
    double idle_seconds = 10;
    double soak_seconds = 0; ///< 0: no soak.
    bool tls = false;
};

/// Of a process, as Linux tells.
struct Usage {
    double cpu_s = 0;
    double rss_kib = 0;
};

Usage usage_of(pid_t pid)
{
    Usage out;
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string text((std::istreambuf_iterator<char>(stat)), {});
    std::istringstream fields(text.substr(text.rfind(')') + 2)); // field 3 on
    std::string skipped;
    for (int field = 3; field < 14; ++field)
        fields >> skipped;
    double user = 0, system = 0;
    fields >> user >> system;
    out.cpu_s = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:")) out.rss_kib = std::stod(line.substr(6));
    return out;
}

class Process {
public:
    Process(const std::string& program, const std::filesystem::path& directory)
    {
        const auto config = (directory / "relay.toml").string();
        std::ofstream(config) << "[registration]\nper_address_burst = 1000000\n"
                                 "[overload]\ntick_ms = 60000\nmemory_mib = 65536\n"
                                 "[limits]\nlinks = 1000000\nlinks_per_address = 1000000\n"
                                 "half_open_per_address = 1000000\narrivals_per_address_burst = 1000000\n"
                                 "strangers = 1000000\nlogin_s = 60\nidle_s = 120\n"
                                 "mailbox_messages = 1000000\nmailbox_mib = 4096\nmailbox_sender_percent = 100\n"
                                 "requests_burst = 1000000\nrequests_per_s = 1000000\n"
                                 "frames_burst = 1000000\nframes_per_s = 1000000\n";
        const auto data = (directory / "data").string();
        int out[2];
        if (::pipe(out) != 0) throw std::runtime_error("pipe failed");
        pid_ = ::fork();
        if (pid_ == 0) {
            ::dup2(out[1], STDOUT_FILENO);
            ::close(out[0]);
            ::execl(program.c_str(), program.c_str(), "--data", data.c_str(), "--listen", "127.0.0.1:0", "--config",
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
    ~Process()
    {
        ::kill(pid_, SIGTERM);
        int status = 0;
        ::waitpid(pid_, &status, 0);
        ::close(out_);
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    [[nodiscard]] const wire::RelayAddress& address() const { return address_; }
    [[nodiscard]] Usage usage() const { return usage_of(pid_); }

private:
    pid_t pid_ = 0;
    int out_ = -1;
    wire::RelayAddress address_;
};

/// Wall time and the relay's processor time of a stretch.
class Stretch {
public:
    explicit Stretch(const Process& relay) : relay_(relay), cpu_(relay.usage().cpu_s), since_(loop::Loop::now().mono) {}
    [[nodiscard]] double wall_s() const { return Seconds(loop::Loop::now().mono - since_).count(); }
    [[nodiscard]] double cpu_s() const { return relay_.usage().cpu_s - cpu_; }
    void tell(const char* what, std::size_t count) const
    {
        const auto wall = wall_s(), cpu = cpu_s();
        std::printf("%-40s %9zu  %9.0f /s  %9.0f /s of a core  (relay %.0f %% busy)\n", what, count,
                    static_cast<double>(count) / wall, cpu > 0 ? static_cast<double>(count) / cpu : 0.0,
                    100 * cpu / wall);
        std::fflush(stdout);
    }

private:
    const Process& relay_;
    double cpu_;
    Instant since_;
};

/// A round of some hundred logins and thousands of messages: what the allocator keeps for later is far below it.
constexpr double slope_kib_max = 64;
constexpr std::size_t soak_rounds_min = 12;
constexpr std::size_t coming_max = 64; ///< At once: what a crowd behind one address looks like.

class Load {
public:
    Load(const Options& options, const Process& relay)
        : options_(options), relay_(relay), at_{loop_, entropy_, relay.address(), options.tls}
    {
        for (std::size_t n = 0; n < options.clients; ++n)
            users_.push_back(std::make_unique<User>(at_, n + 1));
    }

    void run()
    {
        const auto empty = relay_.usage().rss_kib;
        {
            Stretch all(relay_);
            bring_in(users_.size(), true);
            all.tell("registered (handshake, 3 signatures)", users_.size());
        }
        idle(empty);
        const auto back = std::min(options_.logins, users_.size());
        for (std::size_t n = 0; n < back; ++n)
            users_[n]->leave();
        run_for(1);
        {
            Stretch all(relay_);
            bring_in(back, false);
            all.tell("logins (handshake, known device)", back);
        }
        messages();
    }

    /// False: memory grows with the rounds.
    bool soak()
    {
        bring_in(users_.size(), true);
        std::vector<double> kib;
        const Stretch all(relay_);
        std::size_t moved = 0;
        while (all.wall_s() < options_.soak_seconds || kib.size() < soak_rounds_min) {
            moved += messages(false);
            for (auto& user : users_)
                user->leave();
            run_for(0.5);
            bring_in(users_.size(), false);
            kib.push_back(relay_.usage().rss_kib);
            std::printf("  round %zu: %.1f MiB\n", kib.size(), kib.back() / 1024);
            std::fflush(stdout);
        }
        const auto slope =
            slope_of(std::vector<double>(kib.begin() + static_cast<std::ptrdiff_t>(kib.size() / 2), kib.end()));
        std::printf("%-40s %9zu rounds of %zu logins; %zu messages; memory %+.1f KiB a round (at most %.0f)\n", "soak",
                    kib.size(), users_.size(), moved, slope, slope_kib_max);
        return slope <= slope_kib_max;
    }

    /// Handshakes that are done, and nothing after them.
    void strangers()
    {
        std::vector<std::unique_ptr<Silent>> all;
        const auto before = relay_.usage().rss_kib;
        for (std::size_t n = 0; n < options_.strangers; ++n) {
            all.push_back(std::make_unique<Silent>(at_, 1'000'000 + n));
            while (coming(all) >= coming_max && loop_.run_once(std::chrono::seconds(1))) {}
        }
        const auto end = loop::Loop::now().mono + std::chrono::seconds(20);
        while (coming(all) > 0 && loop::Loop::now().mono < end)
            loop_.run_once(std::chrono::milliseconds(100));
        const auto up = std::count_if(all.begin(), all.end(), [](const auto& one) { return one->up; });
        std::printf("%-40s %9td  %9.1f KiB each\n", "strangers (handshake, silent)", up,
                    (relay_.usage().rss_kib - before) / static_cast<double>(std::max<std::ptrdiff_t>(up, 1)));
    }

private:
    struct Silent final : port::LinkObserver {
        Silent(Relayed& at, std::uint64_t number)
        {
            Bytes seed(32, 0x51);
            std::memcpy(seed.data(), &number, sizeof number);
            const auto identity = tls::Identity::from_seed(tls::Seed(seed.data(), 32));
            tls::DialOptions options;
            options.peer.expected = at.relay.key;
            options.link.idle_max = std::chrono::seconds(120);
            const auto to = loop::Address::loopback_v4(at.relay.port);
            link = at.over_tls ? tls::dial(at.loop, to, *identity, options, *this)
                               : quic::dial(at.loop, to, *identity, options, at.entropy, *this);
        }
        void link_up(port::Link&) override { up = true; }
        void link_frame(port::Link&, BytesView) override {}
        void link_writable(port::Link&) override {}
        void link_down(port::Link&, const Error&) override { down = true; }
        std::unique_ptr<port::Link> link;
        bool up = false;
        bool down = false;
    };
    static std::size_t coming(const std::vector<std::unique_ptr<Silent>>& all)
    {
        return static_cast<std::size_t>(
            std::count_if(all.begin(), all.end(), [](const auto& one) { return !one->up && !one->down; }));
    }

    void run_for(double seconds)
    {
        const auto end = loop::Loop::now().mono + std::chrono::duration_cast<Duration>(Seconds(seconds));
        for (auto now = loop::Loop::now().mono; now < end; now = loop::Loop::now().mono)
            loop_.run_once(end - now);
    }

    void bring_in(std::size_t count, bool registers)
    {
        std::size_t next = 0, coming = 0, done = 0;
        std::string trouble;
        const auto begun = loop::Loop::now().mono;
        const auto patience = std::chrono::seconds(120) + std::chrono::milliseconds(20) * static_cast<int>(count);
        while (done < count) {
            while (next < count && coming < coming_max) {
                ++coming;
                users_[next++]->come(registers, [&](User& who, bool in) {
                    --coming;
                    ++done;
                    if (!in && trouble.empty()) trouble = who.why();
                });
            }
            loop_.run_once(std::chrono::milliseconds(100));
            if (loop::Loop::now().mono - begun > patience) throw std::runtime_error("they do not come in: " + trouble);
        }
        if (!trouble.empty()) throw std::runtime_error("not all came in: " + trouble);
    }

    /// Each says a word every 25 s, as clients do.
    void idle(double empty_kib)
    {
        run_for(2);
        const auto each = (relay_.usage().rss_kib - empty_kib) / static_cast<double>(users_.size());
        const Stretch still(relay_);
        const auto begun = loop::Loop::now().mono;
        constexpr auto every = std::chrono::seconds(25);
        std::size_t pinged = 0;
        for (double passed = 0; passed < options_.idle_seconds; passed = still.wall_s()) {
            const auto due =
                static_cast<std::size_t>(passed / Seconds(every).count() * static_cast<double>(users_.size()));
            for (; pinged < due; ++pinged)
                users_[pinged % users_.size()]->ping();
            loop_.run_once(std::chrono::milliseconds(20));
        }
        (void)begun;
        std::printf("%-40s %9zu  %9.1f KiB each  %.1f %% of a core (empty: %.1f MiB)\n", "idle, a ping each 25 s",
                    users_.size(), each, 100 * still.cpu_s() / still.wall_s(), empty_kib / 1024);
        std::fflush(stdout);
    }

    /// Of a line through them (least squares), for each step.
    static double slope_of(const std::vector<double>& values)
    {
        const auto n = static_cast<double>(values.size());
        double x = 0, y = 0, xy = 0, xx = 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
            const auto at = static_cast<double>(i);
            x += at, y += values[i], xy += at * values[i], xx += at * at;
        }
        return (n * xy - x * y) / (n * xx - x * x);
    }

    /// How many.
    std::size_t messages(bool told = true)
    {
        const auto senders = std::min(options_.senders, users_.size());
        std::vector<double> took_ms;
        std::size_t sent = 0, answered = 0, delivered = 0;
        const Stretch all(relay_);
        const auto feed = [&](User& who) {
            while (sent < options_.messages && all.wall_s() < options_.seconds && who.in_flight() < options_.window &&
                   who.put(options_.bytes))
                ++sent;
        };
        for (std::size_t n = 0; n < senders; ++n) {
            users_[n]->on_put = [&](User& who, Duration took) {
                ++answered;
                took_ms.push_back(std::chrono::duration<double, std::milli>(took).count());
                feed(who);
            };
            users_[n]->on_mail = [&](User&) { ++delivered; };
            feed(*users_[n]);
        }
        const auto is_done = [&] { return answered == sent && delivered == sent; };
        while (!is_done() && all.wall_s() < options_.seconds + 20) {
            for (std::size_t n = 0; n < senders; ++n)
                if (users_[n]->state() == User::State::failed) throw std::runtime_error(users_[n]->why());
            loop_.run_once(std::chrono::milliseconds(100));
        }
        if (!is_done()) throw std::runtime_error("messages were accepted and did not come");
        for (auto& one : users_)
            one->on_put = nullptr, one->on_mail = nullptr;
        if (!told) return answered;
        const auto what = "durable messages of " + std::to_string(options_.bytes) + " bytes, and back";
        all.tell(what.c_str(), answered);
        std::sort(took_ms.begin(), took_ms.end());
        const auto at = [&](double share) {
            return took_ms.empty() ? 0
                                   : took_ms[static_cast<std::size_t>(share * static_cast<double>(took_ms.size() - 1))];
        };
        std::printf("%-40s %9s  p50 %.1f ms, p99 %.1f ms (%zu senders, %zu in flight each)\n", "  accepted after", "",
                    at(0.5), at(0.99), senders, options_.window);
        return answered;
    }

    const Options& options_;
    const Process& relay_;
    loop::Loop loop_;
    loop::SystemEntropy entropy_;
    Relayed at_;
    std::vector<std::unique_ptr<User>> users_;
};

void raise_open_files_limit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

int run(const Options& options)
{
    ::signal(SIGPIPE, SIG_IGN);
    raise_open_files_limit();
    char name[] = "/tmp/godwit-relay-load-XXXXXX";
    if (::mkdtemp(name) == nullptr) throw std::runtime_error("no room in /tmp");
    struct Directory {
        std::filesystem::path path;
        ~Directory() { std::filesystem::remove_all(path); }
    } directory{name};
    std::printf("over %s\n", options.tls ? "TLS" : "QUIC");
    {
        const Process relay(options.relay, directory.path);
        Load load(options, relay);
        if (options.soak_seconds > 0) return load.soak() ? 0 : 1;
        load.run();
    }
    if (options.strangers == 0) return 0;
    std::filesystem::remove_all(directory.path / "data");
    const Process relay(options.relay, directory.path);
    Options none = options;
    none.clients = 0;
    Load(none, relay).strangers();
    return 0;
}

} // namespace
} // namespace bench

int main(int argc, char** argv)
{
    bench::Options options;
    CLI::App app("A relay under load on the loopback interface: logins, messages, memory. Bounded.");
    app.add_option("--relay", options.relay, "The program godwit-relay")->required();
    app.add_option("--clients", options.clients, "Users that are connected")->check(CLI::Range(1, 20'000));
    app.add_option("--logins", options.logins, "Of them that leave and come back")->check(CLI::Range(0, 20'000));
    app.add_option("--senders", options.senders, "Of them that send")->check(CLI::Range(1, 20'000));
    app.add_option("--window", options.window, "Envelopes of each that are not answered")->check(CLI::Range(1, 1000));
    app.add_option("--bytes", options.bytes, "Of an envelope")->check(CLI::Range(1, 200'000));
    app.add_option("--messages", options.messages, "At most so many")->check(CLI::Range(0, 10'000'000));
    app.add_option("--strangers", options.strangers, "Links that say nothing")->check(CLI::Range(0, 10'000));
    app.add_option("--seconds", options.seconds, "Of messages, at most")->check(CLI::Range(1, 600));
    app.add_option("--idle-seconds", options.idle_seconds, "How long the idle ones are watched")
        ->check(CLI::Range(1, 600));
    app.add_option("--soak", options.soak_seconds, "Rounds for so many seconds, and the slope of its memory")
        ->check(CLI::Range(1, 86'400));
    app.add_flag("--tls", options.tls, "Over TLS, not QUIC");
    CLI11_PARSE(app, argc, argv);
    try {
        return bench::run(options);
    } catch (const std::exception& trouble) {
        std::fprintf(stderr, "relay_load: %s\n", trouble.what());
        return 1;
    }
}
