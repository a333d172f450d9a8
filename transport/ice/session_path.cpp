// SPDX-License-Identifier: Apache-2.0
// The path of a session: datagrams in, with a bounded buffer until somebody observes; datagrams out; and the black
// hole.
#include "transport/ice/session_core.hpp"
#include "transport/ice/socket_filter.hpp"
#include "transport/ice/train.hpp"
#include "transport/loop/sockaddr.hpp"

#include <algorithm>
#include <array>

namespace godwit::ice {

namespace {

/// Messages handed to libnice in one call.
constexpr std::size_t send_batch_max = 32;

} // namespace

void SessionCore::observe(port::DatagramPathObserver* observer)
{
    path_observer_ = observer;
    if (observer == nullptr || early_.empty()) return;
    Event event;
    event.kind = Event::Kind::early;
    post(std::move(event));
}

void SessionCore::deliver_early()
{
    while (path_observer_ != nullptr && !early_.empty()) {
        const auto datagram = std::move(early_.front());
        early_.pop_front();
        early_bytes_ -= datagram.size();
        path_observer_->path_datagram(datagram);
    }
}

void SessionCore::on_datagram(NiceAgent*, guint, guint, guint length, gchar* data, gpointer self) noexcept
{
    const auto core = static_cast<SessionCore*>(self)->shared_from_this();
    core->receive(BytesView(reinterpret_cast<const std::uint8_t*>(data), length));
}

void SessionCore::receive(BytesView datagram)
{
    if (blackholed()) {
        ++counters_.dropped_datagrams;
        return;
    }
    ++counters_.received_datagrams;
    if (path_observer_ != nullptr && early_.empty()) {
        path_observer_->path_datagram(datagram);
        return;
    }
    if (early_.size() >= early_datagrams_max || early_bytes_ + datagram.size() > early_bytes_max) {
        ++counters_.dropped_datagrams;
        return;
    }
    early_bytes_ += datagram.size();
    early_.push_back(to_bytes(datagram));
}

std::optional<SessionCore::PlainPair> SessionCore::plain_pair() const
{
    NiceCandidate* local = nullptr;
    NiceCandidate* remote = nullptr;
    if (nice_agent_get_selected_pair(agent_, stream_, component_id, &local, &remote) == FALSE ||
        local->transport != NICE_CANDIDATE_TRANSPORT_UDP || local->type == NICE_CANDIDATE_TYPE_RELAYED)
        return std::nullopt;
    const std::unique_ptr<GSocket, decltype(&g_object_unref)> socket(
        nice_agent_get_selected_socket(agent_, stream_, component_id), &g_object_unref);
    if (!socket) return std::nullopt;
    PlainPair out;
    out.fd = g_socket_get_fd(socket.get());
    nice_address_copy_to_sockaddr(&remote->addr, reinterpret_cast<sockaddr*>(&out.to));
    return out;
}

/// Where the system has no such socket all goes on by libnice.
void SessionCore::open_trains_in()
{
    trains_in_.reset();
    const auto pair = plain_pair();
    if (!pair) return;
    const auto from = loop::from_sockaddr(reinterpret_cast<const sockaddr*>(&pair->to));
    auto opened = loop::UdpSocket::open_beside(runtime_->loop(), pair->fd, from, *this);
    if (opened) trains_in_ = std::move(opened).value();
}

void SessionCore::udp_datagrams(loop::UdpSocket&, std::span<const loop::UdpDatagram> datagrams)
{
    const auto self = shared_from_this();
    for (const auto& one : datagrams)
        if (phase_ == Phase::connected) { // each may end the session
            ++counters_.received_past_libnice;
            receive(one.bytes);
        }
}

/// As send(), where the pair in use is a plain one. It is asked for each time: it may change, and libnice may close a
/// socket.
std::optional<std::size_t> SessionCore::send_past_libnice(std::span<const BytesView> datagrams)
{
    const auto pair = plain_pair();
    if (!pair) return std::nullopt;
    const auto* const to = reinterpret_cast<const sockaddr*>(&pair->to);
    const auto to_bytes =
        static_cast<socklen_t>(pair->to.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
    if (!trains_refused_ && is_train(datagrams)) {
        switch (send_train(pair->fd, to, to_bytes, datagrams)) {
        case TrainOutcome::sent: counters_.sent_datagrams += datagrams.size(); return datagrams.size();
        case TrainOutcome::full: return 0;
        case TrainOutcome::apart: break;
        case TrainOutcome::refused: trains_refused_ = true; break;
        }
    }
    for (std::size_t taken = 0; taken < datagrams.size(); ++taken) {
        switch (send_one(pair->fd, to, to_bytes, datagrams[taken])) {
        case TrainOutcome::sent: ++counters_.sent_datagrams; break;
        case TrainOutcome::full: return taken;
        // Unreachable, too long, no route: for the caller a loss like any other, or it would try for ever.
        case TrainOutcome::apart:
        case TrainOutcome::refused: ++counters_.dropped_datagrams; break;
        }
    }
    return datagrams.size();
}

std::size_t SessionCore::send(std::span<const BytesView> datagrams)
{
    if (phase_ == Phase::fresh || phase_ == Phase::checking) return 0;
    if (phase_ == Phase::over ||
        blackholed()) { // Taken, and lost: the caller hears of it by path_failed, or by its own timers.
        counters_.dropped_datagrams += datagrams.size();
        return datagrams.size();
    }
    if (const auto taken = send_past_libnice(datagrams)) return *taken;
    runtime_->look(); // a relayed pair may want a permission renewed, or to be told when a stream has room
    std::size_t taken = 0;
    while (taken < datagrams.size()) {
        std::array<GOutputVector, send_batch_max> vectors{};
        std::array<NiceOutputMessage, send_batch_max> messages{};
        const auto count = std::min(send_batch_max, datagrams.size() - taken);
        for (std::size_t i = 0; i < count; ++i) {
            const auto& datagram = datagrams[taken + i];
            vectors[i] = {datagram.data(), datagram.size()};
            messages[i] = {&vectors[i], 1};
        }
        GError* problem = nullptr;
        const auto sent = nice_agent_send_messages_nonblocking(agent_, stream_, component_id, messages.data(),
                                                               static_cast<guint>(count), nullptr, &problem);
        if (sent < 0) {
            const bool full = g_error_matches(problem, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) != FALSE;
            g_clear_error(&problem);
            if (full) break;
            ++counters_.dropped_datagrams; // As above.
            ++taken;
            continue;
        }
        taken += static_cast<std::size_t>(sent);
        counters_.sent_datagrams += static_cast<std::uint64_t>(sent);
        if (static_cast<std::size_t>(sent) < count) break;
    }
    return taken;
}

void SessionCore::set_blackhole(bool on)
{
    blackhole_ = on;
    apply_blackhole();
}

void SessionCore::apply_blackhole()
{
    if (agent_ == nullptr || phase_ == Phase::fresh) return;
    auto* sockets = nice_agent_get_sockets(agent_, stream_, component_id);
    if (sockets == nullptr) return;
    for (guint i = 0; i < sockets->len; ++i)
        set_socket_deaf(g_socket_get_fd(static_cast<GSocket*>(g_ptr_array_index(sockets, i))), blackholed());
    g_ptr_array_unref(sockets);
}

} // namespace godwit::ice
