// SPDX-License-Identifier: Apache-2.0
// Files instead of microphones and loudspeakers, by libsndfile: WAV, FLAC, Ogg Opus and what else it reads. Any rate
// becomes 48 kHz, any number of channels one.
#pragma once

#include <godwit/result.hpp>

#include "media/base/pcm.hpp"

#include <memory>
#include <string>

namespace godwit::pipeline {

/// A file of sound is not longer than that, or it is refused: 4 hours.
inline constexpr Duration sound_file_max = std::chrono::hours(4);
inline constexpr int sound_file_channels_max = 8;

class SoundReader {
public:
    /// Errors: no_such_file (it cannot be opened), invalid_argument (no sound that libsndfile reads, or beyond the
    /// bounds).
    [[nodiscard]] static Result<SoundReader> open(const std::string& path);
    SoundReader(SoundReader&&) noexcept;
    SoundReader& operator=(SoundReader&&) noexcept;
    ~SoundReader();

    /// The next samples, mono; fewer than wanted at the end, none behind it. Errors: malformed (a file that breaks
    /// off).
    [[nodiscard]] Result<media::Pcm> read(std::size_t samples);

private:
    struct Impl;
    explicit SoundReader(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// WAV, 16 bits, 48 kHz, mono.
class SoundWriter {
public:
    /// Errors: invalid_argument (it cannot be written there).
    [[nodiscard]] static Result<SoundWriter> create(const std::string& path);
    SoundWriter(SoundWriter&&) noexcept;
    SoundWriter& operator=(SoundWriter&&) noexcept;
    /// The file is whole only after this.
    ~SoundWriter();

    /// Errors: storage_failed.
    [[nodiscard]] Result<void> write(media::PcmView samples);

private:
    struct Impl;
    explicit SoundWriter(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace godwit::pipeline
