// SPDX-License-Identifier: Apache-2.0
// What a member does.
#include "tests/interop/client.hpp"

namespace godwit::interop {
namespace {

std::string kind_of(mls::ContentType type)
{
    switch (type) {
    case mls::ContentType::application: return "application";
    case mls::ContentType::proposal: return "proposal";
    case mls::ContentType::commit: return "commit";
    }
    return "unknown";
}

mls::LeafIndex leaf_of(const mls::Group& group, const Bytes& identity)
{
    std::optional<mls::LeafIndex> out;
    group.tree().for_each_member([&](mls::LeafIndex at, const mls::LeafNode& leaf) {
        if (leaf.credential.content == identity) out = at;
    });
    if (!out) throw Refusal("removed_id: nobody of this identity is in the group");
    return *out;
}

json after(const mls::Group& group)
{
    return {{"epoch", group.epoch()},
            {"epoch_authenticator", hex(group.epoch_authenticator())},
            {"active", group.is_active()},
            {"left", group.has_left()}};
}

} // namespace

json Client::group_info(const json& request)
{
    Member& member = member_in(request);
    const bool beside = flag_or(request, "external_tree", false);
    json out{{"group_info", hex(mls::encode(mls::MLSMessage{member.group.group_info(environment(), !beside, true)}))}};
    if (beside) out["ratchet_tree"] = hex(mls::encode(member.group.tree()));
    return out;
}

json Client::state_auth(const json& request)
{
    return {{"state_auth_secret", hex(member_in(request).group.epoch_authenticator())}};
}

json Client::describe(const json& request)
{
    const Member& member = member_in(request);
    auto out = after(member.group);
    out["group_id"] = hex(member.group.group_id());
    out["cipher_suite"] = static_cast<unsigned>(member.group.cipher_suite());
    out["own_leaf"] = member.group.own_leaf();
    out["members"] = json::array();
    member.group.tree().for_each_member([&](mls::LeafIndex at, const mls::LeafNode& leaf) {
        out["members"].push_back({{"leaf", at}, {"identity", hex(leaf.credential.content)}});
    });
    out["waiting_proposals"] = member.group.proposals().size();
    return out;
}

json Client::export_secret(const json& request)
{
    if (!request.contains("label") || !request["label"].is_string()) throw Refusal("label: text");
    return {{"exported_secret", hex(must(member_in(request).group.export_secret(
                                    request["label"].get<std::string>(), hex_in(request, "context"),
                                    static_cast<std::size_t>(number_in(request, "key_length")))))}};
}

json Client::protect(const json& request)
{
    return {{"ciphertext", hex(must(member_in(request).group.encrypt(environment(), hex_in(request, "plaintext"),
                                                                     hex_or(request, "authenticated_data", {}))))}};
}

json Client::unprotect(const json& request)
{
    const auto got = must(member_in(request).group.process(environment(), hex_in(request, "ciphertext")));
    if (got.type != mls::ContentType::application) throw Refusal("ciphertext: a handshake message");
    return {{"plaintext", hex(got.application_data)}, {"authenticated_data", hex(got.authenticated_data)}};
}

/// {"proposal_type":"add","key_package":…} | "remove","removed_id" | "external_psk","psk_id" |
/// "resumption_psk","epoch" | "group_context_extensions","extensions" | "add_external_signer","external_sender" |
/// "re_init","group_id","cipher_suite","extensions"
mls::Proposal Client::proposal_in(const Member& member, const json& what)
{
    const auto kind = what.value("proposal_type", "");
    const auto& group = member.group;
    if (kind == "add") return {mls::Add{message_in<mls::KeyPackage>(what, "key_package")}};
    if (kind == "remove") return {mls::Remove{leaf_of(group, hex_in(what, "removed_id"))}};
    if (kind == "external_psk") {
        auto id = psk_id(mls::PSKType::external);
        id.psk_id = hex_in(what, "psk_id");
        return {mls::PreSharedKey{std::move(id)}};
    }
    if (kind == "resumption_psk") {
        auto id = psk_id(mls::PSKType::resumption);
        id.psk_group_id = to_bytes(group.group_id());
        id.psk_epoch = number_in(what, "epoch");
        return {mls::PreSharedKey{std::move(id)}};
    }
    if (kind == "group_context_extensions") return {mls::GroupContextExtensions{extensions_in(what, "extensions")}};
    if (kind == "add_external_signer") {
        auto extensions = group.context().extensions;
        auto senders = must(mls::get_extension<mls::ExternalSenders>(extensions, mls::ExtensionType::external_senders))
                           .value_or(mls::ExternalSenders{});
        senders.items.push_back(must(mls::decode<mls::ExternalSender>(hex_in(what, "external_sender"))));
        std::erase_if(extensions,
                      [](const auto& one) { return one.extension_type == mls::ExtensionType::external_senders; });
        extensions.push_back(mls::make_extension(mls::ExtensionType::external_senders, senders));
        return {mls::GroupContextExtensions{std::move(extensions)}};
    }
    if (kind == "re_init") {
        mls::ReInit out;
        out.group_id = hex_in(what, "group_id");
        out.cipher_suite = suite_in(what);
        out.extensions = extensions_in(what, "extensions");
        return {std::move(out)};
    }
    throw Refusal("proposal_type: add, remove, external_psk, resumption_psk, group_context_extensions, "
                  "add_external_signer or re_init");
}

json Client::propose(const json& request)
{
    Member& member = member_in(request);
    const auto data = hex_or(request, "authenticated_data", {});
    if (request.value("proposal_type", "") == "update")
        return {{"proposal", hex(must(member.group.propose_update(environment(), {}, {}, data)))}};
    return {{"proposal", hex(must(member.group.propose(environment(), proposal_in(member, request), data)))}};
}

json Client::commit(const json& request)
{
    Member& member = member_in(request);
    auto before = member.group; // What by_reference brings goes when the commit cannot be made.
    mls::CommitOptions options;
    if (request.contains("by_reference"))
        for (const auto& one : request["by_reference"]) {
            const auto got = before.process(environment(), hex_in(json{{"by_reference", one}}, "by_reference"));
            // Our own, and what came already, is known.
            if (!got && got.error() != mls::MlsError::own_message)
                throw Refusal(std::string(mls_error_name(got.error())));
        }
    if (request.contains("by_value"))
        for (const auto& one : request["by_value"])
            options.proposals.push_back(proposal_in(member, one));
    options.force_path = flag_or(request, "force_path", false);
    const bool beside = flag_or(request, "external_tree", false);
    options.tree_in_welcome = !beside;
    options.authenticated_data = hex_or(request, "authenticated_data", {});
    auto made = must(before.commit(environment(), options));
    json out{{"commit", hex(made.commit)}};
    if (made.welcome) out["welcome"] = hex(*made.welcome);
    if (beside) out["ratchet_tree"] = hex(mls::encode(made.next.tree()));
    member.group = std::move(before);
    member.pending = std::move(made.next);
    return out;
}

json Client::handle_pending_commit(const json& request)
{
    Member& member = member_in(request);
    if (!member.pending) throw Refusal("state: no commit is pending");
    member.pending->adopt_ratchets(member.group);
    member.group = std::move(*member.pending);
    member.pending.reset();
    return after(member.group);
}

json Client::handle_commit(const json& request)
{
    Member& member = member_in(request);
    auto group = member.group;
    if (request.contains("proposals"))
        for (const auto& one : request["proposals"]) {
            const auto got = group.process(environment(), hex_in(json{{"proposals", one}}, "proposals"));
            if (!got && got.error() != mls::MlsError::own_message)
                throw Refusal(std::string(mls_error_name(got.error())));
        }
    const auto got = must(group.process(environment(), hex_in(request, "commit")));
    if (got.type != mls::ContentType::commit) throw Refusal("commit: another kind of message");
    member.group = std::move(group);
    member.pending.reset(); // Theirs was first.
    return after(member.group);
}

/// Whatever it is.
json Client::process(const json& request)
{
    Member& member = member_in(request);
    const auto got = must(member.group.process(environment(), hex_in(request, "message")));
    if (got.type == mls::ContentType::commit) member.pending.reset();
    auto out = after(member.group);
    out["type"] = kind_of(got.type);
    out["authenticated_data"] = hex(got.authenticated_data);
    if (got.type == mls::ContentType::application) out["plaintext"] = hex(got.application_data);
    if (got.type == mls::ContentType::proposal) out["proposal_ref"] = hex(got.proposal_ref);
    return out;
}

/// As if the program had been started anew.
json Client::save_and_load(const json& request)
{
    Member& member = member_in(request);
    const auto epoch = member.group.serialize_epoch(), ratchets = member.group.serialize_ratchets();
    member.group = must(mls::Group::deserialize(epoch, ratchets));
    return {{"state_bytes", epoch.size() + ratchets.size()}};
}

} // namespace godwit::interop
