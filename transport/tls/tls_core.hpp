// SPDX-License-Identifier: Apache-2.0
// Private to this room: the state of one TLS link, client or server.
//
//   TCP bytes -> handshake -> records -> FrameAssembler -> link_frame
//   send() -> out_ (frames) -> next turn of the loop: records of up to 16 KiB -> TCP
#pragma once

#include "transport/loop/tcp.hpp"
#include "transport/tls/framing.hpp"
#include "transport/tls/link_ledger.hpp"
#include "transport/tls/session.hpp"

#include <optional>

namespace godwit::tls {

class TlsCore final : public std::enable_shared_from_this<TlsCore>, private loop::TcpObserver, private FrameSink {
public:
    TlsCore(loop::Loop& loop, const Identity& identity, Role role, PeerPolicy peer, std::string alpn,
            LinkOptions options);
    ~TlsCore();

    void connect(const loop::Address& to);
    void accept(std::unique_ptr<loop::TcpStream> stream);

    // The Link above us. `link` becomes null when it goes; then nothing is called any more.
    port::Link* link = nullptr;
    port::LinkObserver* observer = nullptr;
    LinkLedger::Ticket ticket;
    loop::Address from;
    /// Server: takes a connection that begins with STUN. Empty: such a one is a broken handshake.
    std::function<void(std::unique_ptr<loop::TcpStream>)> stray;

    bool send(BytesView frame);
    void close();
    void limit_frames(std::size_t bytes_max) { assembler_.limit(bytes_max); }
    void abandon();
    [[nodiscard]] const port::PeerKey& peer_key() const noexcept { return peer_key_; }
    [[nodiscard]] port::LinkQuality quality() const;

private:
    enum class State { connecting, handshaking, confirming, up, down };

    void tcp_connected(loop::TcpStream& stream, const std::optional<Error>& fault) override;
    void tcp_readable(loop::TcpStream& stream) override;
    void tcp_writable(loop::TcpStream& stream) override;
    bool frame(BytesView frame) override;
    bool control(std::uint32_t value) override;

    [[nodiscard]] bool hand_over();
    [[nodiscard]] bool start_session();
    void handshake();
    void handshake_finished();
    void become_up();
    void receive();
    [[nodiscard]] bool flush();
    void want_flush();
    void turn();
    void check_time();
    void plan_check();
    void fail(Error why);
    void hear();
    [[nodiscard]] std::size_t queued() const noexcept { return out_.size() - out_head_; }

    static ssize_t pull(gnutls_transport_ptr_t self, void* data, std::size_t size);
    static ssize_t push(gnutls_transport_ptr_t self, const void* data, std::size_t size);
    static int verify(gnutls_session_t session);

    loop::Loop& loop_;
    const Identity identity_;
    const Role role_;
    const PeerPolicy policy_;
    const std::string alpn_;
    const LinkOptions options_;

    State state_ = State::connecting;
    std::unique_ptr<loop::TcpStream> stream_;
    Session session_;
    Verdict verdict_;
    port::PeerKey peer_key_;
    FrameAssembler assembler_;

    Bytes out_; ///< Framed, not yet in records; [out_head_, end) is to go.
    std::size_t out_head_ = 0;
    std::size_t record_offered_ = 0; ///< GnuTLS holds a record of so many of our bytes that TCP did not take yet.
    bool said_no_ = false;           ///< A send() was refused: owe a link_writable.
    bool read_again_ = false;        ///< GnuTLS may hold bytes that TCP will not announce.

    loop::Timer turn_timer_;  ///< Next turn of the loop: flush, read on.
    loop::Timer check_timer_; ///< Handshake, idle and keep-alive deadlines.
    Instant started_{};
    Instant last_heard_{};
    Instant last_asked_{};
    Duration rtt_{};
    std::uint64_t sent_bytes_ = 0;
    std::uint64_t received_bytes_ = 0;
};

/// A Link over `core`.
[[nodiscard]] std::unique_ptr<port::Link> make_link(std::shared_ptr<TlsCore> core);

} // namespace godwit::tls
