// SPDX-License-Identifier: Apache-2.0
// Sources and sinks by their names, and the ring that an application's sound goes through.
#include "media/host/devices.hpp"
#include "media/host/names.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

using namespace godwit;
using namespace godwit::media_host;

namespace {

struct Folder {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("godwit-host-" + std::to_string(::getpid()));
    Folder() { std::filesystem::create_directories(path); }
    ~Folder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    [[nodiscard]] std::string file(const std::string& name) const { return (path / name).string(); }
    [[nodiscard]] std::string text(const std::string& name, const std::string& content) const
    {
        std::ofstream(file(name)) << content;
        return file(name);
    }
};

constexpr std::size_t step = 480;

void refused(const CallDevices& names, ErrorCode code, std::string_view says)
{
    const auto checked = check_names(names);
    REQUIRE_FALSE(checked.ok());
    CHECK(checked.error().code == code);
    CHECK_MESSAGE(checked.error().detail.find(says) != std::string::npos, checked.error().detail);
    CHECK_FALSE(Devices::open(names).ok());
}

} // namespace

TEST_CASE("ring: in order, up to its length, and the reader throws away what is too old")
{
    Ring ring(10);
    const std::int16_t seven[7] = {1, 2, 3, 4, 5, 6, 7};
    CHECK(ring.write(seven) == 7);
    CHECK(ring.write(seven) == 3); // at its limit
    CHECK(ring.write(seven) == 0);
    std::int16_t out[16] = {};
    CHECK(ring.read(std::span(out, 4)) == 4);
    CHECK(out[3] == 4);
    CHECK(ring.drop_to(4) == 2);
    CHECK(ring.held() == 4);
    CHECK(ring.drop_to(4) == 0);
    CHECK(ring.read(out) == 4);
    CHECK(out[0] == 7);
    CHECK(out[3] == 3);
    CHECK(ring.read(out) == 0);
    for (int turn = 0; turn < 100; ++turn) { // over its end
        CHECK(ring.write(seven) == 7);
        CHECK(ring.read(out) == 7);
        CHECK(out[6] == 7);
    }
}

TEST_CASE("devices: silence, a tone, and the application's")
{
    auto none = Devices::open({"none", "none", "none", "none"});
    REQUIRE(none.ok());
    CHECK((*none)->read_audio() == media::Pcm(step));
    CHECK_FALSE((*none)->read_picture());

    auto made = Devices::open({"tone", "none", "pattern", "none"});
    REQUIRE(made.ok());
    const auto tone = (*made)->read_audio();
    CHECK(tone.size() == step);
    CHECK(*std::max_element(tone.begin(), tone.end()) > 4000);
    const auto pattern = (*made)->read_picture();
    REQUIRE(pattern);
    CHECK(pattern->width() == pattern_width);
    CHECK((*made)->fps() == pattern_fps);

    auto app = Devices::open({});
    REQUIRE(app.ok());
    auto& side = (*app)->app();
    CHECK((*app)->app_pictures());
    const media::Pcm loud(step, 1000);
    CHECK(side.audio_in.write(loud) == step);
    CHECK((*app)->read_audio() == loud);
    CHECK((*app)->read_audio() == media::Pcm(step)); // nothing came in time: silence
    // Captured too fast: what is older than ring_kept_ms goes.
    for (int i = 0; i < ring_ms / 10; ++i)
        CHECK(side.audio_in.write(media::Pcm(step, static_cast<std::int16_t>(i))) == step);
    CHECK((*app)->read_audio().front() == (ring_ms - ring_kept_ms) / 10);
    (*app)->write_audio(loud);
    media::Pcm played(step);
    CHECK(side.audio_out.read(played) == step);
    CHECK(played == loud);
    (*app)->write_picture({}, media::Picture(64, 36));
    (*app)->write_picture({}, media::Picture(32, 18));
    CHECK(side.pictures_out.at({}).width() == 32); // the newest
}

TEST_CASE("devices: files, from the first to the last sample, and pictures that change their size")
{
    const Folder folder;
    {
        auto writer = Devices::open({"none", folder.file("a.wav"), "none", folder.file("a.y4m")});
        REQUIRE_MESSAGE(writer.ok(), writer.error().detail);
        for (int i = 1; i <= 3; ++i)
            (*writer)->write_audio(media::Pcm(step, static_cast<std::int16_t>(100 * i)));
        (*writer)->write_picture({}, media::Picture(64, 36));
        (*writer)->write_picture({}, media::Picture(32, 18)); // scaled: a Y4M has one size
        CHECK_FALSE((*writer)->trouble());
    }
    auto reader = Devices::open({folder.file("a.wav"), "none", folder.file("a.y4m"), "none"});
    REQUIRE_MESSAGE(reader.ok(), reader.error().detail);
    for (int i = 1; i <= 3; ++i)
        CHECK((*reader)->read_audio() == media::Pcm(step, static_cast<std::int16_t>(100 * i)));
    CHECK((*reader)->read_audio() == media::Pcm(step)); // over: silence
    for (int i = 0; i < 5; ++i) {                       // and the film begins anew
        const auto picture = (*reader)->read_picture();
        REQUIRE(picture);
        CHECK(picture->width() == 64);
    }
    CHECK_FALSE((*reader)->trouble());
}

TEST_CASE("devices: IVF has the frames as they came, with times from 0")
{
    const Folder folder;
    {
        auto writer = Devices::open({"none", "none", "none", folder.file("a.ivf")});
        REQUIRE(writer.ok());
        CHECK((*writer)->wants_frames());
        const Bytes frame(100, 7);
        (*writer)->write_frame({}, codec::VideoCodec::vp8, frame, 90'000, 320, 180);
        (*writer)->write_frame({}, codec::VideoCodec::vp8, frame, 93'000, 320, 180);
        CHECK_FALSE((*writer)->trouble());
    }
    std::ifstream file(folder.file("a.ivf"), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    REQUIRE(bytes.size() == 32 + 2 * (12 + 100));
    CHECK(bytes.substr(0, 4) == "DKIF");
    CHECK(bytes.substr(8, 4) == "VP80");
    CHECK(bytes[32 + 4] == 0);
}

TEST_CASE("devices: what cannot be used says which it is, and why")
{
    const Folder folder;
    refused({folder.file("nothing.wav"), "none", "none", "none"}, ErrorCode::no_such_file, "nothing.wav");
    refused({folder.text("text.wav", "this is no sound"), "none", "none", "none"}, ErrorCode::invalid_argument,
            "audio_source");
    refused({"none", "none", folder.file("nothing.y4m"), "none"}, ErrorCode::no_such_file, "video_source");
    refused({"none", "none", folder.text("text.y4m", "this is no film"), "none"}, ErrorCode::invalid_argument, "Y4M");
    refused({"none", folder.file("no/such/folder.wav"), "none", "none"}, ErrorCode::invalid_argument, "no folder");
    refused({"none", folder.path.string(), "none", "none"}, ErrorCode::invalid_argument, "a folder");
    refused({"none", "none", "none", folder.file("no/such.ivf")}, ErrorCode::invalid_argument, "video_sink");
    refused({"none", "none", folder.text("head.y4m", "YUV4MPEG2 W64 H64 F30:1\n"), "none"}, ErrorCode::invalid_argument,
            "no whole picture");
    refused({"none", "none", folder.text("half.y4m", "YUV4MPEG2 W64 H64 F30:1\nFRAME\nhalf"), "none"},
            ErrorCode::invalid_argument, "no whole picture");
    refused({"none", "none", folder.text("tiny.y4m", "YUV4MPEG2 W2 H2 F30:1\nFRAME\n123456"), "none"},
            ErrorCode::invalid_argument, "too small");
    CHECK(check_names({}).ok());
}

TEST_CASE("devices: a sink costs nobody a file, and nothing waits for it")
{
    const Folder folder;
    { // a recording
        auto writer = Devices::open({"none", folder.file("words.wav"), "none", "none"});
        REQUIRE(writer.ok());
        (*writer)->write_audio(media::Pcm(step, 100));
    }
    const auto words = folder.file("words.wav"), link = folder.file("link.wav"), pipe = folder.file("pipe");
    std::filesystem::create_symlink(words, link);
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    refused({words, words, "none", "none"}, ErrorCode::invalid_argument, "reads that file");
    refused({words, link, "none", "none"}, ErrorCode::invalid_argument, "reads that file");
    refused({words, "none", "none", folder.file("../") + folder.path.filename().string() + "/words.wav"},
            ErrorCode::invalid_argument, "reads that file");
    refused({"none", pipe, "none", "none"}, ErrorCode::invalid_argument, "no ordinary file");
    refused({"none", "none", "none", pipe}, ErrorCode::invalid_argument, "no ordinary file");
    refused({"none", "/dev/null", "none", "none"}, ErrorCode::invalid_argument, "no ordinary file");
    refused({"none", folder.file("both.wav"), "none", folder.file("./both.wav")}, ErrorCode::invalid_argument,
            "the sound goes there");
    CHECK(Devices::open({words, "none", "none", "none"}).ok()); // still a recording
    const auto key = folder.file("store.key"), other_name = folder.file("sound.wav");
    CHECK(std::ofstream(key).put('k').good());
    std::filesystem::create_hard_link(key, other_name);
    refused({"none", other_name, "none", "none"}, ErrorCode::invalid_argument, "a hard link");
    refused({"none", "none", "none", other_name}, ErrorCode::invalid_argument, "a hard link");
    CHECK(std::filesystem::file_size(key) == 1);
    // Whoever knows of more places says which.
    const auto refuses = [](const std::string&) { return Result<void>(Error{ErrorCode::invalid_argument, "mine", 0}); };
    const auto checked = check_names({"none", folder.file("new.wav"), "none", "none"}, refuses);
    REQUIRE_FALSE(checked.ok());
    CHECK(checked.error().detail.find("mine") != std::string::npos);
    CHECK(check_names({words, "none", "none", "none"}, refuses).ok()); // nothing is made
}
