// SPDX-License-Identifier: Apache-2.0
// What stands in an archive (docs/archive.md): records, one after another, in an order that only Head and End are bound
// to. Each can be taken by itself, any number of times: what is there already is merged.
#pragma once

#include <godwit/message.hpp>

#include "lib/wire/content.hpp"

#include <optional>
#include <variant>

namespace godwit::wire::archive {

/// Random, one for each archive.
using Id = FixedBytes<16, struct ArchiveIdTag>;

inline constexpr std::size_t notes_max = 128;
inline constexpr std::size_t gone_max = 1024;
inline constexpr std::size_t note_name_bytes_max = 256;
inline constexpr std::size_t record_bytes_max = 384 * 1024;

/// The first record.
struct Head {
    static constexpr std::uint8_t wire_kind = 1;
    std::string user;
    PublicKey account_key;
    Id id;
    Id parent; ///< What has changed since that one; zero: everything.
    std::int64_t created_ms = 0;
};
struct Conversation {
    static constexpr std::uint8_t wire_kind = 2;
    ConversationId id;
    ConversationKind kind = ConversationKind::direct;
    std::string with;
    std::int64_t activity_ms = 0;
};
/// A post that is shown, as it stands.
struct Post {
    static constexpr std::uint8_t wire_kind = 3;
    ConversationId conversation;
    MessageId id;
    std::int64_t hlc_ms = 0;
    std::uint32_t kind = 0;
    std::string with;
    std::string from;
    DeviceId from_device;
    Role role = Role::none;
    std::string text;
    Bytes extra;
    std::int64_t sent_ms = 0;
    std::int64_t received_ms = 0;
    MessageState state = MessageState::received;
    Path path = Path::none;
    std::string path_reason;
    std::string failure;
    bool gap_before = false;
    std::int64_t edited_ms = 0;
    std::int64_t recalled_ms = 0;
    std::string recalled_by;
    std::int64_t expires_ms = 0;
    std::uint32_t burn_seconds = 0;
};
/// What was said about a post; target zero: about the conversation.
struct Notes {
    static constexpr std::uint8_t wire_kind = 4;
    struct Note {
        std::string name;
        std::string author;
        std::int64_t hlc_ms = 0;
        MessageId id;
        Bytes value;
        Role role = Role::none;
    };
    ConversationId conversation;
    MessageId target;
    std::vector<Note> notes;
};
/// One value of what the account's devices share.
struct Setting {
    static constexpr std::uint8_t wire_kind = 5;
    std::string name;
    std::int64_t hlc_ms = 0;
    Bytes value;
};
/// Posts that have lived their time.
struct Gone {
    static constexpr std::uint8_t wire_kind = 6;
    ConversationId conversation;
    std::vector<MessageId> ids;
};
/// The last record: how many there were of each.
struct End {
    static constexpr std::uint8_t wire_kind = 7;
    std::uint64_t posts = 0;
    std::uint64_t notes = 0;
    std::uint64_t settings = 0;
};

using Record = std::variant<Head, Conversation, Post, Notes, Setting, Gone, End>;

[[nodiscard]] Bytes encode(const Record& record);
/// nullopt: of a kind that only a later version knows. Errors: malformed.
[[nodiscard]] Result<std::optional<Record>> decode_record(BytesView bytes);

} // namespace godwit::wire::archive
