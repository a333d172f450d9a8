// SPDX-License-Identifier: Apache-2.0
// Events on their way from the loop thread to the application, and word of what the application has dealt with on the
// way back.
#pragma once

#include <godwit/event.hpp>

#include "lib/base/bounded_queue.hpp"
#include "lib/client/wake_fd.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <vector>

namespace godwit::client {

/// Messages that were given out and are not dealt with: beyond that the oldest counts as dealt with.
inline constexpr std::size_t in_hand_max = 65'536;

class EventQueue {
public:
    /// A message is itself in one conversation only.
    using Shown = std::pair<MessageId, ConversationId>;

    /// `attend` is called on an application's thread, without a lock held, when the loop thread should look here: there
    /// is room again after a push() that said no, or a first received message has been dealt with since
    /// take_dealt_with(). `dealt_by_call`: taking an event says nothing of those before it, deal() does.
    EventQueue(std::size_t events_max, std::function<void()> attend, bool dealt_by_call = false);

    // loop thread
    /// False, and `event` untouched, when full.
    [[nodiscard]] bool push(Event&& event);
    /// While one lives, push() wakes nobody; at its end whoever waits is woken once, for all of a tick's events.
    class Together {
    public:
        explicit Together(EventQueue& queue) : queue_(queue) { queue_.keep_together(true); }
        ~Together() { queue_.keep_together(false); }
        Together(const Together&) = delete;
        Together& operator=(const Together&) = delete;

    private:
        EventQueue& queue_;
    };
    /// Received messages that the application has dealt with since the last call.
    [[nodiscard]] std::vector<Shown> take_dealt_with();
    [[nodiscard]] bool anything_dealt_with() const;
    /// What take_dealt_with() gave and nobody has marked: for the next who does.
    void give_back_dealt_with(std::vector<Shown> unmarked);
    /// Past the bound: what a client that ends still has to say. A few: replies to what was asked, and one tick's
    /// events.
    void push_last(Event&& event);
    /// Messages that are here, in the application's hand, or dealt with and not taken: who starts anew over this queue
    /// does not show them again.
    [[nodiscard]] std::vector<Shown> shown() const;

    // application threads
    [[nodiscard]] std::optional<Event> poll();
    /// nullopt after `timeout` or close().
    [[nodiscard]] std::optional<Event> wait(std::chrono::milliseconds timeout);
    /// What was taken and could not be handed on: it comes again, next. Takes no memory.
    void give_back(std::list<Event>&& event) noexcept;
    [[nodiscard]] int wake_fd();
    /// The oldest so many received messages in the application's hand are dealt with. False, and nothing done: there
    /// are not so many.
    [[nodiscard]] bool deal(std::size_t messages);

    /// Wakes who waits; from now on nothing is handed out and `attend` is not called.
    void close();
    /// Wakes who waits; what is here is still handed out, and nothing else will come.
    void finish();

private:
    std::optional<Event> pop(bool& attend);             // lock held
    void ask(bool& attend);                             // lock held
    [[nodiscard]] bool hand_back(std::size_t messages); // lock held
    void keep_together(bool together);

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    [[nodiscard]] bool has_events() const { return !returned_.empty() || !queue_.empty() || !last_.empty(); }

    std::list<Event> returned_; // before those in the queue
    BoundedQueue<Event> queue_;
    std::deque<Event> last_; // after those, by push_last()
    WakeFd wake_fd_;
    std::function<void()> attend_;
    const bool dealt_by_call_;
    std::deque<Shown>
        in_hand_; // messages given out: the last one, or as many as deal() did not name, at most in_hand_max
    std::size_t beyond_hand_ = 0; // given out, and dealt with by in_hand_max: the next that deal() names
    std::vector<Shown> dealt_with_;
    bool refused_ = false;  // a push() said no since
    bool together_ = false; // whoever waits is woken when all of it is here
    bool closed_ = false;
    bool finished_ = false;
};

} // namespace godwit::client
