// SPDX-License-Identifier: Apache-2.0
// A commit has put this device out: the group of before it is kept, until that is final or was taken back.
#include "lib/seal/state.hpp"

#include <algorithm>

namespace godwit::seal {

Changes Groups::State::put_out(Conversation& c, const MessageId& commit, const DeviceId& committer, WallMs now_ms)
{
    const Version from = c.version();
    Changes out;
    out.conversation = c.id;
    out.version = {from.incarnation, from.epoch + 1};
    out.self_removed = true;
    out.committer = committer;
    c.about.departure =
        Departure{from, commit, committer, c.about.floor, now_ms < 0 ? 0 : static_cast<std::uint64_t>(now_ms)};
    // Back to this epoch, where it is opened again, and to no older one.
    c.about.floor = std::max(c.about.floor, Version{from.incarnation, from.epoch + 1});
    c.kept = std::move(c.group);
    c.group.reset();
    c.about_dirty = true;
    departed.insert(c.id);
    write_departed_list();
    if (const auto waiting = load_pending(c.id); waiting && waiting->outgoing.from <= from) drop_pending(c.id);
    return out;
}

void Groups::State::take_up(Conversation& c)
{
    c.group = std::move(c.kept);
    c.policy_at.reset();
    c.about.floor = c.about.departure->floor;
    drop_departure(c);
}

void Groups::State::drop_departure(Conversation& c)
{
    if (c.kept) c.epoch_dirty = c.ratchets_dirty = true;
    c.kept.reset();
    if (!c.about.departure) return;
    c.about.departure.reset();
    c.about_dirty = true;
    if (departed.erase(c.id) > 0) write_departed_list();
}

/// Another commit of the epoch that we were put out of: an honest relay takes one only after the other was taken back.
/// A dishonest one shows what it has refused, so it has to say first that this is the one (take_instead).
CommitOutcome Groups::State::look_while_out(const Conversation& c, const MessageId& id, Version version)
{
    CommitOutcome out;
    out.from = version;
    const Departure& departure = *c.about.departure;
    if (version.incarnation != departure.from.incarnation || version > departure.from) return out;
    const bool known = version < departure.from || id == departure.commit;
    out.verdict = known ? CommitOutcome::Verdict::known : CommitOutcome::Verdict::instead;
    return out;
}

CommitOutcome Groups::take_instead(const MessageId& id, const DeviceId& from, BytesView sealed, WallMs now_ms)
{
    using Verdict = CommitOutcome::Verdict;
    State& s = *state_;
    CommitOutcome out;
    const auto label = read_label(sealed);
    Conversation* const found = label ? s.find(label->conversation) : nullptr;
    if (found == nullptr || !found->kept) return out;
    Conversation& c = *found;
    out = State::look_while_out(c, id, label->version);
    if (out.verdict != Verdict::instead) return out;
    const Departure departure = *c.about.departure;
    const Version floor = c.about.floor;
    s.take_up(c);
    out = s.apply(c, id, from, sealed, now_ms);
    if (out.verdict == Verdict::applied) {
        s.drop_pending(c.id); // To join from outside, in a branch that is dead.
        return out;
    }
    c.kept = std::move(c.group);
    c.group.reset();
    c.about.departure = departure;
    c.about.floor = floor;
    s.departed.insert(c.id);
    s.write_departed_list();
    return out;
}

/// The relay takes no commit twice: who shows it again means that we should be out without anybody having put us out.
void Groups::State::remember_taken_back(Conversation& c)
{
    const Departure& departure = *c.about.departure;
    c.about.taken_back.insert(c.about.taken_back.begin(), Entered{departure.from.epoch + 1, departure.commit});
    if (c.about.taken_back.size() > taken_back_kept) c.about.taken_back.resize(taken_back_kept);
    c.about_dirty = true;
}

std::optional<Groups::PutOut> Groups::put_out(const ConversationId& conversation)
{
    const auto* c = state_->departed.contains(conversation) ? state_->find(conversation) : nullptr;
    if (c == nullptr || !c->kept) return std::nullopt;
    const Departure& departure = *c->about.departure;
    return PutOut{departure.from, departure.commit, departure.committer};
}

Result<Changes> Groups::come_back(const ConversationId& conversation, Version at_relay, const MessageId& commit)
{
    Conversation* const c = state_->find(conversation);
    if (c == nullptr || !c->kept) return conflict("this device was not put out of a group that is kept");
    if (c->about.departure->from != at_relay) return conflict("the group is not in the epoch that is kept");
    const auto& entered = c->about.entered;
    if (!entered.empty() && entered.front().epoch == at_relay.epoch && entered.front().commit != commit)
        return conflict("the group came to this epoch by another commit");
    state_->remember_taken_back(*c);
    state_->take_up(*c);
    state_->drop_pending(conversation); // Likewise.
    Changes out;
    out.conversation = conversation;
    out.version = c->version();
    out.policy = state_->policy_of(*c);
    return out;
}

bool Groups::expire_departures(WallMs now_ms)
{
    const auto all = state_->departed;
    for (const ConversationId& id : all) {
        Conversation* const c = state_->find(id);
        if (c == nullptr || !c->about.departure) continue;
        auto& departure = *c->about.departure;
        const auto age_ms = now_ms - static_cast<WallMs>(departure.at_ms);
        if (age_ms < 0) { // By a clock that was ahead: from now on, then.
            departure.at_ms = now_ms < 0 ? 0 : static_cast<std::uint64_t>(now_ms);
            c->about_dirty = true;
        }
        if (age_ms < departure_kept_ms) continue;
        c->about.floor = std::max(c->about.floor, Version{departure.from.incarnation, departure.from.epoch + 2});
        state_->drop_departure(*c);
        c->about.entered.clear();
        c->about.since.clear();
        c->touch_all();
    }
    return !state_->departed.empty();
}

} // namespace godwit::seal
