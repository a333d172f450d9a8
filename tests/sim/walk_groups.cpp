// SPDX-License-Identifier: Apache-2.0
// What people do in groups and to them. Whoever may not is refused, which is as good.
#include "tests/sim/broken.hpp"
#include "tests/sim/walk.hpp"

#include <algorithm>

namespace godwit::testing {

using std::chrono::milliseconds;

namespace {

/// Of one world: more would only be looked at less often.
constexpr std::size_t groups_max = 3;
constexpr std::size_t racers_max = 3;
/// What an application is shown may come a moment after the epoch: a new name, from the relay.
constexpr Duration views_agree_max = std::chrono::seconds(20);

} // namespace

void Walk::group_create(Client& one, std::uint64_t detail)
{
    if (!one.running() || oracle_.groups() >= groups_max) return;
    request::GroupCreate create;
    create.kind = detail % 8 == 0 ? ConversationKind::channel : ConversationKind::group;
    if (detail % 8 == 1) {
        create.kind = ConversationKind::discussion;
        create.expires_ms = world_.wall_ms() + WallMs{24} * 3600 * 1000;
    }
    create.name = oracle_.group_name();
    create.about = create.name + " from the start";
    if (detail / 8 % 2 == 0) create.invite = Role::member;
    if (detail / 32 % 2 == 0) create.join = JoinRule::link;
    const auto friends = friends_of(one.account());
    for (std::size_t i = 0; i < friends.size(); ++i)
        if (i == detail / 16 % friends.size() || detail / 64 % (i + 2) == 0) create.members.push_back(friends[i]);
    one.ask(std::move(create));
}

void Walk::group(Client& one, std::uint64_t detail, StepKind kind)
{
    if (kind == StepKind::group_create || oracle_.groups() == 0) return group_create(one, detail);
    const auto in = oracle_.groups_at(one);
    if (in.empty() || !one.running()) return;
    const auto number = in[detail / 5 % in.size()];
    if (kind != StepKind::group_race) return group_change(one, number, detail, kind);
    // In one instant, each by another device: one of their commits comes first.
    std::size_t racing = 0;
    for (auto* client : devices_) {
        if (racing == racers_max || !client->running()) continue;
        const auto its = oracle_.groups_at(*client);
        if (std::find(its.begin(), its.end(), number) == its.end()) continue;
        constexpr std::array kinds{StepKind::group_rules, StepKind::group_invite, StepKind::group_role,
                                   StepKind::group_rules, StepKind::group_say};
        group_change(*client, number, detail + racing * 977, kinds[(detail / 32 + racing) % kinds.size()]);
        ++racing;
    }
}

void Walk::group_change(Client& one, std::size_t number, std::uint64_t detail, StepKind kind)
{
    const auto id = oracle_.group(number);
    const auto members = oracle_.group_members(one, number);
    const auto& somebody = members[detail / 7 % members.size()];
    switch (kind) {
    case StepKind::group_say:
        for (std::size_t i = 0; i < 1 + detail % 3 && one.running(); ++i) {
            request::Send send;
            send.conversation = id;
            send.text = oracle_.text(one, Oracle::group_label(number), 20 + detail / 1024 % 200);
            (void)one.ask(std::move(send));
        }
        break;
    case StepKind::group_invite: {
        const auto friends = friends_of(one.account());
        one.ask(request::GroupInvite{id, {friends[detail / 7 % friends.size()]}});
        break;
    }
    case StepKind::group_remove:
        if (somebody != one.account()) one.ask(request::GroupRemove{id, {somebody}});
        break;
    case StepKind::group_leave: one.ask(request::GroupLeave{id}); break;
    case StepKind::group_role:
        one.ask(request::GroupRole{id, somebody,
                                   detail % 6 == 0   ? Role::owner
                                   : detail % 2 == 0 ? Role::admin
                                                     : Role::member});
        break;
    case StepKind::group_rules: {
        request::GroupSet set;
        set.conversation = id;
        const auto words = std::string(plain_marker) + "of this group " + std::to_string(detail % 1000);
        if (detail % 2 == 0) set.about = words;
        if (detail % 3 == 0) set.announcement = words;
        if (detail % 5 == 0) set.invite = detail / 5 % 2 == 0 ? Role::member : Role::admin;
        if (detail % 7 == 0) set.receipts = detail / 7 % 2 == 0;
        one.ask(std::move(set));
        break;
    }
    case StepKind::group_mute:
        one.ask(request::GroupMute{id, detail % 3 == 0 ? std::string() : somebody,
                                   detail % 4 == 0 ? 0 : world_.wall_ms() + 20'000});
        break;
    case StepKind::group_link: {
        auto& joins = device(detail / 7);
        if (members_.contains(&joins))
            links_.push_back({&one, one.lives(), one.ask(request::GroupLink{id, detail % 5 == 0}), &joins});
        break;
    }
    case StepKind::group_dissolve: one.ask(request::GroupDissolve{id}); break;
    default: break;
    }
}

/// Somebody was given a link, and follows it.
void Walk::follow_links()
{
    for (auto at = links_.begin(); at != links_.end();) {
        const auto reply = answer(*at->by, at->life, at->request);
        if (!reply) {
            ++at;
            continue;
        }
        const auto* link = *reply == nullptr ? nullptr : std::get_if<std::string>(&(*reply)->value);
        if (link != nullptr && at->joins->running()) at->joins->ask(request::GroupJoin{*link});
        at = links_.erase(at);
    }
}

/// Empty, or what two devices in it see.
std::string Walk::views_of(std::size_t number)
{
    std::map<std::string, std::string> seen; // By device.
    for (auto* client : members_in_order()) {
        if (!client->running() || !client->logged_in()) continue;
        const auto in = oracle_.groups_at(*client);
        if (std::find(in.begin(), in.end(), number) == in.end()) continue;
        const auto reply = client->wait(client->ask(request::GroupAbout{oracle_.group(number)}));
        const auto* about = std::get_if<GroupInfo>(&reply.value);
        if (about == nullptr) throw Broken("no group: " + client->name + " is in one that it does not show");
        seen[client->name] = Oracle::describe(*about);
    }
    for (const auto& [name, view] : seen)
        if (view != seen.begin()->second)
            return name + " sees \"" + view + "\", " + seen.begin()->first + " sees \"" + seen.begin()->second + "\"";
    return {};
}

/// Who is in one sees one.
void Walk::look_at_groups()
{
    const auto begin = world_.now();
    for (std::size_t number = 0; number < oracle_.groups(); ++number)
        for (std::string apart; !(apart = views_of(number)).empty(); world_.run_for(milliseconds(500)))
            if (world_.now() > begin + views_agree_max) throw Broken("two views: " + apart);
}

} // namespace godwit::testing
