// SPDX-License-Identifier: Apache-2.0
// Private to lib/json: requests and answers about files.
#pragma once

#include <godwit/request.hpp>
#include <godwit/sticker.hpp>

#include "lib/json/fields.hpp"

#include <nlohmann/json.hpp>

namespace godwit::json {

[[nodiscard]] Request read_file_add(Fields& in);
[[nodiscard]] Request read_file_save(Fields& in);
[[nodiscard]] Request read_set_rate(Fields& in);
[[nodiscard]] Request read_set_auto_fetch(Fields& in);
[[nodiscard]] Request read_sticker(Fields& in);
/// 64 hexadecimal digits, or the field has failed.
[[nodiscard]] FileId read_file_id(Fields& in);
template <class What>
[[nodiscard]] Request read_about_file(Fields& in)
{
    return What{read_file_id(in)};
}

/// Its members, behind those that are there.
void put_file(nlohmann::ordered_json& out, const FileInfo& file);
void put_pack(nlohmann::ordered_json& out, const StickerPackInfo& pack);
void put_sticker(nlohmann::ordered_json& out, const StickerPicture& sticker);

} // namespace godwit::json
