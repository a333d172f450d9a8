// SPDX-License-Identifier: Apache-2.0
//   link up ──> session: Hello, Welcome, Resume (or register, login) ──> entered: the older session goes
//           ──> roster pages ──> ready: mailbox lanes start anew, Connected
//   link down, silent, refused ──> what was asked is taken back; the dialer knows when to try again
#include "lib/engine/state.hpp"

#include "lib/engine/relay_clock.hpp"

#include <algorithm>

namespace godwit::engine {

namespace frame = wire::relay;

namespace {

/// Its mailbox was full, and it is there to empty it.
constexpr Duration receipt_rest_full = std::chrono::milliseconds(200);

} // namespace

RelaySession* Engine::State::session_on(LinkId link)
{
    for (auto& session : sessions)
        if (session->link() == link) return session.get();
    return nullptr;
}

RelaySession* Engine::State::ready_session()
{
    return relay_ready() ? session_on(dialer.current()) : nullptr;
}

bool Engine::State::relay_ready() const
{
    return std::any_of(sessions.begin(), sessions.end(), [&](const auto& session) {
        return session->link() == dialer.current() && session->stage() == RelaySession::Stage::ready;
    });
}

// ---- a session begins ---------------------------------------------------------------------------

void Engine::State::relay_frame(RelaySession& session, BytesView bytes, Moment now)
{
    const auto link = session.link();
    relay_notes(link, session.frame(bytes, now), now);
}

void Engine::State::relay_notes(LinkId link, std::vector<Note> notes, Moment now)
{
    for (auto& one : notes) {
        auto* session = session_on(link);
        if (session == nullptr) return; // An earlier note has ended it.
        if (auto* answer = std::get_if<note::Answered>(&one)) {
            answered(answer->purpose, answer->response, now);
        } else if (auto* push = std::get_if<note::Pushed>(&one)) {
            pushed(*session, push->frame, now);
        } else if (const auto* welcomed = std::get_if<note::Welcomed>(&one)) {
            const auto& w = welcomed->welcome;
            note_relay_clock(context.store, w.relay_ms, now);
            if (w.update_required || !w.update_version.empty())
                context.event(event::Update{w.update_required, w.update_version});
        } else if (auto* vault = std::get_if<note::VaultCame>(&one)) {
            vault_came(*session, vault->login, now);
        } else if (std::holds_alternative<note::Waiting>(one)) {
            waiting(*session);
        } else if (auto* grant = std::get_if<note::Granted>(&one)) {
            granted(*session, grant->sealed, now);
        } else if (auto* in = std::get_if<note::Entered>(&one)) {
            entered(*session, in->session, now);
        } else if (auto* no = std::get_if<note::Refused>(&one)) {
            refused(link, *no, now);
        } else if (auto* broken = std::get_if<note::Broken>(&one)) {
            relay_lost(link, broken->why, true, now);
        }
    }
}

void Engine::State::set_means(const frame::Session& info)
{
    PeerSessions::Means means;
    means.own = identity->device;
    means.device_seed = identity->device_seed;
    means.turn_servers = info.turn_servers;
    means.stun_host = info.stun_host;
    means.stun_port = info.stun_port;
    if (means.stun_host.empty())
        if (const auto address = wire::parse_relay_address(identity->relay)) {
            means.stun_host = address->host;
            means.stun_port = address->port;
        }
    turn_available = !means.turn_servers.empty();
    turn_expires_ms = 0;
    for (const auto& server : means.turn_servers)
        if (server.expires_ms > 0)
            turn_expires_ms = turn_expires_ms == 0 ? server.expires_ms : std::min(turn_expires_ms, server.expires_ms);
    peers.set_means(std::move(means));
}

void Engine::State::ready(RelaySession& session, Moment now)
{
    session.roster_complete();
    outbox.restart_mailbox();
    peers.relay_came_back(now);
    const auto over = dialer.transport_of(session.link());
    connection_detail = session.welcome().observed_address;
    if (!announced_connected || announced_over != over) context.event(event::Connected{identity->relay, over});
    announced_connected = true;
    announced_over = over;
}

// ---- a session ends -----------------------------------------------------------------------------

/// Takes back what will not be answered.
void Engine::State::session_over(RelaySession& session)
{
    const Error lost{ErrorCode::not_connected,
                     "the connection was lost before the answer: it may have been done, or not", 1000};
    for (auto& what : session.abandon()) {
        if (const auto* contact = std::get_if<purpose::Contact>(&what)) context.refuse(contact->request, lost);
        if (const auto* logout = std::get_if<purpose::Logout>(&what)) context.refuse(logout->request, lost);
        if (const auto* join = std::get_if<purpose::GroupJoin>(&what)) context.refuse(join->request, lost);
        if (const auto* wanted = std::get_if<purpose::Directory>(&what)) context.refuse(wanted->request, lost);
        if (auto* receipt = std::get_if<purpose::Receipt>(&what)) {
            receipt->parcel.sequences.clear(); // The relay delivers again what was not acknowledged.
            receipts.give_back(receipt->device, receipt->parcel);
        }
    }
    if (session.link() == dialer.current()) {
        acts.stop(lost);
        book.disconnected();
    }
    files.relay_gone();
}

void Engine::State::relay_lost(LinkId link, Error reason, bool close_it, Moment now)
{
    const bool was_current = link == dialer.current();
    if (auto* session = session_on(link)) {
        session_over(*session);
        std::erase_if(sessions, [&](const auto& one) { return one->link() == link; });
    }
    if (was_current && goodbye) reason = *goodbye; // The relay has said why.
    if (was_current) goodbye.reset();
    const auto loss = dialer.link_down(link, close_it, now.mono, std::chrono::milliseconds(reason.retry_after_ms));
    if (loss.was_current) {
        roster.disconnected();
        receipts.forget_sequences();
        keeper.disconnected();
        mailbox_acks.clear();
        notice_ack = 0;
    }
    if (!loss.was_current && !loss.round_over) return;
    connection_detail = reason.detail.empty() ? std::string(error_name(reason.code)) : reason.detail;
    if (entering && loss.round_over) {
        return entering_failed(std::move(reason));
    }
    announced_connected = false;
    const auto retry_ms = std::chrono::duration_cast<std::chrono::milliseconds>(loss.retry_in).count();
    context.event(event::Disconnected{std::move(reason), static_cast<std::uint64_t>(retry_ms)});
}

// ---- answers and pushes -------------------------------------------------------------------------

void Engine::State::answered(const Purpose& what, const frame::Response& response, Moment now)
{
    const auto code = response.error.code;
    if (const auto* put = std::get_if<purpose::Put>(&what)) {
        const auto* done = std::get_if<frame::MailboxPutOk>(&response.body);
        if (code == ErrorCode::ok && done != nullptr) {
            announce(outbox.put_answered(context.store, put->message, put->devices, done->results, now), now);
            // Of what is said in a group, members who are no contacts give no receipts, nor does anybody of a large one
            // by the mailbox. What is said between two waits for its receipt, whatever groups they are in.
            const auto envelope = book.all().empty() ? std::nullopt : context.store.envelope(put->message);
            const auto* group = envelope ? book.find(envelope->conversation) : nullptr;
            for (std::size_t i = 0; group != nullptr && i < put->devices.size() && i < done->results.size(); ++i)
                if (done->results[i] == ErrorCode::ok && book.knows(put->devices[i]) && groups &&
                    groups->is_member(group->id, put->devices[i]) && // Else it cannot read it: sealed anew when it can.
                    (!receipts_from(put->devices[i]) || !group->is_small()))
                    announce(outbox.handed_over(context.store, put->message, put->devices[i]), now);
        } else
            outbox.put_failed(put->message, put->devices, now.mono);
    } else if (const auto* receipt = std::get_if<purpose::Receipt>(&what)) {
        if (is_temporary(code)) {
            receipts.give_back(receipt->device, receipt->parcel);
            receipts.rest(receipt->device, now.mono + receipt_rest);
            return;
        }
        // Taken, or refused: the mail it is for is durable here either way. It goes even when the sender's own mailbox
        // is full, or two full mailboxes would wait for each other.
        release_mail(receipt->parcel);
        const auto* done = std::get_if<frame::MailboxPutOk>(&response.body);
        if (done == nullptr || done->results != std::vector{ErrorCode::quota_exceeded}) return;
        receipts.give_back(receipt->device, {receipt->parcel.ids, {}});
        receipts.rest(receipt->device,
                      now.mono + (roster.online(receipt->device) ? receipt_rest_full : config.mailbox_retry));
    } else if (const auto* contact = std::get_if<purpose::Contact>(&what)) {
        context.event(event::Reply{contact->request, response.error, {}});
    } else if (const auto* signal = std::get_if<purpose::Signal>(&what)) {
        if (code != ErrorCode::ok)
            peers.signal_failed(signal->device, signal->session,
                                code == ErrorCode::not_connected ? "peer offline" : "the relay did not forward signals",
                                now);
    } else if (const auto* logout = std::get_if<purpose::Logout>(&what)) {
        if (!is_temporary(code)) account::set_leaving(context.store, false); // Else it may have been done.
        if (code == ErrorCode::ok) device_withdrawn(ErrorCode::cancelled);
        context.event(event::Reply{logout->request, response.error, {}});
    } else if (std::holds_alternative<purpose::Refresh>(what)) {
        if (const auto* info = std::get_if<frame::Session>(&response.body)) set_means(*info);
    } else if (const auto* group = std::get_if<purpose::Group>(&what)) {
        keeper.answered(*group, response, now);
        groups_moved(now);
    } else if (const auto* reject = std::get_if<purpose::Reject>(&what)) {
        keeper.answered(*reject, response, now);
    } else if (const auto* stock = std::get_if<purpose::KeyPackageStock>(&what)) {
        keeper.answered(*stock, response);
    } else if (const auto* fetched = std::get_if<purpose::BlobFetch>(&what)) {
        files.answered(*fetched, response, now);
    } else if (const auto* left = std::get_if<purpose::BlobUpload>(&what)) {
        files.answered(*left, response, now);
    } else if (const auto* dropped = std::get_if<purpose::BlobDrop>(&what)) {
        files.answered(*dropped, response, now);
    } else if (const auto* rolls = std::get_if<purpose::GroupRoster>(&what)) {
        group_answered(*rolls, response, now);
    } else if (const auto* joins = std::get_if<purpose::GroupJoins>(&what)) {
        group_answered(*joins, response, now);
    } else if (const auto* join = std::get_if<purpose::GroupJoin>(&what)) {
        group_answered(*join, response, now);
    } else if (const auto* fan = std::get_if<purpose::FanOut>(&what)) {
        fanned_out(*fan, response, now);
    } else if (const auto* wanted = std::get_if<purpose::Directory>(&what)) {
        const auto* page = std::get_if<frame::DirectoryPage>(&response.body);
        if (code == ErrorCode::ok && page != nullptr)
            context.reply(wanted->request, DirectoryPage{page->departments, page->members, page->more});
        else if (code == ErrorCode::ok)
            context.refuse(wanted->request, {ErrorCode::malformed, "the relay answered something else", 0});
        else
            context.refuse(wanted->request, response.error);
    }
}

void Engine::State::pushed(RelaySession& session, frame::ServerFrame& what, Moment now)
{
    if (const auto* notice = std::get_if<frame::Goodbye>(&what)) {
        if (session.link() != dialer.current()) return;
        if (notice->what.code != ErrorCode::device_revoked) {
            goodbye = notice->what;
        } else if (const auto why = notice->what; revoked_by(nullptr)) {
            device_withdrawn();
            context.event(event::LoggedOut{why});
        } else { // Perhaps: the next connection will show by whom.
            goodbye = Error{ErrorCode::relay_unavailable, why.detail, 0};
        }
        return;
    }
    if (session.link() != dialer.current()) return; // Of a session that has been replaced.

    if (const auto* page = std::get_if<frame::Roster>(&what)) {
        if (session.stage() != RelaySession::Stage::roster) return context.reject("a roster page out of turn");
        roster_changed(roster.page(*page), now);
        if (page->last) {
            ready(session, now);
            files.look(now);
        }
    } else if (const auto* change = std::get_if<frame::RosterChange>(&what)) {
        roster_changed(roster.change(change->entry), now);
    } else if (const auto* own = std::get_if<frame::OwnDevices>(&what)) {
        roster_changed(roster.own_devices(own->device_list), now);
    } else if (const auto* presence = std::get_if<frame::Presence>(&what)) {
        roster_changed(roster.presence(*presence), now);
    } else if (const auto* mail = std::get_if<frame::MailboxDeliver>(&what)) {
        Arrival arrival;
        arrival.reason = "fetched from the relay's mailbox";
        arrival.sequence = mail->sequence;
        // Why not by the link that stands between us? Perhaps it does not.
        peers.doubt(mail->from);
        if (!receive(mail->from, mail->envelope, arrival, now)) mailbox_acks.push_back(mail->sequence);
    } else if (const auto* said = std::get_if<frame::NoticeDeliver>(&what)) {
        if (identity && notices.take(said->notice, *identity, session.relay_ms(now), now)) notice_ack = said->sequence;
    } else if (std::holds_alternative<frame::MailboxEmpty>(what)) {
        keeper.mailbox_empty();
    } else if (const auto* state = std::get_if<frame::GroupChanged>(&what)) {
        keeper.relay_state(*state);
    } else if (const auto* push = std::get_if<frame::SignalPush>(&what)) {
        signal_push(*push, now);
    } else if (const auto* news = std::get_if<frame::GroupNews>(&what)) {
        const auto* known = book.find(news->conversation);
        const bool doubts = !news->member && known != nullptr && known->own(identity->account_key) != nullptr;
        book.news(*news);
        if (doubts) keeper.doubt(news->conversation);
        if (news->member) keeper.taken_in(news->conversation);
    } else if (const auto* no = std::get_if<frame::GroupJoinRefused>(&what)) {
        book.refused(*no);
    } else {
        context.reject("a frame that a relay does not push");
    }
}

void Engine::State::acknowledge_notices()
{
    auto* session = ready_session();
    if (session == nullptr || notice_ack == 0) return;
    session->acknowledge_notices(std::exchange(notice_ack, 0));
}

void Engine::State::roster_changed(const Roster::Change& change, Moment now)
{
    for (const auto& device : change.gone) {
        // What was taken back stays so: they get it if they come back.
        if (change.gone_reason == ErrorCode::not_a_contact) chats.owe_open(device, now);
        // Who is in a group with us gets what is said there, whatever else has ended.
        if (change.gone_reason == ErrorCode::device_revoked || !book.knows(device))
            announce(outbox.fail_device(context.store, device, change.gone_reason), now);
        else
            announce(outbox.fail_device(context.store, device, change.gone_reason,
                                        [&](const ConversationId& one) { return book.find(one) != nullptr; }),
                     now);
        peers.close_device(device);
        paths_happened(now);
        paths.forget(device);
    }
    if (change.own_list && identity) {
        identity->device_list = roster.self().list.encoded;
        context.store.put_identity(*identity);
    }
    if (change.own_behind) mend_own_list(*change.own_behind, now);
    for (const auto& conversation : change.circles) {
        if (book.find(conversation) != nullptr) {
            // Made by somebody who knew both keys before we were contacts: it gives way.
            book.forget(conversation);
            if (groups) groups->abandon(conversation);
            const auto* person = roster.person_of(conversation);
            if (auto row = context.store.conversation(conversation); row && person != nullptr) {
                row->kind = person->own ? ConversationKind::self : ConversationKind::direct;
                row->with = person->stored.user;
                context.store.put_conversation(*row);
            }
        }
        keeper.look(conversation);
    }
    chats.give_owed(change.circles, now);
    // Whose contact has ended may know nobody in a group any more.
    if (!change.circles.empty() || (!change.gone.empty() && change.gone_reason == ErrorCode::not_a_contact)) {
        book.lists_changed();
        outbox.groups_changed();
    }
    for (const auto& device : change.came_online) {
        paths.wipe_slate(device);
        peers.forgive(device);
    }
    files.look(now);
}

} // namespace godwit::engine
