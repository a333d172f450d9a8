// SPDX-License-Identifier: Apache-2.0
// The targets without libFuzzer: replays what is known (seeds, corpus) and mutates it a little, the same way for the
// same seed.
//
//   fuzz --corpus DIR [--runs N] [--seed S] [--family PREFIX,…] [TARGET…]   ends with "N passed, N failed" (targets)
//   fuzz --input FILE TARGET                                  one input, as libFuzzer left it
//   fuzz --list                                               name, dictionary and longest input of each
//   fuzz --corpus DIR --export OUT [TARGET…]                  seeds and corpus as files in OUT/TARGET/, for libFuzzer
//
// DIR/TARGET.hex: one input a line, # begins a remark. A failing input is named and stands in hex on stderr.
#include "tests/fuzz/target.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using godwit::Bytes;
using godwit::BytesView;
using godwit::fuzz::Target;

/// What was under way when the process died. Plain memory: a signal handler reads it.
const char* running_target = "";
char running_what[160] = "";
const Bytes* running_input = nullptr;

void write_error(const char* text, std::size_t size)
{
    while (size > 0) {
        const auto wrote = ::write(STDERR_FILENO, text, size);
        if (wrote <= 0) return;
        text += wrote;
        size -= static_cast<std::size_t>(wrote);
    }
}

void on_death(int signal_number)
{
    write_error("fuzz: ", 6);
    write_error(running_target, std::strlen(running_target));
    write_error(" died of ", 9);
    write_error(running_what, std::strlen(running_what));
    if (running_input != nullptr) {
        write_error("\ninput: ", 8);
        static constexpr char digits[] = "0123456789abcdef";
        for (const auto byte : *running_input) {
            const char two[2] = {digits[byte >> 4], digits[byte & 15]};
            write_error(two, 2);
        }
    }
    write_error("\n", 1);
    std::signal(signal_number, SIG_DFL);
    std::raise(signal_number);
}

struct Options {
    std::string corpus;
    std::string export_to;
    std::string input;
    std::string family;
    std::uint64_t runs = 200;
    std::uint64_t seed = 0;
    bool list = false;
    std::vector<std::string> names;
};

[[noreturn]] void usage(const std::string& why)
{
    std::fprintf(stderr, "fuzz: %s; see the first lines of tests/fuzz/driver.cpp\n", why.c_str());
    std::exit(2);
}

Options parse(int argc, char** argv)
{
    Options out;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        const auto value = [&]() -> std::string {
            if (i + 1 >= argc) usage(word + " wants a value");
            return argv[++i];
        };
        if (word == "--corpus")
            out.corpus = value();
        else if (word == "--export")
            out.export_to = value();
        else if (word == "--input")
            out.input = value();
        else if (word == "--family")
            out.family = value();
        else if (word == "--runs")
            out.runs = std::strtoull(value().c_str(), nullptr, 10);
        else if (word == "--seed")
            out.seed = std::strtoull(value().c_str(), nullptr, 10);
        else if (word == "--list")
            out.list = true;
        else if (word.starts_with("-"))
            usage("unknown option " + word);
        else if (godwit::fuzz::find_target(word) == nullptr)
            usage("unknown target " + word);
        else
            out.names.push_back(word);
    }
    return out;
}

bool is_chosen(const Options& options, std::string_view name)
{
    if (!options.names.empty())
        return std::find(options.names.begin(), options.names.end(), name) != options.names.end();
    if (options.family.empty()) return true;
    for (std::string_view rest = options.family; !rest.empty();) {
        const auto comma = rest.find(',');
        if (name.starts_with(rest.substr(0, comma))) return true;
        rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
    return false;
}

/// Seeds first, then the committed lines.
std::vector<Bytes> known_inputs(const Target& target, const std::string& corpus)
{
    auto out = target.seeds == nullptr ? std::vector<Bytes>() : target.seeds();
    std::ifstream in(corpus + "/" + target.name + ".hex");
    int number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        if (line.starts_with("#")) continue;
        const auto bytes = godwit::from_hex(line);
        if (!bytes) usage(corpus + "/" + target.name + ".hex:" + std::to_string(number) + " is not hexadecimal");
        out.push_back(*bytes);
    }
    return out;
}

std::uint64_t next(std::uint64_t& state)
{
    state += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

void run_one(const Target& target, const Bytes& input)
{
    running_input = &input;
    godwit::fuzz::prepare();
    target.run(input);
    running_input = nullptr;
}

void run_target(const Target& target, const Options& options)
{
    running_target = target.name;
    godwit::fuzz::prepare();
    std::snprintf(running_what, sizeof running_what, "making its seeds");
    const auto known = known_inputs(target, options.corpus);
    for (std::size_t i = 0; i < known.size(); ++i) {
        std::snprintf(running_what, sizeof running_what, "known input %zu", i);
        run_one(target, known[i]);
    }
    std::uint64_t state = options.seed;
    for (const char* c = target.name; *c != 0; ++c)
        state = state * 31 + static_cast<unsigned char>(*c);
    for (std::uint64_t run = 0; run < options.runs; ++run) {
        std::snprintf(running_what, sizeof running_what, "mutation %llu of seed %llu",
                      static_cast<unsigned long long>(run), static_cast<unsigned long long>(options.seed));
        Bytes dice(48);
        for (auto& byte : dice)
            byte = static_cast<std::uint8_t>(next(state));
        godwit::fuzz::Choices choices(dice);
        const Bytes none;
        Bytes input = godwit::fuzz::mutated(known.empty() ? none : known[next(state) % known.size()], choices);
        if (input.size() > target.bytes_max) input.resize(target.bytes_max);
        run_one(target, input);
    }
}

/// A target has a process of its own: the next ones run whatever becomes of it.
bool passes(const Target& target, const Options& options)
{
    const auto start = std::chrono::steady_clock::now();
    std::fflush(nullptr);
    const auto child = ::fork();
    if (child < 0) usage("cannot fork");
    if (child == 0) {
        for (const int one : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM})
            std::signal(one, on_death);
        ::alarm(300);
        run_target(target, options);
        std::exit(0); // Leaks are looked for, where a sanitizer does.
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    const bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::printf("%s %-22s %6.2f s\n", good ? "ok  " : "FAIL", target.name, took.count());
    return good;
}

void export_inputs(const Target& target, const Options& options)
{
    const std::filesystem::path folder = std::filesystem::path(options.export_to) / target.name;
    std::filesystem::create_directories(folder);
    std::size_t number = 0;
    for (const auto& bytes : known_inputs(target, options.corpus)) {
        std::ofstream out(folder / ("known-" + std::to_string(number++)), std::ios::binary);
        out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
}

int replay_file(const Options& options)
{
    if (options.names.size() != 1) usage("--input wants one target");
    std::ifstream in(options.input, std::ios::binary);
    if (!in) usage("cannot read " + options.input);
    const Bytes bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    run_one(*godwit::fuzz::find_target(options.names[0]), bytes);
    std::puts("nothing happened");
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    const Options options = parse(argc, argv);
    if (!options.input.empty()) return replay_file(options);
    int passed = 0;
    int failed = 0;
    if (!options.list && options.export_to.empty())
        std::printf("fuzz: seed %llu, %llu mutations a target\n", static_cast<unsigned long long>(options.seed),
                    static_cast<unsigned long long>(options.runs));
    for (const auto& target : godwit::fuzz::targets()) {
        if (!is_chosen(options, target.name)) continue;
        if (options.list)
            std::printf("%s %s %zu\n", target.name, *target.dictionary == 0 ? "-" : target.dictionary,
                        target.bytes_max);
        else if (!options.export_to.empty()) {
            godwit::fuzz::prepare();
            export_inputs(target, options);
        } else
            ++(passes(target, options) ? passed : failed);
    }
    if (options.list || !options.export_to.empty()) return 0;
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed != 0 || passed == 0 ? 1 : 0;
}
