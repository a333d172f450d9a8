// SPDX-License-Identifier: Apache-2.0
// May this relay be sent clients? What speaks against it, with a sentence each. A table over facts, without a socket.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace godwit::relay {

struct Facts {
    bool is_draining = false;
    std::string storage_error; ///< Of the last commit that failed, and none has stored anything since; empty: it works.
    std::optional<std::uint64_t> disk_free_bytes; ///< nullopt: the system does not say.
    std::uint64_t disk_free_bytes_min = 0;
    std::string overload; ///< What is given up; empty: nothing.
};

struct Cause {
    std::string name; ///< draining, database, disk_full, overload: stable, for machines.
    std::string detail;
};

/// Empty: ready.
[[nodiscard]] std::vector<Cause> causes_against(const Facts& facts);
/// {"ready":false,"causes":[{"cause":"draining","detail":"…"}]}
[[nodiscard]] std::string ready_json(const std::vector<Cause>& causes);

/// Of the file system that `path` is on, for who is not root.
[[nodiscard]] std::optional<std::uint64_t> disk_free(const std::string& path);

} // namespace godwit::relay
