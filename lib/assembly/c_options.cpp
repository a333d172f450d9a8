// SPDX-License-Identifier: Apache-2.0
#include "lib/assembly/c_options.hpp"

#include "lib/assembly/home.hpp"
#include "lib/base/wiping.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace godwit::assembly {

namespace {

Error invalid(std::string detail)
{
    return Error{ErrorCode::invalid_argument, std::move(detail), 0};
}

} // namespace

Result<COptions> COptions::read(const godwit_options* options)
{
    constexpr std::size_t size_least = offsetof(godwit_options, home) + sizeof(const char*);
    if (options == nullptr || options->size < size_least) return invalid("options: set size to sizeof(godwit_options)");
    godwit_options given{}; // what a caller with an older header does not have stays zero
    std::memcpy(&given, options, std::min(options->size, sizeof given));
    if (given.provide_key != nullptr && (given.store_key != nullptr || given.passphrase != nullptr))
        return invalid("options: provide_key, or store_key, or passphrase: one of them");

    // Errors name the home, and errors are JSON.
    if (given.home != nullptr && !is_utf8(given.home)) return invalid("home: UTF-8");
    if (given.passphrase != nullptr && !is_utf8(given.passphrase)) return invalid("passphrase: UTF-8");

    COptions out;
    if (given.home != nullptr) out.client.home = absolute_home(given.home);
    if (given.store_key != nullptr) out.client.store_key.assign(given.store_key, given.store_key + store_key_bytes);
    if (given.passphrase != nullptr) out.client.passphrase = given.passphrase;
    if (given.client_version != nullptr) out.client.client_version = given.client_version;
    out.client.allow_loopback = given.allow_loopback != 0;
    if (given.trace != nullptr)
        out.client.trace = [trace = given.trace, context = given.trace_context](int level, std::string_view room,
                                                                                std::string_view text) {
            trace(context, level, std::string(room).c_str(), std::string(text).c_str());
        };
    if (given.provide_key != nullptr)
        out.client.provide_key = [provide = given.provide_key, context = given.key_context](
                                     std::span<std::uint8_t> key) { return provide(context, key.data()) == 0; };
    if (given.wall_ms != nullptr)
        out.client.wall_ms = [wall_ms = given.wall_ms, context = given.clock_context] { return wall_ms(context); };
    out.client.driven_by_host = given.driven_by_host != 0;
    out.client.dealt_by_call = given.dealt_by_call != 0;
    return out;
}

COptions::~COptions()
{
    wipe(client.store_key);
    wipe(client.passphrase);
}

} // namespace godwit::assembly
