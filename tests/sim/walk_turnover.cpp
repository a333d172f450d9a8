// SPDX-License-Identifier: Apache-2.0
// Somebody comes or goes, or something is taken away, and people talk on: while some have heard of it and some have
// not, before a newcomer knows everybody, and before the group is without who has gone.
#include "tests/sim/walk.hpp"

#include <algorithm>

namespace godwit::testing {

using std::chrono::milliseconds;

namespace {

constexpr std::size_t words_max = 10;
/// Who puts out the one that has gone waits so long for others to do it.
constexpr Duration talk_max = milliseconds(4'000);
/// Less than a frame takes on its way.
constexpr Duration moment = milliseconds(20);
/// The relay has it by then.
constexpr Duration unread_for = milliseconds(600);
/// More than a stored message waits for its receipt in half of these worlds, less than a dead link takes to be found.
constexpr Duration offered_again_after = milliseconds(5'000);

} // namespace

/// Said by one of those for whom it is the moment, as long as there is something to be said.
void Walk::talk_on(Talk talk)
{
    if (healed_ || talk.words == 0 || world_.now() >= talk.until) return;
    std::vector<Client*> there;
    for (auto* client : members_in_order())
        if (client->running() && !client->disk.stopped() && !client->disk.store().failed() && client->logged_in() &&
            talk.is_moment_of(*client))
            there.push_back(client);
    if (!there.empty()) {
        auto& by = *there[talk.dice % there.size()];
        request::Send send;
        if (talk.to.starts_with('#'))
            send.conversation = oracle_.group(std::stoul(talk.to.substr(1)));
        else
            send.to = talk.to;
        send.text = oracle_.text(by, talk.to, 20 + talk.dice / 1024 % 200);
        (void)by.ask(std::move(send));
        talk.dice = talk.dice * 0x9e3779b97f4a7c15ULL + 1;
        --talk.words;
    }
    world_.at(world_.now() + moment, [this, talk = std::move(talk)] { talk_on(talk); });
}

/// While what `by` has said waits for all the others, who are off, `one` goes from there; and `by` takes it back, or
/// says it otherwise: it is sealed anew, for those who stay.
void Walk::part_unread(Client& one, const std::string& other, std::uint64_t detail)
{
    const auto in = oracle_.groups_at(one);
    const bool of_group = !in.empty() && detail % 3 != 0;
    const auto number = of_group ? in[detail / 5 % in.size()] : 0;
    Client* by = nullptr;
    for (auto* client : members_in_order()) {
        if (client->account() == one.account() || !client->running() || !client->logged_in()) continue;
        const auto its = of_group ? oracle_.groups_at(*client) : std::vector<std::size_t>();
        if (of_group ? std::find(its.begin(), its.end(), number) != its.end() : client->account() == other) by = client;
    }
    if (by == nullptr) return;
    for (auto* client : members_in_order())
        if (client != &one && client != by) client->crash();
    const auto to = of_group ? Oracle::group_label(number) : one.account();
    for (std::size_t i = 0; i < 1 + detail % 2 && by->running(); ++i) {
        request::Send send;
        if (of_group)
            send.conversation = oracle_.group(number);
        else
            send.to = to;
        send.text = oracle_.text(*by, to, 20 + detail / 1024 % 200);
        (void)by->ask(std::move(send));
    }
    world_.run_for(unread_for);
    if (!one.running()) return;
    if (of_group) {
        one.ask(request::GroupLeave{oracle_.group(number)});
        world_.run_for(moment * (detail / 7 % 20));
    } else {
        // What `by` says arrives, and it hears of nothing.
        world_.cut(*by, Cut::incoming);
        oracle_.severs(one.account(), other);
        one.ask(request::ContactRemove{other});
    }
    act(*by, 0, detail % 2 == 0 ? StepKind::recall : StepKind::edit);
    world_.run_for(offered_again_after);
    if (!of_group) world_.restore(*by);
}

void Walk::turnover(Client& one, std::uint64_t detail, StepKind kind)
{
    if (!members_.contains(&one) || !one.running() || !one.logged_in()) return;
    const auto friends = friends_of(one.account());
    const auto& other = friends[detail / 7 % friends.size()];
    Talk talk;
    talk.to = one.account();
    talk.words = 1 + detail % words_max;
    talk.dice = detail;
    talk.until = world_.now() + talk_max;
    const auto talk_on_when = [&](std::function<bool(Client&)> is_moment_of) {
        talk.is_moment_of = std::move(is_moment_of);
        world_.at(world_.now() + moment, [this, talk] { talk_on(talk); });
    };
    switch (kind) {
    case StepKind::device_parts: {
        const bool somebody_stays = std::any_of(devices_.begin(), devices_.end(), [&](Client* client) {
            return client != &one && client->account() == one.account() && members_.contains(client) &&
                   client->running() && client->logged_in();
        });
        if (!somebody_stays) return;
        oracle_.asked_to_log_out(one);
        one.ask(request::Logout{});
        talk_on_when([=](Client& by) {
            return std::find(friends.begin(), friends.end(), by.account()) != friends.end() &&
                   !MemberWatch::stale(by.name, by.disk.store()).empty();
        });
        break;
    }
    case StepKind::member_parts:
    case StepKind::member_comes: {
        const auto in = oracle_.groups_at(one);
        if (in.empty()) return;
        const auto number = in[detail / 5 % in.size()];
        talk.to = Oracle::group_label(number);
        if (kind == StepKind::member_comes) {
            one.ask(request::GroupInvite{oracle_.group(number), {other}});
            talk_on_when([=, this](Client& by) {
                const auto its = by.account() == other ? oracle_.groups_at(by) : std::vector<std::size_t>();
                return std::find(its.begin(), its.end(), number) != its.end();
            });
        } else {
            one.ask(request::GroupLeave{oracle_.group(number)});
            talk_on_when([=, this](Client& by) { return oracle_.has_stranger(by, number); });
        }
        break;
    }
    case StepKind::contact_parts:
        say(one, detail, 3);
        oracle_.severs(one.account(), other);
        talk_on_when([=](Client& by) { return by.account() == other; });
        if (one.running()) one.ask(request::ContactRemove{other});
        break;
    case StepKind::parts_unread: part_unread(one, other, detail); break;
    default:
        if (const auto post = oracle_.file_post(one, detail)) one.ask(request::Recall{*post});
    }
}

} // namespace godwit::testing
