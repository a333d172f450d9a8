// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/peer_sessions.hpp"

#include "lib/route/path_table.hpp"

#include <algorithm>

namespace godwit::engine {

namespace {

/// Candidates of our own that wait for the next tick; ICE gathers a dozen.
constexpr std::size_t local_candidates_max = 64;
/// A TURN server that has given no address for so long counts as dead ...
constexpr Duration turn_answer_max = std::chrono::milliseconds(1500);
/// ... and is left out where a direct path may do without it.
constexpr Duration turn_rest = std::chrono::minutes(1);

} // namespace

// ---- attempts -----------------------------------------------------------------------------------

bool PeerSessions::may_open(const Peer& peer, bool& allow_direct, bool& allow_turn) const
{
    const bool turned_already = std::any_of(peer.links.begin(), peer.links.end(),
                                            [](const PeerLink& link) { return link.path() == Path::turned; });
    allow_direct = route::allowed(Path::direct, policy_);
    // Beside a turned link only a direct one is of use.
    allow_turn =
        route::allowed(Path::turned, policy_) && !means_.turn_servers.empty() && (!turned_already || !allow_direct);
    return allow_direct || allow_turn;
}

bool PeerSessions::open(const DeviceId& device, Peer& peer, std::uint64_t session, bool ours, Moment now)
{
    bool allow_direct = false;
    bool allow_turn = false;
    if (!may_open(peer, allow_direct, allow_turn) || devices_by_link_.size() >= context_.config.peer_links_max)
        return false;
    Attempt attempt;
    attempt.link = context_.new_link();
    attempt.session = session;
    attempt.ours = ours;
    attempt.since = now.mono;
    // Its address as others see it comes from the TURN server, when there is one: a dead one must not stand in the way
    // of a direct path.
    if (allow_direct && turn_rests_until_ > now.mono) allow_turn = false;
    attempt.turned = allow_turn;
    devices_by_link_[attempt.link] = device;
    context_.effect(OpenPath{attempt.link, device, means_.device_seed, controlling(device), allow_direct, allow_turn,
                             allow_turn ? means_.turn_servers : std::vector<wire::TurnServer>{}, means_.stun_host,
                             means_.stun_port});
    peer.attempt = std::move(attempt);
    return true;
}

void PeerSessions::seek(const DeviceId& device, Moment now)
{
    if (means_.device_seed.empty()) return;
    auto& peer = peers_[device];
    if (peer.attempt || peer.retry_at > now.mono) return;
    (void)open(device, peer, context_.entropy.next_u64(), true, now);
}

void PeerSessions::forgive(const DeviceId& device)
{
    const auto at = peers_.find(device);
    if (at == peers_.end()) return;
    at->second.retry_at = Instant{};
    at->second.retry = {};
}

void PeerSessions::end_attempt(const DeviceId& device, Peer& peer, std::string trouble, bool tell, Moment now)
{
    const auto attempt = std::move(*peer.attempt);
    peer.attempt.reset();
    devices_by_link_.erase(attempt.link);
    context_.effect(CloseLink{attempt.link});
    if (tell && (attempt.described || !attempt.ours)) {
        wire::IceSignal end;
        end.kind = wire::IceSignal::Kind::end;
        end.session = attempt.session;
        outgoing_.push_back({device, std::move(end)});
    }
    if (!trouble.empty() && attempt.turned && !attempt.relayed && attempt.since + turn_answer_max <= now.mono)
        turn_rests_until_ = now.mono + turn_rest;
    if (!trouble.empty()) {
        const auto& config = context_.config;
        peer.retry = std::clamp(peer.retry * 2, config.direct_retry_min, config.direct_retry_max);
        peer.retry_at = now.mono + jittered(peer.retry, context_.entropy);
    }
    happened_.ended.push_back({device, std::move(trouble), now.mono - attempt.since});
}

std::string_view PeerSessions::progress(const DeviceId& device) const
{
    const auto at = peers_.find(device);
    if (at == peers_.end() || !at->second.attempt) return {};
    return at->second.attempt->answered ? "NAT did not open" : "peer did not answer";
}

Instant PeerSessions::retry_at(const DeviceId& device, Instant now) const
{
    const auto at = peers_.find(device);
    if (at == peers_.end() || at->second.attempt || at->second.retry_at <= now) return never;
    return at->second.retry_at;
}

// ---- signals ------------------------------------------------------------------------------------

void PeerSessions::signal(const DeviceId& from, wire::IceSignal signal, Moment now)
{
    using Kind = wire::IceSignal::Kind;
    auto& peer = peers_[from];
    if (signal.kind == Kind::offer) return on_offer(from, peer, std::move(signal), now);

    if (!peer.attempt || peer.attempt->session != signal.session) return; // Of a session that is over here.
    auto& attempt = *peer.attempt;
    switch (signal.kind) {
    case Kind::answer:
        if (!attempt.ours || attempt.answered) return context_.reject("an ICE answer that nobody asked for");
        attempt.answered = true;
        context_.effect(SetRemoteDescription{attempt.link, std::move(signal.ufrag), std::move(signal.pwd)});
        return add_remote(attempt, signal.candidates, signal.last_candidate);
    case Kind::candidates:
        if (!attempt.answered) return context_.reject("ICE candidates before the answer");
        return add_remote(attempt, signal.candidates, signal.last_candidate);
    case Kind::end:
        return end_attempt(from, peer, attempt.answered ? "NAT did not open" : "peer takes no direct path", false, now);
    case Kind::offer: break;
    }
}

void PeerSessions::on_offer(const DeviceId& from, Peer& peer, wire::IceSignal signal, Moment now)
{
    if (!take_offer_token(peer, now.mono)) return context_.reject("more ICE offers than offers_burst_max");
    if (peer.attempt) {
        if (peer.attempt->session == signal.session) return; // The same again.
        // Glare: the offer of the smaller device wins. A new offer beside an attempt that was answered says that the
        // far side has given that one up.
        if (peer.attempt->ours && !peer.attempt->answered && controlling(from)) return;
        end_attempt(from, peer, {}, false, now);
    }
    const auto session = signal.session;
    if (!open(from, peer, session, false, now)) {
        wire::IceSignal end;
        end.kind = wire::IceSignal::Kind::end;
        end.session = session;
        outgoing_.push_back({from, std::move(end)});
        return;
    }
    auto& attempt = *peer.attempt;
    attempt.answered = true;
    context_.effect(SetRemoteDescription{attempt.link, std::move(signal.ufrag), std::move(signal.pwd)});
    add_remote(attempt, signal.candidates, signal.last_candidate);
}

void PeerSessions::add_remote(Attempt& attempt, const std::vector<std::string>& candidates, bool last)
{
    for (const auto& candidate : candidates) {
        if (attempt.remote_candidates >= context_.config.remote_candidates_max) {
            context_.reject("more ICE candidates than remote_candidates_max");
            break;
        }
        ++attempt.remote_candidates;
        context_.effect(AddRemoteCandidate{attempt.link, candidate});
    }
    if (last) context_.effect(RemoteGatheringDone{attempt.link});
}

bool PeerSessions::take_offer_token(Peer& peer, Instant now)
{
    const auto elapsed = now - peer.offers_refilled;
    if (const auto more = elapsed / offer_interval; more > 0) {
        peer.offers_left = static_cast<std::uint32_t>(
            std::min<std::int64_t>(offers_burst_max, peer.offers_left + static_cast<std::int64_t>(more)));
        peer.offers_refilled = now;
    }
    if (peer.offers_left == 0) return false;
    --peer.offers_left;
    return true;
}

void PeerSessions::signal_failed(const DeviceId& device, std::uint64_t session, std::string trouble, Moment now)
{
    const auto at = peers_.find(device);
    if (at == peers_.end() || !at->second.attempt || at->second.attempt->session != session) return;
    end_attempt(device, at->second, std::move(trouble), false, now);
}

void PeerSessions::local_description(LinkId link, std::string_view ufrag, std::string_view pwd)
{
    const auto owner = devices_by_link_.find(link);
    if (owner == devices_by_link_.end()) return;
    auto& peer = peers_[owner->second];
    if (!peer.attempt || peer.attempt->link != link || peer.attempt->described) return;
    peer.attempt->described = true;
    wire::IceSignal out;
    out.kind = peer.attempt->ours ? wire::IceSignal::Kind::offer : wire::IceSignal::Kind::answer;
    out.session = peer.attempt->session;
    out.ufrag = ufrag;
    out.pwd = pwd;
    outgoing_.push_back({owner->second, std::move(out)});
}

void PeerSessions::local_candidate(LinkId link, std::string_view candidate)
{
    const auto owner = devices_by_link_.find(link);
    if (owner == devices_by_link_.end() || candidate.size() > wire::candidate_bytes_max) return;
    auto& peer = peers_[owner->second];
    if (!peer.attempt || peer.attempt->link != link) return;
    peer.attempt->relayed = peer.attempt->relayed || candidate.find(" typ relay") != std::string_view::npos;
    if (peer.attempt->candidates.size() < local_candidates_max) peer.attempt->candidates.emplace_back(candidate);
}

void PeerSessions::gathering_done(LinkId link)
{
    const auto owner = devices_by_link_.find(link);
    if (owner == devices_by_link_.end()) return;
    auto& peer = peers_[owner->second];
    if (peer.attempt && peer.attempt->link == link) peer.attempt->gathered = true;
}

std::vector<PeerSessions::Outgoing> PeerSessions::take_outgoing()
{
    auto out = std::exchange(outgoing_, {});
    for (auto& [device, peer] : peers_) {
        if (!peer.attempt || !peer.attempt->described) continue;
        auto& attempt = *peer.attempt;
        while (!attempt.candidates.empty() || (attempt.gathered && !attempt.done_sent)) {
            wire::IceSignal signal;
            signal.kind = wire::IceSignal::Kind::candidates;
            signal.session = attempt.session;
            const auto count = std::min(attempt.candidates.size(), wire::candidates_per_signal_max);
            signal.candidates.assign(attempt.candidates.begin(),
                                     attempt.candidates.begin() + static_cast<std::ptrdiff_t>(count));
            attempt.candidates.erase(attempt.candidates.begin(),
                                     attempt.candidates.begin() + static_cast<std::ptrdiff_t>(count));
            if (attempt.candidates.empty() && attempt.gathered) signal.last_candidate = attempt.done_sent = true;
            out.push_back({device, std::move(signal)});
        }
    }
    return out;
}

// ---- links --------------------------------------------------------------------------------------

std::optional<DeviceId> PeerSessions::device_of(LinkId link) const
{
    const auto at = devices_by_link_.find(link);
    return at == devices_by_link_.end() ? std::nullopt : std::optional<DeviceId>(at->second);
}

PeerLink* PeerSessions::live(LinkId link)
{
    const auto owner = devices_by_link_.find(link);
    if (owner == devices_by_link_.end()) return nullptr;
    for (auto& one : peers_[owner->second].links)
        if (one.id() == link) return &one;
    return nullptr;
}

std::optional<DeviceId> PeerSessions::link_up(LinkId link, const PublicKey& peer_key, Path path,
                                              std::string_view detail, Moment now)
{
    const auto owner = devices_by_link_.find(link);
    if (owner == devices_by_link_.end()) return std::nullopt;
    const auto device = owner->second;
    auto& peer = peers_[device];
    if (!peer.attempt || peer.attempt->link != link) return std::nullopt;
    if (peer_key != device || !route::allowed(path, policy_)) {
        context_.reject(peer_key != device ? "a peer link with another device's key"
                                           : "a peer link that policy forbids");
        end_attempt(device, peer, "peer proved another key", true, now);
        return std::nullopt;
    }
    peer.attempt.reset();
    if (path == Path::direct) peer.retry = {};
    while (peer.links.size() >= route::ways_per_device_max)
        close_link(device, peer, peer.links.front().id(), {}, true);
    peer.links.emplace_back(link, path, std::string(detail), now.mono);
    if (peer.links.size() > 1) {
        // The others prove that they live, or go; what lives and is not needed is pruned a little later.
        for (auto& other : peer.links)
            if (other.id() != link) other.doubt();
        peer.prune_at = now.mono + context_.config.link_silence_max;
    }
    return device;
}

/// Of live links that have had time to die, the controlling side keeps the best and newest.
void PeerSessions::prune(Instant now)
{
    for (auto& [device, peer] : peers_) {
        if (peer.prune_at > now) continue;
        peer.prune_at = never;
        if (!controlling(device) || peer.links.size() < 2) continue;
        const PeerLink* best = nullptr;
        for (const auto& link : peer.links)
            if (best == nullptr || link.path() != Path::turned || best->path() == Path::turned) best = &link;
        const auto keep = best->id();
        std::vector<LinkId> closing;
        for (const auto& link : peer.links)
            if (link.id() != keep) closing.push_back(link.id());
        for (auto link : closing)
            close_link(device, peer, link, {}, true);
    }
}

void PeerSessions::link_down(LinkId link, const Error& reason, Moment now)
{
    const auto owner = devices_by_link_.find(link);
    if (owner == devices_by_link_.end()) return;
    const auto device = owner->second;
    auto& peer = peers_[device];
    if (peer.attempt && peer.attempt->link == link) {
        std::string trouble = "NAT did not open";
        if (reason.code == ErrorCode::authentication_failed || reason.code == ErrorCode::relay_key_mismatch)
            trouble = "peer proved another key";
        return end_attempt(device, peer, std::move(trouble), true, now);
    }
    const bool in_peace = reason.code == ErrorCode::cancelled;
    close_link(device, peer, link,
               in_peace ? std::string() : "direct path lost: " + std::string(error_name(reason.code)), false);
}

std::optional<DeviceId> PeerSessions::path_changed(LinkId link, Path path, std::string_view detail)
{
    auto* one = live(link);
    if (one == nullptr) return std::nullopt;
    const auto device = devices_by_link_.at(link);
    one->set_path(path, std::string(detail));
    if (!route::allowed(path, policy_)) {
        close_link(device, peers_[device], link, {}, true);
        return std::nullopt;
    }
    return device;
}

void PeerSessions::drop(LinkId link, std::string trouble)
{
    const auto device = device_of(link);
    if (device) close_link(*device, peers_[*device], link, std::move(trouble), true);
}

void PeerSessions::close_link(const DeviceId& device, Peer& peer, LinkId link, std::string trouble, bool tell_shell)
{
    const auto at =
        std::find_if(peer.links.begin(), peer.links.end(), [&](const PeerLink& one) { return one.id() == link; });
    if (at == peer.links.end()) return;
    const auto path = at->path();
    peer.links.erase(at);
    devices_by_link_.erase(link);
    if (tell_shell) context_.effect(CloseLink{link});
    happened_.lost.push_back({device, link, path, std::move(trouble)});
}

void PeerSessions::verdict(const DeviceId& device, PeerLink& link, const PeerLink::Verdict& verdict, Instant now,
                           std::vector<std::pair<LinkId, std::string>>& closing)
{
    if (verdict.health == route::Health::dead) {
        closing.emplace_back(link.id(), std::string(path_name(link.path())) + " path silent for " +
                                            route::seconds_text(context_.config.link_silence_max));
        return;
    }
    if (verdict.idle) {
        closing.emplace_back(link.id(), std::string());
        return;
    }
    if (verdict.ping) {
        const auto token = context_.entropy.next_u64();
        link.ping_sent(token, now);
        context_.effect(SendFrame{link.id(), wire::encode(wire::peer::Frame(wire::peer::Ping{token}))});
    }
    (verdict.health == route::Health::suspect ? happened_.suspect : happened_.healthy).emplace_back(device, link.id());
}

void PeerSessions::end_overdue(Moment now)
{
    for (auto& [device, peer] : peers_) {
        if (!peer.attempt) continue;
        const auto& attempt = *peer.attempt;
        const bool unanswered = attempt.ours && !attempt.answered;
        if (attempt.since + context_.config.peer_dial_max <= now.mono)
            end_attempt(device, peer, unanswered ? "peer did not answer" : "NAT did not open", true, now);
        else if (unanswered && attempt.since + context_.config.offer_answer_max <= now.mono)
            end_attempt(device, peer, "peer did not answer", true, now);
    }
}

Instant PeerSessions::deadline_of_attempts() const
{
    Instant out = never;
    for (const auto& [device, peer] : peers_) {
        out = earlier(out, peer.prune_at);
        if (!peer.attempt) continue;
        const bool unanswered = peer.attempt->ours && !peer.attempt->answered;
        out = earlier(out, peer.attempt->since +
                               (unanswered ? context_.config.offer_answer_max : context_.config.peer_dial_max));
    }
    return out;
}

// ---- all at once --------------------------------------------------------------------------------

void PeerSessions::doubt(const DeviceId& device)
{
    const auto at = peers_.find(device);
    if (at == peers_.end()) return;
    for (auto& link : at->second.links)
        link.doubt();
}

void PeerSessions::close_device(const DeviceId& device)
{
    const auto at = peers_.find(device);
    if (at == peers_.end()) return;
    auto& peer = at->second;
    if (peer.attempt) {
        devices_by_link_.erase(peer.attempt->link);
        context_.effect(CloseLink{peer.attempt->link});
    }
    while (!peer.links.empty())
        close_link(device, peer, peer.links.back().id(), {}, true);
    peers_.erase(at);
    std::erase_if(outgoing_, [&](const Outgoing& out) { return out.device == device; });
}

void PeerSessions::close_all()
{
    while (!peers_.empty())
        close_device(DeviceId(peers_.begin()->first));
}

void PeerSessions::network_changed(Moment now)
{
    turn_rests_until_ = Instant{};
    for (auto& [device, peer] : peers_) {
        const bool wanted = peer.attempt.has_value() || !peer.links.empty();
        if (peer.attempt) end_attempt(device, peer, {}, true, now);
        forgive(device);
        for (auto& link : peer.links)
            link.doubt();
        if (wanted) (void)open(device, peer, context_.entropy.next_u64(), true, now);
    }
}

void PeerSessions::relay_came_back(Moment now)
{
    for (auto& [device, peer] : peers_) {
        peer.retry_at = Instant{};
        if (!peer.attempt || !peer.attempt->ours || peer.attempt->answered) continue;
        // The offer, or the answer to it, may have gone down with the old session: a new one is cheaper than waiting.
        devices_by_link_.erase(peer.attempt->link);
        context_.effect(CloseLink{peer.attempt->link});
        peer.attempt.reset();
        // In another network it was to be the way that is left: who waits until the old one is known to be dead is not
        // heard for seconds.
        if (!peer.links.empty()) (void)open(device, peer, context_.entropy.next_u64(), true, now);
    }
}

void PeerSessions::enforce_policy()
{
    for (auto& [device, peer] : peers_) {
        if (peer.attempt) {
            devices_by_link_.erase(peer.attempt->link);
            context_.effect(CloseLink{peer.attempt->link});
            peer.attempt.reset();
        }
        peer.retry_at = Instant{};
        std::vector<LinkId> closing;
        for (const auto& link : peer.links)
            if (!route::allowed(link.path(), policy_)) closing.push_back(link.id());
        for (auto link : closing)
            close_link(device, peer, link, {}, true);
    }
}

} // namespace godwit::engine
