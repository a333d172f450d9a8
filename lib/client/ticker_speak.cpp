// SPDX-License-Identifier: Apache-2.0
// After the commit: speak. After a refused commit: forget and begin again. And holding still while nobody listens.
#include "lib/client/ticker.hpp"

#include "lib/base/check.hpp"

#include <algorithm>
#include <limits>

namespace godwit::client {

// ---- speak --------------------------------------------------------------------------------------

/// `answers_only`: the engine has not ended its tick; what goes out does with the next.
void Ticker::speak(bool answers_only)
{
    trace_shortage();
    // Taken out first: performing an effect may bring reports, and their outputs belong to the next commit.
    std::vector<engine::Effect> effects, to_media;
    while (auto effect = answers_only ? std::nullopt : engine_->next_effect())
        (std::holds_alternative<engine::DirectMedia>(*effect) ? to_media : effects).push_back(*std::move(effect));
    // Who hears that a call is over finds its files whole.
    for (auto& order : to_media)
        perform(std::move(order));
    {
        const EventQueue::Together together(parts_.events);
        while (auto event = engine_->next_event()) {
            if (const auto* reply = std::get_if<event::Reply>(&*event)) answer_refused(reply->id);
            tell(*std::move(event));
        }
        answer_refused(std::numeric_limits<RequestId>::max());
    }
    for (auto& effect : effects)
        perform(std::move(effect));
}

/// Once a kind: nothing fails by it, but who promises more to their users should know.
void Ticker::trace_shortage()
{
    using Shortage = SecretArena::Shortage;
    const SecretArena* const arena = secret_arena();
    const Shortage now = arena != nullptr ? arena->shortage() : Shortage::none;
    if (now <= shortage_told_) return;
    shortage_told_ = now;
    parts_.trace.line(port::TraceLevel::warning, "client",
                      now == Shortage::full
                          ? "there is no room for all secrets in locked memory: further ones lie in ordinary memory, "
                            "and are wiped after use, but can be swapped out and dumped"
                          : "the system does not lock secrets into memory, so they can be swapped out: raise the limit "
                            "(ulimit -l, RLIMIT_MEMLOCK), or encrypt the swap");
}

void Ticker::tell(Event&& event)
{
    if (const auto* reply = std::get_if<event::Reply>(&event)) {
        if (unanswered_.erase(reply->id) == 0) return;
    }
    // An engine made anew offers again what the store says nobody took; in this run it was shown already.
    if (const auto* received = std::get_if<event::MessageReceived>(&event))
        if (!shown_.insert({received->message.id, received->message.conversation}).second) return;
    if (!backlog_.empty() || !parts_.events.push(std::move(event))) backlog_.push_back(std::move(event));
}

void Ticker::answer(RequestId id, Error error)
{
    unanswered_.insert(id);
    tell(event::Reply{id, std::move(error), {}});
}

/// Those that were asked before request `before`.
void Ticker::answer_refused(RequestId before)
{
    while (!refused_.empty() && refused_.front().id < before) {
        answer(refused_.front().id, std::move(refused_.front().error));
        refused_.pop_front();
    }
}

void Ticker::perform(engine::Effect&& effect)
{
    const auto opened = [&]() -> LinkId {
        if (const auto* dial = std::get_if<engine::DialRelay>(&effect)) return dial->link;
        if (const auto* open = std::get_if<engine::OpenPath>(&effect)) return open->link;
        return 0;
    }();
    if (opened != 0) {
        if (parts_.shell.now().mono < quiet_until_) {
            link_down(opened, storage_error_);
            return;
        }
        trace(opened, std::holds_alternative<engine::DialRelay>(effect) ? "dials the relay" : "looks for a peer", {});
        links_.insert(opened);
    }
    if (auto* compute = std::get_if<engine::Compute>(&effect)) {
        const auto job = compute->job;
        const auto done = [this, job, alive = std::weak_ptr<Alive>(alive_)] {
            if (alive.expired() || closed_) return;
            if (holds())
                computed_held_.push_back(job);
            else if (engine_)
                gather([job](engine::Engine& engine, Moment now) { engine.computed(job, now); });
        };
        // Too much is under way: it is told so, having computed nothing.
        if (!parts_.shell.in_background([run = compute->run] { (*run)(); }, done)) done();
        return;
    }
    if (const auto* close = std::get_if<engine::CloseLink>(&effect)) {
        trace(close->link, "closed", {});
        links_.erase(close->link);
    }
    parts_.shell.perform(std::move(effect));
}

// ---- when the commit failed ---------------------------------------------------------------------

void Ticker::commit_failed(const Error& error)
{
    const bool first = !disk_refuses();
    storage_backoff_ = first ? storage_backoff_min : std::min(storage_backoff_ * 2, storage_backoff_max);
    storage_error_ = error;
    if (error.code == ErrorCode::storage_corrupt)
        storage_error_.detail +=
            ", or close this home, `godwit check` it and save what is undamaged by `godwit repair`";
    storage_error_.retry_after_ms =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(storage_backoff_).count());
    quiet_until_ = parts_.shell.now().mono + storage_backoff_;

    marking_ = 0;
    marks_due_ = dealt_with_.empty() ? never : quiet_until_;
    if (engine_) engine_->discard_outputs();
    parts_.store.rollback();
    links_.clear();
    held_.clear();
    held_bytes_ = 0;
    parts_.shell.close_links();
    engine_.reset();

    if (first) tell(event::Warning{storage_error_});
    for (const RequestId id : std::exchange(unanswered_, {}))
        answer(id, storage_error_);
    answer_refused(std::numeric_limits<RequestId>::max());
    make_engine();
}

/// An engine from the store, or a date to try again.
void Ticker::make_engine()
{
    restart_due_ = never;
    ++engines_made_;
    engine_ = std::make_unique<engine::Engine>(parts_.config, parts_.store, parts_.entropy, parts_.trace, parts_.files,
                                               parts_.media);
    engine_->resume(watches_);
    parts_.store.begin();
    const bool started = with_memory([&] { engine_->start(parts_.shell.now()); });
    const auto committed = started ? parts_.store.commit() : Result<void>(out_of_memory());
    if (committed.ok()) {
        speak();
        return;
    }
    if (!disk_refuses()) { // at open
        storage_backoff_ = storage_backoff_min;
        storage_error_ = committed.error();
        tell(event::Warning{storage_error_});
    }
    engine_->discard_outputs();
    parts_.store.rollback();
    engine_.reset();
    restart_due_ = parts_.shell.now().mono + storage_backoff_;
    storage_backoff_ = std::min(storage_backoff_ * 2, storage_backoff_max);
}

// ---- back-pressure ------------------------------------------------------------------------------

/// More came than may be held: the links go. The far sides keep what was not receipted.
void Ticker::drop_held()
{
    held_.clear();
    held_bytes_ = 0;
    parts_.shell.close_links();
    const Error reason{ErrorCode::busy, "the application does not take its events", 0};
    for (const LinkId link : std::exchange(links_, {}))
        held_.push_back(
            {link, 0, [link, reason](engine::Engine& engine, Moment now) { engine.link_down(link, reason, now); }});
}

void Ticker::go_on()
{
    while (!backlog_.empty() && parts_.events.push(std::move(backlog_.front())))
        backlog_.pop_front();
    release();
}

/// What was held, unless it is to be held on.
void Ticker::release()
{
    if (holds()) return;
    const auto whose = engines_made_;
    held_bytes_ = 0;
    for (auto& held : std::exchange(held_, {}))
        if (engine_ && whose == engines_made_) gather(held.input);
    for (const auto job : std::exchange(computed_held_, {}))
        if (engine_) gather([job](engine::Engine& engine, Moment now) { engine.computed(job, now); });
    if (std::exchange(network_changed_held_, false)) network_changed();
}

void Ticker::arm()
{
    if (closed_) return;
    Instant next = never;
    if (!holding_still()) next = engine_ ? earlier(engine_->deadline(), marks_due_) : restart_due_;
    const bool held = !held_.empty() || !computed_held_.empty() || network_changed_held_;
    if (engine_ && held && !holding_still()) next = Instant{};
    if (engine_ && disk_refuses()) next = std::max(next, quiet_until_);
    parts_.shell.set_deadline(next);
}

} // namespace godwit::client
