// SPDX-License-Identifier: Apache-2.0
// What the application asks about devices and about trust in contacts.
#include "lib/base/harmless.hpp"
#include "lib/engine/state.hpp"

#include "lib/identity/safety_number.hpp"

namespace godwit::engine {

namespace {

Error not_registered()
{
    return {ErrorCode::not_registered, "no account on this device: register or log in first", 0};
}

/// Compared is the key that the relay shows: the one that messages would be sealed for.
identity::Named named(const Person& person)
{
    const auto& stored = person.stored;
    return {stored.user, stored.shown_account_key.is_zero() ? stored.account_key : stored.shown_account_key};
}

} // namespace

void Engine::State::relay_request(RequestId id, wire::relay::RequestBody body, Moment now)
{
    auto* session = ready_session();
    if (session == nullptr)
        return context.refuse(id, {ErrorCode::not_connected,
                                   "not connected to the relay now: it comes back by itself, repeat then", 1000});
    if (!session->request(std::move(body), purpose::Contact{id}, now))
        context.refuse(id, {ErrorCode::busy, "too many requests wait for the relay: wait for replies", 1000});
}

void Engine::State::on(RequestId id, const request::Devices&, Moment)
{
    if (!identity || !identity->logged_in) return context.refuse(id, not_registered());
    std::vector<Device> out;
    for (const auto& one : roster.self().list.devices) {
        Device device;
        device.id = one.device;
        device.name = harmless_line(one.device_name);
        device.created_ms = one.created_ms;
        device.current = one.device == identity->device;
        device.online = device.current ? relay_ready() : roster.self().online.contains(one.device);
        out.push_back(std::move(device));
    }
    context.reply(id, std::move(out));
}

/// The code tells a key; the relay passes the grant to who holds it, and learns nothing.
void Engine::State::on(RequestId id, const request::DeviceLink& link, Moment now)
{
    if (!identity || !identity->logged_in) return context.refuse(id, not_registered());
    const auto code = seal::parse_link_code(link.code);
    if (!code) return context.refuse(id, code.error());
    const auto& self = roster.self();
    if (self.list.find(code->device) != nullptr)
        return context.refuse(id, {ErrorCode::invalid_argument, "code: that device is one of this account already", 0});
    if (self.list.devices.size() >= wire::devices_per_account_max)
        return context.refuse(id,
                              {ErrorCode::quota_exceeded, "this account has as many devices as it may: revoke one", 0});
    const seal::LinkGrant grant{identity->user, identity->account_key, identity->account_seed, self.list.encoded};
    relay_request(id, wire::relay::LinkGrant{code->device, seal::seal_link_grant(*code, grant, context.entropy)}, now);
}

void Engine::State::on(RequestId id, const request::DeviceRevoke& revoke, Moment now)
{
    if (!identity || !identity->logged_in) return context.refuse(id, not_registered());
    if (revoke.device == identity->device)
        return context.refuse(id, {ErrorCode::invalid_argument, "device: this one; log out instead", 0});
    const auto& self = roster.self();
    if (self.list.find(revoke.device) == nullptr)
        return context.refuse(id, {ErrorCode::invalid_argument, "device: none of this account's (see devices)", 0});
    const auto list =
        identity::without_device(self.list, revoke.device, identity->user, identity->account_seed, now.wall_ms);
    relay_request(id, wire::relay::DevicesPut{list.encoded}, now);
}

void Engine::State::on(RequestId id, const request::SafetyNumber& number, Moment)
{
    if (!identity) return context.refuse(id, not_registered());
    const auto* person = roster.person(number.with);
    if (person == nullptr || person->own || person->stored.account_key.is_zero())
        return context.refuse(id, {ErrorCode::not_a_contact, number.with + " is no contact whose key is known", 0});
    const identity::Named own{identity->user, identity->account_key};
    const auto theirs = named(*person);
    context.reply(id, SafetyNumber{identity::safety_number(own, theirs), identity::verification_code(own, theirs),
                                   person->stored.verified});
}

void Engine::State::on(RequestId id, const request::Verify& verify, Moment now)
{
    if (!identity) return context.refuse(id, not_registered());
    const auto* person = roster.person(verify.with);
    if (person == nullptr || person->own || person->stored.account_key.is_zero())
        return context.refuse(id, {ErrorCode::not_a_contact, verify.with + " is no contact whose key is known", 0});
    const identity::Named own{identity->user, identity->account_key};
    const auto theirs = named(*person);
    if (verify.verified && verify.code.empty())
        return context.refuse(id, {ErrorCode::invalid_argument,
                                   "code: what you have compared: the code that " + verify.with +
                                       "'s device shows, or the safety number, as this device showed it",
                                   0});
    if (!verify.code.empty() && !identity::verification_matches(verify.code, own, theirs) &&
        !identity::safety_number_matches(verify.code, own, theirs))
        return context.refuse(
            id, {ErrorCode::authentication_failed,
                 "this is not what " + verify.with + " should show: somebody may stand between you, do not go on", 0});
    if (verify.verified && !person->stored.shown_account_key.is_zero())
        roster_changed(roster.accept_key(verify.with, true), now);
    else
        (void)roster.set_verified(verify.with, verify.verified);
    chats.trust(*person, now);
    context.reply_ok(id);
}

} // namespace godwit::engine
