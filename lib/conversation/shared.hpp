// SPDX-License-Identifier: Apache-2.0
// Names and values of registers: what the devices of an account share (docs/adr/0030-posts.md).
#pragma once

#include <godwit/ids.hpp>
#include <godwit/message.hpp>

#include "lib/base/bytes.hpp"
#include "lib/wire/content.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::conversation::shared {

// "conversation/<32 hexadecimal digits>/<what>"
inline constexpr std::string_view read = "read";     ///< A Place (timeline.hpp).
inline constexpr std::string_view muted = "muted";   ///< A number: until when, milliseconds.
inline constexpr std::string_view pinned = "pinned"; ///< Numbers, 0 or 1, like the next three.
inline constexpr std::string_view archived = "archived";
inline constexpr std::string_view hidden = "hidden";
inline constexpr std::string_view receipts = "receipts";
inline constexpr std::string_view draft = "draft"; ///< Text.
inline constexpr std::string_view asked = "asked"; ///< 1: this account has asked to be in the group, or vouches for it.
inline constexpr std::string_view cleared = "cleared"; ///< Of each device: cleared.hpp.
// "contact/<user>/<what>"
inline constexpr std::string_view remark = "remark"; ///< Text.
inline constexpr std::string_view labels = "labels"; ///< Texts.
inline constexpr std::string_view key = "key";       ///< Trust: what the user has decided about the account key.
/// Of the account.
inline constexpr std::string_view account_receipts = "account/receipts";
/// Likewise of delivery.
inline constexpr std::string_view account_delivery = "account/delivery_receipts";
/// A number: so many earlier versions of an edited message are kept.
inline constexpr std::string_view account_versions = "account/versions";
/// A number: own messages can be taken back for so many seconds.
inline constexpr std::string_view account_recall = "account/recall";
/// A number: the notices of the relay's operator that were made up to then are read. That time is the register's clock,
/// too: so the furthest one stands, whichever device has said it later.
inline constexpr std::string_view account_notices_read = "account/notices_read";

/// Several registers in one: on its way only, and stored nowhere.
inline constexpr std::string_view several = "registers";

/// How far own messages have come, as the device that wrote them says: on its way only, and stored nowhere.
inline constexpr std::string_view reached = "reached";

/// Which messages have left the account's history: on its way only, and stored nowhere.
inline constexpr std::string_view removed = "removed";

/// Messages to come were registers once, of one device alone; nobody takes them from another.
[[nodiscard]] constexpr bool is_shared(std::string_view name)
{
    return !name.starts_with("scheduled/") && name != several && name != reached && name != removed;
}

/// What a register named `several` holds.
struct Several {
    std::vector<wire::content::Register> registers;
    bool complete = false; ///< With this one, all that the account's device has was said.
};
/// So many bytes of registers, as they are encoded, go into one.
inline constexpr std::size_t several_bytes_max = 48 * 1024;
/// version (1) ‖ complete (1), then each: length (4, big-endian) ‖ encoded register.
[[nodiscard]] Bytes encode(const Several& all);
/// nullopt: malformed, or of a later version.
[[nodiscard]] std::optional<Several> read_several(BytesView bytes);

/// What a register named `reached` holds, as a list: messages of one conversation that stand alike with one account.
struct Reached {
    ConversationId conversation;
    std::string user;                        ///< Empty: the relay, for many; the account itself: nobody else is in it.
    MessageState state = MessageState::sent; ///< sent, delivered or failed.
    Path path = Path::none;
    std::string failure; ///< error_name; empty unless failed.
    std::vector<MessageId> messages;
};
inline constexpr std::size_t reached_messages_max = 256; ///< Of one entry.
/// version (1), then each: conversation (16) ‖ state (1) ‖ path (1) ‖ user, failure (each behind its length, a byte) ‖
/// count (2, big-endian) ‖ ids (16 each).
[[nodiscard]] Bytes encode(const std::vector<Reached>& all);
/// nullopt: malformed, or of a later version.
[[nodiscard]] std::optional<std::vector<Reached>> read_reached(BytesView bytes);

/// What a register named `removed` holds, as a list.
struct Removed {
    ConversationId conversation;
    std::vector<MessageId> messages;
};
inline constexpr std::size_t removed_messages_max = 256; ///< Of one entry.
/// version (1), then each: conversation (16) ‖ count (2, big-endian) ‖ ids (16 each).
[[nodiscard]] Bytes encode(const std::vector<Removed>& all);
/// nullopt: malformed, or of a later version.
[[nodiscard]] std::optional<std::vector<Removed>> read_removed(BytesView bytes);

[[nodiscard]] std::string name_of(const ConversationId& conversation, std::string_view what);
struct OfConversation {
    ConversationId conversation;
    std::string_view what;
};
[[nodiscard]] std::optional<OfConversation> parse(std::string_view name);

[[nodiscard]] std::string name_of(std::string_view user, std::string_view what);
/// The user that it is about; empty: none.
[[nodiscard]] std::string_view parse_contact(std::string_view name);

/// The user has accepted this key of a contact, and has compared it or not.
struct Trust {
    PublicKey key;
    bool verified = false;
};
/// The key, then a byte, 0 or 1.
[[nodiscard]] Bytes trust(const Trust& trust);
[[nodiscard]] std::optional<Trust> read_trust(BytesView bytes);

/// Each behind its length, a byte.
[[nodiscard]] Bytes texts(const std::vector<std::string>& texts);
[[nodiscard]] std::vector<std::string> read_texts(BytesView bytes);

/// Eight bytes, big-endian.
[[nodiscard]] Bytes number(std::int64_t value);
[[nodiscard]] std::optional<std::int64_t> read_number(BytesView bytes);

} // namespace godwit::conversation::shared
