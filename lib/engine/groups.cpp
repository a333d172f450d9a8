// SPDX-License-Identifier: Apache-2.0
//   keeper: a group has moved ──> envelopes that could not leave, messages that were ahead of us, peers who compare
//   epochs an envelope wants to leave ──> fit? sealed already, sealed now, or it waits
#include "lib/engine/state.hpp"

namespace godwit::engine {

/// Everything that waited for a group which is another now.
void Engine::State::groups_moved(Moment now)
{
    const auto moved = keeper.take_changed();
    if (moved.empty()) return;
    outbox.groups_changed();
    for (const auto& conversation : moved) {
        for (auto& item : ahead.take(conversation)) {
            const auto* link = peers.live(item.link);
            Arrival arrival{item.link, link != nullptr ? link->path() : Path::direct, "direct path open", 0};
            (void)receive(item.from, item.envelope, arrival, now);
        }
        if (!groups) return;
        for (const auto& certificate : groups->members(conversation))
            if (const auto* way = paths.best_link(certificate.device, policy)) gossip(certificate.device, way->link);
    }
}

/// Tells a peer where we stand in what we have in common, so that nobody can show us different histories.
void Engine::State::gossip(const DeviceId& device, LinkId link)
{
    const auto* person = roster.owner_of(device);
    if (person == nullptr || !groups) return;
    if (const auto head = groups->head(person->conversation))
        context.effect(SendFrame{link, wire::encode(wire::peer::Frame(*head))});
}

void Engine::State::group_head(const DeviceId& device, const wire::peer::GroupHead& head)
{
    const auto* person = roster.owner_of(device);
    if (person == nullptr || !groups || person->conversation != head.conversation) return;
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
        for (const auto& item : ahead.take(conversation))
            unopened.owe(item.from, item.envelope.id);
        const auto* person = roster.person_of(conversation);
        context.security(SecurityKind::commit_withheld, person != nullptr ? person->stored.user : std::string(), {},
                         "a contact is in a later epoch of the group, and the change that leads there does not come");
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
    const auto* person = roster.person_of(conversation);
    // What was for somebody who is no contact any more is not sealed for the own devices either.
    if (person == nullptr || (!person->own && person->stored.state != ContactState::accepted)) return Fitness::never;
    if (!groups->is_member(conversation, device) || !groups->ready(person->circle)) {
        keeper.hurry(conversation);
        return Fitness::wait;
    }
    auto sealed = groups->seal(person->circle, seal::Purpose::content, envelope.message, envelope.content);
    if (!sealed) {
        context.log("a message could not be sealed: " + sealed.error().detail);
        return Fitness::wait;
    }
    if (sealed->update) keeper.look(conversation);
    envelope.sealed = std::move(sealed->bytes);
    envelope.incarnation = sealed->version.incarnation;
    envelope.epoch = sealed->version.epoch;
    return Fitness::sealed;
}

} // namespace godwit::engine
