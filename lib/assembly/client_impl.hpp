// SPDX-License-Identifier: Apache-2.0
// assembly: the composition root, the only room that names every adapter.
//
//   home.hpp         the folder: permissions and the key beside the store
//   link_shell.hpp   client::Shell on libuv, QUIC, TLS and ICE; relay_link.cpp and peer_link.cpp are its two kinds of
//   links client_impl.hpp  (this) home + store + shell -> client::Facade, for both faces client.cpp       the C++ face
//   (include/godwit/client.hpp)      c_abi.cpp   the C face (include/godwit/godwit.h)
#pragma once

#include <godwit/client.hpp>

#include "lib/client/facade.hpp"

namespace godwit::assembly {

[[nodiscard]] Result<std::unique_ptr<client::Facade>> open_facade(ClientOptions options);

inline constexpr std::size_t event_queue_max_least = 16;

} // namespace godwit::assembly
