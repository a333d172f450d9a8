// SPDX-License-Identifier: Apache-2.0
#include "transport/loop/resolve.hpp"

#include "transport/loop/loop_impl.hpp"
#include "transport/loop/sockaddr.hpp"

#include <algorithm>

namespace godwit::loop {

// Owned by the Resolve until that goes; then by the request under way, which libuv cannot drop.
struct Resolve::Impl {
    uv_getaddrinfo_t request{};
    LoopImpl* loop = nullptr;
    HostPort target;
    Done done;
    std::unique_ptr<Timer> literal; ///< Set when the answer needed no DNS.
    std::optional<Error> failed_early;
    bool pending = false;
    bool abandoned = false;
};

namespace {

std::vector<Address> collect(const addrinfo* found, std::uint16_t port)
{
    std::vector<Address> out;
    for (; found != nullptr && out.size() < resolved_addresses_max; found = found->ai_next) {
        if (found->ai_family != AF_INET && found->ai_family != AF_INET6) continue;
        Address address = from_sockaddr(found->ai_addr);
        address.port = port;
        if (std::find(out.begin(), out.end(), address) == out.end()) out.push_back(address);
    }
    return out;
}

void answered(uv_getaddrinfo_t* request, int status, addrinfo* found)
{
    auto* impl = static_cast<Resolve::Impl*>(request->data);
    impl->pending = false;
    impl->loop->requests.erase(reinterpret_cast<uv_req_t*>(request));
    auto addresses = status == 0 ? collect(found, impl->target.port) : std::vector<Address>();
    uv_freeaddrinfo(found);
    if (impl->abandoned) {
        delete impl;
        return;
    }
    if (impl->loop->closing) return;
    const auto done = std::move(impl->done); // the callback may destroy the Resolve, and with it `impl`
    if (addresses.empty()) {
        done(Error{ErrorCode::not_connected, "cannot find the address of '" + impl->target.host +
                                                 "': " + (status != 0 ? uv_strerror(status) : "it has none") +
                                                 "; check the name and the network"});
        return;
    }
    done(std::move(addresses));
}

} // namespace

Resolve::Resolve(Loop& loop, const HostPort& target, Done done) : impl_(new Impl)
{
    impl_->loop = &loop.impl();
    impl_->target = target;
    impl_->done = std::move(done);
    impl_->request.data = impl_;

    const bool v6_literal = target.host.find(':') != std::string::npos;
    const std::string port = std::to_string(target.port);
    if (const auto address = Address::parse(v6_literal ? "[" + target.host + "]:" + port : target.host + ":" + port)) {
        impl_->literal = std::make_unique<Timer>(loop, [impl = impl_, answer = *address] {
            const auto finish = std::move(impl->done);
            finish(std::vector<Address>{answer});
        });
        impl_->literal->set(Loop::now().mono);
        return;
    }
    addrinfo hints{};
    hints.ai_socktype = SOCK_DGRAM;
    const int status =
        uv_getaddrinfo(uv_loop_of(loop), &impl_->request, answered, target.host.c_str(), port.c_str(), &hints);
    if (status != 0) {
        impl_->failed_early =
            Error{ErrorCode::invalid_argument, "'" + target.host + "' is no host name: " + uv_strerror(status)};
        impl_->literal = std::make_unique<Timer>(loop, [impl = impl_] {
            const auto finish = std::move(impl->done);
            finish(std::move(*impl->failed_early));
        });
        impl_->literal->set(Loop::now().mono);
        return;
    }
    impl_->pending = true;
    impl_->loop->requests.insert(reinterpret_cast<uv_req_t*>(&impl_->request));
}

Resolve::~Resolve()
{
    if (!impl_->pending) {
        delete impl_;
        return;
    }
    impl_->abandoned = true;
    impl_->done = nullptr;
    uv_cancel(reinterpret_cast<uv_req_t*>(&impl_->request));
}

} // namespace godwit::loop
