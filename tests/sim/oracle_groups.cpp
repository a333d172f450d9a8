// SPDX-License-Identifier: Apache-2.0
// Groups of many: who is in one has one epoch, one policy and one view of it; who is owed what is said there; and that
// it is sealed for nobody else.
#include "tests/sim/broken.hpp"
#include "tests/sim/oracle.hpp"

#include "lib/wire/content.hpp"

#include <algorithm>

namespace godwit::testing {

namespace {

std::optional<content::GroupNote> note_of(const port::StoredMessage& row)
{
    if (!row.quiet) return std::nullopt;
    const auto extra = wire::decode_extra(row.extra);
    const auto body = extra ? wire::decode_body(extra->body) : Result<content::Body>(extra.error());
    const auto* note = body ? std::get_if<content::GroupNote>(&*body) : nullptr;
    return note == nullptr ? std::nullopt : std::optional(*note);
}

} // namespace

std::string Oracle::group_name()
{
    Group group;
    group.name = std::string(plain_marker) + "group " + std::to_string(groups_.size());
    groups_.push_back(group);
    return group.name;
}

std::vector<std::size_t> Oracle::groups_at(Client& client)
{
    std::vector<std::size_t> out;
    if (!members_.contains(&client) || client.disk.stopped()) return out;
    for (const auto& [id, number] : groups_by_id_) {
        const auto view = group_view(client.disk.store(), id);
        if (view && view->policy && view->policy->find(client.account()) != nullptr) out.push_back(number);
    }
    std::sort(out.begin(), out.end());
    return out;
}

std::vector<std::string> Oracle::group_members(Client& client, std::size_t number)
{
    std::vector<std::string> out;
    if (const auto view = group_view(client.disk.store(), group(number)); view && view->policy)
        for (const auto& one : view->policy->members)
            out.push_back(one.user);
    std::sort(out.begin(), out.end());
    return out;
}

bool Oracle::has_stranger(Client& client, std::size_t number)
{
    const auto& id = groups_[number].id;
    const auto view = id ? group_view(client.disk.store(), *id) : std::nullopt;
    return view && view->policy && view->policy->find(client.account()) != nullptr &&
           std::any_of(view->members.begin(), view->members.end(),
                       [&](const auto& one) { return view->policy->find(one.account_key) == nullptr; });
}

// ---- what is asked and told ---------------------------------------------------------------------

void Oracle::asks_group(Member& mine, RequestId id, const Request& request)
{
    if (const auto* create = std::get_if<request::GroupCreate>(&request)) {
        const auto at = std::find_if(groups_.begin(), groups_.end(),
                                     [&](const Group& group) { return group.name == create->name; });
        if (at == groups_.end()) return;
        at->is_channel = create->kind == ConversationKind::channel;
        mine.group_requests[id] = static_cast<std::size_t>(at - groups_.begin());
        return;
    }
    const auto of = [&](const ConversationId& conversation) -> Group* {
        const auto at = groups_by_id_.find(conversation);
        return at == groups_by_id_.end() ? nullptr : &groups_[at->second];
    };
    if (const auto* set = std::get_if<request::GroupSet>(&request))
        mine.set_requests[id] = *set;
    else if (const auto* out = std::get_if<request::GroupRemove>(&request)) {
        if (auto* group = of(out->conversation)) group->shaken.insert(out->users.begin(), out->users.end());
    } else if (const auto* leave = std::get_if<request::GroupLeave>(&request)) {
        if (auto* group = of(leave->conversation)) group->shaken.insert(mine.client->account());
    } else if (const auto* mute = std::get_if<request::GroupMute>(&request)) {
        auto* group = of(mute->conversation);
        if (group == nullptr) return;
        if (mute->user.empty())
            group->muted = true;
        else
            group->shaken.insert(mute->user);
    } else if (const auto* dissolve = std::get_if<request::GroupDissolve>(&request)) {
        if (auto* group = of(dissolve->conversation)) group->dissolved = true;
    } else if (const auto* role = std::get_if<request::GroupRole>(&request)) {
        // In a channel it is what lets one write.
        if (auto* group = of(role->conversation); group != nullptr && group->is_channel)
            group->shaken.insert(role->user);
    }
}

void Oracle::told_group(Member&, const event::GroupChanged& change)
{
    heard_of(change.name, change.conversation);
}

void Oracle::heard_of(const std::string& name, const ConversationId& id)
{
    const auto at =
        std::find_if(groups_.begin(), groups_.end(), [&](const Group& group) { return group.name == name; });
    if (at == groups_.end()) return;
    demand(!at->id || *at->id == id, "two groups of one name: somebody made " + name + " twice");
    at->id = id;
    groups_by_id_[id] = static_cast<std::size_t>(at - groups_.begin());
}

void Oracle::is_in(std::size_t n, const ConversationId& conversation, const Client& where)
{
    const auto* group = group_of(said_[n]);
    demand(group == nullptr ? !groups_by_id_.contains(conversation) : group->id == conversation,
           "misdirected: " + words(n) + " is in another conversation at " + where.name);
}

// ---- who is owed it, and for whom it is sealed --------------------------------------------------

void Oracle::asks_in_group(Member& mine, Said& said)
{
    const auto* group = group_of(said);
    const auto view = group->id ? group_view(mine.client->disk.store(), *group->id) : std::nullopt;
    if (!view) return;
    for (const auto& one : view->members)
        said.listed.insert(one.device);
}

/// Each device that is in the group as its sender knows it: whatever epoch it is sealed in, that has them. An
/// application may hear of it late: then who came meanwhile is in the group, and was not when it was accepted.
void Oracle::owes_in_group(Member& mine, std::size_t n)
{
    auto& said = said_[n];
    const auto* group = group_of(said);
    const auto view = group_view(mine.client->disk.store(), *group->id);
    if (!view || !view->policy) return; // It was put out in the same tick.
    said.alone = view->policy->members.size() == 1;
    for (auto* one : in_order_) {
        const auto& other = member(*one);
        const auto identity = one->disk.store().identity();
        if (one == mine.client || !other.settled || other.logged_out || !identity) continue;
        if (view->policy->find(one->account()) == nullptr || !view->has(identity->device)) continue;
        if (!said.listed.contains(identity->device)) continue;
        if (is_for(mine, *said.id, *one)) said.owed.push_back(one);
    }
}

bool Oracle::is_shaken(const Said& said, const std::string& account)
{
    const auto* group = group_of(said);
    return group != nullptr && (group->dissolved || group->muted || group->shaken.contains(account));
}

/// In the epoch that its sender is in, whatever it is: for devices of members, and nobody else. An epoch that has
/// passed when a sealing is first seen is not judged.
void Oracle::sealed_in_group(Client& from, const wire::Envelope& envelope)
{
    const auto label = seal::read_label(envelope.sealed);
    if (!label || label->kind != seal::Label::Kind::message) return;
    const auto group = groups_by_id_.find(label->conversation);
    if (group == groups_by_id_.end() || judged_epochs_.contains({label->conversation, label->version})) return;
    const auto view = group_view(from.disk.store(), label->conversation);
    if (!view || view->version != label->version || !view->policy) return;
    judged_epochs_.insert({label->conversation, label->version});
    for (const auto& one : view->members)
        demand(view->policy->find(one.account_key) != nullptr,
               "sealed for a stranger: " + from.name + " lets a device of " + one.user + " read what is said in \"" +
                   groups_[group->second].name + "\", who is not in it");
}

// ---- at rest ------------------------------------------------------------------------------------

/// Empty, or who is not where the others are. Truth is the newest epoch that anybody is in.
std::string Oracle::apart(const Group& group)
{
    if (!group.id) return {};
    std::map<Client*, GroupView> views;
    Client* first = nullptr;
    for (auto* client : in_order_) {
        if (!client->logged_in()) continue;
        auto view = group_view(client->disk.store(), *group.id);
        if (!view || !view->policy) continue;
        views[client] = std::move(*view);
        if (first == nullptr || views[client].version > views[first].version) first = client;
    }
    if (first == nullptr) return {};
    const auto& newest = views.at(first);
    const auto is_excused = [&](const std::string& account) {
        return std::any_of(severed_.begin(), severed_.end(),
                           [&](const Pair& one) { return one.first == account || one.second == account; });
    };
    const auto at = [&](const Client& client) { return client.name + ", in \"" + group.name + "\""; };
    std::set<DeviceId> members;
    std::set<std::string> here; // Whose last device has gone is listed with it for ever: nothing proves that it went.
    for (auto* client : in_order_) {
        const auto identity = client->disk.store().identity();
        if (!identity || !client->logged_in()) continue;
        members.insert(identity->device);
        here.insert(client->account());
        if (newest.policy->find(client->account()) == nullptr) continue;
        const auto view = views.find(client);
        if (view == views.end() || view->second.version != newest.version) {
            // Nobody changes what is over, nor follows somebody whom they do not know any more.
            if (newest.policy->dissolved || is_excused(client->account())) continue;
            return "behind: " + at(*client) + " is " +
                   (view == views.end() ? "nowhere" : "in epoch " + std::to_string(view->second.version.epoch)) + ", " +
                   first->name + " in " + std::to_string(newest.version.epoch);
        }
        if (view->second.authenticator != newest.authenticator)
            return "forked: " + at(*client) + " is in another epoch " + std::to_string(newest.version.epoch) +
                   " than " + first->name;
        demand(*view->second.policy == *newest.policy, "two policies of one epoch: " + at(*client));
    }
    if (newest.policy->dissolved) return {};
    for (const auto& one : newest.members)
        if (newest.policy->find(one.account_key) == nullptr ||
            (here.contains(one.user) && !members.contains(one.device)))
            return "a device that left is a member: of " + one.user + ", for " + at(*first);
    return {};
}

void Oracle::was_granted(Client& to, const request::GroupSet& set)
{
    const auto at = groups_by_id_.find(set.conversation);
    if (at == groups_by_id_.end()) return;
    using What = content::GroupNote::What;
    auto& granted = groups_[at->second].granted;
    if (set.about) granted.push_back({&to, What::about, *set.about});
    if (set.announcement) granted.push_back({&to, What::announcement, *set.announcement});
}

/// Of what was changed the history tells, whatever it was changed to later: at who changed it, or found it so.
void Oracle::granted_is_done()
{
    constexpr std::uint32_t whole_history = 100'000;
    for (const auto& group : groups_) {
        if (!group.id) continue;
        std::map<Client*, std::vector<content::GroupNote>> told;
        for (auto* client : in_order_)
            for (const auto& row : client->disk.store().history(*group.id, whole_history, std::nullopt))
                if (auto note = note_of(row)) told[client].push_back(std::move(*note));
        for (const auto& one : group.granted) {
            if (member(*one.to).logged_out) continue;
            const auto& notes = told[one.to];
            demand(std::any_of(notes.begin(), notes.end(),
                               [&](const auto& note) { return note.what == one.what && note.text == one.text; }),
                   "not done: " + one.to->name + " was told that \"" + one.text + "\" is said of \"" + group.name +
                       "\", and its history has no such change");
        }
    }
}

std::string Oracle::describe(const GroupInfo& group)
{
    std::string out = group.name + ", " + group.about + ", " + group.announcement + ", kind " +
                      std::to_string(static_cast<int>(group.kind)) + ", invite " +
                      std::to_string(static_cast<int>(group.invite)) + ", join " +
                      std::string(join_rule_name(group.join)) + (group.all_muted ? ", muted" : "") +
                      (group.receipts ? "" : ", no receipts") + (group.dissolved ? ", dissolved" : "") + ":";
    for (const auto& one : group.members)
        out += " " + one.user + "/" + std::to_string(static_cast<int>(one.role)) + "/" +
               std::to_string(one.muted_until_ms);
    return out;
}

} // namespace godwit::testing
