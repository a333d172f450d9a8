// SPDX-License-Identifier: Apache-2.0
#include "lib/client/facade.hpp"

#include <exception>

namespace godwit::client {

namespace {
thread_local bool is_loop_thread = false;
} // namespace

/// While it lives this thread is the client's loop thread: whoever waits for that one's end must not be asked to.
class Facade::OnLoop {
public:
    explicit OnLoop(Facade& facade)
        : facade_(facade), before_(facade.loop_thread_.exchange(std::this_thread::get_id())), was_(is_loop_thread)
    {
        is_loop_thread = true;
    }
    ~OnLoop()
    {
        is_loop_thread = was_;
        facade_.loop_thread_ = before_;
    }
    OnLoop(const OnLoop&) = delete;
    OnLoop& operator=(const OnLoop&) = delete;

private:
    Facade& facade_;
    std::thread::id before_;
    bool was_;
};

Facade::Facade(FacadeParts parts)
    : parts_(std::move(parts)), media_(parts_.media), driven_by_host_(parts_.driven_by_host),
      dealt_by_call_(parts_.dealt_by_call), events_(parts_.events_max, [this] { wake(); }, parts_.dealt_by_call)
{
}

Result<std::unique_ptr<Facade>> Facade::start(FacadeParts parts)
{
    std::unique_ptr<Facade> facade(new Facade(std::move(parts)));
    auto launched = facade->launch();
    if (!launched.ok()) return std::move(launched).error();
    return facade;
}

Facade::~Facade()
{
    events_.close();
    (void)halt(std::chrono::milliseconds::max());
}

// ---- the loop thread ----------------------------------------------------------------------------

Result<void> Facade::launch()
{
    stopping_ = false;
    try {
        if (driven_by_host_) {
            const std::lock_guard driving(driving_);
            const OnLoop here(*this);
            enter();
            return {};
        }
        std::promise<void> ready;
        auto is_ready = ready.get_future();
        std::promise<void> left;
        left_ = left.get_future();
        thread_ = std::thread([this, &ready, left = std::move(left)]() mutable {
            {
                const OnLoop here(*this);
                enter();
                ready.set_value();
                if (!stopping_) own_shell_->run();
                leave();
            }
            left.set_value();
        });
        is_ready.wait(); // `ready` lives on this stack
        return {};
    } catch (const std::exception& trouble) {
        silence();
        let_go(); // who has halted holds nothing
        return Error{ErrorCode::internal, std::string("cannot start a thread: ") + trouble.what(), 0};
    }
}

void Facade::enter()
{
    own_shell_ = parts_.make_shell();
    ticker_ = std::make_unique<Ticker>(TickerParts{parts_.config,
                                                   *parts_.store,
                                                   *parts_.entropy,
                                                   *parts_.trace,
                                                   *own_shell_,
                                                   mailbox_,
                                                   events_,
                                                   parts_.derive,
                                                   {parts_.kept_files.get(), parts_.user_files.get()},
                                                   parts_.media.get(),
                                                   events_.shown(),
                                                   [this] { woken(); },
                                                   watches_});
    own_shell_->observe(*ticker_);
    for (auto& notice : std::exchange(parts_.notices, {}))
        (void)events_.push(event::Warning{std::move(notice)});
    {
        const std::lock_guard lock(shell_mutex_);
        shell_ = own_shell_.get();
    }
    driver_fd_ = own_shell_->driver_fd();
    ticker_->start();
    own_shell_->wake(); // for what was asked before
}

/// On the loop thread, when an application thread has rung.
void Facade::woken()
{
    if (trim_wanted_.exchange(false) && parts_.trim) parts_.trim();
    if (network_changed_.exchange(false)) ticker_->network_changed();
}

void Facade::leave()
{
    silence();
    ticker_->close();
    watches_ = ticker_->watches();
    for (auto& event : ticker_->take_rest())
        events_.push_last(std::move(event));
    let_go();
}

/// Nobody rings the loop any more, or waits on it.
void Facade::silence()
{
    const std::lock_guard lock(shell_mutex_);
    shell_ = nullptr;
    driver_fd_ = -1;
}

void Facade::let_go()
{
    ticker_.reset();
    own_shell_.reset(); // waits for a password that is being stretched
    parts_.store.reset();
    parts_.kept_files.reset();
    parts_.user_files.reset();
}

bool Facade::halt(std::chrono::milliseconds wait_max)
{
    stopping_ = true;
    if (driven_by_host_) {
        wake(); // whoever is inside run_once(), which from now on does nothing
        std::unique_lock driving(driving_, std::defer_lock);
        if (wait_max == std::chrono::milliseconds::max())
            driving.lock();
        else if (!driving.try_lock_for(wait_max))
            return false;
        const OnLoop here(*this);
        if (own_shell_) leave();
        return true;
    }
    if (!thread_.joinable()) return true;
    {
        const std::lock_guard lock(shell_mutex_);
        if (shell_ != nullptr) shell_->stop();
    }
    if (wait_max == std::chrono::milliseconds::max())
        left_.wait();
    else if (left_.wait_for(wait_max) != std::future_status::ready)
        return false;
    thread_.join();
    return true;
}

Result<void> Facade::resume(FacadeParts parts)
{
    parts_ = std::move(parts);
    return launch();
}

void Facade::finish()
{
    finished_ = true;
    answer_mailbox();
    events_.finish();
}

// ---- driven by its host -------------------------------------------------------------------------

void Facade::run_once(Duration wait_max)
{
    const std::lock_guard driving(driving_);
    const OnLoop here(*this);
    if (own_shell_ && !stopping_) own_shell_->run_once(wait_max);
}

std::optional<Duration> Facade::quiet_for() const
{
    const std::unique_lock driving(driving_, std::try_to_lock);
    return driving && own_shell_ && !stopping_ ? own_shell_->quiet_for() : std::nullopt;
}

// ---- application threads ------------------------------------------------------------------------

bool Facade::on_any_loop_thread() noexcept
{
    return is_loop_thread;
}

Result<void> Facade::deal(std::size_t messages)
{
    if (!dealt_by_call_)
        return Error{ErrorCode::unsupported, "taking the next event says that the one before is dealt with", 0};
    if (events_.deal(messages)) return {};
    return Error{ErrorCode::invalid_argument, "there are not so many messages that were given out", 0};
}

Result<RequestId> Facade::submit(Request request)
{
    return put(std::move(request));
}

Result<RequestId> Facade::refuse(Error error)
{
    return put(std::move(error));
}

Result<RequestId> Facade::put(std::variant<Request, Error> what)
{
    bool first = false;
    if (finished_) return Error{ErrorCode::cancelled, "the client has ended", 0};
    const auto id = mailbox_.put(std::move(what), first);
    if (!id)
        return Error{ErrorCode::busy, "requests come faster than they can be served: take events, then repeat", 50};
    if (finished_) answer_mailbox(); // it ended meanwhile
    if (first) wake();
    return *id;
}

/// Of a client that has ended: whoever takes a request out of the mailbox answers it.
void Facade::answer_mailbox()
{
    for (auto& item : mailbox_.take(mailbox_requests_max)) {
        auto* refused = std::get_if<Error>(&item.what);
        events_.push_last(event::Reply{
            item.id,
            refused != nullptr ? std::move(*refused)
                               : Error{ErrorCode::cancelled, "the client was closed before this was begun", 0},
            {}});
    }
}

void Facade::trim()
{
    trim_wanted_ = true;
    wake();
}

Result<void> Facade::network_changed()
{
    if (finished_) return Error{ErrorCode::cancelled, "the client has ended", 0};
    network_changed_ = true;
    wake();
    return {};
}

void Facade::wake()
{
    const std::lock_guard lock(shell_mutex_);
    if (shell_ != nullptr) shell_->wake();
}

} // namespace godwit::client
