// SPDX-License-Identifier: Apache-2.0
// Made by tools/schema.py from schema/: change it there.

/** What a failure asks of the caller. Append-only. */
export type ErrorCode =
  | "ok"
  | "invalid_argument"
  | "message_too_large"
  | "unknown_request"
  | "not_registered"
  | "already_registered"
  | "unsupported"
  | "wrong_credentials"
  | "name_taken"
  | "not_a_contact"
  | "no_such_user"
  | "blocked"
  | "relay_key_mismatch"
  | "update_required"
  | "account_key_changed"
  | "device_revoked"
  | "no_such_file"
  | "not_allowed"
  | "not_connected"
  | "rate_limited"
  | "quota_exceeded"
  | "timed_out"
  | "busy"
  | "relay_unavailable"
  | "conflict"
  | "storage_failed"
  | "storage_corrupt"
  | "wrong_key"
  | "storage_in_use"
  | "storage_too_new"
  | "expired"
  | "cancelled"
  | "address_in_use"
  | "malformed"
  | "authentication_failed"
  | "protocol_mismatch"
  | "internal";

/** One message, the same on every device that has it: 32 hexadecimal digits. */
export type MessageId = string;
/** One conversation; of two accounts the same on both sides: 32 hexadecimal digits. */
export type ConversationId = string;
/** One call, the same on every device that it rings at: 32 hexadecimal digits. */
export type CallId = string;
/** One notice of a relay's operator: 32 hexadecimal digits. */
export type NoticeId = string;
/** An Ed25519 public key (RFC 8032): 64 hexadecimal digits. */
export type PublicKey = string;
/** A device: its Ed25519 public key: 64 hexadecimal digits. */
export type DeviceId = string;
/** A file, by its content: 64 hexadecimal digits. */
export type FileId = string;
/** Opens the blob of a file at a relay: belongs into a reference, and nowhere else: 64 hexadecimal digits. */
export type FileKey = string;

/** The way of a message or a file. */
export type Path = "none" | "direct" | "turned" | "mailbox";

/** Which paths content may take. */
export type PathPolicy = "direct_first" | "direct_only" | "relay_only" | "race";

/** Where a message stands. One's own end as delivered or failed; in groups with members who give no receipts as sent. */
export type MessageState = "received" | "accepted" | "sent" | "delivered" | "failed";

/** What a conversation is. */
export type ConversationKind = "direct" | "self" | "group" | "discussion" | "channel";

/** What somebody is in a group. */
export type Role = "none" | "member" | "admin" | "owner";

/** How outsiders come into a group, besides being taken in. */
export type JoinRule = "closed" | "request" | "link";

/** Why this account was not let into a group. */
export type GroupRefusedWhy = "refused" | "stale_link";

/** Where a contact stands. */
export type ContactState = "requested" | "incoming" | "accepted" | "blocked";

/** Where a file stands on this device. */
export type FileState = "known" | "fetching" | "paused" | "whole";

/** How this device is connected to its relay. */
export type RelayTransport = "none" | "quic" | "tls";

/** What a notice is about. */
export type NoticeKind = "announcement" | "maintenance" | "account";

/** What is wrong, in one word. */
export type ReportReason = "spam" | "abuse" | "illegal" | "impersonation" | "other";

/** How an attached file is shown. */
export type AttachmentKind = "file" | "image" | "voice" | "video";

/** When the lifetime of a message begins. */
export type LifetimeFrom = "sent" | "read";

/** How a message came to stand otherwise. */
export type MessageChange = "edited" | "recalled" | "reactions" | "pinned" | "expired" | "sent" | "moved" | "removed";

/** What has happened to a group, in its history. */
export type GroupNoteWhat = "created" | "added" | "removed" | "left" | "name" | "about" | "announcement" | "avatar" | "role" | "muted" | "all_muted" | "rules" | "promoted" | "dissolved" | "expired";

/** How a group came to stand otherwise. */
export type GroupChange = "joined" | "added" | "removed" | "rules" | "profile" | "promoted" | "closed";

/** A step of a list that changes. */
export type StepOp = "insert" | "update" | "move" | "remove";

/** Which list is watched. */
export type WatchWhat = "conversations" | "messages" | "contacts";

/** What an attacker, a faulty relay or a restored backup brings about, or what widens who can read. */
export type SecurityKind = "account_key_changed" | "device_added" | "device_removed" | "device_list_rollback" | "device_list_conflict" | "key_package_invalid" | "commit_rejected" | "group_forked" | "group_rejoined" | "commit_withheld" | "message_unopenable" | "message_forged" | "device_unlisted" | "group_invalid" | "device_evicted";

/** Where a call stands that is not over. */
export type CallState = "calling" | "ringing" | "connecting" | "active" | "open";

/** How a call ended. */
export type CallOutcome = "completed" | "cancelled" | "no_answer" | "declined" | "busy" | "unsupported" | "answered_elsewhere" | "failed" | "lost" | "superseded" | "removed" | "full";

/** What has become of a device in the call of a group. */
export type CallMemberChange = "joined" | "connected" | "media" | "left" | "lost" | "removed";

/** What the pictures of a call are coded with. */
export type VideoCodec = "vp8" | "vp9";

/** Why something failed, in words good enough to show. */
export interface Error {
  /** What to do about it */
  code: ErrorCode;
  /** One English sentence: what happened, and what to do */
  detail: string;
  /** Milliseconds after which the same request may succeed; 0: not unchanged */
  retry: number;
}

/** A file as a message refers to it. */
export interface FileRef {
  file: FileId;
  /** Bytes */
  size: number;
  /** As its sender calls it: data, never a path */
  name?: string;
  /** RFC 6838, as its sender says; may be empty */
  media_type?: string;
  key: FileKey;
}

/** A sticker in a pack. */
export interface StickerEntry {
  name: string;
  /** What it stands for, as the pack says; may be empty */
  emoji: string;
  /** By the name's suffix; may be empty */
  media_type: string;
  /** Bytes */
  size: number;
  /** As the picture itself says */
  animated: boolean;
}

/** A file as this device has it. When the last message that refers to it is recalled or goes by its lifetime, it goes from every home, and from the relay. */
export interface File {
  file: FileId;
  /** Made harmless: no path, no control characters, at most 200 bytes */
  name: string;
  /** As its sender says */
  media_type: string;
  /** Bytes */
  size: number;
  state: FileState;
  /** Bytes of it that are here */
  done: number;
  /** Who serves it now; empty: nobody, or the relay */
  from: string;
  /** By which path */
  path: Path;
  key: FileKey;
}

/** Somebody is addressed. Positions count bytes of UTF-8, on character boundaries. */
export interface Mention {
  /** Empty: everybody in the conversation */
  user?: string;
  begin: number;
  /** At least 1 */
  length: number;
}

/** Part of a text. Positions count bytes of UTF-8, on character boundaries. */
export interface Range {
  begin: number;
  /** At least 1 */
  length: number;
}

/** When a message goes by itself, on every device. */
export interface Lifetime {
  /** 0: it stays. At most a year */
  seconds: number;
  /** sent */
  from?: LifetimeFrom;
}

/** What a message answers to. */
export interface Reply {
  message: MessageId;
  /** Its author */
  from: string;
  /** Of its text, at most 256 bytes */
  excerpt: string;
}

/** Who has reacted with an emoji. */
export interface Reactions {
  emoji: string;
  users: string[];
}

/** A text and nothing else; emoji are text. */
export interface TextBody {
  kind: "text";
  /** At most 64 */
  mentions?: Mention[];
  /** At most 64 */
  links?: Range[];
}

/** A file, with the text as its caption. */
export interface AttachmentBody {
  kind: "attachment";
  /** file */
  as?: AttachmentKind;
  file: FileRef;
  /** Pixels; 0: does not apply */
  width?: number;
  height?: number;
  duration_ms?: number;
  /** A small JPEG, PNG or WebP, at most 32 KiB */
  thumbnail?: string;
  /** Loudness over the duration, a byte a step, at most 256 */
  waveform?: string;
  /** Of the caption, at most 64 */
  mentions?: Mention[];
  /** At most 64 */
  links?: Range[];
}

/** One of a pack of stickers. */
export interface StickerBody {
  kind: "sticker";
  /** A file that is fetched once, whoever sends from it */
  pack: FileRef;
  /** Within the pack */
  name: string;
  /** What it stands for */
  emoji?: string;
  /** false */
  animated?: boolean;
}

/** A place, WGS 84. */
export interface LocationBody {
  kind: "location";
  /** Degrees */
  latitude: number;
  /** Degrees */
  longitude: number;
  /** 0: not known */
  accuracy_m?: number;
  /** What is there, at most 256 bytes */
  place?: string;
  /** Moves until so long after sending, at most 28800; 0: it does not */
  live_seconds?: number;
}

/** An account, recommended. */
export interface ContactCardBody {
  kind: "contact_card";
  /** At the same relay */
  user: string;
  /** As its sender knows it */
  account_key?: PublicKey | null;
}

/** What was said elsewhere, on the word of whoever forwards it. */
export interface ForwardedItem {
  from: string;
  sent_ms: number;
  text: string;
  /** Where a message would have one */
  body?: Body;
  /** In its place where it cannot be read */
  raw_body?: string;
}

/** Messages of another conversation, as one. Made by `forward` only. */
export interface ForwardedBody {
  kind: "forwarded";
  title: string;
  /** At most 100 */
  items: ForwardedItem[];
}

/** A line of a card. */
export interface CardField {
  label?: string;
  value?: string;
}

/** A structured card: an order, a parcel, a notice. */
export interface CardBody {
  kind: "card";
  /** Of the template */
  name: string;
  title?: string;
  /** At most 32 */
  fields?: CardField[];
  /** May be empty */
  url?: string;
}

/** The app's own kind. Give a text for those who do not know it. */
export interface CustomBody {
  kind: "custom";
  /** Reverse DNS: com.example.poll */
  type: string;
  /** At most 64 KiB */
  data?: string;
}

/** What has happened to a group. Written by each device by itself; not to be sent. */
export interface GroupNoteBody {
  kind: "group_note";
  what: GroupNoteWhat;
  /** Empty: time, or not known */
  by: string;
  users: string[];
  text: string;
  until_ms: number;
}

/** What a message said before it was edited. */
export interface Version {
  text: string;
  /** By its author's clock */
  written_ms: number;
  mentions?: Mention[];
  links?: Range[];
}

/** Of a newer version: kept as it came. Not to be sent. */
export interface UnknownBody {
  kind: "unknown";
  number: number;
  raw: string;
}

/** A message of the history. */
export interface Message {
  /** Its id */
  message: MessageId;
  conversation: ConversationId;
  /** The other account of a conversation of two; empty in a group */
  with: string;
  /** The account that wrote it */
  from: string;
  /** The device that sealed it */
  from_device: DeviceId;
  /** Of its body: text, attachment, … */
  kind: string;
  /** What was written; of other kinds the caption */
  text: string;
  state: MessageState;
  /** The path it came by or was delivered by */
  path: Path;
  /** Why this path; for failed the error code */
  reason: string;
  /** Sender's clock, milliseconds since 1970 UTC */
  sent_ms: number;
  /** This device's clock when it was accepted or received */
  received_ms: number;
  /** A message that this one answers to has not arrived in time */
  gap_before: boolean;
  /** What it is, where that is more than a text */
  body?: Body;
  /** What it answers to */
  reply?: Reply;
  /** true: it was written elsewhere */
  forwarded?: boolean;
  /** How long it stays */
  lifetime?: Lifetime;
  /** Its text was written anew, by its author's clock */
  edited_ms?: number;
  /** Earlier ones that are kept here: `versions` */
  versions?: number;
  /** Of a live location that still moves: until when, by its author's clock */
  live_until_ms?: number;
  /** Of a live location: when it was where `body` says; without: when it was sent */
  moved_ms?: number;
  /** It was taken back: a tombstone without text */
  recalled_ms?: number;
  /** Who did */
  recalled_by?: string;
  /** When it goes, once that is known */
  expires_ms?: number;
  /** true */
  pinned?: boolean;
  /** 64 different ones at most, 8 of one person */
  reactions?: Reactions[];
}

/** A message that was found. */
export interface Hit {
  /** Its id */
  message: MessageId;
  conversation: ConversationId;
  /** The other account of a conversation of two; empty in a group */
  with: string;
  /** The account that wrote it */
  from: string;
  /** The device that sealed it */
  from_device: DeviceId;
  /** Of its body: text, attachment, … */
  kind: string;
  /** What was written; of other kinds the caption */
  text: string;
  state: MessageState;
  /** The path it came by or was delivered by */
  path: Path;
  /** Why this path; for failed the error code */
  reason: string;
  /** Sender's clock, milliseconds since 1970 UTC */
  sent_ms: number;
  /** This device's clock when it was accepted or received */
  received_ms: number;
  /** A message that this one answers to has not arrived in time */
  gap_before: boolean;
  /** What it is, where that is more than a text */
  body?: Body;
  /** What it answers to */
  reply?: Reply;
  /** true: it was written elsewhere */
  forwarded?: boolean;
  /** How long it stays */
  lifetime?: Lifetime;
  /** Its text was written anew, by its author's clock */
  edited_ms?: number;
  /** Earlier ones that are kept here: `versions` */
  versions?: number;
  /** Of a live location that still moves: until when, by its author's clock */
  live_until_ms?: number;
  /** Of a live location: when it was where `body` says; without: when it was sent */
  moved_ms?: number;
  /** It was taken back: a tombstone without text */
  recalled_ms?: number;
  /** Who did */
  recalled_by?: string;
  /** When it goes, once that is known */
  expires_ms?: number;
  /** true */
  pinned?: boolean;
  /** 64 different ones at most, 8 of one person */
  reactions?: Reactions[];
  /** What was searched in it, on one line, around the first match; at most 240 bytes */
  snippet: string;
  /** What to highlight in `snippet` */
  matches: Range[];
}

/** A part of the organisation, as the operator's directory has it. */
export interface Department {
  id: number;
  /** 0: the organisation itself */
  parent: number;
  name: string;
  /** Directly in it */
  members: number;
}

/** Somebody in the directory of the relay's operator. */
export interface DirectoryEntry {
  /** Whom contact_add names */
  user: string;
  /** 0: of none */
  department: number;
  full_name: string;
  title: string;
  email: string;
  /** There is an account of this name */
  account: boolean;
}

/** Up to which message somebody has read. */
export interface ReadBy {
  user: string;
  up_to: MessageId;
}

/** A row of the list of conversations. */
export interface Conversation {
  conversation: ConversationId;
  kind: ConversationKind;
  /** Of two: the other account */
  with: string;
  /** What to show: a remark, a group's name, or the account */
  title: string;
  /** In a group */
  own_role: Role;
  /** Accounts of a group; else 0 */
  members: number;
  /** When something was shown in it last */
  activity_ms: number;
  /** Counted up to 1000 */
  unread: number;
  /** 0: not muted */
  muted_until_ms: number;
  pinned: boolean;
  archived: boolean;
  hidden: boolean;
  /** Read receipts are given here */
  receipts: boolean;
  draft: string;
  /** Of what is sent here */
  timer: Lifetime;
  /** Of the others, as far as they tell */
  read_by: ReadBy[];
  /** The newest message */
  last: Message | null;
}

/** A message that will be sent by itself. */
export interface ScheduledMessage {
  /** It will have */
  message: MessageId;
  conversation: ConversationId;
  with: string;
  at_ms: number;
  kind: string;
  text: string;
  body: Body;
}

/** Somebody else, as this account knows them. */
export interface Contact {
  user: string;
  state: ContactState;
  /** False while this device is not connected itself */
  online: boolean;
  /** How many they have */
  devices: number;
  /** The best live path to them now */
  path: Path;
  /** Why that one */
  reason: string;
  /** The relay shows another key than the known one: sending is stopped */
  key_changed: boolean;
  /** Known since first sight */
  account_key: PublicKey | null;
  /** The safety number was compared */
  verified: boolean;
  /** What the user calls them */
  remark: string;
  /** Groups of contacts they are in */
  labels: string[];
}

/** A device of the own account. */
export interface Device {
  device: DeviceId;
  /** As given when it came, or empty */
  name: string;
  /** When it came into the account */
  created_ms: number;
  /** It is this one */
  current: boolean;
  /** It is connected to the relay, as far as this device knows */
  online: boolean;
}

/** An account in a group. */
export interface GroupMember {
  user: string;
  account_key: PublicKey;
  role: Role;
  /** May not write until then; 0: may */
  muted_until_ms: number;
}

/** Somebody who asks to be let into a group. */
export interface Applicant {
  user: string;
  /** What they say to it */
  text: string;
  asked_ms: number;
}

/** A conversation of many. */
export interface Group {
  conversation: ConversationId;
  kind: ConversationKind;
  /** False: dissolved, over, or this account is not in it any more */
  active: boolean;
  dissolved: boolean;
  /** When a discussion ends */
  expires_ms: number;
  name: string;
  about: string;
  announcement: string;
  avatar: FileRef | null;
  own_role: Role;
  /** Who may take others in */
  invite: Role;
  join: JoinRule;
  /** Only admins and the owner may write */
  all_muted: boolean;
  /** Members tell what they have read */
  receipts: boolean;
  /** By user name */
  members: GroupMember[];
  /** For those who may let them in */
  applicants: Applicant[];
}

/** Who has a message. */
export interface Delivery {
  /** Empty: the relay, for all whom no other row names */
  user: string;
  state: MessageState;
  path: Path;
}

/** An archive of the history that was written or read. */
export interface Archive {
  /** 32 hexadecimal digits, random */
  id: string;
  /** The archive that this one continues; empty: a whole one */
  continues: string;
  /** When read: that one was read here as well */
  complete: boolean;
  /** By the clock of who made it */
  made_ms: number;
  /** Messages */
  posts: number;
  /** Reactions, edits, read marks */
  notes: number;
  settings: number;
  /** When read: messages that were not here */
  added: number;
  bytes: number;
}

/** What the operator of the relay says. Not end-to-end encrypted: show it apart from conversations. */
export interface Notice {
  notice: NoticeId;
  kind: NoticeKind;
  /** To every account of the relay */
  to_all: boolean;
  /** A line */
  title: string;
  /** May be empty */
  text: string;
  /** https, or empty. Nothing fetches it; show where it leads */
  link: string;
  /** By the relay's clock */
  created_ms: number;
  /** By the relay's clock */
  expires_ms: number;
  /** By this device's */
  received_ms: number;
  /** On one of the account's devices */
  read: boolean;
  /** Always false */
  end_to_end: boolean;
}

/** How a device takes part in a call. */
export interface CallMedia {
  /** Nothing is to be heard of it */
  muted: boolean;
  /** It sends nothing and plays nothing */
  held: boolean;
  /** It sends pictures */
  camera: boolean;
  /** Which are of its screen: sharp before smooth */
  screen: boolean;
  /** It takes pictures in VP9, too */
  vp9: boolean;
}

/** A call that is not over. How one ended stands in the history, as a card named godwit.call. */
export interface CallInfo {
  call: CallId;
  conversation: ConversationId;
  /** The other account; of a group: who began the call */
  with: string;
  /** The other device, once one has answered; of a group null */
  device: DeviceId | null;
  /** They call */
  incoming: boolean;
  /** Meant as a video call when it began */
  video: boolean;
  state: CallState;
  own: CallMedia;
  theirs: CallMedia;
  /** How long sound has flowed */
  active_ms: number;
  /** The call of a group */
  group: boolean;
  /** Of a group: who is in it besides this device; at most 7 */
  members: CallMember[];
}

/** Another device that is in the call of a group. */
export interface CallMember {
  user: string;
  device: DeviceId;
  /** Its sound has flowed */
  active: boolean;
  media: CallMedia;
}

/** A microphone, loudspeaker or camera of this machine. */
export interface CallDevice {
  /** As a source or sink of a call */
  name: string;
  /** For people */
  label: string;
  audio_source: boolean;
  audio_sink: boolean;
  video_source: boolean;
}

/** How a call goes, on this device. Rates are bits a second, shares 0 to 1, levels dB of full scale. */
export interface CallStatistics {
  /** The other one that this is about */
  device: DeviceId | null;
  active_ms: number;
  /** direct or turned */
  path: Path;
  /** What may be sent, by the estimate of the path */
  rate_bps: number;
  /** Of it meant for sound */
  audio_bps: number;
  /** Of it meant for pictures */
  video_bps: number;
  /** Left for files to that device; 0: none are under way */
  files_bps: number;
  /** What was sent, over the last second */
  sent_bps: number;
  /** Share of what this device sent that did not arrive */
  loss_there: number;
  /** Share of the sound played here that had to be made up */
  concealed: number;
  /** Media to media */
  round_trip_ms: number;
  /** Of the sound that comes (RFC 3550) */
  jitter_ms: number;
  /** That the jitter buffer keeps sound back */
  audio_delay_ms: number;
  /** What people would say of the sound that comes, 1 to 4.5: an estimate (E-model) */
  mos: number;
  /** Of what is sent, over the last second */
  level_in_db: number;
  /** Of what is played */
  level_out_db: number;
  datagrams_sent: number;
  datagrams_received: number;
  /** By this device: a queue was full, or there was no path */
  datagrams_dropped: number;
  /** Sealed frames that did not open */
  frames_refused: number;
  /** Of pictures: lost, and brought back by what was sent beside them */
  packets_repaired: number;
  pictures_shown: number;
  /** Gaps of more than a quarter of a second between pictures */
  freezes: number;
  frozen_ms: number;
  /** Of the pictures that come */
  width: number;
  height: number;
  /** Of pictures; null: none have been */
  codec_sent: VideoCodec | null;
  /** Likewise */
  codec_received: VideoCodec | null;
}

/** A step of a list that changes. */
export interface Step {
  op: StepOp;
  /** In the list after the steps before this one */
  index: number;
  /** Of a move */
  from?: number;
  /** Of insert and update */
  item?: ViewItem;
}

/** What a message is besides its text, told apart by `kind`. */
export type Body = TextBody | AttachmentBody | StickerBody | LocationBody | ContactCardBody | ForwardedBody | CardBody | CustomBody | GroupNoteBody | UnknownBody;

/** What a watched list is made of; the watch says which. */
export type ViewItem = Conversation | Message | Contact;

export interface RegisterFields {
  /** godwit://HOST:PORT#KEY; of an application godwit://HOST:PORT/APP#KEY */
  relay: string;
  /** 1–32 of a-z 0-9 . _ - */
  user: string;
  /** 8–1024 bytes; it never leaves this device */
  password: string;
  /** Shown to the account's other devices; at most 64 bytes */
  device_name?: string;
}

export interface LoginFields {
  /** godwit://HOST:PORT#KEY; of an application godwit://HOST:PORT/APP#KEY */
  relay: string;
  user: string;
  password: string;
  /** At most 64 bytes */
  device_name?: string;
}

export interface ContactAddFields {
  user: string;
}

export interface ContactAcceptFields {
  user: string;
}

export interface ContactRemoveFields {
  user: string;
}

export interface ContactBlockFields {
  user: string;
}

export interface ContactUnblockFields {
  user: string;
}

export interface ContactsReply {
  contacts: Contact[];
}

export interface SetContactFields {
  user: string;
  /** What the user calls them, at most 256 bytes; empty: none */
  remark?: string;
  /** Groups of contacts, at most 16 */
  labels?: string[];
}

export interface SendFields {
  /** An account (one's own: notes to oneself), or */
  to?: string;
  /** the conversation */
  conversation?: ConversationId;
  /** At most 65536 bytes. May be missing beside a body that is no text */
  text?: string;
  /** Idempotency key, at most 128 bytes: the same key in the same conversation sends once, also after a crash */
  key?: string;
  /** Of a text; at most 64 */
  mentions?: Mention[];
  /** Of a text; at most 64 */
  links?: Range[];
  /** What it is besides its text */
  body?: Body;
  /** A message of this conversation */
  reply_to?: MessageId;
  lifetime?: Lifetime;
  /** Not now but then, by this device's clock */
  at_ms?: number;
}

export interface SendReply {
  /** Its id */
  message: MessageId;
}

export interface EditFields {
  message: MessageId;
  text: string;
  mentions?: Mention[];
  links?: Range[];
}

export interface EditReply {
  /** Of the edit */
  message: MessageId;
}

export interface RecallFields {
  message: MessageId;
}

export interface RecallReply {
  /** Of the recall */
  message: MessageId;
}

export interface RemoveMessagesFields {
  /** 1–100 */
  messages: MessageId[];
}

export interface ClearConversationFields {
  /** An account (one's own: notes to oneself), or */
  with?: string;
  /** the conversation */
  conversation?: ConversationId;
}

export interface ReactFields {
  message: MessageId;
  /** At most 64 bytes */
  emoji: string;
  /** true */
  on?: boolean;
}

export interface ReactReply {
  /** Of the reaction */
  message: MessageId;
}

export interface PinFields {
  message: MessageId;
  /** true */
  on?: boolean;
}

export interface PinReply {
  /** Of the pin */
  message: MessageId;
}

export interface PinnedFields {
  /** An account (one's own: notes to oneself), or */
  with?: string;
  /** the conversation */
  conversation?: ConversationId;
  /** 1–1000 (50) */
  limit?: number;
  /** The newest that stand before this message; none: the newest of all */
  before?: MessageId;
}

export interface PinnedReply {
  /** Oldest first */
  messages: Message[];
}

export interface MoveLocationFields {
  message: MessageId;
  /** Degrees */
  latitude: number;
  /** Degrees */
  longitude: number;
  /** 0: not known */
  accuracy_m?: number;
}

export interface MoveLocationReply {
  /** The same */
  message: MessageId;
}

export interface EndLocationFields {
  message: MessageId;
}

export interface EndLocationReply {
  /** The same */
  message: MessageId;
}

export interface VersionsFields {
  message: MessageId;
}

export interface VersionsReply {
  versions: Version[];
}

export interface SetVersionsFields {
  /** At most 64 */
  kept: number;
}

export interface SetRecallWindowFields {
  /** 0: not at all; at most 2592000 (30 days) */
  seconds: number;
}

export interface ForwardFields {
  /** An account (one's own: notes to oneself), or */
  to?: string;
  /** the conversation */
  conversation?: ConversationId;
  /** At most 100, of one conversation */
  messages: MessageId[];
  /** false */
  merged?: boolean;
  /** Of a merged one */
  title?: string;
}

export interface ForwardReply {
  /** Of what was sent */
  messages: MessageId[];
}

export interface SetTimerFields {
  /** An account (one's own: notes to oneself), or */
  with?: string;
  /** the conversation */
  conversation?: ConversationId;
  lifetime: Lifetime;
}

export interface SetTimerReply {
  /** Of the change */
  message: MessageId;
}

export interface MarkReadFields {
  /** An account (one's own: notes to oneself), or */
  with?: string;
  /** the conversation */
  conversation?: ConversationId;
  /** The newest */
  up_to?: MessageId;
}

export interface TypingFields {
  /** An account (one's own: notes to oneself), or */
  with?: string;
  /** the conversation */
  conversation?: ConversationId;
  /** true */
  on?: boolean;
}

export interface ConversationsFields {
  /** false: without the hidden ones */
  hidden?: boolean;
}

export interface ConversationsReply {
  conversations: Conversation[];
}

export interface SetConversationFields {
  /** An account (one's own: notes to oneself), or */
  with?: string;
  /** the conversation */
  conversation?: ConversationId;
  pinned?: boolean;
  archived?: boolean;
  /** Comes back with its next message */
  hidden?: boolean;
  /** Read receipts here, whatever set_receipts says */
  receipts?: boolean;
  /** 0: not muted */
  muted_until_ms?: number;
  /** Empty: none */
  draft?: string;
}

export interface SetReceiptsFields {
  /** Of reading, where set_conversation says nothing else */
  on?: boolean;
  /** Of delivery, to everybody: without, messages to this account end as sent */
  delivery?: boolean;
}

export interface ScheduledReply {
  scheduled: ScheduledMessage[];
}

export interface UnscheduleFields {
  message: MessageId;
}

export interface WatchFields {
  what: WatchWhat;
  /** Of messages: an account, or */
  with?: string;
  /** the conversation */
  conversation?: ConversationId;
  /** Of messages: the newest 1–1000 (50) */
  limit?: number;
  /** Of conversations: the hidden ones too (false) */
  hidden?: boolean;
}

export interface WatchReply {
  /** Its number */
  watch: number;
}

export interface UnwatchFields {
  watch: number;
}

export interface HistoryFields {
  /** An account (one's own: notes to oneself), or */
  with?: string;
  /** the conversation */
  conversation?: ConversationId;
  /** 1–1000 (50) */
  limit?: number;
  /** The newest that stand before this one */
  before?: MessageId;
  /** The oldest that stand after this one */
  after?: MessageId;
  /** This one, up to limit/2 before it and the rest after it */
  around?: MessageId;
}

export interface HistoryReply {
  /** Oldest first */
  messages: Message[];
}

export interface SearchFields {
  /** 1–256 bytes, at most 16 words */
  text: string;
  /** Only in the conversation with them */
  with?: string;
  /** Only in this one */
  conversation?: ConversationId;
  /** Only what this account wrote */
  from?: string;
  /** Only these kinds of bodies */
  kinds?: string[];
  /** Only sent then or later */
  since_ms?: number;
  /** Only sent before then */
  until_ms?: number;
  /** 1–200 (50) */
  limit?: number;
  /** `next` of the page before */
  before?: number;
}

export interface SearchReply {
  /** Those that came last to this device first */
  hits: Hit[];
  /** For `before` of the next page; 0: that was all. A page may be short, or empty, and not the last */
  next: number;
}

export interface DevicesReply {
  devices: Device[];
}

export interface DeviceLinkFields {
  /** What the new device got from device_link_code */
  code: string;
}

export interface DeviceLinkCodeFields {
  /** godwit://HOST:PORT#KEY; of an application godwit://HOST:PORT/APP#KEY */
  relay: string;
  /** At most 64 bytes */
  device_name?: string;
}

export interface DeviceLinkCodeReply {
  /** To show as text or QR */
  code: string;
}

export interface DeviceRevokeFields {
  /** Not this one: logout */
  device: DeviceId;
}

export interface SafetyNumberFields {
  with: string;
}

export interface SafetyNumberReply {
  /** 60 digits in twelve groups, the same on both sides */
  number: string;
  /** The same for a machine, as a QR code holds it: for the other side's verify */
  code: string;
  verified: boolean;
}

export interface VerifyFields {
  with: string;
  /** true */
  verified?: boolean;
  /** The code that the other side's device shows, or the safety number (spaces do not count); left out only to take it back */
  code?: string;
}

export interface FileAddFields {
  path: string;
  /** That of the path */
  name?: string;
  /** RFC 6838, at most 127 bytes */
  media_type?: string;
}

export interface FileFetchFields {
  file: FileId;
}

export interface FileSaveFields {
  file: FileId;
  /** Of a file, or of a folder */
  path: string;
  /** false */
  replace?: boolean;
}

export interface FileSaveReply {
  /** Where it is now */
  path: string;
}

export interface FilePauseFields {
  file: FileId;
}

export interface FileResumeFields {
  file: FileId;
}

export interface FileCancelFields {
  file: FileId;
}

export interface StickerPackFields {
  /** Of the pack */
  file: FileId;
}

export interface StickerPackReply {
  /** At most 256, in the order of the pack */
  stickers: StickerEntry[];
}

export interface StickerFields {
  /** Of the pack */
  file: FileId;
  /** As the message, or `sticker_pack`, says */
  name: string;
}

export interface StickerReply {
  name: string;
  /** May be empty */
  emoji: string;
  /** By the name's suffix; may be empty */
  media_type: string;
  /** Bytes */
  size: number;
  /** As the picture itself says */
  animated: boolean;
  /** The picture, at most 256 KiB */
  data: string;
}

export interface FilesReply {
  files: File[];
}

export interface SetRateFields {
  /** 0: without bound */
  up?: number;
  /** 0: without bound */
  down?: number;
}

export interface SetAutoFetchFields {
  /** 0: none; at most 4 GiB */
  bytes: number;
}

export interface ArchiveMakeFields {
  path: string;
  /** 8–1024 bytes */
  passphrase: string;
  /** false: all of it; true: what came or changed since this home's last one */
  changes_only?: boolean;
  /** false */
  replace?: boolean;
}

export interface ArchiveMakeReply {
  /** What is in it */
  archive: Archive;
}

export interface ArchiveReadFields {
  path: string;
  passphrase: string;
  /** false; true: reads all of it and merges nothing */
  check_only?: boolean;
}

export interface ArchiveReadReply {
  /** What was in it */
  archive: Archive;
}

export interface HistorySendFields {
  device: DeviceId;
}

export interface GroupCreateFields {
  /** At most 128 bytes */
  name: string;
  /** Accepted contacts, at most 256 */
  members?: string[];
  /** group (or discussion, channel) */
  kind?: ConversationKind;
  /** At most 1024 bytes */
  about?: string;
  /** admin (or member): who may take others in */
  invite?: Role;
  /** closed */
  join?: JoinRule;
  /** Of a discussion: when it ends */
  expires_ms?: number;
}

export interface GroupCreateReply {
  conversation: ConversationId;
}

export interface GroupInviteFields {
  conversation: ConversationId;
  /** At most 256 */
  users: string[];
}

export interface GroupRemoveFields {
  conversation: ConversationId;
  /** At most 256 */
  users: string[];
}

export interface GroupLeaveFields {
  conversation: ConversationId;
}

export interface GroupRoleFields {
  conversation: ConversationId;
  user: string;
  /** member, admin or owner */
  role: Role;
}

export interface GroupMuteFields {
  conversation: ConversationId;
  /** All who are no admins */
  user?: string;
  /** 0: may write again */
  until_ms: number;
}

export interface GroupSetFields {
  conversation: ConversationId;
  /** At most 128 bytes */
  name?: string;
  /** At most 1024 bytes */
  about?: string;
  /** At most 4096 bytes */
  announcement?: string;
  /** null: none */
  avatar?: FileRef | null;
  /** member or admin */
  invite?: Role;
  join?: JoinRule;
  receipts?: boolean;
}

export interface GroupPromoteFields {
  conversation: ConversationId;
}

export interface GroupDissolveFields {
  conversation: ConversationId;
}

export interface GroupAboutFields {
  conversation: ConversationId;
}

export interface GroupAboutReply {
  group: Group;
}

export interface GroupLinkFields {
  conversation: ConversationId;
  /** false; true: what was given out before lets nobody in any more */
  renew?: boolean;
}

export interface GroupLinkReply {
  /** What group_join takes */
  code: string;
}

export interface GroupJoinFields {
  /** From group_link */
  link: string;
  /** To those who decide, at most 256 bytes */
  text?: string;
}

export interface GroupJoinReply {
  conversation: ConversationId;
}

export interface GroupAnswerFields {
  conversation: ConversationId;
  user: string;
  /** true */
  accept?: boolean;
}

export interface DeliveriesFields {
  message: MessageId;
}

export interface DeliveriesReply {
  deliveries: Delivery[];
}

export interface NoticesFields {
  /** 1–256 (50) */
  limit?: number;
  /** Exclusive; the newest */
  before?: NoticeId;
}

export interface NoticesReply {
  notices: Notice[];
}

export interface NoticesReadFields {
  /** The newest */
  up_to?: NoticeId;
}

export interface CallFields {
  /** An account (one's own: notes to oneself), or */
  to?: string;
  /** the conversation */
  conversation?: ConversationId;
  /** false: begins with pictures of the camera */
  video?: boolean;
  /** app: by the C or C++ face; none; sound or sound:NAME; tone; or a file that libsndfile reads */
  audio_source?: string;
  /** app; none; sound or sound:NAME; or a WAV file to be made */
  audio_sink?: string;
  /** app; none; camera or camera:NAME; pattern; or a Y4M file */
  video_source?: string;
  /** app; none; or a Y4M or .ivf file to be made */
  video_sink?: string;
  /** Echo, noise and loudness are dealt with; absent: of a microphone of this machine */
  processed?: boolean;
  /** vp8: of the pictures that are sent; who does not take vp9 gets vp8 */
  video_codec?: VideoCodec;
}

export interface CallReply {
  call: CallId;
}

export interface AnswerFields {
  /** The one that rings */
  call?: CallId;
  /** false */
  video?: boolean;
  /** app: by the C or C++ face; none; sound or sound:NAME; tone; or a file that libsndfile reads */
  audio_source?: string;
  /** app; none; sound or sound:NAME; or a WAV file to be made */
  audio_sink?: string;
  /** app; none; camera or camera:NAME; pattern; or a Y4M file */
  video_source?: string;
  /** app; none; or a Y4M or .ivf file to be made */
  video_sink?: string;
  /** Echo, noise and loudness are dealt with; absent: of a microphone of this machine */
  processed?: boolean;
  /** vp8: of the pictures that are sent; who does not take vp9 gets vp8 */
  video_codec?: VideoCodec;
}

export interface AnswerReply {
  call: CallId;
}

export interface RejectFields {
  /** The one that rings */
  call?: CallId;
}

export interface HangupFields {
  /** The one that this device takes part in; else the one that rings */
  call?: CallId;
}

export interface CallMediaFields {
  /** The one that this device takes part in */
  call?: CallId;
  muted?: boolean;
  held?: boolean;
  camera?: boolean;
  screen?: boolean;
}

export interface CallStatsFields {
  /** The one that this device takes part in */
  call?: CallId;
  /** Of a group: about which; absent: the one that is heard worst */
  device?: DeviceId;
}

export interface CallsReply {
  calls: CallInfo[];
}

export interface CallDevicesReply {
  devices: CallDevice[];
}

export interface ReportFields {
  /** Whom it is about; of messages: who wrote the first */
  user?: string;
  /** The group that it is about, or where it happened */
  conversation?: ConversationId;
  /** other */
  reason?: ReportReason;
  /** In the user's own words; at most 1024 bytes */
  text?: string;
  /** Of one conversation; at most 16 */
  messages?: MessageId[];
  /** false: only who wrote them, and when; true: what they say, too (the first 1024 bytes of each) */
  with_content?: boolean;
}

export interface DirectoryFields {
  /** 0: the organisation itself */
  department?: number;
  /** What a user or a full name begins with, of any department */
  find?: string;
  /** The last user of the page before */
  after?: string;
}

export interface DirectoryReply {
  /** Directly in it, on the first page */
  departments: Department[];
  /** By user, at most 100 */
  members: DirectoryEntry[];
  /** Ask again, with the last user as `after` */
  more: boolean;
}

export interface StatusReply {
  /** Empty: no account yet */
  user: string;
  /** As given */
  relay: string;
  device: DeviceId;
  connected: boolean;
  over: RelayTransport;
  /** Why not connected, or the address that the relay sees */
  connection_detail: string;
  policy: PathPolicy;
  /** Accepted, and not yet delivered or failed */
  outbox_messages: number;
  /** Sealed content sent since the start, per path */
  content_bytes_direct: number;
  content_bytes_turned: number;
  content_bytes_mailbox: number;
  /** Nonsense dropped since the start */
  frames_rejected: number;
  client_version: string;
}

export interface SetPolicyFields {
  path: PathPolicy;
}

export interface FaultFields {
  drop_direct: boolean;
}

/** A message came in; it is in the history. Shown again after a crash until the event after it was asked for. */
export interface MessageEvent {
  event: "message";
  /** Its id */
  message: MessageId;
  conversation: ConversationId;
  /** The other account of a conversation of two; empty in a group */
  with: string;
  /** The account that wrote it */
  from: string;
  /** The device that sealed it */
  from_device: DeviceId;
  /** Of its body: text, attachment, … */
  kind: string;
  /** What was written; of other kinds the caption */
  text: string;
  state: MessageState;
  /** The path it came by or was delivered by */
  path: Path;
  /** Why this path; for failed the error code */
  reason: string;
  /** Sender's clock, milliseconds since 1970 UTC */
  sent_ms: number;
  /** This device's clock when it was accepted or received */
  received_ms: number;
  /** A message that this one answers to has not arrived in time */
  gap_before: boolean;
  /** What it is, where that is more than a text */
  body?: Body;
  /** What it answers to */
  reply?: Reply;
  /** true: it was written elsewhere */
  forwarded?: boolean;
  /** How long it stays */
  lifetime?: Lifetime;
  /** Its text was written anew, by its author's clock */
  edited_ms?: number;
  /** Earlier ones that are kept here: `versions` */
  versions?: number;
  /** Of a live location that still moves: until when, by its author's clock */
  live_until_ms?: number;
  /** Of a live location: when it was where `body` says; without: when it was sent */
  moved_ms?: number;
  /** It was taken back: a tombstone without text */
  recalled_ms?: number;
  /** Who did */
  recalled_by?: string;
  /** When it goes, once that is known */
  expires_ms?: number;
  /** true */
  pinned?: boolean;
  /** 64 different ones at most, 8 of one person */
  reactions?: Reactions[];
}

/** A message of ours moved on. */
export interface MessageStateEvent {
  event: "message_state";
  message: MessageId;
  with: string;
  state: MessageState;
  path: Path;
  /** Why this path; the error code when it failed */
  reason: string;
  /** Since accepted; 0 when that was before this start */
  elapsed_us: number;
  conversation: ConversationId;
}

/** A message stands otherwise than before. Told once: who was not running looks into the history. */
export interface MessageChangedEvent {
  event: "message_changed";
  /** Its id */
  message: MessageId;
  conversation: ConversationId;
  /** The other account of a conversation of two; empty in a group */
  with: string;
  /** The account that wrote it */
  from: string;
  /** The device that sealed it */
  from_device: DeviceId;
  /** Of its body: text, attachment, … */
  kind: string;
  /** What was written; of other kinds the caption */
  text: string;
  state: MessageState;
  /** The path it came by or was delivered by */
  path: Path;
  /** Why this path; for failed the error code */
  reason: string;
  /** Sender's clock, milliseconds since 1970 UTC */
  sent_ms: number;
  /** This device's clock when it was accepted or received */
  received_ms: number;
  /** A message that this one answers to has not arrived in time */
  gap_before: boolean;
  /** What it is, where that is more than a text */
  body?: Body;
  /** What it answers to */
  reply?: Reply;
  /** true: it was written elsewhere */
  forwarded?: boolean;
  /** How long it stays */
  lifetime?: Lifetime;
  /** Its text was written anew, by its author's clock */
  edited_ms?: number;
  /** Earlier ones that are kept here: `versions` */
  versions?: number;
  /** Of a live location that still moves: until when, by its author's clock */
  live_until_ms?: number;
  /** Of a live location: when it was where `body` says; without: when it was sent */
  moved_ms?: number;
  /** It was taken back: a tombstone without text */
  recalled_ms?: number;
  /** Who did */
  recalled_by?: string;
  /** When it goes, once that is known */
  expires_ms?: number;
  /** true */
  pinned?: boolean;
  /** 64 different ones at most, 8 of one person */
  reactions?: Reactions[];
  what: MessageChange;
}

/** Somebody has read everything up to a message; the own name: on another device. */
export interface ReadEvent {
  event: "read";
  conversation: ConversationId;
  with: string;
  user: string;
  up_to: MessageId;
}

/** What stood in a conversation's history up to and including a message has left it, here or by another device of this account. */
export interface ConversationClearedEvent {
  event: "conversation_cleared";
  conversation: ConversationId;
  with: string;
  up_to: MessageId;
}

/** Somebody writes, or has stopped. */
export interface TypingEvent {
  event: "typing";
  conversation: ConversationId;
  with: string;
  user: string;
  on: boolean;
}

/** What is shared about a conversation is another: settings, draft, timer. */
export interface ConversationEvent {
  event: "conversation";
  conversation: ConversationId;
  kind: ConversationKind;
  /** Of two: the other account */
  with: string;
  /** What to show: a remark, a group's name, or the account */
  title: string;
  /** In a group */
  own_role: Role;
  /** Accounts of a group; else 0 */
  members: number;
  /** When something was shown in it last */
  activity_ms: number;
  /** Counted up to 1000 */
  unread: number;
  /** 0: not muted */
  muted_until_ms: number;
  pinned: boolean;
  archived: boolean;
  hidden: boolean;
  /** Read receipts are given here */
  receipts: boolean;
  draft: string;
  /** Of what is sent here */
  timer: Lifetime;
  /** Of the others, as far as they tell */
  read_by: ReadBy[];
  /** The newest message */
  last: Message | null;
}

/** A watched list changes: apply the steps in order. */
export interface ViewEvent {
  event: "view";
  watch: number;
  steps: Step[];
}

/** A contact came or went. */
export interface PresenceEvent {
  event: "presence";
  user: string;
  online: boolean;
}

/** Somebody asks to become a contact: contact_accept or contact_remove. */
export interface ContactRequestEvent {
  event: "contact_request";
  user: string;
}

/** They said yes, or another device of ours did. */
export interface ContactAcceptedEvent {
  event: "contact_accepted";
  user: string;
}

/** The contact has ended. */
export interface ContactRemovedEvent {
  event: "contact_removed";
  user: string;
}

/** See SecurityKind. Told once for each cause; show also kinds that you do not know. */
export interface SecurityEvent {
  event: "security";
  kind: SecurityKind;
  /** Whose account or conversation; the own name for the own devices */
  user: string;
  device: DeviceId | null;
  /** Words for a log */
  detail: string;
}

/** This device, which showed a code, is now one of this account's. */
export interface LinkedEvent {
  event: "linked";
  user: string;
}

/** To the relay, also again after every interruption. */
export interface ConnectedEvent {
  event: "connected";
  relay: string;
  over: RelayTransport;
}

/** It comes back by itself. */
export interface DisconnectedEvent {
  event: "disconnected";
  error: Error;
  retry_in_ms: number;
}

/** From the relay, at login: there is a newer client. */
export interface UpdateEvent {
  event: "update";
  required: boolean;
  version: string;
}

/** The best path to a contact changed. */
export interface PathEvent {
  event: "path";
  user: string;
  path: Path;
  reason: string;
}

/** The relay does not know this device any more: revoked or lost (device_revoked: log in), or the account is gone (not_registered: register). The history stays. */
export interface LoggedOutEvent {
  event: "logged_out";
  error: Error;
}

/** More of a file has come, or comes from somebody else now. Twice a second at most. */
export interface FileProgressEvent {
  event: "file_progress";
  file: FileId;
  /** Made harmless: no path, no control characters, at most 200 bytes */
  name: string;
  /** As its sender says */
  media_type: string;
  /** Bytes */
  size: number;
  state: FileState;
  /** Bytes of it that are here */
  done: number;
  /** Who serves it now; empty: nobody, or the relay */
  from: string;
  /** By which path */
  path: Path;
  key: FileKey;
}

/** A file that was asked for is whole. */
export interface FileDoneEvent {
  event: "file_done";
  file: FileId;
  /** Made harmless: no path, no control characters, at most 200 bytes */
  name: string;
  /** As its sender says */
  media_type: string;
  /** Bytes */
  size: number;
  state: FileState;
  /** Bytes of it that are here */
  done: number;
  /** Who serves it now; empty: nobody, or the relay */
  from: string;
  /** By which path */
  path: Path;
  key: FileKey;
}

/** A file that was asked for is not going to come. */
export interface FileFailedEvent {
  event: "file_failed";
  file: FileId;
  /** Made harmless: no path, no control characters, at most 200 bytes */
  name: string;
  /** As its sender says */
  media_type: string;
  /** Bytes */
  size: number;
  state: FileState;
  /** Bytes of it that are here */
  done: number;
  /** Who serves it now; empty: nobody, or the relay */
  from: string;
  /** By which path */
  path: Path;
  key: FileKey;
  error: Error;
}

/** An archive is made or read. Once a megabyte. */
export interface ArchiveProgressEvent {
  event: "archive_progress";
  reading: boolean;
  bytes: number;
  /** 0: not known */
  bytes_total: number;
}

/** Another device of this account asks for the history: history_send. */
export interface HistoryWantedEvent {
  event: "history_wanted";
  device: DeviceId;
  name: string;
}

/** It has it. */
export interface HistoryTakenEvent {
  event: "history_taken";
  device: DeviceId;
}

/** What history_send on that device gave is merged here. */
export interface HistoryReceivedEvent {
  event: "history_received";
  from: DeviceId;
  archive: Archive;
}

/** A group stands otherwise than before, by what `by` did. */
export interface GroupEvent {
  event: "group";
  what: GroupChange;
  conversation: ConversationId;
  /** Of the group; empty in joined while its profile cannot be read yet: profile follows */
  name: string;
  /** An account; empty: time, or not known */
  by: string;
  users: string[];
}

/** Somebody asks to be let in: group_answer. */
export interface GroupAskedEvent {
  event: "group_asked";
  user: string;
  /** What they say to it */
  text: string;
  asked_ms: number;
  conversation: ConversationId;
  /** Of the group */
  name: string;
}

/** This account, which had asked, was not let in. */
export interface GroupRefusedEvent {
  event: "group_refused";
  conversation: ConversationId;
  why: GroupRefusedWhy;
}

/** The operator of the relay says something. Told once: who was not running finds it by notices. */
export interface NoticeReceivedEvent {
  event: "notice_received";
  notice: NoticeId;
  kind: NoticeKind;
  /** To every account of the relay */
  to_all: boolean;
  /** A line */
  title: string;
  /** May be empty */
  text: string;
  /** https, or empty. Nothing fetches it; show where it leads */
  link: string;
  /** By the relay's clock */
  created_ms: number;
  /** By the relay's clock */
  expires_ms: number;
  /** By this device's */
  received_ms: number;
  /** On one of the account's devices */
  read: boolean;
  /** Always false */
  end_to_end: boolean;
}

/** It was taken back. */
export interface NoticeWithdrawnEvent {
  event: "notice_withdrawn";
  notice: NoticeId;
}

/** They were read up to there, on another device. */
export interface NoticesReadEvent {
  event: "notices_read";
  up_to: NoticeId;
}

/** Somebody calls: answer or reject. After ringing for a while it ends by itself. */
export interface CallIncomingEvent {
  event: "call_incoming";
  call: CallId;
  conversation: ConversationId;
  /** The other account; of a group: who began the call */
  with: string;
  /** The other device, once one has answered; of a group null */
  device: DeviceId | null;
  /** They call */
  incoming: boolean;
  /** Meant as a video call when it began */
  video: boolean;
  state: CallState;
  own: CallMedia;
  theirs: CallMedia;
  /** How long sound has flowed */
  active_ms: number;
  /** The call of a group */
  group: boolean;
  /** Of a group: who is in it besides this device; at most 7 */
  members: CallMember[];
}

/** A call is in another state. */
export interface CallStateEvent {
  event: "call_state";
  call: CallId;
  conversation: ConversationId;
  /** The other account; of a group: who began the call */
  with: string;
  /** The other device, once one has answered; of a group null */
  device: DeviceId | null;
  /** They call */
  incoming: boolean;
  /** Meant as a video call when it began */
  video: boolean;
  state: CallState;
  own: CallMedia;
  theirs: CallMedia;
  /** How long sound has flowed */
  active_ms: number;
  /** The call of a group */
  group: boolean;
  /** Of a group: who is in it besides this device; at most 7 */
  members: CallMember[];
}

/** The other device takes part otherwise than before. */
export interface CallMediaEvent {
  event: "call_media";
  call: CallId;
  conversation: ConversationId;
  /** The other account; of a group: who began the call */
  with: string;
  /** The other device, once one has answered; of a group null */
  device: DeviceId | null;
  /** They call */
  incoming: boolean;
  /** Meant as a video call when it began */
  video: boolean;
  state: CallState;
  own: CallMedia;
  theirs: CallMedia;
  /** How long sound has flowed */
  active_ms: number;
  /** The call of a group */
  group: boolean;
  /** Of a group: who is in it besides this device; at most 7 */
  members: CallMember[];
  /** Pictures in a call that had none: call_media with camera answers in kind */
  upgrade: boolean;
}

/** Somebody is in the call of a group, or is not any more, or takes part otherwise. */
export interface CallMemberEvent {
  event: "call_member";
  call: CallId;
  conversation: ConversationId;
  /** The other account; of a group: who began the call */
  with: string;
  /** The other device, once one has answered; of a group null */
  device: DeviceId | null;
  /** They call */
  incoming: boolean;
  /** Meant as a video call when it began */
  video: boolean;
  state: CallState;
  own: CallMedia;
  theirs: CallMedia;
  /** How long sound has flowed */
  active_ms: number;
  /** The call of a group */
  group: boolean;
  /** Of a group: who is in it besides this device; at most 7 */
  members: CallMember[];
  /** As it was last */
  member: CallMember;
  what: CallMemberChange;
}

/** A call is over, or never came to be. */
export interface CallEndedEvent {
  event: "call_ended";
  call: CallId;
  conversation: ConversationId;
  /** The other account; of a group: who began the call */
  with: string;
  /** The other device, once one has answered; of a group null */
  device: DeviceId | null;
  /** They call */
  incoming: boolean;
  /** Meant as a video call when it began */
  video: boolean;
  state: CallState;
  own: CallMedia;
  theirs: CallMedia;
  /** How long sound has flowed */
  active_ms: number;
  /** The call of a group */
  group: boolean;
  /** Of a group: who is in it besides this device; at most 7 */
  members: CallMember[];
  outcome: CallOutcome;
}

/** How a call goes, every 5 seconds while it is active; in a group for each other device. */
export interface CallQualityEvent {
  event: "call_quality";
  /** The other one that this is about */
  device: DeviceId | null;
  active_ms: number;
  /** direct or turned */
  path: Path;
  /** What may be sent, by the estimate of the path */
  rate_bps: number;
  /** Of it meant for sound */
  audio_bps: number;
  /** Of it meant for pictures */
  video_bps: number;
  /** Left for files to that device; 0: none are under way */
  files_bps: number;
  /** What was sent, over the last second */
  sent_bps: number;
  /** Share of what this device sent that did not arrive */
  loss_there: number;
  /** Share of the sound played here that had to be made up */
  concealed: number;
  /** Media to media */
  round_trip_ms: number;
  /** Of the sound that comes (RFC 3550) */
  jitter_ms: number;
  /** That the jitter buffer keeps sound back */
  audio_delay_ms: number;
  /** What people would say of the sound that comes, 1 to 4.5: an estimate (E-model) */
  mos: number;
  /** Of what is sent, over the last second */
  level_in_db: number;
  /** Of what is played */
  level_out_db: number;
  datagrams_sent: number;
  datagrams_received: number;
  /** By this device: a queue was full, or there was no path */
  datagrams_dropped: number;
  /** Sealed frames that did not open */
  frames_refused: number;
  /** Of pictures: lost, and brought back by what was sent beside them */
  packets_repaired: number;
  pictures_shown: number;
  /** Gaps of more than a quarter of a second between pictures */
  freezes: number;
  frozen_ms: number;
  /** Of the pictures that come */
  width: number;
  height: number;
  /** Of pictures; null: none have been */
  codec_sent: VideoCodec | null;
  /** Likewise */
  codec_received: VideoCodec | null;
  call: CallId;
}

/** The user should know: the disk is full, damaged rows, the last write before a power failure was cut off. */
export interface WarningEvent {
  event: "warning";
  error: Error;
}

/** Told apart by `event`. Skip those that you do not know. */
export type Event =
  | MessageEvent
  | MessageStateEvent
  | MessageChangedEvent
  | ReadEvent
  | ConversationClearedEvent
  | TypingEvent
  | ConversationEvent
  | ViewEvent
  | PresenceEvent
  | ContactRequestEvent
  | ContactAcceptedEvent
  | ContactRemovedEvent
  | SecurityEvent
  | LinkedEvent
  | ConnectedEvent
  | DisconnectedEvent
  | UpdateEvent
  | PathEvent
  | LoggedOutEvent
  | FileProgressEvent
  | FileDoneEvent
  | FileFailedEvent
  | ArchiveProgressEvent
  | HistoryWantedEvent
  | HistoryTakenEvent
  | HistoryReceivedEvent
  | GroupEvent
  | GroupAskedEvent
  | GroupRefusedEvent
  | NoticeReceivedEvent
  | NoticeWithdrawnEvent
  | NoticesReadEvent
  | CallIncomingEvent
  | CallStateEvent
  | CallMediaEvent
  | CallMemberEvent
  | CallEndedEvent
  | CallQualityEvent
  | WarningEvent;

/** A method a request. */
export interface Requests {
  /** Makes an account at a relay, and this device its first. Where the relay has lost the account, brings it back. */
  register(fields: RegisterFields): Promise<void>;
  /** Adds this device to an account, or brings back one that was logged out. */
  login(fields: LoginFields): Promise<void>;
  /** Withdraws this device from its account. The history stays here. */
  logout(): Promise<void>;
  /** Asks somebody to become a contact; when they had asked already, accepts. */
  contactAdd(fields: ContactAddFields): Promise<void>;
  /** Accepts a request; of an accepted contact with `key_changed`, accepts the new key without comparing. */
  contactAccept(fields: ContactAcceptFields): Promise<void>;
  /** Ends the contact on both sides, or declines or withdraws a request. */
  contactRemove(fields: ContactRemoveFields): Promise<void>;
  /** No messages, presence, signalling or requests from them any more; they are not told. */
  contactBlock(fields: ContactBlockFields): Promise<void>;
  /** Takes contact_block back. */
  contactUnblock(fields: ContactUnblockFields): Promise<void>;
  /** Everybody this account knows, with presence and path. Works offline. */
  contacts(): Promise<ContactsReply>;
  /** What this account's devices share about a contact; what is not given stays as it is. */
  setContact(fields: SetContactFields): Promise<void>;
  /** Sends a message. The reply comes when it is durable here; how it moves on is told by `message_state` events. */
  send(fields?: SendFields): Promise<SendReply>;
  /** Puts another text in the place of that of an own message. Told like a message. */
  edit(fields: EditFields): Promise<EditReply>;
  /** Takes a message back, everywhere: one's own for 48 hours; in a group, as an admin, anybody's. */
  recall(fields: RecallFields): Promise<RecallReply>;
  /** Removes messages, 1–100 of one conversation, from the history of this account, on all of its devices. Nobody else hears of it. */
  removeMessages(fields: RemoveMessagesFields): Promise<void>;
  /** Likewise all that this device has of a conversation, which stays in the list with its settings. */
  clearConversation(fields?: ClearConversationFields): Promise<void>;
  /** Reacts to a message, or takes that back. */
  react(fields: ReactFields): Promise<ReactReply>;
  /** Pins a message in its conversation; in groups for admins. */
  pin(fields: PinFields): Promise<PinReply>;
  /** The pinned messages of a conversation, a page of them; answers oldest first. A page shorter than limit has come to the oldest. Works offline. */
  pinned(fields?: PinnedFields): Promise<PinnedReply>;
  /** A live location of this account is elsewhere now. Others are told every 5 seconds at most, of the newest place only. */
  moveLocation(fields: MoveLocationFields): Promise<MoveLocationReply>;
  /** A live location of this account does not move any more, before its time is over. */
  endLocation(fields: EndLocationFields): Promise<EndLocationReply>;
  /** What a message said before it was edited, as far as it is kept here, oldest first. Works offline. */
  versions(fields: VersionsFields): Promise<VersionsReply>;
  /** So many earlier versions of each edited message are kept from now on, on all devices of the account; at first 0. With 0 what is kept goes. */
  setVersions(fields: SetVersionsFields): Promise<void>;
  /** How long own messages can be taken back by `recall`, on all devices of the account; at first 172800 (48 hours). */
  setRecallWindow(fields: SetRecallWindowFields): Promise<void>;
  /** Sends messages on to another conversation: each as it is, or merged into one. */
  forward(fields: ForwardFields): Promise<ForwardReply>;
  /** From now on what anybody sends here has this lifetime. */
  setTimer(fields: SetTimerFields): Promise<SetTimerReply>;
  /** The user has seen everything up to a message: on all own devices, and told to the others if receipts are on. */
  markRead(fields?: MarkReadFields): Promise<void>;
  /** The user is writing, or has stopped. Never stored; repeat it every 5 seconds while it lasts. */
  typing(fields?: TypingFields): Promise<void>;
  /** All conversations, the pinned ones first, then the newest. Works offline. */
  conversations(fields?: ConversationsFields): Promise<ConversationsReply>;
  /** What this account's devices share about a conversation; what is not given stays as it is. */
  setConversation(fields?: SetConversationFields): Promise<void>;
  /** Receipts of this account, on at first; what is not given stays as it is. */
  setReceipts(fields?: SetReceiptsFields): Promise<void>;
  /** Messages to come (`at_ms` of send), the earliest first. Works offline. */
  scheduled(): Promise<ScheduledReply>;
  /** It is not sent. */
  unschedule(fields: UnscheduleFields): Promise<void>;
  /** A list that is kept up to date: `view` events tell what is in it, and how it changes. At most 32. */
  watch(fields: WatchFields): Promise<WatchReply>;
  /** Ends a watch. */
  unwatch(fields: UnwatchFields): Promise<void>;
  /** A page of a conversation; answers oldest first. At most one of before, after and around, each the id of a message in it; none: the newest page. A page shorter than limit has come to that end (around: to the newest). Works offline. */
  history(fields?: HistoryFields): Promise<HistoryReply>;
  /** Finds messages by what they say. Words match by how they begin, without regard to case and accents; characters of scripts without spaces anywhere. All must be there. Works offline. */
  search(fields: SearchFields): Promise<SearchReply>;
  /** The devices of this account. Works offline. */
  devices(): Promise<DevicesReply>;
  /** Lets a device in that shows this code, without the password. */
  deviceLink(fields: DeviceLinkFields): Promise<void>;
  /** For a new device: a code to show to a device of the account, good for 5 minutes. `linked` follows when it was let in. */
  deviceLinkCode(fields: DeviceLinkCodeFields): Promise<DeviceLinkCodeReply>;
  /** Withdraws another device of this account: it leaves every conversation, and its key never comes back. */
  deviceRevoke(fields: DeviceRevokeFields): Promise<void>;
  /** What to compare with a contact. Works offline. */
  safetyNumber(fields: SafetyNumberFields): Promise<SafetyNumberReply>;
  /** Says that the keys were compared and are right, or takes that back. `code` is what was compared; godwit compares it with the keys of now. */
  verify(fields: VerifyFields): Promise<void>;
  /** Takes a copy of a file, encrypted, and names it by its content. The reply is what a message refers to it by. */
  fileAdd(fields: FileAddFields): Promise<File>;
  /** Gets a file that a message refers to, from whoever has it, as soon as somebody can be reached: file_progress, then file_done. */
  fileFetch(fields: FileFetchFields): Promise<void>;
  /** Writes a file that is whole to where the user wants it. The reply comes when it is durable there. */
  fileSave(fields: FileSaveFields): Promise<FileSaveReply>;
  /** What is here stays, nothing more is asked for, also after a restart. */
  filePause(fields: FilePauseFields): Promise<void>;
  /** Goes on after file_pause. */
  fileResume(fields: FileResumeFields): Promise<void>;
  /** Removes what is here of it. It can be fetched again while somebody else has it. */
  fileCancel(fields: FileCancelFields): Promise<void>;
  /** What is in a pack of stickers that is here whole. Works offline. */
  stickerPack(fields: StickerPackFields): Promise<StickerPackReply>;
  /** A sticker of a pack that is here whole, to be shown. Works offline. */
  sticker(fields: StickerFields): Promise<StickerReply>;
  /** Every file that a message refers to or that was added. Works offline. */
  files(): Promise<FilesReply>;
  /** Bytes a second that files may take, together; messages are not counted. Kept. */
  setRate(fields?: SetRateFields): Promise<void>;
  /** Files up to so many bytes are fetched by themselves. Kept; 10 MiB at first. */
  setAutoFetch(fields: SetAutoFetchFields): Promise<void>;
  /** Writes the history into a file, sealed with a passphrase: no keys, no files. The reply comes when it is durable. Works offline. */
  archiveMake(fields: ArchiveMakeFields): Promise<ArchiveMakeReply>;
  /** Merges an archive of this account into the history. May be repeated, and broken off. Works offline. */
  archiveRead(fields: ArchiveReadFields): Promise<ArchiveReadReply>;
  /** Ends the one that is made or read, whose reply is cancelled. */
  archiveCancel(): Promise<void>;
  /** On a new device: asks the account's other devices for the history. */
  historyAsk(): Promise<void>;
  /** Gives the history to another device of this account, which merges it. */
  historySend(fields: HistorySendFields): Promise<void>;
  /** Makes a conversation of many, with this account as its owner. The named come in as their devices are reached. */
  groupCreate(fields: GroupCreateFields): Promise<GroupCreateReply>;
  /** Takes contacts in. */
  groupInvite(fields: GroupInviteFields): Promise<void>;
  /** Puts members out. */
  groupRemove(fields: GroupRemoveFields): Promise<void>;
  /** The history stays. The owner hands over first, or dissolves. */
  groupLeave(fields: GroupLeaveFields): Promise<void>;
  /** Makes somebody admin, member again, or owner. By the owner. */
  groupRole(fields: GroupRoleFields): Promise<void>;
  /** Who is muted may read and not write. */
  groupMute(fields: GroupMuteFields): Promise<void>;
  /** Sets what a group is; what is not given stays as it is. By admins. */
  groupSet(fields: GroupSetFields): Promise<void>;
  /** A discussion becomes a group, and does not end. By its owner. */
  groupPromote(fields: GroupPromoteFields): Promise<void>;
  /** Nobody says anything there any more. By the owner. */
  groupDissolve(fields: GroupDissolveFields): Promise<void>;
  /** Everything about a group. Works offline. */
  groupAbout(fields: GroupAboutFields): Promise<GroupAboutReply>;
  /** What lets others in, as a text to be passed on. */
  groupLink(fields: GroupLinkFields): Promise<GroupLinkReply>;
  /** Asks to be let in by a link. A `group` event with joined follows, or group_refused. */
  groupJoin(fields: GroupJoinFields): Promise<GroupJoinReply>;
  /** Says yes or no to who asks to be let in. */
  groupAnswer(fields: GroupAnswerFields): Promise<void>;
  /** Who has a message of this account, and which way it went there. Works offline. */
  deliveries(fields: DeliveriesFields): Promise<DeliveriesReply>;
  /** What the operator of the relay has said, newest first. The newest 256 are kept. Works offline. */
  notices(fields?: NoticesFields): Promise<NoticesReply>;
  /** Up to this one they are read, on all devices of the account. */
  noticesRead(fields?: NoticesReadFields): Promise<void>;
  /** Calls an account: it rings at all its devices. In a group: begins its call, or joins the one that goes on; call_member tells who is in. call_state, then call_ended tell how it goes. */
  call(fields?: CallFields): Promise<CallReply>;
  /** Takes a call that rings here, or joins the open one of a group. */
  answer(fields?: AnswerFields): Promise<AnswerReply>;
  /** Refuses a call that rings here, for all devices of the account; of a group: stops its ringing. */
  reject(fields?: RejectFields): Promise<void>;
  /** Ends, cancels or refuses a call, whatever it does; of a group: leaves it. */
  hangup(fields?: HangupFields): Promise<void>;
  /** How this device takes part; what is not given stays as it is, and one of the four is given. The other side hears of it. */
  callMedia(fields?: CallMediaFields): Promise<void>;
  /** How a call goes. */
  callStats(fields?: CallStatsFields): Promise<CallStatistics>;
  /** Calls that are not over. Works offline. */
  calls(): Promise<CallsReply>;
  /** Microphones, loudspeakers and cameras of this machine; the first of a kind is taken without a name. Works offline. */
  callDevices(): Promise<CallDevicesReply>;
  /** Tells the operator of the relay about somebody, a group or messages: it is for their eyes, not end-to-end encrypted, and what is said of messages is this user's word. */
  report(fields?: ReportFields): Promise<void>;
  /** What is in a department of the organisation's directory, or who is found in it. It is the relay's word: whom to look for, not who somebody is. */
  directory(fields?: DirectoryFields): Promise<DirectoryReply>;
  /** How this client stands. Works offline. */
  status(): Promise<StatusReply>;
  /** Addresses or routes changed: looks at every path again, without waiting. */
  networkChanged(): Promise<void>;
  /** Which paths content may take. */
  setPolicy(fields: SetPolicyFields): Promise<void>;
  /** For tests: drops every datagram of direct paths on this device, as a firewall would. */
  fault(fields: FaultFields): Promise<void>;
}
