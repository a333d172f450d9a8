// SPDX-License-Identifier: Apache-2.0
// godwit stdio: JSON lines in, JSON lines out, over the C ABI. One thread, one poll.
//
//   stdin line  ──> godwit_request          busy: the line waits, and stdin with it, until events have been taken
//   godwit_next ──> stdout, written before the next is asked for (asking says that the previous one is dealt with)
//   EOF or quit ──> the replies still owed, then the end
#include "commands.hpp"
#include "stop_signals.hpp"

#include <godwit/godwit.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include <poll.h>
#include <unistd.h>

namespace {

/// As the library: longer lines are answered with message_too_large.
constexpr std::size_t line_bytes_max = 1024 * 1024;
constexpr int busy = 44;
/// How long quit waits for replies that the relay owes us.
constexpr auto quit_max = std::chrono::seconds(2);
/// How often to look again while quitting, or while the library was busy: its queue may empty without an event for us.
constexpr int poll_ms = 20;

using Clock = std::chrono::steady_clock;

struct Freed {
    void operator()(char* text) const { godwit_free(text); }
    void operator()(godwit_client* client) const { godwit_close(client); }
};
using Text = std::unique_ptr<char, Freed>;
using Client = std::unique_ptr<godwit_client, Freed>;

/// False when nobody reads any more, or when asked to end meanwhile. Signals are taken where we wait, and what poll(2)
/// calls writable takes PIPE_BUF bytes without waiting.
bool write_all(int fd, std::string_view text, StopSignals& signals)
{
    while (!text.empty()) {
        pollfd writable{fd, POLLOUT, 0};
        if (signals.poll(&writable, 1, -1) < 0 && errno != EINTR) return false;
        if (signals.came()) return false;
        if (writable.revents == 0) continue;
        const auto written = ::write(fd, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
        if (written > 0)
            text.remove_prefix(static_cast<std::size_t>(written));
        else if (errno != EINTR && errno != EAGAIN)
            return false;
    }
    return true;
}

class Session {
public:
    Session(godwit_client& client, StopSignals& signals) : client_(client), signals_(signals) {}

    void run()
    {
        while (!done()) {
            submit_lines();
            if (!print_events()) return;
            if (done() || (!blocked_ && has_line())) continue;
            pollfd waits[2] = {{godwit_wake_fd(&client_), POLLIN, 0}, {reading() ? STDIN_FILENO : -1, POLLIN, 0}};
            if (signals_.poll(waits, 2, quit_ || blocked_ ? poll_ms : -1) < 0 && errno != EINTR) return;
            if (signals_.came() || (quit_ && Clock::now() - quit_at_ > quit_max)) return;
            if (waits[1].revents != 0) read_some();
        }
    }

private:
    [[nodiscard]] bool done() const { return (ended_ || quit_) && owed_ == 0 && (quit_ || !has_line()); }
    [[nodiscard]] bool reading() const { return !ended_ && !quit_ && !blocked_; }
    [[nodiscard]] bool has_line() const { return buffer_.find('\n') != std::string::npos; }

    void read_some()
    {
        char chunk[64 * 1024];
        const auto got = ::read(STDIN_FILENO, chunk, sizeof chunk);
        if (got > 0) {
            take({chunk, static_cast<std::size_t>(got)});
        } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
            ended_ = true;
            if (!buffer_.empty()) take("\n"); // a last line without its newline counts
        }
    }

    /// Of a line that is too long one byte too many is kept: enough for the library to say so.
    void take(std::string_view more)
    {
        while (!more.empty()) {
            const auto end = more.find('\n');
            const auto part = more.substr(0, end);
            const auto room = line_bytes_max + 1 - std::min(line_length_, line_bytes_max + 1);
            buffer_ += part.substr(0, room);
            line_length_ += std::min(part.size(), room);
            if (end == std::string_view::npos) return;
            buffer_ += '\n';
            line_length_ = 0;
            more.remove_prefix(end + 1);
        }
    }

    void submit_lines()
    {
        blocked_ = false;
        std::size_t start = 0;
        while (!quit_) {
            const auto end = buffer_.find('\n', start);
            if (end == std::string::npos) break;
            const std::string_view line(buffer_.data() + start, end - start);
            if (line.find_first_not_of(" \t\r") != std::string_view::npos) {
                const int answer = godwit_request(&client_, line.data(), line.size());
                if (answer == busy) {
                    blocked_ = true;
                    break;
                }
                if (answer == 0 || answer == GODWIT_QUIT) ++owed_;
                quit_ = answer == GODWIT_QUIT;
                quit_at_ = Clock::now();
            }
            start = end + 1;
        }
        buffer_.erase(0, start);
    }

    bool print_events()
    {
        while (const Text line{godwit_next(&client_, 0)}) {
            std::string out(line.get());
            if (out.starts_with("{\"id\":")) --owed_;
            out += '\n';
            if (!write_all(STDOUT_FILENO, out, signals_)) return false;
            if (quit_ && owed_ == 0) return true;
        }
        return true;
    }

    godwit_client& client_;
    StopSignals& signals_;
    std::string buffer_;
    std::size_t line_length_ = 0; ///< Of the line that is still coming.
    std::size_t owed_ = 0;        ///< Requests without a reply yet.
    bool blocked_ = false;        ///< The library is busy: no more lines until events have been taken.
    bool ended_ = false;
    bool quit_ = false;
    Clock::time_point quit_at_;
};

} // namespace

int run_stdio(const CommonOptions& common)
{
    std::signal(SIGPIPE, SIG_IGN);
    StopSignals signals;
    godwit_options options{};
    options.size = sizeof options;
    options.home = common.home.c_str();
    options.passphrase = common.passphrase.empty() ? nullptr : common.passphrase.c_str();
    options.allow_loopback = common.loopback ? 1 : 0;
    if (common.trace)
        options.trace = [](void*, int level, const char* room, const char* text) { trace_line(level, room, text); };
    char* error = nullptr;
    const Client client(godwit_open(&options, &error));
    const Text error_owner(error);
    if (!client) {
        // A script reads stdout: the reason goes there as a line of its own, and in words to stderr.
        write_all(STDOUT_FILENO, std::string("{\"event\":\"open_failed\",\"error\":") + error + "}\n", signals);
        write_all(STDERR_FILENO, std::string("godwit: cannot open ") + common.home + ": " + error + "\n", signals);
        return exit_not_opened;
    }
    Session(*client, signals).run();
    return exit_done;
}
