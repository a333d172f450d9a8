// SPDX-License-Identifier: Apache-2.0
// A relay that was restored from a backup has forgotten devices and lists; one that starts anew, accounts
// (docs/adr/0022-lost-relay.md). Every device of an account has its key, and the newest list that it knows.
//
// The list alone is no way in, for a thief has it too (docs/adr/0025-doors.md): a device that the relay knows mends, or
// the password is shown.
//
//   Resume ── device_revoked ──> AddDevice, with the list known here
//       ├─ ok: the relay's list names this device ──> entered, as ever
//       ├─ device_revoked; the relay's list is newer ──> revoked indeed: the keys go
//       ├─ device_revoked; it is older, or another one of our version ──> once more soon: a sibling may mend it
//       │      └─ nobody does ──> logged out, the keys stay, login brings it back
//       └─ wrong_credentials ──> the account is lost: logged out, the keys stay, register brings it back
//
//   Roster ── the own list is older, or another one of our version ──> DevicesPut, mended
#include "lib/engine/state.hpp"

namespace godwit::engine {

namespace frame = wire::relay;

namespace {

/// A relay that was restored is found by all devices of an account at about the same time.
constexpr Duration sibling_wait = std::chrono::minutes(2);
constexpr std::uint64_t knock_every_ms = 5'000;

} // namespace

bool Engine::State::come_back(RelaySession& session, const note::Refused& no, Moment now)
{
    if (!identity || !identity->logged_in || account::leaving(context.store)) return false;
    const auto& known = roster.self().list;
    if (!returning || returning->link != session.link()) {
        if (no.why.code != ErrorCode::device_revoked || known.find(identity->device) == nullptr) return false;
        if (!returning) returning = Returning{0, now.mono};
        returning->link = session.link();
        session.enter(frame::AddDevice{identity->user, identity->certificate, known.encoded}, now);
        return true;
    }
    if (no.why.code == ErrorCode::wrong_credentials) {
        account_lost();
        return true;
    }
    if (no.why.code != ErrorCode::device_revoked || !no.stored) return false;
    const auto shown = identity::verify_device_list(no.stored->device_list, identity->user, identity->account_key);
    if (!shown || identity::judge(known, *shown) == identity::Succession::newer) return false;
    if (known.devices.size() > 1 && now.mono - returning->since < sibling_wait)
        relay_lost(session.link(),
                   {ErrorCode::relay_unavailable,
                    "the relay has lost this device, as when it is restored from a backup: another device of the "
                    "account may tell it",
                    knock_every_ms},
                   true, now);
    else
        device_lost();
    return true;
}

bool Engine::State::revoked_by(const note::Refused* no) const
{
    if (!identity || identity->device.is_zero()) return false;
    if (account::leaving(context.store)) return true;
    const auto known = identity::verify_device_list(identity->device_list, identity->user, identity->account_key);
    if (!known) return false;
    // A home that was laid by, and was put out later, has only what the relay shows.
    if (identity->logged_in && known->find(identity->device) == nullptr) return true;
    if (no == nullptr || !no->stored) return false;
    const auto shown = identity::verify_device_list(no->stored->device_list, identity->user, identity->account_key);
    return shown && identity::judge(*known, *shown) == identity::Succession::newer &&
           shown->find(identity->device) == nullptr;
}

void Engine::State::came_back(const RelaySession& session)
{
    if (!returning) return;
    if (returning->link == session.link())
        context.security(SecurityKind::device_list_rollback, identity->user, identity->device,
                         "the relay had lost this device, as when it is restored from a backup: it knows it again");
    returning.reset();
}

void Engine::State::device_lost()
{
    lay_by({ErrorCode::device_revoked,
            "the relay has lost this device, as when it is restored from a backup, and no other device of the account "
            "has told it: log in in this home with the password, and it is the same device again",
            0});
}

void Engine::State::account_lost()
{
    lay_by({ErrorCode::not_registered,
            "the relay does not know this account any more: if it has lost it, register in this home with the same "
            "name: it is the same account for your contacts, who have to be added again",
            0});
}

/// Logged out, with all keys.
void Engine::State::lay_by(const Error& why)
{
    if (groups) groups->flush(); // They stay, too.
    account::lay_by(context.store, *identity);
    stop_serving(why);
    context.event(event::LoggedOut{why});
}

void Engine::State::mend_own_list(const identity::DeviceList& shown, Moment now)
{
    auto* session = session_on(dialer.current());
    if (session == nullptr || !identity) return;
    const auto mended = identity::mend(roster.self().list, shown, account::removed_devices(context.store),
                                       identity->user, identity->account_seed, now.wall_ms);
    if (!mended || mended->find(identity->device) == nullptr) return;
    // Not taken: somebody else was faster, or the next connection tries again.
    (void)session->request(frame::DevicesPut{mended->encoded}, purpose::Report{}, now);
}

} // namespace godwit::engine
