// SPDX-License-Identifier: Apache-2.0
// A relay that was restored from a backup has forgotten devices and lists; one that starts anew, accounts
// (docs/adr/0022-lost-relay.md). Every device of an account has its key, and the newest list that it knows.
//
//   Resume ── device_revoked ──> AddDevice, with the list known here ──┬─ ok ──────────────────> entered, as ever
//       ├─ conflict; the relay's list is newer ────────────────────────┼──> revoked indeed: the keys go
//       ├─ conflict; it is another one of our version ── mended ───────┘
//       └─ wrong_credentials ──> the account is lost: logged out, the keys stay, register brings it back
//
//   Roster ── the own list is older, or another one of our version ──> DevicesPut, mended
#include "lib/engine/state.hpp"

namespace godwit::engine {

namespace frame = wire::relay;

namespace {

/// Somebody else may mend at the same time.
constexpr std::uint32_t tries_max = 2;

} // namespace

bool Engine::State::come_back(RelaySession& session, const note::Refused& no, Moment now)
{
    if (!identity || !identity->logged_in) return false;
    const auto& known = roster.self().list;
    const auto show = [&](const Bytes& list) {
        session.enter(frame::AddDevice{identity->user, identity->certificate, list}, now);
        return true;
    };
    if (!returning || returning->link != session.link()) {
        if (no.why.code != ErrorCode::device_revoked || known.find(identity->device) == nullptr) return false;
        returning = Returning{session.link(), 0};
        return show(known.encoded);
    }
    if (no.why.code == ErrorCode::wrong_credentials) {
        account_lost();
        return true;
    }
    if (no.why.code != ErrorCode::conflict || !no.stored || ++returning->tries > tries_max) return false;
    const auto shown = identity::verify_device_list(no.stored->device_list, identity->user, identity->account_key);
    if (!shown) return false;
    const auto how = identity::judge(known, *shown);
    if (how != identity::Succession::conflict && how != identity::Succession::rollback) return false;
    const auto mended = identity::mend(known, *shown, account::removed_devices(context.store), identity->user,
                                       identity->account_seed, now.wall_ms);
    if (!mended || mended->find(identity->device) == nullptr) return false;
    return show(mended->encoded);
}

void Engine::State::came_back(const RelaySession& session)
{
    if (!returning || returning->link != session.link()) return;
    returning.reset();
    context.security(SecurityKind::device_list_rollback, identity->user, identity->device,
                     "the relay had lost this device, as when it is restored from a backup: it knows it again");
}

void Engine::State::account_lost()
{
    const Error why{ErrorCode::not_registered,
                    "the relay does not know this account any more: if it has lost it, register in this home with the "
                    "same name: it is the same account for your contacts, who have to be added again",
                    0};
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
