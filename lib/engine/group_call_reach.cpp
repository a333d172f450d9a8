// SPDX-License-Identifier: Apache-2.0
// Where calls of groups touch the rest: who is in the group, signals to them, and paths to who is no contact.
#include "lib/engine/state.hpp"

namespace godwit::engine {

namespace {

/// As in call_requests.cpp.
constexpr MessageId signal_id{};

} // namespace

std::optional<bool> Engine::State::is_for_group(RequestId id, const std::optional<CallId>& call, bool ringing, bool any)
{
    if (call) return group_calls.knows(*call);
    auto of_two = calls.count(ringing), of_groups = group_calls.count(ringing);
    if (any && of_two + of_groups == 0) {
        of_two = calls.count(true);
        of_groups = group_calls.count(true);
    }
    // Nothing rings: an open one of a group may be meant.
    if (of_two == 0 && of_groups == 0) return ringing && !group_calls.list({}).empty();
    if (of_two == 0 || of_groups == 0) return of_groups > 0;
    context.refuse(id, {ErrorCode::invalid_argument, "call: several ring here: say which", 0});
    return std::nullopt;
}

bool Engine::State::group_call_signal(const DeviceId& from, const ConversationId& conversation, BytesView bytes,
                                      Moment now)
{
    const auto signal = wire::call::decode_group_signal(bytes);
    if (!signal) return false;
    const auto user = book.user_of(from);
    const auto* group = book.find(conversation);
    // Sealed in an epoch that may be over: who is out of the group by now has no say.
    if (group == nullptr || group->state != Group::State::in || !group->policy || user.empty() ||
        group->policy->find(user) == nullptr) {
        context.reject("a signal of a group's call of who is not in it");
        return true;
    }
    group_calls.signal(conversation, {user, from}, *signal, call_reach, now);
    return true;
}

bool Engine::State::may_link(const DeviceId& device) const
{
    const auto* person = roster.owner_of(device);
    return (person != nullptr && person->may_talk()) || group_calls.is_party(device);
}

const seal::Circle* Engine::State::signal_circle(const DeviceId& device) const
{
    const auto* person = roster.owner_of(device);
    if (person != nullptr && person->may_talk()) return &person->circle;
    const auto conversation = group_calls.is_party(device) ? group_calls.conversation() : std::nullopt;
    return conversation ? circles.find(*conversation) : nullptr;
}

void Engine::State::CallReachOf::signal_group(const ConversationId& conversation, const std::vector<DeviceId>& to,
                                              BytesView signal, Moment now)
{
    auto* session = state.ready_session();
    const auto* circle = state.circles.find(conversation);
    if (session == nullptr || circle == nullptr || !state.groups) return;
    if (!state.groups->ready(*circle)) return state.keeper.hurry(conversation); // it will be repeated
    std::vector<DeviceId> devices = to;
    if (to.empty())
        for (const auto& one : members(conversation))
            if (one.device != state.roster.own_device()) devices.push_back(one.device);
    if (devices.empty()) return;
    // Once for all: each device opens it once.
    const auto sealed = state.groups->seal(*circle, seal::Purpose::signal, signal_id, signal);
    if (!sealed) return;
    for (const auto& device : devices) {
        // Of contacts it is known whether they are there; of others the relay says so.
        const auto* person = state.roster.owner_of(device);
        if (person != nullptr && person->may_talk() && !person->online.contains(device)) continue;
        (void)session->request(wire::relay::Signal{device, sealed->bytes}, purpose::Report{}, now);
    }
}

std::vector<call::Device> Engine::State::CallReachOf::members(const ConversationId& conversation)
{
    std::vector<call::Device> out;
    const auto* group = state.book.find(conversation);
    if (group == nullptr || group->state != Group::State::in || !group->policy || !state.groups) return out;
    out.push_back({state.roster.self().stored.user, state.roster.own_device()});
    for (const auto& certificate : state.groups->members(conversation)) {
        if (certificate.device == state.roster.own_device()) continue;
        const auto user = state.book.user_of(certificate.device);
        if (!user.empty() && group->policy->find(user) != nullptr) out.push_back({user, certificate.device});
    }
    return out;
}

bool Engine::State::CallReachOf::has_files()
{
    return state.files.sends();
}

void Engine::State::CallReachOf::share_files(std::uint64_t bytes_per_s, Moment)
{
    state.files.share(bytes_per_s);
}

} // namespace godwit::engine
