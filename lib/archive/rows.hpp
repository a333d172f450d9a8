// SPDX-License-Identifier: Apache-2.0
// Rows of the store as records, and back.
#pragma once

#include "lib/port/timeline.hpp"
#include "lib/wire/archive.hpp"

namespace godwit::archive {

/// Content of a kind that the version which got it did not know: not shown, and kept for one that knows it.
[[nodiscard]] bool is_unknown(const port::StoredMessage& row);
/// Precondition: it is shown, or unknown.
[[nodiscard]] wire::archive::Post record_of(const port::StoredMessage& row);
/// As another device of the account has it: known to the application, and under way nowhere.
[[nodiscard]] port::StoredMessage row_of(wire::archive::Post record);

/// At most wire::archive::notes_max in each, and so many bytes as one record may have.
[[nodiscard]] std::vector<wire::archive::Notes> records_of(const ConversationId& conversation, const MessageId& target,
                                                           std::vector<port::Annotation> notes);
[[nodiscard]] std::vector<port::Annotation> rows_of(wire::archive::Notes record);

} // namespace godwit::archive
