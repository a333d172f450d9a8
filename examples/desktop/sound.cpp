// SPDX-License-Identifier: Apache-2.0
#include "sound.hpp"

#if defined(GODWIT_DESKTOP_SOUND)

#include <QAudioDevice>
#include <QAudioFormat>
#include <QAudioSink>
#include <QAudioSource>
#include <QIODevice>
#include <QMediaDevices>

#include <algorithm>
#include <cstring>

namespace {

constexpr qint64 sample_bytes = sizeof(std::int16_t);

/// What Qt reads to play, and writes what it recorded to. Whole samples only; between the two rings nothing waits.
class CallPipe : public QIODevice {
public:
    CallPipe(godwit::Client& client, const godwit::CallId& call) : client_(client), call_(call)
    {
        open(QIODevice::ReadWrite);
    }
    [[nodiscard]] bool isSequential() const override { return true; }
    [[nodiscard]] qint64 bytesAvailable() const override { return QIODevice::bytesAvailable() + 960 * sample_bytes; }

protected:
    qint64 readData(char* data, qint64 bytes) override
    {
        samples_.resize(static_cast<std::size_t>(bytes / sample_bytes));
        const auto got = client_.pull_audio(call_, samples_);
        std::fill(samples_.begin() + static_cast<std::ptrdiff_t>(got), samples_.end(), std::int16_t{0});
        std::memcpy(data, samples_.data(), samples_.size() * sample_bytes);
        return static_cast<qint64>(samples_.size()) * sample_bytes;
    }
    qint64 writeData(const char* data, qint64 bytes) override
    {
        samples_.resize(static_cast<std::size_t>(bytes / sample_bytes));
        std::memcpy(samples_.data(), data, samples_.size() * sample_bytes);
        (void)client_.push_audio(call_, samples_); // what the ring has no room for is late, and worth nothing
        return bytes;
    }

private:
    godwit::Client& client_;
    godwit::CallId call_;
    std::vector<std::int16_t> samples_;
};

class QtSound : public CallSound {
public:
    QtSound(godwit::Client& client, const godwit::CallId& call, const godwit::CallDevices& devices)
        : out_(client, call), in_(client, call)
    {
        QAudioFormat format;
        format.setSampleRate(godwit::call_sample_rate_hz);
        format.setChannelCount(1);
        format.setSampleFormat(QAudioFormat::Int16);
        const auto speaker = QMediaDevices::defaultAudioOutput();
        if (devices.audio_sink == "app" && !speaker.isNull()) {
            sink_ = std::make_unique<QAudioSink>(speaker, format);
            sink_->setBufferSize(godwit::call_sample_rate_hz / 20 * sample_bytes);
            sink_->start(&out_);
        }
        const auto microphone = QMediaDevices::defaultAudioInput();
        if (devices.audio_source == "app" && !microphone.isNull()) {
            source_ = std::make_unique<QAudioSource>(microphone, format);
            source_->start(&in_);
        }
    }
    ~QtSound() override
    {
        if (sink_) sink_->stop();
        if (source_) source_->stop();
    }

private:
    CallPipe out_, in_;
    std::unique_ptr<QAudioSink> sink_;
    std::unique_ptr<QAudioSource> source_;
};

} // namespace

bool has_sound()
{
    return !QMediaDevices::defaultAudioOutput().isNull();
}

std::unique_ptr<CallSound> start_sound(godwit::Client& client, const godwit::CallId& call,
                                       const godwit::CallDevices& devices)
{
    if (devices.audio_sink != "app" && devices.audio_source != "app") return nullptr;
    return std::make_unique<QtSound>(client, call, devices);
}

#else

bool has_sound()
{
    return false;
}

std::unique_ptr<CallSound> start_sound(godwit::Client&, const godwit::CallId&, const godwit::CallDevices&)
{
    return nullptr;
}

#endif
