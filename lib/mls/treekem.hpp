// SPDX-License-Identifier: Apache-2.0
// TreeKEM (RFC 9420 sections 7.4 to 7.6): fresh keys along a leaf's filtered direct path, and the path secrets that
// let every other member follow.
//
// Committer: start_path (keys and parent hashes into the tree) -> the caller makes the provisional GroupContext from
// the new tree hash -> seal_path. Others: merge_path -> provisional GroupContext -> open_path.
#pragma once

#include "lib/mls/proposal.hpp"
#include "lib/mls/ratchet_tree.hpp"

#include <map>

namespace godwit::mls {

/// Private keys of one member: its leaf and the nodes above it that it knows.
struct TreePrivate {
    LeafIndex leaf = 0;
    std::map<NodeIndex, HpkeKeyPair> keys;
    crypto::KemId kem = crypto::KemId::x25519; ///< Of the group; not stored, so it is set before keys are read.

    /// Forgets keys whose node is blank, gone, or has another public key by now.
    void prune(const RatchetTree& tree);
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.leaf);
        std::map<NodeIndex, WipedBytes> raw;
        if constexpr (Io::writes)
            for (const auto& [node, pair] : s.keys)
                raw.emplace(node, pair.private_key);
        io(raw);
        if constexpr (!Io::writes) {
            s.keys.clear();
            for (const auto& [node, key] : raw) {
                auto pair = HpkeKeyPair::from_private(key, s.kem);
                if (!pair) return io.require(false, MlsError::state_malformed);
                s.keys.emplace(node, std::move(*pair));
            }
        }
    }
};

/// A node of the filtered direct path and its path secret.
struct PathStep {
    NodeIndex node = 0;
    WipedBytes path_secret;
};

struct StartedPath {
    LeafNode leaf_node; ///< Signed, source commit.
    HpkeKeyPair leaf_key;
    std::vector<PathStep> steps;           ///< From the leaf up.
    std::map<NodeIndex, HpkeKeyPair> keys; ///< One per step.
    WipedBytes commit_secret;
};
/// Puts a fresh path of `leaf` into `tree` and brings its hashes up to date. `leaf_node` is what the new leaf says
/// apart from encryption_key, source, parent_hash and signature.
[[nodiscard]] StartedPath start_path(CipherSuite suite, RatchetTree& tree, LeafIndex leaf, LeafNode leaf_node,
                                     const SignatureKeyPair& signer, BytesView group_id, port::Entropy& entropy);
/// Encrypts the path secrets to everybody but `new_leaves`.
[[nodiscard]] MlsResult<UpdatePath> seal_path(CipherSuite suite, const RatchetTree& tree, LeafIndex leaf,
                                              const StartedPath& started, const std::vector<LeafIndex>& new_leaves,
                                              BytesView encoded_context, port::Entropy& entropy);

/// Merges somebody's path into the tree and brings its hashes up to date. path_wrong_length, parent_hash_invalid,
/// path_invalid_key.
[[nodiscard]] MlsError merge_path(CipherSuite suite, RatchetTree& tree, LeafIndex sender, const UpdatePath& path);

struct OpenedPath {
    std::map<NodeIndex, HpkeKeyPair> keys;
    PathStep first; ///< The lowest node that we share with the sender.
    WipedBytes commit_secret;
};
/// After merge_path. path_wrong_ciphertext_count, path_no_private_key, path_decrypt_failed, path_secret_length,
/// path_key_mismatch.
[[nodiscard]] MlsResult<OpenedPath> open_path(CipherSuite suite, const RatchetTree& tree, const TreePrivate& own,
                                              LeafIndex sender, const UpdatePath& path,
                                              const std::vector<LeafIndex>& new_leaves, BytesView encoded_context);

/// A joiner's half: keys from the path secret of `first_node` up to the root. path_key_mismatch.
[[nodiscard]] MlsError adopt_path_secret(CipherSuite suite, const RatchetTree& tree, NodeIndex first_node,
                                         WipedBytes path_secret, TreePrivate& own);

[[nodiscard]] HpkeKeyPair node_key_pair(CipherSuite suite, BytesView path_secret);

} // namespace godwit::mls
