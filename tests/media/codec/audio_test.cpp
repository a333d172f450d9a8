// SPDX-License-Identifier: Apache-2.0
#include "media/codec/audio.hpp"
#include "media/codec/audio_processing.hpp"
#include "tests/media/support/signals.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::codec;
using namespace std::chrono_literals;

namespace {

AudioEncoder encoder(AudioEncoderConfig config)
{
    auto made = AudioEncoder::create(config);
    REQUIRE(made.ok());
    return std::move(made).value();
}

AudioDecoder decoder(int channels = 1)
{
    auto made = AudioDecoder::create(channels);
    REQUIRE(made.ok());
    return std::move(made).value();
}

} // namespace

TEST_CASE("audio: every frame length and some rates come back like they went")
{
    for (const int ms : {10, 20, 40, 60}) {
        for (const int bps : {audio_bitrate_min_bps, 24'000, audio_bitrate_max_bps}) {
            CAPTURE(ms);
            CAPTURE(bps);
            AudioEncoder in = encoder({.frame_ms = ms, .bitrate_bps = bps, .dtx = false});
            AudioDecoder out = decoder();
            const auto samples = static_cast<std::size_t>(in.frame_samples());
            const media::Pcm sound = test::voice(48'000 / samples * samples);
            media::Pcm heard;
            std::size_t bytes = 0;
            for (std::size_t at = 0; at < sound.size(); at += samples) {
                const auto packet = in.encode(media::PcmView(sound).subspan(at, samples));
                REQUIRE(packet.ok());
                CHECK(packet->size() <= audio_frame_bytes_max);
                CHECK(audio_samples_of(*packet) == static_cast<int>(samples));
                bytes += packet->size();
                const auto got = out.decode(*packet);
                REQUIRE(got.ok());
                CHECK(got->size() == samples);
                heard.insert(heard.end(), got->begin(), got->end());
            }
            const double seconds = static_cast<double>(sound.size()) / 48'000;
            CHECK(static_cast<double>(bytes) * 8 / seconds < bps * 1.3);
            // The codec keeps the sound, not the samples: at the highest rate, where it is nearly the same, they too.
            if (bps == audio_bitrate_max_bps) CHECK(test::best_snr(sound, heard, 400) > 8);
            // At 6 kbit/s half of each 10 ms frame is its own header.
            if (bps > audio_bitrate_min_bps || ms > 10)
                CHECK(std::abs(media::level_dbov(heard) - media::level_dbov(sound)) <= 3);
        }
    }
}

TEST_CASE("audio: what is out of range is refused, and named")
{
    const auto refuses = [](AudioEncoderConfig config, const char* field) {
        const auto made = AudioEncoder::create(config);
        REQUIRE_FALSE(made.ok());
        CHECK(made.error().code == ErrorCode::invalid_argument);
        CHECK(made.error().detail.find(field) != std::string::npos);
    };
    refuses({.channels = 0}, "channels");
    refuses({.channels = 3}, "channels");
    refuses({.frame_ms = 30}, "frame_ms");
    refuses({.bitrate_bps = audio_bitrate_min_bps - 1}, "bitrate_bps");
    refuses({.bitrate_bps = audio_bitrate_max_bps + 1}, "bitrate_bps");
    refuses({.expected_loss_percent = 101}, "expected_loss_percent");
    refuses({.complexity = 11}, "complexity");
    CHECK_FALSE(AudioDecoder::create(0).ok());
    CHECK_FALSE(AudioDecoder::create(3).ok());

    AudioEncoder in = encoder({});
    CHECK(in.encode(media::Pcm(959)).error().code == ErrorCode::invalid_argument);
    CHECK_FALSE(in.set_frame_ms(25).ok());
    CHECK(in.set_frame_ms(40).ok());
    CHECK(in.encode(media::Pcm(1920)).ok());
    in.set_bitrate(1);
    CHECK(in.config().bitrate_bps == audio_bitrate_min_bps);
    in.set_bitrate(1'000'000);
    CHECK(in.config().bitrate_bps == audio_bitrate_max_bps);
}

TEST_CASE("audio: silence is not sent, and speech is again")
{
    AudioEncoder in = encoder({});
    int sent_in_silence = 0;
    for (int i = 0; i < 100; ++i) {
        const auto packet = in.encode(media::Pcm(960, 0));
        REQUIRE(packet.ok());
        if (i >= 20 && !packet->empty()) ++sent_in_silence;
    }
    CHECK(sent_in_silence <= 8); // one in 400 ms keeps the noise alive
    const media::Pcm sound = test::voice(9600);
    int sent = 0;
    for (std::size_t at = 0; at < sound.size(); at += 960)
        if (!in.encode(media::PcmView(sound).subspan(at, 960))->empty()) ++sent;
    CHECK(sent >= 8);
}

TEST_CASE("audio: a lost packet is recovered from the one behind it, where that has it")
{
    AudioEncoder in = encoder({.bitrate_bps = 32'000, .expected_loss_percent = 20, .dtx = false});
    AudioDecoder whole = decoder(), fec = decoder(), made_up = decoder();
    const media::Pcm sound = test::voice(96'000);
    media::Pcm heard_whole, heard_fec, heard_made_up;
    std::vector<Bytes> packets;
    int with_fec = 0;
    for (std::size_t at = 0; at < sound.size(); at += 960) {
        packets.push_back(*in.encode(media::PcmView(sound).subspan(at, 960)));
        with_fec += has_fec(packets.back());
    }
    CHECK(with_fec > 20);
    const auto add = [](media::Pcm& to, const media::Pcm& more) { to.insert(to.end(), more.begin(), more.end()); };
    for (std::size_t i = 0; i + 1 < packets.size(); ++i) {
        add(heard_whole, *whole.decode(packets[i]));
        const bool lost = i % 5 == 3;
        add(heard_fec, lost ? *fec.recover(packets[i + 1], 960) : *fec.decode(packets[i]));
        add(heard_made_up, lost ? *made_up.conceal(960) : *made_up.decode(packets[i]));
    }
    REQUIRE(heard_fec.size() == heard_whole.size());
    const double with = test::best_snr(heard_whole, heard_fec, 0),
                 without = test::best_snr(heard_whole, heard_made_up, 0);
    CAPTURE(with);
    CAPTURE(without);
    CHECK(with > without + 3);
    CHECK(with > 8);
}

TEST_CASE("audio: a decoder survives what is no packet, and what is a strange one")
{
    AudioDecoder out = decoder();
    CHECK(out.decode({}).error().code == ErrorCode::malformed);
    // 48 frames of 2.5 ms are 120 ms; 49 are none.
    CHECK(audio_samples_of(*from_hex("e330")) == audio_packet_samples_max);
    CHECK(audio_samples_of(*from_hex("e331")) == 0);
    CHECK_FALSE(out.conceal(0).ok());
    CHECK_FALSE(out.conceal(961).ok());
    CHECK_FALSE(out.conceal(audio_packet_samples_max + 120).ok());
    CHECK(out.conceal(audio_packet_samples_max).ok());
    std::mt19937_64 random(3);
    AudioEncoder in = encoder({});
    const Bytes good = *in.encode(test::voice(960));
    for (int round = 0; round < 3000; ++round) {
        Bytes bytes = round % 2 == 0 ? good : Bytes(random() % 200);
        for (int i = 0; i < 1 + round % 7 && !bytes.empty(); ++i)
            bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
        if (round % 2 == 1)
            for (auto& b : bytes)
                b = static_cast<std::uint8_t>(random());
        const auto got = out.decode(bytes);
        if (got.ok()) CHECK(got->size() <= static_cast<std::size_t>(audio_packet_samples_max));
        const auto recovered = out.recover(bytes, 960);
        if (recovered.ok()) CHECK(recovered->size() == 960);
        static_cast<void>(has_fec(bytes));
    }
    CHECK(out.decode(good).ok());
}

TEST_CASE("audio processing: the loudspeaker is taken out of the microphone, the voice is not")
{
    auto made = AudioProcessing::create({});
    REQUIRE(made.ok());
    AudioProcessing apm = std::move(made).value();
    constexpr std::size_t step = AudioProcessing::step_samples, delay = 40 * 48;
    apm.set_delay(40ms);
    const media::Pcm far = test::voice(48'000 * 12, 7);
    double echo_in = 0, echo_out = 0;
    for (std::size_t at = 0; at + step <= far.size(); at += step) {
        apm.render(media::PcmView(far).subspan(at, step));
        media::Pcm microphone(step);
        for (std::size_t i = 0; i < step; ++i)
            if (at + i >= delay) microphone[i] = static_cast<std::int16_t>(far[at + i - delay] / 3);
        media::Pcm cleaned = microphone;
        apm.capture(cleaned);
        if (at < far.size() / 2) continue; // it learns
        for (std::size_t i = 0; i < step; ++i) {
            echo_in += static_cast<double>(microphone[i]) * microphone[i];
            echo_out += static_cast<double>(cleaned[i]) * cleaned[i];
        }
    }
    const double return_loss_db = 10 * std::log10(echo_in / echo_out);
    CAPTURE(return_loss_db);
    CHECK(return_loss_db > 15);

    // A voice near the microphone, nothing from the loudspeaker: it is not silenced.
    const media::Pcm near = test::voice(48'000 * 4, 9);
    double voice_in = 0, voice_out = 0;
    for (std::size_t at = 0; at + step <= near.size(); at += step) {
        apm.render(media::Pcm(step));
        media::Pcm cleaned(near.begin() + static_cast<std::ptrdiff_t>(at),
                           near.begin() + static_cast<std::ptrdiff_t>(at + step));
        apm.capture(cleaned);
        for (std::size_t i = 0; i < step; ++i) {
            voice_in += static_cast<double>(near[at + i]) * near[at + i];
            voice_out += static_cast<double>(cleaned[i]) * cleaned[i];
        }
    }
    CAPTURE(10 * std::log10(voice_out / voice_in));
    CHECK(voice_out > voice_in / 10);
}
