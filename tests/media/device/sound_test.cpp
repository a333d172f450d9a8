// SPDX-License-Identifier: Apache-2.0
// Sound devices of this machine, whatever it has: ALSA is given a configuration of the test's own, in which the default
// device plays into a file and records from one, or in which there is none. PortAudio reads it once, so that each case
// is a process of its own (meson.build).
#include "media/device/sound.hpp"

#include <doctest/doctest.h>

#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>

#include <unistd.h>

using namespace godwit;
using namespace godwit::device;

namespace {

struct Alsa {
    std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("godwit-sound-" + std::to_string(::getpid()));

    explicit Alsa(const std::string& configuration)
    {
        std::filesystem::create_directories(folder);
        std::ofstream(folder / "asound.conf") << configuration;
        ::setenv("ALSA_CONFIG_PATH", (folder / "asound.conf").c_str(), 1);
    }
    ~Alsa()
    {
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }
};

bool built()
{
    const auto all = list_sound();
    return all.ok() || all.error().code != ErrorCode::unsupported;
}

} // namespace

namespace {

void says_that_there_is_none(const std::string& configuration)
{
    const Alsa alsa(configuration);
    for (const auto& name : {std::string(), std::string("Microphone of nobody")}) {
        const auto opened = open_sound({name, std::nullopt, {}, {}});
        REQUIRE_FALSE(opened.ok());
        CHECK(check_sound(name, std::nullopt).error().detail == opened.error().detail);
        CHECK_FALSE(check_sound(std::nullopt, name).ok());
        if (!built()) {
            CHECK(opened.error().code == ErrorCode::unsupported);
            CHECK(opened.error().detail.find("-Ddevices=enabled") != std::string::npos);
            continue;
        }
        CHECK(opened.error().code == ErrorCode::no_such_file);
        CHECK_MESSAGE(opened.error().detail.find("has no microphone: connect one") != std::string::npos,
                      opened.error().detail);
    }
    CHECK(check_sound(std::nullopt, std::nullopt).ok());
    if (const auto all = list_sound(); all.ok()) CHECK(all->empty());
}

} // namespace

TEST_CASE("sound: a machine without any says so, and what to do")
{
    says_that_there_is_none("# nothing\n");
}

TEST_CASE("sound: devices and no default one, by a configuration of somebody's own, end nobody's process")
{
    says_that_there_is_none("pcm.attic { type null }\nctl.default { type hw card 0 }\n");
}

TEST_CASE("sound: what the microphone hears comes, what is wanted is played")
{
    const auto folder = std::filesystem::temp_directory_path() / ("godwit-sound-" + std::to_string(::getpid()));
    const auto said = (folder / "said.raw").string(), played = (folder / "played.raw").string(),
               captured = (folder / "captured.raw").string();
    // Two devices in one: a file device writes down what it captures as well as what it plays.
    const auto file_device = [](const std::string& files) {
        return "pcm { type plug slave { pcm { type file slave.pcm sink " + files +
               " format raw } format S16_LE rate 48000 channels 1 } }";
    };
    const Alsa alsa("pcm.sink { type null }\npcm.!default { type asym playback." +
                    file_device("file \"" + played + "\"") + " capture." +
                    file_device("file \"" + captured + "\" infile \"" + said + "\"") + " }\n");
    {
        std::ofstream file(said, std::ios::binary);
        for (int i = 0; i < 48'000 * 60; ++i) {
            const auto sample = static_cast<std::int16_t>(i % 2 == 0 ? 1234 : -1234);
            file.write(reinterpret_cast<const char*>(&sample), sizeof sample);
        }
    }
    if (!built()) return;
    const auto all = list_sound();
    REQUIRE(all.ok());
    REQUIRE_FALSE(all->empty());
    CHECK(all->front().audio_source);
    CHECK(all->front().audio_sink);
    CHECK(check_sound(all->front().name, all->front().name).ok());
    const auto none = check_sound("Microphone of nobody", std::nullopt);
    REQUIRE_FALSE(none.ok());
    CHECK(none.error().code == ErrorCode::no_such_file);
    CHECK_MESSAGE(none.error().detail.find("\"" + all->front().name + "\"") != std::string::npos, none.error().detail);

    std::mutex mutex;
    std::condition_variable changed;
    std::size_t heard = 0, loud = 0, wanted = 0;
    {
        auto sound = open_sound({std::string(), std::string(),
                                 [&](media::PcmView samples) {
                                     const std::lock_guard lock(mutex);
                                     heard += samples.size();
                                     for (const auto one : samples)
                                         loud += one == 1234 || one == -1234 ? 1 : 0;
                                     changed.notify_all();
                                 },
                                 [&](std::span<std::int16_t> samples) {
                                     const std::lock_guard lock(mutex);
                                     std::fill(samples.begin(), samples.end(), std::int16_t{4321});
                                     wanted += samples.size();
                                     changed.notify_all();
                                 }});
        REQUIRE_MESSAGE(sound.ok(), sound.error().detail);
        std::unique_lock lock(mutex);
        REQUIRE(changed.wait_for(lock, std::chrono::minutes(1), [&] { return heard >= 4800 && wanted >= 4800; }));
        CHECK((*sound)->latency() >= Duration(0));
        CHECK_FALSE((*sound)->trouble());
    }
    CHECK(loud > heard * 9 / 10);
    std::ifstream file(played, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    REQUIRE(bytes.size() >= 9600);
    std::int16_t sample = 0;
    std::memcpy(&sample, bytes.data() + 4800, sizeof sample);
    CHECK(sample == 4321);
}
