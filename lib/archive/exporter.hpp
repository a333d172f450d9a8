// SPDX-License-Identifier: Apache-2.0
// The history as an archive, a few rows at a time.
//
//   settings ── conversations ── posts in order of arrival, each with what was said about it ── changes ── end
//
// With a mark, only what came or changed since. What changes while it runs is in it once more at the end, and in the
// next one: whoever reads it merges.
#pragma once

#include "lib/archive/stream.hpp"
#include "lib/conversation/cleared.hpp"
#include "lib/port/store.hpp"

#include <map>

namespace godwit::archive {

/// Up to where an archive has the history.
struct Mark {
    wire::archive::Id archive; ///< Zero: none.
    std::int64_t arrival = 0;
    std::int64_t change = 0;
};
[[nodiscard]] Bytes encode(const Mark& mark);
[[nodiscard]] std::optional<Mark> decode_mark(BytesView bytes);

class Exporter {
public:
    /// `since`: zero for everything. `head`: its id and parent are filled in.
    Exporter(port::Store& store, Writer writer, wire::archive::Head head, Mark since, port::Entropy& entropy);

    /// About `rows` of them. What it wrote is in take().
    void step(std::uint32_t rows);
    [[nodiscard]] bool finished() const noexcept { return phase_ == Phase::finished; }
    [[nodiscard]] Bytes take() { return writer_.take(); }

    [[nodiscard]] const wire::archive::Head& head() const noexcept { return head_; }
    [[nodiscard]] const wire::archive::End& counts() const noexcept { return counts_; }
    /// For the next one. Precondition: finished().
    [[nodiscard]] Mark mark() const { return {head_.id, upto_.arrival, upto_.change}; }

private:
    enum class Phase : std::uint8_t { settings, conversations, posts, changes, finished };

    void settings(std::uint32_t rows);
    void conversations();
    void posts(std::uint32_t rows);
    void changes(std::uint32_t rows);
    void notes(const ConversationId& conversation, const MessageId& target);
    void gone(const port::StoredMessage& row);
    void flush_gone();

    port::Store& store_;
    Writer writer_;
    wire::archive::Head head_;
    Mark since_;
    Mark upto_;
    Phase phase_ = Phase::settings;
    std::string last_setting_;
    wire::archive::Gone gone_;
    std::optional<conversation::Clears> clears_;          ///< Of the conversation that was looked at last.
    std::map<ConversationId, std::int64_t> cleared_said_; ///< Clears::stamp() of the settings that are in here.
    wire::archive::End counts_;
};

} // namespace godwit::archive
