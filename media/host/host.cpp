// SPDX-License-Identifier: Apache-2.0
#include "media/host/host.hpp"

#include "media/codec/video.hpp"
#include "media/host/call_thread.hpp"
#include "media/host/names.hpp"

#include <map>
#include <mutex>

namespace godwit::media_host {

namespace {

/// Datagrams that wait for the loop; more are dropped by who made them. The loop fetches in its next turn.
constexpr std::size_t outgoing_max = 1024;
/// Reports that wait for it; a few a second come.
constexpr std::size_t reports_max = 256;

class Host final : public port::MediaHost, private Out {
public:
    Host(std::unique_ptr<port::Entropy> entropy, MayMake may_make)
        : may_make_(std::move(may_make)), entropy_(std::move(entropy))
    {
    }
    ~Host() override
    {
        attach({});
        end_all();
    }

    Result<void> check(const CallDevices& devices) override { return check_names(devices, may_make_); }
    bool decodes_vp9() override { return codec::VideoDecoder::create(codec::VideoCodec::vp9).ok(); }
    Result<std::vector<CallDevice>> devices() override { return list_devices(); }

    void attach(std::function<void()> notify) override
    {
        const std::lock_guard lock(out_mutex_);
        notify_ = std::move(notify);
    }

    void order(const CallId& call, port::MediaOrder what) override
    {
        if (auto* begin = std::get_if<port::MediaBegin>(&what)) return start(call, std::move(*begin));
        if (std::holds_alternative<port::MediaEnd>(what)) return end(call);
        if (const auto one = find(call)) {
            const bool joins = std::holds_alternative<port::MediaJoin>(what);
            one->order(std::move(what), joins ? random() : PeerEntropy{});
        }
    }

    void end_all() override
    {
        std::map<CallId, std::shared_ptr<CallThread>> ended;
        {
            const std::lock_guard lock(mutex_);
            ended.swap(calls_);
        }
        for (const auto& [id, call] : ended)
            call->end(); // waits for its thread: after that nothing comes of it
        {
            // Links of the next engine have the same numbers.
            const std::lock_guard lock(out_mutex_);
            outgoing_.clear();
        }
        for (const auto& [id, call] : ended)
            report(id, port::MediaFailed{{ErrorCode::cancelled, "call media: the links were closed", 0}});
    }

    void datagram(const DeviceId& from, BytesView bytes) override
    {
        std::vector<std::shared_ptr<CallThread>> to;
        {
            const std::lock_guard lock(mutex_);
            for (const auto& [id, call] : calls_)
                to.push_back(call);
        }
        for (const auto& call : to)
            call->datagram(from, bytes);
    }

    std::vector<Outgoing> take_datagrams() override
    {
        const std::lock_guard lock(out_mutex_);
        return std::exchange(outgoing_, {});
    }
    std::vector<Report> take_reports() override
    {
        const std::lock_guard lock(out_mutex_);
        return std::exchange(reports_, {});
    }

    std::size_t push_audio(const CallId& call, std::span<const std::int16_t> samples) override
    {
        const auto one = find(call);
        return one && one->of_app().audio_source ? one->app().audio_in.write(samples) : 0;
    }
    std::size_t pull_audio(const CallId& call, std::span<std::int16_t> samples) override
    {
        const auto one = find(call);
        return one && one->of_app().audio_sink ? one->app().audio_out.read(samples) : 0;
    }
    bool push_picture(const CallId& call, int width, int height, std::span<const std::uint8_t> i420) override
    {
        const auto one = find(call);
        if (!one || !one->of_app().video_source || !media::is_picture_size(width, height) ||
            i420.size() != media::Picture::bytes_of(width, height))
            return false;
        media::Picture picture(width, height);
        static_cast<void>(picture.assign(i420));
        const std::lock_guard lock(one->app().mutex);
        one->app().picture_in = std::move(picture);
        return true;
    }
    std::optional<Picture> pull_picture(const CallId& call, const DeviceId& from) override
    {
        const auto one = find(call);
        if (!one) return std::nullopt;
        const std::lock_guard lock(one->app().mutex);
        auto& all = one->app().pictures_out;
        // In a call of two nobody needs to be named, and who names the other device means the same.
        auto at = from.is_zero() || all.contains(DeviceId{}) ? all.begin() : all.find(from);
        if (at == all.end()) return std::nullopt;
        Picture out{at->second.width(), at->second.height(), at->second.bytes(), at->first};
        all.erase(at);
        return out;
    }

private:
    std::shared_ptr<CallThread> find(const CallId& call)
    {
        const std::lock_guard lock(mutex_);
        const auto at = calls_.find(call);
        return at == calls_.end() ? nullptr : at->second;
    }
    PeerEntropy random()
    {
        PeerEntropy out{};
        const std::lock_guard lock(mutex_);
        entropy_->fill(out);
        return out;
    }
    void start(const CallId& call, port::MediaBegin begin)
    {
        auto made = CallThread::start(call, std::move(begin), random(), *this);
        if (!made) return report(call, port::MediaFailed{made.error()});
        std::shared_ptr<CallThread> other = std::move(*made); // then the one before
        {
            const std::lock_guard lock(mutex_);
            calls_[call].swap(other);
        }
        if (other) other->end();
    }
    void end(const CallId& call)
    {
        std::shared_ptr<CallThread> ended;
        {
            const std::lock_guard lock(mutex_);
            if (const auto at = calls_.find(call); at != calls_.end()) {
                ended = std::move(at->second);
                calls_.erase(at);
            }
        }
        if (ended) ended->end(); // outside of the lock: it waits for the thread
    }

    bool datagram(std::uint64_t link, Bytes bytes) override
    {
        const std::lock_guard lock(out_mutex_);
        if (outgoing_.size() >= outgoing_max || !notify_) return false;
        outgoing_.push_back({link, std::move(bytes)});
        if (outgoing_.size() == 1) notify_();
        return true;
    }
    void report(const CallId& call, port::MediaReport what) override
    {
        const std::lock_guard lock(out_mutex_);
        if (reports_.size() >= reports_max) {
            // Statistics are told again; what decides a call is not lost.
            if (std::holds_alternative<CallStatistics>(what)) return;
            std::erase_if(reports_,
                          [](const Report& one) { return std::holds_alternative<CallStatistics>(one.report); });
        }
        reports_.push_back({call, std::move(what)});
        if (notify_) notify_();
    }

    const MayMake may_make_;
    std::mutex mutex_; ///< Of the next two.
    std::unique_ptr<port::Entropy> entropy_;
    std::map<CallId, std::shared_ptr<CallThread>> calls_;
    std::mutex out_mutex_;
    std::function<void()> notify_;
    std::vector<Outgoing> outgoing_;
    std::vector<Report> reports_;
};

} // namespace

std::shared_ptr<port::MediaHost> make_host(std::unique_ptr<port::Entropy> entropy, MayMake may_make)
{
    return std::make_shared<Host>(std::move(entropy), std::move(may_make));
}

} // namespace godwit::media_host
