// SPDX-License-Identifier: Apache-2.0
// jitter: what comes irregularly is played regularly. Sans-IO: packets and time go in, sound comes out by tens of
// milliseconds, for whoever has a device.
//
//   audio_decoder.hpp   what is needed of a codec
//   delay_estimate.hpp  how long to keep back
//   time_stretch.hpp    shorter and longer sound
//   audio_buffer.hpp    all of these: the jitter buffer
//   frame_buffer.hpp    video: packets to frames, frames into the order of decoding
//   nack_list.hpp       which packets to ask for again, and when to ask for a keyframe instead
//
// pull, every 10 ms:
//
//   next packet there ──> decode ───────────────┐
//   a later one there ──> its FEC, or conceal ──┼──> held back too long: accelerate; too briefly: expand ──> 10 ms
//   none there ─────────> conceal; who comes late is still played, and later made up for by accelerating
#pragma once

#include "media/jitter/audio_decoder.hpp"
#include "media/jitter/delay_estimate.hpp"

#include <map>
#include <optional>

namespace godwit::jitter {

/// Packets that wait to be played: four seconds of 20 ms.
inline constexpr std::size_t audio_packets_max = 200;
/// Bytes of one, as it is before decoding.
inline constexpr std::size_t audio_packet_bytes_max = 1500;
/// A timestamp further off than that from what is played belongs to another stream: everything begins anew.
inline constexpr Duration timestamp_jump_max = std::chrono::seconds(5);
/// When nothing came for so long, what comes is kept back again before it is played.
inline constexpr Duration outage_max = std::chrono::milliseconds(1000);

struct AudioPacket {
    std::int64_t timestamp = 0; ///< Unwrapped; at 48 kHz.
    /// Unwrapped; of what came as redundancy that of the packet that carried it first. nullopt: not known.
    std::optional<std::int64_t> sequence_number;
    Bytes payload;
    bool redundant = false; ///< It came in a later packet.
};

struct AudioStatistics {
    std::uint64_t packets = 0; ///< Taken, redundant ones not counted.
    std::uint64_t late = 0;    ///< Of these, come after their time.
    std::uint64_t duplicates = 0;
    std::uint64_t overflowed = 0;     ///< Dropped because too many waited.
    std::uint64_t malformed = 0;      ///< The decoder refused.
    std::uint64_t redundant_used = 0; ///< Played out of redundancy.
    std::uint64_t fec_used = 0;       ///< Played out of the next packet's FEC.
    // Samples of one channel.
    std::int64_t played = 0;
    std::int64_t concealed = 0;                 ///< Of these, made up. Silence of the sender is none.
    std::int64_t missing = 0;                   ///< Played as nothing, since nothing had come for outage_max.
    std::int64_t accelerated = 0, expanded = 0; ///< Left out; put in.
    std::uint64_t outages = 0;                  ///< How often nothing was there.
    Duration target{}, level{};                 ///< Delay that is wanted, and that there is.
};

class AudioBuffer {
public:
    static constexpr int pull_samples = 10 * media::samples_per_ms;

    /// `decoder` outlives this.
    explicit AudioBuffer(AudioDecoder& decoder) : decoder_(decoder) {}

    /// False: it was dropped (late, duplicate, too long, no packet).
    bool insert(AudioPacket packet, Instant now);

    struct Pulled {
        media::Pcm samples; ///< pull_samples of each channel, always.
        /// Of the first sample, to the length of a stretch; it stands still while nothing comes. nullopt: nothing came
        /// yet.
        std::optional<std::int64_t> timestamp;
    };
    [[nodiscard]] Pulled pull(Instant now);

    /// Timestamp of the next sample out of a packet: what is being heard, for pictures that belong to it.
    [[nodiscard]] std::optional<std::int64_t> playing() const noexcept;
    /// target and level are of this moment.
    [[nodiscard]] AudioStatistics statistics() const noexcept;

private:
    struct Waiting {
        std::optional<std::int64_t> sequence_number;
        Bytes payload;
        int samples = 0;
        bool redundant = false;
    };
    void begin_anew();
    [[nodiscard]] bool may_begin(Instant now) const;
    void learn(const AudioPacket& packet, int samples, bool fresh, Instant now);
    void decode_more();
    void play(std::map<std::int64_t, Waiting>::iterator packet);
    void fill_gap(std::int64_t gap, const Waiting& next);
    [[nodiscard]] std::int64_t lost_of(std::int64_t gap, const Waiting& next) const noexcept;
    void settle(std::int64_t lost);
    void conceal(int samples, bool counts);
    void adapt(Instant now);
    [[nodiscard]] std::int64_t buffered_samples() const noexcept;
    [[nodiscard]] std::size_t channels() const noexcept { return static_cast<std::size_t>(decoder_.channels()); }

    AudioDecoder& decoder_;
    DelayEstimate delay_;
    std::map<std::int64_t, Waiting> waiting_; ///< By timestamp.
    bool playing_ = false;
    bool has_played_ = false;
    Instant first_waiting_{};
    std::int64_t next_ = 0;                        ///< Timestamp of what is decoded next.
    std::optional<std::int64_t> last_sequence_;    ///< Of what was decoded last.
    std::optional<std::int64_t> highest_sequence_; ///< Of what came.
    int frame_samples_ = 20 * media::samples_per_ms;
    std::int64_t made_up_ = 0; ///< Samples made up for what has not come, since something did.
    std::int64_t unheard_ = 0; ///< Samples of silence played after these, until something comes.
    bool settled_ = false;     ///< And what of it was the sender's silence is known.
    media::Pcm sounding_;      ///< Decoded, not yet pulled.
    double level_samples_ = 0; ///< Smoothed.
    Instant last_stretch_{};
    AudioStatistics statistics_;
};

} // namespace godwit::jitter
