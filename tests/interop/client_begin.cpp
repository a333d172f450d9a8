// SPDX-License-Identifier: Apache-2.0
// How a member comes to be: of a group that is new, by a Welcome, from outside, after a ReInit, in a branch.
#include "tests/interop/client.hpp"

namespace godwit::interop {

json Client::joined(mls::Group group, mls::SignatureKeyPair signer, mls::LeafNodeOptions leaf)
{
    json out{{"state", ++last_}, {"epoch_authenticator", hex(group.epoch_authenticator())}};
    members_.emplace(last_, Member{std::move(group), std::nullopt, std::move(signer), std::move(leaf)});
    return out;
}

/// The first commit of a group that continues another one: there is nobody yet who could refuse it.
json Client::started(mls::CommitOutput made, mls::SignatureKeyPair signer, mls::LeafNodeOptions leaf)
{
    const auto welcome = made.welcome.value_or(Bytes());
    const auto tree = mls::encode(made.next.tree());
    auto out = joined(std::move(made.next), std::move(signer), std::move(leaf));
    out["welcome"] = hex(welcome);
    out["ratchet_tree"] = hex(tree);
    return out;
}

json Client::waiting(Joiner joiner, json more)
{
    const auto& bundle = joiner.bundle;
    more["transaction"] = ++last_;
    more["key_package"] = hex(mls::encode(mls::MLSMessage{bundle.key_package}));
    more["init_priv"] = hex(bundle.init_private);
    more["encryption_priv"] = hex(bundle.encryption_private);
    more["signature_priv"] = hex(bundle.signer.private_key);
    joiners_.emplace(last_, std::move(joiner));
    return more;
}

json Client::supported_ciphersuites(const json&)
{
    json suites = json::array();
    for (unsigned suite = 1; suite <= 7; ++suite)
        if (mls::is_supported(static_cast<mls::CipherSuite>(suite))) suites.push_back(suite);
    return {{"ciphersuites", suites}};
}

json Client::create_group(const json& request)
{
    const auto suite = suite_in(request);
    auto signer = mls::generate_signature_key_pair(suite, entropy_);
    auto leaf = leaf_in(request);
    auto group = must(mls::Group::create(environment(), suite, hex_in(request, "group_id"), leaf, signer, lifetime(),
                                         extensions_in(request, "extensions"), options_in(request)));
    return joined(std::move(group), std::move(signer), std::move(leaf));
}

json Client::create_key_package(const json& request)
{
    const auto suite = suite_in(request);
    auto leaf = leaf_in(request);
    return waiting({must(mls::create_key_package(suite, mls::generate_signature_key_pair(suite, entropy_), leaf,
                                                 lifetime(), entropy_)),
                    leaf, 0});
}

json Client::join_group(const json& request)
{
    auto& joiner = joiner_in(request);
    const auto welcome = message_in<mls::Welcome>(request, "welcome");
    auto group = must(mls::Group::join(environment(), welcome, joiner.bundle, tree_in(request), options_in(request)));
    auto out = joined(std::move(group), joiner.bundle.signer, joiner.leaf);
    joiners_.erase(number_in(request, "transaction"));
    return out;
}

json Client::external_join(const json& request)
{
    const auto info = message_in<mls::GroupInfo>(request, "group_info");
    const auto tree = tree_in(request);
    const auto identity = hex_in(request, "identity");
    mls::ExternalJoinOptions join;
    const auto suite = info.group_context.cipher_suite;
    if (!mls::is_supported(suite)) throw Refusal("unsupported_cipher_suite");
    join.leaf = leaf_in(request);
    join.signer = mls::generate_signature_key_pair(suite, entropy_);
    join.authenticated_data = hex_or(request, "authenticated_data", {});
    if (request.contains("psks"))
        for (const auto& one : request["psks"]) {
            auto id = psk_id(mls::PSKType::external);
            id.psk_id = hex_in(one, "psk_id");
            if (one.contains("psk_secret")) psks_.known[id.psk_id] = hex_in(one, "psk_secret");
            join.psks.push_back(std::move(id));
        }
    if (flag_or(request, "remove_prior", false)) {
        auto shown = tree;
        if (!shown)
            shown = must(mls::get_extension<mls::RatchetTree>(info.extensions, mls::ExtensionType::ratchet_tree));
        if (!shown) throw Refusal("tree_missing");
        shown->for_each_member([&](mls::LeafIndex at, const mls::LeafNode& leaf) {
            if (leaf.credential.content == identity) join.remove = at;
        });
        if (!join.remove) throw Refusal("remove_prior: nobody of this identity is in the group");
    }
    auto made = must(mls::Group::join_external(environment(), info, join, tree, options_in(request)));
    auto out = joined(std::move(made.group), join.signer, join.leaf);
    out["commit"] = hex(made.commit);
    return out;
}

json Client::new_member_add_proposal(const json& request)
{
    const auto info = message_in<mls::GroupInfo>(request, "group_info");
    const auto& context = info.group_context;
    if (!mls::is_supported(context.cipher_suite)) throw Refusal("unsupported_cipher_suite");
    auto leaf = leaf_in(request);
    auto bundle = must(mls::create_key_package(context.cipher_suite,
                                               mls::generate_signature_key_pair(context.cipher_suite, entropy_), leaf,
                                               lifetime(), entropy_));
    const auto proposal = must(mls::external_proposal(
        context.group_id, context.epoch, mls::Proposal{mls::Add{bundle.key_package}},
        {mls::SenderType::new_member_proposal, 0}, bundle.signer, hex_or(request, "authenticated_data", {})));
    return waiting({std::move(bundle), std::move(leaf), 0}, {{"proposal", hex(proposal)}});
}

json Client::create_external_signer(const json& request)
{
    Signer signer{mls::generate_signature_key_pair(suite_in(request), entropy_), hex_in(request, "identity")};
    const mls::ExternalSender shown{signer.keys.public_key, mls::Credential::basic(signer.identity)};
    signers_.emplace(++last_, std::move(signer));
    return {{"signer", last_}, {"external_sender", hex(mls::encode(shown))}};
}

json Client::external_signer_proposal(const json& request)
{
    const auto info = message_in<mls::GroupInfo>(request, "group_info");
    const auto at = signers_.find(number_in(request, "signer"));
    if (at == signers_.end()) throw Refusal("signer: none of this number");
    if (!request.contains("description")) throw Refusal("description: missing");
    const auto& what = request["description"];
    const auto kind = what.value("proposal_type", "");
    const auto& context = info.group_context;
    mls::Proposal proposal;
    if (kind == "add")
        proposal.body = mls::Add{message_in<mls::KeyPackage>(what, "key_package")};
    else if (kind == "remove")
        proposal.body = mls::Remove{static_cast<mls::LeafIndex>(number_in(what, "removed_leaf"))};
    else if (kind == "group_context_extensions")
        proposal.body = mls::GroupContextExtensions{extensions_in(what, "extensions")};
    else
        throw Refusal("proposal_type: add, remove or group_context_extensions");
    const auto index = static_cast<std::uint32_t>(number_in(request, "signer_index"));
    return {{"proposal", hex(must(mls::external_proposal(context.group_id, context.epoch, proposal,
                                                         {mls::SenderType::external, index}, at->second.keys,
                                                         hex_or(request, "authenticated_data", {}))))}};
}

// ---- a group that continues another one ---------------------------------------------------------

/// After a ReInit was committed, as every member does it but who makes the new group: a KeyPackage for that.
json Client::re_init_key_package(const json& request)
{
    Member& old = member_in(request);
    if (!old.group.reinit()) throw Refusal("reinit_not_committed");
    const auto suite = old.group.reinit()->cipher_suite;
    // A signature key is of one kind: a suite with another one needs another key.
    const auto signer = old.signer.fits(suite) ? old.signer : mls::generate_signature_key_pair(suite, entropy_);
    return waiting({must(mls::create_key_package(suite, signer, old.leaf, lifetime(), entropy_)), old.leaf,
                    number_in(request, "state")});
}

json Client::re_init_welcome(const json& request)
{
    Member& old = member_in(request);
    if (!old.group.reinit()) throw Refusal("reinit_not_committed");
    const auto suite = old.group.reinit()->cipher_suite;
    const auto signer = old.signer.fits(suite) ? old.signer : mls::generate_signature_key_pair(suite, entropy_);
    auto made = must(old.group.reinitialize(environment(), old.leaf, signer, lifetime(), key_packages_in(request)));
    return started(std::move(made), signer, old.leaf);
}

json Client::handle_re_init_welcome(const json& request)
{
    Joiner& joiner = joiner_in(request);
    const auto old = members_.find(joiner.from);
    if (old == members_.end()) throw Refusal("transaction: of no member after a ReInit");
    const mls::Group* const groups[] = {&old->second.group};
    auto group = must(mls::Group::join(environment(groups), message_in<mls::Welcome>(request, "welcome"), joiner.bundle,
                                       tree_in(request), options_in(request)));
    auto out = joined(std::move(group), joiner.bundle.signer, joiner.leaf);
    joiners_.erase(number_in(request, "transaction"));
    return out;
}

json Client::create_branch(const json& request)
{
    Member& old = member_in(request);
    auto made = must(old.group.branch(environment(), hex_in(request, "group_id"), old.leaf, old.signer, lifetime(),
                                      key_packages_in(request)));
    return started(std::move(made), old.signer, old.leaf);
}

json Client::handle_branch(const json& request)
{
    Member& old = member_in(request);
    Joiner& joiner = joiner_in(request);
    const mls::Group* const groups[] = {&old.group};
    auto group = must(mls::Group::join(environment(groups), message_in<mls::Welcome>(request, "welcome"), joiner.bundle,
                                       tree_in(request), options_in(request)));
    auto out = joined(std::move(group), joiner.bundle.signer, joiner.leaf);
    joiners_.erase(number_in(request, "transaction"));
    return out;
}

// ---- beside -------------------------------------------------------------------------------------

json Client::store_psk(const json& request)
{
    psks_.known[hex_in(request, "psk_id")] = hex_in(request, "psk_secret");
    return json::object();
}

json Client::free_state(const json& request)
{
    const auto handle = number_in(request, "handle");
    if (members_.erase(handle) + joiners_.erase(handle) + signers_.erase(handle) == 0)
        throw Refusal("handle: none of this number");
    return json::object();
}

} // namespace godwit::interop
