// SPDX-License-Identifier: Apache-2.0
// What holds when all is healed and nothing moves any more.
#include "tests/sim/broken.hpp"
#include "tests/sim/oracle.hpp"
#include "tests/support/conversation_at.hpp"

#include <algorithm>

namespace godwit::testing {

namespace {

constexpr std::uint32_t whole_history = 100'000;

} // namespace

std::string Oracle::under_way()
{
    for (auto* client : in_order_) {
        if (!client->running()) return client->name + " is not running";
        if (!member(*client).requests.empty()) return client->name + " has not heard what becomes of what it says";
        auto& store = client->disk.store();
        if (const auto open = store.open_message_count(); open > 0)
            return client->name + " has " + std::to_string(open) + " messages under way, " +
                   describe_delivery(store.open_deliveries(0, 1).front());
    }
    return {};
}

std::string Oracle::restless()
{
    if (auto open = under_way(); !open.empty()) return open;
    if (!world_.relay.running()) return "the relay is down";
    for (auto* client : in_order_) {
        auto& store = client->disk.store();
        if (!store.conversations_with_held().empty()) return client->name + " holds messages back";
        if (!store.unnotified(1).empty()) return client->name + " has not shown everything";
        if (client->logged_in() && !client->connected()) return client->name + " is not connected";
    }
    for (const auto& group : groups_)
        if (auto why = apart(group); !why.empty()) return why;
    if (auto open = files_under_way(); !open.empty()) return open;
    if (const auto mail = relay_.waiting(); mail > 0)
        return std::to_string(mail) + " envelopes wait at the relay, whose readers are there";
    // Whoever left is put out within seconds, by own devices or by others.
    if (!logged_out_accounts_.empty())
        for (auto* client : in_order_)
            if (client->logged_in())
                if (auto stale = MemberWatch::stale(client->name, client->disk.store()); !stale.empty()) return stale;
    return {};
}

std::string Oracle::describe_delivery(const port::Delivery& delivery) const
{
    const auto at = by_id_.find(delivery.message);
    std::string to = "a device that is gone";
    for (auto* client : in_order_)
        if (const auto identity = client->disk.store().identity(); identity && identity->device == delivery.device)
            to = client->name;
    return "the first: " + (at == by_id_.end() ? "a message" : words(at->second)) + " for " + to + ", " +
           (delivery.state == port::DeliveryState::queued
                ? std::string("queued")
                : "stored at the relay " + std::to_string(world_.wall_ms() - delivery.stored_ms) + " ms ago");
}

void Oracle::rest()
{
    step();
    for (auto* client : in_order_) {
        auto& mine = member(*client);
        keeps_what_it_showed(mine);
        for (auto* other : in_order_)
            if (other->account() == other->name && other->account() != client->account()) {
                auto rows = history(mine, other->account());
                if (mine.settled && !mine.logged_out)
                    histories_[pair(client->account(), other->account())].emplace_back(client->name, std::move(rows));
            }
        for (std::size_t i = 0; i < groups_.size(); ++i) {
            auto rows = history(mine, group_label(i));
            if (mine.settled && !mine.logged_out)
                histories_[pair(group_label(i), group_label(i))].emplace_back(client->name, std::move(rows));
        }
        demand(!client->disk.shows(plain_marker), "plaintext on the disk of " + client->name);
    }
    demand(!world_.relay.disk.shows(plain_marker), "plaintext on the disk of the relay");
    demand(!world_.relay.disk.shows(file_marker), "plaintext of a file on the disk of the relay");
    granted_is_done();
    for (std::size_t n = 0; n < said_.size(); ++n)
        if (said_[n].accepted) all_have(n);
    for (const auto& [conversation, unused] : histories_)
        same_order(conversation);
}

/// All who have been there all the time see one order; what one of them lacks is another checker's business.
void Oracle::same_order(const Pair& conversation)
{
    const auto& all = histories_.at(conversation);
    for (std::size_t i = 1; i < all.size(); ++i) {
        const auto& [first_name, first] = all[0];
        const auto& [name, rows] = all[i];
        std::map<std::size_t, std::size_t> place;
        for (std::size_t at = 0; at < first.size(); ++at)
            place[first[at]] = at;
        std::optional<std::size_t> before;
        for (const auto n : rows) {
            const auto known = place.find(n);
            if (known == place.end()) continue;
            demand(!before || place.at(*before) < known->second,
                   "disorder: " + first_name + " and " + name + " see different orders around " + words(n));
            before = n;
        }
    }
}

/// One history: everything once, and after what it answers to.
std::vector<std::size_t> Oracle::history(Member& mine, const std::string& other)
{
    auto& store = mine.client->disk.store();
    const auto conversation =
        is_group(other) ? groups_[std::stoul(other.substr(1))].id : test::conversation_at(store, other);
    std::vector<std::size_t> out;
    if (!conversation) return out;
    const auto rows = store.history(*conversation, whole_history, std::nullopt);
    Bits after;
    Bits shown = mine.known[other];
    for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
        if (row->quiet) continue; // What happened, not what was said.
        const auto n = number_of(row->message, *mine.client);
        demand(!after.has(n), "duplicate: " + words(n) + " stands twice in a history of " + mine.client->name);
        if (const auto late = said_[n].before.first_common(after))
            throw Broken("disorder: in a history of " + mine.client->name + ", " + words(*late) + " stands after " +
                         words(n) + ", which answers to it");
        after.set(n);
        out.push_back(n);
        demand(row->message.state != MessageState::received || shown.has(n) || row->message.recalled_ms != 0,
               "never shown: " + words(n) + " is in a history of " + mine.client->name);
    }
    std::reverse(out.begin(), out.end());
    return out;
}

/// Accepted: terminal at its sender, and delivered to every device that was there all the time.
void Oracle::all_have(std::size_t n)
{
    const auto& said = said_[n];
    const auto row = said.sender->disk.store().message(*said.id);
    demand(row.has_value(), "lost: " + words(n) + " is gone from the sender's disk");
    const auto state = row->message.state;
    demand(state == MessageState::delivered || state == MessageState::failed ||
               (state == MessageState::sent && is_group(said.to)),
           "not terminal: " + words(n) + " is " + std::string(message_state_name(state)));
    if (state == MessageState::failed) return failed_with_reason(n, row->message.failure);
    if (state == MessageState::delivered) delivered_is_there(n);
    if (severed_.contains(pair(said.sender->account(), said.to)) || member(*said.sender).logged_out) return;
    for (auto* one : said.owed) {
        if (is_lost_to(n, *one)) continue;
        const auto theirs = one->disk.store().message(*said.id);
        demand(theirs.has_value(), "lost: " + words(n) + " never reached " + one->name);
    }
    removed_is_gone(n);
    stands_alike(n);
    gone_with_its_post(n);
}

/// It was owed to a device that has left since, or has been put out, or is nobody's to write to any more.
bool Oracle::is_lost_to(std::size_t n, Client& reader)
{
    const auto& said = said_[n];
    const auto& by = said.sender->account();
    if (member(reader).logged_out) return true;
    return is_group(said.to) &&
           (is_shaken(said, reader.account()) || is_shaken(said, by) || severed_.contains(pair(by, reader.account())));
}

} // namespace godwit::testing
