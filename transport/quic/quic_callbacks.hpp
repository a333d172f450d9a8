// SPDX-License-Identifier: Apache-2.0
// Private to this room: what ngtcp2 calls.
#pragma once

#include "transport/quic/quic_core.hpp"

namespace godwit::quic {

struct QuicCore::Callbacks {
    [[nodiscard]] static ngtcp2_callbacks table(tls::Role role);
    /// For gnutls_session_set_verify_function.
    static int verify(gnutls_session_t session);
    static void random(std::uint8_t* out, std::size_t size, const ngtcp2_rand_ctx* context);
};

} // namespace godwit::quic
