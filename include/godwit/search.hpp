// SPDX-License-Identifier: Apache-2.0
// What a search has found.
#pragma once

#include <godwit/message.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace godwit {

/// Longest text of a search, in bytes of UTF-8, and most words in it; characters of scripts without spaces between
/// words count as one for each run.
inline constexpr std::size_t search_text_bytes_max = 256;
inline constexpr std::size_t search_words_max = 16;
/// Most hits of one page.
inline constexpr std::uint32_t search_limit_max = 200;
inline constexpr std::size_t search_snippet_bytes_max = 240;

struct SearchHit {
    Message message;
    std::string snippet; ///< What was found of it, with what stands around: UTF-8, at most search_snippet_bytes_max.
    std::vector<content::Range> matches; ///< What to highlight, in bytes of `snippet`, in order.
};

struct SearchResults {
    std::vector<SearchHit> hits; ///< The newest first, in the order in which they came to this device.
    std::uint64_t next = 0;      ///< For request::Search::before of the next page; 0: that was all. A page looks at a
                                 ///< bounded number of messages: it may be short, or empty, and not the last.
};

} // namespace godwit
