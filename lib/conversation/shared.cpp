// SPDX-License-Identifier: Apache-2.0
#include "lib/conversation/shared.hpp"

#include <algorithm>

namespace godwit::conversation::shared {
namespace {

constexpr std::string_view prefix = "conversation/";
constexpr std::string_view contact_prefix = "contact/";
constexpr std::uint8_t several_version = 1;
constexpr std::uint8_t reached_version = 1;
constexpr std::uint8_t removed_version = 1;
constexpr std::size_t text_bytes_max = 255;        ///< Its length is a byte.
constexpr std::size_t reached_text_bytes_max = 64; ///< Of a user name, and of an error's.

/// What is longer than `most` is cut.
void put_text(Bytes& out, std::string_view text, std::size_t most = text_bytes_max)
{
    const auto size = std::min(text.size(), most);
    out.push_back(static_cast<std::uint8_t>(size));
    append(out, as_bytes(text).first(size));
}

/// Takes it off the front; false: it is not all there, or longer than that.
bool take_text(BytesView& from, std::string& out, std::size_t most = text_bytes_max)
{
    if (from.empty() || from[0] > most || from.size() - 1 < from[0]) return false;
    out = as_text(from.subspan(1, from[0]));
    from = from.subspan(1 + std::size_t{from[0]});
    return true;
}

/// count (2, big-endian) ‖ ids.
void put_ids(Bytes& out, const std::vector<MessageId>& ids)
{
    out.push_back(static_cast<std::uint8_t>(ids.size() >> 8));
    out.push_back(static_cast<std::uint8_t>(ids.size()));
    for (const auto& id : ids)
        append(out, id.view());
}

/// Takes them off the front; false: they are not all there, or more than that.
bool take_ids(BytesView& from, std::vector<MessageId>& out, std::size_t most)
{
    if (from.size() < 2) return false;
    const auto count = std::size_t{from[0]} << 8 | from[1];
    from = from.subspan(2);
    if (count > most || from.size() < count * MessageId::size_bytes) return false;
    for (std::size_t n = 0; n < count; ++n, from = from.subspan(MessageId::size_bytes))
        out.push_back(*MessageId::from(from.first(MessageId::size_bytes)));
    return true;
}

} // namespace

std::string name_of(const ConversationId& conversation, std::string_view what)
{
    return std::string(prefix) + to_hex(conversation.view()) + "/" + std::string(what);
}

std::optional<OfConversation> parse(std::string_view name)
{
    constexpr std::size_t digits = 2 * ConversationId::size_bytes;
    if (!name.starts_with(prefix) || name.size() < prefix.size() + digits + 1 || name[prefix.size() + digits] != '/')
        return std::nullopt;
    const auto raw = from_hex(name.substr(prefix.size(), digits));
    const auto id = raw ? ConversationId::from(*raw) : std::nullopt;
    if (!id) return std::nullopt;
    return OfConversation{*id, name.substr(prefix.size() + digits + 1)};
}

std::string name_of(std::string_view user, std::string_view what)
{
    return std::string(contact_prefix) + std::string(user) + "/" + std::string(what);
}

std::string_view parse_contact(std::string_view name)
{
    if (!name.starts_with(contact_prefix)) return {};
    name.remove_prefix(contact_prefix.size());
    const auto end = name.find('/');
    return end == std::string_view::npos ? std::string_view() : name.substr(0, end);
}

Bytes trust(const Trust& trust)
{
    Bytes out = to_bytes(trust.key.view());
    out.push_back(trust.verified ? 1 : 0);
    return out;
}

std::optional<Trust> read_trust(BytesView bytes)
{
    if (bytes.size() != PublicKey::size_bytes + 1 || bytes.back() > 1) return std::nullopt;
    const auto account_key = PublicKey::from(bytes.first(PublicKey::size_bytes));
    if (!account_key || account_key->is_zero()) return std::nullopt;
    return Trust{*account_key, bytes.back() == 1};
}

Bytes texts(const std::vector<std::string>& all)
{
    Bytes out;
    for (const auto& text : all)
        put_text(out, text);
    return out;
}

std::vector<std::string> read_texts(BytesView bytes)
{
    std::vector<std::string> out;
    while (!bytes.empty())
        if (!take_text(bytes, out.emplace_back())) return {};
    return out;
}

Bytes encode(const Several& all)
{
    Bytes out{several_version, static_cast<std::uint8_t>(all.complete ? 1 : 0)};
    for (const auto& one : all.registers) {
        const auto bytes = wire::encode(wire::content::Any(one));
        for (int shift = 24; shift >= 0; shift -= 8)
            out.push_back(static_cast<std::uint8_t>(bytes.size() >> shift));
        append(out, bytes);
    }
    return out;
}

std::optional<Several> read_several(BytesView bytes)
{
    if (bytes.size() < 2 || bytes[0] != several_version || bytes[1] > 1) return std::nullopt;
    Several out;
    out.complete = bytes[1] == 1;
    for (auto rest = bytes.subspan(2); !rest.empty();) {
        if (rest.size() < 4) return std::nullopt;
        std::size_t size = 0;
        for (const auto byte : rest.first(4))
            size = size << 8 | byte;
        if (rest.size() - 4 < size) return std::nullopt;
        auto content = wire::decode_content(rest.subspan(4, size));
        auto* const one = content ? std::get_if<wire::content::Register>(&*content) : nullptr;
        if (one == nullptr || one->name == several) return std::nullopt;
        out.registers.push_back(std::move(*one));
        rest = rest.subspan(4 + size);
    }
    return out;
}

Bytes encode(const std::vector<Reached>& all)
{
    Bytes out{reached_version};
    for (const auto& one : all) {
        append(out, one.conversation.view());
        out.push_back(static_cast<std::uint8_t>(one.state));
        out.push_back(static_cast<std::uint8_t>(one.path));
        put_text(out, one.user, reached_text_bytes_max);
        put_text(out, one.failure, reached_text_bytes_max);
        put_ids(out, one.messages);
    }
    return out;
}

std::optional<std::vector<Reached>> read_reached(BytesView bytes)
{
    if (bytes.empty() || bytes[0] != reached_version) return std::nullopt;
    std::vector<Reached> out;
    for (auto rest = bytes.subspan(1); !rest.empty();) {
        if (rest.size() < ConversationId::size_bytes + 2) return std::nullopt;
        Reached one;
        one.conversation = *ConversationId::from(rest.first(ConversationId::size_bytes));
        rest = rest.subspan(ConversationId::size_bytes);
        one.state = static_cast<MessageState>(rest[0]);
        one.path = static_cast<Path>(rest[1]);
        rest = rest.subspan(2);
        if (one.state < MessageState::sent || one.state > MessageState::failed || one.path > Path::mailbox)
            return std::nullopt;
        if (!take_text(rest, one.user, reached_text_bytes_max) ||
            !take_text(rest, one.failure, reached_text_bytes_max) ||
            !take_ids(rest, one.messages, reached_messages_max))
            return std::nullopt;
        out.push_back(std::move(one));
    }
    return out;
}

Bytes encode(const std::vector<Removed>& all)
{
    Bytes out{removed_version};
    for (const auto& one : all) {
        append(out, one.conversation.view());
        put_ids(out, one.messages);
    }
    return out;
}

std::optional<std::vector<Removed>> read_removed(BytesView bytes)
{
    if (bytes.empty() || bytes[0] != removed_version) return std::nullopt;
    std::vector<Removed> out;
    for (auto rest = bytes.subspan(1); !rest.empty();) {
        if (rest.size() < ConversationId::size_bytes) return std::nullopt;
        Removed one;
        one.conversation = *ConversationId::from(rest.first(ConversationId::size_bytes));
        rest = rest.subspan(ConversationId::size_bytes);
        if (!take_ids(rest, one.messages, removed_messages_max)) return std::nullopt;
        out.push_back(std::move(one));
    }
    return out;
}

Bytes number(std::int64_t value)
{
    Bytes out;
    for (int shift = 56; shift >= 0; shift -= 8)
        out.push_back(static_cast<std::uint8_t>((static_cast<std::uint64_t>(value) >> shift) & 255));
    return out;
}

std::optional<std::int64_t> read_number(BytesView bytes)
{
    if (bytes.size() != 8) return std::nullopt;
    std::uint64_t out = 0;
    for (const auto byte : bytes)
        out = (out << 8) | byte;
    return static_cast<std::int64_t>(out);
}

} // namespace godwit::conversation::shared
