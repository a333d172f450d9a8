// SPDX-License-Identifier: Apache-2.0
#include "typed_line.hpp"

#include "widths.hpp"

#include <algorithm>

namespace {

bool continuation(char byte)
{
    return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

} // namespace

std::optional<std::string> TypedLine::next_line()
{
    if (lines_.empty()) return std::nullopt;
    std::string line = std::move(lines_.front());
    lines_.pop_front();
    return line;
}

void TypedLine::plain(char byte)
{
    if (byte == '\n') {
        if (!line_.empty() && line_.back() == '\r') line_.pop_back();
        lines_.push_back(std::move(line_));
        line_.clear();
    } else if (line_.size() < line_bytes_max) {
        line_ += byte;
    }
}

void TypedLine::end_plain()
{
    if (!line_.empty()) plain('\n');
}

void TypedLine::key(char byte)
{
    // A sequence is printable ASCII after ESC (ECMA-48 section 5.4): anything else is a key again, or a letter of two
    // bytes would lose its first one.
    if (!sequence_.empty() && (byte < ' ' || byte > '~')) sequence_.clear();
    if (!sequence_.empty()) {
        sequence_ += byte;
        if (sequence_.size() == 2 && (byte == '[' || byte == 'O')) return;
        const bool over = sequence_.size() == 2 || (byte >= '@' && byte <= '~');
        if (!over && sequence_.size() < 8) return;
        escape(byte);
        sequence_.clear();
        return;
    }
    switch (byte) {
    case '\x1b': sequence_ = byte; break;
    case '\r':
    case '\n': finish_line(); break;
    case '\x7f':
    case '\b': erase_before(); break;
    case '\x01': cursor_ = 0; break;            // ^A
    case '\x05': cursor_ = line_.size(); break; // ^E
    case '\x15':                                // ^U
        line_.erase(0, cursor_);
        cursor_ = 0;
        break;
    case '\x0b': line_.erase(cursor_); break; // ^K
    case '\x17':                              // ^W
        while (cursor_ > 0 && line_[cursor_ - 1] == ' ')
            erase_before();
        while (cursor_ > 0 && line_[cursor_ - 1] != ' ')
            erase_before();
        break;
    case '\x04': // ^D
        if (line_.empty()) ended_ = true;
        break;
    case '\t': break;
    default:
        if (static_cast<unsigned char>(byte) < 0x20 || line_.size() >= line_bytes_max) break;
        line_.insert(cursor_++, 1, byte);
    }
}

void TypedLine::escape(char last)
{
    switch (last) {
    case 'A': recall(-1); break;
    case 'B': recall(+1); break;
    case 'C':
        if (cursor_ < line_.size()) ++cursor_;
        while (cursor_ < line_.size() && continuation(line_[cursor_]))
            ++cursor_;
        break;
    case 'D':
        if (cursor_ > 0) --cursor_;
        while (cursor_ > 0 && continuation(line_[cursor_]))
            --cursor_;
        break;
    case 'H': cursor_ = 0; break;
    case 'F': cursor_ = line_.size(); break;
    case '~': // ESC [ number ~, as VT220 has it, and terminals in terminals
        if (sequence_ == "\x1b[1~" || sequence_ == "\x1b[7~") cursor_ = 0;
        if (sequence_ == "\x1b[4~" || sequence_ == "\x1b[8~") cursor_ = line_.size();
        if (sequence_ == "\x1b[3~") erase_after();
        break;
    default: break;
    }
}

void TypedLine::finish_line()
{
    cursor_ = 0;
    if (!secret_ && !line_.empty() && (history_.empty() || history_.back() != line_)) history_.push_back(line_);
    if (history_.size() > history_max) history_.erase(history_.begin());
    recalled_ = history_.size();
    lines_.push_back(std::move(line_));
    line_.clear();
}

void TypedLine::erase_before()
{
    while (cursor_ > 0) {
        const bool inner = continuation(line_[--cursor_]);
        line_.erase(cursor_, 1);
        if (!inner) return;
    }
}

void TypedLine::erase_after()
{
    if (cursor_ < line_.size()) line_.erase(cursor_, 1);
    while (cursor_ < line_.size() && continuation(line_[cursor_]))
        line_.erase(cursor_, 1);
}

void TypedLine::recall(int step)
{
    if (secret_) return;
    if (step < 0 && recalled_ > 0)
        --recalled_;
    else if (step > 0 && recalled_ < history_.size())
        ++recalled_;
    else
        return;
    line_ = recalled_ < history_.size() ? history_[recalled_] : std::string();
    cursor_ = line_.size();
}

std::string TypedLine::drawn(std::string_view prompt, std::size_t columns) const
{
    columns = std::max(columns, columns_min);
    prompt = first_columns(prompt, columns - 8);
    const std::size_t room = columns - columns_of(prompt) - 1;
    const auto behind = std::string_view(line_).substr(cursor_);
    // What is changed in the middle is seen on both sides.
    const auto kept_behind = std::min(columns_of(first_columns(behind, room / 3)), room);
    auto before = last_columns(std::string_view(line_).substr(0, cursor_), room - kept_behind);
    auto after = first_columns(behind, room - columns_of(before));
    if (secret_) before = after = {};
    std::string out = "\r\x1b[K" + std::string(prompt) + std::string(before) + std::string(after);
    if (const auto back = columns_of(after); back > 0) out += "\x1b[" + std::to_string(back) + "D";
    return out;
}
