// SPDX-License-Identifier: Apache-2.0
// devices: which devices an account has. The account says so itself, in lists that it signs
// (lib/identity/device_list.hpp); the relay keeps the newest, and its device rows follow it.
//
//   AddDevice   a stranger's link   the next version, with this connection's device added, or its certificate renewed
//   Logout      a session           the next version, without this device
//   DevicesPut  a session           the next version, without others: they are revoked, their sessions end
//
// A list needs the account key's signature and somebody who may bring it (docs/adr/0025-doors.md): every device that
// was ever linked holds that key, also one that was revoked. AddDevice changes the list only on a link where the
// account's password was just shown, or to which one of its devices has granted it (linking.hpp). What a list may
// change is checked against the one before: devices keep their certificates, and nobody slips in unnoticed. The list
// that is stored already, shown again by a device that is in it, is an answer that was lost, and is answered again.
//
// Who leaves the list is gone at once, for good: its row, mail and key packages, its session before the next frame of
// it, and its key never comes back to this account (Store::was_removed).
//
// A relay that was restored from a backup has an older list than the account's devices know, and may have lost rows of
// devices (docs/adr/0022-lost-relay.md). They mend that:
//   - a list that is two versions newer or more takes the place of the stored one, whatever it changes, by AddDevice or
//     DevicesPut. Whoever it leaves out is revoked
//   - AddDevice of a device that the stored list names, with the same certificate, lets it in, whatever list it shows:
//     that one is not taken
//   - a refused AddDevice that is well signed is answered with the stored list: so its device can tell whether it was
//     revoked
//
// The last device cannot sign a list without anybody: it logs out with the list that is stored. That one stays, so that
// versions go on, while no device of it is left here ("vacant"). The next device may leave out all who are gone.
#pragma once

#include "lib/identity/device_list.hpp"
#include "relay/core/accounts.hpp"
#include "relay/core/linking.hpp"

namespace godwit::relay {

class Devices {
public:
    Devices(Context& context, Accounts& accounts, const Linking& linking)
        : context_(context), accounts_(accounts), linking_(linking),
          changes_(context.config.limits.device_changes, context.config.limits.throttled_max)
    {
    }

    [[nodiscard]] Answer add(Session& session, const frame::AddDevice& request, Moment now);
    [[nodiscard]] Answer logout(Session& session, const frame::Logout& request);
    [[nodiscard]] Answer put(Session& session, const frame::DevicesPut& request, Moment now);

private:
    /// The verified next list of this session's account, and the one that is stored; or why not.
    struct Change {
        identity::DeviceList stored;
        identity::DeviceList next;
    };
    [[nodiscard]] Result<Change> change_of(const Session& session, const Bytes& list);
    [[nodiscard]] std::optional<Error> forbids(const identity::DeviceList& stored, const identity::DeviceList& next,
                                               AccountRow account, const DeviceId& added);
    /// The list that is stored from now on, in the place of `before`. Devices that it leaves out are removed.
    void store(AccountRow account, const identity::DeviceList& before, const identity::DeviceList& next);
    /// With its mailbox and key packages; its session ends after the commit, saying `why`.
    void remove(const StoredDevice& device, const char* why);

    Context& context_;
    Accounts& accounts_;
    const Linking& linking_;
    AccountPaces changes_;
};

} // namespace godwit::relay
