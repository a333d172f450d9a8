// SPDX-License-Identifier: Apache-2.0
// What a core dump or a swap file would show: every place in this process where a secret lies, and whether that place
// is kept out of both. Linux only, and not under sanitizers, whose shadow of the memory nobody can read through.
#pragma once

#include "lib/base/bytes.hpp"

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GODWIT_TEST_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GODWIT_TEST_SANITIZED
#endif
#if defined(__linux__) && !defined(GODWIT_TEST_SANITIZED)
#define GODWIT_TEST_OWN_MEMORY
#endif

namespace godwit::test {

struct Mapping {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    bool readable = false;
    bool writable = false;
    bool locked = false; ///< VmFlags lo: mlock.
    bool dumped = true;  ///< VmFlags without dd: MADV_DONTDUMP.
    std::string name;
};

/// proc(5), /proc/pid/smaps.
inline std::vector<Mapping> own_mappings()
{
    std::vector<Mapping> out;
    std::ifstream in("/proc/self/smaps");
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line);
        std::string first, word;
        words >> first;
        if (first == "VmFlags:" && !out.empty()) {
            while (words >> word) {
                if (word == "lo") out.back().locked = true;
                if (word == "dd") out.back().dumped = false;
            }
        } else if (const auto dash = first.find('-'); dash != std::string::npos && first.back() != ':') {
            Mapping fresh;
            fresh.begin = std::stoull(first.substr(0, dash), nullptr, 16);
            fresh.end = std::stoull(first.substr(dash + 1), nullptr, 16);
            words >> word;
            fresh.readable = word[0] == 'r';
            fresh.writable = word[1] == 'w';
            words >> word >> word >> word >> fresh.name;
            out.push_back(fresh);
        }
    }
    return out;
}

inline Mapping mapping_of(const void* data)
{
    const auto at = reinterpret_cast<std::uintptr_t>(data);
    for (const Mapping& mapping : own_mappings())
        if (at >= mapping.begin && at < mapping.end) return mapping;
    return {};
}

/// Remembers what to look for without being a copy of it.
class Wanted {
public:
    explicit Wanted(BytesView secret) : masked_(secret.begin(), secret.end())
    {
        for (auto& octet : masked_)
            octet ^= mask;
    }
    [[nodiscard]] bool is_at(const volatile std::uint8_t* at) const noexcept
    {
        for (std::size_t i = 0; i < masked_.size(); ++i)
            if ((at[i] ^ mask) != masked_[i]) return false;
        return true;
    }
    [[nodiscard]] std::size_t size() const noexcept { return masked_.size(); }

private:
    static constexpr std::uint8_t mask = 0x5a;
    Bytes masked_;
};

struct Sightings {
    int hidden = 0;                 ///< In memory that is not dumped.
    int hidden_unlocked = 0;        ///< Of those, in memory that is not locked.
    std::vector<std::string> shown; ///< Elsewhere: names of the mappings, "[heap]", "[stack]".
};

/// Reads all of this process's memory that something can have been written to.
#if defined(GODWIT_TEST_OWN_MEMORY)
inline Sightings look_for(const Wanted& wanted)
{
    Sightings out;
    for (const Mapping& mapping : own_mappings()) {
        if (!mapping.readable || !mapping.writable) continue;
        const auto* const begin = reinterpret_cast<const volatile std::uint8_t*>(mapping.begin);
        const auto size = static_cast<std::size_t>(mapping.end - mapping.begin);
        for (std::size_t i = 0; i + wanted.size() <= size; ++i) {
            if (!wanted.is_at(begin + i)) continue;
            if (mapping.dumped) {
                out.shown.push_back(mapping.name);
                continue;
            }
            ++out.hidden;
            if (!mapping.locked) ++out.hidden_unlocked;
        }
    }
    return out;
}
#endif

} // namespace godwit::test
