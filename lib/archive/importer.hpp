// SPDX-License-Identifier: Apache-2.0
// An archive into the history, a chunk at a time. All of it is merged (lib/conversation/timeline.hpp): it may be read
// again, in parts, and in any order.
#pragma once

#include "lib/archive/stream.hpp"
#include "lib/conversation/timeline.hpp"

#include <set>

namespace godwit::archive {

class Importer {
public:
    /// `check_only`: reads everything, and merges nothing.
    Importer(port::Store& store, Reader reader, PublicKey account_key, bool check_only);

    [[nodiscard]] std::size_t wants() const noexcept { return reader_.wants(); }
    [[nodiscard]] bool finished() const noexcept { return reader_.finished(); }

    struct Step {
        std::vector<port::StoredMessage> added;
        std::vector<conversation::Changed> changed;
        std::vector<wire::content::Register> settings; ///< To be taken like those of a sibling.
    };
    /// Exactly wants() bytes. Errors: as Reader::push; malformed (does not begin with its head, or ends elsewhere than
    /// it says), invalid_argument (of another account).
    [[nodiscard]] Result<Step> push(BytesView bytes, Moment now);

    [[nodiscard]] const wire::archive::Head& head() const noexcept { return head_; }
    /// What was read.
    [[nodiscard]] const wire::archive::End& counts() const noexcept { return counts_; }
    /// Posts that were not here.
    [[nodiscard]] std::uint64_t added() const noexcept { return added_; }
    /// Conversations of which something came.
    [[nodiscard]] const std::set<ConversationId>& conversations() const noexcept { return conversations_; }
    /// Those of them in which nothing had been said as far as this device was there.
    [[nodiscard]] const std::set<ConversationId>& begun() const noexcept { return begun_here_; }

private:
    [[nodiscard]] Result<void> take(wire::archive::Record record, Step& step, Moment now);
    void complete(const ConversationId& conversation);

    port::Store& store_;
    Reader reader_;
    PublicKey account_key_;
    bool check_only_;
    bool begun_ = false;
    bool ended_ = false;
    wire::archive::Head head_;
    wire::archive::End counts_;
    std::uint64_t added_ = 0;
    std::set<ConversationId> conversations_;
    std::set<ConversationId> begun_here_;
};

} // namespace godwit::archive
