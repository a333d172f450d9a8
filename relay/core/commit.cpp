// SPDX-License-Identifier: Apache-2.0
// The end of a tick: commit, then speak; or undo.
#include "relay/core/core.hpp"

namespace godwit::relay {
namespace {

/// How long a disk takes to come back that was merely slow or full for a moment.
constexpr Duration disk_wait = std::chrono::seconds(5);

Error unavailable(port::Entropy& entropy)
{
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(jittered(disk_wait, entropy)).count();
    return {ErrorCode::relay_unavailable, "the relay cannot store now (is its disk full?): try again",
            static_cast<std::uint64_t>(wait)};
}

frame::GroupJoinRefused join_refused(const ConversationId& conversation, bool stale_link)
{
    return {conversation, stale_link ? frame::GroupJoinRefused::stale_link : frame::GroupJoinRefused::refused};
}

} // namespace

// ---- commit ----

Result<void> Core::commit(Moment now)
{
    gathered_anything_ = false;
    const bool wrote = context_.store.dirty();
    const auto committed = context_.store.commit();
    if (!committed.ok()) {
        ++context_.counters.commits_failed;
        undo_tick(committed.error(), now);
    } else if (wrote) {
        ++context_.counters.commits;
    }
    for (auto& one : std::exchange(gathered_, {}))
        speak(one.link, one.frame);
    tell_changes(now);
    for (const auto link : std::exchange(closing_, {}))
        outputs_.push_back({link, {}, true});
    context_.store.forgive_reads(); // the next tick starts clean
    at_last_commit_ = context_.counters;
    return committed;
}

/// Memory goes back to what the disk has. What happened in memory alone (links that went, presence) stands.
void Core::undo_tick(const Error&, Moment now)
{
    context_.store.rollback();
    mailbox_.forget_usage();
    blobs_.forget_usage();
    notices_.forget();
    gate_.forget();
    context_.counters.take_back(at_last_commit_);
    auto& changes = context_.changes;
    for (const auto link : changes.logins)
        if (auto* const session = context_.sessions.find(link); session != nullptr && !session->active) {
            session->account = 0;
            session->app = session->said_app;
            session->device = 0;
            session->user.clear();
            session->account_key = {};
        }
    for (const auto& [link, why] : changes.logouts)
        if (auto* const session = context_.sessions.find(link)) session->leaving = false;
    for (const auto link : changes.endings)
        if (auto* const session = context_.sessions.find(link)) session->ending.reset();
    for (const auto link : changes.acknowledged)
        to_rewind_.insert(link);
    if (!to_rewind_.empty()) rewind_at_ = earlier(rewind_at_, now.mono + rewind_after);
    changes = {};

    std::vector<Gathered> kept;
    for (auto& one : gathered_) {
        if (auto* const response = std::get_if<frame::Response>(&one.frame)) {
            response->error = unavailable(context_.entropy);
            response->body = std::monostate();
        } else if (one.rests_on_store) {
            continue;
        }
        kept.push_back(std::move(one));
    }
    gathered_ = std::move(kept);
}

// ---- speak ----

std::optional<Output> Core::next_output()
{
    if (outputs_.empty()) return std::nullopt;
    auto out = std::move(outputs_.front());
    outputs_.pop_front();
    return out;
}

void Core::speak(LinkId link, const wire::relay::ServerFrame& frame)
{
    outputs_.push_back({link, wire::encode(frame), false});
}

void Core::speak_goodbye(LinkId link, Error what)
{
    speak(link, frame::Goodbye{std::move(what)});
}

void Core::tell_changes(Moment now)
{
    auto changes = std::exchange(context_.changes, {});
    // Nothing of a tick that failed is in there.
    if (const Wake& wake = changes; wakeups_ != nullptr && wake != Wake{}) wakeups_->publish(wake);
    take_heard(changes, now);
    const auto send = [this](Session& to, frame::Presence&& presence) { tell(to, std::move(presence)); };

    for (const auto& [link, why] : changes.logouts)
        if (auto* const session = context_.sessions.find(link)) {
            // The relay's word alone wipes no device: the account's comes with it.
            speak(link, frame::OwnDevices{context_.store.device_list(session->account)});
            speak_goodbye(link, {ErrorCode::device_revoked, why, 0});
            close(*session);
        }
    end_by_operator(changes);
    std::vector<LinkId> newcomers;
    for (const auto link : changes.logins)
        if (auto* const session = context_.sessions.find(link); session != nullptr && !session->active) {
            activate(*session);
            newcomers.push_back(link);
            changes.mail.insert(session->device);
            changes.notices.insert(session->device);
        }

    for (const auto account : changes.devices) {
        const auto list = context_.store.device_list(account);
        for (auto* const own : context_.sessions.of_account(account))
            tell(*own, frame::OwnDevices{list});
        for (const auto contact : context_.store.mutual_contacts(account))
            changes.roster.insert({contact, account});
        for (const auto& [conversation, member] : context_.store.memberships(account, now.wall_ms))
            changes.circles.insert(conversation);
    }
    for (const auto link : newcomers) {
        auto* const session = context_.sessions.find(link);
        if (session == nullptr) continue; // its device logged in again in this very tick
        auto pages = roster_.pages(*session, departed_.entries(*session));
        for (auto& page : pages)
            tell(*session, std::move(page));
        for (auto& news : members_.news_of(session->account, now))
            tell(*session, std::move(news));
        for (const auto& one : context_.store.refused_joins(session->account))
            tell(*session, join_refused(one.conversation, one.why == StoredJoin::State::stale_link));
        presence_.tell_own(*session, send);
    }
    for (const auto& [viewer, contact] : changes.roster) {
        if (!context_.sessions.online(viewer)) continue;
        const auto entry = roster_.entry(viewer, contact);
        for (auto* const session : context_.sessions.of_account(viewer))
            if (!session->is_of_departed(entry.user)) tell(*session, frame::RosterChange{entry});
    }
    for (const auto& [viewer, subject] : changes.presence)
        presence_.tell_pair(viewer, subject, send);
    if (!shedding_.gives_up(Shed::presence)) presence_.tell(send);
    tell_groups(changes);
    for (const auto device : changes.mail)
        push_mail(device);
    tell_notices(changes, now);
    if (context_.store.failed()) start_over();
}

void Core::end_by_operator(const Changes& changes)
{
    for (const auto link : changes.endings)
        if (auto* const session = context_.sessions.find(link)) {
            speak_goodbye(link, session->ending.value_or(unavailable(context_.entropy)));
            close(*session);
        }
    if (changes.quotas) {
        mailbox_.forget_usage();
        blobs_.forget_usage();
    }
    const auto send = [this](Session& to, frame::RosterChange&& change) { tell(to, std::move(change)); };
    for (const auto& one : changes.gone_contacts)
        for (auto* const session : context_.sessions.of_account(one.viewer))
            departed_.gone(*session, one, send);
    for (const auto link : changes.departed)
        if (auto* const session = context_.sessions.find(link); session != nullptr && session->active)
            departed_.look(*session, send);
    if (config_.account_ended)
        for (const auto& user : changes.ended_accounts)
            config_.account_ended(user);
}

void Core::tell_groups(Changes& changes)
{
    const auto tell_all = [&](AccountRow account, const wire::relay::ServerFrame& frame) {
        for (auto* const session : context_.sessions.of_account(account))
            tell(*session, frame);
    };
    for (const auto& [account, conversation] : changes.groups)
        if (context_.sessions.online(account)) tell_all(account, groups_.changed(conversation));
    for (const auto& conversation : changes.circles) {
        const auto news = members_.news(conversation, true);
        for (const auto account : context_.store.members(context_.store.group(conversation).row))
            tell_all(account, news);
    }
    for (const auto& [account, conversation] : changes.outs)
        tell_all(account, members_.news(conversation, false));
    for (const auto& [account, conversation, stale] : changes.join_refusals)
        tell_all(account, join_refused(conversation, stale));
}

void Core::tell_notices(const Changes& changes, Moment now)
{
    const auto send = [this](Session& to, frame::NoticeDeliver&& notice) { tell(to, std::move(notice)); };
    if (changes.notice_to_all) notices_.push_to_all(now);
    notices_.push_due(now, send);
    for (const auto account : changes.notice_accounts)
        for (auto* const session : context_.sessions.of_account(account))
            notices_.push(*session, now, send);
    for (const auto device : changes.notices)
        if (auto* const session = context_.sessions.of_device(device)) notices_.push(*session, now, send);
}

/// Frames of the tell phase rest on reads. Half a roster would look like lost contacts: nothing is better.
void Core::tell(Session& to, wire::relay::ServerFrame frame)
{
    if (!context_.store.failed()) speak(to.link, frame);
}

/// The disk could not be read while changes were told, and who missed what is not known. Everyone comes back and is
/// told all.
void Core::start_over()
{
    std::vector<Session*> active;
    context_.sessions.each([&](Session& session) {
        if (session.active) active.push_back(&session);
    });
    for (auto* const session : active) {
        speak_goodbye(session->link, unavailable(context_.entropy));
        close(*session);
    }
}

void Core::activate(Session& session)
{
    if (auto* const older = context_.sessions.of_device(session.device)) {
        ++context_.counters.sessions_replaced;
        speak_goodbye(older->link, {ErrorCode::cancelled, "a newer connection of this device took over", 0});
        close(*older);
    }
    strangers_.erase(session.link);
    linking_.forget(session.link);
    context_.sessions.activate(session);
    presence_.touch(session.account, session.user);
    ++context_.counters.sessions_total;
    context_.counters.sessions = context_.sessions.active();
}

void Core::push_mail(DeviceRow device)
{
    if (auto* const session = context_.sessions.of_device(device))
        mailbox_.push(*session, [&](wire::relay::ServerFrame&& mail) { tell(*session, std::move(mail)); });
}

} // namespace godwit::relay
