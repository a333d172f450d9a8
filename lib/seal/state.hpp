// SPDX-License-Identifier: Apache-2.0
// Private to seal: what stands behind Groups. Its members are implemented by journey:
//
//   state.cpp     loading and storing conversations        sealing.cpp   seal, open
//   prepare.cpp   create, change, rejoin                    commits.cpp   accepted, refused, commit, welcome, abandon
//   departures.cpp   put out, and back where the commit that did it is taken back
#pragma once

#include "lib/crypto/secret.hpp"
#include "lib/mls/group.hpp"
#include "lib/seal/key_packages.hpp"
#include "lib/seal/label.hpp"
#include "lib/seal/membership.hpp"
#include "lib/seal/record.hpp"

#include <set>

namespace godwit::seal {

/// Conversations in memory; the rest waits in the store.
inline constexpr std::size_t loaded_max = 256;

struct Conversation {
    explicit Conversation(const ConversationId& name);

    ConversationId id;
    About about;
    std::optional<mls::Group> group;
    std::optional<mls::Group> kept; ///< While there is a Departure: the group of before it, and no other.
    std::uint32_t sent = 0;         ///< Since our leaf got its keys.
    bool epoch_dirty = false;
    bool ratchets_dirty = false;
    bool about_dirty = false;
    bool replaced = false;     ///< The group came from elsewhere: what is stored of the one before does not lead to it.
    Ratchets stored_ratchets;  ///< As the store has it.
    std::uint64_t touched = 0; ///< For evicting the one that has not been needed for longest.
    LongValue epoch_value;
    LongValue ratchets_value;
    LongValue about_value;
    // Of the epoch that it is of; see State::policy_of().
    std::shared_ptr<const Policy> policy;
    std::optional<Version> policy_at;

    /// What the store has of it; nullptr: nothing.
    [[nodiscard]] mls::Group* stored() { return group ? &*group : kept ? &*kept : nullptr; }
    [[nodiscard]] bool dirty() const { return epoch_dirty || ratchets_dirty || about_dirty; }
    /// Precondition: a group.
    [[nodiscard]] Version version() const;
    /// Another group, or another state of it: of the same version it may have another policy, where a commit was taken
    /// back.
    void take(mls::Group&& other)
    {
        group = std::move(other);
        policy_at.reset();
    }
    /// It is of the very epoch that this device has made its last join from outside of.
    [[nodiscard]] bool has_joined_from(const mls::Group& other) const
    {
        return about.joined && about.joined->from.epoch == other.epoch() &&
               about.joined->transcript == other.interim_transcript_hash();
    }
    void touch_all() { epoch_dirty = ratchets_dirty = about_dirty = true; }
};

/// How far the incarnation of a group that is not known here may lie beyond the one that is. Each is one more group
/// that took the place of a lost one: there are few, and the relay takes any that is up to 2^32 later than what it has.
/// What others name must not lead further than it follows.
inline constexpr std::uint64_t incarnation_step_max = std::uint64_t{1} << 20;
inline constexpr std::uint64_t first_incarnation_max = std::uint64_t{1} << 31;
/// nullptr: nothing is known of the conversation.
[[nodiscard]] bool is_plausible(std::uint64_t incarnation, const Conversation* known);

struct Groups::State {
    State(DeviceKeys keys, port::Store& store, port::Entropy& entropy, const Directory& directory);

    // state.cpp
    /// nullptr: never had a group here. Valid until the next call.
    Conversation* find(const ConversationId& id);
    /// The same, only when there is a group.
    Conversation* find_group(const ConversationId& id);
    /// As find(), or a new one without a group; nullptr: conversations_max.
    Conversation* make(const ConversationId& id);
    /// Of its group, when that is one of many; else nullptr.
    [[nodiscard]] const std::shared_ptr<const Policy>& policy_of(Conversation& conversation);
    /// Precondition: a group.
    [[nodiscard]] bool is_hearsay(Conversation& conversation);
    void save(Conversation& conversation);
    void save_ratchets(Conversation& conversation);
    void evict();
    [[nodiscard]] mls::Environment environment(const mls::AuthenticationService& service, WallMs now_ms) const;
    [[nodiscard]] mls::SignatureKeyPair signer() const;
    [[nodiscard]] std::optional<Pending> load_pending(const ConversationId& id);
    void drop_pending(const ConversationId& id);
    void write_pending_list();
    void write_index();
    void write_departed_list();

    // departures.cpp
    /// A commit puts us out of its group: that is kept.
    [[nodiscard]] Changes put_out(Conversation& conversation, const MessageId& commit, const DeviceId& committer,
                                  WallMs now_ms);
    /// The kept group is the group again.
    void take_up(Conversation& conversation);
    /// It goes, with its keys; where we are, or stay out, is another matter.
    void drop_departure(Conversation& conversation);
    /// A commit while we are out: changes nothing.
    [[nodiscard]] static CommitOutcome look_while_out(const Conversation& conversation, const MessageId& id,
                                                      Version version);
    void remember_taken_back(Conversation& conversation);

    // prepare.cpp
    [[nodiscard]] Result<Outgoing> keep(Outgoing outgoing, mls::Group next);
    struct Additions {
        std::vector<mls::Proposal> proposals;
        std::vector<DeviceId> devices;
    };
    /// Into `out`: who is in the group after it, for the relay; and the tree, where it does not fit.
    void describe(Outgoing& out, const mls::Group& next, const Policy& policy, const Circle& circle,
                  const mls::Environment& environment, bool beside) const;
    [[nodiscard]] Additions additions(const Circle& circle, const Members& present, const Policy* policy,
                                      const mls::Extensions& extensions, const std::map<DeviceId, Bytes>& packages,
                                      std::vector<DeviceId>& bad, WallMs now_ms) const;
    /// That the GroupInfo at the relay is not what somebody of before could have made it.
    [[nodiscard]] static bool has_doubted_for_long(Conversation& conversation, WallMs now_ms);
    [[nodiscard]] MessageId fresh_id();

    // commits.cpp
    /// The group is in a new epoch: what has changed against `before`. `joined`: our leaf is new in it, what was known
    /// of the others does not count.
    [[nodiscard]] Changes entered(Conversation& conversation, const Members& before, bool joined,
                                  const std::optional<MessageId>& commit);
    void drop_overtaken(const Conversation& conversation);
    /// A Welcome to a group of many. Errors: authentication_failed, not_a_contact.
    [[nodiscard]] Result<void> judge_welcome(const GroupName& name, const mls::Group& group, const Policy& policy,
                                             mls::LeafIndex maker) const;
    /// We are out of its group, from `from` on.
    [[nodiscard]] Changes left(Conversation& conversation, Version from, const DeviceId& committer);
    [[nodiscard]] CommitOutcome apply(Conversation& conversation, const MessageId& id, const DeviceId& from,
                                      BytesView sealed, WallMs now_ms);

    DeviceId device;
    crypto::SecretBytes seed;
    Bytes certificate;
    PublicKey account_key;
    port::Store& store;
    port::Entropy& entropy;
    const Directory& directory;
    KeyPackageShelf shelf;

    std::set<ConversationId> known;
    std::set<ConversationId> pending;
    std::set<ConversationId> departed;
    std::map<ConversationId, std::unique_ptr<Conversation>> loaded;
    std::uint64_t clock = 0; ///< Counts uses.
};

[[nodiscard]] inline Error conflict(std::string detail)
{
    return Error{ErrorCode::conflict, std::move(detail), 0};
}
[[nodiscard]] inline Error unauthentic(std::string detail)
{
    return Error{ErrorCode::authentication_failed, std::move(detail), 0};
}

/// Leaves that the lists of `circle` do not have; of many: whose account is not in one of the policies (nullptr: none),
/// or has withdrawn them, as its signed list shows.
[[nodiscard]] std::vector<DeviceId> surplus_of(const mls::Group& group, const Circle& circle, const Policy* now,
                                               const Policy* next, const Directory& directory);

} // namespace godwit::seal
