// SPDX-License-Identifier: Apache-2.0
// The way out of a QuicCore: send() queues, and once a turn flush() lets ngtcp2 write packets into trains of equal
// datagrams.
#include "transport/quic/quantum.hpp"
#include "transport/quic/quic_core.hpp"
#include "transport/quic/quic_time.hpp"

#include <algorithm>

namespace godwit::quic {

bool QuicCore::has_bulk_stream()
{
    if (bulk_stream_ >= 0) return true;
    if (!bulk_refused_) bulk_refused_ = ngtcp2_conn_open_uni_stream(conn_, &bulk_stream_, nullptr) != 0;
    return !bulk_refused_;
}

bool QuicCore::send(BytesView frame, port::Lane lane)
{
    if (state_ != State::up || frame.size() > port::frame_bytes_max) return false;
    auto& queue = lane == port::Lane::bulk && has_bulk_stream() ? bulk_queue_ : queue_;
    if (queue.held_bytes() + tls::frame_head_bytes + frame.size() > port::link_queue_bytes_max) {
        said_no_ = true;
        return false;
    }
    queue.append(tls::frame_head(static_cast<std::uint32_t>(frame.size())));
    queue.append(frame);
    sent_bytes_ += frame.size();
    if (depth_ == 0) write_soon(); // else the caller of ngtcp2 flushes
    return true;
}

/// An oversized datagram would look like congestion, for ever: it is judged before. QUIC's own share is header, tag and
/// frame, as measured; what the path carries is found by probing.
bool QuicCore::fits_path(BytesView datagram) const
{
    constexpr std::size_t around_bytes = 37;
    return datagram.size() + around_bytes <= ngtcp2_conn_get_path_max_tx_udp_payload_size(conn_);
}

bool QuicCore::send_datagram(BytesView datagram)
{
    if (state_ != State::up || datagram.empty()) return false; // ngtcp2 asserts that there is something in it
    constexpr std::size_t frame_bytes = 9;                     // type and length of the longest (RFC 9221 section 4)
    const auto* const far = ngtcp2_conn_get_remote_transport_params(conn_);
    if (far == nullptr || far->max_datagram_frame_size < datagram.size() + frame_bytes || !fits_path(datagram))
        return false;
    if (datagrams_.size() >= datagrams_waiting_max) datagrams_.pop_front();
    datagrams_.push_back(to_bytes(datagram));
    last_datagram_ = loop::Loop::now().mono;
    if (depth_ == 0) write_soon(); // else the caller of ngtcp2 flushes
    return true;
}

ngtcp2_ssize QuicCore::write_datagram(ngtcp2_path& path, ngtcp2_pkt_info& info, std::uint8_t* at, ngtcp2_tstamp now)
{
    auto& first = datagrams_.front();
    const ngtcp2_vec vector{first.data(), first.size()};
    int accepted = 0;
    const ngtcp2_ssize n = ngtcp2_conn_writev_datagram(conn_, &path, &info, at, datagram_bytes_max, &accepted,
                                                       NGTCP2_WRITE_DATAGRAM_FLAG_NONE, 0, &vector, 1, now);
    if (accepted != 0) datagrams_.pop_front();
    return n;
}

void QuicCore::timer_fired()
{
    const auto self = shared_from_this();
    if (fail_soon_) return fail(*fail_soon_);
    if (conn_ == nullptr) return fail(Error{ErrorCode::timed_out, "the far side did not begin the handshake in time"});
    flush();
}

void QuicCore::writable()
{
    const auto self = shared_from_this();
    flush();
}

void QuicCore::flush()
{
    if (state_ == State::down || conn_ == nullptr) return;
    if (session_ && ngtcp2_conn_get_handshake_completed(conn_) != 0) forget_session();
    const ngtcp2_tstamp now = stamp_now();
    if (ngtcp2_conn_get_expiry(conn_) <= now) {
        ++depth_;
        const int code = ngtcp2_conn_handle_expiry(conn_, now);
        --depth_;
        if (code != 0) return conn_error(code);
    }
    write();
    if (state_ != State::up || !said_no_ || queue_.held_bytes() >= port::link_queue_bytes_max / 2 ||
        bulk_queue_.held_bytes() >= port::link_queue_bytes_max / 2)
        return;
    said_no_ = false;
    if (link != nullptr) observer->link_writable(*link); // may destroy the Link: last
}

void QuicCore::write()
{
    if (!blocked_.empty()) {
        if (!sink_->send_train(*this, blocked_path_.path, blocked_, blocked_segment_, blocked_ecn_)) return;
        Bytes().swap(blocked_);
    }
    const ngtcp2_tstamp now = stamp_now();
    if (!write_packets(now)) return;
    // Pacing before the handshake completed would space it by the guessed 333 ms round trip.
    // Who sends datagrams paces them by an estimate of their own (media/rate). ngtcp2's takes their trickle for all
    // that the path gives, and would hold back what comes on top of it for seconds: meanwhile nothing waits for the
    // pacer, and the congestion window alone bounds what is on its way. A time long ago takes what was counted off the
    // books.
    const bool media = stamp(last_datagram_) + span_of(media_pause_max) > now && last_datagram_ != Instant{};
    if (ngtcp2_conn_get_handshake_completed(conn_) != 0) ngtcp2_conn_update_pkt_tx_time(conn_, media ? 0 : now);
    plan();
}

void QuicCore::plan()
{
    const ngtcp2_tstamp expiry = ngtcp2_conn_get_expiry(conn_);
    if (expiry == UINT64_MAX) return timer_.cancel();
    timer_.set(Instant(Duration(static_cast<Duration::rep>(expiry / NGTCP2_MICROSECONDS + 1))));
}

/// False: the connection has ended.
bool QuicCore::write_packets(ngtcp2_tstamp now)
{
    std::uint8_t train[train_bytes_max];
    std::size_t size = 0;    // of the train so far
    std::size_t segment = 0; // of each datagram in it but the last
    ngtcp2_path_storage path;
    ngtcp2_path_storage_zero(&path);
    std::uint8_t ecn = 0;
    bool prompt_blocked = false;
    bool bulk_blocked = false;
    ngtcp2_conn_stat stat;
    ngtcp2_conn_get_conn_stat(conn_, &stat);
    std::size_t quantum_left = quantum_bytes(stat.pacing_rate, stat.send_quantum);

    const auto send_off = [&] {
        const bool taken = size == 0 || send_train(path.path, BytesView(train, size), segment, ecn);
        size = 0;
        return taken;
    };
    while (quantum_left > 0) {
        if (size + datagram_bytes_max > train_bytes_max && !send_off()) break;
        BytesView pieces[8];
        ngtcp2_vec vectors[8];
        while (!datagrams_.empty() && !fits_path(datagrams_.front()))
            datagrams_.pop_front(); // the path has become narrower
        const bool datagram = state_ == State::up && !datagrams_.empty();
        const bool prompt = !datagram && stream_ >= 0 && !prompt_blocked && queue_.has_unsent();
        const bool bulk = !datagram && !prompt && bulk_stream_ >= 0 && !bulk_blocked && bulk_queue_.has_unsent();
        auto& queue = bulk ? bulk_queue_ : queue_;
        const std::size_t count = prompt || bulk ? queue.peek(pieces) : 0;
        for (std::size_t i = 0; i < count; ++i)
            vectors[i] = {const_cast<std::uint8_t*>(pieces[i].data()), pieces[i].size()};

        ngtcp2_path_storage packet_path;
        ngtcp2_path_storage_zero(&packet_path);
        ngtcp2_pkt_info info{};
        ngtcp2_ssize of_stream = -1;
        std::uint8_t* const at = train + size;
        ++depth_;
        const ngtcp2_ssize n = datagram
                                   ? write_datagram(packet_path.path, info, at, now)
                                   : ngtcp2_conn_writev_stream(conn_, &packet_path.path, &info, at, datagram_bytes_max,
                                                               &of_stream, NGTCP2_WRITE_STREAM_FLAG_NONE,
                                                               bulk        ? bulk_stream_
                                                               : count > 0 ? stream_
                                                                           : -1,
                                                               count > 0 ? vectors : nullptr, count, now);
        --depth_;
        if (n == NGTCP2_ERR_STREAM_DATA_BLOCKED || n == NGTCP2_ERR_STREAM_SHUT_WR) {
            (bulk ? bulk_blocked : prompt_blocked) = true; // flow control of the far side: its MAX_STREAM_DATA wakes us
            continue;
        }
        if (n < 0) {
            static_cast<void>(send_off());
            conn_error(static_cast<int>(n));
            return false;
        }
        if (n == 0) break; // nothing to say, or congestion, or pacing: a datagram or the timer goes on
        if (of_stream > 0) queue.written(static_cast<std::size_t>(of_stream));
        const auto packet = static_cast<std::size_t>(n);
        quantum_left -= std::min(quantum_left, packet);

        // A train is one path, one ECN mark and equal segments of which only the last may be shorter.
        if (size > 0 && (ecn != info.ecn || packet > segment || ngtcp2_path_eq(&path.path, &packet_path.path) == 0)) {
            Bytes odd(at, at + packet);
            if (!send_off()) break; // the odd one is lost, which is legal; QUIC sends it again
            std::copy(odd.begin(), odd.end(), train);
        }
        if (size == 0) {
            segment = packet;
            ecn = static_cast<std::uint8_t>(info.ecn);
            ngtcp2_path_copy(&path.path, &packet_path.path);
        }
        size += packet;
        if (quantum_left < packet) break; // another one would be beyond it, and go alone
        if (packet < segment && !send_off()) break;
    }
    static_cast<void>(send_off());
    return true;
}

bool QuicCore::send_train(const ngtcp2_path& path, BytesView bytes, std::size_t segment_bytes, std::uint8_t ecn)
{
    if (blocked_.empty() && sink_->send_train(*this, path, bytes, segment_bytes, ecn)) return true;
    if (!blocked_.empty()) return false; // one train waits already; this one is lost, which is legal
    blocked_ = to_bytes(bytes);
    blocked_segment_ = segment_bytes;
    blocked_ecn_ = ecn;
    ngtcp2_path_storage_zero(&blocked_path_);
    ngtcp2_path_copy(&blocked_path_.path, &path);
    return false;
}

} // namespace godwit::quic
