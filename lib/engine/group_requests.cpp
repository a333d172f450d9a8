// SPDX-License-Identifier: Apache-2.0
// What the application asks of groups of many.
#include "lib/engine/state.hpp"

#include "lib/conversation/timeline.hpp"

namespace godwit::engine {

namespace {

Error invalid(std::string detail)
{
    return {ErrorCode::invalid_argument, std::move(detail), 0};
}

Error no_relay()
{
    return {ErrorCode::not_connected, "groups are changed at the relay, and there is no connection to it now", 0};
}

} // namespace

void Engine::State::act(RequestId id, GroupAct what, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    if (!relay_ready()) return context.refuse(id, no_relay());
    if (const auto* set = std::get_if<request::GroupSet>(&what);
        set != nullptr && set->avatar && !set->avatar->id.is_zero())
        if (auto fine = files.may_refer(content::Attachment{content::AttachmentKind::image, *set->avatar}); !fine)
            return context.refuse(id, fine.error());
    const auto* leave = std::get_if<request::GroupLeave>(&what);
    const auto* left = leave == nullptr ? nullptr : book.find(leave->conversation);
    if (left != nullptr && left->shut_out) {
        // The relay would take no commit for it, and has nothing more to do.
        if (groups) groups->abandon(left->id);
        chats.share(conversation::shared::name_of(left->id, conversation::shared::asked), {},
                    now); // No commit says it.
        book.out(left->id, identity->user);
        return context.reply_ok(id);
    }
    if (const auto conversation = acts.ask(id, std::move(what), now)) keeper.plan(*conversation);
}

void Engine::State::on(RequestId id, const request::GroupAbout& about, Moment now)
{
    if (!identity) return context.refuse(id, {ErrorCode::not_registered, "no account on this device", 0});
    const auto* group = book.find(about.conversation);
    if (group == nullptr) return context.refuse(id, invalid("conversation: no group of this id"));
    context.reply(id, book.describe(*group, now.wall_ms));
}

void Engine::State::on(RequestId id, const request::GroupJoin& join, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    const auto link = seal::parse_group_link(join.link);
    if (!link) return context.refuse(id, link.error());
    const auto address = wire::parse_relay_address(identity->relay);
    if (!address || address->key != link->relay_key)
        return context.refuse(id, invalid("link: the group is at another relay than this account"));
    if (join.text.size() > group_join_text_bytes_max || !is_utf8(join.text))
        return context.refuse(id,
                              invalid("text: UTF-8, at most " + std::to_string(group_join_text_bytes_max) + " bytes"));
    const auto* known = book.find(link->conversation);
    if (known != nullptr && known->own(identity->account_key) != nullptr)
        return context.refuse(id, {ErrorCode::conflict, "this account is in the group already", 0});
    auto* session = ready_session();
    if (session == nullptr) return context.refuse(id, no_relay());
    auto sealed = seal::seal_join(link->secret, link->conversation, {identity->user, identity->account_key},
                                  {join.text}, context.entropy);
    if (!session->request(wire::relay::GroupJoin{link->conversation, std::move(sealed)},
                          purpose::GroupJoin{id, link->conversation}, now))
        context.refuse(id, {ErrorCode::busy, "too many requests wait for the relay", 0});
}

void Engine::State::on(RequestId id, const request::GroupAnswer& answer, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    const auto* group = book.find(answer.conversation);
    const auto* own = group == nullptr ? nullptr : group->own(identity->account_key);
    if (own == nullptr) return context.refuse(id, invalid("conversation: no group of this id"));
    if (own->role < group->policy->invite)
        return context.refuse(id, {ErrorCode::not_allowed, "only admins let others in", 0});
    if (const auto late = group->applicants.contains(answer.user)
                              ? std::nullopt
                              : book.late_answer(*group, answer.user, answer.accept))
        return *late ? context.reply_ok(id) : context.refuse(id, late->error());
    if (!group->applicants.contains(answer.user))
        return context.refuse(id, invalid("user: " + answer.user + " does not ask to be let in"));
    auto* session = ready_session();
    if (session == nullptr) return context.refuse(id, no_relay());
    if (answer.accept) {
        if (acts.take_in(answer.conversation, answer.user, id, now)) keeper.plan(answer.conversation);
        return;
    }
    book.answered_applicant(answer.conversation, answer.user);
    if (!session->request(wire::relay::GroupJoinRefuse{answer.conversation, answer.user, {}}, purpose::Contact{id},
                          now))
        context.refuse(id, {ErrorCode::busy, "too many requests wait for the relay", 0});
}

void Engine::State::on(RequestId id, const request::Deliveries& wanted, Moment)
{
    if (!identity) return context.refuse(id, {ErrorCode::not_registered, "no account on this device", 0});
    const auto row = context.store.message(wanted.message);
    if (!row || !row->shown || row->message.from != identity->user)
        return context.refuse(id, invalid("message: there is no such message of this account"));
    std::vector<DeliveryReport> out;
    const auto& message = row->message;
    if (!message.with.empty()) {
        out.push_back({message.with, message.state, message.path});
        return context.reply(id, std::move(out));
    }
    for (const auto& one : conversation::deliveries(context.store, message.conversation, message.id))
        if (one.user != identity->user) out.push_back({one.user, one.state, one.path});
    // What is open yet, or was acknowledged quietly: nobody of that account is known to have it. Of several devices the
    // one that has come furthest counts; one that will not have it counts when no other may.
    const auto noted = static_cast<std::ptrdiff_t>(out.size());
    for (const auto& open : context.store.deliveries(message.id)) {
        if (open.user == identity->user) continue;
        const auto is_theirs = [&](const auto& one) { return one.user == open.user; };
        if (std::any_of(out.begin(), out.begin() + noted, is_theirs)) continue;
        const DeliveryReport report{open.user,
                                    open.state == port::DeliveryState::queued   ? MessageState::accepted
                                    : open.state == port::DeliveryState::failed ? MessageState::failed
                                                                                : MessageState::sent,
                                    open.state == port::DeliveryState::stored ? Path::mailbox : Path::none};
        const auto known = std::find_if(out.begin() + noted, out.end(), is_theirs);
        if (known == out.end())
            out.push_back(report);
        else if (known->state == MessageState::failed ||
                 (report.state != MessageState::failed && report.state > known->state))
            *known = report;
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.user < b.user; });
    context.reply(id, std::move(out));
}

} // namespace godwit::engine
