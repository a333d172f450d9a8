// SPDX-License-Identifier: Apache-2.0
// Reads the picture back into modules. What is in them is libqrencode's affair; that they stand where a camera looks
// for them is ours.
#include "examples/godwit/qr.hpp"

#include <doctest/doctest.h>

#include <sstream>
#include <vector>

#if defined(GODWIT_WITH_QRENCODE)

namespace {

/// Rows of modules, true: dark. Empty when a character is none of the four.
std::vector<std::vector<bool>> modules(const std::string& picture)
{
    const std::string start = "\x1b[38;5;16;48;5;231m";
    const std::string end = "\x1b[0m";
    std::vector<std::vector<bool>> out;
    std::istringstream lines(picture);
    for (std::string line; std::getline(lines, line);) {
        if (line.rfind(start, 0) != 0 || line.size() < start.size() + end.size()) return {};
        if (line.compare(line.size() - end.size(), end.size(), end) != 0) return {};
        line = line.substr(start.size(), line.size() - start.size() - end.size());
        std::vector<bool> upper;
        std::vector<bool> lower;
        for (std::size_t at = 0; at < line.size();) {
            const std::string one = line.substr(at, line[at] == ' ' ? 1 : 3);
            at += one.size();
            if (one != " " && one != "█" && one != "▀" && one != "▄") return {};
            upper.push_back(one == "█" || one == "▀");
            lower.push_back(one == "█" || one == "▄");
        }
        out.push_back(upper);
        out.push_back(lower);
    }
    return out;
}

} // namespace

TEST_CASE("a symbol of the right size, in a quiet zone, with its three finder patterns")
{
    const std::string code = "godwit-link:2:" + std::string(136, 'A'); // as long as a link code
    const auto rows = modules(qr_text(code));
    REQUIRE_FALSE(rows.empty());
    constexpr std::size_t version_7 = 45; // ISO/IEC 18004 table 7: 154 bytes at level L
    constexpr std::size_t zone = qr_quiet_zone;
    REQUIRE(rows[0].size() == version_7 + 2 * zone);
    REQUIRE(rows.size() == version_7 + 2 * zone + 1); // odd: the last half line is light
    for (std::size_t y = 0; y < rows.size(); ++y)
        for (std::size_t x = 0; x < rows[y].size(); ++x)
            if (x < zone || y < zone || x >= zone + version_7 || y >= zone + version_7) CHECK_FALSE(rows[y][x]);
    // Section 6.3.3: 7 by 7 dark, 5 by 5 light, 3 by 3 dark.
    for (const auto& [left, top] : {std::pair{zone, zone}, {zone + version_7 - 7, zone}, {zone, zone + version_7 - 7}})
        for (std::size_t y = 0; y < 7; ++y)
            for (std::size_t x = 0; x < 7; ++x) {
                const auto ring = std::min(std::min(x, 6 - x), std::min(y, 6 - y));
                CHECK(rows[top + y][left + x] == (ring != 1));
            }
}

TEST_CASE("other texts make other pictures, too long ones make none")
{
    CHECK(qr_text("a") != qr_text("b"));
    CHECK_FALSE(qr_text(std::string(2953, 'a')).empty()); // version 40 at level L holds so many bytes
    CHECK(qr_text(std::string(2954, 'a')).empty());
    CHECK(qr_text("").empty());
}

#else

TEST_CASE("without libqrencode there is no picture")
{
    CHECK(qr_text("a").empty());
}

#endif
