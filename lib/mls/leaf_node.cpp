// SPDX-License-Identifier: Apache-2.0
#include "lib/mls/leaf_node.hpp"

#include <algorithm>

namespace godwit::mls {
namespace {

template <class T>
bool has(const std::vector<T>& list, T value) noexcept
{
    return std::find(list.begin(), list.end(), value) != list.end();
}

Bytes leaf_node_tbs(const LeafNode& leaf, BytesView group_id, LeafIndex leaf_index)
{
    Writer io;
    LeafNode::tls_content(io, leaf);
    if (leaf.leaf_node_source != LeafNodeSource::key_package) {
        io.opaque(group_id);
        io(leaf_index);
    }
    return io.copy();
}

} // namespace

bool Capabilities::lists(ExtensionType type) const noexcept
{
    return is_default(type) || has(extensions, type);
}
bool Capabilities::lists(CredentialType type) const noexcept
{
    return has(credentials, type);
}
bool Capabilities::supports(ProtocolVersion version) const noexcept
{
    return has(versions, version);
}
bool Capabilities::supports(CipherSuite suite) const noexcept
{
    return has(cipher_suites, suite);
}
bool Capabilities::supports(ExtensionType type) const noexcept
{
    return is_default(type) || has(extensions, type);
}
bool Capabilities::supports(ProposalType type) const noexcept
{
    return is_default(type) || has(proposals, type);
}
bool Capabilities::supports(CredentialType type) const noexcept
{
    return has(credentials, type);
}

void sign_leaf_node(LeafNode& leaf, const SignatureKeyPair& key, BytesView group_id, LeafIndex leaf_index)
{
    leaf.signature = sign_with_label(key, "LeafNodeTBS", leaf_node_tbs(leaf, group_id, leaf_index));
}

MlsError verify_leaf_node_signature(const LeafNode& leaf, CipherSuite suite, BytesView group_id, LeafIndex leaf_index)
{
    const bool good = verify_with_label(suite, leaf.signature_key, "LeafNodeTBS",
                                        leaf_node_tbs(leaf, group_id, leaf_index), leaf.signature);
    return good ? MlsError::none : MlsError::bad_leaf_signature;
}

MlsError check_lifetime(const LeafNode& leaf, const LifetimePolicy& policy, WallMs now_ms, bool check_range)
{
    if (leaf.leaf_node_source != LeafNodeSource::key_package) return MlsError::none;
    const Lifetime& lifetime = leaf.lifetime;
    if (lifetime.not_after < lifetime.not_before) return MlsError::lifetime_backwards;
    if (check_range) {
        const std::uint64_t now = now_ms < 0 ? 0 : static_cast<std::uint64_t>(now_ms) / 1000;
        if (now < lifetime.not_before) return MlsError::leaf_not_yet_valid;
        if (now > lifetime.not_after) return MlsError::leaf_expired;
    }
    if (lifetime.not_after - lifetime.not_before > policy.lifetime_seconds_max) return MlsError::lifetime_too_long;
    return MlsError::none;
}

MlsError check_leaf_alone(const LeafNode& leaf, CipherSuite suite)
{
    if (!is_hpke_public_key(suite, leaf.encryption_key)) return MlsError::invalid_encryption_key;
    if (!is_signature_public_key(suite, leaf.signature_key)) return MlsError::invalid_signature_key;
    if (!leaf.capabilities.lists(leaf.credential.credential_type)) return MlsError::credential_not_listed;
    GODWIT_MLS_CHECK(check_credential_form(leaf.credential, suite, leaf.signature_key));
    GODWIT_MLS_CHECK(check_no_duplicates(leaf.extensions));
    for (const Extension& extension : leaf.extensions)
        if (!leaf.capabilities.lists(extension.extension_type)) return MlsError::leaf_extension_not_listed;
    if (!leaf.capabilities.supports(ProtocolVersion::mls10)) return MlsError::version_not_supported;
    if (!leaf.capabilities.supports(suite)) return MlsError::cipher_suite_not_supported;
    return MlsError::none;
}

MlsResult<RequiredCapabilities> required_capabilities(const Extensions& group_extensions)
{
    auto required = get_extension<RequiredCapabilities>(group_extensions, ExtensionType::required_capabilities);
    if (!required) return required.error();
    return std::move(*required).value_or(RequiredCapabilities{});
}

MlsError check_leaf_supports(const LeafNode& leaf, const Extensions& group_extensions)
{
    const auto required = required_capabilities(group_extensions);
    return required ? check_leaf_supports(leaf, group_extensions, *required) : required.error();
}

MlsError check_leaf_supports(const LeafNode& leaf, const Extensions& group_extensions,
                             const RequiredCapabilities& required)
{
    for (const Extension& extension : group_extensions)
        if (!leaf.capabilities.supports(extension.extension_type)) return MlsError::group_extension_not_supported;
    return meets(leaf, required) ? MlsError::none : MlsError::required_capability_missing;
}

bool meets(const LeafNode& leaf, const RequiredCapabilities& required)
{
    const auto all = [&](const auto& types) {
        return std::all_of(types.begin(), types.end(), [&](auto type) { return leaf.capabilities.supports(type); });
    };
    return all(required.extension_types) && all(required.proposal_types) && all(required.credential_types);
}

} // namespace godwit::mls
