// SPDX-License-Identifier: Apache-2.0
// Of the group keeper: this device is out of a group. By a commit, which may be taken back (lib/seal/departures.cpp);
// or by the relay's word, which is nobody's signature.
//
//   GroupFetch ──┬─ "in no such group" ── here is one ── shut out: kept, asked again ── it answers ── goes on
//                ├─ the epoch that a commit put us out of ── taken back ── that epoch again
//                └─ the one after it, by another commit, which has come ── that one is followed; else it is named
//
// And of commits that this device refuses: told to the relay until it has heard it (Report).
#include "lib/engine/group_keeper.hpp"

#include "lib/engine/traced.hpp"

#include <algorithm>

namespace godwit::engine {

namespace frame = wire::relay;

namespace {

/// 64 s, twice as long each time, an hour at most.
constexpr std::uint32_t failures_when_shut_out = 6;

} // namespace

/// The relay says that this account is in no such group. That is its word and nobody's signature, and takes no key
/// away: the group is kept, nothing is sealed in it, and the relay is asked again, once a minute at first.
void GroupKeeper::shut_out(const ConversationId& conversation, Chore& chore, Moment now)
{
    denied(conversation, chore);
    if (!groups_->version(conversation)) {
        if (!groups_->put_out(conversation)) groups_->abandon(conversation); // What was begun, and is nothing yet.
        plans_.lost(conversation);
        return rest(chore, never);
    }
    chore.compare = true;
    // The commit that says so may be on its way.
    if (chore.behind_since == never) chore.behind_since = now.mono;
    if (now.mono < chore.behind_since + behind_max) return rest(chore, now.mono + soon(std::chrono::seconds(1)));
    if (book_.shut_out(conversation, true)) {
        while (!plans_.can_wait(conversation))
            plans_.refused(conversation, why_shut_out());
        context_.security(SecurityKind::commit_withheld, user_of(conversation), {},
                          "the relay says that this account is not in " + traced(circles_, conversation) +
                              ", and no change of the group says so: it is kept, and what is written there waits");
    }
    chore.failures = std::max(chore.failures, failures_when_shut_out);
    fail(chore, now);
}

void GroupKeeper::taken_in(const ConversationId& conversation)
{
    const auto* group = book_.find(conversation);
    if (groups_ == nullptr || group == nullptr || !group->shut_out) return;
    chores_[conversation].failures = 0;
    look(conversation);
}

/// We were put out by a commit: was it taken back? True: that is settled for now.
bool GroupKeeper::came_back(const ConversationId& conversation, Chore& chore, const frame::GroupState& state,
                            Moment now)
{
    const auto out = groups_->put_out(conversation);
    if (!out) return false;
    const seal::Version relays{state.incarnation, state.epoch};
    if (auto back = groups_->come_back(conversation, relays, state.commit)) {
        chore.compare = chore.rejoin = chore.put_out = chore.waited = false;
        chore.behind_since = never;
        chore.failures = 0;
        context_.security(SecurityKind::group_rejoined, user_of(conversation), out->committer,
                          "a change that put this device out of the group was taken back: it goes on as before");
        entered(*back, now);
        book_.taken_back({conversation, out->from.incarnation, out->from.epoch + 1, out->from.epoch + 1});
        rest(chore, Instant{});
        return true;
    }
    if (take_instead(conversation, chore, state, now)) return true;
    const bool stands = relays.epoch == out->from.epoch + 1 && state.commit == out->commit;
    if (relays.incarnation != out->from.incarnation || relays.epoch <= out->from.epoch || stands) return false;
    // Others have followed, perhaps in its place: the one that leads on from the epoch of before may be on its way.
    if (chore.behind_since == never) chore.behind_since = now.mono;
    if (now.mono >= chore.behind_since + behind_max) return false;
    rest(chore, now.mono + soon(std::chrono::seconds(1)));
    return true;
}

/// A relay shows what it likes, also a commit that it has refused. It counts when the relay stands by it.
void GroupKeeper::came_instead(const ConversationId& conversation, const MessageId& id, const DeviceId& from,
                               BytesView sealed)
{
    constexpr std::size_t held_max = 16;
    const auto holds = [](const auto& entry) { return entry.second.instead.has_value(); };
    auto& chore = chores_[conversation];
    if (!chore.instead && static_cast<std::size_t>(std::count_if(chores_.begin(), chores_.end(), holds)) >= held_max)
        return doubt(conversation); // It joins from outside.
    chore.instead = Chore::Instead{id, from, to_bytes(sealed)};
    doubt(conversation);
}

void GroupKeeper::denied(const ConversationId& conversation, Chore& chore)
{
    if (!chore.instead) return;
    context_.security(SecurityKind::group_forked, user_of(conversation), chore.instead->from,
                      "the relay showed a change in the place of the one that put this device out of the group, and "
                      "does not stand by it: it was refused");
    chore.instead.reset();
}

bool GroupKeeper::take_instead(const ConversationId& conversation, Chore& chore, const frame::GroupState& state,
                               Moment now)
{
    const auto out = groups_->put_out(conversation);
    if (!chore.instead || !out || state.incarnation != out->from.incarnation) return false;
    if (state.epoch != out->from.epoch + 1) {
        chore.instead.reset(); // Others have followed one of the two: what they came to is joined, or it is not.
        return false;
    }
    if (state.commit != chore.instead->id) {
        denied(conversation, chore);
        return false;
    }
    const auto held = *std::exchange(chore.instead, std::nullopt);
    auto outcome = groups_->take_instead(held.id, held.from, held.sealed, now.wall_ms);
    if (outcome.verdict == seal::CommitOutcome::Verdict::rejected) {
        context_.security(SecurityKind::commit_rejected, user_of(conversation), held.from,
                          "a change of the group is not valid (" + outcome.detail + "): it was refused and reported");
        report({user_of(conversation), conversation, outcome.from.incarnation, outcome.from.epoch, held.id,
                outcome.mls_error, groups_->entered_by(conversation).value_or(MessageId{})});
        return false;
    }
    if (outcome.verdict != seal::CommitOutcome::Verdict::applied) return false;
    chore.compare = chore.rejoin = chore.put_out = chore.waited = false;
    chore.behind_since = never;
    chore.failures = 0;
    if (!outcome.changes.self_removed)
        context_.security(SecurityKind::group_rejoined, user_of(conversation), out->committer,
                          "a change that put this device out of the group was taken back, and another one has its "
                          "place: it goes on with that");
    rest(chore, Instant{});
    entered(outcome.changes, now);
    book_.taken_back({conversation, out->from.incarnation, out->from.epoch + 1, out->from.epoch + 1});
    return true;
}

// ---- commits that are not valid here ------------------------------------------------------------

void GroupKeeper::report(frame::GroupReject what, bool outside)
{
    constexpr std::size_t reports_max = 64;
    const auto same = [&](const Report& one) {
        return one.what.commit == what.commit && one.what.conversation == what.conversation;
    };
    if (std::any_of(reports_.begin(), reports_.end(), same)) return;
    if (reports_.size() >= reports_max) std::erase_if(reports_, [](const Report& one) { return one.heard; });
    if (reports_.size() < reports_max) reports_.push_back({std::move(what), Instant{}, false, false, outside});
}

/// Nobody can join by what the relay has. Who is in the group may have been kept from the commit that led there, by
/// whoever filled its mailbox: that is a word on it, by the epoch that it starts from. The others see whether it is so.
void GroupKeeper::report_unjoinable(const ConversationId& conversation, const seal::Version& at)
{
    const auto ours = groups_->version(conversation);
    if (!ours || groups_->is_hearsay(conversation)) {
        if (at.epoch > 0)
            report({user_of(conversation), conversation, at.incarnation, at.epoch - 1, MessageId{}, 0, MessageId{}},
                   true);
    } else if (ours->incarnation == at.incarnation && ours->epoch < at.epoch && !refuses(conversation)) {
        report({user_of(conversation), conversation, ours->incarnation, ours->epoch, MessageId{}, 0,
                groups_->entered_by(conversation).value_or(MessageId{})});
    }
}

/// Before what came with it is acknowledged: whoever has taken a commit and not refused it vouches for it.
void GroupKeeper::send_reports(RelaySession& session, Moment now)
{
    std::erase_if(reports_, [&](const Report& one) {
        const auto& what = one.what;
        if (one.outside) return one.heard;
        auto at = groups_->version(what.conversation);
        if (const auto out = groups_->put_out(what.conversation); !at && out) at = out->from;
        return at != seal::Version{what.incarnation, what.epoch};
    });
    for (auto& one : reports_) {
        if (one.sent || one.heard || one.due > now.mono) continue;
        one.sent = session.request(one.what, purpose::Reject{one.what.conversation, one.what.commit}, now);
        if (!one.sent) one.due = now.mono + soon(std::chrono::seconds(1));
    }
}

bool GroupKeeper::refuses(const ConversationId& conversation) const
{
    const auto at = groups_->version(conversation);
    return std::any_of(reports_.begin(), reports_.end(), [&](const Report& one) {
        return !one.outside && one.what.conversation == conversation &&
               at == seal::Version{one.what.incarnation, one.what.epoch};
    });
}

void GroupKeeper::answered(const purpose::Reject& what, const frame::Response& response, Moment now)
{
    const auto code = response.error.code;
    const auto at = std::find_if(reports_.begin(), reports_.end(), [&](const Report& one) {
        return one.what.commit == what.commit && one.what.conversation == what.conversation;
    });
    if (at != reports_.end()) {
        at->sent = false;
        if (is_temporary(code))
            at->due = now.mono + soon(std::max<Duration>(std::chrono::seconds(2),
                                                         std::chrono::milliseconds(response.error.retry_after_ms)));
        else
            at->heard = true;
    }
    const bool outside = at != reports_.end() && at->outside;
    if (code == ErrorCode::conflict && !outside) doubt(what.conversation);
}

} // namespace godwit::engine
