// SPDX-License-Identifier: Apache-2.0
// A line under the fingers: keys in, lines out, and what the terminal has to show. No terminal in here, so that tests
// and fuzzers can type.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

class TypedLine {
public:
    /// Lines kept for the arrow keys.
    static constexpr std::size_t history_max = 200;
    /// Longest line that can be typed, in bytes; what comes after is dropped.
    static constexpr std::size_t line_bytes_max = 64 * 1024;
    /// A terminal that says it is narrower is not believed.
    static constexpr std::size_t columns_min = 11;

    /// From now on what is typed is not shown, nor remembered.
    void set_secret(bool secret) { secret_ = secret; }
    /// One byte of a terminal in raw mode.
    void key(char byte);
    /// One byte of a pipe or file.
    void plain(char byte);
    /// The end of a pipe ends its last line too.
    void end_plain();

    [[nodiscard]] std::optional<std::string> next_line();
    [[nodiscard]] bool has_line() const { return !lines_.empty(); }
    [[nodiscard]] bool ended() const { return ended_; } ///< ^D
    [[nodiscard]] const std::string& line() const { return line_; }
    [[nodiscard]] std::size_t cursor() const { return cursor_; } ///< Byte index into line().
    /// Bytes for the terminal: the prompt and as much of the line as fits beside it, of what stands behind the cursor
    /// at least a third of that.
    [[nodiscard]] std::string drawn(std::string_view prompt, std::size_t columns) const;

private:
    void escape(char last);
    void finish_line();
    void erase_before();
    void erase_after();
    void recall(int step);

    bool secret_ = false;
    std::string line_;
    std::size_t cursor_ = 0;
    std::string sequence_; ///< An escape sequence under way.
    std::deque<std::string> lines_;
    std::vector<std::string> history_;
    std::size_t recalled_ = 0; ///< Index into history_; its size: the new line.
    bool ended_ = false;
};
