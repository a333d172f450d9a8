// SPDX-License-Identifier: Apache-2.0
// What became of a call's sound and pictures, by the files that went in at one end and came out at the other. The lab's
// ears and eyes (scenarios_calls.py); of the programs under test it knows nothing.
//
//   call_meter speech OUT.wav SECONDS IN.wav...   recordings one behind the other, again and again, with pauses
//   call_meter stamp IN.y4m|pattern OUT.y4m N     at most N pictures, each with its number in a strip at the bottom
//   call_meter hear SAID.wav HEARD.wav OFFSET_MS FROM_MS TO_MS
//                   OFFSET_MS: how much later HEARD began than SAID. FROM, TO: what of HEARD counts.
//   call_meter see FILM.y4m SEEN.ivf FROM_MS TO_MS     times of SEEN
//
// A JSON object on the standard output. Sound: for each 20 ms that were heard, the place in what was said that is most
// like the 80 ms around it (normalised cross-correlation at 8 kHz); below `like` it is none. Segmental SNR: of 20 ms
// each where somebody speaks, at the best shift of up to 1.5 ms around that, -10 to 35 dB. Pictures: PSNR and SSIM
// (libyuv) against the picture whose number they carry, at the film's size.
#include "media/codec/convert.hpp"
#include "media/codec/video.hpp"
#include "media/pipeline/picture_file.hpp"
#include "media/pipeline/sound_file.hpp"
#include "media/pipeline/synthetic.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

using namespace godwit;

namespace {

constexpr int low_rate_hz = 8'000, factor = media::sample_rate_hz / low_rate_hz;
constexpr std::int64_t hop = low_rate_hz / 50, window = 4 * hop; ///< 20 ms, 80 ms.
constexpr std::int64_t delay_most = 3 * low_rate_hz;             ///< Later than that nobody talks.
constexpr double like = 0.5;
constexpr double silence_db = -45, speech_db = -40; ///< Between them it may be heard, and is not missed.
constexpr int number_bits = 16;

[[noreturn]] void give_up(const std::string& why)
{
    std::fprintf(stderr, "call_meter: %s\n", why.c_str());
    std::exit(2);
}

template <class T>
T or_give_up(Result<T> result)
{
    if (!result.ok()) give_up(result.error().detail);
    return std::move(result).value();
}

media::Pcm sound_of(const std::string& path)
{
    auto reader = or_give_up(pipeline::SoundReader::open(path));
    return or_give_up(reader.read(static_cast<std::size_t>(media::sample_rate_hz) * 3600));
}

std::vector<float> low(const media::Pcm& sound)
{
    std::vector<float> out(sound.size() / factor);
    for (std::size_t i = 0; i < out.size(); ++i) {
        int sum = 0;
        for (int j = 0; j < factor; ++j)
            sum += sound[i * factor + static_cast<std::size_t>(j)];
        out[i] = static_cast<float>(sum) / factor;
    }
    return out;
}

// ---- making -------------------------------------------------------------------------------------------------------

int make_speech(const std::string& path, int seconds, const std::vector<std::string>& from)
{
    media::Pcm all;
    for (const auto& one : from) {
        const auto sound = sound_of(one);
        // The pauses of a recording's ends are longer than those of speech.
        const auto loud = [](std::int16_t sample) { return std::abs(sample) > 200; };
        const auto first = std::find_if(sound.begin(), sound.end(), loud);
        const auto last = std::find_if(sound.rbegin(), sound.rend(), loud).base();
        if (first < last) all.insert(all.end(), first, last);
        all.resize(all.size() + 250 * media::samples_per_ms);
    }
    if (all.empty()) give_up("no sound");
    media::Pcm out;
    while (out.size() < static_cast<std::size_t>(seconds) * media::sample_rate_hz)
        out.insert(out.end(), all.begin(), all.end());
    auto writer = or_give_up(pipeline::SoundWriter::create(path));
    if (!writer.write(out)) give_up("cannot write " + path);
    std::printf("{\"seconds\":%.1f}\n", static_cast<double>(all.size()) / media::sample_rate_hz);
    return 0;
}

int strip_height(int height)
{
    return std::max(8, height / 16);
}

void stamp(media::Picture& picture, int number)
{
    const int width = picture.width(), height = picture.height(), strip = strip_height(height);
    for (int y = height - strip; y < height; ++y)
        for (int x = 0; x < width; ++x)
            picture.y()[y * width + x] = (number >> (number_bits - 1 - x * number_bits / width) & 1) != 0 ? 235 : 16;
    for (int y = (height - strip) / 2; y < picture.chroma_height(); ++y)
        for (int x = 0; x < picture.chroma_width(); ++x)
            picture.u()[y * picture.chroma_width() + x] = picture.v()[y * picture.chroma_width() + x] = 128;
}

int number_in(const media::Picture& picture)
{
    const int width = picture.width(), height = picture.height();
    const int y = height - strip_height(height) / 2;
    int out = 0;
    for (int bit = 0; bit < number_bits; ++bit) {
        const int middle = (2 * bit + 1) * width / (2 * number_bits);
        int sum = 0;
        for (int x = middle - 1; x <= middle + 1; ++x)
            sum += picture.bytes()[static_cast<std::size_t>(y * width + x)];
        out = out << 1 | (sum > 3 * 126 ? 1 : 0);
    }
    return out;
}

int make_film(const std::string& from, const std::string& path, int most)
{
    std::optional<pipeline::Y4mReader> reader;
    pipeline::Pattern pattern(640, 360);
    if (from != "pattern") reader.emplace(or_give_up(pipeline::Y4mReader::open(from)));
    const int fps = reader ? reader->fps() : 25;
    auto writer = or_give_up(pipeline::Y4mWriter::create(path, fps));
    int count = 0;
    for (; count < most; ++count) {
        std::optional<media::Picture> picture;
        if (reader)
            picture = or_give_up(reader->read());
        else
            picture = pattern.read();
        if (!picture) break;
        stamp(*picture, count);
        if (!writer.write(*picture)) give_up("cannot write " + path);
    }
    std::printf("{\"pictures\":%d,\"fps\":%d}\n", count, fps);
    return 0;
}

// ---- hearing ------------------------------------------------------------------------------------------------------

struct Match {
    std::int64_t said = 0;
    double likeness = 0;
};

/// The place in [first, last] of `said` that is most like `window` samples of `heard` from `at` on.
Match best_match(const std::vector<float>& said, const std::vector<float>& heard, std::int64_t at, std::int64_t first,
                 std::int64_t last)
{
    Match out;
    double heard_power = 1;
    for (std::int64_t i = 0; i < window; ++i)
        heard_power += double{heard[static_cast<std::size_t>(at + i)]} * heard[static_cast<std::size_t>(at + i)];
    first = std::max<std::int64_t>(first, 0);
    last = std::min<std::int64_t>(last, static_cast<std::int64_t>(said.size()) - window);
    for (std::int64_t place = first; place <= last; ++place) {
        float product = 0, power = 1;
        const float* const s = said.data() + place;
        const float* const h = heard.data() + at;
        for (std::int64_t i = 0; i < window; ++i) {
            product += s[i] * h[i];
            power += s[i] * s[i];
        }
        const double likeness = product / std::sqrt(heard_power * double{power});
        if (likeness > out.likeness) out = {place, likeness};
    }
    return out;
}

double level_db(const media::Pcm& sound, std::int64_t at, std::int64_t count)
{
    double sum = 0;
    for (std::int64_t i = at; i < at + count; ++i)
        sum += double{static_cast<double>(sound[static_cast<std::size_t>(i)])} * sound[static_cast<std::size_t>(i)];
    return 10 * std::log10(sum / static_cast<double>(count) / (32768.0 * 32768.0) + 1e-13);
}

double segment_snr(const media::Pcm& said, const media::Pcm& heard, std::int64_t said_at, std::int64_t heard_at)
{
    constexpr std::int64_t segment = 20 * media::samples_per_ms, search = 72;
    double best = -10;
    for (std::int64_t shift = -search; shift <= search; ++shift) {
        if (said_at + shift < 0 || said_at + shift + segment > static_cast<std::int64_t>(said.size())) continue;
        double signal = 1, noise = 1;
        for (std::int64_t i = 0; i < segment; ++i) {
            const double s = said[static_cast<std::size_t>(said_at + shift + i)],
                         h = heard[static_cast<std::size_t>(heard_at + i)];
            signal += s * s;
            noise += (s - h) * (s - h);
        }
        best = std::max(best, 10 * std::log10(signal / noise));
    }
    return std::min(best, 35.0);
}

int hear(const std::string& said_path, const std::string& heard_path, double offset_ms, double from_ms, double to_ms)
{
    const auto said = sound_of(said_path), heard = sound_of(heard_path);
    const auto said_low = low(said), heard_low = low(heard);
    const auto in_low = [](double ms) { return static_cast<std::int64_t>(std::llround(ms * low_rate_hz / 1000)); };
    const std::int64_t offset = in_low(offset_ms);
    const std::int64_t first = in_low(from_ms) / hop * hop,
                       last = std::min(in_low(to_ms), static_cast<std::int64_t>(heard_low.size()) - window);
    // What was said in time to be heard, by steps of 20 ms: whether it was.
    std::vector<bool> was_heard(said_low.size() / hop + 1, false);
    std::vector<double> delays;
    double snr = 0;
    std::int64_t snr_count = 0;
    std::optional<std::int64_t> delay; // of the block before
    std::int64_t reach_first = -1, reach_last = -1;
    for (std::int64_t at = first; at < last; at += hop) {
        const std::int64_t now = at + offset; // on the clock of what was said
        if (level_db(heard, at * factor, window * factor) < silence_db) continue;
        // Near what it was, or anywhere.
        Match match;
        constexpr std::int64_t near = low_rate_hz / 20;
        if (delay) match = best_match(said_low, heard_low, at, now - *delay - near, now - *delay + near);
        if (match.likeness < 0.8) {
            const auto other = best_match(said_low, heard_low, at, now - delay_most, now);
            if (other.likeness > match.likeness + (delay ? 0.1 : 0)) match = other;
        }
        if (match.likeness < like) continue;
        delay = now - match.said;
        delays.push_back(static_cast<double>(*delay) * 1000 / low_rate_hz);
        for (std::int64_t i = 0; i < window / hop; ++i)
            was_heard[static_cast<std::size_t>((match.said + i * hop + hop / 2) / hop)] = true;
        if (reach_first < 0) reach_first = match.said;
        reach_last = std::max(reach_last, match.said);
        const std::int64_t middle = window / 2 - hop / 2;
        if (level_db(said, (match.said + middle) * factor, hop * factor) < speech_db) continue;
        snr += segment_snr(said, heard, (match.said + middle) * factor, (at + middle) * factor);
        ++snr_count;
    }
    if (delays.empty()) {
        std::printf("{\"heard\":false}\n");
        return 0;
    }
    std::int64_t spoken = 0, lost = 0, gap = 0, longest = 0;
    for (std::int64_t step = reach_first / hop + 1; step < reach_last / hop; ++step) {
        const bool speaks = level_db(said, step * hop * factor, hop * factor) >= speech_db;
        if (!speaks) continue; // a pause is no gap, and ends none
        ++spoken;
        const bool good = was_heard[static_cast<std::size_t>(step)];
        lost += good ? 0 : 1;
        gap = good ? 0 : gap + 1;
        longest = std::max(longest, gap);
    }
    std::sort(delays.begin(), delays.end());
    const auto at_share = [&](double share) {
        return delays[static_cast<std::size_t>(share * static_cast<double>(delays.size() - 1))];
    };
    std::printf("{\"heard\":true,\"delay_ms\":%.0f,\"delay_p95_ms\":%.0f,\"spoken_ms\":%lld,\"lost_ms\":%lld,"
                "\"longest_gap_ms\":%lld,\"segmental_snr_db\":%.1f}\n",
                at_share(0.5), at_share(0.95), static_cast<long long>(spoken * 20), static_cast<long long>(lost * 20),
                static_cast<long long>(longest * 20), snr_count > 0 ? snr / static_cast<double>(snr_count) : 0);
    return 0;
}

// ---- seeing -------------------------------------------------------------------------------------------------------

std::uint64_t little(const std::string& bytes, std::size_t at, int count)
{
    std::uint64_t out = 0;
    for (int i = count - 1; i >= 0; --i)
        out = out << 8 | static_cast<std::uint8_t>(bytes[at + static_cast<std::size_t>(i)]);
    return out;
}

int see(const std::string& film_path, const std::string& seen_path, double from_ms, double to_ms)
{
    auto reader = or_give_up(pipeline::Y4mReader::open(film_path));
    std::vector<media::Picture> film;
    while (auto picture = or_give_up(reader.read()))
        film.push_back(std::move(*picture));
    std::ifstream file(seen_path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    int shown = 0, compared = 0, unknown = 0;
    double psnr = 0, ssim = 0, before = -1, longest = 0;
    int width = 0, height = 0;
    if (bytes.size() > 32) {
        const auto codec = bytes.compare(8, 4, "VP90") == 0 ? codec::VideoCodec::vp9 : codec::VideoCodec::vp8;
        auto decoder = or_give_up(codec::VideoDecoder::create(codec));
        for (std::size_t at = 32; at + 12 <= bytes.size();) {
            const auto size = static_cast<std::size_t>(little(bytes, at, 4));
            const double ms = static_cast<double>(little(bytes, at + 4, 8)) / 90;
            at += 12;
            if (size > bytes.size() - at) break; // still being written
            const auto picture = decoder.decode(as_bytes(std::string_view(bytes).substr(at, size)));
            at += size;
            if (ms < from_ms || ms > to_ms || !picture || !*picture) continue;
            ++shown;
            if (before >= 0) longest = std::max(longest, ms - before);
            before = ms;
            width = (*picture)->width();
            height = (*picture)->height();
            if (shown % 3 != 0) continue;
            const auto number = static_cast<std::size_t>(number_in(**picture));
            if (number >= film.size()) {
                ++unknown;
                continue;
            }
            const auto& was = film[number];
            const auto whole = or_give_up(codec::scale((*picture)->view(), was.width(), was.height()));
            psnr += codec::psnr(whole.view(), was.view());
            ssim += codec::ssim(whole.view(), was.view());
            ++compared;
        }
    }
    std::printf("{\"shown\":%d,\"wanted\":%.0f,\"longest_gap_ms\":%.0f,\"psnr_db\":%.1f,\"ssim\":%.3f,\"unknown\":%d,"
                "\"width\":%d,\"height\":%d}\n",
                shown, (to_ms - from_ms) / 1000 * reader.fps(), longest, compared > 0 ? psnr / compared : 0,
                compared > 0 ? ssim / compared : 0, unknown, width, height);
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    const std::vector<std::string> words(argv + 1, argv + argc);
    const auto number = [&](std::size_t at) { return std::strtod(words[at].c_str(), nullptr); };
    if (words.size() >= 4 && words[0] == "speech")
        return make_speech(words[1], static_cast<int>(number(2)), {words.begin() + 3, words.end()});
    if (words.size() == 4 && words[0] == "stamp") return make_film(words[1], words[2], static_cast<int>(number(3)));
    if (words.size() == 6 && words[0] == "hear") return hear(words[1], words[2], number(3), number(4), number(5));
    if (words.size() == 5 && words[0] == "see") return see(words[1], words[2], number(3), number(4));
    std::fputs("usage: call_meter speech OUT.wav SECONDS IN.wav... | stamp IN.y4m|pattern OUT.y4m N |\n"
               "       hear SAID.wav HEARD.wav OFFSET_MS FROM_MS TO_MS | see FILM.y4m SEEN.ivf FROM_MS TO_MS\n",
               stderr);
    return 2;
}
