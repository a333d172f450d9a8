// SPDX-License-Identifier: Apache-2.0
//   wish for a path ──> peer_sessions ──> signals, sealed, by the relay ──> the other device's peer_sessions
//   links that come and go ──> the path table, which content asks
#include "lib/engine/state.hpp"

namespace godwit::engine {

namespace {

/// Signals have no name of their own; the seal binds purpose and sender, and opens each once.
constexpr MessageId signal_id{};
/// TURN credentials are fetched again when they have less than this left.
constexpr std::int64_t turn_left_ms_min = 60'000;
constexpr Duration turn_refresh_min = std::chrono::seconds(30);

} // namespace

void Engine::State::peer_up(const DeviceId& device, LinkId link, Moment now)
{
    const auto* person = roster.owner_of(device);
    const auto* live = peers.live(link);
    if (!may_link(device) || live == nullptr || !paths.add(device, link, live->path())) return peers.drop(link, {});
    context.log(std::string(path_name(live->path())) + " path to " + book.user_of(device) + ": " + live->detail());
    if (person != nullptr && person->may_talk()) {
        shown_paths.try_emplace(person->stored.user);
        gossip(device, link, person->conversation);
    }
    for (const auto& [id, group] : book.all())
        if (group.policy) gossip(device, link, id);
    files.look(now);
}

void Engine::State::signal_push(const wire::relay::SignalPush& push, Moment now)
{
    const auto* person = roster.owner_of(push.from);
    const bool talks = person != nullptr && person->may_talk();
    if ((!talks && !book.knows(push.from)) || !groups) return context.reject("a signal from a stranger");
    const auto opened = groups->open(seal::Purpose::signal, signal_id, push.from, push.sealed);
    using Verdict = seal::Opened::Verdict;
    // Ahead or behind: ICE tries again, and by then we are in one epoch.
    if (opened.verdict == Verdict::ahead) {
        const auto label = seal::read_label(push.sealed);
        if (label && circles.is_many(label->conversation)) return keeper.look(label->conversation);
        return person != nullptr ? keeper.look(person->conversation) : void();
    }
    if (opened.verdict != Verdict::opened) return context.reject("a signal that does not open");
    auto signal = wire::decode_signal(opened.content);
    if (!signal && circles.is_many(opened.conversation) &&
        group_call_signal(push.from, opened.conversation, opened.content, now))
        return;
    if (!signal && talks && call_signal(*person, push.from, opened.conversation, opened.content, now)) return;
    if (!signal) return context.reject("a signal that does not decode");
    const auto* typing = std::get_if<wire::TypingSignal>(&*signal);
    if (typing != nullptr && talks) {
        if (!typing->conversation) return chats.typing(*person, person->conversation, typing->on, now);
        const auto* group = book.find(*typing->conversation);
        const auto* member = group != nullptr && group->policy && book.is_active(*group, now.wall_ms)
                                 ? group->policy->find(person->stored.account_key)
                                 : nullptr;
        if (member == nullptr || person->own || !group->is_small())
            return context.reject("somebody writes in a group that they are not in");
        return chats.typing(*person, *typing->conversation, typing->on, now);
    }
    if (const auto* sought = std::get_if<wire::FileSoughtSignal>(&*signal); sought != nullptr && talks) {
        peers.doubt(push.from); // Who says so by the relay has no link that it knows of.
        return files.sought(reach, push.from, sought->file, now);
    }
    // A path to an acquaintance is of use in a call only.
    auto* ice = std::get_if<wire::IceSignal>(&*signal);
    if (ice == nullptr || !may_link(push.from)) return context.reject("a signal of no use from an acquaintance");
    peers.signal(push.from, std::move(*ice), now);
}

bool Engine::State::send_signal(const seal::Circle& circle, const DeviceId& device, const wire::Signal& signal,
                                Purpose purpose, Moment now)
{
    auto* session = ready_session();
    if (session == nullptr || !groups) return false;
    auto sealed = groups->seal(circle, seal::Purpose::signal, signal_id, wire::encode(signal));
    return sealed && session->request(wire::relay::Signal{device, std::move(sealed->bytes)}, std::move(purpose), now);
}

void Engine::State::send_signals(Moment now)
{
    auto* session = ready_session();
    for (auto& out : peers.take_outgoing()) {
        const auto* circle = signal_circle(out.device);
        if (session == nullptr || circle == nullptr || !groups) {
            if (out.signal.kind != wire::IceSignal::Kind::end)
                peers.signal_failed(out.device, out.signal.session, "not connected to the relay", now);
            continue;
        }
        const auto number = out.signal.session;
        const bool is_end = out.signal.kind == wire::IceSignal::Kind::end;
        const bool sent =
            send_signal(*circle, out.device, std::move(out.signal), purpose::Signal{out.device, number}, now);
        if (!sent && !is_end) peers.signal_failed(out.device, number, "signals could not be sent", now);
    }
}

void Engine::State::paths_happened(Moment now)
{
    auto happened = peers.take_happened();
    for (auto& lost : happened.lost) {
        paths.remove(lost.device, lost.link);
        receipts.link_lost(lost.link, now.mono);
        rejects.erase(lost.link);
        files.link_down(lost.link, now);
        const bool others = paths.best_link(lost.device, policy) != nullptr;
        if (!lost.trouble.empty() && !others) paths.lose_patience(lost.device, std::move(lost.trouble), now.mono);
    }
    for (auto& ended : happened.ended) {
        if (ended.trouble.empty() || paths.best_link(ended.device, policy) != nullptr) continue;
        paths.lose_patience(ended.device,
                            "no direct path after " + route::seconds_text(ended.took) + ": " + ended.trouble, now.mono);
    }
    for (const auto& [device, link] : happened.suspect)
        paths.set_health(device, link, route::Health::suspect);
    for (const auto& [device, link] : happened.healthy)
        paths.set_health(device, link, route::Health::up);
}

/// Conversations that the application looks at get their path before the first word.
void Engine::State::seek_for_interest(Moment now)
{
    std::erase_if(interest, [&](const auto& entry) { return entry.second <= now.mono; });
    auto* session = ready_session();
    if (session == nullptr) return;
    for (const auto& [user, until] : interest) {
        const auto* person = roster.person(user);
        if (person == nullptr || !person->may_talk()) continue;
        for (const auto& device : person->devices)
            if (can_seal(*person, device.device) && choose(*person, device.device, false, now).seek_direct)
                peers.seek(device.device, now);
    }
    if (turn_expires_ms > 0 && turn_expires_ms - now.wall_ms < turn_left_ms_min && turn_refresh_at <= now.mono) {
        turn_refresh_at = now.mono + turn_refresh_min;
        (void)session->request(wire::relay::FetchSession{}, purpose::Refresh{}, now);
    }
}

} // namespace godwit::engine
