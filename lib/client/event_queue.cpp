// SPDX-License-Identifier: Apache-2.0
// "Taking an event says that the previous one is dealt with": ask() moves the message in hand to the dealt-with list.
// Whoever takes events ahead of those who are to see them says it by deal() instead.
#include "lib/client/event_queue.hpp"

#include <algorithm>

namespace godwit::client {

EventQueue::EventQueue(std::size_t events_max, std::function<void()> attend, bool dealt_by_call)
    : queue_(std::max<std::size_t>(events_max, 1)), attend_(std::move(attend)), dealt_by_call_(dealt_by_call)
{
}

bool EventQueue::push(Event&& event)
{
    const std::lock_guard lock(mutex_);
    const bool room = queue_.size() + last_.size() < queue_.capacity_max();
    if (!room || (last_.empty() && !queue_.push(std::move(event)))) {
        refused_ = true;
        return false;
    }
    if (!last_.empty()) last_.push_back(std::move(event)); // behind what came before it
    if (together_) return true;
    wake_fd_.set(true);
    changed_.notify_one();
    return true;
}

void EventQueue::keep_together(bool together)
{
    const std::lock_guard lock(mutex_);
    together_ = together;
    if (together || !has_events()) return;
    wake_fd_.set(true);
    changed_.notify_all(); // several may wait, and there may be one for each
}

int EventQueue::wake_fd()
{
    const std::lock_guard lock(mutex_);
    return wake_fd_.fd();
}

void EventQueue::push_last(Event&& event)
{
    const std::lock_guard lock(mutex_);
    last_.push_back(std::move(event));
    wake_fd_.set(true);
    changed_.notify_one();
}

std::vector<EventQueue::Shown> EventQueue::shown() const
{
    const std::lock_guard lock(mutex_);
    auto out = dealt_with_;
    out.insert(out.end(), in_hand_.begin(), in_hand_.end());
    const auto note = [&](const Event& event) {
        if (const auto* received = std::get_if<event::MessageReceived>(&event))
            out.emplace_back(received->message.id, received->message.conversation);
    };
    std::for_each(returned_.begin(), returned_.end(), note);
    queue_.each(note);
    for (const auto& event : last_)
        note(event);
    return out;
}

std::vector<EventQueue::Shown> EventQueue::take_dealt_with()
{
    const std::lock_guard lock(mutex_);
    return std::exchange(dealt_with_, {});
}

void EventQueue::give_back_dealt_with(std::vector<Shown> unmarked)
{
    const std::lock_guard lock(mutex_);
    unmarked.insert(unmarked.end(), dealt_with_.begin(), dealt_with_.end());
    dealt_with_ = std::move(unmarked);
}

bool EventQueue::anything_dealt_with() const
{
    const std::lock_guard lock(mutex_);
    return !dealt_with_.empty();
}

std::optional<Event> EventQueue::poll()
{
    bool attend = false;
    std::optional<Event> out;
    {
        const std::lock_guard lock(mutex_);
        ask(attend);
        out = pop(attend);
    }
    if (attend) attend_();
    return out;
}

std::optional<Event> EventQueue::wait(std::chrono::milliseconds timeout)
{
    bool attend = false;
    std::unique_lock lock(mutex_);
    ask(attend);
    if (attend) {
        // Attend before sleeping: what is dealt with must not wait for the next event.
        lock.unlock();
        attend_();
        lock.lock();
        attend = false;
    }
    const auto ready = [this] { return closed_ || finished_ || has_events(); };
    // Bounded so that the sum with the clock cannot overflow; nobody waits for a year.
    constexpr std::chrono::milliseconds wait_max = std::chrono::hours(24 * 365);
    changed_.wait_for(lock, std::clamp(timeout, std::chrono::milliseconds(0), wait_max), ready);
    auto out = pop(attend);
    lock.unlock();
    if (attend) attend_();
    return out;
}

void EventQueue::give_back(std::list<Event>&& event) noexcept
{
    const std::lock_guard lock(mutex_);
    if (const auto* received = std::get_if<event::MessageReceived>(&event.front())) {
        // Nobody has seen it, so it is not dealt with by whatever is asked next.
        const Shown shown{received->message.id, received->message.conversation};
        const auto at = std::find(in_hand_.rbegin(), in_hand_.rend(), shown);
        if (at != in_hand_.rend()) in_hand_.erase(std::next(at).base());
        // Another thread may have asked for the next one meanwhile.
        const auto dealt = std::find(dealt_with_.rbegin(), dealt_with_.rend(), shown);
        if (dealt != dealt_with_.rend()) dealt_with_.erase(std::next(dealt).base());
    }
    returned_.splice(returned_.begin(), event);
    wake_fd_.set(true);
    changed_.notify_one();
}

void EventQueue::close()
{
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
}

void EventQueue::finish()
{
    const std::lock_guard lock(mutex_);
    finished_ = true;
    changed_.notify_all();
}

void EventQueue::ask(bool& attend)
{
    if (dealt_by_call_ || in_hand_.empty() || closed_) return;
    attend = hand_back(in_hand_.size());
}

/// The oldest so many in hand are dealt with. True: those are the first to be marked.
bool EventQueue::hand_back(std::size_t messages)
{
    const bool first = dealt_with_.empty();
    const auto end = in_hand_.begin() + static_cast<std::ptrdiff_t>(messages);
    dealt_with_.insert(dealt_with_.end(), in_hand_.begin(), end);
    in_hand_.erase(in_hand_.begin(), end);
    return first;
}

bool EventQueue::deal(std::size_t messages)
{
    bool attend = false;
    {
        const std::lock_guard lock(mutex_);
        if (messages > beyond_hand_ + in_hand_.size()) return false;
        const auto already = std::min(messages, beyond_hand_); // the oldest are
        beyond_hand_ -= already;
        messages -= already;
        if (closed_ || messages == 0) return true;
        attend = hand_back(messages);
    }
    if (attend) attend_();
    return true;
}

std::optional<Event> EventQueue::pop(bool& attend)
{
    if (closed_) return std::nullopt;
    // What memory it takes is taken first: an event that has left the queue is not lost.
    if (in_hand_.size() >= in_hand_max && dealt_with_.size() == dealt_with_.capacity())
        dealt_with_.reserve(2 * dealt_with_.size() + 64);
    in_hand_.emplace_back();
    std::optional<Event> out;
    if (!returned_.empty()) {
        out = std::move(returned_.front());
        returned_.pop_front();
    } else {
        out = queue_.pop();
    }
    if (!out && !last_.empty()) {
        out = std::move(last_.front());
        last_.pop_front();
    }
    wake_fd_.set(has_events());
    const auto* received = out ? std::get_if<event::MessageReceived>(&*out) : nullptr;
    if (received != nullptr)
        in_hand_.back() = {received->message.id, received->message.conversation};
    else
        in_hand_.pop_back();
    if (!out) return out;
    if (in_hand_.size() > in_hand_max) {
        ++beyond_hand_;
        if (hand_back(1)) attend = true;
    }
    // Half empty, not one free place: the loop thread then moves many at a time.
    if (refused_ && queue_.size() <= queue_.capacity_max() / 2) {
        refused_ = false;
        attend = true;
    }
    return out;
}

} // namespace godwit::client
