// SPDX-License-Identifier: Apache-2.0
#include "line_editor.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace {

bool continuation(char byte)
{
    return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

std::size_t characters(std::string_view text)
{
    std::size_t count = 0;
    for (const char byte : text)
        count += continuation(byte) ? 0U : 1U;
    return count;
}

std::size_t columns()
{
    winsize size{};
    return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 10 ? size.ws_col : 80;
}

} // namespace

LineEditor::LineEditor()
{
    termios mode{};
    if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0 || ::tcgetattr(STDIN_FILENO, &mode) != 0) return;
    saved_.resize(sizeof mode);
    std::memcpy(saved_.data(), &mode, sizeof mode);
    mode.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    mode.c_cc[VMIN] = 0;
    mode.c_cc[VTIME] = 0;
    terminal_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &mode) == 0;
}

LineEditor::~LineEditor()
{
    if (!terminal_) return;
    clear();
    std::fflush(stdout);
    termios mode{};
    std::memcpy(&mode, saved_.data(), sizeof mode);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &mode);
}

void LineEditor::set_prompt(std::string prompt)
{
    if (prompt == prompt_) return;
    prompt_ = std::move(prompt);
    draw();
}

void LineEditor::set_secret(bool secret)
{
    secret_ = secret;
    draw();
}

void LineEditor::print(std::string_view line)
{
    clear();
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fputc('\n', stdout);
    draw();
    std::fflush(stdout);
}

bool LineEditor::read()
{
    char chunk[4096];
    const auto got = ::read(STDIN_FILENO, chunk, sizeof chunk);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (got <= 0) {
        if (!terminal_ && !line_.empty()) finish_line();
        ended_ = true;
        return false;
    }
    for (const char byte : std::string_view(chunk, static_cast<std::size_t>(got))) {
        if (terminal_)
            key(byte);
        else if (byte == '\n')
            finish_line();
        else if (line_.size() < line_bytes_max)
            line_ += byte;
    }
    if (terminal_) draw();
    return !ended_;
}

std::optional<std::string> LineEditor::next_line()
{
    if (lines_.empty()) return std::nullopt;
    std::string line = std::move(lines_.front());
    lines_.pop_front();
    return line;
}

void LineEditor::key(char byte)
{
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

void LineEditor::escape(char last)
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
    default: break;
    }
}

void LineEditor::finish_line()
{
    if (terminal_) {
        clear();
        cursor_ = 0;
        if (!secret_ && !line_.empty() && (history_.empty() || history_.back() != line_)) history_.push_back(line_);
        if (history_.size() > history_max) history_.erase(history_.begin());
        recalled_ = history_.size();
    } else if (!line_.empty() && line_.back() == '\r') {
        line_.pop_back();
    }
    lines_.push_back(std::move(line_));
    line_.clear();
}

void LineEditor::erase_before()
{
    while (cursor_ > 0) {
        const bool inner = continuation(line_[--cursor_]);
        line_.erase(cursor_, 1);
        if (!inner) return;
    }
}

void LineEditor::recall(int step)
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

/// The prompt and as much of the line as fits beside it, ending at the cursor when it is long.
void LineEditor::draw()
{
    if (!terminal_) return;
    const std::size_t room = columns() - std::min(columns() - 8, characters(prompt_)) - 1;
    std::string_view before = std::string_view(line_).substr(0, cursor_);
    while (characters(before) > room) {
        before.remove_prefix(1);
        while (!before.empty() && continuation(before.front()))
            before.remove_prefix(1);
    }
    std::string_view after = std::string_view(line_).substr(cursor_);
    while (characters(before) + characters(after) > room && !after.empty())
        after.remove_suffix(1);
    while (!after.empty() && continuation(after.back()) && after.size() < line_.size() - cursor_ &&
           continuation(line_[cursor_ + after.size()]))
        after.remove_suffix(1);
    if (secret_) before = after = {};
    std::string out = "\r\x1b[K" + prompt_ + std::string(before) + std::string(after);
    if (const auto back = characters(after); back > 0) out += "\x1b[" + std::to_string(back) + "D";
    std::fwrite(out.data(), 1, out.size(), stdout);
    std::fflush(stdout);
}

void LineEditor::clear()
{
    if (terminal_) std::fputs("\r\x1b[K", stdout);
}
