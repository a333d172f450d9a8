// SPDX-License-Identifier: Apache-2.0
#include "transport/ice/session_core.hpp"

#include "lib/base/check.hpp"
#include "transport/ice/nice_words.hpp"

#include <nice/interfaces.h>

#include <algorithm>

namespace godwit::ice {

namespace {

/// Between connectivity checks (RFC 8445 section 14.2 asks for 5 ms or more): 5 instead of libnice's 20 saves 15 ms
/// p50.
constexpr guint pacing_ms = 5;
/// After the last check without an answer, and with nothing more to come: libnice waits five seconds, the caller falls
/// back in two.
constexpr guint grace_ms = 2000;
/// What the USERNAME attribute may hold (RFC 8489 section 14.3), and what fits into one of libnice's requests.
constexpr std::size_t turn_credential_bytes_max = 508;
/// How long a TURN server may take to confirm that it took an allocation back: three requests within 400 ms. One that
/// does not answer frees it by itself, ten minutes later at most (RFC 8656 section 3.2).
constexpr guint close_rto_ms = 100;
constexpr guint close_requests = 3;

[[nodiscard]] Error bad_config(std::string what)
{
    return Error{ErrorCode::invalid_argument, "ICE: " + std::move(what) + ".", 0};
}

[[nodiscard]] bool is_credential(std::string_view text, std::size_t bytes_min) noexcept
{
    return text.size() >= bytes_min && text.size() <= credential_bytes_max && is_ice_text(text);
}

[[nodiscard]] std::string take(gchar* text)
{
    std::string out = text == nullptr ? "" : text;
    g_free(text);
    return out;
}

void ignore_datagram(NiceAgent*, guint, guint, guint, gchar*, gpointer) {}

} // namespace

SessionCore::SessionCore(std::shared_ptr<RuntimeCore> runtime, const IceConfig& config, IceObserver& observer)
    : runtime_(std::move(runtime)), config_(config), observer_(&observer)
{
}

SessionCore::~SessionCore()
{
    if (agent_ != nullptr) g_object_unref(agent_); // start() failed; otherwise on_closed took it.
}

Result<void> SessionCore::start()
{
    if (config_.port_min > config_.port_max) return bad_config("port_min is above port_max");
    if (config_.port_min == 0 && config_.port_max != 0) return bad_config("port_min is 0 but port_max is not");
    if (config_.turn.size() > servers_max) return bad_config("more than 4 TURN servers");
    if (config_.bind_addresses.size() > local_addresses_max) return bad_config("more than 8 bind addresses");
    if (!config_.allow_direct && (!config_.allow_relay || config_.turn.empty()))
        return bad_config("without direct paths a TURN server is needed");
    for (const auto& text : config_.bind_addresses)
        if (Endpoint parsed; !parse_address(text, parsed)) return bad_config("bind address is not a literal: " + text);

    agent_ = nice_agent_new_full(runtime_->context(), NICE_COMPATIBILITY_RFC5245, NICE_AGENT_OPTION_ICE_TRICKLE);
    g_object_set(agent_, "controlling-mode", static_cast<gboolean>(config_.controlling), "stun-pacing-timer", pacing_ms,
                 "idle-timeout", grace_ms, "upnp", FALSE, "ice-tcp", FALSE, "force-relay",
                 static_cast<gboolean>(!config_.allow_direct), nullptr);
    stream_ = nice_agent_add_stream(agent_, 1);
    if (stream_ == 0) return Error{ErrorCode::internal, "ICE: libnice made no stream.", 0};
    if (config_.port_max != 0)
        nice_agent_set_port_range(agent_, stream_, component_id, config_.port_min, config_.port_max);
    if (auto added = add_servers(); !added) return added;

    gchar* ufrag = nullptr;
    gchar* password = nullptr;
    nice_agent_get_local_credentials(agent_, stream_, &ufrag, &password);
    local_.ufrag = take(ufrag);
    local_.password = take(password);

    g_signal_connect(agent_, "new-candidate-full", G_CALLBACK(&SessionCore::on_candidate), this);
    g_signal_connect(agent_, "candidate-gathering-done", G_CALLBACK(&SessionCore::on_gathered), this);
    g_signal_connect(agent_, "component-state-changed", G_CALLBACK(&SessionCore::on_state), this);
    g_signal_connect(agent_, "new-selected-pair-full", G_CALLBACK(&SessionCore::on_pair), this);
    nice_agent_attach_recv(agent_, stream_, component_id, runtime_->context(), &SessionCore::on_datagram, this);
    return {};
}

Result<void> SessionCore::add_servers()
{
    std::optional<StunServer> stun = config_.stun;
    bool turn_in_use = false;
    for (const auto& server : config_.turn) {
        Endpoint parsed;
        if (!parse_address(server.address, parsed) || server.port == 0)
            return bad_config("TURN server address is not a literal: " + server.address);
        if (server.username.empty() || server.username.size() > turn_credential_bytes_max || server.password.empty() ||
            server.password.size() > turn_credential_bytes_max)
            return bad_config("TURN username and password are 1 to 508 bytes");
        if (!config_.allow_relay) {
            if (!stun && server.transport == TurnServer::Transport::udp) stun = StunServer{server.address, server.port};
            continue;
        }
        turn_in_use = true;
        const auto type =
            server.transport == TurnServer::Transport::udp ? NICE_RELAY_TYPE_TURN_UDP : NICE_RELAY_TYPE_TURN_TCP;
        if (nice_agent_set_relay_info(agent_, stream_, component_id, server.address.c_str(), server.port,
                                      server.username.c_str(), server.password.c_str(), type) == FALSE)
            return bad_config("TURN server refused: " + server.address);
    }
    if (stun) {
        Endpoint parsed;
        if (!parse_address(stun->address, parsed) || stun->port == 0)
            return bad_config("STUN server address is not a literal: " + stun->address);
        // With both, libnice 0.1.21 mixes up the replies and gathers two seconds longer.
        if (!turn_in_use)
            g_object_set(agent_, "stun-server", stun->address.c_str(), "stun-server-port", guint{stun->port}, nullptr);
    }
    return {};
}

void SessionCore::abandon()
{
    handle_ = nullptr;
    path_observer_ = nullptr;
    phase_ = Phase::over;
    trains_in_.reset();
    for (auto** source : {&deadline_, &drain_}) {
        if (*source == nullptr) continue;
        g_source_destroy(*source);
        g_source_unref(*source);
        *source = nullptr;
    }
    events_.clear();
    early_.clear();
    g_signal_handlers_disconnect_by_data(agent_, this);
    // Something must go on reading: the TURN server's answers, and sockets that GLib would report as ready for ever.
    nice_agent_attach_recv(agent_, stream_, component_id, runtime_->context(), ignore_datagram, nullptr);
    g_object_set(agent_, "stun-initial-timeout", close_rto_ms, "stun-max-retransmissions", close_requests, nullptr);
    g_main_context_push_thread_default(runtime_->context()); // Where the callback is to run.
    nice_agent_close_async(agent_, &SessionCore::on_closed, this);
    g_main_context_pop_thread_default(runtime_->context());
    runtime_->poke();
}

void SessionCore::on_closed(GObject*, GAsyncResult*, gpointer self) noexcept
{
    auto* core = static_cast<SessionCore*>(self);
    g_object_unref(core->agent_);
    core->agent_ = nullptr;
    core->runtime_->session_closed(core);
}

void SessionCore::gather()
{
    if (phase_ != Phase::fresh) return;
    phase_ = Phase::checking;
    if (!add_local_addresses()) {
        fail(ErrorCode::not_connected, "ICE: this device has no usable network address.");
        return;
    }
    const auto wait_ms = std::chrono::ceil<std::chrono::milliseconds>(config_.attempt_max).count();
    deadline_ = attach_source(g_timeout_source_new(static_cast<guint>(std::clamp<std::int64_t>(wait_ms, 1, 3'600'000))),
                              &SessionCore::on_deadline);
    g_main_context_push_thread_default(runtime_->context());
    const bool gathering = nice_agent_gather_candidates(agent_, stream_) != FALSE;
    g_main_context_pop_thread_default(runtime_->context());
    if (!gathering) {
        fail(ErrorCode::address_in_use,
             "ICE: no local port is free in the range given, or no local address can be bound.");
        return;
    }
    apply_blackhole();
    flush_remote();
    runtime_->poke();
}

bool SessionCore::add_local_addresses()
{
    std::vector<std::string> texts = config_.bind_addresses;
    if (texts.empty()) {
        auto* found = nice_interfaces_get_local_ips(static_cast<gboolean>(config_.loopback_allowed));
        for (auto* item = found; item != nullptr; item = item->next)
            texts.emplace_back(static_cast<const gchar*>(item->data));
        g_list_free_full(found, g_free);
    }
    std::vector<Endpoint> usable;
    for (const auto& text : texts) {
        Endpoint local;
        local.port = 65535;
        // What we would not accept from a peer we do not offer either: link-local, multicast, loopback unless allowed.
        if (usable.size() == local_addresses_max || !parse_address(text, local)) continue;
        if (!address_refusal(local, {config_.loopback_allowed, true}).empty()) continue;
        local.port = 0;
        if (std::find(usable.begin(), usable.end(), local) == usable.end()) usable.push_back(local);
    }
    for (const auto& local : usable) {
        auto address = to_nice(local);
        nice_agent_add_local_address(agent_, &address);
    }
    return !usable.empty();
}

Result<void> SessionCore::set_remote(const IceDescription& description)
{
    if (!is_credential(description.ufrag, ufrag_bytes_min) || !is_credential(description.password, password_bytes_min))
        return Error{ErrorCode::malformed, "ICE: ufrag or password has a wrong length or character.", 0};
    if (remote_) {
        if (remote_->ufrag == description.ufrag && remote_->password == description.password) return {};
        return bad_config("the remote description is set already; open a new session");
    }
    remote_ = description;
    if (phase_ == Phase::over) return {};
    nice_agent_set_remote_credentials(agent_, stream_, remote_->ufrag.c_str(), remote_->password.c_str());
    flush_remote();
    runtime_->poke();
    return {};
}

Result<void> SessionCore::add_remote_candidate(std::string_view text)
{
    if (remote_count_ >= candidates_max)
        return Error{ErrorCode::quota_exceeded, "ICE: more than 20 candidates from the peer.", 0};
    ++remote_count_; // Bad ones count too: the bound is on what a peer makes us look at.
    auto candidate = parse_candidate(text, {config_.loopback_allowed, config_.allow_relay});
    if (!candidate) return std::move(candidate).error();
    if (phase_ == Phase::over) return {};
    if (may_check())
        give_remote(*candidate);
    else
        waiting_.push_back(std::move(candidate).value());
    return {};
}

void SessionCore::remote_gathering_done()
{
    remote_done_ = true;
    if (phase_ == Phase::over || !may_check()) return;
    nice_agent_peer_candidate_gathering_done(agent_, stream_);
    runtime_->poke();
}

void SessionCore::flush_remote()
{
    if (!may_check()) return;
    const auto waiting = std::exchange(waiting_, {});
    for (const auto& candidate : waiting)
        give_remote(candidate);
    if (remote_done_) nice_agent_peer_candidate_gathering_done(agent_, stream_);
}

void SessionCore::give_remote(const Candidate& candidate)
{
    auto* remote = to_nice(candidate, stream_);
    auto* list = g_slist_append(nullptr, remote);
    nice_agent_set_remote_candidates(agent_, stream_, component_id, list);
    g_slist_free(list);
    nice_candidate_free(remote);
    runtime_->poke();
}

// What libnice says.

void SessionCore::on_candidate(NiceAgent*, NiceCandidate* candidate, gpointer self) noexcept
{
    auto* core = static_cast<SessionCore*>(self);
    if (core->phase_ == Phase::over || candidate->transport != NICE_CANDIDATE_TRANSPORT_UDP) return;
    auto ours = from_nice(*candidate);
    if (ours.kind == CandidateKind::prflx) return;
    if (!core->config_.allow_direct && ours.kind != CandidateKind::relayed)
        return; // Hide my address: nothing else leaves.
    if (!address_refusal(ours.endpoint, {core->config_.loopback_allowed, true}).empty()) return;
    if (core->local_count_ == candidates_max) return; // The peer would refuse the next one.
    ++core->local_count_;
    Event event;
    event.kind = Event::Kind::candidate;
    event.candidate = format_candidate(ours);
    core->post(std::move(event));
}

void SessionCore::on_gathered(NiceAgent*, guint, gpointer self) noexcept
{
    auto* core = static_cast<SessionCore*>(self);
    if (core->phase_ == Phase::over || std::exchange(core->gathered_, true)) return;
    core->apply_blackhole(); // TURN over TCP has opened sockets meanwhile.
    core->post(Event{});
}

void SessionCore::on_state(NiceAgent*, guint, guint, guint state, gpointer self) noexcept
{
    auto* core = static_cast<SessionCore*>(self);
    if (core->phase_ == Phase::over) return;
    // CONNECTED is enough to send; READY comes two seconds later.
    if ((state == NICE_COMPONENT_STATE_CONNECTED || state == NICE_COMPONENT_STATE_READY) &&
        core->phase_ == Phase::checking) {
        const auto pair = core->read_pair();
        if (!pair) return;
        core->phase_ = Phase::connected;
        core->pair_ = *pair;
        core->open_trains_in();
        g_source_destroy(core->deadline_);
        Event event;
        event.kind = Event::Kind::connected;
        event.pair = *pair;
        core->post(std::move(event));
    } else if (state == NICE_COMPONENT_STATE_FAILED) {
        if (core->phase_ == Phase::connected)
            core->fail(ErrorCode::not_connected, "ICE: the path was lost.");
        else
            core->fail(ErrorCode::timed_out, "ICE: no pair of addresses answered; the peer is not reachable this way.");
    }
}

void SessionCore::on_pair(NiceAgent*, guint, guint, NiceCandidate*, NiceCandidate*, gpointer self) noexcept
{
    auto* core = static_cast<SessionCore*>(self);
    if (core->phase_ != Phase::connected) return; // The first pair is reported by on_state.
    const auto pair = core->read_pair();
    if (!pair || *pair == core->pair_) return;
    core->pair_ = *pair;
    core->trains_refused_ = false;
    core->open_trains_in();
    Event event;
    event.kind = Event::Kind::pair_changed;
    event.pair = *pair;
    core->post(std::move(event));
}

gboolean SessionCore::on_deadline(gpointer self) noexcept
{
    auto* core = static_cast<SessionCore*>(self);
    if (core->phase_ == Phase::checking)
        core->fail(ErrorCode::timed_out, "ICE: no path to the peer was found in time.");
    return G_SOURCE_REMOVE;
}

std::optional<IcePair> SessionCore::read_pair() const
{
    NiceCandidate* local = nullptr;
    NiceCandidate* remote = nullptr;
    if (nice_agent_get_selected_pair(agent_, stream_, component_id, &local, &remote) == FALSE) return std::nullopt;
    IcePair out;
    const auto there = from_nice(remote->addr);
    out.local = from_nice(local->type);
    out.remote = from_nice(remote->type);
    out.local_text = to_text(from_nice(local->addr));
    out.remote_text = to_text(there);
    // A check from the peer's relayed address may overtake its candidate; it looks peer-reflexive until then. Where
    // everybody shares one address (loopback), the address says nothing.
    if (out.remote == CandidateKind::prflx && !config_.loopback_allowed)
        for (const auto& server : config_.turn)
            if (server.address == address_text(there)) out.remote = CandidateKind::relayed;
    return out;
}

void SessionCore::fail(ErrorCode code, std::string detail)
{
    if (phase_ == Phase::over) return;
    phase_ = Phase::over;
    Event event;
    event.kind = Event::Kind::failed;
    event.error = Error{code, std::move(detail), 0};
    post(std::move(event));
}

// Events.

GSource* SessionCore::attach_source(GSource* source, GSourceFunc callback)
{
    g_source_set_callback(source, callback, this, nullptr);
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_attach(source, runtime_->context());
    runtime_->poke();
    return source;
}

void SessionCore::post(Event event)
{
    if (handle_ == nullptr) return;
    const bool repeats =
        event.kind == Event::Kind::pair_changed && !events_.empty() && events_.back().kind == Event::Kind::pair_changed;
    if (repeats)
        events_.back() = std::move(event);
    else
        events_.push_back(std::move(event));
    if (drain_ != nullptr) return;
    drain_ = attach_source(g_idle_source_new(), &SessionCore::on_drain);
    runtime_->poke();
}

gboolean SessionCore::on_drain(gpointer self) noexcept
{
    const auto core = static_cast<SessionCore*>(self)->shared_from_this(); // A callback may destroy the handle.
    g_source_unref(std::exchange(core->drain_, nullptr));
    while (core->handle_ != nullptr && !core->events_.empty()) {
        auto event = std::move(core->events_.front());
        core->events_.pop_front();
        core->deliver(event);
    }
    return G_SOURCE_REMOVE;
}

void SessionCore::deliver(Event& event)
{
    switch (event.kind) {
    case Event::Kind::candidate: return observer_->ice_candidate(*handle_, event.candidate);
    case Event::Kind::gathered: return observer_->ice_gathered(*handle_);
    case Event::Kind::connected: return observer_->ice_connected(*handle_, event.pair);
    case Event::Kind::pair_changed: return observer_->ice_pair_changed(*handle_, event.pair);
    case Event::Kind::early: return deliver_early();
    case Event::Kind::failed:
        if (path_observer_ != nullptr) path_observer_->path_failed(event.error);
        if (handle_ != nullptr) observer_->ice_failed(*handle_, event.error);
        return;
    }
}

} // namespace godwit::ice
