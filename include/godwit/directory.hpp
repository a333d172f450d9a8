// SPDX-License-Identifier: Apache-2.0
// The directory of the organisation that runs the relay, as the relay's operator keeps it: departments in a tree, and
// who belongs to them. It comes from the relay and is not end-to-end encrypted: it says whom to look for, not who
// somebody is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace godwit {

inline constexpr std::size_t directory_departments_max = 2000;
inline constexpr std::size_t directory_page_max = 100; ///< Members in one page.
inline constexpr std::size_t directory_text_bytes_max = 200;

struct Department {
    std::uint64_t id = 0;
    std::uint64_t parent = 0; ///< 0: the organisation itself.
    std::string name;
    std::uint64_t members = 0; ///< Directly in it.
};

struct DirectoryEntry {
    std::string user; ///< Whom ContactAdd names.
    std::uint64_t department = 0;
    std::string full_name;
    std::string title;
    std::string email;
    bool account = false; ///< There is an account of this name.
};

struct DirectoryPage {
    std::vector<Department> departments; ///< Directly in the one that was asked for; on its first page.
    std::vector<DirectoryEntry> members; ///< By user.
    bool more = false;                   ///< Ask again, after the last one.
};

} // namespace godwit
