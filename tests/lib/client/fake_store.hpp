// SPDX-License-Identifier: Apache-2.0
// A store that keeps messages in memory, with real transactions and a disk that can refuse.
#pragma once

#include "lib/port/store.hpp"

#include <algorithm>

namespace godwit::test {

class FakeStore final : public port::Store {
public:
    struct Row {
        Message message;
        bool notified = false;
    };
    std::vector<Row> rows;
    bool refuse = false; ///< Commits of anything written fail, as on a full disk.
    bool refuse_all = false;
    bool chores = false;   ///< The engine writes, by itself, after every request.
    bool restless = false; ///< The engine writes in each tick, and wants the next at once.
    int commits_written = 0;
    int begun = 0;
    bool open = false;

    void begin() override
    {
        if (open) std::abort();
        open = true;
        ++begun;
        before_ = rows;
        dirty_ = false;
    }
    Result<void> commit() override
    {
        if (!open) std::abort();
        if (refuse_all || (refuse && dirty_)) return Error{ErrorCode::storage_failed, "the disk is full: make room", 0};
        open = false;
        if (dirty_) ++commits_written;
        return {};
    }
    void rollback() override
    {
        rows = before_;
        open = false;
    }
    [[nodiscard]] bool failed() const override { return false; }
    [[nodiscard]] bool dirty() const override { return dirty_; }

    void touch() { dirty_ = true; }
    void add(Message message, bool notified)
    {
        rows.push_back({std::move(message), notified});
        dirty_ = true;
    }
    void mark_notified(const ConversationId& conversation, const MessageId& id) override
    {
        for (auto& row : rows)
            if (row.message.id == id && row.message.conversation == conversation) row.notified = true;
        dirty_ = true;
    }

    // The scripted engine asks for nothing else.
    std::optional<port::StoredIdentity> identity() override { return {}; }
    void put_identity(const port::StoredIdentity&) override {}
    void clear_identity() override {}
    std::optional<Bytes> value(std::string_view) override { return {}; }
    void put_value(std::string_view, BytesView) override {}
    void remove_value(std::string_view) override {}
    void wipe_value(std::string_view) override {}
    std::vector<port::StoredContact> contacts() override { return {}; }
    void put_contact(const port::StoredContact&) override {}
    void remove_contact(std::string_view) override {}
    bool add_message(const port::StoredMessage&) override { return false; }
    std::optional<port::StoredMessage> message(const MessageId&) override { return {}; }
    std::vector<port::StoredMessage> messages(const MessageId&, std::uint32_t) override { return {}; }
    std::optional<port::StoredMessage> first_unsent(const ConversationId&, std::int64_t, const MessageId&, std::int64_t,
                                                    const MessageId&) override
    {
        return {};
    }
    bool has_message(const ConversationId&, const MessageId&) override { return false; }
    std::optional<MessageId> message_by_key(const ConversationId&, std::string_view) override { return {}; }
    bool set_message_state(const ConversationId&, const MessageId&, MessageState, Path, std::string_view,
                           std::string_view) override
    {
        return false;
    }
    std::vector<port::StoredMessage> history(const ConversationId&, std::uint32_t,
                                             const std::optional<MessageId>&) override
    {
        return {};
    }
    std::vector<port::StoredMessage> history_after(const ConversationId&, std::uint32_t, const MessageId&) override
    {
        return {};
    }
    std::optional<port::StoredMessage> message_in(const ConversationId&, const MessageId&) override { return {}; }
    void update_post(const port::StoredMessage&) override {}
    std::uint32_t count_received_after(const ConversationId&, std::int64_t, const MessageId&, std::uint32_t) override
    {
        return 0;
    }
    std::vector<port::StoredMessage> burning(const ConversationId&, bool, std::int64_t, const MessageId&,
                                             std::uint32_t) override
    {
        return {};
    }
    std::vector<port::StoredMessage> expiring(std::int64_t, std::uint32_t) override { return {}; }
    std::optional<std::int64_t> next_expiry() override { return {}; }
    void hide_over(std::int64_t) override {}
    std::optional<port::StoredMessage> newest(const ConversationId&) override { return {}; }
    std::vector<Arrived> arrivals(std::int64_t, std::uint32_t) override { return {}; }
    std::optional<std::int64_t> arrival_of(const ConversationId&, const MessageId&) override { return {}; }
    std::vector<ChangedTarget> changes(std::int64_t, std::uint32_t) override { return {}; }
    bool put_annotation(const port::Annotation&) override { return false; }
    std::vector<port::Annotation> annotations(const ConversationId&, const MessageId&) override { return {}; }
    std::vector<port::Annotation> annotations_without(const ConversationId&, const MessageId&,
                                                      std::span<const std::string_view>) override
    {
        return {};
    }
    std::vector<port::Annotation> annotations_named(const ConversationId&, const MessageId&, std::string_view) override
    {
        return {};
    }
    std::optional<port::Annotation> annotation(const ConversationId&, const MessageId&, std::string_view,
                                               std::string_view) override
    {
        return {};
    }
    void remove_annotation(const ConversationId&, const MessageId&, std::string_view, std::string_view) override {}
    std::vector<port::StoredMessage> pinned(const ConversationId&, std::uint32_t,
                                            const std::optional<MessageId>&) override
    {
        return {};
    }
    bool remove_annotations(std::string_view, std::uint32_t) override { return true; }
    bool put_register(const port::StoredRegister&) override { return false; }
    std::optional<port::StoredRegister> register_named(std::string_view) override { return {}; }
    std::vector<port::StoredRegister> registers(std::string_view, std::string_view, std::uint32_t) override
    {
        return {};
    }
    void put_conversation(const port::StoredConversation&) override {}
    std::optional<port::StoredConversation> conversation(const ConversationId&) override { return {}; }
    std::vector<port::StoredConversation> conversations() override { return {}; }
    void remove_conversation(const ConversationId&) override {}
    std::vector<port::StoredMessage> unnotified(std::uint32_t) override { return {}; }
    std::vector<Head> heads(const ConversationId&) override { return {}; }
    void put_heads(const ConversationId&, const std::vector<Head>&) override {}
    void hold(const port::HeldMessage&) override {}
    std::vector<port::HeldMessage> held(const ConversationId&) override { return {}; }
    std::optional<port::HeldMessage> held_message(const ConversationId&, const MessageId&) override { return {}; }
    std::vector<ConversationId> conversations_with_held() override { return {}; }
    void release(const ConversationId&, const MessageId&) override {}
    bool seen(const DeviceId&, const MessageId&) override { return false; }
    void mark_seen(const DeviceId&, const MessageId&, std::int64_t) override {}
    void forget_seen_before(std::int64_t) override {}
    std::vector<std::string> due_in(const DeviceId&, const MessageId&, std::uint32_t) override { return {}; }
    std::optional<port::Delivery> open_delivery(const MessageId&, const DeviceId&) override { return {}; }
    OtherDeliveries other_deliveries(const MessageId&, const DeviceId&, std::string_view, std::string_view) override
    {
        return {};
    }
    void put_envelope(const port::OutboxEnvelope&) override {}
    std::optional<port::OutboxEnvelope> envelope(const MessageId&) override { return {}; }
    void remove_envelope(const MessageId&) override {}
    std::uint64_t put_delivery(const port::Delivery&) override { return 0; }
    void set_delivery(const MessageId&, const DeviceId&, port::DeliveryState, std::int64_t) override {}
    std::vector<port::Delivery> open_deliveries(std::uint64_t, std::uint32_t) override { return {}; }
    std::vector<port::Delivery> open_deliveries_to(const DeviceId&, std::uint64_t, std::uint32_t) override
    {
        return {};
    }
    std::vector<port::Delivery> urgent_deliveries_to(const DeviceId&, std::uint64_t, std::uint32_t) override
    {
        return {};
    }
    std::vector<port::OpenCount> open_counts() override { return {}; }
    void put_due(const port::Due&) override {}
    std::vector<port::Due> due(const DeviceId&, std::string_view, bool, std::uint32_t) override { return {}; }
    std::vector<DeviceId> due_devices() override { return {}; }
    void remove_due(const DeviceId&, std::string_view) override {}
    void remove_due_to(const DeviceId&) override {}
    std::vector<port::Delivery> deliveries(const MessageId&) override { return {}; }
    std::uint64_t open_message_count() override { return 0; }
    std::optional<port::StoredFile> file(const FileId&) override { return {}; }
    std::vector<port::StoredFile> files(const FileId&, std::uint32_t) override { return {}; }
    std::vector<port::StoredFile> files_in(FileState, std::uint32_t) override { return {}; }
    bool has_slot(const port::SlotName&) override { return false; }
    void put_file(const port::StoredFile&) override {}
    void remove_file(const FileId&) override {}
    void put_file_grant(const port::FileGrant&) override {}
    std::vector<port::FileGrant> file_grants(const FileId&) override { return {}; }
    std::vector<port::StoredFile> files_wanted(bool, std::uint32_t) override { return {}; }
    port::AutomaticFiles automatic_files(std::string_view) override { return {}; }
    void set_grants_left(const FileId&, const FileKey&, std::int64_t) override {}
    std::optional<std::int64_t> next_left_until(std::int64_t) override { return std::nullopt; }
    void put_file_had(const FileId&, std::string_view) override {}
    std::vector<std::string> file_had(const FileId&) override { return {}; }
    std::vector<port::FileGrant> unserved_grants(const FileId&, std::int64_t, std::uint32_t) override { return {}; }
    void set_grants_served(const FileId&, const ConversationId&) override {}
    std::vector<port::FileGrant> remove_file_grants(const ConversationId&, const MessageId&) override { return {}; }
    std::optional<port::StoredNotice> notice(const NoticeId&) override { return {}; }
    void put_notice(const port::StoredNotice&) override {}
    std::vector<port::StoredNotice> notices(std::int64_t, std::uint32_t) override { return {}; }
    void forget_notices(std::uint32_t) override {}
    Result<port::SearchPage> search(const port::SearchQuery&) override { return port::SearchPage{}; }
    bool index_more() override { return false; }

private:
    std::vector<Row> before_;
    bool dirty_ = false;
};

} // namespace godwit::test
