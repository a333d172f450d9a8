// SPDX-License-Identifier: Apache-2.0
// Where calls touch the rest: what the application asks, who may be called, signals, paths, keys, and the record.
#include "lib/engine/state.hpp"

#include "lib/conversation/timeline.hpp"

namespace godwit::engine {

namespace {

/// Signals have no name of their own, as those of ICE.
constexpr MessageId signal_id{};

bool is_offer(BytesView bytes)
{
    const auto signal = wire::call::decode_signal(bytes);
    return signal.ok() && std::holds_alternative<wire::call::Offer>(*signal);
}

} // namespace

// ---- what the application asks ----

void Engine::State::on(RequestId id, const request::CallPlace& place, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    const auto parties = chats.find({place.to, place.conversation});
    if (!parties) return context.refuse(id, parties.error());
    if (parties->kind == ConversationKind::self)
        return context.refuse(id, {ErrorCode::invalid_argument, "to: nobody can call the own account", 0});
    const bool of_group = parties->kind != ConversationKind::direct;
    if (of_group && parties->kind != ConversationKind::group && parties->kind != ConversationKind::discussion)
        return context.refuse(id, {ErrorCode::unsupported, "conversation: nobody can be called there", 0});
    if (const auto reachable = chats.reach(*parties); !reachable) return context.refuse(id, reachable.error());
    if (!relay_ready())
        return context.refuse(id, {ErrorCode::not_connected,
                                   "not connected to the relay now: it comes back by itself, call again then", 1000});
    if (!of_group && group_calls.engaged())
        return context.refuse(id, {ErrorCode::conflict, "call: this device is in the call of a group; leave first", 0});
    if (of_group && calls.engaged())
        return context.refuse(id, {ErrorCode::conflict, "call: this device is in a call; hang up first", 0});
    if (of_group) return group_calls.ask(id, *parties, place, call_reach, now);
    calls.ask(id, *parties, place, call_reach, now);
}

bool Engine::State::may_ask_calls(RequestId id)
{
    if (!is_ready_to_talk(id)) return false;
    if (calls.has_media()) return true;
    context.refuse(id, {ErrorCode::unsupported, "calls: this build of godwit has no media", 0});
    return false;
}

void Engine::State::on(RequestId id, const request::CallAnswer& answer, Moment now)
{
    if (!may_ask_calls(id)) return;
    const auto of_group = is_for_group(id, answer.call, true, false);
    if (!of_group) return;
    if (*of_group ? calls.engaged() : group_calls.engaged())
        return context.refuse(id, {ErrorCode::conflict, "call: this device is in another call; hang up first", 0});
    *of_group ? group_calls.ask(id, answer, call_reach, now) : calls.ask(id, answer, call_reach, now);
}

void Engine::State::on(RequestId id, const request::CallReject& reject, Moment now)
{
    if (!may_ask_calls(id)) return;
    if (const auto of_group = is_for_group(id, reject.call, true, false))
        *of_group ? group_calls.ask(id, reject, call_reach, now) : calls.ask(id, reject, call_reach, now);
}

void Engine::State::on(RequestId id, const request::CallHangUp& hang_up, Moment now)
{
    if (!may_ask_calls(id)) return;
    if (const auto of_group = is_for_group(id, hang_up.call, false, true))
        *of_group ? group_calls.ask(id, hang_up, call_reach, now) : calls.ask(id, hang_up, call_reach, now);
}

void Engine::State::on(RequestId id, const request::CallSetMedia& what, Moment now)
{
    if (!may_ask_calls(id)) return;
    if (const auto of_group = is_for_group(id, what.call, false, false))
        *of_group ? group_calls.ask(id, what, call_reach, now) : calls.ask(id, what, call_reach, now);
}

void Engine::State::on(RequestId id, const request::CallStats& wanted, Moment now)
{
    if (!may_ask_calls(id)) return;
    if (const auto of_group = is_for_group(id, wanted.call, false, false))
        *of_group ? group_calls.ask(id, wanted, now) : calls.ask(id, wanted, now);
}

void Engine::State::on(RequestId id, const request::Calls&, Moment now)
{
    if (!may_ask_calls(id)) return;
    auto out = calls.list(now);
    for (auto& one : group_calls.list(now))
        out.push_back(std::move(one));
    context.reply(id, std::move(out));
}

void Engine::State::on(RequestId id, const request::CallDeviceList&, Moment)
{
    if (media_door == nullptr)
        return context.refuse(id, {ErrorCode::unsupported, "calls: this build of godwit has no media", 0});
    auto all = media_door->devices();
    if (!all) return context.refuse(id, all.error());
    context.reply(id, std::move(*all));
}

// ---- signals ----

/// False: it is none of a call.
bool Engine::State::call_signal(const Person& from, const DeviceId& device, const ConversationId& conversation,
                                BytesView bytes, Moment now)
{
    const auto signal = wire::call::decode_signal(bytes);
    if (!signal) return false;
    // Said in the conversation of two accounts, by a device of one of them.
    const auto* other = roster.person_of(conversation);
    if (other == nullptr || other->own || !other->may_talk() || (!from.own && other != &from)) {
        context.reject("a signal of a call in a conversation that is none of its sender's");
        return true;
    }
    calls.signal(conversation, {from.stored.user, device}, *signal, call_reach, now);
    return true;
}

void Engine::State::CallReachOf::signal(const ConversationId& conversation, const std::optional<DeviceId>& to,
                                        BytesView signal, Moment now)
{
    auto* session = state.ready_session();
    const auto* person = state.roster.person_of(conversation);
    if (session == nullptr || person == nullptr || !person->may_talk() || !state.groups) return;
    std::vector<DeviceId> devices;
    const auto add = [&](const Person& whose) {
        for (const auto& device : whose.online)
            if (device != state.roster.own_device() && (!to || device == *to)) devices.push_back(device);
    };
    add(*person);
    add(state.roster.self());
    // Who sleeps gets nothing of it; but the relay sees that this device is wanted, and its operator may have it woken.
    // The offer after that finds it there.
    if (!to && is_offer(signal))
        for (const auto& device : person->devices)
            if (!person->online.contains(device.device)) devices.push_back(device.device);
    if (devices.empty()) return;
    if (!state.groups->ready(person->circle)) return state.keeper.hurry(conversation); // it will be repeated
    // Once for all: each device opens it once.
    const auto sealed = state.groups->seal(person->circle, seal::Purpose::signal, signal_id, signal);
    if (!sealed) return;
    for (const auto& device : devices)
        (void)session->request(wire::relay::Signal{device, sealed->bytes}, purpose::Report{}, now);
}

// ---- paths and keys ----

std::optional<CallReach::Way> Engine::State::CallReachOf::way(const DeviceId& device)
{
    if (!state.may_link(device)) return std::nullopt;
    const auto* best = state.paths.best_link(device, state.policy);
    if (best == nullptr) return std::nullopt;
    return Way{best->link, best->path};
}

void Engine::State::CallReachOf::seek(const DeviceId& device, Moment now)
{
    const auto* person = state.roster.owner_of(device);
    const bool talks = person != nullptr && person->may_talk();
    // Of an acquaintance it is not known whether it is there, but that it is in the call.
    if (!talks && state.may_link(device) && state.relay_ready() &&
        state.paths.best_link(device, state.policy) == nullptr)
        state.peers.seek(device, now);
    state.reach.seek(device, now);
}

void Engine::State::CallReachOf::doubt(const DeviceId& device)
{
    state.peers.doubt(device);
}

void Engine::State::CallReachOf::used(LinkId link, Moment now)
{
    if (auto* live = state.peers.live(link)) live->content(now.mono);
}

std::optional<port::CallKeys> Engine::State::CallReachOf::keys(const ConversationId& conversation, const CallId& call,
                                                               std::uint64_t known)
{
    const auto* person = state.roster.person_of(conversation);
    const bool talks = person != nullptr ? person->may_talk() : state.circles.is_many(conversation);
    const auto* circle = talks ? state.circles.find(conversation) : nullptr;
    if (circle == nullptr || !state.groups) return std::nullopt;
    // A number that grows also where a group took the place of another one.
    const auto number = [](const seal::Version& version) { return version.incarnation << 32 | version.epoch; };
    const auto version = state.groups->version(conversation);
    if (!version || number(*version) <= known) return std::nullopt;
    // The call's id as context: calls of one epoch share no key, and so no nonce.
    auto exported = state.groups->export_secret(*circle, port::call_key_label, call.view(), port::call_key_bytes);
    if (!exported) {
        state.keeper.hurry(conversation);
        return std::nullopt;
    }
    return port::CallKeys{number(exported->version), std::move(exported->secret), exported->leaves, exported->own_leaf};
}

bool Engine::State::CallReachOf::may_talk(const ConversationId& conversation)
{
    const auto* person = state.roster.person_of(conversation);
    return person != nullptr && person->may_talk();
}

bool Engine::State::CallReachOf::is_alone()
{
    return state.roster.self().devices.empty();
}

// ---- the record ----

void Engine::State::CallReachOf::record(const call::out::Record& what, Moment now)
{
    const auto parties = state.chats.find({{}, what.conversation});
    const auto id = *MessageId::from(what.id.view());
    if (!parties || state.context.store.has_message(what.conversation, id)) return;
    const auto outcome = static_cast<CallOutcome>(what.outcome);
    const auto active_ms = std::chrono::duration_cast<std::chrono::milliseconds>(what.active).count();
    conversation::Draft draft;
    draft.body = content::Card{std::string(call_card_name),
                               what.video ? "Video call" : "Call",
                               {{"caller", what.caller},
                                {"outcome", std::string(call_outcome_name(outcome))},
                                {"video", what.video ? "true" : "false"},
                                {"active_ms", std::to_string(active_ms)}},
                               {}};
    if (what.members != 2)
        std::get<content::Card>(draft.body).fields.push_back({"members", std::to_string(what.members)});
    auto recipients = state.chats.reach(*parties);
    if (!recipients) {
        if (recipients.error().code == ErrorCode::quota_exceeded) return; // of the outbox
        recipients = std::vector<delivery::Recipient>{};
    }
    (void)state.chats.say(*parties, std::move(draft), *recipients, now, id);
    state.note_accepted(id, now);
}

} // namespace godwit::engine
