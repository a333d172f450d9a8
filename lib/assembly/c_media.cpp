// SPDX-License-Identifier: Apache-2.0
// The C face of a call's sound and pictures, where its devices are "app".
#include <godwit/godwit.h>

#include "lib/assembly/c_client.hpp"
#include "lib/base/bytes.hpp"

#include <cstring>
#include <exception>

namespace {

using godwit::assembly::Entered;

/// 0 where there is no client, no media, no such id or no memory.
template <class Work>
auto with_media(godwit_client* client, const char* call, Work&& work)
    -> std::invoke_result_t<Work, godwit::port::MediaHost&, const godwit::CallId&>
{
    if (call == nullptr) return 0;
    try {
        const Entered inside(client);
        auto* const media = inside ? inside->facade().media() : nullptr;
        const auto raw = godwit::from_hex(call);
        const auto id = raw ? godwit::CallId::from(*raw) : std::nullopt;
        if (media == nullptr || !id) return 0;
        return work(*media, *id);
    } catch (const std::exception&) {
        return 0;
    }
}

size_t pull_picture(godwit_client* client, const char* call, const godwit::DeviceId& from, int* width, int* height,
                    uint8_t* i420, size_t capacity)
{
    if (width == nullptr || height == nullptr || (i420 == nullptr && capacity > 0)) return 0;
    return with_media(client, call, [&](auto& media, const godwit::CallId& id) -> std::size_t {
        const auto picture = media.pull_picture(id, from);
        if (!picture) return 0;
        *width = picture->width;
        *height = picture->height;
        if (picture->i420.size() <= capacity) std::memcpy(i420, picture->i420.data(), picture->i420.size());
        return picture->i420.size();
    });
}

} // namespace

extern "C" {

size_t godwit_call_push_audio(godwit_client* client, const char* call, const int16_t* samples, size_t count)
{
    if (samples == nullptr) return 0;
    return with_media(client, call, [&](auto& media, const godwit::CallId& id) {
        return media.push_audio(id, std::span<const std::int16_t>(samples, count));
    });
}

size_t godwit_call_pull_audio(godwit_client* client, const char* call, int16_t* samples, size_t count)
{
    if (samples == nullptr) return 0;
    return with_media(client, call, [&](auto& media, const godwit::CallId& id) {
        return media.pull_audio(id, std::span<std::int16_t>(samples, count));
    });
}

int godwit_call_push_picture(godwit_client* client, const char* call, int width, int height, const uint8_t* i420,
                             size_t bytes)
{
    if (i420 == nullptr) return 0;
    return with_media(client, call, [&](auto& media, const godwit::CallId& id) {
        return media.push_picture(id, width, height, std::span<const std::uint8_t>(i420, bytes)) ? 1 : 0;
    });
}

size_t godwit_call_pull_picture(godwit_client* client, const char* call, int* width, int* height, uint8_t* i420,
                                size_t capacity)
{
    return pull_picture(client, call, {}, width, height, i420, capacity);
}

size_t godwit_call_pull_picture_of(godwit_client* client, const char* call, const char* device, int* width, int* height,
                                   uint8_t* i420, size_t capacity)
{
    const auto raw = device == nullptr ? std::nullopt : godwit::from_hex(device);
    const auto from = raw ? godwit::DeviceId::from(*raw) : std::nullopt;
    return from ? pull_picture(client, call, *from, width, height, i420, capacity) : 0;
}
} // extern "C"
