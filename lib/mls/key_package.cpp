// SPDX-License-Identifier: Apache-2.0
#include "lib/mls/key_package.hpp"

#include <algorithm>

namespace godwit::mls {
namespace {

Bytes key_package_tbs(const KeyPackage& key_package)
{
    Writer io;
    KeyPackage::tls_content(io, key_package);
    return io.copy();
}

} // namespace

Bytes make_key_package_ref(const KeyPackage& key_package)
{
    return ref_hash("MLS 1.0 KeyPackage Reference", encode(key_package));
}

LeafNodeOptions LeafNodeOptions::basic(BytesView identity)
{
    LeafNodeOptions out;
    out.credential = Credential::basic(identity);
    out.capabilities.versions = {ProtocolVersion::mls10};
    out.capabilities.cipher_suites = {CipherSuite::mls_128_dhkemx25519_aes128gcm_sha256_ed25519,
                                      CipherSuite::mls_128_dhkemx25519_chacha20poly1305_sha256_ed25519};
    out.capabilities.credentials = {CredentialType::basic};
    return out;
}

MlsResult<LeafNode> make_leaf_node(const LeafNodeOptions& options, BytesView encryption_key, BytesView signature_key,
                                   port::Entropy& entropy)
{
    const Capabilities& own = options.capabilities;
    if (std::any_of(own.extensions.begin(), own.extensions.end(), [](auto type) { return is_default(type); }) ||
        std::any_of(own.proposals.begin(), own.proposals.end(), [](auto type) { return is_default(type); }))
        return MlsError::default_type_listed;
    LeafNode leaf;
    leaf.encryption_key = to_bytes(encryption_key);
    leaf.signature_key = to_bytes(signature_key);
    leaf.credential = options.credential;
    leaf.capabilities = own;
    leaf.extensions = options.extensions;
    if (options.grease) {
        // Section 13.5; a GREASE leaf extension has to be listed in the capabilities too.
        leaf.capabilities.cipher_suites.push_back(static_cast<CipherSuite>(random_grease(entropy)));
        leaf.capabilities.proposals.push_back(static_cast<ProposalType>(random_grease(entropy)));
        leaf.capabilities.credentials.push_back(static_cast<CredentialType>(random_grease(entropy)));
        const auto extension = static_cast<ExtensionType>(random_grease(entropy));
        if (!leaf.capabilities.lists(extension)) leaf.capabilities.extensions.push_back(extension);
        if (find_extension(leaf.extensions, extension) == nullptr)
            leaf.extensions.push_back({extension, Bytes(entropy.next_u64() % 8, 0xa5)});
    }
    return leaf;
}

static MlsError check_extensions(const Extensions& extensions, const LeafNode& leaf)
{
    GODWIT_MLS_CHECK(check_no_duplicates(extensions));
    for (const Extension& extension : extensions)
        if (!leaf.capabilities.lists(extension.extension_type)) return MlsError::key_package_extension_unlisted;
    return MlsError::none;
}

MlsResult<KeyPackageBundle> create_key_package(CipherSuite suite, const SignatureKeyPair& signer,
                                               const LeafNodeOptions& options, Lifetime lifetime,
                                               port::Entropy& entropy, Extensions extensions)
{
    if (!is_supported(suite)) return MlsError::unsupported_cipher_suite;
    if (!signer.fits(suite)) return MlsError::invalid_argument;
    const HpkeKeyPair init = generate_hpke_key_pair(suite, entropy),
                      encryption = generate_hpke_key_pair(suite, entropy);
    auto leaf = make_leaf_node(options, encryption.public_key, signer.public_key, entropy);
    if (!leaf) return leaf.error();
    leaf->leaf_node_source = LeafNodeSource::key_package;
    leaf->lifetime = lifetime;
    const auto grease = static_cast<ExtensionType>(random_grease(entropy));
    // Section 10: what the KeyPackage has for extensions, its leaf lists.
    if (options.grease && !leaf->capabilities.lists(grease)) leaf->capabilities.extensions.push_back(grease);
    GODWIT_MLS_CHECK(check_leaf_alone(*leaf, suite));
    GODWIT_MLS_CHECK(check_extensions(extensions, *leaf));
    sign_leaf_node(*leaf, signer, {}, 0);

    KeyPackageBundle out;
    out.key_package.cipher_suite = suite;
    out.key_package.init_key = init.public_key;
    out.key_package.leaf_node = std::move(*leaf);
    out.key_package.extensions = std::move(extensions);
    if (options.grease) out.key_package.extensions.push_back({grease, Bytes(entropy.next_u64() % 8, 0x5a)});
    out.key_package.signature = sign_with_label(signer, "KeyPackageTBS", key_package_tbs(out.key_package));
    out.init_private = init.private_key;
    out.encryption_private = encryption.private_key;
    out.signer = signer;
    return out;
}

MlsError validate_key_package(const KeyPackage& key_package, const LifetimePolicy& policy, WallMs now_ms,
                              bool check_range)
{
    if (key_package.version != ProtocolVersion::mls10) return MlsError::key_package_wrong_version;
    if (!is_supported(key_package.cipher_suite)) return MlsError::unsupported_cipher_suite;
    const LeafNode& leaf = key_package.leaf_node;
    if (leaf.leaf_node_source != LeafNodeSource::key_package) return MlsError::key_package_leaf_source;
    GODWIT_MLS_CHECK(check_leaf_alone(leaf, key_package.cipher_suite));
    if (!is_hpke_public_key(key_package.cipher_suite, key_package.init_key)) return MlsError::invalid_init_key;
    if (key_package.init_key == leaf.encryption_key) return MlsError::init_key_reused;
    GODWIT_MLS_CHECK(check_extensions(key_package.extensions, leaf));
    GODWIT_MLS_CHECK(check_lifetime(leaf, policy, now_ms, check_range));
    GODWIT_MLS_CHECK(verify_leaf_node_signature(leaf, key_package.cipher_suite, {}, 0));
    if (!verify_with_label(key_package.cipher_suite, leaf.signature_key, "KeyPackageTBS", key_package_tbs(key_package),
                           key_package.signature))
        return MlsError::bad_key_package_signature;
    return MlsError::none;
}

} // namespace godwit::mls
