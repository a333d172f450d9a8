// SPDX-License-Identifier: Apache-2.0
// Made by tools/schema.py from schema/: change it there.
#include "lib/json/made_objects.hpp"

#include "lib/json/get.hpp"
#include "lib/json/made_choices.hpp"
#include "lib/json/put.hpp"

namespace godwit::json {

// clang-format off
void members(Writer& out, const Error& it)
{
    put(out, "code", error_name(it.code));
    put(out, "detail", it.detail);
    put(out, "retry", it.retry_after_ms);
}
void members(Writer& out, const content::FileRef& it)
{
    put(out, "file", it.id);
    put(out, "size", it.size_bytes);
    put(out, "name", it.name);
    put(out, "media_type", it.media_type);
    put(out, "key", it.key);
}
void members(Writer& out, const StickerEntry& it)
{
    put(out, "name", it.name);
    put(out, "emoji", it.emoji);
    put(out, "media_type", it.media_type);
    put(out, "size", it.size_bytes);
    put(out, "animated", it.animated);
}
void members(Writer& out, const FileInfo& it)
{
    put(out, "file", it.id);
    put(out, "name", it.name);
    put(out, "media_type", it.media_type);
    put(out, "size", it.size_bytes);
    put(out, "state", it.state);
    put(out, "done", it.done_bytes);
    put(out, "from", it.from);
    put(out, "path", it.path);
    put(out, "key", it.key);
}
void members(Writer& out, const content::Mention& it)
{
    put(out, "user", it.user);
    put(out, "begin", it.range.begin);
    put(out, "length", it.range.length);
}
void members(Writer& out, const content::Range& it)
{
    put(out, "begin", it.begin);
    put(out, "length", it.length);
}
void members(Writer& out, const content::Lifetime& it)
{
    put(out, "seconds", it.seconds);
    put(out, "from", it.from);
}
void members(Writer& out, const content::Quote& it)
{
    put(out, "message", it.id);
    put(out, "from", it.from);
    put(out, "excerpt", it.excerpt);
}
void members(Writer& out, const Reactions& it)
{
    put(out, "emoji", it.emoji);
    put(out, "users", it.users);
}
void members(Writer& out, const MessageVersion& it)
{
    put(out, "text", it.text);
    put(out, "written_ms", it.written_ms);
    if (given(it.mentions)) put(out, "mentions", it.mentions);
    if (given(it.links)) put(out, "links", it.links);
}
void members(Writer& out, const SearchHit& it)
{
    members(out, it.message);
    put(out, "snippet", it.snippet);
    put(out, "matches", it.matches);
}
void members(Writer& out, const Department& it)
{
    put(out, "id", it.id);
    put(out, "parent", it.parent);
    put(out, "name", it.name);
    put(out, "members", it.members);
}
void members(Writer& out, const DirectoryEntry& it)
{
    put(out, "user", it.user);
    put(out, "department", it.department);
    put(out, "full_name", it.full_name);
    put(out, "title", it.title);
    put(out, "email", it.email);
    put(out, "account", it.account);
}
void members(Writer& out, const Conversation::ReadBy& it)
{
    put(out, "user", it.user);
    put(out, "up_to", it.up_to);
}
void members(Writer& out, const Conversation& it)
{
    put(out, "conversation", it.id);
    put(out, "kind", it.kind);
    put(out, "with", it.with);
    put(out, "title", it.title);
    put(out, "own_role", it.own_role);
    put(out, "members", it.members);
    put(out, "activity_ms", it.activity_ms);
    put(out, "unread", it.unread);
    put(out, "muted_until_ms", it.muted_until_ms);
    put(out, "pinned", it.pinned);
    put(out, "archived", it.archived);
    put(out, "hidden", it.hidden);
    put(out, "receipts", it.receipts);
    put(out, "draft", it.draft);
    put(out, "timer", it.timer);
    put(out, "read_by", it.read_by);
    put_or_null(out, "last", it.last);
}
void members(Writer& out, const ScheduledMessage& it)
{
    put(out, "message", it.id);
    put(out, "conversation", it.conversation);
    put(out, "with", it.with);
    put(out, "at_ms", it.at_ms);
    put(out, "kind", content::kind_name(it.body));
    put(out, "text", it.text);
    put(out, "body", it.body);
}
void members(Writer& out, const Contact& it)
{
    put(out, "user", it.user);
    put(out, "state", it.state);
    put(out, "online", it.online);
    put(out, "devices", it.device_count);
    put(out, "path", it.path);
    put(out, "reason", it.path_reason);
    put(out, "key_changed", it.key_changed);
    put_or_null(out, "account_key", it.account_key);
    put(out, "verified", it.verified);
    put(out, "remark", it.remark);
    put(out, "labels", it.labels);
}
void members(Writer& out, const Device& it)
{
    put(out, "device", it.id);
    put(out, "name", it.name);
    put(out, "created_ms", it.created_ms);
    put(out, "current", it.current);
    put(out, "online", it.online);
}
void members(Writer& out, const GroupMember& it)
{
    put(out, "user", it.user);
    put(out, "account_key", it.account_key);
    put(out, "role", it.role);
    put(out, "muted_until_ms", it.muted_until_ms);
}
void members(Writer& out, const GroupApplicant& it)
{
    put(out, "user", it.user);
    put(out, "text", it.text);
    put(out, "asked_ms", it.asked_ms);
}
void members(Writer& out, const GroupInfo& it)
{
    put(out, "conversation", it.conversation);
    put(out, "kind", it.kind);
    put(out, "active", it.active);
    put(out, "dissolved", it.dissolved);
    put(out, "expires_ms", it.expires_ms);
    put(out, "name", it.name);
    put(out, "about", it.about);
    put(out, "announcement", it.announcement);
    put_or_null(out, "avatar", it.avatar);
    put(out, "own_role", it.own_role);
    put(out, "invite", it.invite);
    put(out, "join", it.join);
    put(out, "all_muted", it.all_muted);
    put(out, "receipts", it.receipts);
    put(out, "members", it.members);
    put(out, "applicants", it.applicants);
}
void members(Writer& out, const DeliveryReport& it)
{
    put(out, "user", it.user);
    put(out, "state", it.state);
    put(out, "path", it.path);
}
void members(Writer& out, const ArchiveInfo& it)
{
    put(out, "id", it.id);
    put(out, "continues", it.continues);
    put(out, "complete", it.complete);
    put(out, "made_ms", it.made_ms);
    put(out, "posts", it.posts);
    put(out, "notes", it.notes);
    put(out, "settings", it.settings);
    put(out, "added", it.added);
    put(out, "bytes", it.bytes);
}
void members(Writer& out, const Notice& it)
{
    put(out, "notice", it.id);
    put(out, "kind", it.kind);
    put(out, "to_all", it.to_all);
    put(out, "title", it.title);
    put(out, "text", it.text);
    put(out, "link", it.link);
    put(out, "created_ms", it.created_ms);
    put(out, "expires_ms", it.expires_ms);
    put(out, "received_ms", it.received_ms);
    put(out, "read", it.read);
    put(out, "end_to_end", false);
}
void members(Writer& out, const CallMedia& it)
{
    put(out, "muted", it.muted);
    put(out, "held", it.held);
    put(out, "camera", it.camera);
    put(out, "screen", it.screen);
    put(out, "vp9", it.vp9);
}
void members(Writer& out, const CallInfo& it)
{
    put(out, "call", it.id);
    put(out, "conversation", it.conversation);
    put(out, "with", it.with);
    put_or_null(out, "device", it.device);
    put(out, "incoming", it.incoming);
    put(out, "video", it.video);
    put(out, "state", it.state);
    put(out, "own", it.own);
    put(out, "theirs", it.theirs);
    put(out, "active_ms", it.active_ms);
    put(out, "group", it.group);
    put(out, "members", it.members);
}
void members(Writer& out, const CallMember& it)
{
    put(out, "user", it.user);
    put(out, "device", it.device);
    put(out, "active", it.active);
    put(out, "media", it.media);
}
void members(Writer& out, const CallDevice& it)
{
    put(out, "name", it.name);
    put(out, "label", it.label);
    put(out, "audio_source", it.audio_source);
    put(out, "audio_sink", it.audio_sink);
    put(out, "video_source", it.video_source);
}
void members(Writer& out, const CallStatistics& it)
{
    put_or_null(out, "device", it.device);
    put(out, "active_ms", it.active_ms);
    put(out, "path", it.path);
    put(out, "rate_bps", it.rate_bps);
    put(out, "audio_bps", it.audio_bps);
    put(out, "video_bps", it.video_bps);
    put(out, "files_bps", it.files_bps);
    put(out, "sent_bps", it.sent_bps);
    put(out, "loss_there", it.loss_there);
    put(out, "concealed", it.concealed);
    put(out, "round_trip_ms", it.round_trip_ms);
    put(out, "jitter_ms", it.jitter_ms);
    put(out, "audio_delay_ms", it.audio_delay_ms);
    put(out, "mos", it.mos);
    put(out, "level_in_db", it.level_in_db);
    put(out, "level_out_db", it.level_out_db);
    put(out, "datagrams_sent", it.datagrams_sent);
    put(out, "datagrams_received", it.datagrams_received);
    put(out, "datagrams_dropped", it.datagrams_dropped);
    put(out, "frames_refused", it.frames_refused);
    put(out, "packets_repaired", it.packets_repaired);
    put(out, "pictures_shown", it.pictures_shown);
    put(out, "freezes", it.freezes);
    put(out, "frozen_ms", it.frozen_ms);
    put(out, "width", it.width);
    put(out, "height", it.height);
    put_or_null(out, "codec_sent", it.codec_sent);
    put_or_null(out, "codec_received", it.codec_received);
}
void members(Writer& out, const event::ViewChanged::Step& it)
{
    put(out, "op", it.op);
    put(out, "index", it.index);
    if (it.op == event::ViewChanged::Step::Op::move) put(out, "from", it.from);
    if (it.item.index() != 0) put(out, "item", it.item);
}
void members(Writer& out, const Message& it)
{
    put(out, "message", it.id);
    put(out, "conversation", it.conversation);
    put(out, "with", it.with);
    put(out, "from", it.from);
    put(out, "from_device", it.from_device);
    put(out, "kind", content::kind_name(it.body));
    put(out, "text", it.text);
    put(out, "state", it.state);
    put(out, "path", it.path);
    put(out, "reason", it.failure.empty() ? it.path_reason : it.failure);
    put(out, "sent_ms", it.sent_ms);
    put(out, "received_ms", it.received_ms);
    put(out, "gap_before", it.gap_before);
    if (it.body != content::Body(content::Text{})) put(out, "body", it.body);
    if (given(it.reply)) put(out, "reply", it.reply);
    if (given(it.forwarded)) put(out, "forwarded", it.forwarded);
    if (it.lifetime.seconds != 0) put(out, "lifetime", it.lifetime);
    if (given(it.edited_ms)) put(out, "edited_ms", it.edited_ms);
    if (given(it.versions)) put(out, "versions", it.versions);
    if (given(it.live_until_ms)) put(out, "live_until_ms", it.live_until_ms);
    if (given(it.moved_ms)) put(out, "moved_ms", it.moved_ms);
    if (given(it.recalled_ms)) put(out, "recalled_ms", it.recalled_ms);
    if (it.recalled_ms != 0) put(out, "recalled_by", it.recalled_by);
    if (given(it.expires_ms)) put(out, "expires_ms", it.expires_ms);
    if (given(it.pinned)) put(out, "pinned", it.pinned);
    if (given(it.reactions)) put(out, "reactions", it.reactions);
}
void members(Writer& out, const content::Text& it)
{
    if (given(it.mentions)) put(out, "mentions", it.mentions);
    if (given(it.links)) put(out, "links", it.links);
}
void members(Writer& out, const content::Attachment& it)
{
    put(out, "as", it.kind);
    put(out, "file", it.file);
    put(out, "width", it.width);
    put(out, "height", it.height);
    put(out, "duration_ms", it.duration_ms);
    put(out, "thumbnail", it.thumbnail);
    put(out, "waveform", it.waveform);
    if (given(it.mentions)) put(out, "mentions", it.mentions);
    if (given(it.links)) put(out, "links", it.links);
}
void members(Writer& out, const content::Sticker& it)
{
    put(out, "pack", it.pack);
    put(out, "name", it.name);
    put(out, "emoji", it.emoji);
    put(out, "animated", it.animated);
}
void members(Writer& out, const content::Location& it)
{
    write_degrees(out, "latitude", it.latitude_e7);
    write_degrees(out, "longitude", it.longitude_e7);
    put(out, "accuracy_m", it.accuracy_m);
    put(out, "place", it.place);
    put(out, "live_seconds", it.live_seconds);
}
void members(Writer& out, const content::ContactCard& it)
{
    put(out, "user", it.user);
    put_or_null(out, "account_key", it.account_key);
}
void members(Writer& out, const content::Card::Field& it)
{
    put(out, "label", it.label);
    put(out, "value", it.value);
}
void members(Writer& out, const content::Card& it)
{
    put(out, "name", it.name);
    put(out, "title", it.title);
    put(out, "fields", it.fields);
    put(out, "url", it.url);
}
void members(Writer& out, const content::Custom& it)
{
    put(out, "type", it.type);
    put(out, "data", it.data);
}
void members(Writer& out, const content::GroupNote& it)
{
    put(out, "what", it.what);
    put(out, "by", it.by);
    put(out, "users", it.users);
    put(out, "text", it.text);
    put(out, "until_ms", it.until_ms);
}
void members(Writer& out, const content::Unknown& it)
{
    put(out, "number", it.kind);
    put(out, "raw", it.raw);
}
void read(Fields& in, content::FileRef& it)
{
    need(in, "file", it.id, Form{"a file: 64 hexadecimal digits"});
    need(in, "size", it.size_bytes, Span{0, UINT64_MAX});
    may(in, "name", it.name);
    may(in, "media_type", it.media_type);
    need(in, "key", it.key, Form{"opens the blob of a file at a relay: 64 hexadecimal digits"});
}
void read(Fields& in, content::Mention& it)
{
    may(in, "user", it.user);
    may(in, "begin", it.range.begin, Span{0, UINT32_MAX});
    need(in, "length", it.range.length, Span{1, UINT32_MAX});
}
void read(Fields& in, content::Range& it)
{
    may(in, "begin", it.begin, Span{0, UINT32_MAX});
    need(in, "length", it.length, Span{1, UINT32_MAX});
}
void read(Fields& in, content::Lifetime& it)
{
    need(in, "seconds", it.seconds, Span{0, content::lifetime_seconds_max});
    may(in, "from", it.from, Choices(lifetime_from_choices));
}
void read(Fields& in, content::Text& it)
{
    may(in, "mentions", it.mentions, Most{content::mentions_max});
    may(in, "links", it.links, Most{content::links_max});
}
void read(Fields& in, content::Attachment& it)
{
    may(in, "as", it.kind, Choices(attachment_kind_choices));
    need(in, "file", it.file, Form{"an object with file, size, key"});
    may(in, "width", it.width, Span{0, UINT32_MAX});
    may(in, "height", it.height, Span{0, UINT32_MAX});
    may(in, "duration_ms", it.duration_ms, Span{0, UINT32_MAX});
    may(in, "thumbnail", it.thumbnail, Most{content::thumbnail_bytes_max});
    may(in, "waveform", it.waveform, Most{content::waveform_bytes_max});
    may(in, "mentions", it.mentions, Most{content::mentions_max});
    may(in, "links", it.links, Most{content::links_max});
}
void read(Fields& in, content::Sticker& it)
{
    need(in, "pack", it.pack, Form{"an object with file, size, key"});
    need(in, "name", it.name);
    may(in, "emoji", it.emoji);
    may(in, "animated", it.animated);
}
void read(Fields& in, content::Location& it)
{
    read_degrees(in, "latitude", it.latitude_e7, 90);
    read_degrees(in, "longitude", it.longitude_e7, 180);
    may(in, "accuracy_m", it.accuracy_m, Span{0, UINT32_MAX});
    may(in, "place", it.place);
    may(in, "live_seconds", it.live_seconds, Span{0, content::live_seconds_max});
}
void read(Fields& in, content::ContactCard& it)
{
    need(in, "user", it.user);
    may_or_null(in, "account_key", it.account_key, Form{"an Ed25519 public key: 64 hexadecimal digits"});
}
void read(Fields& in, content::Card::Field& it)
{
    may(in, "label", it.label);
    may(in, "value", it.value);
}
void read(Fields& in, content::Card& it)
{
    need(in, "name", it.name);
    may(in, "title", it.title);
    may(in, "fields", it.fields, Most{content::card_fields_max});
    may(in, "url", it.url);
}
void read(Fields& in, content::Custom& it)
{
    need(in, "type", it.type);
    may(in, "data", it.data, Most{content::custom_bytes_max});
}
// clang-format on

} // namespace godwit::json
