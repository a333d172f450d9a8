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

#include "lib/sframe/mls_keys.hpp"

#include <optional>

namespace godwit::pipeline {

/// What kind of frame it is stands in the metadata: a sealed picture is not taken for sound. And contexts of keys.
enum class Kind : std::uint8_t { audio = 0, video = 1 };

/// Keys of one device in one call. Epochs come from the conversation's group.
class Sealing {
public:
    explicit Sealing(sframe::CipherSuite suite = sframe::CipherSuite::aes_128_gcm_sha256_128)
        : keys_(suite), suite_(suite)
    {
    }

    /// sframe::MlsKeys::add_epoch; from then on frames are sealed in it.
    [[nodiscard]] bool add_epoch(std::uint64_t epoch, BytesView base_key, std::uint32_t leaves, std::uint32_t own_leaf);
    /// nullopt: no epoch yet, or longer than a frame may be.
    [[nodiscard]] std::optional<Bytes> seal(Kind kind, BytesView frame);
    /// nullopt: not by a member, damaged, or seen before.
    [[nodiscard]] std::optional<Bytes> open(Kind kind, BytesView sealed);
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
    [[nodiscard]] sframe::CipherSuite suite() const noexcept { return suite_; }

private:
    sframe::MlsKeys keys_;
    sframe::CipherSuite suite_;
    std::optional<sframe::SendKey> send_[2]; ///< By kind.
    std::uint64_t refused_ = 0;
};

} // namespace godwit::pipeline
