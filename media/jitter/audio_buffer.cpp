// SPDX-License-Identifier: Apache-2.0
#include "media/jitter/audio_buffer.hpp"

#include "media/jitter/time_stretch.hpp"

#include <algorithm>
#include <cstdlib>

namespace godwit::jitter {

namespace {

/// Concealment works in steps of 2.5 ms.
constexpr int step = media::sample_rate_hz / 400;
/// As much is made up at once, when nothing says how much is missing.
constexpr int concealed_at_once = 10 * media::samples_per_ms;
/// Two stretches of sound stand so far apart, or they are heard as a warble; less when there is far too much.
constexpr Duration stretch_interval = std::chrono::milliseconds(60);
constexpr Duration stretch_interval_fast = std::chrono::milliseconds(20);
/// A sound that is to be stretched has two of the longest periods, and the frame that is pulled.
constexpr std::size_t stretch_samples = 2 * period_max;

std::int64_t samples_of(Duration duration)
{
    return media::samples_in(duration);
}

} // namespace

void AudioBuffer::begin_anew()
{
    waiting_.clear();
    delay_.reset();
    playing_ = false;
    last_sequence_.reset();
    highest_sequence_.reset();
    made_up_ = unheard_ = 0;
    settled_ = false;
    sounding_.clear();
    level_samples_ = 0;
}

/// What is worth waiting for: packets, and what stands in for those that were lost.
void AudioBuffer::learn(const AudioPacket& packet, int samples, bool fresh, Instant now)
{
    const Duration media_time = media::duration_of(packet.timestamp);
    if (packet.redundant) { // redundancy counts only where it was the first to come
        if (fresh) delay_.arrived(media_time, now);
        return;
    }
    frame_samples_ = samples;
    delay_.set_frame(media::duration_of(samples));
    delay_.arrived(media_time, now);
    if (!packet.sequence_number) return;
    const bool gap = highest_sequence_ && *packet.sequence_number > *highest_sequence_ + 1;
    if (gap && decoder_.has_fec(packet.payload)) delay_.arrived(media_time - media::duration_of(samples), now);
    highest_sequence_ = std::max(highest_sequence_.value_or(*packet.sequence_number), *packet.sequence_number);
}

bool AudioBuffer::insert(AudioPacket packet, Instant now)
{
    if (packet.payload.size() > audio_packet_bytes_max) return false;
    const int samples = decoder_.samples_of(packet.payload);
    if (samples == 0) {
        ++statistics_.malformed;
        return false;
    }
    const bool primary = !packet.redundant;
    if (primary) ++statistics_.packets;

    const std::int64_t reference = playing_ ? next_ : waiting_.empty() ? packet.timestamp : waiting_.begin()->first;
    if (std::abs(packet.timestamp - reference) > samples_of(timestamp_jump_max)) begin_anew();
    const bool late = playing_ && packet.timestamp < next_;
    const auto known = waiting_.find(packet.timestamp);
    learn(packet, samples, known == waiting_.end() && !late, now);
    if (late) {
        if (primary) ++statistics_.late;
        return false;
    }
    if (known != waiting_.end()) {
        // The packet itself after its redundancy is no duplicate.
        const bool first = primary && known->second.redundant;
        if (first) {
            known->second.sequence_number = packet.sequence_number;
            known->second.redundant = false;
        }
        if (primary && !first) ++statistics_.duplicates;
        return first;
    }
    if (waiting_.empty()) first_waiting_ = now;
    waiting_.emplace(packet.timestamp,
                     Waiting{packet.sequence_number, std::move(packet.payload), samples, packet.redundant});
    if (waiting_.size() > audio_packets_max) {
        // The oldest goes, and what is played goes on behind it: nobody listens to what was said so long ago.
        waiting_.erase(waiting_.begin());
        ++statistics_.overflowed;
        if (playing_) next_ = std::max(next_, waiting_.begin()->first);
    }
    return true;
}

std::int64_t AudioBuffer::buffered_samples() const noexcept
{
    std::int64_t out = static_cast<std::int64_t>(sounding_.size() / channels());
    for (const auto& [timestamp, packet] : waiting_)
        out += packet.samples;
    return out;
}

bool AudioBuffer::may_begin(Instant now) const
{
    if (waiting_.empty()) return false;
    return media::duration_of(buffered_samples()) >= delay_.target() || now - first_waiting_ >= delay_.target();
}

void AudioBuffer::conceal(int samples, bool counts)
{
    auto made = decoder_.conceal(samples);
    media::Pcm pcm = made.ok() ? std::move(*made) : media::Pcm();
    pcm.resize(static_cast<std::size_t>(samples) * channels());
    if (counts) statistics_.concealed += samples;
    sounding_.insert(sounding_.end(), pcm.begin(), pcm.end());
}

void AudioBuffer::fill_gap(std::int64_t gap, const Waiting& next)
{
    // The end of the gap is what the next packet's FEC knows, up to its own length.
    const std::int64_t known =
        decoder_.has_fec(next.payload) ? std::min<std::int64_t>(gap, next.samples) / step * step : 0;
    for (std::int64_t left = (gap - known + step - 1) / step * step; left > 0;) {
        const auto now = static_cast<int>(std::min<std::int64_t>(left, 20 * media::samples_per_ms));
        conceal(now, true);
        left -= now;
    }
    if (known == 0) return;
    auto recovered = decoder_.recover(next.payload, static_cast<int>(known));
    if (recovered.ok() && recovered->size() == static_cast<std::size_t>(known) * channels()) {
        ++statistics_.fec_used;
        sounding_.insert(sounding_.end(), recovered->begin(), recovered->end());
    } else {
        conceal(static_cast<int>(known), true);
    }
}

void AudioBuffer::play(std::map<std::int64_t, Waiting>::iterator packet)
{
    const std::int64_t timestamp = packet->first;
    Waiting one = std::move(packet->second);
    waiting_.erase(packet);
    made_up_ = 0;
    settled_ = false;
    auto decoded = decoder_.decode(one.payload);
    next_ = timestamp + one.samples;
    if (one.sequence_number) last_sequence_ = one.sequence_number;
    if (!decoded.ok() || decoded->empty()) {
        ++statistics_.malformed;
        conceal(one.samples / step * step, true);
        return;
    }
    if (one.redundant) ++statistics_.redundant_used;
    sounding_.insert(sounding_.end(), decoded->begin(), decoded->end());
}

/// What of a gap was sent and has not come; the rest of it was silence of the sender (DTX), for which no packet is
/// numbered. A packet is taken to have been as long as the next one.
std::int64_t AudioBuffer::lost_of(std::int64_t gap, const Waiting& next) const noexcept
{
    if (!last_sequence_ || !next.sequence_number || *next.sequence_number <= *last_sequence_) return gap;
    return std::min(gap, (*next.sequence_number - *last_sequence_ - 1) * next.samples);
}

/// What was made up while nothing was there has been counted as if all of it had been lost.
void AudioBuffer::settle(std::int64_t lost)
{
    if (made_up_ == 0 || settled_) return;
    settled_ = true;
    const std::int64_t silence = std::max<std::int64_t>(0, made_up_ + unheard_ - lost);
    statistics_.concealed -= std::min(silence, made_up_);
    statistics_.missing -= std::max<std::int64_t>(0, silence - made_up_);
    if (lost == 0) --statistics_.outages;
}

void AudioBuffer::decode_more()
{
    // What overlaps what was played (a sender that changed its frame length) is past.
    while (!waiting_.empty() && waiting_.begin()->first < next_)
        waiting_.erase(waiting_.begin());
    if (waiting_.empty()) {
        if (made_up_ == 0) ++statistics_.outages;
        made_up_ += concealed_at_once;
        conceal(concealed_at_once, true);
        return;
    }
    const auto first = waiting_.begin();
    const std::int64_t gap = first->first - next_;
    if (gap == 0) return play(first);

    const std::int64_t lost = lost_of(gap, first->second);
    settle(lost);
    const std::int64_t missing = gap - made_up_;
    if (missing <= 0) { // made up already, while nothing was there
        next_ = first->first;
        return play(first);
    }
    const std::int64_t lost_still = std::max<std::int64_t>(0, lost - made_up_), silence = missing - lost_still;
    if (silence >= step) { // is played as long as it was
        const auto now = static_cast<int>(std::min<std::int64_t>(silence / step * step, concealed_at_once));
        conceal(now, false);
        next_ += now;
        return;
    }
    if (lost_still == 0) {
        next_ = first->first;
        return play(first);
    }
    fill_gap(missing, first->second);
    next_ = first->first;
    play(first);
}

void AudioBuffer::adapt(Instant now)
{
    const std::int64_t target = samples_of(delay_.target());
    const double smoothing = 0.9;
    level_samples_ = level_samples_ == 0
                         ? static_cast<double>(buffered_samples())
                         : smoothing * level_samples_ + (1 - smoothing) * static_cast<double>(buffered_samples());
    statistics_.target = delay_.target();
    statistics_.level = media::duration_of(static_cast<std::int64_t>(level_samples_));
    if (made_up_ > 0) return;

    // Between these nothing is done: a frame comes and a frame goes, which is no reason. The lower one is what there is
    // on average when a packet comes just in time, 10 ms before it is pulled; less 2 ms, since clocks wander.
    const double high = static_cast<double>(target) + 0.25 * static_cast<double>(target) + frame_samples_ * 0.75;
    const double low = std::min(static_cast<double>(target) - frame_samples_ * 0.5 + 3 * media::samples_per_ms,
                                0.85 * static_cast<double>(target));
    const bool too_much = level_samples_ > high, too_little = level_samples_ < low;
    if (!too_much && !too_little) return;
    if (now - last_stretch_ < (level_samples_ > 2.5 * high ? stretch_interval_fast : stretch_interval)) return;

    // Something to work on: decode ahead, as far as nothing is missing.
    const auto enough = [&] { return sounding_.size() / channels() >= stretch_samples; };
    while (!enough() && !waiting_.empty() && waiting_.begin()->first == next_)
        play(waiting_.begin());
    const std::int64_t before = static_cast<std::int64_t>(sounding_.size() / channels());
    auto stretched = too_much ? accelerate(sounding_, decoder_.channels()) : expand(sounding_, decoder_.channels());
    if (!stretched) return;
    const std::int64_t difference = static_cast<std::int64_t>(stretched->size() / channels()) - before;
    sounding_ = std::move(*stretched);
    last_stretch_ = now;
    level_samples_ += static_cast<double>(difference);
    (too_much ? statistics_.accelerated : statistics_.expanded) += std::abs(difference);
}

AudioBuffer::Pulled AudioBuffer::pull(Instant now)
{
    Pulled out;
    const std::size_t wanted = static_cast<std::size_t>(pull_samples) * channels();
    statistics_.played += pull_samples;
    if (playing_ && waiting_.empty() && media::duration_of(made_up_) >= outage_max) {
        playing_ = false; // what comes next is kept back again
        unheard_ = 0;
        sounding_.clear();
    }
    if (!playing_) {
        if (!may_begin(now)) {
            if (has_played_) {
                statistics_.missing += pull_samples;
                unheard_ += pull_samples;
            }
            out.samples.resize(wanted);
            return out;
        }
        const auto& [timestamp, first] = *waiting_.begin();
        if (timestamp >= next_) settle(lost_of(timestamp - next_, first));
        playing_ = has_played_ = true;
        made_up_ = unheard_ = 0;
        settled_ = false;
        next_ = timestamp;
        level_samples_ = 0;
    }
    while (sounding_.size() < wanted)
        decode_more();
    adapt(now);
    while (sounding_.size() < wanted) // what was accelerated is shorter
        decode_more();
    out.timestamp = playing();
    out.samples.assign(sounding_.begin(), sounding_.begin() + static_cast<std::ptrdiff_t>(wanted));
    sounding_.erase(sounding_.begin(), sounding_.begin() + static_cast<std::ptrdiff_t>(wanted));
    return out;
}

std::optional<std::int64_t> AudioBuffer::playing() const noexcept
{
    if (!playing_) return std::nullopt;
    return next_ - static_cast<std::int64_t>(sounding_.size() / channels());
}

AudioStatistics AudioBuffer::statistics() const noexcept
{
    AudioStatistics out = statistics_;
    out.target = delay_.target();
    return out;
}

} // namespace godwit::jitter
