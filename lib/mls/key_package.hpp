// SPDX-License-Identifier: Apache-2.0
// KeyPackages (RFC 9420 section 10): what a client publishes so that others can add it while it is away.
#pragma once

#include "lib/mls/leaf_node.hpp"

namespace godwit::mls {

struct KeyPackage {
    ProtocolVersion version = ProtocolVersion::mls10;
    CipherSuite cipher_suite{};
    Bytes init_key;
    LeafNode leaf_node;
    Extensions extensions;
    Bytes signature;
    template <class Io, class Self>
    static void tls_content(Io& io, Self& s)
    {
        io(s.version, s.cipher_suite, s.init_key, s.leaf_node, s.extensions);
    }
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        tls_content(io, s);
        io(s.signature);
    }
    friend bool operator==(const KeyPackage&, const KeyPackage&) = default;
};

[[nodiscard]] Bytes make_key_package_ref(const KeyPackage& key_package);

/// What a client says of itself in every leaf node that it signs.
struct LeafNodeOptions {
    Credential credential;
    /// Without GREASE: those are added where the RFC wants them. Default: mls10, the suites of Curve25519, basic
    /// credentials.
    Capabilities capabilities;
    Extensions extensions; ///< Leaf extensions; their non-default types must be in capabilities.
    bool grease = true;

    [[nodiscard]] static LeafNodeOptions basic(BytesView identity);
};

/// A KeyPackage with its private half. Serialisable: a client keeps it until a Welcome uses it.
struct KeyPackageBundle {
    KeyPackage key_package;
    WipedBytes init_private;
    WipedBytes encryption_private;
    SignatureKeyPair signer;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.key_package, s.init_private, s.encryption_private, s.signer.public_key, s.signer.private_key);
        if constexpr (!Io::writes)
            if (is_supported(s.key_package.cipher_suite))
                s.signer.scheme = signature_scheme_of(s.key_package.cipher_suite);
    }
};

/// Fresh init and leaf keys. `extensions`: of the KeyPackage, beside GREASE; the leaf's capabilities list them.
/// default_type_listed, leaf_extension_not_listed, duplicate_extension or key_package_extension_unlisted when what is
/// asked for contradicts itself; invalid_argument: the signer is not of this suite.
[[nodiscard]] MlsResult<KeyPackageBundle> create_key_package(CipherSuite suite, const SignatureKeyPair& signer,
                                                             const LeafNodeOptions& options, Lifetime lifetime,
                                                             port::Entropy& entropy, Extensions extensions = {});
/// Section 10.1, as far as no group is needed: keys, lifetimes, signatures, duplicate extensions.
[[nodiscard]] MlsError validate_key_package(const KeyPackage& key_package, const LifetimePolicy& policy, WallMs now_ms,
                                            bool check_range);
/// A leaf node of these options, unsigned; fails as create_key_package does.
[[nodiscard]] MlsResult<LeafNode> make_leaf_node(const LeafNodeOptions& options, BytesView encryption_key,
                                                 BytesView signature_key, port::Entropy& entropy);

} // namespace godwit::mls
