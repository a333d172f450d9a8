// SPDX-License-Identifier: Apache-2.0
// conversation: what posts mean and who may say what (docs/adr/0030-posts.md).
//
//   content_rules.hpp  what a post may hold
//   compose            a draft → content with its clock and parents, and the row of the own history
//   interpret          opened content and its verified sender → the row it becomes, or why not
//   file               a row into the history: its place in the order, the conversation's heads; then timeline.hpp
//   timeline.hpp       what acts on posts → annotations → how the post stands now
//   present            a row → what the application sees
//
// Order of a history: (hlc, id). The hybrid logical clock of a message is above those of all its parents, so the order
// is causal whatever the wall clocks say; between unrelated messages the wall clocks decide.
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"
#include "lib/conversation/content_rules.hpp"
#include "lib/port/store.hpp"
#include "lib/wire/content.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace godwit::conversation {

/// A sender's clock further ahead than this counts as this far ahead in the order: it cannot pin its messages to the
/// end of the history for ever. Larger than any time zone mistake.
inline constexpr std::int64_t hlc_ahead_ms_max = 24LL * 3600 * 1000;

/// Of two writes of one thing the later clock stands. A clock that runs ahead is answered by a later one still
/// (compose); this far ahead it is none, and what it says counts nowhere. Longer than any clock is set wrong by hand,
/// so that all devices judge alike.
inline constexpr std::int64_t stamp_ahead_ms_max = 10 * 365 * 24 * 3600 * std::int64_t{1000};
[[nodiscard]] bool is_possible(std::int64_t hlc_ms, Moment now) noexcept;

/// Nothing is under way for longer: 30 days in an outbox, and 30 at the relay. What claims to be older has a clock that
/// is wrong, and counts as said when it came.
inline constexpr std::int64_t under_way_ms_max = 62LL * 24 * 3600 * 1000;

/// The place of a message in the order of the history.
[[nodiscard]] std::int64_t sort_hlc(std::int64_t claimed_ms, std::int64_t parents_hlc_max_ms, WallMs now_ms) noexcept;

/// Which conversation, from this device's side.
struct Parties {
    ConversationId conversation;
    ConversationKind kind = ConversationKind::direct;
    std::string own_user;
    DeviceId own_device;
    std::string with;            ///< Of a conversation of two; the own name in that of the own devices; else empty.
    Role own_role = Role::owner; ///< Of this account now.
};

struct Composed {
    wire::content::Post content;
    port::StoredMessage row;
};

/// Precondition: validate(draft) is ok. Reads the heads; writes nothing: file() does.
[[nodiscard]] Composed compose(port::Store& store, const Parties& parties, const MessageId& id, Draft draft,
                               Moment now);

/// Who sealed something, by a verified certificate.
struct Sender {
    std::string user;
    DeviceId device;
    Role role = Role::owner; ///< In the epoch in which it was sealed.
};

struct Incoming {
    port::StoredMessage row;
    std::vector<MessageId> parents;
    bool own_copy = false; ///< Sent by another device of this account.
};

/// The account on the other side of a content that names one; empty: it names none, being for a group. Errors:
/// malformed.
[[nodiscard]] Result<std::string> other_party(const wire::content::Any& content, const Sender& sender,
                                              std::string_view own_user);

/// Errors: malformed (bad content, foreign recipient, or no post at all). `path`, `reason`: how it came.
[[nodiscard]] Result<Incoming> interpret(wire::content::Any content, const Sender& sender, const Parties& parties,
                                         const MessageId& id, Path path, std::string_view reason, Moment now);

/// Gives the row its place, adds it and moves the heads. False when the history has it already. What acts on another
/// post keeps no content of its own: timeline.hpp has taken it.
bool file(port::Store& store, port::StoredMessage& row, const std::vector<MessageId>& parents, Moment now);

/// No news: what happened to a group, and a call that was taken or declined.
[[nodiscard]] bool is_quiet(const port::StoredMessage& row);

/// A row as the application sees it.
[[nodiscard]] Message present(port::Store& store, port::StoredMessage row);

} // namespace godwit::conversation
