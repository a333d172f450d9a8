// SPDX-License-Identifier: Apache-2.0
// Commits of ours, up to the point where the Delivery Service has to say yes: who is to come and go -> a commit and the
// group that it leads to -> both stored -> handed out. The group itself stays where it is.
#include "lib/seal/state.hpp"

#include "lib/wire/mls_outline.hpp"
#include <algorithm>
#include <limits>

namespace godwit::seal {
namespace {

/// KeyPackages in one commit, so that it fits wire::commit_envelope_bytes_max with its path.
constexpr std::size_t added_bytes_max = wire::commit_envelope_bytes_max / 2;

Bytes info_of(const mls::Group& group, const mls::Environment& environment)
{
    return mls::encode(mls::MLSMessage{group.group_info(environment, true, true)});
}

std::vector<DeviceId> devices_without(const Members& members, const DeviceId& own)
{
    std::vector<DeviceId> out;
    for (const auto& [device, certificate] : members)
        if (device != own) out.push_back(device);
    return out;
}

/// The relay may have forgotten what was here before; other members have not, and would not come back to it.
std::uint64_t first_after(Version floor)
{
    const bool entered = floor.epoch > 0 && floor.incarnation < std::numeric_limits<std::uint64_t>::max();
    return floor.incarnation + (entered ? 1 : 0);
}

} // namespace

bool is_plausible(std::uint64_t incarnation, const Conversation* known)
{
    std::uint64_t base = 0;
    if (known != nullptr) base = known->about.floor.incarnation;
    if (known != nullptr && known->group) base = std::max(base, known->version().incarnation);
    return base == 0 ? incarnation <= first_incarnation_max
                     : incarnation <= base || incarnation - base <= incarnation_step_max;
}

MessageId Groups::State::fresh_id()
{
    MessageId out;
    entropy.fill(out.bytes);
    return out;
}

Groups::State::Additions Groups::State::additions(const Circle& circle, const Members& present,
                                                  const mls::Extensions& extensions,
                                                  const std::map<DeviceId, Bytes>& packages, std::vector<DeviceId>& bad,
                                                  WallMs now_ms) const
{
    Additions out;
    std::size_t bytes = 0;
    for (const Party& party : circle.parties)
        for (const DeviceId& one : party.devices) {
            const auto package = packages.find(one);
            if (one == device || present.contains(one) || package == packages.end()) continue;
            if (std::find(out.devices.begin(), out.devices.end(), one) != out.devices.end()) continue;
            // The rest is missing still, and comes with the next commit.
            if (present.size() + out.devices.size() >= members_max || bytes > added_bytes_max) return out;
            auto good = accept_key_package(package->second, party, one, extensions, now_ms);
            if (!good) {
                bad.push_back(one);
                continue;
            }
            out.proposals.push_back(mls::Proposal{mls::Add{std::move(*good)}});
            out.devices.push_back(one);
            bytes += package->second.size();
        }
    return out;
}

Result<Outgoing> Groups::State::keep(Outgoing outgoing, const mls::Group& next)
{
    if (outgoing.commit.size() > wire::commit_envelope_bytes_max || outgoing.welcome.size() > wire::welcome_bytes_max ||
        outgoing.group_info.size() > wire::group_info_bytes_max || outgoing.recipients.size() > wire::recipients_max ||
        outgoing.newcomers.size() > wire::recipients_max)
        return Error{ErrorCode::quota_exceeded, "a commit for so many devices does not fit a frame", 0};
    Conversation* const c = make(outgoing.conversation);
    if (c == nullptr)
        return Error{ErrorCode::quota_exceeded,
                     "this device has " + std::to_string(conversations_max) + " conversations, its limit", 0};
    const Pending record{std::move(outgoing), next.serialize_epoch(), next.serialize_ratchets()};
    LongValue(value_name(c->id, "pending")).save(store, mls::encode_secret(record));
    pending.insert(c->id);
    write_pending_list();
    save(*c); // The generation that the commit took: with it, whatever the caller does.
    return record.outgoing;
}

Result<Outgoing> Groups::create(const Circle& circle, std::uint64_t incarnation,
                                const std::map<DeviceId, Bytes>& packages, std::vector<DeviceId>& bad, WallMs now_ms)
{
    State& s = *state_;
    if (is_pending(circle.conversation)) return conflict("a commit of ours is pending");
    const auto accounts = accounts_of(circle);
    if (std::find(accounts.begin(), accounts.end(), s.account_key) == accounts.end())
        return Error{ErrorCode::internal, "a conversation without the own account", 0};
    if (const Conversation* c = s.find(circle.conversation)) {
        if (c->group && incarnation <= c->version().incarnation)
            return conflict("a group of this incarnation, or a later one, is here");
        incarnation = std::max(incarnation, first_after(c->about.floor));
    }
    if (incarnation == 0 || !is_plausible(incarnation, s.find(circle.conversation)))
        return unauthentic("the relay names a group of an impossible incarnation");

    const Membership service(accounts);
    const auto environment = s.environment(service, now_ms);
    const auto extensions = context_extensions(accounts);
    auto group = mls::Group::create(environment, suite, encode_group_id(circle.conversation, incarnation),
                                    leaf_options(s.certificate), s.signer(), lifetime_from(now_ms), extensions,
                                    {mls::HandshakeFormat::private_message, 0});
    if (!group) return mls::to_error(group.error());
    auto added = s.additions(circle, members_of(*group), extensions, packages, bad, now_ms);
    Outgoing out;
    out.conversation = circle.conversation;
    out.from = {incarnation, 0};
    out.id = s.fresh_id();
    mls::CommitOptions options;
    options.proposals = std::move(added.proposals);
    options.authenticated_data = bind(commit_purpose, out.id);
    auto made = group->commit(environment, options);
    if (!made) return mls::to_error(made.error());
    out.commit = std::move(made->commit);
    out.newcomers = std::move(added.devices);
    if (made->welcome) out.welcome = std::move(*made->welcome);
    out.group_info = info_of(made->next, environment);
    return s.keep(std::move(out), made->next);
}

Result<Outgoing> Groups::change(const Circle& circle, const std::map<DeviceId, Bytes>& packages,
                                std::vector<DeviceId>& bad, WallMs now_ms)
{
    State& s = *state_;
    if (is_pending(circle.conversation)) return conflict("a commit of ours is pending");
    Conversation* const c = s.find_group(circle.conversation);
    if (c == nullptr) return Error{ErrorCode::not_connected, "the conversation has no group here", 0};
    mls::Group& group = *c->group;
    const Membership service(group);
    const auto environment = s.environment(service, now_ms);
    const Members present = members_of(group);

    auto added = s.additions(circle, present, group.context().extensions, packages, bad, now_ms);
    Outgoing out;
    out.conversation = circle.conversation;
    out.from = c->version();
    out.id = s.fresh_id();
    mls::CommitOptions options;
    for (const DeviceId& gone : surplus_of(group, circle))
        if (gone != s.device) options.proposals.push_back(mls::Proposal{mls::Remove{*find_device(group.tree(), gone)}});
    std::move(added.proposals.begin(), added.proposals.end(), std::back_inserter(options.proposals));
    options.authenticated_data = bind(commit_purpose, out.id);
    if (group.tree().leaf(group.own_leaf())->credential.content != s.certificate)
        options.leaf = leaf_options(s.certificate);
    c->ratchets_dirty = true; // Also where it fails after the generation was taken.
    auto made = group.commit(environment, options);
    if (!made) return mls::to_error(made.error());
    out.commit = std::move(made->commit);
    out.recipients = devices_without(present, s.device);
    out.newcomers = std::move(added.devices);
    if (made->welcome) out.welcome = std::move(*made->welcome);
    out.group_info = info_of(made->next, environment);
    return s.keep(std::move(out), made->next);
}

Result<Outgoing> Groups::rejoin(const Circle& circle, BytesView group_info, Version at_relay, WallMs now_ms)
{
    State& s = *state_;
    if (is_pending(circle.conversation)) return conflict("a commit of ours is pending");
    const auto accounts = accounts_of(circle);
    if (std::find(accounts.begin(), accounts.end(), s.account_key) == accounts.end())
        return Error{ErrorCode::internal, "a conversation without the own account", 0};
    if (group_info.size() > wire::group_info_bytes_max) return Error{ErrorCode::malformed, "group info: too long", 0};
    const auto message = mls::decode<mls::MLSMessage>(group_info);
    const auto* info = message ? message->as<mls::GroupInfo>() : nullptr;
    if (info == nullptr) return Error{ErrorCode::malformed, "group info: does not decode", 0};
    const mls::GroupContext& context = info->group_context;
    const auto name = parse_group_id(context.group_id);
    if (!name || name->conversation != circle.conversation) return unauthentic("group info: of another conversation");
    if (Version{name->incarnation, context.epoch} != at_relay) return unauthentic("group info: of another epoch");
    if (!is_plausible(name->incarnation, s.find(circle.conversation)))
        return unauthentic("group info: of an impossible incarnation");
    if (context.cipher_suite != suite) return unauthentic("group info: of another cipher suite");
    if (context.extensions != context_extensions(accounts)) return unauthentic("group info: for other accounts");
    if (const Conversation* c = s.find(circle.conversation)) {
        // An older epoch than ours may be right (the newest commit was taken back), a much older one is not.
        const bool older = c->group && (at_relay.incarnation < c->version().incarnation ||
                                        (at_relay.incarnation == c->version().incarnation &&
                                         at_relay.epoch + mls::past_epochs_max < c->group->epoch()));
        if (older || Version{at_relay.incarnation, at_relay.epoch + 1} < c->about.floor)
            return unauthentic("group info: older than what was here before");
    }

    const Membership service(accounts);
    const auto environment = s.environment(service, now_ms);
    const auto tree = mls::get_extension<mls::RatchetTree>(info->extensions, mls::ExtensionType::ratchet_tree);
    if (!tree || !tree->has_value()) return unauthentic("group info: without a tree");
    Outgoing out;
    out.conversation = circle.conversation;
    out.from = at_relay;
    out.external = true;
    out.id = s.fresh_id();
    mls::ExternalJoinOptions join;
    join.leaf = leaf_options(s.certificate);
    join.signer = s.signer();
    join.remove = find_device(**tree, s.device);
    join.authenticated_data = bind(commit_purpose, out.id);
    if ((*tree)->member_count() + (join.remove ? 0 : 1) > members_max)
        return Error{ErrorCode::quota_exceeded, "the conversation has no room for another device", 0};
    auto made = mls::Group::join_external(environment, *info, join, {}, {mls::HandshakeFormat::private_message, 0});
    if (!made) return unauthentic("group info: " + std::string(mls::mls_error_name(made.error())));
    out.commit = std::move(made->commit);
    out.recipients = devices_without(members_of(made->group), s.device);
    out.group_info = info_of(made->group, environment);
    return s.keep(std::move(out), made->group);
}

} // namespace godwit::seal
