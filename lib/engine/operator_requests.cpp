// SPDX-License-Identifier: Apache-2.0
// What the application asks of the people who run the relay: to look at a report, and whom their directory names.
#include "lib/engine/state.hpp"

#include <algorithm>

namespace godwit::engine {

namespace {

Error invalid(std::string detail)
{
    return {ErrorCode::invalid_argument, std::move(detail), 0};
}

/// What is told of one message. Of its text only the beginning fits.
wire::relay::ReportFile::Message told(const Message& message, bool with_content)
{
    wire::relay::ReportFile::Message out;
    out.id = message.id;
    out.from = message.from;
    out.sent_ms = message.sent_ms;
    out.shown = with_content;
    if (with_content) out.text = message.text;
    return out;
}

} // namespace

void Engine::State::on(RequestId id, const request::Report& report, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    if (!report.user.empty() && (!wire::is_user_name(report.user) || report.user == identity->user))
        return context.refuse(id, invalid("user: not the name of another account"));
    if (!is_utf8(report.text) || report.text.size() > report_text_bytes_max)
        return context.refuse(id, invalid("text: UTF-8, at most " + std::to_string(report_text_bytes_max) + " bytes"));
    if (report.messages.size() > report_messages_max)
        return context.refuse(id, invalid("messages: at most " + std::to_string(report_messages_max)));

    wire::relay::ReportFile out;
    out.user = report.user;
    out.conversation = report.conversation.value_or(ConversationId{});
    out.reason = report.reason;
    out.text = report.text;
    for (const auto& one : report.messages) {
        const auto row =
            out.conversation.is_zero() ? context.store.message(one) : context.store.message_in(out.conversation, one);
        if (!row) return context.refuse(id, invalid("messages: none of this id is here, or in this conversation"));
        out.conversation = row->message.conversation;
        if (out.user.empty() && row->message.from != identity->user) out.user = row->message.from;
        out.messages.push_back(told(row->message, report.with_content));
    }
    if (!out.conversation.is_zero()) {
        const auto where = context.store.conversation(out.conversation);
        if (!where) return context.refuse(id, invalid("conversation: there is none of this id here"));
        if (out.user.empty() && where->kind == ConversationKind::direct) out.user = where->with;
    }
    if (out.user.empty() && out.conversation.is_zero())
        return context.refuse(id, invalid("user, conversation or messages: say what it is about"));
    relay_request(id, std::move(out), now);
}

void Engine::State::on(RequestId id, const request::Directory& wanted, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    if (!is_utf8(wanted.find) || wanted.find.size() > directory_text_bytes_max)
        return context.refuse(id,
                              invalid("find: UTF-8, at most " + std::to_string(directory_text_bytes_max) + " bytes"));
    if (!wanted.after.empty() && !wire::is_user_name(wanted.after))
        return context.refuse(id, invalid("after: the last user of the page before"));
    auto* session = ready_session();
    if (session == nullptr)
        return context.refuse(id, {ErrorCode::not_connected,
                                   "not connected to the relay now: it comes back by itself, repeat then", 1000});
    if (!session->request(wire::relay::DirectoryFetch{wanted.department, wanted.find, wanted.after},
                          purpose::Directory{id}, now))
        context.refuse(id, {ErrorCode::busy, "too many requests wait for the relay: wait for replies", 1000});
}

} // namespace godwit::engine
