// SPDX-License-Identifier: Apache-2.0
// A line that is being typed while other lines appear above it. On a terminal: raw keys, the prompt drawn again after
// every printed line. Elsewhere (pipes, files): plain lines in, plain lines out.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

class LineEditor {
public:
    /// Lines kept for the arrow keys.
    static constexpr std::size_t history_max = 200;
    /// Longest line that can be typed, in bytes; what comes after is dropped.
    static constexpr std::size_t line_bytes_max = 64 * 1024;

    LineEditor();
    ~LineEditor();
    LineEditor(const LineEditor&) = delete;
    LineEditor& operator=(const LineEditor&) = delete;

    [[nodiscard]] bool on_terminal() const { return terminal_; }
    void set_prompt(std::string prompt);
    /// From now on what is typed is not shown, nor remembered.
    void set_secret(bool secret);
    /// Prints a line above the prompt.
    void print(std::string_view line);
    /// Reads what is there; call when stdin is readable. False: end of input.
    [[nodiscard]] bool read();
    [[nodiscard]] std::optional<std::string> next_line();
    [[nodiscard]] bool has_line() const { return !lines_.empty(); }

private:
    void key(char byte);
    void escape(char last);
    void finish_line();
    void erase_before();
    void recall(int step);
    void draw();
    void clear();

    bool terminal_ = false;
    std::vector<unsigned char> saved_; ///< termios before us
    std::string prompt_;
    bool secret_ = false;
    std::string line_;
    std::size_t cursor_ = 0; ///< byte index into line_
    std::string sequence_;   ///< an escape sequence under way
    std::deque<std::string> lines_;
    std::vector<std::string> history_;
    std::size_t recalled_ = 0; ///< index into history_; its size: the new line
    bool ended_ = false;
};
