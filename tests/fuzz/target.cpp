// SPDX-License-Identifier: Apache-2.0
#define DOCTEST_CONFIG_IMPLEMENT
#include "tests/fuzz/target.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sodium.h>

namespace godwit::fuzz {

std::vector<Target>& targets()
{
    static std::vector<Target> all;
    return all;
}

Registered::Registered(const Target& target)
{
    auto& all = targets();
    const auto place = std::lower_bound(all.begin(), all.end(), std::string_view(target.name),
                                        [](const Target& a, std::string_view name) { return a.name < name; });
    all.insert(place, target);
}

const Target* find_target(std::string_view name)
{
    for (const auto& target : targets())
        if (target.name == name) return &target;
    return nullptr;
}

void failed(const char* file, int line, const std::string& what)
{
    std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what.c_str());
    std::fflush(nullptr);
    std::abort();
}

namespace {

/// libsodium's own randomness (nonces of pages, keys of stores) from a counter: the same input takes the same way
/// every time. Nothing here protects anything.
std::uint64_t random_state = 1;

std::uint32_t next_random()
{
    random_state += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = random_state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    return static_cast<std::uint32_t>((z ^ (z >> 27)) >> 32);
}

void fill_random(void* out, std::size_t size)
{
    auto* bytes = static_cast<std::uint8_t*>(out);
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<std::uint8_t>(next_random() >> 24);
}

const char* random_name()
{
    return "fuzz";
}

randombytes_implementation seeded{random_name, next_random, nullptr, nullptr, fill_random, nullptr};

/// What tests' helpers REQUIRE or CHECK holds here too.
void on_assert(const doctest::AssertData& data)
{
    if (data.m_failed) failed(data.m_file, data.m_line, data.m_expr);
}

} // namespace

void prepare()
{
    static bool done = false;
    if (!done) {
        done = true;
        randombytes_set_implementation(&seeded);
        if (sodium_init() < 0) std::abort();
        static doctest::Context context;
        context.setAsDefaultForAssertsOutOfTestCases();
        context.setAssertHandler(on_assert);
    }
    random_state = 1;
}

Bytes mutated(BytesView original, Choices& choices)
{
    Bytes out = to_bytes(original);
    for (std::size_t edits = choices.dice(4) + 1; edits > 0; --edits) {
        const std::size_t at = out.empty() ? 0 : choices.number(2) % out.size();
        const std::size_t left = out.size() - at;
        const auto here = out.begin() + static_cast<std::ptrdiff_t>(at);
        switch (choices.dice(6)) {
        case 0:
            if (left > 0) out[at] = static_cast<std::uint8_t>(out[at] ^ (1u << choices.dice(8)));
            break;
        case 1:
            if (left > 0) out[at] = choices.byte();
            break;
        case 2: out.resize(at); break;
        case 3: {
            const auto more = choices.bytes(16);
            out.insert(here, more.begin(), more.end());
            break;
        }
        case 4: {
            const Bytes part(here, here + static_cast<std::ptrdiff_t>(std::min(left, choices.dice(64))));
            out.insert(here, part.begin(), part.end());
            break;
        }
        default: out.erase(here, here + static_cast<std::ptrdiff_t>(std::min(left, choices.dice(16)))); break;
        }
    }
    return out;
}

} // namespace godwit::fuzz
