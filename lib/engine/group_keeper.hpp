// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: keeps every conversation's group as its accounts' device lists say, with the relay as Delivery
// Service. It decides what to do next; lib/seal does it.
//
//   look(conversation) ── needs? ──┬─ a stored commit whose answer is unknown ──────────────> GroupCommit, the same
//   again
//                                  ├─ planned (a group of many) ── KeyPackageFetch ── create | change ────────────────┤
//                                  ├─ no group, a dead branch ── GroupFetch ──┬─ none ── KeyPackageFetch ── create ──┐
//                                  │                                          └─ there ── rejoin ─────────────────────┤
//                                  ├─ surplus devices ── change ──────────────────────────────────────────────────────┤
//                                  ├─ missing devices (they join by themselves; else) ── KeyPackageFetch ── change ───┤
//                                  └─ update due ── change
//                                  ───────────────────────────────────────────────────────────┴─> GroupCommit
//   answered: ok ── accepted; conflict ── refused, look again when the winner's commit has come
//   commit_came: applied | rejected ── GroupReject | rival, ahead ── compare with the relay
//   what the relay has of the group, in doubt ── GroupFetch ── verify (group_infos.cpp)
//
// Nothing begins before the mailbox has run empty: what waits there may be the answer.
#pragma once

#include "lib/engine/circles.hpp"
#include "lib/engine/group_acts.hpp"
#include "lib/engine/relay_session.hpp"
#include "lib/engine/unlisted.hpp"

#include <map>
#include <set>

namespace godwit::engine {

/// Name of an encoded ratchet tree at the relay.
[[nodiscard]] wire::TreeId tree_id(BytesView tree);

class GroupKeeper {
public:
    GroupKeeper(Context& context, const Roster& roster, const Circles& circles, GroupBook& book, GroupPlans& plans)
        : context_(context), roster_(roster), circles_(circles), book_(book), plans_(plans)
    {
    }

    /// `groups` outlives stop(). Every conversation is looked at.
    void start(seal::Groups& groups);
    void stop();

    void connected(const wire::relay::Session& session);
    void mailbox_empty();
    void disconnected();

    /// Its circle is another, or something came of it.
    void look(const ConversationId& conversation);
    /// Content waits for it.
    void hurry(const ConversationId& conversation);
    /// Something is planned for it: done before all else.
    void plan(const ConversationId& conversation);
    /// This device may be on a branch that is dead: compare with the relay.
    void doubt(const ConversationId& conversation);
    /// The same: something that was sent to the group does not open here.
    void doubt_unread(const ConversationId& conversation);

    /// The relay says that this account is in the group (again).
    void taken_in(const ConversationId& conversation);

    /// Whether this device is where the others are is being found out.
    [[nodiscard]] bool in_doubt(const ConversationId& conversation) const;
    /// A Welcome is here and its tree is not: what comes behind it cannot be read yet.
    [[nodiscard]] bool waits_for_tree(const ConversationId& conversation) const;

    /// The relay, asked for what takes the device into a group, had nothing, not even a last resort: it is gone, or
    /// has never been there for long.
    [[nodiscard]] bool is_bare(const DeviceId& device) const { return bare_.contains(device); }

    void commit_came(const MessageId& id, const DeviceId& from, BytesView sealed, Moment now);
    /// The conversation when its tree has to be fetched first: until waits_for_tree() is over, nobody else has it.
    std::optional<ConversationId> welcome_came(BytesView sealed, Moment now);
    void relay_state(const wire::relay::GroupChanged& state);
    void answered(const purpose::Group& what, const wire::relay::Response& response, Moment now);
    void answered(const purpose::KeyPackageStock& what, const wire::relay::Response& response);
    void answered(const purpose::Reject& what, const wire::relay::Response& response, Moment now);

    /// Begins what is due. `session`: the logged-in one; nullptr: not connected.
    void handle_deadline(RelaySession* session, Moment now);
    /// While connected.
    [[nodiscard]] Instant deadline() const;
    /// Always: what is kept of groups that we were put out of goes by time, whether the relay is there or not.
    [[nodiscard]] Instant departures_deadline() const { return groups_ == nullptr ? never : departures_due_; }

    /// Conversations whose group is another than when last asked.
    [[nodiscard]] std::set<ConversationId> take_changed() { return std::exchange(changed_, {}); }

private:
    static constexpr Duration failure_wait_max = std::chrono::hours(1);
    /// A device that is not on the list is removed by its own account's devices first; and so long the list may be on
    /// its way.
    static constexpr Duration surplus_wait = std::chrono::seconds(2);
    /// A commit that the relay has accepted and not delivered: how long until we count as having fallen out.
    static constexpr Duration behind_max = std::chrono::seconds(2);
    /// A commit that this device refuses has fallen by then, when it does.
    static constexpr std::uint32_t verify_tries_max = 8;

    struct Chore {
        /// leave_tree, fetch_tree: pieces of a tree that is too large for its frame, one after the other.
        enum class Step : std::uint8_t { rest, info, packages, leave_tree, commit, fetch_tree } step = Step::rest;
        Instant due{}; ///< At rest: when to look.
        bool hurry = false;
        bool compare = false; ///< With the relay: we may be on a dead branch.
        bool rejoin = false;  ///< We are.
        bool put_off = false; ///< The relay has not taken the commit that waits: it may be dropped.
        bool creates = false;
        bool fetched = false;          ///< Go on with `ask`, then commit.
        std::uint64_t incarnation = 0; ///< To create.
        seal::Version lost_to{};       ///< Where the relay's group stood at the last conflict.
        std::vector<std::string> ask;  ///< Accounts whose packages are still to be fetched.
        std::vector<DeviceId> asked;   ///< Devices whose packages are being fetched.
        std::map<DeviceId, Bytes> packages;
        std::map<DeviceId, Bytes> kept; ///< Of a planned commit that was not accepted: for the next one.
        Instant held_until{};           ///< The relay takes no commit before.
        std::uint32_t failures = 0;
        Instant missing_since = never;
        Instant behind_since = never;
        bool waited = false; ///< For the other account to create it.
        /// Changes of ours that another branch has taken the place of, once we have joined that.
        std::optional<GroupBook::Span> dead;
        bool put_out = false;    ///< By others: coming back is worth a word.
        bool doubted = false;    ///< What the relay shows is not joined by, which was told.
        std::string cannot_join; ///< Why the group cannot be joined, as was told last.
        // What the relay has of the group is held against what is here (group_infos.cpp).
        std::uint32_t verify = 0; ///< So often the relay is asked, until it stands where we stand.
        std::string not_allowed;  ///< Why it does not take a change that nobody here has asked for.
        bool named = false;       ///< What came of that.
        bool heal = false;        ///< Nobody can join by what the relay has: fresh keys bring another GroupInfo.
        std::set<DeviceId> mentioned;
        std::optional<seal::Circle> plan; ///< What a group of many shall become, by the commit that is being made.
        bool eager = false;               ///< We have taken in more than fit one commit: the others follow at once.
        // A tree that goes to the relay, or comes from there.
        std::uint32_t piece = 0;
        std::uint32_t pieces = 0;
        Bytes tree;
        std::optional<wire::relay::GroupState> state; ///< That it is the tree of.
        Bytes welcome;                                ///< That it is for; empty: to join from outside.
        seal::Version welcome_at;
        /// Came in the place of the commit that put us out, and is good for nothing before the relay says so.
        struct Instead {
            MessageId id;
            DeviceId from;
            Bytes sealed;
        };
        std::optional<Instead> instead;
    };
    /// A commit that this device refuses: told until the relay has heard it, also when it does not want to hear more of
    /// us for a while, or the commit would stand.
    struct Report {
        wire::relay::GroupReject what;
        Instant due{};
        bool sent = false;
        bool heard = false;   ///< Kept until the group is in another epoch: this device is not behind, it refuses.
        bool outside = false; ///< No commit: this device cannot join where `what.epoch` has led to.
    };

    void look_at_all();
    void sweep(Moment now);
    void expire_departures(Moment now);
    void report(wire::relay::GroupReject what, bool outside = false);
    void report_unjoinable(const ConversationId& conversation, const seal::Version& at);
    void send_reports(RelaySession& session, Moment now);
    [[nodiscard]] bool refuses(const ConversationId& conversation) const;
    void ask_for_stock(RelaySession& session, Moment now);
    void work(const ConversationId& conversation, Chore& chore, RelaySession& session, Moment now);
    void fetch_packages(const ConversationId& conversation, Chore& chore, const seal::Circle& circle,
                        RelaySession& session, Moment now);
    void commit(const ConversationId& conversation, Chore& chore, Result<seal::Outgoing> outgoing,
                RelaySession* session, Moment now);
    void send(const seal::Outgoing& outgoing, Chore& chore, RelaySession& session, Moment now);
    void send_pending(const ConversationId& conversation, Chore& chore, RelaySession& session, Moment now);
    void got_info(const ConversationId& conversation, Chore& chore, const wire::relay::GroupState& state, Moment now);
    void got_verdict(const ConversationId& conversation, Chore& chore, const wire::relay::Response& response,
                     Moment now);
    void shut_out(const ConversationId& conversation, Chore& chore, Moment now);
    bool came_back(const ConversationId& conversation, Chore& chore, const wire::relay::GroupState& state, Moment now);
    void came_instead(const ConversationId& conversation, const MessageId& id, const DeviceId& from, BytesView sealed);
    /// What came in the place of the commit that put us out is not the relay's: named.
    void denied(const ConversationId& conversation, Chore& chore);
    /// False: there is none, or it is not the relay's.
    bool take_instead(const ConversationId& conversation, Chore& chore, const wire::relay::GroupState& state,
                      Moment now);
    // group_infos.cpp
    void verify(const ConversationId& conversation, Moment now);
    void not_allowed(const ConversationId& conversation, Chore& chore, const std::string& why);
    void verify_info(const ConversationId& conversation, Chore& chore, const wire::relay::GroupState& state);
    void welcomed(const seal::Changes& changes, Moment now);
    void verify_hearsay(const ConversationId& conversation);
    [[nodiscard]] bool take_rejoin(const ConversationId& conversation);
    [[nodiscard]] bool leave_false_group(const ConversationId& conversation, Chore& chore,
                                         const wire::relay::GroupState& state, Moment now);
    void join_from_outside(const ConversationId& conversation, Chore& chore, const wire::relay::GroupState& state,
                           Moment now);
    void begin_creating(Chore& chore, const seal::Circle& circle, std::uint64_t incarnation);
    /// The relay takes no commit in this group for a while: what is planned is made anew then.
    void held(const ConversationId& conversation, Chore& chore, const Error& why, Moment now);
    /// False: nothing is planned for now.
    bool begin_plan(const ConversationId& conversation, Chore& chore, RelaySession& session, Moment now);
    void drop_plan(const ConversationId& conversation, Chore& chore, const Error& why);
    void rejoin(const ConversationId& conversation, Chore& chore, const wire::relay::GroupState& state, BytesView tree,
                Moment now);
    // group_trees.cpp
    void leave_tree(const seal::Outgoing& outgoing, Chore& chore, RelaySession& session, Moment now);
    void fetch_tree(const ConversationId& conversation, Chore& chore, RelaySession& session, Moment now);
    void tree_left(const ConversationId& conversation, Chore& chore, const wire::relay::Response& response, Moment now);
    void tree_came(const ConversationId& conversation, Chore& chore, const wire::relay::Response& response, Moment now);
    [[nodiscard]] Instant next_plan(const ConversationId& conversation, Moment now) const;
    [[nodiscard]] Duration spread(const ConversationId& conversation);
    void fail(Chore& chore, Moment now);
    void rest(Chore& chore, Instant due);
    void entered(const seal::Changes& changes, Moment now);
    [[nodiscard]] bool is_listed(const ConversationId& conversation, const wire::DeviceCertificate& one) const;
    void note_put_out(const seal::Changes& changes, Moment now);
    void mention_bad(const ConversationId& conversation, Chore& chore, const std::vector<DeviceId>& bad);
    void publish_packages(RelaySession& session, Moment now);
    [[nodiscard]] std::string user_of(const ConversationId& conversation) const { return circles_.with(conversation); }
    [[nodiscard]] Duration soon(Duration about) { return jittered(about, context_.entropy); }

    Context& context_;
    const Roster& roster_;
    const Circles& circles_;
    GroupBook& book_;
    GroupPlans& plans_;
    seal::Groups* groups_ = nullptr;
    bool drained_ = false;
    bool packages_due_ = false;
    bool last_resort_due_ = false;
    Instant sweep_due_ = never; ///< Keys grow old without anything happening; set when first connected.
    Instant departures_due_{};  ///< Groups that a commit has put us out of: when to see which of them is final.
    Instant stock_due_ = never; ///< Contacts use KeyPackages up while we are connected.
    /// Of a group that is here by a Welcome, since then no commit was followed in it.
    struct Fresh {
        DeviceId by;           ///< Who made the Welcome.
        bool misled = false;   ///< It has led to another group than the relay has, which was told.
        bool asked = false;    ///< The others look which of the two is true.
        bool unread = false;   ///< Something does not open in it.
        bool rejoined = false; ///< From outside, for that: once.
    };
    std::map<ConversationId, Fresh> fresh_;
    std::map<ConversationId, Chore> chores_;
    std::vector<Report> reports_;
    std::set<ConversationId> changed_;
    std::set<DeviceId> bare_; ///< As the relay said since this session began.
    Unlisted unlisted_;
    Evicted evicted_;
    Evictions evictions_;
};

} // namespace godwit::engine
