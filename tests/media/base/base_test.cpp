// SPDX-License-Identifier: Apache-2.0
#include "tests/media/support/signals.hpp"

#include <godwit/godwit.h>
#include <godwit/media.hpp>

#include <doctest/doctest.h>

#include <algorithm>

using namespace godwit;
using namespace godwit::media;

TEST_CASE("media base: levels in dBov")
{
    CHECK(level_dbov({}) == -127);
    CHECK(level_dbov(Pcm(480, 0)) == -127);
    CHECK(level_dbov(Pcm(480, 32767)) == 0);
    CHECK(level_dbov(Pcm(480, -32768)) == 0);
    CHECK(level_dbov(test::tone(1000, 4800, 1.0)) == -3);
    CHECK(level_dbov(test::tone(1000, 4800, 0.1)) == -23);
    CHECK(level_dbov(Pcm(480, 1)) == -90);
}

TEST_CASE("media base: which pictures may be allocated")
{
    CHECK(is_picture_size(1, 1));
    CHECK(is_picture_size(1920, 1088));
    CHECK(is_picture_size(1080, 1920));
    CHECK_FALSE(is_picture_size(1920, 1089));
    CHECK_FALSE(is_picture_size(1921, 10));
    CHECK_FALSE(is_picture_size(10, 1921));
    CHECK_FALSE(is_picture_size(0, 10));
    CHECK_FALSE(is_picture_size(10, -1));
    CHECK_FALSE(is_picture_size(std::int64_t{1} << 40, std::int64_t{1} << 40));
}

TEST_CASE("media base: what the C interface calls room for any picture is that")
{
    std::size_t most = 0;
    for (int width = 1; width <= picture_side_max; ++width) {
        const int height = std::min(picture_side_max, picture_pixels_max / width);
        for (const int h : {height, height - 1})
            if (is_picture_size(width, h)) most = std::max(most, call_picture_bytes(width, h));
    }
    CHECK(most > std::size_t{picture_pixels_max} * 3 / 2); // odd sides
    CHECK(most <= GODWIT_CALL_PICTURE_BYTES_MAX);
}

TEST_CASE("media base: planes of odd sizes do not overlap and fill the picture")
{
    for (const auto& [w, h] : {std::pair{1, 1}, {2, 2}, {3, 5}, {17, 9}, {640, 360}}) {
        Picture picture(w, h);
        CHECK(picture.bytes().size() == Picture::bytes_of(w, h));
        const PictureView view = picture.view();
        CHECK(view.u - view.y == w * h);
        CHECK(view.v - view.u == ((w + 1) / 2) * ((h + 1) / 2));
        CHECK(picture.bytes().data() + picture.bytes().size() - view.v == view.v - view.u);
        CHECK(view.y[0] == 16);
        CHECK(view.v[0] == 128);
        CHECK_FALSE(picture.assign(Bytes(picture.bytes().size() + 1)));
        CHECK(picture.assign(Bytes(picture.bytes().size(), 7)));
        CHECK(view.v[0] == 7);
    }
}

TEST_CASE("media base: samples and durations")
{
    CHECK(duration_of(960) == std::chrono::milliseconds(20));
    CHECK(samples_in(std::chrono::milliseconds(60)) == 2880);
}
