// SPDX-License-Identifier: Apache-2.0
//   keeper: a group has moved ──> envelopes that could not leave, messages that were ahead of us, peers who compare
//   epochs an envelope wants to leave ──> fit? sealed already, sealed now, or it waits
#include "lib/engine/state.hpp"

namespace godwit::engine {

namespace {

/// Things go by it, and none come: a recall, what was opened and burns, the end of a live location.
bool lets_go(BytesView encoded)
{
    const auto decoded = wire::decode_content(encoded);
    if (!decoded) return false;
    if (const auto* mark = std::get_if<wire::content::Mark>(&*decoded)) {
        const auto* moved = std::get_if<wire::content::mark::Moved>(&mark->what);
        return std::holds_alternative<wire::content::mark::Opened>(mark->what) || (moved != nullptr && moved->last);
    }
    const auto* post = std::get_if<wire::content::Post>(&*decoded);
    if (post == nullptr) return false;
    const auto body = wire::decode_body(post->extra.body);
    return body && std::holds_alternative<content::Recall>(*body);
}

} // namespace

/// Everything that waited for a group which is another now.
void Engine::State::groups_moved(Moment now)
{
    const auto moved = keeper.take_changed();
    if (moved.empty()) return;
    outbox.groups_changed();
    for (const auto& conversation : moved) {
        if (keeper.waits_for_tree(conversation)) continue;
        for (const auto& item : ahead.take(conversation))
            take_ahead(item, now);
        if (!groups) return;
        for (const auto& certificate : groups->members(conversation))
            if (const auto* way = paths.best_link(certificate.device, policy))
                gossip(certificate.device, way->link, conversation);
    }
}

/// What waited, as if it came now.
void Engine::State::take_ahead(const Ahead::Item& item, Moment now)
{
    if (item.sequence == 0) {
        const auto* link = peers.live(item.link);
        Arrival arrival{item.link, link != nullptr ? link->path() : Path::direct, "direct path open", 0};
        (void)receive(item.from, item.envelope, arrival, now);
        return;
    }
    const auto label = seal::read_label(item.envelope.sealed);
    const bool is_welcome = label && label->kind == seal::Label::Kind::welcome; // It has had its effect, or has none.
    const Arrival arrival{0, Path::mailbox, "fetched from the relay's mailbox", item.sequence};
    if (is_welcome || !receive(item.from, item.envelope, arrival, now)) mailbox_acks.push_back(item.sequence);
}

/// Tells a peer where we stand in what we have in common, so that nobody can show us different histories.
void Engine::State::gossip(const DeviceId& device, LinkId link, const ConversationId& conversation)
{
    if (!groups || !groups->is_member(conversation, device)) return;
    if (const auto head = groups->head(conversation))
        context.effect(SendFrame{link, wire::encode(wire::peer::Frame(*head))});
}

void Engine::State::group_head(const DeviceId& device, const wire::peer::GroupHead& head)
{
    const auto* person = roster.owner_of(device);
    if (person == nullptr || !groups) return;
    if (person->conversation != head.conversation &&
        (!circles.is_many(head.conversation) || !groups->is_member(head.conversation, device)))
        return;
    const auto ours = groups->head(head.conversation);
    if (!ours) return keeper.look(head.conversation);
    if (ours->incarnation == head.incarnation && ours->epoch == head.epoch &&
        ours->authenticator != head.authenticator) {
        if (forks_mentioned.insert({head.conversation, {head.incarnation, head.epoch}}).second)
            context.security(SecurityKind::group_forked, person->stored.user, device,
                             "this device and theirs were shown different changes of the same group");
        if (forks_mentioned.size() > forks_mentioned_max) forks_mentioned.erase(forks_mentioned.begin());
        keeper.doubt(head.conversation);
    } else if (seal::Version{ours->incarnation, ours->epoch} < seal::Version{head.incarnation, head.epoch}) {
        keeper.doubt(head.conversation); // The relay knows whether we have missed something.
    }
}

/// The commits that lead to these messages do not come.
void Engine::State::withheld(Moment now)
{
    for (const auto& conversation : ahead.overdue(now.mono)) {
        auto items = ahead.take(conversation);
        if (keeper.waits_for_tree(conversation)) { // A slow relay, and nobody's fault.
            for (auto& item : items) {
                item.since = now.mono;
                (void)ahead.hold(conversation, std::move(item));
            }
            continue;
        }
        for (const auto& item : items)
            unopened.owe(item.from, item.envelope.id);
        context.security(SecurityKind::commit_withheld, circles.with(conversation), {},
                         "a member is in a later epoch of the group, and the change that leads there does not come");
        keeper.doubt(conversation);
    }
}

/// A sealing is good for a device that was in the group then and has not moved on too far; else there is a new one, in
/// the epoch of now.
delivery::Fitness Engine::State::fit(port::OutboxEnvelope& envelope, const DeviceId& device)
{
    using delivery::Fitness;
    if (!groups) return Fitness::wait;
    const auto& conversation = envelope.conversation;
    if (!envelope.sealed.empty() && groups->can_open(conversation, device, {envelope.incarnation, envelope.epoch}))
        return Fitness::ready;
    if (const auto* group = book.find(conversation)) return fit_group(envelope, *group, device);
    const auto* person = roster.person_of(conversation);
    // What was for somebody who is no contact any more is not sealed for the own devices either.
    if (person == nullptr || (!person->own && person->stored.state != ContactState::accepted)) return Fitness::never;
    if (!groups->is_member(conversation, device) || !groups->ready(person->circle)) {
        keeper.hurry(conversation);
        return Fitness::wait;
    }
    return seal_envelope(person->circle, envelope);
}

/// Of many: who is not in the policy any more does not get it; who has no leaf yet waits for it, unless it can have
/// none.
delivery::Fitness Engine::State::fit_group(port::OutboxEnvelope& envelope, const Group& group, const DeviceId& device)
{
    using delivery::Fitness;
    const bool fan = fan_conversation(device).has_value();
    // Sealed before, for the relay to fan out: again only when it was not taken, and then as it is.
    const auto* circle = circles.find(group.id);
    if (group.state == Group::State::out) return Fitness::never;
    if (group.policy && group.policy->dissolved) {
        // Nobody comes in any more, and nobody goes: whoever is in its last epoch can let go what stands there.
        if (circle == nullptr || !lets_go(envelope.content)) return Fitness::never;
        const auto& reader = fan ? roster.own_device() : device;
        if (!fan && !groups->is_member(group.id, device)) return Fitness::never;
        if (!envelope.sealed.empty() && groups->can_open(group.id, reader, {envelope.incarnation, envelope.epoch}))
            return Fitness::ready;
        return seal_envelope(*circle, envelope);
    }
    if (circle == nullptr || !group.policy || group.shut_out) return Fitness::wait;
    if (!fan) {
        const auto user = book.user_of(device);
        if (user.empty() || group.policy->find(user) == nullptr) return Fitness::never;
        if (!groups->is_member(group.id, device)) {
            keeper.hurry(group.id);
            // Nobody can take it in. The last device of an account stays on its list when it has gone: whether it has,
            // the relay says when something is put for it. One that comes yet asks for it to be sealed anew.
            if (!keeper.is_bare(device) || paths.best_link(device, policy) != nullptr) return Fitness::wait;
            if (!envelope.sealed.empty()) return Fitness::ready;
        }
    } else if (!envelope.sealed.empty() &&
               groups->can_open(group.id, roster.own_device(), {envelope.incarnation, envelope.epoch})) {
        return Fitness::ready;
    }
    if (!groups->ready(*circle)) {
        keeper.hurry(group.id);
        return Fitness::wait;
    }
    return seal_envelope(*circle, envelope);
}

delivery::Fitness Engine::State::seal_envelope(const seal::Circle& circle, port::OutboxEnvelope& envelope)
{
    using delivery::Fitness;
    auto sealed = groups->seal(circle, seal::Purpose::content, envelope.message, envelope.content);
    if (!sealed) {
        context.log("a message could not be sealed: " + sealed.error().detail);
        return Fitness::wait;
    }
    if (sealed->update) keeper.look(circle.conversation);
    envelope.sealed = std::move(sealed->bytes);
    envelope.incarnation = sealed->version.incarnation;
    envelope.epoch = sealed->version.epoch;
    return Fitness::sealed;
}

} // namespace godwit::engine
