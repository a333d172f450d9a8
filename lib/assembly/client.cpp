// SPDX-License-Identifier: Apache-2.0
#include "lib/assembly/client_impl.hpp"

#if !defined(_WIN32)
#include <unistd.h>
#endif

namespace godwit {

namespace {
std::int64_t process_id()
{
#if defined(_WIN32)
    return 0; // there is no fork
#else
    return ::getpid();
#endif
}
} // namespace

struct Client::Impl {
    std::unique_ptr<client::Facade> facade;
    std::int64_t process = process_id();
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client()
{
    // The child of a fork has the client without its thread, which to wait for would be for ever.
    if (impl_->process != process_id()) (void)impl_.release();
}

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

std::size_t Client::push_audio(const CallId& call, std::span<const std::int16_t> samples)
{
    auto* const media = impl_->facade->media();
    return media == nullptr ? 0 : media->push_audio(call, samples);
}

std::size_t Client::pull_audio(const CallId& call, std::span<std::int16_t> samples)
{
    auto* const media = impl_->facade->media();
    return media == nullptr ? 0 : media->pull_audio(call, samples);
}

bool Client::push_picture(const CallId& call, int width, int height, std::span<const std::uint8_t> i420)
{
    auto* const media = impl_->facade->media();
    return media != nullptr && media->push_picture(call, width, height, i420);
}

std::optional<CallPicture> Client::pull_picture(const CallId& call)
{
    return pull_picture(call, {});
}

std::optional<CallPicture> Client::pull_picture(const CallId& call, const DeviceId& from)
{
    auto* const media = impl_->facade->media();
    auto picture = media == nullptr ? std::nullopt : media->pull_picture(call, from);
    if (!picture) return std::nullopt;
    return CallPicture{picture->width, picture->height, std::move(picture->i420), picture->from};
}

int Client::wake_fd() const
{
    return impl_->facade->wake_fd();
}

} // namespace godwit
