// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/identity_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace godwit::relay {
namespace {

constexpr std::size_t seed_bytes = 32;

class File {
public:
    File(const std::string& path, int flags, mode_t mode = 0) : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
    ~File()
    {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int fd() const noexcept { return fd_; }

private:
    int fd_;
};

Error failed(const std::string& what, int code)
{
    return {ErrorCode::storage_failed, what + ": " + std::strerror(code), 0};
}

/// 64 hexadecimal digits and a line end: a key that survives every editor and mail.
Result<void> create(const std::string& directory, const std::string& path, BytesView seed)
{
    const auto text = to_hex(seed) + "\n";
    const auto temporary = path + ".new";
    {
        ::unlink(temporary.c_str()); // left by a start that was cut short
        const File file(temporary, O_WRONLY | O_CREAT | O_EXCL, 0600);
        if (!file.is_open()) return failed("cannot create " + temporary, errno);
        if (::write(file.fd(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
            ::fsync(file.fd()) != 0)
            return failed("cannot write " + temporary, errno);
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) return failed("cannot create " + path, errno);
    const File folder(directory, O_RDONLY | O_DIRECTORY);
    if (!folder.is_open() || ::fsync(folder.fd()) != 0) return failed("cannot write " + directory, errno);
    return {};
}

} // namespace

Result<void> ensure_directory(const std::string& directory)
{
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return failed("cannot create " + directory, errno);
    struct stat about{};
    if (::stat(directory.c_str(), &about) != 0) return failed("cannot use " + directory, errno);
    if (!S_ISDIR(about.st_mode)) return failed("cannot use " + directory, ENOTDIR);
    if (::access(directory.c_str(), R_OK | W_OK | X_OK) != 0)
        return failed("cannot write in " + directory + " (give its owner write permission)", errno);
    return {};
}

Result<crypto::SecretBytes> create_identity(const std::string& directory, port::Entropy& entropy)
{
    auto seed = crypto::SecretBytes::random(seed_bytes, entropy);
    const auto created = create(directory, directory + "/" + identity_file_name, seed.view());
    if (!created.ok()) return created.error();
    return seed;
}

Result<std::optional<crypto::SecretBytes>> read_identity(const std::string& directory)
{
    const auto path = directory + "/" + identity_file_name;
    const File file(path, O_RDONLY);
    if (!file.is_open()) {
        if (errno != ENOENT) return failed("cannot read " + path, errno);
        return std::optional<crypto::SecretBytes>();
    }
    std::array<char, 2 * seed_bytes + 1> text{};
    const auto got = ::read(file.fd(), text.data(), text.size());
    const auto seed = got >= static_cast<ssize_t>(2 * seed_bytes)
                          ? from_hex(std::string_view(text.data(), 2 * seed_bytes))
                          : std::nullopt;
    if (!seed)
        return Error{ErrorCode::storage_corrupt,
                     path + " is not a relay key (64 hexadecimal digits): restore it from a copy", 0};
    return std::optional(crypto::SecretBytes::copy_of(*seed));
}

} // namespace godwit::relay
