// SPDX-License-Identifier: Apache-2.0
#include "media/codec/convert.hpp"
#include "media/codec/video.hpp"
#include "tests/media/support/signals.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace godwit;
using namespace godwit::codec;
using namespace std::chrono_literals;
using media::Picture;

namespace {

constexpr Duration frame_time = 33'333us;

VideoEncoder encoder(VideoEncoderConfig config)
{
    auto made = VideoEncoder::create(config);
    REQUIRE(made.ok());
    return std::move(made).value();
}

VideoDecoder decoder(VideoCodec codec)
{
    auto made = VideoDecoder::create(codec);
    REQUIRE(made.ok());
    return std::move(made).value();
}

struct Film {
    std::vector<Picture> pictures;
    std::vector<std::optional<EncodedFrame>> frames;
};

Film film_of(VideoEncoderConfig config, int count, const std::vector<int>& keyframes = {})
{
    Film out;
    VideoEncoder in = encoder(config);
    for (int i = 0; i < count; ++i) {
        out.pictures.push_back(test::moving_square(config.width, config.height, i));
        const bool key = std::find(keyframes.begin(), keyframes.end(), i) != keyframes.end();
        auto frame = in.encode(out.pictures.back().view(), i * frame_time, key);
        REQUIRE(frame.ok());
        out.frames.push_back(std::move(*frame));
    }
    return out;
}

} // namespace

TEST_CASE("video: pictures come back like they went, a keyframe is there when asked for")
{
    for (const VideoCodec codec : {VideoCodec::vp8, VideoCodec::vp9}) {
        CAPTURE(static_cast<int>(codec));
        const Film film = film_of({.codec = codec, .width = 320, .height = 180, .bitrate_bps = 800'000}, 40, {25});
        VideoDecoder out = decoder(codec);
        double sum = 0;
        int shown = 0;
        for (std::size_t i = 0; i < film.frames.size(); ++i) {
            if (!film.frames[i]) continue;
            CHECK(film.frames[i]->keyframe == (i == 0 || i == 25));
            const auto header = read_stream_header(codec, film.frames[i]->data);
            REQUIRE(header.has_value());
            CHECK(header->keyframe == film.frames[i]->keyframe);
            if (header->keyframe) CHECK(header->width == 320);
            if (header->keyframe) CHECK(header->height == 180);
            const auto got = out.decode(film.frames[i]->data);
            REQUIRE(got.ok());
            REQUIRE(got->has_value());
            CHECK((*got)->width() == 320);
            sum += test::psnr(film.pictures[i], **got);
            ++shown;
        }
        CHECK(shown >= 36);
        CHECK(sum / shown > 32);
    }
}

TEST_CASE("video: upper layers can be left out, and what is left decodes to the same pictures")
{
    for (const VideoCodec codec : {VideoCodec::vp8, VideoCodec::vp9}) {
        for (const int layers : {1, 2, 3}) {
            CAPTURE(static_cast<int>(codec));
            CAPTURE(layers);
            const Film film =
                film_of({.codec = codec, .width = 160, .height = 96, .bitrate_bps = 400'000, .temporal_layers = layers},
                        41, {20});
            VideoDecoder all = decoder(codec);
            std::map<std::size_t, Bytes> pictures;
            std::map<int, int> of_layer;
            for (std::size_t i = 0; i < film.frames.size(); ++i) {
                if (!film.frames[i]) continue;
                ++of_layer[film.frames[i]->temporal_id];
                const auto got = all.decode(film.frames[i]->data);
                REQUIRE(got.ok());
                pictures[i] = (*got)->bytes();
            }
            CHECK(static_cast<int>(of_layer.size()) == layers);
            for (int upper = 0; upper < layers; ++upper) {
                VideoDecoder some = decoder(codec);
                for (std::size_t i = 0; i < film.frames.size(); ++i) {
                    if (!film.frames[i] || film.frames[i]->temporal_id > upper) continue;
                    const auto got = some.decode(film.frames[i]->data);
                    REQUIRE(got.ok());
                    CHECK((*got)->bytes() == pictures[i]);
                }
            }
            // What is discardable may go anywhere, one at a time.
            VideoDecoder thinned = decoder(codec);
            for (std::size_t i = 0; i < film.frames.size(); ++i) {
                if (!film.frames[i] || (film.frames[i]->discardable && i % 3 == 0)) continue;
                CHECK((*thinned.decode(film.frames[i]->data))->bytes() == pictures[i]);
            }
        }
    }
}

TEST_CASE("video: the rate is kept, also when it changes")
{
    for (const VideoCodec codec : {VideoCodec::vp8, VideoCodec::vp9}) {
        CAPTURE(static_cast<int>(codec));
        VideoEncoder in = encoder({.codec = codec, .width = 320, .height = 180, .bitrate_bps = 600'000});
        const auto bps_of = [&](int from, int count) {
            std::size_t bytes = 0;
            for (int i = from; i < from + count; ++i) {
                const auto frame = in.encode(test::moving_square(320, 180, i).view(), i * frame_time, false);
                REQUIRE(frame.ok());
                if (*frame) bytes += (*frame)->data.size();
            }
            return static_cast<double>(bytes) * 8 * 30 / count;
        };
        bps_of(0, 60);
        CHECK(bps_of(60, 120) < 600'000 * 1.25);
        in.set_rate(150'000, 30);
        bps_of(180, 60);
        CHECK(bps_of(240, 120) < 150'000 * 1.3);
    }
}

TEST_CASE("video: a size over the cap is refused before libvpx has it")
{
    // VP8: the size stands in bytes 6 to 9 of a keyframe.
    Film film = film_of({.width = 320, .height = 180}, 1);
    Bytes frame = film.frames[0]->data;
    frame[6] = 0xff;
    frame[7] = 0x3f;
    VideoDecoder vp8 = decoder(VideoCodec::vp8);
    CHECK(vp8.decode(frame).error().code == ErrorCode::message_too_large);
    frame[6] = static_cast<std::uint8_t>(1921 & 0xff);
    frame[7] = static_cast<std::uint8_t>(1921 >> 8);
    CHECK(vp8.decode(frame).error().code == ErrorCode::message_too_large);

    // VP9: bits 8 + 24 + 3 + 1 into the frame, 16 for the width less one.
    film = film_of({.codec = VideoCodec::vp9, .width = 320, .height = 180}, 2);
    frame = film.frames[0]->data;
    for (std::size_t bit = 36; bit < 52; ++bit)
        frame[bit / 8] = static_cast<std::uint8_t>(frame[bit / 8] | 0x80 >> bit % 8);
    CHECK(read_stream_header(VideoCodec::vp9, frame)->width == 65'536);
    VideoDecoder vp9 = decoder(VideoCodec::vp9);
    CHECK(vp9.decode(frame).error().code == ErrorCode::message_too_large);
    CHECK(vp9.decode(film.frames[0]->data).ok());
    CHECK(vp9.decode(film.frames[1]->data).ok());

    CHECK(vp8.decode(Bytes(encoded_frame_bytes_max + 1)).error().code == ErrorCode::message_too_large);
    CHECK(vp8.decode(Bytes(encoded_frame_bytes_max)).error().code == ErrorCode::malformed);
}

TEST_CASE("video: behind a frame stands nothing that libvpx would take for another one")
{
    // "Show what is in slot 0", one byte: its size is that of a picture that was judged. libvpx goes on with what
    // follows, which was not, and could want 65,536 x 65,536.
    const Film small = film_of({.codec = VideoCodec::vp9, .width = 320, .height = 180}, 2);
    const Film large = film_of({.codec = VideoCodec::vp9, .width = 640, .height = 360}, 1);
    VideoDecoder out = decoder(VideoCodec::vp9);
    REQUIRE(out.decode(small.frames[0]->data).ok());
    const Bytes show{0x88};
    REQUIRE(read_stream_header(VideoCodec::vp9, show)->shows_existing);
    const auto shown = out.decode(show);
    REQUIRE((shown.ok() && shown->has_value()));
    const auto is_small = [](const Result<std::optional<Picture>>& got) {
        return !got.ok() || !got->has_value() || ((*got)->width() == 320 && (*got)->height() == 180);
    };
    Bytes two = show;
    append(two, large.frames[0]->data);
    CHECK(is_small(out.decode(two)));
    two = small.frames[0]->data;
    append(two, large.frames[0]->data);
    CHECK(is_small(out.decode(two)));
    const auto after = out.decode(small.frames[0]->data);
    REQUIRE((after.ok() && after->has_value()));
    CHECK((*after)->width() == 320);
}

TEST_CASE("video: a picture within the caps and the largest there is")
{
    for (const auto& [w, h] : {std::pair{1920, 1080}, {1080, 1920}, {16, 16}}) {
        const Film film = film_of({.width = w, .height = h, .bitrate_bps = 3'000'000}, 2);
        VideoDecoder out = decoder(VideoCodec::vp8);
        const auto got = out.decode(film.frames[0]->data);
        REQUIRE(got.ok());
        CHECK((*got)->width() == w);
        CHECK((*got)->height() == h);
    }
}

TEST_CASE("video: no keyframe yet, none after an error, and one makes it whole")
{
    for (const VideoCodec codec : {VideoCodec::vp8, VideoCodec::vp9}) {
        const Film film = film_of({.codec = codec, .width = 160, .height = 96}, 6, {4});
        VideoDecoder out = decoder(codec);
        REQUIRE(film.frames[1].has_value());
        CHECK(out.decode(film.frames[1]->data).error().code == ErrorCode::malformed);
        CHECK(out.decode(film.frames[0]->data).ok());
        CHECK(out.decode({}).error().code == ErrorCode::malformed);
        CHECK(out.decode(film.frames[1]->data).error().code == ErrorCode::malformed);
        REQUIRE(film.frames[4].has_value());
        CHECK(out.decode(film.frames[4]->data).ok());
    }
}

TEST_CASE("video: damaged frames end in an error or a picture, never in anything else")
{
    std::mt19937_64 random(5);
    for (const VideoCodec codec : {VideoCodec::vp8, VideoCodec::vp9}) {
        const Film film = film_of({.codec = codec, .width = 160, .height = 96}, 8, {4});
        VideoDecoder out = decoder(codec);
        for (int round = 0; round < 1500; ++round) {
            const auto& frame = film.frames[static_cast<std::size_t>(round) % film.frames.size()];
            if (!frame) continue;
            Bytes bytes = frame->data;
            for (int i = 0; i < 1 + round % 5; ++i)
                bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
            if (round % 11 == 0) bytes.resize(random() % bytes.size());
            const auto got = out.decode(bytes);
            if (got.ok() && *got) CHECK(media::is_picture_size((*got)->width(), (*got)->height()));
        }
    }
}

TEST_CASE("video: what is out of range is refused, and named")
{
    const auto refuses = [](VideoEncoderConfig config, const char* field) {
        const auto made = VideoEncoder::create(config);
        REQUIRE_FALSE(made.ok());
        CHECK(made.error().code == ErrorCode::invalid_argument);
        CHECK(made.error().detail.find(field) != std::string::npos);
    };
    refuses({.width = 15}, "width");
    refuses({.height = 1921}, "height");
    refuses({.width = 1920, .height = 1089}, "1088");
    refuses({.fps = 0}, "fps");
    refuses({.fps = video_fps_max + 1}, "fps");
    refuses({.bitrate_bps = video_bitrate_min_bps - 1}, "bitrate_bps");
    refuses({.bitrate_bps = video_bitrate_max_bps + 1}, "bitrate_bps");
    refuses({.temporal_layers = temporal_layers_max + 1}, "temporal_layers");
    refuses({.threads = video_threads_max + 1}, "threads");
    CHECK_FALSE(VideoDecoder::create(VideoCodec::vp8, 0).ok());

    VideoEncoder in = encoder({.width = 160, .height = 96});
    CHECK(in.encode(test::moving_square(160, 98, 0).view(), 0us, false).error().code == ErrorCode::invalid_argument);
    CHECK(in.encode(test::moving_square(160, 96, 0).view(), 5us, false).ok());
    CHECK(in.encode(test::moving_square(160, 96, 0).view(), 5us, false).error().code == ErrorCode::invalid_argument);
}

TEST_CASE("convert: formats of cameras and screens")
{
    // One colour all over: what comes out has it, whatever the order of bytes was.
    const auto filled = [](std::size_t bytes, const Bytes& pattern) {
        Bytes out;
        while (out.size() < bytes)
            append(out, pattern);
        out.resize(bytes);
        return out;
    };
    const auto check = [&](PixelFormat format, const Bytes& bytes, int y, int u, int v) {
        CAPTURE(static_cast<int>(format));
        const auto got = to_i420(format, bytes, 6, 4);
        REQUIRE(got.ok());
        for (int i = 0; i < 24; ++i)
            CHECK(std::abs(got->view().y[i] - y) <= 2);
        for (int i = 0; i < 6; ++i) {
            CHECK(std::abs(got->view().u[i] - u) <= 2);
            CHECK(std::abs(got->view().v[i] - v) <= 2);
        }
    };
    check(PixelFormat::yuy2, filled(48, {90, 50, 90, 200}), 90, 50, 200);
    check(PixelFormat::uyvy, filled(48, {50, 90, 200, 90}), 90, 50, 200);
    Bytes planes = filled(24, {90});
    append(planes, filled(12, {50, 200}));
    check(PixelFormat::nv12, planes, 90, 50, 200);
    check(PixelFormat::nv21, planes, 90, 200, 50);
    // Red is, by BT.601, Y 82, U 90, V 240.
    check(PixelFormat::bgra, filled(96, {0, 0, 255, 255}), 82, 90, 240);
    check(PixelFormat::rgba, filled(96, {255, 0, 0, 255}), 82, 90, 240);
    check(PixelFormat::rgb24, filled(72, {0, 0, 255}), 82, 90, 240);
    const Picture square = test::moving_square(6, 4, 0);
    CHECK(to_i420(PixelFormat::i420, square.bytes(), 6, 4)->bytes() == square.bytes());

    for (const int bytes : {-1, 1}) {
        const auto size = static_cast<std::size_t>(static_cast<int>(bytes_of(PixelFormat::rgba, 6, 4)) + bytes);
        CHECK(to_i420(PixelFormat::rgba, Bytes(size), 6, 4).error().code == ErrorCode::invalid_argument);
    }
    CHECK(to_i420(PixelFormat::rgba, Bytes(4), 1921, 1).error().code == ErrorCode::invalid_argument);
    CHECK(to_i420(static_cast<PixelFormat>(99), Bytes(4), 1, 1).error().code == ErrorCode::invalid_argument);
    CHECK(to_i420(PixelFormat::yuy2, Bytes(bytes_of(PixelFormat::yuy2, 5, 3), 128), 5, 3).ok()); // odd
}

TEST_CASE("convert: smaller and turned")
{
    const Picture picture = test::moving_square(64, 48, 1);
    const auto half = scale(picture.view(), 32, 24);
    REQUIRE(half.ok());
    CHECK(half->width() == 32);
    CHECK(test::psnr(*scale(half->view(), 64, 48), picture) > 20);
    CHECK_FALSE(scale(picture.view(), 0, 24).ok());
    CHECK_FALSE(scale(picture.view(), 1920, 1089).ok());
    CHECK(psnr(picture.view(), picture.view()) == doctest::Approx(128));
    CHECK(ssim(picture.view(), picture.view()) == doctest::Approx(1));
    CHECK(ssim(picture.view(), Picture(64, 48).view()) < 0.5);
    Picture turned = *rotate(picture.view(), 90);
    CHECK(turned.width() == 48);
    for (int i = 0; i < 3; ++i)
        turned = *rotate(turned.view(), 90);
    CHECK(turned.bytes() == picture.bytes());
    CHECK(rotate(picture.view(), 180)->bytes() == rotate(rotate(picture.view(), 270)->view(), 270)->bytes());
    CHECK_FALSE(rotate(picture.view(), 45).ok());
}
