// SPDX-License-Identifier: Apache-2.0
// A Store in memory for tests: transactional as the real one (rollback works, errors are sticky), and it fails when
// told to. `durable` state survives the engine that used it: crash = roll back, drop the engine, make a new one.
#pragma once

#include "lib/port/store.hpp"

#include <algorithm>
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
        dirty_ = false;
        return {};
    }
    void rollback() override
    {
        if (in_transaction_ && dirty_) data_ = std::move(before_);
        in_transaction_ = dirty_ = failed_ = false;
    }
    bool failed() const override { return failed_; }
    bool dirty() const override { return dirty_; }

    std::optional<port::StoredIdentity> identity() override { return failed_ ? std::nullopt : data_.identity; }
    void put_identity(const port::StoredIdentity& identity) override
    {
        if (write()) data_.identity = identity;
    }
    void clear_identity() override
    {
        if (write()) data_.identity.reset();
    }
    std::optional<Bytes> value(std::string_view name) override
    {
        const auto at = data_.values.find(std::string(name));
        if (failed_ || at == data_.values.end()) return std::nullopt;
        return at->second;
    }
    void put_value(std::string_view name, BytesView value) override
    {
        if (write()) data_.values[std::string(name)] = to_bytes(value);
    }
    void remove_value(std::string_view name) override
    {
        if (write()) data_.values.erase(std::string(name));
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
        if (write()) data_.contacts[contact.user] = contact;
    }
    void remove_contact(std::string_view user) override
    {
        if (write()) data_.contacts.erase(std::string(user));
    }

    bool add_message(const port::StoredMessage& message) override
    {
        if (has_message(message.conversation, message.message.id) || !write()) return false;
        data_.messages[{message.conversation, message.message.id}] = {message, ++data_.arrivals};
        return true;
    }
    std::optional<port::StoredMessage> message(const MessageId& id) override
    {
        if (failed_) return std::nullopt;
        for (const auto& [key, row] : data_.messages)
            if (key.second == id) return row.message;
        return std::nullopt;
    }
    bool has_message(const ConversationId& conversation, const MessageId& id) override
    {
        return !failed_ && data_.messages.contains({conversation, id});
    }
    std::optional<MessageId> message_by_key(const ConversationId& conversation, std::string_view send_key) override
    {
        if (failed_ || send_key.empty()) return std::nullopt;
        for (const auto& [key, row] : data_.messages)
            if (key.first == conversation && row.message.send_key == send_key) return key.second;
        return std::nullopt;
    }
    bool set_message_state(const MessageId& id, MessageState state, Path path, std::string_view path_reason,
                           std::string_view failure) override
    {
        if (failed_) return false;
        for (auto& [key, row] : data_.messages) {
            if (key.second != id) continue;
            auto& m = row.message.message;
            if (m.state == MessageState::received || m.state == MessageState::delivered ||
                m.state == MessageState::failed)
                return false;
            const bool again = state == MessageState::sent && m.state == MessageState::sent;
            if (state < m.state || (again && path == m.path) || state == MessageState::accepted) return false;
            if (!write()) return false;
            auto& mine = data_.messages[key].message.message;
            mine.state = state;
            if (path != Path::none) {
                mine.path = path;
                mine.path_reason = path_reason;
            }
            mine.failure = failure;
            return true;
        }
        return false;
    }
    std::vector<port::StoredMessage> history(const ConversationId& conversation, std::uint32_t limit,
                                             const std::optional<MessageId>& before) override
    {
        auto out = sorted(conversation);
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
        for (auto& [key, row] : data_.messages)
            if (key.second == id) row.message.notified = true;
    }
    std::vector<Head> heads(const ConversationId& conversation) override
    {
        const auto at = data_.heads.find(conversation);
        return failed_ || at == data_.heads.end() ? std::vector<Head>{} : at->second;
    }
    void put_heads(const ConversationId& conversation, const std::vector<Head>& heads) override
    {
        if (write()) data_.heads[conversation] = heads;
    }

    void hold(const port::HeldMessage& held) override
    {
        if (write()) data_.held[{held.message.conversation, held.message.message.id}] = held;
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
        if (write()) data_.held.erase({conversation, id});
    }

    bool seen(const DeviceId& from, const MessageId& id) override
    {
        return !failed_ && data_.seen.contains({from, id});
    }
    void mark_seen(const DeviceId& from, const MessageId& id, std::int64_t now_ms) override
    {
        if (write()) data_.seen[{from, id}] = now_ms;
    }
    void forget_seen_before(std::int64_t wall_ms) override
    {
        const bool any =
            std::any_of(data_.seen.begin(), data_.seen.end(), [&](const auto& e) { return e.second < wall_ms; });
        if (any && write()) std::erase_if(data_.seen, [&](const auto& entry) { return entry.second < wall_ms; });
    }

    void put_envelope(const port::OutboxEnvelope& envelope) override
    {
        if (write()) data_.envelopes[envelope.message] = envelope;
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
        data_.envelopes.erase(id);
        std::erase_if(data_.deliveries, [&](const auto& entry) { return entry.second.message == id; });
    }
    std::uint64_t put_delivery(const port::Delivery& delivery) override
    {
        if (!write()) return 0;
        auto row = delivery;
        row.order = ++data_.order;
        data_.deliveries[row.order] = row;
        return row.order;
    }
    void set_delivery(const MessageId& id, const DeviceId& device, port::DeliveryState state,
                      std::int64_t stored_ms) override
    {
        if (!write()) return;
        for (auto& [order, row] : data_.deliveries)
            if (row.message == id && row.device == device) {
                row.state = state;
                row.stored_ms = stored_ms;
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
            for (const auto& [order, row] : data_.deliveries)
                if (row.message == id) out.push_back(row);
        return out;
    }
    std::uint64_t open_message_count() override
    {
        std::set<MessageId> open;
        for (const auto& [order, row] : data_.deliveries)
            if (is_open(row)) open.insert(row.message);
        return open.size();
    }

    /// For checkers: a whole history in order.
    [[nodiscard]] std::vector<port::StoredMessage> sorted(const ConversationId& conversation) const
    {
        std::vector<port::StoredMessage> out;
        if (failed_) return out;
        for (const auto& [key, row] : data_.messages)
            if (key.first == conversation) out.push_back(row.message);
        std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
            return std::tie(a.hlc_ms, a.message.id) < std::tie(b.hlc_ms, b.message.id);
        });
        return out;
    }
    [[nodiscard]] std::size_t seen_count() const { return data_.seen.size(); }
    [[nodiscard]] std::size_t envelope_count() const { return data_.envelopes.size(); }

private:
    struct Row {
        port::StoredMessage message;
        std::uint64_t arrival = 0;
    };
    struct Data {
        std::optional<port::StoredIdentity> identity;
        std::map<std::string, Bytes> values;
        std::map<std::string, port::StoredContact> contacts;
        std::map<std::pair<ConversationId, MessageId>, Row> messages;
        std::map<ConversationId, std::vector<Head>> heads;
        std::map<std::pair<ConversationId, MessageId>, port::HeldMessage> held;
        std::map<std::pair<DeviceId, MessageId>, std::int64_t> seen;
        std::map<MessageId, port::OutboxEnvelope> envelopes;
        std::map<std::uint64_t, port::Delivery> deliveries;
        std::uint64_t order = 0;
        std::uint64_t arrivals = 0;
    };

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
        if (in_transaction_ && !dirty_) before_ = data_;
        dirty_ = true;
        return true;
    }
    void count_write()
    {
        if (fail_at_ > 0 && --fail_at_ == 0) failed_ = true;
    }

    Data data_;
    Data before_;
    bool in_transaction_ = false;
    bool dirty_ = false;
    bool failed_ = false;
    std::uint64_t fail_at_ = 0;
    std::uint64_t commits_ = 0;
};

} // namespace godwit::testing
