// SPDX-License-Identifier: Apache-2.0
// Requests and events in coroutines of C++20, for who likes them; nothing else of godwit needs this header.
//
//   co::Task<void> greet(co::Loop* loop)
//   {
//       auto sent = loop->ask(request::Send{"bob", "hello"});       it goes out here
//       const event::Reply& reply = co_await sent;                  and is answered here
//       …
//   }
//   co::Loop loop(*client);
//   loop.start(greet(&loop));
//   loop.run();
//
// Flow: turn() takes one event -> a reply resumes who awaits it, any other event whoever awaits such a one -> the rest
// goes to the handler. All of it on the thread that calls turn(); a Loop is one thread's. Any kind of coroutine may
// await: Task is there for who has none of their own.
//
// Awaited is always a variable, never what a call returns: `co_await loop->ask(…)` does not compile. GCC 12 destroys
// twice what is made of aggregates and closures inside a co_await expression, so there must be nothing in it
// (docs/adr/0063-allocator-and-coroutines.md). Parameters of a coroutine are copied into it: pointers outlive it.
#pragma once

#include <godwit/client.hpp>

#include <algorithm>
#include <chrono>
#include <coroutine>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace godwit::co {

/// What is awaited of the two below, by one coroutine at a time. Neither copied nor moved: it is where it was made, and
/// what it waits for knows.
template <class State>
class Awaited {
public:
    Awaited(const Awaited&) = delete;
    Awaited& operator=(const Awaited&) = delete;
    /// Who goes while waiting, as a coroutine that is destroyed does, is not resumed.
    ~Awaited() { state_->left = true; }

    class Awaiter {
    public:
        [[nodiscard]] bool await_ready() const noexcept { return state_->came.has_value(); }
        void await_suspend(std::coroutine_handle<> waiter) const noexcept { state_->waiter = waiter; }
        /// As long as what is awaited lives.
        const auto& await_resume() const noexcept { return *state_->came; }

    private:
        friend Awaited;
        explicit Awaiter(State* state) : state_(state) {}
        State* state_;
    };
    [[nodiscard]] Awaiter operator co_await() & noexcept { return Awaiter(state_.get()); }
    /// Make it a variable first; the head of this file says why.
    void operator co_await() && = delete;

    /// It has come: awaiting it does not wait.
    [[nodiscard]] bool ready() const noexcept { return state_->came.has_value(); }

protected:
    explicit Awaited(std::shared_ptr<State> state) : state_(std::move(state)) {}
    [[nodiscard]] const State& state() const noexcept { return *state_; }

private:
    std::shared_ptr<State> state_;
};

template <class What>
struct State {
    std::optional<What> came;
    std::coroutine_handle<> waiter;
    bool left = false; ///< Nobody is interested any more.
};

/// A request under way: gives its event::Reply.
class Asked : public Awaited<State<event::Reply>> {
public:
    /// What the reply carries, once it has come. Errors: the reply's; internal, when it carries something else.
    template <class Value>
    [[nodiscard]] Result<Value> result() const
    {
        const auto& reply = state().came;
        if (!reply) return Error{ErrorCode::internal, "not answered yet: co_await it first", 0};
        if (reply->error.code != ErrorCode::ok) return reply->error;
        const auto* value = std::get_if<Value>(&reply->value);
        if (value == nullptr) return Error{ErrorCode::internal, "this request is answered by something else", 0};
        return *value;
    }

private:
    friend class Loop;
    explicit Asked(std::shared_ptr<State<event::Reply>> state) : Awaited(std::move(state)) {}
};

/// The next event of a kind since it was asked for, awaited or not.
template <class Happened>
class Next : public Awaited<State<Happened>> {
    friend class Loop;
    explicit Next(std::shared_ptr<State<Happened>> state) : Awaited<State<Happened>>(std::move(state)) {}
};

template <class Value = void>
class Task;

namespace detail {

/// At its end a task goes on with whoever awaits it.
struct PromiseBase {
    struct Final {
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        template <class Promise>
        [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept
        {
            const auto waiter = ended.promise().after;
            return waiter ? waiter : std::noop_coroutine();
        }
        void await_resume() const noexcept {}
    };
    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] Final final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { thrown = std::current_exception(); }

    std::coroutine_handle<> after;
    std::exception_ptr thrown;
};

template <class Value>
struct Promise : PromiseBase {
    Task<Value> get_return_object();
    void return_value(Value given) { value.emplace(std::move(given)); }
    [[nodiscard]] Value take() { return std::move(*value); }
    std::optional<Value> value;
};
template <>
struct Promise<void> : PromiseBase {
    Task<void> get_return_object();
    void return_void() const noexcept {}
    void take() const noexcept {}
};

} // namespace detail

/// A coroutine that begins when it is awaited, once, or given to Loop::start. It ends with its owner.
template <class Value>
class [[nodiscard]] Task {
public:
    using promise_type = detail::Promise<Value>;
    using Handle = std::coroutine_handle<promise_type>;

    Task(Task&& from) noexcept : handle_(std::exchange(from.handle_, {})) {}
    Task& operator=(Task&& from) noexcept
    {
        std::swap(handle_, from.handle_);
        return *this;
    }
    ~Task()
    {
        if (handle_) handle_.destroy();
    }

    class Awaiter {
    public:
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) const noexcept
        {
            handle_.promise().after = waiter;
            return handle_;
        }
        /// What it returned, or what it threw.
        Value await_resume() const
        {
            if (handle_.promise().thrown) std::rethrow_exception(handle_.promise().thrown);
            return handle_.promise().take();
        }

    private:
        friend Task;
        explicit Awaiter(Handle handle) : handle_(handle) {}
        Handle handle_;
    };
    [[nodiscard]] Awaiter operator co_await() & noexcept { return Awaiter(handle_); }
    /// Make it a variable first; the head of this file says why.
    void operator co_await() && = delete;

private:
    friend promise_type;
    friend class Loop;
    explicit Task(Handle handle) : handle_(handle) {}
    Handle handle_;
};

template <class Value>
Task<Value> detail::Promise<Value>::get_return_object()
{
    return Task<Value>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> detail::Promise<void>::get_return_object()
{
    return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

/// Takes the events of a client, which it does not own and outlives not. Not thread-safe.
class Loop {
public:
    /// Gets every event but replies, before whoever awaits it goes on. May be empty; does not throw.
    using Handler = std::function<void(const Event&)>;
    explicit Loop(Client& client, Handler handler = {}) : client_(client), handler_(std::move(handler)) {}
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// Submits at once. What cannot be submitted (busy) is answered with that error.
    [[nodiscard]] Asked ask(Request request)
    {
        auto state = std::make_shared<State<event::Reply>>();
        const auto id = client_.submit(std::move(request));
        if (id.ok()) {
            replies_.emplace(*id, state);
        } else {
            state->came.emplace();
            state->came->error = id.error();
        }
        return Asked(std::move(state));
    }

    /// The first event from now on that is a `Happened`, and `wanted` when that is given.
    template <class Happened>
    [[nodiscard]] Next<Happened> next(std::function<bool(const Happened&)> wanted = {})
    {
        static_assert(!std::is_same_v<Happened, event::Reply>, "replies are awaited by ask()");
        std::erase_if(nexts_, [](const auto& one) { return one->over(); });
        auto state = std::make_shared<State<Happened>>();
        nexts_.push_back(std::make_shared<Wanted<Happened>>(state, std::move(wanted)));
        return Next<Happened>(std::move(state));
    }

    /// Runs a task up to where it waits; it is kept until it has ended. What it throws comes out of here, or of turn().
    void start(Task<void> task)
    {
        const Turning here(turning_);
        const auto handle = task.handle_;
        tasks_.push_back(std::move(task));
        handle.resume();
        sweep();
    }
    /// Tasks that were started and have not ended.
    [[nodiscard]] std::size_t running() const noexcept { return tasks_.size(); }

    /// Takes one event, when one comes within `timeout`, and lets go on who waits for it. False: none came. For an
    /// event loop of one's own: when Client::wake_fd() is readable, until it is false. Inside a task it does nothing.
    bool turn(std::chrono::milliseconds timeout = {})
    {
        if (turning_) return false;
        const Turning here(turning_);
        const auto event = client_.wait(timeout);
        if (!event) return false;
        if (const auto* reply = std::get_if<event::Reply>(&*event)) {
            if (auto node = replies_.extract(reply->id)) {
                node.mapped()->came = *reply;
                resume(*node.mapped());
            }
        } else {
            if (handler_) handler_(*event);
            // Who goes on may ask for further ones: those are for later events.
            std::vector<std::shared_ptr<Waiting>> served;
            for (const auto& one : nexts_)
                if (one->take(*event)) served.push_back(one);
            for (const auto& one : served)
                one->go_on();
            std::erase_if(nexts_, [](const auto& one) { return one->over(); });
        }
        sweep();
        return true;
    }
    /// Until every task that was started has ended.
    void run()
    {
        while (!tasks_.empty())
            (void)turn(std::chrono::hours(1));
    }

private:
    /// Some Next, whatever of.
    struct Waiting {
        virtual ~Waiting() = default;
        /// True: this is the event.
        virtual bool take(const Event& event) = 0;
        virtual void go_on() = 0;
        [[nodiscard]] virtual bool over() const = 0;
    };
    template <class Happened>
    struct Wanted final : Waiting {
        Wanted(std::shared_ptr<State<Happened>> of, std::function<bool(const Happened&)> by)
            : state(std::move(of)), wanted(std::move(by))
        {
        }
        bool take(const Event& event) override
        {
            const auto* happened = std::get_if<Happened>(&event);
            if (happened == nullptr || over() || (wanted && !wanted(*happened))) return false;
            state->came = *happened;
            return true;
        }
        void go_on() override { resume(*state); }
        [[nodiscard]] bool over() const override { return state->left || state->came.has_value(); }

        std::shared_ptr<State<Happened>> state;
        std::function<bool(const Happened&)> wanted;
    };

    template <class What>
    static void resume(State<What>& state)
    {
        if (state.left || !state.waiter) return;
        std::exchange(state.waiter, {}).resume();
    }
    /// Tasks that have ended go; the first of what they threw goes on.
    void sweep()
    {
        std::vector<Task<void>> ended; // what they own goes when the list is whole again
        std::exception_ptr thrown;
        for (auto& task : tasks_) {
            if (!task.handle_.done()) continue;
            if (!thrown) thrown = task.handle_.promise().thrown;
            ended.push_back(std::move(task));
        }
        std::erase_if(tasks_, [](const Task<void>& task) { return !task.handle_; });
        ended.clear();
        if (thrown) std::rethrow_exception(thrown);
    }

    struct Turning {
        explicit Turning(bool& is) : on(is), before(std::exchange(is, true)) {}
        ~Turning() { on = before; }
        Turning(const Turning&) = delete;
        Turning& operator=(const Turning&) = delete;
        bool& on;
        bool before;
    };

    Client& client_;
    Handler handler_;
    bool turning_ = false;
    std::map<RequestId, std::shared_ptr<State<event::Reply>>> replies_;
    std::vector<std::shared_ptr<Waiting>> nexts_;
    std::vector<Task<void>> tasks_; // the first to go: what they await is in them
};

} // namespace godwit::co
