// SPDX-License-Identifier: Apache-2.0
// UserFiles on a file system. What is written gets its name when it is whole and durable: before, it has none, and goes
// with the process (O_TMPFILE); where a file system has no such files, it is .godwit-<random>.part in the same folder.
#pragma once

#include "lib/port/entropy.hpp"
#include "lib/port/file_store.hpp"

#include <optional>
#include <string>

namespace godwit::files {

class DiskUserFiles final : public port::UserFiles {
public:
    /// `entropy` outlives this object. `home`: a folder that no path may lead into, whatever it is called: the store
    /// and its key are neither sent nor written over; empty: none.
    explicit DiskUserFiles(port::Entropy& entropy, const std::string& home = {});

    /// Whether somebody else may make a file at that path, over what is there: not in the home, nor over anything but
    /// an ordinary file, and this process may write there. Errors: invalid_argument.
    [[nodiscard]] Result<void> may_make(const std::string& path) const;
    Result<std::unique_ptr<Source>> open(const std::string& path) override;
    Result<std::unique_ptr<Target>> create(const std::string& path, const std::string& name, bool replace) override;

private:
    struct Place {
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        friend bool operator==(const Place&, const Place&) = default;
    };
    [[nodiscard]] static std::optional<Place> place_of(const char* folder);
    /// Of what `folder` is, or is in.
    [[nodiscard]] bool is_at_home(const std::string& folder) const;

    port::Entropy& entropy_;
    std::optional<Place> home_;
};

} // namespace godwit::files
