// SPDX-License-Identifier: Apache-2.0
// Private to memory_store.hpp: what is on its way in and out.
#pragma once

#include "tests/support/memory_store/timeline.hpp"

namespace godwit::testing {

class MemoryMail : public MemoryTimeline {
public:
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
    std::vector<port::Delivery> urgent_deliveries_to(const DeviceId& device, std::uint64_t after_order,
                                                     std::uint32_t limit) override
    {
        auto out = open_rows(&device, after_order, std::numeric_limits<std::uint32_t>::max());
        std::erase_if(out, [](const auto& row) { return !row.urgent; });
        if (out.size() > limit) out.resize(limit);
        return out;
    }
    std::vector<port::OpenCount> open_counts() override
    {
        std::map<DeviceId, port::OpenCount> out;
        if (!failed_)
            for (const auto& [order, row] : data_.deliveries) {
                if (!is_open(row)) continue;
                auto& one = out[row.device];
                one.device = row.device;
                one.user = std::max(one.user, row.user);
                ++(row.state == port::DeliveryState::queued ? one.queued : one.stored);
            }
        std::vector<port::OpenCount> list;
        for (auto& [device, one] : out)
            list.push_back(std::move(one));
        return list;
    }
    std::optional<port::Delivery> open_delivery(const MessageId& id, const DeviceId& device) override
    {
        for (auto& row : deliveries(id))
            if (row.device == device && row.state < port::DeliveryState::delivered) return std::move(row);
        return std::nullopt;
    }
    OtherDeliveries other_deliveries(const MessageId& id, const DeviceId& device, std::string_view own_user,
                                     std::string_view user) override
    {
        OtherDeliveries out;
        for (const auto& row : deliveries(id)) {
            if (row.device == device) continue;
            out.open = out.open || row.state < port::DeliveryState::delivered;
            const bool may = row.state != port::DeliveryState::failed;
            out.may_have = out.may_have || (may && row.user != own_user);
            out.user_may_have = out.user_may_have || (may && !user.empty() && row.user == user);
        }
        return out;
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

    void put_due(const port::Due& due) override
    {
        if (write()) put(data_.due, {due.device, due.name}, due.message);
    }
    std::vector<port::Due> due(const DeviceId& device, std::string_view after, bool waiting,
                               std::uint32_t limit) override
    {
        std::vector<port::Due> out;
        if (failed_) return out;
        for (auto at = data_.due.upper_bound({device, std::string(after)});
             at != data_.due.end() && at->first.first == device && out.size() < limit; ++at)
            if (!waiting || at->second.is_zero()) out.push_back({device, at->first.second, at->second});
        return out;
    }
    std::vector<std::string> due_in(const DeviceId& device, const MessageId& message, std::uint32_t limit) override
    {
        std::vector<std::string> out;
        for (const auto& row : due(device, {}, false, std::numeric_limits<std::uint32_t>::max()))
            if (row.message == message && out.size() < limit) out.push_back(row.name);
        return out;
    }
    std::vector<DeviceId> due_devices() override
    {
        std::set<DeviceId> out;
        if (!failed_)
            for (const auto& [key, message] : data_.due)
                out.insert(key.first);
        return {out.begin(), out.end()};
    }
    void remove_due(const DeviceId& device, std::string_view name) override
    {
        if (write()) erase(data_.due, {device, std::string(name)});
    }
    void remove_due_to(const DeviceId& device) override
    {
        for (const auto& one : due(device, {}, false, std::numeric_limits<std::uint32_t>::max()))
            remove_due(device, one.name);
    }

private:
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
    std::vector<std::uint64_t> orders_of(const MessageId& id) const
    {
        std::vector<std::uint64_t> out;
        for (auto at = data_.by_message.lower_bound({id, 0}); at != data_.by_message.end() && at->first.first == id;
             ++at)
            out.push_back(at->first.second);
        return out;
    }
};

} // namespace godwit::testing
