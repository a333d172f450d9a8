// SPDX-License-Identifier: Apache-2.0
// Behind the datagrams of a call: frames for the codecs, whole sessions under way, and files that people give instead
// of cameras and microphones. The peer is a member, so what it seals opens; what is in there is its choice.
#include "tests/fuzz/target.hpp"
#include "tests/media/support/signals.hpp"

#include "media/codec/audio.hpp"
#include "media/codec/video.hpp"
#include "media/pipeline/picture_file.hpp"
#include "media/pipeline/session.hpp"
#include "media/pipeline/sound_file.hpp"
#include "media/pipeline/stream.hpp"

#include <sys/mman.h>
#include <unistd.h>

using namespace godwit;
using namespace godwit::fuzz;
using namespace std::chrono_literals;

namespace {

// ---- pictures ----

constexpr int width = 64, height = 48;

const std::vector<Bytes>& film(codec::VideoCodec codec)
{
    static const auto make = [](codec::VideoCodec which) {
        std::vector<Bytes> out;
        codec::VideoEncoderConfig config;
        config.codec = which;
        config.width = width;
        config.height = height;
        config.temporal_layers = 2;
        auto encoder = codec::VideoEncoder::create(config);
        FUZZ_CHECK(encoder.ok());
        for (int i = 0; i < 12; ++i) {
            const auto frame = encoder->encode(test::moving_square(width, height, i).view(), i * 33'333us, i % 6 == 0);
            FUZZ_CHECK(frame.ok());
            if (*frame) out.push_back((*frame)->data);
        }
        return out;
    };
    static const std::vector<Bytes> vp8 = make(codec::VideoCodec::vp8), vp9 = make(codec::VideoCodec::vp9);
    return codec == codec::VideoCodec::vp8 ? vp8 : vp9;
}

std::vector<Bytes> films()
{
    std::vector<Bytes> out;
    for (const auto codec : {std::uint8_t{0}, std::uint8_t{1}}) {
        Bytes whole{codec};
        for (std::uint8_t i = 0; i < 12; ++i)
            whole.insert(whole.end(), {i, 0});
        out.push_back(whole);
        // One byte of the third frame, then two frames in one.
        out.push_back({codec, 0, 0, 1, 0, 2, 1, 0, 0, 9, 1, 3, 3, 0, 6, 2, 0, 7, 0});
    }
    return out;
}

// ---- sound ----

const std::vector<Bytes>& talk()
{
    static const std::vector<Bytes> made = [] {
        std::vector<Bytes> out;
        codec::AudioEncoderConfig config;
        config.expected_loss_percent = 20; // with FEC
        auto encoder = codec::AudioEncoder::create(config);
        FUZZ_CHECK(encoder.ok());
        const auto sound = test::voice(960 * 12);
        for (std::size_t i = 0; i < 12; ++i) {
            const auto packet = encoder->encode(media::PcmView(sound).subspan(i * 960, 960));
            FUZZ_CHECK(packet.ok());
            if (!packet->empty()) out.push_back(*packet);
        }
        return out;
    }();
    return made;
}

std::vector<Bytes> talks()
{
    return {{0, 0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0},
            {0, 0, 0, 1, 1, 0, 0, 9, 1, 2, 0, 1, 3, 0, 2, 4, 2, 3, 'x', 'y', 'z'}};
}

// ---- sessions ----

pipeline::SessionConfig side(std::uint32_t own, std::uint32_t peer)
{
    pipeline::SessionConfig out;
    out.ssrc = own;
    out.peer_ssrc = peer;
    out.entropy.fill(static_cast<std::uint8_t>(own));
    out.wishes.video = true;
    return out;
}

pipeline::Sealing sealing(std::uint32_t leaf)
{
    pipeline::Sealing out;
    FUZZ_CHECK(out.add_epoch(1, Bytes(sframe::base_key_bytes(out.suite()), 7), 2, leaf));
    return out;
}

std::unique_ptr<pipeline::Session> session(std::uint32_t own, std::uint32_t peer, std::uint32_t leaf, Instant now)
{
    auto made = pipeline::Session::create(side(own, peer), sealing(leaf), now);
    FUZZ_CHECK(made.ok());
    return std::move(*made);
}

const Instant beginning = Instant(1h);

/// What an honest peer sends in the first seconds: sound, pictures, reports.
const std::vector<Bytes>& datagrams()
{
    static const std::vector<Bytes> made = [] {
        std::vector<Bytes> out;
        auto peer = session(9, 5, 1, beginning);
        const auto sound = test::voice(48 * 1500);
        Instant now = beginning;
        for (int ms = 0; ms < 1500; ms += 10, now += 10ms) {
            FUZZ_CHECK(
                peer->push_audio(media::PcmView(sound).subspan(static_cast<std::size_t>(ms) * 48, 480), now).ok());
            if (ms % 100 == 0)
                FUZZ_CHECK(peer->push_picture(test::moving_square(width, height, ms / 100).view(), now).ok());
            while (auto datagram = peer->next_datagram(now))
                out.push_back(std::move(*datagram));
        }
        return out;
    }();
    return made;
}

std::vector<Bytes> sessions()
{
    Bytes honest;
    for (std::uint8_t i = 0; i < 90; ++i)
        honest.insert(honest.end(), {0, 0, i, 1, 1});
    Bytes damaged;
    for (std::uint8_t i = 0; i < 60; ++i)
        damaged.insert(damaged.end(), {2, 0, i, i, 0, i, 0, i, 1, 3, 3});
    return {honest, damaged};
}

// ---- files ----

/// A file that is nowhere.
class MemoryFile {
public:
    explicit MemoryFile(BytesView bytes) : fd_(::memfd_create("fuzz", 0))
    {
        FUZZ_CHECK(fd_ >= 0 && ::write(fd_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    ~MemoryFile() { ::close(fd_); }
    [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

private:
    int fd_;
};

Bytes file_of(std::string_view text, std::size_t more)
{
    Bytes out = to_bytes(as_bytes(text));
    out.resize(out.size() + more, 0x42);
    return out;
}

std::vector<Bytes> picture_files()
{
    return {file_of("YUV4MPEG2 W16 H8 F30:1 Ip A1:1 C420jpeg\nFRAME\n", 192),
            file_of("YUV4MPEG2 W2 H2 F30000:1001\nFRAME Ixyz\n", 6), file_of("YUV4MPEG2 W1921 H1 F1\n", 0),
            file_of("YUV4MPEG2 F2147483647:2147483647 W2 H2\n", 0)};
}

std::vector<Bytes> sound_files()
{
    std::vector<Bytes> out;
    for (const char* head : {"5249464634000000574156454"
                             "66d742010000000010001008"
                             "0bb000000770100020010006461746110000000",
                             "5249464634000000574156454"
                             "66d742010000000010002004"
                             "41f0000107a00000400100064617461ffffffff"})
        if (auto bytes = from_hex(head)) {
            bytes->resize(bytes->size() + 64, 0x11);
            out.push_back(*std::move(bytes));
        }
    out.push_back(file_of("fLaC", 60));
    out.push_back(file_of("OggS", 60));
    out.push_back(file_of("FORM\x00\x00\x00\x40"
                          "AIFF",
                          60));
    FUZZ_CHECK(out.size() == 5);
    return out;
}

} // namespace

FUZZ_TARGET(media_video, "", 2048, films)
{
    Choices choices(input);
    const auto codec = choices.flag() ? codec::VideoCodec::vp9 : codec::VideoCodec::vp8;
    const auto& frames = film(codec);
    auto decoder = codec::VideoDecoder::create(codec);
    FUZZ_CHECK(decoder.ok());
    for (int steps = 0; steps < 24 && !choices.empty(); ++steps) {
        const auto& honest = frames[choices.dice(frames.size())];
        Bytes frame;
        switch (choices.dice(4)) {
        case 0: frame = honest; break;
        case 1: frame = mutated(honest, choices); break;
        case 2: // two in one
            frame = honest;
            append(frame, frames[choices.dice(frames.size())]);
            break;
        default: frame = to_bytes(choices.bytes(200)); break;
        }
        const auto header = codec::read_stream_header(codec, frame);
        const auto got = decoder->decode(frame);
        if (!header) FUZZ_CHECK(!got.ok());
        if (!got.ok() || !*got) continue;
        FUZZ_CHECK(media::is_picture_size((*got)->width(), (*got)->height()));
        // What was judged is what is shown.
        if (header->width != 0) FUZZ_CHECK((*got)->width() == header->width && (*got)->height() == header->height);
    }
}

FUZZ_TARGET(media_audio, "", 2048, talks)
{
    Choices choices(input);
    auto decoder = codec::AudioDecoder::create(1);
    FUZZ_CHECK(decoder.ok());
    const auto& packets = talk();
    for (int steps = 0; steps < 40 && !choices.empty(); ++steps) {
        const auto& honest = packets[choices.dice(packets.size())];
        const auto how = choices.dice(3);
        const Bytes packet = how == 0 ? honest : how == 1 ? mutated(honest, choices) : to_bytes(choices.bytes(100));
        const int samples = codec::audio_samples_of(packet);
        FUZZ_CHECK(samples >= 0 && samples <= codec::audio_packet_samples_max);
        const bool fec = codec::has_fec(packet);
        const int lost = static_cast<int>(120 * (1 + choices.dice(48)));
        switch (choices.dice(3)) {
        case 0: {
            const auto got = decoder->decode(packet);
            if (got.ok()) FUZZ_CHECK(got->size() == static_cast<std::size_t>(samples));
            break;
        }
        case 1: {
            const auto got = decoder->recover(packet, lost);
            if (got.ok()) FUZZ_CHECK(got->size() == static_cast<std::size_t>(lost));
            break;
        }
        default: {
            const auto got = decoder->conceal(lost);
            FUZZ_CHECK(got.ok() && got->size() == static_cast<std::size_t>(lost));
            break;
        }
        }
        if (samples == 0) FUZZ_CHECK(!fec);
    }
}

FUZZ_TARGET(media_session, "", 2048, sessions)
{
    Choices choices(input);
    const auto& honest = datagrams();
    Instant now = beginning;
    auto here = session(5, 9, 0, now);
    const media::Pcm silence(480);
    for (int steps = 0; steps < 400 && !choices.empty(); ++steps) {
        switch (choices.dice(4)) {
        case 0: here->receive(honest[choices.dice(honest.size())], now); break;
        case 1: {
            now += std::chrono::milliseconds(choices.dice(choices.flag() ? 4000 : 20) + 1);
            break;
        }
        case 2: here->receive(mutated(honest[choices.dice(honest.size())], choices), now); break;
        default:
            FUZZ_CHECK(here->push_audio(silence, now).ok());
            if (choices.dice(8) == 7)
                FUZZ_CHECK(here->push_picture(test::moving_square(width, height, steps).view(), now).ok());
            FUZZ_CHECK(here->pull_audio(now).samples.size() == silence.size());
        }
        while (const auto shown = here->next_picture(now))
            FUZZ_CHECK(media::is_picture_size(shown->picture.width(), shown->picture.height()));
        std::size_t leaves = 0;
        for (; const auto datagram = here->next_datagram(now); ++leaves)
            FUZZ_CHECK(datagram->size() <= pipeline::datagram_bytes_max);
        FUZZ_CHECK(leaves < 2000);
        // Nothing is due that was not done: whoever drives this sleeps until then.
        FUZZ_CHECK(here->deadline() > now);
        const auto about = here->statistics(now);
        FUZZ_CHECK(about.mos >= 1 && about.mos <= 5 && about.rate_bps > 0);
    }
}

FUZZ_TARGET(media_picture_file, "", 4096, picture_files)
{
    const MemoryFile file(input);
    auto reader = pipeline::Y4mReader::open(file.path());
    if (!reader.ok()) return;
    FUZZ_CHECK(media::is_picture_size(reader->width(), reader->height()));
    FUZZ_CHECK(reader->fps() >= 1 && reader->fps() <= 120);
    for (int frames = 0; frames < 100; ++frames) {
        const auto picture = reader->read();
        if (!picture.ok() || !*picture) return;
        FUZZ_CHECK((*picture)->width() == reader->width());
    }
}

FUZZ_TARGET(media_sound_file, "", 4096, sound_files)
{
    const MemoryFile file(input);
    auto reader = pipeline::SoundReader::open(file.path());
    if (!reader.ok()) return;
    for (int reads = 0; reads < 50; ++reads) {
        const auto sound = reader->read(960);
        if (!sound.ok() || sound->empty()) return;
        FUZZ_CHECK(sound->size() <= 960);
    }
}
