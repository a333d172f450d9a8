// SPDX-License-Identifier: Apache-2.0
// groups: the Delivery Service's part of MLS (RFC 9750 section 5.2), for messages that the relay cannot read.
//
//   commit -> is it a commit, of the group and epoch that the frame says? (commit_shape.hpp)
//          -> is it this conversation, are the devices its devices? -> known already? the same answer
//          -> does it start from the epoch that is open, or create a later incarnation? no: conflict, and where the
//             group stands
//          -> the epoch is taken; Commit and Welcome into the mailboxes -> (commit of the tick) -> answered
//   reject -> is it one that may still be taken back (below), and was it put for this device? -> noted
//          -> do half of the members refuse it now? no: the state; whoever is alone with that joins again
//          -> it falls, and all that were built on it: the epoch that it started from is open again, Commits and
//             Welcomes are taken out of the mailboxes where they still wait
//          -> (commit of the tick) -> all who are connected are told (GroupChanged)
//
// How far back (docs/adr/0056-a-suffix-falls.md): every commit has votes of its own, and stands when more than half of
// its members have taken it out of their mailboxes and refuse neither it nor one before it; then it, and what lies
// before it, is not gone back to once another commit comes. At most open_commits_max are open: the next one waits until
// the oldest stands by its members, or by its age.
//
// A group is (incarnation, epoch). The relay does not know members: it believes the committer who is to get what,
// within the two accounts of the conversation, or the accounts of a group of many (members.hpp). Whoever was left out,
// or skipped, joins again by an external commit with the GroupInfo that is kept here, and the tree beside it
// (trees.hpp).
#pragma once

#include "relay/core/members.hpp"
#include "relay/core/partner.hpp"
#include "relay/core/trees.hpp"

namespace godwit::relay {

/// Commits in a row that may still be taken back: so many epochs back members follow (seal::taken_back_max). Who takes
/// in hundreds while few are there makes some dozens in a row.
inline constexpr std::size_t open_commits_max = 32;
/// Of the owner of a group of many so many more, unless all that are open are the owner's and it takes somebody in.
inline constexpr std::size_t open_of_owner_more = 8;
/// Those that may be open, and the one that they are built on.
inline constexpr std::size_t standing_commits_max = open_commits_max + open_of_owner_more + 1;
/// Commits of one group whose ids are remembered, beside the open ones: a committer that did not hear the answer asks
/// again.
inline constexpr std::size_t group_commits_kept = 32;
/// A commit that nobody has refused stands after so long, though few have seen it: whoever is away does not keep the
/// others from going on for longer.
inline constexpr WallMs unseen_stands_ms = WallMs{3} * 24 * 3600 * 1000;
/// The owner's own in a group of many. By rubbish that is out of reach for who slept they could only do what they may
/// do anyhow: put everybody out.
inline constexpr WallMs owners_stands_ms = WallMs{3600} * 1000;
/// One that somebody has refused stands after so long: as long as it waits in the mailboxes of those who could judge it
/// (Limits::mailbox_age_ms_max). Sooner would let rubbish outlast a majority that is away.
inline constexpr WallMs contested_stands_ms = WallMs{30} * 24 * 3600 * 1000;
/// How soon to ask again while as many are open as may be: members come any moment.
inline constexpr Duration open_commits_wait = std::chrono::minutes(1);
/// Who joins from outside while a Welcome to the group waits in its mailbox would lose what lies between the two.
inline constexpr Duration welcome_wait = std::chrono::seconds(5);

/// A creation may leave out so many incarnations: members may remember more than the relay does, which forgets groups
/// of former contacts, and may have been restored from a copy. Little enough that nobody ever gets to the last one.
inline constexpr std::uint64_t incarnations_skipped_max = std::uint64_t{1} << 32;

/// Commits of one device in one conversation: who takes in thousands makes about a hundred in a row, and nobody needs
/// to go on like that. A member that commits all the time wins every epoch, also against the one that puts it out.
inline constexpr Rate group_commits_rate{400, std::chrono::seconds(5)};

/// Commits of one account in one group of many that fall by the others' votes: slower than these may vote
/// (Limits::group_rejects), or it would hold every epoch that is opened again, also against the one that puts it out.
/// Not in a conversation of two: one word is enough there, and would slow down whoever commits what is good.
inline constexpr Rate group_offences_rate{3, std::chrono::minutes(30)};

/// Rejections of one device over all conversations, in paces of one (Limits::group_rejects): who makes another one
/// reject rubbish here takes nothing from what it may reject elsewhere.
inline constexpr std::uint32_t group_rejects_anywhere = 12;

/// In groups of many so many accounts, if there are, have to have seen a commit before it can be taken back: a few that
/// are quick must not undo what the others have not seen yet.
inline constexpr std::size_t electorate_min = 8;
/// Before it stands by its members so many, if there are: half a dozen friends are quick as well.
inline constexpr std::size_t vouching_electorate_min = 32;

class Groups {
public:
    Groups(Context& context, Mailbox& mailbox, Members& members, Trees& trees);

    [[nodiscard]] Answer commit(const Session& session, const frame::GroupCommit& request, Moment now);
    [[nodiscard]] Answer fetch(const Session& session, const frame::GroupFetch& request, Moment now);
    [[nodiscard]] Answer reject(const Session& session, const frame::GroupReject& request, Moment now);

    // After the commit.
    [[nodiscard]] frame::GroupChanged changed(const ConversationId& conversation);

private:
    /// What a request is about: a conversation with a partner, or a group of many.
    struct Place {
        std::optional<Partner> partner; ///< nullopt: of many.
        StoredGroup group;
    };
    /// Errors: not_a_contact, invalid_argument, not_allowed.
    [[nodiscard]] Result<Place> place_of(const Session& session, const std::string& with,
                                         const ConversationId& conversation);
    /// As place_of, of whoever is in it.
    [[nodiscard]] Result<Place> own_place_of(const Session& session, const std::string& with,
                                             const ConversationId& conversation);
    [[nodiscard]] static std::string upsetting(const Session& session, const Place& place,
                                               const frame::GroupCommit& request);
    /// Who gets what by this commit. Errors as Members::judge.
    [[nodiscard]] Result<Members::Change> audience_of(const Session& session, const Place& place,
                                                      const frame::GroupCommit& request, Moment now);
    [[nodiscard]] bool is_for_nobody(const Session& session, const Members::Change& audience,
                                     const frame::GroupCommit& request);
    /// Rows of those that exist, none twice, without the asking one; nullopt: one belongs to neither account.
    [[nodiscard]] std::optional<std::vector<DeviceRow>> devices_of(const Session& session, const Partner& partner,
                                                                   const std::vector<DeviceId>& ids);
    /// The group's row; 0: no room for another one.
    [[nodiscard]] GroupRow make_room(const Session& session, const Place& place, const ConversationId& conversation,
                                     Moment now);
    [[nodiscard]] static std::string offender_of(AccountRow account, const ConversationId& conversation)
    {
        return std::to_string(account) + "/" + to_hex(conversation.view());
    }
    [[nodiscard]] static frame::ResponseBody state_of(const StoredGroup& group, Bytes group_info = {},
                                                      std::uint32_t tree_pieces = 0)
    {
        return frame::GroupState{group.incarnation, group.epoch, group.commit, std::move(group_info), tree_pieces};
    }
    // votes.cpp
    /// How long it has to wait, here or anywhere; zero: it may now, and has had one.
    [[nodiscard]] Duration may_reject(DeviceRow device, const ConversationId& conversation, Instant now);
    [[nodiscard]] Answer cannot_join(const Session& session, const ConversationId& conversation,
                                     const StoredGroup& group, Moment now);
    [[nodiscard]] bool has_built_on(const DeviceId& device, const StoredGroup& group, const StoredCommit& commit);
    [[nodiscard]] CommitVotes votes_on(const StoredGroup& group, const StoredCommit& commit);
    [[nodiscard]] bool is_refused(const StoredGroup& group, const StoredCommit& commit);
    [[nodiscard]] bool is_vouched(const StoredGroup& group, const StoredCommit& commit);
    [[nodiscard]] WallMs stands_ms(const StoredGroup& group, const StoredCommit& commit, BytesView newest_info);
    /// Before another commit: what need not be gone back to any more is forgotten. How long it has to wait; zero: it
    /// may come.
    [[nodiscard]] Duration settle(const StoredGroup& group, std::size_t open_max, Moment now);
    /// With all that were built on it.
    void take_back(const Session& session, const Place& place, const ConversationId& conversation,
                   const StoredCommit& commit, Moment now);
    [[nodiscard]] Answer conflict(const StoredGroup& group, const char* why);

    Context& context_;
    Mailbox& mailbox_;
    Members& members_;
    Trees& trees_;
    const Rate rejects_anywhere_rate_;
    PaceTable requests_;         ///< By device: a new connection is not a new allowance.
    PaceTable rejects_;          ///< By (device, conversation).
    PaceTable rejects_anywhere_; ///< By device.
    PaceTable commits_;          ///< By (device, conversation).
    PaceTable offences_;         ///< By (account, conversation).
    PaceTable creations_;        ///< By (account that creates, conversation), and by (device that joins, conversation).
};

} // namespace godwit::relay
