# SPDX-License-Identifier: Apache-2.0
"""Made by tools/schema.py from schema/: change it there."""

from __future__ import annotations

import enum
from typing import Any, Literal, Mapping, NotRequired, TypedDict, Union, cast

# pylint: disable=too-many-lines,line-too-long,invalid-name

#: Left out, as opposed to None, where None says something.
UNSET: Any = object()


class ErrorCode(enum.IntEnum):
    """What a failure asks of the caller. Append-only."""

    ok = 0
    """It worked."""
    invalid_argument = 1
    """A field is missing, malformed or out of range: correct the one that `detail` names."""
    message_too_large = 2
    """Shorten the content; `detail` gives the limit."""
    unknown_request = 3
    """No request of this name: look it up in the reference."""
    not_registered = 4
    """No account on this device yet: register or log in first."""
    already_registered = 5
    """This home already holds an account: log out, or use another home."""
    unsupported = 6
    """This build or this peer cannot do it."""
    wrong_credentials = 20
    """User unknown or password wrong, deliberately not told apart: ask again."""
    name_taken = 21
    """Another account has this name: choose another."""
    not_a_contact = 22
    """Messages go to accepted contacts only: send a contact request first."""
    no_such_user = 23
    """The relay knows no such account: check the spelling."""
    blocked = 24
    """The user has blocked this contact, or is blocked: unblock first."""
    relay_key_mismatch = 25
    """The relay proved another key than its address pins: check the address; do not go on."""
    update_required = 26
    """The relay demands a newer client: update."""
    account_key_changed = 27
    """A contact's account key is not the known one: compare the safety number, then `verify`, or `contact_accept` to go on without."""
    device_revoked = 28
    """This device was logged out elsewhere: log in again."""
    no_such_file = 29
    """Nobody here knows such a file (any more): ask its sender for it anew."""
    not_allowed = 30
    """The rules of the group, or your role in it, do not allow that: ask an admin."""
    not_connected = 40
    """No connection to the relay now: it comes back by itself; repeat the request then."""
    rate_limited = 41
    """Too many tries: wait `retry` milliseconds."""
    quota_exceeded = 42
    """A bound is reached: wait or delete; `detail` names it."""
    timed_out = 43
    """No answer in time: repeat; what was asked for may have been done already, and asking again does it once."""
    busy = 44
    """The queue of this client is full: take events, then repeat."""
    relay_unavailable = 45
    """The relay cannot serve now (starting, draining, its disk is full): wait."""
    conflict = 46
    """Somebody else changed it first: look again, then repeat."""
    storage_failed = 60
    """The local disk refused (full, read-only, I/O error): make room; nothing accepted was lost."""
    storage_corrupt = 61
    """Stored bytes fail authentication: repair (`godwit repair`, `godwit_repair`), or restore a backup."""
    wrong_key = 62
    """The store key or passphrase does not open this store; the file is untouched."""
    storage_in_use = 63
    """Another client has this home open: close it."""
    storage_too_new = 64
    """Written by a newer godwit: update; the file is untouched."""
    expired = 65
    """The deadline of the message passed without delivery."""
    cancelled = 66
    """The client closed, or the user withdrew the request."""
    address_in_use = 67
    """The port is taken: stop the other program or choose another port."""
    malformed = 80
    """Bytes do not decode; `detail` names what."""
    authentication_failed = 81
    """A signature, tag or identity does not verify."""
    protocol_mismatch = 82
    """No common protocol version."""
    internal = 99
    """A bug in godwit: report it with `detail`."""


Path = Literal["none", "direct", "turned", "mailbox"]
"""The way of a message or a file."""

PathPolicy = Literal["direct_first", "direct_only", "relay_only", "race"]
"""Which paths content may take."""

MessageState = Literal["received", "accepted", "sent", "delivered", "failed"]
"""Where a message stands. One's own end as delivered or failed; in groups with members who give no receipts as sent."""

ConversationKind = Literal["direct", "self", "group", "discussion", "channel"]
"""What a conversation is."""

Role = Literal["none", "member", "admin", "owner"]
"""What somebody is in a group."""

JoinRule = Literal["closed", "request", "link"]
"""How outsiders come into a group, besides being taken in."""

GroupRefusedWhy = Literal["refused", "stale_link"]
"""Why this account was not let into a group."""

ContactState = Literal["requested", "incoming", "accepted", "blocked"]
"""Where a contact stands."""

FileState = Literal["known", "fetching", "paused", "whole"]
"""Where a file stands on this device."""

RelayTransport = Literal["none", "quic", "tls"]
"""How this device is connected to its relay."""

NoticeKind = Literal["announcement", "maintenance", "account"]
"""What a notice is about."""

ReportReason = Literal["spam", "abuse", "illegal", "impersonation", "other"]
"""What is wrong, in one word."""

AttachmentKind = Literal["file", "image", "voice", "video"]
"""How an attached file is shown."""

LifetimeFrom = Literal["sent", "read"]
"""When the lifetime of a message begins."""

MessageChange = Literal["edited", "recalled", "reactions", "pinned", "expired", "sent", "moved", "removed"]
"""How a message came to stand otherwise."""

GroupNoteWhat = Literal["created", "added", "removed", "left", "name", "about", "announcement", "avatar", "role", "muted", "all_muted", "rules", "promoted", "dissolved", "expired"]
"""What has happened to a group, in its history."""

GroupChange = Literal["joined", "added", "removed", "rules", "profile", "promoted", "closed"]
"""How a group came to stand otherwise."""

StepOp = Literal["insert", "update", "move", "remove"]
"""A step of a list that changes."""

WatchWhat = Literal["conversations", "messages", "contacts"]
"""Which list is watched."""

SecurityKind = Literal["account_key_changed", "device_added", "device_removed", "device_list_rollback", "device_list_conflict", "key_package_invalid", "commit_rejected", "group_forked", "group_rejoined", "commit_withheld", "message_unopenable", "message_forged", "device_unlisted", "group_invalid", "device_evicted"]
"""What an attacker, a faulty relay or a restored backup brings about, or what widens who can read."""

CallState = Literal["calling", "ringing", "connecting", "active", "open"]
"""Where a call stands that is not over."""

CallOutcome = Literal["completed", "cancelled", "no_answer", "declined", "busy", "unsupported", "answered_elsewhere", "failed", "lost", "superseded", "removed", "full"]
"""How a call ended."""

CallMemberChange = Literal["joined", "connected", "media", "left", "lost", "removed"]
"""What has become of a device in the call of a group."""

VideoCodec = Literal["vp8", "vp9"]
"""What the pictures of a call are coded with."""

Error = TypedDict(
    "Error",
    {
        "code": "str",
        "detail": "str",
        "retry": "int",
    },
)
"""Why something failed, in words good enough to show."""

FileRef = TypedDict(
    "FileRef",
    {
        "file": "str",
        "size": "int",
        "name": NotRequired["str"],
        "media_type": NotRequired["str"],
        "key": "str",
    },
)
"""A file as a message refers to it."""

StickerEntry = TypedDict(
    "StickerEntry",
    {
        "name": "str",
        "emoji": "str",
        "media_type": "str",
        "size": "int",
        "animated": "bool",
    },
)
"""A sticker in a pack."""

File = TypedDict(
    "File",
    {
        "file": "str",
        "name": "str",
        "media_type": "str",
        "size": "int",
        "state": "FileState",
        "done": "int",
        "from": "str",
        "path": "Path",
        "key": "str",
    },
)
"""A file as this device has it. When the last message that refers to it is recalled or goes by its lifetime, it goes from every home, and from the relay."""

Mention = TypedDict(
    "Mention",
    {
        "user": NotRequired["str"],
        "begin": "int",
        "length": "int",
    },
)
"""Somebody is addressed. Positions count bytes of UTF-8, on character boundaries."""

Range = TypedDict(
    "Range",
    {
        "begin": "int",
        "length": "int",
    },
)
"""Part of a text. Positions count bytes of UTF-8, on character boundaries."""

Lifetime = TypedDict(
    "Lifetime",
    {
        "seconds": "int",
        "from": NotRequired["LifetimeFrom"],
    },
)
"""When a message goes by itself, on every device."""

Reply = TypedDict(
    "Reply",
    {
        "message": "str",
        "from": "str",
        "excerpt": "str",
    },
)
"""What a message answers to."""

Reactions = TypedDict(
    "Reactions",
    {
        "emoji": "str",
        "users": "list[str]",
    },
)
"""Who has reacted with an emoji."""

TextBody = TypedDict(
    "TextBody",
    {
        "kind": Literal["text"],
        "mentions": NotRequired["list[Mention]"],
        "links": NotRequired["list[Range]"],
    },
)
"""A text and nothing else; emoji are text."""

AttachmentBody = TypedDict(
    "AttachmentBody",
    {
        "kind": Literal["attachment"],
        "as": NotRequired["AttachmentKind"],
        "file": "FileRef",
        "width": NotRequired["int"],
        "height": NotRequired["int"],
        "duration_ms": NotRequired["int"],
        "thumbnail": NotRequired["str"],
        "waveform": NotRequired["str"],
        "mentions": NotRequired["list[Mention]"],
        "links": NotRequired["list[Range]"],
    },
)
"""A file, with the text as its caption."""

StickerBody = TypedDict(
    "StickerBody",
    {
        "kind": Literal["sticker"],
        "pack": "FileRef",
        "name": "str",
        "emoji": NotRequired["str"],
        "animated": NotRequired["bool"],
    },
)
"""One of a pack of stickers."""

LocationBody = TypedDict(
    "LocationBody",
    {
        "kind": Literal["location"],
        "latitude": "float",
        "longitude": "float",
        "accuracy_m": NotRequired["int"],
        "place": NotRequired["str"],
        "live_seconds": NotRequired["int"],
    },
)
"""A place, WGS 84."""

ContactCardBody = TypedDict(
    "ContactCardBody",
    {
        "kind": Literal["contact_card"],
        "user": "str",
        "account_key": NotRequired["str | None"],
    },
)
"""An account, recommended."""

ForwardedItem = TypedDict(
    "ForwardedItem",
    {
        "from": "str",
        "sent_ms": "int",
        "text": "str",
        "body": NotRequired["Body"],
        "raw_body": NotRequired["str"],
    },
)
"""What was said elsewhere, on the word of whoever forwards it."""

ForwardedBody = TypedDict(
    "ForwardedBody",
    {
        "kind": Literal["forwarded"],
        "title": "str",
        "items": "list[ForwardedItem]",
    },
)
"""Messages of another conversation, as one. Made by `forward` only."""

CardField = TypedDict(
    "CardField",
    {
        "label": NotRequired["str"],
        "value": NotRequired["str"],
    },
)
"""A line of a card."""

CardBody = TypedDict(
    "CardBody",
    {
        "kind": Literal["card"],
        "name": "str",
        "title": NotRequired["str"],
        "fields": NotRequired["list[CardField]"],
        "url": NotRequired["str"],
    },
)
"""A structured card: an order, a parcel, a notice."""

CustomBody = TypedDict(
    "CustomBody",
    {
        "kind": Literal["custom"],
        "type": "str",
        "data": NotRequired["str"],
    },
)
"""The app's own kind. Give a text for those who do not know it."""

GroupNoteBody = TypedDict(
    "GroupNoteBody",
    {
        "kind": Literal["group_note"],
        "what": "GroupNoteWhat",
        "by": "str",
        "users": "list[str]",
        "text": "str",
        "until_ms": "int",
    },
)
"""What has happened to a group. Written by each device by itself; not to be sent."""

Version = TypedDict(
    "Version",
    {
        "text": "str",
        "written_ms": "int",
        "mentions": NotRequired["list[Mention]"],
        "links": NotRequired["list[Range]"],
    },
)
"""What a message said before it was edited."""

UnknownBody = TypedDict(
    "UnknownBody",
    {
        "kind": Literal["unknown"],
        "number": "int",
        "raw": "str",
    },
)
"""Of a newer version: kept as it came. Not to be sent."""

Message = TypedDict(
    "Message",
    {
        "message": "str",
        "conversation": "str",
        "with": "str",
        "from": "str",
        "from_device": "str",
        "kind": "str",
        "text": "str",
        "state": "MessageState",
        "path": "Path",
        "reason": "str",
        "sent_ms": "int",
        "received_ms": "int",
        "gap_before": "bool",
        "body": NotRequired["Body"],
        "reply": NotRequired["Reply"],
        "forwarded": NotRequired["bool"],
        "lifetime": NotRequired["Lifetime"],
        "edited_ms": NotRequired["int"],
        "versions": NotRequired["int"],
        "live_until_ms": NotRequired["int"],
        "moved_ms": NotRequired["int"],
        "recalled_ms": NotRequired["int"],
        "recalled_by": NotRequired["str"],
        "expires_ms": NotRequired["int"],
        "pinned": NotRequired["bool"],
        "reactions": NotRequired["list[Reactions]"],
    },
)
"""A message of the history."""

Hit = TypedDict(
    "Hit",
    {
        "message": "str",
        "conversation": "str",
        "with": "str",
        "from": "str",
        "from_device": "str",
        "kind": "str",
        "text": "str",
        "state": "MessageState",
        "path": "Path",
        "reason": "str",
        "sent_ms": "int",
        "received_ms": "int",
        "gap_before": "bool",
        "body": NotRequired["Body"],
        "reply": NotRequired["Reply"],
        "forwarded": NotRequired["bool"],
        "lifetime": NotRequired["Lifetime"],
        "edited_ms": NotRequired["int"],
        "versions": NotRequired["int"],
        "live_until_ms": NotRequired["int"],
        "moved_ms": NotRequired["int"],
        "recalled_ms": NotRequired["int"],
        "recalled_by": NotRequired["str"],
        "expires_ms": NotRequired["int"],
        "pinned": NotRequired["bool"],
        "reactions": NotRequired["list[Reactions]"],
        "snippet": "str",
        "matches": "list[Range]",
    },
)
"""A message that was found."""

Department = TypedDict(
    "Department",
    {
        "id": "int",
        "parent": "int",
        "name": "str",
        "members": "int",
    },
)
"""A part of the organisation, as the operator's directory has it."""

DirectoryEntry = TypedDict(
    "DirectoryEntry",
    {
        "user": "str",
        "department": "int",
        "full_name": "str",
        "title": "str",
        "email": "str",
        "account": "bool",
    },
)
"""Somebody in the directory of the relay's operator."""

ReadBy = TypedDict(
    "ReadBy",
    {
        "user": "str",
        "up_to": "str",
    },
)
"""Up to which message somebody has read."""

Conversation = TypedDict(
    "Conversation",
    {
        "conversation": "str",
        "kind": "ConversationKind",
        "with": "str",
        "title": "str",
        "own_role": "Role",
        "members": "int",
        "activity_ms": "int",
        "unread": "int",
        "muted_until_ms": "int",
        "pinned": "bool",
        "archived": "bool",
        "hidden": "bool",
        "receipts": "bool",
        "draft": "str",
        "timer": "Lifetime",
        "read_by": "list[ReadBy]",
        "last": "Message | None",
    },
)
"""A row of the list of conversations."""

ScheduledMessage = TypedDict(
    "ScheduledMessage",
    {
        "message": "str",
        "conversation": "str",
        "with": "str",
        "at_ms": "int",
        "kind": "str",
        "text": "str",
        "body": "Body",
    },
)
"""A message that will be sent by itself."""

Contact = TypedDict(
    "Contact",
    {
        "user": "str",
        "state": "ContactState",
        "online": "bool",
        "devices": "int",
        "path": "Path",
        "reason": "str",
        "key_changed": "bool",
        "account_key": "str | None",
        "verified": "bool",
        "remark": "str",
        "labels": "list[str]",
    },
)
"""Somebody else, as this account knows them."""

Device = TypedDict(
    "Device",
    {
        "device": "str",
        "name": "str",
        "created_ms": "int",
        "current": "bool",
        "online": "bool",
    },
)
"""A device of the own account."""

GroupMember = TypedDict(
    "GroupMember",
    {
        "user": "str",
        "account_key": "str",
        "role": "Role",
        "muted_until_ms": "int",
    },
)
"""An account in a group."""

Applicant = TypedDict(
    "Applicant",
    {
        "user": "str",
        "text": "str",
        "asked_ms": "int",
    },
)
"""Somebody who asks to be let into a group."""

Group = TypedDict(
    "Group",
    {
        "conversation": "str",
        "kind": "ConversationKind",
        "active": "bool",
        "dissolved": "bool",
        "expires_ms": "int",
        "name": "str",
        "about": "str",
        "announcement": "str",
        "avatar": "FileRef | None",
        "own_role": "Role",
        "invite": "Role",
        "join": "JoinRule",
        "all_muted": "bool",
        "receipts": "bool",
        "members": "list[GroupMember]",
        "applicants": "list[Applicant]",
    },
)
"""A conversation of many."""

Delivery = TypedDict(
    "Delivery",
    {
        "user": "str",
        "state": "MessageState",
        "path": "Path",
    },
)
"""Who has a message."""

Archive = TypedDict(
    "Archive",
    {
        "id": "str",
        "continues": "str",
        "complete": "bool",
        "made_ms": "int",
        "posts": "int",
        "notes": "int",
        "settings": "int",
        "added": "int",
        "bytes": "int",
    },
)
"""An archive of the history that was written or read."""

Notice = TypedDict(
    "Notice",
    {
        "notice": "str",
        "kind": "NoticeKind",
        "to_all": "bool",
        "title": "str",
        "text": "str",
        "link": "str",
        "created_ms": "int",
        "expires_ms": "int",
        "received_ms": "int",
        "read": "bool",
        "end_to_end": "bool",
    },
)
"""What the operator of the relay says. Not end-to-end encrypted: show it apart from conversations."""

CallMedia = TypedDict(
    "CallMedia",
    {
        "muted": "bool",
        "held": "bool",
        "camera": "bool",
        "screen": "bool",
        "vp9": "bool",
    },
)
"""How a device takes part in a call."""

CallInfo = TypedDict(
    "CallInfo",
    {
        "call": "str",
        "conversation": "str",
        "with": "str",
        "device": "str | None",
        "incoming": "bool",
        "video": "bool",
        "state": "CallState",
        "own": "CallMedia",
        "theirs": "CallMedia",
        "active_ms": "int",
        "group": "bool",
        "members": "list[CallMember]",
    },
)
"""A call that is not over. How one ended stands in the history, as a card named godwit.call."""

CallMember = TypedDict(
    "CallMember",
    {
        "user": "str",
        "device": "str",
        "active": "bool",
        "media": "CallMedia",
    },
)
"""Another device that is in the call of a group."""

CallDevice = TypedDict(
    "CallDevice",
    {
        "name": "str",
        "label": "str",
        "audio_source": "bool",
        "audio_sink": "bool",
        "video_source": "bool",
    },
)
"""A microphone, loudspeaker or camera of this machine."""

CallStatistics = TypedDict(
    "CallStatistics",
    {
        "device": "str | None",
        "active_ms": "int",
        "path": "Path",
        "rate_bps": "float",
        "audio_bps": "float",
        "video_bps": "float",
        "files_bps": "float",
        "sent_bps": "float",
        "loss_there": "float",
        "concealed": "float",
        "round_trip_ms": "float",
        "jitter_ms": "float",
        "audio_delay_ms": "float",
        "mos": "float",
        "level_in_db": "float",
        "level_out_db": "float",
        "datagrams_sent": "int",
        "datagrams_received": "int",
        "datagrams_dropped": "int",
        "frames_refused": "int",
        "packets_repaired": "int",
        "pictures_shown": "int",
        "freezes": "int",
        "frozen_ms": "int",
        "width": "int",
        "height": "int",
        "codec_sent": "VideoCodec | None",
        "codec_received": "VideoCodec | None",
    },
)
"""How a call goes, on this device. Rates are bits a second, shares 0 to 1, levels dB of full scale."""

Step = TypedDict(
    "Step",
    {
        "op": "StepOp",
        "index": "int",
        "from": NotRequired["int"],
        "item": NotRequired["ViewItem"],
    },
)
"""A step of a list that changes."""

Body = Union[TextBody, AttachmentBody, StickerBody, LocationBody, ContactCardBody, ForwardedBody, CardBody, CustomBody, GroupNoteBody, UnknownBody]
"""What a message is besides its text, told apart by `kind`."""

ViewItem = Union[Conversation, Message, Contact]
"""What a watched list is made of; the watch says which."""

ContactsReply = TypedDict(
    "ContactsReply",
    {
        "contacts": "list[Contact]",
    },
)
"""What `contacts` is answered with."""

SendReply = TypedDict(
    "SendReply",
    {
        "message": "str",
    },
)
"""What `send` is answered with."""

EditReply = TypedDict(
    "EditReply",
    {
        "message": "str",
    },
)
"""What `edit` is answered with."""

RecallReply = TypedDict(
    "RecallReply",
    {
        "message": "str",
    },
)
"""What `recall` is answered with."""

ReactReply = TypedDict(
    "ReactReply",
    {
        "message": "str",
    },
)
"""What `react` is answered with."""

PinReply = TypedDict(
    "PinReply",
    {
        "message": "str",
    },
)
"""What `pin` is answered with."""

PinnedReply = TypedDict(
    "PinnedReply",
    {
        "messages": "list[Message]",
    },
)
"""What `pinned` is answered with."""

MoveLocationReply = TypedDict(
    "MoveLocationReply",
    {
        "message": "str",
    },
)
"""What `move_location` is answered with."""

EndLocationReply = TypedDict(
    "EndLocationReply",
    {
        "message": "str",
    },
)
"""What `end_location` is answered with."""

VersionsReply = TypedDict(
    "VersionsReply",
    {
        "versions": "list[Version]",
    },
)
"""What `versions` is answered with."""

ForwardReply = TypedDict(
    "ForwardReply",
    {
        "messages": "list[str]",
    },
)
"""What `forward` is answered with."""

SetTimerReply = TypedDict(
    "SetTimerReply",
    {
        "message": "str",
    },
)
"""What `set_timer` is answered with."""

ConversationsReply = TypedDict(
    "ConversationsReply",
    {
        "conversations": "list[Conversation]",
    },
)
"""What `conversations` is answered with."""

ScheduledReply = TypedDict(
    "ScheduledReply",
    {
        "scheduled": "list[ScheduledMessage]",
    },
)
"""What `scheduled` is answered with."""

WatchReply = TypedDict(
    "WatchReply",
    {
        "watch": "int",
    },
)
"""What `watch` is answered with."""

HistoryReply = TypedDict(
    "HistoryReply",
    {
        "messages": "list[Message]",
    },
)
"""What `history` is answered with."""

SearchReply = TypedDict(
    "SearchReply",
    {
        "hits": "list[Hit]",
        "next": "int",
    },
)
"""What `search` is answered with."""

DevicesReply = TypedDict(
    "DevicesReply",
    {
        "devices": "list[Device]",
    },
)
"""What `devices` is answered with."""

DeviceLinkCodeReply = TypedDict(
    "DeviceLinkCodeReply",
    {
        "code": "str",
    },
)
"""What `device_link_code` is answered with."""

SafetyNumberReply = TypedDict(
    "SafetyNumberReply",
    {
        "number": "str",
        "code": "str",
        "verified": "bool",
    },
)
"""What `safety_number` is answered with."""

FileSaveReply = TypedDict(
    "FileSaveReply",
    {
        "path": "str",
    },
)
"""What `file_save` is answered with."""

StickerPackReply = TypedDict(
    "StickerPackReply",
    {
        "stickers": "list[StickerEntry]",
    },
)
"""What `sticker_pack` is answered with."""

StickerReply = TypedDict(
    "StickerReply",
    {
        "name": "str",
        "emoji": "str",
        "media_type": "str",
        "size": "int",
        "animated": "bool",
        "data": "str",
    },
)
"""What `sticker` is answered with."""

FilesReply = TypedDict(
    "FilesReply",
    {
        "files": "list[File]",
    },
)
"""What `files` is answered with."""

ArchiveMakeReply = TypedDict(
    "ArchiveMakeReply",
    {
        "archive": "Archive",
    },
)
"""What `archive_make` is answered with."""

ArchiveReadReply = TypedDict(
    "ArchiveReadReply",
    {
        "archive": "Archive",
    },
)
"""What `archive_read` is answered with."""

GroupCreateReply = TypedDict(
    "GroupCreateReply",
    {
        "conversation": "str",
    },
)
"""What `group_create` is answered with."""

GroupAboutReply = TypedDict(
    "GroupAboutReply",
    {
        "group": "Group",
    },
)
"""What `group_about` is answered with."""

GroupLinkReply = TypedDict(
    "GroupLinkReply",
    {
        "code": "str",
    },
)
"""What `group_link` is answered with."""

GroupJoinReply = TypedDict(
    "GroupJoinReply",
    {
        "conversation": "str",
    },
)
"""What `group_join` is answered with."""

DeliveriesReply = TypedDict(
    "DeliveriesReply",
    {
        "deliveries": "list[Delivery]",
    },
)
"""What `deliveries` is answered with."""

NoticesReply = TypedDict(
    "NoticesReply",
    {
        "notices": "list[Notice]",
    },
)
"""What `notices` is answered with."""

CallReply = TypedDict(
    "CallReply",
    {
        "call": "str",
    },
)
"""What `call` is answered with."""

AnswerReply = TypedDict(
    "AnswerReply",
    {
        "call": "str",
    },
)
"""What `answer` is answered with."""

CallsReply = TypedDict(
    "CallsReply",
    {
        "calls": "list[CallInfo]",
    },
)
"""What `calls` is answered with."""

CallDevicesReply = TypedDict(
    "CallDevicesReply",
    {
        "devices": "list[CallDevice]",
    },
)
"""What `call_devices` is answered with."""

DirectoryReply = TypedDict(
    "DirectoryReply",
    {
        "departments": "list[Department]",
        "members": "list[DirectoryEntry]",
        "more": "bool",
    },
)
"""What `directory` is answered with."""

StatusReply = TypedDict(
    "StatusReply",
    {
        "user": "str",
        "relay": "str",
        "device": "str",
        "connected": "bool",
        "over": "RelayTransport",
        "connection_detail": "str",
        "policy": "PathPolicy",
        "outbox_messages": "int",
        "content_bytes_direct": "int",
        "content_bytes_turned": "int",
        "content_bytes_mailbox": "int",
        "frames_rejected": "int",
        "client_version": "str",
    },
)
"""What `status` is answered with."""

MessageEvent = TypedDict(
    "MessageEvent",
    {
        "event": Literal["message"],
        "message": "str",
        "conversation": "str",
        "with": "str",
        "from": "str",
        "from_device": "str",
        "kind": "str",
        "text": "str",
        "state": "MessageState",
        "path": "Path",
        "reason": "str",
        "sent_ms": "int",
        "received_ms": "int",
        "gap_before": "bool",
        "body": NotRequired["Body"],
        "reply": NotRequired["Reply"],
        "forwarded": NotRequired["bool"],
        "lifetime": NotRequired["Lifetime"],
        "edited_ms": NotRequired["int"],
        "versions": NotRequired["int"],
        "live_until_ms": NotRequired["int"],
        "moved_ms": NotRequired["int"],
        "recalled_ms": NotRequired["int"],
        "recalled_by": NotRequired["str"],
        "expires_ms": NotRequired["int"],
        "pinned": NotRequired["bool"],
        "reactions": NotRequired["list[Reactions]"],
    },
)
"""A message came in; it is in the history. Shown again after a crash until the event after it was asked for."""

MessageStateEvent = TypedDict(
    "MessageStateEvent",
    {
        "event": Literal["message_state"],
        "message": "str",
        "with": "str",
        "state": "MessageState",
        "path": "Path",
        "reason": "str",
        "elapsed_us": "int",
        "conversation": "str",
    },
)
"""A message of ours moved on."""

MessageChangedEvent = TypedDict(
    "MessageChangedEvent",
    {
        "event": Literal["message_changed"],
        "message": "str",
        "conversation": "str",
        "with": "str",
        "from": "str",
        "from_device": "str",
        "kind": "str",
        "text": "str",
        "state": "MessageState",
        "path": "Path",
        "reason": "str",
        "sent_ms": "int",
        "received_ms": "int",
        "gap_before": "bool",
        "body": NotRequired["Body"],
        "reply": NotRequired["Reply"],
        "forwarded": NotRequired["bool"],
        "lifetime": NotRequired["Lifetime"],
        "edited_ms": NotRequired["int"],
        "versions": NotRequired["int"],
        "live_until_ms": NotRequired["int"],
        "moved_ms": NotRequired["int"],
        "recalled_ms": NotRequired["int"],
        "recalled_by": NotRequired["str"],
        "expires_ms": NotRequired["int"],
        "pinned": NotRequired["bool"],
        "reactions": NotRequired["list[Reactions]"],
        "what": "MessageChange",
    },
)
"""A message stands otherwise than before. Told once: who was not running looks into the history."""

ReadEvent = TypedDict(
    "ReadEvent",
    {
        "event": Literal["read"],
        "conversation": "str",
        "with": "str",
        "user": "str",
        "up_to": "str",
    },
)
"""Somebody has read everything up to a message; the own name: on another device."""

ConversationClearedEvent = TypedDict(
    "ConversationClearedEvent",
    {
        "event": Literal["conversation_cleared"],
        "conversation": "str",
        "with": "str",
        "up_to": "str",
    },
)
"""What stood in a conversation's history up to and including a message has left it, here or by another device of this account."""

TypingEvent = TypedDict(
    "TypingEvent",
    {
        "event": Literal["typing"],
        "conversation": "str",
        "with": "str",
        "user": "str",
        "on": "bool",
    },
)
"""Somebody writes, or has stopped."""

ConversationEvent = TypedDict(
    "ConversationEvent",
    {
        "event": Literal["conversation"],
        "conversation": "str",
        "kind": "ConversationKind",
        "with": "str",
        "title": "str",
        "own_role": "Role",
        "members": "int",
        "activity_ms": "int",
        "unread": "int",
        "muted_until_ms": "int",
        "pinned": "bool",
        "archived": "bool",
        "hidden": "bool",
        "receipts": "bool",
        "draft": "str",
        "timer": "Lifetime",
        "read_by": "list[ReadBy]",
        "last": "Message | None",
    },
)
"""What is shared about a conversation is another: settings, draft, timer."""

ViewEvent = TypedDict(
    "ViewEvent",
    {
        "event": Literal["view"],
        "watch": "int",
        "steps": "list[Step]",
    },
)
"""A watched list changes: apply the steps in order."""

PresenceEvent = TypedDict(
    "PresenceEvent",
    {
        "event": Literal["presence"],
        "user": "str",
        "online": "bool",
    },
)
"""A contact came or went."""

ContactRequestEvent = TypedDict(
    "ContactRequestEvent",
    {
        "event": Literal["contact_request"],
        "user": "str",
    },
)
"""Somebody asks to become a contact: contact_accept or contact_remove."""

ContactAcceptedEvent = TypedDict(
    "ContactAcceptedEvent",
    {
        "event": Literal["contact_accepted"],
        "user": "str",
    },
)
"""They said yes, or another device of ours did."""

ContactRemovedEvent = TypedDict(
    "ContactRemovedEvent",
    {
        "event": Literal["contact_removed"],
        "user": "str",
    },
)
"""The contact has ended."""

SecurityEvent = TypedDict(
    "SecurityEvent",
    {
        "event": Literal["security"],
        "kind": "SecurityKind",
        "user": "str",
        "device": "str | None",
        "detail": "str",
    },
)
"""See SecurityKind. Told once for each cause; show also kinds that you do not know."""

LinkedEvent = TypedDict(
    "LinkedEvent",
    {
        "event": Literal["linked"],
        "user": "str",
    },
)
"""This device, which showed a code, is now one of this account's."""

ConnectedEvent = TypedDict(
    "ConnectedEvent",
    {
        "event": Literal["connected"],
        "relay": "str",
        "over": "RelayTransport",
    },
)
"""To the relay, also again after every interruption."""

DisconnectedEvent = TypedDict(
    "DisconnectedEvent",
    {
        "event": Literal["disconnected"],
        "error": "Error",
        "retry_in_ms": "int",
    },
)
"""It comes back by itself."""

UpdateEvent = TypedDict(
    "UpdateEvent",
    {
        "event": Literal["update"],
        "required": "bool",
        "version": "str",
    },
)
"""From the relay, at login: there is a newer client."""

PathEvent = TypedDict(
    "PathEvent",
    {
        "event": Literal["path"],
        "user": "str",
        "path": "Path",
        "reason": "str",
    },
)
"""The best path to a contact changed."""

LoggedOutEvent = TypedDict(
    "LoggedOutEvent",
    {
        "event": Literal["logged_out"],
        "error": "Error",
    },
)
"""The relay does not know this device any more: revoked or lost (device_revoked: log in), or the account is gone (not_registered: register). The history stays."""

FileProgressEvent = TypedDict(
    "FileProgressEvent",
    {
        "event": Literal["file_progress"],
        "file": "str",
        "name": "str",
        "media_type": "str",
        "size": "int",
        "state": "FileState",
        "done": "int",
        "from": "str",
        "path": "Path",
        "key": "str",
    },
)
"""More of a file has come, or comes from somebody else now. Twice a second at most."""

FileDoneEvent = TypedDict(
    "FileDoneEvent",
    {
        "event": Literal["file_done"],
        "file": "str",
        "name": "str",
        "media_type": "str",
        "size": "int",
        "state": "FileState",
        "done": "int",
        "from": "str",
        "path": "Path",
        "key": "str",
    },
)
"""A file that was asked for is whole."""

FileFailedEvent = TypedDict(
    "FileFailedEvent",
    {
        "event": Literal["file_failed"],
        "file": "str",
        "name": "str",
        "media_type": "str",
        "size": "int",
        "state": "FileState",
        "done": "int",
        "from": "str",
        "path": "Path",
        "key": "str",
        "error": "Error",
    },
)
"""A file that was asked for is not going to come."""

ArchiveProgressEvent = TypedDict(
    "ArchiveProgressEvent",
    {
        "event": Literal["archive_progress"],
        "reading": "bool",
        "bytes": "int",
        "bytes_total": "int",
    },
)
"""An archive is made or read. Once a megabyte."""

HistoryWantedEvent = TypedDict(
    "HistoryWantedEvent",
    {
        "event": Literal["history_wanted"],
        "device": "str",
        "name": "str",
    },
)
"""Another device of this account asks for the history: history_send."""

HistoryTakenEvent = TypedDict(
    "HistoryTakenEvent",
    {
        "event": Literal["history_taken"],
        "device": "str",
    },
)
"""It has it."""

HistoryReceivedEvent = TypedDict(
    "HistoryReceivedEvent",
    {
        "event": Literal["history_received"],
        "from": "str",
        "archive": "Archive",
    },
)
"""What history_send on that device gave is merged here."""

GroupEvent = TypedDict(
    "GroupEvent",
    {
        "event": Literal["group"],
        "what": "GroupChange",
        "conversation": "str",
        "name": "str",
        "by": "str",
        "users": "list[str]",
    },
)
"""A group stands otherwise than before, by what `by` did."""

GroupAskedEvent = TypedDict(
    "GroupAskedEvent",
    {
        "event": Literal["group_asked"],
        "user": "str",
        "text": "str",
        "asked_ms": "int",
        "conversation": "str",
        "name": "str",
    },
)
"""Somebody asks to be let in: group_answer."""

GroupRefusedEvent = TypedDict(
    "GroupRefusedEvent",
    {
        "event": Literal["group_refused"],
        "conversation": "str",
        "why": "GroupRefusedWhy",
    },
)
"""This account, which had asked, was not let in."""

NoticeReceivedEvent = TypedDict(
    "NoticeReceivedEvent",
    {
        "event": Literal["notice_received"],
        "notice": "str",
        "kind": "NoticeKind",
        "to_all": "bool",
        "title": "str",
        "text": "str",
        "link": "str",
        "created_ms": "int",
        "expires_ms": "int",
        "received_ms": "int",
        "read": "bool",
        "end_to_end": "bool",
    },
)
"""The operator of the relay says something. Told once: who was not running finds it by notices."""

NoticeWithdrawnEvent = TypedDict(
    "NoticeWithdrawnEvent",
    {
        "event": Literal["notice_withdrawn"],
        "notice": "str",
    },
)
"""It was taken back."""

NoticesReadEvent = TypedDict(
    "NoticesReadEvent",
    {
        "event": Literal["notices_read"],
        "up_to": "str",
    },
)
"""They were read up to there, on another device."""

CallIncomingEvent = TypedDict(
    "CallIncomingEvent",
    {
        "event": Literal["call_incoming"],
        "call": "str",
        "conversation": "str",
        "with": "str",
        "device": "str | None",
        "incoming": "bool",
        "video": "bool",
        "state": "CallState",
        "own": "CallMedia",
        "theirs": "CallMedia",
        "active_ms": "int",
        "group": "bool",
        "members": "list[CallMember]",
    },
)
"""Somebody calls: answer or reject. After ringing for a while it ends by itself."""

CallStateEvent = TypedDict(
    "CallStateEvent",
    {
        "event": Literal["call_state"],
        "call": "str",
        "conversation": "str",
        "with": "str",
        "device": "str | None",
        "incoming": "bool",
        "video": "bool",
        "state": "CallState",
        "own": "CallMedia",
        "theirs": "CallMedia",
        "active_ms": "int",
        "group": "bool",
        "members": "list[CallMember]",
    },
)
"""A call is in another state."""

CallMediaEvent = TypedDict(
    "CallMediaEvent",
    {
        "event": Literal["call_media"],
        "call": "str",
        "conversation": "str",
        "with": "str",
        "device": "str | None",
        "incoming": "bool",
        "video": "bool",
        "state": "CallState",
        "own": "CallMedia",
        "theirs": "CallMedia",
        "active_ms": "int",
        "group": "bool",
        "members": "list[CallMember]",
        "upgrade": "bool",
    },
)
"""The other device takes part otherwise than before."""

CallMemberEvent = TypedDict(
    "CallMemberEvent",
    {
        "event": Literal["call_member"],
        "call": "str",
        "conversation": "str",
        "with": "str",
        "device": "str | None",
        "incoming": "bool",
        "video": "bool",
        "state": "CallState",
        "own": "CallMedia",
        "theirs": "CallMedia",
        "active_ms": "int",
        "group": "bool",
        "members": "list[CallMember]",
        "member": "CallMember",
        "what": "CallMemberChange",
    },
)
"""Somebody is in the call of a group, or is not any more, or takes part otherwise."""

CallEndedEvent = TypedDict(
    "CallEndedEvent",
    {
        "event": Literal["call_ended"],
        "call": "str",
        "conversation": "str",
        "with": "str",
        "device": "str | None",
        "incoming": "bool",
        "video": "bool",
        "state": "CallState",
        "own": "CallMedia",
        "theirs": "CallMedia",
        "active_ms": "int",
        "group": "bool",
        "members": "list[CallMember]",
        "outcome": "CallOutcome",
    },
)
"""A call is over, or never came to be."""

CallQualityEvent = TypedDict(
    "CallQualityEvent",
    {
        "event": Literal["call_quality"],
        "device": "str | None",
        "active_ms": "int",
        "path": "Path",
        "rate_bps": "float",
        "audio_bps": "float",
        "video_bps": "float",
        "files_bps": "float",
        "sent_bps": "float",
        "loss_there": "float",
        "concealed": "float",
        "round_trip_ms": "float",
        "jitter_ms": "float",
        "audio_delay_ms": "float",
        "mos": "float",
        "level_in_db": "float",
        "level_out_db": "float",
        "datagrams_sent": "int",
        "datagrams_received": "int",
        "datagrams_dropped": "int",
        "frames_refused": "int",
        "packets_repaired": "int",
        "pictures_shown": "int",
        "freezes": "int",
        "frozen_ms": "int",
        "width": "int",
        "height": "int",
        "codec_sent": "VideoCodec | None",
        "codec_received": "VideoCodec | None",
        "call": "str",
    },
)
"""How a call goes, every 5 seconds while it is active; in a group for each other device."""

WarningEvent = TypedDict(
    "WarningEvent",
    {
        "event": Literal["warning"],
        "error": "Error",
    },
)
"""The user should know: the disk is full, damaged rows, the last write before a power failure was cut off."""

Event = Union[
    MessageEvent,
    MessageStateEvent,
    MessageChangedEvent,
    ReadEvent,
    ConversationClearedEvent,
    TypingEvent,
    ConversationEvent,
    ViewEvent,
    PresenceEvent,
    ContactRequestEvent,
    ContactAcceptedEvent,
    ContactRemovedEvent,
    SecurityEvent,
    LinkedEvent,
    ConnectedEvent,
    DisconnectedEvent,
    UpdateEvent,
    PathEvent,
    LoggedOutEvent,
    FileProgressEvent,
    FileDoneEvent,
    FileFailedEvent,
    ArchiveProgressEvent,
    HistoryWantedEvent,
    HistoryTakenEvent,
    HistoryReceivedEvent,
    GroupEvent,
    GroupAskedEvent,
    GroupRefusedEvent,
    NoticeReceivedEvent,
    NoticeWithdrawnEvent,
    NoticesReadEvent,
    CallIncomingEvent,
    CallStateEvent,
    CallMediaEvent,
    CallMemberEvent,
    CallEndedEvent,
    CallQualityEvent,
    WarningEvent,
]
"""Told apart by its member "event". Skip those that you do not know."""


class Requests:
    """A method a request. Fields that are not given are not sent."""

    async def _ask(self, do: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    async def register(self, *, relay: str, user: str, password: str, device_name: str | None = None) -> None:
        """Makes an account at a relay, and this device its first. Where the relay has lost the account, brings it back.

        relay: godwit://HOST:PORT#KEY; of an application godwit://HOST:PORT/APP#KEY
        user: 1–32 of a-z 0-9 . _ -
        password: 8–1024 bytes; it never leaves this device
        device_name: Shown to the account's other devices; at most 64 bytes
        """
        await self._ask("register", {"relay": relay, "user": user, "password": password, "device_name": device_name})

    async def login(self, *, relay: str, user: str, password: str, device_name: str | None = None) -> None:
        """Adds this device to an account, or brings back one that was logged out.

        relay: godwit://HOST:PORT#KEY; of an application godwit://HOST:PORT/APP#KEY
        device_name: At most 64 bytes
        """
        await self._ask("login", {"relay": relay, "user": user, "password": password, "device_name": device_name})

    async def logout(self) -> None:
        """Withdraws this device from its account. The history stays here."""
        await self._ask("logout", {})

    async def contact_add(self, *, user: str) -> None:
        """Asks somebody to become a contact; when they had asked already, accepts."""
        await self._ask("contact_add", {"user": user})

    async def contact_accept(self, *, user: str) -> None:
        """Accepts a request; of an accepted contact with `key_changed`, accepts the new key without comparing."""
        await self._ask("contact_accept", {"user": user})

    async def contact_remove(self, *, user: str) -> None:
        """Ends the contact on both sides, or declines or withdraws a request."""
        await self._ask("contact_remove", {"user": user})

    async def contact_block(self, *, user: str) -> None:
        """No messages, presence, signalling or requests from them any more; they are not told."""
        await self._ask("contact_block", {"user": user})

    async def contact_unblock(self, *, user: str) -> None:
        """Takes contact_block back."""
        await self._ask("contact_unblock", {"user": user})

    async def contacts(self) -> ContactsReply:
        """Everybody this account knows, with presence and path. Works offline."""
        return cast(ContactsReply, await self._ask("contacts", {}))

    async def set_contact(self, *, user: str, remark: str | None = None, labels: list[str] | None = None) -> None:
        """What this account's devices share about a contact; what is not given stays as it is.

        remark: What the user calls them, at most 256 bytes; empty: none
        labels: Groups of contacts, at most 16
        """
        await self._ask("set_contact", {"user": user, "remark": remark, "labels": labels})

    async def send(self, *, to: str | None = None, conversation: str | None = None, text: str | None = None, key: str | None = None, mentions: list[Mention] | None = None, links: list[Range] | None = None, body: Body | None = None, reply_to: str | None = None, lifetime: Lifetime | None = None, at_ms: int | None = None) -> SendReply:
        """Sends a message. The reply comes when it is durable here; how it moves on is told by `message_state` events.

        to: An account (one's own: notes to oneself), or
        conversation: the conversation
        text: At most 65536 bytes. May be missing beside a body that is no text
        key: Idempotency key, at most 128 bytes: the same key in the same conversation sends once, also after a crash
        mentions: Of a text; at most 64
        links: Of a text; at most 64
        body: What it is besides its text
        reply_to: A message of this conversation
        at_ms: Not now but then, by this device's clock
        """
        return cast(SendReply, await self._ask("send", {"to": to, "conversation": conversation, "text": text, "key": key, "mentions": mentions, "links": links, "body": body, "reply_to": reply_to, "lifetime": lifetime, "at_ms": at_ms}))

    async def edit(self, *, message: str, text: str, mentions: list[Mention] | None = None, links: list[Range] | None = None) -> EditReply:
        """Puts another text in the place of that of an own message. Told like a message."""
        return cast(EditReply, await self._ask("edit", {"message": message, "text": text, "mentions": mentions, "links": links}))

    async def recall(self, *, message: str) -> RecallReply:
        """Takes a message back, everywhere: one's own for 48 hours; in a group, as an admin, anybody's."""
        return cast(RecallReply, await self._ask("recall", {"message": message}))

    async def remove_messages(self, *, messages: list[str]) -> None:
        """Removes messages, 1–100 of one conversation, from the history of this account, on all of its devices. Nobody else hears of it.

        messages: 1–100
        """
        await self._ask("remove_messages", {"messages": messages})

    async def clear_conversation(self, *, with_: str | None = None, conversation: str | None = None) -> None:
        """Likewise all that this device has of a conversation, which stays in the list with its settings.

        with_: An account (one's own: notes to oneself), or
        conversation: the conversation
        """
        await self._ask("clear_conversation", {"with": with_, "conversation": conversation})

    async def react(self, *, message: str, emoji: str, on: bool | None = None) -> ReactReply:
        """Reacts to a message, or takes that back.

        emoji: At most 64 bytes
        on: true
        """
        return cast(ReactReply, await self._ask("react", {"message": message, "emoji": emoji, "on": on}))

    async def pin(self, *, message: str, on: bool | None = None) -> PinReply:
        """Pins a message in its conversation; in groups for admins.

        on: true
        """
        return cast(PinReply, await self._ask("pin", {"message": message, "on": on}))

    async def pinned(self, *, with_: str | None = None, conversation: str | None = None, limit: int | None = None, before: str | None = None) -> PinnedReply:
        """The pinned messages of a conversation, a page of them; answers oldest first. A page shorter than limit has come to the oldest. Works offline.

        with_: An account (one's own: notes to oneself), or
        conversation: the conversation
        limit: 1–1000 (50)
        before: The newest that stand before this message; none: the newest of all
        """
        return cast(PinnedReply, await self._ask("pinned", {"with": with_, "conversation": conversation, "limit": limit, "before": before}))

    async def move_location(self, *, message: str, latitude: float, longitude: float, accuracy_m: int | None = None) -> MoveLocationReply:
        """A live location of this account is elsewhere now. Others are told every 5 seconds at most, of the newest place only.

        latitude: Degrees
        longitude: Degrees
        accuracy_m: 0: not known
        """
        return cast(MoveLocationReply, await self._ask("move_location", {"message": message, "latitude": latitude, "longitude": longitude, "accuracy_m": accuracy_m}))

    async def end_location(self, *, message: str) -> EndLocationReply:
        """A live location of this account does not move any more, before its time is over."""
        return cast(EndLocationReply, await self._ask("end_location", {"message": message}))

    async def versions(self, *, message: str) -> VersionsReply:
        """What a message said before it was edited, as far as it is kept here, oldest first. Works offline."""
        return cast(VersionsReply, await self._ask("versions", {"message": message}))

    async def set_versions(self, *, kept: int) -> None:
        """So many earlier versions of each edited message are kept from now on, on all devices of the account; at first 0. With 0 what is kept goes.

        kept: At most 64
        """
        await self._ask("set_versions", {"kept": kept})

    async def set_recall_window(self, *, seconds: int) -> None:
        """How long own messages can be taken back by `recall`, on all devices of the account; at first 172800 (48 hours).

        seconds: 0: not at all; at most 2592000 (30 days)
        """
        await self._ask("set_recall_window", {"seconds": seconds})

    async def forward(self, *, messages: list[str], to: str | None = None, conversation: str | None = None, merged: bool | None = None, title: str | None = None) -> ForwardReply:
        """Sends messages on to another conversation: each as it is, or merged into one.

        to: An account (one's own: notes to oneself), or
        conversation: the conversation
        messages: At most 100, of one conversation
        merged: false
        title: Of a merged one
        """
        return cast(ForwardReply, await self._ask("forward", {"to": to, "conversation": conversation, "messages": messages, "merged": merged, "title": title}))

    async def set_timer(self, *, lifetime: Lifetime, with_: str | None = None, conversation: str | None = None) -> SetTimerReply:
        """From now on what anybody sends here has this lifetime.

        with_: An account (one's own: notes to oneself), or
        conversation: the conversation
        """
        return cast(SetTimerReply, await self._ask("set_timer", {"with": with_, "conversation": conversation, "lifetime": lifetime}))

    async def mark_read(self, *, with_: str | None = None, conversation: str | None = None, up_to: str | None = None) -> None:
        """The user has seen everything up to a message: on all own devices, and told to the others if receipts are on.

        with_: An account (one's own: notes to oneself), or
        conversation: the conversation
        up_to: The newest
        """
        await self._ask("mark_read", {"with": with_, "conversation": conversation, "up_to": up_to})

    async def typing(self, *, with_: str | None = None, conversation: str | None = None, on: bool | None = None) -> None:
        """The user is writing, or has stopped. Never stored; repeat it every 5 seconds while it lasts.

        with_: An account (one's own: notes to oneself), or
        conversation: the conversation
        on: true
        """
        await self._ask("typing", {"with": with_, "conversation": conversation, "on": on})

    async def conversations(self, *, hidden: bool | None = None) -> ConversationsReply:
        """All conversations, the pinned ones first, then the newest. Works offline.

        hidden: false: without the hidden ones
        """
        return cast(ConversationsReply, await self._ask("conversations", {"hidden": hidden}))

    async def set_conversation(self, *, with_: str | None = None, conversation: str | None = None, pinned: bool | None = None, archived: bool | None = None, hidden: bool | None = None, receipts: bool | None = None, muted_until_ms: int | None = None, draft: str | None = None) -> None:
        """What this account's devices share about a conversation; what is not given stays as it is.

        with_: An account (one's own: notes to oneself), or
        conversation: the conversation
        hidden: Comes back with its next message
        receipts: Read receipts here, whatever set_receipts says
        muted_until_ms: 0: not muted
        draft: Empty: none
        """
        await self._ask("set_conversation", {"with": with_, "conversation": conversation, "pinned": pinned, "archived": archived, "hidden": hidden, "receipts": receipts, "muted_until_ms": muted_until_ms, "draft": draft})

    async def set_receipts(self, *, on: bool | None = None, delivery: bool | None = None) -> None:
        """Receipts of this account, on at first; what is not given stays as it is.

        on: Of reading, where set_conversation says nothing else
        delivery: Of delivery, to everybody: without, messages to this account end as sent
        """
        await self._ask("set_receipts", {"on": on, "delivery": delivery})

    async def scheduled(self) -> ScheduledReply:
        """Messages to come (`at_ms` of send), the earliest first. Works offline."""
        return cast(ScheduledReply, await self._ask("scheduled", {}))

    async def unschedule(self, *, message: str) -> None:
        """It is not sent."""
        await self._ask("unschedule", {"message": message})

    async def watch(self, *, what: WatchWhat, with_: str | None = None, conversation: str | None = None, limit: int | None = None, hidden: bool | None = None) -> WatchReply:
        """A list that is kept up to date: `view` events tell what is in it, and how it changes. At most 32.

        with_: Of messages: an account, or
        conversation: the conversation
        limit: Of messages: the newest 1–1000 (50)
        hidden: Of conversations: the hidden ones too (false)
        """
        return cast(WatchReply, await self._ask("watch", {"what": what, "with": with_, "conversation": conversation, "limit": limit, "hidden": hidden}))

    async def unwatch(self, *, watch: int) -> None:
        """Ends a watch."""
        await self._ask("unwatch", {"watch": watch})

    async def history(self, *, with_: str | None = None, conversation: str | None = None, limit: int | None = None, before: str | None = None, after: str | None = None, around: str | None = None) -> HistoryReply:
        """A page of a conversation; answers oldest first. At most one of before, after and around, each the id of a message in it; none: the newest page. A page shorter than limit has come to that end (around: to the newest). Works offline.

        with_: An account (one's own: notes to oneself), or
        conversation: the conversation
        limit: 1–1000 (50)
        before: The newest that stand before this one
        after: The oldest that stand after this one
        around: This one, up to limit/2 before it and the rest after it
        """
        return cast(HistoryReply, await self._ask("history", {"with": with_, "conversation": conversation, "limit": limit, "before": before, "after": after, "around": around}))

    async def search(self, *, text: str, with_: str | None = None, conversation: str | None = None, from_: str | None = None, kinds: list[str] | None = None, since_ms: int | None = None, until_ms: int | None = None, limit: int | None = None, before: int | None = None) -> SearchReply:
        """Finds messages by what they say. Words match by how they begin, without regard to case and accents; characters of scripts without spaces anywhere. All must be there. Works offline.

        text: 1–256 bytes, at most 16 words
        with_: Only in the conversation with them
        conversation: Only in this one
        from_: Only what this account wrote
        kinds: Only these kinds of bodies
        since_ms: Only sent then or later
        until_ms: Only sent before then
        limit: 1–200 (50)
        before: `next` of the page before
        """
        return cast(SearchReply, await self._ask("search", {"text": text, "with": with_, "conversation": conversation, "from": from_, "kinds": kinds, "since_ms": since_ms, "until_ms": until_ms, "limit": limit, "before": before}))

    async def devices(self) -> DevicesReply:
        """The devices of this account. Works offline."""
        return cast(DevicesReply, await self._ask("devices", {}))

    async def device_link(self, *, code: str) -> None:
        """Lets a device in that shows this code, without the password.

        code: What the new device got from device_link_code
        """
        await self._ask("device_link", {"code": code})

    async def device_link_code(self, *, relay: str, device_name: str | None = None) -> DeviceLinkCodeReply:
        """For a new device: a code to show to a device of the account, good for 5 minutes. `linked` follows when it was let in.

        relay: godwit://HOST:PORT#KEY; of an application godwit://HOST:PORT/APP#KEY
        device_name: At most 64 bytes
        """
        return cast(DeviceLinkCodeReply, await self._ask("device_link_code", {"relay": relay, "device_name": device_name}))

    async def device_revoke(self, *, device: str) -> None:
        """Withdraws another device of this account: it leaves every conversation, and its key never comes back.

        device: Not this one: logout
        """
        await self._ask("device_revoke", {"device": device})

    async def safety_number(self, *, with_: str) -> SafetyNumberReply:
        """What to compare with a contact. Works offline."""
        return cast(SafetyNumberReply, await self._ask("safety_number", {"with": with_}))

    async def verify(self, *, with_: str, verified: bool | None = None, code: str | None = None) -> None:
        """Says that the keys were compared and are right, or takes that back. `code` is what was compared; godwit compares it with the keys of now.

        verified: true
        code: The code that the other side's device shows, or the safety number (spaces do not count); left out only to take it back
        """
        await self._ask("verify", {"with": with_, "verified": verified, "code": code})

    async def file_add(self, *, path: str, name: str | None = None, media_type: str | None = None) -> File:
        """Takes a copy of a file, encrypted, and names it by its content. The reply is what a message refers to it by.

        name: That of the path
        media_type: RFC 6838, at most 127 bytes
        """
        return cast(File, await self._ask("file_add", {"path": path, "name": name, "media_type": media_type}))

    async def file_fetch(self, *, file: str) -> None:
        """Gets a file that a message refers to, from whoever has it, as soon as somebody can be reached: file_progress, then file_done."""
        await self._ask("file_fetch", {"file": file})

    async def file_save(self, *, file: str, path: str, replace: bool | None = None) -> FileSaveReply:
        """Writes a file that is whole to where the user wants it. The reply comes when it is durable there.

        path: Of a file, or of a folder
        replace: false
        """
        return cast(FileSaveReply, await self._ask("file_save", {"file": file, "path": path, "replace": replace}))

    async def file_pause(self, *, file: str) -> None:
        """What is here stays, nothing more is asked for, also after a restart."""
        await self._ask("file_pause", {"file": file})

    async def file_resume(self, *, file: str) -> None:
        """Goes on after file_pause."""
        await self._ask("file_resume", {"file": file})

    async def file_cancel(self, *, file: str) -> None:
        """Removes what is here of it. It can be fetched again while somebody else has it."""
        await self._ask("file_cancel", {"file": file})

    async def sticker_pack(self, *, file: str) -> StickerPackReply:
        """What is in a pack of stickers that is here whole. Works offline.

        file: Of the pack
        """
        return cast(StickerPackReply, await self._ask("sticker_pack", {"file": file}))

    async def sticker(self, *, file: str, name: str) -> StickerReply:
        """A sticker of a pack that is here whole, to be shown. Works offline.

        file: Of the pack
        name: As the message, or `sticker_pack`, says
        """
        return cast(StickerReply, await self._ask("sticker", {"file": file, "name": name}))

    async def files(self) -> FilesReply:
        """Every file that a message refers to or that was added. Works offline."""
        return cast(FilesReply, await self._ask("files", {}))

    async def set_rate(self, *, up: int | None = None, down: int | None = None) -> None:
        """Bytes a second that files may take, together; messages are not counted. Kept.

        up: 0: without bound
        down: 0: without bound
        """
        await self._ask("set_rate", {"up": up, "down": down})

    async def set_auto_fetch(self, *, bytes: int) -> None:
        """Files up to so many bytes are fetched by themselves. Kept; 10 MiB at first.

        bytes: 0: none; at most 4 GiB
        """
        await self._ask("set_auto_fetch", {"bytes": bytes})

    async def archive_make(self, *, path: str, passphrase: str, changes_only: bool | None = None, replace: bool | None = None) -> ArchiveMakeReply:
        """Writes the history into a file, sealed with a passphrase: no keys, no files. The reply comes when it is durable. Works offline.

        passphrase: 8–1024 bytes
        changes_only: false: all of it; true: what came or changed since this home's last one
        replace: false
        """
        return cast(ArchiveMakeReply, await self._ask("archive_make", {"path": path, "passphrase": passphrase, "changes_only": changes_only, "replace": replace}))

    async def archive_read(self, *, path: str, passphrase: str, check_only: bool | None = None) -> ArchiveReadReply:
        """Merges an archive of this account into the history. May be repeated, and broken off. Works offline.

        check_only: false; true: reads all of it and merges nothing
        """
        return cast(ArchiveReadReply, await self._ask("archive_read", {"path": path, "passphrase": passphrase, "check_only": check_only}))

    async def archive_cancel(self) -> None:
        """Ends the one that is made or read, whose reply is cancelled."""
        await self._ask("archive_cancel", {})

    async def history_ask(self) -> None:
        """On a new device: asks the account's other devices for the history."""
        await self._ask("history_ask", {})

    async def history_send(self, *, device: str) -> None:
        """Gives the history to another device of this account, which merges it."""
        await self._ask("history_send", {"device": device})

    async def group_create(self, *, name: str, members: list[str] | None = None, kind: ConversationKind | None = None, about: str | None = None, invite: Role | None = None, join: JoinRule | None = None, expires_ms: int | None = None) -> GroupCreateReply:
        """Makes a conversation of many, with this account as its owner. The named come in as their devices are reached.

        name: At most 128 bytes
        members: Accepted contacts, at most 256
        kind: group (or discussion, channel)
        about: At most 1024 bytes
        invite: admin (or member): who may take others in
        join: closed
        expires_ms: Of a discussion: when it ends
        """
        return cast(GroupCreateReply, await self._ask("group_create", {"name": name, "members": members, "kind": kind, "about": about, "invite": invite, "join": join, "expires_ms": expires_ms}))

    async def group_invite(self, *, conversation: str, users: list[str]) -> None:
        """Takes contacts in.

        users: At most 256
        """
        await self._ask("group_invite", {"conversation": conversation, "users": users})

    async def group_remove(self, *, conversation: str, users: list[str]) -> None:
        """Puts members out.

        users: At most 256
        """
        await self._ask("group_remove", {"conversation": conversation, "users": users})

    async def group_leave(self, *, conversation: str) -> None:
        """The history stays. The owner hands over first, or dissolves."""
        await self._ask("group_leave", {"conversation": conversation})

    async def group_role(self, *, conversation: str, user: str, role: Role) -> None:
        """Makes somebody admin, member again, or owner. By the owner.

        role: member, admin or owner
        """
        await self._ask("group_role", {"conversation": conversation, "user": user, "role": role})

    async def group_mute(self, *, conversation: str, until_ms: int, user: str | None = None) -> None:
        """Who is muted may read and not write.

        user: All who are no admins
        until_ms: 0: may write again
        """
        await self._ask("group_mute", {"conversation": conversation, "user": user, "until_ms": until_ms})

    async def group_set(self, *, conversation: str, name: str | None = None, about: str | None = None, announcement: str | None = None, avatar: FileRef | None = UNSET, invite: Role | None = None, join: JoinRule | None = None, receipts: bool | None = None) -> None:
        """Sets what a group is; what is not given stays as it is. By admins.

        name: At most 128 bytes
        about: At most 1024 bytes
        announcement: At most 4096 bytes
        avatar: null: none
        invite: member or admin
        """
        await self._ask("group_set", {"conversation": conversation, "name": name, "about": about, "announcement": announcement, "avatar": avatar, "invite": invite, "join": join, "receipts": receipts})

    async def group_promote(self, *, conversation: str) -> None:
        """A discussion becomes a group, and does not end. By its owner."""
        await self._ask("group_promote", {"conversation": conversation})

    async def group_dissolve(self, *, conversation: str) -> None:
        """Nobody says anything there any more. By the owner."""
        await self._ask("group_dissolve", {"conversation": conversation})

    async def group_about(self, *, conversation: str) -> GroupAboutReply:
        """Everything about a group. Works offline."""
        return cast(GroupAboutReply, await self._ask("group_about", {"conversation": conversation}))

    async def group_link(self, *, conversation: str, renew: bool | None = None) -> GroupLinkReply:
        """What lets others in, as a text to be passed on.

        renew: false; true: what was given out before lets nobody in any more
        """
        return cast(GroupLinkReply, await self._ask("group_link", {"conversation": conversation, "renew": renew}))

    async def group_join(self, *, link: str, text: str | None = None) -> GroupJoinReply:
        """Asks to be let in by a link. A `group` event with joined follows, or group_refused.

        link: From group_link
        text: To those who decide, at most 256 bytes
        """
        return cast(GroupJoinReply, await self._ask("group_join", {"link": link, "text": text}))

    async def group_answer(self, *, conversation: str, user: str, accept: bool | None = None) -> None:
        """Says yes or no to who asks to be let in.

        accept: true
        """
        await self._ask("group_answer", {"conversation": conversation, "user": user, "accept": accept})

    async def deliveries(self, *, message: str) -> DeliveriesReply:
        """Who has a message of this account, and which way it went there. Works offline."""
        return cast(DeliveriesReply, await self._ask("deliveries", {"message": message}))

    async def notices(self, *, limit: int | None = None, before: str | None = None) -> NoticesReply:
        """What the operator of the relay has said, newest first. The newest 256 are kept. Works offline.

        limit: 1–256 (50)
        before: Exclusive; the newest
        """
        return cast(NoticesReply, await self._ask("notices", {"limit": limit, "before": before}))

    async def notices_read(self, *, up_to: str | None = None) -> None:
        """Up to this one they are read, on all devices of the account.

        up_to: The newest
        """
        await self._ask("notices_read", {"up_to": up_to})

    async def call(self, *, to: str | None = None, conversation: str | None = None, video: bool | None = None, audio_source: str | None = None, audio_sink: str | None = None, video_source: str | None = None, video_sink: str | None = None, processed: bool | None = None, video_codec: VideoCodec | None = None) -> CallReply:
        """Calls an account: it rings at all its devices. In a group: begins its call, or joins the one that goes on; call_member tells who is in. call_state, then call_ended tell how it goes.

        to: An account (one's own: notes to oneself), or
        conversation: the conversation
        video: false: begins with pictures of the camera
        audio_source: app: by the C or C++ face; none; sound or sound:NAME; tone; or a file that libsndfile reads
        audio_sink: app; none; sound or sound:NAME; or a WAV file to be made
        video_source: app; none; camera or camera:NAME; pattern; or a Y4M file
        video_sink: app; none; or a Y4M or .ivf file to be made
        processed: Echo, noise and loudness are dealt with; absent: of a microphone of this machine
        video_codec: vp8: of the pictures that are sent; who does not take vp9 gets vp8
        """
        return cast(CallReply, await self._ask("call", {"to": to, "conversation": conversation, "video": video, "audio_source": audio_source, "audio_sink": audio_sink, "video_source": video_source, "video_sink": video_sink, "processed": processed, "video_codec": video_codec}))

    async def answer(self, *, call: str | None = None, video: bool | None = None, audio_source: str | None = None, audio_sink: str | None = None, video_source: str | None = None, video_sink: str | None = None, processed: bool | None = None, video_codec: VideoCodec | None = None) -> AnswerReply:
        """Takes a call that rings here, or joins the open one of a group.

        call: The one that rings
        video: false
        audio_source: app: by the C or C++ face; none; sound or sound:NAME; tone; or a file that libsndfile reads
        audio_sink: app; none; sound or sound:NAME; or a WAV file to be made
        video_source: app; none; camera or camera:NAME; pattern; or a Y4M file
        video_sink: app; none; or a Y4M or .ivf file to be made
        processed: Echo, noise and loudness are dealt with; absent: of a microphone of this machine
        video_codec: vp8: of the pictures that are sent; who does not take vp9 gets vp8
        """
        return cast(AnswerReply, await self._ask("answer", {"call": call, "video": video, "audio_source": audio_source, "audio_sink": audio_sink, "video_source": video_source, "video_sink": video_sink, "processed": processed, "video_codec": video_codec}))

    async def reject(self, *, call: str | None = None) -> None:
        """Refuses a call that rings here, for all devices of the account; of a group: stops its ringing.

        call: The one that rings
        """
        await self._ask("reject", {"call": call})

    async def hangup(self, *, call: str | None = None) -> None:
        """Ends, cancels or refuses a call, whatever it does; of a group: leaves it.

        call: The one that this device takes part in; else the one that rings
        """
        await self._ask("hangup", {"call": call})

    async def call_media(self, *, call: str | None = None, muted: bool | None = None, held: bool | None = None, camera: bool | None = None, screen: bool | None = None) -> None:
        """How this device takes part; what is not given stays as it is, and one of the four is given. The other side hears of it.

        call: The one that this device takes part in
        """
        await self._ask("call_media", {"call": call, "muted": muted, "held": held, "camera": camera, "screen": screen})

    async def call_stats(self, *, call: str | None = None, device: str | None = None) -> CallStatistics:
        """How a call goes.

        call: The one that this device takes part in
        device: Of a group: about which; absent: the one that is heard worst
        """
        return cast(CallStatistics, await self._ask("call_stats", {"call": call, "device": device}))

    async def calls(self) -> CallsReply:
        """Calls that are not over. Works offline."""
        return cast(CallsReply, await self._ask("calls", {}))

    async def call_devices(self) -> CallDevicesReply:
        """Microphones, loudspeakers and cameras of this machine; the first of a kind is taken without a name. Works offline."""
        return cast(CallDevicesReply, await self._ask("call_devices", {}))

    async def report(self, *, user: str | None = None, conversation: str | None = None, reason: ReportReason | None = None, text: str | None = None, messages: list[str] | None = None, with_content: bool | None = None) -> None:
        """Tells the operator of the relay about somebody, a group or messages: it is for their eyes, not end-to-end encrypted, and what is said of messages is this user's word.

        user: Whom it is about; of messages: who wrote the first
        conversation: The group that it is about, or where it happened
        reason: other
        text: In the user's own words; at most 1024 bytes
        messages: Of one conversation; at most 16
        with_content: false: only who wrote them, and when; true: what they say, too (the first 1024 bytes of each)
        """
        await self._ask("report", {"user": user, "conversation": conversation, "reason": reason, "text": text, "messages": messages, "with_content": with_content})

    async def directory(self, *, department: int | None = None, find: str | None = None, after: str | None = None) -> DirectoryReply:
        """What is in a department of the organisation's directory, or who is found in it. It is the relay's word: whom to look for, not who somebody is.

        department: 0: the organisation itself
        find: What a user or a full name begins with, of any department
        after: The last user of the page before
        """
        return cast(DirectoryReply, await self._ask("directory", {"department": department, "find": find, "after": after}))

    async def status(self) -> StatusReply:
        """How this client stands. Works offline."""
        return cast(StatusReply, await self._ask("status", {}))

    async def network_changed(self) -> None:
        """Addresses or routes changed: looks at every path again, without waiting."""
        await self._ask("network_changed", {})

    async def set_policy(self, *, path: PathPolicy) -> None:
        """Which paths content may take."""
        await self._ask("set_policy", {"path": path})

    async def fault(self, *, drop_direct: bool) -> None:
        """For tests: drops every datagram of direct paths on this device, as a firewall would."""
        await self._ask("fault", {"drop_direct": drop_direct})
