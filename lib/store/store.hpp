// SPDX-License-Identifier: Apache-2.0
// store: the Store port on SQLite. Typed rows in, typed rows out; lib/sqlite below does files, encryption and crashes.
//
//   begin -> reads and writes (the first write opens the SQLite transaction) -> commit | rollback
//
// The contract, sticky errors included, stands in lib/port/store.hpp. Two things are made precise here: writing outside
// a transaction is a bug and aborts; and a read that fails outside one is not forgotten, it fails the next transaction.
#pragma once

#include "lib/port/store.hpp"
#include "lib/sqlite/database.hpp"
#include "lib/store/remembered.hpp"
#include "lib/store/search/index.hpp"

#include <functional>
#include <memory>

namespace godwit::store {

/// Longest name and largest value of put_value, in bytes (lib/port/store.hpp).
inline constexpr std::size_t value_name_bytes_max = 256;
inline constexpr std::size_t value_bytes_max = 1024 * 1024;
/// Most parents of a held message and most heads of a conversation that one row takes: four times what the wire allows.
inline constexpr std::size_t ids_per_row_max = 64;

struct StoreOptions {
    std::string path; ///< The file; its directory must exist.
    const sqlite::Key* key = nullptr;
    /// What a crash left unfinished, told once during opening: for the trace.
    std::function<void(const sqlite::WalTail&)> on_wal_tail;
    const char* vfs_name = nullptr; ///< Tests: the disk in memory.
    /// Page cache, in KiB: a fifth of what a client may keep resident.
    int cache_kib_max = 4096;
};

class SqliteStore final : public port::Store {
public:
    /// Errors: as sqlite::Database::open. `invalid_argument` without a key: a history is never written in the clear.
    [[nodiscard]] static Result<std::unique_ptr<SqliteStore>> open(const StoreOptions& options);
    /// For tests and simulations: nothing touches a disk.
    [[nodiscard]] static Result<std::unique_ptr<SqliteStore>> open_in_memory();

    /// Authenticates and checks everything: `godwit check`. Not inside a transaction, like the next two.
    [[nodiscard]] Result<void> check() { return database_.check(); }
    [[nodiscard]] Result<void> rekey(const sqlite::Key& key) { return database_.rekey(key); }
    [[nodiscard]] Result<void> compact() { return database_.vacuum(); }
    /// Memory is short: what only makes it faster goes.
    void trim() noexcept { database_.release_memory(); }

    void begin() override;
    [[nodiscard]] Result<void> commit() override;
    void rollback() override;
    [[nodiscard]] bool failed() const override { return error_.has_value(); }
    [[nodiscard]] bool dirty() const override { return dirty_; }

    // contacts.cpp
    [[nodiscard]] std::optional<port::StoredIdentity> identity() override;
    void put_identity(const port::StoredIdentity& identity) override;
    void clear_identity() override;
    [[nodiscard]] std::optional<Bytes> value(std::string_view name) override;
    void put_value(std::string_view name, BytesView value) override;
    void remove_value(std::string_view name) override;
    void wipe_value(std::string_view name) override;
    [[nodiscard]] std::vector<port::StoredContact> contacts() override;
    void put_contact(const port::StoredContact& contact) override;
    void remove_contact(std::string_view user) override;

    // history.cpp
    bool add_message(const port::StoredMessage& message) override;
    [[nodiscard]] std::optional<port::StoredMessage> message(const MessageId& id) override;
    [[nodiscard]] std::vector<port::StoredMessage> messages(const MessageId& id, std::uint32_t limit) override;
    [[nodiscard]] std::optional<port::StoredMessage> message_in(const ConversationId& conversation,
                                                                const MessageId& id) override;
    void update_post(const port::StoredMessage& message) override;
    [[nodiscard]] std::uint32_t count_received_after(const ConversationId& conversation, std::int64_t hlc_ms,
                                                     const MessageId& id, std::uint32_t max) override;
    [[nodiscard]] std::optional<port::StoredMessage> first_unsent(const ConversationId& conversation,
                                                                  std::int64_t after_hlc_ms, const MessageId& after_id,
                                                                  std::int64_t hlc_ms, const MessageId& id) override;
    [[nodiscard]] std::vector<port::StoredMessage> burning(const ConversationId& conversation, bool incoming,
                                                           std::int64_t hlc_ms, const MessageId& id,
                                                           std::uint32_t limit) override;
    [[nodiscard]] std::vector<port::StoredMessage> expiring(std::int64_t until_ms, std::uint32_t limit) override;
    [[nodiscard]] std::optional<std::int64_t> next_expiry() override;
    void hide_over(std::int64_t until_ms) override;
    [[nodiscard]] std::optional<port::StoredMessage> newest(const ConversationId& conversation) override;
    [[nodiscard]] bool has_message(const ConversationId& conversation, const MessageId& id) override;
    [[nodiscard]] std::optional<MessageId> message_by_key(const ConversationId& conversation,
                                                          std::string_view send_key) override;
    bool set_message_state(const ConversationId& conversation, const MessageId& id, MessageState state, Path path,
                           std::string_view path_reason, std::string_view failure) override;
    [[nodiscard]] std::vector<port::StoredMessage> history(const ConversationId& conversation, std::uint32_t limit,
                                                           const std::optional<MessageId>& before) override;
    [[nodiscard]] std::vector<port::StoredMessage> history_after(const ConversationId& conversation,
                                                                 std::uint32_t limit, const MessageId& after) override;
    [[nodiscard]] std::vector<port::StoredMessage> unnotified(std::uint32_t limit) override;
    void mark_notified(const ConversationId& conversation, const MessageId& id) override;
    [[nodiscard]] std::vector<Head> heads(const ConversationId& conversation) override;
    void put_heads(const ConversationId& conversation, const std::vector<Head>& heads) override;

    // timeline.cpp
    bool put_annotation(const port::Annotation& annotation) override;
    [[nodiscard]] std::vector<port::Annotation> annotations(const ConversationId& conversation,
                                                            const MessageId& target) override;
    [[nodiscard]] std::vector<port::Annotation>
    annotations_without(const ConversationId& conversation, const MessageId& target,
                        std::span<const std::string_view> prefixes) override;
    [[nodiscard]] std::vector<port::Annotation>
    annotations_named(const ConversationId& conversation, const MessageId& target, std::string_view prefix) override;
    [[nodiscard]] std::optional<port::Annotation> annotation(const ConversationId& conversation,
                                                             const MessageId& target, std::string_view name,
                                                             std::string_view author) override;
    void remove_annotation(const ConversationId& conversation, const MessageId& target, std::string_view name,
                           std::string_view author) override;
    [[nodiscard]] std::vector<port::StoredMessage> pinned(const ConversationId& conversation, std::uint32_t limit,
                                                          const std::optional<MessageId>& before) override;
    bool remove_annotations(std::string_view prefix, std::uint32_t limit) override;
    bool put_register(const port::StoredRegister& value) override;
    [[nodiscard]] std::optional<port::StoredRegister> register_named(std::string_view name) override;
    [[nodiscard]] std::vector<port::StoredRegister> registers(std::string_view prefix, std::string_view after,
                                                              std::uint32_t limit) override;
    void put_conversation(const port::StoredConversation& conversation) override;
    [[nodiscard]] std::optional<port::StoredConversation> conversation(const ConversationId& id) override;
    [[nodiscard]] std::vector<port::StoredConversation> conversations() override;
    void remove_conversation(const ConversationId& id) override;

    // search.cpp
    [[nodiscard]] Result<port::SearchPage> search(const port::SearchQuery& query) override;
    bool index_more() override;

    // changes.cpp
    [[nodiscard]] std::vector<Arrived> arrivals(std::int64_t after, std::uint32_t limit) override;
    [[nodiscard]] std::optional<std::int64_t> arrival_of(const ConversationId& conversation,
                                                         const MessageId& id) override;
    [[nodiscard]] std::vector<ChangedTarget> changes(std::int64_t after, std::uint32_t limit) override;

    // inbox.cpp
    void hold(const port::HeldMessage& held) override;
    [[nodiscard]] std::vector<port::HeldMessage> held(const ConversationId& conversation) override;
    [[nodiscard]] std::optional<port::HeldMessage> held_message(const ConversationId& conversation,
                                                                const MessageId& id) override;
    [[nodiscard]] std::vector<ConversationId> conversations_with_held() override;
    void release(const ConversationId& conversation, const MessageId& id) override;
    [[nodiscard]] bool seen(const DeviceId& from, const MessageId& id) override;
    void mark_seen(const DeviceId& from, const MessageId& id, std::int64_t now_ms) override;
    void forget_seen_before(std::int64_t wall_ms) override;

    // outbox.cpp
    void put_envelope(const port::OutboxEnvelope& envelope) override;
    [[nodiscard]] std::optional<port::OutboxEnvelope> envelope(const MessageId& id) override;
    void remove_envelope(const MessageId& id) override;
    std::uint64_t put_delivery(const port::Delivery& delivery) override;
    void set_delivery(const MessageId& id, const DeviceId& device, port::DeliveryState state,
                      std::int64_t stored_ms) override;
    [[nodiscard]] std::vector<port::Delivery> open_deliveries(std::uint64_t after_order, std::uint32_t limit) override;
    [[nodiscard]] std::vector<port::Delivery> open_deliveries_to(const DeviceId& device, std::uint64_t after_order,
                                                                 std::uint32_t limit) override;
    [[nodiscard]] std::vector<port::Delivery> urgent_deliveries_to(const DeviceId& device, std::uint64_t after_order,
                                                                   std::uint32_t limit) override;
    [[nodiscard]] std::vector<port::OpenCount> open_counts() override;
    [[nodiscard]] std::vector<port::Delivery> deliveries(const MessageId& id) override;
    [[nodiscard]] std::optional<port::Delivery> open_delivery(const MessageId& id, const DeviceId& device) override;
    [[nodiscard]] OtherDeliveries other_deliveries(const MessageId& id, const DeviceId& device,
                                                   std::string_view own_user, std::string_view user) override;
    [[nodiscard]] std::uint64_t open_message_count() override;

    // due.cpp
    void put_due(const port::Due& due) override;
    [[nodiscard]] std::vector<port::Due> due(const DeviceId& device, std::string_view after, bool waiting,
                                             std::uint32_t limit) override;
    [[nodiscard]] std::vector<std::string> due_in(const DeviceId& device, const MessageId& message,
                                                  std::uint32_t limit) override;
    [[nodiscard]] std::vector<DeviceId> due_devices() override;
    void remove_due(const DeviceId& device, std::string_view name) override;
    void remove_due_to(const DeviceId& device) override;

    // files.cpp
    [[nodiscard]] std::optional<port::StoredFile> file(const FileId& id) override;
    [[nodiscard]] std::vector<port::StoredFile> files(const FileId& after, std::uint32_t limit) override;
    [[nodiscard]] std::vector<port::StoredFile> files_in(FileState state, std::uint32_t limit) override;
    [[nodiscard]] std::vector<port::StoredFile> files_wanted(bool asked, std::uint32_t limit) override;
    [[nodiscard]] port::AutomaticFiles automatic_files(std::string_view user) override;
    [[nodiscard]] bool has_slot(const port::SlotName& name) override;
    void put_file(const port::StoredFile& file) override;
    void remove_file(const FileId& id) override;
    void put_file_grant(const port::FileGrant& grant) override;
    [[nodiscard]] std::vector<port::FileGrant> file_grants(const FileId& file) override;
    [[nodiscard]] std::vector<port::FileGrant> unserved_grants(const FileId& after, std::int64_t now_ms,
                                                               std::uint32_t limit) override;
    void set_grants_served(const FileId& file, const ConversationId& conversation) override;
    void set_grants_left(const FileId& file, const FileKey& key, std::int64_t until_ms) override;
    [[nodiscard]] std::optional<std::int64_t> next_left_until(std::int64_t now_ms) override;
    void put_file_had(const FileId& file, std::string_view user) override;
    [[nodiscard]] std::vector<std::string> file_had(const FileId& file) override;
    std::vector<port::FileGrant> remove_file_grants(const ConversationId& conversation, const MessageId& post) override;

    // notices.cpp
    [[nodiscard]] std::optional<port::StoredNotice> notice(const NoticeId& id) override;
    void put_notice(const port::StoredNotice& notice) override;
    [[nodiscard]] std::vector<port::StoredNotice> notices(std::int64_t before_ms, std::uint32_t limit) override;
    void forget_notices(std::uint32_t keep) override;

private:
    void note_changed(const ConversationId& conversation, const MessageId& target); // changes.cpp
    explicit SqliteStore(sqlite::Database database) : database_(std::move(database)), index_(database_) {}

    void fail(Error error);
    /// A stored value that no version of ours writes.
    void fail_row(std::string_view table);

    /// Runs a writing statement; false after a failure. Counts as dirty only when it changed a row.
    template <class... Values>
    bool write(std::string_view sql, const Values&... values)
    {
        if (!ready_to_write()) return false;
        if (auto done = database_.run(sql, values...); !done) {
            fail(done.error());
            return false;
        }
        dirty_ = dirty_ || database_.changes() > 0;
        return true;
    }
    bool ready_to_write();

    /// Calls `row(statement)` for each row until it returns false. False after a failure.
    template <class Row, class... Values>
    bool read(std::string_view sql, Row&& row, const Values&... values)
    {
        if (failed()) return false;
        auto statement = database_.prepare(sql);
        if (!statement) {
            fail(statement.error());
            return false;
        }
        statement->borrow(values...);
        for (;;) {
            auto there = statement->step();
            if (!there) {
                fail(there.error());
                return false;
            }
            if (!*there || !row(*statement)) return !failed();
        }
    }
    /// True when there is a row.
    template <class... Values>
    bool exists(std::string_view sql, const Values&... values)
    {
        bool found = false;
        const bool read_all = read(
            sql,
            [&found](sqlite::Statement&) {
                found = true;
                return false;
            },
            values...);
        return read_all && found;
    }

    /// Where a row stands in its conversation, shown or not: its hlc_ms; nullopt: it is not there.
    std::optional<std::int64_t> place_of(const ConversationId& conversation, const MessageId& id);
    template <class... Values>
    std::vector<port::StoredMessage> read_messages(std::string_view sql, const Values&... values);
    template <class... Values>
    std::vector<port::HeldMessage> read_held(std::string_view sql, const Values&... values);
    template <class... Values>
    std::vector<port::StoredConversation> read_conversations(std::string_view sql, const Values&... values);
    template <class... Values>
    std::vector<port::StoredFile> read_files(std::string_view sql, const Values&... values);
    template <class... Values>
    std::vector<port::FileGrant> read_grants(std::string_view sql, const Values&... values);
    template <class... Values>
    std::vector<port::StoredNotice> read_notices(std::string_view sql, const Values&... values);
    template <class... Values>
    std::vector<port::Delivery> read_deliveries(std::string_view sql, const Values&... values);

    // What a tick reads and writes again with every message, written once.
    void write_remembered();
    void forget_remembered();
    void keep_heads(const ConversationId& conversation, const std::vector<Head>& heads, bool unwritten);
    void write_heads(const ConversationId& conversation, const std::vector<Head>& heads);
    void write_conversation(const port::StoredConversation& conversation);
    [[nodiscard]] std::optional<std::int64_t> number_of(const DeviceId& sender);

    sqlite::Database database_;
    search::Index index_;
    std::optional<Error> error_;
    bool in_transaction_ = false;
    bool sqlite_transaction_ = false; // opened by the first write
    bool dirty_ = false;
    bool wipe_ = false; // what a post has lost is still in the log
    Remembered<ConversationId, std::vector<Head>, FixedBytesHash> heads_;
    Remembered<ConversationId, std::optional<port::StoredConversation>, FixedBytesHash> conversations_;
    Remembered<DeviceId, std::int64_t, FixedBytesHash> senders_; // as they stand in the file
    struct NoteKey {
        ConversationId conversation;
        MessageId target;
        bool operator==(const NoteKey&) const = default;
    };
    struct NoteHash {
        std::size_t operator()(const NoteKey& key) const noexcept { return FixedBytesHash{}(key.target); }
    };
    void keep_notes(const NoteKey& key, const std::vector<port::Annotation>& notes);
    bool take_note(const NoteKey& key, const sqlite::Statement& row, std::vector<port::Annotation>& out);
    Remembered<NoteKey, std::vector<port::Annotation>, NoteHash> notes_; // as they stand; where there are few
    Remembered<std::string, bool, std::hash<std::string>> no_values_;    // names that have none
    std::int64_t over_ms_ = 0;                                           // hide_over
};

} // namespace godwit::store
