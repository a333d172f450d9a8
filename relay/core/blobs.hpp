// SPDX-License-Identifier: Apache-2.0
// blobs: pieces of files that wait for devices which are not there. Sealed; named by a keyed hash, so that who fetches
// has been told the name by somebody.
//
//   put   -> whose blob is it? is the piece here already? is there room? -> stored -> (commit) -> answered
//   query -> what is stored, and until when
//   get   -> the piece
//   drop  -> nobody gets it any more; its pieces go with the next cleaning
//
// Room: so much for an account, and so much for all. When that is nearly full the oldest blobs go before their days are
// over, and when it is full nothing is taken: a blob is a convenience, its sender still has the file.
#pragma once

#include "relay/core/tick.hpp"

namespace godwit::relay {

/// Pieces that one tick removes.
inline constexpr std::uint32_t blob_pieces_expired_per_tick_max = 256;
/// What a piece is counted for beside its bytes: a row and its index entry.
inline constexpr std::uint64_t blob_piece_overhead_bytes = 256;

class Blobs {
public:
    explicit Blobs(Context& context)
        : context_(context), requests_(context.config.limits.blob_requests, context.config.limits.throttled_max)
    {
    }

    [[nodiscard]] Answer put(const Session& session, const frame::BlobPut& request, Moment now);
    [[nodiscard]] Answer query(const Session& session, const frame::BlobQuery& request, Moment now);
    [[nodiscard]] Answer get(const Session& session, const frame::BlobGet& request, Moment now);
    [[nodiscard]] Answer drop(const Session& session, const frame::BlobDrop& request, Moment now);
    /// True when there may be more to remove.
    bool expire(Moment now);
    /// The tick was rolled back, or somebody has another quota.
    void forget_usage() { usage_.reset(); }

private:
    struct Usage {
        std::uint64_t all = 0;
        std::unordered_map<AccountRow, std::uint64_t> by_account;
        std::unordered_map<AppRow, std::uint64_t> by_app;
        std::unordered_map<AccountRow, AppRow> app_of;
        /// What the operator has given those who put something; nullopt: what everybody has.
        std::unordered_map<AccountRow, std::optional<std::uint64_t>> quotas;
    };
    [[nodiscard]] Usage& usage();
    /// One that is there and not over, of the session's application.
    [[nodiscard]] std::optional<StoredBlob> living(const Session& session, const wire::BlobId& id, Moment now);
    [[nodiscard]] std::optional<Error> no_room(const Session& session, const frame::BlobPut& request);
    [[nodiscard]] std::optional<Error> too_fast(const Session& session, Moment now);

    Context& context_;
    AccountPaces requests_;
    std::optional<Usage> usage_; ///< Counted once, then kept up.
};

} // namespace godwit::relay
