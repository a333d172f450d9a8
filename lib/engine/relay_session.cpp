// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/relay_session.hpp"

#include <algorithm>

namespace godwit::engine {

namespace frame = wire::relay;

RelaySession::RelaySession(Context& context, LinkId link, Entry entry, std::string app)
    : context_(context), link_(link), entry_(std::move(entry)), app_(std::move(app))
{
}

void RelaySession::open(Moment now)
{
    last_heard_ = now.mono;
    frame::Hello hello;
    hello.client_version = context_.config.client_version;
    hello.platform = context_.config.platform;
    hello.app = app_;
    send(hello);
}

std::vector<Note> RelaySession::frame(BytesView bytes, Moment now)
{
    last_heard_ = std::max(last_heard_, now.mono);
    ping_sent_ = never;
    auto decoded = wire::decode_server_frame(bytes);
    if (!decoded) {
        ++context_.frames_rejected;
        return {note::Broken{decoded.error()}};
    }
    auto& what = *decoded;
    if (const auto* ping = std::get_if<frame::Ping>(&what)) {
        send(frame::Pong{ping->token});
        return {};
    }
    if (std::holds_alternative<frame::Pong>(what)) return {};
    if (auto* response = std::get_if<frame::Response>(&what)) return on_response(std::move(*response));
    if (auto* welcome = std::get_if<frame::Welcome>(&what)) {
        if (stage_ != Stage::greeting) return {note::Broken{{ErrorCode::malformed, "a second Welcome", 0}}};
        if (welcome->protocol != wire::protocol_version)
            return {note::Broken{
                {ErrorCode::protocol_mismatch, "the relay chose protocol " + std::to_string(welcome->protocol), 0}}};
        stage_ = Stage::entering;
        welcome_ = *welcome;
        welcomed_at_ = now.mono;
        std::visit(
            [&](auto& body) {
                ask(body, purpose::Enter{}, now);
                if constexpr (requires { body.login_secret; })
                    wipe(body.login_secret.bytes.data(), body.login_secret.bytes.size()); // Said once.
            },
            entry_);
        return {note::Welcomed{welcome_}};
    }
    if (auto* granted = std::get_if<frame::LinkGranted>(&what)) {
        if (stage_ != Stage::entering || !std::holds_alternative<frame::LinkWait>(entry_))
            return {note::Broken{{ErrorCode::malformed, "a grant that nobody waits for", 0}}};
        return {note::Granted{std::move(granted->sealed)}};
    }
    const bool may_come_early = std::holds_alternative<frame::Goodbye>(what);
    if (!may_come_early && stage_ != Stage::roster && stage_ != Stage::ready) {
        ++context_.frames_rejected;
        return {note::Broken{{ErrorCode::malformed, "the relay pushed before the login", 0}}};
    }
    return {note::Pushed{std::move(what)}};
}

std::vector<Note> RelaySession::on_response(frame::Response response)
{
    const auto at = pending_.find(response.id);
    if (at == pending_.end()) return {}; // Timed out here a moment ago.
    auto what = take(at);
    if (!std::holds_alternative<purpose::Enter>(what)) return {note::Answered{std::move(what), std::move(response)}};

    auto* login = std::get_if<frame::LoginOk>(&response.body);
    if (response.error.code != ErrorCode::ok) {
        note::Refused refused{std::move(response.error), std::nullopt};
        if (login != nullptr) refused.stored = std::move(*login);
        return {std::move(refused)};
    }
    if (login != nullptr) return {note::VaultCame{std::move(*login)}};
    if (auto* session = std::get_if<frame::Session>(&response.body)) {
        stage_ = Stage::roster;
        return {note::Entered{std::move(*session)}};
    }
    if (std::holds_alternative<frame::LinkWait>(entry_) && std::holds_alternative<std::monostate>(response.body))
        return {note::Waiting{}};
    ++context_.frames_rejected;
    return {note::Broken{{ErrorCode::malformed, "the relay answered something else than was asked", 0}}};
}

bool RelaySession::request(frame::RequestBody body, Purpose what, Moment now)
{
    if (pending_.size() >= context_.config.pending_requests_max) return false;
    ask(std::move(body), std::move(what), now);
    return true;
}

void RelaySession::ask(frame::RequestBody body, Purpose what, Moment now)
{
    if (const auto* put = std::get_if<purpose::Put>(&what)) {
        ++put_count_;
        put_bytes_ += put->size_bytes;
    }
    const auto id = ++last_id_;
    pending_.emplace(id, Pending{std::move(what), now.mono + context_.config.request_timeout});
    send(frame::Request{id, std::move(body)});
}

Purpose RelaySession::take(std::map<std::uint64_t, Pending>::iterator at)
{
    auto out = std::move(at->second.purpose);
    if (const auto* put = std::get_if<purpose::Put>(&out)) {
        --put_count_;
        put_bytes_ -= put->size_bytes;
    }
    pending_.erase(at);
    return out;
}

void RelaySession::acknowledge(const std::vector<std::uint64_t>& sequences)
{
    for (std::size_t at = 0; at < sequences.size(); at += wire::mailbox_acks_max) {
        const auto end = std::min(sequences.size(), at + wire::mailbox_acks_max);
        send(frame::MailboxAck{{sequences.begin() + static_cast<std::ptrdiff_t>(at),
                                sequences.begin() + static_cast<std::ptrdiff_t>(end)}});
    }
}

std::vector<Note> RelaySession::handle_deadline(Moment now)
{
    std::vector<Note> out;
    if (ping_sent_ != never && std::max(ping_sent_, last_heard_) + context_.config.relay_silence_max <= now.mono)
        return {note::Broken{{ErrorCode::timed_out, "the relay has not answered a ping", 0}}};
    if (ping_sent_ == never && last_heard_ + context_.config.relay_keepalive <= now.mono) {
        ping_sent_ = now.mono;
        send(frame::Ping{context_.entropy.next_u64()});
    }
    while (!pending_.empty() && pending_.begin()->second.until <= now.mono) {
        const auto id = pending_.begin()->first;
        const Error late{ErrorCode::timed_out, "the relay did not answer in time: try again", retry_ms_default};
        auto what = take(pending_.begin());
        if (std::holds_alternative<purpose::Enter>(what)) return {note::Refused{late, std::nullopt}};
        out.push_back(note::Answered{std::move(what), {id, late, {}}});
    }
    return out;
}

Instant RelaySession::deadline() const
{
    Instant out = ping_sent_ == never ? last_heard_ + context_.config.relay_keepalive
                                      : std::max(ping_sent_, last_heard_) + context_.config.relay_silence_max;
    if (!pending_.empty()) out = earlier(out, pending_.begin()->second.until);
    return out;
}

std::vector<Purpose> RelaySession::abandon()
{
    std::vector<Purpose> out;
    while (!pending_.empty())
        out.push_back(take(pending_.begin()));
    return out;
}

void RelaySession::send(const frame::ClientFrame& what)
{
    context_.effect(SendFrame{link_, wire::encode(what)});
}

} // namespace godwit::engine
