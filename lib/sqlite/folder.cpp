// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/folder.hpp"

#include <cerrno>

#if !defined(_WIN32)
#include <fcntl.h>
#include <unistd.h>
#endif

namespace godwit::sqlite {

Error cannot(const std::string& what, const std::filesystem::path& path, const std::error_code& why)
{
    return Error{ErrorCode::storage_failed,
                 "cannot " + what + " " + path.string() + ": " + why.message() +
                     "; check the folder's permissions and free space, then repeat",
                 0};
}

std::error_code last_error()
{
    return {errno, std::generic_category()};
}

#if defined(_WIN32)
Result<void> sync_folder(const std::filesystem::path&)
{
    return {};
}
#else
Result<void> sync_folder(const std::filesystem::path& folder)
{
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool done = fd >= 0 && ::fsync(fd) == 0;
    const auto why = last_error();
    if (fd >= 0) ::close(fd);
    if (!done) return cannot("sync", folder, why);
    return {};
}
#endif

} // namespace godwit::sqlite
