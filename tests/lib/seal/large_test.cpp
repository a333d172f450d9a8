// SPDX-License-Identifier: Apache-2.0
// The largest group that there may be, in the worst shape: 2,000 accounts with the longest names, 4,096 devices, and a
// tree in which nobody but one has ever committed, so that a path has a ciphertext for every leaf (RFC 9420 section
// 7.6). What has to go by wire must fit there; that the bounds of all parts together fit a frame, wire's own test says.
#include "lib/seal/group_secret.hpp"
#include "lib/seal/key_packages.hpp"
#include "lib/seal/membership.hpp"
#include "lib/seal/policy_extension.hpp"
#include "lib/wire/mls_outline.hpp"
#include "tests/lib/seal/crew.hpp"

#include <cstdio>

using namespace godwit;
using namespace godwit::test;

namespace {

constexpr std::int64_t now_ms = 1'900'000'000'000;

class Anybody final : public mls::AuthenticationService {
public:
    [[nodiscard]] bool is_valid(const mls::Credential&, BytesView) const override { return true; }
};

template <class T>
T must(mls::MlsResult<T> result)
{
    REQUIRE_MESSAGE(result.ok(), mls::mls_error_name(result.error()));
    return std::move(*result);
}

seal::Policy largest_policy()
{
    seal::Policy out = crowd(group_members_max);
    for (std::size_t i = 0; i < out.members.size(); ++i) {
        auto& user = out.members[i].user;
        user = std::string(user_name_length_max - 5, 'x') + std::to_string(10'000 + i);
        REQUIRE(user.size() == user_name_length_max);
    }
    out.profile = Bytes(seal::policy_profile_bytes_max, 7);
    REQUIRE(seal::policy::is_sound(out));
    return out;
}

} // namespace

TEST_CASE("the largest group in the worst shape: what changes it fits the wire")
{
    SeededEntropy entropy(46);
    const Anybody service;
    const mls::Environment env{entropy, service, now_ms};
    const auto policy = largest_policy();
    // As long as a certificate gets: with the longest name of a user and of a device.
    const auto leaf = seal::leaf_options(Bytes(300, 9));
    const auto package = [&] {
        const auto bundle = must(mls::create_key_package(seal::suite, mls::generate_signature_key_pair(entropy), leaf,
                                                         seal::lifetime_from(now_ms), entropy));
        return mls::Proposal{mls::Add{bundle.key_package}};
    };
    auto group = must(mls::Group::create(env, seal::suite, Bytes(24, 1), leaf,
                                         mls::generate_signature_key_pair(entropy), seal::lifetime_from(now_ms),
                                         seal::policy::encode(policy), {mls::HandshakeFormat::private_message, 0}));
    // All at once, without a path: the tree above the leaves stays blank, as it does when one takes in all the others.
    mls::CommitOptions everybody;
    everybody.force_path = false;
    everybody.tree_in_welcome = false;
    for (std::size_t i = 1; i < seal::members_of_many_max - 64; ++i)
        everybody.proposals.push_back(package());
    group = must(group.commit(env, everybody)).next;

    // Another policy, with a fresh secret; a batch of newcomers; four lists of devices; and a path for all.
    auto changed = policy;
    changed.all_muted = true;
    changed.profile.front() ^= 1;
    mls::CommitOptions most;
    most.tree_in_welcome = false;
    most.proposals.push_back(mls::Proposal{mls::GroupContextExtensions{seal::policy::encode(changed)}});
    std::size_t added_bytes = 0, added = 0;
    for (; added_bytes <= 40 * 1024; ++added) { // added_bytes_max: the last one goes past it
        most.proposals.push_back(package());
        added_bytes += mls::encode(mls::MLSMessage{most.proposals.back().as<mls::Add>()->key_package}).size();
    }
    for (mls::LeafIndex i = 1; i <= 32; ++i)
        most.proposals.push_back(mls::Proposal{mls::Remove{i}});
    MessageId id;
    most.authenticated_data = wire::bind(
        wire::commit_purpose, id, std::vector<Bytes>(wire::evidence_lists_max, Bytes(wire::device_list_bytes_max, 3)));
    const auto made = must(group.commit(env, most));
    const auto info = mls::encode(mls::MLSMessage{made.next.group_info(env, false, true)});
    const auto tree = mls::encode(made.next.tree());
    std::printf("%u devices of %zu accounts, blank tree: commit %zu bytes (%zu newcomers), Welcome %zu, GroupInfo %zu, "
                "tree %zu\n",
                group.tree().member_count(), policy.members.size(), made.commit.size(), added, made.welcome->size(),
                info.size(), tree.size());
    CHECK(group.tree().member_count() == seal::members_of_many_max - 64);
    CHECK(made.commit.size() <= wire::commit_bytes_max);
    CHECK(made.welcome->size() <= wire::welcome_bytes_max);
    CHECK(info.size() <= wire::group_info_bytes_max);
    CHECK(tree.size() <= wire::group_tree_piece_bytes_max * wire::group_tree_pieces_max);
    // It is no accident that it fits, and no waste either.
    CHECK(made.commit.size() > wire::commit_bytes_max * 3 / 4);

    // And a change that brings nobody, from which a group must always come back: a removal.
    mls::CommitOptions removal;
    removal.proposals.push_back(mls::Proposal{mls::GroupContextExtensions{seal::policy::encode(policy)}});
    removal.proposals.push_back(mls::Proposal{mls::Remove{100}});
    auto after = made.next;
    CHECK(must(after.commit(env, removal)).commit.size() <= wire::commit_bytes_max);
}

TEST_CASE("a fresh secret for each of 2,000 accounts")
{
    SeededEntropy entropy(47);
    ConversationId conversation;
    conversation.bytes.fill(5);
    const Bytes secret(seal::group_secret_bytes, 8);
    const Bytes seed(32, 4);
    const auto account = crypto::SigningKey::from_seed(seed).public_key();
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < group_members_max; ++i) {
        const auto sealed = seal::seal_group_secret(account, conversation, secret, entropy);
        REQUIRE(sealed.ok());
        bytes += sealed->size();
        if (i == 0) CHECK(*seal::open_group_secret(seed, conversation, *sealed) == BytesView(secret));
    }
    std::printf("secrets for %zu accounts: %zu bytes\n", group_members_max, bytes);
    CHECK(bytes <= group_members_max * wire::group_secret_bytes_max);
}
