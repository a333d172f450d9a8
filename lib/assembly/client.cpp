// SPDX-License-Identifier: Apache-2.0
#include "lib/assembly/client_impl.hpp"
#include "lib/assembly/home.hpp"
#include "lib/assembly/life.hpp"

#include <algorithm>
#include <thread>

#if !defined(_WIN32)
#include <unistd.h>
#endif

namespace godwit {

namespace {
/// So that what is measured in microseconds has room for it.
constexpr std::chrono::hours longest_turn{24 * 365};

std::int64_t process_id()
{
#if defined(_WIN32)
    return 0; // there is no fork
#else
    return ::getpid();
#endif
}

Error of_another_process()
{
    return Error{ErrorCode::invalid_argument, "this client is of the process that this one was forked from", 0};
}
} // namespace

struct Client::Impl {
    Impl(std::unique_ptr<client::Facade> facade, ClientOptions options) : life(std::move(facade), std::move(options)) {}

    assembly::Life life;
    std::int64_t process = process_id();

    /// The child of a fork has the client without its thread: nothing would ever be answered.
    [[nodiscard]] bool is_here() const { return process == process_id(); }
    /// Whoever comes out of a hook would wait for its own end.
    [[nodiscard]] bool may_change() const { return is_here() && !life.in_a_hook(); }
    [[nodiscard]] Error why_not() const
    {
        if (!is_here()) return of_another_process();
        return Error{ErrorCode::unsupported, "not from inside a hook of the client itself", 0};
    }
    [[nodiscard]] port::MediaHost* media() const { return is_here() ? life.facade().media() : nullptr; }
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client()
{
    if (!impl_->is_here()) {
        (void)impl_.release();
    } else if (impl_->life.in_a_hook()) { // which has to return first
        Impl* const ends = impl_.release();
        try {
            std::thread([ends] { delete ends; }).detach();
        } catch (const std::exception&) { // no thread: it stays open
        }
    }
}

Result<std::unique_ptr<Client>> Client::open(ClientOptions options)
{
    assembly::OwnOptions own(std::move(options));
    own.of.home = assembly::absolute_home(own.of.home);
    auto facade = assembly::open_facade(own.of);
    if (!facade.ok()) return std::move(facade).error();
    return std::unique_ptr<Client>(new Client(std::make_unique<Impl>(*std::move(facade), std::move(own.of))));
}

Result<RequestId> Client::submit(Request request)
{
    if (!impl_->is_here()) return of_another_process();
    return impl_->life.facade().submit(std::move(request));
}

std::optional<Event> Client::poll()
{
    return impl_->is_here() ? impl_->life.facade().poll() : std::nullopt;
}

std::optional<Event> Client::wait(std::chrono::milliseconds timeout)
{
    return impl_->is_here() ? impl_->life.facade().wait(timeout) : std::nullopt;
}

Result<void> Client::dealt_with(std::size_t messages)
{
    if (!impl_->is_here()) return of_another_process();
    return impl_->life.facade().deal(messages);
}

Result<void> Client::network_changed()
{
    if (!impl_->is_here()) return of_another_process();
    return impl_->life.facade().network_changed();
}

Result<void> Client::push_received(std::span<const std::uint8_t> payload)
{
    if (!impl_->is_here()) return of_another_process();
    return impl_->life.push_received(payload);
}

Result<void> Client::suspend(std::chrono::milliseconds deadline)
{
    if (!impl_->may_change()) return impl_->why_not();
    return impl_->life.suspend(deadline);
}

Result<void> Client::resume()
{
    if (!impl_->may_change()) return impl_->why_not();
    return impl_->life.resume();
}

Result<void> Client::stop()
{
    if (!impl_->may_change()) return impl_->why_not();
    impl_->life.stop();
    return {};
}

void Client::trim_memory()
{
    if (impl_->is_here()) impl_->life.facade().trim();
}

Result<void> Client::run_once(std::chrono::milliseconds wait)
{
    if (!impl_->may_change()) return impl_->why_not();
    auto& facade = impl_->life.facade();
    if (!facade.driven_by_host()) return Error{ErrorCode::unsupported, "this client has a thread of its own", 0};
    facade.run_once(std::clamp<std::chrono::milliseconds>(wait, std::chrono::milliseconds(0), longest_turn));
    return {};
}

std::optional<std::chrono::milliseconds> Client::next_deadline() const
{
    if (!impl_->is_here() || !impl_->life.facade().driven_by_host()) return std::nullopt;
    const auto quiet = impl_->life.facade().quiet_for();
    if (!quiet) return std::nullopt;
    return std::chrono::ceil<std::chrono::milliseconds>(*quiet);
}

int Client::driver_fd() const
{
    return impl_->is_here() && impl_->life.facade().driven_by_host() ? impl_->life.facade().driver_fd() : -1;
}

std::size_t Client::push_audio(const CallId& call, std::span<const std::int16_t> samples)
{
    auto* const media = impl_->media();
    return media == nullptr ? 0 : media->push_audio(call, samples);
}

std::size_t Client::pull_audio(const CallId& call, std::span<std::int16_t> samples)
{
    auto* const media = impl_->media();
    return media == nullptr ? 0 : media->pull_audio(call, samples);
}

bool Client::push_picture(const CallId& call, int width, int height, std::span<const std::uint8_t> i420)
{
    auto* const media = impl_->media();
    return media != nullptr && media->push_picture(call, width, height, i420);
}

std::optional<CallPicture> Client::pull_picture(const CallId& call)
{
    return pull_picture(call, {});
}

std::optional<CallPicture> Client::pull_picture(const CallId& call, const DeviceId& from)
{
    auto* const media = impl_->media();
    auto picture = media == nullptr ? std::nullopt : media->pull_picture(call, from);
    if (!picture) return std::nullopt;
    return CallPicture{picture->width, picture->height, std::move(picture->i420), picture->from};
}

int Client::wake_fd() const
{
    return impl_->is_here() ? impl_->life.facade().wake_fd() : -1;
}

} // namespace godwit
