// SPDX-License-Identifier: Apache-2.0
// The GroupInfo that lies at the relay was given to it by whoever made the newest commit; members have not seen it.
// What is in it all of them can work out, but for the signature.
#include "lib/seal/state.hpp"

namespace godwit::seal {
namespace {

bool is_other(mls::ExtensionType type, const mls::Extensions& shown, const mls::Extensions& ours)
{
    const auto* const theirs = mls::find_extension(shown, type);
    const auto* const own = mls::find_extension(ours, type);
    return theirs == nullptr || own == nullptr || *theirs != *own;
}

/// What is first wrong, in words; empty: nothing is.
std::string what_is_wrong(const mls::GroupInfo& shown, const mls::GroupInfo& ours)
{
    const auto &its = shown.group_context, &own = ours.group_context;
    if (its.extensions != own.extensions) return "other rules";
    if (its.tree_hash != own.tree_hash) return "another tree";
    if (its.confirmed_transcript_hash != own.confirmed_transcript_hash) return "another history";
    if (its != own) return "another group";
    if (shown.confirmation_tag != ours.confirmation_tag) return "another confirmation tag";
    if (is_other(mls::ExtensionType::external_pub, shown.extensions, ours.extensions)) return "another external key";
    // Where it does not fit, the tree lies beside; whoever joins holds that against tree_hash.
    const auto tree = mls::ExtensionType::ratchet_tree;
    if (mls::find_extension(shown.extensions, tree) != nullptr && is_other(tree, shown.extensions, ours.extensions))
        return "another tree";
    return {};
}

} // namespace

std::optional<Groups::FalseInfo> Groups::false_info(const ConversationId& conversation, BytesView group_info)
{
    State& s = *state_;
    Conversation* const c = s.find_group(conversation);
    if (c == nullptr) return std::nullopt;
    const mls::Group& group = *c->group;
    const auto message = group_info.size() > wire::group_info_bytes_max
                             ? mls::MlsResult<mls::MLSMessage>(mls::MlsError::message_too_large)
                             : mls::decode<mls::MLSMessage>(group_info);
    const auto* const shown = message ? message->as<mls::GroupInfo>() : nullptr;
    // It proves nothing, and counts as another context.
    if (shown == nullptr) return FalseInfo{"nothing that decodes", false, true, std::nullopt};
    const auto* const leaf = group.tree().leaf(shown->signer);
    const bool is_signed = leaf != nullptr && mls::verify_group_info(*shown, leaf->signature_key);
    const Membership service(group);
    const auto ours = group.group_info(s.environment(service, 0), true, true);
    FalseInfo out;
    out.what = what_is_wrong(*shown, ours);
    out.rules = shown->group_context.extensions != ours.group_context.extensions;
    out.context = shown->group_context != ours.group_context;
    if (is_signed) out.by = device_of(*leaf);
    if (out.what.empty() && !is_signed) out.what = "no member's signature";
    if (out.what.empty()) return std::nullopt;
    return out;
}

} // namespace godwit::seal
