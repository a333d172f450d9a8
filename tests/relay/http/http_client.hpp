// SPDX-License-Identifier: Apache-2.0
// An HTTP client by hand: a test says byte for byte what is sent, and sees what comes.
#pragma once

#include "tests/transport/support/until.hpp"
#include "transport/loop/sockaddr.hpp"

#include <cerrno>
#include <doctest/doctest.h>
#include <unistd.h>

namespace godwit::relay::test {

class HttpClient {
public:
    HttpClient(loop::Loop& loop, const loop::Address& to)
        : loop_(loop), fd_(::socket(to.is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0))
    {
        sockaddr_storage name{};
        const auto length = loop::to_sockaddr(to, to.is_v6, name);
        REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&name), length) == 0);
    }
    ~HttpClient() { ::close(fd_); }
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    /// False: the far side has closed.
    bool send(std::string_view bytes)
    {
        while (!bytes.empty()) {
            const auto put = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (put > 0)
                bytes.remove_prefix(static_cast<std::size_t>(put));
            else if (errno == EAGAIN)
                loop_.run_once(std::chrono::milliseconds(1));
            else
                return false;
        }
        return true;
    }
    /// Turns the loop until what came contains `text`, or the connection ended.
    bool sees(std::string_view text)
    {
        return godwit::test::until(loop_, [&] { return take() || seen.find(text) != std::string::npos; }) &&
               seen.find(text) != std::string::npos;
    }
    bool ends()
    {
        return godwit::test::until(loop_, [&] { return take(); });
    }
    /// One answer with a content-length, taken out of what was seen.
    std::string answer()
    {
        if (!sees("\r\n\r\n")) return "";
        const auto head = seen.find("\r\n\r\n") + 4;
        const auto at = seen.find("content-length: ");
        const auto length = at < head ? std::stoul(seen.substr(at + 16)) : 0;
        (void)godwit::test::until(loop_, [&] { return take() || seen.size() >= head + length; });
        auto out = seen.substr(0, head + length);
        seen.erase(0, head + length);
        return out;
    }
    std::string ask(std::string_view request)
    {
        send(request);
        return answer();
    }

    std::string seen;

private:
    /// True at the end.
    bool take()
    {
        char room[65536];
        for (;;) {
            const auto got = ::recv(fd_, room, sizeof room, MSG_DONTWAIT);
            if (got > 0)
                seen.append(room, static_cast<std::size_t>(got));
            else
                return got == 0 || errno != EAGAIN;
        }
    }

    loop::Loop& loop_;
    int fd_;
};

} // namespace godwit::relay::test
