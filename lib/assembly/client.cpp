// SPDX-License-Identifier: Apache-2.0
#include "lib/assembly/client_impl.hpp"

namespace godwit {

struct Client::Impl {
    std::unique_ptr<client::Facade> facade;
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::open(ClientOptions options)
{
    auto facade = assembly::open_facade(std::move(options));
    if (!facade.ok()) return std::move(facade).error();
    return std::unique_ptr<Client>(new Client(std::make_unique<Impl>(Impl{*std::move(facade)})));
}

Result<RequestId> Client::submit(Request request)
{
    return impl_->facade->submit(std::move(request));
}

std::optional<Event> Client::poll()
{
    return impl_->facade->poll();
}

std::optional<Event> Client::wait(std::chrono::milliseconds timeout)
{
    return impl_->facade->wait(timeout);
}

int Client::wake_fd() const
{
    return impl_->facade->wake_fd();
}

} // namespace godwit
