// SPDX-License-Identifier: Apache-2.0
#include "relay/core/notices.hpp"

#include "lib/identity/notice.hpp"

#include "relay/store/share_tables.hpp"

#include <algorithm>

namespace godwit::relay {
namespace {

Error invalid(std::string detail)
{
    return {ErrorCode::invalid_argument, std::move(detail), 0};
}

Error none()
{
    return invalid("there is no notice of this id");
}

wire::OperatorNotice unsigned_of(const StoredNotice& notice)
{
    wire::OperatorNotice out;
    out.id = notice.id;
    out.kind = notice.kind;
    out.created_ms = notice.created_ms;
    out.expires_ms = notice.expires_ms;
    out.withdrawn = notice.withdrawn;
    if (notice.withdrawn) return out;
    out.title = notice.title;
    out.text = notice.text;
    out.link = notice.link;
    return out;
}

} // namespace

// ---- the operator ----

Result<StoredNotice> Notices::send(const NoticeDraft& draft, Moment now)
{
    settle(now);
    const auto& limits = context_.config.limits;
    auto& store = context_.store;
    if (!context_.config.sign_notice)
        return Error{ErrorCode::unsupported, "this relay has no key to sign notices with", 0};
    if (draft.lifetime_ms <= 0 || draft.lifetime_ms > limits.notice_lifetime_ms_max)
        return invalid("expires: within " + std::to_string(limits.notice_lifetime_ms_max / (24 * 3600 * 1000)) +
                       " days");
    if (draft.to_all != draft.users.empty()) return invalid("to: all accounts, or the ones that are named");

    StoredNotice notice;
    notice.id = draft.id;
    notice.to_all = draft.to_all;
    notice.app = draft.app;
    notice.kind = draft.kind;
    // No two are made at one time: what was read up to one of them leaves no doubt about another.
    notice.created_ms = std::max(now.wall_ms, store.newest_notice_ms() + 1);
    notice.expires_ms = notice.created_ms + draft.lifetime_ms;
    notice.title = draft.title;
    notice.text = draft.text;
    notice.link = draft.link;
    if (const auto sane = identity::check_notice(unsigned_of(notice)); !sane) return sane.error();
    const auto accounts = accounts_of(draft);
    if (!accounts) return accounts.error();

    if (const auto there = store.notice(draft.id)) {
        const bool same = there->to_all == notice.to_all && there->app == notice.app && there->kind == notice.kind &&
                          there->title == notice.title && there->text == notice.text && there->link == notice.link &&
                          there->expires_ms - there->created_ms == draft.lifetime_ms && !there->withdrawn &&
                          (there->settled || store.notice_accounts(there->sequence) == *accounts);
        if (!same) return Error{ErrorCode::conflict, "another notice has this id", 0};
        return *there;
    }
    ShareTable shares(store);
    const auto most = bound_for(draft.by, limits.notices_max);
    while (shares.notices(draft.app) >= most)
        if (!shares.remove_settled_notice(draft.app, now.wall_ms))
            return Error{ErrorCode::quota_exceeded,
                         "this relay keeps " + std::to_string(most) + " notices" +
                             (draft.app > 0 ? " to an application" : "") +
                             ", and none of them is over: withdraw some, or let them end earlier",
                         0};
    notice.sequence = store.add_notice(notice, *accounts);
    ++context_.counters.notices_made;
    newest_.reset();
    context_.changes.notice_to_all |= notice.to_all;
    context_.changes.notice_accounts.insert(accounts->begin(), accounts->end());
    return notice;
}

/// In order, none twice.
Result<std::vector<AccountRow>> Notices::accounts_of(const NoticeDraft& draft)
{
    const auto most = context_.config.limits.notice_accounts_max;
    if (draft.users.size() > most) return invalid("to: at most " + std::to_string(most) + " accounts by name");
    std::set<AccountRow> out;
    for (const auto& user : draft.users) {
        const auto name = context_.apps.parse(user);
        const bool may_be = name && (draft.app == no_app || draft.app == name->app);
        const auto account = may_be ? context_.store.account(name->app, name->user) : std::nullopt;
        if (!account) return invalid("to: there is no account " + user);
        out.insert(account->row);
    }
    return std::vector<AccountRow>(out.begin(), out.end());
}

Result<StoredNotice> Notices::withdraw(const NoticeId& id, Moment now)
{
    settle(now);
    auto notice = context_.store.notice(id);
    if (!notice) return none();
    if (notice->withdrawn) return *notice;
    if (notice->settled || notice->expires_ms <= now.wall_ms) return invalid("this notice is over");
    const auto accounts = context_.store.notice_accounts(notice->sequence);
    context_.store.remove_notice(notice->sequence);
    notice->withdrawn = true;
    notice->sequence = context_.store.add_notice(*notice, accounts);
    ++context_.counters.notices_made;
    newest_.reset();
    context_.changes.notice_to_all |= notice->to_all;
    context_.changes.notice_accounts.insert(accounts.begin(), accounts.end());
    return *notice;
}

Result<Notices::State> Notices::state(const NoticeId& id, Moment now)
{
    settle(now);
    auto notice = context_.store.notice(id);
    if (!notice) return none();
    const auto reach = notice->settled ? *notice->settled : context_.store.notice_reach(*notice);
    return State{*std::move(notice), reach};
}

Result<std::vector<NoticeRecipient>> Notices::recipients(const NoticeId& id, std::string_view after,
                                                         std::size_t accounts, Moment now)
{
    settle(now);
    const auto notice = context_.store.notice(id);
    if (!notice) return none();
    if (notice->settled) return invalid("this notice is over: only its counts are kept");
    return context_.store.notice_recipients(*notice, after, accounts);
}

// ---- devices ----

void Notices::push(Session& session, Moment now, const Send& send)
{
    if (newest() == 0) return;
    if (!session.notices_read_up_to) session.notices_read_up_to = context_.store.notice_cursor(session.device);
    const auto window = context_.config.limits.notice_window_max;
    if (*session.notices_read_up_to >= newest() || session.notices_in_flight.size() >= window) return;
    const auto wanted = window - session.notices_in_flight.size();
    const auto found = context_.store.notices_for(session.account, *session.notices_read_up_to, now.wall_ms, wanted);
    for (const auto& notice : found) {
        session.notices_in_flight.push_back(notice.sequence);
        ++context_.counters.notices_delivered;
        send(session, {notice.sequence, signed_for(notice, session)});
    }
    session.notices_read_up_to = found.size() < wanted ? newest() : found.back().sequence;
}

void Notices::push_to_all(Moment now)
{
    waiting_.clear(); // who is still there gets the newer one with it
    context_.sessions.each([&](Session& session) {
        if (session.active) waiting_.push_back(session.link);
    });
    push_from_ = now.mono;
}

void Notices::push_due(Moment now, const Send& send)
{
    if (waiting_.empty() || push_from_ > now.mono) return;
    for (std::size_t n = 0; n < context_.config.limits.notice_pushes_max && !waiting_.empty(); ++n) {
        if (auto* const session = context_.sessions.find(waiting_.front()); session != nullptr && session->active)
            push(*session, now, send);
        waiting_.pop_front();
    }
    push_from_ = now.mono + context_.config.limits.notice_push_interval;
}

void Notices::acknowledge(Session& session, const frame::NoticeAck& ack, Moment now)
{
    settle(now);
    auto& flying = session.notices_in_flight;
    if (flying.empty() || ack.sequence > flying.back()) return; // what was not delivered is not acknowledged
    const auto arrived = std::erase_if(flying, [&](std::uint64_t sequence) { return sequence <= ack.sequence; });
    if (arrived == 0) return; // acknowledged before
    context_.store.advance_notice_cursor(session.device, ack.sequence);
    context_.counters.notices_acknowledged += arrived;
    context_.changes.notices.insert(session.device);
}

bool Notices::expire(Moment now)
{
    settle(now);
    const auto open = context_.store.next_open_notice();
    const bool more = open && open->expires_ms <= now.wall_ms;
    return context_.store.remove_settled_notice(now.wall_ms - context_.config.limits.notice_kept_ms) || more;
}

void Notices::settle(Moment now)
{
    for (std::size_t n = 0; n < notices_settled_per_tick_max; ++n) {
        const auto over = context_.store.next_open_notice();
        if (!over || over->expires_ms > now.wall_ms) return;
        context_.store.settle_notice(over->sequence, context_.store.notice_reach(*over));
    }
}

std::uint64_t Notices::newest()
{
    if (newest_) return *newest_;
    const auto out = context_.store.newest_notice();
    if (!context_.store.failed()) newest_ = out;
    return out;
}

const Bytes& Notices::signed_for(const StoredNotice& notice, const Session& session)
{
    auto said = unsigned_of(notice);
    if (!notice.to_all) {
        said.account = session.account_key;
        return signed_for_one_ = context_.config.sign_notice(std::move(said));
    }
    if (signed_.size() >= signed_notices_max && !signed_.contains(notice.sequence)) signed_.erase(signed_.begin());
    auto& out = signed_[notice.sequence];
    if (out.empty()) out = context_.config.sign_notice(std::move(said));
    return out;
}

} // namespace godwit::relay
