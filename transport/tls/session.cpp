// SPDX-License-Identifier: Apache-2.0
#include "transport/tls/session.hpp"

#include <algorithm>

namespace godwit::tls {
namespace {

// Lab-measured: one suite family, one group, one signature. AES first: 2-4 times cheaper than ChaCha20 where the CPU
// helps.
#define GODWIT_PRIORITY                                                                                                \
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:-GROUP-ALL:+GROUP-X25519:" \
    "+GROUP-SECP256R1:-SIGN-ALL:+SIGN-EDDSA-ED25519:-CTYPE-ALL:+CTYPE-RAWPK"
constexpr const char* priority_tcp = GODWIT_PRIORITY;
// RFC 9001 section 8.4: QUIC forbids the middlebox compatibility mode that TLS over TCP wants.
constexpr const char* priority_quic = GODWIT_PRIORITY ":%DISABLE_TLS13_COMPAT_MODE";
#undef GODWIT_PRIORITY

/// Ours are below 1 KiB; GnuTLS alone would buffer 128 KiB for a stranger.
constexpr std::size_t handshake_message_bytes_max = 8 * 1024;

/// SubjectPublicKeyInfo of an Ed25519 key, without the key (RFC 8410 section 4).
constexpr std::uint8_t spki_prefix[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

int discard_key_log(gnutls_session_t, const char*, const gnutls_datum_t*)
{
    return 0;
}

Error refused(std::string detail)
{
    return Error{ErrorCode::authentication_failed, std::move(detail)};
}

} // namespace

const char* priority_text(Carrier carrier) noexcept
{
    return carrier == Carrier::quic ? priority_quic : priority_tcp;
}

Result<Session> make_session(const Identity& identity, Role role, Carrier carrier, std::string_view alpn)
{
    unsigned flags = GNUTLS_ENABLE_RAWPK | GNUTLS_NO_TICKETS | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL;
    flags |= role == Role::client ? GNUTLS_CLIENT : GNUTLS_SERVER;
    if (role == Role::server) flags |= GNUTLS_NO_AUTO_SEND_TICKET;
    gnutls_session_t raw = nullptr;
    int code = gnutls_init(&raw, flags);
    if (code != 0) return tls_error(code, std::nullopt);
    Session session(raw);

    // SSLKEYLOGFILE in the environment would make every app that embeds us write its traffic keys to a file.
    gnutls_session_set_keylog_function(raw, discard_key_log);
    gnutls_handshake_set_max_packet_length(raw, handshake_message_bytes_max);
    code = gnutls_priority_set(raw,
                               carrier == Carrier::quic ? identity.impl().priority_quic : identity.impl().priority_tcp);
    if (code != 0) return tls_error(code, std::nullopt);
    code = gnutls_credentials_set(raw, GNUTLS_CRD_CERTIFICATE, identity.impl().credentials);
    if (code != 0) return tls_error(code, std::nullopt);
    if (role == Role::server) gnutls_certificate_server_set_request(raw, GNUTLS_CERT_REQUIRE);
    const gnutls_datum_t protocol{reinterpret_cast<unsigned char*>(const_cast<char*>(alpn.data())),
                                  static_cast<unsigned>(alpn.size())};
    code = gnutls_alpn_set_protocols(raw, &protocol, 1, GNUTLS_ALPN_MANDATORY);
    if (code != 0) return tls_error(code, std::nullopt);
    return session;
}

int judge_peer(gnutls_session_t session, const PeerPolicy& policy, Verdict& verdict)
{
    const auto refuse = [&verdict](Error why) {
        verdict.refusal = std::move(why);
        return GNUTLS_E_CERTIFICATE_ERROR;
    };
    if (gnutls_certificate_type_get2(session, GNUTLS_CTYPE_PEERS) != GNUTLS_CRT_RAWPK)
        return refuse(refused("the far side shows a certificate instead of a raw public key; it is no godwit"));
    unsigned count = 0;
    const gnutls_datum_t* shown = gnutls_certificate_get_peers(session, &count);
    if (shown == nullptr || count == 0) return refuse(refused("the far side shows no key"));
    const BytesView spki(shown[0].data, shown[0].size);
    if (spki.size() != sizeof spki_prefix + 32 ||
        !std::equal(std::begin(spki_prefix), std::end(spki_prefix), spki.begin()))
        return refuse(refused("the far side shows a key that is not Ed25519"));
    verdict.key = port::PeerKey::from(spki.subspan(sizeof spki_prefix));
    if (policy.expected) {
        if (*verdict.key == *policy.expected) return 0;
        return refuse(Error{policy.on_mismatch, "the far side proved the key " + to_base64url(verdict.key->view()) +
                                                    " and not the expected " + to_base64url(policy.expected->view()) +
                                                    "; check the address, and do not go on"});
    }
    if (policy.ask && !policy.ask(*verdict.key)) return refuse(refused("this key is not welcome here"));
    return 0;
}

bool alpn_agreed(gnutls_session_t session, std::string_view alpn)
{
    gnutls_datum_t chosen{};
    if (gnutls_alpn_get_selected_protocol(session, &chosen) != 0) return false;
    return alpn == std::string_view(reinterpret_cast<const char*>(chosen.data), chosen.size);
}

Error tls_error(int gnutls_code, std::optional<int> alert)
{
    if (alert) {
        const char* name = gnutls_alert_get_name(static_cast<gnutls_alert_description_t>(*alert));
        const std::string said =
            std::string("the far side says: ") + (name != nullptr ? name : "alert " + std::to_string(*alert));
        switch (*alert) {
        case GNUTLS_A_BAD_CERTIFICATE:
        case GNUTLS_A_UNSUPPORTED_CERTIFICATE:
        case GNUTLS_A_CERTIFICATE_REVOKED:
        case GNUTLS_A_CERTIFICATE_UNKNOWN:
        case GNUTLS_A_CERTIFICATE_REQUIRED:
        case GNUTLS_A_UNKNOWN_CA:
        case GNUTLS_A_ACCESS_DENIED:
        case GNUTLS_A_DECRYPT_ERROR: return {ErrorCode::authentication_failed, said + "; it does not accept our key"};
        case GNUTLS_A_NO_APPLICATION_PROTOCOL:
        case GNUTLS_A_PROTOCOL_VERSION:
        case GNUTLS_A_INSUFFICIENT_SECURITY:
            return {ErrorCode::protocol_mismatch, said + "; it speaks another protocol"};
        default: return {ErrorCode::not_connected, said};
        }
    }
    const std::string text = std::string("TLS: ") + gnutls_strerror(gnutls_code);
    switch (gnutls_code) {
    case GNUTLS_E_CERTIFICATE_ERROR:
    case GNUTLS_E_NO_CERTIFICATE_FOUND:
    case GNUTLS_E_CERTIFICATE_REQUIRED:
    case GNUTLS_E_PK_SIG_VERIFY_FAILED: return {ErrorCode::authentication_failed, text};
    case GNUTLS_E_NO_APPLICATION_PROTOCOL:
    case GNUTLS_E_UNSUPPORTED_VERSION_PACKET:
    case GNUTLS_E_NO_CIPHER_SUITES: return {ErrorCode::protocol_mismatch, text};
    case GNUTLS_E_PREMATURE_TERMINATION:
    case GNUTLS_E_PULL_ERROR:
    case GNUTLS_E_PUSH_ERROR: return {ErrorCode::not_connected, text};
    case GNUTLS_E_MEMORY_ERROR: return {ErrorCode::internal, text};
    default: return {ErrorCode::malformed, text};
    }
}

} // namespace godwit::tls
