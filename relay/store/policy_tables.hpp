// SPDX-License-Identifier: Apache-2.0
// The operator's tables that messaging heeds: what an account may, who may not come, who may although the door is
// closed, and what was reported. What they mean: relay/core/gate.hpp.
#pragma once

#include "relay/store/store.hpp"

namespace godwit::relay {

/// Of one account, where it differs from the limits of the configuration.
struct Quotas {
    std::optional<std::uint64_t> mailbox_messages; ///< Per device.
    std::optional<std::uint64_t> mailbox_bytes;    ///< Per device.
    std::optional<std::uint64_t> blob_bytes;

    friend bool operator==(const Quotas&, const Quotas&) = default;
};

struct AccountPolicy {
    WallMs disabled_ms = 0; ///< Since when; 0: it is not.
    std::string reason;     ///< For those who administer; the user is not told.
    Quotas quotas;
};

/// As the operator sees an account.
struct AccountSummary {
    AccountRow row = 0;
    AppRow app = 0;
    std::string user;
    PublicKey account_key;
    WallMs created_ms = 0;
    std::uint64_t devices = 0;
    WallMs seen_ms = 0; ///< Of the device that logged in last, at day granularity; 0: none is left.
    AccountPolicy policy;
};

class PolicyTable {
public:
    explicit PolicyTable(Ledger& ledger) : ledger_(ledger) {}

    /// Defaults when there is no row.
    [[nodiscard]] AccountPolicy find(AccountRow account);
    void set(AccountRow account, const AccountPolicy& policy);

    /// nullopt: there is no such account.
    [[nodiscard]] std::optional<bool> is_disabled(AppRow app, std::string_view user);
    /// Of an application, by user name, those after `after` that begin with `prefix`.
    [[nodiscard]] std::vector<AccountSummary> accounts(AppRow app, std::string_view prefix, std::string_view after,
                                                       std::size_t limit);
    struct Totals {
        std::uint64_t accounts = 0;
        std::uint64_t disabled = 0;
        std::uint64_t devices = 0;
        std::uint64_t groups = 0; ///< Of many.
        std::uint64_t reports_open = 0;
    };
    [[nodiscard]] Totals totals();
    /// (version, platform) -> devices; the most frequent first.
    struct Clients {
        std::string version;
        std::string platform;
        std::uint64_t devices = 0;
    };
    [[nodiscard]] std::vector<Clients> clients(std::size_t limit);
    /// What waits for the account's devices, and what it has left there.
    struct Usage {
        std::uint64_t mail_messages = 0;
        std::uint64_t mail_bytes = 0;
        std::uint64_t blob_bytes = 0;
    };
    [[nodiscard]] Usage usage(AccountRow account);
    /// Groups of many, without a name: that is sealed. By row, those after `after`.
    struct Group {
        GroupRow row = 0;
        ConversationId conversation;
        std::uint64_t members = 0;
        std::uint64_t epoch = 0;
        WallMs changed_ms = 0;
    };
    [[nodiscard]] std::vector<Group> groups(GroupRow after, std::size_t limit);
    /// Everything of the account goes: devices with their mail and key packages, contacts, memberships, requests to
    /// join, groups of two, policy. Its files are condemned: the next expiry takes their bytes. What it sent and others
    /// have not fetched is theirs, and stays.
    void remove_account(Store& store, AccountRow account);

private:
    Ledger& ledger_;
};

/// An address prefix (RFC 4632): 4 or 16 bytes, of which the first `bits` count and the others are 0.
struct AddressPrefix {
    Bytes bytes;
    unsigned bits = 0;

    /// The prefix of an address. Precondition: bits <= 8 * address.size().
    [[nodiscard]] static AddressPrefix of(BytesView address, unsigned bits);
    [[nodiscard]] bool contains(BytesView address) const
    {
        return address.size() == bytes.size() && of(address, bits).bytes == bytes;
    }
    friend auto operator<=>(const AddressPrefix&, const AddressPrefix&) = default;
};

enum class BanKind : std::uint8_t { address = 1, name = 2 };

struct StoredBan {
    std::int64_t id = 0;
    BanKind kind = BanKind::address;
    std::string subject;  ///< "198.51.100.0/24", "2001:db8::/32"; a user name.
    AddressPrefix prefix; ///< Of an address.
    std::string reason;
    WallMs created_ms = 0;
    WallMs until_ms = 0; ///< 0: until it is lifted.
};

class BanTable {
public:
    explicit BanTable(Ledger& ledger) : ledger_(ledger) {}

    [[nodiscard]] std::vector<StoredBan> all(); ///< By id.
    /// By id, those after this one. `suffix`: of names that end so alone; empty: all.
    [[nodiscard]] std::vector<StoredBan> after(std::int64_t id, std::size_t limit, std::string_view suffix);
    [[nodiscard]] std::optional<StoredBan> find(std::int64_t id);
    [[nodiscard]] std::optional<StoredBan> find(BanKind kind, std::string_view subject);
    std::int64_t add(const StoredBan& ban); ///< In the place of one of the same subject.
    void remove(std::int64_t id);
    void remove_over(WallMs now_ms);

private:
    Ledger& ledger_;
};

/// Who may register although registration is closed.
struct StoredInvitation {
    std::string user;                     ///< "user", or "user@app".
    std::optional<PublicKey> account_key; ///< Whose key; nullopt: whoever comes first with the name.
    WallMs created_ms = 0;
    WallMs expires_ms = 0;
};

class InvitationTable {
public:
    explicit InvitationTable(Ledger& ledger) : ledger_(ledger) {}

    /// By name, those after this one. `suffix`: of names that end so alone; empty: all.
    [[nodiscard]] std::vector<StoredInvitation> after(std::string_view user, std::size_t limit,
                                                      std::string_view suffix);
    [[nodiscard]] std::optional<StoredInvitation> find(std::string_view user);
    void add(const StoredInvitation& invitation);
    void remove(std::string_view user);
    void remove_over(WallMs now_ms);

private:
    Ledger& ledger_;
};

/// What a client showed of a message that it reported: nothing proves it.
struct ReportedMessage {
    MessageId id;
    std::string author; ///< "user", or "user@app".
    WallMs sent_ms = 0;
    bool shown = false; ///< `text` is what it says.
    std::string text;
};

/// What somebody says about an account or a group.
struct StoredReport {
    std::int64_t id = 0;
    std::string reporter; ///< Who says so: a user, or whoever took it down.
    std::string subject;  ///< The account that it is about; empty: the conversation.
    std::string reason;   ///< One word: "spam", "abuse", …
    std::string text;
    WallMs created_ms = 0;
    WallMs closed_ms = 0; ///< 0: open.
    std::string closed_by;
    std::string outcome;
    ConversationId conversation;           ///< Zero: none in particular.
    bool by_client = false;                ///< The account itself says so, and not somebody for it.
    std::vector<ReportedMessage> messages; ///< In find() alone.
};

class ReportTable {
public:
    explicit ReportTable(Ledger& ledger) : ledger_(ledger) {}

    [[nodiscard]] std::optional<StoredReport> find(std::int64_t id);
    /// Oldest first, those after this one. `of`: about accounts whose names end so, of groups by such; empty: all.
    [[nodiscard]] std::vector<StoredReport> open(std::int64_t after, std::size_t limit, std::string_view of = {});
    /// Newest first, those before this one, closed ones too.
    [[nodiscard]] std::vector<StoredReport> before(std::int64_t id, std::size_t limit, std::string_view of = {});
    /// Of those that clients have sent: who administers takes down as many as there are, and keeps no client out.
    [[nodiscard]] std::uint64_t open_count();
    [[nodiscard]] std::uint64_t open_count(std::string_view reporter);
    /// An open one that says the same.
    [[nodiscard]] bool has_open(const StoredReport& report);
    std::int64_t add(const StoredReport& report);
    void close(std::int64_t id, WallMs now_ms, std::string_view by, std::string_view outcome);
    /// Closed ones of before, at most so many.
    void remove_closed(WallMs before_ms, std::size_t limit);

private:
    Ledger& ledger_;
};

/// In which hours the relay served: seconds that a commit has witnessed.
struct UptimeHour {
    std::int64_t hour = 0; ///< Since 1970.
    std::int64_t seconds = 0;
    std::int64_t sessions_max = 0;
};

class UptimeTable {
public:
    explicit UptimeTable(Ledger& ledger) : ledger_(ledger) {}

    void add(std::int64_t hour, std::int64_t seconds, std::uint64_t sessions);
    [[nodiscard]] std::vector<UptimeHour> from(std::int64_t hour);
    [[nodiscard]] std::optional<std::int64_t> first_hour();
    void remove_before(std::int64_t hour);

private:
    Ledger& ledger_;
};

} // namespace godwit::relay
