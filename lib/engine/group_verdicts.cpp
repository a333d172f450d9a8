// SPDX-License-Identifier: Apache-2.0
// What the relay answers, and what members have done.
#include "lib/engine/group_keeper.hpp"

#include "lib/engine/traced.hpp"
#include "lib/wire/mls_outline.hpp"

#include <algorithm>

namespace godwit::engine {

namespace frame = wire::relay;

namespace {

/// After a conflict: the winner's commit is on its way.
constexpr Duration conflict_wait = std::chrono::milliseconds(500);
/// What this device has entered was taken back: so long the others need to see by what it had joined, and to mend that.
/// Each join counts at the relay, which takes few.
constexpr Duration taken_back_wait = std::chrono::seconds(5);
/// The relay could not now: the same goes again, no sooner.
constexpr Duration repeat_wait = std::chrono::seconds(2);
/// A wait of less is one for the relay to have a moment; of more, other changes would stand in line behind this one,
/// and who asked for it would not know.
constexpr Duration held_from = std::chrono::seconds(10);
/// After so many failures to join, the group counts as lost, and the next incarnation takes its place.
constexpr std::uint32_t failures_before_new = 3;
/// Welcomes that wait for their tree. One KeyPackage opens any number of them, each to another group.
constexpr std::size_t welcomes_waiting_max = 16;

Duration wait_of(const Error& temporary)
{
    return std::max<Duration>(repeat_wait, std::chrono::milliseconds(temporary.retry_after_ms));
}

} // namespace

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
        if (response.error.code == ErrorCode::not_allowed && circles_.is_many(what.conversation))
            return shut_out(what.conversation, chore, now);
        return fail(chore, now);
    case Chore::Step::packages: {
        const auto* packages = std::get_if<frame::KeyPackages>(&response.body);
        if (!ok && chore.plan && is_temporary(response.error.code)) {
            context_.log("no KeyPackages for " + traced(circles_, what.conversation) +
                         " now: " + response.error.detail + "; the change waits for them");
            chore.plan.reset(); // Made anew when it is tried again, with those that are here.
            chore.kept = std::exchange(chore.packages, {});
            return rest(chore, now.mono + soon(wait_of(response.error)));
        }
        // Devices whose packages are not to be had join by themselves, once their account is in.
        if ((!ok || packages == nullptr) && !chore.plan) return fail(chore, now);
        if (ok && packages != nullptr) {
            for (const auto& one : packages->packages)
                chore.packages[one.device] = one.package;
            for (const auto& device : std::exchange(chore.asked, {}))
                if (chore.packages.contains(device))
                    bare_.erase(device);
                else if (bare_.insert(device).second)
                    changed_.insert(what.conversation); // What waits for it goes to the relay, which knows.
        }
        // Goes on at once, within this tick.
        chore.step = Chore::Step::rest;
        chore.due = Instant{};
        chore.fetched = true;
        return;
    }
    case Chore::Step::commit: return got_verdict(what.conversation, chore, response, now);
    case Chore::Step::leave_tree: return tree_left(what.conversation, chore, response, now);
    case Chore::Step::fetch_tree: return tree_came(what.conversation, chore, response, now);
    }
}

/// What is left counts only where it was asked for: a relay that always says 0 gets one publication an hour.
void GroupKeeper::answered(const purpose::KeyPackageStock& what, const frame::Response& response)
{
    if (response.error.code != ErrorCode::ok)
        return context_.log("the relay did not take KeyPackages: " + response.error.detail);
    const auto* stock = std::get_if<frame::KeyPackageStock>(&response.body);
    if (what.asks && stock != nullptr && stock->key_packages < context_.config.key_packages_kept / 2)
        packages_due_ = true;
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
    const auto circle = circles_.circle_of(conversation);
    if (!circle) return rest(chore, never);
    const auto ours = groups_->version(conversation);
    const seal::Version relays{state.incarnation, state.epoch};
    const bool many = circles_.is_many(conversation);
    if (many && (state.incarnation == 0 || state.epoch == 0)) {
        // Nobody but its maker begins one, and that was not done, or taken back.
        if (!ours && !plans_.can_wait(conversation)) return rest(chore, Instant{});
        return shut_out(conversation, chore, now);
    }
    const bool is_ours =
        ours && *ours == relays && groups_->entered_by(conversation).value_or(state.commit) == state.commit;
    if (chore.verify > 0 && !is_ours && ours && !chore.compare && !chore.rejoin) {
        --chore.verify; // What this device refuses has not fallen yet, or what it does not know is on its way.
        return rest(chore, now.mono + soon(std::chrono::seconds(2)));
    }
    if (book_.shut_out(conversation, false)) {
        chore.failures = 0;
        chore.behind_since = never;
    }
    // The group that is here stays until the new one has taken its place.
    if (state.incarnation == 0 || state.epoch == 0)
        return begin_creating(chore, *circle, std::max(state.incarnation, ours ? ours->incarnation : 0) + 1);
    if (came_back(conversation, chore, state, now)) return;
    if (is_ours && groups_->is_hearsay(conversation) && leave_false_group(conversation, chore, state, now)) return;
    if (is_ours && take_rejoin(conversation)) return join_from_outside(conversation, chore, state, now);
    if (is_ours) {
        if (chore.verify > 0) verify_info(conversation, chore, state);
        chore.dead.reset();
        chore.compare = chore.rejoin = false;
        chore.behind_since = never;
        return rest(chore, chore.heal ? now.mono + spread(conversation) : Instant{});
    }
    if (ours && ours->incarnation == relays.incarnation && ours->epoch < relays.epoch && !chore.rejoin) {
        // The commits that lead there may be on their way.
        if (chore.behind_since == never) chore.behind_since = now.mono;
        if (now.mono < chore.behind_since + behind_max) return rest(chore, now.mono + soon(std::chrono::seconds(1)));
        // What leads there has come and is not valid; that was told.
        if (!refuses(conversation))
            context_.security(SecurityKind::commit_withheld, user_of(conversation), {},
                              "changes of the group were accepted and have not come: the relay keeps them back, or who "
                              "made them left this device out, or left no room for them in its mailbox");
    }
    if (ours && !chore.rejoin && ours->epoch >= relays.epoch && ours->incarnation == relays.incarnation) {
        chore.dead = {conversation, ours->incarnation, std::min(relays.epoch + 1, ours->epoch), ours->epoch};
        context_.security(SecurityKind::group_forked, user_of(conversation), {},
                          "the relay has another history of the group than this device");
        if (many) { // What was joined by a false GroupInfo is refused: those who do that are about to bring another
                    // one.
            chore.rejoin = true;
            return rest(chore, now.mono + soon(taken_back_wait));
        }
    }
    join_from_outside(conversation, chore, state, now);
}

void GroupKeeper::join_from_outside(const ConversationId& conversation, Chore& chore, const frame::GroupState& state,
                                    Moment now)
{
    chore.rejoin = true;
    if (state.tree_pieces > 0) {
        chore.state = state;
        chore.pieces = state.tree_pieces;
        chore.piece = 0;
        chore.tree.clear();
        return rest(chore, Instant{});
    }
    rejoin(conversation, chore, state, {}, now);
}

void GroupKeeper::rejoin(const ConversationId& conversation, Chore& chore, const frame::GroupState& state,
                         BytesView tree, Moment now)
{
    const auto circle = circles_.circle_of(conversation);
    if (!circle) return rest(chore, never);
    const seal::Version relays{state.incarnation, state.epoch};
    auto outgoing = groups_->rejoin(*circle, state.group_info, relays, now.wall_ms, tree);
    if (!outgoing && outgoing.error().code == ErrorCode::not_allowed) {
        if (!std::exchange(chore.doubted, true))
            context_.security(SecurityKind::group_invalid, user_of(conversation), {},
                              "the relay shows a group in which somebody has more power than the changes known here "
                              "gave them (" +
                                  outgoing.error().detail +
                                  "): it is not joined for a week, unless the "
                                  "owner has changed it since");
        return fail(chore, now);
    }
    chore.doubted = false;
    if (outgoing && !outgoing->unproven.empty())
        context_.security(SecurityKind::group_invalid, user_of(conversation), {},
                          "the group is joined again with what nobody here has seen done (" + outgoing->unproven + ")");
    if (!outgoing && circles_.is_many(conversation) &&
        (outgoing.error().code == ErrorCode::authentication_failed || outgoing.error().code == ErrorCode::malformed))
        report_unjoinable(conversation, relays);
    // Not each time: where that does not help either, the waits grow.
    if (!outgoing && (chore.failures + 1) % failures_before_new == 0) {
        const bool many = circles_.is_many(conversation);
        if (!many || std::exchange(chore.cannot_join, outgoing.error().detail) != outgoing.error().detail)
            context_.security(SecurityKind::group_invalid, user_of(conversation), {},
                              "the group cannot be joined (" + outgoing.error().detail + ")" +
                                  (many ? "" : ": a new one takes its place"));
        if (many) return fail(chore, now); // Its policy is nobody's to make up.
        ++chore.failures;
        const auto ours = groups_->version(conversation);
        return begin_creating(chore, *circle, std::max(relays.incarnation, ours ? ours->incarnation : 0) + 1);
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
            const bool put_out = std::exchange(chore.put_out, false);
            const bool rejoined = std::exchange(chore.rejoin, false) && (was_in || put_out);
            auto changes = groups_->accepted(conversation, now.wall_ms);
            if (!changes) {
                context_.log("an accepted commit does not take effect: " + changes.error().detail);
                chore.compare = true;
                return fail(chore, now);
            }
            const bool more = chore.plan.has_value();
            if (rejoined) changes->committer_account = {}; // What is otherwise than here, others have done.
            entered(*changes, now);
            if (std::exchange(chore.plan, std::nullopt)) plans_.done(conversation, now);
            chore.kept.clear();
            chore.eager = (chore.eager || more) && !changes->self_removed;
            if (const auto dead = std::exchange(chore.dead, std::nullopt); dead && rejoined) book_.taken_back(*dead);
            if (rejoined)
                context_.security(SecurityKind::group_rejoined, user_of(conversation), {},
                                  "this device had fallen out of the conversation and joined again");
        }
        chore.compare = chore.creates = chore.hurry = chore.waited = chore.named = false;
        chore.cannot_join.clear();
        chore.behind_since = never;
        chore.failures = 0;
        return rest(chore, Instant{});
    }
    const auto wait = is_temporary(code) ? wait_of(response.error) : Duration::zero();
    if (code == ErrorCode::rate_limited && wait >= held_from && circles_.is_many(conversation) && !chore.rejoin)
        return held(conversation, chore, response.error, now);
    if (is_temporary(code)) { // Pending: the same again.
        chore.put_off = true;
        return rest(chore, now.mono + soon(wait));
    }
    groups_->refused(conversation);
    chore.creates = false;
    if (code == ErrorCode::not_allowed) not_allowed(conversation, chore, response.error.detail);
    if (code == ErrorCode::conflict) {
        chore.plan.reset(); // Made anew from what came first.
    } else if (chore.plan) {
        drop_plan(conversation, chore, response.error);
        return rest(chore, Instant{});
    } else {
        return fail(chore, now);
    }
    const auto* state = std::get_if<frame::GroupState>(&response.body);
    const auto ours = groups_->version(conversation);
    const auto relays = state == nullptr ? seal::Version{} : seal::Version{state->incarnation, state->epoch};
    if (ours && (relays <= *ours || chore.lost_to == relays)) {
        // No newer commit is on its way: the relay's history is another one, or older, or we were left out.
        chore.compare = true;
        return fail(chore, now);
    }
    chore.lost_to = relays;
    chore.waited = true;
    rest(chore, now.mono + soon(conflict_wait));
}

void GroupKeeper::held(const ConversationId& conversation, Chore& chore, const Error& why, Moment now)
{
    groups_->refused(conversation);
    chore.creates = false;
    chore.held_until = now.mono + soon(wait_of(why));
    chore.plan.reset();
    plans_.held(conversation, why, chore.held_until);
    rest(chore, Instant{});
}

// ---- what members have done ---------------------------------------------------------------------

void GroupKeeper::entered(const seal::Changes& changes, Moment now)
{
    context_.log(traced(circles_, changes.conversation) + ": epoch " + std::to_string(changes.version.epoch) + ", " +
                 std::to_string(changes.added.size()) + " added, " + std::to_string(changes.removed.size()) +
                 " removed");
    changed_.insert(changes.conversation);
    fresh_.erase(changes.conversation);
    book_.entered(changes, now.wall_ms);
    for (const auto& certificate : changes.removed)
        if (!is_listed(changes.conversation, certificate))
            unlisted_.convict_one(context_, changes.conversation, certificate.device);
    note_put_out(changes, now);
    for (const auto& certificate : changes.added)
        if (!is_listed(changes.conversation, certificate))
            unlisted_.joined(changes.conversation, certificate, now.mono);
    look(changes.conversation);
    if (!changes.self_removed) return;
    departures_due_ = Instant{}; // There is something to be kept, for so long.
    if (const auto* group = book_.find(changes.conversation); group != nullptr && group->state != Group::State::in)
        return; // Left, or put out.
    auto& chore = chores_[changes.conversation];
    chore.put_out = true;
    chore.failures = evictions_.count(changes.conversation, now.mono, 2 * failure_wait_max) - 1;
    fail(chore, now);
}

bool GroupKeeper::is_listed(const ConversationId& conversation, const wire::DeviceCertificate& one) const
{
    const auto* circle = circles_.find(conversation);
    return circle != nullptr &&
           std::any_of(circle->parties.begin(), circle->parties.end(), [&](const seal::Party& party) {
               return party.account_key == one.account_key &&
                      std::find(party.devices.begin(), party.devices.end(), one.device) != party.devices.end();
           });
}

/// Who removes a device that its own account lists does nothing that MLS forbids, and nothing that anybody asked for.
void GroupKeeper::note_put_out(const seal::Changes& changes, Moment now)
{
    if (changes.removed.empty() || changes.committer == roster_.own_device()) return;
    if (changes.policy) return; // Of many, members have judged that.
    const auto members = groups_->members(changes.conversation);
    const auto by = std::find_if(members.begin(), members.end(),
                                 [&](const auto& member) { return member.device == changes.committer; });
    if (by == members.end()) return; // A Welcome, or we are out ourselves.
    for (const auto& certificate : changes.removed)
        if (certificate.account_key != by->account_key && is_listed(changes.conversation, certificate))
            evicted_.put_out(changes.conversation, certificate, *by, now.mono + surplus_wait);
}

void GroupKeeper::commit_came(const MessageId& id, const DeviceId& from, BytesView sealed, Moment now)
{
    if (groups_ == nullptr) return;
    auto outcome = groups_->commit(id, from, sealed, now.wall_ms);
    const auto label = seal::read_label(sealed);
    if (!label) return context_.reject("a commit that does not decode");
    const auto& conversation = label->conversation;
    using Verdict = seal::CommitOutcome::Verdict;
    // Unless it was another one that this device refuses, and that others have built on.
    if ((outcome.verdict == Verdict::ahead || outcome.verdict == Verdict::foreign) && !refuses(conversation))
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
        // Where it is the relay's, what was done here since is none of the group's history.
        if (const auto ours = groups_->version(conversation); ours && ours->incarnation == outcome.from.incarnation)
            chores_[conversation].dead = {conversation, ours->incarnation, outcome.from.epoch + 1, ours->epoch};
        return doubt(conversation);
    case Verdict::ahead: return doubt(conversation);
    case Verdict::foreign: return look(conversation);
    case Verdict::instead: return came_instead(conversation, id, from, sealed);
    case Verdict::revived:
        return context_.security(SecurityKind::commit_rejected, user_of(conversation), from,
                                 "a change of the group that was taken back came again: it was refused");
    case Verdict::replayed:
        return context_.security(SecurityKind::commit_rejected, user_of(conversation), from,
                                 "an old change of the group came again, as if it were another: it was refused");
    case Verdict::rejected: break;
    }
    const auto led_here = groups_->entered_by(conversation);
    frame::GroupReject why{user_of(conversation),
                           conversation,
                           outcome.from.incarnation,
                           outcome.from.epoch,
                           id,
                           outcome.mls_error,
                           led_here.value_or(MessageId{})};
    // On a dead branch everything looks wrong: that is found out first. The relay can tell whether it is one.
    if (in_doubt(conversation)) {
        context_.log("a commit that cannot be judged: " + outcome.detail);
        if (led_here) report(std::move(why));
        return;
    }
    if (groups_->is_hearsay(conversation)) // It may be the Welcome that is not true: a word to the relay, and no event.
        context_.log("a commit does not fit the group of a Welcome: " + outcome.detail);
    else
        context_.security(SecurityKind::commit_rejected, user_of(conversation), from,
                          "a change of the group is not valid (" + outcome.detail + "): it was refused and reported");
    report(std::move(why));
    // Who joins by a false GroupInfo does not know that it is one.
    if (const auto read = wire::read_mls_commit(sealed); read && read->joins) verify(conversation, now);
}

std::optional<ConversationId> GroupKeeper::welcome_came(BytesView sealed, Moment now)
{
    if (groups_ == nullptr) return std::nullopt;
    if (const auto wants = groups_->wants_tree(sealed, now.wall_ms)) {
        const auto waits = [](const auto& entry) { return !entry.second.welcome.empty(); };
        const auto at = chores_.find(wants->first);
        if ((at == chores_.end() || !waits(*at)) &&
            static_cast<std::size_t>(std::count_if(chores_.begin(), chores_.end(), waits)) >= welcomes_waiting_max) {
            context_.reject("a Welcome behind too many that wait for their trees"); // It joins from outside.
            return std::nullopt;
        }
        auto& chore = chores_[wants->first];
        chore.welcome = to_bytes(sealed);
        chore.welcome_at = wants->second;
        chore.piece = chore.pieces = 0;
        chore.tree.clear(); // of another tree, which was on its way
        look(wants->first);
        return wants->first;
    }
    auto changes = groups_->welcome(sealed, now.wall_ms);
    if (changes)
        welcomed(*changes, now);
    else if (changes.error().code != ErrorCode::conflict) // We are in already.
        context_.security(SecurityKind::group_invalid, {}, {}, "an invitation was refused: " + changes.error().detail);
    return std::nullopt;
}

void GroupKeeper::relay_state(const frame::GroupChanged& state)
{
    if (groups_ == nullptr) return;
    const auto ours = groups_->version(state.conversation);
    if (ours && *ours == seal::Version{state.incarnation, state.epoch} &&
        groups_->entered_by(state.conversation).value_or(state.commit) == state.commit) {
        // Here is where the relay's group stands, again: what this device could not follow was taken back.
        if (!in_doubt(state.conversation)) {
            // Nothing is new here: somebody cannot follow, and joins again by what the relay has.
            if (!circles_.is_many(state.conversation)) return;
            chores_[state.conversation].verify = verify_tries_max;
            return look(state.conversation);
        }
        chores_[state.conversation].failures = 0;
        return look(state.conversation);
    }
    doubt(state.conversation);
}

} // namespace godwit::engine
