// SPDX-License-Identifier: Apache-2.0
// Sound and pictures of calls whose devices are "app". Nothing here waits.
#include "addon.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace godwit_node {

namespace {

/// Sound of so long waits at most; more is not asked for.
constexpr std::uint32_t samples_max = 48'000;

/// The elements of a typed array of that type; null, and an exception is on its way: it is none.
template <class Element>
const Element* elements(napi_env env, napi_value value, napi_typedarray_type wanted, const char* what,
                        std::size_t& count)
{
    void* data = nullptr;
    napi_typedarray_type type{};
    bool is_one = false;
    static const Element none{};
    if (napi_is_typedarray(env, value, &is_one) != napi_ok || !is_one ||
        napi_get_typedarray_info(env, value, &type, &count, &data, nullptr, nullptr) != napi_ok || type != wanted) {
        napi_throw_type_error(env, nullptr, what);
        return nullptr;
    }
    return data == nullptr ? &none : static_cast<const Element*>(data); // an empty one may have no address
}

/// A typed array with its own copy of these bytes.
napi_value copied(napi_env env, napi_typedarray_type type, std::size_t count, const void* bytes, std::size_t size)
{
    void* data = nullptr;
    napi_value buffer = nullptr;
    napi_value out = nullptr;
    if (napi_create_arraybuffer(env, size, &data, &buffer) != napi_ok) return nullptr;
    if (size > 0) std::memcpy(data, bytes, size);
    napi_create_typedarray(env, type, count, buffer, 0, &out);
    return out;
}

napi_value push_audio(napi_env env, napi_callback_info info)
{
    napi_value given[3];
    const Handle* handle = handle_and(env, info, given);
    if (handle == nullptr) return nullptr;
    std::size_t count = 0;
    const auto* samples = elements<std::int16_t>(env, given[2], napi_int16_array, "samples: an Int16Array", count);
    if (samples == nullptr) return nullptr;
    const auto taken = godwit_call_push_audio(handle->client, string_of(env, given[1]).c_str(), samples, count);
    napi_value out = nullptr;
    napi_create_uint32(env, static_cast<std::uint32_t>(taken), &out);
    return out;
}

napi_value pull_audio(napi_env env, napi_callback_info info)
{
    napi_value given[3];
    const Handle* handle = handle_and(env, info, given);
    if (handle == nullptr) return nullptr;
    std::uint32_t wanted = 0;
    napi_get_value_uint32(env, given[2], &wanted);
    std::vector<std::int16_t> room(std::min(wanted, samples_max));
    const auto got = room.empty() ? 0
                                  : godwit_call_pull_audio(handle->client, string_of(env, given[1]).c_str(),
                                                           room.data(), room.size());
    return copied(env, napi_int16_array, got, room.data(), got * sizeof(std::int16_t));
}

napi_value push_picture(napi_env env, napi_callback_info info)
{
    napi_value given[5];
    const Handle* handle = handle_and(env, info, given);
    if (handle == nullptr) return nullptr;
    std::int32_t width = 0;
    std::int32_t height = 0;
    napi_get_value_int32(env, given[2], &width);
    napi_get_value_int32(env, given[3], &height);
    std::size_t bytes = 0;
    const auto* i420 = elements<std::uint8_t>(env, given[4], napi_uint8_array, "i420: a Uint8Array", bytes);
    if (i420 == nullptr) return nullptr;
    napi_value out = nullptr;
    napi_get_boolean(
        env,
        godwit_call_push_picture(handle->client, string_of(env, given[1]).c_str(), width, height, i420, bytes) == 1,
        &out);
    return out;
}

napi_value pull_picture(napi_env env, napi_callback_info info)
{
    napi_value given[3];
    const Handle* handle = handle_and(env, info, given);
    if (handle == nullptr) return nullptr;
    const std::string call = string_of(env, given[1]);
    napi_valuetype type = napi_undefined;
    napi_typeof(env, given[2], &type);
    thread_local std::vector<std::uint8_t> room;
    room.resize(GODWIT_CALL_PICTURE_BYTES_MAX);
    int width = 0;
    int height = 0;
    const auto got =
        type == napi_string
            ? godwit_call_pull_picture_of(handle->client, call.c_str(), string_of(env, given[2]).c_str(), &width,
                                          &height, room.data(), room.size())
            : godwit_call_pull_picture(handle->client, call.c_str(), &width, &height, room.data(), room.size());
    napi_value out = nullptr;
    if (got == 0 || got > room.size()) {
        napi_get_null(env, &out);
        return out;
    }
    napi_value wide = nullptr;
    napi_value high = nullptr;
    napi_create_object(env, &out);
    napi_create_int32(env, width, &wide);
    napi_create_int32(env, height, &high);
    napi_set_named_property(env, out, "width", wide);
    napi_set_named_property(env, out, "height", high);
    napi_set_named_property(env, out, "i420", copied(env, napi_uint8_array, got, room.data(), got));
    return out;
}

} // namespace

void add_media(napi_env env, napi_value exports)
{
    const auto put = [&](const char* name, napi_callback function) {
        napi_value value = nullptr;
        napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
        napi_set_named_property(env, exports, name, value);
    };
    put("pushAudio", push_audio);
    put("pullAudio", pull_audio);
    put("pushPicture", push_picture);
    put("pullPicture", pull_picture);
}

} // namespace godwit_node
