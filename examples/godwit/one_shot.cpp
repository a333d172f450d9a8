// SPDX-License-Identifier: Apache-2.0
// One request, its answer, the end.
//
//   open -> submit -> (not_connected: wait for the relay, submit again) -> reply -> print
//   send: -> wait until it is on its way
//
// Messages that arrive meanwhile are taken from the client, so they are printed, on stderr; they are in the history.
#include "commands.hpp"
#include "words.hpp"

#include <cstdio>
#include <fstream>
#include <iostream>

#include <termios.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

/// From the file, else typed without echo, else the first line of stdin. Never from the command line: others can see
/// that.
std::string read_password(const OneShot& what)
{
    std::string out;
    if (!what.password_file.empty()) {
        std::ifstream file(what.password_file);
        std::getline(file, out);
        return out;
    }
    termios mode{};
    const bool terminal = ::isatty(STDIN_FILENO) != 0 && ::tcgetattr(STDIN_FILENO, &mode) == 0;
    termios silent = mode;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (terminal) {
        std::cerr << (what.kind == OneShot::Kind::register_account ? "a new password: " : "password: ");
        ::tcsetattr(STDIN_FILENO, TCSANOW, &silent);
    }
    std::getline(std::cin, out);
    if (terminal) {
        ::tcsetattr(STDIN_FILENO, TCSANOW, &mode);
        std::cerr << '\n';
    }
    return out;
}

std::optional<godwit::MessageId> message_id(const std::string& hex)
{
    if (hex.size() != 32) return std::nullopt;
    godwit::MessageId id;
    for (std::size_t i = 0; i < 16; ++i) {
        unsigned byte = 0;
        if (std::sscanf(hex.c_str() + 2 * i, "%2x", &byte) != 1) return std::nullopt;
        id.bytes[i] = static_cast<std::uint8_t>(byte);
    }
    return id;
}

std::optional<godwit::Request> request_of(const OneShot& what)
{
    namespace request = godwit::request;
    using Kind = OneShot::Kind;
    switch (what.kind) {
    case Kind::register_account:
        return request::RegisterAccount{what.relay, what.user, read_password(what), what.device_name};
    case Kind::login: return request::Login{what.relay, what.user, read_password(what), what.device_name};
    case Kind::logout: return request::Logout{};
    case Kind::add: return request::ContactAdd{what.user};
    case Kind::accept: return request::ContactAccept{what.user};
    case Kind::remove: return request::ContactRemove{what.user};
    case Kind::block: return request::ContactBlock{what.user};
    case Kind::unblock: return request::ContactUnblock{what.user};
    case Kind::contacts: return request::Contacts{};
    case Kind::send: return request::Send{what.user, what.text, what.key};
    case Kind::status: return request::Status{};
    case Kind::policy: return request::SetPolicy{what.policy};
    case Kind::history: {
        request::History history{what.user, what.limit, {}};
        if (!what.before.empty() && !(history.before = message_id(what.before))) return std::nullopt;
        return history;
    }
    case Kind::none: break;
    }
    return std::nullopt;
}

class Run {
public:
    Run(godwit::Client& client, const OneShot& what)
        : client_(client), what_(what), give_up_(Clock::now() + std::chrono::seconds(what.wait_s))
    {
    }

    int run(const godwit::Request& request)
    {
        const bool asks_the_relay = what_.kind == OneShot::Kind::status || what_.kind == OneShot::Kind::contacts;
        bool settled = asks_the_relay && has_account() && settle(Clock::now() + std::chrono::seconds(2));
        for (;;) {
            const auto id = client_.submit(request);
            if (!id) return refused(id.error());
            const auto reply = wait_reply(*id);
            if (!reply) return late("no answer");
            const auto code = reply->error.code;
            if (code == godwit::ErrorCode::ok) return show(*reply);
            // Before the relay has told its news, a contact's yes may be unknown here.
            const bool may_change =
                code == godwit::ErrorCode::not_connected || (!settled && code == godwit::ErrorCode::not_a_contact);
            if (!may_change) return refused(reply->error);
            if (!settle(give_up_) || Clock::now() >= give_up_)
                return code == godwit::ErrorCode::not_connected ? late(error_text(reply->error) + why_not_)
                                                                : refused(reply->error);
            settled = true;
        }
    }

private:
    int refused(const godwit::Error& error)
    {
        std::cerr << "godwit: " << error_text(error) << '\n';
        return exit_refused;
    }
    int late(const std::string& what)
    {
        std::cerr << "godwit: " << what << " within " << what_.wait_s << " s (--wait)\n";
        return exit_waiting;
    }

    std::optional<godwit::Event> next(Clock::time_point until)
    {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
        auto event = client_.wait(std::max(left, std::chrono::milliseconds(0)));
        if (!event) return event;
        if (const auto* received = std::get_if<godwit::event::MessageReceived>(&*event))
            std::cerr << history_line(received->message, {}) << '\n';
        if (std::holds_alternative<godwit::event::Connected>(*event)) connected_ = true;
        if (const auto* down = std::get_if<godwit::event::Disconnected>(&*event)) {
            connected_ = false;
            why_not_ = " (" + error_text(down->reason) + ")";
        }
        return event;
    }

    std::optional<godwit::event::Reply> wait_reply(godwit::RequestId id)
    {
        while (auto event = next(give_up_))
            if (auto* reply = std::get_if<godwit::event::Reply>(&*event); reply != nullptr && reply->id == id)
                return std::move(*reply);
        return std::nullopt;
    }

    bool has_account()
    {
        const auto id = client_.submit(godwit::request::Status{});
        const auto reply = id ? wait_reply(*id) : std::nullopt;
        const auto* report = reply ? std::get_if<godwit::StatusReport>(&reply->value) : nullptr;
        return report != nullptr && !report->user.empty();
    }

    /// Waits for the relay and a moment for its news. False: no connection until then.
    bool settle(Clock::time_point until)
    {
        while (!connected_ && next(until)) {}
        while (connected_ && next(std::min(until, Clock::now() + std::chrono::milliseconds(200)))) {}
        return connected_;
    }

    int show(const godwit::event::Reply& reply)
    {
        if (const auto* contacts = std::get_if<std::vector<godwit::Contact>>(&reply.value))
            for (const auto& contact : *contacts)
                std::cout << contact_line(contact) << '\n';
        if (const auto* messages = std::get_if<std::vector<godwit::Message>>(&reply.value))
            for (const auto& message : *messages)
                std::cout << history_line(message, {}) << '\n';
        if (const auto* status = std::get_if<godwit::StatusReport>(&reply.value)) std::cout << status_text(*status);
        if (const auto* id = std::get_if<godwit::MessageId>(&reply.value)) return follow(*id);
        return exit_done;
    }

    /// A message: until the far device or the relay has it.
    int follow(const godwit::MessageId& id)
    {
        while (auto event = next(give_up_)) {
            const auto* moved = std::get_if<godwit::event::MessageStateChanged>(&*event);
            if (moved == nullptr || moved->id != id || moved->state == godwit::MessageState::accepted) continue;
            if (moved->state == godwit::MessageState::sent && moved->path != godwit::Path::mailbox) continue;
            std::cout << godwit::message_state_name(moved->state) << " [" << godwit::path_name(moved->path) << "] "
                      << moved->reason << '\n';
            return moved->state == godwit::MessageState::failed ? exit_refused : exit_done;
        }
        std::cout << "accepted: it is kept here and goes out when godwit runs with a connection\n";
        return exit_waiting;
    }

    godwit::Client& client_;
    const OneShot& what_;
    const Clock::time_point give_up_;
    bool connected_ = false;
    std::string why_not_;
};

} // namespace

int run_one_shot(const CommonOptions& common, const OneShot& what)
{
    const auto request = request_of(what);
    if (!request) {
        std::cerr << "godwit: --before is a message id: 32 hexadecimal digits\n";
        return exit_usage;
    }
    const auto client = godwit::Client::open(client_options(common));
    if (!client) {
        std::cerr << "godwit: cannot open " << common.home << ": " << error_text(client.error()) << '\n';
        return exit_not_opened;
    }
    return Run(**client, what).run(*request);
}
