// SPDX-License-Identifier: Apache-2.0
//   register | login | be linked ── keys (account) ── dial ── session: Hello, Welcome, the first frame
//       ── vault, or a grant ── certificate, next device list ── committed ── AddDevice ── Session
//       conflict: login begins again; who is linked takes the list that the refusal shows, and certifies itself anew
//   known device ── Resume ── Session ──> live
#include "lib/engine/state.hpp"

#include "lib/wire/device_name.hpp"
#include "lib/wire/names.hpp"

namespace godwit::engine {

namespace frame = wire::relay;

namespace {

/// Two devices that log in or are linked at once: the second one's list is not the next one any more. It takes the new
/// one, and tries again so often.
constexpr std::uint32_t conflicts_max = 4;

} // namespace

void Engine::State::enter(RequestId id, Credentials credentials, Moment now)
{
    if (entering)
        return context.refuse(id, {ErrorCode::busy, "a registration or login is under way: wait for its reply", 1000});
    if (!wire::is_user_name(credentials.user))
        return context.refuse(id,
                              {ErrorCode::invalid_argument,
                               "user: 1 to 32 characters of a-z, 0-9, '.', '_', '-'; the first a letter or digit", 0});
    if (auto fine = wire::check_device_name(credentials.device_name); !fine) return context.refuse(id, fine.error());
    auto prepared = credentials.create ? account::prepare_register(context, credentials, now)
                                       : account::prepare_login(context, credentials);
    if (!prepared) return context.refuse(id, std::move(prepared).error());
    dialer.aim({credentials.relay, prepared->device_seed}, true, now.mono);
    connection_detail = "connecting";
    entering = Entering{id, std::move(credentials), std::move(*prepared), {}, false, 0};
}

void Engine::State::on(RequestId id, const request::LinkCode& code, Moment now)
{
    if (entering)
        return context.refuse(id, {ErrorCode::busy, "a registration or login is under way: wait for its reply", 1000});
    auto address = wire::parse_relay_address(code.relay);
    if (!address) return context.refuse(id, std::move(address).error());
    if (auto fine = wire::check_device_name(code.device_name); !fine) return context.refuse(id, fine.error());
    auto prepared = account::prepare_link(context, code.relay);
    if (!prepared) return context.refuse(id, std::move(prepared).error());
    Credentials credentials;
    credentials.relay = *address;
    credentials.relay_text = code.relay;
    credentials.device_name = code.device_name;
    auto offer = seal::make_link_offer(prepared->device, context.entropy);
    dialer.aim({*address, prepared->device_seed}, true, now.mono);
    connection_detail = "connecting";
    entering = Entering{id, std::move(credentials), std::move(*prepared), std::move(offer), false, 0};
}

void Engine::State::relay_up(LinkId link, Moment now)
{
    if (!dialer.link_up(link, now.mono)) return;
    RelaySession::Entry entry = frame::Resume{};
    if (entering && entering->offer)
        entry = frame::LinkWait{};
    else if (entering && entering->credentials.create)
        entry = account::register_frame(context, entering->credentials, entering->identity);
    else if (entering)
        entry = frame::Login{entering->credentials.user, account::login_secret(entering->credentials)};
    sessions.push_back(std::make_unique<RelaySession>(context, link, std::move(entry), dialer.app()));
    sessions.back()->open(now);
}

void Engine::State::vault_came(RelaySession& session, const frame::LoginOk& login, Moment now)
{
    const auto link = session.link();
    if (!entering || entering->credentials.create || entering->offer)
        return refused(link, {{ErrorCode::malformed, "nobody asked", 0}, {}}, now);
    auto& who = entering->identity;
    auto done = account::complete_login(context, entering->credentials, login, who, now);
    if (!done) return refused(link, {done.error(), {}}, now);
    session.enter(frame::AddDevice{who.user, who.certificate, who.device_list}, now);
}

void Engine::State::waiting(RelaySession& session)
{
    if (!entering || !entering->offer || entering->answered) return;
    entering->answered = true;
    dialer.be_patient(session.link(), std::chrono::milliseconds(request::link_code_ms_max));
    context.reply(entering->request, seal::link_code(*entering->offer));
}

void Engine::State::granted(RelaySession& session, BytesView sealed, Moment now)
{
    if (!entering || !entering->offer) return context.reject("a grant that nobody waits for");
    const auto grant = seal::open_link_grant(*entering->offer, sealed);
    // Somebody who has not seen the code: go on waiting for who has.
    if (!grant) return context.reject("a grant that does not open");
    auto& who = entering->identity;
    auto done = account::complete_link(context, *grant, entering->credentials.device_name, who, now);
    if (!done) return refused(session.link(), {done.error(), {}}, now);
    session.enter(frame::AddDevice{who.user, who.certificate, who.device_list}, now);
}

void Engine::State::entered(RelaySession& session, const frame::Session& info, Moment now)
{
    if (entering) {
        entering->identity.logged_in = true;
        context.store.put_identity(entering->identity);
        account::set_confirmed(context.store);
        live(entering->identity);
        if (!entering->credentials.create) {
            roster.came_back();
            announcer.entered();
        }
        hold.load(context.store, now);
        if (entering->offer)
            context.event(event::Linked{identity->user});
        else
            context.reply_ok(entering->request);
        entering.reset();
        dialer.keep_going();
    }
    account::set_leaving(context.store, false); // It came to nothing.
    came_back(session);
    const auto older = dialer.current();
    dialer.logged_in(session.link());
    if (auto* before = session_on(older); before != nullptr && before != &session) {
        session_over(*before);
        std::erase_if(sessions, [&](const auto& one) { return one->link() == older; });
    }
    goodbye.reset();
    roster.disconnected();
    receipts.forget_sequences();
    book.disconnected(); // What the session before was asked is asked again.
    keeper.disconnected();
    keeper.connected(info);
    set_means(info);
}

/// This device speaks for `who` from now on.
void Engine::State::live(const port::StoredIdentity& who)
{
    identity = who;
    roster.load(who);
    book.load(who);
    chats.start(who);
    calls.start(who.user, who.device);
    group_calls.start(who.user, who.device);
    outbox.load(context.store, who.user);
    announcer.start();
    groups = std::make_unique<seal::Groups>(account::device_keys(who), context.store, context.entropy, circles);
    book.start(*groups);
    if (const auto address = wire::parse_relay_address(who.relay)) acts.start(who, address->key);
    keeper.start(*groups);
}

/// Entering came to nothing.
void Engine::State::entering_failed(Error why)
{
    if (entering->answered)
        context.event(event::Warning{std::move(why)});
    else
        context.refuse(entering->request, std::move(why));
    entering.reset();
    dialer.stop();
}

/// Register, login, link or resume was refused.
void Engine::State::refused(LinkId link, const note::Refused& no, Moment now)
{
    auto why = no.why;
    auto* session = session_on(link);
    if (entering && why.code == ErrorCode::conflict && !entering->credentials.create && session != nullptr &&
        ++entering->conflicts <= conflicts_max) {
        if (!entering->offer)
            return session->enter(
                frame::Login{entering->credentials.user, account::login_secret(entering->credentials)}, now);
        auto& who = entering->identity;
        if (no.stored && !who.account_seed.empty()) {
            auto done =
                account::complete_again(context, no.stored->device_list, entering->credentials.device_name, who, now);
            if (done) return session->enter(frame::AddDevice{who.user, who.certificate, who.device_list}, now);
            why = std::move(done).error();
        }
    }
    if (entering) {
        // Refused for good: no account was made, so this home holds none.
        if (entering->credentials.create && !is_temporary(why.code) && !account::confirmed(context.store)) {
            context.store.clear_identity();
            identity.reset();
        }
        if (why.code == ErrorCode::device_revoked) { // With this device key never more.
            why.detail += ": try again";
            device_withdrawn(ErrorCode::device_revoked, revoked_by(&no) ? Withdrawn::account : Withdrawn::device);
        }
        std::erase_if(sessions, [&](const auto& one) { return one->link() == link; });
        const bool has_keys = identity && account::confirmed(context.store) && !identity->account_seed.empty();
        if (why.code == ErrorCode::wrong_credentials && has_keys)
            why.detail += "; if the relay has lost this account, register in this home: that brings the same one back";
        connection_detail = why.detail;
        return entering_failed(why);
    }
    if (session != nullptr && come_back(*session, no, now)) return;
    const bool returned = returning && returning->link == link;
    if (returned && (why.code == ErrorCode::conflict || why.code == ErrorCode::authentication_failed ||
                     why.code == ErrorCode::already_registered))
        why = {ErrorCode::device_revoked, "this device is none of its account any more: log in again", 0};
    if (why.code == ErrorCode::device_revoked || why.code == ErrorCode::not_registered) {
        if (!revoked_by(&no)) return lay_by(why);
        device_withdrawn();
        context.event(event::LoggedOut{why});
        return;
    }
    auto reason = why;
    // Nothing changes within the second: a client that must be updated does not knock every second.
    const auto floor_ms = std::chrono::duration_cast<std::chrono::milliseconds>(config.backoff_max).count();
    if (!is_temporary(why.code))
        reason.retry_after_ms = std::max(why.retry_after_ms, static_cast<std::uint64_t>(floor_ms));
    relay_lost(link, std::move(reason), true, now);
}

/// The device is none of its account any more: what waits can never leave, and the keys are of no use.
void Engine::State::device_withdrawn(ErrorCode reason, Withdrawn what)
{
    announce(outbox.fail_all(context.store, reason), Moment{});
    if (auto stored = context.store.identity()) account::forget_device(context.store, std::move(*stored), what);
    stop_serving({ErrorCode::device_revoked, "this device was logged out", 0});
    seal::Groups::forget_all(context.store);
}

/// Logged out, by whichever side.
void Engine::State::stop_serving(const Error& why)
{
    identity = context.store.identity();
    returning.reset();
    calls.stop();
    group_calls.stop();
    keeper.stop();
    acts.stop(why);
    book.stop();
    announcer.stop();
    groups.reset();
    ahead.clear();
    unopened.clear();
    peers.close_all();
    peers.set_means({});
    dialer.stop();
    for (auto& session : sessions)
        for (const auto& what : session->abandon())
            if (const auto* contact = std::get_if<purpose::Contact>(&what)) context.refuse(contact->request, why);
    sessions.clear();
    roster.disconnected();
    announced_connected = false;
    connection_detail = "logged out";
}

} // namespace godwit::engine
