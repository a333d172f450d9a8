// SPDX-License-Identifier: Apache-2.0
#include "lib/json/file_faces.hpp"

#include "lib/base/bytes.hpp"

#include <limits>

namespace godwit::json {

FileId read_file_id(Fields& in)
{
    return in.fixed<FileId>("file", "a file: 64 hexadecimal digits");
}

Request read_file_add(Fields& in)
{
    return request::FileAdd{in.text("path"), in.text("name", ""), in.text("media_type", "")};
}

Request read_file_save(Fields& in)
{
    return request::FileSave{read_file_id(in), in.text("path"), in.boolean("replace", false)};
}

Request read_set_rate(Fields& in)
{
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    return request::SetRate{in.integer("up", 0, most, 0), in.integer("down", 0, most, 0)};
}

Request read_set_auto_fetch(Fields& in)
{
    return request::SetAutoFetch{in.integer("bytes", 0, file_bytes_max, std::nullopt)};
}

Request read_sticker(Fields& in)
{
    return request::StickerImage{read_file_id(in), in.text("name")};
}

namespace {

void put_entry(nlohmann::ordered_json& out, const StickerEntry& entry)
{
    out["name"] = entry.name;
    out["emoji"] = entry.emoji;
    out["media_type"] = entry.media_type;
    out["size"] = entry.size_bytes;
    out["animated"] = entry.animated;
}

} // namespace

void put_pack(nlohmann::ordered_json& out, const StickerPackInfo& pack)
{
    auto& list = out["stickers"] = nlohmann::ordered_json::array();
    for (const auto& one : pack.stickers)
        put_entry(list.emplace_back(nlohmann::ordered_json::object()), one);
}

void put_sticker(nlohmann::ordered_json& out, const StickerPicture& sticker)
{
    put_entry(out, sticker.about);
    out["data"] = to_hex(sticker.bytes);
}

void put_file(nlohmann::ordered_json& out, const FileInfo& file)
{
    out["file"] = to_hex(file.id.view());
    out["name"] = file.name;
    out["media_type"] = file.media_type;
    out["size"] = file.size_bytes;
    out["state"] = file_state_name(file.state);
    out["done"] = file.done_bytes;
    out["from"] = file.from;
    out["path"] = path_name(file.path);
    out["key"] = to_hex(file.key.view());
}

} // namespace godwit::json
