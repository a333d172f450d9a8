// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: what the operator of the relay says (docs/adr/0035-notices.md).
//
//   NoticeDeliver ──> by the relay's key? for this account? not over? ──> known? ──> store ──> event, acknowledgement
//                                                                          └─ withdrawn: its text goes, for good
//   read, here or on another device ──> a register: up to when
#pragma once

#include "lib/engine/chats.hpp"

namespace godwit::engine {

class Notices {
public:
    Notices(Context& context, Chats& chats) : context_(context), chats_(chats) {}

    /// False: nothing that may be shown (counted). Else it is here when the tick is committed, or was before.
    bool take(BytesView encoded, const port::StoredIdentity& identity, WallMs relay_ms, Moment now);

    void ask(RequestId id, const request::Notices& wanted);
    void ask(RequestId id, const request::MarkNoticesRead& read, Moment now);
    /// The account's devices share another mark than before.
    void mark_changed();

private:
    [[nodiscard]] std::int64_t read_up_to_ms();
    [[nodiscard]] std::optional<Notice> shown(const port::StoredNotice& row, std::int64_t read_up_to_ms) const;

    Context& context_;
    Chats& chats_;
};

} // namespace godwit::engine
