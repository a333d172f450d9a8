// SPDX-License-Identifier: Apache-2.0
// A relay process under load, on the loopback interface: what it does in a second, and what it takes.
//
//   register N users -> idle: memory of each, processor time of all -> they leave and come back: logins
//   -> some of them put envelopes as fast as they are answered: to themselves, to 10 contacts, to 100: durable messages
//   -> as many strangers as allowed stand in front of the door: memory of each, and whose it is: ours, ngtcp2's,
//   GnuTLS's
//
//   --goals          with 10,000 users, and at the end what was wanted beside what came. Exit code 1 when it is less.
//   --soak SECONDS   instead: see soak.hpp. Exit code 1 when something grew.
//
// Bounded in count and time.
#include "bench/figures.hpp"
#include "bench/relay/crowd.hpp"
#include "bench/relay/soak.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <sys/resource.h>
#include <unistd.h>

namespace bench {
namespace {

struct Options {
    std::string relay;
    std::size_t clients = 1000;
    std::size_t logins = 500;
    std::size_t senders = 32;
    std::size_t window = 32;
    std::size_t bytes = 1024;
    std::size_t messages = 50'000;
    std::size_t strangers = 500;
    double seconds = 10;      ///< Of each measurement of messages, at most.
    double idle_seconds = 28; ///< In which each is asked once.
    bool tls = false;
    std::string owners;          ///< bench/relay/owners.cpp; empty: whose the memory is is not asked.
    double stranger_kib_max = 0; ///< Of ours; 0: whatever it is.
    double rate = 10'000;        ///< Messages a second, of which it is measured how soon they are accepted.
    bool goals = false;
    Soak soak;
};

/// What we hold ourselves to.
class Goals {
public:
    void at_least(const char* what, double came, double wanted)
    {
        all_.push_back({what, came, wanted, came >= wanted});
    }
    void at_most(const char* what, double came, double wanted) { all_.push_back({what, came, wanted, came <= wanted}); }
    /// True: each was reached.
    [[nodiscard]] bool tell() const
    {
        std::printf("\n%-62s %10s %10s\n", "goal", "came", "wanted");
        for (const auto& [what, came, wanted, reached] : all_)
            std::printf("%-62s %10.1f %10.0f  %s\n", what, came, wanted, reached ? "ok" : "SHORT");
        return std::all_of(all_.begin(), all_.end(), [](const auto& one) { return one.reached; });
    }

private:
    struct Goal {
        const char* what;
        double came, wanted;
        bool reached;
    };
    std::vector<Goal> all_;
};

/// A second of the relay's own processor time does so many.
void keep(const char* what, const Stretch& stretch, std::size_t count)
{
    if (const auto cpu = stretch.cpu_s(); cpu > 0)
        figure(std::string("relay/") + what, static_cast<double>(count) / cpu);
}

void idle(const Options& options, Crowd& crowd, const RelayProcess& relay, double empty_kib, Goals& goals)
{
    crowd.run_for(2);
    const auto each = (relay.usage().rss_kib - empty_kib) / static_cast<double>(crowd.size());
    const Stretch still(relay);
    crowd.idle(options.idle_seconds);
    const auto busy = 100 * still.cpu_s() / still.wall_s();
    std::printf("%-44s %9zu  %8.1f KiB each  %.1f %% of a core (empty: %.1f MiB)\n", "idle, asked each 28 s",
                crowd.size(), each, busy, empty_kib / 1024);
    goals.at_least("idle clients in one process", static_cast<double>(crowd.size()), 10'000);
    goals.at_most("memory of an idle client, KiB", each, options.tls ? 32 : 80);
    goals.at_most("idle, percent of a core", busy, 5);
    std::fflush(stdout);
}

void messages(const Options& options, Crowd& crowd, const RelayProcess& relay, std::size_t recipients, Goals& goals)
{
    Crowd::Put how{.senders = options.senders,
                   .window = options.window,
                   .bytes = options.bytes,
                   .messages = options.messages,
                   .seconds = options.seconds,
                   .recipients = recipients};
    const auto bytes = std::to_string(options.bytes) + " bytes";
    if (recipients > 0) {
        how.senders = std::min<std::size_t>(options.senders, 8);
        how.window = std::min<std::size_t>(options.window, 8);
        how.messages /= recipients;
        crowd.befriend(how.senders, recipients);
    }
    const Stretch all(relay);
    const auto done = crowd.put(how);
    all.tell(recipients == 0 ? "durable messages of " + bytes + ", and back"
                             : "the same, each to " + std::to_string(recipients),
             done.messages);
    if (recipients == 0)
        goals.at_least("durable messages, of a second of a core", all.of_a_core(done.messages), 10'000);
    if (recipients == 0) keep("messages", all, done.messages);
    if (recipients > 0) all.tell("  deliveries of these", done.deliveries);
    if (recipients == 0) figure("relay/accept_p99_ms", done.p99_ms);
    std::printf("%-44s %9s  p50 %.1f ms, p99 %.1f ms (%zu senders, %zu in flight each)\n", "  accepted after", "",
                done.p50_ms, done.p99_ms, how.senders, how.window);
    std::fflush(stdout);
}

/// How soon a message is accepted when so many come, and not as many as it can bear.
void accepted_at_a_rate(const Options& options, Crowd& crowd, const RelayProcess& relay, Goals& goals)
{
    const Stretch all(relay);
    const auto done = crowd.put({.senders = options.senders,
                                 .window = 1000,
                                 .bytes = options.bytes,
                                 .messages = static_cast<std::size_t>(options.rate * options.seconds),
                                 .seconds = options.seconds,
                                 .rate = options.rate});
    all.tell("the same, " + std::to_string(static_cast<int>(options.rate)) + " a second", done.messages);
    std::printf("%-44s %9s  p50 %.1f ms, p99 %.1f ms\n", "  accepted after", "", done.p50_ms, done.p99_ms);
    std::fflush(stdout);
    const auto came = static_cast<double>(done.messages) / options.seconds;
    goals.at_least("durable messages a second, as offered", came, 0.99 * options.rate);
    goals.at_most("accepted within, p99 at that rate, ms", done.p99_ms, 50);
}

void members(const Options& options, const RelayProcess& relay, Goals& goals)
{
    const auto empty = relay.usage().rss_kib;
    Crowd crowd(relay, options.clients, options.tls ? Crowd::Over::tls : Crowd::Over::quic);
    {
        const Stretch all(relay);
        crowd.bring_in(crowd.size(), true);
        all.tell("registered (handshake, 3 signatures)", crowd.size());
    }
    idle(options, crowd, relay, empty, goals);
    if (const auto back = std::min(options.logins, crowd.size()); back > 0) {
        crowd.leave(back);
        const Stretch all(relay);
        crowd.bring_in(back, false);
        all.tell("logins (handshake, known device)", back);
        goals.at_least("logins, of a second of a core", all.of_a_core(back), 1'500);
        keep("logins", all, back);
    }
    if (options.messages == 0) return;
    messages(options, crowd, relay, 0, goals);
    if (options.rate > 0) accepted_at_a_rate(options, crowd, relay, goals);
    for (const std::size_t recipients : {std::size_t{10}, std::size_t{100}})
        if (crowd.size() >= recipients + 8) messages(options, crowd, relay, recipients, goals);
}

void strangers(const Options& options, const RelayProcess& relay)
{
    Crowd crowd(relay, 0, Crowd::Over::quic);
    const auto before = relay.usage().rss_kib;
    const auto up = crowd.strangers(options.strangers, options.tls);
    std::printf("%-44s %9zu  %8.1f KiB each\n", "strangers (handshake, silent)", up,
                (relay.usage().rss_kib - before) / static_cast<double>(std::max<std::size_t>(up, 1)));
    crowd.disperse();
}

/// Whose the memory of such a connection is, and how much it may be. False: more than that.
[[nodiscard]] bool strangers_by_owner(const Options& options, const RelayProcess& relay, Goals& goals)
{
    Crowd crowd(relay, 0, Crowd::Over::quic);
    crowd.strangers(16, options.tls); // what is there once, whoever comes
    const auto before = relay.memory_by_owner();
    const auto up = static_cast<double>(crowd.strangers(options.strangers, options.tls) - 16);
    auto each = relay.memory_by_owner();
    for (auto& [owner, kib] : each)
        kib = (kib - before.at(owner)) / up;
    if (!options.tls && each.at("ngtcp2_pages") <= 0) throw std::runtime_error("ngtcp2's memory is not told apart");
    std::printf(
        "%-44s %9.0f  ours %.1f KiB, ngtcp2 %.1f and pages of its pools %.1f, GnuTLS %.1f, SQLite %.1f, others %.1f\n",
        "  of it, each", up, each.at("program"), each.at("ngtcp2"), each.at("ngtcp2_pages"), each.at("gnutls"),
        each.at("sqlite"), each.at("others"));
    crowd.disperse();
    goals.at_most("a stranger's connection, KiB of ours", each.at("program"), 16);
    if (options.stranger_kib_max == 0 || each.at("program") <= options.stranger_kib_max) return true;
    std::printf("a stranger may take %.1f KiB of ours\n", options.stranger_kib_max);
    return false;
}

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
        ~Directory()
        {
            std::error_code ignored;
            std::filesystem::remove_all(path, ignored);
        }
    } directory{name};
    if (options.soak.seconds > 0) {
        const RelayProcess relay(options.relay, directory.path);
        return run_soak(options.soak, relay) ? 0 : 1;
    }
    std::printf("over %s\n", options.tls ? "TLS" : "QUIC");
    Goals goals;
    bool fine = true;
    if (options.clients > 0) {
        const RelayProcess relay(options.relay, directory.path);
        members(options, relay, goals);
    }
    if (options.strangers > 0) {
        std::filesystem::remove_all(directory.path / "data");
        const RelayProcess relay(options.relay, directory.path);
        strangers(options, relay);
    }
    if (options.strangers > 0 && !options.owners.empty()) {
        std::filesystem::remove_all(directory.path / "data");
        const RelayProcess relay(options.relay, directory.path, options.owners);
        fine = strangers_by_owner(options, relay, goals);
    }
    if (options.goals) fine = goals.tell() && fine;
    return fine ? 0 : 1;
}

} // namespace
} // namespace bench

int main(int argc, char** argv)
{
    bench::Options options;
    CLI::App app("A relay under load on the loopback interface: logins, messages, memory. Bounded.");
    app.add_option("--relay", options.relay, "The program godwit-relay")->required();
    app.add_option("--clients", options.clients, "Users that are connected; 0: only strangers")
        ->check(CLI::Range(0, 20'000));
    app.add_option("--logins", options.logins, "Of them that leave and come back")->check(CLI::Range(0, 20'000));
    app.add_option("--senders", options.senders, "Of them that send")->check(CLI::Range(1, 20'000));
    app.add_option("--window", options.window, "Envelopes of each that are not answered")->check(CLI::Range(1, 1000));
    app.add_option("--bytes", options.bytes, "Of an envelope")->check(CLI::Range(1, 200'000));
    app.add_option("--messages", options.messages, "At most so many")->check(CLI::Range(0, 10'000'000));
    app.add_option("--strangers", options.strangers, "Links that say nothing")->check(CLI::Range(0, 10'000));
    app.add_option("--owners", options.owners, "libgodwit_owners.so: whose a stranger's memory is");
    app.add_option("--stranger-kib-max", options.stranger_kib_max, "Of ours; more of it is exit code 1");
    app.add_option("--rate", options.rate, "Messages a second, for how soon they are accepted; 0: not measured")
        ->check(CLI::Range(0, 1'000'000));
    app.add_flag("--goals", options.goals, "10,000 clients unless told otherwise; less than was wanted is exit code 1");
    app.add_option("--seconds", options.seconds, "Of messages, at most")->check(CLI::Range(1, 600));
    app.add_option("--idle-seconds", options.idle_seconds, "How long the idle ones are watched")
        ->check(CLI::Range(1, 600));
    app.add_flag("--tls", options.tls, "Over TLS, not QUIC");
    app.add_option("--soak", options.soak.seconds, "Rounds for so many seconds, and whether anything grew")
        ->check(CLI::Range(1, 86'400));
    app.add_option("--soak-users", options.soak.users, "Who come and go each round")->check(CLI::Range(1, 20'000));
    app.add_option("--ledger", options.soak.ledger, "A CSV of what the relay took after each round of a soak");
    CLI11_PARSE(app, argc, argv);
    if (options.goals && app.count("--clients") == 0) options.clients = 10'000;
    try {
        return bench::run(options);
    } catch (const std::exception& trouble) {
        std::fprintf(stderr, "relay_load: %s\n", trouble.what());
        return 1;
    }
}
