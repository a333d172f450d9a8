// SPDX-License-Identifier: Apache-2.0
// Commands about messages. "N" counts from the newest message of the current conversation, which is 1.
#include "chat.hpp"

#include "words.hpp"

#include <algorithm>

namespace request = godwit::request;

/// Finds the Nth last message, then does something with it.
void Chat::with_message(const std::string& number, std::function<void(const godwit::Message&)> then)
{
    if (current_.empty()) return screen_.print("! nobody chosen: /to NAME");
    const auto counted = number_of(number, 1, request::history_limit_max);
    if (!counted) return screen_.print("! N counts messages from the newest, which is 1; /history shows them");
    const auto n = static_cast<std::uint32_t>(*counted);
    request::History page{here().with, n, {}, here().conversation};
    ask(page, [this, n, then = std::move(then)](const godwit::event::Reply& reply) {
        const auto* messages = std::get_if<std::vector<godwit::Message>>(&reply.value);
        if (messages == nullptr) return;
        if (messages->size() < n)
            return screen_.print("! the oldest message here is " + std::to_string(messages->size()));
        then(messages->front());
    });
}

/// `rest` of the line behind the command and its number.
void Chat::post_command(const std::string& name, const std::string& number, const std::string& rest)
{
    with_message(number, [this, name, rest](const godwit::Message& message) {
        const auto done = [this](const godwit::event::Reply& reply) {
            if (const auto* id = std::get_if<godwit::MessageId>(&reply.value)) mine_.insert(*id);
        };
        if (name == "reply") {
            request::Send send{here().with, rest, {}, here().conversation};
            send.reply_to = message.id;
            ask(std::move(send), [this, done, rest](const godwit::event::Reply& reply) {
                done(reply);
                screen_.print(clock_text(wall_now_ms(), wall_now_ms()) + " me → " + current_ + ": " + printable(rest));
            });
        } else if (name == "edit") {
            ask(request::Edit{message.id, rest}, done);
        } else if (name == "recall") {
            ask(request::Recall{message.id}, done);
        } else if (name == "react") {
            const bool off = rest.size() > 1 && rest[0] == '-';
            ask(request::React{message.id, off ? rest.substr(1) : rest, !off}, done);
        } else if (name == "pin" || name == "unpin") {
            ask(request::PinMessage{message.id, name == "pin"}, done);
        } else {
            with_target(rest, [this, rest, id = message.id](const request::Where& to) {
                ask(request::Forward{{id}, to}, said("  forwarded to " + printable(rest)));
            });
        }
    });
}

void Chat::show_pinned()
{
    if (current_.empty()) return screen_.print("! nobody chosen: /to NAME");
    ask(request::Pinned{here(), request::history_limit_max, {}}, [this](const godwit::event::Reply& reply) {
        const auto* messages = std::get_if<std::vector<godwit::Message>>(&reply.value);
        if (messages == nullptr) return;
        if (messages->empty()) screen_.print("  nothing is pinned here");
        for (const auto& message : *messages)
            screen_.print(history_line(message, own_));
    });
}

void Chat::remove_messages(const std::string& from, const std::string& to)
{
    const auto first = number_of(from, 1, request::history_limit_max);
    const auto last = to.empty() ? first : number_of(to, 1, request::history_limit_max);
    if (!first || !last)
        return screen_.print("! N and M count messages from the newest, which is 1; /history shows them");
    const auto newest = std::min(*first, *last), oldest = std::max(*first, *last);
    const auto count = static_cast<std::size_t>(oldest - newest + 1);
    if (count > request::removed_max)
        return screen_.print("! at most " + std::to_string(request::removed_max) + " messages at once");
    if (current_.empty()) return screen_.print("! nobody chosen: /to NAME");
    request::History page{here().with, static_cast<std::uint32_t>(oldest), {}, here().conversation};
    ask(page, [this, oldest, count](const godwit::event::Reply& reply) {
        const auto* messages = std::get_if<std::vector<godwit::Message>>(&reply.value);
        if (messages == nullptr) return;
        if (messages->size() < static_cast<std::size_t>(oldest))
            return screen_.print("! the oldest message here is " + std::to_string(messages->size()));
        request::RemoveMessages what;
        for (std::size_t i = 0; i < count; ++i)
            what.messages.push_back((*messages)[i].id);
        ask(std::move(what), said("  gone from your history, on all your devices; others keep theirs"));
    });
}

/// The word is asked for, since nothing brings it back.
void Chat::clear_conversation(const std::string& what)
{
    if (current_.empty()) return screen_.print("! nobody chosen: /to NAME");
    if (what != "all") return screen_.print("! /clear all removes this whole conversation from your history");
    ask(request::ClearConversation{here()});
}

void Chat::set_timer(const std::string& seconds, const std::string& from)
{
    if (current_.empty()) return screen_.print("! nobody chosen: /to NAME");
    const auto counted = number_of(seconds, 0, godwit::content::lifetime_seconds_max);
    if (!counted || (!from.empty() && from != "read" && from != "sent"))
        return screen_.print("! /timer SECONDS [read]: 0 (they stay) to " +
                             std::to_string(godwit::content::lifetime_seconds_max));
    const auto n = static_cast<std::uint32_t>(*counted);
    godwit::content::Lifetime lifetime{n, godwit::content::Lifetime::From::sent};
    if (from == "read") lifetime.from = godwit::content::Lifetime::From::read;
    ask(request::SetTimer{here(), lifetime},
        said(n == 0 ? "  messages stay"
                    : "  messages go " + std::to_string(n) + " seconds after they were " +
                          (from == "read" ? "read" : "sent")));
}

void Chat::mark_read()
{
    if (current_.empty()) return screen_.print("! nobody chosen: /to NAME");
    ask(request::MarkRead{here()}, said("  all with " + printable(current_) + " is read"));
}

void Chat::list_conversations()
{
    ask(request::Conversations{}, [this](const godwit::event::Reply& reply) {
        const auto* list = std::get_if<std::vector<godwit::Conversation>>(&reply.value);
        if (list == nullptr) return;
        if (list->empty()) screen_.print("  no conversations yet");
        for (const auto& one : *list)
            screen_.print("  " + conversation_line(one, own_));
    });
}
