// SPDX-License-Identifier: Apache-2.0
#include "relay/core/devices.hpp"

#include <algorithm>

namespace godwit::relay {
namespace {

Error conflict(const char* why)
{
    return {ErrorCode::conflict, std::string("the device list ") + why, 0};
}

/// A list that was verified when it came. Nothing of what is stored is judged twice.
identity::DeviceList read_stored(const Bytes& encoded)
{
    identity::DeviceList out;
    out.encoded = encoded;
    const auto list = wire::decode_device_list(encoded);
    if (!list) return out;
    out.version = list->version;
    for (const auto& one : list->certificates)
        if (auto certificate = wire::decode_certificate(one)) out.devices.push_back(*std::move(certificate));
    return out;
}

bool same(const wire::DeviceCertificate& a, const wire::DeviceCertificate& b)
{
    return a.signature == b.signature && wire::encode(a) == wire::encode(b);
}

/// Every device of `part` is in `whole`, with the same certificate.
bool is_within(const identity::DeviceList& part, const identity::DeviceList& whole)
{
    return std::all_of(part.devices.begin(), part.devices.end(), [&](const auto& one) {
        const auto* const there = whole.find(one.device);
        return there != nullptr && same(*there, one);
    });
}

} // namespace

// ---- add ----

Answer Devices::add(Session& session, const frame::AddDevice& request, Moment now)
{
    if (session.account != 0) return {ErrorCode::already_registered, "this connection is logged in: log out first"};
    if (const auto wait = accounts_.wait_at(session.peer.subscriber, now); wait > Duration::zero()) {
        ++context_.counters.logins_throttled;
        return slow_down(wait);
    }
    const auto account = context_.store.account(session.app, request.user);
    // A user that does not exist has a key that nobody has.
    const auto next =
        identity::verify_device_list(request.device_list, request.user, account ? account->account_key : PublicKey{});
    if (!account || !next.ok()) {
        accounts_.took_wrong_credentials(session.peer.subscriber, now);
        return Accounts::wrong_credentials();
    }
    const auto certificate = identity::verify_certificate(request.certificate, request.user, account->account_key);
    const auto* const listed = next->find(session.peer.device);
    if (!certificate.ok() || certificate->device != session.peer.device || listed == nullptr ||
        !same(*listed, *certificate))
        return {ErrorCode::authentication_failed,
                "the device certificate is not this connection's device's, as it stands in the list"};

    auto device = context_.store.device(session.peer.device);
    const StoredDevice newcomer; // of no row yet
    if (auto no = accounts_.refuses(*account, device ? &*device : &newcomer)) return *std::move(no);
    if (device && device->account != account->row)
        return {ErrorCode::already_registered, "this device belongs to another account: log out there first"};
    if (context_.store.was_removed(account->row, session.peer.device)) {
        auto refusal = Accounts::removed();
        refusal.body = frame::LoginOk{account->account_key, {}, account->device_list, false};
        return refusal;
    }
    const auto stored = read_stored(account->device_list);
    const bool may_change = session.proved == account->row || linking_.has_grant(session.link, account->row);
    // The stored list names it: the answer was lost, or its row with an older copy of this database.
    const auto* const named = stored.find(session.peer.device);
    const bool stands =
        named != nullptr && same(*named, *certificate) && (!may_change || next->version <= stored.version);
    if (!stands) {
        auto error = may_change ? forbids(stored, *next, account->row, session.peer.device)
                                : Error{ErrorCode::device_revoked,
                                        "this device is none of the account's: log in with the password, or be linked "
                                        "by one of its devices",
                                        0};
        if (error) {
            Answer refusal(*std::move(error));
            const bool vacant = context_.store.devices(account->row).empty();
            refusal.body = frame::LoginOk{account->account_key, {}, account->device_list, vacant};
            return refusal;
        }
        const auto who = account->row;
        if (const auto wait = changes_.wait(who, now.mono); wait > Duration::zero()) return slow_down(wait);
        changes_.take(who, now.mono);
        store(account->row, stored, *next);
    }
    if (!device) {
        device =
            StoredDevice{0, account->row, session.peer.device, session.client_version, session.platform, now.wall_ms};
        device->row = context_.store.add_device(*device, now.wall_ms);
        ++context_.counters.devices_added;
    }
    accounts_.enter(session, *account, *device, now);
    return accounts_.session_info(session, now);
}

std::optional<Error> Devices::forbids(const identity::DeviceList& stored, const identity::DeviceList& next,
                                      AccountRow account, const DeviceId& added)
{
    const bool mending = identity::mends(stored, next);
    if (next.version != stored.version + 1 && !mending)
        return conflict("is not the next version: log in again for the newest");
    const auto limit = context_.config.limits.devices_per_account_max;
    if (next.devices.size() > limit && stored.find(added) == nullptr)
        return Error{ErrorCode::quota_exceeded,
                     "this account has " + std::to_string(stored.devices.size()) + " devices, this relay's limit is " +
                         std::to_string(limit) + ": revoke one first",
                     0};
    if (mending) return std::nullopt;
    for (const auto& one : next.devices) {
        if (one.device == added) continue;
        const auto* const before = stored.find(one.device);
        if (before == nullptr || !same(*before, one)) return conflict("changes another device than this connection's");
    }
    for (const auto& row : context_.store.devices(account))
        if (next.find(row.key) == nullptr) return conflict("leaves out a device of the account: log in again");
    return std::nullopt;
}

// ---- remove ----

Answer Devices::logout(Session& session, const frame::Logout& request)
{
    const auto change = change_of(session, request.device_list);
    if (!change) return change.error();
    const auto& [stored, next] = *change;
    const auto* const own = stored.find(session.peer.device);
    const bool is_last = own != nullptr && stored.devices.size() == 1;
    if (is_last ? next.encoded != stored.encoded
                : next.version != stored.version + 1 || next.find(session.peer.device) != nullptr ||
                      next.devices.size() + 1 != stored.devices.size() || !is_within(next, stored))
        return conflict("is not the next one without this device");
    if (!is_last) {
        context_.store.set_device_list(session.account, next.encoded);
        context_.changes.devices.insert(session.account);
    }
    if (const auto device = context_.store.device(session.peer.device)) remove(*device, "this device is logged out");
    return {};
}

Answer Devices::put(Session& session, const frame::DevicesPut& request, Moment now)
{
    const auto change = change_of(session, request.device_list);
    if (!change) return change.error();
    const auto& [stored, next] = *change;
    if (next.encoded == stored.encoded) return {}; // the answer was lost
    if (next.find(session.peer.device) == nullptr)
        return {ErrorCode::invalid_argument, "this list lacks the device that shows it: log out instead"};
    const bool revokes =
        next.version == stored.version + 1 && next.devices.size() < stored.devices.size() && is_within(next, stored);
    if (!revokes && !identity::mends(stored, next)) return conflict("is not the next one with fewer devices");
    const auto limit = std::max(context_.config.limits.devices_per_account_max, stored.devices.size());
    if (next.devices.size() > limit)
        return Error{ErrorCode::quota_exceeded, "this relay's limit is " + std::to_string(limit) + " devices", 0};
    const auto who = session.account;
    if (const auto wait = changes_.wait(who, now.mono); wait > Duration::zero()) return slow_down(wait);
    changes_.take(who, now.mono);
    store(session.account, stored, next);
    return {};
}

void Devices::store(AccountRow account, const identity::DeviceList& before, const identity::DeviceList& next)
{
    context_.store.set_device_list(account, next.encoded);
    context_.changes.devices.insert(account);
    for (const auto& one : before.devices) // some of them may never have been here
        if (next.find(one.device) == nullptr) context_.store.remember_removed(account, one.device);
    for (const auto& device : context_.store.devices(account))
        if (next.find(device.key) == nullptr) {
            remove(device, "this device was revoked by another one of its account");
            ++context_.counters.devices_revoked;
        }
}

Result<Devices::Change> Devices::change_of(const Session& session, const Bytes& list)
{
    auto next = identity::verify_device_list(list, session.user, session.account_key);
    if (!next) return std::move(next).error();
    return Change{read_stored(context_.store.device_list(session.account)), *std::move(next)};
}

void Devices::remove(const StoredDevice& device, const char* why)
{
    context_.store.remove_device(device.row);
    context_.store.remember_removed(device.account, device.key);
    const auto end = [&](Session* session) {
        if (session == nullptr || session->device != device.row) return;
        session->leaving = true;
        context_.changes.logouts[session->link] = why;
    };
    end(context_.sessions.of_device(device.row));
    for (const auto link : context_.changes.logins) // in this tick: no index has them yet
        end(context_.sessions.find(link));
}

} // namespace godwit::relay
