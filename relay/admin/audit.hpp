// SPDX-License-Identifier: Apache-2.0
// audit: what was done, append-only, each record chained to the one before.
//
//   link(0)  = 32 zero bytes
//   link(n)  = transcript_hash("godwit relay audit 1",       BLAKE2b-256, lib/crypto/hash.hpp
//                link(n-1), le64 sequence, le64 at_ms, actor, role, verb, target, detail)
//
// Whoever changes, removes, reorders or inserts a record breaks the chain behind it, unless they write everything that
// follows anew, or cut the end off. Against that stands a checkpoint, kept elsewhere: "SEQUENCE:LINK" of a record says
// what the whole log up to it was (docs/admin.md).
#pragma once

#include "relay/admin/roles.hpp"
#include "relay/store/admin_tables.hpp"

#include <godwit/result.hpp>

namespace godwit::relay::admin {

inline constexpr std::size_t audit_target_bytes_max = 256;
inline constexpr std::size_t audit_detail_bytes_max = 1024;
/// Records in one page of the log.
inline constexpr std::size_t audit_page_max = 500;

[[nodiscard]] AuditLink link_of(const AuditLink& before, const AuditRecord& record);

/// A place in the log, and what everything up to it was. 0 and zeros: the beginning.
struct Checkpoint {
    std::uint64_t sequence = 0;
    AuditLink link;

    [[nodiscard]] std::string text() const; ///< "17:5f…": the sequence and 64 hexadecimal digits.
    [[nodiscard]] static std::optional<Checkpoint> parse(std::string_view text);
    friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// Verifies a log that is read page by page.
class AuditChain {
public:
    /// `known`: from an earlier run, kept elsewhere.
    explicit AuditChain(std::optional<Checkpoint> known = std::nullopt) : known_(std::move(known)) {}

    /// The next record. The error says which record does not fit, and what that means; it stays.
    [[nodiscard]] Result<void> take(const AuditRecord& record);
    /// After the last one. `newest_ever`: AuditTable::newest_ever(). Errors: records at the end are missing.
    [[nodiscard]] Result<Checkpoint> finish(std::uint64_t newest_ever) const;
    [[nodiscard]] const Checkpoint& at() const noexcept { return at_; }

private:
    std::optional<Checkpoint> known_;
    Checkpoint at_;
    std::optional<Error> error_;
};

/// Writes records, into the transaction of the tick.
class Audit {
public:
    explicit Audit(Ledger& ledger) : table_(ledger) {}

    /// `detail` as JSON; what is longer than the bounds is cut (in target and detail), and says so by its end: "…".
    void record(const Caller& caller, Verb verb, std::string_view target, std::string_view detail, WallMs now_ms);
    [[nodiscard]] AuditTable& table() noexcept { return table_; }

private:
    AuditTable table_;
};

} // namespace godwit::relay::admin
