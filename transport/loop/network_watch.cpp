// SPDX-License-Identifier: Apache-2.0
#include "transport/loop/network_watch.hpp"

#include "transport/loop/poll_handle.hpp"

#ifdef __linux__
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

namespace godwit::loop {

struct NetworkWatch::Impl {
    std::function<void()> changed;
    Duration settle;
    Instant unrest_since = never;
    std::unique_ptr<Timer> quiet;
    std::unique_ptr<PollHandle> source;

    void heard()
    {
        const Instant now = Loop::now().mono;
        if (unrest_since == never) unrest_since = now;
        quiet->set(earlier(now + settle, unrest_since + 10 * settle));
    }

    void settled()
    {
        unrest_since = never;
        changed(); // may destroy us: last
    }
};

namespace {

#ifdef __linux__

/// Linux, rtnetlink(7): the kernel's own news. Needs no privilege, but a sandbox (Android, seccomp) may refuse it.
int open_news()
{
    const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd < 0) return -1;
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
    if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(fd);
        return -1;
    }
    return fd;
}

/// True when a message that matters was among what the kernel had for us. ENOBUFS means that news were lost: that
/// matters.
bool read_news(int fd)
{
    bool matters = false;
    alignas(nlmsghdr) std::uint8_t buffer[16 * 1024];
    for (;;) {
        const ssize_t got = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
        if (got < 0 && errno == ENOBUFS) {
            matters = true;
            continue;
        }
        if (got <= 0) return matters;
        auto left = static_cast<unsigned>(got);
        for (auto* head = reinterpret_cast<nlmsghdr*>(buffer); NLMSG_OK(head, left); head = NLMSG_NEXT(head, left)) {
            switch (head->nlmsg_type) {
            case RTM_NEWADDR:
            case RTM_DELADDR:
            case RTM_NEWLINK:
            case RTM_DELLINK:
            case RTM_NEWROUTE:
            case RTM_DELROUTE: matters = true; break;
            default: break;
            }
        }
    }
}

#endif

} // namespace

NetworkWatch::NetworkWatch(Loop& loop, std::function<void()> changed, Duration settle) : impl_(std::make_unique<Impl>())
{
    impl_->changed = std::move(changed);
    impl_->settle = settle;
    impl_->quiet = std::make_unique<Timer>(loop, [impl = impl_.get()] { impl->settled(); });
#ifdef __linux__
    const int fd = open_news();
    if (fd < 0) return;
    impl_->source = std::make_unique<PollHandle>(loop, fd, [impl = impl_.get(), fd](int) {
        if (read_news(fd)) impl->heard();
    });
    if (!impl_->source->valid()) {
        impl_->source.reset();
        return;
    }
    impl_->source->watch(UV_READABLE);
#else
    static_cast<void>(loop);
#endif
}

NetworkWatch::~NetworkWatch() = default;

bool NetworkWatch::active() const noexcept
{
    return impl_->source != nullptr;
}

} // namespace godwit::loop
