// SPDX-License-Identifier: Apache-2.0
// Private to this room: one QUIC connection (RFC 9000) with one bidirectional stream of frames, over whatever takes its
// datagrams.
//
//   datagram -> ngtcp2 -> stream bytes -> FrameAssembler -> link_frame
//   send() -> SendQueue -> next turn of the loop: write() -> trains of datagrams -> DatagramSink
//
// Between peers bulk has a stream of its own, each way: whoever has some opens a unidirectional one. Each packet takes
// from the bulk only when the other stream has nothing to send; a lost packet of the one does not hold up the other.
// Where the far side allows none (a stranger, an older peer) bulk goes with the rest.
//
// The client opens the stream with one empty frame as soon as the keys allow, so that the server can speak first. Up
// means: server: handshake complete (the client proved its key); client: handshake confirmed (the server has judged our
// key), or, between peers, complete too (RFC 9001 section 4.1): what it says goes with its Finished, a round trip
// earlier. A peer that expected another key takes nothing of that, and the link comes down.
#pragma once

#include "lib/port/entropy.hpp"
#include "transport/loop/loop.hpp"
#include "transport/quic/send_queue.hpp"
#include "transport/tls/framing.hpp"
#include "transport/tls/link_ledger.hpp"
#include "transport/tls/session.hpp"

#include <deque>

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

namespace godwit::quic {

class QuicCore;

/// Length of the connection ids that we hand out: unguessable enough for routing (they are no secret), short in every
/// packet.
inline constexpr std::size_t cid_bytes = 8;
/// Largest datagram we send (IPv6 on Ethernet without options; ngtcp2 finds by probing what the path really carries).
inline constexpr std::size_t datagram_bytes_max = 1452;
/// Datagrams of the application (RFC 9221) that congestion keeps waiting: what waits longer is of no use to anybody.
inline constexpr std::size_t datagrams_waiting_max = 64;
/// Whoever has sent a datagram within that time is taken to send more: RTCP comes every second.
inline constexpr Duration media_pause_max = std::chrono::seconds(2);
/// As NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN, with room.
inline constexpr std::size_t address_token_bytes_max = 96;
/// Datagrams in one train.
inline constexpr std::size_t train_bytes_max = 44 * datagram_bytes_max;

/// Where datagrams go. One per connection (client, peer) or shared by many (server).
class DatagramSink {
public:
    virtual ~DatagramSink() = default;
    /// `bytes` cut into datagrams of `segment_bytes`. False: nothing was taken; QuicCore::writable() follows.
    virtual bool send_train(QuicCore& core, const ngtcp2_path& path, BytesView bytes, std::size_t segment_bytes,
                            std::uint8_t ecn) = 0;
    virtual void cid_added(QuicCore& core, const ngtcp2_cid& cid) = 0;
    virtual void cid_removed(const ngtcp2_cid& cid) = 0;
    /// Server: what proves the client's address at its next visit, into `out`; 0 bytes: nothing.
    [[nodiscard]] virtual std::size_t address_token(const ngtcp2_path&, std::span<std::uint8_t>) { return 0; }
    /// Client: what the server has given for the next visit.
    virtual void token_came(BytesView) {}
    /// What a connection's memory comes from; nullptr: the heap.
    [[nodiscard]] virtual const ngtcp2_mem* memory() const noexcept { return nullptr; }
    /// Writes the 16-byte stateless reset token of one of our ids (RFC 9000 section 10.3.2).
    virtual void reset_token(const ngtcp2_cid& cid, std::uint8_t* out) = 0;
    /// No more calls from or to `core`.
    virtual void ended(QuicCore& core) = 0;
};

/// An Initial that may become a server connection.
struct ServerStart {
    ngtcp2_pkt_hd head{};       ///< Of the first packet.
    ngtcp2_cid original_dcid{}; ///< Before a Retry, if there was one.
    bool after_retry = false;
    bool proved =
        false; ///< The client receives at its address: it showed what was sent there, now or at a visit before.
};

/// How this side sizes windows: see quic_core.cpp.
enum class Trust { stranger, peer };

class QuicCore final : public std::enable_shared_from_this<QuicCore>, private tls::FrameSink {
public:
    QuicCore(loop::Loop& loop, port::Entropy& entropy, const tls::Identity& identity, tls::Role role,
             tls::PeerPolicy peer, std::string alpn, tls::LinkOptions options, Trust trust,
             std::shared_ptr<DatagramSink> sink);
    ~QuicCore();
    QuicCore(const QuicCore&) = delete;
    QuicCore& operator=(const QuicCore&) = delete;

    [[nodiscard]] std::optional<Error> start_client(const ngtcp2_path& path, BytesView token = {});
    [[nodiscard]] std::optional<Error> start_server(const ngtcp2_path& path, const ServerStart& start);
    /// A server that waits for the first packet fails if none comes in handshake_max.
    void start_waiting();
    [[nodiscard]] bool started() const noexcept { return conn_ != nullptr; }
    /// Reports `why` as link_down in the next turn of the loop.
    void fail_soon(Error why);

    /// One datagram for this connection. Call flush() after the last of a batch.
    void datagram(const ngtcp2_path& path, BytesView bytes, std::uint8_t ecn);
    void flush();
    /// The same when this turn of the loop has dealt with all that came, for who hands over one at a time.
    void flush_soon()
    {
        if (state_ != State::down) write_soon();
    }
    void writable();
    void sink_failed(const Error& why) { fail(why); }

    // The Link above us; null when it goes, then nothing is called any more.
    port::Link* link = nullptr;
    port::LinkObserver* observer = nullptr;
    tls::LinkLedger::Ticket ticket;
    loop::Address from;
    bool up_when_complete = false; ///< Client: see above.
    bool flush_listed = false;     ///< For the sink's list of connections to flush.

    bool send(BytesView frame, port::Lane lane);
    bool send_datagram(BytesView datagram);
    void close();
    void limit_frames(std::size_t bytes_max)
    {
        assembler_.limit(bytes_max);
        bulk_assembler_.limit(bytes_max);
    }
    void abandon();
    [[nodiscard]] const port::PeerKey& peer_key() const noexcept { return peer_key_; }
    [[nodiscard]] port::LinkQuality quality() const;

private:
    enum class State { handshaking, up, down };
    struct Callbacks;
    friend struct Callbacks;
    /// What ngtcp2 draws from. ngtcp2 0.12 clears the fixed bit of its packets on half of the connections (RFC 9287)
    /// and has no switch for it, but paths that tell STUN from QUIC by that bit are our daily bread: it throws one coin
    /// while a connection is created, and this makes it fall on the safe side.
    struct RandomSource {
        port::Entropy* entropy = nullptr;
        bool creating = false;
    };

    bool frame(BytesView frame) override;
    bool control(std::uint32_t) override { return false; }
    /// Frames of the far side's bulk.
    struct BulkSink final : tls::FrameSink {
        explicit BulkSink(QuicCore& core_in) : core(core_in) {}
        QuicCore& core;
        bool frame(BytesView frame) override { return core.deliver(frame); }
        bool control(std::uint32_t) override { return false; }
    };
    bool deliver(BytesView frame);
    [[nodiscard]] bool has_bulk_stream();

    [[nodiscard]] std::optional<Error> start_session();
    void fill(ngtcp2_settings& settings, ngtcp2_transport_params& params) const;
    void fill_random(ngtcp2_cid& cid, std::size_t length);
    void timer_fired();
    void plan();
    void write_soon() { timer_.set(Instant{}); }
    void write();
    [[nodiscard]] bool write_packets(ngtcp2_tstamp now);
    [[nodiscard]] bool fits_path(BytesView datagram) const;
    /// One packet, with the first datagram that waits, into `at`. As ngtcp2_conn_writev_stream.
    [[nodiscard]] ngtcp2_ssize write_datagram(ngtcp2_path& path, ngtcp2_pkt_info& info, std::uint8_t* at,
                                              ngtcp2_tstamp now);
    bool send_train(const ngtcp2_path& path, BytesView bytes, std::size_t segment_bytes, std::uint8_t ecn);
    void become_up();
    int handshake_completed();
    void give_token();
    void forget_session();
    int crypto_data(ngtcp2_crypto_level level, std::uint64_t offset, BytesView bytes);
    int stream_data(std::int64_t stream, BytesView bytes);
    int application_datagram(BytesView bytes);
    void after_call(int code);
    void conn_error(int code);
    [[nodiscard]] Error far_close_reason() const;
    void fail(Error why);
    void say_goodbye(const ngtcp2_connection_close_error& why, int copies);
    void goodbye_code(std::uint64_t application_code);
    void end();

    loop::Loop& loop_;
    port::Entropy& entropy_;
    RandomSource random_;
    const tls::Identity identity_;
    const tls::Role role_;
    const tls::PeerPolicy policy_;
    const std::string alpn_;
    const tls::LinkOptions options_;
    const Trust trust_;
    std::shared_ptr<DatagramSink> sink_;

    State state_ = State::handshaking;
    ngtcp2_conn* conn_ = nullptr;
    tls::Session session_; ///< Until the handshake is over.
    ngtcp2_crypto_conn_ref conn_ref_{};
    tls::Verdict verdict_;
    port::PeerKey peer_key_;
    std::vector<ngtcp2_cid> cids_; ///< All by which the sink finds us.

    std::int64_t stream_ = -1;
    bool opening_seen_ = false; ///< Server: the empty frame that opens the stream has come.
    tls::FrameAssembler assembler_;
    SendQueue queue_;
    std::int64_t bulk_stream_ = -1; ///< Ours, once there was bulk to send.
    bool bulk_refused_ = false;     ///< The far side allows none.
    SendQueue bulk_queue_;
    tls::FrameAssembler bulk_assembler_;
    BulkSink bulk_sink_{*this};
    bool said_no_ = false;
    std::deque<Bytes> datagrams_; ///< Waiting, the oldest first.
    Instant last_datagram_{};     ///< When one was sent last.

    int depth_ = 0;                ///< Inside an ngtcp2 call: the connection must not be freed or written.
    bool close_wanted_ = false;    ///< close() came inside a callback.
    bool abandon_wanted_ = false;  ///< So did the end of the Link.
    bool was_reset_ = false;       ///< Stateless reset received.
    std::optional<Error> failure_; ///< Found inside a callback.

    Bytes blocked_; ///< A train that the sink did not take.
    ngtcp2_path_storage blocked_path_{};
    std::size_t blocked_segment_ = 0;
    std::uint8_t blocked_ecn_ = 0;

    loop::Timer timer_;
    Instant started_{};
    Instant last_heard_{};
    std::optional<Error> fail_soon_;
    std::uint64_t sent_bytes_ = 0;
    std::uint64_t received_bytes_ = 0;
};

/// A Link over `core`.
[[nodiscard]] std::unique_ptr<port::Link> make_link(std::shared_ptr<QuicCore> core);

/// Addresses as ngtcp2 wants them; lives as long as the path is used.
struct PathHolder {
    sockaddr_storage local{};
    sockaddr_storage remote{};
    ngtcp2_path path{};
    PathHolder(const loop::Address& local_address, const loop::Address& remote_address);
    PathHolder(const PathHolder&) = delete;
    PathHolder& operator=(const PathHolder&) = delete;
};

} // namespace godwit::quic
