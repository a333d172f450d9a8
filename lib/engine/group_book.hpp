// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: which groups of many this account is in, who else is, and which devices speak for them.
//
// Who is in a group, and may do what, says its policy, which seal::Groups has with the epoch. The relay shows the
// signed device lists of its accounts (GroupRoster), as far as they have changed. An account that is no contact is an
// acquaintance: its key is the one in the policy, its newest list is kept, and it gets what is said in the group by the
// relay, and nothing else: no presence, no direct path, no receipt.
//
//   news(relay) ──> roster to fetch ──> lists, the group's secret ──> circles
//   entered(seal) ──> policy, profile ──> events, the list of conversations
#pragma once

#include "lib/engine/roster.hpp"
#include "lib/seal/group_secret.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>

namespace godwit::engine {

/// Groups of one account, those that it has left and that have a history included.
inline constexpr std::size_t groups_max = 1'000;
/// Secrets of one group that do not open its profile now: those of our own commits, and of before.
inline constexpr std::size_t group_spare_secrets_max = 4;
/// Changes of one group's profile that cannot be read yet.
inline constexpr std::size_t group_unread_max = 16;
/// And those of the relay's word, which have opened nothing yet: anybody can seal one for an account, so they take
/// nobody else's place.
inline constexpr std::size_t group_given_secrets_max = 2;

struct Group {
    enum class State : std::uint8_t {
        in = 1,    ///< As far as is known here.
        asked = 2, ///< To be let in.
        out = 3,   ///< Not any more; its history stays.
    };
    ConversationId id;
    State state = State::in;
    ConversationKind kind = ConversationKind::group;
    WipingBytes secret; ///< That opened the newest profile that could be read here; empty: none was.
    std::vector<WipingBytes> spare_secrets; ///< Newest first; as the next.
    std::vector<WipingBytes> given_secrets;
    std::uint64_t roster = 0; ///< Version of the relay's roster that is here.
    wire::GroupProfile profile;

    // In memory only.
    std::size_t direct_members_max = group_direct_members_max;
    std::shared_ptr<const seal::Policy> policy; ///< nullptr: no epoch has been entered here.
    bool readable = false;                      ///< `secret` opens its profile, and `profile` is what it says.
    std::uint64_t roster_shown = 0;
    std::uint32_t joins = 0; ///< Accounts that ask to be let in, as the relay says.
    bool roster_asked = false;
    bool joins_asked = false;
    Instant ask_after{}; ///< The relay could not answer: it is asked again then.
    struct Applicant {
        GroupApplicant said;
        PublicKey account_key;
        identity::DeviceList list;
    };
    std::map<std::string, Applicant> applicants;
    std::set<std::string> answered; ///< They were, and others have said yes or no; or nobody in time. gathered_max.
    /// Whom the relay has shown, page by page, since the first of them, by when they asked; those included that are no
    /// applicants here.
    std::map<std::string, std::int64_t> joins_shown;
    std::optional<seal::Circle> circle; ///< nullopt: to be made anew.
    /// Changes of the profile that could not be read when they came: told when they can.
    struct Unread {
        seal::Version version;
        std::string by;
        Bytes before; ///< Sealed, as the next.
        Bytes after;
    };
    std::vector<Unread> unread;
    bool closed_told = false;
    bool shut_out = false; ///< The relay says that this account is not in it, and no commit says so.
    bool rejoins = false;  ///< It was out, and the relay says that it is in again.

    [[nodiscard]] const GroupMember* own(const PublicKey& account) const
    {
        return policy && state == State::in ? policy->find(account) : nullptr;
    }
    [[nodiscard]] std::size_t size() const { return policy ? policy->members.size() : 0; }
    /// What is said goes to each device by its best way; else the relay fans it out.
    [[nodiscard]] bool is_small() const { return size() <= direct_members_max; }
};

/// Why nothing can be changed in a group now.
[[nodiscard]] inline Error why_shut_out()
{
    return {ErrorCode::not_allowed,
            "the relay says that this account is not in this group, and no change of the group says so: nothing can "
            "be changed in it until the relay lets this account in again; it can be left",
            0};
}

class GroupBook {
public:
    GroupBook(Context& context, const Roster& roster) : context_(context), roster_(roster) {}

    void load(const port::StoredIdentity& identity);
    /// Takes up the policies of the epochs that this device is in.
    void start(seal::Groups& groups);
    void stop();
    void clear();

    [[nodiscard]] const Group* find(const ConversationId& id) const;
    [[nodiscard]] const std::map<ConversationId, Group>& all() const { return groups_; }
    /// Something may be said in it, by those who may.
    [[nodiscard]] bool is_active(const Group& group, WallMs now_ms) const;
    /// Precondition: there is one, with a policy.
    [[nodiscard]] const seal::Circle& circle(const ConversationId& id);
    /// As the application sees it.
    [[nodiscard]] GroupInfo describe(const Group& group, WallMs now_ms) const;
    /// What the relay has to say of it is here.
    [[nodiscard]] bool is_settled(const Group& group) const
    {
        return !group.roster_asked && group.roster >= group.roster_shown;
    }
    [[nodiscard]] const std::string& name(const Group& group) const { return group.profile.name; }

    /// Account of a device: the own one, a contact's, an acquaintance's. Empty: of nobody.
    [[nodiscard]] std::string user_of(const DeviceId& device) const;
    /// Whether its account and this one are in a group together.
    [[nodiscard]] bool knows(const DeviceId& device) const;
    /// The newest list of an account that is known; nullptr: none.
    [[nodiscard]] const identity::DeviceList* list_of(const std::string& user, const PublicKey& account) const;
    [[nodiscard]] std::optional<seal::Party> party_of(const std::string& user, const PublicKey& account) const;
    [[nodiscard]] Bytes encoded_list_of(const PublicKey& account) const;

    // What this device begins.
    void begin(const ConversationId& id, ConversationKind kind, WipingBytes secret, wire::GroupProfile profile);
    /// With which a commit of ours seals the profile; kept before that is sent.
    void keep_secret(const ConversationId& id, WipingBytes secret);
    void asked(const ConversationId& id);
    /// It did not come to that.
    void forget(const ConversationId& id);

    // What comes.
    /// Of a list of contacts or own devices, too: circles are made anew.
    void lists_changed();
    void news(const wire::relay::GroupNews& news);
    void refused(const wire::relay::GroupJoinRefused& refusal);
    void roster_came(const ConversationId& id, const wire::relay::GroupRoster& page);
    /// `again`: when to ask once more; never: the relay will not have it, until it says that there is more.
    void roster_failed(const ConversationId& id, Instant again);
    struct Came {
        bool more = false;                  ///< There are others, who are asked for next.
        std::vector<std::string> fresh;     ///< New to this device.
        std::vector<std::string> strangers; ///< Whose device list is none, as far as can be told here.
        struct Stale {
            std::string user;
            std::int64_t asked_ms = 0;
        };
        std::vector<Stale>
            stale; ///< Who do not know the link of now, or nobody is let in by link. Only when that is known here.
    };
    [[nodiscard]] Came joins_came(const ConversationId& id, const wire::relay::GroupJoins& joins, WallMs now_ms);
    void joins_failed(const ConversationId& id, Instant again); ///< As roster_failed.
    void answered_applicant(const ConversationId& id, const std::string& user);
    /// An answer to somebody who asks no more. nullopt: they never did.
    [[nodiscard]] std::optional<Result<void>> late_answer(const Group& group, const std::string& user,
                                                          bool accept) const;
    /// An epoch was entered, or left for good.
    void entered(const seal::Changes& changes, WallMs now_ms);
    /// The relay says that this account is in no such group.
    void out(const ConversationId& id, const std::string& by);
    /// True: that is new.
    bool shut_out(const ConversationId& id, bool is_so);
    void disconnected();

    /// What is to be asked of the relay. Precondition: logged in.
    struct Wish {
        ConversationId id;
        bool joins = false; ///< Else the roster.
        std::uint64_t after = 0;
    };
    [[nodiscard]] std::vector<Wish> take_wishes(Instant now);
    /// When there is one again. Precondition: as there.
    [[nodiscard]] Instant wishes_at() const;
    /// Groups whose circle or policy is another than when last asked; and those that look otherwise.
    [[nodiscard]] std::set<ConversationId> take_changed() { return std::exchange(changed_, {}); }
    [[nodiscard]] std::set<ConversationId> take_shown() { return std::exchange(shown_, {}); }
    /// Groups that this account, or this device, has come into, with a history from before.
    [[nodiscard]] std::set<ConversationId> take_returned() { return std::exchange(returned_, {}); }
    /// What has happened to groups since last asked, for their histories.
    struct Happened {
        ConversationId conversation;
        std::uint64_t incarnation = 0; ///< With the epoch: which change; the same on all devices.
        std::uint64_t epoch = 0;
        content::GroupNote note;
    };
    /// Of a group whose picture may be another, or wanted by others.
    struct Picture {
        std::string by;    ///< Who has chosen it; empty: it was there before this device, or nothing is new about it.
        bool more = false; ///< Somebody came in.
    };
    [[nodiscard]] std::map<ConversationId, Picture> take_pictures() { return std::exchange(pictures_, {}); }
    /// Changes that led to these epochs.
    struct Span {
        ConversationId conversation;
        std::uint64_t incarnation = 0;
        std::uint64_t first = 0;
        std::uint64_t last = 0;
    };
    /// They were followed here, and are none of the group's history.
    void taken_back(const Span& changes) { taken_back_.push_back(changes); }
    [[nodiscard]] std::vector<Span> take_taken_back() { return std::exchange(taken_back_, {}); }
    /// What a note says, held against the group of now.
    [[nodiscard]] bool is_so(const ConversationId& id, const content::GroupNote& note) const;
    [[nodiscard]] std::vector<Happened> take_happened() { return std::exchange(happened_, {}); }
    /// Discussions that are over by now are told.
    void handle_deadline(Moment now);
    [[nodiscard]] Instant deadline(Moment now) const;
    [[nodiscard]] WallMs next_end_ms() const;

    /// A Welcome or GroupInfo by `by`, to a group that is not known here.
    [[nodiscard]] bool follows(const ConversationId& id, const seal::Policy& policy,
                               const wire::DeviceCertificate& by) const;

private:
    Group* get(const ConversationId& id);
    /// The others do not ask any more.
    static void keep_applicants(Group& group, const std::function<bool(const std::string&)>& asks);
    [[nodiscard]] static bool wants_roster(const Group& group);
    [[nodiscard]] bool wants_joins(const Group& group) const;
    Group& make(const ConversationId& id);
    void save(const Group& group);
    void save_index();
    void take_policy(Group& group, std::shared_ptr<const seal::Policy> policy);
    /// By any secret that is here. False: it cannot be read here yet.
    bool open_profile(Group& group);
    static void keep_spare(Group& group, WipingBytes secret);
    static void keep_given(Group& group, WipingBytes secret);
    void tell(const Group& group, event::GroupChanged::What what, std::string by, std::vector<std::string> users);
    void tell_changes(Group& group, const seal::Policy* before, const std::string& by);
    void note(const Group& group, const seal::Version& version, content::GroupNote note);
    void note_changes(Group& group, const seal::Changes& changes, const wire::GroupProfile& before, bool was_readable,
                      const std::string& by);
    /// What can be read of it by now.
    void note_unread(Group& group);
    /// False: not taken.
    bool take_list(const std::string& user, const PublicKey& account, BytesView encoded);
    void load_list(const PublicKey& account);
    void count_accounts();

    Context& context_;
    const Roster& roster_;
    PublicKey account_key_;
    WipingBytes account_seed_;
    std::string own_user_;
    std::map<ConversationId, Group> groups_;
    struct Listed {
        std::string user;
        identity::DeviceList list;
    };
    std::map<PublicKey, Listed> lists_; ///< Of acquaintances, and of contacts as groups show them.
    std::unordered_map<DeviceId, PublicKey, FixedBytesHash> by_device_; ///< Of lists_.
    std::set<PublicKey> accounts_;                                      ///< In a group with this one.
    std::set<ConversationId> changed_;
    std::set<ConversationId> shown_;
    std::set<ConversationId> returned_;
    std::vector<Happened> happened_;
    std::vector<Span> taken_back_;
    std::map<ConversationId, Picture> pictures_;
};

} // namespace godwit::engine
