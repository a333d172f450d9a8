// SPDX-License-Identifier: Apache-2.0
// ice: finds a datagram path between two devices (ICE, RFC 8445, on libnice) and keeps libnice and GLib inside this
// room.
//
//   IceRuntime  one per loop: a GLib main context driven by the libuv loop, and the bounded set of sessions on it
//   IceSession  one attempt to reach one device: gather, trickle candidates both ways, check, and then a
//   port::DatagramPath
//
// The journey: open() → send local_description() to the peer by signalling → gather() → ice_candidate… → set_remote(),
// add_remote_candidate()… as the peer's arrive → ice_connected → path() carries datagrams; ice_pair_changed when a
// better pair is found. The caller judges liveness above (QUIC): with consent freshness off, ICE itself never notices
// that a path died. When the device's addresses change, open a second session beside the first and drop the first when
// the second is connected.
//
// One thread: everything here is called, and calls back, on the loop thread. Candidate text and its rules:
// candidate.hpp.
#pragma once

#include <godwit/result.hpp>

#include "lib/base/time.hpp"
#include "lib/port/datagram_path.hpp"
#include "lib/port/trace.hpp"
#include "transport/ice/candidate.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace godwit::loop {
class Loop;
}

namespace godwit::ice {

/// Sessions of one runtime, those that are still closing included: one per contact in a burst of reconnects, and each
/// holds up to local_addresses_max sockets.
inline constexpr std::size_t sessions_max = 64;
/// Local addresses that become host candidates: leaves room in candidates_max for reflexive and relayed ones.
inline constexpr std::size_t local_addresses_max = 8;
/// STUN and TURN servers per session; libnice takes eight, two relays over UDP and TCP are four.
inline constexpr std::size_t servers_max = 4;
/// Datagrams that may wait for an observer of the path: the peer may see the path connected, and start, before we do.
inline constexpr std::size_t early_datagrams_max = 64;
inline constexpr std::size_t early_bytes_max = 128 * 1024;

struct StunServer {
    std::string address; ///< A literal IPv4 or IPv6 address: names are resolved by the caller.
    std::uint16_t port = 3478;
};

struct TurnServer {
    enum class Transport : std::uint8_t { udp, tcp };
    std::string address; ///< Literal, as above.
    std::uint16_t port = 3478;
    Transport transport = Transport::udp;
    std::string username; ///< Long-term credentials (RFC 8489 section 9.2), 1 to 508 bytes each.
    std::string password;
};

struct IceConfig {
    bool controlling =
        false; ///< Exactly one of the two sides; a conflict is resolved by ICE at the cost of a round trip.
    bool allow_direct =
        true; ///< False: relay_only. Needs allow_relay and a TURN server; only relayed candidates leave.
    bool allow_relay =
        true; ///< False: TURN servers serve as STUN servers only, and a peer's relayed candidates are refused.
    std::optional<StunServer>
        stun; ///< Not used when a TURN server is: an allocation tells the reflexive address as well.
    std::vector<TurnServer> turn;
    std::vector<std::string> bind_addresses; ///< Gather on these only. Empty: every address of the machine.
    bool loopback_allowed = false;           ///< For tests and for two devices on one machine.
    std::uint16_t port_min = 0;              ///< Local port range; 0, 0: the system's choice.
    std::uint16_t port_max = 0;
    /// From gather() to connected; then ice_failed(timed_out). A peer that stopped answering must not hold sockets for
    /// ever.
    Duration attempt_max = std::chrono::seconds(30);
};

/// Goes to the peer by signalling, sealed. Who knows the password can take part in the connectivity checks.
struct IceDescription {
    std::string ufrag;
    std::string password;
};

/// The pair of candidates in use.
struct IcePair {
    CandidateKind local = CandidateKind::host;
    CandidateKind remote = CandidateKind::host;
    std::string local_text; ///< "192.168.1.4:50000", to show.
    std::string remote_text;

    /// True when a TURN server is on the way: the path is "turned", otherwise "direct".
    [[nodiscard]] bool turned() const noexcept
    {
        return local == CandidateKind::relayed || remote == CandidateKind::relayed;
    }
    friend bool operator==(const IcePair&, const IcePair&) = default;
};

struct IceCounters {
    std::uint64_t sent_datagrams = 0;
    std::uint64_t received_datagrams = 0;
    std::uint64_t received_past_libnice = 0; ///< Of these: read in trains, from a socket of ours.
    std::uint64_t dropped_datagrams = 0;     ///< By set_blackhole, by a full early buffer, by the system.
};

class IceSession;

/// Never called from inside a call of the session, always from the loop. A callback may destroy any session, also its
/// own.
class IceObserver {
public:
    /// Send to the peer by signalling. At most candidates_max times.
    virtual void ice_candidate(IceSession& session, const std::string& candidate) = 0;
    /// Send to the peer by signalling (its remote_gathering_done): no more candidates follow.
    virtual void ice_gathered(IceSession& session) = 0;
    /// path() carries datagrams from now on. Once.
    virtual void ice_connected(IceSession& session, const IcePair& pair) = 0;
    virtual void ice_pair_changed(IceSession& session, const IcePair& pair) = 0;
    /// The session is over; destroy it. Once. `reason.code`: timed_out (no pair answered), not_connected (no network
    /// address; the path was lost), address_in_use (no free port in the range).
    virtual void ice_failed(IceSession& session, const Error& reason) = 0;

protected:
    ~IceObserver() = default;
};

class NiceLog;
class SessionCore;
class RuntimeCore;

/// Made by IceRuntime::open, destroyed at any time: a TURN allocation is then given back in the background, and for at
/// most half a second the session still counts.
class IceSession {
public:
    explicit IceSession(std::shared_ptr<SessionCore> core);
    ~IceSession();
    IceSession(const IceSession&) = delete;
    IceSession& operator=(const IceSession&) = delete;

    [[nodiscard]] const IceDescription& local_description() const noexcept;

    /// Opens sockets and starts to find candidates, and the attempt_max clock. Once; later calls do nothing.
    void gather();

    /// The peer's description. Errors: malformed (lengths, characters), invalid_argument (another one was set: open a
    /// new session).
    Result<void> set_remote(const IceDescription& description);
    /// One candidate of the peer, in any order with the other calls. Errors: as parse_candidate; quota_exceeded past
    /// candidates_max. An error leaves the session as it was.
    Result<void> add_remote_candidate(std::string_view candidate);
    /// No more candidates follow: lets ICE fail early.
    void remote_gathering_done();

    [[nodiscard]] bool connected() const noexcept;
    /// nullopt until connected.
    [[nodiscard]] std::optional<IcePair> pair() const;
    /// Lives as long as the session. send() takes nothing before ice_connected.
    [[nodiscard]] port::DatagramPath& path() noexcept;
    [[nodiscard]] IceCounters counters() const noexcept;

    /// Fault injection: from now on as if a firewall dropped every datagram of this session both ways, connectivity
    /// checks included where the system lets us (a socket filter); elsewhere only the datagrams of path().
    void set_blackhole(bool on);

private:
    std::shared_ptr<SessionCore> core_;
};

/// Destroyed after its sessions and before the loop. The destructor gives TURN allocations of sessions that are still
/// closing back first: at once as a rule, at most half a second when a TURN server does not answer.
class IceRuntime {
public:
    /// `trace`: takes libnice's own remarks; nullptr: they go to stderr. Borrowed for life.
    explicit IceRuntime(loop::Loop& loop, port::Trace* trace = nullptr);
    ~IceRuntime();
    IceRuntime(const IceRuntime&) = delete;
    IceRuntime& operator=(const IceRuntime&) = delete;

    /// `observer` must outlive the session. Errors: invalid_argument (config; the detail names the field),
    /// quota_exceeded (sessions_max).
    Result<std::unique_ptr<IceSession>> open(const IceConfig& config, IceObserver& observer);

    /// Sessions open or still closing.
    [[nodiscard]] std::size_t session_count() const noexcept;

    /// set_blackhole for every session, those opened later included.
    void set_blackhole(bool on);

private:
    std::unique_ptr<NiceLog> log_;
    std::shared_ptr<RuntimeCore> core_;
};

} // namespace godwit::ice
