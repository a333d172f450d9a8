// SPDX-License-Identifier: Apache-2.0
#include "tests/relay/enemy.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <unistd.h>

namespace godwit::relay::test {

sockaddr_in loopback(std::uint8_t last, std::uint16_t port)
{
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    out.sin_addr.s_addr = htonl(0x7f000000U | last);
    return out;
}

Enemy::Enemy(int type, std::uint16_t port, std::uint8_t last) : fd_(::socket(AF_INET, type | SOCK_NONBLOCK, 0))
{
    REQUIRE(fd_ >= 0);
    auto at = loopback(last, 0);
    REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
    at = loopback(1, port);
    (void)!::connect(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at); // the relay may have had enough
    pollfd waiting{fd_, POLLOUT, 0};
    (void)::poll(&waiting, 1, 1'000);
}

Enemy::~Enemy()
{
    ::close(fd_);
}

std::optional<Bytes> Enemy::receive(int wait_ms) const
{
    pollfd waiting{fd_, POLLIN, 0};
    if (::poll(&waiting, 1, wait_ms) != 1) return std::nullopt;
    Bytes out(65'536);
    const auto got = ::recv(fd_, out.data(), out.size(), 0);
    out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return out;
}

bool Enemy::is_closed() const
{
    std::uint8_t byte = 0;
    const auto got = ::recv(fd_, &byte, 1, MSG_PEEK);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

Bytes first_flight(Over over, const wire::RelayAddress& relay)
{
    const int fd = ::socket(AF_INET, over == Over::quic ? SOCK_DGRAM : SOCK_STREAM, 0);
    REQUIRE(fd >= 0);
    auto at = loopback(1, 0);
    REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
    if (over == Over::tls) REQUIRE(::listen(fd, 1) == 0);
    socklen_t size = sizeof at;
    REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    auto decoy = relay;
    decoy.port = ntohs(at.sin_port);
    loop::Loop loop;
    LiveClient client(loop, decoy, over, 50);
    int from = fd;
    Bytes out(4'096);
    ssize_t got = -1;
    REQUIRE(client.until([&] {
        pollfd waiting{from, POLLIN, 0};
        if (::poll(&waiting, 1, 10) != 1) {
            loop.run_once(std::chrono::milliseconds(1));
            return false;
        }
        if (over == Over::tls && from == fd) {
            from = ::accept(fd, nullptr, nullptr);
            return false;
        }
        got = ::recv(from, out.data(), out.size(), 0);
        return true;
    }));
    if (from != fd) ::close(from);
    ::close(fd);
    REQUIRE(got > 100);
    out.resize(static_cast<std::size_t>(got));
    return out;
}

std::uint64_t counter(const std::string& stats, const std::string& name)
{
    const auto at = stats.find("\"" + name + "\":");
    REQUIRE(at != std::string::npos);
    return std::strtoull(stats.c_str() + at + name.size() + 3, nullptr, 10);
}

std::size_t resident_kib(pid_t pid)
{
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:")) return std::strtoull(line.c_str() + 6, nullptr, 10);
    return 0;
}

Bytes noise(Random& random, std::size_t bytes_max)
{
    Bytes out(random() % (bytes_max + 1));
    for (auto& b : out)
        b = static_cast<std::uint8_t>(random());
    return out;
}

/// One to four edits: a bit, a byte, a cut, an insertion, a piece of `other`.
Bytes mutated(Bytes bytes, const Bytes& other, Random& random)
{
    for (auto edits = random() % 4 + 1; edits > 0; --edits) {
        const auto at = bytes.empty() ? 0 : random() % bytes.size();
        const auto here = bytes.begin() + static_cast<std::ptrdiff_t>(at);
        switch (random() % 5) {
        case 0:
            if (!bytes.empty()) *here = static_cast<std::uint8_t>(*here ^ (1U << random() % 8));
            break;
        case 1:
            if (!bytes.empty()) *here = static_cast<std::uint8_t>(random());
            break;
        case 2: bytes.resize(at); break;
        case 3: {
            const auto more = noise(random, 16);
            bytes.insert(here, more.begin(), more.end());
            break;
        }
        default: {
            const auto from = other.empty() ? 0 : random() % other.size();
            bytes.resize(at);
            bytes.insert(bytes.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
        }
        }
    }
    return bytes;
}

std::size_t open_files(pid_t pid)
{
    std::error_code ignored;
    const std::filesystem::directory_iterator files("/proc/" + std::to_string(pid) + "/fd", ignored);
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

} // namespace godwit::relay::test
