// SPDX-License-Identifier: Apache-2.0
#include "lib/files/user_files.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace godwit::files {
namespace {

Error says(ErrorCode code, const std::string& path)
{
    const int why = errno;
    return {code, path + ": " + std::strerror(why), 0};
}

Error is_there(const std::string& path)
{
    return {ErrorCode::conflict, path + " is there already: choose another name, or say replace", 0};
}

/// A C string would end there, and name another file.
std::optional<Error> wrong_path(const std::string& path)
{
    if (path.empty()) return Error{ErrorCode::invalid_argument, "path: empty", 0};
    if (path.find('\0') != std::string::npos)
        return Error{ErrorCode::invalid_argument, "path: has a zero byte, which no name of a file has", 0};
    return std::nullopt;
}

Error of_the_home(const std::string& path)
{
    return {ErrorCode::invalid_argument,
            path + " is in the home of this account, whose files are godwit's: choose another place", 0};
}

/// The name under which a file without one can be linked; empty: there is no such way.
std::string way_to(int fd)
{
    auto out = "/proc/self/fd/" + std::to_string(fd);
    struct stat about{};
    return ::lstat(out.c_str(), &about) == 0 ? out : std::string();
}

class DiskSource final : public port::UserFiles::Source {
public:
    DiskSource(int fd, std::uint64_t size_bytes, std::string path)
        : fd_(fd), size_bytes_(size_bytes), path_(std::move(path))
    {
    }
    ~DiskSource() override { ::close(fd_); }
    DiskSource(const DiskSource&) = delete;
    DiskSource& operator=(const DiskSource&) = delete;

    std::uint64_t size_bytes() const override { return size_bytes_; }
    Result<Bytes> read(std::size_t size_bytes) override
    {
        Bytes out(size_bytes);
        for (std::size_t done = 0; done < out.size();) {
            const auto n = ::read(fd_, out.data() + done, out.size() - done);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return says(ErrorCode::storage_failed, path_);
            if (n == 0) return Error{ErrorCode::conflict, path_ + " became shorter while it was read", 0};
            done += static_cast<std::size_t>(n);
        }
        return out;
    }

private:
    int fd_;
    std::uint64_t size_bytes_;
    std::string path_;
};

class DiskTarget final : public port::UserFiles::Target {
public:
    /// `named`: `part` is there; otherwise it is what a file without a name is called for a moment.
    DiskTarget(int fd, std::string part, bool named, std::string path, bool replace)
        : fd_(fd), part_(std::move(part)), named_(named), path_(std::move(path)), replace_(replace)
    {
    }
    ~DiskTarget() override
    {
        ::close(fd_);
        if (named_) ::unlink(part_.c_str());
    }
    DiskTarget(const DiskTarget&) = delete;
    DiskTarget& operator=(const DiskTarget&) = delete;

    Result<void> write(BytesView bytes) override
    {
        while (!bytes.empty()) {
            const auto n = ::write(fd_, bytes.data(), bytes.size());
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return says(ErrorCode::storage_failed, path_);
            bytes = bytes.subspan(static_cast<std::size_t>(n));
        }
        return {};
    }
    Result<void> finish() override
    {
        if (::fsync(fd_) != 0) return says(ErrorCode::storage_failed, path_);
        if (!named_ && !replace_) return link_as(path_);
        if (!named_) { // Over what is there goes only what has a name.
            if (auto linked = link_as(part_); !linked.ok()) return linked;
            named_ = true;
        }
        if (!replace_) {
            if (auto named = name_it(); !named.ok()) return named;
        } else if (::rename(part_.c_str(), path_.c_str()) != 0) {
            return says(ErrorCode::storage_failed, path_);
        }
        named_ = false;
        return {};
    }
    const std::string& path() const override { return path_; }

private:
    Result<void> link_as(const std::string& path)
    {
        if (::linkat(AT_FDCWD, way_to(fd_).c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) return {};
        return errno == EEXIST ? is_there(path) : says(ErrorCode::storage_failed, path);
    }
    /// Never over what is there.
    Result<void> name_it()
    {
        if (::link(part_.c_str(), path_.c_str()) == 0) {
            ::unlink(part_.c_str());
            return {};
        }
        if (errno == EEXIST) return is_there(path_);
        // A file system without links: the name is taken first.
        const int taken = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (taken < 0) return errno == EEXIST ? is_there(path_) : says(ErrorCode::storage_failed, path_);
        ::close(taken);
        if (::rename(part_.c_str(), path_.c_str()) == 0) return {};
        const auto error = says(ErrorCode::storage_failed, path_);
        ::unlink(path_.c_str());
        return error;
    }

    int fd_;
    std::string part_;
    bool named_;
    std::string path_;
    bool replace_;
};

} // namespace

DiskUserFiles::DiskUserFiles(port::Entropy& entropy, const std::string& home) : entropy_(entropy)
{
    if (!home.empty()) home_ = place_of(home.c_str());
}

std::optional<DiskUserFiles::Place> DiskUserFiles::place_of(const char* folder)
{
    struct stat about{};
    if (::stat(folder, &about) != 0) return std::nullopt;
    return Place{static_cast<std::uint64_t>(about.st_dev), static_cast<std::uint64_t>(about.st_ino)};
}

bool DiskUserFiles::is_at_home(const std::string& folder) const
{
    if (!home_) return false;
    // By the folders themselves, not by what they are called: links and mounts have many names.
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(folder.empty() ? "." : folder.c_str(), nullptr),
                                                           &std::free);
    for (std::string at = real ? real.get() : ""; !at.empty(); at.resize(at.rfind('/'))) {
        if (place_of(at.c_str()) == home_) return true;
        if (at.find('/') == std::string::npos) break;
    }
    return false;
}

Result<void> DiskUserFiles::may_make(const std::string& path) const
{
    if (auto wrong = wrong_path(path)) return *std::move(wrong);
    const auto slash = path.rfind('/');
    const auto folder = slash == std::string::npos ? std::string(".") : path.substr(0, slash + 1);
    // What is there may be a link, out of the home or into it.
    if (is_at_home(folder) || is_at_home(path)) return of_the_home(path);
    struct stat about{};
    const bool is_there = ::stat(path.c_str(), &about) == 0;
    // A link to nowhere would be made there, wherever that is.
    if ((is_there || ::lstat(path.c_str(), &about) == 0) && !S_ISREG(about.st_mode))
        return Error{ErrorCode::invalid_argument, path + " is no ordinary file", 0};
    if (::access(is_there ? path.c_str() : folder.c_str(), W_OK) != 0) return says(ErrorCode::invalid_argument, path);
    return {};
}

Result<std::unique_ptr<port::UserFiles::Source>> DiskUserFiles::open(const std::string& path)
{
    if (auto wrong = wrong_path(path)) return *std::move(wrong);
    // Opening a pipe for reading would wait for its writer.
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return says(ErrorCode::invalid_argument, path);
    if (is_at_home(path)) {
        ::close(fd);
        return of_the_home(path);
    }
    struct stat about{};
    if (::fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        ::close(fd);
        return Error{ErrorCode::invalid_argument, path + " is no ordinary file", 0};
    }
    // Those of /proc say that they are empty, and are not.
    if (char first = 0; about.st_size == 0 && ::pread(fd, &first, 1, 0) > 0) {
        ::close(fd);
        return Error{ErrorCode::invalid_argument,
                     path + " has no length of its own, as files of the system have: copy it, and take the copy", 0};
    }
    return std::unique_ptr<Source>(std::make_unique<DiskSource>(fd, static_cast<std::uint64_t>(about.st_size), path));
}

Result<std::unique_ptr<port::UserFiles::Target>> DiskUserFiles::create(const std::string& path, const std::string& name,
                                                                       bool replace)
{
    if (auto wrong = wrong_path(path)) return *std::move(wrong);
    struct stat about{};
    const bool known = ::stat(path.c_str(), &about) == 0;
    const bool into_folder = (known && S_ISDIR(about.st_mode)) || path.back() == '/';
    const auto target = into_folder ? path + (path.back() == '/' ? "" : "/") + name : path;
    if (::lstat(target.c_str(), &about) == 0) {
        if (!S_ISREG(about.st_mode)) return Error{ErrorCode::invalid_argument, target + " is no ordinary file", 0};
        if (!replace) return is_there(target);
    }
    const auto slash = target.rfind('/');
    const auto folder = slash == std::string::npos ? std::string() : target.substr(0, slash + 1);
    if (is_at_home(folder)) return of_the_home(target);
    std::uint8_t random[8];
    entropy_.fill(random);
    auto part = folder + ".godwit-" + to_hex(random) + ".part";
#ifdef O_TMPFILE
    const int nameless = ::open(folder.empty() ? "." : folder.c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
    if (nameless >= 0 && !way_to(nameless).empty())
        return std::unique_ptr<Target>(std::make_unique<DiskTarget>(nameless, std::move(part), false, target, replace));
    if (nameless >= 0) ::close(nameless);
#endif
    const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return says(errno == ENOSPC ? ErrorCode::storage_failed : ErrorCode::invalid_argument, target);
    return std::unique_ptr<Target>(std::make_unique<DiskTarget>(fd, std::move(part), true, target, replace));
}

} // namespace godwit::files
