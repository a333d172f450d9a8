// SPDX-License-Identifier: Apache-2.0
// Private to transport/tls and transport/quic: GnuTLS sessions with raw public keys on both sides.
#pragma once

#include "transport/tls/identity.hpp"
#include "transport/tls/link_options.hpp"

#include <gnutls/gnutls.h>

namespace godwit::tls {

enum class Role { client, server };
enum class Carrier { tcp, quic };

/// Versions, ciphers and kinds of keys, in GnuTLS's words.
[[nodiscard]] const char* priority_text(Carrier carrier) noexcept;

struct Identity::Impl {
    gnutls_certificate_credentials_t credentials = nullptr;
    // Parsed once and shared: 8 KiB each, and counted by GnuTLS, so a session may outlive us.
    gnutls_priority_t priority_tcp = nullptr;
    gnutls_priority_t priority_quic = nullptr;
    port::PeerKey key;

    Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl()
    {
        if (credentials != nullptr) gnutls_certificate_free_credentials(credentials);
        if (priority_tcp != nullptr) gnutls_priority_deinit(priority_tcp);
        if (priority_quic != nullptr) gnutls_priority_deinit(priority_quic);
    }
};

struct SessionCloser {
    void operator()(gnutls_session_t session) const noexcept { gnutls_deinit(session); }
};
using Session = std::unique_ptr<gnutls_session_int, SessionCloser>;

/// A session with our key, our priorities and ALPN, no tickets, no key log. The caller sets pointers, transport and
/// verify function.
[[nodiscard]] Result<Session> make_session(const Identity& identity, Role role, Carrier carrier, std::string_view alpn);

/// What judge_peer() found.
struct Verdict {
    std::optional<port::PeerKey> key; ///< Shown by the far side; proved once the handshake is complete.
    std::optional<Error> refusal;
};

/// For a verify function: 0 when the far side shows a key that `policy` accepts, else nonzero and verdict.refusal says
/// why.
int judge_peer(gnutls_session_t session, const PeerPolicy& policy, Verdict& verdict);

/// The far side took our ALPN, or we theirs. GnuTLS lets a client without any ALPN pass; we do not.
[[nodiscard]] bool alpn_agreed(gnutls_session_t session, std::string_view alpn);

/// The Error for a failed handshake or record call; `alert` is the far side's (RFC 8446 section 6.2) when it sent one.
[[nodiscard]] Error tls_error(int gnutls_code, std::optional<int> alert);

} // namespace godwit::tls
