// SPDX-License-Identifier: Apache-2.0
// A Store in memory for tests: transactional as the real one (rollback works, errors are sticky), and it fails when
// told to. What is committed survives the engine that used it: crash = roll back, drop the engine, make a new one.
//
// Simulations live on it, so a transaction costs what it touches: writes leave their undo behind, not a copy of all.
#pragma once

#include "lib/port/store.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <tuple>

namespace godwit::testing {

class MemoryStore final : public port::Store {
public:
    /// The n-th write or commit from now fails (1 = the next one); 0: none.
    void fail_at(std::uint64_t nth) { fail_at_ = nth; }
    [[nodiscard]] std::uint64_t commits() const { return commits_; }
    /// The next commit that writes says ok, and power_cut() shows that it never reached the disk.
    void lose_next_commit() { lose_next_commit_ = true; }
    void keep_next_commit() { lose_next_commit_ = false; }
    [[nodiscard]] bool lost_commit() const { return lost_commit_; }
    /// What the next process finds. No transaction is open afterwards.
    void power_cut()
    {
        rollback();
        if (lost_commit_) undo(lost_);
        lost_.clear();
        lose_next_commit_ = lost_commit_ = false;
    }

    void begin() override
    {
        in_transaction_ = true;
        dirty_ = failed_ = false;
    }
    Result<void> commit() override
    {
        if (dirty_) count_write();
        if (failed_) return Error{ErrorCode::storage_failed, "simulated: the disk refused", 0};
        in_transaction_ = false;
        if (dirty_) ++commits_;
        if (dirty_ && (lose_next_commit_ || lost_commit_)) {
            // What was committed after a lost commit is lost with it.
            lose_next_commit_ = false;
            lost_commit_ = true;
            std::move(undo_.begin(), undo_.end(), std::back_inserter(lost_));
        }
        undo_.clear();
        dirty_ = false;
        return {};
    }
    void rollback() override
    {
        if (in_transaction_) undo(undo_);
        undo_.clear();
        in_transaction_ = dirty_ = failed_ = false;
    }
    bool failed() const override { return failed_; }
    bool dirty() const override { return dirty_; }

    std::optional<port::StoredIdentity> identity() override { return failed_ ? std::nullopt : data_.identity; }
    void put_identity(const port::StoredIdentity& identity) override
    {
        if (write()) replace(data_.identity, std::optional(identity));
    }
    void clear_identity() override
    {
        if (write()) replace(data_.identity, std::optional<port::StoredIdentity>());
    }
    std::optional<Bytes> value(std::string_view name) override
    {
        const auto at = data_.values.find(std::string(name));
        if (failed_ || at == data_.values.end()) return std::nullopt;
        return at->second;
    }
    void put_value(std::string_view name, BytesView value) override
    {
        if (write()) put(data_.values, std::string(name), to_bytes(value));
    }
    void remove_value(std::string_view name) override
    {
        if (write()) erase(data_.values, std::string(name));
    }

    std::vector<port::StoredContact> contacts() override
    {
        std::vector<port::StoredContact> out;
        if (!failed_)
            for (const auto& [user, contact] : data_.contacts)
                out.push_back(contact);
        return out;
    }
    void put_contact(const port::StoredContact& contact) override
    {
        if (write()) put(data_.contacts, contact.user, contact);
    }
    void remove_contact(std::string_view user) override
    {
        if (write()) erase(data_.contacts, std::string(user));
    }

    bool add_message(const port::StoredMessage& message) override
    {
        if (has_message(message.message.conversation, message.message.id) || !write()) return false;
        put(data_.messages, {message.message.id, message.message.conversation}, Row{message, data_.arrivals + 1});
        replace(data_.arrivals, data_.arrivals + 1);
        return true;
    }
    std::optional<port::StoredMessage> message(const MessageId& id) override
    {
        const auto at = find(id);
        if (failed_ || at == data_.messages.end()) return std::nullopt;
        return at->second.message;
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
    bool set_message_state(const MessageId& id, MessageState state, Path path, std::string_view path_reason,
                           std::string_view failure) override
    {
        const auto at = find(id);
        if (failed_ || at == data_.messages.end()) return false;
        const auto& m = at->second.message.message;
        if (m.state == MessageState::received || m.state == MessageState::delivered || m.state == MessageState::failed)
            return false;
        const bool again = state == MessageState::sent && m.state == MessageState::sent;
        if (state < m.state || (again && path == m.path) || state == MessageState::accepted) return false;
        if (!write()) return false;
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
        if (before) {
            const auto at =
                std::find_if(out.begin(), out.end(), [&](const auto& m) { return m.message.id == *before; });
            out.erase(at, out.end());
        }
        if (out.size() > limit) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(limit));
        return out;
    }
    std::vector<port::StoredMessage> unnotified(std::uint32_t limit) override
    {
        std::vector<std::pair<std::uint64_t, port::StoredMessage>> rows;
        if (!failed_)
            for (const auto& [key, row] : data_.messages)
                if (!row.message.notified) rows.emplace_back(row.arrival, row.message);
        std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        std::vector<port::StoredMessage> out;
        for (auto& [arrival, row] : rows)
            if (out.size() < limit) out.push_back(std::move(row));
        return out;
    }
    void mark_notified(const MessageId& id) override
    {
        if (!write()) return;
        for (auto at = find(id); at != data_.messages.end() && at->first.first == id; ++at) {
            auto row = at->second;
            row.message.notified = true;
            put(data_.messages, at->first, std::move(row));
        }
    }
    std::optional<port::StoredMessage> message_in(const ConversationId& conversation, const MessageId& id) override
    {
        const auto at = data_.messages.find({id, conversation});
        if (failed_ || at == data_.messages.end()) return std::nullopt;
        return at->second.message;
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
            if (out.size() < limit) out.push_back({arrival, row->message});
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
            if (row.message.state == MessageState::received &&
                std::tie(row.hlc_ms, row.message.id) > std::tie(hlc_ms, id))
                ++out;
        return std::min(out, max);
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
            if (out.size() < limit) out.push_back(std::move(row));
        return out;
    }
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
        return out;
    }
    void remove_annotation(const ConversationId& conversation, const MessageId& target, std::string_view name,
                           std::string_view author) override
    {
        if (write()) erase(data_.annotations, {conversation, target, std::string(name), std::string(author)});
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

    void hold(const port::HeldMessage& held) override
    {
        if (write()) put(data_.held, {held.message.message.conversation, held.message.message.id}, held);
    }
    std::vector<port::HeldMessage> held(const ConversationId& conversation) override
    {
        std::vector<port::HeldMessage> out;
        if (!failed_)
            for (const auto& [key, row] : data_.held)
                if (key.first == conversation) out.push_back(row);
        return out;
    }
    std::optional<port::HeldMessage> held_message(const ConversationId& conversation, const MessageId& id) override
    {
        const auto at = data_.held.find({conversation, id});
        if (failed_ || at == data_.held.end()) return std::nullopt;
        return at->second;
    }
    std::vector<ConversationId> conversations_with_held() override
    {
        std::set<ConversationId> out;
        if (!failed_)
            for (const auto& [key, row] : data_.held)
                out.insert(key.first);
        return {out.begin(), out.end()};
    }
    void release(const ConversationId& conversation, const MessageId& id) override
    {
        if (write()) erase(data_.held, {conversation, id});
    }

    bool seen(const DeviceId& from, const MessageId& id) override
    {
        return !failed_ && data_.seen.contains({from, id});
    }
    void mark_seen(const DeviceId& from, const MessageId& id, std::int64_t now_ms) override
    {
        if (write()) put(data_.seen, {from, id}, now_ms);
    }
    void forget_seen_before(std::int64_t wall_ms) override
    {
        std::vector<std::pair<DeviceId, MessageId>> old;
        for (const auto& [mark, since_ms] : data_.seen)
            if (since_ms < wall_ms) old.push_back(mark);
        if (old.empty() || !write()) return;
        for (const auto& mark : old)
            erase(data_.seen, mark);
    }

    void put_envelope(const port::OutboxEnvelope& envelope) override
    {
        if (write()) put(data_.envelopes, envelope.message, envelope);
    }
    std::optional<port::OutboxEnvelope> envelope(const MessageId& id) override
    {
        const auto at = data_.envelopes.find(id);
        if (failed_ || at == data_.envelopes.end()) return std::nullopt;
        return at->second;
    }
    void remove_envelope(const MessageId& id) override
    {
        if (!write()) return;
        erase(data_.envelopes, id);
        for (const auto order : orders_of(id)) {
            erase(data_.deliveries, order);
            erase(data_.by_message, {id, order});
        }
    }
    std::uint64_t put_delivery(const port::Delivery& delivery) override
    {
        if (!write()) return 0;
        auto row = delivery;
        row.order = data_.order + 1;
        replace(data_.order, row.order);
        put(data_.deliveries, row.order, row);
        put(data_.by_message, {row.message, row.order}, true);
        return row.order;
    }
    void set_delivery(const MessageId& id, const DeviceId& device, port::DeliveryState state,
                      std::int64_t stored_ms) override
    {
        if (!write()) return;
        for (const auto order : orders_of(id)) {
            auto row = data_.deliveries.at(order);
            if (row.device != device) continue;
            row.state = state;
            row.stored_ms = stored_ms;
            put(data_.deliveries, order, std::move(row));
        }
    }
    std::vector<port::Delivery> open_deliveries(std::uint64_t after_order, std::uint32_t limit) override
    {
        return open_rows(nullptr, after_order, limit);
    }
    std::vector<port::Delivery> open_deliveries_to(const DeviceId& device, std::uint64_t after_order,
                                                   std::uint32_t limit) override
    {
        return open_rows(&device, after_order, limit);
    }
    std::vector<port::Delivery> deliveries(const MessageId& id) override
    {
        std::vector<port::Delivery> out;
        if (!failed_)
            for (const auto order : orders_of(id))
                out.push_back(data_.deliveries.at(order));
        return out;
    }
    std::uint64_t open_message_count() override
    {
        std::set<MessageId> open;
        for (const auto& [order, row] : data_.deliveries)
            if (is_open(row)) open.insert(row.message);
        return open.size();
    }

    std::optional<port::StoredFile> file(const FileId& id) override
    {
        const auto at = data_.files.find(id);
        if (failed_ || at == data_.files.end()) return std::nullopt;
        return at->second;
    }
    std::vector<port::StoredFile> files(const FileId& after, std::uint32_t limit) override
    {
        std::vector<port::StoredFile> out;
        if (!failed_)
            for (auto at = data_.files.upper_bound(after); at != data_.files.end() && out.size() < limit; ++at)
                out.push_back(at->second);
        return out;
    }
    std::vector<port::StoredFile> files_in(FileState state, std::uint32_t limit) override
    {
        std::vector<port::StoredFile> out;
        if (failed_) return out;
        for (const auto& [id, row] : data_.files)
            if (row.state == state) out.push_back(row);
        std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.added_ms < b.added_ms; });
        if (out.size() > limit) out.resize(limit);
        return out;
    }
    bool has_slot(const port::SlotName& name) override
    {
        return !failed_ && std::any_of(data_.files.begin(), data_.files.end(),
                                       [&](const auto& one) { return one.second.slot.name == name; });
    }
    void put_file(const port::StoredFile& file) override
    {
        if (write()) put(data_.files, file.id, file);
    }
    void remove_file(const FileId& id) override
    {
        if (write()) erase(data_.files, id);
    }
    void put_file_grant(const port::FileGrant& grant) override
    {
        const GrantKey key{grant.file, grant.conversation, grant.post};
        if (!data_.grants.contains(key) && write()) put(data_.grants, key, grant);
    }
    std::vector<port::FileGrant> file_grants(const FileId& file) override
    {
        return grants_if([&](const port::FileGrant& one) { return one.file == file; });
    }
    std::vector<port::FileGrant> unserved_grants(const FileId& after, std::uint32_t limit) override
    {
        auto out = grants_if([&](const port::FileGrant& one) { return one.mine && !one.served && after < one.file; });
        if (out.size() > limit) out.resize(limit);
        return out;
    }
    void set_grants_served(const FileId& file, const ConversationId& conversation) override
    {
        for (auto& grant : grants_if([&](const port::FileGrant& one) {
                 return one.file == file && one.conversation == conversation && !one.served;
             })) {
            if (!write()) return;
            grant.served = true;
            put(data_.grants, {grant.file, grant.conversation, grant.post}, grant);
        }
    }
    std::vector<port::FileGrant> remove_file_grants(const ConversationId& conversation, const MessageId& post) override
    {
        auto out =
            grants_if([&](const port::FileGrant& one) { return one.conversation == conversation && one.post == post; });
        for (const auto& grant : out) {
            if (!write()) return out;
            erase(data_.grants, {grant.file, grant.conversation, grant.post});
        }
        return out;
    }

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
        std::erase_if(out, [](const auto& row) { return !row.shown; });
        return out;
    }
    /// For checkers: the names of all named values.
    [[nodiscard]] std::vector<std::string> value_names() const
    {
        std::vector<std::string> out;
        for (const auto& [name, value] : data_.values)
            out.push_back(name);
        return out;
    }
    [[nodiscard]] std::size_t seen_count() const { return data_.seen.size(); }
    [[nodiscard]] std::size_t envelope_count() const { return data_.envelopes.size(); }

private:
    struct Row {
        port::StoredMessage message;
        std::uint64_t arrival = 0;
    };
    using AnnotationKey = std::tuple<ConversationId, MessageId, std::string, std::string>;
    using GrantKey = std::tuple<FileId, ConversationId, MessageId>;
    struct Data {
        std::map<AnnotationKey, port::Annotation> annotations;
        std::map<std::string, port::StoredRegister> registers;
        std::map<ConversationId, port::StoredConversation> conversations;
        std::optional<port::StoredIdentity> identity;
        std::map<std::string, Bytes> values;
        std::map<std::string, port::StoredContact> contacts;
        std::map<std::pair<MessageId, ConversationId>, Row> messages;
        std::map<ConversationId, std::vector<Head>> heads;
        std::map<std::pair<ConversationId, MessageId>, port::HeldMessage> held;
        std::map<std::pair<DeviceId, MessageId>, std::int64_t> seen;
        std::map<MessageId, port::OutboxEnvelope> envelopes;
        std::map<std::uint64_t, port::Delivery> deliveries;
        std::map<std::pair<MessageId, std::uint64_t>, bool> by_message; ///< Index of deliveries.
        std::map<FileId, port::StoredFile> files;
        std::map<GrantKey, port::FileGrant> grants;
        std::uint64_t order = 0;
        std::uint64_t arrivals = 0;
        std::map<std::pair<ConversationId, MessageId>, std::int64_t> changed;
        std::int64_t changes = 0;
    };

    void note_changed(const ConversationId& conversation, const MessageId& target)
    {
        if (!write()) return;
        put(data_.changed, {conversation, target}, data_.changes + 1);
        replace(data_.changes, data_.changes + 1);
    }
    template <class Judge>
    std::vector<port::FileGrant> grants_if(Judge judge) const
    {
        std::vector<port::FileGrant> out;
        if (!failed_)
            for (const auto& [key, grant] : data_.grants)
                if (judge(grant)) out.push_back(grant);
        return out;
    }
    static bool is_open(const port::Delivery& row)
    {
        return row.state == port::DeliveryState::queued || row.state == port::DeliveryState::stored;
    }
    std::vector<port::Delivery> open_rows(const DeviceId* device, std::uint64_t after_order, std::uint32_t limit) const
    {
        std::vector<port::Delivery> out;
        if (failed_) return out;
        for (auto at = data_.deliveries.upper_bound(after_order); at != data_.deliveries.end() && out.size() < limit;
             ++at)
            if (is_open(at->second) && (device == nullptr || at->second.device == *device)) out.push_back(at->second);
        return out;
    }
    bool write()
    {
        if (failed_) return false;
        count_write();
        if (failed_) return false;
        dirty_ = true;
        return true;
    }

    // Changes that can be taken back.
    using Undo = std::vector<std::function<void()>>;
    template <class Value>
    void replace(Value& place, Value value)
    {
        if (in_transaction_) undo_.push_back([&place, old = place] { place = old; });
        place = std::move(value);
    }
    template <class Map>
    void put(Map& map, typename Map::key_type key, typename Map::mapped_type value)
    {
        const auto at = map.find(key);
        if (at != map.end()) {
            // By key: the place itself may be gone and made anew before this is undone.
            if (in_transaction_) undo_.push_back([&map, key, old = std::move(at->second)] { map[key] = old; });
            at->second = std::move(value);
            return;
        }
        if (in_transaction_) undo_.push_back([&map, key] { map.erase(key); });
        map.emplace(std::move(key), std::move(value));
    }
    template <class Map>
    void erase(Map& map, const typename Map::key_type& key)
    {
        const auto at = map.find(key);
        if (at == map.end()) return;
        if (in_transaction_) undo_.push_back([&map, key, old = at->second] { map[key] = old; });
        map.erase(at);
    }
    static void undo(Undo& steps)
    {
        for (auto at = steps.rbegin(); at != steps.rend(); ++at)
            (*at)();
        steps.clear();
    }

    auto find(const MessageId& id) -> std::map<std::pair<MessageId, ConversationId>, Row>::iterator
    {
        const auto at = data_.messages.lower_bound({id, ConversationId{}});
        return at != data_.messages.end() && at->first.first == id ? at : data_.messages.end();
    }
    std::vector<std::uint64_t> orders_of(const MessageId& id) const
    {
        std::vector<std::uint64_t> out;
        for (auto at = data_.by_message.lower_bound({id, 0}); at != data_.by_message.end() && at->first.first == id;
             ++at)
            out.push_back(at->first.second);
        return out;
    }
    void count_write()
    {
        if (fail_at_ > 0 && --fail_at_ == 0) failed_ = true;
    }

    Data data_;
    Undo undo_;
    Undo lost_; ///< Undoes what a power cut takes.
    bool lose_next_commit_ = false;
    bool lost_commit_ = false;
    bool in_transaction_ = false;
    bool dirty_ = false;
    bool failed_ = false;
    std::uint64_t fail_at_ = 0;
    std::uint64_t commits_ = 0;
};

} // namespace godwit::testing
