// SPDX-License-Identifier: Apache-2.0
// Commits of ours, up to the point where the Delivery Service has to say yes: who is to come and go -> a commit and the
// group that it leads to -> both stored -> handed out. The group itself stays where it is.
#include "lib/seal/evidence.hpp"
#include "lib/seal/policy_extension.hpp"
#include "lib/seal/state.hpp"

#include "lib/wire/mls_outline.hpp"
#include <algorithm>
#include <limits>

namespace godwit::seal {
namespace {

/// KeyPackages in one commit, so that it fits wire::commit_bytes_max with its path and a policy.
constexpr std::size_t added_bytes_max = 40 * 1024;
/// GroupInfo and Welcome of a group of many, with the policy and without a signature or two: where it is longer, the
/// tree lies beside them, at the relay.
constexpr std::size_t info_with_tree_bytes_max = wire::group_info_bytes_max / 2;
static_assert(wire::group_info_bytes_max <= wire::welcome_bytes_max);

Bytes info_of(const mls::Group& group, const mls::Environment& environment, bool with_tree = true)
{
    return mls::encode(mls::MLSMessage{group.group_info(environment, with_tree, true)});
}

/// Decided before there is a commit, because the Welcome is made with it, and about: `more` leaves come, and nodes
/// above.
bool tree_goes_beside(const mls::RatchetTree& tree, const mls::Extensions& extensions, std::size_t more)
{
    constexpr std::size_t leaf_bytes_about = 900;
    return mls::encode(mls::ListOf<mls::Extension>{extensions}).size() + mls::encode(tree).size() +
               more * leaf_bytes_about >
           info_with_tree_bytes_max;
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

Groups::State::Additions Groups::State::additions(const Circle& circle, const Members& present, const Policy* policy,
                                                  const mls::Extensions& extensions,
                                                  const std::map<DeviceId, Bytes>& packages, std::vector<DeviceId>& bad,
                                                  WallMs now_ms) const
{
    Additions out;
    std::size_t bytes = 0;
    const std::size_t room = circle.many ? members_of_many_max : members_max;
    for (const Party& party : circle.parties) {
        if (policy != nullptr && policy->find(party.account_key) == nullptr) continue;
        for (const DeviceId& one : party.devices) {
            const auto package = packages.find(one);
            if (one == device || present.contains(one) || package == packages.end()) continue;
            if (std::find(out.devices.begin(), out.devices.end(), one) != out.devices.end()) continue;
            // The rest is missing still, and comes with the next commit.
            if (present.size() + out.devices.size() >= room || bytes > added_bytes_max ||
                out.devices.size() >= wire::recipients_max)
                return out;
            auto good = accept_key_package(package->second, party, one, extensions, now_ms);
            if (!good) {
                bad.push_back(one);
                continue;
            }
            out.proposals.push_back(mls::Proposal{mls::Add{std::move(*good)}});
            out.devices.push_back(one);
            bytes += package->second.size();
        }
    }
    return out;
}

Result<Outgoing> Groups::State::keep(Outgoing outgoing, mls::Group next)
{
    if (outgoing.commit.size() > wire::commit_bytes_max || outgoing.welcome.size() > wire::welcome_bytes_max ||
        outgoing.group_info.size() > wire::group_info_bytes_max ||
        (outgoing.members.empty() && outgoing.recipients.size() > wire::recipients_max) ||
        outgoing.newcomers.size() > wire::recipients_max ||
        outgoing.tree.size() > wire::group_tree_piece_bytes_max * wire::group_tree_pieces_max)
        return Error{ErrorCode::quota_exceeded, "a commit for so many devices does not fit a frame", 0};
    Conversation* const c = make(outgoing.conversation);
    if (c == nullptr)
        return Error{ErrorCode::quota_exceeded,
                     "this device has " + std::to_string(conversations_max) + " conversations, its limit", 0};
    next.forget_past_ratchets();
    const Pending record{std::move(outgoing), next.serialize_epoch(), next.serialize_ratchets()};
    LongValue(value_name(c->id, "pending")).save(store, mls::encode_secret(record));
    pending.insert(c->id);
    write_pending_list();
    save(*c); // The generation that the commit took: with it, whatever the caller does.
    return record.outgoing;
}

void Groups::State::describe(Outgoing& out, const mls::Group& next, const Policy& policy, const Circle& circle,
                             const mls::Environment& environment, bool beside) const
{
    for (const GroupMember& member : policy.members)
        out.members.push_back(member.user);
    if (circle.plan) out.joined = circle.plan->joined;
    out.recipients.clear(); // The relay knows the accounts' devices.
    if (beside) out.tree = mls::encode(next.tree());
    out.group_info = info_of(next, environment, !beside);
}

Result<Outgoing> Groups::create(const Circle& circle, std::uint64_t incarnation,
                                const std::map<DeviceId, Bytes>& packages, std::vector<DeviceId>& bad, WallMs now_ms)
{
    State& s = *state_;
    if (is_pending(circle.conversation)) return conflict("a commit of ours is pending");
    const auto accounts = accounts_of(circle);
    if (std::find(accounts.begin(), accounts.end(), s.account_key) == accounts.end())
        return Error{ErrorCode::internal, "a conversation without the own account", 0};
    if (circle.many && (!circle.plan || !policy::is_sound(circle.plan->policy)))
        return Error{ErrorCode::internal, "a group without a sound policy", 0};
    if (const Conversation* c = s.find(circle.conversation)) {
        if (c->group && incarnation <= c->version().incarnation)
            return conflict("a group of this incarnation, or a later one, is here");
        incarnation = std::max(incarnation, first_after(c->about.floor));
    }
    if (incarnation == 0 || !is_plausible(incarnation, s.find(circle.conversation)))
        return unauthentic("the relay names a group of an impossible incarnation");

    const Membership service = circle.many ? Membership::of_many() : Membership(accounts);
    const auto environment = s.environment(service, now_ms);
    const auto extensions = circle.many ? policy::encode(circle.plan->policy) : context_extensions(accounts);
    auto group = mls::Group::create(environment, suite, encode_group_id(circle.conversation, incarnation),
                                    leaf_options(s.certificate), s.signer(), lifetime_from(now_ms), extensions,
                                    {mls::HandshakeFormat::private_message, 0});
    if (!group) return mls::to_error(group.error());
    auto added = s.additions(circle, members_of(*group), circle.plan ? &circle.plan->policy : nullptr, extensions,
                             packages, bad, now_ms);
    Outgoing out;
    out.conversation = circle.conversation;
    out.from = {incarnation, 0};
    out.id = s.fresh_id();
    mls::CommitOptions options;
    options.proposals = std::move(added.proposals);
    options.authenticated_data = bind(commit_purpose, out.id, {}, circle.many ? policy::rules_of(extensions) : Bytes());
    const bool beside = circle.many && tree_goes_beside(group->tree(), extensions, added.devices.size());
    options.tree_in_welcome = !beside;
    auto made = group->commit(environment, options);
    if (!made) return mls::to_error(made.error());
    out.commit = std::move(made->commit);
    out.newcomers = std::move(added.devices);
    if (made->welcome) out.welcome = std::move(*made->welcome);
    if (circle.many)
        s.describe(out, made->next, circle.plan->policy, circle, environment, beside);
    else
        out.group_info = info_of(made->next, environment);
    return s.keep(std::move(out), std::move(made->next));
}

Result<Outgoing> Groups::change(const Circle& circle, const std::map<DeviceId, Bytes>& packages,
                                std::vector<DeviceId>& bad, WallMs now_ms)
{
    State& s = *state_;
    if (is_pending(circle.conversation)) return conflict("a commit of ours is pending");
    Conversation* const c = s.find_group(circle.conversation);
    if (c == nullptr) return Error{ErrorCode::not_connected, "the conversation has no group here", 0};
    mls::Group& group = *c->group;
    const Members present = members_of(group);
    const auto before = s.policy_of(*c);
    if (circle.many != (before != nullptr)) return conflict("the group is of another kind");
    const Policy* const next = circle.plan ? &circle.plan->policy : before.get();
    if (next != nullptr && !policy::is_sound(*next))
        return Error{ErrorCode::invalid_argument, "the policy is not sound", 0};

    const auto extensions = next != nullptr ? policy::encode(*next) : group.context().extensions;
    std::vector<mls::Proposal> removes;
    std::vector<Bytes> lists;
    Members stay = present;
    for (const DeviceId& gone : surplus_of(group, circle, before.get(), next, s.directory)) {
        if (gone == s.device) continue;
        const PublicKey& account = present.at(gone).account_key;
        if (before != nullptr && before->find(account) != nullptr && next->find(account) != nullptr &&
            account != s.account_key) {
            // Of an account that stays: with its word for it, or not by us.
            auto list = s.directory.device_list_of(account);
            if (!withdraws(list, present.at(gone))) continue;
            if (std::find(lists.begin(), lists.end(), list) == lists.end()) {
                if (lists.size() >= wire::evidence_lists_max) continue; // With the next commit.
                lists.push_back(std::move(list));
            }
        }
        removes.push_back(mls::Proposal{mls::Remove{*find_device(group.tree(), gone)}});
        stay.erase(gone);
    }
    auto added = s.additions(circle, stay, next, extensions, packages, bad, now_ms);
    const auto rules = circle.many ? policy::rules_of(extensions) : Bytes();
    const Membership service(group, Evidence(lists), rules);
    const auto environment = s.environment(service, now_ms);
    Outgoing out;
    out.conversation = circle.conversation;
    out.from = c->version();
    out.id = s.fresh_id();
    mls::CommitOptions options;
    if (extensions != group.context().extensions)
        options.proposals.push_back(mls::Proposal{mls::GroupContextExtensions{extensions}});
    std::move(removes.begin(), removes.end(), std::back_inserter(options.proposals));
    std::move(added.proposals.begin(), added.proposals.end(), std::back_inserter(options.proposals));
    options.authenticated_data = bind(commit_purpose, out.id, lists, rules);
    if (group.tree().leaf(group.own_leaf())->credential.content != s.certificate)
        options.leaf = leaf_options(s.certificate);
    const bool beside = circle.many && tree_goes_beside(group.tree(), extensions, added.devices.size());
    options.tree_in_welcome = !beside;
    c->ratchets_dirty = true; // Also where it fails after the generation was taken.
    auto made = group.commit(environment, options);
    if (!made && !service.why().empty()) return Error{ErrorCode::not_allowed, service.why(), 0};
    if (!made) return mls::to_error(made.error());
    out.commit = std::move(made->commit);
    out.recipients = devices_without(present, s.device);
    out.newcomers = std::move(added.devices);
    if (made->welcome) out.welcome = std::move(*made->welcome);
    if (next != nullptr)
        s.describe(out, made->next, *next, circle, environment, beside);
    else
        out.group_info = info_of(made->next, environment);
    return s.keep(std::move(out), std::move(made->next));
}

/// Since the first time; by a clock that was ahead, from now on.
bool Groups::State::has_doubted_for_long(Conversation& c, WallMs now_ms)
{
    const auto since = static_cast<WallMs>(c.about.doubted_ms);
    if (since > 0 && now_ms >= since) return now_ms - since >= doubt_kept_ms;
    c.about.doubted_ms = static_cast<std::uint64_t>(std::max<WallMs>(now_ms, 1));
    c.about_dirty = true;
    return false;
}

Result<Outgoing> Groups::rejoin(const Circle& circle, BytesView group_info, Version at_relay, WallMs now_ms,
                                BytesView tree_bytes)
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
    const auto policy = circle.many ? policy::decode(context.extensions) : std::nullopt;
    if (circle.many && (!policy || policy->find(s.account_key) == nullptr))
        return unauthentic("group info: of a group that this account is not in");
    if (!circle.many && context.extensions != context_extensions(accounts))
        return unauthentic("group info: for other accounts");
    // What a Welcome alone has made says as little of what comes after it as no group at all.
    Conversation* const there = s.find(circle.conversation);
    const bool hearsay = there != nullptr && there->group && s.is_hearsay(*there);
    if (const Conversation* c = there) {
        // An older epoch than ours may be right (the newest commit was taken back), a much older one is not.
        const bool older =
            c->group && !hearsay &&
            (at_relay.incarnation < c->version().incarnation ||
             (at_relay.incarnation == c->version().incarnation && at_relay.epoch + taken_back_max < c->group->epoch()));
        if (older || Version{at_relay.incarnation, at_relay.epoch + 1} < c->about.floor)
            return unauthentic("group info: older than what was here before");
    }

    const Membership service = circle.many ? Membership::of_many() : Membership(accounts);
    const auto environment = s.environment(service, now_ms);
    auto tree = mls::get_extension<mls::RatchetTree>(info->extensions, mls::ExtensionType::ratchet_tree);
    if (!tree) return unauthentic("group info: without a tree that decodes");
    if (!tree->has_value() && !tree_bytes.empty()) {
        auto given = mls::decode<mls::RatchetTree>(tree_bytes);
        if (!given) return unauthentic("group info: its tree does not decode");
        tree->emplace(std::move(*given));
    }
    if (!tree->has_value()) return unauthentic("group info: without a tree");
    if (!are_short(**tree)) return unauthentic("group info: of a group with a leaf that is too long");
    std::string unproven;
    if (policy) {
        const auto* signer = (*tree)->leaf(info->signer);
        const auto by = signer == nullptr ? Result<wire::DeviceCertificate>(unauthentic("group info: by nobody"))
                                          : wire::decode_certificate(signer->credential.content);
        if (!by || policy->find(by->account_key) == nullptr) return unauthentic("group info: by no member");
        // It says who is in the group: a relay could make up all of it.
        Conversation* const c = hearsay ? nullptr : s.find_group(circle.conversation);
        const auto here = c == nullptr ? nullptr : s.policy_of(*c);
        if ((!here || here->find(by->account_key) == nullptr) &&
            !s.directory.follows(circle.conversation, *policy, *by))
            return unauthentic("group info: of a group that nobody we know is in");
        if (!are_named(**tree, *policy)) return unauthentic("group info: of a group with a device of nobody");
        if (here) {
            const bool back = at_relay.incarnation == c->version().incarnation &&
                              at_relay.epoch + mls::past_epochs_max < c->group->epoch();
            if (auto why = policy::doubt(*here, *policy, by->account_key, back)) {
                if (!s.has_doubted_for_long(*c, now_ms))
                    return Error{ErrorCode::not_allowed, "group info: signed by " + by->user + ": " + *why, 0};
                unproven = std::move(*why);
            } else if (c->about.doubted_ms != 0) {
                c->about.doubted_ms = 0;
                c->about_dirty = true;
            }
        }
    }
    Outgoing out;
    out.unproven = std::move(unproven);
    out.conversation = circle.conversation;
    out.from = at_relay;
    out.external = true;
    out.id = s.fresh_id();
    mls::ExternalJoinOptions join;
    join.leaf = leaf_options(s.certificate);
    join.signer = s.signer();
    join.remove = find_device(**tree, s.device);
    join.authenticated_data = bind(commit_purpose, out.id, {}, policy ? policy::rules_of(context.extensions) : Bytes());
    if ((*tree)->member_count() + (join.remove ? 0 : 1) > (circle.many ? members_of_many_max : members_max))
        return Error{ErrorCode::quota_exceeded, "the conversation has no room for another device", 0};
    auto made = mls::Group::join_external(environment, *info, join, **tree, {mls::HandshakeFormat::private_message, 0});
    if (!made) return unauthentic("group info: " + std::string(mls::mls_error_name(made.error())));
    out.commit = std::move(made->commit);
    out.recipients = devices_without(members_of(made->group), s.device);
    if (policy)
        s.describe(out, made->group, *policy, circle, environment,
                   tree_goes_beside(made->group.tree(), context.extensions, 0));
    else
        out.group_info = info_of(made->group, environment);
    auto kept = s.keep(std::move(out), std::move(made->group));
    if (Conversation* const c = kept ? s.find(circle.conversation) : nullptr) {
        c->about.joined = {at_relay,
                           mls::interim_transcript_hash(context.confirmed_transcript_hash, info->confirmation_tag)};
        c->about_dirty = true;
    }
    return kept;
}

} // namespace godwit::seal
