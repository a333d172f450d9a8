// SPDX-License-Identifier: Apache-2.0
#include "media/device/camera.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace godwit::device {

namespace {

/// Numbers that the kernel gives to cameras and what looks like them.
constexpr int paths_max = 64;

class Linux final : public V4l2 {
public:
    int open(const char* path) override { return ::open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC); }
    void close(int fd) override { ::close(fd); }
    int control(int fd, unsigned long request, void* argument) override { return ::ioctl(fd, request, argument); }
    void* map(int fd, std::size_t length, std::uint32_t offset) override
    {
        void* const out = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, static_cast<off_t>(offset));
        return out == MAP_FAILED ? nullptr : out;
    }
    void unmap(void* memory, std::size_t length) override { ::munmap(memory, length); }
    int wait(int fd, Duration wait_max) override
    {
        pollfd one{fd, POLLIN, 0};
        const int there = ::poll(&one, 1, static_cast<int>(wait_max / std::chrono::milliseconds(1)));
        // Unplugged: poll() says so at once and for ever.
        if (there > 0 && (one.revents & POLLIN) == 0) return -1;
        return there;
    }
    std::vector<std::string> paths() override
    {
        std::vector<std::string> out;
        for (int i = 0; i < paths_max; ++i) {
            struct stat what{};
            auto path = "/dev/video" + std::to_string(i);
            if (::stat(path.c_str(), &what) == 0 && S_ISCHR(what.st_mode)) out.push_back(std::move(path));
        }
        return out;
    }
};

} // namespace

std::shared_ptr<V4l2> system_v4l2()
{
    return std::make_shared<Linux>();
}

} // namespace godwit::device
