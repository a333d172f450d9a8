// SPDX-License-Identifier: Apache-2.0
#include "chat.hpp"

#include "commands.hpp"
#include "words.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace {

/// When the typing ends without a terminal (a script): so long may what it sent still go out.
constexpr auto linger_max = std::chrono::seconds(5);

} // namespace

void Chat::run()
{
    screen_.print("godwit. /help lists the commands.");
    ask(godwit::request::Status{}, [this](const godwit::event::Reply& reply) { opened(reply); });
    bool input = true;
    while (!done_) {
        show_events();
        pollfd waits[2] = {{client_.wake_fd(), POLLIN, 0}, {input ? STDIN_FILENO : -1, POLLIN, 0}};
        // A script has ended: its last lines are still answered, and what it sent may go out.
        const bool idle =
            !screen_.has_line() && replies_.empty() && chosen_.empty() && (mine_.empty() || Clock::now() > leave_at_);
        if (!input && idle) break;
        if (signals_.poll(waits, 2, screen_.on_terminal() ? -1 : 100) < 0 && errno != EINTR) break;
        if (signals_.came()) break;
        if (waits[1].revents != 0) input = screen_.read();
        if (input || screen_.has_line()) leave_at_ = Clock::now() + linger_max;
        take_lines();
        if (!input && screen_.on_terminal()) break;
    }
    show_events();
}

void Chat::ask(godwit::Request request, Answer answer)
{
    const auto id = client_.submit(std::move(request));
    if (!id) return screen_.print("! " + error_text(id.error()));
    replies_.emplace(*id, std::move(answer));
}

/// A script types faster than a relay answers: its lines wait until the contacts are known, or that takes too long.
void Chat::take_lines()
{
    if (!screen_.on_terminal() && !own_known_) return;
    if (!screen_.on_terminal() && !own_.empty() && Clock::now() < begin_at_) return;
    while (auto line = screen_.next_line())
        typed(*line);
}

void Chat::typed(const std::string& line)
{
    if (on_secret_) {
        screen_.set_secret(false);
        const auto then = std::exchange(on_secret_, nullptr);
        prompt();
        return then(line);
    }
    if (line.find_first_not_of(" \t") == std::string::npos) return;
    if (line[0] == '@') {
        const auto space = line.find(' ');
        choose(line.substr(1, space - 1), space == std::string::npos);
        if (space != std::string::npos) send(line.substr(space + 1));
    } else if (line[0] == '/' && line.compare(0, 2, "//") != 0) {
        command(line);
    } else {
        send(line[0] == '/' ? line.substr(1) : line);
    }
}

void Chat::prompt()
{
    std::string text = own_.empty() ? std::string("godwit") : own_;
    if (!current_.empty()) text += " → " + current_ + (verified_.count(current_) != 0 ? " ✔" : "");
    screen_.set_prompt(text + "> ");
}

Chat::Answer Chat::said(std::string text)
{
    return [this, text = std::move(text)](const godwit::event::Reply&) {
        screen_.print((text.starts_with("  ") ? "" : "  ") + text);
    };
}

int run_chat(const CommonOptions& common)
{
    std::signal(SIGPIPE, SIG_IGN);
    StopSignals signals;
    const auto client = godwit::Client::open(client_options(common));
    if (!client) {
        std::fprintf(stderr, "godwit: cannot open %s: %s\n", common.home.c_str(), error_text(client.error()).c_str());
        return exit_not_opened;
    }
    Chat(**client, signals).run();
    return exit_done;
}
