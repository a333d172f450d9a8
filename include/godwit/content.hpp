// SPDX-License-Identifier: Apache-2.0
// What a post can be. Every post has a text (what a person wrote, what is searched, and what is shown where the kind is
// not known) and a body that says what it is besides.
//
//   shown   Text, Attachment, Sticker, Location, ContactCard, Forwarded, Card, Custom, GroupNote, Unknown
//   acting  Edit, Recall, Reaction, Pin, Timer: on another post, or on the conversation; not shown themselves
//
// Positions in a text count bytes of UTF-8 and lie on character boundaries.
#pragma once

#include <godwit/ids.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace godwit::content {

inline constexpr std::size_t mentions_max = 64;
inline constexpr std::size_t links_max = 64;
inline constexpr std::size_t file_name_bytes_max = 255;
inline constexpr std::size_t media_type_bytes_max = 127; ///< RFC 6838 section 4.2.
inline constexpr std::size_t thumbnail_bytes_max = 32 * 1024;
inline constexpr std::size_t waveform_bytes_max = 256;
inline constexpr std::size_t emoji_bytes_max = 64;
inline constexpr std::size_t place_bytes_max = 256;
inline constexpr std::size_t title_bytes_max = 256;
inline constexpr std::size_t forwarded_max = 100;
inline constexpr std::size_t forwarded_bytes_max = 96 * 1024; ///< Of all items of a bundle together.
inline constexpr std::size_t card_fields_max = 32;
inline constexpr std::size_t url_bytes_max = 2048;
inline constexpr std::size_t custom_type_bytes_max = 128;
inline constexpr std::size_t custom_bytes_max = 64 * 1024;
inline constexpr std::size_t excerpt_bytes_max = 256;
inline constexpr std::size_t group_note_users_max = 256;
inline constexpr std::size_t group_note_text_bytes_max = 4096;
/// A live location ends by itself after at most this long.
inline constexpr std::uint32_t live_seconds_max = 8 * 3600;
/// Longest lifetime of a disappearing post: a year.
inline constexpr std::uint32_t lifetime_seconds_max = 366 * 24 * 3600;

/// Part of a text.
struct Range {
    std::uint32_t begin = 0;
    std::uint32_t length = 0; ///< At least 1.
    friend bool operator==(const Range&, const Range&) = default;
};
/// Somebody is addressed.
struct Mention {
    std::string user; ///< Empty: everybody in the conversation.
    Range range;      ///< Where in the text.
    friend bool operator==(const Mention&, const Mention&) = default;
};

/// A file, by its content: who has the reference may fetch it from devices that have the file, and open its blob.
struct FileRef {
    FileId id;
    std::uint64_t size_bytes = 0;
    std::string name;       ///< As its sender calls it: data, never a path. At most file_name_bytes_max.
    std::string media_type; ///< RFC 6838, as its sender says; may be empty.
    FileKey key;            ///< Of its blob at a relay.
    friend bool operator==(const FileRef&, const FileRef&) = default;
};

/// A text and nothing else; emoji are text.
struct Text {
    std::vector<Mention> mentions;
    std::vector<Range> links;
    friend bool operator==(const Text&, const Text&) = default;
};

enum class AttachmentKind : std::uint8_t { file = 1, image = 2, voice = 3, video = 4 };
[[nodiscard]] constexpr std::string_view attachment_kind_name(AttachmentKind kind) noexcept
{
    switch (kind) {
    case AttachmentKind::file: return "file";
    case AttachmentKind::image: return "image";
    case AttachmentKind::voice: return "voice";
    case AttachmentKind::video: return "video";
    }
    return "file";
}
/// A file, with the text as its caption.
struct Attachment {
    AttachmentKind kind = AttachmentKind::file;
    FileRef file;
    std::uint32_t width = 0; ///< Pixels; 0: does not apply, as with the next.
    std::uint32_t height = 0;
    std::uint32_t duration_ms = 0;
    std::vector<std::uint8_t> thumbnail; ///< A small JPEG, PNG or WebP; may be empty.
    std::vector<std::uint8_t> waveform;  ///< Loudness over the duration, a byte a step, 255 loudest; may be empty.
    std::vector<Mention> mentions{};     ///< Of the caption, as the links.
    std::vector<Range> links{};
    friend bool operator==(const Attachment&, const Attachment&) = default;
};

/// One of a pack. The pack is a file that is fetched once, whoever sends from it.
struct Sticker {
    FileRef pack;
    std::string name;  ///< Within the pack; at most file_name_bytes_max.
    std::string emoji; ///< What it stands for; may be empty.
    bool animated = false;
    friend bool operator==(const Sticker&, const Sticker&) = default;
};

/// WGS 84.
struct Location {
    std::int32_t latitude_e7 = 0;   ///< Degrees × 10^7, -900000000…900000000.
    std::int32_t longitude_e7 = 0;  ///< Degrees × 10^7, -1800000000…1800000000.
    std::uint32_t accuracy_m = 0;   ///< 0: not known.
    std::string place;              ///< What is there, as the sender calls it.
    std::uint32_t live_seconds = 0; ///< Live: moves until so long after sending. 0: it does not move.
    friend bool operator==(const Location&, const Location&) = default;
};

struct ContactCard {
    std::string user;      ///< At the same relay.
    PublicKey account_key; ///< As its sender knows it; zero: not given.
    friend bool operator==(const ContactCard&, const ContactCard&) = default;
};

/// Posts of another conversation, as one. What they say is on the word of whoever forwards them.
struct Forwarded {
    struct Item {
        std::string from; ///< A user name.
        std::int64_t sent_ms = 0;
        std::string text;
        std::vector<std::uint8_t> body; ///< Encoded body; empty: a text. Opens with content_of() of the message face.
        friend bool operator==(const Item&, const Item&) = default;
    };
    std::string title;
    std::vector<Item> items;
    friend bool operator==(const Forwarded&, const Forwarded&) = default;
};

/// A structured card: an order, a parcel, a notice. How a template looks is the app's.
struct Card {
    struct Field {
        std::string label;
        std::string value;
        friend bool operator==(const Field&, const Field&) = default;
    };
    std::string name; ///< Of the template: "order", "parcel", "notice", or the app's own.
    std::string title;
    std::vector<Field> fields;
    std::string url; ///< May be empty.
    friend bool operator==(const Card&, const Card&) = default;
};

/// The app's own kind.
struct Custom {
    std::string type; ///< Reverse DNS: "com.example.poll".
    std::vector<std::uint8_t> data;
    friend bool operator==(const Custom&, const Custom&) = default;
};

/// What has happened to a group, among its messages. Each device writes it by itself when it sees it happen; nobody
/// sends one. The text beside it is empty: how it is put into words is the app's.
struct GroupNote {
    enum class What : std::uint8_t {
        created = 1, ///< By `by`; with `users` in it.
        added = 2,   ///< `users` were taken in by `by`, or came by link when `by` is one of them.
        removed = 3, ///< `users` were put out by `by`.
        left = 4,    ///< `users` left.
        name = 5,    ///< It is called `text` now.
        about = 6,   ///< Likewise, as the next.
        announcement = 7,
        avatar = 8,
        role = 9,       ///< `users` are `text` now (role_name).
        muted = 10,     ///< `users` may not write until `until_ms`; 0: may again.
        all_muted = 11, ///< Only admins and the owner may write; `until_ms` 0: all may again.
        rules = 12,     ///< Who may come in or take others in, or whether receipts are given.
        promoted = 13,  ///< A discussion is a group now.
        dissolved = 14,
        expired = 15, ///< A discussion is over.
    };
    What what = What::created;
    std::string by;                 ///< An account; empty: time, or not known.
    std::vector<std::string> users; ///< At most group_note_users_max.
    std::string text;               ///< At most group_note_text_bytes_max.
    std::int64_t until_ms = 0;
    friend bool operator==(const GroupNote&, const GroupNote&) = default;
};
[[nodiscard]] constexpr std::string_view group_note_name(GroupNote::What what) noexcept
{
    switch (what) {
    case GroupNote::What::created: return "created";
    case GroupNote::What::added: return "added";
    case GroupNote::What::removed: return "removed";
    case GroupNote::What::left: return "left";
    case GroupNote::What::name: return "name";
    case GroupNote::What::about: return "about";
    case GroupNote::What::announcement: return "announcement";
    case GroupNote::What::avatar: return "avatar";
    case GroupNote::What::role: return "role";
    case GroupNote::What::muted: return "muted";
    case GroupNote::What::all_muted: return "all_muted";
    case GroupNote::What::rules: return "rules";
    case GroupNote::What::promoted: return "promoted";
    case GroupNote::What::dissolved: return "dissolved";
    case GroupNote::What::expired: return "expired";
    }
    return "rules";
}

/// Of the author's own post: the text that this one brings takes the place of its text.
struct Edit {
    MessageId target;
    std::vector<Mention> mentions; ///< Of the new text, as links.
    std::vector<Range> links;
    friend bool operator==(const Edit&, const Edit&) = default;
};
/// The post is taken back: a tombstone takes its place on every device.
struct Recall {
    MessageId target;
    friend bool operator==(const Recall&, const Recall&) = default;
};
struct Reaction {
    MessageId target;
    std::string emoji; ///< 1…emoji_bytes_max.
    bool on = true;    ///< false: takes it back.
    friend bool operator==(const Reaction&, const Reaction&) = default;
};
struct Pin {
    MessageId target;
    bool on = true;
    friend bool operator==(const Pin&, const Pin&) = default;
};

/// When a post goes by itself, on every device.
struct Lifetime {
    enum class From : std::uint8_t {
        sent = 0, ///< Counted from sending.
        read = 1, ///< Burn after reading: counted, on each device, from when it was read there or by whoever it is for.
    };
    std::uint32_t seconds = 0; ///< 0: stays.
    From from = From::sent;
    friend bool operator==(const Lifetime&, const Lifetime&) = default;
};
/// From now on posts of this conversation have this lifetime, unless they say something else.
struct Timer {
    Lifetime lifetime;
    friend bool operator==(const Timer&, const Timer&) = default;
};

/// Of a kind that this version does not know: kept as it came.
struct Unknown {
    std::uint32_t kind = 0;
    std::vector<std::uint8_t> raw; ///< The whole encoded body.
    friend bool operator==(const Unknown&, const Unknown&) = default;
};

using Body = std::variant<Text, Attachment, Sticker, Location, ContactCard, Forwarded, Card, Custom, GroupNote, Edit,
                          Recall, Reaction, Pin, Timer, Unknown>;

/// "text", "attachment", …; what the JSON face calls it.
[[nodiscard]] constexpr std::string_view kind_name(const Body& body) noexcept
{
    constexpr std::string_view names[] = {"text",      "attachment", "sticker", "location",   "contact_card",
                                          "forwarded", "card",       "custom",  "group_note", "edit",
                                          "recall",    "reaction",   "pin",     "timer",      "unknown"};
    static_assert(std::size(names) == std::variant_size_v<Body>);
    return body.valueless_by_exception() ? names[std::size(names) - 1] : names[body.index()];
}

/// Has a place in what people see, as opposed to acting on another post.
[[nodiscard]] constexpr bool is_shown(const Body& body) noexcept
{
    return !std::holds_alternative<Edit>(body) && !std::holds_alternative<Recall>(body) &&
           !std::holds_alternative<Reaction>(body) && !std::holds_alternative<Pin>(body) &&
           !std::holds_alternative<Timer>(body);
}

/// What a post answers to, with enough of it for those who do not have it.
struct Quote {
    MessageId id;
    std::string from;    ///< Its author.
    std::string excerpt; ///< Of its text, at most excerpt_bytes_max.
    friend bool operator==(const Quote&, const Quote&) = default;
};

} // namespace godwit::content
