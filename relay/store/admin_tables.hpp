// SPDX-License-Identifier: Apache-2.0
// The operator's tables: who may administer (admin_tokens), and what was done (audit). What they mean: relay/admin.
//
// Changes are part of the tick's transaction, so an action and its record are stored together or not at all.
#pragma once

#include "lib/base/time.hpp"
#include "relay/store/app_tables.hpp"
#include "relay/store/ledger.hpp"

#include <vector>

namespace godwit::relay {

using TokenHash = FixedBytes<32, struct TokenHashTag>;
using AuditLink = FixedBytes<32, struct AuditLinkTag>;

struct StoredToken {
    std::string name;
    std::uint8_t role = 0; ///< admin::Role
    TokenHash hash;
    WallMs created_ms = 0;
    WallMs expires_ms = 0; ///< 0: it does not.
    AppRow app = 0;        ///< Of this application alone; 0: of the whole relay. It goes with its application.
};

class TokenTable {
public:
    explicit TokenTable(Ledger& ledger) : ledger_(ledger) {}

    [[nodiscard]] std::optional<StoredToken> find(std::string_view name);
    [[nodiscard]] std::optional<StoredToken> find(const TokenHash& hash);
    /// By name.
    [[nodiscard]] std::vector<StoredToken> all();
    [[nodiscard]] std::uint64_t count();
    void add(const StoredToken& token);
    /// False: there was none.
    bool remove(std::string_view name);

private:
    Ledger& ledger_;
};

/// One thing that was done.
struct AuditRecord {
    std::uint64_t sequence = 0; ///< From 1, without gaps.
    WallMs at_ms = 0;
    std::string actor;     ///< The token's name; "local": whoever may open the control socket.
    std::uint8_t role = 0; ///< Of the actor then.
    std::string verb;
    std::string target;
    std::string detail; ///< JSON.
    AuditLink link;     ///< See admin::link_of.
};

class AuditTable {
public:
    explicit AuditTable(Ledger& ledger) : ledger_(ledger) {}

    [[nodiscard]] std::optional<AuditRecord> newest();
    /// Sequence of the newest that there ever was, also when somebody has deleted it with SQLite's tools.
    [[nodiscard]] std::uint64_t newest_ever();
    /// In order, those after this sequence.
    [[nodiscard]] std::vector<AuditRecord> after(std::uint64_t sequence, std::size_t limit);
    /// Newest first, those before this sequence.
    [[nodiscard]] std::vector<AuditRecord> before(std::uint64_t sequence, std::size_t limit);
    void add(const AuditRecord& record);

private:
    Ledger& ledger_;
};

/// How far those who are told have come in the audit log.
class CursorTable {
public:
    explicit CursorTable(Ledger& ledger) : ledger_(ledger) {}

    [[nodiscard]] std::optional<std::uint64_t> find(std::string_view name);
    void set(std::string_view name, std::uint64_t up_to);

private:
    Ledger& ledger_;
};

} // namespace godwit::relay
