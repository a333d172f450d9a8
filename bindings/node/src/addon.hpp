// SPDX-License-Identifier: Apache-2.0
// What the addon's files share: a client's handle, and what is asked of N-API again and again.
#pragma once

#include <godwit/godwit.h>

#include <string>

#include <node_api.h>
#include <uv.h>

namespace godwit_node {

struct Handle {
    godwit_client* client = nullptr;
    uv_poll_t* poll = nullptr; ///< Since the first watch().
    napi_env env = nullptr;
    napi_ref callback = nullptr;
    napi_async_context context = nullptr;
};

[[nodiscard]] std::string string_of(napi_env env, napi_value value);
/// Null, and an exception is on its way: it is no handle.
[[nodiscard]] Handle* handle_of(napi_env env, napi_value value);

template <std::size_t N>
bool arguments(napi_env env, napi_callback_info info, napi_value (&out)[N])
{
    std::size_t count = N;
    if (napi_get_cb_info(env, info, &count, out, nullptr, nullptr) == napi_ok && count == N) return true;
    napi_throw_type_error(env, nullptr, "wrong arguments");
    return false;
}

/// The arguments of a call whose first one is a handle. Null, and an exception is on its way: there are others.
template <std::size_t N>
[[nodiscard]] Handle* handle_and(napi_env env, napi_callback_info info, napi_value (&out)[N])
{
    return arguments(env, info, out) ? handle_of(env, out[0]) : nullptr;
}

/// media.cpp: pushAudio(handle, call, Int16Array) -> number    pullAudio(handle, call, count) -> Int16Array
///            pushPicture(handle, call, width, height, Uint8Array) -> boolean
///            pullPicture(handle, call, device | null) -> {width, height, i420} | null
void add_media(napi_env env, napi_value exports);

} // namespace godwit_node
