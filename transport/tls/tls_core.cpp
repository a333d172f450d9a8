// SPDX-License-Identifier: Apache-2.0
#include "transport/tls/tls_core.hpp"

#include <algorithm>
#include <cerrno>

namespace godwit::tls {
namespace {

/// Plaintext of one record (RFC 8446 section 5.1).
constexpr std::size_t record_bytes_max = 16 * 1024;
/// Read in one turn of the loop: fairness between links.
constexpr std::size_t receive_turn_bytes_max = 256 * 1024;
/// A pong may be lost only with the connection; ask again no more often than this.
constexpr Duration keep_alive_min = std::chrono::seconds(1);
/// STUN begins with two zero bits and a method of twelve (RFC 7983 section 7: 0 to 3); TLS with a content type (20 to
/// 63).
constexpr std::uint8_t stun_first_byte_max = 3;

} // namespace

TlsCore::TlsCore(loop::Loop& loop, const Identity& identity, Role role, PeerPolicy peer, std::string alpn,
                 LinkOptions options)
    : loop_(loop), identity_(identity), role_(role), policy_(std::move(peer)), alpn_(std::move(alpn)),
      options_(options), turn_timer_(loop, [this] { turn(); }), check_timer_(loop, [this] { check_time(); }),
      started_(loop::Loop::now().mono), last_heard_(started_), last_asked_(started_)
{
    limit_frames(options_.frame_bytes_max);
    check_timer_.set(started_ + options_.handshake_max);
}

TlsCore::~TlsCore() = default;

void TlsCore::connect(const loop::Address& to)
{
    from = to;
    stream_ = loop::TcpStream::connect(loop_, to, *this);
}

void TlsCore::accept(std::unique_ptr<loop::TcpStream> stream)
{
    from = stream->peer();
    state_ = State::handshaking; // the session is made at the first byte: a silent stranger costs only a socket
    stream_ = std::move(stream);
    stream_->observe(*this);
}

// ------------------------------------------------------------------------------------------- handshake

void TlsCore::tcp_connected(loop::TcpStream&, const std::optional<Error>& fault)
{
    const auto self = shared_from_this();
    if (fault) return fail(*fault);
    rtt_ = loop::Loop::now().mono - started_; // SYN and back: a first guess
    state_ = State::handshaking;
    handshake();
}

bool TlsCore::start_session()
{
    auto made = make_session(identity_, role_, Carrier::tcp, alpn_);
    if (!made) {
        fail(std::move(made).error());
        return false;
    }
    session_ = std::move(made).value();
    gnutls_session_set_ptr(session_.get(), this);
    gnutls_session_set_verify_function(session_.get(), verify);
    gnutls_transport_set_ptr(session_.get(), this);
    gnutls_transport_set_pull_function(session_.get(), pull);
    gnutls_transport_set_push_function(session_.get(), push);
    gnutls_handshake_set_timeout(session_.get(), GNUTLS_INDEFINITE_TIMEOUT); // check_timer_ does that
    return true;
}

ssize_t TlsCore::pull(gnutls_transport_ptr_t self, void* data, std::size_t size)
{
    auto& core = *static_cast<TlsCore*>(self);
    const loop::TcpIo io = core.stream_->read(std::span(static_cast<std::uint8_t*>(data), size));
    if (io.state == loop::TcpIo::State::ok) return static_cast<ssize_t>(io.bytes);
    if (io.state == loop::TcpIo::State::end) return 0;
    gnutls_transport_set_errno(core.session_.get(), io.state == loop::TcpIo::State::would_block ? EAGAIN : ECONNRESET);
    return -1;
}

ssize_t TlsCore::push(gnutls_transport_ptr_t self, const void* data, std::size_t size)
{
    auto& core = *static_cast<TlsCore*>(self);
    const loop::TcpIo io = core.stream_->write(BytesView(static_cast<const std::uint8_t*>(data), size));
    if (io.state == loop::TcpIo::State::ok) return static_cast<ssize_t>(io.bytes);
    gnutls_transport_set_errno(core.session_.get(), io.state == loop::TcpIo::State::would_block ? EAGAIN : ECONNRESET);
    return -1;
}

int TlsCore::verify(gnutls_session_t session)
{
    auto& core = *static_cast<TlsCore*>(gnutls_session_get_ptr(session));
    return judge_peer(session, core.policy_, core.verdict_);
}

void TlsCore::handshake()
{
    if (!session_ && !start_session()) return;
    int code = 0;
    do {
        code = gnutls_handshake(session_.get());
    } while (code == GNUTLS_E_INTERRUPTED || code == GNUTLS_E_WARNING_ALERT_RECEIVED);
    if (code == GNUTLS_E_AGAIN) return;
    if (code == 0) return handshake_finished();

    std::optional<int> alert;
    if (code == GNUTLS_E_FATAL_ALERT_RECEIVED)
        alert = static_cast<int>(gnutls_alert_get(session_.get()));
    else
        gnutls_alert_send_appropriate(session_.get(), code); // as far as TCP takes it now
    fail(verdict_.refusal ? *verdict_.refusal : tls_error(code, alert));
}

void TlsCore::handshake_finished()
{
    hear();
    if (!alpn_agreed(session_.get(), alpn_)) {
        gnutls_alert_send(session_.get(), GNUTLS_AL_FATAL, GNUTLS_A_NO_APPLICATION_PROTOCOL);
        return fail(Error{ErrorCode::protocol_mismatch, "the far side does not speak " + alpn_});
    }
    // RFC 8446 section 4.4.3: the handshake completed, so the key that verify() saw is proved.
    if (!verdict_.key) return fail(Error{ErrorCode::authentication_failed, "the far side proved no key"});
    peer_key_ = *verdict_.key;
    if (role_ == Role::server) {
        append_frame(out_, {}); // the confirmation
        become_up();
        if (link != nullptr && state_ == State::up) want_flush();
    } else {
        state_ = State::confirming;
        receive();
    }
}

void TlsCore::become_up()
{
    state_ = State::up;
    plan_check();
    observer->link_up(*link);
}

// --------------------------------------------------------------------------------------------- traffic

void TlsCore::tcp_readable(loop::TcpStream&)
{
    const auto self = shared_from_this();
    if (state_ == State::handshaking && !session_ && stray && hand_over()) return;
    if (state_ == State::handshaking)
        handshake();
    else if (state_ == State::confirming || state_ == State::up)
        receive();
}

/// True when the connection is somebody else's now, or waits for its first byte.
bool TlsCore::hand_over()
{
    std::uint8_t first = 0;
    const loop::TcpIo io = stream_->peek({&first, 1});
    if (io.state == loop::TcpIo::State::would_block) return true;
    if (io.state != loop::TcpIo::State::ok || first > stun_first_byte_max) return false;
    const auto take = stray;
    auto stream = std::move(stream_);
    fail(Error{ErrorCode::protocol_mismatch, "the far side speaks STUN"});
    take(std::move(stream));
    return true;
}

void TlsCore::tcp_writable(loop::TcpStream&)
{
    const auto self = shared_from_this();
    if (state_ == State::handshaking)
        handshake();
    else if (state_ == State::up || state_ == State::confirming)
        turn();
}

void TlsCore::receive()
{
    std::uint8_t room[record_bytes_max];
    std::size_t taken = 0;
    while (state_ == State::confirming || state_ == State::up) {
        if (taken >= receive_turn_bytes_max) {
            read_again_ = true;
            turn_timer_.set(Instant{});
            return;
        }
        const ssize_t got = gnutls_record_recv(session_.get(), room, sizeof room);
        if (got == GNUTLS_E_AGAIN) return;
        if (got == GNUTLS_E_INTERRUPTED || got == GNUTLS_E_WARNING_ALERT_RECEIVED) continue;
        if (got == 0) return fail(Error{ErrorCode::cancelled, "the far side said goodbye"});
        if (got < 0) {
            std::optional<int> alert;
            if (got == GNUTLS_E_FATAL_ALERT_RECEIVED) alert = static_cast<int>(gnutls_alert_get(session_.get()));
            return fail(tls_error(static_cast<int>(got), alert));
        }
        hear();
        taken += static_cast<std::size_t>(got);
        switch (assembler_.feed(BytesView(room, static_cast<std::size_t>(got)), *this)) {
        case FrameAssembler::Outcome::fed: break;
        case FrameAssembler::Outcome::stopped: return;
        case FrameAssembler::Outcome::malformed:
            return fail(Error{ErrorCode::malformed, "the far side sent a frame that is longer than it may be"});
        }
    }
}

bool TlsCore::frame(BytesView frame)
{
    if (state_ == State::confirming) {
        if (!frame.empty()) {
            fail(Error{ErrorCode::malformed, "the far side did not confirm our key"});
            return false;
        }
        become_up();
    } else {
        received_bytes_ += frame.size();
        observer->link_frame(*link, frame);
    }
    return link != nullptr && state_ == State::up;
}

bool TlsCore::control(std::uint32_t value)
{
    if (state_ != State::up) return false;
    if (value == control_ping) {
        // Answers share the queue's bound: who floods us with pings and reads nothing is cut off.
        if (queued() + frame_head_bytes > port::link_queue_bytes_max + record_bytes_max) return false;
        append(out_, frame_head(control_pong));
        want_flush();
        return true;
    }
    if (value == control_pong) {
        const Duration sample = loop::Loop::now().mono - last_asked_;
        rtt_ = rtt_ == Duration::zero() ? sample : (7 * rtt_ + sample) / 8; // RFC 6298 section 2.3's smoothing
        return true;
    }
    return false;
}

bool TlsCore::send(BytesView frame)
{
    if (state_ != State::up || frame.size() > port::frame_bytes_max) return false;
    if (queued() + frame_head_bytes + frame.size() > port::link_queue_bytes_max) {
        said_no_ = true;
        return false;
    }
    append_frame(out_, frame);
    sent_bytes_ += frame.size();
    want_flush();
    return true;
}

void TlsCore::want_flush()
{
    if (turn_timer_.deadline() == never)
        turn_timer_.set(Instant{}); // frames of one turn share records and system calls
}

void TlsCore::turn()
{
    const auto self = shared_from_this();
    if (state_ == State::down) return;
    if (!flush()) return;
    if (said_no_ && queued() < port::link_queue_bytes_max / 2) {
        said_no_ = false;
        observer->link_writable(*link);
        if (link == nullptr || state_ != State::up) return;
    }
    if (std::exchange(read_again_, false)) receive();
}

/// Moves out_ into records and those into TCP. False: failed, and fail() was called.
bool TlsCore::flush()
{
    while (queued() > 0) {
        const std::size_t size = std::min(queued(), record_bytes_max);
        // After EAGAIN GnuTLS holds the encrypted record and wants an empty call to go on.
        const ssize_t put = record_offered_ > 0 ? gnutls_record_send(session_.get(), nullptr, 0)
                                                : gnutls_record_send(session_.get(), out_.data() + out_head_, size);
        if (put == GNUTLS_E_INTERRUPTED) continue;
        if (put == GNUTLS_E_AGAIN) {
            if (record_offered_ == 0) record_offered_ = size;
            break; // tcp_writable follows
        }
        if (put < 0) {
            fail(tls_error(static_cast<int>(put), std::nullopt));
            return false;
        }
        out_head_ += static_cast<std::size_t>(put);
        record_offered_ = 0;
    }
    if (queued() == 0) {
        out_.clear();
        out_head_ = 0;
        if (out_.capacity() > 4 * record_bytes_max) Bytes().swap(out_); // an idle link keeps no burst's memory
    } else if (out_head_ > out_.size() / 2) {
        out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(out_head_));
        out_head_ = 0;
    }
    return true;
}

// ---------------------------------------------------------------------------------------- time and end

void TlsCore::hear()
{
    last_heard_ = loop::Loop::now().mono;
}

void TlsCore::plan_check()
{
    Instant next = never;
    if (options_.idle_max > Duration::zero()) next = last_heard_ + options_.idle_max;
    if (options_.keep_alive > Duration::zero()) {
        const Instant ask = std::max(last_heard_ + options_.keep_alive,
                                     last_asked_ + std::max(options_.keep_alive / 4, keep_alive_min));
        next = earlier(next, ask);
    }
    check_timer_.set(next);
}

void TlsCore::check_time()
{
    const auto self = shared_from_this();
    const Instant now = loop::Loop::now().mono;
    if (state_ != State::up)
        return fail(Error{ErrorCode::timed_out, "no authenticated connection with " + from.text() + " in time"});
    if (options_.idle_max > Duration::zero() && now >= last_heard_ + options_.idle_max)
        return fail(Error{ErrorCode::timed_out, "nothing heard from " + from.text() + " for too long"});
    if (options_.keep_alive > Duration::zero() && now >= last_heard_ + options_.keep_alive) {
        last_asked_ = now;
        if (queued() == 0) append(out_, frame_head(control_ping)); // what waits in the queue asks just as well
        want_flush();
    }
    plan_check();
}

void TlsCore::fail(Error why)
{
    if (state_ == State::down) return;
    state_ = State::down;
    turn_timer_.cancel();
    check_timer_.cancel();
    stream_.reset();
    ticket = {};
    if (link != nullptr) observer->link_down(*link, why); // may destroy the Link: last
}

void TlsCore::close()
{
    if (state_ == State::down) return;
    link = nullptr; // no callback from here on, also when the flush fails
    if (state_ == State::up && flush() && state_ == State::up) gnutls_bye(session_.get(), GNUTLS_SHUT_WR);
    abandon();
}

void TlsCore::abandon()
{
    link = nullptr;
    state_ = State::down;
    turn_timer_.cancel();
    check_timer_.cancel();
    stream_.reset();
    ticket = {};
}

port::LinkQuality TlsCore::quality() const
{
    return {.rtt = rtt_,
            .last_heard = last_heard_,
            .queued_bytes = queued(),
            .sent_bytes = sent_bytes_,
            .received_bytes = received_bytes_};
}

} // namespace godwit::tls
