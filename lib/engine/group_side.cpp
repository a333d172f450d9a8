// SPDX-License-Identifier: Apache-2.0
// Groups of many, where they touch the rest: what the relay says of them, and who gets what is said there.
//
//   small group   a delivery for each device, as in a conversation of two; who is no contact gives no receipt, and is
//                 done with when the relay has it
//   large group   one delivery, to the group at the relay (GroupPut), which knows all devices; likewise a small one
//                 while this device does not know everybody's yet
#include "lib/engine/state.hpp"

#include <algorithm>

namespace godwit::engine {

namespace frame = wire::relay;

namespace {

constexpr std::string_view fanned_out_reason = "fanned out by the relay";
/// What the relay could not answer is asked again after so long.
constexpr Duration ask_again_wait = std::chrono::seconds(2);

} // namespace

// ---- what the relay says ------------------------------------------------------------------------

void Engine::State::groups_asked(Moment now)
{
    auto* session = ready_session();
    if (session == nullptr) return;
    for (const auto& wish : book.take_wishes(now.mono)) {
        const bool asked =
            wish.joins
                ? session->request(frame::GroupJoinsFetch{wish.id}, purpose::GroupJoins{wish.id}, now)
                : session->request(frame::GroupRosterFetch{wish.id, wish.after}, purpose::GroupRoster{wish.id}, now);
        if (asked) continue;
        const auto again = now.mono + jittered(ask_again_wait, context.entropy); // Too much is being asked already.
        if (wish.joins)
            book.joins_failed(wish.id, again);
        else
            book.roster_failed(wish.id, again);
    }
}

Instant Engine::State::asked_again_at(const Error& why, Moment now)
{
    if (!is_temporary(why.code)) return never;
    const auto wait = std::max<Duration>(ask_again_wait, std::chrono::milliseconds(why.retry_after_ms));
    return now.mono + jittered(wait, context.entropy);
}

void Engine::State::group_answered(const purpose::GroupRoster& what, const frame::Response& response, Moment now)
{
    const auto* page = std::get_if<frame::GroupRoster>(&response.body);
    if (response.error.code != ErrorCode::ok || page == nullptr)
        return book.roster_failed(what.conversation, asked_again_at(response.error, now));
    book.roster_came(what.conversation, *page);
    groups_asked(now);
}

void Engine::State::group_answered(const purpose::GroupJoins& what, const frame::Response& response, Moment now)
{
    const auto* joins = std::get_if<frame::GroupJoins>(&response.body);
    const auto* group = book.find(what.conversation);
    if (response.error.code != ErrorCode::ok || joins == nullptr || group == nullptr)
        return book.joins_failed(what.conversation, asked_again_at(response.error, now));
    const auto came = book.joins_came(what.conversation, *joins, now.wall_ms);
    auto* session = ready_session();
    const bool crowded = joins->entries.size() >= wire::group_joins_page_max;
    for (const auto& user : came.strangers)
        if (session != nullptr && crowded)
            (void)session->request(frame::GroupJoinRefuse{what.conversation, user, {}}, purpose::Report{}, now);
    // Told at once, so that they ask for a new link. The relay sees to it that an epoch which is none any more, here,
    // speaks for no link.
    const auto version = groups ? groups->version(what.conversation) : std::nullopt;
    for (const auto& one : came.stale)
        if (session != nullptr && version)
            (void)session->request(frame::GroupJoinRefuse{what.conversation, one.user,
                                                          frame::GroupJoinRefuse::StaleLink{
                                                              version->incarnation, version->epoch, one.asked_ms}},
                                   purpose::Report{}, now);
    for (const auto& user : came.fresh) {
        const auto at = group->applicants.find(user);
        if (at == group->applicants.end()) continue;
        // Whom this account has blocked others may let in.
        if (const auto* person = roster.person(user);
            person != nullptr && person->stored.state == ContactState::blocked)
            continue;
        if (group->policy->join == JoinRule::link) {
            (void)acts.take_in(what.conversation, user, 0, now);
        } else if (group->policy->join == JoinRule::request) {
            context.event(event::GroupAsked{what.conversation, group->profile.name, at->second.said});
        }
    }
    if (came.more)
        groups_asked(now);
    else
        keeper.plan(what.conversation); // With all of them.
}

void Engine::State::group_answered(const purpose::GroupJoin& what, const frame::Response& response, Moment now)
{
    if (response.error.code != ErrorCode::ok) return context.refuse(what.request, response.error);
    book.asked(what.conversation);
    namespace shared = conversation::shared;
    chats.share(shared::name_of(what.conversation, shared::asked), shared::number(1), now);
    context.reply(what.request, what.conversation);
}

void Engine::State::keep_picture(const ConversationId& conversation, const GroupBook::Picture& picture, Moment now)
{
    const auto* group = book.find(conversation);
    if (group == nullptr || !identity) return;
    const bool out = group->own(identity->account_key) == nullptr;
    if (!out && !group->readable) return; // What it looks like is not known yet.
    const auto& avatar = group->profile.avatar;
    files.avatar(conversation, out || avatar.empty() ? nullptr : &avatar.front(), picture, identity->user, now);
}

/// Policies, profiles or lists are others: so are circles, and what is shown.
void Engine::State::books_changed(Moment now)
{
    const auto changed = book.take_changed();
    group_end = book.deadline(now);
    for (const auto& conversation : book.take_returned())
        roster.came_back(conversation);
    chats.unnote(book.take_taken_back(), now);
    auto happened = book.take_happened();
    // Whoever has left a group does not belong there by what was said before: each device takes back what it knows of
    // that, and not an asking of later, which it has not heard of yet.
    for (const auto& one : happened) {
        namespace shared = conversation::shared;
        if (!identity || one.note.what != content::GroupNote::What::left || one.note.by != identity->user) continue;
        const auto name = shared::name_of(one.conversation, shared::asked);
        if (const auto asked = context.store.register_named(name); asked && !asked->value.empty())
            chats.share_at(name, asked->hlc_ms + 1, {});
    }
    chats.note(std::move(happened), now);
    for (const auto& [conversation, picture] : book.take_pictures())
        keep_picture(conversation, picture, now);
    for (const auto& conversation : book.take_shown())
        if (context.store.conversation(conversation)) chats.tell(conversation);
    if (changed.empty()) return;
    // A device of the account that is let in, or joins, looks for a contact there (GroupBook::follows). Where none is
    // any more it has the word of this one.
    const auto vouch = [&](const Group& group) {
        namespace shared = conversation::shared;
        if (!identity || roster.self().devices.empty() || group.state != Group::State::in || !group.policy ||
            group.own(identity->account_key) == nullptr)
            return;
        const auto name = shared::name_of(group.id, shared::asked);
        if (const auto asked = context.store.register_named(name); asked && !asked->value.empty()) return;
        const auto is_contact = [&](const GroupMember& member) {
            const auto* person = roster.person(member.user);
            return person != nullptr && !person->own && person->stored.state == ContactState::accepted &&
                   person->stored.account_key == member.account_key;
        };
        const auto& members = group.policy->members;
        if (std::none_of(members.begin(), members.end(), is_contact)) chats.share(name, shared::number(1), now);
    };
    for (const auto& conversation : changed) {
        acts.policy_came(conversation);
        keeper.look(conversation);
        const auto* group = book.find(conversation);
        if (group != nullptr) vouch(*group);
        if (group != nullptr && group->state == Group::State::in && group->policy && !groups->version(conversation))
            keeper.doubt(conversation);
    }
    outbox.groups_changed();
    files.look(now);
}

// ---- who gets what is said ----------------------------------------------------------------------

const Group* Engine::State::fan_of(const DeviceId& device) const
{
    const auto conversation = fan_conversation(device);
    return conversation ? book.find(*conversation) : nullptr;
}

void Engine::State::route_to_group(const DeviceId& device)
{
    std::vector<delivery::Route> routes;
    if (relay_ready() && route::allowed(Path::mailbox, policy))
        routes.push_back({0, Path::mailbox, std::string(fanned_out_reason)});
    outbox.use(device, routes);
}

void Engine::State::offer_to_group(delivery::Offer offer, const Group& group, RelaySession& session, Moment now)
{
    const auto size = offer.envelope.sealed.size();
    purpose::FanOut out{offer.envelope.id, group.id, size};
    const auto id = offer.envelope.id;
    // Who has it already, or gets it directly, has a delivery of its own.
    std::vector<DeviceId> except;
    for (const auto& row : context.store.deliveries(id))
        if (!fan_conversation(row.device) && except.size() < wire::recipients_max) except.push_back(row.device);
    if (session.request(frame::GroupPut{group.id, std::move(offer.envelope), std::move(except)}, out, now))
        return count_content(Path::mailbox, size);
    outbox.put_failed(id, {fan_device(group.id)}, now.mono);
}

void Engine::State::fanned_out(const purpose::FanOut& what, const frame::Response& response, Moment now)
{
    const auto device = fan_device(what.conversation);
    const auto code = response.error.code;
    const auto* done = std::get_if<frame::GroupPutOk>(&response.body);
    if (code == ErrorCode::ok && done != nullptr) {
        // Whose mailbox is full gets it when it has room.
        std::vector<delivery::Recipient> later;
        for (const auto& one : done->refused)
            if (const auto user = book.user_of(one); !user.empty() && book.knows(one)) later.push_back({one, user});
        outbox.add(context.store, what.message, later);
        announce(outbox.put_answered(context.store, what.message, {device}, {ErrorCode::ok}, now), now);
        return announce(outbox.handed_over(context.store, what.message, device), now);
    }
    const auto* group = book.find(what.conversation);
    // That this account is not in it is the relay's word alone, as long as no commit says so.
    const bool doubts = code == ErrorCode::not_allowed && group != nullptr && group->own(identity->account_key);
    if (doubts) keeper.doubt(what.conversation);
    if (doubts || is_temporary(code) || code == ErrorCode::ok || code == ErrorCode::quota_exceeded)
        return outbox.put_failed(what.message, {device}, now.mono);
    announce(outbox.fail_one(context.store, what.message, device, code), now);
}

/// In a group it is kept by account. The account's other devices hear of it.
void Engine::State::note_delivery(delivery::Progress& progress, Moment now)
{
    bool news = progress.first;
    const auto row = book.find(progress.conversation) != nullptr
                         ? context.store.message_in(progress.conversation, progress.id)
                         : std::nullopt;
    if (row) {
        const bool alone = identity && progress.with == identity->user; // Nobody else is in the group.
        if (!alone && row->shown)
            news = conversation::note_delivery(context.store, progress.conversation, progress.id,
                                               {progress.with, progress.state, progress.path, progress.failure});
        context.touched.message(progress.conversation, progress.id);
        progress.with.clear();
    }
    if (news && (progress.state == MessageState::delivered || progress.state == MessageState::failed))
        announcer.reached(progress.conversation, progress.id, now);
}

bool Engine::State::receipts_from(const DeviceId& device) const
{
    const auto* person = roster.owner_of(device);
    return person != nullptr && person->may_talk();
}

void Engine::State::receipt_to_group(const Group& group, const DeviceId& from, const MessageId& id,
                                     std::uint64_t sequence)
{
    if (receipts_from(from) && group.is_small())
        receipts.owe(from, id, sequence);
    else if (sequence != 0)
        mailbox_acks.push_back(sequence);
}

} // namespace godwit::engine
