// SPDX-License-Identifier: Apache-2.0
// pipeline: the two halves of a call's media put together, driven by the time they are told.
//
//   sound 10 ms ─> Opus ─> RED ─> SFrame ─> RTP ─┐                       ┌─> RTP ─> SFrame ─> jitter buffer ─> Opus ─>
//   10 ms picture ─> ladder ─> VP8, VP9 ─> SFrame ─> ──┼─> pacer ─> datagram ──┼─> frames ─> SFrame ─> decoder ─>
//   picture
//                        rate <── feedback <─────┘                       └─> feedback, NACK, PLI, reports
//
//   sealing.hpp         frames sealed and opened (SFrame)
//   audio_stream.hpp    both ends of sound
//   video_stream.hpp    both ends of pictures
//   ladder.hpp          how large and how many pictures a rate pays for
//   session.hpp         all of it, between two devices: what an application drives
//   statistics.hpp      how it goes, with an estimate of what people would say
//   sound_file.hpp, picture_file.hpp, synthetic.hpp    files and made-up signals instead of devices
//
// One thread at a time, the media thread of the call; nothing here waits, reads a clock or owns a thread.
#pragma once

#include "lib/base/time.hpp"
#include "lib/sframe/mls_keys.hpp"

#include <optional>

namespace godwit::pipeline {

/// What kind of frame it is stands in the metadata: a sealed picture is not taken for sound. And contexts of keys.
enum class Kind : std::uint8_t { audio = 0, video = 1 };

/// How long frames are still sealed in the old epoch after a new one has come: until then the commit has reached all
/// who are there, or a frame of theirs says so.
inline constexpr Duration epoch_held = std::chrono::seconds(2);

/// Keys of one device in one call. Epochs come from the conversation's group.
class Sealing {
public:
    /// `stream`: below 2^40, in a call of two 0. A device that seals for several others, or comes into a call again,
    /// has another one each time, at random: keys differ, so that counters may begin anew.
    explicit Sealing(sframe::CipherSuite suite = sframe::CipherSuite::aes_128_gcm_sha256_128, std::uint64_t stream = 0)
        : keys_(suite), suite_(suite), stream_(stream)
    {
    }

    /// sframe::MlsKeys::add_epoch; from then on frames are sealed in it.
    [[nodiscard]] bool add_epoch(std::uint64_t epoch, BytesView base_key, std::uint32_t leaves, std::uint32_t own_leaf);
    /// As add_epoch, and frames are sealed in it as soon as one of it has opened, or by use_newest().
    [[nodiscard]] bool prepare_epoch(std::uint64_t epoch, BytesView base_key, std::uint32_t leaves,
                                     std::uint32_t own_leaf);
    void use_newest();
    /// The epoch that frames are sealed in.
    [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }
    /// nullopt: no epoch yet, or longer than a frame may be.
    [[nodiscard]] std::optional<Bytes> seal(Kind kind, BytesView frame);
    /// nullopt: not by a member, damaged, or seen before.
    [[nodiscard]] std::optional<Bytes> open(Kind kind, BytesView sealed);
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
    [[nodiscard]] sframe::CipherSuite suite() const noexcept { return suite_; }

private:
    sframe::MlsKeys keys_;
    sframe::CipherSuite suite_;
    std::uint64_t stream_;
    std::optional<sframe::SendKey> send_[2]; ///< By kind.
    std::optional<sframe::SendKey> next_[2]; ///< Of the newest epoch, when that is another.
    std::uint64_t epoch_ = 0, newest_ = 0;
    std::uint64_t refused_ = 0;
};

} // namespace godwit::pipeline
