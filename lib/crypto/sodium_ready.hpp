// SPDX-License-Identifier: Apache-2.0
// Private to lib/crypto: libsodium picks its fast implementations once, before first use.
#pragma once

namespace godwit::crypto {

void sodium_ready() noexcept;

} // namespace godwit::crypto
