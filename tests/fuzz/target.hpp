// SPDX-License-Identifier: Apache-2.0
// fuzz: bytes of a stranger into every door that takes them. A file in targets/ holds a family of targets:
//
//   FUZZ_TARGET(ice_candidate, "candidate", 300, seeds)   name, dictionary, longest input, how to begin (or nullptr)
//   {
//       …feed `input`; FUZZ_CHECK what must hold whatever it says
//   }
//
// Two programs run them: `fuzz` (driver.cpp, any compiler, part of the tests) replays what is known and mutates it a
// little; one per family (libfuzzer.cpp, clang) looks for news. docs/hacking.md says how to add one.
#pragma once

#include "lib/base/bytes.hpp"

#include <string>
#include <vector>

namespace godwit::fuzz {

/// Inputs to begin with, made by the code's own encoders: they follow every change of a format.
using Seeds = std::vector<Bytes> (*)();

struct Target {
    const char* name;
    const char* dictionary; ///< dictionaries/NAME.dict; "" for none.
    std::size_t bytes_max;
    Seeds seeds;
    void (*run)(BytesView input);
};

/// Every target that is linked in, by name.
[[nodiscard]] std::vector<Target>& targets();
[[nodiscard]] const Target* find_target(std::string_view name);

struct Registered {
    explicit Registered(const Target& target);
};

/// Once, before the first input: entropy of vendors from a seed, test helpers' REQUIRE and CHECK lead to failed().
void prepare();
/// Says what and where, and aborts: libFuzzer and the driver take it from there.
[[noreturn]] void failed(const char* file, int line, const std::string& what);

/// Decisions out of bytes. Where they end everything is zero, so that a shorter input is a simpler story. Two in one
/// list of arguments would be taken in an order that differs between compilers, and an input would mean two things.
class Choices {
public:
    explicit Choices(BytesView input) : rest_(input) {}
    [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
    std::uint8_t byte()
    {
        if (rest_.empty()) return 0;
        const auto out = rest_.front();
        rest_ = rest_.subspan(1);
        return out;
    }
    /// 0 … sides - 1. One byte for up to 256 sides, two above.
    std::size_t dice(std::size_t sides)
    {
        const auto value = static_cast<std::size_t>(number(sides > 256 ? 2 : 1));
        return sides == 0 ? 0 : value % sides;
    }
    bool flag() { return (byte() & 1) != 0; }
    std::uint64_t number(unsigned bytes)
    {
        std::uint64_t out = 0;
        for (unsigned i = 0; i < bytes; ++i)
            out = out << 8 | byte();
        return out;
    }
    /// A length (one byte, two when `bytes_max` is above 255), and so many bytes or what is left.
    BytesView bytes(std::size_t bytes_max)
    {
        auto wanted = dice(bytes_max + 1);
        wanted = std::min(wanted, rest_.size());
        const auto out = rest_.first(wanted);
        rest_ = rest_.subspan(wanted);
        return out;
    }
    std::string text(std::size_t bytes_max) { return std::string(as_text(bytes(bytes_max))); }
    BytesView rest()
    {
        const auto out = rest_;
        rest_ = {};
        return out;
    }

private:
    BytesView rest_;
};

/// `original` with a few edits of the input's choice: flips, writes, cuts, inserts, doubled parts.
[[nodiscard]] Bytes mutated(BytesView original, Choices& choices);

} // namespace godwit::fuzz

#define FUZZ_TARGET(name, dictionary, bytes_max, seeds)                                                                \
    static void fuzz_##name(::godwit::BytesView input);                                                                \
    static const ::godwit::fuzz::Registered registered_##name({#name, dictionary, bytes_max, seeds, fuzz_##name});     \
    static void fuzz_##name([[maybe_unused]] ::godwit::BytesView input)

#define FUZZ_CHECK(condition)                                                                                          \
    do {                                                                                                               \
        if (!(condition)) ::godwit::fuzz::failed(__FILE__, __LINE__, #condition);                                      \
    } while (false)
