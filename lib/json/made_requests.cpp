// SPDX-License-Identifier: Apache-2.0
// Made by tools/schema.py from schema/: change it there.
#include "lib/json/requests.hpp"

#include "lib/json/get.hpp"
#include "lib/json/made_choices.hpp"

namespace godwit::json {
namespace {

// clang-format off
template <class What> Request read_register(Fields& in)
{
    What it{};
    need(in, "relay", it.relay);
    need(in, "user", it.user);
    need(in, "password", it.password);
    may(in, "device_name", it.device_name);
    return Request(std::move(it));
}
template <class What> Request read_logout(Fields&)
{
    What it{};
    return Request(std::move(it));
}
template <class What> Request read_contact_add(Fields& in)
{
    What it{};
    need(in, "user", it.user);
    return Request(std::move(it));
}
template <class What> Request read_set_contact(Fields& in)
{
    What it{};
    need(in, "user", it.user);
    may(in, "remark", it.remark);
    may(in, "labels", it.labels, Most{request::labels_max});
    return Request(std::move(it));
}
template <class What> Request read_send(Fields& in)
{
    What it{};
    read_where(in, "to", it.to, it.conversation);
    read_post(in, it);
    may(in, "key", it.key);
    may(in, "reply_to", it.reply_to, Form{"one message: 32 hexadecimal digits"});
    may(in, "lifetime", it.lifetime, Form{"an object with seconds"});
    may(in, "at_ms", it.at_ms, Span{0, INT64_MAX});
    return Request(std::move(it));
}
template <class What> Request read_edit(Fields& in)
{
    What it{};
    need(in, "message", it.message, Form{"one message: 32 hexadecimal digits"});
    need(in, "text", it.text);
    may(in, "mentions", it.mentions, Most{content::mentions_max});
    may(in, "links", it.links, Most{content::links_max});
    return Request(std::move(it));
}
template <class What> Request read_recall(Fields& in)
{
    What it{};
    need(in, "message", it.message, Form{"one message: 32 hexadecimal digits"});
    return Request(std::move(it));
}
template <class What> Request read_remove_messages(Fields& in)
{
    What it{};
    need(in, "messages", it.messages, Most{request::removed_max}, Form{"one message: 32 hexadecimal digits"});
    return Request(std::move(it));
}
template <class What> Request read_clear_conversation(Fields& in)
{
    What it{};
    read_where(in, "with", it.where.with, it.where.conversation);
    return Request(std::move(it));
}
template <class What> Request read_react(Fields& in)
{
    What it{};
    need(in, "message", it.message, Form{"one message: 32 hexadecimal digits"});
    need(in, "emoji", it.emoji);
    may(in, "on", it.on);
    return Request(std::move(it));
}
template <class What> Request read_pin(Fields& in)
{
    What it{};
    need(in, "message", it.message, Form{"one message: 32 hexadecimal digits"});
    may(in, "on", it.on);
    return Request(std::move(it));
}
template <class What> Request read_pinned(Fields& in)
{
    What it{};
    read_where(in, "with", it.where.with, it.where.conversation);
    may(in, "limit", it.limit, Span{1, request::history_limit_max});
    may(in, "before", it.before, Form{"one message: 32 hexadecimal digits"});
    return Request(std::move(it));
}
template <class What> Request read_move_location(Fields& in)
{
    What it{};
    need(in, "message", it.message, Form{"one message: 32 hexadecimal digits"});
    read_degrees(in, "latitude", it.latitude_e7, 90);
    read_degrees(in, "longitude", it.longitude_e7, 180);
    may(in, "accuracy_m", it.accuracy_m, Span{0, UINT32_MAX});
    return Request(std::move(it));
}
template <class What> Request read_set_versions(Fields& in)
{
    What it{};
    need(in, "kept", it.kept, Span{0, message_versions_max});
    return Request(std::move(it));
}
template <class What> Request read_set_recall_window(Fields& in)
{
    What it{};
    need(in, "seconds", it.seconds, Span{0, request::recall_seconds_max});
    return Request(std::move(it));
}
template <class What> Request read_forward(Fields& in)
{
    What it{};
    read_where(in, "to", it.to.with, it.to.conversation);
    need(in, "messages", it.messages, Most{content::forwarded_max}, Form{"one message: 32 hexadecimal digits"});
    may(in, "merged", it.merged);
    may(in, "title", it.title);
    return Request(std::move(it));
}
template <class What> Request read_set_timer(Fields& in)
{
    What it{};
    read_where(in, "with", it.where.with, it.where.conversation);
    need(in, "lifetime", it.lifetime, Form{"an object with seconds"});
    return Request(std::move(it));
}
template <class What> Request read_mark_read(Fields& in)
{
    What it{};
    read_where(in, "with", it.where.with, it.where.conversation);
    may(in, "up_to", it.up_to, Form{"one message: 32 hexadecimal digits"});
    return Request(std::move(it));
}
template <class What> Request read_typing(Fields& in)
{
    What it{};
    read_where(in, "with", it.where.with, it.where.conversation);
    may(in, "on", it.on);
    return Request(std::move(it));
}
template <class What> Request read_conversations(Fields& in)
{
    What it{};
    may(in, "hidden", it.hidden);
    return Request(std::move(it));
}
template <class What> Request read_set_conversation(Fields& in)
{
    What it{};
    read_where(in, "with", it.where.with, it.where.conversation);
    may(in, "pinned", it.pinned);
    may(in, "archived", it.archived);
    may(in, "hidden", it.hidden);
    may(in, "receipts", it.receipts);
    may(in, "muted_until_ms", it.muted_until_ms, Span{0, INT64_MAX});
    may(in, "draft", it.draft);
    return Request(std::move(it));
}
template <class What> Request read_set_receipts(Fields& in)
{
    What it{};
    may(in, "on", it.on);
    may(in, "delivery", it.delivery);
    return Request(std::move(it));
}
template <class What> Request read_watch(Fields& in)
{
    What it{};
    need(in, "what", it.what, Choices(watch_what_choices));
    may(in, "with", it.where.with);
    may(in, "conversation", it.where.conversation, Form{"one conversation; of two accounts the same on both sides: 32 hexadecimal digits"});
    may(in, "limit", it.limit, Span{1, request::history_limit_max});
    may(in, "hidden", it.hidden);
    check_watched(in, it);
    return Request(std::move(it));
}
template <class What> Request read_unwatch(Fields& in)
{
    What it{};
    need(in, "watch", it.watch, Span{0, UINT64_MAX});
    return Request(std::move(it));
}
template <class What> Request read_history(Fields& in)
{
    What it{};
    read_where(in, "with", it.with, it.conversation);
    may(in, "limit", it.limit, Span{1, request::history_limit_max});
    may(in, "before", it.before, Form{"one message: 32 hexadecimal digits"});
    may(in, "after", it.after, Form{"one message: 32 hexadecimal digits"});
    may(in, "around", it.around, Form{"one message: 32 hexadecimal digits"});
    return Request(std::move(it));
}
template <class What> Request read_search(Fields& in)
{
    What it{};
    need(in, "text", it.text);
    may(in, "with", it.where.with);
    may(in, "conversation", it.where.conversation, Form{"one conversation; of two accounts the same on both sides: 32 hexadecimal digits"});
    may(in, "from", it.from);
    may(in, "kinds", it.kinds, Most{search_kinds_max});
    may(in, "since_ms", it.since_ms, Span{0, INT64_MAX});
    may(in, "until_ms", it.until_ms, Span{0, INT64_MAX});
    may(in, "limit", it.limit, Span{1, search_limit_max});
    may(in, "before", it.before, Span{0, UINT64_MAX});
    return Request(std::move(it));
}
template <class What> Request read_device_link(Fields& in)
{
    What it{};
    need(in, "code", it.code);
    return Request(std::move(it));
}
template <class What> Request read_device_link_code(Fields& in)
{
    What it{};
    need(in, "relay", it.relay);
    may(in, "device_name", it.device_name);
    return Request(std::move(it));
}
template <class What> Request read_device_revoke(Fields& in)
{
    What it{};
    need(in, "device", it.device, Form{"a device: 64 hexadecimal digits"});
    return Request(std::move(it));
}
template <class What> Request read_safety_number(Fields& in)
{
    What it{};
    need(in, "with", it.with);
    return Request(std::move(it));
}
template <class What> Request read_verify(Fields& in)
{
    What it{};
    need(in, "with", it.with);
    may(in, "verified", it.verified);
    may(in, "code", it.code);
    check_compared(in, it);
    return Request(std::move(it));
}
template <class What> Request read_file_add(Fields& in)
{
    What it{};
    need(in, "path", it.path);
    may(in, "name", it.name);
    may(in, "media_type", it.media_type);
    return Request(std::move(it));
}
template <class What> Request read_file_fetch(Fields& in)
{
    What it{};
    need(in, "file", it.file, Form{"a file: 64 hexadecimal digits"});
    return Request(std::move(it));
}
template <class What> Request read_file_save(Fields& in)
{
    What it{};
    need(in, "file", it.file, Form{"a file: 64 hexadecimal digits"});
    need(in, "path", it.path);
    may(in, "replace", it.replace);
    return Request(std::move(it));
}
template <class What> Request read_sticker(Fields& in)
{
    What it{};
    need(in, "file", it.file, Form{"a file: 64 hexadecimal digits"});
    need(in, "name", it.name);
    return Request(std::move(it));
}
template <class What> Request read_set_rate(Fields& in)
{
    What it{};
    may(in, "up", it.up_bytes_per_s, Span{0, INT64_MAX});
    may(in, "down", it.down_bytes_per_s, Span{0, INT64_MAX});
    return Request(std::move(it));
}
template <class What> Request read_set_auto_fetch(Fields& in)
{
    What it{};
    need(in, "bytes", it.bytes_max, Span{0, file_bytes_max});
    return Request(std::move(it));
}
template <class What> Request read_archive_make(Fields& in)
{
    What it{};
    need(in, "path", it.path);
    need(in, "passphrase", it.passphrase);
    may(in, "changes_only", it.changes_only);
    may(in, "replace", it.replace);
    return Request(std::move(it));
}
template <class What> Request read_archive_read(Fields& in)
{
    What it{};
    need(in, "path", it.path);
    need(in, "passphrase", it.passphrase);
    may(in, "check_only", it.check_only);
    return Request(std::move(it));
}
template <class What> Request read_group_create(Fields& in)
{
    What it{};
    need(in, "name", it.name);
    may(in, "members", it.members, Most{group_invites_max});
    may(in, "kind", it.kind, Choices(conversation_kind_choices).subspan(2, 3));
    may(in, "about", it.about);
    may(in, "invite", it.invite, Choices(role_choices).subspan(1, 2));
    may(in, "join", it.join, Choices(join_rule_choices));
    may(in, "expires_ms", it.expires_ms, Span{0, INT64_MAX});
    return Request(std::move(it));
}
template <class What> Request read_group_invite(Fields& in)
{
    What it{};
    need(in, "conversation", it.conversation, Form{"one conversation; of two accounts the same on both sides: 32 hexadecimal digits"});
    need(in, "users", it.users, Most{group_invites_max});
    return Request(std::move(it));
}
template <class What> Request read_group_leave(Fields& in)
{
    What it{};
    need(in, "conversation", it.conversation, Form{"one conversation; of two accounts the same on both sides: 32 hexadecimal digits"});
    return Request(std::move(it));
}
template <class What> Request read_group_role(Fields& in)
{
    What it{};
    need(in, "conversation", it.conversation, Form{"one conversation; of two accounts the same on both sides: 32 hexadecimal digits"});
    need(in, "user", it.user);
    need(in, "role", it.role, Choices(role_choices).subspan(1, 3));
    return Request(std::move(it));
}
template <class What> Request read_group_mute(Fields& in)
{
    What it{};
    need(in, "conversation", it.conversation, Form{"one conversation; of two accounts the same on both sides: 32 hexadecimal digits"});
    may(in, "user", it.user);
    need(in, "until_ms", it.until_ms, Span{0, INT64_MAX});
    return Request(std::move(it));
}
template <class What> Request read_group_set(Fields& in)
{
    What it{};
    need(in, "conversation", it.conversation, Form{"one conversation; of two accounts the same on both sides: 32 hexadecimal digits"});
    may(in, "name", it.name);
    may(in, "about", it.about);
    may(in, "announcement", it.announcement);
    may_or_null(in, "avatar", it.avatar, Form{"an object with file, size, key"});
    may(in, "invite", it.invite, Choices(role_choices).subspan(1, 2));
    may(in, "join", it.join, Choices(join_rule_choices));
    may(in, "receipts", it.receipts);
    return Request(std::move(it));
}
template <class What> Request read_group_link(Fields& in)
{
    What it{};
    need(in, "conversation", it.conversation, Form{"one conversation; of two accounts the same on both sides: 32 hexadecimal digits"});
    may(in, "renew", it.renew);
    return Request(std::move(it));
}
template <class What> Request read_group_join(Fields& in)
{
    What it{};
    need(in, "link", it.link);
    may(in, "text", it.text);
    return Request(std::move(it));
}
template <class What> Request read_group_answer(Fields& in)
{
    What it{};
    need(in, "conversation", it.conversation, Form{"one conversation; of two accounts the same on both sides: 32 hexadecimal digits"});
    need(in, "user", it.user);
    may(in, "accept", it.accept);
    return Request(std::move(it));
}
template <class What> Request read_notices(Fields& in)
{
    What it{};
    may(in, "limit", it.limit, Span{1, request::notices_kept_max});
    may(in, "before", it.before, Form{"one notice of a relay's operator: 32 hexadecimal digits"});
    return Request(std::move(it));
}
template <class What> Request read_notices_read(Fields& in)
{
    What it{};
    may(in, "up_to", it.up_to, Form{"one notice of a relay's operator: 32 hexadecimal digits"});
    return Request(std::move(it));
}
template <class What> Request read_call(Fields& in)
{
    What it{};
    read_where(in, "to", it.to, it.conversation);
    may(in, "video", it.video);
    read_call_device(in, "audio_source", it.devices.audio_source);
    read_call_device(in, "audio_sink", it.devices.audio_sink);
    read_call_device(in, "video_source", it.devices.video_source);
    read_call_device(in, "video_sink", it.devices.video_sink);
    may(in, "processed", it.devices.processed);
    may(in, "video_codec", it.devices.video_codec, Choices(video_codec_choices));
    return Request(std::move(it));
}
template <class What> Request read_answer(Fields& in)
{
    What it{};
    may(in, "call", it.call, Form{"one call: 32 hexadecimal digits"});
    may(in, "video", it.video);
    read_call_device(in, "audio_source", it.devices.audio_source);
    read_call_device(in, "audio_sink", it.devices.audio_sink);
    read_call_device(in, "video_source", it.devices.video_source);
    read_call_device(in, "video_sink", it.devices.video_sink);
    may(in, "processed", it.devices.processed);
    may(in, "video_codec", it.devices.video_codec, Choices(video_codec_choices));
    return Request(std::move(it));
}
template <class What> Request read_reject(Fields& in)
{
    What it{};
    may(in, "call", it.call, Form{"one call: 32 hexadecimal digits"});
    return Request(std::move(it));
}
template <class What> Request read_call_media(Fields& in)
{
    What it{};
    may(in, "call", it.call, Form{"one call: 32 hexadecimal digits"});
    may(in, "muted", it.muted);
    may(in, "held", it.held);
    may(in, "camera", it.camera);
    may(in, "screen", it.screen);
    check_one_of_four(in, it);
    return Request(std::move(it));
}
template <class What> Request read_call_stats(Fields& in)
{
    What it{};
    may(in, "call", it.call, Form{"one call: 32 hexadecimal digits"});
    may(in, "device", it.device, Form{"a device: 64 hexadecimal digits"});
    return Request(std::move(it));
}
template <class What> Request read_report(Fields& in)
{
    What it{};
    may(in, "user", it.user);
    may(in, "conversation", it.conversation, Form{"one conversation; of two accounts the same on both sides: 32 hexadecimal digits"});
    may(in, "reason", it.reason, Choices(report_reason_choices));
    may(in, "text", it.text);
    may(in, "messages", it.messages, Most{report_messages_max}, Form{"one message: 32 hexadecimal digits"});
    may(in, "with_content", it.with_content);
    return Request(std::move(it));
}
template <class What> Request read_directory(Fields& in)
{
    What it{};
    may(in, "department", it.department, Span{0, INT64_MAX});
    may(in, "find", it.find);
    may(in, "after", it.after);
    return Request(std::move(it));
}
template <class What> Request read_set_policy(Fields& in)
{
    What it{};
    need(in, "path", it.path, Choices(path_policy_choices));
    return Request(std::move(it));
}
template <class What> Request read_fault(Fields& in)
{
    What it{};
    need(in, "drop_direct", it.drop_direct);
    return Request(std::move(it));
}

constexpr RequestRow rows[] = {
    {"register", read_register<request::RegisterAccount>},
    {"login", read_register<request::Login>},
    {"logout", read_logout<request::Logout>},
    {"contact_add", read_contact_add<request::ContactAdd>},
    {"contact_accept", read_contact_add<request::ContactAccept>},
    {"contact_remove", read_contact_add<request::ContactRemove>},
    {"contact_block", read_contact_add<request::ContactBlock>},
    {"contact_unblock", read_contact_add<request::ContactUnblock>},
    {"contacts", read_logout<request::Contacts>},
    {"set_contact", read_set_contact<request::SetContact>},
    {"send", read_send<request::Send>},
    {"edit", read_edit<request::Edit>},
    {"recall", read_recall<request::Recall>},
    {"remove_messages", read_remove_messages<request::RemoveMessages>},
    {"clear_conversation", read_clear_conversation<request::ClearConversation>},
    {"react", read_react<request::React>},
    {"pin", read_pin<request::PinMessage>},
    {"pinned", read_pinned<request::Pinned>},
    {"move_location", read_move_location<request::MoveLocation>},
    {"end_location", read_recall<request::EndLocation>},
    {"versions", read_recall<request::Versions>},
    {"set_versions", read_set_versions<request::SetVersions>},
    {"set_recall_window", read_set_recall_window<request::SetRecallWindow>},
    {"forward", read_forward<request::Forward>},
    {"set_timer", read_set_timer<request::SetTimer>},
    {"mark_read", read_mark_read<request::MarkRead>},
    {"typing", read_typing<request::Typing>},
    {"conversations", read_conversations<request::Conversations>},
    {"set_conversation", read_set_conversation<request::SetConversation>},
    {"set_receipts", read_set_receipts<request::SetReceipts>},
    {"scheduled", read_logout<request::Scheduled>},
    {"unschedule", read_recall<request::Unschedule>},
    {"watch", read_watch<request::Watch>},
    {"unwatch", read_unwatch<request::Unwatch>},
    {"history", read_history<request::History>},
    {"search", read_search<request::Search>},
    {"devices", read_logout<request::Devices>},
    {"device_link", read_device_link<request::DeviceLink>},
    {"device_link_code", read_device_link_code<request::LinkCode>},
    {"device_revoke", read_device_revoke<request::DeviceRevoke>},
    {"safety_number", read_safety_number<request::SafetyNumber>},
    {"verify", read_verify<request::Verify>},
    {"file_add", read_file_add<request::FileAdd>},
    {"file_fetch", read_file_fetch<request::FileFetch>},
    {"file_save", read_file_save<request::FileSave>},
    {"file_pause", read_file_fetch<request::FilePause>},
    {"file_resume", read_file_fetch<request::FileResume>},
    {"file_cancel", read_file_fetch<request::FileCancel>},
    {"sticker_pack", read_file_fetch<request::StickerPack>},
    {"sticker", read_sticker<request::StickerImage>},
    {"files", read_logout<request::Files>},
    {"set_rate", read_set_rate<request::SetRate>},
    {"set_auto_fetch", read_set_auto_fetch<request::SetAutoFetch>},
    {"archive_make", read_archive_make<request::ArchiveMake>},
    {"archive_read", read_archive_read<request::ArchiveRead>},
    {"archive_cancel", read_logout<request::ArchiveCancel>},
    {"history_ask", read_logout<request::HistoryAsk>},
    {"history_send", read_device_revoke<request::HistorySend>},
    {"group_create", read_group_create<request::GroupCreate>},
    {"group_invite", read_group_invite<request::GroupInvite>},
    {"group_remove", read_group_invite<request::GroupRemove>},
    {"group_leave", read_group_leave<request::GroupLeave>},
    {"group_role", read_group_role<request::GroupRole>},
    {"group_mute", read_group_mute<request::GroupMute>},
    {"group_set", read_group_set<request::GroupSet>},
    {"group_promote", read_group_leave<request::GroupPromote>},
    {"group_dissolve", read_group_leave<request::GroupDissolve>},
    {"group_about", read_group_leave<request::GroupAbout>},
    {"group_link", read_group_link<request::GroupLink>},
    {"group_join", read_group_join<request::GroupJoin>},
    {"group_answer", read_group_answer<request::GroupAnswer>},
    {"deliveries", read_recall<request::Deliveries>},
    {"notices", read_notices<request::Notices>},
    {"notices_read", read_notices_read<request::MarkNoticesRead>},
    {"call", read_call<request::CallPlace>},
    {"answer", read_answer<request::CallAnswer>},
    {"reject", read_reject<request::CallReject>},
    {"hangup", read_reject<request::CallHangUp>},
    {"call_media", read_call_media<request::CallSetMedia>},
    {"call_stats", read_call_stats<request::CallStats>},
    {"calls", read_logout<request::Calls>},
    {"call_devices", read_logout<request::CallDeviceList>},
    {"report", read_report<request::Report>},
    {"directory", read_directory<request::Directory>},
    {"status", read_logout<request::Status>},
    {"network_changed", read_logout<request::NetworkChanged>},
    {"set_policy", read_set_policy<request::SetPolicy>},
    {"fault", read_fault<request::Fault>},
};
// clang-format on

} // namespace

std::span<const RequestRow> request_rows()
{
    return rows;
}

} // namespace godwit::json
