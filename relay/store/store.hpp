// SPDX-License-Identifier: Apache-2.0
// store: what the relay must not forget, in SQLite (WAL, synchronous=FULL). Accounts, devices, contacts, mailboxes.
//
// One transaction a tick: the first write begins it, commit() makes it durable. Errors are sticky: after the first
// failed call every further write is ignored, every read answers "nothing", and commit() returns that first error; the
// caller then calls rollback(). So the core reads as if storage never failed, and one place knows that it did.
//
// Rows have integer keys that never leave the relay. What is deleted here is overwritten on disk (secure_delete).
#pragma once

#include "lib/base/time.hpp"
#include "lib/sqlite/database.hpp"
#include "lib/wire/frames.hpp"

#include <functional>

namespace godwit::relay {

using AccountRow = std::int64_t; ///< 0: none.
using DeviceRow = std::int64_t;  ///< 0: none.
using LoginSalt = FixedBytes<32, struct LoginSaltTag>;
using LoginHash = FixedBytes<32, struct LoginHashTag>;
using wire::RosterState;

struct StoredAccount {
    AccountRow row = 0;
    std::string user;
    PublicKey account_key;
    LoginSalt salt;
    LoginHash login_hash;
    Bytes vault;
};

struct StoredDevice {
    DeviceRow row = 0;
    AccountRow account = 0;
    DeviceId key;
    Bytes certificate; ///< Encoded; verified when it came.
    std::string client_version;
    std::string platform;
    WallMs seen_ms = 0; ///< Of the last login, at day granularity.
};

/// One direction of a contact with what the other side thinks of it.
struct StoredContact {
    AccountRow other = 0;
    std::string user;
    PublicKey account_key;
    RosterState mine = RosterState::none;
    RosterState theirs = RosterState::none;
};

/// One waiting envelope of one device.
struct StoredMail {
    std::uint64_t sequence = 0;
    DeviceId from;
    WallMs stored_ms = 0;
    wire::Envelope envelope;
};

/// What waits in a mailbox from one sender account.
struct MailUsage {
    AccountRow sender = 0;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
};

class Store {
public:
    /// Creates the file when there is none. Errors as sqlite::Database::open. `vfs_name`: see sqlite::OpenOptions.
    [[nodiscard]] static Result<Store> open(const std::string& path, const char* vfs_name = nullptr);
    [[nodiscard]] static Result<Store> open_in_memory();

    /// Durable when ok. Free of cost when nothing was written.
    [[nodiscard]] Result<void> commit();
    void rollback() noexcept;
    [[nodiscard]] bool failed() const noexcept { return error_.has_value(); }
    [[nodiscard]] bool dirty() const noexcept { return in_transaction_; }
    /// An error outside a transaction is not held against the next one.
    void forgive_reads() noexcept
    {
        if (!in_transaction_) error_.reset();
    }
    /// ok while the database still answers. After a failed fsync it never does again: the process has to restart.
    [[nodiscard]] Result<void> alive();

    /// Folds the write-ahead log into the database, so that its space is used again: what a full disk needs most. Worth
    /// trying after a failed commit; its own failure changes nothing.
    void reclaim_log();

    // accounts and devices (accounts.cpp)
    [[nodiscard]] std::optional<StoredAccount> account(std::string_view user);
    [[nodiscard]] std::optional<StoredAccount> account(AccountRow row);
    AccountRow add_account(const StoredAccount& account, WallMs now_ms);
    [[nodiscard]] std::optional<StoredDevice> device(const DeviceId& key);
    [[nodiscard]] std::vector<StoredDevice> devices(AccountRow account);
    DeviceRow add_device(const StoredDevice& device, WallMs now_ms);
    void update_device(const StoredDevice& device); ///< Certificate, version, platform, seen.
    void remove_device(DeviceRow row);              ///< With its mailbox.

    // contacts (contacts.cpp)
    [[nodiscard]] RosterState contact(AccountRow owner, AccountRow other);
    void set_contact(AccountRow owner, AccountRow other, RosterState state, WallMs now_ms); ///< none: removes it.
    [[nodiscard]] std::optional<StoredContact> contact_of(AccountRow owner, AccountRow other);
    /// By user name, those after `after`, at most `limit`.
    [[nodiscard]] std::vector<StoredContact> contacts(AccountRow owner, std::string_view after, std::size_t limit);
    [[nodiscard]] std::uint64_t contact_count(AccountRow owner);
    [[nodiscard]] std::uint64_t contact_count(AccountRow owner, RosterState state);
    /// Those who accepted each other.
    [[nodiscard]] std::vector<AccountRow> mutual_contacts(AccountRow owner);

    // mailboxes (mailbox.cpp)
    [[nodiscard]] std::vector<MailUsage> mail_usage(DeviceRow device);
    /// The first sequence number that was never reserved.
    [[nodiscard]] std::uint64_t sequence_floor(DeviceRow device);
    void set_sequence_floor(DeviceRow device, std::uint64_t floor);
    /// The row of this sender's envelope of this id when it is held, else 0.
    [[nodiscard]] std::int64_t envelope_row(const DeviceId& from, const MessageId& id);
    std::int64_t add_envelope(const DeviceId& from, AccountRow sender, const wire::Envelope& envelope, WallMs now_ms);
    [[nodiscard]] bool has_mail(DeviceRow device, std::int64_t envelope);
    void add_mail(DeviceRow device, std::uint64_t sequence, std::int64_t envelope);
    /// From `after` on, in order, until `take` says stop.
    void each_mail(DeviceRow device, std::uint64_t after, const std::function<bool(StoredMail&&)>& take);
    /// What was removed: the sender and the size; nullopt when there was none.
    std::optional<MailUsage> remove_mail(DeviceRow device, std::uint64_t sequence);
    /// Removes up to `limit` envelopes stored before `before_ms`; returns how many, and whose mailboxes changed.
    std::uint64_t expire_mail(WallMs before_ms, std::uint32_t limit, std::vector<DeviceRow>& touched);

private:
    explicit Store(sqlite::Database database) : database_(std::move(database)) {}

    /// Begins the tick's transaction when there is none. False when the tick has failed already.
    [[nodiscard]] bool writing();
    template <class... Values>
    void write(std::string_view sql, const Values&... values)
    {
        if (writing()) note(database_.run(sql, values...));
    }
    /// Calls `row` for each row, until it says stop.
    template <class Row, class... Values>
    void read(std::string_view sql, Row row, const Values&... values)
    {
        if (failed()) return;
        auto statement = database_.prepare(sql);
        if (!statement) return note(statement.error());
        statement->bind(values...);
        for (;;) {
            const auto more = statement->step();
            if (!more) return note(more.error());
            if (!*more || !row(*statement)) return;
        }
    }
    [[nodiscard]] std::optional<std::int64_t> read_integer(std::string_view sql, const auto&... values)
    {
        std::optional<std::int64_t> out;
        read(
            sql,
            [&](const sqlite::Statement& s) {
                if (!s.is_null(0)) out = s.integer(0);
                return false;
            },
            values...);
        return out;
    }
    void drop_unheld_envelope(std::int64_t envelope);
    void note(const Result<void>& result)
    {
        if (!result.ok() && !error_) error_ = result.error();
    }

    sqlite::Database database_;
    std::optional<Error> error_;
    bool in_transaction_ = false;
};

} // namespace godwit::relay
