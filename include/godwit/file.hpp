// SPDX-License-Identifier: Apache-2.0
// Files as an application sees them. What a post says of one (content::FileRef) is in content.hpp.
#pragma once

#include <godwit/ids.hpp>
#include <godwit/message.hpp>

#include <cstdint>
#include <string>

namespace godwit {

/// Longest file, in bytes.
inline constexpr std::uint64_t file_bytes_max = std::uint64_t{4} * 1024 * 1024 * 1024;
enum class FileState : std::uint8_t {
    known = 1,    ///< A message refers to it; nothing of it was asked for.
    fetching = 2, ///< Asked for: comes as soon as somebody who has it can be reached.
    paused = 3,   ///< By the user.
    whole = 4,    ///< On this device.
};

[[nodiscard]] constexpr std::string_view file_state_name(FileState state) noexcept
{
    switch (state) {
    case FileState::known: return "known";
    case FileState::fetching: return "fetching";
    case FileState::paused: return "paused";
    case FileState::whole: return "whole";
    }
    return "known";
}

/// A file as this device has it.
struct FileInfo {
    FileId id;
    FileKey key; ///< Of its blob at a relay: goes into a reference, and nowhere else.
    std::uint64_t size_bytes = 0;
    std::string name;       ///< Made harmless: fit to show, and to suggest when it is saved.
    std::string media_type; ///< As its sender says.
    FileState state = FileState::known;
    std::uint64_t done_bytes = 0; ///< On this device.
    std::string from;             ///< The account that serves it now; empty: nobody, or the relay.
    Path path = Path::none;       ///< By which path it comes; mailbox: from the relay's blobs.
};

/// The answer to FileSave.
struct SavedFile {
    std::string path; ///< Where it is now.
};

} // namespace godwit
