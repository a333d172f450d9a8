// SPDX-License-Identifier: Apache-2.0
// seal: content in, one sealed envelope out, and back. The only door to end-to-end encryption: every conversation is an
// MLS group (RFC 9420, lib/mls) whose leaves are devices, and what is sealed is a PrivateMessage of it.
//
//   key_packages.hpp  what others need to add this device while it is away
//   membership.hpp    which leaves a conversation may have: accounts in the GroupContext, certificates as credentials
//   policy.hpp        of a group of many: who is in it and may do what; group_secret.hpp what only they read of it
//   groups.hpp        all groups of this device: seal, open, commit, join, recover (this file)
//   link_grant.hpp    an account's secret, for a device that it is linked with
//
// State lives in the store under "mls/…" and commits in the caller's transaction, together with the outbox row or the
// dedupe mark it belongs to. In memory a group may run ahead of the store until flush(); when the transaction fails the
// whole object is thrown away and made anew, so a generation that was not stored was never used, and one that was
// stored is never used again. Nothing here speaks: the engine carries what comes out to peers and to the relay.
//
//   conversation, incarnation   one conversation has one group at a time; when a group is lost beyond repair the next
//                               one is its next incarnation. MLS group_id = conversation (16) ‖ incarnation (8, BE)
//   version                     (incarnation, epoch), ordered
#pragma once

#include <godwit/ids.hpp>
#include <godwit/result.hpp>

#include "lib/base/wiping.hpp"
#include "lib/identity/device_list.hpp"
#include "lib/port/entropy.hpp"
#include "lib/port/store.hpp"
#include "lib/seal/policy.hpp"
#include "lib/wire/frames.hpp"

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace godwit::seal {

/// What the sealed bytes are for: in the authenticated data with the message id, so one kind never passes for another.
enum class Purpose : std::uint8_t {
    content = 1, ///< Messages: stored, retransmitted.
    control = 2, ///< Receipts and Unopened that go by the mailbox.
    signal = 3,  ///< ICE signalling: forwarded, never stored.
};

/// This device. The seed is copied into guarded memory.
struct DeviceKeys {
    DeviceId device;
    WipingBytes device_seed; ///< Ed25519 seed, 32 bytes: the MLS signature key.
    Bytes certificate;       ///< Encoded wire::DeviceCertificate: the MLS credential.
};

/// One account of a conversation, as far as its signed device list is known here.
struct Party {
    std::string user;
    PublicKey account_key;
    std::vector<DeviceId> devices; ///< All of the list; for the own account with this device.
};
/// What a group shall be, when it is made or changed.
struct GroupPlan {
    Policy policy;
    std::vector<wire::relay::GroupNewcomer> joined; ///< Accounts that it takes in, for the relay.
};
/// Who belongs into a conversation. The own account first; alone: the conversation of its own devices. Of a group the
/// accounts in its policy whose device lists are known.
struct Circle {
    ConversationId conversation;
    std::vector<Party> parties;
    bool many = false;               ///< A group of many, with a policy; its parties are those that are known.
    std::optional<GroupPlan> plan{}; ///< Of one that is to be made, or to become another.
};

struct Version {
    std::uint64_t incarnation = 0;
    std::uint64_t epoch = 0;
    friend auto operator<=>(const Version&, const Version&) = default;
};

struct Sealed {
    Bytes bytes;
    Version version;
    bool update = false; ///< Needs::update is set by this one.
};

/// What is readable from outside of something sealed.
struct Label {
    /// commit: any handshake message; commit() says whether it is one.
    enum class Kind : std::uint8_t { message, commit, welcome } kind = Kind::message;
    ConversationId conversation;        ///< Zero for a Welcome.
    Version version;                    ///< The epoch it was sent in; zero for a Welcome.
    Purpose purpose = Purpose::content; ///< Of a message, as it claims.
};
/// nullopt: not something that this room makes.
[[nodiscard]] std::optional<Label> read_label(BytesView sealed);

struct Opened {
    enum class Verdict : std::uint8_t {
        opened,
        ahead,    ///< Of an epoch that we have not entered, or of a group that we are not in (yet): try again later.
        behind,   ///< Of an epoch whose keys are gone, or that we never had: only a new sealing helps.
        repeated, ///< Its generation was opened before, or is so far back that its key was dropped: the id tells.
        departed, ///< Of a device that was in the group in that epoch, and is in it no more: it is not heard.
        forged,   ///< Everything else, deliberately not told apart.
    } verdict = Verdict::forged;
    ConversationId conversation;
    Bytes content; ///< Only when opened, as the next.
    wire::DeviceCertificate sender;
    Version version;
    std::shared_ptr<const Policy> policy{}; ///< Of a group: in the epoch that it was sealed in.
};

/// What a conversation's group lacks.
struct Needs {
    bool group = false;            ///< There is none here.
    std::vector<DeviceId> missing; ///< In the lists, not in the group.
    std::vector<DeviceId> surplus; ///< In the group, not in the lists: nothing may be sealed before they are out.
    bool update = false;           ///< Our leaf has been used for long: a commit with a fresh path heals.
    [[nodiscard]] bool any() const { return group || update || !missing.empty() || !surplus.empty(); }
};
/// When Needs::update is set: RFC 9420 section 16.6 wants it regularly.
inline constexpr std::int64_t update_after_ms = 7LL * 24 * 3600 * 1000;
inline constexpr std::uint32_t update_after_messages = 1'000;

/// So long the keys of a group are kept after a commit has put this device out of it: as long as they may live in a
/// group that goes on.
inline constexpr std::int64_t departure_kept_ms = update_after_ms;

/// So long a GroupInfo of raised roles is not joined by, unless who could raise them has signed it: by then their
/// device has committed, if it is there at all.
inline constexpr std::int64_t doubt_kept_ms = update_after_ms;

/// The relay takes back so many commits in a row at most (open_commits_max and open_of_owner_more of
/// relay/core/groups.hpp): further back than that nobody follows it.
inline constexpr std::uint64_t taken_back_max = 40;

/// A commit on its way to the Delivery Service. Stored until the answer is known; the same again after a crash.
struct Outgoing {
    ConversationId conversation;
    Version from;          ///< The epoch it starts from; epoch 0 creates.
    bool external = false; ///< We join by it.
    MessageId id;          ///< Of its envelope.
    Bytes commit;
    std::vector<DeviceId> recipients; ///< Members before, without us.
    std::vector<DeviceId> newcomers;
    Bytes welcome; ///< Empty: no newcomers.
    Bytes group_info;
    // Of a group:
    std::vector<std::string> members{};               ///< Accounts after it.
    std::vector<wire::relay::GroupNewcomer> joined{}; ///< As in the plan.
    Bytes tree{}; ///< Where it does not fit the GroupInfo and the Welcome, encoded; it goes to the relay before.
    /// Of a join, not stored: what the GroupInfo shows that its signer may not have done (policy::doubt).
    std::string unproven{};
};

/// What a commit that took effect has done: the members now against those of the group that was here before, if any.
struct Changes {
    ConversationId conversation;
    Version version;                            ///< Now.
    std::vector<wire::DeviceCertificate> added; ///< As the next without this device.
    std::vector<wire::DeviceCertificate> removed;
    DeviceId committer;        ///< Zero for a Welcome.
    DeviceId welcomed_by{};    ///< Of a group of many: who made the Welcome and signed what it says.
    bool self_removed = false; ///< We are out; by somebody else's commit, that can be taken back.
    std::shared_ptr<const Policy> policy_before{}; ///< Of a group, as the next. nullptr: there was none here.
    std::shared_ptr<const Policy> policy{};        ///< Also of one that we are out of, when it could be read.
    PublicKey committer_account{};                 ///< Of two, zero for a Welcome.
};

struct CommitOutcome {
    enum class Verdict : std::uint8_t {
        applied,
        known,    ///< Of an epoch that we have left, and it is the commit by which we left it.
        rival,    ///< Of an epoch that we have left by another commit: one of the two branches is dead.
        ahead,    ///< Of an epoch that we have not entered.
        rejected, ///< It is for us, and it is not valid: report it.
        replayed, ///< Of an epoch that we have left, in an envelope that it was not made for.
        revived,  ///< It put us out, and was taken back: the relay takes no commit twice.
        instead,  ///< We are out by a commit of this epoch, and this is another one: take_instead() when the relay
                  ///< stands by it.
        foreign,  ///< Of a group that we are not in, or of an older incarnation.
    } verdict = Verdict::foreign;
    Version from;
    Changes changes;             ///< When applied.
    std::uint32_t mls_error = 0; ///< When rejected: mls::MlsError.
    std::string detail;          ///< Its name.
};

/// Which accounts belong into a conversation of ours, for judging groups that others made.
class Directory {
public:
    virtual ~Directory() = default;
    /// nullopt: no conversation of ours, or one with somebody to whom we do not talk.
    [[nodiscard]] virtual std::optional<Circle> circle_of(const ConversationId& conversation) const = 0;
    /// A Welcome to a group of this policy, which this account is in, made by `by`: may it be followed? When a contact
    /// takes us in, or we have asked, or an own device did.
    [[nodiscard]] virtual bool follows(const ConversationId& conversation, const Policy& policy,
                                       const wire::DeviceCertificate& by) const
    {
        static_cast<void>(conversation), static_cast<void>(policy), static_cast<void>(by);
        return false;
    }
    /// The newest signed device list of an account, encoded, to show that a device is not in it; empty: none is known.
    [[nodiscard]] virtual Bytes device_list_of(const PublicKey& account) const
    {
        static_cast<void>(account);
        return {};
    }
};

class Groups {
public:
    /// All borrowed for life.
    Groups(DeviceKeys keys, port::Store& store, port::Entropy& entropy, const Directory& directory);
    ~Groups();
    Groups(const Groups&) = delete;
    Groups& operator=(const Groups&) = delete;

    /// Writes what has changed since the last flush: at the end of every tick, before the commit.
    void flush();
    /// The device is withdrawn: everything under "mls/…" goes. No Groups of this store may live on.
    static void forget_all(port::Store& store);

    // ---- sealing ----

    /// Sealing is possible now: a group, without surplus devices.
    [[nodiscard]] bool ready(const Circle& circle);
    /// A PrivateMessage of the current epoch for all members. Errors: not_connected (not ready), message_too_large.
    [[nodiscard]] Result<Sealed> seal(const Circle& circle, Purpose purpose, const MessageId& id, BytesView content);
    /// `device` can open what was sealed at `version`: it was a member then, and the keys are not about to go.
    [[nodiscard]] bool can_open(const ConversationId& conversation, const DeviceId& device, Version version);
    /// `device` has a leaf in the current epoch.
    [[nodiscard]] bool is_member(const ConversationId& conversation, const DeviceId& device);

    /// `from`: whom the link or the relay names; the leaf must be theirs. `purpose` and `id` must be the bound ones.
    [[nodiscard]] Opened open(Purpose purpose, const MessageId& id, const DeviceId& from, BytesView sealed);

    /// What every member of the current epoch exports under this label and context (RFC 9420 section 8.5).
    struct Exported {
        Version version;
        WipingBytes secret;
        std::uint32_t leaves = 0;
        std::uint32_t own_leaf = 0;
    };
    /// nullopt: not ready.
    [[nodiscard]] std::optional<Exported> export_secret(const Circle& circle, std::string_view label, BytesView context,
                                                        std::size_t length_bytes);

    // ---- epochs ----

    [[nodiscard]] std::optional<Version> version(const ConversationId& conversation);
    /// For comparing with a peer: equal versions must have equal authenticators.
    [[nodiscard]] std::optional<wire::peer::GroupHead> head(const ConversationId& conversation);
    [[nodiscard]] std::vector<wire::DeviceCertificate> members(const ConversationId& conversation);
    [[nodiscard]] Needs needs(const Circle& circle, WallMs now_ms);

    /// The first commit of a group of this incarnation, or of a later one when the group that was here last had it: all
    /// devices of the circle for which `packages` (MLSMessages with KeyPackages, by device) has a good one, as far as
    /// they fit one commit. Bad ones are named in `bad`. Errors: conflict (one is pending, or a group of this
    /// incarnation is here), quota_exceeded, internal.
    [[nodiscard]] Result<Outgoing> create(const Circle& circle, std::uint64_t incarnation,
                                          const std::map<DeviceId, Bytes>& packages, std::vector<DeviceId>& bad,
                                          WallMs now_ms);
    /// Adds who is missing and has a package, removes surplus, and always brings a fresh path. Errors: conflict (one is
    /// pending), not_connected (no group), quota_exceeded.
    [[nodiscard]] Result<Outgoing> change(const Circle& circle, const std::map<DeviceId, Bytes>& packages,
                                          std::vector<DeviceId>& bad, WallMs now_ms);
    /// An external commit into the group that `group_info` (MLSMessage) describes; takes the place of our old leaf if
    /// it has one, and of our state when it is accepted. Errors: conflict (one is pending), authentication_failed (also
    /// for one of an older incarnation, or further back than taken_back_max), not_allowed (it raises somebody, and who
    /// signed it may not; after doubt_kept_ms it is followed, and said so), malformed, quota_exceeded. What is hearsay
    /// says neither how old it may be nor who may do what in it.
    /// `tree`: of that epoch, encoded, where the GroupInfo lacks it.
    [[nodiscard]] Result<Outgoing> rejoin(const Circle& circle, BytesView group_info, Version at_relay, WallMs now_ms,
                                          BytesView tree = {});
    /// The stored one whose answer is not known, by all conversations.
    [[nodiscard]] std::vector<Outgoing> pending();
    [[nodiscard]] bool is_pending(const ConversationId& conversation);
    /// The Delivery Service took it: we enter its epoch.
    [[nodiscard]] Result<Changes> accepted(const ConversationId& conversation, WallMs now_ms);
    /// It did not.
    void refused(const ConversationId& conversation);

    /// A commit of somebody else; `id` of its envelope. A pending one of ours from the same epoch has lost and goes.
    [[nodiscard]] CommitOutcome commit(const MessageId& id, const DeviceId& from, BytesView sealed, WallMs now_ms);
    /// Takes a newer incarnation's place of an older one; a Welcome to the incarnation that we are in is refused.
    /// Errors: authentication_failed, malformed, conflict (not newer, or the same again), not_a_contact (no
    /// conversation of ours), quota_exceeded.
    [[nodiscard]] Result<Changes> welcome(BytesView sealed, WallMs now_ms, BytesView tree = {});
    /// A Welcome for this device whose GroupInfo lacks the tree: of which epoch it has to come. Spends nothing.
    [[nodiscard]] std::optional<std::pair<ConversationId, Version>> wants_tree(BytesView welcome, WallMs now_ms);
    /// Of the group of many that is here; nullptr: none is.
    [[nodiscard]] std::shared_ptr<const Policy> policy(const ConversationId& conversation);
    /// Envelope id of the commit by which we entered the current epoch; nullopt when that was by a Welcome.
    [[nodiscard]] std::optional<MessageId> entered_by(const ConversationId& conversation);
    /// A group of many is here by a Welcome, and nothing but its maker has vouched for it: no commit has been followed
    /// in it, and it was not held against what the relay has. Its policy bars the way into no other group.
    [[nodiscard]] bool is_hearsay(const ConversationId& conversation);
    /// It is the group that the relay has: `commit` (an envelope's id) has led there, as entered_by() says from now on.
    void prove(const ConversationId& conversation, const MessageId& commit);
    /// What the relay shows of the epoch that we are in, when it is not so.
    struct FalseInfo {
        std::string what;           ///< Instead of what members have, in words.
        bool rules = false;         ///< Other extensions: the relay judges by them.
        bool context = false;       ///< Another GroupContext: it is another group than the one here.
        std::optional<DeviceId> by; ///< The member who signed it; nullopt: none did.
    };
    /// `group_info`: an MLSMessage. nullopt: it is that of our epoch (the tree beside it is not looked at), or no group
    /// is here.
    [[nodiscard]] std::optional<FalseInfo> false_info(const ConversationId& conversation, BytesView group_info);
    /// The group is given up, with its keys (history stays): by the user, or for another one. The next one has a higher
    /// incarnation; one of many has none, it can only be entered in a later epoch.
    void abandon(const ConversationId& conversation);

    // ---- put out ----
    //
    // Who is removed by a commit cannot verify all of it (RFC 9420 section 12.4.2), and the relay may take it back when
    // the others refuse it. So the group of before is kept, and does nothing, until
    //   taken back  the relay says so (come_back), or that another commit, which is valid, has its place (take_instead)
    //   final       another group, or a later epoch of it, is entered here; or departure_kept_ms have passed

    struct PutOut {
        Version from; ///< The epoch that is kept.
        MessageId commit;
        DeviceId committer;
    };
    /// nullopt: not put out, or that is final.
    [[nodiscard]] std::optional<PutOut> put_out(const ConversationId& conversation);
    /// The relay's group stands at `at_relay`, where `commit` led: with that being the epoch which a commit put us out
    /// of, we go on in it. Errors: conflict (no, or we came there by another commit).
    [[nodiscard]] Result<Changes> come_back(const ConversationId& conversation, Version at_relay,
                                            const MessageId& commit);
    /// A commit that came while we were out (Verdict::instead), where the relay, asked, says that it stands.
    [[nodiscard]] CommitOutcome take_instead(const MessageId& id, const DeviceId& from, BytesView sealed,
                                             WallMs now_ms);
    /// Deletes what has been kept for departure_kept_ms. Now and then. False: nothing is kept any more.
    bool expire_departures(WallMs now_ms);

    // ---- key packages ----

    /// Fresh one-time packages, wire::key_packages_max at most, their private halves stored. As MLSMessages.
    [[nodiscard]] std::vector<Bytes> make_key_packages(std::size_t count, WallMs now_ms);
    [[nodiscard]] Bytes make_last_resort(WallMs now_ms);
    /// The last resort is due for a new one, and private halves that have expired are deleted.
    [[nodiscard]] bool last_resort_is_old(WallMs now_ms);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace godwit::seal
