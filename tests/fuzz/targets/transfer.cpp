// SPDX-License-Identifier: Apache-2.0
// Files from strangers: names, sets of pieces, and devices that give whatever they like.
#include "lib/base/harmless.hpp"
#include "lib/transfer/blob.hpp"
#include "lib/transfer/downloads.hpp"
#include "lib/transfer/serving.hpp"
#include "lib/transfer/sticker_pack.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/lib/transfer/content.hpp"
#include "tests/lib/transfer/tar_maker.hpp"

#include <deque>

namespace {

using namespace godwit;
using namespace godwit::transfer;
using fuzz::Choices;

std::vector<Bytes> names()
{
    std::vector<Bytes> out;
    for (const char* name : {"../../etc/passwd", "CON.txt", "exe.\xe2\x80\xaegpj", ". .", "\xff\xfe/x", "photo.jpg"})
        out.push_back(to_bytes(as_bytes(name)));
    return out;
}

FUZZ_TARGET(transfer_file_name, "terminal", 1024, names)
{
    const auto name = harmless_name(as_text(input));
    FUZZ_CHECK(harmless_name(name) == name);
    FUZZ_CHECK(!name.empty() && name.size() <= harmless_name_bytes_max + 1 && is_utf8(name));
    FUZZ_CHECK(name.find_first_of("/\\") == std::string::npos && name != "." && name != "..");
    FUZZ_CHECK(name.front() != '.' && name.back() != '.' && name.back() != ' ');
}

FUZZ_TARGET(transfer_piece_set, "", 2048, nullptr)
{
    Choices choices(input);
    const auto pieces = static_cast<std::uint32_t>(choices.dice(3000));
    const auto raw = choices.bytes(400);
    if (const auto set = PieceSet::from_bytes(pieces, raw)) FUZZ_CHECK(set->to_bytes() == to_bytes(raw));
    PieceSet set(pieces);
    while (!choices.empty()) {
        const PieceRange range{static_cast<std::uint32_t>(choices.number(4)),
                               static_cast<std::uint32_t>(choices.number(4))};
        set.add(range);
        FUZZ_CHECK(set.count() <= pieces);
    }
    std::uint32_t count = 0;
    for (const auto& range : set.ranges(pieces + 1))
        count += range.count;
    FUZZ_CHECK(count == set.count());
    FUZZ_CHECK(PieceSet::from_bytes(pieces, set.to_bytes()) == set);
}

std::vector<Bytes> packs()
{
    return {test::TarMaker()
                .file("fox.webp", "RIFF....WEBPVP8X....\x02")
                .file("emoji.txt", "fox.webp \xf0\x9f\xa6\x8a\n")
                .done()};
}

FUZZ_TARGET(transfer_sticker_pack, "", 4096, packs)
{
    const auto stickers = read_pack(input.size(), [&](std::uint64_t offset, std::size_t size) -> Result<Bytes> {
        FUZZ_CHECK(offset <= input.size() && size <= input.size() - offset);
        return to_bytes(input.subspan(static_cast<std::size_t>(offset), size));
    });
    if (!stickers.ok()) {
        FUZZ_CHECK(stickers.error().code == ErrorCode::invalid_argument);
        return;
    }
    FUZZ_CHECK(!stickers->empty() && stickers->size() <= stickers_per_pack_max);
    for (const auto& one : *stickers) {
        FUZZ_CHECK(harmless_name(one.about.name) == one.about.name && is_utf8(one.about.emoji));
        FUZZ_CHECK(one.about.size_bytes > 0 && one.about.size_bytes <= sticker_bytes_max);
        FUZZ_CHECK(one.offset + one.about.size_bytes <= input.size());
    }
}

FUZZ_TARGET(transfer_blob_piece, "", 512, nullptr)
{
    // Nobody without the key makes a piece that opens.
    FUZZ_CHECK(!open_piece(FileKey{}, FileId{}, 3, input));
}

/// Devices come, go, offer, lie, repeat and are silent, as the input says: only what is right is ever kept, the books
/// balance, and an honest device ends it.
FUZZ_TARGET(transfer_downloads, "", 4096, nullptr)
{
    static const auto file = transfer::test::made(9 * chunk_bytes + 17);
    const auto layout = file.layout();
    Choices choices(input);
    Downloads downloads;
    downloads.set_rate(choices.flag() ? 4 * chunk_bytes : 0);
    downloads.begin(file.id, layout, PieceSet(layout.pieces()), {});
    Instant now(std::chrono::hours(1));
    std::deque<std::pair<SourceId, std::uint32_t>> flights;
    const auto give = [&](SourceId from, std::uint32_t piece, BytesView bytes) {
        const auto verdict = downloads.judge(file.id, from, piece, bytes, now);
        if (verdict == Downloads::Verdict::good) {
            FUZZ_CHECK(to_bytes(bytes) == file.piece(piece));
            downloads.keep(file.id, piece);
        }
        if (verdict == Downloads::Verdict::list_done) {
            FUZZ_CHECK(downloads.leaves(file.id) == file.leaves);
            for (auto leaf = layout.chunks(); leaf < layout.pieces(); ++leaf)
                downloads.keep(file.id, leaf);
        }
    };
    const auto plan = [&] {
        for (const auto& ask : downloads.plan(now)) {
            FUZZ_CHECK(downloads.is_up(ask.source));
            for (const auto& range : ask.pieces)
                for (std::uint32_t i = 0; i < range.count; ++i) {
                    FUZZ_CHECK(range.first + i < layout.pieces());
                    flights.emplace_back(ask.source, range.first + i);
                }
        }
        FUZZ_CHECK(flights.size() < 20'000);
    };
    while (!choices.empty()) {
        const SourceId source = choices.dice(5);
        switch (choices.dice(8)) {
        case 0: downloads.source_up(source, static_cast<Rank>(choices.dice(3))); break;
        case 1: downloads.source_down(source); break;
        case 2: {
            const auto first = static_cast<std::uint32_t>(choices.dice(12));
            downloads.offers(file.id, source, {{first, static_cast<std::uint32_t>(choices.number(1))}});
            break;
        }
        case 3: downloads.lacks(file.id, source); break;
        case 4: now += std::chrono::milliseconds(choices.number(2)); break;
        case 5: give(source, static_cast<std::uint32_t>(choices.dice(14)), choices.bytes(64)); break; // unasked
        default:
            if (flights.empty()) break;
            const auto [from, piece] = flights.front();
            flights.pop_front();
            auto bytes = file.piece(piece);
            switch (choices.dice(4)) {
            case 0: bytes[choices.dice(bytes.size())] ^= 1; break;
            case 1: bytes.resize(choices.dice(bytes.size())); break;
            default: break;
            }
            give(from, piece, bytes);
        }
        (void)downloads.handle_deadline(now);
        plan();
    }
    downloads.set_rate(0);
    downloads.source_up(99, Rank::direct);
    downloads.offers(file.id, 99, {{0, layout.pieces()}});
    for (int round = 0; round < 100 && !downloads.have(file.id).full(); ++round) {
        now += std::chrono::minutes(1);
        (void)downloads.handle_deadline(now);
        flights.clear();
        plan();
        for (const auto& [from, piece] : std::exchange(flights, {}))
            if (from == 99) give(from, piece, file.piece(piece));
    }
    FUZZ_CHECK(downloads.have(file.id).full());
    downloads.end(file.id);
    FUZZ_CHECK(downloads.handle_deadline(now + std::chrono::hours(1)).empty());
}

FUZZ_TARGET(transfer_serving, "", 1024, nullptr)
{
    Choices choices(input);
    Serving serving;
    const Instant now(std::chrono::hours(1));
    while (!choices.empty()) {
        const SourceId source = choices.dice(4);
        const Layout layout{choices.number(4)};
        const PieceRange range{static_cast<std::uint32_t>(choices.number(3)),
                               static_cast<std::uint32_t>(choices.number(4))};
        serving.want(source, FileId{}, layout, {range});
        if (choices.flag()) serving.drop(source);
    }
    std::size_t given = 0;
    for (; serving.next(now); ++given) {}
    FUZZ_CHECK(given <= 4 * wants_per_source_max);
}

} // namespace
