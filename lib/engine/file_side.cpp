// SPDX-License-Identifier: Apache-2.0
// Where files touch the rest: who is in a conversation, which way there is to a device, and what may go by the relay.
#include "lib/engine/state.hpp"

namespace godwit::engine {

std::vector<DeviceId> Engine::State::Reach::members(const ConversationId& conversation)
{
    std::vector<DeviceId> out;
    const auto* circle = state.circles.find(conversation);
    if (circle == nullptr || !state.identity) return out;
    for (const auto& party : circle->parties)
        for (const auto& device : party.devices)
            if (device != state.identity->device) out.push_back(device);
    return out;
}

bool Engine::State::Reach::is_own(const DeviceId& device)
{
    const auto* person = state.roster.owner_of(device);
    return person != nullptr && person->own;
}

std::string Engine::State::Reach::owner(const DeviceId& device)
{
    return state.book.user_of(device);
}

std::optional<FileReach::Way> Engine::State::Reach::way(const DeviceId& device)
{
    const auto* person = state.roster.owner_of(device);
    if (person == nullptr || !person->may_talk()) return std::nullopt;
    const auto* best = state.paths.best_link(device, state.policy);
    if (best == nullptr) return std::nullopt;
    return Way{best->link, best->path};
}

void Engine::State::Reach::seek(const DeviceId& device, Moment now)
{
    const auto* person = state.roster.owner_of(device);
    if (person == nullptr || !person->may_talk() || !person->online.contains(device) || !state.relay_ready()) return;
    if (state.can_seal(*person, device) && state.choose(*person, device, false, now).seek_direct)
        state.peers.seek(device, now);
}

bool Engine::State::Reach::sought(const DeviceId& device, const FileId& file, Moment now)
{
    const auto* person = state.roster.owner_of(device);
    return person != nullptr && person->may_talk() && person->online.contains(device) && state.relay_ready() &&
           state.send_signal(person->circle, device, wire::FileSoughtSignal{file}, purpose::Report{}, now);
}

void Engine::State::Reach::used(LinkId link, std::size_t bytes, Moment now)
{
    auto* live = state.peers.live(link);
    if (live == nullptr) return;
    live->content(now.mono);
    if (bytes > 0) state.count_content(live->path(), bytes);
}

RelaySession* Engine::State::Reach::blobs()
{
    return route::allowed(Path::mailbox, state.policy) ? state.ready_session() : nullptr;
}

} // namespace godwit::engine
