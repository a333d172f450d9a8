// SPDX-License-Identifier: Apache-2.0
// A camera's pictures, by V4L2: its driver fills buffers that both have in memory, and a thread turns each into I420.
// What the kernel says goes through V4l2, so that a driver can be played by a test.
#pragma once

#include <godwit/call.hpp>
#include <godwit/result.hpp>

#include "lib/base/time.hpp"
#include "media/base/picture.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace godwit::device {

/// The system calls that a camera is driven by. Results as in the kernel: -1, and errno.
class V4l2 {
public:
    virtual ~V4l2() = default;
    [[nodiscard]] virtual int open(const char* path) = 0;
    virtual void close(int fd) = 0;
    [[nodiscard]] virtual int control(int fd, unsigned long request, void* argument) = 0;
    /// nullptr: no.
    [[nodiscard]] virtual void* map(int fd, std::size_t length, std::uint32_t offset) = 0;
    virtual void unmap(void* memory, std::size_t length) = 0;
    /// 1: there is a picture; 0: not in `wait_max`; -1.
    [[nodiscard]] virtual int wait(int fd, Duration wait_max) = 0;
    /// Paths that may be cameras.
    [[nodiscard]] virtual std::vector<std::string> paths() = 0;
};
/// The kernel's. nullptr: this system has no V4L2.
[[nodiscard]] std::shared_ptr<V4l2> system_v4l2();

struct CameraConfig {
    std::string name;                             ///< A path, or empty: the first camera.
    int width = 640, height = 480, fps = 30;      ///< The nearest that it can.
    std::function<void(media::Picture)> captured; ///< On the camera's thread.
};

class Camera {
public:
    virtual ~Camera() = default; ///< Ends its thread.
    [[nodiscard]] virtual int width() const = 0;
    [[nodiscard]] virtual int height() const = 0;
    [[nodiscard]] virtual int fps() const = 0;
    /// It has gone, or gives nothing any more. Once.
    [[nodiscard]] virtual std::optional<Error> trouble() = 0;
};

/// Errors: no_such_file (no such camera, or none), invalid_argument (no right to it, another program has it, it is
/// none, or gives no picture that can be read: the detail says which, and what to do), unsupported (no V4L2), internal.
[[nodiscard]] Result<std::unique_ptr<Camera>> open_camera(CameraConfig config, std::shared_ptr<V4l2> system);
/// As open_camera, and starts nothing.
[[nodiscard]] Result<void> check_camera(const std::string& name, V4l2* system);
[[nodiscard]] Result<std::vector<CallDevice>> list_cameras(V4l2* system);

} // namespace godwit::device
