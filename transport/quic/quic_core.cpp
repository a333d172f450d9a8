// SPDX-License-Identifier: Apache-2.0
#include "transport/quic/quic_core.hpp"

#include "lib/base/check.hpp"
#include "transport/loop/sockaddr.hpp"
#include "transport/quic/quic_callbacks.hpp"
#include "transport/quic/quic_time.hpp"

#include <algorithm>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

namespace godwit::quic {
namespace {

// Windows. Data counts against them only while it waits for an earlier packet: frames are consumed as they complete.
/// What a stranger may make us hold at once (docs: an unauthenticated connection costs at most 16 KiB of our state).
constexpr std::uint64_t stranger_window_bytes = 16 * 1024;
/// For pinned keys, a stream: ten packets in flight at 100 ms and 20 Mbit/s.
constexpr std::uint64_t peer_window_bytes = 256 * 1024;
/// Grown to by ngtcp2 as the round trip and the speed ask for it: reassembly of one peer.
constexpr std::uint64_t window_bytes_max = 1024 * 1024;
/// One stream does not use up the other's share.
constexpr std::uint64_t stream_window_bytes_max = 3 * window_bytes_max / 4;
constexpr std::uint64_t other_stream_bytes = 128 * 1024;
/// RFC 9000 section 5.1.1: spare ids, so that migration never waits for one. ngtcp2 takes no more than eight.
constexpr std::uint64_t connection_ids_max = 7;
/// RFC 9221: any datagram that fits a packet.
constexpr std::uint64_t datagram_frame_bytes_max = 65535;
/// Application codes in CONNECTION_CLOSE.
constexpr std::uint64_t goodbye = 0;  ///< close()
constexpr std::uint64_t nonsense = 1; ///< The far side broke the framing.
constexpr std::uint64_t vanished = 2; ///< The Link was destroyed without close().

Error from_ngtcp2(int code)
{
    return {ErrorCode::malformed, std::string("QUIC: ") + ngtcp2_strerror(code)};
}

} // namespace

PathHolder::PathHolder(const loop::Address& local_address, const loop::Address& remote_address)
{
    path.local.addrlen = loop::to_sockaddr(local_address, false, local);
    path.local.addr = reinterpret_cast<ngtcp2_sockaddr*>(&local);
    path.remote.addrlen = loop::to_sockaddr(remote_address, false, remote);
    path.remote.addr = reinterpret_cast<ngtcp2_sockaddr*>(&remote);
}

// --------------------------------------------------------------------------------------- start and end

QuicCore::QuicCore(loop::Loop& loop, port::Entropy& entropy, const tls::Identity& identity, tls::Role role,
                   tls::PeerPolicy peer, std::string alpn, tls::LinkOptions options, Trust trust,
                   std::shared_ptr<DatagramSink> sink)
    : loop_(loop), entropy_(entropy), random_{&entropy, true}, identity_(identity), role_(role),
      policy_(std::move(peer)), alpn_(std::move(alpn)), options_(options), trust_(trust), sink_(std::move(sink)),
      timer_(loop, [this] { timer_fired(); }), started_(loop::Loop::now().mono), last_heard_(started_)
{
    limit_frames(options_.frame_bytes_max);
    conn_ref_.user_data = this;
    conn_ref_.get_conn = [](ngtcp2_crypto_conn_ref* reference) {
        return static_cast<QuicCore*>(reference->user_data)->conn_;
    };
}

QuicCore::~QuicCore()
{
    end();
}

std::optional<Error> QuicCore::start_session()
{
    auto made = tls::make_session(identity_, role_, tls::Carrier::quic, alpn_);
    if (!made) return std::move(made).error();
    session_ = std::move(made).value();
    const int code = role_ == tls::Role::client ? ngtcp2_crypto_gnutls_configure_client_session(session_.get())
                                                : ngtcp2_crypto_gnutls_configure_server_session(session_.get());
    if (code != 0) return Error{ErrorCode::internal, "GnuTLS cannot do QUIC"};
    gnutls_session_set_ptr(session_.get(), &conn_ref_);
    gnutls_session_set_verify_function(session_.get(), Callbacks::verify);
    ngtcp2_conn_set_tls_native_handle(conn_, session_.get());
    return std::nullopt;
}

void QuicCore::fill(ngtcp2_settings& settings, ngtcp2_transport_params& params) const
{
    ngtcp2_settings_default(&settings);
    settings.initial_ts = stamp(started_);
    settings.rand_ctx.native_handle = const_cast<RandomSource*>(&random_);
    // Lab-measured: CUBIC collapses with loss, BBR2 keeps 15 of 20 Mbit/s at 5 % and fills buffers least.
    settings.cc_algo = NGTCP2_CC_ALGO_BBR2;
    settings.max_tx_udp_payload_size = datagram_bytes_max;
    settings.handshake_timeout = span_of(options_.handshake_max);
    settings.max_window = window_bytes_max;
    settings.max_stream_window = stream_window_bytes_max;

    ngtcp2_transport_params_default(&params);
    const std::uint64_t window = trust_ == Trust::stranger ? stranger_window_bytes : peer_window_bytes;
    params.initial_max_data = trust_ == Trust::stranger ? window : window + other_stream_bytes;
    params.initial_max_stream_data_bidi_local = window;
    params.initial_max_stream_data_bidi_remote = window;
    params.initial_max_streams_bidi = role_ == tls::Role::server ? 1 : 0;
    params.initial_max_stream_data_uni = trust_ == Trust::stranger ? 0 : window;
    params.initial_max_streams_uni = trust_ == Trust::stranger ? 0 : 1;
    params.max_idle_timeout = span_of(options_.idle_max);
    if (options_.acknowledge_at_once) params.max_ack_delay = 0;
    params.active_connection_id_limit = connection_ids_max;
    params.max_datagram_frame_size = datagram_frame_bytes_max;
}

void QuicCore::fill_random(ngtcp2_cid& cid, std::size_t length)
{
    cid.datalen = length;
    entropy_.fill({cid.data, length});
}

std::optional<Error> QuicCore::start_client(const ngtcp2_path& path, BytesView token)
{
    ngtcp2_settings settings;
    ngtcp2_transport_params params;
    fill(settings, params);
    // ngtcp2 copies it.
    if (!token.empty()) settings.token = {const_cast<std::uint8_t*>(token.data()), token.size()};
    ngtcp2_cid destination{};
    ngtcp2_cid source{};
    fill_random(destination, NGTCP2_MAX_CIDLEN - 2);
    fill_random(source, cid_bytes);
    const auto callbacks = Callbacks::table(role_);
    const int code = ngtcp2_conn_client_new(&conn_, &destination, &source, &path, NGTCP2_PROTO_VER_V1, &callbacks,
                                            &settings, &params, nullptr, this);
    random_.creating = false;
    if (code != 0) return from_ngtcp2(code);
    if (auto error = start_session()) return error;
    cids_.push_back(source);
    sink_->cid_added(*this, source);
    if (options_.keep_alive > Duration::zero()) ngtcp2_conn_set_keep_alive_timeout(conn_, span_of(options_.keep_alive));
    write_soon();
    return std::nullopt;
}

std::optional<Error> QuicCore::start_server(const ngtcp2_path& path, const ServerStart& start)
{
    started_ = loop::Loop::now().mono;
    ngtcp2_settings settings;
    ngtcp2_transport_params params;
    fill(settings, params);
    if (start.proved) settings.token = start.head.token; // no amplification limit
    ngtcp2_cid source{};
    fill_random(source, cid_bytes);
    params.original_dcid = start.original_dcid;
    if (start.after_retry) {
        params.retry_scid_present = 1;
        params.retry_scid = start.head.dcid;
    }
    params.stateless_reset_token_present = 1;
    sink_->reset_token(source, params.stateless_reset_token);
    const auto callbacks = Callbacks::table(role_);
    const int code = ngtcp2_conn_server_new(&conn_, &start.head.scid, &source, &path, start.head.version, &callbacks,
                                            &settings, &params, sink_->memory(), this);
    random_.creating = false;
    if (code != 0) return from_ngtcp2(code);
    if (auto error = start_session()) return error;
    cids_ = {source, start.head.dcid}; // the client uses the latter until it has seen the former
    for (const auto& cid : cids_)
        sink_->cid_added(*this, cid);
    if (options_.keep_alive > Duration::zero()) ngtcp2_conn_set_keep_alive_timeout(conn_, span_of(options_.keep_alive));
    return std::nullopt;
}

void QuicCore::start_waiting()
{
    timer_.set(started_ + options_.handshake_max);
}

void QuicCore::fail_soon(Error why)
{
    fail_soon_ = std::move(why);
    timer_.set(Instant{});
}

/// Frees everything; silent.
void QuicCore::end()
{
    GODWIT_ASSERT(depth_ == 0);
    state_ = State::down;
    timer_.cancel();
    ticket = {};
    for (const auto& cid : cids_)
        sink_->cid_removed(cid);
    cids_.clear();
    if (conn_ != nullptr) ngtcp2_conn_del(std::exchange(conn_, nullptr));
    session_.reset();
    if (sink_) {
        sink_->ended(*this);
        sink_.reset();
    }
}

void QuicCore::fail(Error why)
{
    if (state_ == State::down) return;
    end();
    if (link != nullptr) observer->link_down(*link, why); // may destroy the Link: last
}

void QuicCore::close()
{
    link = nullptr;
    if (state_ == State::down) return;
    if (depth_ > 0) {
        close_wanted_ = true;
        return;
    }
    if (state_ == State::up) write();
    if (state_ == State::down) return;
    goodbye_code(goodbye);
    end();
}

void QuicCore::abandon()
{
    link = nullptr;
    if (state_ == State::down || close_wanted_) return;
    if (depth_ > 0) {
        abandon_wanted_ = true;
        return;
    }
    goodbye_code(vanished);
    end();
}

/// Sends CONNECTION_CLOSE as far as the keys and the sink allow now.
void QuicCore::say_goodbye(const ngtcp2_connection_close_error& why, int copies)
{
    if (conn_ == nullptr) return;
    std::uint8_t room[datagram_bytes_max];
    ngtcp2_path_storage path;
    ngtcp2_path_storage_zero(&path);
    ngtcp2_pkt_info info{};
    const ngtcp2_ssize size =
        ngtcp2_conn_write_connection_close(conn_, &path.path, &info, room, sizeof room, &why, stamp_now());
    if (size <= 0) return;
    for (int i = 0; i < copies; ++i)
        static_cast<void>(sink_->send_train(*this, path.path, BytesView(room, static_cast<std::size_t>(size)), 0, 0));
}

void QuicCore::goodbye_code(std::uint64_t application_code)
{
    ngtcp2_connection_close_error why;
    ngtcp2_connection_close_error_set_application_error(&why, application_code, nullptr, 0);
    // We keep no closing state (RFC 9000 section 10.2.1) to repeat it from; a second copy makes its loss rare.
    say_goodbye(why, state_ == State::up ? 2 : 1);
}

// -------------------------------------------------------------------------------------------------- in

void QuicCore::datagram(const ngtcp2_path& path, BytesView bytes, std::uint8_t ecn)
{
    if (state_ == State::down) return;
    const ngtcp2_pkt_info info{ecn};
    ++depth_;
    const int code = ngtcp2_conn_read_pkt(conn_, &path, &info, bytes.data(), bytes.size(), stamp_now());
    --depth_;
    if (code == 0) last_heard_ = loop::Loop::now().mono;
    if (close_wanted_ || abandon_wanted_) return after_call(code);
    if (code != 0) conn_error(code);
}

/// The Link went away inside a callback: now it is safe to follow.
void QuicCore::after_call(int code)
{
    if (close_wanted_ && code == 0) {
        write();
        if (state_ != State::down) goodbye_code(goodbye);
    } else {
        goodbye_code(vanished);
    }
    end();
}

int QuicCore::handshake_completed()
{
    if (!tls::alpn_agreed(session_.get(), alpn_)) {
        failure_ = Error{ErrorCode::protocol_mismatch, "the far side does not speak " + alpn_};
        return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    if (!verdict_.key) {
        failure_ = Error{ErrorCode::authentication_failed, "the far side proved no key"};
        return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    peer_key_ = *verdict_.key;
    if (role_ == tls::Role::client) {
        if (ngtcp2_conn_open_bidi_stream(conn_, &stream_, nullptr) != 0) {
            failure_ = Error{ErrorCode::malformed, "the far side allows no stream"};
            return NGTCP2_ERR_CALLBACK_FAILURE;
        }
        queue_.append(tls::frame_head(0));
    } else {
        give_token();
    }
    if (role_ == tls::Role::server || up_when_complete) become_up();
    return 0;
}

/// Nothing is lost when it cannot be given: the next visit takes a round trip more.
void QuicCore::give_token()
{
    std::uint8_t token[address_token_bytes_max];
    const std::size_t size = sink_->address_token(*ngtcp2_conn_get_path(conn_), token);
    if (size > 0) static_cast<void>(ngtcp2_conn_submit_new_token(conn_, token, size));
}

/// ngtcp2 has the secrets and makes the next keys from them (RFC 9001 section 6): what GnuTLS holds, a third of what
/// it takes to begin a connection, is of no use any more.
void QuicCore::forget_session()
{
    GODWIT_ASSERT(depth_ == 0);
    ngtcp2_conn_set_tls_native_handle(conn_, nullptr);
    session_.reset();
}

int QuicCore::crypto_data(ngtcp2_crypto_level level, std::uint64_t offset, BytesView bytes)
{
    if (session_) return ngtcp2_crypto_recv_crypto_data_cb(conn_, level, offset, bytes.data(), bytes.size(), this);
    // After the handshake TLS has tickets to say, which nobody asks for, or a KeyUpdate, which QUIC forbids (RFC 9001
    // section 6).
    ngtcp2_conn_set_tls_alert(conn_, GNUTLS_A_UNEXPECTED_MESSAGE);
    return NGTCP2_ERR_CRYPTO;
}

void QuicCore::become_up()
{
    if (state_ != State::handshaking) return;
    state_ = State::up;
    if (link != nullptr) observer->link_up(*link);
}

int QuicCore::stream_data(std::int64_t stream, BytesView bytes)
{
    if (link == nullptr) return 0;
    const bool bulk = ngtcp2_is_bidi_stream(stream) == 0; // the one that we allow
    if (!bulk && stream_ < 0) stream_ = stream;           // a server learns the one stream that it allows
    // Data of the server says that it has accepted us; its HANDSHAKE_DONE may only be late.
    if (role_ == tls::Role::client) become_up();
    ngtcp2_conn_extend_max_stream_offset(conn_, stream, bytes.size());
    ngtcp2_conn_extend_max_offset(conn_, bytes.size());
    if (link == nullptr) return 0;
    const auto outcome = bulk ? bulk_assembler_.feed(bytes, bulk_sink_) : assembler_.feed(bytes, *this);
    if (outcome != tls::FrameAssembler::Outcome::malformed) return 0;
    failure_ = Error{ErrorCode::malformed, "the far side sent a frame that is longer than it may be"};
    return NGTCP2_ERR_CALLBACK_FAILURE;
}

int QuicCore::application_datagram(BytesView bytes)
{
    if (link == nullptr || state_ != State::up) return 0; // before both sides are sure of each other
    observer->link_datagram(*link, bytes);
    return 0;
}

bool QuicCore::frame(BytesView frame)
{
    if (role_ == tls::Role::server && !opening_seen_) {
        opening_seen_ = true;
        if (frame.empty()) return true;
        failure_ = Error{ErrorCode::malformed, "the far side opened the stream with a frame that is not empty"};
        return false;
    }
    return deliver(frame);
}

bool QuicCore::deliver(BytesView frame)
{
    received_bytes_ += frame.size();
    observer->link_frame(*link, frame);
    return link != nullptr;
}

/// What a negative code of ngtcp2 means for the link.
void QuicCore::conn_error(int code)
{
    ngtcp2_connection_close_error why;
    switch (code) {
    case NGTCP2_ERR_DRAINING: return fail(far_close_reason());
    case NGTCP2_ERR_DROP_CONN: return fail(Error{ErrorCode::not_connected, "the connection was dropped"});
    case NGTCP2_ERR_IDLE_CLOSE:
        return fail(Error{ErrorCode::timed_out, "nothing heard from " + from.text() + " for too long"});
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
        return fail(Error{ErrorCode::timed_out, "no authenticated connection with " + from.text() + " in time"});
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
    case NGTCP2_ERR_VERSION_NEGOTIATION_FAILURE:
        return fail(Error{ErrorCode::protocol_mismatch, "the far side speaks another version of QUIC"});
    case NGTCP2_ERR_CRYPTO: {
        const std::uint8_t alert = ngtcp2_conn_get_tls_alert(conn_);
        ngtcp2_connection_close_error_set_transport_error_tls_alert(&why, alert, nullptr, 0);
        say_goodbye(why, 1);
        if (verdict_.refusal) return fail(*verdict_.refusal);
        // The alert that we sent names what is wrong with them; said from their side it would name us.
        const Error found = tls::tls_error(0, alert);
        return fail(Error{found.code == ErrorCode::not_connected ? ErrorCode::malformed : found.code,
                          "TLS handshake failed: alert " + std::to_string(alert)});
    }
    default: break;
    }
    if (failure_ && failure_->code == ErrorCode::malformed)
        ngtcp2_connection_close_error_set_application_error(&why, nonsense, nullptr, 0);
    else
        ngtcp2_connection_close_error_set_transport_error_liberr(&why, code, nullptr, 0);
    say_goodbye(why, 1);
    fail(failure_ ? *failure_ : from_ngtcp2(code));
}

Error QuicCore::far_close_reason() const
{
    if (was_reset_)
        return {ErrorCode::not_connected, "the far side no longer knows this connection (it restarted): connect again"};
    ngtcp2_connection_close_error why;
    ngtcp2_conn_get_connection_close_error(conn_, &why);
    if (why.type == NGTCP2_CONNECTION_CLOSE_ERROR_CODE_TYPE_APPLICATION) {
        switch (why.error_code) {
        case goodbye: return {ErrorCode::cancelled, "the far side said goodbye"};
        case nonsense: return {ErrorCode::malformed, "the far side found our frames malformed"};
        default: return {ErrorCode::not_connected, "the far side went away"};
        }
    }
    // RFC 9001 section 4.8: alerts are 0x100 + alert.
    if (why.error_code >= NGTCP2_CRYPTO_ERROR && why.error_code < NGTCP2_CRYPTO_ERROR + 256)
        return tls::tls_error(0, static_cast<int>(why.error_code - NGTCP2_CRYPTO_ERROR));
    if (why.error_code == NGTCP2_CONNECTION_REFUSED)
        return {ErrorCode::not_connected, "the far side takes no more connections now: try later"};
    return {ErrorCode::not_connected, "the far side closed with QUIC error " + std::to_string(why.error_code)};
}

// ----------------------------------------------------------------------------------------------- facts

port::LinkQuality QuicCore::quality() const
{
    port::LinkQuality out{.rtt = {},
                          .last_heard = last_heard_,
                          .queued_bytes = queue_.held_bytes() + bulk_queue_.held_bytes(),
                          .sent_bytes = sent_bytes_,
                          .received_bytes = received_bytes_};
    if (conn_ != nullptr) {
        ngtcp2_conn_stat stat;
        ngtcp2_conn_get_conn_stat(conn_, &stat);
        if (stat.first_rtt_sample_ts != UINT64_MAX)
            out.rtt = Duration(static_cast<Duration::rep>(stat.smoothed_rtt / NGTCP2_MICROSECONDS));
    }
    return out;
}

namespace {

class QuicLink final : public port::Link {
public:
    explicit QuicLink(std::shared_ptr<QuicCore> core) : core_(std::move(core)) { core_->link = this; }
    ~QuicLink() override { core_->abandon(); }
    bool send(BytesView frame, port::Lane lane) override { return core_->send(frame, lane); }
    bool send_datagram(BytesView datagram) override { return core_->send_datagram(datagram); }
    void close() override { core_->close(); }
    void limit_frames(std::size_t bytes_max) override { core_->limit_frames(bytes_max); }
    [[nodiscard]] const port::PeerKey& peer_key() const override { return core_->peer_key(); }
    [[nodiscard]] port::LinkQuality quality() const override { return core_->quality(); }

private:
    std::shared_ptr<QuicCore> core_;
};

} // namespace

std::unique_ptr<port::Link> make_link(std::shared_ptr<QuicCore> core)
{
    return std::make_unique<QuicLink>(std::move(core));
}

} // namespace godwit::quic
