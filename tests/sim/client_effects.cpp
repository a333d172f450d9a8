// SPDX-License-Identifier: Apache-2.0
// What the process of a device does to the world: its effects; and what its application asks and is told.
#include "tests/sim/broken.hpp"
#include "tests/sim/client.hpp"
#include "tests/sim/ticker_host.hpp"
#include "tests/sim/world.hpp"

#include <algorithm>

namespace godwit::testing {

using std::chrono::milliseconds;
using std::chrono::seconds;

PasswordKeys keys_of_password(std::string_view password)
{
    PasswordKeys out;
    out.vault_key.assign(32, 7);
    for (std::size_t i = 0; i < password.size(); ++i) {
        const auto c = static_cast<std::uint8_t>(password[i]);
        auto& secret = out.login_secret.bytes[i % 32];
        secret = static_cast<std::uint8_t>(secret * 31 + c);
        out.vault_key[i % 32] = static_cast<std::uint8_t>(out.vault_key[i % 32] * 17 + c);
    }
    return out;
}

// ---- effects ------------------------------------------------------------------------------------

void Client::perform(engine::Effect effect)
{
    if (plan_ && (plan_->seam == Seam::after_commit || plan_->seam == Seam::mid_speak) && !dying_ &&
        disk.changes() != changes_before_turn_ && performed_ >= (plan_->seam == Seam::after_commit ? 0 : plan_->detail))
        dying_ = true;
    if (dying_ || disk.doomed()) return;
    ++performed_;
    if (auto* dialled = std::get_if<engine::DialRelay>(&effect)) {
        dial(*dialled);
    } else if (auto* open = std::get_if<engine::OpenPath>(&effect)) {
        if (world_.observer != nullptr) world_.observer->seeks_path(*this, *open);
        gather_candidates(*open);
    } else if (auto* remote = std::get_if<engine::SetRemoteDescription>(&effect)) {
        const auto at = links_.find(remote->link);
        demand(at != links_.end(), name + " describes a link that is not there");
        at->second.remote_ufrag = remote->ufrag;
        world_.try_pair(*this, remote->link);
    } else if (auto* candidate = std::get_if<engine::AddRemoteCandidate>(&effect)) {
        const auto at = links_.find(candidate->link);
        demand(at != links_.end(), name + " adds a candidate to a link that is not there");
        ++at->second.remote_candidates;
        // Who may not use TURN has no use for the other's address there either (transport/ice/candidate.cpp).
        if (is_relayed(candidate->candidate) && at->second.open.allow_turn) ++at->second.remote_relayed;
        world_.try_pair(*this, candidate->link);
    } else if (auto* send = std::get_if<engine::SendFrame>(&effect)) {
        const auto at = links_.find(send->link);
        if (at != links_.end() && at->second.wire != 0) world_.send(*this, at->second.wire, std::move(send->frame));
    } else if (auto* close = std::get_if<engine::CloseLink>(&effect)) {
        const auto at = links_.find(close->link);
        if (at == links_.end()) return;
        const auto wire = at->second.wire;
        const auto port = at->second.turn_port;
        links_.erase(at);
        if (wire != 0) world_.close(*this, wire, life_); // The last words still go by its relayed address.
        world_.turn.release(port);
    } else if (auto* fault = std::get_if<engine::DropDirect>(&effect)) {
        world_.network.direct_blackholed = fault->drop;
    } else if (auto* compute = std::get_if<engine::Compute>(&effect)) {
        (*compute->run)();
        world_.at(world_.now() + std::chrono::milliseconds(50), [this, job = compute->job, lives = lives_] {
            if (lives_ == lives) input([job](engine::Engine& engine, Moment at) { engine.computed(job, at); });
        });
    } else if (auto* media_order = std::get_if<engine::DirectMedia>(&effect)) {
        direct(std::move(*media_order));
    }
}

void Client::direct(engine::DirectMedia what)
{
    auto& call = media.calls[what.call];
    if (auto* begin = std::get_if<port::MediaBegin>(&what.order)) {
        demand(!call.begin || (call.ended && begin->peer.is_zero()), name + " begins with the media of a call twice");
        const int begins = call.begins + 1;
        call = {};
        call.begins = begins;
        call.begin = std::move(*begin);
        return;
    }
    demand(call.begin.has_value() && !call.ended, name + " directs media that there is none of");
    if (auto* keys = std::get_if<port::MediaKeys>(&what.order)) {
        demand(keys->keys.epoch > (call.later.empty() ? call.begin->keys.epoch : call.later.back().epoch),
               name + " gives media the keys of an older epoch");
        call.later.push_back(std::move(keys->keys));
    } else if (auto* way = std::get_if<port::MediaWay>(&what.order)) {
        demand(call.begin->peer.is_zero() == !way->peer.is_zero() &&
                   (way->peer.is_zero() || call.peers.contains(way->peer)),
               name + " gives a way to a device that is not in the call");
        call.ways.push_back(*way);
        if (way->link == 0 || !media.flows) return;
        world_.at(world_.now() + milliseconds(20), [this, id = what.call, life = life_, peer = way->peer] {
            if (life_ != life || engine_ == nullptr || media.calls[id].ended) return;
            input(
                [id, peer](engine::Engine& engine, Moment at) { engine.media_report(id, port::MediaFlows{peer}, at); });
        });
    } else if (auto* parts = std::get_if<port::MediaParts>(&what.order)) {
        call.parts.push_back(*parts);
    } else if (auto* join = std::get_if<port::MediaJoin>(&what.order)) {
        demand(!call.peers.contains(join->peer), name + " lets a device into a call twice");
        call.peers.emplace(join->peer, *join);
    } else if (auto* leave = std::get_if<port::MediaLeave>(&what.order)) {
        demand(call.peers.erase(leave->peer) == 1, name + " lets a device leave that is not in the call");
    } else if (std::holds_alternative<port::MediaEnd>(what.order)) {
        call.ended = true;
    }
}

void Client::dial(const engine::DialRelay& dial)
{
    Link link;
    link.is_relay = true;
    link.transport = dial.transport;
    links_[dial.link] = link;
    ++dials_[dial.transport];
    world_.dial_relay(*this, dial.link, dial);
}

/// ICE gathers: a description, two candidates unless they are to stay hidden, one at the TURN server, the end.
void Client::gather_candidates(const engine::OpenPath& open)
{
    Link link;
    link.open = open;
    const auto id = open.link;
    links_[id] = link;
    ++opened_paths_;
    const auto ufrag = name + "-" + std::to_string(life_) + "-" + std::to_string(id);
    world_.by_ufrag_[ufrag] = {this, id, life_};
    report_later(
        id, milliseconds(1), [id, ufrag](client::Reports& r) { r.ice_local_description(id, ufrag, "pwd"); },
        [id, ufrag](engine::Engine& e, Moment at) { e.ice_local_description(id, ufrag, "pwd", at); });
    if (open.allow_direct) {
        const auto port = static_cast<std::uint16_t>(10'000 + id % 50'000);
        report_candidate(id, host_candidate(seed_, port), milliseconds(2));
        report_candidate(id, reflexive_candidate(seed_, port), milliseconds(12));
    }
    if (open.allow_turn && !open.turn_servers.empty())
        ask_for_turn(id, turn_tries, turn_retransmit_first);
    else
        report_gathered(id, milliseconds(30));
}

/// Unless the link is gone by then.
void Client::report_later(engine::LinkId link, Duration after, std::function<void(client::Reports&)> to_ticker,
                          Input to_engine)
{
    world_.at(world_.now() + after, [this, link, life = life_, to_ticker, to_engine] {
        if (life_ != life || !links_.contains(link)) return;
        if (host_ != nullptr)
            host_->enter(to_ticker);
        else
            input(to_engine);
    });
}

void Client::report_candidate(engine::LinkId link, const std::string& candidate, Duration after)
{
    report_later(
        link, after, [link, candidate](client::Reports& r) { r.ice_local_candidate(link, candidate); },
        [link, candidate](engine::Engine& e, Moment at) { e.ice_local_candidate(link, candidate, at); });
}

void Client::report_gathered(engine::LinkId link, Duration after)
{
    report_later(
        link, after, [link](client::Reports& r) { r.ice_gathering_done(link); },
        [link](engine::Engine& e, Moment at) { e.ice_gathering_done(link, at); });
}

/// Two round trips: the first one is answered with a challenge (RFC 8656 section 7.1).
void Client::ask_for_turn(engine::LinkId link, unsigned tries_left, Duration wait)
{
    if (tries_left == 0) return report_gathered(link, Duration(0));
    const auto there_and_back = 2 * (world_.delay() + world_.delay());
    world_.at(world_.now() + there_and_back, [this, link, life = life_, tries_left, wait, there_and_back] {
        const auto at = links_.find(link);
        if (life_ != life || at == links_.end()) return;
        if (!world_.turn_answers(*this)) {
            world_.at(world_.now() + std::max(wait - there_and_back, Duration(0)),
                      [this, link, life, tries_left, wait] {
                          if (life_ == life && links_.contains(link)) ask_for_turn(link, tries_left - 1, 2 * wait);
                      });
            return;
        }
        at->second.turn_port = world_.turn.allocate(account(), world_.now());
        if (at->second.turn_port != 0) report_candidate(link, relayed_candidate(at->second.turn_port), Duration(0));
        report_gathered(link, milliseconds(1));
    });
}

// ---- the application ----------------------------------------------------------------------------

void Client::take(Event event)
{
    world_.trace_event(*this, event);
    if (world_.observer != nullptr) world_.observer->told(*this, event);
    if (auto* reply = std::get_if<event::Reply>(&event)) {
        world_.note_accepted(*this, *reply);
        heard.replies[reply->id] = std::move(*reply);
    } else if (auto* message = std::get_if<event::MessageReceived>(&event)) {
        heard.received.push_back(message->message);
        if (engine_ == nullptr) return;
        shown_.emplace_back(message->message.conversation, message->message.id);
        if (!takes_events || shown_.size() > 1) return;
        world_.at(world_.now(), [this, lives = lives_] {
            if (lives_ == lives && takes_events) take_events();
        });
    } else if (auto* state = std::get_if<event::MessageStateChanged>(&event)) {
        heard.states.push_back(*state);
    } else {
        heard.others.push_back(std::move(event));
    }
}

void Client::take_events()
{
    if (host_ != nullptr) return host_->take_events();
    for (const auto& [conversation, id] : std::exchange(shown_, {}))
        input([c = conversation, m = id](engine::Engine& engine, Moment) { engine.message_taken(c, m); });
}

RequestId Client::ask(Request request)
{
    if (host_ != nullptr) {
        const auto kept = request;
        const auto id = host_->ask(std::move(request));
        if (id && world_.observer != nullptr) world_.observer->asks(*this, *id, kept);
        return id.value_or(0);
    }
    const auto id = ++last_request_;
    if (!running()) return id;
    if (world_.observer != nullptr) world_.observer->asks(*this, id, request);
    input([id, &request](engine::Engine& engine, Moment at) { engine.submit({id, std::move(request)}, at); });
    return id;
}

RequestId Client::enter(bool create, const std::string& password)
{
    const auto relay = world_.relay_address();
    if (host_ != nullptr) {
        if (create) return ask(request::RegisterAccount{relay.to_text(), account(), password, name});
        return ask(request::Login{relay.to_text(), account(), password, name});
    }
    engine::Credentials credentials;
    credentials.create = create;
    credentials.relay = relay;
    credentials.relay_text = relay.to_text();
    credentials.user = account();
    credentials.device_name = name;
    auto keys = keys_of_password(password);
    credentials.login_secret = to_bytes(keys.login_secret.view());
    credentials.vault_key = std::move(keys.vault_key);
    const auto id = ++last_request_;
    input([id, &credentials](engine::Engine& engine, Moment at) { engine.submit({id, std::move(credentials)}, at); });
    return id;
}

const event::Reply* Client::reply(RequestId id) const
{
    const auto at = heard.replies.find(id);
    return at == heard.replies.end() ? nullptr : &at->second;
}

bool Client::ok(RequestId id) const
{
    const auto* answer = reply(id);
    return answer != nullptr && answer->error.code == ErrorCode::ok;
}

event::Reply Client::wait(RequestId id)
{
    demand(world_.run_until([&] { return reply(id) != nullptr; }, seconds(60)), name + " gets no reply");
    return *reply(id);
}

StatusReport Client::status()
{
    return std::get<StatusReport>(wait(ask(request::Status{})).value);
}

std::vector<Message> Client::history(const std::string& with)
{
    return std::get<std::vector<Message>>(wait(ask(request::History{with, 1000, {}})).value);
}

std::vector<Contact> Client::contacts()
{
    return std::get<std::vector<Contact>>(wait(ask(request::Contacts{})).value);
}

MessageId Client::send(const std::string& to, const std::string& text)
{
    const auto answer = wait(ask(request::Send{to, text, {}}));
    demand(answer.error.code == ErrorCode::ok, name + " cannot send: " + answer.error.detail);
    return std::get<MessageId>(answer.value);
}

std::optional<MessageState> Client::state(const MessageId& id)
{
    const auto row = disk.store().message(id);
    return row ? std::optional(row->message.state) : std::nullopt;
}

bool Client::logged_in()
{
    const auto identity = disk.store().identity();
    return identity && identity->logged_in;
}

bool Client::connected() const
{
    return std::any_of(links_.begin(), links_.end(),
                       [](const auto& entry) { return entry.second.is_relay && entry.second.up; });
}

std::size_t Client::live_peer_links(Path path) const
{
    return static_cast<std::size_t>(std::count_if(links_.begin(), links_.end(), [&](const auto& entry) {
        return entry.second.up && !entry.second.is_relay && entry.second.path == path;
    }));
}

std::uint64_t Client::dials(RelayTransport transport) const
{
    const auto at = dials_.find(transport);
    return at == dials_.end() ? 0 : at->second;
}

} // namespace godwit::testing
