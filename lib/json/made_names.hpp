// SPDX-License-Identifier: Apache-2.0
// Made by tools/schema.py from schema/: change it there.
// What values of enumerations are called.
#pragma once

#include <godwit/event.hpp>
#include <godwit/report.hpp>
#include <godwit/request.hpp>

#include <string_view>

namespace godwit::json {

// clang-format off
[[nodiscard]] inline std::string_view name_of(Path it) { return path_name(it); }
[[nodiscard]] inline std::string_view name_of(PathPolicy it) { return path_policy_name(it); }
[[nodiscard]] inline std::string_view name_of(MessageState it) { return message_state_name(it); }
[[nodiscard]] inline std::string_view name_of(ConversationKind it) { return conversation_kind_name(it); }
[[nodiscard]] inline std::string_view name_of(Role it) { return role_name(it); }
[[nodiscard]] inline std::string_view name_of(JoinRule it) { return join_rule_name(it); }
[[nodiscard]] inline std::string_view name_of(event::GroupRefused::Why it)
{
    switch (it) {
    case event::GroupRefused::Why::refused: return "refused";
    case event::GroupRefused::Why::stale_link: return "stale_link";
    }
    return "refused";
}
[[nodiscard]] inline std::string_view name_of(ContactState it) { return contact_state_name(it); }
[[nodiscard]] inline std::string_view name_of(FileState it) { return file_state_name(it); }
[[nodiscard]] inline std::string_view name_of(RelayTransport it)
{
    switch (it) {
    case RelayTransport::none: return "none";
    case RelayTransport::quic: return "quic";
    case RelayTransport::tls: return "tls";
    }
    return "none";
}
[[nodiscard]] inline std::string_view name_of(NoticeKind it) { return notice_kind_name(it); }
[[nodiscard]] inline std::string_view name_of(ReportReason it) { return report_reason_name(it); }
[[nodiscard]] inline std::string_view name_of(content::AttachmentKind it) { return content::attachment_kind_name(it); }
[[nodiscard]] inline std::string_view name_of(content::Lifetime::From it)
{
    switch (it) {
    case content::Lifetime::From::sent: return "sent";
    case content::Lifetime::From::read: return "read";
    }
    return "sent";
}
[[nodiscard]] inline std::string_view name_of(event::MessageChanged::What it) { return event::change_name(it); }
[[nodiscard]] inline std::string_view name_of(content::GroupNote::What it) { return content::group_note_name(it); }
[[nodiscard]] inline std::string_view name_of(event::GroupChanged::What it) { return event::group_change_name(it); }
[[nodiscard]] inline std::string_view name_of(event::ViewChanged::Step::Op it) { return event::step_name(it); }
[[nodiscard]] inline std::string_view name_of(request::Watch::What it)
{
    switch (it) {
    case request::Watch::What::conversations: return "conversations";
    case request::Watch::What::messages: return "messages";
    case request::Watch::What::contacts: return "contacts";
    }
    return "conversations";
}
[[nodiscard]] inline std::string_view name_of(SecurityKind it) { return security_kind_name(it); }
[[nodiscard]] inline std::string_view name_of(CallState it) { return call_state_name(it); }
[[nodiscard]] inline std::string_view name_of(CallOutcome it) { return call_outcome_name(it); }
[[nodiscard]] inline std::string_view name_of(event::CallMemberChanged::What it) { return event::call_member_change_name(it); }
[[nodiscard]] inline std::string_view name_of(VideoCodec it) { return video_codec_name(it); }
// clang-format on

} // namespace godwit::json
