// SPDX-License-Identifier: Apache-2.0
#include "bench/turn/loader.hpp"

#include "bench/turn/server.hpp"
#include "relay/stun/credentials.hpp"
#include "relay/turn/rest.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <arpa/inet.h>
#include <chrono>
#include <ctime>
#include <netinet/in.h>
#include <poll.h>
#include <utility>

namespace bench::turn {

namespace stun = godwit::relay::stun;
namespace attribute = stun::attribute;
using godwit::Bytes;
using godwit::BytesView;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::uint16_t channel = 0x4000;
constexpr std::size_t batch = 64;
constexpr std::size_t room_bytes = 2048;
/// A server that is still starting.
constexpr int tries_max = 100;
constexpr int try_ms = 100;
/// A port that a client of the load before had, which the server still takes for that one's.
constexpr int ports_tried_max = 20;
/// Nothing for so long: what was under way is lost.
constexpr int silence_ms = 200;

int udp_socket(std::uint16_t connect_to)
{
    const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) give_up("no UDP socket");
    at.sin_port = htons(connect_to);
    if (connect_to != 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) give_up("no route");
    const int bytes = 4 * 1024 * 1024;
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    return fd;
}

struct Batch {
    mmsghdr headers[batch]{};
    iovec vectors[batch]{};
    sockaddr_in from[batch]{};
    std::uint8_t rooms[batch][room_bytes];

    /// How many came.
    std::size_t receive(int fd)
    {
        for (std::size_t i = 0; i < batch; ++i) {
            vectors[i] = {rooms[i], room_bytes};
            headers[i] = {};
            headers[i].msg_hdr = {&from[i], sizeof from[i], &vectors[i], 1, nullptr, 0, 0};
        }
        const int got = ::recvmmsg(fd, headers, batch, MSG_DONTWAIT, nullptr);
        return got > 0 ? static_cast<std::size_t>(got) : 0;
    }
};

Batch& scratch()
{
    static Batch out;
    return out;
}

Bytes next_transaction()
{
    static std::uint64_t number = 0;
    Bytes out{0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0};
    ++number;
    for (int shift = 56; shift >= 0; shift -= 8)
        out.push_back(static_cast<std::uint8_t>(number >> shift));
    return out;
}

} // namespace

Loader::Loader(std::uint16_t server_port, const Traffic& traffic) : traffic_(traffic)
{
    if (traffic.clients > clients_max) give_up("too many clients");
    peer_ = udp_socket(0);
    sockaddr_in at{};
    socklen_t length = sizeof at;
    ::getsockname(peer_, reinterpret_cast<sockaddr*>(&at), &length);
    peer_port_ = ntohs(at.sin_port);
    datagram_ = {channel >> 8, channel & 0xff, static_cast<std::uint8_t>(traffic.payload_bytes >> 8),
                 static_cast<std::uint8_t>(traffic.payload_bytes)};
    datagram_.resize(4 + traffic.payload_bytes, 'x');
    poll_ = ::epoll_create1(0);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = clients_max;
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, peer_, &event);
    clients_.resize(traffic.clients);
    for (std::size_t i = 0; i < clients_.size(); ++i) {
        open(clients_[i], server_port);
        allocate(clients_[i]);
        event.data.u64 = i;
        ::epoll_ctl(poll_, EPOLL_CTL_ADD, clients_[i].fd, &event);
    }
}

Loader::~Loader()
{
    try {
        for (const auto& client : clients_) {
            stun::Writer end(stun::Method::refresh, stun::Class::request, next_transaction());
            end.put_u32(attribute::lifetime, 0);
            ask(client, std::move(end));
        }
    } catch (const GaveUp&) { // the server is gone, and its allocations with it
    }
    for (const auto& client : clients_)
        ::close(client.fd);
    ::close(peer_);
    ::close(poll_);
}

/// The answer to this request; what is left of others, and data, is passed over.
Bytes Loader::exchange(int fd, const Bytes& request) const
{
    for (int i = 0; i < tries_max; ++i) {
        static_cast<void>(::send(fd, request.data(), request.size(), 0));
        pollfd waiting{fd, POLLIN, 0};
        while (::poll(&waiting, 1, try_ms) == 1) {
            Bytes out(room_bytes);
            const auto got = ::recv(fd, out.data(), out.size(), MSG_DONTWAIT);
            if (got < 0) {
                ::poll(nullptr, 0, try_ms); // refused: it does not listen yet
                break;
            }
            out.resize(static_cast<std::size_t>(got));
            if (got >= 20 && out[0] < 0x40 && std::equal(out.begin() + 4, out.begin() + 20, request.begin() + 4))
                return out;
        }
    }
    give_up("the server does not answer");
}

/// A socket that is a stranger to the server, which greets it with a challenge. One with the port of a client of the
/// load before, one time in ten among fifty, is none to coturn, which lets go of an allocation some time after it was
/// given back.
void Loader::open(Client& client, std::uint16_t server_port) const
{
    std::vector<int> known; // open until another port is found
    for (int i = 0; i < ports_tried_max && client.nonce.empty(); ++i) {
        client.fd = udp_socket(server_port);
        stun::Writer first(stun::Method::allocate, stun::Class::request, next_transaction());
        first.put_u32(attribute::requested_transport, 17U << 24);
        const auto answer = exchange(client.fd, first.take());
        const auto challenge = stun::Message::decode(answer);
        if (challenge && challenge->has(attribute::nonce) && challenge->has(attribute::realm)) {
            client.realm = godwit::as_text(challenge->find(attribute::realm)->value);
            client.nonce = godwit::as_text(challenge->find(attribute::nonce)->value);
        } else {
            known.push_back(std::exchange(client.fd, -1));
        }
    }
    for (const int fd : known)
        ::close(fd);
    if (client.nonce.empty()) give_up("no challenge");
}

/// Allocate, ChannelBind.
void Loader::allocate(Client& client) const
{
    client.user = godwit::relay::turn::rest_username(std::time(nullptr) + 3600, "bench");
    const auto password = godwit::relay::turn::rest_password(godwit::as_bytes(secret), client.user);
    client.key = stun::long_term_key(stun::PasswordAlgorithm::md5, godwit::as_bytes(client.user),
                                     godwit::as_bytes(client.realm), godwit::as_bytes(password));
    stun::Writer second(stun::Method::allocate, stun::Class::request, next_transaction());
    second.put_u32(attribute::requested_transport, 17U << 24);
    ask(client, std::move(second));
    stun::Writer bind(stun::Method::channel_bind, stun::Class::request, next_transaction());
    bind.put_u32(attribute::channel_number, std::uint32_t{channel} << 16)
        .put_xor_address(attribute::xor_peer_address, stun::Endpoint::of(Bytes{127, 0, 0, 1}, peer_port_));
    ask(client, std::move(bind));
}

void Loader::ask(const Client& client, stun::Writer request) const
{
    request.put(attribute::username, client.user)
        .put(attribute::realm, client.realm)
        .put(attribute::nonce, client.nonce)
        .put_integrity(client.key);
    const auto answer = exchange(client.fd, request.take());
    const auto message = stun::Message::decode(answer);
    if (message && message->message_class() == stun::Class::success) return;
    const auto* const error = message ? message->find(attribute::error_code) : nullptr;
    const auto why = error == nullptr ? std::nullopt : stun::read_error(error->value);
    give_up("the server refused: " + (why ? std::to_string(why->code) : "no reason given"));
}

void Loader::send(Client& client, std::size_t count) const
{
    mmsghdr headers[batch]{};
    iovec vector{const_cast<std::uint8_t*>(datagram_.data()), datagram_.size()};
    for (std::size_t i = 0; i < std::min(count, batch); ++i) {
        headers[i].msg_hdr.msg_iov = &vector;
        headers[i].msg_hdr.msg_iovlen = 1;
    }
    const int sent = ::sendmmsg(client.fd, headers, static_cast<unsigned>(std::min(count, batch)), 0);
    if (sent > 0) client.under_way += static_cast<std::size_t>(sent);
}

std::size_t Loader::receive(int fd) const
{
    return scratch().receive(fd);
}

void Loader::echo() const
{
    auto& room = scratch();
    const auto got = room.receive(peer_);
    for (std::size_t i = 0; i < got; ++i)
        room.vectors[i].iov_len = room.headers[i].msg_len;
    if (got > 0) static_cast<void>(::sendmmsg(peer_, room.headers, static_cast<unsigned>(got), 0));
}

Outcome Loader::run(double seconds)
{
    Outcome out;
    const auto start = Clock::now();
    const auto end = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    for (auto& client : clients_)
        send(client, traffic_.window);
    epoll_event events[batch];
    auto now = start;
    while (true) {
        const int ready = ::epoll_wait(poll_, events, batch, silence_ms);
        now = Clock::now();
        if (ready <= 0) break; // after the end all is back; before it, all is lost
        for (int i = 0; i < ready; ++i) {
            const auto which = events[i].data.u64;
            if (which == clients_max) {
                echo();
                continue;
            }
            auto& client = clients_[which];
            const auto got = receive(client.fd);
            client.under_way -= std::min(got, client.under_way);
            out.relayed += 2 * got;
            if (now < end) send(client, traffic_.window - client.under_way);
        }
    }
    out.seconds = std::chrono::duration<double>(now - start).count() - silence_ms / 1e3;
    for (auto& client : clients_)
        out.lost += std::exchange(client.under_way, 0);
    return out;
}

} // namespace bench::turn
