// SPDX-License-Identifier: Apache-2.0
// Private: one libnice agent with one stream of one component, from creation to the end of its asynchronous close.
//
//   libnice signals ─▶ post(Event) ─▶ idle source ─▶ drain() ─▶ IceObserver      (never from inside a call of ours)
//   libnice recv    ─▶ path observer, or the bounded early buffer until there is one
//   QUIC of the peer in use ─▶ a socket of ours beside libnice's, which is read in trains ─▶ the same
//
// The IceSession the caller holds is only a handle: when it goes, abandon() silences everything and closes the agent in
// the background; the runtime keeps this object until libnice has let go of it.
#pragma once

#include "transport/ice/runtime_core.hpp"
#include "transport/loop/udp.hpp"

#include <nice/agent.h>

#include <deque>

namespace godwit::ice {

/// One component a stream: QUIC needs no second port beside the first, as RTP did for RTCP.
inline constexpr guint component_id = 1;

class SessionCore final : public std::enable_shared_from_this<SessionCore>,
                          public port::DatagramPath,
                          private loop::UdpObserver {
public:
    SessionCore(std::shared_ptr<RuntimeCore> runtime, const IceConfig& config, IceObserver& observer);
    ~SessionCore() override;
    SessionCore(const SessionCore&) = delete;
    SessionCore& operator=(const SessionCore&) = delete;

    /// Makes the agent. Errors: invalid_argument, internal.
    Result<void> start();
    void attach(IceSession* handle) noexcept { handle_ = handle; }
    void abandon();

    void gather();
    Result<void> set_remote(const IceDescription& description);
    Result<void> add_remote_candidate(std::string_view text);
    void remote_gathering_done();
    void set_blackhole(bool on);
    void apply_blackhole();

    [[nodiscard]] const IceDescription& local() const noexcept { return local_; }
    [[nodiscard]] bool connected() const noexcept { return phase_ == Phase::connected; }
    [[nodiscard]] const IcePair& pair() const noexcept { return pair_; }
    [[nodiscard]] const IceCounters& counters() const noexcept { return counters_; }

    void observe(port::DatagramPathObserver* observer) override;
    std::size_t send(std::span<const BytesView> datagrams) override;

private:
    enum class Phase : std::uint8_t { fresh, checking, connected, over };
    struct Event {
        enum class Kind : std::uint8_t { candidate, gathered, connected, pair_changed, failed, early };
        Kind kind = Kind::gathered;
        std::string candidate;
        IcePair pair;
        Error error;
    };

    static void on_candidate(NiceAgent* agent, NiceCandidate* candidate, gpointer self) noexcept;
    static void on_gathered(NiceAgent* agent, guint stream, gpointer self) noexcept;
    static void on_state(NiceAgent* agent, guint stream, guint component, guint state, gpointer self) noexcept;
    static void on_pair(NiceAgent* agent, guint stream, guint component, NiceCandidate* local, NiceCandidate* remote,
                        gpointer self) noexcept;
    static void on_datagram(NiceAgent* agent, guint stream, guint component, guint length, gchar* data,
                            gpointer self) noexcept;
    static gboolean on_deadline(gpointer self) noexcept;
    static gboolean on_drain(gpointer self) noexcept;
    static void on_closed(GObject* agent, GAsyncResult* result, gpointer self) noexcept;

    Result<void> add_servers();
    [[nodiscard]] bool add_local_addresses();
    [[nodiscard]] bool blackholed() const noexcept { return blackhole_ || runtime_->blackhole(); }
    [[nodiscard]] bool may_check() const noexcept { return phase_ != Phase::fresh && remote_.has_value(); }
    [[nodiscard]] std::optional<IcePair> read_pair() const;
    void flush_remote();
    void give_remote(const Candidate& candidate);
    [[nodiscard]] std::optional<std::size_t> send_past_libnice(std::span<const BytesView> datagrams);
    void receive(BytesView datagram);
    /// Of the pair in use; nothing when it has no plain UDP socket of this device (a relayed pair has another framing).
    struct PlainPair {
        int fd = -1;
        sockaddr_storage to{};
    };
    [[nodiscard]] std::optional<PlainPair> plain_pair() const;
    void open_trains_in();
    void udp_datagrams(loop::UdpSocket& socket, std::span<const loop::UdpDatagram> datagrams) override;
    void udp_writable(loop::UdpSocket&) override {}
    void deliver_early();
    void fail(ErrorCode code, std::string detail);
    void post(Event event);
    void deliver(Event& event);
    [[nodiscard]] GSource* attach_source(GSource* source, GSourceFunc callback);

    std::shared_ptr<RuntimeCore> runtime_;
    const IceConfig config_;
    IceObserver* observer_;
    IceSession* handle_ = nullptr; ///< nullptr: abandoned, nobody listens.
    port::DatagramPathObserver* path_observer_ = nullptr;

    NiceAgent* agent_ = nullptr;
    guint stream_ = 0;
    GSource* deadline_ = nullptr;
    GSource* drain_ = nullptr;

    Phase phase_ = Phase::fresh;
    IceDescription local_;
    std::optional<IceDescription> remote_;
    std::vector<Candidate> waiting_; ///< Remote candidates that came before set_remote or gather.
    std::size_t remote_count_ = 0;
    std::size_t local_count_ = 0;
    bool remote_done_ = false;
    bool gathered_ = false;
    bool blackhole_ = false;
    bool trains_refused_ = false; ///< By this path, or by the system: not tried again on it.
    /// Takes what the peer sends but STUN; nullptr: all comes by libnice, one datagram a call.
    std::unique_ptr<loop::UdpSocket> trains_in_;
    IcePair pair_;
    std::deque<Event> events_;
    std::deque<Bytes> early_;
    std::size_t early_bytes_ = 0;
    IceCounters counters_;
};

} // namespace godwit::ice
