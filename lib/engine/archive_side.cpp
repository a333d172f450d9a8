// SPDX-License-Identifier: Apache-2.0
// What an archive brings, to the parts that it concerns.
#include "lib/engine/state.hpp"

#include "lib/conversation/shared.hpp"

namespace godwit::engine {

void Engine::State::on(RequestId id, const request::ArchiveMake& make, Moment now)
{
    archives.ask(id, make, identity ? &*identity : nullptr, now);
}

void Engine::State::on(RequestId id, const request::ArchiveRead& read, Moment)
{
    archives.ask(id, read, identity ? &*identity : nullptr);
}

void Engine::State::on(RequestId id, const request::ArchiveCancel& cancel, Moment)
{
    archives.ask(id, cancel);
}

void Engine::State::on(RequestId id, const request::HistoryAsk& ask, Moment now)
{
    if (is_ready_to_talk(id)) handover.ask(id, ask, now);
}

void Engine::State::on(RequestId id, const request::HistorySend& send, Moment now)
{
    if (is_ready_to_talk(id)) handover.ask(id, send, *identity, now);
}

void Engine::State::archives_happened(Moment now)
{
    handover.end_tick(identity ? &*identity : nullptr, now);
    auto happened = archives.end_tick(now);
    for (const auto& setting : happened.step.settings)
        take_setting(setting, now);
    chats.merged(happened.step.added, std::move(happened.step.changed), now);
    for (const auto& conversation : happened.complete)
        chats.complete(conversation, now);
    // What was said between the archive and this device's coming is not waited for.
    for (const auto& conversation : happened.begun)
        roster.came_back(conversation);
    if (happened.offered) {
        if (*happened.offered) chats.settings_came();
        handover.read(*happened.offered, now);
    }
}

/// What the account's devices share.
void Engine::State::take_setting(const wire::content::Register& value, Moment now)
{
    if (value.name == conversation::shared::several) {
        const auto all = conversation::shared::read_several(value.value);
        if (!all) return context.reject("several registers that make no sense");
        for (const auto& one : all->registers)
            take_setting(one, now);
        if (all->complete) chats.settings_came();
        return;
    }
    const bool of_notices = value.name == conversation::shared::account_notices_read;
    const auto before = of_notices ? context.store.register_named(value.name) : std::nullopt;
    chats.shared(value, now);
    if (of_notices) {
        const auto after = context.store.register_named(value.name);
        if (after && (!before || before->value != after->value)) notices.mark_changed();
    }
    if (const auto user = conversation::shared::parse_contact(value.name); !user.empty())
        roster_changed(roster.heed(user), now);
}

} // namespace godwit::engine
