// SPDX-License-Identifier: Apache-2.0
// UserFiles on a file system. What is written gets its name when it is whole and durable: before, it has none, and goes
// with the process (O_TMPFILE); where a file system has no such files, it is .godwit-<random>.part in the same folder.
#pragma once

#include "lib/port/entropy.hpp"
#include "lib/port/file_store.hpp"

namespace godwit::files {

class DiskUserFiles final : public port::UserFiles {
public:
    /// `entropy` outlives this object.
    explicit DiskUserFiles(port::Entropy& entropy) : entropy_(entropy) {}

    Result<std::unique_ptr<Source>> open(const std::string& path) override;
    Result<std::unique_ptr<Target>> create(const std::string& path, const std::string& name, bool replace) override;

private:
    port::Entropy& entropy_;
};

} // namespace godwit::files
