// SPDX-License-Identifier: Apache-2.0
// What is shown: each event in a line or two.
#include "chat.hpp"

#include "devices.hpp"
#include "qr.hpp"
#include "words.hpp"

#include <algorithm>
#include <cstdio>

void Chat::show_events()
{
    while (const auto event = client_.poll())
        std::visit([this](const auto& e) { show(e); }, *event);
}

std::string Chat::line_of(const godwit::Message& message) const
{
    auto line = history_line(message, own_);
    if (const auto group = groups_.find(message.conversation); group != groups_.end())
        return current_group_ == message.conversation ? line : line + "  in #" + printable(group->second);
    const bool own = message.state != godwit::MessageState::received;
    return own && message.with != current_ ? line + "  to " + message.with : line;
}

void Chat::opened(const godwit::event::Reply& reply)
{
    const auto* status = std::get_if<godwit::StatusReport>(&reply.value);
    if (status == nullptr) return;
    own_ = status->user;
    own_known_ = true;
    begin_at_ = Clock::now() + script_wait_max;
    prompt();
    if (own_.empty())
        return screen_.print("No account in this home yet:\n  /register godwit://HOST:PORT#KEY NAME   makes one\n"
                             "  /login godwit://HOST:PORT#KEY NAME      adds this device to yours\n"
                             "  /link godwit://HOST:PORT#KEY            the same, by a code instead of the password");
    ask(godwit::request::Conversations{true}, [this](const godwit::event::Reply& answer) {
        if (const auto* list = std::get_if<std::vector<godwit::Conversation>>(&answer.value))
            for (const auto& one : *list)
                if (is_of_many(one.kind)) groups_[one.id] = one.title;
    });
    ask(godwit::request::Contacts{}, [this](const godwit::event::Reply& answer) {
        show_contacts(answer);
        const auto* contacts = std::get_if<std::vector<godwit::Contact>>(&answer.value);
        if (contacts == nullptr || !current_.empty()) return;
        for (const auto& contact : *contacts)
            if (contact.state == godwit::ContactState::accepted) return choose(contact.user, true);
    });
}

void Chat::show_contacts(const godwit::event::Reply& reply)
{
    const auto* contacts = std::get_if<std::vector<godwit::Contact>>(&reply.value);
    if (contacts == nullptr) return;
    if (contacts->empty()) screen_.print("  no contacts yet: /add NAME");
    verified_.clear();
    for (const auto& contact : *contacts) {
        if (contact.verified) verified_.insert(contact.user);
        screen_.print("  " + contact_line(contact));
    }
    prompt();
}

void Chat::show_code(const std::string& code)
{
    if (!screen_.on_terminal()) return;
    const auto picture = qr_text(code);
    if (!picture.empty()) screen_.print(picture);
}

void Chat::show(const godwit::event::Reply& reply)
{
    if (chose(reply)) return;
    const auto node = replies_.extract(reply.id);
    if (reply.error.code != godwit::ErrorCode::ok)
        screen_.print("! " + error_text(reply.error));
    else if (!node.empty() && node.mapped())
        node.mapped()(reply);
}

void Chat::show(const godwit::event::MessageReceived& e)
{
    screen_.print(line_of(e.message) + (e.message.path_reason.empty() ? "" : " " + e.message.path_reason));
    if (current_.empty() && !e.message.with.empty()) choose(e.message.with, false);
}

void Chat::show(const godwit::event::MessageStateChanged& e)
{
    if (mine_.count(e.id) == 0) return;
    const std::string path =
        "[" + std::string(godwit::path_name(e.path)) + "]" + (e.reason.empty() ? "" : " " + e.reason);
    char took[32] = "";
    if (e.elapsed_us > 0) std::snprintf(took, sizeof took, ", %.1f ms", static_cast<double>(e.elapsed_us) / 1000);
    const std::string to = e.with.empty() ? std::string("the group") : e.with;
    if (e.state == godwit::MessageState::sent) screen_.print("  ✓ sent to " + to + " " + path);
    if (e.state == godwit::MessageState::delivered) screen_.print("  ✓✓ delivered to " + to + " " + path + took);
    if (e.state == godwit::MessageState::failed) screen_.print("  ✗ not delivered to " + to + ": " + e.reason);
    if (e.state == godwit::MessageState::delivered || e.state == godwit::MessageState::failed) mine_.erase(e.id);
}

void Chat::show(const godwit::event::MessageChanged& e)
{
    using What = godwit::event::MessageChanged::What;
    switch (e.what) {
    case What::edited: screen_.print("~ edited: " + line_of(e.message)); break;
    case What::recalled:
    case What::reactions:
    case What::moved:
    case What::sent: screen_.print("  " + line_of(e.message)); break;
    case What::pinned:
        screen_.print((e.message.pinned ? "  pinned: " : "  no longer pinned: ") + line_of(e.message));
        break;
    case What::expired:
        screen_.print(
            "  a message in " +
            (e.message.with.empty() ? group_of(e.message.conversation) : "the conversation with " + e.message.with) +
            " has gone");
        break;
    case What::removed: break; // Asked for, here or on another own device.
    }
}

void Chat::show(const godwit::event::ConversationCleared& e)
{
    screen_.print("  the conversation " +
                  (e.with.empty() ? "in " + group_of(e.conversation) : "with " + printable(e.with)) +
                  " is cleared, on your devices");
}

void Chat::show(const godwit::event::ReadUpTo& e)
{
    if (e.user != own_)
        screen_.print("  " + e.user +
                      (e.with.empty() ? " has read on in " + group_of(e.conversation) : " has read your messages"));
}

void Chat::show(const godwit::event::TypingChanged& e)
{
    if (e.on)
        screen_.print("  " + e.user + " is writing" +
                      (e.with.empty() ? " in " + group_of(e.conversation) : std::string()) + " …");
}

void Chat::show(const godwit::event::ConversationChanged& e)
{
    if (is_of_many(e.conversation.kind)) groups_[e.conversation.id] = e.conversation.title;
}

void Chat::show(const godwit::event::ViewChanged&) {}

void Chat::show(const godwit::event::Presence& e)
{
    screen_.print(e.online ? "● " + e.user + " is online" : "○ " + e.user + " is offline");
}

void Chat::show(const godwit::event::ContactRequest& e)
{
    screen_.print("? " + e.user + " asks to be your contact: /accept " + e.user + " or /remove " + e.user);
}

void Chat::show(const godwit::event::ContactAccepted& e)
{
    screen_.print("+ " + e.user + " is your contact");
    if (current_.empty()) choose(e.user, false);
}

void Chat::show(const godwit::event::ContactRemoved& e)
{
    verified_.erase(e.user);
    prompt();
    screen_.print("- " + e.user + " is no longer your contact");
}

void Chat::show(const godwit::event::Security& e)
{
    if (e.kind == godwit::SecurityKind::account_key_changed && verified_.erase(e.user) != 0) prompt();
    screen_.print("! " + security_text(e, own_));
}

void Chat::show(const godwit::event::Linked& e)
{
    own_ = e.user;
    prompt();
    screen_.print("this device is now one of " + own_ + "'s.");
}

void Chat::show(const godwit::event::Connected& e)
{
    begin_at_ = std::min(begin_at_, Clock::now() + script_news_wait);
    screen_.print(std::string("  connected over ") + (e.over == godwit::RelayTransport::tls ? "TLS/TCP" : "QUIC"));
}

void Chat::show(const godwit::event::Disconnected& e)
{
    screen_.print("  no relay: " + error_text(e.reason) + "; trying again");
}

void Chat::show(const godwit::event::Update& e)
{
    if (e.required)
        screen_.print("!! version " + e.version + " is required: please update");
    else if (!e.version.empty())
        screen_.print("  version " + e.version + " is available");
}

void Chat::show(const godwit::event::PathChanged& e)
{
    screen_.print("  " + e.user + " by [" + std::string(godwit::path_name(e.path)) + "]" +
                  (e.reason.empty() ? "" : " " + e.reason));
}

void Chat::show(const godwit::event::LoggedOut& e)
{
    screen_.print("!! logged out: " + error_text(e.reason));
}

void Chat::show(const godwit::event::Warning& e)
{
    screen_.print("!! " + error_text(e.what));
}
