// SPDX-License-Identifier: Apache-2.0
// Calls under siege: the other side has the keys and has gone bad. Nothing of what it sends ends the program, makes a
// picture that is none, or leaves a session that does not go on.
//
// GODWIT_TEST_SEEDS=N runs seeds 1 to N (one without it), of 2,000 frames each; a failure names its seed.
#include "media/pipeline/session.hpp"
#include "tests/media/support/hostile_member.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

using namespace godwit;
using namespace std::chrono_literals;

namespace {

constexpr int frames_a_seed = 2'000;
constexpr std::uint32_t own_ssrc = 5'000, their_ssrc = 9'000;

std::uint64_t seeds_of_this_run()
{
    const char* const given = std::getenv("GODWIT_TEST_SEEDS");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
}

pipeline::Sealing sealing(std::uint32_t leaf)
{
    pipeline::Sealing out;
    REQUIRE(out.add_epoch(1, Bytes(sframe::base_key_bytes(out.suite()), 7), 2, leaf));
    return out;
}

} // namespace

TEST_CASE("a member who seals damaged frames, 2,000 a seed: each is judged, and the session goes on")
{
    std::uint64_t datagrams = 0, shown = 0, refused = 0, not_opened = 0, played = 0, malformed = 0;
    for (std::uint64_t seed = 1; seed <= seeds_of_this_run(); ++seed) {
        INFO("seed " << seed);
        std::mt19937_64 dice(seed);
        test::HostileMember mallory(seed, sealing(1), their_ssrc, own_ssrc);
        Instant now(1h);
        pipeline::SessionConfig config;
        config.ssrc = own_ssrc;
        config.peer_ssrc = their_ssrc;
        config.wishes.video = true;
        auto made = pipeline::Session::create(config, sealing(0), now);
        REQUIRE(made.ok());
        auto& here = **made;
        Instant sound_at = now, picture_at = now;
        const media::Pcm silence(480);
        for (int frame = 0; frame < frames_a_seed; ++frame) {
            CAPTURE(frame);
            for (const auto& datagram : mallory.next()) {
                ++datagrams;
                here.receive(datagram, now);
            }
            while (const auto picture = here.next_picture(now)) {
                ++shown;
                REQUIRE(media::is_picture_size(picture->picture.width(), picture->picture.height()));
            }
            for (; sound_at <= now; sound_at += 10ms) {
                REQUIRE(here.push_audio(silence, now).ok());
                REQUIRE(here.pull_audio(now).samples.size() == silence.size());
            }
            for (; picture_at <= now; picture_at += 500ms)
                REQUIRE(here.push_picture(test::moving_square(64, 48, frame).view(), now).ok());
            std::size_t leave = 0;
            while (const auto datagram = here.next_datagram(now)) {
                REQUIRE(datagram->size() <= pipeline::datagram_bytes_max);
                REQUIRE(++leave < 2'000); // whatever was asked for
            }
            REQUIRE(here.deadline() > now); // or its thread would turn for ever
            now += std::chrono::milliseconds(dice() % 256 == 0 ? dice() % 3'000 : dice() % 20);
        }
        const auto about = here.statistics(now);
        CHECK(about.mos >= 1);
        CHECK(about.mos <= 5);
        CHECK(about.rate_bps > 0);
        refused += about.video.refused;
        not_opened += about.refused;
        played += static_cast<std::uint64_t>(about.audio.played);
        malformed += about.audio.malformed;
    }
    MESSAGE((seeds_of_this_run() * frames_a_seed)
            << " frames, " << datagrams << " datagrams: " << shown << " pictures shown, " << refused << " refused, "
            << malformed << " sounds refused, " << not_opened << " not opened, " << played / 48'000 << " s played");
    // It came through to every layer: what is stopped at the door proves nothing.
    CHECK(shown > 20 * seeds_of_this_run());
    CHECK(refused > 100 * seeds_of_this_run());
    CHECK(malformed > 10 * seeds_of_this_run());
    CHECK(not_opened > 10 * seeds_of_this_run());
}
