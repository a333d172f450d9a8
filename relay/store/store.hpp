// SPDX-License-Identifier: Apache-2.0
// store: what the relay must not forget, in SQLite (WAL, synchronous=FULL). Accounts, devices, contacts, mailboxes, key
// packages, groups, blobs, notices.
//
// One transaction a tick (ledger.hpp): so the core reads as if storage never failed, and one place knows that it did.
//
// Rows have integer keys that never leave the relay. What is deleted here is overwritten on disk (secure_delete).
#pragma once

#include <godwit/notice.hpp>

#include "lib/base/time.hpp"
#include "lib/sqlite/online_copy.hpp"
#include "lib/wire/frames.hpp"
#include "relay/store/app_tables.hpp"

#include <functional>
#include <map>

namespace godwit::relay {

/// A second or two of reading.
inline constexpr std::uint64_t look_over_bytes_max = 1ULL << 30;

using AccountRow = std::int64_t; ///< 0: none.
using DeviceRow = std::int64_t;  ///< 0: none.
using EnvelopeRow = std::int64_t;
using GroupRow = std::int64_t;
using LoginSalt = FixedBytes<32, struct LoginSaltTag>;
using LoginHash = FixedBytes<32, struct LoginHashTag>;
using KeyPackageDigest = FixedBytes<32, struct KeyPackageDigestTag>;
using wire::RosterState;

struct StoredAccount {
    AccountRow row = 0;
    std::string user;
    PublicKey account_key;
    LoginSalt salt;
    LoginHash login_hash;
    Bytes vault;
    Bytes device_list; ///< Encoded; verified when it came.
    AppRow app = 0;
};

/// What a password is judged by: of one size for everybody.
struct StoredLogin {
    AccountRow account = 0;
    LoginSalt salt;
    LoginHash hash;
};

struct StoredDevice {
    DeviceRow row = 0;
    AccountRow account = 0;
    DeviceId key;
    std::string client_version;
    std::string platform;
    WallMs seen_ms = 0; ///< Of the last login, at day granularity.
};

/// One direction of a contact with what the other side thinks of it.
struct StoredContact {
    AccountRow other = 0;
    std::string user;
    PublicKey account_key;
    RosterState mine = RosterState::none;
    RosterState theirs = RosterState::none;
    Bytes device_list; ///< Only when `mine` is accepted.
};

/// What a device put there for others, or the relay for a group: counted apart.
enum class EnvelopeKind : std::uint8_t { content = 0, handshake = 1 };

struct StoredEnvelope {
    EnvelopeRow row = 0;
    AccountRow sender = 0;
    EnvelopeKind kind = EnvelopeKind::content;
    Bytes sealed;
};

/// One waiting envelope of one device.
struct StoredMail {
    std::uint64_t sequence = 0;
    DeviceId from;
    WallMs stored_ms = 0;
    wire::Envelope envelope;
    EnvelopeKind kind = EnvelopeKind::content;
};

/// What waits in a mailbox from one sender account, of one kind.
struct MailUsage {
    AccountRow sender = 0;
    EnvelopeKind kind = EnvelopeKind::content;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
};

/// Envelopes, not mailbox rows.
struct ExpiredMail {
    std::uint64_t content = 0;
    std::uint64_t handshakes = 0;
};

/// What a device has at the relay for others.
struct KeyPackageCount {
    std::uint32_t one_time = 0;
    bool last_resort = false;
};

struct StoredGroup {
    GroupRow row = 0;
    bool of_many = false;          ///< Not of two accounts: members() says of whom.
    std::uint64_t incarnation = 0; ///< 0: there never was a group.
    std::uint64_t epoch = 0;       ///< The next commit starts from it; 0: to be created anew.
    MessageId commit;              ///< That led here; zero: none.
};

/// One accepted commit of a group.
struct StoredCommit {
    std::int64_t row = 0;
    std::uint64_t incarnation = 0;
    std::uint64_t epoch = 0; ///< That it started from.
    DeviceId from;
    AccountRow account = 0; ///< Of that device, which may be gone. 0: not known.
    MessageId id;
    MessageId welcome; ///< Envelope id; zero: none.
    bool rejected = false;
    std::int64_t tree = 0; ///< Row of the tree that belongs to its GroupInfo; 0: it is in there, or no longer kept.
    WallMs put_ms = 0;     ///< When it was accepted.
    Bytes rules; ///< Of many: digest of the GroupContext's extensions after it. Kept when the GroupInfo is lost.
    bool has_info = false; ///< The GroupInfo after it is kept.
};

/// An account in a group of many, or who was.
struct StoredMember {
    AccountRow account = 0;
    std::string user;
    bool member = false;
    std::uint64_t version = 0;
    Bytes secret;
    PublicKey account_key;
    Bytes device_list;
};
struct MemberDevice {
    DeviceRow row = 0;
    DeviceId key;
    AccountRow account = 0;
};
struct StoredJoin {
    AccountRow account = 0;
    std::string user;
    PublicKey account_key;
    Bytes device_list;
    Bytes sealed;
    WallMs asked_ms = 0;
    enum class State : std::uint8_t { waits = 0, refused = 1, stale_link = 2 };
    State state = State::waits;
};
struct StoredTree {
    std::int64_t row = 0;
    std::uint32_t pieces = 0; ///< Of the whole tree.
    std::uint32_t stored = 0; ///< Of them are here.
};

/// A file's pieces (relay/core/blobs.hpp).
struct StoredBlob {
    std::int64_t row = 0;
    AccountRow account = 0;
    std::uint32_t pieces = 0; ///< Of the whole blob.
    WallMs created_ms = 0;
    AppRow app = 0; ///< Of the account; no_app: it is gone.
};

struct ExpiredBlobs {
    std::uint64_t pieces = 0;
    std::map<AccountRow, std::uint64_t> bytes; ///< As they were counted.
};

/// How far a notice has come.
struct NoticeReach {
    std::uint64_t accounts = 0;         ///< That it is for.
    std::uint64_t accounts_reached = 0; ///< With one device at least.
    std::uint64_t devices = 0;
    std::uint64_t devices_reached = 0;
};

/// What the operator has said (relay/core/notices.hpp).
struct StoredNotice {
    std::uint64_t sequence = 0; ///< Devices get them in this order; a withdrawal has a new one.
    NoticeId id;
    bool to_all = false;
    NoticeKind kind = NoticeKind::announcement;
    WallMs created_ms = 0;
    WallMs expires_ms = 0;
    bool withdrawn = false;
    std::string title;
    std::string text;
    std::string link;
    std::optional<NoticeReach> settled; ///< It is over: how far it came.
    AppRow app = no_app;                ///< To all accounts of this application; no_app: of every one.
};

/// A device that a notice is for; or an account without one.
struct NoticeRecipient {
    std::string user; ///< "user", or "user@app".
    std::optional<DeviceId> device;
    bool reached = false;
};

/// What those say who were handed a group's newest commit.
struct CommitVotes {
    std::size_t recipients = 0; ///< Whose devices still exist.
    std::size_t rejected = 0;   ///< Of these.
    std::size_t seen = 0;       ///< Of these: who rejected it, or has taken it out of the mailbox.
    /// Of these: who has seen it, has rejected neither it nor one before it, and is not (of) its committer.
    std::size_t accepted = 0;
};
/// What a device of a group has to do with one of its commits.
enum class CommitVote : std::uint8_t {
    asked = 0,
    rejected = 1,
    none = 2,     ///< In the group by it, and not asked.
    too_many = 3, ///< Rejected beyond the device's pace: counts neither way.
    /// The commit was not put for it, because there was no room. It has seen nothing, and vouches for nothing; it may
    /// reject the commit when it hears of it.
    skipped = 4
};

/// Of one account. Who is forgotten is a stranger again, and needs what strangers need.
inline constexpr std::size_t removed_devices_max = 256;

class Store : public Ledger {
public:
    /// On a file of SQLite: creates it when there is none. Errors as sqlite::Database::open. `vfs_name`: see
    /// sqlite::OpenOptions.
    [[nodiscard]] static Result<Store> open(const std::string& path, const char* vfs_name = nullptr);
    [[nodiscard]] static Result<Store> open_in_memory();
    /// On whatever is behind the port. Its tables are there (schema.hpp).
    explicit Store(std::unique_ptr<Backend> backend) : Ledger(std::move(backend)) {}

    /// ok while the database still answers. After a failed fsync it never does again: the process has to restart.
    [[nodiscard]] Result<void> alive() { return backend().alive(); }
    /// Worth trying after a failed commit; its own failure changes nothing.
    void reclaim_log()
    {
        if (!dirty()) backend().make_room();
    }

    // What only a file has. Of another backend there is nothing to look over, and `internal` to the rest: such a
    // database brings tools of its own.
    /// Looks for damage before anything is done with it. Bounded: larger than look_over_bytes_max, and the sealed bytes
    /// of envelopes are left out. Errors: storage_corrupt.
    [[nodiscard]] Result<void> look_over();
    /// A copy of the database as it is when the copy is whole, made while the relay works.
    [[nodiscard]] Result<std::unique_ptr<sqlite::OnlineCopy>> copy_to(const std::string& path);
    /// After a copy that is older than what was told was put back: what is given from now on has a number that nobody
    /// was given before.
    [[nodiscard]] Result<void> skip_numbers();

    // accounts and devices (accounts.cpp)
    [[nodiscard]] std::optional<StoredLogin> login(AppRow app, std::string_view user);
    [[nodiscard]] std::optional<StoredAccount> account(AppRow app, std::string_view user);
    /// Of the default application.
    [[nodiscard]] std::optional<StoredAccount> account(std::string_view user) { return account(AppRow{0}, user); }
    [[nodiscard]] std::optional<StoredAccount> account(AccountRow row);
    [[nodiscard]] AppRow app_of(AccountRow row);
    [[nodiscard]] bool has_accounts();
    [[nodiscard]] bool has_account_key(const PublicKey& key);
    AccountRow add_account(const StoredAccount& account, WallMs now_ms);
    [[nodiscard]] Bytes device_list(AccountRow row);
    void set_device_list(AccountRow row, const Bytes& list);
    [[nodiscard]] std::optional<StoredDevice> device(const DeviceId& key);
    [[nodiscard]] std::vector<StoredDevice> devices(AccountRow account);
    [[nodiscard]] AccountRow owner(DeviceRow row);
    DeviceRow add_device(const StoredDevice& device, WallMs now_ms);
    void update_device(const StoredDevice& device); ///< Version, platform, seen.
    void remove_device(DeviceRow row);              ///< With its mailbox, key packages and cursor.
    /// One that was in the account's list, whether it had a row or not. The newest removed_devices_max are remembered.
    void remember_removed(AccountRow account, const DeviceId& key);
    [[nodiscard]] bool was_removed(AccountRow account, const DeviceId& key);

    // contacts (contacts.cpp)
    [[nodiscard]] RosterState contact(AccountRow owner, AccountRow other);
    void set_contact(AccountRow owner, AccountRow other, RosterState state, WallMs now_ms); ///< none: removes it.
    [[nodiscard]] std::optional<StoredContact> contact_of(AccountRow owner, AccountRow other);
    /// By user name, those after `after`, at most `limit`.
    [[nodiscard]] std::vector<StoredContact> contacts(AccountRow owner, std::string_view after, std::size_t limit);
    [[nodiscard]] std::uint64_t contact_count(AccountRow owner);
    [[nodiscard]] std::uint64_t contact_count(AccountRow owner, RosterState state);
    /// Who is in its list, whatever they are to it.
    [[nodiscard]] std::vector<AccountRow> contact_rows(AccountRow owner);
    /// Those who accepted each other.
    [[nodiscard]] std::vector<AccountRow> mutual_contacts(AccountRow owner);

    // mailboxes (mailbox.cpp)
    [[nodiscard]] std::vector<MailUsage> mail_usage(DeviceRow device);
    /// The first sequence number that was never reserved.
    [[nodiscard]] std::uint64_t sequence_floor(DeviceRow device);
    void set_sequence_floor(DeviceRow device, std::uint64_t floor);
    /// This sender's envelope of this id when somebody's mailbox holds it; not what was set aside.
    [[nodiscard]] std::optional<StoredEnvelope> envelope(const DeviceId& from, const MessageId& id);
    EnvelopeRow add_envelope(const DeviceId& from, AccountRow sender, EnvelopeKind kind, const wire::Envelope& envelope,
                             WallMs now_ms);
    /// These devices keep the bytes as they are, in an envelope of their own, which envelope() does not find.
    void set_aside(EnvelopeRow envelope, const std::vector<DeviceRow>& devices);
    /// In all mailboxes that hold it.
    void replace_sealed(EnvelopeRow envelope, const Bytes& sealed);
    [[nodiscard]] std::vector<DeviceRow> holders(EnvelopeRow envelope);
    /// From all mailboxes.
    void remove_envelope(EnvelopeRow envelope);
    [[nodiscard]] std::optional<std::uint64_t> mail_sequence(DeviceRow device, EnvelopeRow envelope);
    [[nodiscard]] bool has_mail(DeviceRow device);
    void add_mail(DeviceRow device, std::uint64_t sequence, EnvelopeRow envelope);
    void renumber_mail(DeviceRow device, std::uint64_t from, std::uint64_t to);
    /// From `after` on, in order, until `take` says stop.
    void each_mail(DeviceRow device, std::uint64_t after, const std::function<bool(StoredMail&&)>& take);
    /// What was removed: the sender and the size; nullopt when there was none.
    std::optional<MailUsage> remove_mail(DeviceRow device, std::uint64_t sequence);
    /// Removes up to `limit` envelopes stored before `before_ms`; returns how many, and whose mailboxes changed.
    ExpiredMail expire_mail(WallMs before_ms, std::uint32_t limit, std::vector<DeviceRow>& touched);

    // key packages (key_packages.cpp)
    [[nodiscard]] KeyPackageCount key_package_count(DeviceRow device);
    /// Stored, or handed out not long ago (handed_out_kept).
    [[nodiscard]] bool knows_key_package(DeviceRow device, const KeyPackageDigest& digest);
    void add_key_package(DeviceRow device, const KeyPackageDigest& digest, const Bytes& package, WallMs now_ms);
    void set_last_resort(DeviceRow device, const Bytes& package, WallMs now_ms);
    /// Removes up to `limit` of each that were received before; returns how many.
    std::uint64_t expire_key_packages(WallMs before_ms, WallMs last_resorts_before_ms, std::uint32_t limit);
    /// The oldest, once; empty: none is left.
    [[nodiscard]] Bytes take_key_package(DeviceRow device);
    [[nodiscard]] Bytes last_resort(DeviceRow device);

    // groups (groups.cpp)
    [[nodiscard]] StoredGroup group(const ConversationId& conversation);
    /// `other` 0: of many.
    GroupRow add_group(const ConversationId& conversation, AccountRow one, AccountRow other, WallMs now_ms);
    /// Of a conversation of two: it is this account's.
    [[nodiscard]] bool is_of_two_with(GroupRow row, AccountRow account);
    void set_group(GroupRow row, std::uint64_t incarnation, std::uint64_t epoch, WallMs now_ms);
    void remove_group(GroupRow row);
    [[nodiscard]] std::uint64_t group_count(AccountRow account);
    /// Of this account with somebody who is no mutual contact any more: the one that was quiet for the longest.
    [[nodiscard]] GroupRow forgettable_group(AccountRow account);
    [[nodiscard]] std::optional<StoredCommit> group_commit(GroupRow group, const MessageId& id);
    /// The commit of the group's current incarnation that started from this epoch, and was not rejected.
    [[nodiscard]] std::optional<StoredCommit> group_commit(const StoredGroup& group, std::uint64_t epoch);
    /// GroupInfo after it; empty: no longer here.
    [[nodiscard]] Bytes group_info(std::int64_t commit);
    std::int64_t add_group_commit(GroupRow group, const StoredCommit& commit, const Bytes& group_info);
    void reject_group_commit(std::int64_t commit);
    /// In the device's mailbox there is a Welcome to the group that it has not taken yet.
    [[nodiscard]] bool welcome_waits(GroupRow group, DeviceRow device);
    /// Of this incarnation, not rejected, newest first.
    [[nodiscard]] std::vector<StoredCommit> standing_commits(const StoredGroup& group, std::size_t limit);
    /// Whom a commit was put for; whom it was not put for though they judge it; `others`: are in the group after it and
    /// have no vote on it. Who is in more than one of these counts as in the first.
    void set_commit_voters(GroupRow group, std::int64_t commit, const std::vector<DeviceRow>& devices,
                           const std::vector<DeviceRow>& skipped, const std::vector<DeviceRow>& others = {});
    /// All of these who are still devices of somebody.
    [[nodiscard]] std::vector<std::pair<DeviceRow, AccountRow>> commit_party(std::int64_t commit);
    /// nullopt: it was not put for this device.
    [[nodiscard]] std::optional<CommitVote> commit_vote(std::int64_t commit, DeviceRow device);
    void set_commit_vote(std::int64_t commit, DeviceRow device, CommitVote vote);
    /// The device has rejected nothing in this group: it goes on with all of it.
    void withdraw_commit_votes(GroupRow group, DeviceRow device);
    /// Has a device of it rejected the commit?
    [[nodiscard]] bool commit_rejected_by_account(std::int64_t commit, AccountRow account);
    /// Has anybody?
    [[nodiscard]] bool is_contested(std::int64_t commit);
    [[nodiscard]] bool commit_puts_out(std::int64_t commit);
    /// By device. `envelope`: of the commit; 0: nobody waits.
    [[nodiscard]] CommitVotes commit_votes(GroupRow group, const StoredCommit& commit, EnvelopeRow envelope);
    /// By account: it has rejected, or seen, what one of its devices has.
    [[nodiscard]] CommitVotes commit_votes_of_accounts(GroupRow group, const StoredCommit& commit,
                                                       EnvelopeRow envelope);
    /// Nothing before this one is gone back to any more: GroupInfos, votes and what it changed of members go. `ids`: so
    /// many of the newest stay known by their ids, and all from this one on; and those whose tree is kept.
    void forget_commits_before(GroupRow group, std::int64_t commit, std::size_t ids);

    // members of groups of many (group_members.cpp)
    /// nullopt: nobody who ever was; false: who was.
    [[nodiscard]] std::optional<bool> membership(GroupRow group, AccountRow account);
    [[nodiscard]] bool is_member(GroupRow group, AccountRow account) { return membership(group, account) == true; }
    [[nodiscard]] std::map<std::string, AccountRow> member_names(GroupRow group);
    [[nodiscard]] std::vector<AccountRow> members(GroupRow group);
    [[nodiscard]] bool has_members(GroupRow group);
    /// Of its members; no_app: nobody is in it.
    [[nodiscard]] AppRow group_app(GroupRow group);
    /// Of all members.
    [[nodiscard]] std::vector<MemberDevice> member_devices(GroupRow group);
    /// Groups that the account is in.
    [[nodiscard]] std::uint64_t membership_count(AccountRow account);
    /// Of the account: those it is in, and (false) those that it left after `gone_since_ms`.
    [[nodiscard]] std::vector<std::pair<ConversationId, bool>> memberships(AccountRow account, WallMs gone_since_ms);
    /// By a commit, the newest; 0: by none, for good. `secret` nullptr: stays as it is.
    void set_member(GroupRow group, AccountRow account, bool member, const Bytes* secret, std::int64_t commit,
                    WallMs now_ms);
    /// Another secret for somebody who stays. No news to others: the roster's version is the caller's to raise, once.
    void set_secret(GroupRow group, AccountRow account, const Bytes& secret, std::int64_t commit);
    void raise_roster_version(GroupRow group);
    /// nullopt: no member.
    [[nodiscard]] std::optional<StoredMember> member(GroupRow group, AccountRow account);
    /// All that this commit, the newest that stands, changed is as before; returns whom it had changed.
    std::vector<AccountRow> take_back_members(GroupRow group, std::int64_t commit, WallMs now_ms);
    [[nodiscard]] std::uint64_t roster_version(GroupRow group);
    /// Those of a later version, by version (no two have the same), at most `limit`.
    [[nodiscard]] std::vector<StoredMember> roster(GroupRow group, std::uint64_t after, std::size_t limit);
    /// What the members of its groups know of this account is no longer the newest.
    void touch_memberships(AccountRow account);
    [[nodiscard]] bool share_group(AccountRow a, AccountRow b);
    /// Forgets who left before, and groups in which nobody is any more since then; at most so many rows of each.
    std::uint64_t expire_members(WallMs before_ms, std::uint32_t limit);

    // who asks to join (group_joins.cpp)
    [[nodiscard]] std::optional<StoredJoin> join(GroupRow group, AccountRow account);
    void set_join(GroupRow group, AccountRow account, const Bytes& sealed, WallMs now_ms);
    void refuse_join(GroupRow group, AccountRow account, StoredJoin::State why);
    void remove_join(GroupRow group, AccountRow account);
    /// The oldest that are not refused.
    [[nodiscard]] std::vector<StoredJoin> joins(GroupRow group, std::size_t limit);
    [[nodiscard]] std::uint64_t join_count(GroupRow group);   ///< Not refused.
    [[nodiscard]] std::uint64_t joins_of(AccountRow account); ///< Refused ones too.
    /// Those of a stale link.
    void remove_stale_joins(AccountRow account);
    struct RefusedJoin {
        ConversationId conversation;
        StoredJoin::State why = StoredJoin::State::refused;
    };
    [[nodiscard]] std::vector<RefusedJoin> refused_joins(AccountRow account);
    /// `asker` waits for a group that `member` is in.
    [[nodiscard]] bool waits_for_group_of(AccountRow asker, AccountRow member);
    /// Returns the groups whose list is another now.
    std::vector<ConversationId> expire_joins(WallMs before_ms, std::uint32_t limit);

    // ratchet trees beside their GroupInfo (group_trees.cpp)
    [[nodiscard]] std::optional<StoredTree> tree(AccountRow account, const ConversationId& conversation,
                                                 const wire::TreeId& name);
    [[nodiscard]] std::optional<StoredTree> tree(std::int64_t row);
    std::int64_t add_tree(AccountRow account, const ConversationId& conversation, const wire::TreeId& name,
                          std::uint32_t pieces, WallMs now_ms);
    void add_tree_piece(std::int64_t tree, std::uint32_t piece, const Bytes& bytes);
    /// Empty: not here.
    [[nodiscard]] Bytes tree_piece(std::int64_t tree, std::uint32_t piece);
    void use_tree(std::int64_t tree);
    void remove_tree(std::int64_t tree);
    /// Of the account, that no commit has named: all but the newest `kept` go.
    void prune_unused_trees(AccountRow account, std::size_t kept);
    /// Of the group (0: it is gone): those of the newest `kept` commits stay, and those whose Welcome waits in a
    /// mailbox while all have at most `bytes_max`, newest first. Returns how many of these had to go.
    std::uint64_t prune_trees(GroupRow group, const ConversationId& conversation, std::size_t kept,
                              std::uint64_t bytes_max);
    /// Those after this one, in order.
    [[nodiscard]] std::vector<ConversationId> conversations_with_trees(const ConversationId& after,
                                                                       std::uint32_t limit);
    std::uint64_t expire_trees(WallMs before_ms, std::uint32_t limit); ///< That no commit has named.

    // blobs (blobs.cpp)
    [[nodiscard]] std::optional<StoredBlob> blob(const wire::BlobId& id);
    std::int64_t add_blob(const wire::BlobId& id, AccountRow account, std::uint32_t pieces, WallMs now_ms);
    [[nodiscard]] bool has_blob_piece(std::int64_t blob, std::uint32_t piece);
    void add_blob_piece(std::int64_t blob, std::uint32_t piece, const Bytes& sealed, std::uint64_t counted_bytes);
    /// Empty: not here.
    [[nodiscard]] Bytes blob_piece(std::int64_t blob, std::uint32_t piece);
    [[nodiscard]] std::vector<wire::PieceRange> blob_pieces(std::int64_t blob, std::size_t ranges_max);
    struct BlobUsage {
        AccountRow account = 0;
        AppRow app = 0;
        std::uint64_t bytes = 0; ///< Counted.
    };
    /// Of every account that has blobs.
    [[nodiscard]] std::vector<BlobUsage> blob_usage();
    /// Among those that are younger: expire_blobs() takes it from now on.
    void condemn_oldest_blob(WallMs living_from_ms);
    /// Likewise.
    void condemn_blob(std::int64_t blob);
    /// Removes up to so many pieces of blobs created until then, and blobs that have none left.
    ExpiredBlobs expire_blobs(WallMs before_ms, std::uint32_t pieces_max);

    // notices (notices.cpp)
    [[nodiscard]] std::optional<StoredNotice> notice(const NoticeId& id);
    /// Of the newest; 0: there is none.
    [[nodiscard]] std::uint64_t newest_notice();
    [[nodiscard]] WallMs newest_notice_ms();
    /// With the next sequence, for these accounts when it is not to all. Returns the sequence.
    std::uint64_t add_notice(const StoredNotice& notice, const std::vector<AccountRow>& accounts);
    [[nodiscard]] std::vector<AccountRow> notice_accounts(std::uint64_t sequence);
    void remove_notice(std::uint64_t sequence);
    /// By sequence, those before `before`, newest first.
    [[nodiscard]] std::vector<StoredNotice> notices(std::uint64_t before, std::size_t limit);
    /// For this account, after this sequence, not over, in order: at most `limit`. Of those to all the ones that were
    /// made after the account was.
    [[nodiscard]] std::vector<StoredNotice> notices_for(AccountRow account, std::uint64_t after, WallMs now_ms,
                                                        std::size_t limit);
    [[nodiscard]] std::uint64_t notice_cursor(DeviceRow device);
    void advance_notice_cursor(DeviceRow device, std::uint64_t up_to); ///< Never back.
    [[nodiscard]] NoticeReach notice_reach(const StoredNotice& notice);
    /// By name, those after `after`: of so many accounts.
    [[nodiscard]] std::vector<NoticeRecipient> notice_recipients(const StoredNotice& notice, std::string_view after,
                                                                 std::size_t accounts);
    /// The first that is over and not settled, or would be next.
    [[nodiscard]] std::optional<StoredNotice> next_open_notice();
    void settle_notice(std::uint64_t sequence, const NoticeReach& reach);
    /// The one that was over first, when it was before; false: there is none.
    bool remove_settled_notice(WallMs expired_before_ms);

private:
    [[nodiscard]] static Store on(sqlite::Database database);
    Store(std::unique_ptr<Backend> backend, sqlite::Database& file) : Ledger(std::move(backend)), file_(&file) {}

    using Ledger::changes;
    using Ledger::first_integer;
    using Ledger::inserted;
    using Ledger::read;
    using Ledger::read_all;
    using Ledger::read_integer;
    using Ledger::read_one;
    using Ledger::write;

    void drop_unheld_envelope(EnvelopeRow envelope);
    void note_member_change(GroupRow group, AccountRow account, std::int64_t state, std::int64_t commit);

    sqlite::Database* file_ = nullptr; ///< Of the backend, when that is a file.
};

} // namespace godwit::relay
