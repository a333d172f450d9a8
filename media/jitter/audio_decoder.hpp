// SPDX-License-Identifier: Apache-2.0
// What the audio buffer needs of a codec; media/pipeline puts Opus behind it, tests something simpler.
#pragma once

#include <godwit/result.hpp>

#include "lib/base/bytes.hpp"
#include "media/base/pcm.hpp"

namespace godwit::jitter {

/// Called by the audio buffer, in the order of playing, from its owner's thread.
class AudioDecoder {
public:
    virtual ~AudioDecoder() = default;
    [[nodiscard]] virtual int channels() const noexcept = 0;
    /// Samples of one channel in a packet, without decoding it; 0: it is none.
    [[nodiscard]] virtual int samples_of(BytesView packet) const noexcept = 0;
    /// Whether recover() would know more than conceal().
    [[nodiscard]] virtual bool has_fec(BytesView packet) const noexcept = 0;
    [[nodiscard]] virtual Result<media::Pcm> decode(BytesView packet) = 0;
    /// The `samples` (of one channel) just before `next`, which is not consumed.
    [[nodiscard]] virtual Result<media::Pcm> recover(BytesView next, int samples) = 0;
    /// `samples`: a multiple of 2.5 ms.
    [[nodiscard]] virtual Result<media::Pcm> conceal(int samples) = 0;
};

} // namespace godwit::jitter
