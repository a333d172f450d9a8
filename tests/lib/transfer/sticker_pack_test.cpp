// SPDX-License-Identifier: Apache-2.0
#include "lib/transfer/sticker_pack.hpp"

#include "tests/lib/transfer/tar_maker.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::transfer;
using test::TarMaker;

namespace {

Result<std::vector<PackedSticker>> read(const Bytes& pack)
{
    return read_pack(pack.size(), [&](std::uint64_t offset, std::size_t size) -> Result<Bytes> {
        REQUIRE(offset + size <= pack.size());
        const auto begin = pack.begin() + static_cast<std::ptrdiff_t>(offset);
        return Bytes(begin, begin + static_cast<std::ptrdiff_t>(size));
    });
}

std::vector<std::string> names(const Bytes& pack)
{
    std::vector<std::string> out;
    const auto stickers = read(pack);
    if (stickers.ok())
        for (const auto& one : *stickers)
            out.push_back(one.about.name);
    return out;
}

std::string error(const Bytes& pack)
{
    const auto stickers = read(pack);
    if (stickers.ok()) return {};
    CHECK(stickers.error().code == ErrorCode::invalid_argument);
    return stickers.error().detail;
}

const std::string webp_still = "RIFF....WEBPVP8 ....\x02";
const std::string webp_moving = std::string("RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0", 20) + "\x02";
const std::string png_still = "\x89PNG\r\n\x1a\n....IHDR........IDAT....acTL";
const std::string png_moving = "\x89PNG\r\n\x1a\n....IHDR....acTL........IDAT";

} // namespace

TEST_CASE("sticker pack: what is in it, in its order, with what it stands for, and whether it moves")
{
    const auto pack = TarMaker()
                          .file("fox.webp", webp_moving)
                          .file("./cat.PNG", png_still)
                          .file("emoji.txt", "fox.webp \xf0\x9f\xa6\x8a\r\n\nnobody.png x\ncat.PNG\t\t:3\nbroken\n")
                          .file("wave.png", png_moving)
                          .file("run.gif", "GIF89a....NETSCAPE2.0....")
                          .file("sit.gif", "GIF89a............")
                          .file("still.webp", webp_still)
                          .file("dance.json", "{}")
                          .file("\xe7\x8b\x90 \xe7\x8b\xb8.jpg", "x")
                          .done();
    const auto stickers = read(pack);
    REQUIRE(stickers.ok());
    const struct {
        const char* name;
        const char* emoji;
        const char* type;
        bool animated;
    } wanted[] = {{"fox.webp", "\xf0\x9f\xa6\x8a", "image/webp", true},
                  {"cat.PNG", ":3", "image/png", false},
                  {"wave.png", "", "image/png", true},
                  {"run.gif", "", "image/gif", true},
                  {"sit.gif", "", "image/gif", false},
                  {"still.webp", "", "image/webp", false},
                  {"dance.json", "", "application/json", true},
                  {"\xe7\x8b\x90 \xe7\x8b\xb8.jpg", "", "image/jpeg", false}};
    REQUIRE(stickers->size() == std::size(wanted));
    for (std::size_t i = 0; i < std::size(wanted); ++i) {
        CAPTURE(wanted[i].name);
        const auto& about = (*stickers)[i].about;
        CHECK(about.name == wanted[i].name);
        CHECK(about.emoji == wanted[i].emoji);
        CHECK(about.media_type == wanted[i].type);
        CHECK(about.animated == wanted[i].animated);
    }
    CHECK(stickers->front().offset == 512);
    CHECK(stickers->front().about.size_bytes == webp_moving.size());
}

TEST_CASE("sticker pack: what is no sticker is passed over, and takes no other's place")
{
    const std::string large(sticker_bytes_max + 1, 'x');
    const auto pack = TarMaker()
                          .file("folder", "", '5')
                          .file("link.png", "", '2')
                          .file("pax", "27 path=elsewhere/evil.png\n", 'x')
                          .file("a/b.png", "x")
                          .file("..", "x")
                          .file("con.png", "x")
                          .file("turn\xe2\x80\xaegnp.png", "x")
                          .file("bell\x07.png", "x")
                          .file("none.png", "")
                          .file("large.png", large)
                          .file("fox.png", "first")
                          .file("fox.png", "second")
                          .file("last.png", "x")
                          .done();
    CHECK(names(pack) == std::vector<std::string>{"fox.png", "last.png"});
    CHECK(read(pack)->front().about.size_bytes == 5);
}

TEST_CASE("sticker pack: damaged, cut off, none at all, or too much of it")
{
    const auto whole = TarMaker().file("fox.png", std::string(600, 'x')).file("cat.png", "x").done();
    REQUIRE(names(whole).size() == 2);
    CHECK(error({}).find("no picture") != std::string::npos);
    CHECK(error(Bytes(1024)).find("no picture") != std::string::npos);
    CHECK(error(Bytes(1024, 'x')).find("no tar") != std::string::npos);
    CHECK(error(Bytes(whole.begin(), whole.begin() + 600)).find("cut off") != std::string::npos);
    // The end may be missing: whoever made it knew what belongs into it.
    CHECK(names(Bytes(whole.begin(), whole.begin() + 2048 + 512)) == std::vector<std::string>{"fox.png", "cat.png"});
    for (const std::size_t at : {std::size_t{0}, std::size_t{130}, std::size_t{150}, std::size_t{258}}) {
        CAPTURE(at);
        auto damaged = whole;
        damaged[at] ^= 0x40;
        CHECK_FALSE(error(damaged).empty());
    }
    auto second = whole;
    second[1536 + 5] ^= 1;
    CHECK(error(second).find("damaged") != std::string::npos);

    TarMaker many;
    for (std::size_t n = 0; n < stickers_per_pack_max; ++n)
        many.file(std::to_string(n) + ".png", "x");
    auto full = many;
    CHECK(names(full.file("emoji.txt", "0.png :)").done()).size() == stickers_per_pack_max);
    CHECK(error(many.file("one too many.png", "x").done()).find("more than 256") != std::string::npos);
    CHECK(error(TarMaker().file("fox.png", "x").file("setup.exe", std::string(sticker_bytes_max + 1, 'x')).done())
              .find("setup.exe") != std::string::npos);
    CHECK_FALSE(error(TarMaker().file("fox", "x").done()).empty());
    TarMaker folders;
    for (std::size_t n = 0; n < 4 * stickers_per_pack_max + 1; ++n)
        folders.file("folder", "", '5');
    CHECK_FALSE(error(folders.file("fox.png", "x").done()).empty());
    bool asked = false;
    const auto much = read_pack(sticker_pack_bytes_max + 1, [&](std::uint64_t, std::size_t size) -> Result<Bytes> {
        asked = true;
        return Bytes(size);
    });
    CHECK(much.error().code == ErrorCode::invalid_argument);
    CHECK_FALSE(asked);
    // What cannot be read is said as it is.
    const auto unread = read_pack(2048, [](std::uint64_t, std::size_t) -> Result<Bytes> {
        return Error{ErrorCode::storage_corrupt, "a piece is damaged", 0};
    });
    CHECK(unread.error().code == ErrorCode::storage_corrupt);
}
