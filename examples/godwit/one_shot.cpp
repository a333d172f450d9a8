// SPDX-License-Identifier: Apache-2.0
// One request, its answer, the end.
//
//   open -> submit -> (not_connected: wait for the relay, submit again) -> reply -> print
//   send:      -> wait until it is on its way
//   link-code: -> wait until this device is let in
//
// Messages that arrive meanwhile are taken from the client, so they are printed, on stderr; they are in the history.
#include "commands.hpp"
#include "devices.hpp"
#include "qr.hpp"
#include "words.hpp"

#include <iostream>
#include <set>

#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

/// The relay's news have come when nothing more came for so long. What waited in the mailbox is opened by then: joining
/// a conversation's group and asking for what is missing take a few round trips.
constexpr auto news_silence = std::chrono::milliseconds(500);

class Run {
public:
    Run(godwit::Client& client, const OneShot& what)
        : client_(client), what_(what), give_up_(Clock::now() + std::chrono::seconds(what.wait_s))
    {
    }

    int run(godwit::Request request)
    {
        // What is known here is the answer; with the relay's news it is a better one.
        static const std::set<Kind> news_help{Kind::status,       Kind::contacts,    Kind::devices, Kind::revoke,
                                              Kind::history_send, Kind::history_ask, Kind::notices};
        bool settled =
            news_help.count(what_.kind) != 0 && has_account() && settle(Clock::now() + std::chrono::seconds(2));
        auto* const revoke = std::get_if<godwit::request::DeviceRevoke>(&request);
        auto* const history = std::get_if<godwit::request::HistorySend>(&request);
        if (revoke != nullptr || history != nullptr) {
            const auto device = find_device();
            if (!device) return refused(device.error());
            (revoke != nullptr ? revoke->device : history->device) = *device;
        }
        for (;;) {
            const auto id = client_.submit(request);
            if (!id) return refused(id.error());
            const auto reply = wait_reply(*id);
            if (!reply) return late("no answer");
            const auto code = reply->error.code;
            if (code == godwit::ErrorCode::ok) return show(*reply);
            // Asked too often, or somebody whom the relay asks has not decided yet.
            if (what_.kind == Kind::register_account && code == godwit::ErrorCode::rate_limited) {
                const auto again =
                    Clock::now() + std::chrono::milliseconds(std::max<std::uint64_t>(reply->error.retry_after_ms, 500));
                if (again >= give_up_) return refused(reply->error);
                while (Clock::now() < again)
                    (void)next(again);
                continue;
            }
            // Before the relay has told its news, a contact's yes may be unknown here. With the relay there, it is the
            // new device that is not connected.
            const bool may_change = code == godwit::ErrorCode::not_connected
                                        ? what_.kind != Kind::link || !settled || !connected_
                                        : !settled && code == godwit::ErrorCode::not_a_contact;
            if (!may_change) return refused(reply->error);
            if (!settle(give_up_) || Clock::now() >= give_up_)
                return code == godwit::ErrorCode::not_connected ? late(error_text(reply->error) + why_not_)
                                                                : refused(reply->error);
            settled = true;
        }
    }

private:
    using Kind = OneShot::Kind;

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
        if (const auto* security = std::get_if<godwit::event::Security>(&*event))
            std::cerr << "! " << security_text(*security, own_) << '\n';
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
        if (report != nullptr) own_ = report->user;
        return !own_.empty();
    }

    godwit::Result<godwit::DeviceId> find_device()
    {
        const auto id = client_.submit(godwit::request::Devices{});
        const auto reply = id ? wait_reply(*id) : std::nullopt;
        if (!reply) return godwit::Error{godwit::ErrorCode::timed_out, "no list of devices came", 1000};
        const auto* devices = std::get_if<std::vector<godwit::Device>>(&reply->value);
        if (devices == nullptr) return reply->error;
        return device_of(*devices, what_.device);
    }

    /// Waits for the relay and a moment for its news. False: no connection until then.
    bool settle(Clock::time_point until)
    {
        while (!connected_ && next(until)) {}
        while (connected_ && next(std::min(until, Clock::now() + news_silence))) {}
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
        if (const auto* devices = std::get_if<std::vector<godwit::Device>>(&reply.value))
            for (const auto& device : *devices)
                std::cout << device_line(device) << '\n';
        if (const auto* notices = std::get_if<std::vector<godwit::Notice>>(&reply.value))
            for (const auto& notice : *notices)
                std::cout << notice_text(notice, wall_now_ms()) << '\n';
        if (const auto* safety = std::get_if<godwit::SafetyNumber>(&reply.value)) {
            std::cout << safety_text(*safety, what_.user) << '\n';
            show_picture(safety->code);
        }
        if (const auto* id = std::get_if<godwit::MessageId>(&reply.value)) return follow(*id);
        if (const auto* code = std::get_if<std::string>(&reply.value)) return wait_for_link(*code);
        if (const auto* archive = std::get_if<godwit::ArchiveInfo>(&reply.value))
            std::cout << archive_text(*archive, what_.kind == Kind::archive_read) << '\n';
        if (const auto* results = std::get_if<godwit::SearchResults>(&reply.value)) {
            for (const auto& hit : results->hits)
                std::cout << hit_line(hit) << '\n';
            if (results->next != 0) std::cerr << "more: --before " << results->next << '\n';
        }
        if (what_.kind == Kind::history_ask)
            return wait_for<godwit::event::HistoryReceived>(
                "no device of yours has sent it: on one, godwit history-send");
        if (what_.kind == Kind::history_send)
            return wait_for<godwit::event::HistoryTaken>(
                "the other device has not taken it yet: it goes on while godwit runs here");
        if (what_.kind == Kind::link) std::cout << "the new device is let in\n";
        if (what_.kind == Kind::revoke) std::cout << "the device is out: it cannot read what comes from now on\n";
        if (what_.kind == Kind::verify)
            std::cout << (what_.undo ? what_.user + " counts as not compared\n"
                                     : "✔ " + what_.user + " is who you think\n");
        return exit_done;
    }

    /// For a camera; a script reads the text.
    static void show_picture(const std::string& code)
    {
        if (::isatty(STDOUT_FILENO) == 0) return;
        const auto picture = qr_text(code);
        if (!picture.empty()) std::cout << picture << '\n';
    }

    /// A new device shows its code, alone on a line, until a device of the account has let it in.
    int wait_for_link(const std::string& code)
    {
        std::cout << code << std::endl; // others wait for it while we wait for them
        show_picture(code);
        std::cerr << "On a device of yours: godwit --home DIR link CODE, or /link CODE in the chat\n";
        while (auto event = next(give_up_)) {
            // The wait is over, or the disk is full: then there may be room again in time.
            const auto* warning = std::get_if<godwit::event::Warning>(&*event);
            if (warning != nullptr && warning->what.code != godwit::ErrorCode::storage_failed)
                return refused(warning->what);
            const auto* linked = std::get_if<godwit::event::Linked>(&*event);
            if (linked == nullptr) continue;
            std::cout << "this device is now one of " << linked->user << "'s\n";
            return exit_done;
        }
        return late("nobody let this device in" + why_not_);
    }

    /// Of the history between devices of the account.
    template <class Done>
    int wait_for(const char* not_yet)
    {
        while (auto event = next(give_up_)) {
            if (const auto* warning = std::get_if<godwit::event::Warning>(&*event)) return refused(warning->what);
            if (!std::holds_alternative<Done>(*event)) continue;
            if (const auto* received = std::get_if<godwit::event::HistoryReceived>(&*event))
                std::cout << archive_text(received->archive, true) << '\n';
            else
                std::cout << "the other device has it\n";
            return exit_done;
        }
        return late(not_yet + why_not_);
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
    std::string own_; ///< Empty until known.
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
