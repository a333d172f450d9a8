// SPDX-License-Identifier: Apache-2.0
#include "media/host/video_sink.hpp"

#include "lib/base/bytes.hpp"
#include "media/codec/convert.hpp"

namespace godwit::media_host {

namespace {

constexpr int y4m_fps = 30;
constexpr std::size_t device_bytes_named = 4;

} // namespace

std::string name_for(const std::string& path, const DeviceId& device)
{
    if (device.is_zero()) return path;
    const auto slash = path.find_last_of('/');
    auto dot = path.find_last_of('.');
    if (dot == std::string::npos || dot == 0 || (slash != std::string::npos && dot <= slash + 1)) dot = path.size();
    return path.substr(0, dot) + "-" + to_hex(device.view().first(device_bytes_named)) + path.substr(dot);
}

bool is_ivf(const std::string& path)
{
    return path.size() > 4 && path.compare(path.size() - 4, 4, ".ivf") == 0;
}

Result<void> VideoSink::failed(Error why)
{
    broken_ = true;
    y4m_.reset();
    ivf_.reset();
    why.detail = "video_sink \"" + path_ + "\": " + why.detail;
    return why;
}

Result<void> VideoSink::write(const media::Picture& picture)
{
    if (broken_) return {};
    if (!y4m_) {
        auto made = pipeline::Y4mWriter::create(path_, y4m_fps);
        if (!made) return failed(made.error());
        y4m_.emplace(std::move(*made));
        width_ = picture.width();
        height_ = picture.height();
    }
    if (picture.width() == width_ && picture.height() == height_) {
        auto written = y4m_->write(picture);
        return written ? written : failed(written.error());
    }
    auto scaled = codec::scale(picture.view(), width_, height_);
    if (!scaled) return failed(scaled.error());
    auto written = y4m_->write(*scaled);
    return written ? written : failed(written.error());
}

Result<void> VideoSink::write(codec::VideoCodec codec, BytesView frame, std::int64_t timestamp, int width, int height)
{
    if (broken_) return {};
    if (!ivf_) {
        auto made = pipeline::IvfWriter::create(path_, codec, width, height);
        if (!made) return failed(made.error());
        ivf_.emplace(std::move(*made));
        first_ = timestamp;
        codec_ = codec;
    }
    if (codec != codec_)
        return failed(
            {ErrorCode::unsupported, "an IVF is of one codec, and the other device has changed to another", 0});
    auto written = ivf_->write(frame, static_cast<std::uint64_t>(timestamp - first_));
    return written ? written : failed(written.error());
}

} // namespace godwit::media_host
