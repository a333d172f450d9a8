// SPDX-License-Identifier: Apache-2.0
// Private to lib/json: one line of JSON, written from left to right.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace godwit::json {

/// Appends a JSON string literal, quotes included. Invalid UTF-8 becomes U+FFFD, one for each part that could have
/// begun a character: what goes out is always valid JSON.
void append_quoted(std::string& out, std::string_view text);

class Writer {
public:
    /// Of the next value; within an object only.
    void key(std::string_view name);

    void text(std::string_view value);
    void number(std::int64_t value);
    void number(std::uint64_t value);
    /// With a fraction or an exponent always; null when it is not finite.
    void number(double value);
    void boolean(bool value);
    void null();
    /// What is JSON already.
    void raw(std::string_view json);

    void begin_object() { open('{'); }
    void end_object() { close('}'); }
    void begin_list() { open('['); }
    void end_list() { close(']'); }

    /// Precondition: everything that was begun has ended.
    [[nodiscard]] std::string take() { return std::move(out_); }

private:
    void separate();
    void open(char bracket);
    void close(char bracket);

    std::string out_;
    bool first_ = true; ///< Nothing stands before what comes next, in what is open.
};

} // namespace godwit::json
