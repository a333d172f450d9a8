// SPDX-License-Identifier: Apache-2.0
// Published test vectors: a folder of JSON files outside the repository. GODWIT_VECTORS names it; without it,
// ../shared/vectors beside the source root is tried. Where that does not exist the tests say so plainly. A folder that
// was named must exist.
#pragma once

#include "lib/base/bytes.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace godwit::testing {

inline std::string vectors_folder()
{
    const char* named = std::getenv("GODWIT_VECTORS");
    return named != nullptr && *named != 0 ? std::string(named) : std::string(GODWIT_SOURCE_ROOT "/../shared/vectors");
}

/// False only for a folder that nobody named and that is not there. Whatever stands there, an empty folder or a file
/// too, was meant to be the vectors: then each of them is opened, or fails.
inline bool vectors_expected(const std::string& folder, bool named)
{
    std::error_code unreadable;
    return named || std::filesystem::exists(folder, unreadable) || unreadable;
}

/// nullopt (and a printed line) only when the whole folder is absent; a missing or broken file in it fails the test.
inline std::optional<nlohmann::json> load_vectors(const std::string& file)
{
    const std::string folder = vectors_folder();
    const bool named = folder != GODWIT_SOURCE_ROOT "/../shared/vectors";
    if (!vectors_expected(folder, named)) {
        std::printf("vectors: not run (folder not found): %s\n", file.c_str());
        return std::nullopt;
    }
    std::ifstream in(folder + "/" + file);
    REQUIRE_MESSAGE(in.good(), "vector file missing: " << file);
    auto out = nlohmann::json::parse(in, nullptr, false);
    REQUIRE_MESSAGE(!out.is_discarded(), "vector file is not JSON: " << file);
    return out;
}

inline Bytes unhex(const nlohmann::json& text)
{
    auto out = from_hex(text.get<std::string>());
    REQUIRE(out.has_value());
    return *out;
}

} // namespace godwit::testing
