// SPDX-License-Identifier: Apache-2.0
// Private to seal: the accounts of a conversation, in its GroupContext.
#pragma once

#include <godwit/ids.hpp>

#include "lib/mls/extension.hpp"

#include <array>

namespace godwit::seal {

/// Private use (RFC 9420 section 17.3): the account keys of a conversation, sorted, opaque[32] each.
inline constexpr auto accounts_extension = static_cast<mls::ExtensionType>(0xf0d1);
using AccountKeys = mls::ListOf<std::array<std::uint8_t, PublicKey::size_bytes>>;

} // namespace godwit::seal
