// SPDX-License-Identifier: Apache-2.0
#include "lib/mls/error.hpp"

#include <string>

namespace godwit::mls {

std::string_view mls_error_name(MlsError error) noexcept
{
    switch (error) {
    case MlsError::none: return "none";
    case MlsError::truncated: return "truncated";
    case MlsError::trailing_bytes: return "trailing_bytes";
    case MlsError::invalid_varint: return "invalid_varint";
    case MlsError::invalid_optional: return "invalid_optional";
    case MlsError::invalid_enum: return "invalid_enum";
    case MlsError::too_many_items: return "too_many_items";
    case MlsError::message_too_large: return "message_too_large";
    case MlsError::unsupported_version: return "unsupported_version";
    case MlsError::unsupported_cipher_suite: return "unsupported_cipher_suite";
    case MlsError::wrong_wire_format: return "wrong_wire_format";
    case MlsError::wrong_group: return "wrong_group";
    case MlsError::wrong_epoch: return "wrong_epoch";
    case MlsError::epoch_too_old: return "epoch_too_old";
    case MlsError::public_application_message: return "public_application_message";
    case MlsError::unknown_sender: return "unknown_sender";
    case MlsError::own_message: return "own_message";
    case MlsError::sender_not_allowed: return "sender_not_allowed";
    case MlsError::membership_tag_missing: return "membership_tag_missing";
    case MlsError::bad_membership_tag: return "bad_membership_tag";
    case MlsError::bad_signature: return "bad_signature";
    case MlsError::bad_sender_data: return "bad_sender_data";
    case MlsError::bad_ciphertext: return "bad_ciphertext";
    case MlsError::nonzero_padding: return "nonzero_padding";
    case MlsError::generation_used: return "generation_used";
    case MlsError::generation_too_far: return "generation_too_far";
    case MlsError::generation_exhausted: return "generation_exhausted";
    case MlsError::confirmation_tag_missing: return "confirmation_tag_missing";
    case MlsError::unknown_wire_format: return "unknown_wire_format";
    case MlsError::unknown_external_sender: return "unknown_external_sender";
    case MlsError::new_member_proposal_not_add: return "new_member_proposal_not_add";
    case MlsError::new_member_commit_not_commit: return "new_member_commit_not_commit";
    case MlsError::bad_leaf_signature: return "bad_leaf_signature";
    case MlsError::key_package_extension_unlisted: return "key_package_extension_unlisted";
    case MlsError::x509_chain_malformed: return "x509_chain_malformed";
    case MlsError::x509_key_mismatch: return "x509_key_mismatch";
    case MlsError::newcomer_refused: return "newcomer_refused";
    case MlsError::key_package_leaf_source: return "key_package_leaf_source";
    case MlsError::leaf_not_yet_valid: return "leaf_not_yet_valid";
    case MlsError::leaf_expired: return "leaf_expired";
    case MlsError::lifetime_too_long: return "lifetime_too_long";
    case MlsError::invalid_encryption_key: return "invalid_encryption_key";
    case MlsError::invalid_credential: return "invalid_credential";
    case MlsError::invalid_credential_successor: return "invalid_credential_successor";
    case MlsError::credential_not_listed: return "credential_not_listed";
    case MlsError::credential_not_supported: return "credential_not_supported";
    case MlsError::leaf_extension_not_listed: return "leaf_extension_not_listed";
    case MlsError::duplicate_extension: return "duplicate_extension";
    case MlsError::invalid_extension: return "invalid_extension";
    case MlsError::default_type_listed: return "default_type_listed";
    case MlsError::version_not_supported: return "version_not_supported";
    case MlsError::cipher_suite_not_supported: return "cipher_suite_not_supported";
    case MlsError::required_capability_missing: return "required_capability_missing";
    case MlsError::group_extension_not_supported: return "group_extension_not_supported";
    case MlsError::duplicate_signature_key: return "duplicate_signature_key";
    case MlsError::duplicate_encryption_key: return "duplicate_encryption_key";
    case MlsError::bad_key_package_signature: return "bad_key_package_signature";
    case MlsError::key_package_wrong_suite: return "key_package_wrong_suite";
    case MlsError::key_package_wrong_version: return "key_package_wrong_version";
    case MlsError::init_key_reused: return "init_key_reused";
    case MlsError::update_leaf_source: return "update_leaf_source";
    case MlsError::path_leaf_source: return "path_leaf_source";
    case MlsError::invalid_signature_key: return "invalid_signature_key";
    case MlsError::invalid_init_key: return "invalid_init_key";
    case MlsError::invalid_recipient_key: return "invalid_recipient_key";
    case MlsError::lifetime_backwards: return "lifetime_backwards";
    case MlsError::requirements_not_met: return "requirements_not_met";
    case MlsError::external_sender_invalid_key: return "external_sender_invalid_key";
    case MlsError::external_sender_refused: return "external_sender_refused";
    case MlsError::tree_node_misplaced: return "tree_node_misplaced";
    case MlsError::tree_last_blank: return "tree_last_blank";
    case MlsError::tree_too_large: return "tree_too_large";
    case MlsError::tree_hash_mismatch: return "tree_hash_mismatch";
    case MlsError::parent_hash_invalid: return "parent_hash_invalid";
    case MlsError::unmerged_not_sorted: return "unmerged_not_sorted";
    case MlsError::unmerged_not_descendant: return "unmerged_not_descendant";
    case MlsError::unmerged_inconsistent: return "unmerged_inconsistent";
    case MlsError::tree_missing: return "tree_missing";
    case MlsError::parent_invalid_key: return "parent_invalid_key";
    case MlsError::duplicate_parent_key: return "duplicate_parent_key";
    case MlsError::unknown_proposal: return "unknown_proposal";
    case MlsError::proposal_by_external_not_allowed: return "proposal_by_external_not_allowed";
    case MlsError::proposal_type_not_supported: return "proposal_type_not_supported";
    case MlsError::add_same_client_twice: return "add_same_client_twice";
    case MlsError::add_existing_member: return "add_existing_member";
    case MlsError::update_by_committer: return "update_by_committer";
    case MlsError::update_not_by_member: return "update_not_by_member";
    case MlsError::update_same_key: return "update_same_key";
    case MlsError::update_after_remove_or_update: return "update_after_remove_or_update";
    case MlsError::remove_blank_leaf: return "remove_blank_leaf";
    case MlsError::remove_committer: return "remove_committer";
    case MlsError::psk_nonce_length: return "psk_nonce_length";
    case MlsError::psk_reinit_not_allowed: return "psk_reinit_not_allowed";
    case MlsError::psk_duplicate: return "psk_duplicate";
    case MlsError::psk_not_found: return "psk_not_found";
    case MlsError::psk_mixed_resumption: return "psk_mixed_resumption";
    case MlsError::multiple_group_context_extensions: return "multiple_group_context_extensions";
    case MlsError::reinit_with_others: return "reinit_with_others";
    case MlsError::reinit_version_lower: return "reinit_version_lower";
    case MlsError::external_init_not_allowed: return "external_init_not_allowed";
    case MlsError::external_init_count: return "external_init_count";
    case MlsError::external_commit_by_reference: return "external_commit_by_reference";
    case MlsError::external_commit_proposal_not_allowed: return "external_commit_proposal_not_allowed";
    case MlsError::external_commit_multiple_removes: return "external_commit_multiple_removes";
    case MlsError::proposal_cache_full: return "proposal_cache_full";
    case MlsError::psk_branch_not_allowed: return "psk_branch_not_allowed";
    case MlsError::reinit_version_unsupported: return "reinit_version_unsupported";
    case MlsError::reinit_suite_unsupported: return "reinit_suite_unsupported";
    case MlsError::path_required: return "path_required";
    case MlsError::path_wrong_length: return "path_wrong_length";
    case MlsError::path_wrong_ciphertext_count: return "path_wrong_ciphertext_count";
    case MlsError::path_key_reused: return "path_key_reused";
    case MlsError::path_decrypt_failed: return "path_decrypt_failed";
    case MlsError::path_key_mismatch: return "path_key_mismatch";
    case MlsError::path_no_private_key: return "path_no_private_key";
    case MlsError::path_leaf_same_key: return "path_leaf_same_key";
    case MlsError::bad_confirmation_tag: return "bad_confirmation_tag";
    case MlsError::bad_external_init: return "bad_external_init";
    case MlsError::epoch_exhausted: return "epoch_exhausted";
    case MlsError::refused_by_application: return "refused_by_application";
    case MlsError::external_path_missing: return "external_path_missing";
    case MlsError::path_invalid_key: return "path_invalid_key";
    case MlsError::path_secret_length: return "path_secret_length";
    case MlsError::no_matching_key_package: return "no_matching_key_package";
    case MlsError::welcome_wrong_suite: return "welcome_wrong_suite";
    case MlsError::welcome_decrypt_failed: return "welcome_decrypt_failed";
    case MlsError::group_info_decrypt_failed: return "group_info_decrypt_failed";
    case MlsError::bad_group_info_signature: return "bad_group_info_signature";
    case MlsError::group_info_wrong_suite: return "group_info_wrong_suite";
    case MlsError::group_id_in_use: return "group_id_in_use";
    case MlsError::own_leaf_not_found: return "own_leaf_not_found";
    case MlsError::welcome_path_secret_invalid: return "welcome_path_secret_invalid";
    case MlsError::external_pub_missing: return "external_pub_missing";
    case MlsError::reinit_mismatch: return "reinit_mismatch";
    case MlsError::branch_mismatch: return "branch_mismatch";
    case MlsError::subgroup_wrong_epoch: return "subgroup_wrong_epoch";
    case MlsError::welcome_path_secret_missing: return "welcome_path_secret_missing";
    case MlsError::group_info_signer_blank: return "group_info_signer_blank";
    case MlsError::welcome_path_secret_mismatch: return "welcome_path_secret_mismatch";
    case MlsError::external_pub_invalid: return "external_pub_invalid";
    case MlsError::reinit_not_committed: return "reinit_not_committed";
    case MlsError::reinit_wrong_epoch: return "reinit_wrong_epoch";
    case MlsError::reinit_member_missing: return "reinit_member_missing";
    case MlsError::branch_member_foreign: return "branch_member_foreign";
    case MlsError::reinit_member_foreign: return "reinit_member_foreign";
    case MlsError::group_reinitialized: return "group_reinitialized";
    case MlsError::group_left: return "group_left";
    case MlsError::pending_proposals: return "pending_proposals";
    case MlsError::invalid_argument: return "invalid_argument";
    case MlsError::export_too_long: return "export_too_long";
    case MlsError::state_version: return "state_version";
    case MlsError::state_malformed: return "state_malformed";
    }
    return "unknown";
}

Error to_error(MlsError error)
{
    ErrorCode code = ErrorCode::malformed;
    switch (error) {
    case MlsError::none: code = ErrorCode::ok; break;
    case MlsError::message_too_large: code = ErrorCode::message_too_large; break;
    case MlsError::unsupported_version:
    case MlsError::reinit_version_unsupported:
    case MlsError::reinit_suite_unsupported:
    case MlsError::unsupported_cipher_suite: code = ErrorCode::protocol_mismatch; break;
    case MlsError::invalid_argument:
    case MlsError::export_too_long:
    case MlsError::pending_proposals:
    case MlsError::group_reinitialized:
    case MlsError::group_left: code = ErrorCode::invalid_argument; break;
    case MlsError::state_version: code = ErrorCode::storage_too_new; break;
    case MlsError::state_malformed: code = ErrorCode::storage_corrupt; break;
    case MlsError::membership_tag_missing:
    case MlsError::bad_membership_tag:
    case MlsError::bad_signature:
    case MlsError::bad_sender_data:
    case MlsError::bad_ciphertext:
    case MlsError::bad_leaf_signature:
    case MlsError::bad_key_package_signature:
    case MlsError::bad_group_info_signature:
    case MlsError::bad_confirmation_tag:
    case MlsError::invalid_credential:
    case MlsError::x509_key_mismatch:
    case MlsError::invalid_credential_successor:
    case MlsError::external_sender_refused:
    case MlsError::tree_hash_mismatch:
    case MlsError::parent_hash_invalid: code = ErrorCode::authentication_failed; break;
    default: break;
    }
    return Error{code, "mls: " + std::string(mls_error_name(error)), 0};
}

} // namespace godwit::mls
