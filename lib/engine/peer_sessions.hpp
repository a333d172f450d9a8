// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: paths between devices, from the wish for one to a live link, and its end.
//
//   seek ──> OpenPath ──> local description ──> offer ──(relay, sealed)──> the other device opens its side, answers
//            candidates trickle both ways; ICE finds a pair; QUIC runs over it; link_up
//
// One attempt per device at a time; live links stay beside it until the new one is up (make before break).
// Glare (both offer at once): the smaller DeviceId is the controlling side, and its offer wins.
// Of several live links the controlling side closes the ones that are not needed; so both never close different ones.
#pragma once

#include "lib/engine/peer_link.hpp"
#include "lib/wire/content.hpp"

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace godwit::engine {

/// Offers one device may make in a burst; each costs us sockets.
inline constexpr std::uint32_t offers_burst_max = 12;
inline constexpr Duration offer_interval = std::chrono::seconds(5);

class PeerSessions {
public:
    /// What OpenPath needs to know; from login.
    struct Means {
        DeviceId own;
        WipingBytes device_seed;
        std::vector<wire::TurnServer> turn_servers;
        std::string stun_host;
        std::uint16_t stun_port = 0;
    };
    struct Outgoing {
        DeviceId device;
        wire::IceSignal signal;
    };
    /// An attempt came to nothing.
    struct Ended {
        DeviceId device;
        std::string trouble; ///< "NAT did not open"; empty: no judgement about the path (replaced, network changed).
        Duration took{};
    };
    /// A live link is gone (closed here, or it went down).
    struct Lost {
        DeviceId device;
        LinkId link = 0;
        Path path = Path::none;
        std::string trouble; ///< Empty: in peace.
    };
    struct Happened {
        std::vector<Ended> ended;
        std::vector<Lost> lost;
        std::vector<std::pair<DeviceId, LinkId>> suspect;
        std::vector<std::pair<DeviceId, LinkId>> healthy;
    };

    explicit PeerSessions(Context& context) : context_(context) {}

    void set_means(Means means) { means_ = std::move(means); }
    void set_policy(PathPolicy policy) { policy_ = policy; }

    /// Starts an attempt unless one runs or the back-off says wait.
    void seek(const DeviceId& device, Moment now);
    /// There may be a path now where there was none: the next seek starts at once.
    void forgive(const DeviceId& device);
    /// An opened signal of a device that may talk to us.
    void signal(const DeviceId& from, wire::IceSignal signal, Moment now);
    /// The relay did not forward a signal of this session.
    void signal_failed(const DeviceId& device, std::uint64_t session, std::string trouble, Moment now);

    // what the shell reports
    [[nodiscard]] bool owns(LinkId link) const { return devices_by_link_.contains(link); }
    void local_description(LinkId link, std::string_view ufrag, std::string_view pwd);
    void local_candidate(LinkId link, std::string_view candidate);
    void gathering_done(LinkId link);
    /// The device whose link it is now; nullopt: not ours any more (closed).
    [[nodiscard]] std::optional<DeviceId> link_up(LinkId link, const PublicKey& peer, Path path,
                                                  std::string_view detail, Moment now);
    void link_down(LinkId link, const Error& reason, Moment now);
    [[nodiscard]] std::optional<DeviceId> path_changed(LinkId link, Path path, std::string_view detail);

    /// A live link: nullptr when not (yet, any more).
    [[nodiscard]] PeerLink* live(LinkId link);
    [[nodiscard]] std::optional<DeviceId> device_of(LinkId link) const;
    /// Closes a live link for cause.
    void drop(LinkId link, std::string trouble);

    /// Live links of the device shall prove that they live.
    void doubt(const DeviceId& device);
    void close_device(const DeviceId& device);
    void close_all();
    /// New paths beside the old ones, which must prove that they live.
    void network_changed(Moment now);
    /// Signals may have been lost with the old relay session: what waits for an answer begins anew.
    void relay_came_back(Moment now);
    /// Policy changed: what it forbids goes.
    void enforce_policy();

    /// Judges links, ends overdue attempts; `owes(device, link)`: envelopes are un-receipted there.
    template <class Owes>
    void handle_deadline(Moment now, Owes owes)
    {
        for (auto& [device, peer] : peers_)
            judge(device, peer, now, owes);
        end_overdue(now);
        prune(now.mono);
    }
    template <class Owes>
    [[nodiscard]] Instant deadline(Owes owes) const
    {
        Instant out = deadline_of_attempts();
        for (const auto& [device, peer] : peers_)
            for (const auto& link : peer.links)
                out = earlier(out, link.deadline(context_.config, owes(device, link.id())));
        return out;
    }

    [[nodiscard]] Happened take_happened() { return std::exchange(happened_, {}); }
    /// Signals to seal and send; candidates of one tick travel together.
    [[nodiscard]] std::vector<Outgoing> take_outgoing();

    /// When the back-off ends, if that is after `now` and nothing is being tried; else never.
    [[nodiscard]] Instant retry_at(const DeviceId& device, Instant now) const;
    /// What is in the way of the attempt that runs now; empty: none runs.
    [[nodiscard]] std::string_view progress(const DeviceId& device) const;
    [[nodiscard]] std::size_t link_count() const { return devices_by_link_.size(); }

private:
    struct Attempt {
        LinkId link = 0;
        std::uint64_t session = 0;
        bool ours = false;      ///< We offered.
        bool described = false; ///< Our description is on its way.
        bool answered = false;  ///< The far side's description is known.
        bool done_sent = false;
        bool gathered = false;
        bool turned = false;  ///< TURN servers were given to it.
        bool relayed = false; ///< One of them gave an address.
        Instant since{};
        std::vector<std::string> candidates; ///< Ours, not sent yet.
        std::uint32_t remote_candidates = 0;
    };
    struct Peer {
        std::optional<Attempt> attempt;
        std::vector<PeerLink> links;
        Instant retry_at{};
        Duration retry{};
        Instant prune_at = never;
        std::uint32_t offers_left = offers_burst_max;
        Instant offers_refilled{};
    };

    [[nodiscard]] bool controlling(const DeviceId& device) const { return means_.own < device; }
    [[nodiscard]] bool may_open(const Peer& peer, bool& allow_direct, bool& allow_turn) const;
    bool open(const DeviceId& device, Peer& peer, std::uint64_t session, bool ours, Moment now);
    void on_offer(const DeviceId& from, Peer& peer, wire::IceSignal signal, Moment now);
    void add_remote(Attempt& attempt, const std::vector<std::string>& candidates, bool last);
    /// Closes the attempt's link and forgets it. `tell`: the far side gets an end signal.
    void end_attempt(const DeviceId& device, Peer& peer, std::string trouble, bool tell, Moment now);
    void close_link(const DeviceId& device, Peer& peer, LinkId link, std::string trouble, bool tell_shell);
    [[nodiscard]] bool take_offer_token(Peer& peer, Instant now);
    void end_overdue(Moment now);
    void prune(Instant now);
    [[nodiscard]] Instant deadline_of_attempts() const;
    void verdict(const DeviceId& device, PeerLink& link, const PeerLink::Verdict& verdict, Instant now,
                 std::vector<std::pair<LinkId, std::string>>& closing);

    template <class Owes>
    void judge(const DeviceId& device, Peer& peer, Moment now, Owes owes)
    {
        std::vector<std::pair<LinkId, std::string>> closing;
        for (auto& link : peer.links)
            verdict(device, link, link.judge(context_.config, owes(device, link.id()), now.mono), now.mono, closing);
        for (auto& [link, trouble] : closing)
            close_link(device, peer, link, std::move(trouble), true);
    }

    Context& context_;
    Means means_;
    Instant turn_rests_until_{};
    PathPolicy policy_ = PathPolicy::direct_first;
    std::map<DeviceId, Peer> peers_;
    std::unordered_map<LinkId, DeviceId> devices_by_link_;
    std::vector<Outgoing> outgoing_;
    Happened happened_;
};

} // namespace godwit::engine
