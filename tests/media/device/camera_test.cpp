// SPDX-License-Identifier: Apache-2.0
// A camera whose driver is played by the test: what the kernel may answer, and what we make of it.
#include "media/device/camera.hpp"

#include "media/codec/convert.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>

#include <linux/videodev2.h>

using namespace godwit;
using namespace godwit::device;

namespace {

/// Of one camera at /dev/video0 that gives YUYV pictures of one colour after another, as many as are let go.
struct FakeDriver final : V4l2 {
    std::mutex mutex;
    std::condition_variable changed;
    bool present = true, is_camera = true;
    int open_error = 0, format_error = 0, stream_error = 0;
    std::uint32_t offers = V4L2_PIX_FMT_YUYV;
    std::uint32_t width = 320, height = 240;
    std::uint32_t bytes_per_line = 0; ///< 0: as it should be.
    std::uint32_t buffer_length = 0;  ///< Likewise.
    std::uint32_t bytes_used = 0;     ///< Likewise.
    std::uint32_t flags = 0, index_shift = 0;
    int to_give = 0;
    bool unplugged = false;
    int opened = 0, closed = 0, mapped = 0, unmapped = 0;
    bool streaming = false;
    std::map<std::uint32_t, Bytes> memory;
    std::deque<std::uint32_t> queued;
    int given = 0;

    [[nodiscard]] std::uint32_t size() const { return width * height * (offers == V4L2_PIX_FMT_YUYV ? 2 : 3); }
    static int fail(int why)
    {
        errno = why;
        return -1;
    }
    int open(const char* path) override
    {
        const std::lock_guard lock(mutex);
        if (!present || std::strcmp(path, "/dev/video0") != 0) return fail(ENOENT);
        if (open_error != 0) return fail(open_error);
        ++opened;
        return 7;
    }
    void close(int) override
    {
        const std::lock_guard lock(mutex);
        ++closed;
    }
    int control(int, unsigned long request, void* argument) override
    {
        const std::lock_guard lock(mutex);
        if (unplugged) return fail(ENODEV);
        switch (request) {
        case VIDIOC_QUERYCAP: {
            auto& out = *static_cast<v4l2_capability*>(argument);
            std::memcpy(out.card, "Played camera", 14);
            out.capabilities = V4L2_CAP_DEVICE_CAPS;
            out.device_caps = is_camera ? V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING : V4L2_CAP_VIDEO_OUTPUT;
            return 0;
        }
        case VIDIOC_S_FMT: {
            if (format_error != 0) return fail(format_error);
            auto& pix = static_cast<v4l2_format*>(argument)->fmt.pix;
            pix.pixelformat = offers; // whatever was asked for, as drivers do
            pix.width = width;
            pix.height = height;
            pix.bytesperline = bytes_per_line != 0 ? bytes_per_line : size() / height;
            pix.sizeimage = size();
            return 0;
        }
        case VIDIOC_S_PARM: {
            static_cast<v4l2_streamparm*>(argument)->parm.capture.timeperframe = {1, 15};
            return 0;
        }
        case VIDIOC_REQBUFS: static_cast<v4l2_requestbuffers*>(argument)->count = 3; return 0;
        case VIDIOC_QUERYBUF: {
            auto& out = *static_cast<v4l2_buffer*>(argument);
            out.length = buffer_length != 0 ? buffer_length : size();
            out.m.offset = out.index * 0x100000;
            return 0;
        }
        case VIDIOC_QBUF: queued.push_back(static_cast<v4l2_buffer*>(argument)->index); return 0;
        case VIDIOC_STREAMON:
            if (stream_error != 0) return fail(stream_error);
            streaming = true;
            return 0;
        case VIDIOC_STREAMOFF: streaming = false; return 0;
        case VIDIOC_DQBUF: {
            if (to_give == 0 || queued.empty()) return fail(EAGAIN);
            --to_give;
            auto& out = *static_cast<v4l2_buffer*>(argument);
            out.index = queued.front() + index_shift;
            queued.pop_front();
            out.flags = flags;
            out.bytesused = bytes_used != 0 ? bytes_used : size();
            auto& bytes = memory[out.index];
            for (std::size_t i = 0; i < bytes.size(); ++i) // YUYV: grey
                bytes[i] = i % 2 == 0 ? static_cast<std::uint8_t>(50 + given) : std::uint8_t{128};
            ++given;
            return 0;
        }
        default: return fail(ENOTTY);
        }
    }
    void* map(int, std::size_t length, std::uint32_t offset) override
    {
        const std::lock_guard lock(mutex);
        ++mapped;
        auto& out = memory[offset / 0x100000];
        out.resize(length);
        return out.data();
    }
    void unmap(void*, std::size_t) override
    {
        const std::lock_guard lock(mutex);
        ++unmapped;
    }
    int wait(int, Duration wait_max) override
    {
        std::unique_lock lock(mutex);
        changed.wait_for(lock, wait_max, [this] { return unplugged || (streaming && to_give > 0 && !queued.empty()); });
        if (unplugged) return fail(ENODEV);
        return to_give > 0 && !queued.empty() ? 1 : 0;
    }
    std::vector<std::string> paths() override { return {"/dev/video0", "/dev/video3"}; }
    void give(int pictures)
    {
        const std::lock_guard lock(mutex);
        to_give += pictures;
        changed.notify_all();
    }
    void unplug()
    {
        const std::lock_guard lock(mutex);
        unplugged = true;
        changed.notify_all();
    }
};

/// What the camera's thread brings.
struct Album {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<media::Picture> pictures;
    void add(media::Picture picture)
    {
        const std::lock_guard lock(mutex);
        pictures.push_back(std::move(picture));
        changed.notify_all();
    }
    [[nodiscard]] bool until(std::size_t count)
    {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, std::chrono::minutes(1), [&] { return pictures.size() >= count; });
    }
};

Result<std::unique_ptr<Camera>> open(const std::shared_ptr<FakeDriver>& driver, Album& album, std::string name = {})
{
    CameraConfig config;
    config.name = std::move(name);
    config.captured = [&album](media::Picture picture) { album.add(std::move(picture)); };
    return open_camera(std::move(config), driver);
}

void refused(const std::shared_ptr<FakeDriver>& driver, ErrorCode code, std::string_view says,
             const std::string& name = "/dev/video0")
{
    Album album;
    const auto opened = open(driver, album, name);
    REQUIRE_FALSE(opened.ok());
    CHECK(opened.error().code == code);
    CHECK_MESSAGE(opened.error().detail.find(says) != std::string::npos, opened.error().detail);
    CHECK(driver->opened == driver->closed); // nothing stays open
    CHECK(driver->mapped == driver->unmapped);
}

} // namespace

TEST_CASE("camera: its pictures come as I420, at the size and rate that it has, until it is closed")
{
    const auto driver = std::make_shared<FakeDriver>();
    Album album;
    {
        auto camera = open(driver, album);
        REQUIRE_MESSAGE(camera.ok(), camera.error().detail);
        CHECK((*camera)->width() == 320);
        CHECK((*camera)->height() == 240);
        CHECK((*camera)->fps() == 15);
        driver->give(10); // more than there are buffers: each goes back to the driver
        REQUIRE(album.until(10));
        for (std::size_t i = 0; i < 10; ++i) {
            CHECK(album.pictures[i].width() == 320);
            CHECK(album.pictures[i].y()[0] == 50 + i);
            CHECK(album.pictures[i].u()[0] == 128);
        }
        CHECK_FALSE((*camera)->trouble());
    }
    CHECK_FALSE(driver->streaming);
    CHECK(driver->opened == driver->closed);
    CHECK(driver->mapped == 3);
    CHECK(driver->unmapped == 3);

    const auto all = list_cameras(driver.get());
    REQUIRE(all.ok());
    REQUIRE(all->size() == 1); // video3 is not there
    CHECK(all->front() == CallDevice{"/dev/video0", "Played camera", false, false, true});
}

TEST_CASE("camera: none, no right, taken, no camera at all: each says what to do")
{
    const auto make = [](auto change) {
        auto out = std::make_shared<FakeDriver>();
        change(*out);
        return out;
    };
    refused(make([](auto& d) { d.present = false; }), ErrorCode::no_such_file, "no such camera");
    refused(make([](auto& d) { d.present = false; }), ErrorCode::no_such_file, "this machine has no camera", "");
    refused(make([](auto&) {}), ErrorCode::no_such_file, "no such camera", "/dev/video9");
    refused(make([](auto& d) { d.open_error = EACCES; }), ErrorCode::invalid_argument, "group \"video\"");
    refused(make([](auto& d) { d.stream_error = EBUSY; }), ErrorCode::invalid_argument, "another program has it");
    refused(make([](auto& d) { d.format_error = EBUSY; }), ErrorCode::invalid_argument, "another program has it");
    refused(make([](auto& d) { d.is_camera = false; }), ErrorCode::invalid_argument, "this is no camera");
    refused(make([](auto& d) { d.offers = V4L2_PIX_FMT_MJPEG; }), ErrorCode::invalid_argument,
            "no picture that can be read");
    CHECK(check_camera("", nullptr).error().code == ErrorCode::unsupported);
}

TEST_CASE("camera: sizes that a driver makes up are judged before anything is read or allocated")
{
    const auto make = [](auto change) {
        auto out = std::make_shared<FakeDriver>();
        change(*out);
        return out;
    };
    refused(make([](auto& d) { d.width = 100'000; }), ErrorCode::invalid_argument, "no picture that can be read");
    refused(make([](auto& d) { d.width = 321; }), ErrorCode::invalid_argument, "no picture that can be read");
    refused(make([](auto& d) { d.bytes_per_line = 1024; }), ErrorCode::invalid_argument, "no picture that can be read");
    refused(make([](auto& d) { d.buffer_length = 100; }), ErrorCode::internal, "impossible size");
    refused(make([](auto& d) { d.buffer_length = 0x40000000; }), ErrorCode::internal, "impossible size");

    // Broken pictures are left out, and a buffer that there is none of ends it.
    const auto driver = std::make_shared<FakeDriver>();
    Album album;
    auto camera = open(driver, album);
    REQUIRE(camera.ok());
    {
        const std::lock_guard lock(driver->mutex);
        driver->bytes_used = 10;
    }
    driver->give(2);
    while (true) {
        const std::lock_guard lock(driver->mutex);
        if (driver->to_give == 0) break;
    }
    {
        const std::lock_guard lock(driver->mutex);
        driver->bytes_used = 0;
    }
    driver->give(1);
    REQUIRE(album.until(1));
    CHECK(album.pictures[0].y()[0] == 52); // the third
    {
        const std::lock_guard lock(driver->mutex);
        driver->index_shift = 40;
    }
    driver->give(1);
    std::optional<Error> trouble;
    while (!trouble)
        trouble = (*camera)->trouble();
    CHECK(trouble->detail.find("no pictures any more") != std::string::npos);
}

TEST_CASE("camera: unplugged in the middle of it, it says so once")
{
    const auto driver = std::make_shared<FakeDriver>();
    Album album;
    auto camera = open(driver, album);
    REQUIRE(camera.ok());
    driver->give(1);
    REQUIRE(album.until(1));
    driver->unplug();
    std::optional<Error> trouble;
    while (!trouble)
        trouble = (*camera)->trouble();
    CHECK(trouble->detail.find("still connected") != std::string::npos);
    CHECK_FALSE((*camera)->trouble());
}
