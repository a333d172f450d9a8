// SPDX-License-Identifier: Apache-2.0
//   outbox (what is open) ── route: which way now, and why ──> lanes ── collect ──> Deliver on a link | MailboxPut
//   receipts, answers ──> progress ──> MessageStateChanged
#include "lib/engine/state.hpp"

namespace godwit::engine {

route::Choice Engine::State::choose(const Person& person, const DeviceId& device, bool content_waits, Moment now)
{
    route::PathTable::Outside outside;
    outside.policy = policy;
    outside.relay_ready = relay_ready();
    outside.peer_online = person.online.contains(device);
    outside.turn_available = turn_available;
    outside.direct_attempt_max = config.direct_attempt_max;
    const auto* known = paths.find(device);
    if (known != nullptr && known->patience_until <= now.mono && known->trouble.empty()) {
        // The wait is over and nothing has failed yet: say what the attempt is stuck at.
        const auto progress = peers.progress(device);
        paths.note_trouble(device, "no direct path after " + route::seconds_text(config.direct_attempt_max) +
                                       (progress.empty() ? std::string() : ": " + std::string(progress)));
    }
    return paths.choose(device, outside, content_waits, now.mono);
}

/// Looking for a path takes sealed signals, and what it is for is sealed too: without keys there is nothing to wait
/// for.
bool Engine::State::can_seal(const Person& person, const DeviceId& device)
{
    if (groups && groups->is_member(person.conversation, device) && groups->ready(person.circle)) return true;
    keeper.hurry(person.conversation);
    return false;
}

void Engine::State::route_content(Moment now)
{
    for (const auto& device : outbox.open_devices()) {
        if (fan_of(device) != nullptr) {
            route_to_group(device);
            continue;
        }
        const auto* person = roster.owner_of(device);
        const bool talks = person != nullptr && person->may_talk();
        const bool is_contact = person != nullptr && (person->own || person->stored.state == ContactState::accepted);
        const bool is_member = book.knows(device);
        if (!is_contact && !is_member && relay_ready()) {
            // Nobody's any more, and the relay has shown all lists: it left while we were not there to see it. Or of
            // somebody who was in a group with us, and is no contact.
            const auto why = person == nullptr ? ErrorCode::device_revoked : ErrorCode::not_a_contact;
            announce(outbox.fail_device(context.store, device, why), now);
            continue;
        }
        std::vector<delivery::Route> routes;
        if (talks && can_seal(*person, device)) {
            const bool waits = outbox.waits(device);
            auto choice = choose(*person, device, waits, now);
            if (choice.seek_direct && waits) peers.seek(device, now);
            for (const auto& way : choice.ways)
                routes.push_back({way.link, way.path, choice.reason});
        } else if (is_member && relay_ready() && route::allowed(Path::mailbox, policy)) {
            // What is said in a group needs no path between two.
            routes.push_back({0, Path::mailbox, "in a group, by the relay"});
        }
        outbox.use(device, routes);
    }
}

void Engine::State::offer_content(Moment now)
{
    delivery::Outbox::Budget budget;
    budget.bytes = config.tick_bytes_max;
    auto* session = ready_session();
    if (session != nullptr) {
        // Half of the request table is left for everything else.
        const std::size_t puts_max = config.pending_requests_max / 2;
        budget.mailbox_puts = puts_max - std::min(puts_max, session->put_count());
        budget.mailbox_bytes = config.relay_in_flight_bytes_max -
                               std::min<std::size_t>(config.relay_in_flight_bytes_max, session->put_bytes());
    }
    // A sealing of now is judged by the policy of now: what that forbids nobody would take, and it would be offered for
    // ever.
    const auto is_forbidden = [this](const port::OutboxEnvelope& envelope, const DeviceId& device) {
        const auto* group = book.find(envelope.conversation);
        // In a group that is asked to take us in, or known by a Welcome alone, it waits.
        if (group == nullptr || !groups || !identity || group->state != Group::State::in || !group->policy ||
            group->policy->dissolved || groups->is_hearsay(envelope.conversation))
            return false;
        const auto& reader = fan_of(device) != nullptr ? roster.own_device() : device;
        if (!envelope.sealed.empty() &&
            groups->can_open(envelope.conversation, reader, {envelope.incarnation, envelope.epoch}))
            return false;
        const auto content = wire::decode_content(envelope.content);
        seal::Opened opened;
        opened.sender.user = identity->user;
        opened.sender.account_key = identity->account_key;
        opened.policy = group->policy;
        return content && unheard(*content, opened, group->own(identity->account_key)).has_value();
    };
    std::vector<std::pair<MessageId, DeviceId>> forbidden;
    auto batch =
        outbox.collect(context.store, now, budget, [&](port::OutboxEnvelope& envelope, const DeviceId& device) {
            if (!is_forbidden(envelope, device)) return fit(envelope, device);
            forbidden.emplace_back(envelope.message, device);
            return delivery::Fitness::wait;
        });
    for (const auto& [message, device] : forbidden)
        announce(outbox.fail_one(context.store, message, device, ErrorCode::not_allowed), now);
    more_to_offer = batch.more;
    for (auto& offer : batch.offers) {
        const auto size = offer.envelope.sealed.size();
        if (offer.link != 0) {
            if (auto* live = peers.live(offer.link)) {
                live->content(now.mono);
                live->owe(now.mono);
            }
            count_content(offer.path, size);
            context.effect(
                SendFrame{offer.link, wire::encode(wire::peer::Frame(wire::peer::Deliver{std::move(offer.envelope)}))});
            continue;
        }
        const auto* group = offer.devices.size() == 1 ? fan_of(offer.devices.front()) : nullptr;
        if (group != nullptr && session != nullptr) {
            offer_to_group(std::move(offer), *group, *session, now);
            continue;
        }
        purpose::Put put{offer.envelope.id, offer.devices, size};
        const auto id = offer.envelope.id;
        const auto devices = offer.devices;
        const bool asked = session != nullptr && session->request(wire::relay::MailboxPut{std::move(offer.devices),
                                                                                          std::move(offer.envelope)},
                                                                  std::move(put), now);
        if (!asked) outbox.put_failed(id, devices, now.mono);
        if (asked) count_content(Path::mailbox, size);
    }
    announce(std::move(batch.progress), now);
}

void Engine::State::note_accepted(const MessageId& id, Moment now)
{
    if (accepted_at.size() >= accepted_at_max) accepted_at.clear();
    accepted_at[id] = now.mono;
}

void Engine::State::count_content(Path path, std::size_t bytes)
{
    content_bytes[static_cast<std::size_t>(path)] += bytes;
}

void Engine::State::announce(std::vector<delivery::Progress> progress, Moment now)
{
    for (auto& one : progress) {
        note_delivery(one, now);
        event::MessageStateChanged out;
        out.id = one.id;
        out.conversation = one.conversation;
        out.with = std::move(one.with);
        out.state = one.state;
        out.path = one.path;
        out.reason = one.state == MessageState::failed ? std::move(one.failure) : std::move(one.reason);
        if (const auto at = accepted_at.find(one.id); at != accepted_at.end()) {
            if (now.mono > at->second) out.elapsed_us = static_cast<std::uint64_t>((now.mono - at->second).count());
            if (one.state == MessageState::delivered || one.state == MessageState::failed) accepted_at.erase(at);
        }
        context.event(std::move(out));
    }
}

Engine::State::PathShown Engine::State::best_path(const Person& person, Moment now)
{
    PathShown best;
    bool first = true;
    for (const auto& device : person.devices) {
        auto choice = choose(person, device.device, false, now);
        const auto rank = [](Path path) { return path == Path::none ? 4 : static_cast<int>(path); };
        if (!first && rank(choice.path()) >= rank(best.path)) continue;
        best = {choice.path(), std::move(choice.reason)};
        first = false;
    }
    if (first) best.reason = "no device known";
    return best;
}

void Engine::State::tell_path_changes(Moment now)
{
    for (const auto& [user, until] : interest)
        shown_paths.try_emplace(user);
    for (auto at = shown_paths.begin(); at != shown_paths.end();) {
        const auto* person = roster.person(at->first);
        if (person == nullptr || !person->may_talk()) {
            at = shown_paths.erase(at);
            continue;
        }
        auto best = best_path(*person, now);
        if (best != at->second && !person->own) context.event(event::PathChanged{at->first, best.path, best.reason});
        at->second = std::move(best);
        ++at;
    }
}

} // namespace godwit::engine
