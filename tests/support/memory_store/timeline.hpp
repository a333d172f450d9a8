// SPDX-License-Identifier: Apache-2.0
// Private to memory_store.hpp: posts, what was said about them, and conversations. Searching reads everything.
#pragma once

#include "lib/store/search/query.hpp"
#include "lib/store/search/words.hpp"
#include "tests/support/memory_store/tables.hpp"

#include <memory>

namespace godwit::testing {

class MemoryTimeline : public MemoryTables {
public:
    bool add_message(const port::StoredMessage& message) override
    {
        if (has_message(message.message.conversation, message.message.id) || !write()) return false;
        put(data_.messages, {message.message.id, message.message.conversation}, Row{message, data_.arrivals + 1});
        replace(data_.arrivals, data_.arrivals + 1);
        return true;
    }
    std::optional<port::StoredMessage> message(const MessageId& id) override
    {
        auto rows = messages(id, 1);
        if (rows.empty()) return std::nullopt;
        return std::move(rows.front());
    }
    std::vector<port::StoredMessage> messages(const MessageId& id, std::uint32_t limit) override
    {
        std::map<std::uint64_t, const port::StoredMessage*> rows;
        if (!failed_)
            for (auto at = find(id); at != data_.messages.end() && at->first.first == id; ++at)
                rows[at->second.arrival] = &at->second.message;
        std::vector<port::StoredMessage> out;
        for (const auto& [arrival, row] : rows)
            if (out.size() < limit) out.push_back(as_read(*row));
        return out;
    }
    bool has_message(const ConversationId& conversation, const MessageId& id) override
    {
        return !failed_ && data_.messages.contains({id, conversation});
    }
    std::optional<MessageId> message_by_key(const ConversationId& conversation, std::string_view send_key) override
    {
        if (failed_ || send_key.empty()) return std::nullopt;
        for (const auto& [key, row] : data_.messages)
            if (key.second == conversation && row.message.send_key == send_key) return key.first;
        return std::nullopt;
    }
    bool set_message_state(const ConversationId& conversation, const MessageId& id, MessageState state, Path path,
                           std::string_view path_reason, std::string_view failure) override
    {
        if (failed_) return false;
        const auto moves = [&](const Message& m) {
            if (m.state == MessageState::received || m.state == MessageState::delivered ||
                m.state == MessageState::failed)
                return false;
            const bool again = state == MessageState::sent && m.state == MessageState::sent;
            return state >= m.state && !(again && path == m.path) && state != MessageState::accepted;
        };
        const auto at = data_.messages.find({id, conversation});
        if (at == data_.messages.end() || !moves(at->second.message.message) || !write()) return false;
        auto row = at->second;
        auto& mine = row.message.message;
        mine.state = state;
        if (path != Path::none) {
            mine.path = path;
            mine.path_reason = path_reason;
        }
        mine.failure = failure;
        put(data_.messages, at->first, std::move(row));
        return true;
    }
    std::vector<port::StoredMessage> history(const ConversationId& conversation, std::uint32_t limit,
                                             const std::optional<MessageId>& before) override
    {
        auto out = shown(conversation);
        // Also of a row that is not shown.
        if (const auto end = before ? data_.messages.find({*before, conversation}) : data_.messages.end();
            end != data_.messages.end())
            std::erase_if(out, [&](const auto& m) {
                return std::tie(m.hlc_ms, m.message.id) >= std::tie(end->second.message.hlc_ms, *before);
            });
        if (out.size() > limit) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(limit));
        return out;
    }
    std::vector<port::StoredMessage> history_after(const ConversationId& conversation, std::uint32_t limit,
                                                   const MessageId& after) override
    {
        const auto start = data_.messages.find({after, conversation});
        if (start == data_.messages.end()) return {};
        auto out = shown(conversation);
        std::erase_if(out, [&](const auto& m) {
            return std::tie(m.hlc_ms, m.message.id) <= std::tie(start->second.message.hlc_ms, after);
        });
        if (out.size() > limit) out.resize(limit);
        return out;
    }
    std::vector<port::StoredMessage> unnotified(std::uint32_t limit) override
    {
        std::vector<std::pair<std::uint64_t, port::StoredMessage>> rows;
        if (!failed_)
            for (const auto& [key, row] : data_.messages)
                if (!row.message.notified && !row.message.quiet && !is_over(row.message))
                    rows.emplace_back(row.arrival, row.message);
        std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        std::vector<port::StoredMessage> out;
        for (auto& [arrival, row] : rows)
            if (out.size() < limit) out.push_back(std::move(row));
        return out;
    }
    void mark_notified(const ConversationId& conversation, const MessageId& id) override
    {
        const auto at = data_.messages.find({id, conversation});
        if (!write() || at == data_.messages.end()) return;
        auto row = at->second;
        row.message.notified = true;
        put(data_.messages, at->first, std::move(row));
    }
    std::optional<port::StoredMessage> message_in(const ConversationId& conversation, const MessageId& id) override
    {
        const auto at = data_.messages.find({id, conversation});
        if (failed_ || at == data_.messages.end()) return std::nullopt;
        return as_read(at->second.message);
    }
    void update_post(const port::StoredMessage& message) override
    {
        const auto at = data_.messages.find({message.message.id, message.message.conversation});
        if (!write() || at == data_.messages.end()) return;
        auto row = at->second;
        auto& mine = row.message;
        mine.message.text = message.message.text;
        mine.extra = message.extra;
        mine.burn_seconds = message.burn_seconds;
        mine.shown = message.shown;
        mine.annotated = message.annotated;
        mine.message.edited_ms = message.message.edited_ms;
        mine.message.recalled_ms = message.message.recalled_ms;
        mine.message.recalled_by = message.message.recalled_by;
        mine.message.expires_ms = message.message.expires_ms;
        put(data_.messages, at->first, std::move(row));
        note_changed(message.message.conversation, message.message.id);
    }
    std::vector<Arrived> arrivals(std::int64_t after, std::uint32_t limit) override
    {
        std::map<std::int64_t, const Row*> rows;
        for (const auto& [key, row] : data_.messages)
            if (static_cast<std::int64_t>(row.arrival) > after) rows[static_cast<std::int64_t>(row.arrival)] = &row;
        std::vector<Arrived> out;
        if (failed_) return out;
        for (const auto& [arrival, row] : rows)
            if (out.size() < limit) out.push_back({arrival, as_read(row->message)});
        return out;
    }
    std::optional<std::int64_t> arrival_of(const ConversationId& conversation, const MessageId& id) override
    {
        const auto at = data_.messages.find({id, conversation});
        if (failed_ || at == data_.messages.end()) return std::nullopt;
        return static_cast<std::int64_t>(at->second.arrival);
    }
    std::vector<ChangedTarget> changes(std::int64_t after, std::uint32_t limit) override
    {
        std::map<std::int64_t, ChangedTarget> rows;
        for (const auto& [key, number] : data_.changed)
            if (number > after) rows[number] = {number, key.first, key.second};
        std::vector<ChangedTarget> out;
        if (failed_) return out;
        for (const auto& [number, row] : rows)
            if (out.size() < limit) out.push_back(row);
        return out;
    }
    std::uint32_t count_received_after(const ConversationId& conversation, std::int64_t hlc_ms, const MessageId& id,
                                       std::uint32_t max) override
    {
        std::uint32_t out = 0;
        for (const auto& row : shown(conversation))
            if (row.message.state == MessageState::received && !row.quiet &&
                std::tie(row.hlc_ms, row.message.id) > std::tie(hlc_ms, id))
                ++out;
        return std::min(out, max);
    }
    std::optional<port::StoredMessage> first_unsent(const ConversationId& conversation, std::int64_t after_hlc_ms,
                                                    const MessageId& after_id, std::int64_t hlc_ms,
                                                    const MessageId& id) override
    {
        for (const auto& row : shown(conversation))
            if (row.message.state == MessageState::accepted &&
                std::tie(row.hlc_ms, row.message.id) > std::tie(after_hlc_ms, after_id) &&
                std::tie(row.hlc_ms, row.message.id) <= std::tie(hlc_ms, id))
                return row;
        return std::nullopt;
    }
    std::vector<port::StoredMessage> burning(const ConversationId& conversation, bool incoming, std::int64_t hlc_ms,
                                             const MessageId& id, std::uint32_t limit) override
    {
        auto out = sorted(conversation);
        std::erase_if(out, [&](const auto& row) {
            return row.burn_seconds == 0 || (row.message.state == MessageState::received) != incoming ||
                   std::tie(row.hlc_ms, row.message.id) > std::tie(hlc_ms, id);
        });
        if (out.size() > limit) out.resize(limit);
        for (auto& row : out)
            row = as_read(std::move(row));
        return out;
    }
    std::vector<port::StoredMessage> expiring(std::int64_t until_ms, std::uint32_t limit) override
    {
        std::vector<std::pair<std::uint64_t, port::StoredMessage>> rows;
        if (!failed_)
            for (const auto& [key, row] : data_.messages)
                if (row.message.message.expires_ms > 0 && row.message.message.expires_ms <= until_ms)
                    rows.emplace_back(row.arrival, row.message);
        std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
            return std::tie(a.second.message.expires_ms, a.first) < std::tie(b.second.message.expires_ms, b.first);
        });
        std::vector<port::StoredMessage> out;
        for (auto& [arrival, row] : rows)
            if (out.size() < limit) out.push_back(std::move(row)); // To be emptied, they are read as they are.
        return out;
    }
    void hide_over(std::int64_t until_ms) override { over_ms_ = until_ms; }
    std::optional<std::int64_t> next_expiry() override
    {
        const auto first = expiring(std::numeric_limits<std::int64_t>::max(), 1);
        if (first.empty()) return std::nullopt;
        return first.front().message.expires_ms;
    }
    std::optional<port::StoredMessage> newest(const ConversationId& conversation) override
    {
        auto rows = shown(conversation);
        if (rows.empty()) return std::nullopt;
        return std::move(rows.back());
    }

    bool put_annotation(const port::Annotation& a) override
    {
        const AnnotationKey key{a.conversation, a.target, a.name, a.author};
        const auto at = data_.annotations.find(key);
        if (at != data_.annotations.end() && std::tie(a.hlc_ms, a.id) <= std::tie(at->second.hlc_ms, at->second.id))
            return false;
        if (!write()) return false;
        put(data_.annotations, key, a);
        note_changed(a.conversation, a.target);
        return true;
    }
    std::vector<port::Annotation> annotations(const ConversationId& conversation, const MessageId& target) override
    {
        std::vector<port::Annotation> out;
        if (failed_) return out;
        for (auto at = data_.annotations.lower_bound({conversation, target, {}, {}});
             at != data_.annotations.end() && at->second.conversation == conversation && at->second.target == target;
             ++at)
            out.push_back(at->second);
        notes_read_ += out.size();
        return out;
    }
    std::vector<port::Annotation> annotations_without(const ConversationId& conversation, const MessageId& target,
                                                      std::span<const std::string_view> prefixes) override
    {
        return some_annotations(conversation, target, [&](const port::Annotation& one) {
            return std::none_of(prefixes.begin(), prefixes.end(),
                                [&](std::string_view prefix) { return one.name.starts_with(prefix); });
        });
    }
    std::vector<port::Annotation> annotations_named(const ConversationId& conversation, const MessageId& target,
                                                    std::string_view prefix) override
    {
        return some_annotations(conversation, target,
                                [&](const port::Annotation& one) { return one.name.starts_with(prefix); });
    }
    std::optional<port::Annotation> annotation(const ConversationId& conversation, const MessageId& target,
                                               std::string_view name, std::string_view author) override
    {
        const auto at = data_.annotations.find({conversation, target, std::string(name), std::string(author)});
        if (failed_ || at == data_.annotations.end()) return std::nullopt;
        ++notes_read_;
        return at->second;
    }
    void remove_annotation(const ConversationId& conversation, const MessageId& target, std::string_view name,
                           std::string_view author) override
    {
        if (write()) erase(data_.annotations, {conversation, target, std::string(name), std::string(author)});
    }
    std::vector<port::StoredMessage> pinned(const ConversationId& conversation, std::uint32_t limit,
                                            const std::optional<MessageId>& before) override
    {
        auto out = history(conversation, UINT32_MAX, before);
        std::erase_if(out, [&](const auto& m) {
            const auto pins = annotations_named(conversation, m.message.id, "pin");
            return m.message.recalled_ms != 0 || std::none_of(pins.begin(), pins.end(), [](const auto& one) {
                       return one.name == "pin" && !one.value.empty();
                   });
        });
        if (out.size() > limit) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(limit));
        return out;
    }
    bool remove_annotations(std::string_view prefix, std::uint32_t limit) override
    {
        std::uint32_t removed = 0;
        while (removed < limit) {
            const auto at = std::find_if(data_.annotations.begin(), data_.annotations.end(),
                                         [&](const auto& one) { return one.second.name.starts_with(prefix); });
            if (failed_ || at == data_.annotations.end()) return true;
            const auto note = at->second;
            remove_annotation(note.conversation, note.target, note.name, note.author);
            ++removed;
        }
        return false;
    }
    bool put_register(const port::StoredRegister& value) override
    {
        const auto at = data_.registers.find(value.name);
        if (at != data_.registers.end() &&
            std::tie(value.hlc_ms, value.value) <= std::tie(at->second.hlc_ms, at->second.value))
            return false;
        if (!write()) return false;
        put(data_.registers, value.name, value);
        return true;
    }
    std::optional<port::StoredRegister> register_named(std::string_view name) override
    {
        const auto at = data_.registers.find(std::string(name));
        if (failed_ || at == data_.registers.end()) return std::nullopt;
        return at->second;
    }
    std::vector<port::StoredRegister> registers(std::string_view prefix, std::string_view after,
                                                std::uint32_t limit) override
    {
        std::vector<port::StoredRegister> out;
        if (failed_) return out;
        for (const auto& [name, value] : data_.registers)
            if (name.starts_with(prefix) && name > after && out.size() < limit) out.push_back(value);
        return out;
    }
    void put_conversation(const port::StoredConversation& conversation) override
    {
        if (write()) put(data_.conversations, conversation.id, conversation);
    }
    std::optional<port::StoredConversation> conversation(const ConversationId& id) override
    {
        const auto at = data_.conversations.find(id);
        if (failed_ || at == data_.conversations.end()) return std::nullopt;
        return at->second;
    }
    std::vector<port::StoredConversation> conversations() override
    {
        std::vector<port::StoredConversation> out;
        if (!failed_)
            for (const auto& [id, one] : data_.conversations)
                out.push_back(one);
        return out;
    }
    void remove_conversation(const ConversationId& id) override
    {
        if (write()) erase(data_.conversations, id);
    }

    std::vector<Head> heads(const ConversationId& conversation) override
    {
        const auto at = data_.heads.find(conversation);
        return failed_ || at == data_.heads.end() ? std::vector<Head>{} : at->second;
    }
    void put_heads(const ConversationId& conversation, const std::vector<Head>& heads) override
    {
        if (write()) put(data_.heads, conversation, heads);
    }

    /// As the index must find it, without an index.
    Result<port::SearchPage> search(const port::SearchQuery& query) override
    {
        port::SearchPage out;
        if (failed_) return out;
        if (!tokenizer_) tokenizer_ = std::make_shared<sqlite::Tokenizer>(*sqlite::Tokenizer::make());
        const auto wanted = store::search::parse_query(*tokenizer_, query.text);
        if (!wanted) return wanted.error();
        std::map<std::uint64_t, const port::StoredMessage*, std::greater<>> rows;
        for (const auto& [key, row] : data_.messages)
            if (query.before == 0 || row.arrival < query.before) rows[row.arrival] = &row.message;
        std::uint64_t last = 0;
        for (const auto& [arrival, row] : rows) {
            const auto& m = row->message;
            if (!row->shown || m.recalled_ms != 0 || (query.conversation && *query.conversation != m.conversation) ||
                (!query.from.empty() && query.from != m.from) || is_over(*row) || m.sent_ms < query.since_ms ||
                m.sent_ms >= query.until_ms ||
                (!query.kinds.empty() &&
                 std::find(query.kinds.begin(), query.kinds.end(), row->kind) == query.kinds.end()))
                continue;
            const auto words = store::search::words_of(m.text, row->extra);
            sqlite::Units units;
            tokenizer_->split(words, units);
            const auto matches = store::search::match(*wanted, units);
            if (!matches) continue;
            if (out.hits.size() == query.limit) {
                out.next = last;
                break;
            }
            auto snippet = store::search::snippet_of(words, *matches);
            out.hits.push_back({*row, std::move(snippet.text), std::move(snippet.matches)});
            last = arrival;
        }
        return out;
    }
    bool index_more() override { return false; }

    /// For checkers: a whole history in order.
    [[nodiscard]] std::vector<port::StoredMessage> sorted(const ConversationId& conversation) const
    {
        std::vector<port::StoredMessage> out;
        if (failed_) return out;
        for (const auto& [key, row] : data_.messages)
            if (key.second == conversation) out.push_back(row.message);
        std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
            return std::tie(a.hlc_ms, a.message.id) < std::tie(b.hlc_ms, b.message.id);
        });
        return out;
    }
    /// The same without what only acts on others, or has gone.
    [[nodiscard]] std::vector<port::StoredMessage> shown(const ConversationId& conversation) const
    {
        auto out = sorted(conversation);
        std::erase_if(out, [&](const auto& row) { return !row.shown || is_over(row); });
        return out;
    }
    /// How many annotations were asked for.
    [[nodiscard]] std::uint64_t notes_read() const { return notes_read_; }

private:
    [[nodiscard]] bool is_over(const port::StoredMessage& row) const
    {
        return row.message.expires_ms > 0 && row.message.expires_ms <= over_ms_;
    }
    [[nodiscard]] port::StoredMessage as_read(port::StoredMessage row) const
    {
        if (!is_over(row)) return row;
        row.shown = row.annotated = false;
        row.message.text.clear();
        row.message.edited_ms = 0;
        row.extra.clear();
        return row;
    }
    template <class Wanted>
    std::vector<port::Annotation> some_annotations(const ConversationId& conversation, const MessageId& target,
                                                   Wanted wanted)
    {
        const auto before = notes_read_;
        auto out = annotations(conversation, target);
        std::erase_if(out, [&](const auto& one) { return !wanted(one); });
        notes_read_ = before + out.size();
        return out;
    }
    void note_changed(const ConversationId& conversation, const MessageId& target)
    {
        if (!write()) return;
        put(data_.changed, {conversation, target}, data_.changes + 1);
        replace(data_.changes, data_.changes + 1);
    }
    auto find(const MessageId& id) -> std::map<std::pair<MessageId, ConversationId>, Row>::iterator
    {
        const auto at = data_.messages.lower_bound({id, ConversationId{}});
        return at != data_.messages.end() && at->first.first == id ? at : data_.messages.end();
    }

    std::int64_t over_ms_ = 0; ///< hide_over
    std::uint64_t notes_read_ = 0;
    std::shared_ptr<sqlite::Tokenizer> tokenizer_; ///< Copies of a store share it: it has no state.
};

} // namespace godwit::testing
