// SPDX-License-Identifier: Apache-2.0
// Of files: packs of stickers, looked into where they lie, so that no picture is written anywhere in the clear.
#include "lib/engine/files.hpp"

#include <algorithm>

namespace godwit::engine {
namespace {

/// Any bytes of a file that is whole here. Keeps the piece that was read last: stickers lie one behind the other.
class KeptBytes {
public:
    KeptBytes(FileShelf& shelf, const FileId& file) : shelf_(shelf), file_(file) {}

    Result<Bytes> operator()(std::uint64_t offset, std::size_t size_bytes)
    {
        Bytes out;
        while (out.size() < size_bytes) {
            const auto at = offset + out.size();
            const auto number = static_cast<std::uint32_t>(at / transfer::chunk_bytes);
            if (!piece_ || piece_->first != number) {
                auto read = shelf_.read(file_, number);
                if (!read.ok()) return read;
                piece_.emplace(number, *std::move(read));
            }
            const auto skip = static_cast<std::size_t>(at % transfer::chunk_bytes);
            if (skip >= piece_->second.size())
                return Error{ErrorCode::malformed, "the file is shorter than it says", 0};
            const auto rest = BytesView(piece_->second).subspan(skip);
            append(out, rest.first(std::min(rest.size(), size_bytes - out.size())));
        }
        return out;
    }

private:
    FileShelf& shelf_;
    FileId file_;
    std::optional<std::pair<std::uint32_t, Bytes>> piece_;
};

Error not_whole()
{
    return {ErrorCode::no_such_file, "file: this pack is not here, or not whole yet: fetch it first", 0};
}

Result<const transfer::PackedSticker*> find_sticker(const std::vector<transfer::PackedSticker>& pack,
                                                    std::string_view name)
{
    const auto at = std::find_if(pack.begin(), pack.end(), [&](const auto& one) { return one.about.name == name; });
    if (at == pack.end()) return Error{ErrorCode::invalid_argument, "name: there is no such sticker in this pack", 0};
    return &*at;
}

} // namespace

Result<const std::vector<transfer::PackedSticker>*> Files::pack_of(const port::StoredFile& row)
{
    if (!pack_ || pack_->first != row.id) {
        auto stickers = transfer::read_pack(row.size_bytes, KeptBytes(shelf_, row.id));
        if (!stickers.ok()) return stickers.error();
        pack_.emplace(row.id, *std::move(stickers));
    }
    return &pack_->second;
}

void Files::ask(RequestId id, const request::StickerPack& pack, Moment)
{
    const auto* row = known(id, pack.file);
    if (row == nullptr) return;
    if (row->state != FileState::whole) return context_.refuse(id, not_whole());
    const auto stickers = pack_of(*row);
    if (!stickers.ok()) return context_.refuse(id, stickers.error());
    StickerPackInfo out;
    for (const auto& one : **stickers)
        out.stickers.push_back(one.about);
    context_.reply(id, std::move(out));
}

/// Of a pack that is whole here; nobody could show another one.
Result<void> Files::may_send(const content::Sticker& sticker)
{
    const auto* row = shelf_.open() ? shelf_.find(sticker.pack.id) : nullptr;
    if (row == nullptr || row->state != FileState::whole) return {};
    const auto stickers = pack_of(*row);
    if (!stickers.ok()) return stickers.error();
    if (const auto one = find_sticker(**stickers, sticker.name); !one.ok()) return one.error();
    return {};
}

void Files::ask(RequestId id, const request::StickerImage& sticker, Moment)
{
    const auto* row = known(id, sticker.file);
    if (row == nullptr) return;
    if (row->state != FileState::whole) return context_.refuse(id, not_whole());
    const auto stickers = pack_of(*row);
    if (!stickers.ok()) return context_.refuse(id, stickers.error());
    const auto one = find_sticker(**stickers, sticker.name);
    if (!one.ok()) return context_.refuse(id, one.error());
    const auto& [about, offset] = **one;
    auto picture = KeptBytes(shelf_, sticker.file)(offset, static_cast<std::size_t>(about.size_bytes));
    if (!picture.ok()) return context_.refuse(id, picture.error());
    context_.reply(id, StickerPicture{about, *std::move(picture)});
}

} // namespace godwit::engine
