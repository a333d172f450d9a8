// SPDX-License-Identifier: Apache-2.0
#include "media/pipeline/session.hpp"

#include "media/pipeline/stream.hpp"
#include "media/rtp/flow.hpp"
#include "media/rtp/rtcp.hpp"

#include <algorithm>

namespace godwit::pipeline {

namespace {

constexpr Duration feedback_every = std::chrono::milliseconds(50), feedback_rarely = std::chrono::milliseconds(250),
                   reports_every = std::chrono::seconds(1);

/// On a narrow path feedback must not take what it is to measure: a twentieth of the rate, with all that is around it.
Duration feedback_interval(double rate_bps)
{
    constexpr double packet_bits = 120 * 8, share = 0.05;
    const auto wanted = std::chrono::duration<double>(packet_bits / (share * std::max(rate_bps, 1.0)));
    return std::clamp(std::chrono::duration_cast<Duration>(wanted), feedback_every, feedback_rarely);
}

StreamStart start_of(const SessionConfig& config, std::size_t from, std::uint32_t ssrc)
{
    const auto* const e = config.entropy.data() + from;
    return {ssrc, static_cast<std::uint16_t>(e[0] << 8 | e[1]),
            static_cast<std::uint32_t>(e[2]) << 24 | static_cast<std::uint32_t>(e[3]) << 16 |
                static_cast<std::uint32_t>(e[4]) << 8 | e[5]};
}

} // namespace

Session::Session(const SessionConfig& config, Sealing sealing, Instant now)
    : config_(config), sealing_(std::move(sealing)), wishes_(config.wishes),
      video_out_(start_of(config, 6, config.ssrc + 1), config.video, sealing_),
      video_in_(config.peer_ssrc + 1, sealing_), pacer_(config.overhead_bytes), feedback_at_(now + feedback_every),
      reports_at_(now + reports_every)
{
}

Result<std::unique_ptr<Session>> Session::create(const SessionConfig& config, Sealing sealing, Instant now)
{
    if (config.ssrc - config.peer_ssrc + 2 <= 4) // modulo 2^32: two below to two above
        return Error{ErrorCode::invalid_argument,
                     "call media: the two devices share an ssrc; each needs three of its own", 0};
    std::unique_ptr<Session> out(new Session(config, std::move(sealing), now));
    auto sender = AudioSender::create(start_of(config, 0, config.ssrc), out->sealing_);
    if (!sender) return sender.error();
    out->audio_out_ = std::move(*sender);
    auto receiver = AudioReceiver::create(config.peer_ssrc, out->sealing_);
    if (!receiver) return receiver.error();
    out->audio_in_ = std::move(*receiver);
    out->apply_rate();
    return out;
}

void Session::apply_rate()
{
    const double loss = rate_.lasting_loss();
    rate_.set_wanted(rate::wanted_bps(wishes_, loss));
    shares_ = rate::share(rate_.rate_bps(), loss, wishes_);
    if (wishes_.audio) audio_out_->set_plan(shares_.audio);
    // The codec's share is what is left beside RTP, SFrame and the rest around each packet.
    constexpr double payload_share = 0.9;
    const int protection = protection_for(loss, round_trip_);
    video_out_.set_protection(protection);
    video_out_.set_rate(shares_.video_bps * payload_share / protection_cost(protection));
    pacer_.set_rate(rate_.rate_bps());
    // Voice first: on a path that has become too narrow nothing of the pictures is left in its way.
    if (shares_.video_bps > 0 && pacer_.wait(rate::Priority::video) <= rate::video_age_max) return;
    if (!pacer_.holds(rate::Priority::video) && !pacer_.holds(rate::Priority::repetition)) return;
    pacer_.clear(rate::Priority::video);
    pacer_.clear(rate::Priority::repetition);
    video_out_.request_keyframe();
}

void Session::set_wishes(const rate::Wishes& wishes)
{
    wishes_ = wishes;
    apply_rate();
}

Result<void> Session::push_audio(media::PcmView samples, Instant now)
{
    if (!wishes_.audio) return {};
    auto packets = audio_out_->capture(samples);
    if (!packets) return packets.error();
    for (Bytes& one : *packets)
        pacer_.push(rate::Priority::audio, std::move(one), now);
    return {};
}

Result<void> Session::push_picture(const media::PictureView& picture, Instant now)
{
    if (!wishes_.video || shares_.video_bps <= 0 || pacer_.wait(rate::Priority::video) > rate::video_wait_max)
        return {};
    auto packets = video_out_.capture(picture, now);
    if (!packets) return packets.error();
    for (Bytes& one : *packets)
        if (!pacer_.push(rate::Priority::video, std::move(one), now)) video_out_.request_keyframe();
    return {};
}

void Session::receive(BytesView datagram, Instant now)
{
    const auto flow = rtp::decode_datagram(datagram);
    if (!flow || flow->flow_id != media_flow) return;
    if (rtp::is_rtcp(flow->packet)) return on_rtcp(flow->packet, now);
    const auto packet = rtp::decode(flow->packet);
    // Sound, pictures, and the parity of those or padding, which is there to arrive.
    if (!packet || packet->ssrc - config_.peer_ssrc > 2) return;
    if (const auto number = transport_number(*packet)) feedback_.arrived(*number, now);
    if (packet->ssrc == config_.peer_ssrc)
        audio_in_->receive(*packet, now);
    else if (packet->ssrc == config_.peer_ssrc + 1)
        video_in_.receive(*packet, flow->packet, now);
    else
        video_in_.receive_parity(*packet, now);
}

void Session::on_rtcp(BytesView bytes, Instant now)
{
    const auto compound = rtp::decode_rtcp(bytes);
    if (!compound) return;
    const auto reports = [&](const std::vector<rtp::ReportBlock>& blocks) {
        for (const rtp::ReportBlock& one : blocks) {
            const auto measured =
                one.ssrc == config_.ssrc || one.ssrc == config_.ssrc + 1 ? rtp::round_trip(one, now) : std::nullopt;
            if (!measured) continue;
            round_trip_ = (3 * round_trip_ + *measured) / 4;
            video_in_.set_round_trip(round_trip_);
        }
    };
    for (const rtp::RtcpPacket& one : *compound) {
        if (const auto* report = std::get_if<rtp::SenderReport>(&one)) {
            if (report->ssrc == config_.peer_ssrc) audio_in_->reception().sender_report(*report, now);
            if (report->ssrc == config_.peer_ssrc + 1) video_in_.reception().sender_report(*report, now);
            reports(report->blocks);
        } else if (const auto* receiver = std::get_if<rtp::ReceiverReport>(&one)) {
            reports(receiver->blocks);
        } else if (const auto* nack = std::get_if<rtp::Nack>(&one)) {
            if (nack->media_ssrc != video_out_.ssrc() || shares_.video_bps <= 0) continue;
            for (Bytes& again : video_out_.repeat(nack->sequence_numbers, round_trip_, now))
                pacer_.push(rate::Priority::repetition, std::move(again), now);
        } else if (const auto* pli = std::get_if<rtp::PictureLossIndication>(&one)) {
            if (pli->media_ssrc == video_out_.ssrc()) video_out_.request_keyframe();
        } else if (const auto* feedback = std::get_if<rtp::TransportFeedback>(&one)) {
            std::vector<rate::Fate> fates;
            for (const rtp::PacketArrival& arrival : feedback_reader_.read(*feedback))
                fates.push_back({arrival.sequence_number, arrival.at});
            rate_.feedback(fates, now);
            apply_rate();
        }
    }
}

void Session::make_feedback(Instant now)
{
    feedback_at_ = now + feedback_interval(rate_.rate_bps());
    if (auto made = feedback_.build(config_.ssrc, config_.peer_ssrc))
        control_.push_back(rtp::encode({std::move(*made)}));
}

void Session::make_reports(Instant now)
{
    reports_at_ = now + reports_every;
    std::vector<rtp::RtcpPacket> compound;
    const std::uint64_t ntp = rtp::to_ntp(now);
    compound.emplace_back(rtp::SenderReport{config_.ssrc,
                                            ntp,
                                            audio_out_->timestamp(),
                                            audio_out_->packets(),
                                            audio_out_->octets(),
                                            {audio_in_->reception().report(now)}});
    if (video_out_.packets() > 0 || video_in_.reception().received() > 0)
        compound.emplace_back(rtp::SenderReport{config_.ssrc + 1,
                                                ntp,
                                                video_out_.timestamp_at(now),
                                                video_out_.packets(),
                                                video_out_.octets(),
                                                {video_in_.reception().report(now)}});
    compound.emplace_back(rtp::SourceDescription{config_.ssrc, "godwit"});
    control_.push_back(rtp::encode(compound));
}

void Session::ask(Instant now)
{
    VideoReceiver::Ask ask = video_in_.poll(now);
    std::vector<rtp::RtcpPacket> compound;
    if (!ask.sequence_numbers.empty())
        compound.emplace_back(rtp::Nack{config_.ssrc, config_.peer_ssrc + 1, std::move(ask.sequence_numbers)});
    if (ask.keyframe) compound.emplace_back(rtp::PictureLossIndication{config_.ssrc, config_.peer_ssrc + 1});
    if (!compound.empty()) control_.push_back(rtp::encode(compound));
}

Bytes Session::number(Bytes packet, Instant now)
{
    write_transport_number(packet, static_cast<std::uint16_t>(next_number_));
    rate_.packet_sent(next_number_++, packet.size() + config_.overhead_bytes, now);
    return packet;
}

std::optional<Bytes> Session::next_datagram(Instant now)
{
    if (now >= rate_.deadline()) {
        rate_.tick(now);
        apply_rate();
    }
    if (now >= feedback_at_) make_feedback(now);
    if (now >= reports_at_) make_reports(now);
    ask(now);
    if (!control_.empty()) {
        Bytes out = rtp::encode_datagram(media_flow, control_.front());
        control_.pop_front();
        return out;
    }
    if (auto packet = pacer_.next(now)) return rtp::encode_datagram(media_flow, number(std::move(packet->data), now));
    const std::size_t bytes = rate_.padding(now);
    if (bytes == 0) return std::nullopt;
    Bytes padding = video_out_.padding(bytes - std::min(bytes, config_.overhead_bytes), now);
    write_transport_number(padding, static_cast<std::uint16_t>(next_number_));
    rate_.padding_sent(next_number_++, padding.size() + config_.overhead_bytes, now);
    return rtp::encode_datagram(media_flow, padding);
}

Instant Session::deadline() const noexcept
{
    Instant out = earlier(feedback_at_, reports_at_);
    out = earlier(out, pacer_.deadline());
    out = earlier(out, rate_.padding_deadline());
    out = earlier(out, video_in_.deadline());
    return earlier(out, rate_.deadline());
}

Statistics Session::statistics(Instant now)
{
    static_cast<void>(now);
    Statistics out;
    out.rate_bps = rate_.rate_bps();
    out.loss_there = rate_.loss();
    out.round_trip = round_trip_;
    out.jitter = audio_in_->reception().jitter();
    out.audio = audio_in_->statistics();
    out.audio_delay = out.audio.level;
    if (out.audio.played > 0)
        out.concealed =
            static_cast<double>(out.audio.concealed + out.audio.missing) / static_cast<double>(out.audio.played);
    // Half the way there and back, the frame, what is kept back, and a device's own 20 ms.
    out.mouth_to_ear = round_trip_ / 2 + std::chrono::milliseconds(shares_.audio.frame_ms + 20) + out.audio_delay;
    out.mos = estimate_mos(out.mouth_to_ear, out.concealed);
    out.refused = sealing_.refused();
    out.audio_plan = audio_out_->plan();
    out.video_rung = video_out_.rung();
    out.video_bps = shares_.video_bps;
    out.files_bps = shares_.files_bps;
    out.video = video_in_.statistics();
    if (video_out_.packets() > 0) out.codec_sent = video_out_.codec();
    return out;
}

} // namespace godwit::pipeline
