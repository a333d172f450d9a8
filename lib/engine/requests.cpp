// SPDX-License-Identifier: Apache-2.0
// What the application asks: each request ends in exactly one Reply, here or when the relay has answered.
#include "lib/engine/state.hpp"

namespace godwit::engine {

namespace {

Error not_registered()
{
    return {ErrorCode::not_registered, "no account on this device: register or log in first", 0};
}

Error not_connected()
{
    return {ErrorCode::not_connected, "not connected to the relay now: it comes back by itself, repeat then", 1000};
}

/// With whom one wants nothing to do any more.
bool parts(const wire::relay::RequestBody& body)
{
    return std::holds_alternative<wire::relay::ContactRemove>(body) ||
           std::holds_alternative<wire::relay::ContactBlock>(body);
}

} // namespace

// ---- accounts -----------------------------------------------------------------------------------

void Engine::State::on(RequestId id, const request::Logout&, Moment now)
{
    if (!identity || !identity->logged_in) return context.refuse(id, not_registered());
    auto* session = ready_session();
    if (session == nullptr) return context.refuse(id, not_connected());
    // A list has one device at least: the account's last one leaves it as it is.
    auto list = roster.self().list;
    if (list.devices.size() > 1)
        list = identity::without_device(list, identity->device, identity->user, identity->account_seed, now.wall_ms);
    if (!session->request(wire::relay::Logout{list.encoded}, purpose::Logout{id}, now))
        return context.refuse(id, not_connected());
    account::set_leaving(context.store, true);
}

// ---- contacts -----------------------------------------------------------------------------------

void Engine::State::contact_request(RequestId id, const std::string& user, wire::relay::RequestBody body, Moment now)
{
    if (!identity || !identity->logged_in) return context.refuse(id, not_registered());
    if (!wire::is_user_name(user) || user == identity->user)
        return context.refuse(id, {ErrorCode::invalid_argument, "user: not the name of another account", 0});
    // While they can still be told that it is over.
    if (parts(body) && relay_ready()) calls.hang_up_with(user, call_reach, now);
    relay_request(id, std::move(body), now);
}

/// Of an accepted contact whose key changed: the new key. That is nothing of the relay's.
void Engine::State::accept(RequestId id, const std::string& user, Moment now)
{
    const auto* person = roster.person(user);
    const bool key_waits = person != nullptr && !person->own && person->stored.state == ContactState::accepted &&
                           !person->stored.shown_account_key.is_zero();
    if (!identity || !identity->logged_in || !key_waits)
        return contact_request(id, user, wire::relay::ContactAccept{user}, now);
    roster_changed(roster.accept_key(user, false), now);
    chats.trust(*person, now);
    context.reply_ok(id);
}

Contact Engine::State::contact_of(const Person& person, Moment now)
{
    Contact contact;
    contact.user = person.stored.user;
    contact.state = person.stored.state;
    contact.online = !person.online.empty();
    contact.device_count = static_cast<std::uint32_t>(person.devices.size());
    if (person.stored.state == ContactState::accepted) {
        auto best = best_path(person, now);
        contact.path = best.path;
        contact.path_reason = std::move(best.reason);
    }
    contact.account_key = person.stored.account_key;
    contact.key_changed = !person.stored.shown_account_key.is_zero();
    contact.verified = person.stored.verified;
    chats.name(contact);
    return contact;
}

void Engine::State::on(RequestId id, const request::Contacts&, Moment now)
{
    if (!identity) return context.refuse(id, not_registered());
    std::vector<Contact> out;
    for (const auto& [user, person] : roster.people())
        out.push_back(contact_of(person, now));
    context.reply(id, std::move(out));
}

// ---- the rest -----------------------------------------------------------------------------------

void Engine::State::on(RequestId id, const request::Status&, Moment)
{
    StatusReport out;
    if (identity && (identity->logged_in || account::confirmed(context.store))) {
        out.user = identity->user;
        out.relay = identity->relay;
        out.device = identity->device;
    }
    out.connected = relay_ready();
    out.over = out.connected ? dialer.transport_of(dialer.current()) : RelayTransport::none;
    out.connection_detail = connection_detail;
    out.policy = policy;
    out.outbox_messages = outbox.message_count();
    out.content_bytes_direct = content_bytes[static_cast<std::size_t>(Path::direct)];
    out.content_bytes_turned = content_bytes[static_cast<std::size_t>(Path::turned)];
    out.content_bytes_mailbox = content_bytes[static_cast<std::size_t>(Path::mailbox)];
    out.frames_rejected = context.frames_rejected;
    out.client_version = config.client_version;
    context.reply(id, std::move(out));
}

void Engine::State::on(RequestId id, const request::Notices& wanted, Moment)
{
    if (!identity) return context.refuse(id, not_registered());
    notices.ask(id, wanted);
}

void Engine::State::on(RequestId id, const request::MarkNoticesRead& read, Moment now)
{
    if (is_ready_to_talk(id)) notices.ask(id, read, now);
}

void Engine::State::on(RequestId id, const request::NetworkChanged&, Moment now)
{
    dialer.network_changed(now.mono);
    paths.wipe_all_slates();
    peers.network_changed(now);
    context.reply_ok(id);
}

void Engine::State::on(RequestId id, const request::SetPolicy& wanted, Moment now)
{
    if (static_cast<std::uint8_t>(wanted.path) > static_cast<std::uint8_t>(PathPolicy::race))
        return context.refuse(id, {ErrorCode::invalid_argument, "path: no such policy", 0});
    policy = wanted.path;
    const std::uint8_t stored[1] = {static_cast<std::uint8_t>(policy)};
    context.store.put_value("policy", stored);
    peers.set_policy(policy);
    peers.enforce_policy();
    paths.wipe_all_slates();
    files.look(now);
    context.reply_ok(id);
}

void Engine::State::on(RequestId id, const request::Fault& fault, Moment)
{
    context.effect(DropDirect{fault.drop_direct});
    context.reply_ok(id);
}

void Engine::State::ask(RequestId id, Request request, Moment now)
{
    namespace r = wire::relay;
    chats.hide_over(now); // Whatever is asked is answered without what is over.
    std::visit(
        [&](auto& what) {
            using What = std::decay_t<decltype(what)>;
            if constexpr (std::is_same_v<What, request::RegisterAccount> || std::is_same_v<What, request::Login>)
                // The shell turns these into Credentials: a password never gets here.
                context.refuse(id, {ErrorCode::internal, "a password reached the engine", 0});
            else if constexpr (std::is_same_v<What, request::ContactAdd>)
                contact_request(id, what.user, r::ContactAdd{what.user}, now);
            else if constexpr (std::is_same_v<What, request::ContactAccept>)
                accept(id, what.user, now);
            else if constexpr (std::is_same_v<What, request::ContactRemove>)
                contact_request(id, what.user, r::ContactRemove{what.user}, now);
            else if constexpr (std::is_same_v<What, request::ContactBlock>)
                contact_request(id, what.user, r::ContactBlock{what.user}, now);
            else if constexpr (std::is_same_v<What, request::ContactUnblock>)
                contact_request(id, what.user, r::ContactUnblock{what.user}, now);
            else
                on(id, what, now);
        },
        request);
}

} // namespace godwit::engine
