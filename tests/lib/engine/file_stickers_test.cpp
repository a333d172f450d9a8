// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/engine/file_party.hpp"
#include "tests/lib/transfer/tar_maker.hpp"

using namespace godwit;
using namespace godwit::engine;
using namespace godwit::engine::test;
using transfer::test::TarMaker;

namespace {

/// Three pictures, of which the second lies across pieces.
struct Pack {
    std::string long_one = std::string(transfer::chunk_bytes + 700, 'l');
    Bytes bytes = TarMaker()
                      .file("fox.webp", "a fox")
                      .file("long.gif", long_one)
                      .file("cat.png", "a cat")
                      .file("emoji.txt", "cat.png \xf0\x9f\x90\x88\n")
                      .done();
};

} // namespace

TEST_CASE("stickers: a pack comes once, and its pictures are looked at where they lie")
{
    FileWorld world;
    auto& ann = world.party("ann");
    auto& bo = world.party("bo");
    const Pack pack;
    const auto file = ann.add("/tmp/animals.tar", pack.bytes);
    world.link(ann, bo);
    ann.post(file, 1);
    bo.post(file, 1, false);
    CHECK(bo.code(request::StickerPack{file.id}) == ErrorCode::no_such_file); // Not yet.
    REQUIRE(world.run([&] { return bo.state(file.id) == FileState::whole; }));
    const auto served = ann.served;

    const auto about = bo.ask<StickerPackInfo>(request::StickerPack{file.id});
    REQUIRE(about.stickers.size() == 3);
    CHECK(about.stickers[1].name == "long.gif");
    CHECK(about.stickers[1].size_bytes == pack.long_one.size());
    CHECK(about.stickers[2].emoji == "\xf0\x9f\x90\x88");
    const auto cat = bo.ask<StickerPicture>(request::StickerImage{file.id, "cat.png"});
    CHECK(as_text(cat.bytes) == "a cat");
    CHECK(cat.about.media_type == "image/png");
    const auto big = bo.ask<StickerPicture>(request::StickerImage{file.id, "long.gif"});
    CHECK(as_text(big.bytes) == pack.long_one);
    CHECK(bo.code(request::StickerImage{file.id, "dog.png"}) == ErrorCode::invalid_argument);
    CHECK(bo.code(request::StickerImage{file.id, ""}) == ErrorCode::invalid_argument);

    // Another sticker of it: nothing more is fetched.
    ann.post(file, 2);
    bo.post(file, 2, false);
    world.settle();
    CHECK(ann.served == served);
    CHECK(bo.kept.count() == 1);

    bo.withdraw(1);
    CHECK(bo.code(request::StickerImage{file.id, "cat.png"}) == ErrorCode::ok);
    bo.withdraw(2);
    CHECK(bo.code(request::StickerImage{file.id, "cat.png"}) == ErrorCode::no_such_file);
}

TEST_CASE("stickers: a file that is no pack is said to be none, and one that is not known")
{
    FileWorld world;
    auto& ann = world.party("ann");
    const auto text = ann.add("/tmp/a.tar", to_bytes(as_bytes(std::string(3000, 'x'))));
    CHECK(ann.code(request::StickerPack{text.id}) == ErrorCode::invalid_argument);
    CHECK(ann.code(request::StickerImage{text.id, "x"}) == ErrorCode::invalid_argument);
    const auto empty = ann.add("/tmp/b.tar", {});
    CHECK(ann.code(request::StickerPack{empty.id}) == ErrorCode::invalid_argument);
    CHECK(ann.code(request::StickerPack{FileId{}}) == ErrorCode::no_such_file);
}
