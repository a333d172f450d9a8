// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/group_keeper.hpp"

#include <algorithm>

namespace godwit::engine {

namespace frame = wire::relay;

namespace {

/// The account with the smaller key creates; the other one, if nothing hurries, waits this long for that.
constexpr Duration creation_wait = std::chrono::seconds(3);
/// A new device joins by itself; who else sees it missing waits this long before adding it.
constexpr Duration missing_wait = std::chrono::seconds(10);
/// A device that is not on the list is removed by its own account's devices first.
constexpr Duration surplus_wait = std::chrono::seconds(2);
/// A commit that the relay has accepted and not delivered: how long until we count as having fallen out.
constexpr Duration behind_max = std::chrono::seconds(2);
/// After a conflict: the winner's commit is on its way.
constexpr Duration conflict_wait = std::chrono::milliseconds(500);
/// The first wait after a failure; doubles up to the last.
constexpr Duration failure_wait_min = std::chrono::seconds(1);
constexpr Duration failure_wait_max = std::chrono::hours(1);
/// After so many failures to join, the group counts as lost, and the next incarnation takes its place.
constexpr std::uint32_t failures_before_new = 3;
constexpr std::size_t reports_max = 64;
/// Keys grow old while nothing happens: so often everything is looked at.
constexpr Duration sweep_every = std::chrono::hours(24);

bool is_temporary(ErrorCode code)
{
    return code == ErrorCode::timed_out || code == ErrorCode::relay_unavailable || code == ErrorCode::not_connected ||
           code == ErrorCode::busy;
}

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
}

void GroupKeeper::stop()
{
    groups_ = nullptr;
    chores_.clear();
    reports_.clear();
    changed_.clear();
    unlisted_.clear();
    evictions_.clear();
    drained_ = false;
    sweep_due_ = never;
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
    for (auto& [conversation, chore] : chores_) {
        chore.step = Chore::Step::rest;
        chore.due = Instant{};
        chore.fetched = false;
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

void GroupKeeper::doubt(const ConversationId& conversation)
{
    if (groups_ == nullptr) return;
    look(conversation);
    chores_[conversation].compare = true;
}

void GroupKeeper::fell_behind(const ConversationId& conversation)
{
    doubt(conversation);
}

bool GroupKeeper::in_doubt(const ConversationId& conversation) const
{
    const auto at = chores_.find(conversation);
    return at != chores_.end() && (at->second.compare || at->second.rejoin);
}

std::string GroupKeeper::user_of(const ConversationId& conversation) const
{
    const auto* person = roster_.person_of(conversation);
    return person == nullptr ? std::string() : person->stored.user;
}

// ---- what is due --------------------------------------------------------------------------------

void GroupKeeper::handle_deadline(RelaySession* session, Moment now)
{
    if (groups_ == nullptr || session == nullptr) return;
    sweep(now);
    for (auto& report : std::exchange(reports_, {}))
        (void)session->request(std::move(report), purpose::Report{}, now);
    if (packages_due_ || last_resort_due_) publish_packages(*session, now);
    for (auto at = chores_.begin(); at != chores_.end();) {
        auto& [conversation, chore] = *at;
        if (chore.step == Chore::Step::rest && chore.due <= now.mono) work(conversation, chore, *session, now);
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

Instant GroupKeeper::deadline() const
{
    Instant out = never;
    if (groups_ == nullptr) return out;
    if (drained_) out = sweep_due_;
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
    chore.packages.clear();
    rest(chore, now.mono + soon(std::min<Duration>(wait, failure_wait_max)));
}

void GroupKeeper::work(const ConversationId& conversation, Chore& chore, RelaySession& session, Moment now)
{
    const auto circle = roster_.circle_of(conversation);
    if (!circle) return rest(chore, never); // Not now; a change of the circle looks again.
    if (groups_->is_pending(conversation)) return send_pending(conversation, chore, session, now);
    if (!drained_) return;
    if (std::exchange(chore.fetched, false)) return fetch_packages(conversation, chore, *circle, session, now);

    const auto needs = groups_->needs(*circle, now.wall_ms);
    const bool alone = circle->parties.size() == 1 && circle->parties.front().devices.size() < 2;
    if (alone && needs.group) return rest(chore, never);
    if (needs.group || chore.compare || chore.rejoin) {
        if (needs.group && !chore.hurry && !chore.waited && !is_leader(*circle)) {
            chore.waited = true;
            return rest(chore, now.mono + soon(creation_wait));
        }
        if (!session.request(frame::GroupFetch{user_of(conversation), conversation}, purpose::Group{conversation}, now))
            return fail(chore, now);
        chore.step = Chore::Step::info;
        return;
    }
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
            return rest(chore, now.mono + soon(surplus_wait));
        }
        std::vector<DeviceId> bad;
        return commit(conversation, chore, groups_->change(*circle, {}, bad, now.wall_ms), &session, now);
    }
    if (!needs.missing.empty()) {
        if (chore.missing_since == never) chore.missing_since = now.mono;
        if (const auto until = chore.missing_since + missing_wait; now.mono < until)
            return rest(chore, until + soon(std::chrono::seconds(1)));
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
    if (needs.update) {
        std::vector<DeviceId> bad;
        return commit(conversation, chore, groups_->change(*circle, {}, bad, now.wall_ms), &session, now);
    }
    rest(chore, never);
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
                if (device != roster_.own_device() && (chore.creates || !groups_->is_member(conversation, device)))
                    fetch.devices.push_back(device);
        chore.ask.pop_back();
        if (fetch.devices.empty()) continue;
        if (!session.request(std::move(fetch), purpose::Group{conversation}, now)) return fail(chore, now);
        chore.step = Chore::Step::packages;
        return;
    }
    std::vector<DeviceId> bad;
    const auto packages = std::exchange(chore.packages, {});
    auto outgoing = chore.creates ? groups_->create(circle, chore.incarnation, packages, bad, now.wall_ms)
                                  : groups_->change(circle, packages, bad, now.wall_ms);
    mention_bad(conversation, chore, bad);
    if (!chore.creates && packages.size() <= bad.size()) {
        if (outgoing) groups_->refused(conversation); // Nobody to add: not worth an epoch.
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
        context_.log("no commit for " + user_of(conversation) + ": " + outgoing.error().detail);
        return fail(chore, now);
    }
    if (session == nullptr) return rest(chore, Instant{}); // Stored: it is sent when there is a session.
    send(*outgoing, chore, *session, now);
}

void GroupKeeper::send_pending(const ConversationId& conversation, Chore& chore, RelaySession& session, Moment now)
{
    for (const auto& one : groups_->pending())
        if (one.conversation == conversation) return send(one, chore, session, now);
    rest(chore, Instant{});
}

void GroupKeeper::send(const seal::Outgoing& outgoing, Chore& chore, RelaySession& session, Moment now)
{
    frame::GroupCommit out;
    out.with = user_of(outgoing.conversation);
    out.conversation = outgoing.conversation;
    out.incarnation = outgoing.from.incarnation;
    out.epoch = outgoing.from.epoch;
    out.recipients = outgoing.recipients;
    out.envelope = {outgoing.id, outgoing.commit};
    out.newcomers = outgoing.newcomers;
    out.welcome = outgoing.welcome;
    out.group_info = outgoing.group_info;
    context_.log("group with " + out.with + ": " +
                 (outgoing.external          ? "joining"
                  : outgoing.from.epoch == 0 ? "creating"
                                             : "changing") +
                 " at epoch " + std::to_string(out.epoch) + ", " + std::to_string(out.recipients.size()) +
                 " members, " + std::to_string(out.newcomers.size()) + " new");
    if (!session.request(std::move(out), purpose::Group{outgoing.conversation}, now))
        return rest(chore, now.mono + soon(failure_wait_min));
    chore.step = Chore::Step::commit;
}

// ---- what the relay answers ---------------------------------------------------------------------

void GroupKeeper::answered(const purpose::Group& what, const frame::Response& response, Moment now)
{
    const auto at = chores_.find(what.conversation);
    if (groups_ == nullptr || at == chores_.end()) return;
    auto& chore = at->second;
    const bool ok = response.error.code == ErrorCode::ok;
    switch (chore.step) {
    case Chore::Step::rest: return; // Of a session that is over.
    case Chore::Step::info:
        if (const auto* state = std::get_if<frame::GroupState>(&response.body); ok && state != nullptr)
            return got_info(what.conversation, chore, *state, now);
        return fail(chore, now);
    case Chore::Step::packages: {
        const auto circle = roster_.circle_of(what.conversation);
        const auto* packages = std::get_if<frame::KeyPackages>(&response.body);
        if (!ok || packages == nullptr || !circle) return fail(chore, now);
        for (const auto& one : packages->packages)
            chore.packages[one.device] = one.package;
        // Goes on at once, within this tick.
        chore.step = Chore::Step::rest;
        chore.due = Instant{};
        chore.fetched = true;
        return;
    }
    case Chore::Step::commit: return got_verdict(what.conversation, chore, response, now);
    }
}

void GroupKeeper::begin_creating(Chore& chore, const seal::Circle& circle, std::uint64_t incarnation)
{
    chore.creates = true;
    chore.incarnation = incarnation;
    chore.packages.clear();
    chore.ask.clear();
    for (const auto& party : circle.parties)
        chore.ask.push_back(party.user);
    chore.fetched = true;
    rest(chore, Instant{});
}

void GroupKeeper::got_info(const ConversationId& conversation, Chore& chore, const frame::GroupState& state, Moment now)
{
    const auto circle = roster_.circle_of(conversation);
    if (!circle) return rest(chore, never);
    const auto ours = groups_->version(conversation);
    const seal::Version relays{state.incarnation, state.epoch};
    if (state.incarnation == 0 || state.epoch == 0) {
        if (ours) groups_->abandon(conversation);
        return begin_creating(chore, *circle, std::max(state.incarnation, ours ? ours->incarnation : 0) + 1);
    }
    if (ours && *ours == relays && groups_->entered_by(conversation).value_or(state.commit) == state.commit) {
        chore.compare = chore.rejoin = false;
        chore.behind_since = never;
        return rest(chore, Instant{});
    }
    if (ours && ours->incarnation == relays.incarnation && ours->epoch < relays.epoch && !chore.rejoin) {
        // The commits that lead there may be on their way.
        if (chore.behind_since == never) chore.behind_since = now.mono;
        if (now.mono < chore.behind_since + behind_max) return rest(chore, now.mono + soon(std::chrono::seconds(1)));
        context_.security(SecurityKind::commit_withheld, user_of(conversation), {},
                          "the relay accepted changes of the group and has not delivered them");
    }
    if (ours && !chore.rejoin && ours->epoch >= relays.epoch && ours->incarnation == relays.incarnation)
        context_.security(SecurityKind::group_forked, user_of(conversation), {},
                          "the relay has another history of the group than this device");
    chore.rejoin = true;
    auto outgoing = groups_->rejoin(*circle, state.group_info, relays, now.wall_ms);
    if (!outgoing && chore.failures + 1 >= failures_before_new) {
        context_.security(SecurityKind::group_invalid, user_of(conversation), {},
                          "the group cannot be joined (" + outgoing.error().detail + "): a new one takes its place");
        if (ours) groups_->abandon(conversation);
        chore.failures = 0;
        return begin_creating(chore, *circle, relays.incarnation + 1);
    }
    commit(conversation, chore, std::move(outgoing), nullptr, now);
}

void GroupKeeper::got_verdict(const ConversationId& conversation, Chore& chore, const frame::Response& response,
                              Moment now)
{
    const auto code = response.error.code;
    if (code == ErrorCode::ok) {
        if (groups_->is_pending(conversation)) {
            const bool was_in = groups_->version(conversation).has_value();
            const bool rejoined = std::exchange(chore.rejoin, false) && was_in;
            auto changes = groups_->accepted(conversation, now.wall_ms);
            if (!changes) {
                context_.log("an accepted commit does not take effect: " + changes.error().detail);
                chore.compare = true;
                return fail(chore, now);
            }
            entered(*changes, now);
            if (rejoined)
                context_.security(SecurityKind::group_rejoined, user_of(conversation), {},
                                  "this device had fallen out of the conversation and joined again");
        }
        chore.compare = chore.creates = chore.hurry = chore.waited = false;
        chore.behind_since = never;
        chore.failures = 0;
        return rest(chore, Instant{});
    }
    if (is_temporary(code)) return rest(chore, now.mono + soon(failure_wait_min * 2)); // Pending: the same again.
    groups_->refused(conversation);
    chore.creates = false;
    if (code != ErrorCode::conflict) return fail(chore, now);
    const auto* state = std::get_if<frame::GroupState>(&response.body);
    const auto ours = groups_->version(conversation);
    if (state != nullptr && ours && seal::Version{state->incarnation, state->epoch} <= *ours) chore.compare = true;
    chore.waited = true;
    rest(chore, now.mono + soon(conflict_wait));
}

// ---- what members have done ---------------------------------------------------------------------

void GroupKeeper::entered(const seal::Changes& changes, Moment now)
{
    context_.log("group with " + user_of(changes.conversation) + ": epoch " + std::to_string(changes.version.epoch) +
                 ", " + std::to_string(changes.added.size()) + " added, " + std::to_string(changes.removed.size()) +
                 " removed");
    changed_.insert(changes.conversation);
    const auto circle = roster_.circle_of(changes.conversation);
    const auto is_listed = [&](const wire::DeviceCertificate& one) {
        return circle && std::any_of(circle->parties.begin(), circle->parties.end(), [&](const seal::Party& party) {
                   return party.account_key == one.account_key &&
                          std::find(party.devices.begin(), party.devices.end(), one.device) != party.devices.end();
               });
    };
    for (const auto& certificate : changes.removed)
        if (!is_listed(certificate)) unlisted_.convict_one(context_, changes.conversation, certificate.device);
    for (const auto& certificate : changes.added)
        if (!is_listed(certificate)) unlisted_.joined(changes.conversation, certificate, now.mono);
    look(changes.conversation);
    if (!changes.self_removed) return;
    auto& chore = chores_[changes.conversation];
    chore.failures = evictions_.count(changes.conversation, now.mono, 2 * failure_wait_max) - 1;
    fail(chore, now);
}

void GroupKeeper::commit_came(const MessageId& id, const DeviceId& from, BytesView sealed, Moment now)
{
    if (groups_ == nullptr) return;
    auto outcome = groups_->commit(id, from, sealed, now.wall_ms);
    const auto label = seal::read_label(sealed);
    if (!label) return context_.reject("a commit that does not decode");
    const auto& conversation = label->conversation;
    using Verdict = seal::CommitOutcome::Verdict;
    if (outcome.verdict == Verdict::ahead || outcome.verdict == Verdict::foreign)
        for (const auto& ours : groups_->pending()) {
            // Its successor is here, so ours was accepted; the answer got lost with a connection, or comes later.
            if (ours.conversation != conversation ||
                outcome.from != seal::Version{ours.from.incarnation, ours.from.epoch + 1})
                continue;
            if (auto changes = groups_->accepted(conversation, now.wall_ms)) {
                entered(*changes, now);
                outcome = groups_->commit(id, from, sealed, now.wall_ms);
            }
            break;
        }
    switch (outcome.verdict) {
    case Verdict::applied: return entered(outcome.changes, now);
    case Verdict::known: return;
    case Verdict::rival:
    case Verdict::ahead: return doubt(conversation);
    case Verdict::foreign: return look(conversation);
    case Verdict::rejected: break;
    }
    context_.security(SecurityKind::commit_rejected, user_of(conversation), from,
                      "a change of the group is not valid (" + outcome.detail + "): it was refused and reported");
    if (reports_.size() < reports_max)
        reports_.push_back(
            {user_of(conversation), conversation, outcome.from.incarnation, outcome.from.epoch, id, outcome.mls_error});
}

void GroupKeeper::welcome_came(BytesView sealed, Moment now)
{
    if (groups_ == nullptr) return;
    auto changes = groups_->welcome(sealed, now.wall_ms);
    if (changes) return entered(*changes, now);
    if (changes.error().code == ErrorCode::conflict) return; // We are in already.
    context_.security(SecurityKind::group_invalid, {}, {}, "an invitation was refused: " + changes.error().detail);
}

void GroupKeeper::relay_state(const frame::GroupChanged& state)
{
    if (groups_ == nullptr) return;
    const auto ours = groups_->version(state.conversation);
    if (ours && *ours == seal::Version{state.incarnation, state.epoch} &&
        groups_->entered_by(state.conversation).value_or(state.commit) == state.commit)
        return;
    doubt(state.conversation);
}

} // namespace godwit::engine
