// SPDX-License-Identifier: Apache-2.0
// Everything of RFC 9420 that is decoded, and HPKE. The encoding is canonical: what decodes is what encode() writes.
#include "tests/fuzz/targets/mls_cast.hpp"

#include "lib/crypto/hpke.hpp"
#include "lib/mls/tree_validation.hpp"
#include "lib/wire/mls_outline.hpp"
#include "tests/relay/mls_shapes.hpp"

using namespace godwit;
using namespace godwit::fuzz;
using namespace godwit::testing;

namespace {

template <class T>
std::optional<T> canonical(BytesView input)
{
    auto decoded = mls::decode<T>(input);
    if (!decoded.ok()) {
        FUZZ_CHECK(decoded.error() != mls::MlsError::none);
        return std::nullopt;
    }
    const auto again = mls::encode(*decoded);
    FUZZ_CHECK(std::equal(again.begin(), again.end(), input.begin(), input.end()));
    return std::move(*decoded);
}

std::vector<Bytes> every_message()
{
    auto group = cast().group(0);
    Stage stage;
    std::vector<Bytes> out;
    const auto fresh = cast().world.newcomer("eve");
    const auto bundle = cast().world.package(fresh);
    out.push_back(encode(mls::MLSMessage{bundle.key_package}));
    out.push_back(encode(mls::MLSMessage{group.group_info(stage.env, true, true)}));
    out.push_back(must(group.encrypt(stage.env, as_bytes("hello"))));
    for (const auto format : {mls::HandshakeFormat::public_message, mls::HandshakeFormat::private_message}) {
        group.set_options({format, 0});
        mls::CommitOptions options;
        options.proposals = {mls::Proposal{mls::Add{bundle.key_package}}, mls::Proposal{mls::Remove{2}}};
        const auto commit = must(group.commit(stage.env, options));
        out.push_back(commit.commit);
        if (out.size() < 6) out.push_back(*commit.welcome);
        auto proposer = group;
        out.push_back(must(proposer.propose_update(stage.env)));
    }
    return out;
}

std::vector<Bytes> proposals()
{
    const auto bundle = cast().world.package(cast().world.newcomer("eve"));
    mls::ReInit reinit;
    reinit.group_id = Bytes(8, 1);
    reinit.cipher_suite = suite_3;
    std::vector<mls::Proposal> all{mls::Proposal{mls::Add{bundle.key_package}},
                                   mls::Proposal{mls::Update{bundle.key_package.leaf_node}},
                                   mls::Proposal{mls::Remove{2}},
                                   mls::Proposal{mls::PreSharedKey{cast().world.external_psk({1})}},
                                   mls::Proposal{reinit},
                                   mls::Proposal{mls::ExternalInit{Bytes(32, 9)}},
                                   mls::Proposal{mls::GroupContextExtensions{{{custom_extension, Bytes{2}}}}},
                                   mls::Proposal{mls::CustomProposal::opaque(custom_proposal, Bytes(3, 3))}};
    const auto& group = cast().world.group(0);
    all.push_back(mls::Proposal{mls::PreSharedKey{cast().world.resumption_psk(group, group.epoch())}});
    std::vector<Bytes> out;
    for (const auto& one : all)
        out.push_back(mls::encode(one));
    return out;
}

std::vector<Bytes> commits()
{
    auto group = cast().group(0);
    Stage stage;
    mls::CommitOptions options;
    options.proposals = {mls::Proposal{mls::Remove{2}}};
    const auto commit = must(group.commit(stage.env, options));
    return {mls::encode(commit_of(commit.commit)), mls::encode(mls::Commit{{{Bytes(32, 5)}}, std::nullopt})};
}

std::vector<Bytes> packages()
{
    return {mls::encode(cast().world.package(cast().world.newcomer("eve")).key_package)};
}

std::vector<Bytes> leaves()
{
    std::vector<Bytes> out;
    const auto& tree = cast().world.group(0).tree();
    out.push_back(mls::encode(*tree.leaf(0)));
    out.push_back(mls::encode(cast().world.package(cast().world.newcomer("eve")).key_package.leaf_node));
    return out;
}

std::vector<Bytes> trees()
{
    auto group = cast().group(0);
    std::vector<Bytes> out{mls::encode(group.tree())};
    Stage stage;
    mls::CommitOptions options;
    options.proposals = {mls::Proposal{mls::Remove{1}}};
    options.force_path = false;
    group = must(group.commit(stage.env, options)).next;
    options.proposals = {mls::Proposal{mls::Add{cast().world.package(cast().world.newcomer("eve")).key_package}}};
    group = must(group.commit(stage.env, options)).next;
    out.push_back(mls::encode(group.tree()));
    return out;
}

std::vector<Bytes> infos()
{
    Stage stage;
    const auto& group = cast().world.group(0);
    return {mls::encode(group.group_info(stage.env, true, true)),
            mls::encode(group.group_info(stage.env, false, false))};
}

std::vector<Bytes> welcomes()
{
    std::vector<Bytes> out;
    for (const auto& message : every_message())
        if (const auto decoded = mls::decode<mls::MLSMessage>(message); decoded->as<mls::Welcome>() != nullptr)
            out.push_back(mls::encode(*decoded->as<mls::Welcome>()));
    return out;
}

template <class T>
Bytes part(std::uint8_t kind, const T& value)
{
    Bytes out{kind};
    append(out, mls::encode(value));
    return out;
}

std::vector<Bytes> parts()
{
    const auto& group = cast().world.group(0);
    mls::GroupSecrets secrets;
    secrets.joiner_secret = mls::WipedBytes(32, 1);
    secrets.path_secret = mls::PathSecret{mls::WipedBytes(32, 2)};
    secrets.psks = {cast().world.external_psk({1})};
    mls::RequiredCapabilities required;
    required.proposal_types = {custom_proposal};
    required.credential_types = {mls::CredentialType::basic};
    const mls::ExternalSenders senders{{{Bytes(32, 3), mls::Credential::basic(as_bytes("x"))}}};
    return {part(0, secrets),
            part(1, required),
            part(2, senders),
            part(3, group.context()),
            part(4, mls::SenderData{1, 2, {3, 4, 5, 6}}),
            part(5, cast().world.package(cast().world.newcomer("eve")))};
}

/// What the relay reads without keys: as godwit makes it, and as others do.
std::vector<Bytes> outlines()
{
    namespace shape = relay::test;
    wire::GroupName group;
    group.conversation.bytes.fill(7);
    group.incarnation = 1;
    MessageId id;
    id.bytes.fill(8);
    DeviceId device;
    device.bytes.fill(9);
    auto out = every_message();
    const Bytes rules(wire::rules_bytes, 7);
    for (auto& one :
         {shape::commit_bytes(group, 3, id), shape::commit_bytes(group, 3, id, 1, 60, rules),
          shape::external_commit_bytes(group, 3, id, device), shape::external_commit_bytes(group, 3, id, device, true),
          shape::welcome_bytes(2), shape::group_info_bytes(group, 3)})
        out.push_back(one);
    return out;
}

/// One who decodes all of it, and one who walks over it: what both take, they take for the same.
void same_private(const mls::PrivateMessage& whole, const wire::MlsHeader& header,
                  const std::optional<wire::MlsCommit>& commit)
{
    FUZZ_CHECK(header.group == wire::parse_group_id(whole.group_id));
    FUZZ_CHECK(header.epoch == whole.epoch);
    FUZZ_CHECK(std::ranges::equal(header.authenticated_data, whole.authenticated_data));
    const auto bound = wire::parse_bound(whole.authenticated_data);
    const bool ours = header.group && whole.content_type == mls::ContentType::commit && bound &&
                      bound->purpose == wire::commit_purpose && !whole.encrypted_sender_data.empty() &&
                      !whole.ciphertext.empty();
    FUZZ_CHECK(commit.has_value() == ours);
    if (commit) FUZZ_CHECK(commit->group == *header.group && commit->envelope == bound->id && !commit->joins);
    if (commit) FUZZ_CHECK(std::ranges::equal(commit->rules, bound->rules));
    if (bound) {
        std::vector<Bytes> lists;
        for (const auto list : bound->lists)
            lists.push_back(to_bytes(list));
        FUZZ_CHECK(wire::bind(bound->purpose, bound->id, lists, bound->rules) == whole.authenticated_data);
    }
}

void same_external(const mls::PublicMessage& whole, const wire::MlsCommit& commit)
{
    FUZZ_CHECK(whole.content.sender.sender_type == mls::SenderType::new_member_commit);
    const auto* body = std::get_if<mls::Commit>(&whole.content.content);
    FUZZ_CHECK(body != nullptr && body->path.has_value());
    FUZZ_CHECK(commit.group == wire::parse_group_id(whole.content.group_id) && commit.epoch == whole.content.epoch);
    FUZZ_CHECK(commit.joins && std::ranges::equal(commit.joins->bytes, body->path->leaf_node.signature_key));
}

/// An encapsulation for the key below, and a ciphertext under it.
struct HpkeSample {
    crypto::HpkeKeyPair recipient = crypto::HpkeKeyPair::derive(Bytes(32, 1));
    crypto::HpkeKeyPair sender = crypto::HpkeKeyPair::derive(Bytes(32, 2));
    Bytes psk = Bytes(32, 3);
    Bytes psk_id = Bytes{4};
};

std::vector<Bytes> sealed()
{
    const HpkeSample sample;
    std::vector<Bytes> out;
    for (std::uint8_t mode = 0; mode < 4; ++mode) {
        const crypto::HpkePsk psk = (mode & 1) != 0 ? crypto::HpkePsk{sample.psk, sample.psk_id} : crypto::HpkePsk{};
        auto sender =
            crypto::hpke_setup_sender(crypto::AeadId::aes_128_gcm, sample.recipient.public_key, as_bytes("info"),
                                      Bytes(32, 9), psk, (mode & 2) != 0 ? &sample.sender : nullptr);
        Bytes one{mode};
        append(one, sender->enc);
        append(one, *sender->context.seal(as_bytes("aad"), as_bytes("hello")));
        out.push_back(std::move(one));
    }
    return out;
}

} // namespace

FUZZ_TARGET(mls_message, "mls", 4096, every_message)
{
    (void)canonical<mls::MLSMessage>(input);
}

FUZZ_TARGET(mls_outline, "mls", 4096, outlines)
{
    const auto header = wire::read_mls_header(input);
    const auto commit = wire::read_mls_commit(input);
    const bool welcome = wire::is_mls_welcome(input);
    const auto info = wire::read_mls_group_info(input);
    FUZZ_CHECK(int{commit.has_value()} + int{welcome} + int{info.has_value()} <= (header ? 1 : 0));
    const auto message = mls::decode<mls::MLSMessage>(input);
    if (!message.ok()) return;
    FUZZ_CHECK(header && static_cast<int>(header->format) == static_cast<int>(message->wire_format()));
    if (const auto* closed = message->as<mls::PrivateMessage>()) same_private(*closed, *header, commit);
    if (const auto* open = message->as<mls::PublicMessage>(); open != nullptr && commit) same_external(*open, *commit);
    if (const auto* whole = message->as<mls::GroupInfo>(); whole != nullptr && info) {
        FUZZ_CHECK(info->group == wire::parse_group_id(whole->group_context.group_id));
        FUZZ_CHECK(info->epoch == whole->group_context.epoch);
    }
    if (message->as<mls::KeyPackage>() != nullptr) FUZZ_CHECK(!commit && !welcome && !info);
}

FUZZ_TARGET(mls_key_package, "mls", 2048, packages)
{
    const auto package = canonical<mls::KeyPackage>(input);
    if (!package) return;
    FUZZ_CHECK(mls::make_key_package_ref(*package).size() == mls::kdf_nh);
    if (mls::is_supported(package->cipher_suite)) (void)mls::validate_key_package(*package, {}, world_now_ms, true);
}

FUZZ_TARGET(mls_leaf_node, "mls", 2048, leaves)
{
    const auto leaf = canonical<mls::LeafNode>(input);
    if (!leaf) return;
    (void)mls::check_leaf_alone(*leaf, suite_1);
    (void)mls::check_leaf_supports(*leaf, cast().world.group(0).context().extensions);
    (void)mls::check_lifetime(*leaf, {}, world_now_ms, true);
    (void)mls::verify_leaf_node_signature(*leaf, suite_1, as_bytes("group"), 3);
}

FUZZ_TARGET(mls_proposal, "mls", 2048, proposals)
{
    const auto proposal = canonical<mls::Proposal>(input);
    if (proposal) FUZZ_CHECK(mls::decode<mls::Proposal>(mls::encode(*proposal))->body == proposal->body);
}

FUZZ_TARGET(mls_commit, "mls", 4096, commits)
{
    (void)canonical<mls::Commit>(input);
}

FUZZ_TARGET(mls_group_info, "mls", 4096, infos)
{
    const auto info = canonical<mls::GroupInfo>(input);
    if (!info) return;
    (void)mls::verify_group_info(*info, Bytes(32, 1));
    (void)mls::get_extension<mls::RatchetTree>(info->extensions, mls::ExtensionType::ratchet_tree);
    (void)mls::get_extension<mls::ExternalPub>(info->extensions, mls::ExtensionType::external_pub);
}

FUZZ_TARGET(mls_welcome, "mls", 4096, welcomes)
{
    (void)canonical<mls::Welcome>(input);
}

FUZZ_TARGET(mls_ratchet_tree, "mls", 8192, trees)
{
    auto tree = canonical<mls::RatchetTree>(input);
    if (!tree) return;
    tree->update_hashes();
    FUZZ_CHECK(tree->root_hash().size() == mls::kdf_nh);
    const auto sound = mls::check_unmerged_leaves(*tree);
    if (sound != mls::MlsError::none) return;
    (void)mls::check_parent_hashes(*tree);
    (void)mls::check_members(*tree, {});
    if (tree->leaves() > 64) return; // What follows is the same in a large tree, and slower.
    for (mls::LeafIndex i = 0; i < std::min<std::uint32_t>(tree->leaves(), 4); ++i) {
        (void)tree->filtered_direct_path(i);
        if (tree->leaf(i) != nullptr) {
            auto without = *tree;
            without.remove_leaf(i);
            without.update_hashes();
        }
    }
    const auto place = tree->make_room();
    FUZZ_CHECK(place.has_value() && tree->leaf(*place) == nullptr);
}

FUZZ_TARGET(mls_part, "mls", 2048, parts)
{
    if (input.empty()) return;
    const auto body = input.subspan(1);
    switch (input[0] % 6) {
    case 0: (void)canonical<mls::GroupSecrets>(body); break;
    case 1: (void)canonical<mls::RequiredCapabilities>(body); break;
    case 2: (void)canonical<mls::ExternalSenders>(body); break;
    case 3: (void)canonical<mls::GroupContext>(body); break;
    case 4: (void)canonical<mls::SenderData>(body); break;
    default: (void)canonical<mls::KeyPackageBundle>(body); break;
    }
}

FUZZ_TARGET(mls_hpke_open, "", 512, sealed)
{
    static const HpkeSample sample;
    Choices choices(input);
    const auto mode = choices.byte();
    const auto rest = choices.rest();
    const auto enc = rest.first(std::min(rest.size(), (mode & 8) != 0 ? std::size_t{mode} : crypto::hpke_key_bytes));
    const auto aead = (mode & 4) != 0 ? crypto::AeadId::chacha20_poly1305 : crypto::AeadId::aes_128_gcm;
    const crypto::HpkePsk psk{(mode & 1) != 0 ? BytesView(sample.psk) : BytesView(),
                              (mode & 1) != 0 ? BytesView(sample.psk_id) : BytesView()};
    auto context = crypto::hpke_setup_receiver(aead, enc, sample.recipient, as_bytes("info"), psk,
                                               (mode & 2) != 0 ? BytesView(sample.sender.public_key) : BytesView());
    if (enc.size() != crypto::hpke_key_bytes || crypto::is_x25519_low_order(enc)) {
        FUZZ_CHECK(!context);
        return;
    }
    FUZZ_CHECK(context.has_value());
    (void)context->open(as_bytes("aad"), rest.subspan(enc.size()));
    (void)context->export_secret(rest, 1 + mode % 64);
}
