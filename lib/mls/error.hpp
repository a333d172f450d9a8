// SPDX-License-Identifier: Apache-2.0
// mls: RFC 9420 in the RFC's own names, a pure state machine over bytes. No I/O, no clock, no global: entropy comes
// through port::Entropy, time is an argument, and a Group is a value that can be copied, dropped or serialised.
//
//   codec.hpp        the presentation language: structs describe their fields once, for both directions
//   tree_math.hpp    array-based trees, appendix C          cipher_suite.hpp  labelled primitives, section 5
//   leaf_node.hpp, key_package.hpp, proposal.hpp, group_info.hpp, framing.hpp   what goes over the wire
//   ratchet_tree.hpp, treekem.hpp   section 7               key_schedule.hpp, secret_tree.hpp  sections 8 and 9
//   group.hpp        the door: create, join, propose, commit, process, encrypt, export, serialise
//
// This header: why MLS said no. Every validation that the RFC demands has its own code.
#pragma once

#include "include/godwit/result.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

namespace godwit::mls {

enum class MlsError : std::uint16_t {
    none = 0,

    // Presentation language, section 2.1.
    truncated = 1,            ///< The input ends inside a field.
    trailing_bytes,           ///< Bytes are left after the outermost struct.
    invalid_varint,           ///< Prefix 11, or not the minimum size (section 2.1.2).
    invalid_optional,         ///< Presence octet other than 0 or 1 (section 2.1.1).
    invalid_enum,             ///< A select on a value that the RFC does not define.
    too_many_items,           ///< A list longer than this implementation's bound.
    message_too_large,        ///< More than message_bytes_max.
    unsupported_version,      ///< ProtocolVersion other than mls10.
    unsupported_cipher_suite, ///< A suite that this build does not have.

    // Framing, section 6.
    wrong_wire_format = 30, ///< An MLSMessage that is neither PublicMessage nor PrivateMessage.
    wrong_group,            ///< group_id of another group.
    wrong_epoch,            ///< Handshake message of another epoch.
    epoch_too_old,          ///< Application message of an epoch whose keys are gone (or of a future one: wrong_epoch).
    public_application_message,   ///< Application data MUST be a PrivateMessage.
    unknown_sender,               ///< leaf_index of a blank leaf (sections 6.1 and 6.3.2).
    own_message,                  ///< We sent this ourselves; apply the kept result instead.
    sender_not_allowed,           ///< An external sender sends something else than a proposal (section 6.1).
    membership_tag_missing,       ///< A member's PublicMessage with a membership_tag of no length.
    bad_membership_tag,           ///< membership_tag does not verify (section 6.2).
    bad_signature,                ///< FramedContentAuthData.signature does not verify (section 6.1).
    bad_sender_data,              ///< encrypted_sender_data does not open (section 6.3.2).
    bad_ciphertext,               ///< PrivateMessage.ciphertext does not open (section 6.3.1).
    nonzero_padding,              ///< padding MUST be all zero (section 6.3.1).
    generation_used,              ///< This generation was opened before, or its key was dropped: replay or too late.
    generation_too_far,           ///< More than forward_steps_max ahead (section 15.3).
    generation_exhausted,         ///< The sender's ratchet reached its end for this epoch.
    confirmation_tag_missing,     ///< A commit without confirmation_tag: only as a struct, the wire has no such form.
    unknown_wire_format,          ///< MLSMessage.wire_format that the RFC does not define.
    unknown_external_sender,      ///< sender_index outside external_senders, or no such extension (section 12.1.8).
    new_member_proposal_not_add,  ///< sender_type new_member_proposal with something else than an Add (section 6.1).
    new_member_commit_not_commit, ///< sender_type new_member_commit with something else than a commit (section 6.1).

    // Leaf nodes and key packages, sections 7.3 and 10.1.
    bad_leaf_signature = 60,        ///< LeafNode.signature does not verify.
    key_package_leaf_source,        ///< A KeyPackage's leaf_node_source is not key_package.
    leaf_not_yet_valid,             ///< lifetime.not_before lies in the future.
    leaf_expired,                   ///< lifetime.not_after has passed.
    lifetime_too_long,              ///< Longer than the configured lifetime_seconds_max.
    invalid_encryption_key,         ///< LeafNode.encryption_key has the wrong length or is of low order.
    invalid_credential,             ///< The Authentication Service refused the credential.
    invalid_credential_successor,   ///< ... or the change from the old credential to the new one.
    credential_not_listed,          ///< The leaf's credential type is not in its own capabilities.
    credential_not_supported,       ///< Some member does not support a credential type in use.
    leaf_extension_not_listed,      ///< An extension of the leaf is not in its own capabilities.
    duplicate_extension,            ///< A list has two extensions of one type (section 13.4).
    invalid_extension,              ///< extension_data of a known type does not decode.
    default_type_listed,            ///< Capabilities list a default proposal or extension type (only when creating).
    version_not_supported,          ///< Capabilities lack the group's protocol version.
    cipher_suite_not_supported,     ///< Capabilities lack the group's cipher suite.
    required_capability_missing,    ///< Capabilities lack something of required_capabilities.
    group_extension_not_supported,  ///< Capabilities lack an extension of the GroupContext.
    duplicate_signature_key,        ///< Two members share a signature key.
    duplicate_encryption_key,       ///< Two nodes share an encryption key.
    bad_key_package_signature,      ///< KeyPackage.signature does not verify.
    key_package_wrong_suite,        ///< KeyPackage.cipher_suite differs from the group's.
    key_package_wrong_version,      ///< KeyPackage.version differs from the group's.
    init_key_reused,                ///< init_key equals leaf_node.encryption_key.
    update_leaf_source,             ///< An Update's leaf_node_source is not update.
    path_leaf_source,               ///< An UpdatePath's leaf_node_source is not commit.
    invalid_signature_key,          ///< LeafNode.signature_key has the wrong length.
    invalid_init_key,               ///< KeyPackage.init_key has the wrong length or is of low order.
    invalid_recipient_key,          ///< EncryptWithLabel to a key of wrong length or low order (section 5.1.3).
    lifetime_backwards,             ///< lifetime.not_after lies before not_before.
    requirements_not_met,           ///< A new required_capabilities that some member does not meet (section 12.1.7).
    external_sender_invalid_key,    ///< ExternalSender.signature_key has the wrong length.
    external_sender_refused,        ///< The Authentication Service refused an external sender's credential.
    key_package_extension_unlisted, ///< A KeyPackage's extension that its leaf's capabilities lack (section 10).
    x509_chain_malformed,           ///< An x509 credential that is no list of certificates, or an empty one.
    x509_key_mismatch,              ///< The end-entity certificate is not for the leaf's signature_key (section 5.3).

    // Trees, sections 7.4 to 7.9 and 12.4.3.3.
    tree_node_misplaced = 100, ///< A leaf in an odd position or a parent in an even one.
    tree_last_blank,           ///< The last node of ratchet_tree is blank.
    tree_too_large,            ///< More than leaves_max.
    tree_hash_mismatch,        ///< The tree is not the one that the GroupContext names.
    parent_hash_invalid,       ///< A parent node is not parent-hash valid, or a committer's parent_hash is wrong.
    unmerged_not_sorted,       ///< unmerged_leaves MUST be sorted and distinct.
    unmerged_not_descendant,   ///< An unmerged leaf is blank or not below its node.
    unmerged_inconsistent,     ///< A node between does not list the unmerged leaf.
    tree_missing,              ///< Neither ratchet_tree extension nor a tree beside it.
    parent_invalid_key,        ///< ParentNode.encryption_key has the wrong length or is of low order.
    duplicate_parent_key,      ///< A parent node's key appears in another node (section 12.4.3.1).

    // Proposals and lists of them, sections 12.1 and 12.2.
    unknown_proposal = 120,               ///< A commit names a proposal that we never saw.
    proposal_by_external_not_allowed,     ///< This type cannot come from an external sender.
    proposal_type_not_supported,          ///< Some member lacks this non-default type.
    add_same_client_twice,                ///< Two Adds of one client.
    add_existing_member,                  ///< An Add of a client already in the group.
    update_by_committer,                  ///< The committer's own Update.
    update_not_by_member,                 ///< An Update from outside the group.
    update_same_key,                      ///< The new encryption_key is the old one.
    update_after_remove_or_update,        ///< Two Updates/Removes for one leaf.
    remove_blank_leaf,                    ///< Remove of nobody.
    remove_committer,                     ///< A committer cannot remove itself.
    psk_nonce_length,                     ///< psk_nonce is not KDF.Nh long.
    psk_reinit_not_allowed,               ///< Usage reinit outside reinitialisation.
    psk_duplicate,                        ///< The same PreSharedKeyID twice.
    psk_not_found,                        ///< We do not have this PSK.
    psk_mixed_resumption,                 ///< A reinit or branch PSK beside another such one (section 12.4.3.1).
    multiple_group_context_extensions,    ///< At most one in a list.
    reinit_with_others,                   ///< A ReInit stands alone.
    reinit_version_lower,                 ///< ReInit.version below the group's.
    external_init_not_allowed,            ///< ExternalInit outside an external commit.
    external_init_count,                  ///< An external commit has exactly one ExternalInit.
    external_commit_by_reference,         ///< An external commit includes proposals by value only.
    external_commit_proposal_not_allowed, ///< A type that an external commit cannot have.
    external_commit_multiple_removes,     ///< At most one Remove.
    proposal_cache_full,                  ///< cached_proposals_max in this epoch.
    psk_branch_not_allowed,               ///< Usage branch outside branching.
    reinit_version_unsupported,           ///< ReInit.version is one that this build does not have.
    reinit_suite_unsupported,             ///< ReInit.cipher_suite is; or, when proposing, a member does not list it.

    // Commits, section 12.4.
    path_required = 150,         ///< The path field MUST be populated.
    path_wrong_length,           ///< Not one UpdatePathNode per node of the filtered direct path.
    path_wrong_ciphertext_count, ///< Not one ciphertext per node of the resolution.
    path_key_reused,             ///< A public key of the path appears in the tree already.
    path_decrypt_failed,         ///< Our path secret does not open.
    path_key_mismatch,           ///< A derived public key is not the one in the path.
    path_no_private_key,         ///< No private key of ours is in the resolution.
    path_leaf_same_key,          ///< The committer's new leaf keeps its encryption_key.
    bad_confirmation_tag,        ///< confirmation_tag does not verify.
    bad_external_init,           ///< kem_output does not open.
    epoch_exhausted,             ///< The epoch counter is at its end.
    refused_by_application,      ///< The application's own rules (roles, who may add whom) refused it.
    external_path_missing,       ///< An external commit without a path (section 12.4.3.2).
    path_invalid_key,            ///< UpdatePathNode.encryption_key has the wrong length or is of low order.
    path_secret_length,          ///< Our path secret opens and is not KDF.Nh long.
    newcomer_refused,            ///< The application takes in nobody who asks from outside, or not this one (12.1.8).

    // Joining, sections 12.4.3 and 11.
    no_matching_key_package = 180, ///< The Welcome is not for this KeyPackage.
    welcome_wrong_suite,           ///< The Welcome's suite is not the KeyPackage's.
    welcome_decrypt_failed,        ///< EncryptedGroupSecrets do not open.
    group_info_decrypt_failed,     ///< encrypted_group_info does not open.
    bad_group_info_signature,      ///< GroupInfo.signature does not verify.
    group_info_wrong_suite,        ///< GroupInfo's suite is not the KeyPackage's.
    group_id_in_use,               ///< We are in a group of this id already.
    own_leaf_not_found,            ///< No leaf equals the KeyPackage's.
    welcome_path_secret_invalid,   ///< A path secret of wrong length, or for a node that has no key.
    external_pub_missing,          ///< A GroupInfo without external_pub cannot be joined from outside.
    reinit_mismatch,               ///< The new group's parameters are not those of the ReInit.
    branch_mismatch,               ///< The subgroup's version or suite is not the old group's.
    subgroup_wrong_epoch,          ///< A reinitialised or branched group starts at epoch 1.
    welcome_path_secret_missing,   ///< A node above us has a key that the Welcome should have given and did not.
    group_info_signer_blank,       ///< GroupInfo.signer is no member.
    welcome_path_secret_mismatch,  ///< The path secret does not give the tree's public keys.
    external_pub_invalid,          ///< external_pub has the wrong length or is of low order.
    reinit_not_committed,          ///< The last commit of the old group was no ReInit.
    reinit_wrong_epoch,            ///< The PSK is not of the epoch after the ReInit (section 11.2).
    reinit_member_missing,         ///< Not all members of the old group are in the new one.
    branch_member_foreign,         ///< A member of the subgroup is none of the old group.
    reinit_member_foreign,         ///< A member of the new group is none of the old one (section 12.4.1).

    // State.
    group_reinitialized = 210, ///< A ReInit was committed: no more messages here.
    group_left,                ///< We were removed.
    pending_proposals,         ///< Commit before sending application data (section 12.4).
    invalid_argument,          ///< The caller asked for something that makes no sense.
    export_too_long,           ///< More than KDF.Expand can give.
    state_version,             ///< Serialised state of another version.
    state_malformed,           ///< Serialised state that contradicts itself.
};

/// The enumerator's name, e.g. "bad_signature"; "unknown" for other numbers.
[[nodiscard]] std::string_view mls_error_name(MlsError error) noexcept;
/// For callers above this room: a fitting ErrorCode, and "mls: <name>" as detail.
[[nodiscard]] Error to_error(MlsError error);

/// A value, or the MlsError that stood in its way.
template <class T>
class [[nodiscard]] MlsResult {
public:
    MlsResult(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    MlsResult(MlsError error) : state_(std::in_place_index<1>, error) {}

    [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }
    [[nodiscard]] T& operator*() & { return *std::get_if<0>(&state_); }
    [[nodiscard]] const T& operator*() const& { return *std::get_if<0>(&state_); }
    [[nodiscard]] T&& operator*() && { return std::move(*std::get_if<0>(&state_)); }
    [[nodiscard]] T* operator->() { return std::get_if<0>(&state_); }
    [[nodiscard]] const T* operator->() const { return std::get_if<0>(&state_); }
    /// none when ok().
    [[nodiscard]] MlsError error() const noexcept
    {
        const MlsError* error = std::get_if<1>(&state_);
        return error == nullptr ? MlsError::none : *error;
    }

private:
    std::variant<T, MlsError> state_;
};

} // namespace godwit::mls

/// Leaves the function with the MlsError of `expression`, if any.
#define GODWIT_MLS_CHECK(expression)                                                                                   \
    do {                                                                                                               \
        if (const ::godwit::mls::MlsError godwit_mls_error_ = (expression);                                            \
            godwit_mls_error_ != ::godwit::mls::MlsError::none)                                                        \
            return godwit_mls_error_;                                                                                  \
    } while (false)
