// SPDX-License-Identifier: Apache-2.0
// The account of what was said, and what must hold at any moment. What must hold at rest is in oracle_rest.cpp.
#include "tests/sim/oracle.hpp"

#include "lib/delivery/due.hpp"
#include "tests/sim/broken.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace godwit::testing {

namespace {

bool terminal(MessageState state)
{
    return state == MessageState::delivered || state == MessageState::failed;
}

/// Nobody is evil in these worlds, and no store goes back in time. Who falls out of a group, or is invited by somebody
/// whom they know no more, is told so with good reason.
bool is_false_alarm(SecurityKind kind)
{
    switch (kind) {
    case SecurityKind::account_key_changed:
    case SecurityKind::device_list_rollback:
    case SecurityKind::device_list_conflict:
    case SecurityKind::key_package_invalid:
    case SecurityKind::commit_rejected:
    case SecurityKind::group_forked:
    case SecurityKind::message_forged: return true;
    default: return false;
    }
}

/// A conversation that is older than the device and empty on it begins somewhere: that is no gap, and is not told. What
/// the device says itself while the first of it is held makes no difference.
template <class Said>
bool begins_here(const Bits& known, const std::vector<Said>& said, const Client& here, bool in_group)
{
    bool has_heard = false;
    known.each_not_in(Bits(), [&](std::size_t one) { return !(has_heard = said[one].sender != &here); });
    return !has_heard && (here.name != here.account() || in_group);
}

bool is_open(const port::Delivery& delivery)
{
    return delivery.state == port::DeliveryState::queued || delivery.state == port::DeliveryState::stored;
}

} // namespace

void Oracle::joins(Client& client)
{
    if (members_.contains(&client)) return;
    members_[&client].client = &client;
    in_order_.push_back(&client);
    relay_.knows_account(client.account());
}

void Oracle::settle(const std::vector<Client*>& members)
{
    for (auto* client : members) {
        joins(*client);
        member(*client).settled = true;
    }
}

void Oracle::asked_to_log_out(Client& client)
{
    member(client).logged_out = true;
    logged_out_accounts_.insert(client.account());
}

// ---- the account --------------------------------------------------------------------------------

/// "godwit says 17 to bob: and so on", of about the length wanted.
std::string Oracle::text(Client& from, const std::string& to, std::size_t bytes)
{
    Said said;
    said.sender = &from;
    said.to = to;
    said.text = std::string(plain_marker) + std::to_string(said_.size()) + " to " + to + ": ";
    while (said.text.size() < std::min<std::size_t>(bytes, text_bytes_max))
        said.text += "and so on "[said.text.size() % 10];
    said_.push_back(std::move(said));
    return said_.back().text;
}

std::size_t Oracle::number_of(const Message& message, const Client& where) const
{
    std::size_t n = said_.size();
    if (message.text.starts_with(plain_marker)) {
        const auto* begin = message.text.data() + plain_marker.size();
        std::from_chars(begin, message.text.data() + message.text.size(), n);
    } else if (const auto known = names_.find(message.id); known != names_.end() && message.recalled_ms != 0) {
        n = known->second;
    }
    demand(n < said_.size(), "altered: " + where.name + " has a text nobody said");
    const auto& said = said_[n];
    const bool is_edition = std::find(said.editions.begin(), said.editions.end(), message.text) != said.editions.end();
    demand(message.recalled_ms != 0 ? said.recalled && message.text.empty() : said.text == message.text || is_edition,
           "altered: " + where.name + " has a text nobody said, for " + words(n));
    demand(message.from == said.sender->account(), "forged: " + where.name + " has " + words(n) + " from another");
    demand(!said.id || *said.id == message.id, "duplicate: " + words(n) + " has two ids at " + where.name);
    demand(!said.refused, "refused and sent: " + words(n) + " is at " + where.name);
    return n;
}

std::string Oracle::words(std::size_t n) const
{
    return "message " + std::to_string(n) + " of " + said_[n].sender->name + " to " + said_[n].to;
}

void Oracle::asks(Client& client, RequestId id, const Request& request)
{
    asks_act(member(client), id, request);
    asks_group(member(client), id, request);
    const auto* send = std::get_if<request::Send>(&request);
    if (send == nullptr || said_.empty() || said_.back().text != send->text) return;
    auto& mine = member(client);
    mine.requests[id] = said_.size() - 1;
    said_.back().before = mine.known[said_.back().to];
    said_.back().asked = world_.now();
    if (is_group(said_.back().to)) asks_in_group(mine, said_.back());
}

void Oracle::told(Client& client, const Event& event)
{
    const auto known = members_.find(&client);
    if (known == members_.end() || client.disk.stopped()) return;
    if (const auto* reply = std::get_if<event::Reply>(&event))
        replied(known->second, *reply);
    else if (const auto* message = std::get_if<event::MessageReceived>(&event))
        received(known->second, message->message);
    else if (const auto* change = std::get_if<event::MessageStateChanged>(&event))
        moved(known->second, *change);
    else if (const auto* group = std::get_if<event::GroupChanged>(&event))
        told_group(known->second, *group);
    else if (const auto* alarm = std::get_if<event::Security>(&event))
        demand(!is_false_alarm(alarm->kind), "false alarm: " + client.name + " is told " +
                                                 std::string(security_kind_name(alarm->kind)) + " of " + alarm->user +
                                                 ": " + alarm->detail);
}

void Oracle::replied(Member& mine, const event::Reply& reply)
{
    if (replied_act(mine, reply)) return;
    if (const auto group = mine.group_requests.find(reply.id); group != mine.group_requests.end()) {
        if (const auto* id = std::get_if<ConversationId>(&reply.value)) heard_of(groups_[group->second].name, *id);
        mine.group_requests.erase(group);
        return;
    }
    if (const auto set = mine.set_requests.find(reply.id); set != mine.set_requests.end()) {
        if (reply.error.code == ErrorCode::ok) was_granted(*mine.client, set->second);
        mine.set_requests.erase(set);
        return;
    }
    const auto at = mine.requests.find(reply.id);
    if (at == mine.requests.end()) return;
    const auto n = at->second;
    mine.requests.erase(at);
    auto& said = said_[n];
    if (reply.error.code != ErrorCode::ok) {
        // A refused commit may have reached the disk: then nobody knows until the next start.
        said.refused = reply.error.code != ErrorCode::storage_failed;
        return;
    }
    const auto* id = std::get_if<MessageId>(&reply.value);
    demand(id != nullptr, "accepted without an id: " + words(n));
    const auto row = mine.client->disk.store().message(*id);
    // It may stand otherwise already, by another device of the account, when an application looks late.
    const bool acted_on = said.recalled || !said.editions.empty() || !said.removed_by.empty();
    demand(row && (row->message.text == said.text || acted_on),
           "lost: " + words(n) + " was accepted and is not on the disk");
    is_known(n, *id);
    said.accepted = true;
    by_id_[*id] = n;
    mine.known[said.to].set(n);
    if (is_group(said.to)) return owes_in_group(mine, n);
    if (somebody_left(said.to, mine.client->account()))
        members_of_groups_.accepted(mine.client->disk.store(), *id, said.to, said.asked, world_.now());
    for (auto* one : in_order_) {
        const auto& other = member(*one);
        if (one != mine.client && other.settled && !other.logged_out &&
            (one->account() == said.to || one->account() == mine.client->account()) && is_for(mine, *id, *one))
            said.owed.push_back(one);
    }
}

/// Whether there is a copy for that device; there may be none for one for which as much waits as may.
bool Oracle::is_for(Member& mine, const MessageId& id, Client& reader)
{
    auto& store = mine.client->disk.store();
    const auto identity = reader.disk.store().identity();
    if (!identity) return true;
    const auto is_theirs = [&](const port::Delivery& one) { return one.device == identity->device; };
    const auto deliveries = store.deliveries(id);
    if (std::any_of(deliveries.begin(), deliveries.end(), is_theirs)) return true;
    const auto open = store.open_deliveries(0, std::numeric_limits<std::uint32_t>::max());
    return std::count_if(open.begin(), open.end(), is_theirs) <
           static_cast<std::ptrdiff_t>(mine.client->config().outbox_device_messages_assured);
}

void Oracle::received(Member& mine, const Message& message)
{
    auto& client = *mine.client;
    const auto n = number_of(message, client);
    auto& said = said_[n];
    is_known(n, message.id);
    is_in(n, message.conversation, client);
    demand(is_group(said.to) || said.to == client.account(), "misdirected: " + client.name + " is shown " + words(n));
    demand(client.disk.store().message(message.id).has_value(),
           "shown and not kept: " + words(n) + " is not on the disk of " + client.name);
    demand(!mine.shown_in_this_life.has(n), "duplicate: " + client.name + " is shown " + words(n) + " twice");
    mine.shown_in_this_life.set(n);
    const auto& with = place_of(said, client.account(), message.from);
    auto& known = mine.known[with];
    if (message.gap_before || begins_here(known, said_, client, is_group(with))) mine.gaps[with] = said_.size();
    const auto gap = mine.gaps.find(with);
    said.before.each_not_in(known, [&](std::size_t earlier) {
        if (!said_[earlier].id || (gap != mine.gaps.end() && earlier < gap->second)) return true;
        const auto row = client.disk.store().message(*said_[earlier].id);
        demand(!row || row->message.state != MessageState::received || row->message.recalled_ms != 0 ||
                   may_be_removed(earlier, client),
               "disorder: " + client.name + " is shown " + words(n) + " before " + words(earlier));
        demand(row || !must_be_there(earlier, client), "a gap that is not told: " + client.name + " is shown " +
                                                           words(n) + ", and has not got " + words(earlier));
        return true;
    });
    known.set(n);
}

/// Nothing that happened can have kept it from this device for good: where it is missing, it is late.
bool Oracle::must_be_there(std::size_t n, Client& reader)
{
    const auto& said = said_[n];
    return said.accepted && !said.recalled && said.state != MessageState::failed && !is_lost_to(n, reader) &&
           std::find(said.owed.begin(), said.owed.end(), &reader) != said.owed.end() &&
           !member(*said.sender).logged_out && !severed_.contains(pair(said.sender->account(), said.to));
}

void Oracle::moved(Member& mine, const event::MessageStateChanged& change)
{
    auto& client = *mine.client;
    const auto row = client.disk.store().message(change.id);
    demand(row.has_value(), "told and not kept: " + client.name + " hears of a message that is not on its disk");
    if (!row->shown) return act_moved(change);
    const auto n = number_of(row->message, client);
    auto& said = said_[n];
    is_known(n, change.id);
    if (said.sender != &client) {
        demand(client.account() == said.sender->account(), "misdirected: " + client.name + " hears of " + words(n));
        is_in(n, row->message.conversation, client);
        auto& known = mine.known[said.to];
        // Of an own copy only the history tells of a gap; and a conversation may begin with one.
        if (row->message.gap_before || begins_here(known, said_, client, is_group(said.to)))
            mine.gaps[said.to] = said_.size();
        known.set(n);
        return;
    }
    demand(!terminal(said.state), "regress: " + words(n) + " is " + std::string(message_state_name(change.state)) +
                                      " after it was " + std::string(message_state_name(said.state)));
    demand(change.state >= said.state, "regress: " + words(n) + " goes backwards");
    said.state = change.state;
    if (change.state == MessageState::delivered) delivered_is_there(n);
    if (change.state == MessageState::failed) failed_with_reason(n, change.reason);
}

void Oracle::died(Client& client)
{
    const auto known = members_.find(&client);
    if (known == members_.end()) return;
    known->second.requests.clear();
    known->second.act_requests.clear();
    known->second.group_requests.clear();
    known->second.set_requests.clear();
    known->second.shown_in_this_life = Bits();
    keeps_what_it_showed(known->second);
}

/// What its owner wants, as its disk has it: what a tick does comes after its commit.
PathPolicy Oracle::policy_of(Client& client)
{
    const auto stored = client.disk.store().value("policy");
    return stored && stored->size() == 1 ? static_cast<PathPolicy>((*stored)[0]) : PathPolicy::direct_first;
}

void Oracle::seeks_path(Client& from, const engine::OpenPath& open)
{
    const auto policy = policy_of(from);
    demand(policy != PathPolicy::relay_only || !open.allow_direct,
           "policy: " + from.name + " shows its addresses, though relay_only");
    demand(policy != PathPolicy::direct_only || !open.allow_turn,
           "policy: " + from.name + " asks for TURN, though direct_only");
}

void Oracle::peer_frame(Client& from, Client& to, BytesView frame)
{
    if (const auto envelope = seal_.peer_frame(from.name, from.disk.store(), frame)) leaves(from, *envelope);
    static_cast<void>(to);
}

void Oracle::frame_to_relay(Client& from, BytesView frame)
{
    const auto envelope = seal_.frame_to_relay(from.name, from.disk.store(), frame);
    if (!envelope) return;
    leaves(from, *envelope);
    const auto known = names_.find(envelope->id);
    if (known != names_.end())
        demand(policy_of(from) != PathPolicy::direct_only,
               "policy: " + from.name + " gives the relay " + words(known->second) + ", though direct_only");
}

void Oracle::leaves(Client& from, const wire::Envelope& envelope)
{
    if (logged_out_accounts_.empty())
        members_of_groups_.noted(envelope);
    else
        members_of_groups_.leaves(from.name, from.disk.store(), envelope, world_.now());
    if (!groups_by_id_.empty()) sealed_in_group(from, envelope);
}

// ---- what holds at any moment -------------------------------------------------------------------

void Oracle::step()
{
    bool all_terminal = true;
    for (std::size_t n = open_from_; n < said_.size(); ++n) {
        if (said_[n].accepted && !terminal(said_[n].state)) is_owed(n);
        all_terminal = all_terminal && (said_[n].refused || terminal(said_[n].state));
        if (all_terminal) open_from_ = n + 1;
    }
    for (auto* one : in_order_)
        bounds(member(*one));
    relay_.check();
}

/// Accepted and not terminal: on the sender's disk, with an envelope and somebody who still is to get it.
void Oracle::is_owed(std::size_t n)
{
    auto& said = said_[n];
    if (said.sender->disk.stopped()) return;
    auto& store = said.sender->disk.store();
    const auto row = store.message(*said.id);
    demand(row.has_value(), "lost: " + words(n) + " was accepted and is gone from the sender's disk");
    if (terminal(row->message.state)) return; // The application has not looked yet.
    // Of who gives no receipt nothing more is to come.
    if (is_group(said.to) && row->message.state == MessageState::sent) return;
    demand(store.envelope(*said.id).has_value(), "lost: " + words(n) + " is under way and has no envelope");
    const auto deliveries = store.deliveries(*said.id);
    const bool open = std::any_of(deliveries.begin(), deliveries.end(), [&](const port::Delivery& delivery) {
        return (is_group(said.to) || delivery.user == said.to) && is_open(delivery);
    });
    demand(open, "lost: " + words(n) + " is under way to nobody");
    const auto identity = store.identity();
    for (const auto& delivery : deliveries)
        demand(delivery.state != port::DeliveryState::stored || !identity ||
                   relay_.said_stored(delivery.device, identity->device, *said.id),
               "untrue: " + words(n) + " counts as stored at the relay, which never said so");
}

void Oracle::delivered_is_there(std::size_t n)
{
    const auto& said = said_[n];
    // Alone in a group it is delivered at once; whether it was shows with the reply, and at rest this is asked again.
    if (said.alone || (is_group(said.to) && !said.accepted)) return;
    for (auto* one : in_order_) {
        if (is_group(said.to) ? one->account() == said.sender->account() : one->account() != said.to) continue;
        auto& store = one->disk.store();
        if (one->disk.stopped() || store.message(*said.id)) return;
        for (const auto& conversation : store.conversations_with_held())
            if (store.held_message(conversation, *said.id)) return;
    }
    throw Broken("lost: " + words(n) + " counts as delivered and is on no disk of the recipient");
}

void Oracle::failed_with_reason(std::size_t n, const std::string& reason)
{
    const auto& said = said_[n];
    if (const auto* group = group_of(said)) {
        const bool may_be_alone = !group->shaken.empty() || !severed_.empty() || !logged_out_accounts_.empty();
        demand((reason == "cancelled" && (member(*said.sender).logged_out || said.recalled)) ||
                   (reason == "not_allowed" && (group->dissolved || !group->shaken.empty() || group->muted)) ||
                   ((reason == "device_revoked" || reason == "not_a_contact") && (may_be_alone || group->dissolved)),
               "failed without cause: " + words(n) + ": " + reason);
        return;
    }
    const bool severed = severed_.contains(pair(said.sender->account(), said.to));
    const bool sender_left = member(*said.sender).logged_out;
    const bool reader_left = logged_out_accounts_.contains(said.to);
    const bool somebody_stays = std::any_of(said.owed.begin(), said.owed.end(), [&](Client* one) {
        return one->account() == said.to && !member(*one).logged_out;
    });
    // What was taken back before it had left goes nowhere.
    const bool has_cause = (reason == "cancelled" && (sender_left || said.recalled)) ||
                           (reason == "not_a_contact" && severed) ||
                           (reason == "device_revoked" && (sender_left || (reader_left && !somebody_stays)));
    // One roster page tells of a contact that ended and of a device that left: their messages fail with one reason for
    // both (docs/found-bugs.md).
    const bool one_of_two = (reason == "not_a_contact" || reason == "device_revoked") && severed &&
                            (reader_left || logged_out_accounts_.contains(said.sender->account()));
    demand(has_cause || one_of_two, "failed without cause: " + words(n) + ": " + reason);
}

/// After a crash: everything of which the application was told.
void Oracle::keeps_what_it_showed(Member& mine)
{
    auto& store = mine.client->disk.store();
    for (const auto& [with, known] : mine.known)
        known.each_not_in(Bits(), [&](std::size_t n) {
            demand(said_[n].id && store.message(*said_[n].id),
                   "lost: " + words(n) + " is gone from the disk of " + mine.client->name + " after a crash");
            return true;
        });
}

void Oracle::bounds(Member& mine)
{
    auto& client = *mine.client;
    if (client.disk.stopped()) return;
    auto& store = client.disk.store();
    const auto& config = client.config();
    const auto counts = store.open_counts();
    const auto open = store.open_message_count();
    const auto open_max =
        config.outbox_messages_max + counts.size() * (config.outbox_device_messages_assured + delivery::due_open_max);
    demand(open <= open_max, "bound: the outbox of " + client.name + " holds " + std::to_string(open) + " of at most " +
                                 std::to_string(open_max));
    for (const auto& one : counts) {
        const std::size_t all = one.queued + one.stored;
        if (all <= config.outbox_device_messages_max) continue;
        // What only the newest state of matters goes beyond what people say, and so does what acts on it.
        const auto rows = store.open_deliveries_to(one.device, 0, static_cast<std::uint32_t>(all));
        const auto said = std::count_if(rows.begin(), rows.end(), [&](const port::Delivery& row) {
            return store.has_message(row.conversation, row.message);
        });
        demand(static_cast<std::size_t>(said) <= config.outbox_device_messages_max &&
                   all <= config.outbox_device_messages_max + delivery::due_open_max,
               "bound: the outbox of " + client.name + " holds " + std::to_string(all) + ", " + std::to_string(said) +
                   " of them said, for one device of " + one.user);
    }
    for (const auto& conversation : store.conversations_with_held()) {
        const auto held = store.held(conversation).size();
        demand(held <= config.held_messages_max, "bound: " + client.name + " holds " + std::to_string(held) +
                                                     " messages back, of at most " +
                                                     std::to_string(config.held_messages_max));
    }
}

} // namespace godwit::testing
