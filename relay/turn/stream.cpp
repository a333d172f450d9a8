// SPDX-License-Identifier: Apache-2.0
#include "relay/turn/stream.hpp"

#include "lib/base/check.hpp"

#include <algorithm>
#include <utility>

namespace godwit::relay::turn {
namespace {

constexpr std::size_t head_bytes = 4;
constexpr std::size_t stun_header_bytes = 20;

} // namespace

std::optional<std::size_t> stream_message_bytes(BytesView first)
{
    GODWIT_ASSERT(first.size() >= head_bytes);
    const std::size_t length = std::size_t{first[2]} << 8 | first[3];
    // RFC 7983 section 7: STUN begins with 0 to 3; channels are 0x4000 to 0x7fff (config.hpp).
    if (first[0] < 4 && length % 4 == 0) return stun_header_bytes + length;
    if (first[0] >= 0x40 && first[0] < 0x80) return (head_bytes + length + 3) / 4 * 4;
    return std::nullopt;
}

StreamReader::Outcome StreamReader::feed(BytesView chunk, std::size_t bytes_max, const Sink& sink)
{
    for (;;) {
        // A message that came whole is not copied.
        if (held_.empty()) {
            while (chunk.size() >= head_bytes) {
                const auto bytes = stream_message_bytes(chunk);
                if (!bytes || *bytes > bytes_max) return Outcome::malformed;
                if (chunk.size() < *bytes) break;
                if (!sink(chunk.first(*bytes))) return Outcome::stopped;
                chunk = chunk.subspan(*bytes);
            }
            append(held_, chunk);
            return Outcome::fed;
        }
        std::size_t wanted = head_bytes;
        if (held_.size() >= head_bytes) {
            const auto bytes = stream_message_bytes(held_);
            if (!bytes || *bytes > bytes_max) return Outcome::malformed;
            wanted = *bytes;
        }
        const auto more = std::min(wanted - held_.size(), chunk.size());
        append(held_, chunk.first(more));
        chunk = chunk.subspan(more);
        if (held_.size() < wanted) return Outcome::fed;
        if (held_.size() == head_bytes && stream_message_bytes(held_).value_or(0) != head_bytes) continue;
        const auto message = std::exchange(held_, {});
        if (!sink(message)) return Outcome::stopped;
    }
}

} // namespace godwit::relay::turn
