// SPDX-License-Identifier: Apache-2.0
// assembly: the composition root, the only room that names every adapter.
//
//   home.hpp         the folder: permissions and the key beside the store
//   link_shell.hpp   client::Shell on libuv, QUIC, TLS and ICE; relay_link.cpp and peer_link.cpp are its two kinds of
//   links
//   client_impl.hpp  (this) home + store + shell -> client::Facade, for both faces
//   client.cpp       the C++ face (include/godwit/client.hpp)
//   life.hpp         what becomes of it: suspended, resumed, stopped; living.hpp: and when the process ends
//   c_abi.cpp        the C face (include/godwit/godwit.h); c_client.hpp, c_options.hpp: what is behind its handles
#pragma once

#include <godwit/client.hpp>

#include "lib/base/wiping.hpp"
#include "lib/client/facade.hpp"

namespace godwit::assembly {

/// What a client that is resumed brings along.
struct Resumed {
    std::shared_ptr<port::MediaHost> media{}; ///< Null: it has none.
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

/// Opens home and store: locked from here on, until the parts go. Of a client that is resumed the home is there, or has
/// gone: none is made. Errors: as Client::open.
[[nodiscard]] Result<client::FacadeParts> open_parts(const ClientOptions& options, const Resumed* resumed = nullptr);
[[nodiscard]] Result<std::unique_ptr<client::Facade>> open_facade(const ClientOptions& options);

inline constexpr std::size_t event_queue_max_least = 16;

} // namespace godwit::assembly
