// SPDX-License-Identifier: Apache-2.0
// What acts on something said: edits, recalls, reactions. What was asked for is known; whatever stands anywhere is one
// of these, and at rest it is the same on every device that was there all the time.
#include "tests/sim/broken.hpp"
#include "tests/sim/oracle.hpp"

#include "lib/conversation/conversation.hpp"

#include <algorithm>

namespace godwit::testing {

void Oracle::is_known(std::size_t n, const MessageId& id)
{
    said_[n].id = id;
    names_[id] = n;
}

std::optional<MessageId> Oracle::something_said(Client& here, std::uint64_t dice, bool own)
{
    if (!members_.contains(&here)) return std::nullopt;
    std::vector<MessageId> fit;
    for (const auto& said : said_) {
        if (!said.id) continue;
        const bool by_account = said.sender->account() == here.account();
        if (!by_account && (own || (said.to != here.account() && !is_group(said.to)))) continue;
        const auto row = here.disk.store().message(*said.id);
        if (row && row->shown && row->message.recalled_ms == 0) fit.push_back(*said.id);
    }
    // What was said last is the more interesting: it is still under way.
    const auto newest = std::min<std::size_t>(fit.size(), 4);
    if (fit.empty()) return std::nullopt;
    return fit[fit.size() - 1 - dice % newest];
}

std::string Oracle::edition(const MessageId& id)
{
    const auto n = names_.at(id);
    auto& said = said_[n];
    return std::string(plain_marker) + std::to_string(n) + " to " + said.to + ": edition " +
           std::to_string(said.editions.size() + 1);
}

void Oracle::asks_act(Member& mine, RequestId id, const Request& request)
{
    Act act;
    act.by = mine.client;
    if (const auto* edit = std::get_if<request::Edit>(&request)) {
        act.target = names_.at(edit->message);
        said_[act.target].editions.push_back(edit->text);
    } else if (const auto* recall = std::get_if<request::Recall>(&request)) {
        act.kind = Act::Kind::recall;
        act.target = names_.at(recall->message);
        said_[act.target].recalled = true;
    } else if (const auto* react = std::get_if<request::React>(&request)) {
        act.kind = Act::Kind::react;
        act.target = names_.at(react->message);
    } else {
        if (const auto* remove = std::get_if<request::RemoveMessages>(&request)) asks_removal(mine, id, *remove);
        return;
    }
    mine.act_requests[id] = acts_.size();
    acts_.push_back(act);
}

bool Oracle::replied_act(Member& mine, const event::Reply& reply)
{
    const auto at = mine.act_requests.find(reply.id);
    if (at == mine.act_requests.end()) return false;
    auto& act = acts_[at->second];
    if (act.kind == Act::Kind::remove) {
        act.accepted = reply.error.code == ErrorCode::ok;
    } else if (reply.error.code == ErrorCode::ok) {
        const auto* id = std::get_if<MessageId>(&reply.value);
        demand(id != nullptr, "accepted without an id: an act on " + words(act.target));
        demand(mine.client->disk.store().message(*id).has_value(),
               "lost: an act on " + words(act.target) + " was accepted and is not on the disk");
        act.accepted = true;
        acts_by_id_[*id] = at->second;
        if (*id != said_[act.target].id)
            std::erase_if(said_[act.target].owed, [&](Client* one) {
                return one != mine.client && !member(*one).logged_out && !is_for(mine, *id, *one);
            });
    }
    mine.act_requests.erase(at);
    return true;
}

void Oracle::act_moved(const event::MessageStateChanged& change)
{
    const auto at = acts_by_id_.find(change.id);
    if (at != acts_by_id_.end() && change.state == MessageState::failed) acts_[at->second].failed = true;
}

/// On the sender's device and on all that were there: the same words or tombstone (whose, and of when) and reactions,
/// and those of an act that was accepted and has not failed.
void Oracle::stands_alike(std::size_t n)
{
    const auto& said = said_[n];
    const auto at = [&](Client& client) {
        auto row = client.disk.store().message(*said.id);
        demand(row.has_value(), "lost: " + words(n) + " is not at " + client.name);
        return conversation::present(client.disk.store(), std::move(*row));
    };
    const auto describe = [](const Message& message) {
        auto out = message.text;
        if (message.recalled_ms != 0)
            out = "taken back by " + message.recalled_by + " after " +
                  std::to_string(message.recalled_ms - message.sent_ms) + " ms";
        for (const auto& reaction : message.reactions) {
            out += " " + reaction.emoji + ":";
            for (const auto& user : reaction.users)
                out += user + ",";
        }
        return out;
    };
    // Who acted and left has taken along what was still under way: some have seen it, and some never will.
    for (const auto& act : acts_)
        if (act.target == n && member(*act.by).logged_out) return;
    auto* first = said.sender;
    for (auto* one : said.owed)
        if (may_be_removed(n, *first) && !may_be_removed(n, *one) && !is_lost_to(n, *one)) first = one;
    if (may_be_removed(n, *first)) return; // It is shown to nobody of whom that can be known.
    const auto mine = at(*first);
    for (auto* one : said.owed)
        if (!is_lost_to(n, *one) && !may_be_removed(n, *one)) {
            const auto theirs = at(*one);
            demand(describe(theirs) == describe(mine), "stands otherwise: " + words(n) + " is \"" + describe(mine) +
                                                           "\" at its sender, and \"" + describe(theirs) + "\" at " +
                                                           one->name);
        }
    for (const auto& act : acts_) {
        if (act.target != n || !act.accepted || act.failed || may_be_removed(n, *act.by)) continue;
        // Among the devices of an account, too, it goes sealed in the group: who has left that hears of it no more.
        const auto there = is_shaken(said, act.by->account()) ? at(*act.by) : mine;
        if (act.kind == Act::Kind::recall)
            demand(there.recalled_ms != 0, "not taken back: " + words(n) + " stands, and was recalled");
        else if (act.kind == Act::Kind::edit)
            demand(there.recalled_ms != 0 || there.text != said.text,
                   "not edited: " + words(n) + " stands as it was said, and was edited");
    }
}

} // namespace godwit::testing
