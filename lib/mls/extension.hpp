// SPDX-License-Identifier: Apache-2.0
// Extensions (RFC 9420 section 13.4) and credentials (section 5.3).
#pragma once

#include "lib/mls/cipher_suite.hpp"
#include "lib/mls/codec.hpp"

namespace godwit::mls {

/// Section 17.3. Any number may appear: unknown ones are carried and, where the RFC says so, ignored.
enum class ExtensionType : std::uint16_t {
    application_id = 0x0001,
    ratchet_tree = 0x0002,
    required_capabilities = 0x0003,
    external_pub = 0x0004,
    external_senders = 0x0005,
};
/// Section 7.2: default types are supported by all and MUST NOT be listed in capabilities.
[[nodiscard]] constexpr bool is_default(ExtensionType type) noexcept
{
    return static_cast<std::uint16_t>(type) >= 1 && static_cast<std::uint16_t>(type) <= 5;
}

/// Section 17.4.
enum class ProposalType : std::uint16_t {
    add = 0x0001,
    update = 0x0002,
    remove = 0x0003,
    psk = 0x0004,
    reinit = 0x0005,
    external_init = 0x0006,
    group_context_extensions = 0x0007,
};
[[nodiscard]] constexpr bool is_default(ProposalType type) noexcept
{
    return static_cast<std::uint16_t>(type) >= 1 && static_cast<std::uint16_t>(type) <= 7;
}

/// Section 17.5.
enum class CredentialType : std::uint16_t { basic = 0x0001, x509 = 0x0002 };

enum class ProtocolVersion : std::uint16_t { mls10 = 1 };

/// Capabilities and requirements are looked up for every member: each list of them ends here.
inline constexpr std::size_t capabilities_max = 1024;
template <>
inline constexpr std::size_t list_items_max<ProtocolVersion> = capabilities_max;
template <>
inline constexpr std::size_t list_items_max<CipherSuite> = capabilities_max;
template <>
inline constexpr std::size_t list_items_max<ExtensionType> = capabilities_max;
template <>
inline constexpr std::size_t list_items_max<ProposalType> = capabilities_max;
template <>
inline constexpr std::size_t list_items_max<CredentialType> = capabilities_max;

struct Extension {
    ExtensionType extension_type{};
    Bytes extension_data;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.extension_type, s.extension_data);
    }
    friend bool operator==(const Extension&, const Extension&) = default;
};
using Extensions = std::vector<Extension>;
template <>
inline constexpr std::size_t list_items_max<Extension> = 256;

[[nodiscard]] const Bytes* find_extension(const Extensions& extensions, ExtensionType type) noexcept;
/// Section 13.4: not more than one of any type.
[[nodiscard]] MlsError check_no_duplicates(const Extensions& extensions);

/// The known types hold one opaque<V> or vector<V>; unknown ones are taken as one opaque<V>, so that they pass
/// through to the Authentication Service undamaged.
struct Credential {
    CredentialType credential_type{};
    Bytes content; ///< basic: identity. x509: the encoded Certificate list, without its outer length.
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.credential_type, s.content);
    }
    [[nodiscard]] static Credential basic(BytesView identity) { return {CredentialType::basic, to_bytes(identity)}; }
    /// Section 5.3: DER certificates, the end entity's first, each followed by its issuer's.
    [[nodiscard]] static Credential x509(const std::vector<Bytes>& certificates);
    /// The chain of an x509 credential, as bytes. x509_chain_malformed: it does not decode, is empty, or has an empty
    /// certificate, or the credential is of another type.
    [[nodiscard]] MlsResult<std::vector<Bytes>> certificates() const;
    friend bool operator==(const Credential&, const Credential&) = default;
};

/// Certificates in one chain; RFC 5280 knows no bound.
inline constexpr std::size_t certificates_max = 16;
/// What can be said of a credential and the key that it is presented with without asking anybody: of x509, that the
/// chain decodes and that the end entity's certificate is for this key. Whether it is to be believed is the
/// Authentication Service's to say.
[[nodiscard]] MlsError check_credential_form(const Credential& credential, CipherSuite suite, BytesView signature_key);

struct RequiredCapabilities {
    std::vector<ExtensionType> extension_types;
    std::vector<ProposalType> proposal_types;
    std::vector<CredentialType> credential_types;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.extension_types, s.proposal_types, s.credential_types);
    }
};

struct ExternalSender {
    Bytes signature_key;
    Credential credential;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.signature_key, s.credential);
    }
    friend bool operator==(const ExternalSender&, const ExternalSender&) = default;
};
template <>
inline constexpr std::size_t list_items_max<ExternalSender> = 256;

/// Wraps a list so that it decodes as one whole extension.
template <class T>
struct ListOf {
    std::vector<T> items;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.items);
    }
};
using ExternalSenders = ListOf<ExternalSender>;

struct ExternalPub {
    Bytes external_pub;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.external_pub);
    }
};

template <class T>
[[nodiscard]] Extension make_extension(ExtensionType type, const T& value)
{
    return {type, encode(value)};
}
/// nullopt inside when the extension is absent; invalid_extension when it does not decode.
template <class T>
[[nodiscard]] MlsResult<std::optional<T>> get_extension(const Extensions& extensions, ExtensionType type)
{
    const Bytes* data = find_extension(extensions, type);
    if (data == nullptr) return std::optional<T>();
    auto value = decode<T>(*data);
    if (!value) return MlsError::invalid_extension;
    return std::optional<T>(std::move(*value));
}

/// One of the fifteen values reserved for GREASE (section 13.5), for uint16 registries.
[[nodiscard]] std::uint16_t random_grease(port::Entropy& entropy);
[[nodiscard]] constexpr bool is_grease(std::uint16_t value) noexcept
{
    return (value & 0x0f0f) == 0x0a0a && (value >> 8) == (value & 0xff) && value != 0xfafa;
}

} // namespace godwit::mls
