// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: what is to be done to groups, one act after the other, until it stands in an epoch.
//
//   ask ──> allowed? ──> queue ──> the keeper asks for the next plan ──> commit ──> done: the request has its reply
//                         ^            │ made from the policy of that moment
//                         │            ├── conflict: another commit came first; a plan is made anew
//                         └────────────┴── held by the relay: the request has that for its reply, applicants wait on
//
// Who comes in by the link is gathered beside that queue (gathering.hpp), and comes after it.
#pragma once

#include "lib/engine/gathering.hpp"
#include "lib/engine/group_book.hpp"
#include "lib/engine/group_rules.hpp"

#include <deque>

namespace godwit::engine {

/// What the group keeper asks.
class GroupPlans {
public:
    virtual ~GroupPlans() = default;
    [[nodiscard]] virtual bool wants(const ConversationId& conversation) const = 0;
    /// Nobody waits for it, and others may be about to do the same.
    [[nodiscard]] virtual bool can_wait(const ConversationId& conversation) const = 0;
    /// When the next is to begin; long past: now. Precondition: wants().
    [[nodiscard]] virtual Instant due(const ConversationId& conversation, Instant now) const = 0;
    /// The circle with its plan; nullopt: nothing any more. `has_group`: an epoch is here.
    [[nodiscard]] virtual std::optional<seal::Circle> next(const ConversationId& conversation, Moment now) = 0;
    virtual void done(const ConversationId& conversation, Moment now) = 0;
    /// The relay takes no commit before `until`: whoever waits for a reply gets `why`.
    virtual void held(const ConversationId& conversation, const Error& why, Instant until) = 0;
    virtual void refused(const ConversationId& conversation, const Error& why) = 0;
    /// The relay knows no such group, or this account is not in it.
    virtual void lost(const ConversationId& conversation) = 0;
};

/// Acts of one group that wait.
inline constexpr std::size_t group_acts_max = 64;

class GroupActs final : public GroupPlans {
public:
    GroupActs(Context& context, const Roster& roster, GroupBook& book) : context_(context), roster_(roster), book_(book)
    {
    }
    void start(const port::StoredIdentity& identity, const PublicKey& relay_key);

    /// Checked as of now, then queued. Precondition: connected. The conversation whose keeper shall look; nullopt: the
    /// request has its reply.
    [[nodiscard]] std::optional<ConversationId> ask(RequestId id, GroupAct act, Moment now);
    /// Without a request. False: it is not allowed, or not needed.
    bool take_in(const ConversationId& conversation, const std::string& user, RequestId id, Moment now);

    [[nodiscard]] bool wants(const ConversationId& conversation) const override;
    [[nodiscard]] bool can_wait(const ConversationId& conversation) const override;
    [[nodiscard]] std::optional<seal::Circle> next(const ConversationId& conversation, Moment now) override;
    [[nodiscard]] Instant due(const ConversationId& conversation, Instant now) const override;
    void done(const ConversationId& conversation, Moment now) override;
    void held(const ConversationId& conversation, const Error& why, Instant until) override;
    void refused(const ConversationId& conversation, const Error& why) override;
    void lost(const ConversationId& conversation) override;
    /// Another epoch: whom somebody else has taken in is not taken in once more, when they may be out again. Where this
    /// account is out of it, nothing that waits will be done.
    void policy_came(const ConversationId& conversation);
    /// What waits is not going to be done. Applicants wait on.
    void stop(const Error& why);

    [[nodiscard]] std::string link_of(const Group& group) const;

private:
    struct Waiting {
        RequestId id = 0; ///< 0: nobody's.
        GroupAct act;
        bool is_done = false; ///< By somebody else, meanwhile.
        bool leads = false;   ///< Those who wait behind it are to come in by the same commit.
        bool alone = false;   ///< They are not: one of them may be why that was refused.
    };
    [[nodiscard]] KeyOf key_of() const;
    [[nodiscard]] Result<NextGroup> plan(const ConversationId& conversation, const GroupAct& act, Moment now);
    void went(const ConversationId& conversation);
    /// Nobody is to be taken in by it any more: they are in, or were, or do not ask.
    [[nodiscard]] bool is_moot(const Waiting& what) const;
    [[nodiscard]] bool is_moot(const TakeIn& act, bool is_asked_for) const;
    void take_in_others(const ConversationId& conversation, NextGroup& made, const std::deque<Waiting>& queue) const;
    [[nodiscard]] bool is_queue_empty(const ConversationId& conversation) const;
    void pop_moot(std::deque<Waiting>& queue);
    /// Whoever comes in by the next commit; nullopt: nobody waits any more.
    [[nodiscard]] std::optional<seal::Circle> gathered(const ConversationId& conversation, Moment now);
    /// Somebody who is out knows the secret, and this account may renew it.
    [[nodiscard]] bool is_renewal_due(const ConversationId& conversation) const;
    /// The circle with its plan. Errors: invalid_argument (an account whose key is none).
    [[nodiscard]] Result<seal::Circle> planned(const Group& group, NextGroup made);
    void answer(const ConversationId& conversation, const Waiting& what);
    void answer_first(const ConversationId& conversation);

    Context& context_;
    const Roster& roster_;
    GroupBook& book_;
    Self self_;
    PublicKey relay_key_;
    std::map<ConversationId, std::deque<Waiting>> queues_;
    std::map<ConversationId, Gathering> crowds_; ///< By link, whom nobody has asked for.
    /// Policies whose secret could not be renewed here: not tried again before they are others.
    std::map<ConversationId, std::weak_ptr<const seal::Policy>> unrenewed_;
};

} // namespace godwit::engine
