// SPDX-License-Identifier: Apache-2.0
// Sound and pictures of calls whose devices are the application's ("app" in CallDevices): Client::push_audio and its
// like (godwit/client.hpp) and godwit_call_push_audio and its like (godwit/godwit.h).
//
//   microphone ──> push_audio ──> ring ──> media thread ──> the other device
//   loudspeaker <─ pull_audio <── ring <── media thread <──
//
// Threads: any, but each of the four from one thread at a time for one call; so a sound system's callbacks may call
// them directly. They never wait for the media thread or the network, and hold a lock only for as long as it takes to
// find the call, or to move a picture. What is pushed is copied; what is pulled belongs to who pulled it.
#pragma once

#include <godwit/call.hpp>

#include <cstdint>
#include <vector>

namespace godwit {

/// Sound is 48 kHz, 16 bits, mono, in any number of samples; 10 ms are best.
inline constexpr int call_sample_rate_hz = 48'000;
/// What waits of one direction: of more that is pushed, the rest is not taken; what is not pulled, is lost.
inline constexpr int call_ring_ms = 200;
/// Longest side of a picture, and how many pixels: 1920 × 1080, its height rounded up to whole blocks.
inline constexpr int call_picture_side_max = 1920;
inline constexpr int call_picture_pixels_max = 1920 * 1088;

/// A picture in I420 (planar YUV 4:2:0, BT.601): a plane of luma, width × height, then U and V, each of half the width
/// and height rounded up, without gaps.
struct CallPicture {
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> i420;
    DeviceId from; ///< Whose, when it was pulled.
};
[[nodiscard]] constexpr std::size_t call_picture_bytes(int width, int height) noexcept
{
    const auto w = static_cast<std::size_t>(width), h = static_cast<std::size_t>(height);
    return w * h + 2 * ((w + 1) / 2) * ((h + 1) / 2);
}

} // namespace godwit
