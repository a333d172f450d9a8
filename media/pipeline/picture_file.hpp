// SPDX-License-Identifier: Apache-2.0
// Files instead of cameras and screens: YUV4MPEG2 (.y4m, pictures as they are, what every tool reads and writes) and
// IVF
// (.ivf, VP8 and VP9 frames, as libvpx' tools write it). Both are a line or two of header, and no library is made of
// them.
#pragma once

#include <godwit/result.hpp>

#include "media/base/picture.hpp"
#include "media/codec/stream_header.hpp"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

namespace godwit::pipeline {

struct CloseStdio {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using StdioFile = std::unique_ptr<std::FILE, CloseStdio>;

/// The first line of a Y4M, and each frame's.
inline constexpr std::size_t y4m_line_bytes_max = 256;

class Y4mReader {
public:
    /// Errors: no_such_file, invalid_argument (no Y4M, no 4:2:0 of 8 bits, no picture size; detail says which).
    [[nodiscard]] static Result<Y4mReader> open(const std::string& path);
    /// nullopt: the end. Errors: malformed (it breaks off).
    [[nodiscard]] Result<std::optional<media::Picture>> read();
    [[nodiscard]] int width() const noexcept { return width_; }
    [[nodiscard]] int height() const noexcept { return height_; }
    /// Rounded; 1 to 120.
    [[nodiscard]] int fps() const noexcept { return fps_; }

private:
    StdioFile file_;
    int width_ = 0, height_ = 0, fps_ = 30;
};

class Y4mWriter {
public:
    /// Errors: invalid_argument (it cannot be written there).
    [[nodiscard]] static Result<Y4mWriter> create(const std::string& path, int fps);
    /// All of the first one's size: a Y4M has one. Errors: invalid_argument (another size), storage_failed.
    [[nodiscard]] Result<void> write(const media::Picture& picture);

private:
    StdioFile file_;
    int fps_ = 30, width_ = 0, height_ = 0;
};

class IvfWriter {
public:
    /// Errors: invalid_argument (it cannot be written there).
    [[nodiscard]] static Result<IvfWriter> create(const std::string& path, codec::VideoCodec codec, int width,
                                                  int height);
    /// `timestamp`: of the 90 kHz clock, from 0. Errors: storage_failed.
    [[nodiscard]] Result<void> write(BytesView frame, std::uint64_t timestamp);

private:
    StdioFile file_;
    std::uint32_t frames_ = 0;
};

} // namespace godwit::pipeline
