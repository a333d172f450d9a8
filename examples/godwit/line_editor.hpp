// SPDX-License-Identifier: Apache-2.0
// A line that is being typed while other lines appear above it. On a terminal: raw keys, the prompt drawn again after
// every printed line. Elsewhere (pipes, files): plain lines in, plain lines out.
#pragma once

#include "typed_line.hpp"

class LineEditor {
public:
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
    [[nodiscard]] std::optional<std::string> next_line() { return typed_.next_line(); }
    [[nodiscard]] bool has_line() const { return typed_.has_line(); }

private:
    void draw();
    void clear();

    bool terminal_ = false;
    std::vector<unsigned char> saved_; ///< termios before us
    std::string prompt_;
    TypedLine typed_;
};
