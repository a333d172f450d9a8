// SPDX-License-Identifier: Apache-2.0
#include "lib/transfer/sticker_pack.hpp"

#include "lib/base/harmless.hpp"

#include <godwit/content.hpp>

#include <algorithm>
#include <set>

namespace godwit::transfer {
namespace {

// POSIX.1-1988 "ustar", IEEE Std 1003.1 pax, "ustar Interchange Format".
constexpr std::uint64_t block_bytes = 512;
constexpr std::size_t name_at = 0, name_bytes = 100;
constexpr std::size_t size_at = 124, size_bytes_of_field = 12;
constexpr std::size_t sum_at = 148, sum_bytes = 8;
constexpr std::size_t type_at = 156;
constexpr std::size_t prefix_at = 345;
constexpr std::size_t magic_at = 257;
/// Headers that are looked at: what is no sticker costs one, too.
constexpr std::size_t headers_max = 4 * stickers_per_pack_max;
/// Of each picture: where the animated ones say so.
constexpr std::size_t looked_at_bytes = 4096;
constexpr std::string_view emoji_name = "emoji.txt";
constexpr std::uint64_t emoji_file_bytes_max = 64 * 1024;

Error no_pack(std::string_view why)
{
    return {ErrorCode::invalid_argument, "file: it is no pack of stickers: " + std::string(why), 0};
}

/// Octal digits behind spaces, up to a space or NUL.
std::optional<std::uint64_t> octal(BytesView field)
{
    std::uint64_t out = 0;
    std::size_t i = 0;
    while (i < field.size() && field[i] == ' ')
        ++i;
    const auto begin = i;
    for (; i < field.size() && field[i] != 0 && field[i] != ' '; ++i) {
        if (field[i] < '0' || field[i] > '7') return std::nullopt;
        out = out * 8 + (field[i] - '0');
    }
    return i == begin ? std::nullopt : std::optional(out);
}

bool is_sum_right(BytesView header)
{
    const auto said = octal(header.subspan(sum_at, sum_bytes));
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < header.size(); ++i)
        sum += i >= sum_at && i < sum_at + sum_bytes ? std::uint64_t{' '} : header[i];
    return said && *said == sum;
}

std::string name_of(BytesView header)
{
    const auto field = header.subspan(name_at, name_bytes);
    auto name =
        as_text(field.first(static_cast<std::size_t>(std::find(field.begin(), field.end(), 0) - field.begin())));
    if (name.starts_with("./")) name.remove_prefix(2);
    return std::string(name);
}

bool has_suffix(std::string_view name, std::string_view suffix)
{
    return name.size() > suffix.size() &&
           std::equal(suffix.begin(), suffix.end(), name.end() - static_cast<std::ptrdiff_t>(suffix.size()),
                      [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + 32) : b); });
}

bool contains(BytesView bytes, std::string_view what)
{
    return as_text(bytes).find(what) != std::string_view::npos;
}

/// "fox.webp 🦊", a line each.
void name_emoji(std::vector<PackedSticker>& stickers, std::string_view text)
{
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        const auto gap = line.find_last_of(" \t");
        if (gap == std::string_view::npos || gap + 1 == line.size()) continue;
        const auto emoji = line.substr(gap + 1);
        const auto name = line.substr(0, line.find_last_not_of(" \t", gap) + 1);
        if (emoji.size() > content::emoji_bytes_max || !is_utf8(emoji)) continue;
        for (auto& one : stickers)
            if (one.about.name == name) one.about.emoji = std::string(emoji);
    }
}

} // namespace

std::string_view sticker_media_type(std::string_view name)
{
    static constexpr struct {
        std::string_view suffix, type;
    } known[] = {{".webp", "image/webp"},     {".png", "image/png"},  {".apng", "image/apng"},
                 {".gif", "image/gif"},       {".jpg", "image/jpeg"}, {".jpeg", "image/jpeg"},
                 {".webm", "video/webm"},     {".mp4", "video/mp4"},  {".json", "application/json"},
                 {".tgs", "application/gzip"}};
    for (const auto& one : known)
        if (has_suffix(name, one.suffix)) return one.type;
    return {};
}

bool is_animated(std::string_view media_type, BytesView first)
{
    if (media_type == "image/webp") // RIFF, length, WEBP, VP8X, length, flags: bit 1 is animation.
        return first.size() > 20 && as_text(first.subspan(8, 8)) == "WEBPVP8X" && (first[20] & 0x02) != 0;
    if (media_type == "image/png" || media_type == "image/apng") {
        const auto text = as_text(first); // acTL stands before IDAT in one that moves.
        const auto moves = text.find("acTL");
        return moves != std::string_view::npos && moves < text.find("IDAT");
    }
    if (media_type == "image/gif") return contains(first, "NETSCAPE2.0") || contains(first, "ANIMEXTS1.0");
    return media_type.starts_with("video/") || media_type == "application/json" || media_type == "application/gzip";
}

Result<std::vector<PackedSticker>> read_pack(std::uint64_t size_bytes, const ReadAt& read)
{
    if (size_bytes > sticker_pack_bytes_max)
        return no_pack("at most " + std::to_string(sticker_pack_bytes_max) + " bytes are looked into");
    std::vector<PackedSticker> out;
    std::optional<std::pair<std::uint64_t, std::size_t>> emoji;
    std::set<std::string> names;
    std::size_t headers = 0;
    for (std::uint64_t at = 0; size_bytes - at >= block_bytes;) {
        auto header = read(at, block_bytes);
        if (!header.ok()) return header.error();
        at += block_bytes;
        if (std::all_of(header->begin(), header->end(), [](auto byte) { return byte == 0; })) break; // The end.
        const BytesView bytes(*header);
        const auto size = octal(bytes.subspan(size_at, size_bytes_of_field));
        if (++headers > headers_max || as_text(bytes.subspan(magic_at, 5)) != "ustar" || !is_sum_right(bytes) || !size)
            return no_pack(headers == 1 ? "it is no tar archive" : "its archive is damaged");
        if (*size > size_bytes - at) return no_pack("its archive is cut off");
        const auto here = at;
        at += std::min((*size + block_bytes - 1) / block_bytes * block_bytes, size_bytes - at);
        const bool is_file = bytes[type_at] == '0' || bytes[type_at] == 0;
        if (!is_file || *size == 0 || bytes[prefix_at] != 0) continue;
        auto name = name_of(bytes);
        if (name == emoji_name && *size <= emoji_file_bytes_max) {
            emoji.emplace(here, static_cast<std::size_t>(*size));
            continue;
        }
        // A name that godwit would change is none that a message can name.
        // What systems put into folders (.DS_Store) is no mistake of who made it.
        if (name.empty() || name.front() == '.' || harmless_name(name) != name) continue;
        if (sticker_media_type(name).empty())
            return no_pack(name +
                           " is of no type that stickers have (.webp, .png, .gif, .jpg, .webm, .mp4, .json, .tgs)");
        if (*size > sticker_bytes_max || !names.insert(name).second) continue;
        if (out.size() == stickers_per_pack_max)
            return no_pack("it has more than " + std::to_string(stickers_per_pack_max) + " stickers");
        StickerEntry about{name, {}, std::string(sticker_media_type(name)), *size, false};
        auto first = read(here, static_cast<std::size_t>(std::min<std::uint64_t>(*size, looked_at_bytes)));
        if (!first.ok()) return first.error();
        about.animated = is_animated(about.media_type, *first);
        out.push_back({std::move(about), here});
    }
    if (out.empty()) return no_pack("there is no picture in it");
    if (emoji) {
        const auto text = read(emoji->first, emoji->second);
        if (!text.ok()) return text.error();
        name_emoji(out, as_text(*text));
    }
    return out;
}

} // namespace godwit::transfer
