// SPDX-License-Identifier: Apache-2.0
#include "media/host/call_thread.hpp"

#include "media/pipeline/session.hpp"

#include <cmath>
#include <exception>

namespace godwit::media_host {

using std::chrono::milliseconds;

namespace {

static_assert(port::call_key_label == sframe::base_key_label);

constexpr Duration step = milliseconds(10);
/// How long a way that has been silent is left alone before doubt is repeated.
constexpr Duration doubt_again = milliseconds(2500);

Instant clock_now()
{
    return Instant(std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

/// Two for each device: its sound, and one more for its pictures. Both ends count alike, so nothing is negotiated.
std::uint32_t ssrc_of(const CallId& call, bool of_offerer)
{
    std::uint32_t out = 0;
    for (std::size_t i = 0; i < 4; ++i)
        out = out << 8 | call.bytes[i];
    return (out & ~std::uint32_t{7}) + (of_offerer ? 0 : 4);
}

/// Loudness since it was asked last.
class Level {
public:
    void add(media::PcmView samples)
    {
        for (const auto sample : samples)
            sum_ += static_cast<double>(sample) * sample;
        count_ += samples.size();
    }
    [[nodiscard]] double take()
    {
        const double mean = count_ == 0 ? 0 : std::exchange(sum_, 0) / static_cast<double>(std::exchange(count_, 0));
        constexpr double full = 32768.0 * 32768.0;
        return mean < 1e-3 ? -127 : std::max(-127.0, 10 * std::log10(mean / full));
    }

private:
    double sum_ = 0;
    std::size_t count_ = 0;
};

double ms_of(Duration duration)
{
    return static_cast<double>(duration.count()) / 1000;
}

} // namespace

/// What only the media thread touches.
class CallThread::Run {
public:
    explicit Run(CallThread& call) : call_(call), devices_(*call.devices_) {}

    [[nodiscard]] Result<void> begin()
    {
        const auto& begin = call_.begin_;
        pipeline::Sealing sealing;
        if (!sealing.add_epoch(begin.keys.epoch, begin.keys.base_key, begin.keys.leaves, begin.keys.own_leaf))
            return Error{ErrorCode::internal, "call media: the group's keys do not fit", 0};
        pipeline::SessionConfig config;
        config.ssrc = ssrc_of(call_.call_, begin.offerer);
        config.peer_ssrc = ssrc_of(call_.call_, !begin.offerer);
        config.entropy = call_.entropy_;
        config.video.fps = devices_.fps();
        now_ = clock_now();
        auto made = pipeline::Session::create(config, std::move(sealing), now_);
        if (!made) return made.error();
        session_ = std::move(*made);
        own_ = begin.own;
        theirs_ = begin.theirs;
        wish();
        if (devices_.wants_frames())
            session_->tap_video([this](codec::VideoCodec codec, BytesView frame, std::int64_t timestamp, int width,
                                       int height) { devices_.write_frame(codec, frame, timestamp, width, height); });
        next_step_ = next_picture_ = heard_ = now_;
        next_report_ = now_ + port::media_report_every;
        return {};
    }

    /// Until there is an order to end.
    void run()
    {
        std::deque<Bytes> datagrams;
        std::vector<port::MediaOrder> orders;
        while (wait(datagrams, orders)) {
            now_ = clock_now();
            for (auto& one : orders)
                std::visit([this](auto& what) { take(what); }, one);
            for (const auto& one : datagrams)
                receive(one);
            orders.clear();
            datagrams.clear();
            sound();
            pictures();
            send();
            look();
        }
    }

private:
    bool wait(std::deque<Bytes>& datagrams, std::vector<port::MediaOrder>& orders)
    {
        auto until = earlier(next_step_, session_->deadline());
        if (sends_pictures() && !devices_.app_pictures()) until = earlier(until, next_picture_);
        const auto at = std::chrono::steady_clock::time_point(until.time_since_epoch());
        std::unique_lock lock(call_.mutex_);
        call_.changed_.wait_until(
            lock, at, [this] { return call_.stop_ || !call_.datagrams_.empty() || !call_.orders_.empty(); });
        datagrams.swap(call_.datagrams_);
        orders.swap(call_.orders_);
        dropped_in_ = call_.dropped_;
        return !call_.stop_;
    }

    void take(port::MediaBegin&) {} // once
    void take(port::MediaKeys& what)
    {
        // False: an epoch that is known already.
        static_cast<void>(
            session_->sealing().add_epoch(what.keys.epoch, what.keys.base_key, what.keys.leaves, what.keys.own_leaf));
    }
    void take(port::MediaWay& what)
    {
        const bool other = what.link != link_ && what.link != 0;
        link_ = what.link;
        if (other && had_way_) session_->path_changed(now_);
        had_way_ = had_way_ || other;
        if (other) heard_ = std::max(heard_, now_); // it gets its time to be heard
    }
    void take(port::MediaParts& what)
    {
        own_ = what.own;
        theirs_ = what.theirs;
        wish();
    }
    void take(port::MediaEnd&) {} // the host ends the thread

    [[nodiscard]] bool sends_pictures() const { return (own_.camera || own_.screen) && !own_.held; }
    void wish()
    {
        rate::Wishes wishes;
        wishes.audio = !own_.held;
        wishes.video = sends_pictures();
        session_->set_wishes(wishes);
        if (wishes.video) next_picture_ = std::max(next_picture_, now_);
    }

    void receive(const Bytes& datagram)
    {
        ++received_;
        heard_ = now_;
        doubted_ = Instant{};
        session_->receive(datagram, now_);
    }

    void sound()
    {
        for (int steps = 0; next_step_ <= now_; ++steps, next_step_ += step) {
            if (steps == catch_up_max) {
                next_step_ = now_ + step; // the machine stood still: that time is gone
                break;
            }
            auto in = devices_.read_audio();
            if (own_.muted || own_.held) std::fill(in.begin(), in.end(), std::int16_t{0});
            level_in_.add(in);
            if (!own_.held)
                if (auto pushed = session_->push_audio(in, now_); !pushed) return fail(pushed.error());
            auto out = session_->pull_audio(now_).samples;
            if (own_.held || theirs_.held) std::fill(out.begin(), out.end(), std::int16_t{0});
            level_out_.add(out);
            devices_.write_audio(out);
        }
    }

    void pictures()
    {
        while (auto shown = session_->next_picture(now_))
            if (!own_.held) devices_.write_picture(std::move(shown->picture));
        if (!sends_pictures()) return;
        const Duration between = Duration(1'000'000 / std::max(1, devices_.fps()));
        if (!devices_.app_pictures() && next_picture_ > now_) return;
        const auto picture = devices_.read_picture();
        next_picture_ += between;
        if (next_picture_ + 4 * between < now_) next_picture_ = now_ + between;
        // One that the encoder does not take is left out: the next may be another.
        if (!picture) return;
        const auto pushed = session_->push_picture(picture->view(), now_);
        if (pushed || std::exchange(told_, true)) return;
        call_.out_.report(call_.call_, port::MediaTrouble{pushed.error()});
    }

    void send()
    {
        while (auto datagram = session_->next_datagram(now_)) {
            if (link_ != 0 && call_.out_.datagram(link_, std::move(*datagram)))
                ++sent_;
            else
                ++dropped_out_;
        }
    }

    /// What the engine is told.
    void look()
    {
        if (!flows_ && session_->statistics(now_).audio.packets + session_->statistics(now_).video.shown > 0) {
            flows_ = true;
            call_.out_.report(call_.call_, port::MediaFlows{});
        }
        if (link_ != 0 && now_ - heard_ > port::media_silence_max && doubted_ + doubt_again < now_) {
            doubted_ = now_;
            call_.out_.report(call_.call_, port::MediaSilent{});
        }
        if (auto trouble = devices_.trouble()) call_.out_.report(call_.call_, port::MediaTrouble{std::move(*trouble)});
        if (now_ < next_report_) return;
        next_report_ = now_ + port::media_report_every;
        call_.out_.report(call_.call_, statistics());
    }

    [[nodiscard]] CallStatistics statistics()
    {
        const auto s = session_->statistics(now_);
        CallStatistics out;
        out.rate_bps = s.rate_bps;
        out.audio_bps = s.audio_plan.bitrate_bps;
        out.video_bps = sends_pictures() ? s.video_bps : 0;
        out.loss_there = s.loss_there;
        out.concealed = s.concealed;
        out.round_trip_ms = ms_of(s.round_trip);
        out.jitter_ms = ms_of(s.jitter);
        out.audio_delay_ms = ms_of(s.audio_delay);
        out.mos = s.mos;
        out.level_in_db = level_in_.take();
        out.level_out_db = level_out_.take();
        out.datagrams_sent = sent_;
        out.datagrams_received = received_;
        out.datagrams_dropped = dropped_in_ + dropped_out_;
        out.frames_refused = s.refused;
        out.pictures_shown = s.video.shown;
        out.freezes = s.video.freezes;
        out.frozen_ms = static_cast<std::uint64_t>(ms_of(s.video.frozen));
        out.width = static_cast<std::uint32_t>(s.video.width);
        out.height = static_cast<std::uint32_t>(s.video.height);
        return out;
    }

    void fail(Error why)
    {
        if (failed_) return;
        failed_ = true;
        call_.out_.report(call_.call_, port::MediaFailed{std::move(why)});
    }

    CallThread& call_;
    Devices& devices_;
    std::unique_ptr<pipeline::Session> session_;
    Instant now_{};
    Instant next_step_{}, next_picture_{}, next_report_{};
    CallMedia own_, theirs_;
    std::uint64_t link_ = 0;
    bool had_way_ = false;
    Instant heard_{}, doubted_{};
    bool flows_ = false, failed_ = false;
    std::uint64_t sent_ = 0, received_ = 0, dropped_in_ = 0, dropped_out_ = 0;
    Level level_in_, level_out_;
    bool told_ = false; ///< That a picture could not be sent.
};

CallThread::CallThread(const CallId& call, port::MediaBegin begin, const std::array<std::uint8_t, 12>& entropy,
                       Out& out)
    : call_(call), begin_(std::move(begin)), entropy_(entropy), out_(out)
{
}

Result<std::unique_ptr<CallThread>> CallThread::start(const CallId& call, port::MediaBegin begin,
                                                      const std::array<std::uint8_t, 12>& entropy, Out& out)
{
    auto devices = Devices::open(begin.devices);
    if (!devices) return devices.error();
    std::unique_ptr<CallThread> made(new CallThread(call, std::move(begin), entropy, out));
    made->devices_ = std::move(*devices);
    try {
        made->thread_ = std::thread([self = made.get()] {
            Error why{ErrorCode::internal, "call media: out of memory", 0};
            try {
                Run run(*self);
                const auto begun = run.begin();
                if (begun) return run.run();
                why = begun.error();
            } catch (const std::exception&) { // of a vendor, or no memory: this call ends, nothing else
            }
            self->out_.report(self->call_, port::MediaFailed{std::move(why)});
        });
    } catch (const std::exception& trouble) {
        return Error{ErrorCode::internal, std::string("call media: no thread: ") + trouble.what(), 0};
    }
    return made;
}

CallThread::~CallThread()
{
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void CallThread::order(port::MediaOrder order)
{
    {
        const std::lock_guard lock(mutex_);
        orders_.push_back(std::move(order));
    }
    changed_.notify_one();
}

void CallThread::datagram(BytesView bytes)
{
    {
        const std::lock_guard lock(mutex_);
        if (datagrams_.size() >= inbox_datagrams_max) {
            datagrams_.pop_front();
            ++dropped_;
        }
        datagrams_.push_back(to_bytes(bytes));
    }
    changed_.notify_one();
}

} // namespace godwit::media_host
