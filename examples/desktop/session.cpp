// SPDX-License-Identifier: Apache-2.0
#include "session.hpp"

#include <QTimer>

namespace {
/// Events of one turn of the loop: the window stays alive while a long history comes in.
constexpr int events_a_turn_max = 200;
} // namespace

Session::Session(std::unique_ptr<godwit::Client> client) : client_(std::move(client))
{
    wake_ = std::make_unique<QSocketNotifier>(client_->wake_fd(), QSocketNotifier::Read);
    connect(wake_.get(), &QSocketNotifier::activated, this, [this] { take_events(); });
}

void Session::ask(godwit::Request request, QObject* context, Answer answer)
{
    const auto id = client_->submit(std::move(request));
    if (!id.ok()) {
        const auto error = id.error();
        if (!answer) return emit failed(error);
        godwit::event::Reply refused;
        refused.error = error;
        return answer(refused);
    }
    waiting_[*id] = {context, context != nullptr, std::move(answer)};
}

void Session::watch(godwit::request::Watch what, QObject* context, Steps steps)
{
    unwatch(context);
    const auto id = client_->submit(std::move(what));
    if (!id.ok()) return emit failed(id.error());
    asked_[context] = *id;
    const QPointer<QObject> lives(context);
    waiting_[*id] = {nullptr, false, [this, id = *id, context, lives, steps = std::move(steps)](const auto& reply) {
                         const auto newest = asked_.find(context);
                         const bool wanted = lives && newest != asked_.end() && newest->second == id;
                         if (wanted) asked_.erase(newest);
                         if (reply.error.code != godwit::ErrorCode::ok) return emit failed(reply.error);
                         const auto* number = std::get_if<std::uint64_t>(&reply.value);
                         if (number == nullptr) return;
                         const auto early = early_.extract(*number);
                         if (asked_.empty()) early_.clear();
                         if (!wanted) return ask(godwit::request::Unwatch{*number});
                         watching_[*number] = {lives, std::make_shared<Steps>(steps)};
                         if (early.empty()) return;
                         for (const auto& change : early.mapped())
                             take(change);
                     }};
}

void Session::unwatch(const QObject* context)
{
    asked_.erase(context);
    for (auto it = watching_.begin(); it != watching_.end();) {
        if (it->second.context && it->second.context != context) {
            ++it;
            continue;
        }
        ask(godwit::request::Unwatch{it->first});
        it = watching_.erase(it);
    }
}

void Session::set_own_name(const QString& name)
{
    if (name == own_) return;
    own_ = name;
    emit own_name_changed();
}

void Session::take_events()
{
    for (int taken = 0; taken < events_a_turn_max; ++taken) {
        const auto next = client_->poll();
        if (!next) return;
        if (const auto* reply = std::get_if<godwit::event::Reply>(&*next)) {
            take(*reply);
            continue;
        }
        if (const auto* change = std::get_if<godwit::event::ViewChanged>(&*next)) {
            take(*change);
            continue;
        }
        if (std::holds_alternative<godwit::event::Connected>(*next)) connected_ = true;
        if (std::holds_alternative<godwit::event::Disconnected>(*next)) connected_ = false;
        emit event(*next);
    }
    QTimer::singleShot(0, this, [this] { take_events(); });
}

void Session::take(const godwit::event::Reply& reply)
{
    const auto node = waiting_.extract(reply.id);
    if (node.empty()) return;
    const auto& waiting = node.mapped();
    if (waiting.has_context && !waiting.context) return;
    if (waiting.answer) return waiting.answer(reply);
    if (reply.error.code != godwit::ErrorCode::ok) emit failed(reply.error);
}

void Session::take(const godwit::event::ViewChanged& change)
{
    const auto found = watching_.find(change.watch);
    if (found == watching_.end()) {
        // Of a watch that is being asked for; of one that has ended, its number comes no more.
        if (!asked_.empty()) early_[change.watch].push_back(change);
        return;
    }
    if (!found->second.context) return;
    const auto steps = found->second.steps; // it may begin another watch, and end this one
    (*steps)(change);
}
