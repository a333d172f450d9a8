// SPDX-License-Identifier: Apache-2.0
// The conversation you type in. One thread, one poll over the keyboard and the client's wake_fd.
//
//   a typed line ──> /command, @name text, or text to the current contact ──> Client::submit
//   events ──> lines above the prompt; the reply to a request goes to the function that was left for it
#include "commands.hpp"
#include "line_editor.hpp"
#include "words.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <functional>
#include <map>
#include <set>
#include <sstream>

#include <poll.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t history_on_open = 20;
/// When the typing ends without a terminal (a script): so long may what it sent still go out.
constexpr auto linger_max = std::chrono::seconds(5);
/// How long a script's first line waits for the relay, and after that for the relay's news.
constexpr auto script_wait_max = std::chrono::seconds(3);
constexpr auto script_news_wait = std::chrono::milliseconds(300);

constexpr const char* help_text =
    "  text              to the current contact (the one in the prompt)\n"
    "  @NAME text        to NAME, who becomes the current contact\n"
    "  /to NAME          choose the current contact, show the last messages\n"
    "  /history [N]      the last N messages with the current contact (default 20)\n"
    "  /contacts         everyone, with presence and path\n"
    "  /add NAME         ask NAME to be your contact     /accept NAME   say yes to NAME's request\n"
    "  /remove NAME      end it, or decline              /block NAME    /unblock NAME\n"
    "  /policy [NAME]    direct_first, direct_only, relay_only or race\n"
    "  /status           account, relay, counters        /reconnect     look at the network again\n"
    "  /register RELAY NAME    /login RELAY NAME    /logout\n"
    "  /quit             leave; what was accepted goes on at the next start\n"
    "  ✓ sent  ✓✓ delivered  [direct|turned|mailbox] the way it took";

volatile std::sig_atomic_t interrupted = 0;

class Chat {
public:
    explicit Chat(godwit::Client& client) : client_(client) {}

    void run()
    {
        screen_.print("godwit. /help lists the commands.");
        ask(godwit::request::Status{}, [this](const godwit::event::Reply& reply) { opened(reply); });
        bool input = true;
        while (!done_) {
            show_events();
            pollfd waits[2] = {{client_.wake_fd(), POLLIN, 0}, {input ? STDIN_FILENO : -1, POLLIN, 0}};
            // A script has ended: its last lines are still answered, and what it sent may go out.
            const bool idle = !screen_.has_line() && replies_.empty() && (mine_.empty() || Clock::now() > leave_at_);
            if (!input && idle) break;
            if (::poll(waits, 2, screen_.on_terminal() ? -1 : 100) < 0 && errno != EINTR) break;
            if (interrupted != 0) break;
            if (waits[1].revents != 0) input = screen_.read();
            if (input || screen_.has_line()) leave_at_ = Clock::now() + linger_max;
            take_lines();
            if (!input && screen_.on_terminal()) break;
        }
        show_events();
    }

private:
    using Answer = std::function<void(const godwit::event::Reply&)>;

    // ---- asking ----------------------------------------------------------------------------------------------

    void ask(godwit::Request request, Answer answer = {})
    {
        const auto id = client_.submit(std::move(request));
        if (!id) return screen_.print("! " + error_text(id.error()));
        replies_.emplace(*id, std::move(answer));
    }

    /// A script types faster than a relay answers: its lines wait until the contacts are known, or that takes too long.
    void take_lines()
    {
        if (!screen_.on_terminal() && !own_known_) return;
        if (!screen_.on_terminal() && !own_.empty() && Clock::now() < begin_at_) return;
        while (auto line = screen_.next_line())
            typed(*line);
    }

    void typed(const std::string& line)
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

    void command(const std::string& line)
    {
        std::istringstream words(line.substr(1));
        std::string name;
        std::string first;
        std::string second;
        words >> name >> first >> second;
        namespace request = godwit::request;
        if (name == "quit" || name == "q" || name == "exit")
            done_ = true;
        else if (name == "help" || name == "h")
            screen_.print(help_text);
        else if (name == "contacts")
            ask(request::Contacts{}, [this](const auto& reply) { show_contacts(reply); });
        else if (name == "status")
            ask(request::Status{}, [this](const auto& reply) { show_status(reply); });
        else if (name == "reconnect")
            ask(request::NetworkChanged{});
        else if (name == "logout")
            ask(request::Logout{}, said("logged out; the history stays here"));
        else if (name == "policy" && first.empty())
            ask(request::Status{}, [this](const auto& reply) { show_policy(reply); });
        else if (name == "policy")
            set_policy(first);
        else if (name == "history")
            history(current_, count_of(first));
        else if (name == "register" || name == "login")
            account(name == "register", first, second);
        else if (first.empty() && takes_name(name))
            screen_.print("! /" + name + " NAME");
        else if (name == "to")
            choose(first, true);
        else if (name == "add")
            ask(request::ContactAdd{first}, said(first + " is asked"));
        else if (name == "accept")
            ask(request::ContactAccept{first}, [this, first](const auto&) { choose(first, false); });
        else if (name == "remove")
            ask(request::ContactRemove{first}, said(first + " is removed"));
        else if (name == "block")
            ask(request::ContactBlock{first}, said(first + " is blocked; they are not told"));
        else if (name == "unblock")
            ask(request::ContactUnblock{first}, said(first + " is unblocked"));
        else
            screen_.print("! no command /" + printable(name) + "; /help lists them");
    }

    static bool takes_name(const std::string& name)
    {
        return name == "to" || name == "add" || name == "accept" || name == "remove" || name == "block" ||
               name == "unblock";
    }

    static std::uint32_t count_of(const std::string& word)
    {
        const auto count = std::strtoul(word.c_str(), nullptr, 10);
        return count == 0
                   ? history_on_open
                   : static_cast<std::uint32_t>(std::min<unsigned long>(count, godwit::request::history_limit_max));
    }

    void account(bool make, const std::string& relay, const std::string& user)
    {
        if (user.empty())
            return screen_.print(std::string("! /") + (make ? "register" : "login") + " godwit://HOST:PORT#KEY NAME");
        on_secret_ = [this, make, relay, user](const std::string& password) {
            const auto answer = [this, user](const godwit::event::Reply&) {
                own_ = user;
                screen_.print("this device is now one of " + user + "'s. /add NAME asks someone to be your contact.");
                prompt();
            };
            if (make)
                ask(godwit::request::RegisterAccount{relay, user, password, {}}, answer);
            else
                ask(godwit::request::Login{relay, user, password, {}}, answer);
        };
        screen_.set_prompt(make ? "a new password (8 characters or more): " : "password: ");
        screen_.set_secret(true);
    }

    void set_policy(const std::string& name)
    {
        const auto policy = policy_of(name);
        if (!policy) return screen_.print("! direct_first, direct_only, relay_only or race");
        ask(godwit::request::SetPolicy{*policy}, said("policy is " + name));
    }

    void send(const std::string& text)
    {
        if (current_.empty()) return screen_.print("! nobody chosen: /to NAME, or @NAME text");
        ask(godwit::request::Send{current_, text, {}}, [this, to = current_, text](const godwit::event::Reply& reply) {
            if (const auto* id = std::get_if<godwit::MessageId>(&reply.value)) mine_.insert(*id);
            screen_.print(clock_text(wall_now_ms(), wall_now_ms()) + " me → " + to + ": " + printable(text));
        });
    }

    void choose(const std::string& user, bool with_history)
    {
        if (user == current_ && !with_history) return;
        current_ = user;
        prompt();
        if (with_history) history(user, history_on_open);
    }

    void history(const std::string& with, std::uint32_t limit)
    {
        if (with.empty()) return screen_.print("! nobody chosen: /to NAME");
        ask(godwit::request::History{with, limit, {}}, [this, with](const godwit::event::Reply& reply) {
            const auto* messages = std::get_if<std::vector<godwit::Message>>(&reply.value);
            if (messages == nullptr) return;
            if (messages->empty()) return screen_.print("  no messages with " + with + " yet");
            for (const auto& message : *messages)
                screen_.print(history_line(message, own_));
        });
    }

    // ---- showing ---------------------------------------------------------------------------------------------

    void opened(const godwit::event::Reply& reply)
    {
        const auto* status = std::get_if<godwit::StatusReport>(&reply.value);
        if (status == nullptr) return;
        own_ = status->user;
        own_known_ = true;
        begin_at_ = Clock::now() + script_wait_max;
        prompt();
        if (own_.empty())
            return screen_.print("No account in this home yet:\n  /register godwit://HOST:PORT#KEY NAME   makes one\n"
                                 "  /login godwit://HOST:PORT#KEY NAME      adds this device to yours");
        ask(godwit::request::Contacts{}, [this](const godwit::event::Reply& answer) {
            show_contacts(answer);
            const auto* contacts = std::get_if<std::vector<godwit::Contact>>(&answer.value);
            if (contacts == nullptr || !current_.empty()) return;
            for (const auto& contact : *contacts)
                if (contact.state == godwit::ContactState::accepted) return choose(contact.user, true);
        });
    }

    void prompt()
    {
        screen_.set_prompt((own_.empty() ? std::string("godwit") : own_) +
                           (current_.empty() ? "> " : " → " + current_ + "> "));
    }

    Answer said(std::string text)
    {
        return [this, text = std::move(text)](const godwit::event::Reply&) { screen_.print("  " + text); };
    }

    void show_contacts(const godwit::event::Reply& reply)
    {
        const auto* contacts = std::get_if<std::vector<godwit::Contact>>(&reply.value);
        if (contacts == nullptr) return;
        if (contacts->empty()) return screen_.print("  no contacts yet: /add NAME");
        for (const auto& contact : *contacts)
            screen_.print("  " + contact_line(contact));
    }

    void show_status(const godwit::event::Reply& reply)
    {
        if (const auto* status = std::get_if<godwit::StatusReport>(&reply.value)) screen_.print(status_text(*status));
    }

    void show_policy(const godwit::event::Reply& reply)
    {
        if (const auto* status = std::get_if<godwit::StatusReport>(&reply.value))
            screen_.print("  policy is " + std::string(godwit::path_policy_name(status->policy)));
    }

    void show_events()
    {
        while (const auto event = client_.poll())
            std::visit([this](const auto& e) { show(e); }, *event);
    }

    void show(const godwit::event::Reply& reply)
    {
        const auto node = replies_.extract(reply.id);
        if (reply.error.code != godwit::ErrorCode::ok)
            screen_.print("! " + error_text(reply.error));
        else if (!node.empty() && node.mapped())
            node.mapped()(reply);
    }
    void show(const godwit::event::MessageReceived& e)
    {
        screen_.print(history_line(e.message, own_) +
                      (e.message.path_reason.empty() ? "" : " " + e.message.path_reason));
        if (current_.empty()) choose(e.message.with, false);
    }
    void show(const godwit::event::MessageStateChanged& e)
    {
        if (mine_.count(e.id) == 0) return;
        const std::string path =
            "[" + std::string(godwit::path_name(e.path)) + "]" + (e.reason.empty() ? "" : " " + e.reason);
        char took[32] = "";
        if (e.elapsed_us > 0) std::snprintf(took, sizeof took, ", %.1f ms", static_cast<double>(e.elapsed_us) / 1000);
        if (e.state == godwit::MessageState::sent) screen_.print("  ✓ sent to " + e.with + " " + path);
        if (e.state == godwit::MessageState::delivered)
            screen_.print("  ✓✓ delivered to " + e.with + " " + path + took);
        if (e.state == godwit::MessageState::failed) screen_.print("  ✗ not delivered to " + e.with + ": " + e.reason);
        if (e.state == godwit::MessageState::delivered || e.state == godwit::MessageState::failed) mine_.erase(e.id);
    }
    void show(const godwit::event::Presence& e)
    {
        screen_.print(e.online ? "● " + e.user + " is online" : "○ " + e.user + " is offline");
    }
    void show(const godwit::event::ContactRequest& e)
    {
        screen_.print("? " + e.user + " asks to be your contact: /accept " + e.user + " or /remove " + e.user);
    }
    void show(const godwit::event::ContactAccepted& e)
    {
        screen_.print("+ " + e.user + " is your contact");
        if (current_.empty()) choose(e.user, false);
    }
    void show(const godwit::event::ContactRemoved& e) { screen_.print("- " + e.user + " is no longer your contact"); }
    void show(const godwit::event::AccountKeyChanged& e)
    {
        screen_.print(
            "!! " + e.user +
            " shows another key than before. Nothing is sent. Ask them by other means; then /remove and /add.");
    }
    void show(const godwit::event::Connected& e)
    {
        begin_at_ = std::min(begin_at_, Clock::now() + script_news_wait);
        screen_.print(std::string("  connected over ") + (e.over == godwit::RelayTransport::tls ? "TLS/TCP" : "QUIC"));
    }
    void show(const godwit::event::Disconnected& e)
    {
        screen_.print("  no relay: " + error_text(e.reason) + "; trying again");
    }
    void show(const godwit::event::Update& e)
    {
        if (e.required)
            screen_.print("!! version " + e.version + " is required: please update");
        else if (!e.version.empty())
            screen_.print("  version " + e.version + " is available");
    }
    void show(const godwit::event::PathChanged& e)
    {
        screen_.print("  " + e.user + " by [" + std::string(godwit::path_name(e.path)) + "]" +
                      (e.reason.empty() ? "" : " " + e.reason));
    }
    void show(const godwit::event::LoggedOut& e) { screen_.print("!! logged out: " + error_text(e.reason)); }
    void show(const godwit::event::Warning& e) { screen_.print("!! " + error_text(e.what)); }

    godwit::Client& client_;
    LineEditor screen_;
    std::string own_;
    std::string current_;
    std::map<godwit::RequestId, Answer> replies_;
    std::set<godwit::MessageId> mine_; ///< Sent in this run, not yet delivered or failed.
    std::function<void(const std::string&)> on_secret_;
    bool done_ = false;
    Clock::time_point leave_at_;
    bool own_known_ = false;
    Clock::time_point begin_at_; ///< When a script's lines are taken.
};

} // namespace

int run_chat(const CommonOptions& common)
{
    std::signal(SIGPIPE, SIG_IGN);
    struct sigaction stop{};
    stop.sa_handler = [](int) { interrupted = 1; };
    ::sigaction(SIGTERM, &stop, nullptr);
    ::sigaction(SIGINT, &stop, nullptr);
    const auto client = godwit::Client::open(client_options(common));
    if (!client) {
        std::fprintf(stderr, "godwit: cannot open %s: %s\n", common.home.c_str(), error_text(client.error()).c_str());
        return exit_not_opened;
    }
    Chat(**client).run();
    return exit_done;
}
