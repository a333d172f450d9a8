// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/group_keeper.hpp"

#include "lib/engine/traced.hpp"

#include <algorithm>

namespace godwit::engine {

namespace frame = wire::relay;

namespace {

/// The account with the smaller key creates; the other one, if nothing hurries, waits this long for that.
constexpr Duration creation_wait = std::chrono::seconds(3);
/// A new device joins by itself; who else sees it missing waits this long before adding it.
constexpr Duration missing_wait = std::chrono::seconds(10);
/// The first wait after a failure; doubles up to failure_wait_max.
constexpr Duration failure_wait_min = std::chrono::seconds(1);
/// Keys grow old while nothing happens: so often everything is looked at.
constexpr Duration sweep_every = std::chrono::hours(24);
/// The relay tells the stock of KeyPackages at login; who stays connected asks so often. What contacts may use up
/// meanwhile is the relay's key_packages_per_pair.
constexpr Duration stock_every = std::chrono::hours(1);

bool is_leader(const seal::Circle& circle)
{
    return std::all_of(circle.parties.begin(), circle.parties.end(),
                       [&](const auto& party) { return circle.parties.front().account_key <= party.account_key; });
}

} // namespace

void GroupKeeper::start(seal::Groups& groups)
{
    groups_ = &groups;
    look_at_all();
}

void GroupKeeper::look_at_all()
{
    const auto begin = [&](const Person& person) {
        if (!person.circle.parties.empty()) look(person.conversation);
    };
    begin(roster_.self());
    for (const auto& [user, person] : roster_.people())
        begin(person);
    for (const auto& [id, group] : book_.all())
        if (group.state == Group::State::in) {
            look(id);
            verify_hearsay(id);
        }
}

void GroupKeeper::stop()
{
    groups_ = nullptr;
    fresh_.clear();
    chores_.clear();
    reports_.clear();
    changed_.clear();
    bare_.clear();
    unlisted_.clear();
    evicted_.clear();
    evictions_.clear();
    drained_ = false;
    sweep_due_ = stock_due_ = never;
    departures_due_ = Instant{};
}

void GroupKeeper::connected(const frame::Session& session)
{
    packages_due_ = session.key_packages < context_.config.key_packages_kept / 2;
    last_resort_due_ = !session.last_resort;
}

void GroupKeeper::mailbox_empty()
{
    if (std::exchange(drained_, true)) return;
    for (auto& [conversation, chore] : chores_)
        chore.due = Instant{};
}

void GroupKeeper::disconnected()
{
    drained_ = false;
    bare_.clear();
    stock_due_ = never;
    for (auto& one : reports_) { // Whatever the relay said to it: it was restored perhaps, or lied.
        one.sent = one.heard = false;
        one.due = Instant{};
    }
    for (auto& [conversation, chore] : chores_) {
        chore.step = Chore::Step::rest;
        chore.due = Instant{};
        chore.fetched = false;
        chore.plan.reset();
        chore.packages.clear();
        chore.kept.clear();
        chore.held_until = Instant{};
        chore.tree.clear();
        chore.piece = chore.pieces = 0;
    }
}

void GroupKeeper::look(const ConversationId& conversation)
{
    if (groups_ == nullptr) return;
    auto& chore = chores_[conversation];
    if (chore.failures == 0) chore.due = Instant{};
}

void GroupKeeper::hurry(const ConversationId& conversation)
{
    if (groups_ == nullptr) return;
    const auto at = chores_.find(conversation);
    if (at == chores_.end()) return;                   // Nothing is lacking.
    if (std::exchange(at->second.hurry, true)) return; // Known: due is as it should be.
    if (at->second.failures == 0) at->second.due = Instant{};
}

void GroupKeeper::plan(const ConversationId& conversation)
{
    if (groups_ == nullptr) return;
    auto& chore = chores_[conversation];
    if (chore.step == Chore::Step::rest) chore.due = Instant{};
}

void GroupKeeper::doubt(const ConversationId& conversation)
{
    if (groups_ == nullptr) return;
    look(conversation);
    chores_[conversation].compare = true;
}

bool GroupKeeper::in_doubt(const ConversationId& conversation) const
{
    const auto at = chores_.find(conversation);
    return at != chores_.end() && (at->second.compare || at->second.rejoin);
}

bool GroupKeeper::waits_for_tree(const ConversationId& conversation) const
{
    const auto at = chores_.find(conversation);
    return at != chores_.end() && !at->second.welcome.empty();
}

// ---- what is due --------------------------------------------------------------------------------

void GroupKeeper::handle_deadline(RelaySession* session, Moment now)
{
    if (groups_ == nullptr) return;
    expire_departures(now);
    if (session == nullptr) return;
    sweep(now);
    ask_for_stock(*session, now);
    evicted_.judge(context_, now.mono, [&](const auto& where, const auto& who) { return is_listed(where, who); });
    send_reports(*session, now);
    if (packages_due_ || last_resort_due_) publish_packages(*session, now);
    for (auto at = chores_.begin(); at != chores_.end();) {
        auto& [conversation, chore] = *at;
        if (chore.step == Chore::Step::rest && chore.due <= now.mono) work(conversation, chore, *session, now);
        // What is planned for later, whatever it has come to rest for.
        if (const auto plan = next_plan(conversation, now); chore.step == Chore::Step::rest && plan > now.mono)
            chore.due = earlier(chore.due, plan);
        const bool done = chore.step == Chore::Step::rest && chore.due == never;
        at = done ? chores_.erase(at) : std::next(at);
    }
}

void GroupKeeper::sweep(Moment now)
{
    if (sweep_due_ <= now.mono) {
        look_at_all();
        last_resort_due_ = last_resort_due_ || groups_->last_resort_is_old(now.wall_ms);
        sweep_due_ = never;
    }
    if (sweep_due_ == never) sweep_due_ = now.mono + soon(sweep_every);
}

void GroupKeeper::expire_departures(Moment now)
{
    if (departures_due_ > now.mono) return;
    departures_due_ = groups_->expire_departures(now.wall_ms) ? now.mono + soon(sweep_every) : never;
}

void GroupKeeper::ask_for_stock(RelaySession& session, Moment now)
{
    if (stock_due_ <= now.mono) {
        (void)session.request(frame::KeyPackagePublish{}, purpose::KeyPackageStock{true}, now);
        stock_due_ = never;
    }
    if (stock_due_ == never) stock_due_ = now.mono + soon(stock_every);
}

Instant GroupKeeper::deadline() const
{
    Instant out = never;
    if (groups_ == nullptr) return out;
    if (drained_) out = earlier(sweep_due_, stock_due_);
    out = earlier(out, evicted_.deadline());
    for (const auto& one : reports_)
        if (!one.sent && !one.heard) out = earlier(out, one.due);
    for (const auto& [conversation, chore] : chores_)
        if (chore.step == Chore::Step::rest && (drained_ || groups_->is_pending(conversation)))
            out = earlier(out, chore.due);
    return out;
}

void GroupKeeper::publish_packages(RelaySession& session, Moment now)
{
    frame::KeyPackagePublish out;
    if (packages_due_) out.packages = groups_->make_key_packages(context_.config.key_packages_kept, now.wall_ms);
    if (last_resort_due_ || groups_->last_resort_is_old(now.wall_ms))
        out.last_resort = groups_->make_last_resort(now.wall_ms);
    packages_due_ = last_resort_due_ = false;
    (void)session.request(std::move(out), purpose::KeyPackageStock{}, now);
}

void GroupKeeper::rest(Chore& chore, Instant due)
{
    chore.step = Chore::Step::rest;
    chore.due = due;
}

void GroupKeeper::fail(Chore& chore, Moment now)
{
    auto wait = failure_wait_min;
    for (std::uint32_t n = 0; n < chore.failures && wait < failure_wait_max; ++n)
        wait *= 2;
    ++chore.failures;
    chore.eager = false;
    chore.packages.clear();
    rest(chore, now.mono + soon(std::min<Duration>(wait, failure_wait_max)));
}

void GroupKeeper::work(const ConversationId& conversation, Chore& chore, RelaySession& session, Moment now)
{
    const auto circle = circles_.circle_of(conversation);
    // A join from outside is put off while the Welcome waits; that may be for its tree.
    const bool takes_welcome = chore.put_off && !chore.welcome.empty();
    if (groups_->is_pending(conversation) && !takes_welcome) return send_pending(conversation, chore, session, now);
    // Not when the mailbox is empty: what lies in it behind the Welcome waits for this.
    if (!chore.welcome.empty()) return fetch_tree(conversation, chore, session, now);
    if (!drained_) return;
    if (std::exchange(chore.fetched, false) && (chore.plan || circle))
        return fetch_packages(conversation, chore, chore.plan ? *chore.plan : *circle, session, now);
    if (chore.state) return fetch_tree(conversation, chore, session, now);
    if (!circle) {
        denied(conversation, chore);
        return rest(chore, never); // Not now; a change of the circle looks again.
    }
    const auto* group = book_.find(conversation);
    const bool many = group != nullptr;
    if (many && !chore.compare && !chore.rejoin && begin_plan(conversation, chore, session, now)) return;
    // Nothing changes there any more; unless it is a Welcome alone that says so.
    if (many && group->policy && group->policy->dissolved && groups_->version(conversation) &&
        !groups_->is_hearsay(conversation))
        return rest(chore, never);

    const auto needs = groups_->needs(*circle, now.wall_ms);
    const bool alone = !many && circle->parties.size() == 1 && circle->parties.front().devices.size() < 2;
    if (alone && needs.group) return rest(chore, never);
    if (needs.group || chore.compare || chore.rejoin || chore.verify > 0) {
        // Of many, the Welcome may be on its way.
        if (needs.group && !chore.hurry && !chore.waited && (many || !is_leader(*circle))) {
            chore.waited = true;
            return rest(chore, now.mono + soon(creation_wait));
        }
        if (!session.request(frame::GroupFetch{user_of(conversation), conversation}, purpose::Group{conversation}, now))
            return fail(chore, now);
        chore.step = Chore::Step::info;
        return;
    }
    if (now.mono < chore.held_until && (!needs.surplus.empty() || !needs.missing.empty() || needs.update || chore.heal))
        return rest(chore, chore.held_until);
    if (needs.surplus.empty()) unlisted_.acquit(conversation);
    if (!needs.surplus.empty()) {
        // The list that names it may be on its way.
        if (const auto until = unlisted_.wait_until(conversation, needs.surplus, surplus_wait); now.mono < until)
            return rest(chore, until);
        unlisted_.convict(context_, conversation, needs.surplus);
        const auto& own = circle->parties.front().user;
        bool ours = false;
        for (const auto& certificate : groups_->members(conversation)) {
            if (std::find(needs.surplus.begin(), needs.surplus.end(), certificate.device) == needs.surplus.end())
                continue;
            ours = ours || certificate.user == own;
        }
        if (!ours && !chore.hurry && !chore.waited) {
            chore.waited = true;
            return rest(chore, now.mono + soon(surplus_wait) + spread(conversation));
        }
        std::vector<DeviceId> bad;
        return commit(conversation, chore, groups_->change(*circle, {}, bad, now.wall_ms), &session, now);
    }
    if (std::exchange(chore.heal, false)) { // Before those who are missing come in: each of their joins is refused.
        std::vector<DeviceId> bad;
        return commit(conversation, chore, groups_->change(*circle, {}, bad, now.wall_ms), &session, now);
    }
    if (!needs.missing.empty()) {
        if (chore.missing_since == never) chore.missing_since = now.mono;
        const auto wait = many ? missing_wait + spread(conversation) : Duration(missing_wait);
        if (const auto until = chore.missing_since + missing_wait; now.mono < until && !chore.eager)
            return rest(chore, chore.missing_since + wait + soon(std::chrono::seconds(1)));
        chore.creates = false;
        chore.packages.clear();
        chore.ask.clear();
        for (const auto& party : circle->parties)
            if (std::any_of(needs.missing.begin(), needs.missing.end(), [&](const DeviceId& device) {
                    return std::find(party.devices.begin(), party.devices.end(), device) != party.devices.end();
                }))
                chore.ask.push_back(party.user);
        return fetch_packages(conversation, chore, *circle, session, now);
    }
    chore.missing_since = never;
    chore.eager = false;
    if (needs.update) {
        std::vector<DeviceId> bad;
        return commit(conversation, chore, groups_->change(*circle, {}, bad, now.wall_ms), &session, now);
    }
    rest(chore, never);
}

Instant GroupKeeper::next_plan(const ConversationId& conversation, Moment now) const
{
    return plans_.wants(conversation) ? plans_.due(conversation, now.mono) : never;
}

bool GroupKeeper::begin_plan(const ConversationId& conversation, Chore& chore, RelaySession& session, Moment now)
{
    if (next_plan(conversation, now) > now.mono) return false;
    if (plans_.can_wait(conversation) && !chore.waited) {
        chore.waited = true;
        rest(chore, now.mono + std::min<Duration>(spread(conversation), surplus_wait));
        return true;
    }
    auto plan = plans_.next(conversation, now);
    if (!plan) return false;
    chore.plan = std::move(plan);
    const auto* group = book_.find(conversation);
    chore.creates = !groups_->version(conversation) && group != nullptr && !group->policy;
    chore.incarnation = 1;
    chore.packages = std::exchange(chore.kept, {});
    chore.ask.clear();
    for (const auto& one : chore.plan->plan->joined)
        chore.ask.push_back(one.user);
    if (chore.creates && std::find(chore.ask.begin(), chore.ask.end(), roster_.self().stored.user) == chore.ask.end())
        chore.ask.push_back(roster_.self().stored.user);
    fetch_packages(conversation, chore, *chore.plan, session, now);
    return true;
}

void GroupKeeper::drop_plan(const ConversationId& conversation, Chore& chore, const Error& why)
{
    if (!chore.plan) return;
    chore.plan.reset();
    plans_.refused(conversation, why);
}

/// Where everybody sees the same, one of them acts first, and the others see that it is done.
Duration GroupKeeper::spread(const ConversationId& conversation)
{
    const auto* group = book_.find(conversation);
    if (group == nullptr) return Duration::zero();
    constexpr std::uint64_t step_ms = 200;
    return std::chrono::milliseconds(context_.entropy.next_u64() % (step_ms * (group->size() + 1)));
}

/// One account after the other; with all of them, the commit.
void GroupKeeper::fetch_packages(const ConversationId& conversation, Chore& chore, const seal::Circle& circle,
                                 RelaySession& session, Moment now)
{
    while (!chore.ask.empty()) {
        const auto user = chore.ask.back();
        const auto party = std::find_if(circle.parties.begin(), circle.parties.end(),
                                        [&](const seal::Party& one) { return one.user == user; });
        frame::KeyPackageFetch fetch{user, {}};
        if (party != circle.parties.end())
            for (const auto& device : party->devices)
                if (device != roster_.own_device() && !chore.packages.contains(device) &&
                    (chore.creates || !groups_->is_member(conversation, device)))
                    fetch.devices.push_back(device);
        chore.ask.pop_back();
        if (fetch.devices.empty()) continue;
        chore.asked = fetch.devices;
        if (!session.request(std::move(fetch), purpose::Group{conversation}, now)) return fail(chore, now);
        chore.step = Chore::Step::packages;
        return;
    }
    std::vector<DeviceId> bad;
    auto packages = std::exchange(chore.packages, {});
    auto outgoing = chore.creates ? groups_->create(circle, chore.incarnation, packages, bad, now.wall_ms)
                                  : groups_->change(circle, packages, bad, now.wall_ms);
    mention_bad(conversation, chore, bad);
    if (chore.plan) {
        for (const auto& device : bad)
            packages.erase(device);
        chore.kept = std::move(packages);
    } else if (!chore.creates && packages.size() <= bad.size() && !groups_->needs(circle, now.wall_ms).update) {
        if (outgoing) groups_->refused(conversation); // Nobody to add, and our leaf is fresh: not worth an epoch.
        return fail(chore, now);
    }
    commit(conversation, chore, std::move(outgoing), &session, now);
}

void GroupKeeper::mention_bad(const ConversationId& conversation, Chore& chore, const std::vector<DeviceId>& bad)
{
    for (const auto& device : bad)
        if (chore.mentioned.insert(device).second)
            context_.security(SecurityKind::key_package_invalid, user_of(conversation), device,
                              "the relay handed out a KeyPackage that is not this device's, or not valid");
}

void GroupKeeper::commit(const ConversationId& conversation, Chore& chore, Result<seal::Outgoing> outgoing,
                         RelaySession* session, Moment now)
{
    if (!outgoing) {
        context_.log("no commit for " + traced(circles_, conversation) + ": " + outgoing.error().detail);
        if (!chore.plan) return fail(chore, now);
        drop_plan(conversation, chore, outgoing.error());
        return rest(chore, Instant{});
    }
    if (session == nullptr) return rest(chore, Instant{}); // Stored: it is sent when there is a session.
    send(*outgoing, chore, *session, now);
}

void GroupKeeper::send_pending(const ConversationId& conversation, Chore& chore, RelaySession& session, Moment now)
{
    for (const auto& one : groups_->pending()) {
        if (one.conversation != conversation) continue;
        if (!one.external || !chore.put_off || chore.rejoin || !groups_->version(conversation))
            return send(one, chore, session, now);
        groups_->refused(conversation); // It is in by a Welcome, and this was never taken.
    }
    rest(chore, Instant{});
}

void GroupKeeper::send(const seal::Outgoing& outgoing, Chore& chore, RelaySession& session, Moment now)
{
    if (!outgoing.tree.empty() && (chore.piece == 0 || !chore.tree.empty()))
        return leave_tree(outgoing, chore, session, now);
    chore.piece = 0;
    const bool many = !outgoing.members.empty();
    frame::GroupCommit out;
    out.with = user_of(outgoing.conversation);
    out.conversation = outgoing.conversation;
    out.incarnation = outgoing.from.incarnation;
    out.epoch = outgoing.from.epoch;
    if (!many) out.recipients = outgoing.recipients; // Of many, the relay knows them.
    out.members = outgoing.members;
    out.joined = outgoing.joined;
    if (!outgoing.tree.empty()) out.tree = tree_id(outgoing.tree);
    out.envelope = {outgoing.id, outgoing.commit};
    out.newcomers = outgoing.newcomers;
    out.welcome = outgoing.welcome;
    out.group_info = outgoing.group_info;
    context_.log(traced(circles_, outgoing.conversation) + ": " +
                 (outgoing.external          ? "joining"
                  : outgoing.from.epoch == 0 ? "creating"
                                             : "changing") +
                 " at epoch " + std::to_string(out.epoch) + ", " + std::to_string(outgoing.recipients.size()) +
                 " members, " + std::to_string(out.newcomers.size()) + " new");
    if (!session.request(std::move(out), purpose::Group{outgoing.conversation}, now))
        return rest(chore, now.mono + soon(failure_wait_min));
    chore.step = Chore::Step::commit;
    chore.put_off = false;
}

} // namespace godwit::engine
