// SPDX-License-Identifier: Apache-2.0
// Is this tree one that honest members made? (RFC 9420 sections 7.3, 7.9.2 and 12.4.3.1.)
#pragma once

#include "lib/mls/ratchet_tree.hpp"

namespace godwit::mls {

/// unmerged_leaves are sorted, below their node, not blank, and listed by every node between.
[[nodiscard]] MlsError check_unmerged_leaves(const RatchetTree& tree);
/// Every parent node is parent-hash valid. Precondition: hashes are up to date, check_unmerged_leaves passed.
[[nodiscard]] MlsError check_parent_hashes(const RatchetTree& tree);
/// What no leaf shows alone: distinct keys, credentials that all support, the group's extensions and requirements.
[[nodiscard]] MlsError check_members(const RatchetTree& tree, const Extensions& group_extensions);
/// All of a joiner's checks. The Authentication Service is asked by the caller.
[[nodiscard]] MlsError check_whole_tree(const RatchetTree& tree, CipherSuite suite, BytesView group_id,
                                        const Extensions& group_extensions, const LifetimePolicy& lifetimes,
                                        WallMs now_ms);

} // namespace godwit::mls
