// SPDX-License-Identifier: Apache-2.0
// Bodies of posts: [kind, field, …], alone.
#include "lib/wire/body_fields.hpp"

namespace godwit::wire {

namespace body = godwit::content;

// Kinds. The structs are the embedder's words and bear no numbers.
template <>
struct WireKind<body::Text> {
    static constexpr std::uint8_t value = 160;
};
template <>
struct WireKind<body::Attachment> {
    static constexpr std::uint8_t value = 161;
};
template <>
struct WireKind<body::Sticker> {
    static constexpr std::uint8_t value = 162;
};
template <>
struct WireKind<body::Location> {
    static constexpr std::uint8_t value = 163;
};
template <>
struct WireKind<body::ContactCard> {
    static constexpr std::uint8_t value = 164;
};
template <>
struct WireKind<body::Forwarded> {
    static constexpr std::uint8_t value = 165;
};
template <>
struct WireKind<body::Card> {
    static constexpr std::uint8_t value = 166;
};
template <>
struct WireKind<body::Custom> {
    static constexpr std::uint8_t value = 167;
};
template <>
struct WireKind<body::GroupNote> {
    static constexpr std::uint8_t value = 168;
};
template <>
struct WireKind<body::Edit> {
    static constexpr std::uint8_t value = 176;
};
template <>
struct WireKind<body::Recall> {
    static constexpr std::uint8_t value = 177;
};
template <>
struct WireKind<body::Reaction> {
    static constexpr std::uint8_t value = 178;
};
template <>
struct WireKind<body::Pin> {
    static constexpr std::uint8_t value = 179;
};
template <>
struct WireKind<body::Timer> {
    static constexpr std::uint8_t value = 180;
};

namespace {

/// A number that may be negative, of fewer bits than a time.
template <class C, class V>
void signed_number(C& c, V& v, std::int64_t magnitude_max)
{
    std::int64_t wide = v;
    c.wall(wide);
    if constexpr (C::decodes) {
        if (wide < -magnitude_max || wide > magnitude_max) return c.fail("a number is out of range");
        v = static_cast<V>(wide);
    }
}

} // namespace

template <class C>
void fields(C& c, Of<C, body::Range>& v)
{
    c.number(v.begin);
    c.number(v.length);
}

template <class C>
void fields(C& c, Of<C, body::Mention>& v)
{
    c.text(v.user, user_name_length_max);
    c.structure(v.range);
}

template <class C>
void fields(C& c, Of<C, body::Text>& v)
{
    c.list(v.mentions, body::mentions_max, structure_item);
    c.list(v.links, body::links_max, structure_item);
}

template <class C>
void fields(C& c, Of<C, body::Attachment>& v)
{
    c.enumeration(v.kind, body::AttachmentKind::file, body::AttachmentKind::video);
    c.structure(v.file);
    c.number(v.width);
    c.number(v.height);
    c.number(v.duration_ms);
    c.blob(v.thumbnail, 0, body::thumbnail_bytes_max);
    c.blob(v.waveform, 0, body::waveform_bytes_max);
    c.later(!v.mentions.empty() || !v.links.empty(), [&] {
        c.list(v.mentions, body::mentions_max, structure_item);
        c.list(v.links, body::links_max, structure_item);
    });
}

template <class C>
void fields(C& c, Of<C, body::Sticker>& v)
{
    c.structure(v.pack);
    c.text(v.name, body::file_name_bytes_max);
    c.text(v.emoji, body::emoji_bytes_max);
    c.flag(v.animated);
}

template <class C>
void fields(C& c, Of<C, body::Location>& v)
{
    signed_number(c, v.latitude_e7, 900'000'000);
    signed_number(c, v.longitude_e7, 1'800'000'000);
    c.number(v.accuracy_m);
    c.text(v.place, body::place_bytes_max);
    c.number(v.live_seconds);
}

template <class C>
void fields(C& c, Of<C, body::ContactCard>& v)
{
    c.text(v.user, user_name_length_max);
    c.fixed(v.account_key);
}

template <class C>
void fields(C& c, Of<C, body::Forwarded::Item>& v)
{
    c.text(v.from, user_name_length_max);
    c.wall(v.sent_ms);
    c.text(v.text, text_bytes_max);
    c.blob(v.body, 0, body_bytes_max);
}

template <class C>
void fields(C& c, Of<C, body::Forwarded>& v)
{
    c.text(v.title, body::title_bytes_max);
    c.list(v.items, body::forwarded_max, structure_item);
}

template <class C>
void fields(C& c, Of<C, body::Card::Field>& v)
{
    c.text(v.label, body::title_bytes_max);
    c.text(v.value, body::title_bytes_max);
}

template <class C>
void fields(C& c, Of<C, body::Card>& v)
{
    c.text(v.name, body::title_bytes_max);
    c.text(v.title, body::title_bytes_max);
    c.list(v.fields, body::card_fields_max, structure_item);
    c.text(v.url, body::url_bytes_max);
}

template <class C>
void fields(C& c, Of<C, body::Custom>& v)
{
    c.text(v.type, body::custom_type_bytes_max);
    c.blob(v.data, 0, body::custom_bytes_max);
}

template <class C>
void fields(C& c, Of<C, body::GroupNote>& v)
{
    c.enumeration(v.what, body::GroupNote::What::created, body::GroupNote::What::expired);
    c.text(v.by, user_name_length_max);
    c.list(v.users, body::group_note_users_max, user_item);
    c.text(v.text, body::group_note_text_bytes_max);
    c.wall(v.until_ms);
}

template <class C>
void fields(C& c, Of<C, body::Edit>& v)
{
    c.fixed(v.target);
    c.list(v.mentions, body::mentions_max, structure_item);
    c.list(v.links, body::links_max, structure_item);
}

template <class C>
void fields(C& c, Of<C, body::Recall>& v)
{
    c.fixed(v.target);
}

template <class C>
void fields(C& c, Of<C, body::Reaction>& v)
{
    c.fixed(v.target);
    c.text(v.emoji, body::emoji_bytes_max);
    c.flag(v.on);
}

template <class C>
void fields(C& c, Of<C, body::Pin>& v)
{
    c.fixed(v.target);
    c.flag(v.on);
}

template <class C>
void fields(C& c, Of<C, body::Timer>& v)
{
    c.structure(v.lifetime);
}

template <class C>
void fields(C& c, Of<C, content::Edition>& v)
{
    c.text(v.text, text_bytes_max);
    c.list(v.mentions, body::mentions_max, structure_item);
    c.list(v.links, body::links_max, structure_item);
}

Bytes encode(const content::Edition& edition)
{
    return encode_alone(edition);
}

Result<content::Edition> decode_edition(BytesView bytes)
{
    return decode_alone<content::Edition>(bytes, body_bytes_max);
}

Bytes encode(const body::Lifetime& lifetime)
{
    return encode_alone(body::Timer{lifetime});
}

Result<body::Lifetime> decode_lifetime(BytesView bytes)
{
    const auto timer = decode_alone<body::Timer>(bytes, body_bytes_max);
    if (!timer) return timer.error();
    return timer->lifetime;
}

Bytes encode(const body::Body& what)
{
    if (const auto* text = std::get_if<body::Text>(&what); text != nullptr && *text == body::Text{}) return {};
    return std::visit(
        [](const auto& one) {
            if constexpr (std::is_same_v<std::decay_t<decltype(one)>, body::Unknown>)
                return one.raw;
            else
                return encode_alone(one);
        },
        what);
}

namespace {

template <std::size_t index = 0>
void decode_kind(Decoder& decoder, std::uint32_t kind, BytesView bytes, body::Body& out)
{
    using Kind = std::variant_alternative_t<index, body::Body>;
    if constexpr (std::is_same_v<Kind, body::Unknown>) {
        out.emplace<body::Unknown>(body::Unknown{kind, to_bytes(bytes)});
    } else {
        if (kind == WireKind<Kind>::value) return decoder.alone(out.emplace<Kind>());
        decode_kind<index + 1>(decoder, kind, bytes, out);
    }
}

} // namespace

std::uint32_t body_kind(BytesView bytes)
{
    if (bytes.empty()) return WireKind<body::Text>::value;
    const auto kind = decode_with<std::uint32_t>(
        bytes, body_bytes_max, [](Decoder& decoder, std::uint32_t& out) { out = decoder.peek_kind(); });
    return kind ? *kind : 0;
}

Result<body::Body> decode_body(BytesView bytes)
{
    if (bytes.empty()) return body::Body(body::Text{});
    return decode_with<body::Body>(bytes, body_bytes_max, [bytes](Decoder& decoder, body::Body& out) {
        decode_kind(decoder, decoder.peek_kind(), bytes, out);
    });
}

} // namespace godwit::wire
