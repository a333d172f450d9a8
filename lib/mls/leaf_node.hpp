// SPDX-License-Identifier: Apache-2.0
// Tree nodes: LeafNode (RFC 9420 section 7.2), ParentNode (section 7.1), and what one leaf can be checked for alone.
#pragma once

#include "lib/base/time.hpp"
#include "lib/mls/extension.hpp"
#include "lib/mls/tree_math.hpp"

#include <limits>
#include <memory>

namespace godwit::mls {

struct Capabilities {
    std::vector<ProtocolVersion> versions;
    std::vector<CipherSuite> cipher_suites;
    std::vector<ExtensionType> extensions;
    std::vector<ProposalType> proposals;
    std::vector<CredentialType> credentials;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.versions, s.cipher_suites, s.extensions, s.proposals, s.credentials);
    }
    /// What the list says, GREASE included: for what a leaf claims about itself.
    [[nodiscard]] bool lists(ExtensionType type) const noexcept; ///< True for default types.
    [[nodiscard]] bool lists(CredentialType type) const noexcept;
    /// Whether the client can be relied upon for it. Never for GREASE (section 13.5): nobody supports those, so a group
    /// in which all happen to list the same one must not take it for an agreement.
    [[nodiscard]] bool supports(ProtocolVersion version) const noexcept;
    [[nodiscard]] bool supports(CipherSuite suite) const noexcept;
    [[nodiscard]] bool supports(ExtensionType type) const noexcept; ///< True for default types.
    [[nodiscard]] bool supports(ProposalType type) const noexcept;  ///< True for default types.
    [[nodiscard]] bool supports(CredentialType type) const noexcept;
    friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

/// Seconds since the Unix epoch, both ends included.
struct Lifetime {
    std::uint64_t not_before = 0;
    std::uint64_t not_after = 0;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.not_before, s.not_after);
    }
    friend bool operator==(const Lifetime&, const Lifetime&) = default;
};

enum class LeafNodeSource : std::uint8_t { key_package = 1, update = 2, commit = 3 };

struct LeafNode {
    Bytes encryption_key;
    Bytes signature_key;
    Credential credential;
    Capabilities capabilities;
    LeafNodeSource leaf_node_source = LeafNodeSource::key_package;
    Lifetime lifetime; ///< Only for source key_package.
    Bytes parent_hash; ///< Only for source commit.
    Extensions extensions;
    Bytes signature;

    /// Everything above the signature.
    template <class Io, class Self>
    static void tls_content(Io& io, Self& s)
    {
        io(s.encryption_key, s.signature_key, s.credential, s.capabilities, s.leaf_node_source);
        switch (s.leaf_node_source) {
        case LeafNodeSource::key_package: io(s.lifetime); break;
        case LeafNodeSource::update: break;
        case LeafNodeSource::commit: io(s.parent_hash); break;
        default: io.require(false, MlsError::invalid_enum);
        }
        io(s.extensions);
    }
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        tls_content(io, s);
        io(s.signature);
    }
    friend bool operator==(const LeafNode&, const LeafNode&) = default;
};
using LeafNodePtr = std::shared_ptr<const LeafNode>;

struct ParentNode {
    Bytes encryption_key;
    Bytes parent_hash;
    std::vector<std::uint32_t> unmerged_leaves; ///< Leaf indices, increasing.
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.encryption_key, s.parent_hash, s.unmerged_leaves);
    }
    friend bool operator==(const ParentNode&, const ParentNode&) = default;
};
using ParentNodePtr = std::shared_ptr<const ParentNode>;

/// Signs what LeafNodeTBS says; group_id and leaf_index count for sources update and commit.
void sign_leaf_node(LeafNode& leaf, const SignatureKeyPair& key, BytesView group_id, LeafIndex leaf_index);
[[nodiscard]] MlsError verify_leaf_node_signature(const LeafNode& leaf, CipherSuite suite, BytesView group_id,
                                                  LeafIndex leaf_index);

/// What the application decides about leaf nodes (section 7.2: it MUST set a maximum lifetime).
struct LifetimePolicy {
    /// 400 days: a device that is offline for a year can still be added from its last-resort KeyPackage.
    std::uint64_t lifetime_seconds_max = 400ull * 24 * 3600;
    /// RECOMMENDED for received leaves (section 7.3): of KeyPackages, when somebody is added. What we send ourselves is
    /// always checked.
    bool check_received = true;
    /// Also of leaves that are in a tree already when we join it. A lifetime says until when a KeyPackage may be used;
    /// whoever was added in time stays a member, and its leaf keeps the lifetime until it first commits or updates.
    /// With this, one member that is silent for long keeps everybody out (docs/adr/0055-what-applications-add.md).
    bool check_joined_tree = false;
    static constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();
};
/// lifetime_backwards, leaf_not_yet_valid, leaf_expired or lifetime_too_long; none for leaves without a lifetime.
[[nodiscard]] MlsError check_lifetime(const LeafNode& leaf, const LifetimePolicy& policy, WallMs now_ms,
                                      bool check_range);

/// The checks of section 7.3 that need no other member: keys, the credential's form, listed credential and extensions,
/// suite, version.
[[nodiscard]] MlsError check_leaf_alone(const LeafNode& leaf, CipherSuite suite);
/// Supports every extension of the GroupContext and everything in its required_capabilities.
[[nodiscard]] MlsError check_leaf_supports(const LeafNode& leaf, const Extensions& group_extensions);
/// The same for many leaves: `required` is what those required_capabilities decode to.
[[nodiscard]] MlsError check_leaf_supports(const LeafNode& leaf, const Extensions& group_extensions,
                                           const RequiredCapabilities& required);
[[nodiscard]] bool meets(const LeafNode& leaf, const RequiredCapabilities& required);
[[nodiscard]] MlsResult<RequiredCapabilities> required_capabilities(const Extensions& group_extensions);

} // namespace godwit::mls
