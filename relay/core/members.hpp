// SPDX-License-Identifier: Apache-2.0
// members: who is in a group of many, as far as delivery goes. The list of accounts comes from whoever commits. Rules
// and roles stand in the GroupInfo, signed by the committer alone: the relay holds the commit to them, as far as it can
// see.
//
//   commit    -> is the committer in it? does the role allow who comes and goes (membership_rules.hpp)?
//             -> is everybody who is new a contact of the committer, or has asked to join?
//             -> to all devices that were in it -> (groups.cpp: the epoch is taken) -> the list is the new one
//   taken back -> the list is the one before
//   put       -> one ciphertext, stored once, into the mailbox of every device but the sender's and those named
//   roster    -> the accounts that changed since, with their signed device lists
//
// A commit leads to the rules that its GroupInfo shows, or it is refused: here, where it says others itself
// (commit_shape.hpp), or by members, who see what it leads to and have it taken back.
#pragma once

#include "relay/core/mailbox.hpp"

namespace godwit::relay {

/// Bytes of entries in one GroupRoster frame.
inline constexpr std::size_t group_roster_page_bytes_max = wire::frame_bytes_max / 2;
inline constexpr std::size_t group_roster_page_max = 64;
/// Answers that were given before anybody could hear of this one.
inline constexpr Duration refusal_fresh_for = std::chrono::seconds(10);
/// Rows of members, requests and trees that one tick lets expire, each.
inline constexpr std::uint32_t group_rows_expired_per_tick_max = 200;

class Members {
public:
    Members(Context& context, Mailbox& mailbox);

    /// What a commit does to a group of many.
    struct Change {
        std::vector<DeviceRow> recipients; ///< Of all accounts in it before; without the committer and newcomers.
        std::vector<DeviceRow> judges;     ///< Of these: of accounts that stay.
        std::vector<DeviceRow> newcomers;
        std::vector<AccountRow> in;
        std::vector<AccountRow> out;
        std::vector<std::pair<AccountRow, Bytes>> secrets;
    };
    /// Errors: not_allowed, not_a_contact, malformed, invalid_argument, quota_exceeded.
    [[nodiscard]] Result<Change> judge(const Session& session, const frame::GroupCommit& request,
                                       const StoredGroup& group, Moment now);
    /// `by` has refused somebody who asked to be let in. Who answers otherwise just now does so without knowing, be
    /// they contacts or not.
    void refused(GroupRow group, AccountRow account, std::string by, Moment now);
    /// Has the owner rejected a commit of somebody else that puts accounts out? Whom it puts out has no vote, so that
    /// one word counts. `before`: GroupInfo of the epoch that the commit was made in.
    [[nodiscard]] bool is_vetoed(const StoredGroup& group, const StoredCommit& commit, BytesView before);
    /// Account of the owner, as a GroupInfo has it; 0: it names nobody who is a member.
    [[nodiscard]] AccountRow owner(GroupRow group, BytesView group_info);
    /// Had the committer, in the epoch that the commit was made in, a role above that of `user`? `before` as above.
    [[nodiscard]] bool outranks(const StoredGroup& group, const StoredCommit& commit, BytesView before,
                                const std::string& user);
    void apply(const ConversationId& conversation, GroupRow group, const Change& change, std::int64_t commit,
               Moment now);
    /// `commits`: the newest first.
    void take_back(const ConversationId& conversation, const StoredGroup& group,
                   const std::vector<std::int64_t>& commits, Moment now);

    [[nodiscard]] Answer put(const Session& session, const frame::GroupPut& request, Moment now);
    [[nodiscard]] Answer roster(const Session& session, const frame::GroupRosterFetch& request);
    /// True when there may be more to expire.
    bool expire(Moment now);

    // After the commit.
    [[nodiscard]] frame::GroupNews news(const ConversationId& conversation, bool member);
    /// All groups of an account, for a device that has just logged in.
    [[nodiscard]] std::vector<frame::GroupNews> news_of(AccountRow account, Moment now);

private:
    struct Refusal {
        std::string by;
        Instant until{};
    };
    [[nodiscard]] const Refusal* fresh_refusal(GroupRow group, AccountRow account, Moment now) const;

    Context& context_;
    Mailbox& mailbox_;
    std::map<std::pair<GroupRow, AccountRow>, Refusal> refusals_;
    PaceTable messages_; ///< By account.
};

[[nodiscard]] inline Answer not_a_member()
{
    return {ErrorCode::not_allowed, "you are in no group of this id"};
}

} // namespace godwit::relay
