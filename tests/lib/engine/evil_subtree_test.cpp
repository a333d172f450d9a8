// SPDX-License-Identifier: Apache-2.0
// A commit that is good for all but a part of the tree, with a GroupInfo that nobody can join by: who is in that part
// refuses it alone, and has to come in again.
#include "tests/lib/engine/league.hpp"

using namespace godwit;
using namespace godwit::testing;

namespace {
std::optional<mls::LeafIndex> maybe_leaf(const mls::Group& group, Client& client)
{
    return seal::find_device(group.tree(), id_of(client));
}

/// A commit that is good for all but `victims`, whose path secrets are rubbish.
Bytes bad_for(League& l, const mls::Group& before, const MessageId& id, const std::vector<Client*>& victims,
              mls::GroupInfo& info)
{
    using Access = mls::GroupTestAccess;
    mls::Group group = group_of(l.mallory, l.conversation);
    const auto leaf = group.own_leaf();
    auto tree = std::make_shared<mls::RatchetTree>(group.tree());
    mls::Commit commit;
    auto context = group.context();
    ++context.epoch;
    auto started = mls::start_path(group.cipher_suite(), *tree, leaf, *tree->leaf(leaf), Access::signer(group),
                                   group.group_id(), l.entropy);
    context.tree_hash = tree->root_hash();
    commit.path = must(mls::seal_path(group.cipher_suite(), *tree, leaf, started, {}, mls::encode(context), l.entropy));
    const auto commit_secret = started.commit_secret;
    std::set<std::pair<std::size_t, std::size_t>> spoilt;
    for (auto* victim : victims) {
        const auto target = maybe_leaf(before, *victim);
        if (!target) continue;
        std::size_t node = 0;
        auto old = before.tree();
        for (const auto x : old.filtered_direct_path(leaf)) {
            const auto copath = mls::node_of(leaf) < x ? *mls::right(x) : *mls::left(x);
            if (mls::is_below(mls::node_of(*target), copath)) {
                const auto resolution = old.resolution(copath);
                std::size_t place = 0;
                for (std::size_t i = 0; i < resolution.size(); ++i)
                    if (mls::is_below(mls::node_of(*target), resolution[i]) || resolution[i] == mls::node_of(*target))
                        place = i;
                if (spoilt.insert({node, place}).second)
                    commit.path->nodes[node].encrypted_path_secret[place].ciphertext[0] ^= 1;
            }
            ++node;
        }
    }
    mls::AuthenticatedContent content;
    content.wire_format = mls::WireFormat::mls_private_message;
    content.content.group_id = to_bytes(group.group_id());
    content.content.epoch = group.epoch();
    content.content.sender = {mls::SenderType::member, leaf};
    content.content.authenticated_data =
        seal::bind(seal::commit_purpose, id, {}, Siege::rules_of(before.context().extensions));
    content.content.content = std::move(commit);
    mls::sign_content(content, Access::encoded_context(group), Access::signer(group));
    content.auth.confirmation_tag = Access::confirmation_tag(group, context, tree, content, commit_secret);
    const auto key = must(Access::secret_tree(group).next(leaf, mls::RatchetType::handshake));
    const mls::SenderData sender{leaf, key.generation, {}};
    // What the relay is shown: the right rules, and a signature that is nobody's.
    info = before.group_info(l.lawless(), true, true);
    ++info.group_context.epoch;
    info.signature = Bytes(64, 7);
    return mls::encode(mls::MLSMessage{mls::seal_private_message(group.cipher_suite(), content, key.key, sender,
                                                                 Access::sender_data_secret(group), 0)});
}
} // namespace

TEST_CASE(
    "a commit that the owner alone cannot follow, and that nobody can join behind: she is in again within minutes")
{
    std::unique_ptr<League> chosen; // Where the tree has nobody but Alice's devices in a subtree beside Mallory's.
    for (std::uint64_t seed = 971; seed < 1000 && !chosen; ++seed) {
        auto one = std::make_unique<League>(seed);
        const auto group = group_of(one->mallory, one->conversation);
        const auto at = [&](Client& c) { return *maybe_leaf(group, c); };
        if (at(one->alice) / 2 == at(one->phone) / 2 && at(one->mallory) / 4 == at(one->alice) / 4)
            chosen = std::move(one);
    }
    REQUIRE(chosen);
    League& l = *chosen;
    l.silent = {&l.mallory}; // Erin is honest here.
    const auto before = group_of(l.mallory, l.conversation);
    const auto id = l.fresh_id();
    mls::GroupInfo info;
    const auto sealed = bad_for(l, before, id, {&l.alice, &l.phone}, info);
    const auto answer = l.commit(l.mallory, before, id, sealed, info);
    REQUIRE_MESSAGE(answer.error.code == ErrorCode::ok, answer.error.detail);
    CHECK(l.world.run_until([&] { return told(l.alice, SecurityKind::commit_rejected) > 0; }));
    CHECK(l.world.run_until(
        [&] {
            return group_of(l.alice, l.conversation).epoch() > before.epoch() + 1 &&
                   l.head(l.alice) == l.head(l.carol) && l.head(l.phone) == l.head(l.alice);
        },
        minutes(5)));
    CHECK(told(l.carol, SecurityKind::group_invalid) + told(l.dave, SecurityKind::group_invalid) > 0);
    const auto out = l.alice.wait(l.alice.ask(request::GroupRemove{l.conversation, {"mallory"}}));
    CHECK_MESSAGE(out.error.code == ErrorCode::ok, out.error.detail);
    l.all_hear(l.dave, "all are here");
}
