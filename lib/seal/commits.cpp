// SPDX-License-Identifier: Apache-2.0
// Epochs change: our commit was accepted, somebody else's came, a Welcome came. Everything is judged beside the group,
// and entered when nothing can fail any more.
#include "lib/seal/policy_extension.hpp"
#include "lib/seal/state.hpp"

#include "lib/wire/mls_outline.hpp"
#include <algorithm>
#include <limits>

namespace godwit::seal {
namespace {

/// Who is in `a` and not in `b`, but for `own`.
std::vector<wire::DeviceCertificate> without(const Members& a, const Members& b, const DeviceId& own)
{
    std::vector<wire::DeviceCertificate> out;
    for (const auto& [device, certificate] : a)
        if (device != own && !b.contains(device)) out.push_back(certificate);
    return out;
}

/// Whom a commit in the open says it is by: the leaf that joins.
std::optional<DeviceId> external_committer(const mls::PublicMessage& message)
{
    const auto* commit = std::get_if<mls::Commit>(&message.content.content);
    if (commit == nullptr || !commit->path) return std::nullopt;
    return DeviceId::from(commit->path->leaf_node.signature_key);
}

/// The envelope id that a handshake message is made for; of old ones too: it is authenticated, and not encrypted.
const Bytes* bound_of(const mls::MLSMessage& message)
{
    if (const auto* closed = message.as<mls::PrivateMessage>()) return &closed->authenticated_data;
    if (const auto* open = message.as<mls::PublicMessage>()) return &open->content.authenticated_data;
    return nullptr;
}

bool is_bound_to(BytesView sealed, const MessageId& id)
{
    if (sealed.size() > wire::commit_bytes_max) return false;
    const auto message = mls::decode<mls::MLSMessage>(sealed);
    const Bytes* bound = message ? bound_of(*message) : nullptr;
    const auto said = bound == nullptr ? std::nullopt : wire::parse_bound(*bound);
    return said && said->purpose == commit_purpose && said->id == id;
}

} // namespace

Changes Groups::State::entered(Conversation& c, const Members& before, bool joined,
                               const std::optional<MessageId>& commit)
{
    Changes out;
    out.conversation = c.id;
    out.version = c.version();
    out.policy = policy_of(c);
    const Members now = members_of(*c.group);
    out.added = without(now, before, device);
    out.removed = without(before, now, device);
    if (joined) {
        drop_departure(c);
        c.replaced = true;
        c.about.since.clear();
        c.about.entered.clear();
    }
    std::erase_if(c.about.since, [&](const auto& entry) { return !now.contains(DeviceId{entry.first}); });
    for (const auto& [member, its_certificate] : now)
        c.about.since.emplace(member.bytes, out.version.epoch);
    c.about.doubted_ms = 0;
    if (commit) c.about.entered.insert(c.about.entered.begin(), Entered{out.version.epoch, *commit});
    if (c.about.entered.size() > entered_max) c.about.entered.resize(entered_max);
    c.touch_all();
    return out;
}

/// A pending commit from an epoch that we have left will not be accepted.
void Groups::State::drop_overtaken(const Conversation& c)
{
    const auto waiting = load_pending(c.id);
    if (!waiting || !c.group) return;
    if (waiting->outgoing.from < c.version()) drop_pending(c.id);
}

Result<Changes> Groups::accepted(const ConversationId& conversation, WallMs now_ms)
{
    State& s = *state_;
    auto waiting = s.load_pending(conversation);
    if (!waiting) return conflict("no commit of ours is pending");
    const Outgoing& sent = waiting->outgoing;
    s.drop_pending(conversation);
    auto next = mls::Group::deserialize(waiting->epoch, waiting->ratchets);
    Conversation* const c = s.make(conversation);
    if (!next || c == nullptr) return Error{ErrorCode::internal, "the stored commit does not load", 0};
    const bool joined = sent.external || sent.from.epoch == 0;
    const Members before = c->group ? members_of(*c->group) : Members{};
    const auto policy_before = s.policy_of(*c);
    if (!joined) {
        if (!c->group || c->version() != sent.from) return conflict("the group has left the epoch of this commit");
        // What was sent and opened since the commit was made stays used.
        next->adopt_ratchets(*c->group);
    } else if (c->group && c->has_joined_from(*c->group)) {
        next->adopt_past(*c->group); // Of a Welcome that came meanwhile, or of before: what was said there opens on.
    }
    c->take(std::move(*next));
    if (const auto now = s.policy_of(*c); now && now->find(s.account_key) == nullptr) {
        // We have left: our leaf is the next committer's to take out.
        Changes gone = s.left(*c, sent.from, s.device);
        gone.policy_before = policy_before;
        gone.policy = now;
        gone.committer_account = s.account_key;
        return gone;
    }
    Changes out = s.entered(*c, before, joined, sent.id);
    out.policy_before = policy_before;
    out.committer = s.device;
    out.committer_account = s.account_key;
    c->about.updated_ms = now_ms < 0 ? 0 : static_cast<std::uint64_t>(now_ms);
    c->sent = 0;
    return out;
}

void Groups::refused(const ConversationId& conversation)
{
    state_->drop_pending(conversation);
}

CommitOutcome Groups::commit(const MessageId& id, const DeviceId& from, BytesView sealed, WallMs now_ms)
{
    using Verdict = CommitOutcome::Verdict;
    CommitOutcome out;
    const auto label = read_label(sealed);
    if (!label || label->kind != Label::Kind::commit) return out;
    out.from = label->version;
    Conversation* const c = state_->find(label->conversation);
    if (c != nullptr && c->kept) return State::look_while_out(*c, id, label->version);
    if (c == nullptr || !c->group || label->version.incarnation != c->version().incarnation) return out;
    const Version now = c->version();
    if (label->version.epoch > now.epoch) {
        out.verdict = Verdict::ahead;
        return out;
    }
    if (label->version.epoch < now.epoch) {
        if (!is_bound_to(sealed, id)) {
            out.verdict = Verdict::replayed;
            return out;
        }
        const auto& entered = c->about.entered;
        const auto at = std::find_if(entered.begin(), entered.end(),
                                     [&](const Entered& one) { return one.epoch == label->version.epoch + 1; });
        // What led into an epoch that we were never in, or in long ago, changes nothing.
        out.verdict = at == entered.end() || at->commit == id ? Verdict::known : Verdict::rival;
        return out;
    }
    if (const auto waiting = state_->load_pending(c->id); waiting && waiting->outgoing.id == id) {
        out.verdict = Verdict::known; // Our own: accepted() is the way.
        return out;
    }
    const auto& back = c->about.taken_back;
    if (std::any_of(back.begin(), back.end(), [&](const Entered& one) { return one.commit == id; })) {
        out.verdict = Verdict::revived;
        return out;
    }
    return state_->apply(*c, id, from, sealed, now_ms);
}

CommitOutcome Groups::State::apply(Conversation& c, const MessageId& id, const DeviceId& from, BytesView sealed,
                                   WallMs now_ms)
{
    CommitOutcome out;
    out.from = c.version();
    const auto reject = [&](mls::MlsError error) {
        out.verdict = CommitOutcome::Verdict::rejected;
        out.mls_error = static_cast<std::uint32_t>(error);
        out.detail = mls::mls_error_name(error);
        return out;
    };
    if (sealed.size() > wire::commit_bytes_max) return reject(mls::MlsError::message_too_large);
    const auto message = mls::decode<mls::MLSMessage>(sealed);
    if (!message) return reject(message.error());

    // Whose it is and which envelope it belongs to: both are signed, the relay only repeats them.
    std::optional<DeviceId> committer;
    const Bytes* bound = bound_of(*message);
    if (const auto* closed = message->as<mls::PrivateMessage>()) {
        if (closed->content_type != mls::ContentType::commit) return reject(mls::MlsError::wrong_wire_format);
        const auto key = c.group->sender_key(*closed);
        if (!key) return reject(key.error());
        committer = DeviceId::from(*key);
    } else if (const auto* open = message->as<mls::PublicMessage>()) {
        // In the open goes one thing only: the commit of somebody who joins by it.
        if (open->content.sender.sender_type != mls::SenderType::new_member_commit)
            return reject(mls::MlsError::sender_not_allowed);
        committer = external_committer(*open);
    }
    const auto said = bound == nullptr ? std::nullopt : wire::parse_bound(*bound);
    const auto policy_before = policy_of(c);
    if (!said || said->purpose != commit_purpose || said->id != id || committer != from ||
        (!policy_before && !(said->lists.empty() && said->rules.empty())))
        return reject(mls::MlsError::refused_by_application);

    const Members before = members_of(*c.group);
    const Membership service(*c.group, Evidence(said->lists), said->rules);
    auto environs = environment(service, now_ms);
    environs.keep_when_removed = true;
    const auto got = c.group->process(environs, *message);
    if (!got) {
        (void)reject(got.error());
        if (!service.why().empty()) out.detail += ": " + service.why();
        return out;
    }
    out.verdict = CommitOutcome::Verdict::applied;
    const auto account_of_committer = [&](const Members& members) {
        const auto at = members.find(from);
        return at == members.end() ? PublicKey{} : at->second.account_key;
    };
    if (got->commit->self_removed) {
        out.changes = put_out(c, id, from, now_ms);
        out.changes.policy_before = policy_before;
        if (auto now = policy::decode(got->commit->extensions))
            out.changes.policy = std::make_shared<const Policy>(std::move(*now));
        out.changes.committer_account = account_of_committer(before);
        return out;
    }
    // A new leaf has no keys of earlier epochs, even where its device was here before.
    for (const mls::LeafChange& gone : got->commit->removed)
        c.about.since.erase(device_of(*gone.before).bytes);
    out.changes = entered(c, before, false, id);
    out.changes.policy_before = policy_before;
    out.changes.committer = from;
    out.changes.committer_account = account_of_committer(members_of(*c.group));
    drop_overtaken(c);
    return out;
}

Changes Groups::State::left(Conversation& c, Version from, const DeviceId& committer)
{
    Changes out;
    out.conversation = c.id;
    out.version = {from.incarnation, from.epoch + 1};
    out.self_removed = true;
    out.committer = committer;
    c.about.floor = {from.incarnation, from.epoch + 2};
    drop_departure(c);
    c.about.entered.clear();
    c.about.since.clear();
    c.group.reset();
    c.touch_all();
    if (const auto waiting = load_pending(c.id); waiting && waiting->outgoing.from <= from) drop_pending(c.id);
    return out;
}

/// Of many: who is in it says its policy, and whether we follow who made it, the directory. Others may have been
/// dragged in like us. Who has just left may still have a leaf.
Result<void> Groups::State::judge_welcome(const GroupName& name, const mls::Group& group, const Policy& policy,
                                          mls::LeafIndex maker) const
{
    if (policy.find(account_key) == nullptr) return unauthentic("welcome: to a group that this account is not in");
    if (mls::check_tree_credentials(group.tree(), Membership::of_many()) != mls::MlsError::none ||
        !are_named(group.tree(), policy))
        return unauthentic("welcome: to a group with a device of nobody");
    if (group.tree().member_count() > members_of_many_max)
        return unauthentic("welcome: to a group of too many devices");
    const auto* leaf = group.tree().leaf(maker);
    if (leaf == nullptr || policy.find(certificate_of(*leaf).account_key) == nullptr)
        return unauthentic("welcome: by no member");
    if (!directory.follows(name.conversation, policy, certificate_of(*leaf)))
        return Error{ErrorCode::not_a_contact, "welcome: to a group that nobody we know lets us into", 0};
    return {};
}

Result<Changes> Groups::welcome(BytesView sealed, WallMs now_ms, BytesView tree_bytes)
{
    State& s = *state_;
    if (sealed.size() > wire::welcome_bytes_max) return Error{ErrorCode::malformed, "welcome: too long", 0};
    const auto message = mls::decode<mls::MLSMessage>(sealed);
    const auto* welcome = message ? message->as<mls::Welcome>() : nullptr;
    if (welcome == nullptr) return Error{ErrorCode::malformed, "welcome: does not decode", 0};
    auto found = s.shelf.find(*welcome);
    if (!found && s.shelf.was_spent_on(*welcome)) return conflict("welcome: it was accepted before");
    if (!found) return unauthentic("welcome: for no KeyPackage of this device");
    found->bundle.signer = s.signer();

    const Undecided undecided;
    std::optional<mls::RatchetTree> tree;
    if (!tree_bytes.empty()) {
        auto given = mls::decode<mls::RatchetTree>(tree_bytes);
        if (!given) return Error{ErrorCode::malformed, "welcome: its tree does not decode", 0};
        tree.emplace(std::move(*given));
    }
    auto group = mls::Group::join(s.environment(undecided, now_ms), *welcome, found->bundle, tree,
                                  {mls::HandshakeFormat::private_message, 0});
    if (!group) return unauthentic("welcome: " + std::string(mls::mls_error_name(group.error())));
    const auto name = parse_group_id(group->group_id());
    if (!name) return unauthentic("welcome: to a group of another kind");
    if (!are_short(group->tree())) return unauthentic("welcome: to a group with a leaf that is too long");
    const auto circle = s.directory.circle_of(name->conversation);
    const auto policy = policy::decode(group->context().extensions);
    PublicKey maker;
    DeviceId its_device;
    if (policy && (!circle || circle->many)) {
        // The relay begins none anew: another incarnation would be a way past the group that is here.
        if (name->incarnation != 1) return unauthentic("welcome: to a group of many that was begun anew");
        // Its maker signed the GroupInfo, as join() has verified.
        const auto info = mls::read_welcome(s.environment(undecided, now_ms), *welcome, found->bundle);
        if (!info) return unauthentic("welcome: " + std::string(mls::mls_error_name(info.error())));
        if (auto good = s.judge_welcome(*name, *group, *policy, info->signer); !good) return good.error();
        if (const auto* leaf = group->tree().leaf(info->signer)) {
            maker = certificate_of(*leaf).account_key;
            its_device = device_of(*leaf);
        }
    } else {
        if (!circle) return Error{ErrorCode::not_a_contact, "welcome: to no conversation of ours", 0};
        const auto accounts = accounts_of(*circle);
        if (circle->many || group->context().extensions != context_extensions(accounts))
            return unauthentic("welcome: to a group of other accounts");
        if (mls::check_tree_credentials(group->tree(), Membership(accounts)) != mls::MlsError::none)
            return unauthentic("welcome: to a group with a device of nobody in the conversation");
        if (group->tree().member_count() > members_max) return unauthentic("welcome: to a group of too many devices");
    }
    const Version at{name->incarnation, group->epoch()};
    if (!is_plausible(name->incarnation, s.find(name->conversation)))
        return unauthentic("welcome: to a group of an impossible incarnation");
    Conversation* const c = s.make(name->conversation);
    if (c == nullptr) return Error{ErrorCode::quota_exceeded, "welcome: too many conversations", 0};
    if (c->group && at < c->version() && at.incarnation == c->version().incarnation && c->has_joined_from(*group)) {
        // Behind it lies what was said between it and our join.
        s.shelf.use(*found);
        c->about.joined.reset();
        c->group->adopt_past(*group);
        c->touch_all();
        return conflict("welcome: this device has joined from outside before it came");
    }
    if (at < c->about.floor || (c->group && at.incarnation <= c->version().incarnation))
        return conflict("welcome: to a group that is not newer than the one here");

    const Members before = c->group ? members_of(*c->group) : Members{};
    const auto policy_before = s.policy_of(*c);
    s.shelf.use(*found);
    c->take(std::move(*group));
    Changes out = s.entered(*c, before, true, std::nullopt);
    out.policy_before = policy_before;
    out.committer_account = maker;
    out.welcomed_by = its_device;
    // A last resort is not only ours to have used: its leaf gets fresh keys as soon as possible.
    c->about.updated_ms = found->last_resort || now_ms < 0 ? 0 : static_cast<std::uint64_t>(now_ms);
    c->sent = 0;
    s.drop_overtaken(*c);
    return out;
}

void Groups::abandon(const ConversationId& conversation)
{
    State& s = *state_;
    Conversation* const c = s.find(conversation);
    if (c == nullptr) return;
    auto* const group = c->stored();
    Version lost = c->group ? c->version() : c->about.departure ? c->about.departure->from : Version{};
    const bool many = group != nullptr && policy::decode(group->context().extensions).has_value();
    if (const auto waiting = s.load_pending(conversation))
        lost.incarnation = std::max(lost.incarnation, waiting->outgoing.from.incarnation);
    s.drop_pending(conversation);
    if (lost.incarnation < c->about.floor.incarnation) return;
    if (many) // It has no other incarnation.
        c->about.floor = std::max(c->about.floor, Version{lost.incarnation, lost.epoch + 1});
    else
        c->about.floor = {
            lost.incarnation == std::numeric_limits<std::uint64_t>::max() ? lost.incarnation : lost.incarnation + 1, 0};
    s.drop_departure(*c);
    c->about.entered.clear();
    c->about.since.clear();
    c->group.reset();
    c->touch_all();
}

} // namespace godwit::seal
