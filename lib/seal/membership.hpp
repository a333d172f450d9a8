// SPDX-License-Identifier: Apache-2.0
// Private to seal: which leaves a conversation may have. Of two, its accounts stand in the GroupContext, set when the
// group is made and never changed; a leaf is a device with a certificate by one of them. Of many, a policy stands there
// besides (policy.hpp), and commits are judged by it. All of it can be judged from the group and the commit alone, so
// all members judge alike, whatever device lists and clocks they have.
#pragma once

#include "lib/mls/group.hpp"
#include "lib/seal/accounts_extension.hpp"
#include "lib/seal/evidence.hpp"
#include "lib/seal/groups.hpp"

namespace godwit::seal {

inline constexpr auto suite = mls::CipherSuite::mls_128_dhkemx25519_chacha20poly1305_sha256_ed25519;
/// Leaves of one group: of two, a commit has to name its recipients in one frame.
inline constexpr std::size_t members_max = wire::recipients_max;
inline constexpr std::size_t members_of_many_max = 4'096;
/// One leaf, encoded: keys, certificate, capabilities. GroupInfos have the tree in them, and a commit whose GroupInfo
/// does not fit its frame cannot be made: a member whose leaf is as long as a message would keep all others from
/// committing.
inline constexpr std::size_t leaf_bytes_max = 1'200;
/// The parents of a tree of two, and what else is in a GroupInfo.
inline constexpr std::size_t info_without_leaves_bytes_max = 24 * 1024;
static_assert(members_max * leaf_bytes_max + info_without_leaves_bytes_max <= wire::group_info_bytes_max);

/// Sorted, none twice.
[[nodiscard]] std::vector<PublicKey> accounts_of(const Circle& circle);
/// Nothing else may be in the GroupContext.
[[nodiscard]] mls::Extensions context_extensions(const std::vector<PublicKey>& accounts);
[[nodiscard]] mls::LeafNodeOptions leaf_options(BytesView certificate);
/// Precondition: a leaf that was let in.
[[nodiscard]] wire::DeviceCertificate certificate_of(const mls::LeafNode& leaf);
[[nodiscard]] DeviceId device_of(const mls::LeafNode& leaf);
[[nodiscard]] std::optional<mls::LeafIndex> find_device(const mls::RatchetTree& tree, const DeviceId& device);

using Members = std::map<DeviceId, wire::DeviceCertificate>;
[[nodiscard]] Members members_of(const mls::Group& group);

/// The Authentication Service for one group.
class Membership final : public mls::AuthenticationService {
public:
    explicit Membership(std::vector<PublicKey> accounts) : accounts_(std::move(accounts)) {}
    /// Of a group of many: whoever has a certificate of the account that it names; the policy says which may stay.
    [[nodiscard]] static Membership of_many();
    /// By what the group's context says. `evidence` and `rules` (wire::Bound): of the commit that is judged. Empty
    /// rules: it says none, as commits did before relays asked for that; a relay that asks has let none of these pass.
    explicit Membership(const mls::Group& group, Evidence evidence = {}, BytesView rules = {});

    [[nodiscard]] bool is_valid(const mls::Credential& credential, BytesView signature_key) const override;
    /// A renewed certificate of the same device: also what keeps an external commit from removing somebody else.
    [[nodiscard]] bool is_successor(const mls::Credential& old, const mls::Credential& fresh) const override;
    [[nodiscard]] bool is_same_client(const mls::Credential& a, const mls::Credential& b) const override;
    /// Of two: Adds, Removes and fresh paths only. Who may remove whom is not judged: device lists say who should go,
    /// and two members may have seen different ones. Of many: what policy::judge says.
    [[nodiscard]] bool allows(const mls::Group& before, const mls::CommitSummary& commit) const override;

    /// Why the last commit of a group of many was not allowed, in words; empty: none was refused.
    [[nodiscard]] const std::string& why() const { return why_; }

private:
    [[nodiscard]] bool allows_many(const mls::Group& before, const mls::CommitSummary& commit) const;

    std::vector<PublicKey> accounts_;
    std::shared_ptr<const Policy> policy_; ///< Of many.
    bool many_ = false;
    Evidence evidence_;
    Bytes rules_;
    mutable std::string why_;
};

/// No leaf is longer than leaf_bytes_max.
[[nodiscard]] bool are_short(const mls::RatchetTree& tree);
/// All leaves have certificates, and those of members' accounts the name that the policy has. Verifies none.
[[nodiscard]] bool are_named(const mls::RatchetTree& tree, const Policy& policy);

/// While a Welcome is opened: which accounts the group has is known when it is open, and judged then.
class Undecided final : public mls::AuthenticationService {
public:
    [[nodiscard]] bool is_valid(const mls::Credential&, BytesView) const override { return true; }
};

/// The KeyPackage in an MLSMessage, when it may be added for `device` of `party` to a group of these extensions.
[[nodiscard]] std::optional<mls::KeyPackage> accept_key_package(BytesView mls_message, const Party& party,
                                                                const DeviceId& device,
                                                                const mls::Extensions& extensions, WallMs now_ms);

/// Clocks must not fork groups: a lifetime is checked by who adds, not by who follows.
inline constexpr mls::LifetimePolicy lifetime_policy{400ULL * 24 * 3600, false};

} // namespace godwit::seal
