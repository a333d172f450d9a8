// SPDX-License-Identifier: Apache-2.0
// A member's view of one group, and everything that it can do with it. A value: copy it, drop it, serialise it.
// Whatever returns an error has left the group as it was.
//
//   Group::create / join / join_external          how a member comes to be
//   propose(...)  ->  MLSMessage bytes             our proposals are cached like everybody's
//   commit(...)   ->  bytes, Welcome, and `next`   the group does not move: when the delivery service has accepted
//                                                  the commit, the caller assigns `group = std::move(next)`, after
//                                                  next.adopt_ratchets(group) if the group was used meanwhile
//   process(bytes) -> what came                    application data, a proposal, or a commit that took effect
//   encrypt / export_secret / group_info
//
// Sent PrivateMessages take a generation of a ratchet: store the state before the bytes leave.
#pragma once

#include "lib/mls/environment.hpp"
#include "lib/mls/key_schedule.hpp"
#include "lib/mls/proposal_list.hpp"
#include "lib/mls/secret_tree.hpp"
#include "lib/mls/treekem.hpp"

#include <deque>
#include <functional>

namespace godwit::mls {

/// Epochs before the current one whose application messages can still be opened, and whose resumption PSKs are kept.
inline constexpr std::size_t past_epochs_max = 5;
/// Keys of messages that have not come, over the current and the past epochs: without it a member who skips generations
/// with many leaves, in many epochs, could make everybody keep megabytes, and write them with every message.
inline constexpr std::size_t skipped_keys_group_max = 4000;
/// Proposals waiting for a commit in one epoch, and what they may have encoded, together: they are kept, and stored.
inline constexpr std::size_t cached_proposals_max = 1024;
inline constexpr std::size_t cached_proposal_bytes_max = std::size_t{4} << 20;

/// How handshake messages leave this member.
enum class HandshakeFormat : std::uint8_t { public_message = 0, private_message = 1 };

struct GroupOptions {
    HandshakeFormat handshake = HandshakeFormat::private_message;
    /// PrivateMessage content is padded to a multiple of this many bytes; 0 or 1: no padding.
    std::uint32_t padding_multiple = 0;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.handshake, s.padding_multiple);
        io.require(s.handshake <= HandshakeFormat::private_message, MlsError::state_malformed);
    }
};

/// A proposal of this epoch that a commit may name.
struct CachedProposal {
    Bytes reference;
    std::shared_ptr<const Proposal> proposal;
    Sender sender;
    /// For our own Update: the private half of the new leaf.
    std::optional<WipedBytes> leaf_private;
    std::optional<WipedBytes> signature_private;
    /// As it is stored; `bodies_opaque` as in Proposal.
    template <class Io, class Self>
    static void tls_stored(Io& io, Self& s, bool bodies_opaque)
    {
        io(s.reference);
        if constexpr (Io::writes)
            Proposal::tls_stored(io, *s.proposal, bodies_opaque);
        else {
            Proposal proposal;
            Proposal::tls_stored(io, proposal, bodies_opaque);
            s.proposal = std::make_shared<const Proposal>(std::move(proposal));
        }
        io(s.sender, s.leaf_private, s.signature_private);
    }
};

/// What is kept of an earlier epoch, for late application messages.
struct PastEpoch {
    std::uint64_t epoch = 0;
    Bytes encoded_context;
    WipedBytes sender_data_secret;
    std::shared_ptr<const ListOf<Bytes>> signature_keys; ///< By leaf index; empty for blank leaves.
    SecretTree secret_tree;
};

/// Some ratchets of one epoch, as they are stored.
struct RatchetPart {
    std::uint64_t epoch = 0;
    PartIndex part = 0;
    WipedBytes bytes; ///< Empty: nothing is left of it.
};
struct RatchetEpoch {
    std::uint64_t epoch = 0;
    PartIndex parts = 0;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.epoch, s.parts);
    }
    friend bool operator==(const RatchetEpoch&, const RatchetEpoch&) = default;
};

struct CommitOptions {
    std::vector<Proposal> proposals; ///< By value, after the cached ones.
    bool include_cached = true;      ///< Name what was proposed this epoch, as section 12.4 wants.
    bool force_path = true;          ///< A path even where it may be omitted: heals.
    bool tree_in_welcome = true;
    std::optional<LeafNodeOptions> leaf;    ///< Change credential, capabilities or extensions.
    std::optional<SignatureKeyPair> signer; ///< Change the signature key.
    Bytes authenticated_data;
};

struct CommitOutput;
struct ExternalJoinOptions {
    LeafNodeOptions leaf;
    SignatureKeyPair signer;
    std::optional<LeafIndex> remove; ///< Our former leaf, for a resync.
    std::vector<PreSharedKeyID> psks;
    Bytes authenticated_data;
};

/// What process() made of a message.
struct Processed {
    ContentType type = ContentType::application;
    std::uint64_t epoch = 0; ///< Of the message.
    Sender sender;
    Bytes authenticated_data;
    Bytes application_data;                   ///< type application.
    Bytes proposal_ref;                       ///< type proposal.
    std::shared_ptr<const Proposal> proposal; ///< type proposal.
    std::optional<CommitSummary> commit;      ///< type commit: it has taken effect.
};

class Group {
public:
    /// Section 11. The creator is alone, in epoch 0.
    [[nodiscard]] static MlsResult<Group> create(const Environment& env, CipherSuite suite, BytesView group_id,
                                                 const LeafNodeOptions& leaf, const SignatureKeyPair& signer,
                                                 Lifetime lifetime, Extensions extensions = {},
                                                 GroupOptions options = {});
    /// Section 12.4.3.1. `tree`: where the Welcome does not carry it.
    [[nodiscard]] static MlsResult<Group> join(const Environment& env, const Welcome& welcome,
                                               const KeyPackageBundle& bundle,
                                               const std::optional<RatchetTree>& tree = {}, GroupOptions options = {});
    /// Section 12.4.3.2. The group is the state after the commit, which has to be accepted first.
    struct ExternalJoin;
    [[nodiscard]] static MlsResult<ExternalJoin> join_external(const Environment& env, const GroupInfo& info,
                                                               const ExternalJoinOptions& join,
                                                               const std::optional<RatchetTree>& tree = {},
                                                               GroupOptions options = {});

    /// An MLSMessage with the proposal, which is also cached. Update goes by propose_update().
    [[nodiscard]] MlsResult<Bytes> propose(const Environment& env, const Proposal& proposal,
                                           BytesView authenticated_data = {});
    [[nodiscard]] MlsResult<Bytes> propose_update(const Environment& env,
                                                  const std::optional<LeafNodeOptions>& leaf = {},
                                                  const std::optional<SignatureKeyPair>& signer = {},
                                                  BytesView authenticated_data = {});
    /// Only a ratchet generation moves (with private handshakes); the new epoch is in the output.
    [[nodiscard]] MlsResult<CommitOutput> commit(const Environment& env, const CommitOptions& options);

    [[nodiscard]] MlsResult<Processed> process(const Environment& env, BytesView mls_message);
    [[nodiscard]] MlsResult<Processed> process(const Environment& env, const MLSMessage& message);
    /// pending_proposals while proposals wait for a commit (section 12.4).
    [[nodiscard]] MlsResult<Bytes> encrypt(const Environment& env, BytesView application_data,
                                           BytesView authenticated_data = {});

    /// Signature key of the member that a PrivateMessage of the current or a kept epoch names as its sender. Members
    /// only could have written it; that it is true, process() says. Takes no key.
    [[nodiscard]] MlsResult<Bytes> sender_key(const PrivateMessage& message) const;
    /// For `next` of a commit of ours, once it is accepted: `before`, the group that made it, has sent and opened
    /// messages meanwhile, and what was used there stays used here. Precondition: `before` is one epoch behind.
    void adopt_ratchets(const Group& before);
    /// For a group that was joined from outside: what was sealed in `before`, an earlier epoch of the same history, and
    /// in those behind it, opens here too, unless it is too far behind. Precondition: the same group.
    void adopt_past(const Group& before);
    /// For `next` while its commit waits for an answer: the ratchets of earlier epochs go. `before` has them and goes
    /// on using them up; a copy would keep what was used. adopt_ratchets() brings back what is left then.
    void forget_past_ratchets();

    [[nodiscard]] MlsResult<WipedBytes> export_secret(std::string_view label, BytesView context,
                                                      std::size_t length_bytes) const;
    /// Signed; with the ratchet_tree and external_pub extensions as asked.
    [[nodiscard]] GroupInfo group_info(const Environment& env, bool with_tree, bool with_external_pub,
                                       Extensions extensions = {}) const;

    /// Section 11.2, step 3, after a ReInit was committed. A KeyPackage for every other member:
    /// reinit_member_missing when one was left out, reinit_member_foreign when there is somebody else.
    [[nodiscard]] MlsResult<CommitOutput> reinitialize(const Environment& env, const LeafNodeOptions& leaf,
                                                       const SignatureKeyPair& signer, Lifetime lifetime,
                                                       const std::vector<KeyPackage>& members) const;
    /// Section 11.3. Of members only: branch_member_foreign.
    [[nodiscard]] MlsResult<CommitOutput> branch(const Environment& env, BytesView group_id,
                                                 const LeafNodeOptions& leaf, const SignatureKeyPair& signer,
                                                 Lifetime lifetime, const std::vector<KeyPackage>& members) const;

    // What can be read of a group.
    [[nodiscard]] const GroupContext& context() const noexcept { return context_; }
    /// Of this epoch (RFC 9420, section 8.2): two groups that have the same one are in the same epoch of one history.
    [[nodiscard]] const Bytes& interim_transcript_hash() const noexcept { return interim_transcript_hash_; }
    [[nodiscard]] BytesView group_id() const noexcept { return context_.group_id; }
    [[nodiscard]] std::uint64_t epoch() const noexcept { return context_.epoch; }
    [[nodiscard]] CipherSuite cipher_suite() const noexcept { return context_.cipher_suite; }
    [[nodiscard]] const RatchetTree& tree() const noexcept { return *tree_; }
    [[nodiscard]] LeafIndex own_leaf() const noexcept { return private_.leaf; }
    [[nodiscard]] BytesView epoch_authenticator() const noexcept { return secrets_.epoch_authenticator; }
    [[nodiscard]] const std::vector<CachedProposal>& proposals() const noexcept { return proposals_; }
    [[nodiscard]] bool is_active() const noexcept { return !left_ && !reinit_; }
    [[nodiscard]] bool has_left() const noexcept { return left_; }
    [[nodiscard]] const std::optional<ReInit>& reinit() const noexcept { return reinit_; }
    [[nodiscard]] const GroupOptions& options() const noexcept { return options_; }
    void set_options(GroupOptions options) noexcept { options_ = options; }
    /// The GroupContext's extensions in the current epoch or a kept one; nullopt: it is not kept.
    [[nodiscard]] std::optional<Extensions> extensions_at(std::uint64_t epoch) const;
    /// nullopt: not among the current and the last past_epochs_max epochs.
    [[nodiscard]] std::optional<WipedBytes> resumption_psk(std::uint64_t epoch) const;
    [[nodiscard]] std::size_t past_epochs() const noexcept { return past_.size(); }
    [[nodiscard]] std::size_t skipped_keys(LeafIndex leaf) const { return secret_tree_.skipped_keys(leaf); }
    [[nodiscard]] std::size_t skipped_keys() const noexcept; ///< Of all senders and epochs.

    // State that survives. The epoch part and the ratchets, because they change at different times: proposals and
    // commits change the epoch part, every message sent or opened changes only ratchets.
    [[nodiscard]] WipedBytes serialize_epoch() const;
    /// All of them: for a group that is stored once.
    [[nodiscard]] WipedBytes serialize_ratchets() const;
    [[nodiscard]] static MlsResult<Group> deserialize(BytesView epoch_part, BytesView ratchets_part);

    /// Or in parts (secret_tree.hpp), so that a message writes only what it moved: those that have changed since the
    /// last call; of a group that was made, joined or deserialised from one piece, all that there are.
    [[nodiscard]] std::vector<RatchetPart> take_moved_ratchets();
    /// All of them, the next time.
    void all_ratchets_moved();
    /// Which epochs have parts, newest first. What is stored of others may go.
    [[nodiscard]] std::vector<RatchetEpoch> ratchet_epochs() const;
    /// A part that is not there is an empty one.
    using RatchetSource = std::function<std::optional<WipedBytes>(std::uint64_t epoch, PartIndex part)>;
    [[nodiscard]] static MlsResult<Group> deserialize(BytesView epoch_part, const RatchetSource& ratchets);

private:
    Group() = default;
    /// Tests forge what an insider could send; nothing else may define this.
    friend struct GroupTestAccess;

    /// A new epoch, worked out and not entered.
    struct StagedEpoch {
        GroupContext context;
        Bytes encoded_context;
        std::shared_ptr<const RatchetTree> tree;
        WipedBytes joiner_secret;
        WipedBytes psk_secret;
        DerivedEpoch derived;
        Bytes confirmation_tag;
        Bytes interim_transcript_hash;
    };
    struct EpochInputs {
        BytesView init_secret;
        BytesView commit_secret;
        WipedBytes psk_secret;
    };
    /// `context` is the provisional one; the commit's hash and signature finish it.
    static StagedEpoch stage_epoch(GroupContext context, std::shared_ptr<const RatchetTree> tree,
                                   const AuthenticatedContent& commit, BytesView interim_before, EpochInputs inputs);
    void enter_epoch(StagedEpoch staged);
    void leave_epoch();
    void leave_group();
    void limit_skipped();

    [[nodiscard]] MlsError check_active() const;
    /// proposal_cache_full where it does not fit any more.
    [[nodiscard]] MlsError check_room(const Proposal& proposal) const;
    void cache(CachedProposal cached);
    [[nodiscard]] MlsResult<Bytes> protect(const Environment& env, AuthenticatedContent& content);
    [[nodiscard]] AuthenticatedContent own_content(std::variant<Bytes, Proposal, Commit> body,
                                                   BytesView authenticated_data) const;
    [[nodiscard]] MlsResult<Bytes> cache_and_send(const Environment& env, const Proposal& proposal,
                                                  BytesView authenticated_data, CachedProposal cached);
    [[nodiscard]] std::vector<const CachedProposal*> select_cached(const Environment& env) const;
    [[nodiscard]] std::vector<const CachedProposal*> select_committable(const Environment& env,
                                                                        const std::vector<ListedProposal>& own) const;
    [[nodiscard]] MlsError check_list(const Environment& env, const std::vector<ListedProposal>& list) const;
    [[nodiscard]] CommitSummary summary_of(const AppliedProposals& applied, LeafIndex committer) const;
    [[nodiscard]] MlsResult<CommitOutput> commit_with(const Environment& env, const CommitOptions& options,
                                                      bool starting_subgroup, const Group* psk_group);
    [[nodiscard]] MlsResult<CommitOutput> start_subgroup(const Environment& env, Group fresh, ResumptionPSKUsage usage,
                                                         const std::vector<KeyPackage>& members) const;

    [[nodiscard]] MlsResult<Processed> process_public(const Environment& env, const PublicMessage& message);
    [[nodiscard]] MlsResult<Processed> process_private(const Environment& env, const PrivateMessage& message);
    [[nodiscard]] MlsResult<Processed> process_late(const PrivateMessage& message);
    [[nodiscard]] MlsResult<Processed> process_proposal(const Environment& env, const AuthenticatedContent& content);
    [[nodiscard]] MlsResult<Processed> process_commit(const Environment& env, const AuthenticatedContent& content,
                                                      std::optional<SecretTree::Peek> peek);
    [[nodiscard]] MlsResult<Bytes> signature_key_of(const Environment& env, const FramedContent& content) const;
    [[nodiscard]] MlsResult<std::vector<ResolvedPsk>> resolve_psks(const Environment& env,
                                                                   const std::vector<PreSharedKeyID>& ids) const;

    template <class Io, class Self>
    static void tls_epoch(Io& io, Self& s);
    template <class Io, class Self>
    static void tls_ratchets(Io& io, Self& s);
    /// Without ratchets yet.
    [[nodiscard]] static MlsResult<Group> deserialize_epoch(BytesView epoch_part);
    [[nodiscard]] MlsError check_deserialized();
    /// The trees that have ratchets, with their epochs, newest first.
    template <class Self, class Each>
    static void for_each_tree(Self& self, Each&& each);

    GroupOptions options_;
    GroupContext context_;
    Bytes encoded_context_; ///< encode(context_), used by every signature.
    std::shared_ptr<const RatchetTree> tree_;
    Bytes interim_transcript_hash_;
    Bytes confirmation_tag_;
    EpochSecrets secrets_;
    SecretTree secret_tree_;
    TreePrivate private_;
    SignatureKeyPair signer_;
    std::vector<CachedProposal> proposals_;
    std::size_t proposal_bytes_ = 0;                                   ///< Of all of them, encoded.
    std::deque<PastEpoch> past_;                                       ///< Newest first.
    std::deque<std::pair<std::uint64_t, WipedBytes>> resumption_psks_; ///< Newest first, the current epoch's included.
    std::optional<ReInit> reinit_;
    bool left_ = false;
};

struct CommitOutput {
    Bytes commit;                 ///< MLSMessage, for the members. Empty for the start of a subgroup.
    std::optional<Bytes> welcome; ///< MLSMessage, for all new members; only once the commit is accepted.
    Group next;                   ///< The group after the commit.
};

struct Group::ExternalJoin {
    Bytes commit; ///< MLSMessage, for the members.
    Group group;
};

/// The GroupInfo in a Welcome, opened and not judged: which tree it lacks. Without PSKs of `env` only.
[[nodiscard]] MlsResult<GroupInfo> read_welcome(const Environment& env, const Welcome& welcome,
                                                const KeyPackageBundle& bundle);

/// PSKs by their ids: external ones from `env.psks`, resumption ones from `own` (may be null) and `env.groups`.
[[nodiscard]] MlsResult<std::vector<ResolvedPsk>> resolve_psk_list(const Environment& env, const Group* own,
                                                                   const std::vector<PreSharedKeyID>& ids);
/// Section 12.4.3: a joiner takes part in no other group of this id.
[[nodiscard]] bool is_group_id_in_use(const Environment& env, BytesView group_id);
/// Sections 11.2 and 11.3, for who starts such a group and who joins it: all old members are in a reinitialised group
/// (reinit_member_missing) and nobody else (reinit_member_foreign), only old members in a branch
/// (branch_member_foreign).
[[nodiscard]] MlsError check_subgroup_members(ResumptionPSKUsage usage, const RatchetTree& old,
                                              const RatchetTree& fresh, const AuthenticationService& authentication);
/// The credentials of all members, asked about.
[[nodiscard]] MlsError check_tree_credentials(const RatchetTree& tree, const AuthenticationService& authentication);
/// "Verify that none of the public keys in the UpdatePath appear in any node of the new ratchet tree."
[[nodiscard]] MlsError check_path_keys(const RatchetTree& tree, const UpdatePath& path);

/// A PublicMessage of a sender outside the group (section 12.1.8): an Add of ourselves, or, when provisioned in
/// external_senders, any allowed proposal.
[[nodiscard]] MlsResult<Bytes> external_proposal(BytesView group_id, std::uint64_t epoch, const Proposal& proposal,
                                                 Sender sender, const SignatureKeyPair& signer,
                                                 BytesView authenticated_data = {});

} // namespace godwit::mls
