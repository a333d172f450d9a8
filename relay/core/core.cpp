// SPDX-License-Identifier: Apache-2.0
#include "relay/core/core.hpp"

#include "relay/core/versions.hpp"

namespace godwit::relay {
namespace {

Error unavailable()
{
    return {ErrorCode::relay_unavailable, "the relay cannot store now (is its disk full?): try again", 5'000};
}

template <class... Handlers>
struct Overload : Handlers... {
    using Handlers::operator()...;
};

} // namespace

Core::Core(Config config, Store& store, port::Entropy& entropy)
    : config_(std::move(config)), context_{config_, store, entropy, {}, {}, {}}, accounts_(context_), roster_(context_),
      presence_(context_, roster_), mailbox_(context_), signals_(context_)
{
}

// ---- gather ----

void Core::link_up(LinkId link, Peer peer, Moment now)
{
    gathered_anything_ = true;
    auto& session = context_.sessions.add(link, std::move(peer));
    ++context_.counters.links_total;
    context_.counters.links = context_.sessions.size();
    if (draining_) return close(session);
    strangers_[link] = now.mono + config_.limits.login_time_max;
    if (strangers_.size() > config_.limits.unauthenticated_links_max) {
        ++context_.counters.strangers_closed;
        close(*context_.sessions.find(strangers_.begin()->first)); // the oldest had the longest time
    }
}

void Core::receive(LinkId link, BytesView bytes, Moment now)
{
    auto* const session = context_.sessions.find(link);
    if (session == nullptr) return;
    gathered_anything_ = true;
    if (is_too_much_for_a_stranger(*session, bytes.size())) {
        ++context_.counters.strangers_closed;
        return close(*session);
    }
    const auto decoded = wire::decode_client_frame(bytes);
    if (!decoded.ok()) {
        ++context_.counters.frames_malformed;
        say(link, frame::Notice{decoded.error()}, false);
        return close(*session);
    }
    std::visit([&](const auto& one) { on(*session, one, now); }, *decoded);
}

bool Core::is_too_much_for_a_stranger(Session& session, std::size_t bytes)
{
    if (session.account != 0) return false;
    session.stranger_bytes += bytes;
    return session.stranger_bytes > config_.limits.unauthenticated_bytes_max;
}

void Core::on(Session& session, const frame::Hello& hello, Moment now)
{
    if (session.greeted) { // one greeting a link
        ++context_.counters.frames_malformed;
        return close(session);
    }
    if (hello.protocol_min > wire::protocol_version || hello.protocol_max < wire::protocol_version) {
        say(session.link,
            frame::Notice{{ErrorCode::protocol_mismatch,
                           "this relay speaks protocol " + std::to_string(wire::protocol_version), 0}},
            false);
        return close(session);
    }
    session.greeted = true;
    session.client_version = hello.client_version;
    session.platform = hello.platform;
    session.update_required = is_older(hello.client_version, config_.client_version_min);

    frame::Welcome welcome;
    welcome.relay_version = config_.relay_version;
    welcome.observed_address = session.peer.address;
    welcome.relay_ms = now.wall_ms;
    welcome.update_required = session.update_required;
    if (is_older(hello.client_version, config_.client_version_latest))
        welcome.update_version = config_.client_version_latest;
    else if (session.update_required)
        welcome.update_version = config_.client_version_min;
    welcome.mailbox_messages_max = config_.limits.mailbox_messages_max;
    welcome.mailbox_bytes_max = config_.limits.mailbox_bytes_max;
    say(session.link, std::move(welcome), false);
}

void Core::on(Session& session, const frame::Request& request, Moment now)
{
    ++context_.counters.requests;
    const bool is_stranger = session.account == 0;
    if (!session.greeted ||
        (is_stranger && ++session.stranger_requests > config_.limits.unauthenticated_requests_max)) {
        ++context_.counters.strangers_closed;
        return close(session);
    }
    auto answer = serve(session, request.body, now);
    if (answer.error.code != ErrorCode::ok) ++context_.counters.requests_refused;
    say(session.link, frame::Response{request.id, std::move(answer.error), std::move(answer.body)});
}

Answer Core::serve(Session& session, const frame::RequestBody& body, Moment now)
{
    if (session.update_required)
        return {ErrorCode::update_required,
                "this relay needs client " + config_.client_version_min + " or newer: update"};
    const bool enters = std::holds_alternative<frame::RegisterAccount>(body) ||
                        std::holds_alternative<frame::Login>(body) || std::holds_alternative<frame::AddDevice>(body) ||
                        std::holds_alternative<frame::Resume>(body);
    if (!enters && !session.logged_in()) return {ErrorCode::not_registered, "log in first"};

    return std::visit(Overload{
                          [&](const frame::RegisterAccount& r) { return accounts_.register_account(session, r, now); },
                          [&](const frame::Login& r) { return accounts_.login(session, r, now); },
                          [&](const frame::AddDevice& r) { return accounts_.add_device(session, r, now); },
                          [&](const frame::Resume&) { return accounts_.resume(session, now); },
                          [&](const frame::Logout&) { return accounts_.logout(session); },
                          [&](const frame::ContactAdd& r) { return roster_.add(session, r.user, now); },
                          [&](const frame::ContactAccept& r) { return roster_.accept(session, r.user, now); },
                          [&](const frame::ContactRemove& r) { return roster_.remove(session, r.user, now); },
                          [&](const frame::ContactBlock& r) { return roster_.block(session, r.user, now); },
                          [&](const frame::ContactUnblock& r) { return roster_.unblock(session, r.user, now); },
                          [&](const frame::MailboxPut& r) { return mailbox_.put(session, r, now); },
                          [&](const frame::Signal& r) {
                              auto route = signals_.route(session, r, now);
                              if (route.to != 0) say(route.to, frame::SignalPush{session.peer.device, r.sealed});
                              return std::move(route.answer);
                          },
                          [&](const frame::FetchSession&) { return accounts_.session_info(session, now); },
                      },
                      body);
}

void Core::on(Session& session, const frame::MailboxAck& ack, Moment)
{
    if (session.logged_in()) mailbox_.acknowledge(session, ack);
}

void Core::on(Session& session, const frame::Ping& ping, Moment)
{
    say(session.link, frame::Pong{ping.token}, false);
}

void Core::on(Session&, const frame::Pong&, Moment) {}

void Core::link_down(LinkId link, Moment)
{
    auto* const session = context_.sessions.find(link);
    if (session == nullptr) return;
    gathered_anything_ = true;
    forget(*session);
}

void Core::handle_deadline(Moment now)
{
    gathered_anything_ = true;
    while (!strangers_.empty() && strangers_.begin()->second <= now.mono) {
        ++context_.counters.strangers_closed;
        say(strangers_.begin()->first, frame::Notice{{ErrorCode::timed_out, "no login in time", 0}}, false);
        close(*context_.sessions.find(strangers_.begin()->first));
    }
    if (rewind_at_ <= now.mono) {
        rewind_at_ = never;
        for (const auto link : std::exchange(to_rewind_, {}))
            if (auto* const session = context_.sessions.find(link); session != nullptr && session->active) {
                mailbox_.rewind(*session);
                context_.changes.mail.insert(session->device);
            }
    }
    if (expire_at_ <= now.mono) {
        const bool more = mailbox_.expire(now);
        expire_at_ = now.mono + (more ? std::chrono::seconds(1) : expiry_interval);
    }
}

void Core::drain(Moment)
{
    gathered_anything_ = true;
    draining_ = true;
    std::vector<Session*> all;
    context_.sessions.each([&](Session& session) { all.push_back(&session); });
    for (auto* const session : all) {
        say(session->link,
            frame::Notice{{ErrorCode::relay_unavailable, "the relay is shutting down: it will be back", 1'000}}, false);
        close(*session);
    }
}

void Core::say(LinkId link, wire::relay::ServerFrame frame, bool rests_on_store)
{
    gathered_.push_back({link, std::move(frame), rests_on_store});
}

void Core::close(Session& session)
{
    closing_.push_back(session.link);
    forget(session);
}

void Core::forget(Session& session)
{
    const auto link = session.link;
    strangers_.erase(link);
    to_rewind_.erase(link);
    if (session.active) {
        presence_.touch(session.account, session.user);
        context_.sessions.deactivate(session);
    }
    context_.sessions.erase(link);
    context_.counters.links = context_.sessions.size();
    context_.counters.sessions = context_.sessions.active();
}

Instant Core::deadline() const
{
    auto out = earlier(rewind_at_, expire_at_);
    if (!strangers_.empty()) out = earlier(out, strangers_.begin()->second);
    return out;
}

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
    tell_changes();
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
    auto& counters = context_.counters;
    counters.registrations = at_last_commit_.registrations;
    counters.content_envelopes_stored = at_last_commit_.content_envelopes_stored;
    counters.content_bytes_stored = at_last_commit_.content_bytes_stored;
    counters.content_envelopes_acknowledged = at_last_commit_.content_envelopes_acknowledged;
    counters.content_envelopes_expired = at_last_commit_.content_envelopes_expired;
    counters.signals_forwarded = at_last_commit_.signals_forwarded;
    auto& changes = context_.changes;
    for (const auto link : changes.logins)
        if (auto* const session = context_.sessions.find(link); session != nullptr && !session->active) {
            session->account = 0;
            session->device = 0;
            session->user.clear();
        }
    for (const auto link : changes.logouts)
        if (auto* const session = context_.sessions.find(link)) session->leaving = false;
    for (const auto link : changes.acknowledged)
        to_rewind_.insert(link);
    if (!to_rewind_.empty()) rewind_at_ = earlier(rewind_at_, now.mono + rewind_after);
    changes = {};

    std::vector<Gathered> kept;
    for (auto& one : gathered_) {
        if (auto* const response = std::get_if<frame::Response>(&one.frame)) {
            response->error = unavailable();
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

void Core::speak_notice(LinkId link, Error what)
{
    speak(link, frame::Notice{std::move(what)});
}

void Core::tell_changes()
{
    auto changes = std::exchange(context_.changes, {});
    const auto send = [this](Session& to, frame::Presence&& presence) { tell(to, std::move(presence)); };

    for (const auto link : changes.logouts)
        if (auto* const session = context_.sessions.find(link)) {
            speak_notice(link, {ErrorCode::device_revoked, "this device is logged out", 0});
            close(*session);
        }
    std::vector<LinkId> newcomers;
    for (const auto link : changes.logins)
        if (auto* const session = context_.sessions.find(link); session != nullptr && !session->active) {
            activate(*session);
            newcomers.push_back(link);
            changes.mail.insert(session->device);
        }

    for (const auto account : changes.devices) {
        const auto certificates = roster_.certificates(account);
        for (auto* const own : context_.sessions.of_account(account))
            tell(*own, frame::OwnDevices{certificates});
        for (const auto contact : context_.store.mutual_contacts(account))
            changes.roster.insert({contact, account});
    }
    for (const auto link : newcomers) {
        auto* const session = context_.sessions.find(link);
        if (session == nullptr) continue; // its device logged in again in this very tick
        auto pages = roster_.pages(*session);
        for (auto& page : pages)
            tell(*session, std::move(page));
        presence_.tell_own(*session, send);
    }
    for (const auto& [viewer, contact] : changes.roster) {
        if (!context_.sessions.online(viewer)) continue;
        const auto entry = roster_.entry(viewer, contact);
        for (auto* const session : context_.sessions.of_account(viewer))
            tell(*session, frame::RosterChange{entry});
    }
    for (const auto& [viewer, subject] : changes.presence)
        presence_.tell_pair(viewer, subject, send);
    presence_.tell(send);
    for (const auto device : changes.mail)
        push_mail(device);
    if (context_.store.failed()) start_over();
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
        speak_notice(session->link, unavailable());
        close(*session);
    }
}

void Core::activate(Session& session)
{
    if (auto* const older = context_.sessions.of_device(session.device)) {
        ++context_.counters.sessions_replaced;
        speak_notice(older->link, {ErrorCode::cancelled, "a newer connection of this device took over", 0});
        close(*older);
    }
    strangers_.erase(session.link);
    context_.sessions.activate(session);
    presence_.touch(session.account, session.user);
    ++context_.counters.sessions_total;
    context_.counters.sessions = context_.sessions.active();
}

void Core::push_mail(DeviceRow device)
{
    if (auto* const session = context_.sessions.of_device(device))
        mailbox_.push(*session, [&](frame::MailboxDeliver&& mail) { tell(*session, std::move(mail)); });
}

} // namespace godwit::relay
