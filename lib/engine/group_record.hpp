// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: a group as it is stored. There are secrets in it: what holds the bytes wipes them.
#pragma once

#include "lib/engine/group_book.hpp"

namespace godwit::engine {

/// version, state, kind, roster (8, big-endian), length of the secret, the secret, number of spare secrets (32 bytes
/// each), these, number of given ones, these, the encoded profile.
[[nodiscard]] WipingBytes encode_record(const Group& group);
/// What is stored into `out`, but for its id. False: it is no such record; `out` may have parts of it.
[[nodiscard]] bool decode_record(BytesView bytes, Group& out);

} // namespace godwit::engine
