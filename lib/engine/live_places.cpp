// SPDX-License-Identifier: Apache-2.0
// Of chats.hpp, live locations: each move is kept here at once and told to the others as a name that is due
// (announcer.hpp), not more often than every live_told_every_ms, so that a receiver of a satellite that speaks ten
// times a second floods nobody. Those that wait for that are in the store, as what was accepted is told after a crash,
// too: "places/waiting", conversation (16) ‖ message (16) each.
#include "lib/engine/state.hpp"

#include "lib/conversation/timeline.hpp"

namespace godwit::engine {
namespace {

constexpr Duration told_every = std::chrono::milliseconds(request::live_told_every_ms);

constexpr std::string_view waiting_value = "places/waiting";

Error invalid(std::string detail)
{
    return {ErrorCode::invalid_argument, std::move(detail), 0};
}

/// conversation ‖ message
constexpr std::size_t entry_bytes = ConversationId::size_bytes + MessageId::size_bytes;

} // namespace

Result<void> Chats::move(const conversation::Parties& parties, const MessageId& id,
                         const std::optional<conversation::Spot>& to, Moment now)
{
    auto& store = context_.store;
    const auto row = store.message_in(parties.conversation, id);
    if (!row || row->message.from != own_user_) return invalid("message: there is no such message of this account");
    const auto until_ms = conversation::moves_until(store, *row);
    const auto hlc_ms = [&] {
        const auto before = conversation::place_of(store, *row);
        return std::max<std::int64_t>(now.wall_ms, before ? before->hlc_ms + 1 : 0);
    }();
    if (until_ms == 0 || hlc_ms > until_ms)
        return invalid("message: it is no live location, or does not move any more");
    conversation::Spot spot;
    if (to) {
        spot = *to;
        if (spot.latitude_e7 < -900'000'000 || spot.latitude_e7 > 900'000'000 || spot.longitude_e7 < -1'800'000'000 ||
            spot.longitude_e7 > 1'800'000'000)
            return invalid("location: latitude -90 to 90, longitude -180 to 180 degrees");
    } else {
        const auto shown = conversation::present(store, *row);
        if (const auto* location = std::get_if<content::Location>(&shown.body))
            spot = {location->latitude_e7, location->longitude_e7, location->accuracy_m, true};
    }
    auto filed = conversation::move(store, parties.conversation, id, own_user_, hlc_ms, new_id(), spot, now);
    if (!filed) return {};
    changed(*std::move(filed), now);
    if (moving_.size() >= places_kept_max && !moving_.contains(id)) moving_.erase(moving_.begin());
    auto& moving = moving_[id];
    moving.conversation = parties.conversation;
    moving.waits = true;
    if (spot.last) moving.next = now.mono;
    look_at_places(now);
    return {};
}

void Chats::look_at_places(Moment now)
{
    const auto waited = context_.store.value(waiting_value).value_or(Bytes());
    for (BytesView rest(waited); rest.size() >= entry_bytes; rest = rest.subspan(entry_bytes)) {
        auto& moving = moving_[*MessageId::from(rest.subspan(ConversationId::size_bytes, MessageId::size_bytes))];
        moving.conversation = *ConversationId::from(rest.first(ConversationId::size_bytes));
        moving.waits = true; // As here already, but for the first time after a start.
    }
    Bytes waiting;
    for (auto at = moving_.begin(); at != moving_.end();) {
        auto& [id, moving] = *at;
        if (moving.next > now.mono) {
            if (moving.waits) {
                due_ = earlier(due_, moving.next);
                append(waiting, moving.conversation.view());
                append(waiting, id.view());
            }
            ++at;
            continue;
        }
        if (!moving.waits) { // Nothing for that long: nothing to wait for.
            at = moving_.erase(at);
            continue;
        }
        if (const auto parties = find({{}, moving.conversation})) tell_place(*parties, id);
        moving.waits = false;
        moving.next = now.mono + told_every;
        ++at;
    }
    if (waiting == waited) return;
    if (waiting.empty())
        context_.store.remove_value(waiting_value);
    else
        context_.store.put_value(waiting_value, waiting);
}

void Chats::tell_place(const conversation::Parties& parties, const MessageId& id)
{
    auto recipients = own_devices();
    if (const auto* group = book_.find(parties.conversation); group != nullptr && group->policy) {
        if (const auto all = reach_group(*group)) recipients = *all;
    } else if (const auto* person = roster_.person(parties.with);
               person != nullptr && !person->own && person->may_talk()) {
        for (const auto& device : person->devices)
            recipients.push_back({device.device, parties.with});
    }
    announcer_.moved(parties.conversation, id, recipients);
}

// ---- what the application asks ------------------------------------------------------------------

void Engine::State::on(RequestId id, const request::MoveLocation& move, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    const auto parties = chats.of_message(move.message);
    if (!parties) return context.refuse(id, parties.error());
    // As the message itself; that it ends may be said at any time.
    if (auto may = chats.may_say(*parties, content::Location{}, now); !may) return context.refuse(id, may.error());
    const conversation::Spot spot{move.latitude_e7, move.longitude_e7, move.accuracy_m, false};
    if (auto moved = chats.move(*parties, move.message, spot, now); !moved) return context.refuse(id, moved.error());
    context.reply(id, move.message);
}

void Engine::State::on(RequestId id, const request::EndLocation& end, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    const auto parties = chats.of_message(end.message);
    if (!parties) return context.refuse(id, parties.error());
    if (auto moved = chats.move(*parties, end.message, std::nullopt, now); !moved)
        return context.refuse(id, moved.error());
    context.reply(id, end.message);
}

} // namespace godwit::engine
