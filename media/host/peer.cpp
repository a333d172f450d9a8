// SPDX-License-Identifier: Apache-2.0
#include "media/host/peer.hpp"

#include <algorithm>

namespace godwit::media_host {

using std::chrono::milliseconds;

namespace {

static_assert(port::call_key_label == sframe::base_key_label);

/// How long a way that has been silent is left alone before doubt is repeated.
constexpr Duration doubt_again = milliseconds(2500);

/// Three for each device: its sound, its pictures, their parity. Both ends count alike, so nothing is negotiated; each
/// pair of devices has a link of its own, so pairs may count alike too.
std::uint32_t ssrc_of(const CallId& call, bool of_offerer)
{
    std::uint32_t out = 0;
    for (std::size_t i = 0; i < 4; ++i)
        out = out << 8 | call.bytes[i];
    return (out & ~std::uint32_t{7}) + (of_offerer ? 0 : 4);
}

/// In a call of two, its id has never been used before. Into that of a group a device may come again, and it seals for
/// several: each time under keys of their own.
std::uint64_t stream_of(const Peer::Config& config)
{
    std::uint64_t out = 0;
    for (std::size_t i = 12; i < 17; ++i)
        out = out << 8 | config.entropy[i];
    return config.in_group ? out : 0;
}

double ms_of(Duration duration)
{
    return static_cast<double>(duration.count()) / 1000;
}

} // namespace

Result<std::unique_ptr<Peer>> Peer::create(const Config& config, const std::vector<port::CallKeys>& keys, Out& out,
                                           Instant now)
{
    pipeline::Sealing sealing(sframe::CipherSuite::aes_128_gcm_sha256_128, stream_of(config));
    bool any = false;
    for (const auto& one : keys)
        any = sealing.add_epoch(one.epoch, one.base_key, one.leaves, one.own_leaf) || any;
    if (!any) return Error{ErrorCode::internal, "call media: the group's keys do not fit", 0};
    pipeline::SessionConfig settings;
    settings.ssrc = ssrc_of(config.call, config.offerer);
    settings.peer_ssrc = ssrc_of(config.call, !config.offerer);
    std::copy_n(config.entropy.begin(), settings.entropy.size(), settings.entropy.begin());
    settings.video.fps = std::min(config.fps, codec::video_fps_max); // those between are left out
    auto made = pipeline::Session::create(settings, std::move(sealing), now);
    if (!made) return made.error();
    std::unique_ptr<Peer> peer(new Peer(config, out));
    peer->session_ = std::move(*made);
    peer->heard_ = now;
    return peer;
}

void Peer::keys(const port::CallKeys& keys, Instant now)
{
    // False: an epoch that is known already.
    if (session_->sealing().prepare_epoch(keys.epoch, keys.base_key, keys.leaves, keys.own_leaf))
        use_newest_at_ = now + pipeline::epoch_held;
}

void Peer::way(std::uint64_t link, Instant now)
{
    const bool other = link != link_ && link != 0;
    link_ = link;
    if (other && had_way_) session_->path_changed(now);
    had_way_ = had_way_ || other;
    if (other) heard_ = std::max(heard_, now); // it gets its time to be heard
}

void Peer::parts(const CallMedia& own, const CallMedia& theirs)
{
    own_ = own;
    config_.theirs = theirs;
    session_->set_screen(own.screen);
    session_->set_video_codec(theirs.vp9 ? config_.video_codec : codec::VideoCodec::vp8);
    wish();
}

void Peer::files(bool under_way)
{
    files_ = under_way;
    wish();
}

void Peer::wish()
{
    rate::Wishes wishes;
    wishes.audio = !own_.held;
    wishes.video = (own_.camera || own_.screen) && !own_.held;
    wishes.files = files_;
    session_->set_wishes(wishes);
}

void Peer::receive(BytesView datagram, Instant now)
{
    ++received_;
    heard_ = now;
    doubted_ = Instant{};
    session_->receive(datagram, now);
}

Result<void> Peer::push_audio(media::PcmView samples, Instant now)
{
    return own_.held ? Result<void>() : session_->push_audio(samples, now);
}

Result<void> Peer::push_picture(const media::PictureView& picture, Instant now)
{
    return session_->push_picture(picture, now);
}

media::Pcm Peer::pull_audio(Instant now)
{
    auto out = session_->pull_audio(now).samples;
    if (own_.held || config_.theirs.held) std::fill(out.begin(), out.end(), std::int16_t{0});
    level_out_.add(out);
    return out;
}

void Peer::send(Instant now)
{
    if (use_newest_at_ && now >= *use_newest_at_) {
        use_newest_at_.reset();
        session_->sealing().use_newest();
    }
    while (auto datagram = session_->next_datagram(now)) {
        const auto bytes = datagram->size();
        if (link_ == 0 || !out_.datagram(link_, std::move(*datagram))) {
            ++dropped_;
            continue;
        }
        ++sent_;
        sent_bytes_ += bytes;
    }
}

void Peer::look(Instant now)
{
    if (!flows_) {
        const auto statistics = session_->statistics(now);
        flows_ = statistics.audio.packets + statistics.video.shown > 0;
        if (flows_) out_.report(config_.call, port::MediaFlows{named()});
    }
    if (link_ != 0 && now - heard_ > port::media_silence_max && doubted_ + doubt_again < now) {
        doubted_ = now;
        out_.report(config_.call, port::MediaSilent{named()});
    }
}

double Peer::concealed_lately(const jitter::AudioStatistics& now)
{
    const Sound sum{now.played, now.concealed + now.missing};
    Sound since{sum.played - sound_before_.played, sum.concealed - sound_before_.concealed};
    sound_before_ = sum;
    // Who holds the call sends nothing, and nothing is missed. What turned out to be silence is given back.
    if (own_.held || config_.theirs.held) since = {};
    sound_.push_back(since);
    if (sound_.size() > concealed_over_reports) sound_.pop_front();
    Sound out;
    for (const auto& one : sound_)
        out = {out.played + one.played, out.concealed + one.concealed};
    return out.played <= 0 ? 0
                           : std::clamp(static_cast<double>(out.concealed) / static_cast<double>(out.played), 0.0, 1.0);
}

void Peer::report(double level_in_db, std::uint64_t dropped_in, Instant now)
{
    const auto s = session_->statistics(now);
    CallStatistics out;
    out.device = config_.device;
    out.rate_bps = s.rate_bps;
    out.audio_bps = s.audio_plan.bitrate_bps;
    out.video_bps = (own_.camera || own_.screen) && !own_.held ? s.video_bps : 0;
    out.files_bps = s.files_bps;
    out.sent_bps = static_cast<double>(std::exchange(sent_bytes_, 0)) * 8 /
                   std::chrono::duration<double>(port::media_report_every).count();
    out.loss_there = s.loss_there;
    out.round_trip_ms = ms_of(s.round_trip);
    out.jitter_ms = ms_of(s.jitter);
    out.audio_delay_ms = ms_of(s.audio_delay);
    out.concealed = concealed_lately(s.audio);
    out.mos = pipeline::estimate_mos(s.mouth_to_ear, out.concealed);
    out.level_in_db = level_in_db;
    out.level_out_db = level_out_.take();
    out.datagrams_sent = sent_;
    out.datagrams_received = received_;
    out.datagrams_dropped = dropped_in + dropped_;
    out.frames_refused = s.refused;
    out.packets_repaired = s.video.repaired;
    out.pictures_shown = s.video.shown;
    out.freezes = s.video.freezes;
    out.frozen_ms = static_cast<std::uint64_t>(ms_of(s.video.frozen));
    out.width = static_cast<std::uint32_t>(s.video.width);
    out.height = static_cast<std::uint32_t>(s.video.height);
    out.codec_sent = s.codec_sent;
    if (s.video.shown > 0) out.codec_received = s.video.codec;
    out_.report(config_.call, std::move(out));
}

Instant Peer::deadline() const noexcept
{
    return earlier(session_->deadline(), use_newest_at_.value_or(never));
}

} // namespace godwit::media_host
