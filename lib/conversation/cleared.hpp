// SPDX-License-Identifier: Apache-2.0
// A conversation that was cleared, as the account's devices tell each other: a register of each device, which that one
// alone writes. Nothing that nobody has seen may go by it, and clocks of several devices do not say who has seen what:
// so the last messages are named one by one, and what stood before them goes by its place where it is older than
// anything that is under way, or where there were more than can be named.
//
//   ··· before `since` ···                          | since … named … up_to | after
//   old, or more than can be named: goes, by place  | named: goes             stays
//   else: the one that cleared has not got it       | others: stay
#pragma once

#include "lib/conversation/timeline.hpp"

namespace godwit::conversation {

/// What one device says.
struct Cleared {
    Place up_to;                     ///< The newest message that stood there.
    Place since;                     ///< The oldest of `messages`.
    std::vector<MessageId> messages; ///< Newest first, at most cleared_named_max.
};
/// 16 KB a conversation. A register is said in one envelope with others (shared::several_bytes_max).
inline constexpr std::size_t cleared_named_max = 1000;
/// up_to ‖ since ‖ ids of 16 bytes.
[[nodiscard]] Bytes encode(const Cleared& cleared);
/// nullopt: malformed.
[[nodiscard]] std::optional<Cleared> decode_cleared(BytesView bytes);

/// The register in which that device says it: "conversation/<id>/cleared/<64 hexadecimal digits>".
[[nodiscard]] std::string cleared_name(const ConversationId& conversation, const DeviceId& device);
/// The device, out of what a register of a conversation is called; nullopt: it says something else.
[[nodiscard]] std::optional<DeviceId> cleared_by(std::string_view what);

/// What stands there now, and what this device has cleared before; nullopt: nothing stands. An own live location that
/// moves is not named: nobody could end it any more.
[[nodiscard]] std::optional<Cleared> clear(port::Store& store, const Parties& parties, Moment now);
/// An own live location that moves.
[[nodiscard]] bool is_moving(port::Store& store, const port::StoredMessage& row, Moment now);

/// All that an account's devices have cleared in one conversation.
class Clears {
public:
    Clears(port::Store& store, const ConversationId& conversation);

    enum class Says : std::uint8_t {
        nothing = 0,
        named = 1,
        before = 2,      ///< By its place alone.
        before_here = 3, ///< Likewise, and only by what this device has cleared: what comes later came after it.
        read_here = 4,   ///< Before it, but not there: it goes where this device has read it.
    };
    [[nodiscard]] Says of(const port::StoredMessage& row, const DeviceId& own_device) const;
    /// The registers' clocks, added up: with another one something else was said.
    [[nodiscard]] std::int64_t stamp() const { return stamp_; }
    [[nodiscard]] const ConversationId& conversation() const { return conversation_; }

private:
    struct One {
        DeviceId by;
        Place since;
        std::int64_t under_way_ms = 0; ///< What was said before then was not under way any more.
        bool full = false;             ///< There may have been more than it names.
    };
    ConversationId conversation_;
    std::vector<One> all_;
    std::vector<MessageId> named_; ///< In order.
    std::int64_t stamp_ = 0;
};

} // namespace godwit::conversation
