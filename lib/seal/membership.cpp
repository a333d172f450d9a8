// SPDX-License-Identifier: Apache-2.0
#include "lib/seal/membership.hpp"

#include "lib/base/check.hpp"
#include "lib/identity/certificate.hpp"
#include "lib/seal/policy_extension.hpp"

#include <algorithm>
#include <set>

namespace godwit::seal {
namespace {

std::optional<DeviceId> device_in(const mls::Credential& credential)
{
    if (credential.credential_type != mls::CredentialType::basic) return std::nullopt;
    const auto certificate = wire::decode_certificate(credential.content);
    if (!certificate) return std::nullopt;
    return certificate->device;
}

bool is_short(const mls::LeafNode& leaf)
{
    return mls::encode(leaf).size() <= leaf_bytes_max;
}

} // namespace

std::vector<PublicKey> accounts_of(const Circle& circle)
{
    std::vector<PublicKey> out;
    for (const Party& party : circle.parties)
        out.push_back(party.account_key);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

mls::Extensions context_extensions(const std::vector<PublicKey>& accounts)
{
    AccountKeys list;
    for (const PublicKey& account : accounts)
        list.items.push_back(account.bytes);
    const mls::RequiredCapabilities required{{accounts_extension}, {}, {mls::CredentialType::basic}};
    return {mls::make_extension(mls::ExtensionType::required_capabilities, required),
            mls::make_extension(accounts_extension, list)};
}

mls::LeafNodeOptions leaf_options(BytesView certificate)
{
    auto out = mls::LeafNodeOptions::basic(certificate);
    out.capabilities.extensions = {accounts_extension, policy::extension};
    return out;
}

wire::DeviceCertificate certificate_of(const mls::LeafNode& leaf)
{
    auto certificate = wire::decode_certificate(leaf.credential.content);
    GODWIT_ASSERT(certificate.ok());
    return std::move(*certificate);
}

DeviceId device_of(const mls::LeafNode& leaf)
{
    const auto device = DeviceId::from(leaf.signature_key);
    GODWIT_ASSERT(device.has_value());
    return *device;
}

std::optional<mls::LeafIndex> find_device(const mls::RatchetTree& tree, const DeviceId& device)
{
    for (mls::LeafIndex i = 0; i < tree.leaves(); ++i)
        if (const auto* leaf = tree.leaf(i); leaf != nullptr && std::ranges::equal(leaf->signature_key, device.bytes))
            return i;
    return std::nullopt;
}

Members members_of(const mls::Group& group)
{
    Members out;
    group.tree().for_each_member(
        [&](mls::LeafIndex, const mls::LeafNode& leaf) { out.emplace(device_of(leaf), certificate_of(leaf)); });
    return out;
}

Membership Membership::of_many()
{
    Membership out{std::vector<PublicKey>()};
    out.many_ = true;
    return out;
}

Membership::Membership(const mls::Group& group, Evidence evidence, BytesView rules)
    : evidence_(std::move(evidence)), rules_(to_bytes(rules))
{
    many_ = policy::is_there(group.context().extensions);
    if (many_) {
        if (auto decoded = policy::decode(group.context().extensions))
            policy_ = std::make_shared<const Policy>(std::move(*decoded));
        return;
    }
    const auto list = mls::get_extension<AccountKeys>(group.context().extensions, accounts_extension);
    if (!list || !list->has_value()) return; // Nobody is valid then.
    for (const auto& key : (*list)->items)
        accounts_.push_back(PublicKey{key});
}

bool Membership::is_valid(const mls::Credential& credential, BytesView signature_key) const
{
    if (credential.credential_type != mls::CredentialType::basic) return false;
    const auto claimed = wire::decode_certificate(credential.content);
    if (!claimed || !std::ranges::equal(claimed->device.bytes, signature_key)) return false;
    if (!many_ && std::find(accounts_.begin(), accounts_.end(), claimed->account_key) == accounts_.end()) return false;
    return identity::verify_certificate(credential.content, claimed->user, claimed->account_key).ok();
}

bool Membership::is_successor(const mls::Credential& old, const mls::Credential& fresh) const
{
    if (!is_same_client(old, fresh)) return false;
    if (!many_) return true;
    const auto was = wire::decode_certificate(old.content);
    const auto is = wire::decode_certificate(fresh.content);
    return was && is && was->account_key == is->account_key && was->user == is->user;
}

bool Membership::is_same_client(const mls::Credential& a, const mls::Credential& b) const
{
    const auto device = device_in(a);
    return device && device == device_in(b);
}

bool Membership::allows(const mls::Group& before, const mls::CommitSummary& commit) const
{
    const auto is_long = [](const mls::LeafChange& change) { return change.after && !is_short(*change.after); };
    if (std::any_of(commit.added.begin(), commit.added.end(), is_long) ||
        std::any_of(commit.updated.begin(), commit.updated.end(), is_long) || (commit.path && is_long(*commit.path))) {
        why_ = "a leaf of more than " + std::to_string(leaf_bytes_max) + " bytes";
        return false;
    }
    if (many_) return allows_many(before, commit);
    if (commit.extensions_changed || commit.reinit || !commit.psks.empty() || !commit.custom.empty()) return false;
    const std::size_t joined = commit.added.size() + (commit.external ? 1 : 0);
    return before.tree().member_count() + joined <= members_max + commit.removed.size();
}

bool Membership::allows_many(const mls::Group& before, const mls::CommitSummary& commit) const
{
    const auto refuse = [&](std::string why) {
        why_ = std::move(why);
        return false;
    };
    // A group that is created or joined judges its first commit, too.
    auto was = policy_;
    if (!was)
        if (auto decoded = policy::decode(before.context().extensions))
            was = std::make_shared<const Policy>(std::move(*decoded));
    const auto changed = commit.extensions_changed ? policy::decode(commit.extensions) : std::nullopt;
    if (!was || (commit.extensions_changed && !changed)) return refuse("the policy is not sound");
    const Policy& is = changed ? *changed : *was;
    const auto& extensions = commit.extensions_changed ? commit.extensions : before.context().extensions;
    if (!rules_.empty() && rules_ != policy::rules_of(extensions))
        return refuse("it says to the relay that it leads to other rules than it does");
    if (commit.reinit || !commit.psks.empty() || !commit.custom.empty() || !commit.updated.empty())
        return refuse("a proposal that groups do not have");
    const std::size_t joined = commit.added.size() + (commit.external ? 1 : 0);
    if (before.tree().member_count() + joined > members_of_many_max + commit.removed.size())
        return refuse("more devices than a group may have");

    // A name is the account's, and the policy has it.
    const auto is_named = [&](const wire::DeviceCertificate& leaf) {
        const auto* member = is.find(leaf.account_key);
        return member != nullptr && member->user == leaf.user;
    };
    policy::Act act;
    act.external = commit.external;
    std::optional<DeviceId> joins;
    if (commit.external) {
        if (!commit.path || !commit.path->after) return refuse("nobody joins");
        const auto own = certificate_of(*commit.path->after);
        if (!is_named(own)) return refuse("a device of no member comes in");
        joins = own.device;
        act.actor = own.account_key;
        act.left.push_back(own.account_key);
    } else {
        const auto* leaf = before.tree().leaf(commit.committer);
        if (leaf == nullptr) return refuse("nobody commits");
        act.actor = certificate_of(*leaf).account_key;
    }
    for (const auto& one : commit.added) {
        const auto leaf = certificate_of(*one.after);
        if (!is_named(leaf)) return refuse("a device of no member comes in");
        act.added.push_back(leaf.account_key);
        act.left.push_back(leaf.account_key);
    }
    std::set<mls::LeafIndex> gone;
    for (const auto& one : commit.removed) {
        gone.insert(one.leaf);
        const auto leaf = certificate_of(*one.before);
        if (joins == leaf.device) continue; // Its own former leaf.
        act.removed.push_back({leaf.account_key, evidence_.withdraws(leaf)});
    }
    before.tree().for_each_member([&](mls::LeafIndex i, const mls::LeafNode& leaf) {
        if (!gone.contains(i)) act.left.push_back(certificate_of(leaf).account_key);
    });
    if (auto why = policy::judge(*was, is, act)) return refuse(std::move(*why));
    return true;
}

bool are_short(const mls::RatchetTree& tree)
{
    bool all = true;
    tree.for_each_member([&](mls::LeafIndex, const mls::LeafNode& leaf) { all = all && is_short(leaf); });
    return all;
}

bool are_named(const mls::RatchetTree& tree, const Policy& policy)
{
    bool good = true;
    tree.for_each_member([&](mls::LeafIndex, const mls::LeafNode& leaf) {
        const auto certificate = wire::decode_certificate(leaf.credential.content);
        const auto* member = certificate ? policy.find(certificate->account_key) : nullptr;
        good = good && certificate && (member == nullptr || member->user == certificate->user);
    });
    return good;
}

std::optional<mls::KeyPackage> accept_key_package(BytesView mls_message, const Party& party, const DeviceId& device,
                                                  const mls::Extensions& extensions, WallMs now_ms)
{
    if (mls_message.size() > wire::key_package_bytes_max) return std::nullopt;
    auto message = mls::decode<mls::MLSMessage>(mls_message);
    auto* package = message ? message->as<mls::KeyPackage>() : nullptr;
    if (package == nullptr || package->cipher_suite != suite) return std::nullopt;
    if (mls::validate_key_package(*package, lifetime_policy, now_ms, true) != mls::MlsError::none) return std::nullopt;
    const mls::LeafNode& leaf = package->leaf_node;
    if (!is_short(leaf) || mls::check_leaf_supports(leaf, extensions) != mls::MlsError::none) return std::nullopt;
    if (!std::ranges::equal(leaf.signature_key, device.bytes)) return std::nullopt;
    if (leaf.credential.credential_type != mls::CredentialType::basic) return std::nullopt;
    const auto certificate = identity::verify_certificate(leaf.credential.content, party.user, party.account_key);
    if (!certificate || certificate->device != device) return std::nullopt;
    return std::move(*package);
}

} // namespace godwit::seal
