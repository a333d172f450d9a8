// SPDX-License-Identifier: Apache-2.0
// Groups: which one is meant, and what is done to it. A group is called "#" and its name.
#include "chat.hpp"

#include "words.hpp"

#include <sstream>

namespace request = godwit::request;

namespace {

constexpr std::int64_t minutes_max = std::int64_t{10} * 365 * 24 * 60;

std::vector<std::string> words_of(const std::string& text)
{
    std::istringstream in(text);
    std::vector<std::string> out;
    for (std::string word; in >> word;)
        out.push_back(word);
    return out;
}

std::string joined(const std::vector<std::string>& names)
{
    std::string out;
    for (const auto& name : names)
        out += (out.empty() ? "" : ", ") + printable(name);
    return out;
}

} // namespace

request::Where Chat::here() const
{
    if (current_group_) return {{}, current_group_};
    return {current_, {}};
}

void Chat::with_group(const std::string& name, std::function<void(const godwit::Conversation&)> then)
{
    ask(request::Conversations{true}, [this, name, then = std::move(then)](const godwit::event::Reply& reply) {
        const auto* list = std::get_if<std::vector<godwit::Conversation>>(&reply.value);
        if (list == nullptr) return;
        for (const auto& one : *list)
            if (is_of_many(one.kind) && one.title == name) return then(one);
        screen_.print("! no group #" + printable(name) + "; /groups lists them");
    });
}

void Chat::with_target(const std::string& name, std::function<void(const request::Where&)> then)
{
    if (name.empty()) return screen_.print("! to whom? NAME or #GROUP");
    if (name[0] != '#') return then({name, {}});
    with_group(name.substr(1),
               [then = std::move(then)](const godwit::Conversation& one) { then(request::Where{{}, one.id}); });
}

std::string Chat::group_of(const godwit::ConversationId& id) const
{
    const auto known = groups_.find(id);
    return known == groups_.end() ? std::string("a group") : "#" + printable(known->second);
}

void Chat::choose_group(const std::string& name)
{
    with_group(name, [this](const godwit::Conversation& one) {
        current_ = "#" + printable(one.title);
        current_group_ = one.id;
        prompt();
        history(current_, history_on_open);
    });
}

/// "NAME MEMBER …"
void Chat::make_discussion(const std::string& minutes, const std::string& rest)
{
    const auto n = number_of(minutes, 1, minutes_max);
    auto words = words_of(rest);
    if (!n || words.empty()) return screen_.print("! /discussion MINUTES NAME [MEMBER …]");
    const auto name = words.front();
    const auto members = rest.substr(rest.find(name) + name.size());
    make_group(name, members, godwit::ConversationKind::discussion, wall_now_ms() + *n * 60'000);
}

void Chat::make_group(const std::string& name, const std::string& members, godwit::ConversationKind kind,
                      std::int64_t expires_ms)
{
    request::GroupCreate create{kind, name, words_of(members)};
    create.expires_ms = expires_ms;
    ask(std::move(create), [this, name](const godwit::event::Reply& reply) {
        const auto* id = std::get_if<godwit::ConversationId>(&reply.value);
        if (id == nullptr) return;
        current_ = "#" + printable(name);
        current_group_ = *id;
        prompt();
        screen_.print("  " + current_ + " is there; what you type goes to it");
    });
}

void Chat::list_groups()
{
    ask(request::Conversations{true}, [this](const godwit::event::Reply& reply) {
        const auto* list = std::get_if<std::vector<godwit::Conversation>>(&reply.value);
        if (list == nullptr) return;
        bool any = false;
        for (const auto& one : *list) {
            if (!is_of_many(one.kind)) continue;
            any = true;
            screen_.print("  #" + conversation_line(one, own_) + "  (" +
                          std::string(godwit::conversation_kind_name(one.kind)) + ", " +
                          (one.own_role == godwit::Role::none ? std::string("not in it any more")
                                                              : std::to_string(one.members) + " members") +
                          ")");
        }
        if (!any) screen_.print("  no groups yet: /group NAME MEMBER …");
    });
}

void Chat::show_group()
{
    if (!current_group_) return screen_.print("! no group chosen: /to #NAME");
    ask(request::GroupAbout{*current_group_}, [this](const godwit::event::Reply& reply) {
        const auto* group = std::get_if<godwit::GroupInfo>(&reply.value);
        if (group == nullptr) return;
        screen_.print("  #" + printable(group->name) + (group->active ? "" : "  (over)"));
        if (!group->about.empty()) screen_.print("  " + printable(group->about));
        if (!group->announcement.empty()) screen_.print("  ! " + printable(group->announcement));
        for (const auto& member : group->members)
            screen_.print("  " + std::string(godwit::role_name(member.role)) + "  " + printable(member.user) +
                          (member.muted_until_ms > wall_now_ms() ? "  muted" : ""));
        for (const auto& one : group->applicants)
            screen_.print("? " + printable(one.user) + " asks to be let in: " + printable(one.text) + "  /let-in " +
                          printable(one.user) + " or /turn-away " + printable(one.user));
    });
}

void Chat::group_command(const std::string& name, const std::string& first, const std::string& rest)
{
    const auto all = words_of(first + " " + rest);
    if (name == "join") return ask(request::GroupJoin{first, rest}, said("asked to be let in"));
    if (!current_group_) return screen_.print("! no group chosen: /to #NAME");
    const auto id = *current_group_;
    const auto text = rest.empty() ? first : first + " " + rest;
    if (name == "invite") return ask(request::GroupInvite{id, all}, said(joined(all) + " taken in"));
    if (name == "kick") return ask(request::GroupRemove{id, all}, said(joined(all) + " put out"));
    if (name == "leave") return ask(request::GroupLeave{id}, said("left"));
    if (name == "promote") return ask(request::GroupPromote{id}, said("it is a group now, and does not end"));
    if (name == "dissolve") return ask(request::GroupDissolve{id}, said("dissolved"));
    if (name == "let-in") return ask(request::GroupAnswer{id, first, true}, said(printable(first) + " is let in"));
    if (name == "turn-away")
        return ask(request::GroupAnswer{id, first, false}, said(printable(first) + " is not let in"));
    if (name == "invitation")
        return ask(request::GroupLink{id}, [this](const godwit::event::Reply& reply) {
            if (const auto* link = std::get_if<std::string>(&reply.value)) screen_.print("  /join " + *link);
        });
    if (name == "role") {
        for (const auto role : {godwit::Role::member, godwit::Role::admin, godwit::Role::owner})
            if (rest == godwit::role_name(role)) return ask(request::GroupRole{id, first, role}, said("done"));
        return screen_.print("! /role NAME owner|admin|member");
    }
    if (name == "mute" || name == "unmute") {
        const auto minutes = number_of(rest, 1, minutes_max);
        if (name == "mute" && !rest.empty() && !minutes) return screen_.print("! /mute NAME|all [MINUTES]");
        constexpr std::int64_t minute_ms = 60'000;
        std::int64_t until = wall_now_ms() + minutes.value_or(std::int64_t{60} * 24 * 365) * minute_ms;
        if (name == "unmute") until = 0;
        return ask(request::GroupMute{id, first == "all" ? std::string() : first, until}, said("done"));
    }
    request::GroupSet set;
    set.conversation = id;
    if (name == "rename") set.name = text;
    if (name == "announce") set.announcement = text;
    if (name == "about") set.about = text;
    if (name == "joining") {
        for (const auto rule : {godwit::JoinRule::closed, godwit::JoinRule::request, godwit::JoinRule::link})
            if (first == godwit::join_rule_name(rule)) set.join = rule;
        if (!set.join) return screen_.print("! /joining closed|request|link");
    }
    ask(std::move(set), said("done"));
}

void Chat::show(const godwit::event::GroupChanged& e)
{
    using What = godwit::event::GroupChanged::What;
    // Whoever comes in learns a moment later what it is called.
    const bool named = unnamed_.erase(e.conversation) > 0 && !e.name.empty();
    if (e.name.empty() && e.what == What::joined) {
        unnamed_.insert(e.conversation);
        return;
    }
    const auto group = "#" + printable(e.name);
    const auto by = e.by.empty() ? std::string() : ", by " + printable(e.by);
    if (current_group_ == e.conversation && current_ != group) {
        current_ = group;
        prompt();
    }
    switch (e.what) {
    case What::joined: return screen_.print("+ you are in " + group + by + ": /to " + group);
    case What::added: return screen_.print("+ " + group + ": " + joined(e.users) + " is in it" + by);
    case What::removed: return screen_.print("- " + group + ": " + joined(e.users) + " is not in it any more" + by);
    case What::rules: return screen_.print("  " + group + " has other rules" + by);
    case What::profile:
        if (named) return screen_.print("+ you are in " + group + ": /to " + group);
        return screen_.print("  " + group + " looks otherwise" + by + ": /members shows it");
    case What::promoted: return screen_.print("  " + group + " is a group now, and does not end" + by);
    case What::closed: return screen_.print("- " + group + " is over, or you are not in it any more" + by);
    }
}

void Chat::show(const godwit::event::GroupAsked& e)
{
    const auto user = printable(e.applicant.user);
    screen_.print("? " + user + " asks to be let into #" + printable(e.name) + ": " + printable(e.applicant.text) +
                  "  (there: /let-in " + user + " or /turn-away " + user + ")");
}

void Chat::show(const godwit::event::GroupRefused& e)
{
    if (e.why == godwit::event::GroupRefused::Why::stale_link)
        return screen_.print("- that link lets nobody in any more: ask for a new one, and /join with it");
    screen_.print("- you were not let into the group");
}
