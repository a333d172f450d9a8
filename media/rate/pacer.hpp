// SPDX-License-Identifier: Apache-2.0
// A frame of video is twenty packets at once, and a short queue on the way drops ten of them: so they leave evenly.
// Audio does not wait; what it takes is taken from the others. Repetitions go before new pictures, files behind
// everything.
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"

#include <array>
#include <deque>
#include <optional>

namespace godwit::rate {

enum class Priority : std::uint8_t { audio = 0, repetition = 1, video = 2, files = 3 };
inline constexpr std::size_t priorities = 4;

/// Bytes that wait in all; what does not fit is refused.
inline constexpr std::size_t pacer_bytes_max = std::size_t{2} << 20;
/// Pictures are sent faster than the rate, so that a keyframe is over before the next frame: by half on a wide path, by
/// a tenth on one of 1 Mbit/s or less. What leaves faster than the path carries it stands in a queue there, with voice
/// behind it; here voice passes it by.
[[nodiscard]] double pace_bps(double rate_bps) noexcept;
/// Video that waits for longer than that tells the encoder to leave pictures out.
inline constexpr Duration video_wait_max = std::chrono::milliseconds(300);
/// Video that would wait for longer than that, since the path has become narrower, is dropped: it would leave faster
/// than the path carries it, and voice would stand behind it there.
inline constexpr Duration video_age_max = std::chrono::milliseconds(800);

class Pacer {
public:
    /// `overhead_bytes`: what is around each packet on the path; it is paced too.
    explicit Pacer(std::size_t overhead_bytes = 60) : overhead_bytes_(overhead_bytes) {}

    struct Packet {
        Priority priority{};
        Bytes data;
    };
    /// False: full, the packet was not taken.
    bool push(Priority priority, Bytes data, Instant now);
    void set_rate(double bps) noexcept { rate_bps_ = bps; }
    /// The next packet that may leave now; ask until there is none.
    [[nodiscard]] std::optional<Packet> next(Instant now);
    /// When the next one may; never: none waits.
    [[nodiscard]] Instant deadline() const noexcept;
    /// How long what is pushed now would wait behind its like, at this rate.
    [[nodiscard]] Duration wait(Priority priority) const noexcept;
    [[nodiscard]] bool holds(Priority priority) const noexcept
    {
        return bytes_[static_cast<std::size_t>(priority)] > 0;
    }
    /// Drops what waits of a kind: pictures, before a keyframe.
    void clear(Priority priority);

private:
    void let_time_pass(Instant now);

    std::size_t overhead_bytes_;
    std::array<std::deque<Bytes>, priorities> queues_;
    std::array<std::size_t, priorities> bytes_{};
    double rate_bps_ = 300'000; ///< Allowed.
    double debt_bytes_ = 0;     ///< Sent, and not yet covered by time passed.
    Instant last_{};
};

} // namespace godwit::rate
