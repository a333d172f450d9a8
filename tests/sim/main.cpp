// SPDX-License-Identifier: Apache-2.0
// The simulator's program: many seeds on a few processes, one verdict line at the end. docs/sim.md.
//
//   sim --seeds 2000 [--seed 1] [--jobs 2]     seeds 1..2000
//   sim --seed 17 [--keep 3,5,9] [--minimise]  one seed, some of its steps, made small
//       [--no-acts] [--no-groups] [--no-files] [--no-turnover]     without what came later than the seeds
//       [--removals]                               people remove what was said from their own history (not in the gate
//       yet)
//   sim --found FILE                           seeds that found something once
//   sim --hashes --seeds 20                    also prints what happened, as a number
//   sim --gate                                 what CI runs: gate_seeds, or GODWIT_SIM_SEEDS of them
//
// Each process of the pool runs seeds one after the other and writes what it does into a pipe, so that one that dies
// (an assertion, a crash) tells which seed it died on, and the others go on.
#include "tests/sim/minimise.hpp"
#include "tests/sim/walk.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include <poll.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace godwit;
using namespace godwit::testing;

namespace {

/// Processor time for one seed; past it, it counts as hanging. Not real time: a busy machine is no hanging seed.
constexpr long seed_seconds_max = 60;
constexpr std::size_t minimise_runs_max = 400;
constexpr std::uint64_t gate_seeds = 400;
constexpr unsigned gate_jobs = 2;
constexpr std::size_t failures_shown_max = 20;

struct Job {
    std::uint64_t seed = 0;
    std::vector<std::uint32_t> keep;
    bool keeps_all = true;
    Extras extras{}; ///< Of those that found something: as it was when they did.
};

struct Options {
    std::uint64_t first = 1;
    std::uint64_t seeds = 0;
    unsigned jobs = 1;
    std::vector<std::uint32_t> keep;
    bool keeps_all = true;
    Extras extras{};
    bool minimise = false;
    bool hashes = false;
    bool fail_fast = false;
    std::string found;
};

[[noreturn]] void usage()
{
    std::fprintf(stderr,
                 "usage: sim [--seeds N] [--seed S] [--jobs J] [--keep I,J,…] [--no-acts] [--no-groups] [--no-files] "
                 "[--no-turnover] [--removals] [--minimise] [--hashes] [--fail-fast] [--found FILE] [--gate]\n");
    std::exit(2);
}

std::uint64_t number(const char* text)
{
    char* rest = nullptr;
    const auto out = std::strtoull(text, &rest, 10);
    if (rest == text || *rest != '\0') usage();
    return out;
}

std::vector<std::uint32_t> numbers(const std::string& text)
{
    std::vector<std::uint32_t> out;
    std::istringstream in(text);
    for (std::string one; std::getline(in, one, ',');)
        out.push_back(static_cast<std::uint32_t>(number(one.c_str())));
    return out;
}

std::string joined(const std::vector<std::uint32_t>& all)
{
    std::string out;
    for (const auto one : all)
        out += (out.empty() ? "" : ",") + std::to_string(one);
    return out;
}

std::string replay_command(const Job& job)
{
    return "./dev sim --seed " + std::to_string(job.seed) + (job.keeps_all ? "" : " --keep " + joined(job.keep)) +
           (job.extras.acts ? "" : " --no-acts") + (job.extras.groups ? "" : " --no-groups") +
           (job.extras.files ? "" : " --no-files") + (job.extras.turnover ? "" : " --no-turnover") +
           (job.extras.removals ? " --removals" : "");
}

/// What one seed came to, in a line that survives a pipe.
struct SeedResult {
    bool finished = false;
    std::string verdict;
    std::uint64_t hash = 0, said = 0, accepted = 0, happened = 0, turned = 0, rest_ms = 0;
};

std::string to_line(const Outcome& outcome)
{
    std::ostringstream out;
    out << outcome.hash << ' ' << outcome.said << ' ' << outcome.accepted << ' ' << outcome.happened << ' '
        << outcome.turned << ' ' << std::chrono::duration_cast<std::chrono::milliseconds>(outcome.rest).count() << ' '
        << outcome.verdict;
    auto line = out.str();
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line + '\n';
}

SeedResult from_line(const std::string& line)
{
    SeedResult out;
    std::istringstream in(line);
    in >> out.hash >> out.said >> out.accepted >> out.happened >> out.turned >> out.rest_ms;
    out.finished = !in.fail();
    std::getline(in >> std::ws, out.verdict);
    return out;
}

Outcome run_job(const Job& job)
{
    return run_seed(job.seed, job.keeps_all ? nullptr : &job.keep, job.extras);
}

void write_all(int fd, const std::string& text)
{
    for (std::size_t at = 0; at < text.size();) {
        const auto n = ::write(fd, text.data() + at, text.size() - at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) ::_exit(3);
        at += static_cast<std::size_t>(n);
    }
}

/// A process that runs jobs[next], jobs[next + stride], … and writes a line for each.
struct Worker {
    pid_t pid = -1;
    int fd = -1;
    std::size_t next = 0; ///< The job it is at.
    std::string unread;
};

void limit_processor_time()
{
    itimerval limit{};
    limit.it_value.tv_sec = seed_seconds_max;
    ::setitimer(ITIMER_PROF, &limit, nullptr);
}

Worker spawn(const std::vector<Job>& jobs, std::size_t next, std::size_t stride)
{
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    std::fflush(nullptr);
    Worker out;
    out.next = next;
    out.pid = ::fork();
    if (out.pid < 0) std::abort();
    if (out.pid == 0) {
        ::close(ends[0]);
        for (auto at = next; at < jobs.size(); at += stride) {
            limit_processor_time();
            write_all(ends[1], to_line(run_job(jobs[at])));
        }
        std::fflush(nullptr);
        ::_exit(0);
    }
    ::close(ends[1]);
    out.fd = ends[0];
    return out;
}

std::string how_it_ended(int status)
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF)
        return "hangs: not done after " + std::to_string(seed_seconds_max) + " s of the processor";
    if (WIFSIGNALED(status)) return std::string("dies: ") + ::strsignal(WTERMSIG(status));
    return "dies: exit " + std::to_string(WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

/// Runs all; tells each result as it comes; stops early when told to.
void run_jobs(const std::vector<Job>& jobs, unsigned processes,
              const std::function<bool(const Job&, const SeedResult&)>& tell)
{
    const auto stride = std::max<std::size_t>(1, std::min<std::size_t>(processes, jobs.size()));
    std::vector<Worker> workers;
    for (std::size_t i = 0; i < stride; ++i)
        workers.push_back(spawn(jobs, i, stride));
    bool going = true;
    while (going && !workers.empty()) {
        std::vector<pollfd> waiting;
        for (const auto& worker : workers)
            waiting.push_back({worker.fd, POLLIN, 0});
        if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
        for (std::size_t i = workers.size(); i-- > 0 && going;) {
            if (waiting[i].revents == 0) continue;
            auto& worker = workers[i];
            char buffer[4096];
            const auto n = ::read(worker.fd, buffer, sizeof buffer);
            if (n > 0) worker.unread.append(buffer, static_cast<std::size_t>(n));
            for (auto end = worker.unread.find('\n'); end != std::string::npos && going;
                 end = worker.unread.find('\n')) {
                going = tell(jobs[worker.next], from_line(worker.unread.substr(0, end)));
                worker.unread.erase(0, end + 1);
                worker.next += stride;
            }
            if (n > 0) continue;
            int status = 0;
            ::waitpid(worker.pid, &status, 0);
            ::close(worker.fd);
            const auto died_at = worker.next;
            workers.erase(workers.begin() + static_cast<std::ptrdiff_t>(i));
            if (died_at >= jobs.size() || !going) continue;
            SeedResult dead;
            dead.finished = true;
            dead.verdict = how_it_ended(status);
            going = tell(jobs[died_at], dead);
            if (going && died_at + stride < jobs.size()) workers.push_back(spawn(jobs, died_at + stride, stride));
        }
    }
    for (const auto& worker : workers) {
        ::kill(worker.pid, SIGKILL);
        ::waitpid(worker.pid, nullptr, 0);
        ::close(worker.fd);
    }
}

std::string kind_of(const std::string& verdict)
{
    return verdict.substr(0, verdict.find(':'));
}

SeedResult run_apart(const Job& job)
{
    SeedResult out;
    run_jobs({job}, 1, [&](const Job&, const SeedResult& result) {
        out = result;
        return true;
    });
    return out;
}

/// Prints the smallest scenario found.
void make_small(Job job, const std::string& verdict)
{
    const auto swarm = make_swarm(job.seed, job.extras);
    const auto steps = make_steps(job.seed, swarm);
    if (job.keeps_all)
        for (const auto& step : steps)
            job.keep.push_back(step.index);
    job.keeps_all = false;
    const auto before = job.keep.size();
    const auto fails = [&](const std::vector<std::uint32_t>& keep) {
        return kind_of(run_apart({job.seed, keep, false, job.extras}).verdict) == kind_of(verdict);
    };
    job.keep = minimise(job.keep, fails, minimise_runs_max);
    std::printf("sim: seed %llu: %zu of %zu steps suffice: %s\n", static_cast<unsigned long long>(job.seed),
                job.keep.size(), before, run_apart(job).verdict.c_str());
    std::printf("     %s\n", swarm.describe().c_str());
    for (const auto& step : steps)
        if (std::find(job.keep.begin(), job.keep.end(), step.index) != job.keep.end())
            std::printf("     %s (%s)\n", describe(step).c_str(),
                        swarm.devices[step.who % swarm.devices.size()].name.c_str());
    std::printf("     replay: %s\n", replay_command(job).c_str());
}

/// Lines "SEED [acts] [groups] [files] [turnover] [removals] [keep=I,J,…] # what it found". Without a word: from
/// before there were any.
std::vector<Job> read_found(const std::string& path)
{
    std::ifstream in(path);
    if (!in) {
        std::fprintf(stderr, "sim: cannot read %s\n", path.c_str());
        std::exit(2);
    }
    std::vector<Job> out;
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line.substr(0, line.find('#')));
        std::string seed;
        if (!(words >> seed)) continue;
        Job job;
        job.seed = number(seed.c_str());
        job.extras = no_extras;
        for (std::string word; words >> word;) {
            if (word == "acts") {
                job.extras.acts = true;
            } else if (word == "groups") {
                job.extras.groups = true;
            } else if (word == "files") {
                job.extras.files = true;
            } else if (word == "turnover") {
                job.extras.turnover = true;
            } else if (word == "removals") {
                job.extras.removals = true;
            } else {
                if (!word.starts_with("keep=")) usage();
                job.keep = numbers(word.substr(5));
                job.keeps_all = false;
            }
        }
        out.push_back(std::move(job));
    }
    return out;
}

Options read_options(int argc, char** argv)
{
    Options out;
    bool seed_named = false;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        const auto value = [&]() -> const char* {
            if (i + 1 >= argc) usage();
            return argv[++i];
        };
        if (word == "--seeds")
            out.seeds = number(value());
        else if (word == "--seed") {
            out.first = number(value());
            seed_named = true;
        } else if (word == "--jobs")
            out.jobs = static_cast<unsigned>(number(value()));
        else if (word == "--keep") {
            out.keep = numbers(value());
            out.keeps_all = false;
        } else if (word == "--no-acts")
            out.extras.acts = false;
        else if (word == "--no-groups")
            out.extras.groups = false;
        else if (word == "--no-files")
            out.extras.files = false;
        else if (word == "--no-turnover")
            out.extras.turnover = false;
        else if (word == "--removals")
            out.extras.removals = true;
        else if (word == "--minimise")
            out.minimise = true;
        else if (word == "--hashes")
            out.hashes = true;
        else if (word == "--gate") {
            // What `meson test` runs: a bounded share of the campaign, wider where there is time.
            const char* wider = std::getenv("GODWIT_SIM_SEEDS");
            out.seeds = wider != nullptr ? number(wider) : gate_seeds;
            out.jobs = gate_jobs;
            out.extras.turnover = false; // Seed 369 is not mended yet (docs/found-bugs.md).
        } else if (word == "--fail-fast")
            out.fail_fast = true;
        else if (word == "--found")
            out.found = value();
        else
            usage();
    }
    if (out.seeds == 0) out.seeds = seed_named ? 1 : 200;
    return out;
}

} // namespace

int main(int argc, char** argv)
{
    const auto options = read_options(argc, argv);
    std::vector<Job> jobs;
    if (!options.found.empty())
        jobs = read_found(options.found);
    else
        for (std::uint64_t i = 0; i < options.seeds; ++i)
            jobs.push_back({options.first + i, options.keep, options.keeps_all, options.extras});
    if (jobs.size() == 1 && !options.minimise && std::getenv("GODWIT_TRACE") != nullptr) {
        const auto outcome = run_job(jobs[0]); // In this process, so that a debugger sees it.
        std::printf("sim: seed %llu: %s\n", static_cast<unsigned long long>(jobs[0].seed), outcome.verdict.c_str());
        return outcome.verdict.empty() ? 0 : 1;
    }

    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::pair<Job, std::string>> failures;
    SeedResult sum;
    std::uint64_t done = 0;
    run_jobs(jobs, options.jobs, [&](const Job& job, const SeedResult& result) {
        ++done;
        sum.said += result.said;
        sum.accepted += result.accepted;
        sum.happened += result.happened;
        sum.turned += result.turned;
        sum.rest_ms = std::max(sum.rest_ms, result.rest_ms);
        const auto seed = static_cast<unsigned long long>(job.seed);
        if (options.hashes)
            std::printf("sim: seed %llu hash %016llx\n", seed, static_cast<unsigned long long>(result.hash));
        if (!result.verdict.empty()) {
            failures.emplace_back(job, result.verdict);
            if (failures.size() <= failures_shown_max)
                std::printf("sim: seed %llu: %s\n     replay: %s\n", seed, result.verdict.c_str(),
                            replay_command(job).c_str());
            std::fflush(stdout);
        }
        return failures.empty() || !options.fail_fast;
    });
    if (options.minimise)
        for (const auto& [job, verdict] : failures)
            make_small(job, verdict);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::printf("sim: %llu seeds, %zu failed; %llu messages said, %llu accepted; %llu events; %llu relayed paths; "
                "slowest to be terminal %.1f s; %.1f s, %.1f seeds/s\n",
                static_cast<unsigned long long>(done), failures.size(), static_cast<unsigned long long>(sum.said),
                static_cast<unsigned long long>(sum.accepted), static_cast<unsigned long long>(sum.happened),
                static_cast<unsigned long long>(sum.turned), static_cast<double>(sum.rest_ms) / 1000, took.count(),
                static_cast<double>(done) / std::max(took.count(), 1e-9));
    return failures.empty() ? 0 : 1;
}
