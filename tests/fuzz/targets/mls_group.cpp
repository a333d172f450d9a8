// SPDX-License-Identifier: Apache-2.0
// A live group against what comes: mutated messages of honest members, well-signed nonsense of a member, hostile
// Welcomes and GroupInfos, damaged state.
#include "tests/fuzz/targets/mls_cast.hpp"

using namespace godwit;
using namespace godwit::fuzz;
using namespace godwit::testing;
using Access = mls::GroupTestAccess;

namespace {

/// One valid message of each kind, as Bob gets them. He is at this epoch.
const std::vector<Bytes>& honest_messages()
{
    static const std::vector<Bytes> made = [] {
        Stage stage(21);
        std::vector<Bytes> out;
        for (const auto format : {mls::HandshakeFormat::public_message, mls::HandshakeFormat::private_message}) {
            auto alice = cast().group(0);
            auto carol = cast().group(2);
            alice.set_options({format, 16});
            carol.set_options({format, 0});
            for (int i = 0; i < 3; ++i)
                out.push_back(must(alice.encrypt(stage.env, as_bytes("hello"), as_bytes("ad"))));
            out.push_back(must(carol.propose_update(stage.env)));
            out.push_back(must(carol.propose(stage.env, mls::Proposal{mls::Remove{3}})));
            mls::CommitOptions options;
            const auto eve = cast().world.package(cast().world.newcomer("eve"));
            options.proposals = {mls::Proposal{mls::Add{eve.key_package}},
                                 mls::Proposal{mls::PreSharedKey{cast().world.external_psk({1})}}};
            out.push_back(must(alice.commit(stage.env, options)).commit);
            options.proposals = {mls::Proposal{mls::Remove{1}}};
            out.push_back(must(alice.commit(stage.env, options)).commit);
        }
        const auto alice = cast().group(0);
        const auto eve = cast().world.newcomer("eve");
        mls::ExternalJoinOptions join;
        join.leaf = eve.leaf;
        join.signer = eve.signer;
        out.push_back(must(mls::Group::join_external(stage.env, alice.group_info(stage.env, true, true), join)).commit);
        out.push_back(must(mls::external_proposal(alice.group_id(), alice.epoch(), mls::Proposal{mls::Remove{3}},
                                                  {mls::SenderType::external, 0}, cast().directory)));
        out.push_back(must(mls::external_proposal(alice.group_id(), alice.epoch(),
                                                  mls::Proposal{mls::Add{cast().world.package(eve).key_package}},
                                                  {mls::SenderType::new_member_proposal, 0}, eve.signer)));
        return out;
    }();
    return made;
}

std::vector<Bytes> choose_each()
{
    std::vector<Bytes> out;
    for (std::uint8_t i = 0; i < honest_messages().size(); ++i)
        out.push_back({i, 0, 0, 0, 0, 0});
    out.push_back({0x80, 0, 0, 1, 2});
    return out;
}

/// Something wrong in it, and everything on it right: what only a member can send.
Bytes insider_message(mls::Group& alice, Choices& choices)
{
    const auto how = choices.dice(8);
    if (how == 0) { // What bytes say is a proposal.
        auto proposal = mls::decode<mls::Proposal>(choices.rest());
        return proposal.ok() ? publish_proposal(alice, std::move(*proposal)) : Bytes();
    }
    if (how == 1) { // Or a commit.
        auto commit = mls::decode<mls::Commit>(choices.rest());
        return commit.ok() ? publish_commit(alice, std::move(*commit)) : Bytes();
    }
    Stage stage(31);
    if (how == 2 || how == 3) { // An honest one with a wound, its leaf signed again.
        mls::CommitOptions options;
        if (choices.flag()) options.proposals.push_back(mls::Proposal{mls::Remove{3}});
        if (choices.flag())
            options.proposals.push_back(
                mls::Proposal{mls::Add{cast().world.package(cast().world.newcomer("eve")).key_package}});
        auto copy = alice;
        const auto honest = commit_of(must(copy.commit(stage.env, options)).commit);
        const bool sign = choices.flag();
        auto commit = mls::decode<mls::Commit>(mutated(mls::encode(honest), choices));
        if (!commit.ok()) return {};
        if (sign && commit->path)
            mls::sign_leaf_node(commit->path->leaf_node, Access::signer(alice), alice.group_id(), alice.own_leaf());
        return publish_commit(alice, std::move(*commit));
    }
    if (how == 4) { // A newcomer whose KeyPackage is odd.
        const auto eve = cast().world.newcomer("eve");
        auto package =
            mls::decode<mls::KeyPackage>(mutated(mls::encode(cast().world.package(eve).key_package), choices));
        if (!package.ok()) return {};
        mls::sign_leaf_node(package->leaf_node, eve.signer, {}, 0);
        sign_key_package(*package, eve.signer);
        return publish_proposal(alice, mls::Proposal{mls::Add{std::move(*package)}});
    }
    if (how == 5) { // A group context of our invention.
        auto extensions = mls::decode<mls::GroupContextExtensions>(choices.rest());
        return extensions.ok() ? publish_proposal(alice, mls::Proposal{std::move(*extensions)}) : Bytes();
    }
    // A PrivateMessage: any generation, any leaf in the sender data, any content under the right key.
    auto content = own_content(alice, Bytes());
    content.wire_format = mls::WireFormat::mls_private_message;
    if (how == 6) {
        auto proposal = mls::decode<mls::Proposal>(choices.rest());
        if (!proposal.ok()) return {};
        content.content.content = std::move(*proposal);
    } else {
        content.content.content = to_bytes(choices.bytes(32));
    }
    mls::sign_content(content, Access::encoded_context(alice), Access::signer(alice));
    const auto type = how == 6 ? mls::RatchetType::handshake : mls::RatchetType::application;
    auto key = Access::secret_tree(alice).next(alice.own_leaf(), type);
    FUZZ_CHECK(key.ok());
    mls::SenderData sender{alice.own_leaf(), key->generation, {}};
    if (choices.flag()) sender.generation = static_cast<std::uint32_t>(choices.number(4));
    auto key_used = key->key;
    const bool cheat = choices.flag();
    auto message = mls::seal_private_message(alice.cipher_suite(), content, key_used, sender,
                                             Access::sender_data_secret(alice), choices.dice(64));
    if (cheat) message.content_type = static_cast<mls::ContentType>(1 + choices.dice(3));
    return mls::encode(mls::MLSMessage{std::move(message)});
}

std::vector<Bytes> insider_seeds()
{
    std::vector<Bytes> out;
    Stage stage;
    auto alice = cast().group(0);
    for (const auto& proposal :
         {mls::Proposal{mls::Remove{3}}, mls::Proposal{mls::PreSharedKey{cast().world.external_psk({1})}},
          mls::Proposal{mls::CustomProposal::opaque(custom_proposal, Bytes{1})},
          mls::Proposal{mls::GroupContextExtensions{{{custom_extension, Bytes{2}}}}}}) {
        for (const auto how : Bytes{0, 6}) {
            Bytes one{how};
            append(one, mls::encode(proposal));
            out.push_back(std::move(one));
        }
    }
    Bytes commit{1};
    append(commit, mls::encode(commit_of(must(alice.commit(stage.env, {})).commit)));
    out.push_back(std::move(commit));
    for (const auto how : Bytes{2, 3, 4, 7})
        out.push_back({how, 1, 1, 1, 0, 3, 7, 1, 0, 9, 2, 5});
    Bytes context{5};
    append(context, mls::encode(mls::GroupContextExtensions{alice.context().extensions}));
    out.push_back(std::move(context));
    return out;
}

/// Who is invited: her KeyPackage and its private half.
const mls::KeyPackageBundle& invited()
{
    static const mls::KeyPackageBundle made = cast().world.package(cast().world.newcomer("eve"));
    return made;
}

/// Alice after she has added Eve, and what she would have sent.
struct Invitation {
    mls::Group group;
    mls::GroupInfo info;
    mls::Welcome welcome;
};

const Invitation& invitation()
{
    static const Invitation made = [] {
        Stage stage(22);
        auto alice = cast().group(0);
        mls::CommitOptions options;
        options.proposals = {mls::Proposal{mls::Add{invited().key_package}}};
        auto out = must(alice.commit(stage.env, options));
        auto message = must_decode<mls::MLSMessage>(*out.welcome);
        auto info = out.next.group_info(stage.env, true, true);
        return Invitation{std::move(out.next), std::move(info), *message.as<mls::Welcome>()};
    }();
    return made;
}

/// A Welcome by an evil member: everything in it is hers to choose, and she signs and tags it right.
mls::Welcome evil_welcome(mls::GroupInfo info, bool fix_tree, Choices& choices)
{
    Stage stage(30);
    if (fix_tree) {
        auto tree = mls::get_extension<mls::RatchetTree>(info.extensions, mls::ExtensionType::ratchet_tree);
        if (tree.ok() && tree->has_value()) {
            (*tree)->update_hashes();
            info.group_context.tree_hash = (*tree)->root_hash();
        }
    }
    mls::GroupSecrets secrets;
    secrets.joiner_secret = mls::WipedBytes(choices.flag() ? 32 : choices.dice(40), 1);
    if (choices.flag()) secrets.path_secret = mls::PathSecret{mls::WipedBytes(32, choices.byte())};
    if (choices.flag()) secrets.psks = {cast().world.external_psk({1})};
    const mls::WipedBytes none(mls::kdf_nh, 0);
    const auto welcome_secret = mls::derive_welcome_secret(secrets.joiner_secret, none);
    const auto derived = mls::derive_epoch(secrets.joiner_secret, none, mls::encode(info.group_context));
    info.confirmation_tag = mls::mac(derived.secrets.confirmation_key, info.group_context.confirmed_transcript_hash);
    mls::sign_group_info(info, Access::signer(invitation().group));
    mls::Welcome out;
    out.cipher_suite = cast().suite;
    out.encrypted_group_info = mls::seal_group_info(cast().suite, welcome_secret, info);
    const auto encoded = mls::encode_secret(secrets);
    out.secrets.push_back({mls::make_key_package_ref(invited().key_package),
                           must(mls::encrypt_with_label(cast().suite, invited().key_package.init_key, "Welcome",
                                                        out.encrypted_group_info, encoded, stage.entropy))});
    return out;
}

std::vector<Bytes> join_seeds()
{
    std::vector<Bytes> out;
    for (std::uint8_t how = 0; how < 4; ++how)
        for (const auto flag : Bytes{0, 1})
            out.push_back({how, flag, 1, 0, 0, 0, 0, 5, 1, 2});
    // A whole tree of one's own making: its bytes follow.
    Bytes tree{4, 1, 1, 0, 0, 0, 0};
    append(tree, mls::encode(invitation().group.tree()));
    out.push_back(std::move(tree));
    return out;
}

std::vector<Bytes> state_seeds()
{
    return {{0, 0, 0, 0}, {1, 1, 0, 0, 0, 9, 1}, {2, 2, 0, 5, 0}, {3, 0, 1, 2, 3, 4, 5, 6}};
}

} // namespace

FUZZ_TARGET(mls_process, "mls", 1024, choose_each)
{
    Choices choices(input);
    Stage stage;
    auto bob = cast().group(1);
    // Up to three messages, one after the other.
    for (int round = 0; round < 3 && (round == 0 || !choices.empty()); ++round) {
        const auto which = choices.byte();
        const auto& honest = honest_messages()[(which & 0x7f) % honest_messages().size()];
        const Bytes message = (which & 0x80) != 0 ? to_bytes(choices.rest()) : mutated(honest, choices);
        const auto got = process_checked(bob, stage.env, message);
        if (got.ok() && got->type == mls::ContentType::application)
            FUZZ_CHECK(as_text(got->application_data) == "hello");
    }
}

FUZZ_TARGET(mls_insider, "mls", 4096, insider_seeds)
{
    Choices choices(input);
    Stage stage;
    auto alice = cast().group(0);
    auto bob = cast().group(1);
    auto carol = cast().group(2);
    const auto message = insider_message(alice, choices);
    if (message.empty()) return;
    const auto one = process_checked(bob, stage.env, message);
    const auto two = process_checked(carol, stage.env, message);
    FUZZ_CHECK(one.ok() == two.ok());
    if (!one.ok()) return;
    // Whatever was accepted, Bob and Carol go on.
    check_alive(bob, &carol, stage.env);
}

FUZZ_TARGET(mls_join, "mls", 4096, join_seeds)
{
    Choices choices(input);
    Stage stage;
    const auto how = choices.dice(5);
    const bool flag = choices.flag();
    std::optional<mls::Group> joined;
    if (how == 0) { // On the way: somebody touched the Welcome.
        const auto welcome = mls::decode<mls::Welcome>(mutated(mls::encode(invitation().welcome), choices));
        if (!welcome.ok()) return;
        auto group = mls::Group::join(stage.env, *welcome, invited());
        if (group.ok()) joined = std::move(*group);
    } else if (how == 1) { // An external join by a GroupInfo that its signer made odd.
        auto info = mls::decode<mls::GroupInfo>(mutated(mls::encode(invitation().info), choices));
        if (!info.ok()) return;
        if (flag) mls::sign_group_info(*info, Access::signer(invitation().group));
        const auto newcomer = cast().world.newcomer("mallory");
        mls::ExternalJoinOptions join;
        join.leaf = newcomer.leaf;
        join.signer = newcomer.signer;
        if (choices.flag()) join.remove = static_cast<mls::LeafIndex>(choices.dice(6));
        auto made = mls::Group::join_external(stage.env, *info, join);
        if (made.ok()) joined = std::move(made->group);
    } else { // An evil member invites.
        auto info = invitation().info;
        if (how == 4) {
            const bool fix = flag;
            Bytes options;
            for (int i = 0; i < 5; ++i)
                options.push_back(choices.byte());
            for (auto& extension : info.extensions)
                if (extension.extension_type == mls::ExtensionType::ratchet_tree)
                    extension.extension_data = to_bytes(choices.rest());
            Choices rest(options);
            info.signer = rest.byte();
            auto group = mls::Group::join(stage.env, evil_welcome(info, fix, rest), invited());
            if (group.ok()) joined = std::move(*group);
        } else {
            auto odd = mls::decode<mls::GroupInfo>(mutated(mls::encode(info), choices));
            if (!odd.ok()) return;
            auto group = mls::Group::join(stage.env, evil_welcome(std::move(*odd), flag, choices), invited());
            if (group.ok()) joined = std::move(*group);
        }
    }
    // Whoever got in can work and be stored.
    if (!joined) return;
    check_alive(*joined, nullptr, stage.env);
    const State state(*joined);
    const auto again = mls::Group::deserialize(state.epoch, state.ratchets);
    FUZZ_CHECK(again.ok() && State(*again) == state);
}

FUZZ_TARGET(mls_state, "mls", 512, state_seeds)
{
    Choices choices(input);
    Stage stage;
    const auto how = choices.byte();
    auto group = cast().group(how % 4);
    // With something in every drawer: a late key, a cached proposal, an own update.
    if ((how & 4) != 0) (void)group.process(stage.env, honest_messages()[2]);
    if ((how & 8) != 0) (void)group.propose_update(stage.env);
    if ((how & 16) != 0) (void)group.process(stage.env, honest_messages()[4]);
    const State whole(group);
    const auto damaged = [&](const mls::WipedBytes& part, bool touch) {
        return touch ? mutated(part, choices) : Bytes(part.begin(), part.end());
    };
    const auto epoch = damaged(whole.epoch, (how & 32) == 0);
    const auto ratchets = damaged(whole.ratchets, (how & 64) != 0);
    auto again = mls::Group::deserialize(epoch, ratchets);
    if (!again.ok()) {
        FUZZ_CHECK(again.error() != mls::MlsError::none);
        return;
    }
    const State after(*again);
    // What the version before wrote is read, and written as this one writes.
    const auto kept = [](const Bytes& before, const mls::WipedBytes& now) {
        return before[1] == 1 || std::ranges::equal(now, before);
    };
    FUZZ_CHECK(kept(epoch, after.epoch) && kept(ratchets, after.ratchets));
    // The store authenticates its pages; a state that is sound as far as it can be judged must not crash either.
    if (again->has_left()) return;
    (void)again->encrypt(stage.env, as_bytes("x"));
    for (const auto& message : honest_messages())
        (void)again->process(stage.env, message);
}
