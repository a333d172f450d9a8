// SPDX-License-Identifier: Apache-2.0
#include "media/pipeline/picture_file.hpp"
#include "media/pipeline/sound_file.hpp"
#include "media/pipeline/synthetic.hpp"
#include "tests/media/support/signals.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace godwit;
using namespace godwit::pipeline;

namespace {

struct Folder {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("godwit-media-" + std::to_string(::getpid()));
    Folder() { std::filesystem::create_directories(path); }
    ~Folder() { std::filesystem::remove_all(path); }
    [[nodiscard]] std::string file(const char* name) const { return (path / name).string(); }
    [[nodiscard]] std::string text(const char* name, const std::string& content) const
    {
        std::ofstream(file(name), std::ios::binary) << content;
        return file(name);
    }
};

/// A WAV header by hand, and silence: for formats that we do not write.
std::string wav(int rate, int channels, std::size_t frames)
{
    const auto little = [](std::uint64_t n, int octets) {
        std::string out;
        for (int i = 0; i < octets; ++i)
            out.push_back(static_cast<char>(n >> (8 * i)));
        return out;
    };
    const std::size_t bytes = frames * static_cast<std::size_t>(channels) * 2;
    const auto r = static_cast<std::uint64_t>(rate), c = static_cast<std::uint64_t>(channels);
    return "RIFF" + little(36 + bytes, 4) + "WAVEfmt " + little(16, 4) + little(1, 2) + little(c, 2) + little(r, 4) +
           little(r * c * 2, 4) + little(c * 2, 2) + little(16, 2) + "data" + little(bytes, 4) +
           std::string(bytes, '\0');
}

} // namespace

TEST_CASE("sound files: written and read again, to the sample")
{
    const Folder folder;
    const media::Pcm sound = test::voice(10'000);
    {
        auto writer = SoundWriter::create(folder.file("a.wav"));
        REQUIRE(writer.ok());
        CHECK(writer->write(sound).ok());
    }
    auto reader = SoundReader::open(folder.file("a.wav"));
    REQUIRE(reader.ok());
    media::Pcm got;
    for (;;) {
        const auto part = reader->read(480);
        REQUIRE(part.ok());
        if (part->empty()) break;
        got.insert(got.end(), part->begin(), part->end());
    }
    CHECK(got == sound);
}

TEST_CASE("sound files: other rates and channels become 48 kHz and one")
{
    const Folder folder;
    for (const auto& [rate, channels] : {std::pair{8'000, 1}, {16'000, 2}, {44'100, 2}, {48'000, 8}, {96'000, 1}}) {
        CAPTURE(rate);
        auto reader = SoundReader::open(folder.text("b.wav", wav(rate, channels, static_cast<std::size_t>(rate))));
        REQUIRE(reader.ok());
        const auto got = reader->read(100'000);
        REQUIRE(got.ok());
        CHECK(std::abs(static_cast<int>(got->size()) - 48'000) <= 480);
    }
}

TEST_CASE("sound files: what is none says so")
{
    const Folder folder;
    const auto refused = [](const std::string& path, ErrorCode code, const char* word) {
        const auto got = SoundReader::open(path);
        REQUIRE_FALSE(got.ok());
        CHECK(got.error().code == code);
        CHECK(got.error().detail.find(word) != std::string::npos);
    };
    refused(folder.file("nothing.wav"), ErrorCode::no_such_file, "no file");
    refused(folder.path.string(), ErrorCode::no_such_file, "no file");
    refused(folder.text("text.wav", "this is no sound at all, whatever its name is"), ErrorCode::invalid_argument,
            "WAV");
    refused(folder.text("nine.wav", wav(48'000, sound_file_channels_max + 1, 10)), ErrorCode::invalid_argument,
            "channels");
    refused(folder.text("slow.wav", wav(7'999, 1, 10)), ErrorCode::invalid_argument, "samples a second");
    CHECK(SoundWriter::create(folder.file("no/such/folder.wav")).error().code == ErrorCode::invalid_argument);
}

TEST_CASE("picture files: Y4M written and read again")
{
    const Folder folder;
    Pattern pattern(66, 34);
    std::vector<media::Picture> pictures;
    {
        auto writer = Y4mWriter::create(folder.file("a.y4m"), 25);
        REQUIRE(writer.ok());
        for (int i = 0; i < 3; ++i) {
            pictures.push_back(pattern.read());
            CHECK(writer->write(pictures.back()).ok());
        }
        CHECK(writer->write(media::Picture(64, 34)).error().code == ErrorCode::invalid_argument);
    }
    auto reader = Y4mReader::open(folder.file("a.y4m"));
    REQUIRE(reader.ok());
    CHECK(reader->width() == 66);
    CHECK(reader->fps() == 25);
    for (const auto& one : pictures) {
        const auto got = reader->read();
        REQUIRE(got.ok());
        REQUIRE(got->has_value());
        CHECK((*got)->bytes() == one.bytes());
    }
    CHECK_FALSE(reader->read()->has_value());
}

TEST_CASE("picture files: what is none, or broken, says so")
{
    const Folder folder;
    const auto refused = [&](const std::string& head, const char* word) {
        CAPTURE(head);
        const auto got = Y4mReader::open(folder.text("b.y4m", head));
        REQUIRE_FALSE(got.ok());
        CHECK(got.error().code == ErrorCode::invalid_argument);
        CHECK(got.error().detail.find(word) != std::string::npos);
    };
    CHECK(Y4mReader::open(folder.file("nothing.y4m")).error().code == ErrorCode::no_such_file);
    refused("", "no Y4M");
    refused("RIFF", "no Y4M");
    refused("YUV4MPEG2 " + std::string(y4m_line_bytes_max, 'x') + "\n", "no Y4M");
    refused("YUV4MPEG2 W64 H48 F25:1 C444\n", "4:2:0");
    refused("YUV4MPEG2 W64 F25:1\n", "size");
    refused("YUV4MPEG2 W1921 H1080 F25:1\n", "size");
    refused("YUV4MPEG2 W99999999999 H1080 F25:1\n", "size");
    refused("YUV4MPEG2 W64 H48 F25:0\n", "rate");
    auto half = Y4mReader::open(folder.text("c.y4m", "YUV4MPEG2 W64 H48 F30000:1001 C420jpeg\nFRAME\nonly a little"));
    REQUIRE(half.ok());
    CHECK(half->fps() == 30);
    CHECK(Y4mReader::open(folder.text("d.y4m", "YUV4MPEG2 W2 H2 F2147483647:3\n"))->fps() == 120);
    CHECK(half->read().error().code == ErrorCode::malformed);
    CHECK(Y4mWriter::create(folder.file("no/such/folder.y4m"), 30).error().code == ErrorCode::invalid_argument);
}

TEST_CASE("picture files: an IVF's bytes")
{
    const Folder folder;
    {
        auto writer = IvfWriter::create(folder.file("a.ivf"), codec::VideoCodec::vp9, 640, 360);
        REQUIRE(writer.ok());
        const Bytes frame = {0xaa, 0xbb};
        CHECK(writer->write(frame, 0).ok());
        CHECK(writer->write(frame, 3000).ok());
    }
    std::ifstream in(folder.file("a.ivf"), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    CHECK(to_hex(as_bytes(bytes)) == "444b49460000200056503930800268019"
                                     "05f01000100000002000000000000000200000000000000000000"
                                     "00aabb02000000b80b000000000000aabb");
}

TEST_CASE("synthetic: a tone that beats, a pattern that moves")
{
    Tone tone;
    CHECK(media::level_dbov(tone.read(24'000)) == -15);
    CHECK(media::level_dbov(tone.read(24'000)) == -127);
    CHECK(media::level_dbov(tone.read(24'000)) == -15);
    Pattern pattern(320, 180), tiny(2, 2);
    const media::Picture first = pattern.read(), second = pattern.read();
    CHECK(first.bytes() != second.bytes());
    CHECK(test::psnr(first, second) > 15);
    CHECK(tiny.read().width() == 2);
}
