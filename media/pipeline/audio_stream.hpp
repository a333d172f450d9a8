// SPDX-License-Identifier: Apache-2.0
// Sound: from tens of milliseconds to packets, and back.
#pragma once

#include "media/codec/audio.hpp"
#include "media/jitter/audio_buffer.hpp"
#include "media/pipeline/sealing.hpp"
#include "media/rate/share.hpp"
#include "media/rtp/packet.hpp"
#include "media/rtp/reception.hpp"
#include "media/rtp/sequence.hpp"

#include <deque>

namespace godwit::pipeline {

struct StreamStart {
    std::uint32_t ssrc = 0;
    std::uint16_t sequence_number = 0; ///< Random, as RFC 3550 section 5.1 wants.
    std::uint32_t timestamp = 0;
};

class AudioSender {
public:
    /// Errors: those of codec::AudioEncoder::create.
    [[nodiscard]] static Result<AudioSender> create(const StreamStart& start, Sealing& sealing);

    /// Mono, any number of samples. The packets that became whole, not yet numbered (stream.hpp). Errors: internal.
    [[nodiscard]] Result<std::vector<Bytes>> capture(media::PcmView samples);
    void set_plan(const rate::AudioPlan& plan);
    /// Timestamp of the next sample that capture() takes: for sender reports.
    [[nodiscard]] std::uint32_t timestamp() const noexcept;
    [[nodiscard]] std::uint32_t ssrc() const noexcept { return start_.ssrc; }
    [[nodiscard]] std::uint32_t packets() const noexcept { return packets_; }
    [[nodiscard]] std::uint32_t octets() const noexcept { return octets_; }
    [[nodiscard]] const rate::AudioPlan& plan() const noexcept { return plan_; }

private:
    AudioSender(const StreamStart& start, Sealing& sealing, codec::AudioEncoder encoder)
        : start_(start), sealing_(&sealing), encoder_(std::move(encoder))
    {
    }
    [[nodiscard]] std::optional<Bytes> packet_of(Bytes frame);

    StreamStart start_; ///< Of the next packet.
    Sealing* sealing_;
    codec::AudioEncoder encoder_;
    rate::AudioPlan plan_;
    media::Pcm waiting_;
    struct Frame {
        std::uint32_t timestamp;
        Bytes data;
    };
    std::deque<Frame> before_; ///< For redundancy.
    bool silent_ = true;       ///< Nothing was sent for the frame before: the next packet begins a talkspurt.
    std::uint32_t packets_ = 0, octets_ = 0;
};

class AudioReceiver {
public:
    [[nodiscard]] static Result<std::unique_ptr<AudioReceiver>> create(std::uint32_t ssrc, Sealing& sealing);

    void receive(const rtp::Packet& packet, Instant now);
    /// 10 ms, mono.
    [[nodiscard]] jitter::AudioBuffer::Pulled pull(Instant now) { return buffer_.pull(now); }
    [[nodiscard]] jitter::AudioStatistics statistics() const noexcept { return buffer_.statistics(); }
    [[nodiscard]] rtp::Reception& reception() noexcept { return reception_; }

private:
    class Decoder;
    AudioReceiver(std::uint32_t ssrc, Sealing& sealing, std::unique_ptr<jitter::AudioDecoder> decoder);

    Sealing& sealing_;
    std::unique_ptr<jitter::AudioDecoder> decoder_;
    jitter::AudioBuffer buffer_;
    rtp::Reception reception_;
    rtp::SequenceUnwrapper sequence_;
    rtp::TimestampUnwrapper timestamp_;
};

} // namespace godwit::pipeline
