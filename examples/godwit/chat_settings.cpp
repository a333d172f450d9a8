// SPDX-License-Identifier: Apache-2.0
// Commands about the current conversation as a whole, and about messages to come.
#include "chat.hpp"

#include "words.hpp"

#include <cstdint>

namespace request = godwit::request;

namespace {

constexpr std::int64_t minute_ms = 60'000;

constexpr std::int64_t minutes_max = std::int64_t{10} * 365 * 24 * 60;

std::string settings_text(const godwit::Conversation& one)
{
    std::string out = "  " + printable(one.title) + ":";
    if (one.pinned) out += " on top,";
    if (one.muted_until_ms == INT64_MAX) out += " silent,";
    if (one.muted_until_ms > wall_now_ms() && one.muted_until_ms != INT64_MAX)
        out += " silent until " + clock_text(one.muted_until_ms, wall_now_ms()) + ",";
    if (one.archived) out += " archived,";
    if (one.hidden) out += " hidden,";
    out += one.receipts ? " tells what you have read" : " does not tell what you have read";
    if (one.timer.seconds != 0) out += ", messages go after " + std::to_string(one.timer.seconds) + " s";
    if (!one.draft.empty()) out += "\n  draft: " + printable(one.draft);
    return out;
}

} // namespace

/// /top, /silence, /archive, /hide, /receipts, /draft: the words behind it say what, "off" takes it back.
void Chat::settings_command(const std::string& name, const std::string& first, const std::string& rest)
{
    if (current_.empty()) return screen_.print("! nobody chosen: /to NAME");
    const bool on = first != "off";
    request::SetConversation set{here()};
    if (name == "top") {
        set.pinned = on;
    } else if (name == "silence") {
        const auto minutes = number_of(first, 1, minutes_max);
        if (on && !first.empty() && !minutes) return screen_.print("! /silence [MINUTES|off]");
        set.muted_until_ms = !on ? 0 : minutes ? wall_now_ms() + *minutes * minute_ms : INT64_MAX;
    } else if (name == "archive") {
        set.archived = on;
    } else if (name == "hide") {
        set.hidden = on;
    } else if (name == "receipts" && (rest == "everywhere" || first == "everywhere")) {
        return ask(request::SetReceipts{on},
                   said(on ? "  others are told what you have read, but where you said otherwise"
                           : "  nobody is told what you have read, but where you said otherwise"));
    } else if (name == "receipts" && (rest == "delivery" || first == "delivery")) {
        return ask(request::SetReceipts{{}, on},
                   said(on ? "  others are told what has reached you" : "  nobody is told what has reached you"));
    } else if (name == "receipts") {
        set.receipts = on;
    } else {
        set.draft = first.empty() ? std::string() : first + (rest.empty() ? "" : " " + rest);
    }
    ask(set, [this](const godwit::event::Reply&) { show_settings(); });
}

void Chat::show_settings()
{
    if (current_.empty()) return screen_.print("! nobody chosen: /to NAME");
    ask(request::Conversations{true}, [this](const godwit::event::Reply& reply) {
        const auto* list = std::get_if<std::vector<godwit::Conversation>>(&reply.value);
        if (list == nullptr) return;
        const auto where = here();
        for (const auto& one : *list)
            if (where.conversation ? one.id == *where.conversation : one.with == where.with)
                return screen_.print(settings_text(one));
        screen_.print("  nothing was said here yet");
    });
}

void Chat::send_later(const std::string& minutes, const std::string& text)
{
    if (current_.empty()) return screen_.print("! nobody chosen: /to NAME");
    const auto in = number_of(minutes, 1, minutes_max);
    if (!in || text.empty()) return screen_.print("! /later MINUTES text");
    request::Send send{here().with, text, {}, here().conversation};
    send.at_ms = wall_now_ms() + *in * minute_ms;
    ask(std::move(send), said("  it goes in " + std::to_string(*in) + " minutes; /scheduled lists what is to come"));
}

/// Without a number: lists them. With one: that one is not sent.
void Chat::scheduled(const std::string& number)
{
    ask(request::Scheduled{}, [this, number](const godwit::event::Reply& reply) {
        const auto* list = std::get_if<std::vector<godwit::ScheduledMessage>>(&reply.value);
        if (list == nullptr) return;
        if (number.empty()) {
            if (list->empty()) screen_.print("  nothing is to come");
            for (std::size_t n = 0; n < list->size(); ++n)
                screen_.print("  " + std::to_string(n + 1) + "  " + clock_text((*list)[n].at_ms, wall_now_ms()) +
                              " → " + printable((*list)[n].with) + ": " + printable((*list)[n].text));
            return;
        }
        const auto n = number_of(number, 1, static_cast<std::int64_t>(list->size()));
        if (!n) return screen_.print("! /unschedule N, as /scheduled counts them");
        ask(request::Unschedule{(*list)[static_cast<std::size_t>(*n - 1)].id}, said("  it is not sent"));
    });
}

void Chat::set_remark(const std::string& user, const std::string& remark)
{
    request::SetContact set{user};
    set.remark = remark;
    ask(set, said(remark.empty() ? "  " + printable(user) + " is called so again"
                                 : "  " + printable(user) + " is called " + printable(remark)));
}
