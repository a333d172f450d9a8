// SPDX-License-Identifier: Apache-2.0
// A fingerprint of everything that happens in a world: the same seed must give the same one, on any machine, in any
// process. What depends on an address, a real clock or real randomness changes it.
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"

namespace godwit::testing {

class TraceHash {
public:
    void note(Instant at, std::string_view what, std::uint64_t number, BytesView bytes = {})
    {
        mix(static_cast<std::uint64_t>(at.time_since_epoch().count()));
        for (const char c : what)
            mix(static_cast<std::uint8_t>(c));
        mix(number);
        mix(bytes.size());
        std::uint64_t word = 0;
        std::size_t i = 0;
        for (; i + sizeof word <= bytes.size(); i += sizeof word) {
            std::memcpy(&word, bytes.data() + i, sizeof word);
            mix(word);
        }
        for (; i < bytes.size(); ++i)
            mix(bytes[i]);
    }
    [[nodiscard]] std::uint64_t value() const { return state_; }

private:
    /// FNV-1a over words, with a rotation so that high bits reach low ones.
    void mix(std::uint64_t word)
    {
        state_ = (state_ ^ word) * 0x100000001b3ULL;
        state_ = state_ << 29 | state_ >> 35;
    }
    std::uint64_t state_ = 0xcbf29ce484222325ULL;
};

/// Of some bytes, so that they are known again.
struct Print {
    std::size_t size = 0;
    std::uint64_t hash = 0;
    friend auto operator<=>(const Print&, const Print&) = default;
};
[[nodiscard]] inline Print print_of(BytesView bytes)
{
    TraceHash hash;
    hash.note(Instant{}, "", 0, bytes);
    return {bytes.size(), hash.value()};
}

} // namespace godwit::testing
