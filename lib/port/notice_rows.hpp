// SPDX-License-Identifier: Apache-2.0
// NoticeRows: the part of the Store port that keeps what the operator of the relay has said. Same transaction, same
// sticky errors as the rest (store.hpp).
#pragma once

#include <godwit/notice.hpp>

#include "lib/base/bytes.hpp"

#include <optional>
#include <vector>

namespace godwit::port {

struct StoredNotice {
    NoticeId id;
    std::int64_t created_ms = 0; ///< Of the relay's; in this order they are shown.
    std::int64_t received_ms = 0;
    bool withdrawn = false; ///< Kept, so that it does not come back.
    Bytes encoded;          ///< wire::OperatorNotice, as the relay has signed it.
};

class NoticeRows {
public:
    virtual ~NoticeRows() = default;

    [[nodiscard]] virtual std::optional<StoredNotice> notice(const NoticeId& id) = 0;
    virtual void put_notice(const StoredNotice& notice) = 0;
    /// Not withdrawn, made before `before_ms`, newest first, at most `limit`.
    [[nodiscard]] virtual std::vector<StoredNotice> notices(std::int64_t before_ms, std::uint32_t limit) = 0;
    /// All but the newest `keep`, withdrawn ones counted.
    virtual void forget_notices(std::uint32_t keep) = 0;
};

} // namespace godwit::port
