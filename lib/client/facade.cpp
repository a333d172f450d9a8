// SPDX-License-Identifier: Apache-2.0
#include "lib/client/facade.hpp"

#include <exception>

namespace godwit::client {

Facade::Facade(FacadeParts parts) : parts_(std::move(parts)), events_(parts_.events_max, [this] { wake(); }) {}

Result<std::unique_ptr<Facade>> Facade::start(FacadeParts parts)
{
    try {
        std::unique_ptr<Facade> facade(new Facade(std::move(parts)));
        std::promise<void> ready;
        auto is_ready = ready.get_future();
        facade->thread_ = std::thread([facade = facade.get(), &ready] {
            const auto shell = facade->parts_.make_shell();
            facade->shell_ = shell.get();
            ready.set_value();
            facade->run();
            facade->may_end_.get_future().wait();
        });
        is_ready.wait(); // `ready` lives on this stack
        return facade;
    } catch (const std::exception& trouble) {
        return Error{ErrorCode::internal, std::string("cannot start a thread: ") + trouble.what(), 0};
    }
}

Facade::~Facade()
{
    stopping_ = true;
    events_.close();
    if (!thread_.joinable()) return;
    shell_.load()->stop();
    may_end_.set_value();
    thread_.join();
}

void Facade::run()
{
    Shell& shell = *shell_;
    Ticker ticker({parts_.config,
                   *parts_.store,
                   *parts_.entropy,
                   *parts_.trace,
                   shell,
                   mailbox_,
                   events_,
                   parts_.derive,
                   {parts_.kept_files.get(), parts_.user_files.get()},
                   parts_.media.get()});
    shell.observe(ticker);
    for (auto& notice : parts_.notices)
        (void)events_.push(event::Warning{std::move(notice)}); // The queue is empty yet.
    ticker.start();
    if (!stopping_) shell.run();
    ticker.close();
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
    const auto id = mailbox_.put(std::move(what), first);
    if (!id)
        return Error{ErrorCode::busy, "requests come faster than they can be served: take events, then repeat", 50};
    if (first) wake();
    return *id;
}

void Facade::wake()
{
    if (Shell* shell = shell_) shell->wake();
}

} // namespace godwit::client
