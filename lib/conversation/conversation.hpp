// SPDX-License-Identifier: Apache-2.0
// conversation: what messages mean and who may say what, for chats of two accounts (groups come later).
//
//   compose     text → content with its clock and parents, and the row of the own history
//   interpret   opened content and its verified sender → the row it becomes, or why not
//   file        a row into the history: its place in the order, and the conversation's heads
//
// Order of a history: (hlc, id). The hybrid logical clock of a message is above those of all its parents, so the order
// is causal whatever the wall clocks say; between unrelated messages the wall clocks decide.
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"
#include "lib/port/store.hpp"
#include "lib/wire/content.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace godwit::conversation {

/// A sender's clock further ahead than this counts as this far ahead in the order: it cannot pin its messages to the
/// end of the history for ever. Larger than any time zone mistake.
inline constexpr std::int64_t hlc_ahead_ms_max = 24LL * 3600 * 1000;

/// Errors: invalid_argument (empty, not UTF-8), message_too_large.
[[nodiscard]] Result<void> validate_text(std::string_view text);
/// Errors: invalid_argument (too long).
[[nodiscard]] Result<void> validate_send_key(std::string_view key);

/// The place of a message in the order of the history.
[[nodiscard]] std::int64_t sort_hlc(std::int64_t claimed_ms, std::int64_t parents_hlc_max_ms, WallMs now_ms) noexcept;

struct Composed {
    wire::content::Text content;
    port::StoredMessage row;
};

/// Who talks with whom, from this device's side.
struct Parties {
    ConversationId conversation;
    std::string own_user;
    DeviceId own_device;
    std::string with;
};

/// Precondition: validate_text(text) is ok. Reads the heads; writes nothing: file() does.
[[nodiscard]] Composed compose_text(port::Store& store, const Parties& parties, const MessageId& id, std::string text,
                                    std::string send_key, Moment now);

/// Who sealed something, by a verified certificate.
struct Sender {
    std::string user;
    DeviceId device;
};

struct Incoming {
    port::StoredMessage row;
    std::vector<MessageId> parents;
    bool own_copy = false; ///< Sent by another device of this account.
};

/// The account on the other side of a content: what the conversation is named by. Errors: malformed.
[[nodiscard]] Result<std::string> other_party(const wire::content::Any& content, const Sender& sender,
                                              std::string_view own_user);

/// Errors: malformed (bad text, foreign recipient, or no message at all). `parties.with` as other_party says; `path`,
/// `reason`: how it came.
[[nodiscard]] Result<Incoming> interpret(wire::content::Any content, const Sender& sender, const Parties& parties,
                                         const MessageId& id, Path path, std::string_view reason, Moment now);

/// Gives the row its place, adds it and moves the heads. False when the history has it already.
bool file(port::Store& store, port::StoredMessage& row, const std::vector<MessageId>& parents, Moment now);

} // namespace godwit::conversation
