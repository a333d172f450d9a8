// SPDX-License-Identifier: Apache-2.0
// What a group asks of the world around it while it works: randomness, the time, PSKs, and judgements that the RFC
// leaves to the application.
#pragma once

#include "lib/mls/framing.hpp"

#include <span>

namespace godwit::mls {

class Group;

/// A leaf that a commit changes: what it held and what it holds.
struct LeafChange {
    LeafIndex leaf = 0; ///< Of a removed one in the old tree, else in the new one.
    LeafNodePtr before; ///< nullptr: nobody.
    LeafNodePtr after;  ///< nullptr: nobody.
    Sender proposer;    ///< The committer, for what it proposed by value.
};

/// What a commit does, told before it takes effect and again after.
struct CommitSummary {
    LeafIndex committer = 0; ///< In the new tree.
    bool external = false;   ///< The committer joined by this commit.
    bool self_removed = false;
    bool extensions_changed = false;
    Extensions extensions;           ///< Of the GroupContext, afterwards.
    std::vector<LeafChange> added;   ///< External committer not included.
    std::vector<LeafChange> removed; ///< A resync's former leaf included.
    std::vector<LeafChange> updated; ///< By Update proposals.
    /// By the path; `before` is nullptr for who joins, and the former leaf for a resync. nullopt: no path, or, while a
    /// committer is choosing proposals, none yet.
    std::optional<LeafChange> path;
    std::vector<PreSharedKeyID> psks;
    std::optional<ReInit> reinit;
    std::vector<CustomProposal> custom;
};

/// The Authentication Service (RFC 9420 section 5.3.1) and the application's own rules (section 12.2). Called while
/// a message is judged; must not call back into the group. Nothing has changed yet when it says no.
class AuthenticationService {
public:
    virtual ~AuthenticationService() = default;
    /// Does this credential speak for this signature key? Not asked about x509 credentials.
    [[nodiscard]] virtual bool is_valid(const Credential& credential, BytesView signature_key) const = 0;
    /// The same of an x509 credential: is this chain (DER, the end entity's first; it may lack what peers have anyway)
    /// to be believed now? That the first certificate is for this key has been checked. Nobody's is, unless the
    /// application says so: paths, dates, names and revocation (RFC 5280 section 6) are all its own.
    [[nodiscard]] virtual bool is_valid_chain(const std::vector<Bytes>& certificates, BytesView signature_key) const
    {
        static_cast<void>(certificates);
        static_cast<void>(signature_key);
        return false;
    }
    /// May `fresh` take the place of `old` in one leaf?
    [[nodiscard]] virtual bool is_successor(const Credential& old, const Credential& fresh) const
    {
        return old == fresh;
    }
    /// Do both present the same client? Used when groups are reinitialised or branched.
    [[nodiscard]] virtual bool is_same_client(const Credential& a, const Credential& b) const { return a == b; }
    /// Which client a leaf stands for (section 12.2): no client is added twice, or beside itself. Any bytes; equal ones
    /// are one client. That signature keys are distinct is checked besides.
    [[nodiscard]] virtual Bytes client_of(const LeafNode& leaf) const { return leaf.signature_key; }
    /// May `add`, which a client outside of the group proposes for itself (new_member_proposal, section 12.1.8), wait
    /// for a commit? Its credential has been judged. Nobody, unless the application says so: whoever knows group_id and
    /// epoch can make one.
    [[nodiscard]] virtual bool accepts_newcomer(const Group& group, const Add& add) const
    {
        static_cast<void>(group);
        static_cast<void>(add);
        return false;
    }
    /// Of a custom proposal type, what the registry of section 17.4 says of the others: does a commit with it need a
    /// path, may it come from an external sender?
    [[nodiscard]] virtual bool is_path_required(ProposalType type) const
    {
        static_cast<void>(type);
        return true;
    }
    [[nodiscard]] virtual bool is_external_allowed(ProposalType type) const
    {
        static_cast<void>(type);
        return false;
    }
    /// Roles and other rules about a whole commit, with every leaf that comes, goes or changes; credentials have been
    /// judged by then. `before` is the group as it was.
    [[nodiscard]] virtual bool allows(const Group& before, const CommitSummary& commit) const
    {
        static_cast<void>(before);
        static_cast<void>(commit);
        return true;
    }
};

/// Asks about a credential of whatever type. False for an x509 one whose chain does not decode.
[[nodiscard]] bool is_believed(const AuthenticationService& service, const Credential& credential,
                               BytesView signature_key);

/// External PSKs by their id; nullopt: not known here.
class PskSource {
public:
    virtual ~PskSource() = default;
    [[nodiscard]] virtual std::optional<WipedBytes> external_psk(BytesView psk_id) const = 0;
};

/// Borrowed for one call.
struct Environment {
    port::Entropy& entropy;
    const AuthenticationService& authentication;
    WallMs now_ms = 0;
    const PskSource* psks = nullptr;
    /// The client's other groups: their ids are taken, their resumption PSKs can be used.
    std::span<const Group* const> groups = {};
    LifetimePolicy lifetimes = {};
    /// The application's own proposal types, for process() of bytes and of PrivateMessages; who decodes a PublicMessage
    /// itself gives them to decode(). nullptr: none is registered.
    const ProposalBodies* proposal_bodies = nullptr;
    /// How long the content of a PrivateMessage of this many bytes shall be (not less): what the application hides
    /// lengths with. nullptr: GroupOptions::padding_multiple.
    std::size_t (*padded_size)(std::size_t content_bytes) = nullptr;
    /// process() of a commit that removes this member tells so and leaves the group as it is, for an application that
    /// waits until the commit is final: who is removed cannot verify all of it (section 12.4.2). Else its keys are
    /// deleted at once, and the group has_left().
    bool keep_when_removed = false;
};

} // namespace godwit::mls
