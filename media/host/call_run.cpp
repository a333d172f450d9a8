// SPDX-License-Identifier: Apache-2.0
#include "media/host/call_run.hpp"

namespace godwit::media_host {

namespace {

constexpr Duration step = std::chrono::milliseconds(10);
constexpr std::size_t step_samples = 10 * media::samples_per_ms;
/// Whoever comes into the call may still hear frames of the epoch before the newest.
constexpr std::size_t epochs_kept = 2;

} // namespace

CallRun::CallRun(const CallId& call, Devices& devices, Out& out)
    : call_(call), devices_(devices), out_(out), mixer_(step_samples)
{
}

Result<void> CallRun::begin(port::MediaBegin begin, const PeerEntropy& entropy, Instant now)
{
    now_ = now;
    in_group_ = begin.peer.is_zero();
    own_ = begin.own;
    keys_.push_back(std::move(begin.keys));
    // Of a group: whether the keys fit is seen when the first one joins.
    if (!in_group_)
        if (auto added = add(begin.peer, begin.offerer, begin.theirs, entropy); !added) return added;
    next_step_ = next_picture_ = now;
    next_report_ = now + port::media_report_every;
    return {};
}

Result<void> CallRun::add(const DeviceId& device, bool offerer, const CallMedia& theirs, const PeerEntropy& entropy)
{
    auto made =
        Peer::create({call_, device, in_group_, offerer, theirs, devices_.fps(), devices_.video_codec(), entropy},
                     keys_, out_, now_);
    if (!made) return made.error();
    Peer& peer = **made;
    peer.parts(own_, theirs);
    if (devices_.wants_frames())
        peer.tap_video(
            [this, device](codec::VideoCodec codec, BytesView frame, std::int64_t timestamp, int width, int height) {
                devices_.write_frame(in_group_ ? device : DeviceId{}, codec, frame, timestamp, width, height);
            });
    peers_.insert_or_assign(device, std::move(*made));
    return {};
}

Peer* CallRun::find(const DeviceId& device)
{
    const auto at = device.is_zero() && peers_.size() == 1 ? peers_.begin() : peers_.find(device);
    return at == peers_.end() ? nullptr : at->second.get();
}

void CallRun::order(CallThread::Order& order, Instant now)
{
    now_ = now;
    std::visit([&](auto& what) { take(what, order.entropy); }, order.what);
}

void CallRun::take(port::MediaKeys& what, const PeerEntropy&)
{
    for (const auto& [device, peer] : peers_)
        peer->keys(what.keys, now_);
    keys_.push_back(std::move(what.keys));
    if (keys_.size() > epochs_kept) keys_.erase(keys_.begin());
}

void CallRun::take(port::MediaJoin& what, const PeerEntropy& entropy)
{
    if (auto added = add(what.peer, what.offerer, what.theirs, entropy); !added) fail(added.error());
}

void CallRun::take(port::MediaLeave& what, const PeerEntropy&)
{
    peers_.erase(what.peer);
    devices_.forget(what.peer);
}

void CallRun::take(port::MediaWay& what, const PeerEntropy&)
{
    if (auto* peer = find(what.peer)) peer->way(what.link, now_);
}

void CallRun::take(port::MediaParts& what, const PeerEntropy&)
{
    const bool sent = sends_pictures();
    own_ = what.own;
    if (auto* peer = find(what.peer)) peer->parts(what.own, what.theirs);
    if (!sent && sends_pictures()) next_picture_ = std::max(next_picture_, now_);
}

void CallRun::take(port::MediaFiles& what, const PeerEntropy&)
{
    if (auto* peer = find(what.peer)) peer->files(what.under_way);
}

void CallRun::datagram(const CallThread::Datagram& datagram, Instant now)
{
    if (auto* peer = find(datagram.from)) peer->receive(datagram.bytes, now);
}

void CallRun::work(std::uint64_t dropped, Instant now)
{
    now_ = now;
    sound();
    pictures();
    for (const auto& [device, peer] : peers_) {
        peer->send(now_);
        peer->look(now_);
    }
    if (auto trouble = devices_.trouble()) out_.report(call_, port::MediaTrouble{std::move(*trouble)});
    if (now_ < next_report_) return;
    next_report_ = now_ + port::media_report_every;
    const double level = level_in_.take();
    for (const auto& [device, peer] : peers_)
        peer->report(level, dropped, now_);
}

Instant CallRun::deadline() const
{
    auto out = next_step_;
    for (const auto& [device, peer] : peers_)
        out = earlier(out, peer->deadline());
    if (sends_pictures() && !devices_.app_pictures()) out = earlier(out, next_picture_);
    return out;
}

void CallRun::sound()
{
    for (int steps = 0; next_step_ <= now_; ++steps, next_step_ += step) {
        if (steps == catch_up_max) {
            next_step_ = now_ + step; // the machine stood still: that time is gone
            break;
        }
        auto in = devices_.read_audio();
        if (own_.muted || own_.held) std::fill(in.begin(), in.end(), std::int16_t{0});
        level_in_.add(in);
        for (const auto& [device, peer] : peers_) {
            if (auto pushed = peer->push_audio(in, now_); !pushed) return fail(pushed.error());
            mixer_.add(peer->pull_audio(now_));
        }
        devices_.write_audio(mixer_.take());
    }
}

void CallRun::pictures()
{
    for (const auto& [device, peer] : peers_)
        while (auto shown = peer->next_picture(now_))
            if (!own_.held) devices_.write_picture(in_group_ ? device : DeviceId{}, std::move(shown->picture));
    if (!sends_pictures()) return;
    const Duration between = Duration(1'000'000 / std::max(1, devices_.fps()));
    if (!devices_.app_pictures() && next_picture_ > now_) return;
    const auto picture = devices_.read_picture();
    next_picture_ += between;
    if (next_picture_ + 4 * between < now_) next_picture_ = now_ + between;
    if (!picture) return;
    // One that the encoder does not take is left out: the next may be another.
    for (const auto& [device, peer] : peers_)
        if (auto pushed = peer->push_picture(picture->view(), now_); !pushed && !std::exchange(told_, true))
            out_.report(call_, port::MediaTrouble{pushed.error()});
}

void CallRun::fail(Error why)
{
    if (std::exchange(failed_, true)) return;
    out_.report(call_, port::MediaFailed{std::move(why)});
}

} // namespace godwit::media_host
