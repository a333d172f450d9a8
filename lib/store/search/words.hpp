// SPDX-License-Identifier: Apache-2.0
// What of a post is searched: its text, and what its body says in words.
#pragma once

#include "lib/base/bytes.hpp"

#include <string>
#include <string_view>

namespace godwit::store::search {

/// Longest text that a post is searched in, in bytes: the longest text, and the largest bundle of forwarded posts.
inline constexpr std::size_t words_bytes_max = 160 * 1024;

/// UTF-8, its parts on lines of their own. `extra`: StoredMessage::extra; what does not decode says nothing.
///
///   text · file name · name and emoji of a sticker · place · user of a contact card · title, labels and values of a
///   card forwarded: title, and of each item author, text, and the same of its body (no further)
///
/// Not searched: what a reply quotes (it is found where it was said), keys, types, links behind a card.
[[nodiscard]] std::string words_of(std::string_view text, BytesView extra);

} // namespace godwit::store::search
