// SPDX-License-Identifier: Apache-2.0
#include "media/device/camera.hpp"

#include "media/codec/convert.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>

#include <linux/videodev2.h>

namespace godwit::device {

namespace {

constexpr std::uint32_t buffers_wanted = 4;
/// No driver needs more for a picture of the largest size.
constexpr std::size_t buffer_bytes_max = 4 * static_cast<std::size_t>(media::picture_pixels_max) + 65'536;
constexpr Duration stop_looked_at = std::chrono::milliseconds(100);
/// A camera that gives nothing for so long has gone; waking up takes a second or two.
constexpr Duration silence_max = std::chrono::seconds(5);

struct Format {
    std::uint32_t fourcc;
    codec::PixelFormat pixels;
};
/// Best first: the least to be converted, and nothing compressed.
constexpr Format formats[] = {{V4L2_PIX_FMT_YUV420, codec::PixelFormat::i420},
                              {V4L2_PIX_FMT_NV12, codec::PixelFormat::nv12},
                              {V4L2_PIX_FMT_YUYV, codec::PixelFormat::yuy2},
                              {V4L2_PIX_FMT_UYVY, codec::PixelFormat::uyvy},
                              {V4L2_PIX_FMT_BGR24, codec::PixelFormat::rgb24}};

Error about(const std::string& path, ErrorCode code, const std::string& what)
{
    return {code, "camera \"" + path + "\": " + what, 0};
}

Error none_here()
{
    return {ErrorCode::no_such_file, "this machine has no camera: connect one, or name a Y4M file or \"none\"", 0};
}

Error failed(const std::string& path, const char* step)
{
    const int why = errno;
    if (why == ENOENT || why == ENODEV || why == ENXIO)
        return about(path, ErrorCode::no_such_file, "there is no such camera");
    if (why == EACCES || why == EPERM)
        return about(path, ErrorCode::invalid_argument, "no right to it: the user has to be in the group \"video\"");
    if (why == EBUSY) return about(path, ErrorCode::invalid_argument, "another program has it: close that one first");
    return about(path, ErrorCode::internal, std::string(step) + ": " + std::system_category().message(why));
}

/// An open file of the driver.
class Handle {
public:
    Handle(V4l2& system, const std::string& path) : system_(&system), fd_(system.open(path.c_str())) {}
    ~Handle()
    {
        if (fd_ >= 0) system_->close(fd_);
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] bool control(unsigned long request, void* argument) const
    {
        int answer = -1;
        do
            answer = system_->control(fd_, request, argument);
        while (answer == -1 && errno == EINTR);
        return answer != -1;
    }
    /// nullopt: it takes no pictures, or does not stream them. The name is what its driver says.
    [[nodiscard]] std::optional<std::string> camera_name() const
    {
        v4l2_capability what{};
        if (fd_ < 0 || !control(VIDIOC_QUERYCAP, &what)) return std::nullopt;
        const auto can = (what.capabilities & V4L2_CAP_DEVICE_CAPS) != 0 ? what.device_caps : what.capabilities;
        if ((can & V4L2_CAP_VIDEO_CAPTURE) == 0 || (can & V4L2_CAP_STREAMING) == 0) return std::nullopt;
        const auto* const card = reinterpret_cast<const char*>(what.card);
        return std::string(card, ::strnlen(card, sizeof what.card));
    }

private:
    V4l2* system_;
    int fd_;
};

class V4l2Camera final : public Camera {
public:
    V4l2Camera(CameraConfig config, std::shared_ptr<V4l2> system)
        : config_(std::move(config)), system_(std::move(system)), handle_(*system_, config_.name)
    {
    }
    ~V4l2Camera() override
    {
        stop_ = true;
        if (thread_.joinable()) thread_.join();
        int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
        if (streaming_) static_cast<void>(handle_.control(VIDIOC_STREAMOFF, &type));
        for (const auto& one : buffers_)
            system_->unmap(one.memory, one.length);
    }
    [[nodiscard]] std::optional<Error> open()
    {
        if (handle_.fd() < 0) return failed(config_.name, "open");
        if (!handle_.camera_name()) return about(config_.name, ErrorCode::invalid_argument, "this is no camera");
        if (auto trouble = choose_format()) return trouble;
        if (auto trouble = make_buffers()) return trouble;
        int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
        if (!handle_.control(VIDIOC_STREAMON, &type)) return failed(config_.name, "to begin");
        streaming_ = true;
        try {
            thread_ = std::thread([this] { run(); });
        } catch (const std::system_error& trouble) {
            return about(config_.name, ErrorCode::internal, trouble.what());
        }
        return std::nullopt;
    }
    int width() const override { return width_; }
    int height() const override { return height_; }
    int fps() const override { return fps_; }
    std::optional<Error> trouble() override
    {
        if (!gone_.exchange(false)) return std::nullopt;
        return about(config_.name, ErrorCode::internal, "it gives no pictures any more; is it still connected?");
    }

private:
    struct Buffer {
        void* memory = nullptr;
        std::size_t length = 0;
    };

    std::optional<Error> choose_format()
    {
        for (const auto& one : formats) {
            v4l2_format wanted{};
            wanted.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
            wanted.fmt.pix.width = static_cast<std::uint32_t>(config_.width);
            wanted.fmt.pix.height = static_cast<std::uint32_t>(config_.height);
            wanted.fmt.pix.pixelformat = one.fourcc;
            wanted.fmt.pix.field = V4L2_FIELD_ANY;
            if (!handle_.control(VIDIOC_S_FMT, &wanted)) {
                if (errno == EINVAL) continue;
                return failed(config_.name, "the format");
            }
            // The driver answers with what it does instead.
            const auto& given = wanted.fmt.pix;
            if (given.pixelformat != one.fourcc) continue;
            if (!media::is_picture_size(given.width, given.height)) continue;
            width_ = static_cast<int>(given.width) & ~1;
            height_ = static_cast<int>(given.height);
            if (width_ != static_cast<int>(given.width)) continue;
            // Rows with gaps between them are not read here.
            const auto size = codec::bytes_of(one.pixels, width_, height_);
            if (given.sizeimage < size || (given.bytesperline != 0 && !packed(one.pixels, given.bytesperline)))
                continue;
            pixels_ = one.pixels;
            choose_rate();
            return std::nullopt;
        }
        return about(
            config_.name, ErrorCode::invalid_argument,
            "it gives no picture that can be read here (I420, NV12, YUYV, UYVY or BGR of at most 1920 x 1080)");
    }
    [[nodiscard]] bool packed(codec::PixelFormat pixels, std::uint32_t bytes_per_line) const
    {
        const auto width = static_cast<std::uint32_t>(width_);
        switch (pixels) {
        case codec::PixelFormat::yuy2:
        case codec::PixelFormat::uyvy: return bytes_per_line == 2 * width;
        case codec::PixelFormat::rgb24: return bytes_per_line == 3 * width;
        default: return bytes_per_line == width;
        }
    }
    void choose_rate()
    {
        fps_ = std::clamp(config_.fps, 1, 120);
        v4l2_streamparm parameters{};
        parameters.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
        parameters.parm.capture.timeperframe = {1, static_cast<std::uint32_t>(fps_)};
        if (!handle_.control(VIDIOC_S_PARM, &parameters)) return;
        const auto& time = parameters.parm.capture.timeperframe;
        if (time.numerator > 0) fps_ = static_cast<int>(std::clamp(time.denominator / time.numerator, 1U, 120U));
    }
    std::optional<Error> make_buffers()
    {
        v4l2_requestbuffers asked{};
        asked.count = buffers_wanted;
        asked.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
        asked.memory = V4L2_MEMORY_MMAP;
        if (!handle_.control(VIDIOC_REQBUFS, &asked)) return failed(config_.name, "buffers");
        if (asked.count == 0) return about(config_.name, ErrorCode::internal, "its driver gives no buffers");
        for (std::uint32_t i = 0; i < std::min(asked.count, buffers_wanted); ++i) {
            v4l2_buffer one = buffer(i);
            if (!handle_.control(VIDIOC_QUERYBUF, &one)) return failed(config_.name, "a buffer");
            if (one.length > buffer_bytes_max || one.length < codec::bytes_of(pixels_, width_, height_))
                return about(config_.name, ErrorCode::internal, "a buffer of its driver has an impossible size");
            void* const memory = system_->map(handle_.fd(), one.length, one.m.offset);
            if (memory == nullptr) return failed(config_.name, "a buffer");
            buffers_.push_back({memory, one.length});
            if (!handle_.control(VIDIOC_QBUF, &one)) return failed(config_.name, "a buffer");
        }
        return std::nullopt;
    }
    [[nodiscard]] static v4l2_buffer buffer(std::uint32_t index)
    {
        v4l2_buffer out{};
        out.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
        out.memory = V4L2_MEMORY_MMAP;
        out.index = index;
        return out;
    }
    void run()
    {
        Duration silent{};
        while (!stop_) {
            const int there = system_->wait(handle_.fd(), stop_looked_at);
            if (there == 0) silent += stop_looked_at;
            const bool dead = (there < 0 && errno != EINTR) || silent >= silence_max;
            if (dead || (there > 0 && !take(silent))) {
                gone_ = true;
                return;
            }
        }
    }
    /// False: there is no camera any more.
    bool take(Duration& silent)
    {
        v4l2_buffer one = buffer(0);
        if (!handle_.control(VIDIOC_DQBUF, &one)) return errno == EAGAIN || errno == EIO;
        if (one.index >= buffers_.size()) return false;
        const auto size = codec::bytes_of(pixels_, width_, height_);
        // A broken picture is one that is left out.
        if ((one.flags & V4L2_BUF_FLAG_ERROR) == 0 && one.bytesused >= size && buffers_[one.index].length >= size) {
            const BytesView bytes(static_cast<const std::uint8_t*>(buffers_[one.index].memory), size);
            if (auto picture = codec::to_i420(pixels_, bytes, width_, height_)) {
                silent = Duration(0);
                config_.captured(std::move(*picture));
            }
        }
        return handle_.control(VIDIOC_QBUF, &one);
    }

    CameraConfig config_;
    std::shared_ptr<V4l2> system_;
    Handle handle_;
    codec::PixelFormat pixels_ = codec::PixelFormat::i420;
    int width_ = 0, height_ = 0, fps_ = 30;
    std::vector<Buffer> buffers_;
    bool streaming_ = false;
    std::atomic<bool> stop_ = false, gone_ = false;
    std::thread thread_;
};

} // namespace

Result<std::vector<CallDevice>> list_cameras(V4l2* system)
{
    std::vector<CallDevice> out;
    if (system == nullptr) return out;
    for (const auto& path : system->paths())
        if (const auto name = Handle(*system, path).camera_name()) out.push_back({path, *name, false, false, true});
    return out;
}

Result<void> check_camera(const std::string& name, V4l2* system)
{
    if (system == nullptr)
        return Error{ErrorCode::unsupported, "this build of godwit knows no cameras: name a Y4M file", 0};
    if (name.empty()) {
        const auto all = list_cameras(system);
        return all && !all->empty() ? Result<void>() : Result<void>(none_here());
    }
    const Handle handle(*system, name);
    if (handle.fd() < 0) return failed(name, "open");
    return handle.camera_name() ? Result<void>()
                                : Result<void>(about(name, ErrorCode::invalid_argument, "this is no camera"));
}

Result<std::unique_ptr<Camera>> open_camera(CameraConfig config, std::shared_ptr<V4l2> system)
{
    if (auto fine = check_camera(config.name, system.get()); !fine) return fine.error();
    if (config.name.empty()) {
        const auto all = list_cameras(system.get());
        if (!all || all->empty()) return none_here();
        config.name = all->front().name;
    }
    auto made = std::make_unique<V4l2Camera>(std::move(config), std::move(system));
    if (auto trouble = made->open()) return *trouble;
    return Result<std::unique_ptr<Camera>>(std::move(made));
}

} // namespace godwit::device
