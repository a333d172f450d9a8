// SPDX-License-Identifier: Apache-2.0
// Search: the part of the Store port that finds posts by what they say. Same transaction, same sticky errors as the
// rest (store.hpp). What an edit, a recall or the end of its time has taken from a post is not found from that moment
// on.
#pragma once

#include <godwit/result.hpp>
#include <godwit/search.hpp>

#include "lib/port/timeline.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace godwit::port {

/// All that is given must hold.
struct SearchQuery {
    std::string text; ///< As typed; at most search_text_bytes_max bytes.
    std::optional<ConversationId> conversation{};
    std::string from{};                 ///< The author's account; empty: anybody.
    std::vector<std::uint32_t> kinds{}; ///< StoredMessage::kind; empty: any.
    std::int64_t since_ms = INT64_MIN;  ///< Message::sent_ms from here …
    std::int64_t until_ms = INT64_MAX;  ///< … to before this.
    std::uint32_t limit = 50;
    std::uint64_t before = 0; ///< SearchPage::next of the page before; 0: the first page.
};

struct SearchHit {
    StoredMessage row;
    std::string snippet;                 ///< At most search_snippet_bytes_max bytes of what was searched in it.
    std::vector<content::Range> matches; ///< In bytes of `snippet`.
};

struct SearchPage {
    std::vector<SearchHit> hits; ///< Those that came last to this device first.
    std::uint64_t next = 0; ///< Of the next page; 0: that was all. A page may be short, or empty, and not the last.
};

class Search {
public:
    virtual ~Search() = default;

    /// Looks at a bounded number of posts: see SearchPage::next. Errors: invalid_argument, when the text has nothing to
    /// look for, or too many words.
    [[nodiscard]] virtual Result<SearchPage> search(const SearchQuery& query) = 0;
    /// Brings posts that are only found by reading them into the index, a bounded number. True: there are more.
    virtual bool index_more() = 0;
};

} // namespace godwit::port
