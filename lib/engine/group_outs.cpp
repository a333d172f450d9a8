// SPDX-License-Identifier: Apache-2.0
// Of the group keeper: this device is out of a group. By a commit, which may be taken back (lib/seal/departures.cpp);
// or by the relay's word, which is nobody's signature.
//
//   GroupFetch ──┬─ "in no such group" ── here is one ── shut out: kept, asked again ── it answers ── goes on
//                └─ the epoch that a commit put us out of ── taken back ── that epoch again
#include "lib/engine/group_keeper.hpp"

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
                          "the relay says that this account is not in " + circles_.label(conversation) +
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
        rest(chore, Instant{});
        return true;
    }
    const bool stands = relays.epoch == out->from.epoch + 1 && state.commit == out->commit;
    if (relays.incarnation != out->from.incarnation || relays.epoch <= out->from.epoch || stands) return false;
    // Others have followed, perhaps in its place: the one that leads on from the epoch of before may be on its way.
    if (chore.behind_since == never) chore.behind_since = now.mono;
    if (now.mono >= chore.behind_since + behind_max) return false;
    rest(chore, now.mono + soon(std::chrono::seconds(1)));
    return true;
}

} // namespace godwit::engine
