// SPDX-License-Identifier: Apache-2.0
#include "line_editor.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace {

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
    typed_.set_secret(secret);
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
        if (!terminal_) typed_.end_plain();
        return false;
    }
    for (const char byte : std::string_view(chunk, static_cast<std::size_t>(got))) {
        if (terminal_)
            typed_.key(byte);
        else
            typed_.plain(byte);
    }
    if (terminal_) draw();
    return !typed_.ended();
}

void LineEditor::draw()
{
    if (!terminal_) return;
    const auto out = typed_.drawn(prompt_, columns());
    std::fwrite(out.data(), 1, out.size(), stdout);
    std::fflush(stdout);
}

void LineEditor::clear()
{
    if (terminal_) std::fputs("\r\x1b[K", stdout);
}
