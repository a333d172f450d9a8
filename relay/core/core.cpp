// SPDX-License-Identifier: Apache-2.0
#include "relay/core/core.hpp"

#include "relay/core/versions.hpp"

namespace godwit::relay {
namespace {

/// For a device that floods: by then a mistake has been seen, and a malicious one has not got far.
constexpr Duration flood_wait = std::chrono::seconds(10);
/// A restart takes about as long.
constexpr Duration drain_wait = std::chrono::seconds(1);

std::uint64_t as_ms(Duration wait)
{
    return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
}

} // namespace

Core::Core(Config config, Store& store, port::Entropy& entropy, WakeUps* wakeups)
    : config_(std::move(config)), wakeups_(wakeups), context_{config_, store, entropy, {}, {}, {}}, gate_(context_),
      requests_(config_.limits.requests, config_.limits.throttled_max), accounts_(context_, gate_), linking_(context_),
      devices_(context_, accounts_, linking_), roster_(context_), departed_(context_, roster_),
      presence_(context_, roster_), mailbox_(context_), key_packages_(context_), members_(context_, mailbox_),
      joins_(context_, members_), trees_(context_), groups_(context_, mailbox_, members_, trees_), blobs_(context_),
      signals_(context_), notices_(context_), desk_(context_)
{
}

// ---- gather ----

void Core::link_up(LinkId link, Peer peer, Moment now)
{
    gathered_anything_ = true;
    auto& session = context_.sessions.add(link, std::move(peer));
    ++context_.counters.links_total;
    context_.counters.links = context_.sessions.size();
    if (draining_) return close(session);
    if (is_turned_away(session)) return turn_away(session);
    if (auto no = gate_.refuses_address(session.peer.ip, now)) {
        ++context_.counters.links_banned;
        say(link, frame::Goodbye{*std::move(no)}, false);
        return close(session);
    }
    strangers_[link] = now.mono + config_.limits.login_time_max;
    if (strangers_.size() > config_.limits.unauthenticated_links_max) {
        ++context_.counters.strangers_closed;
        close(*context_.sessions.find(strangers_.begin()->first)); // the oldest had the longest time
    }
}

void Core::receive(LinkId link, BytesView bytes, Moment now)
{
    auto* const session = context_.sessions.find(link);
    if (session == nullptr) return;
    gathered_anything_ = true;
    if (is_too_much_for_a_stranger(*session, bytes.size())) {
        ++context_.counters.strangers_closed;
        return close(*session);
    }
    if (session->account != 0) {
        const auto& rate = config_.limits.frames;
        if (session->frame_pace.wait(rate, now.mono) > Duration::zero()) {
            ++context_.counters.members_closed;
            say(link,
                frame::Goodbye{{ErrorCode::rate_limited, "this device sends more than any device has to say",
                                as_ms(jittered(flood_wait, context_.entropy))}},
                false);
            return close(*session);
        }
        session->frame_pace.take(rate, now.mono);
    }
    const auto decoded = wire::decode_client_frame(bytes);
    if (!decoded.ok()) {
        ++context_.counters.frames_malformed;
        say(link, frame::Goodbye{decoded.error()}, false);
        return close(*session);
    }
    std::visit([&](const auto& one) { on(*session, one, now); }, *decoded);
}

void Core::strained(const Strain& strain, Moment now)
{
    if (!shedding_.measure(strain, now.mono)) return;
    gathered_anything_ = true; // presence that was held back is told, or who is to go goes
    context_.counters.shed_level = static_cast<std::uint64_t>(shedding_.level());
    std::vector<Session*> unwanted;
    context_.sessions.each([&](Session& session) {
        if (session.account == 0 && is_turned_away(session)) unwanted.push_back(&session);
    });
    for (auto* const session : unwanted)
        turn_away(*session);
}

bool Core::is_turned_away(const Session& session)
{
    if (shedding_.gives_up(Shed::logins)) return true;
    return shedding_.gives_up(Shed::strangers) && !context_.store.device(session.peer.device);
}

void Core::turn_away(Session& session)
{
    ++context_.counters.overload_refused;
    say(session.link, frame::Goodbye{overloaded(context_.entropy)}, false);
    close(session);
}

bool Core::is_too_much_for_a_stranger(Session& session, std::size_t bytes)
{
    if (session.account != 0) return false;
    session.stranger_bytes += bytes;
    return session.stranger_bytes > config_.limits.unauthenticated_bytes_max;
}

void Core::on(Session& session, const frame::Hello& hello, Moment now)
{
    if (session.greeted) { // one greeting a link
        ++context_.counters.frames_malformed;
        return close(session);
    }
    if (hello.protocol_min > wire::protocol_version || hello.protocol_max < wire::protocol_version) {
        say(session.link,
            frame::Goodbye{{ErrorCode::protocol_mismatch,
                            "this relay speaks protocol " + std::to_string(wire::protocol_version), 0}},
            false);
        return close(session);
    }
    session.greeted = true;
    session.client_version = hello.client_version;
    session.platform = hello.platform;
    session.app = session.said_app = context_.apps.of_key(hello.app);
    if (!hello.app.empty() && context_.store.failed()) return close(session); // it is not known whose: once more
    session.update_required = is_older(hello.client_version, config_.client_version_min);

    frame::Welcome welcome;
    welcome.relay_version = config_.relay_version;
    welcome.observed_address = session.peer.address;
    welcome.relay_ms = now.wall_ms;
    welcome.update_required = session.update_required;
    if (is_older(hello.client_version, config_.client_version_latest))
        welcome.update_version = config_.client_version_latest;
    else if (session.update_required)
        welcome.update_version = config_.client_version_min;
    welcome.mailbox_messages_max = config_.limits.mailbox_messages_max;
    welcome.mailbox_bytes_max = config_.limits.mailbox_bytes_max;
    say(session.link, std::move(welcome), false);
}

void Core::on(Session& session, const frame::Request& request, Moment now)
{
    ++context_.counters.requests;
    const bool is_stranger = session.account == 0;
    if (!session.greeted ||
        (is_stranger && ++session.stranger_requests > config_.limits.unauthenticated_requests_max)) {
        ++context_.counters.strangers_closed;
        return close(session);
    }
    auto untimely = is_untimely(session, request.body, now);
    auto answer = untimely ? Answer(*std::move(untimely)) : serve(session, request.body, now);
    if (answer.error.code != ErrorCode::ok) ++context_.counters.requests_refused;
    say(session.link, frame::Response{request.id, std::move(answer.error), std::move(answer.body)});
}

std::optional<Error> Core::is_untimely(const Session& session, const frame::RequestBody& body, Moment now)
{
    if (const auto at = given_up_at(body); shedding_.gives_up(at)) {
        ++context_.counters.overload_refused;
        return overloaded(context_.entropy);
    }
    // Whoever floods an account from a stolen device does not keep its owner from revoking that.
    const bool is_own_right =
        std::holds_alternative<frame::DevicesPut>(body) || std::holds_alternative<frame::Logout>(body);
    if (session.account == 0 || is_own_right) return std::nullopt;
    const auto who = session.account;
    if (const auto wait = requests_.wait(who, now.mono); wait > Duration::zero()) {
        ++context_.counters.requests_throttled;
        return slow_down(wait);
    }
    requests_.take(who, now.mono);
    return std::nullopt;
}

void Core::on(Session& session, const frame::MailboxAck& ack, Moment)
{
    if (session.logged_in()) mailbox_.acknowledge(session, ack);
}

void Core::on(Session& session, const frame::NoticeAck& ack, Moment now)
{
    if (session.logged_in()) notices_.acknowledge(session, ack, now);
}

void Core::on(Session& session, const frame::Ping& ping, Moment)
{
    say(session.link, frame::Pong{ping.token}, false);
}

void Core::on(Session&, const frame::Pong&, Moment) {}

void Core::link_down(LinkId link, Moment)
{
    auto* const session = context_.sessions.find(link);
    if (session == nullptr) return;
    gathered_anything_ = true;
    forget(*session);
}

void Core::handle_deadline(Moment now)
{
    gathered_anything_ = true;
    while (!strangers_.empty() && strangers_.begin()->second <= now.mono) {
        ++context_.counters.strangers_closed;
        say(strangers_.begin()->first, frame::Goodbye{{ErrorCode::timed_out, "no login in time", 0}}, false);
        close(*context_.sessions.find(strangers_.begin()->first));
    }
    for (const auto link : linking_.overdue(now)) {
        ++context_.counters.strangers_closed;
        say(link, frame::Goodbye{{ErrorCode::timed_out, "nobody has linked this device in time", 0}}, false);
        close(*context_.sessions.find(link));
    }
    if (rewind_at_ <= now.mono) {
        rewind_at_ = never;
        for (const auto link : std::exchange(to_rewind_, {}))
            if (auto* const session = context_.sessions.find(link); session != nullptr && session->active) {
                mailbox_.rewind(*session);
                context_.changes.mail.insert(session->device);
            }
    }
    if (expire_at_ <= now.mono) {
        const bool more_mail = mailbox_.expire(now);
        const bool more_blobs = blobs_.expire(now);
        const bool more_joins = joins_.expire(now);
        const bool more_members = members_.expire(now);
        const bool more_trees = trees_.expire(now); // After those by whom a Welcome may have gone.
        const bool more_notices = notices_.expire(now);
        const bool more_departed = !more_mail && departed_.expire(now);
        const bool more = more_departed || key_packages_.expire(now) || more_mail || more_blobs || more_joins ||
                          more_members || more_trees || more_notices;
        expire_at_ = now.mono + (more ? std::chrono::seconds(1) : expiry_interval);
    }
}

void Core::drain(Moment)
{
    gathered_anything_ = true;
    draining_ = true;
    std::vector<Session*> all;
    context_.sessions.each([&](Session& session) { all.push_back(&session); });
    for (auto* const session : all) {
        say(session->link,
            frame::Goodbye{{ErrorCode::relay_unavailable, "the relay is shutting down: it will be back",
                            as_ms(jittered(drain_wait, context_.entropy))}},
            false);
        close(*session);
    }
}

void Core::reconfigure(const Config& config)
{
    const auto login_time_max = config_.limits.login_time_max; // the transports have taken it too
    config_.limits = config.limits;
    config_.limits.login_time_max = login_time_max;
    config_.registration_open = config.registration_open;
    config_.directory_shown = config.directory_shown;
    config_.client_version_latest = config.client_version_latest;
    config_.client_version_min = config.client_version_min;
    config_.stun_host = config.stun_host;
    config_.stun_port = config.stun_port;
    mailbox_.forget_usage(); // with what was allowed
}

void Core::say(LinkId link, wire::relay::ServerFrame frame, bool rests_on_store)
{
    gathered_.push_back({link, std::move(frame), rests_on_store});
}

void Core::close(Session& session)
{
    closing_.push_back(session.link);
    forget(session);
}

void Core::forget(Session& session)
{
    const auto link = session.link;
    strangers_.erase(link);
    linking_.forget(link);
    to_rewind_.erase(link);
    if (session.active) {
        presence_.touch(session.account, session.user);
        context_.sessions.deactivate(session);
    }
    context_.sessions.erase(link);
    context_.counters.links = context_.sessions.size();
    context_.counters.sessions = context_.sessions.active();
}

Instant Core::deadline() const
{
    auto out = earlier(earlier(rewind_at_, expire_at_), earlier(linking_.deadline(), notices_.deadline()));
    if (!strangers_.empty()) out = earlier(out, strangers_.begin()->second);
    return out;
}

} // namespace godwit::relay
