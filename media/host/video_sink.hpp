// SPDX-License-Identifier: Apache-2.0
// Where the pictures of one other device go, when they go to a file.
#pragma once

#include <godwit/ids.hpp>
#include <godwit/result.hpp>

#include "media/pipeline/picture_file.hpp"

#include <optional>
#include <string>

namespace godwit::media_host {

/// "out.y4m" becomes "out-1a2b3c4d.y4m"; a zero device leaves it as it is.
[[nodiscard]] std::string name_for(const std::string& path, const DeviceId& device);
[[nodiscard]] bool is_ivf(const std::string& path);

/// Made with the first picture, since headers want a size. After the first error nothing is written any more.
class VideoSink {
public:
    explicit VideoSink(std::string path) : path_(std::move(path)) {}

    /// Into a Y4M: as large as the first was. Errors: as Y4mWriter.
    [[nodiscard]] Result<void> write(const media::Picture& picture);
    /// Into an IVF, as it came. `timestamp`: 90 kHz. Errors: as IvfWriter; unsupported (another codec than before).
    [[nodiscard]] Result<void> write(codec::VideoCodec codec, BytesView frame, std::int64_t timestamp, int width,
                                     int height);

private:
    [[nodiscard]] Result<void> failed(Error why);

    std::string path_;
    bool broken_ = false;
    std::optional<pipeline::Y4mWriter> y4m_;
    int width_ = 0, height_ = 0;
    std::optional<pipeline::IvfWriter> ivf_;
    std::int64_t first_ = 0;
    codec::VideoCodec codec_{}; ///< Of the file.
};

} // namespace godwit::media_host
