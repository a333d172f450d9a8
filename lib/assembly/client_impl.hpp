// SPDX-License-Identifier: Apache-2.0
// assembly: the composition root, the only room that names every adapter.
//
//   home.hpp         the folder: permissions and the key beside the store
//   link_shell.hpp   client::Shell on libuv, QUIC, TLS and ICE; relay_link.cpp and peer_link.cpp are its two kinds of
//   links client_impl.hpp  (this) home + store + shell -> client::Facade, for both faces
//   client.cpp       the C++ face (include/godwit/client.hpp)
//   c_abi.cpp        the C face (include/godwit/godwit.h); c_client.hpp, c_options.hpp: what is behind its handles
#pragma once

#include <godwit/client.hpp>

#include "lib/base/wiping.hpp"
#include "lib/client/facade.hpp"

namespace godwit::assembly {

/// What the C face offers beyond ClientOptions.
struct Hooks {
    bool driven_by_host = false;
    bool dealt_by_call = false;
    bool resumes = false;                     ///< The home is there, or has gone: none is made.
    std::shared_ptr<port::MediaHost> media{}; ///< Of the client that is resumed; null: a new one.
    std::function<WallMs()> wall_ms{};        ///< Called on the thread that turns the loop; empty: the system's clock.
};

/// A copy of somebody's options, whose secrets are wiped with it.
struct OwnOptions {
    explicit OwnOptions(ClientOptions given) : of(std::move(given)) {}
    ~OwnOptions()
    {
        wipe(of.store_key);
        wipe(of.passphrase);
    }
    OwnOptions(const OwnOptions&) = delete;
    OwnOptions& operator=(const OwnOptions&) = delete;

    ClientOptions of;
};

/// Takes the key that provide_key gives, where there is one. Errors: wrong_key, invalid_argument (another key is
/// given).
[[nodiscard]] Result<void> take_key(ClientOptions& options);

/// Opens home and store: locked from here on, until the parts go. Errors: as Client::open.
[[nodiscard]] Result<client::FacadeParts> open_parts(const ClientOptions& options, Hooks hooks = {});
[[nodiscard]] Result<std::unique_ptr<client::Facade>> open_facade(const ClientOptions& options, Hooks hooks = {});

inline constexpr std::size_t event_queue_max_least = 16;

} // namespace godwit::assembly
