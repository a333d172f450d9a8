// SPDX-License-Identifier: Apache-2.0
// Made by tools/schema.py from schema/: change it there.
package org.godwit;

/** The names of requests, events and fields. */
public final class Schema {
    private Schema() {}

    /** Requests: the "do" of {@link Client#request}. */
    public static final class Do {
        private Do() {}

        /** Makes an account at a relay, and this device its first. Where the relay has lost the account, brings it back. Fields: relay, user, password, device_name?. */
        public static final String REGISTER = "register";
        /** Adds this device to an account, or brings back one that was logged out. Fields: relay, user, password, device_name?. */
        public static final String LOGIN = "login";
        /** Withdraws this device from its account. The history stays here. */
        public static final String LOGOUT = "logout";
        /** Asks somebody to become a contact; when they had asked already, accepts. Fields: user. */
        public static final String CONTACT_ADD = "contact_add";
        /** Accepts a request; of an accepted contact with `key_changed`, accepts the new key without comparing. Fields: user. */
        public static final String CONTACT_ACCEPT = "contact_accept";
        /** Ends the contact on both sides, or declines or withdraws a request. Fields: user. */
        public static final String CONTACT_REMOVE = "contact_remove";
        /** No messages, presence, signalling or requests from them any more; they are not told. Fields: user. */
        public static final String CONTACT_BLOCK = "contact_block";
        /** Takes contact_block back. Fields: user. */
        public static final String CONTACT_UNBLOCK = "contact_unblock";
        /** Everybody this account knows, with presence and path. */
        public static final String CONTACTS = "contacts";
        /** What this account's devices share about a contact; what is not given stays as it is. Fields: user, remark?, labels?. */
        public static final String SET_CONTACT = "set_contact";
        /** Sends a message. The reply comes when it is durable here; how it moves on is told by `message_state` events. Fields: to?, conversation?, text?, key?, mentions?, links?, body?, reply_to?, lifetime?, at_ms?. */
        public static final String SEND = "send";
        /** Puts another text in the place of that of an own message. Told like a message. Fields: message, text, mentions?, links?. */
        public static final String EDIT = "edit";
        /** Takes a message back, everywhere: one's own for 48 hours; in a group, as an admin, anybody's. Fields: message. */
        public static final String RECALL = "recall";
        /** Removes messages, 1–100 of one conversation, from the history of this account, on all of its devices. Nobody else hears of it. Fields: messages. */
        public static final String REMOVE_MESSAGES = "remove_messages";
        /** Likewise all that this device has of a conversation, which stays in the list with its settings. Fields: with?, conversation?. */
        public static final String CLEAR_CONVERSATION = "clear_conversation";
        /** Reacts to a message, or takes that back. Fields: message, emoji, on?. */
        public static final String REACT = "react";
        /** Pins a message in its conversation; in groups for admins. Fields: message, on?. */
        public static final String PIN = "pin";
        /** The pinned messages of a conversation, a page of them; answers oldest first. A page shorter than limit has come to the oldest. Fields: with?, conversation?, limit?, before?. */
        public static final String PINNED = "pinned";
        /** A live location of this account is elsewhere now. Others are told every 5 seconds at most, of the newest place only. Fields: message, latitude, longitude, accuracy_m?. */
        public static final String MOVE_LOCATION = "move_location";
        /** A live location of this account does not move any more, before its time is over. Fields: message. */
        public static final String END_LOCATION = "end_location";
        /** What a message said before it was edited, as far as it is kept here, oldest first. Fields: message. */
        public static final String VERSIONS = "versions";
        /** So many earlier versions of each edited message are kept from now on, on all devices of the account; at first 0. With 0 what is kept goes. Fields: kept. */
        public static final String SET_VERSIONS = "set_versions";
        /** How long own messages can be taken back by `recall`, on all devices of the account; at first 172800 (48 hours). Fields: seconds. */
        public static final String SET_RECALL_WINDOW = "set_recall_window";
        /** Sends messages on to another conversation: each as it is, or merged into one. Fields: to?, conversation?, messages, merged?, title?. */
        public static final String FORWARD = "forward";
        /** From now on what anybody sends here has this lifetime. Fields: with?, conversation?, lifetime. */
        public static final String SET_TIMER = "set_timer";
        /** The user has seen everything up to a message: on all own devices, and told to the others if receipts are on. Fields: with?, conversation?, up_to?. */
        public static final String MARK_READ = "mark_read";
        /** The user is writing, or has stopped. Never stored; repeat it every 5 seconds while it lasts. Fields: with?, conversation?, on?. */
        public static final String TYPING = "typing";
        /** All conversations, the pinned ones first, then the newest. Fields: hidden?. */
        public static final String CONVERSATIONS = "conversations";
        /** What this account's devices share about a conversation; what is not given stays as it is. Fields: with?, conversation?, pinned?, archived?, hidden?, receipts?, muted_until_ms?, draft?. */
        public static final String SET_CONVERSATION = "set_conversation";
        /** Receipts of this account, on at first; what is not given stays as it is. Fields: on?, delivery?. */
        public static final String SET_RECEIPTS = "set_receipts";
        /** Messages to come (`at_ms` of send), the earliest first. */
        public static final String SCHEDULED = "scheduled";
        /** It is not sent. Fields: message. */
        public static final String UNSCHEDULE = "unschedule";
        /** A list that is kept up to date: `view` events tell what is in it, and how it changes. At most 32. Fields: what, with?, conversation?, limit?, hidden?. */
        public static final String WATCH = "watch";
        /** Ends a watch. Fields: watch. */
        public static final String UNWATCH = "unwatch";
        /** A page of a conversation; answers oldest first. At most one of before, after and around, each the id of a message in it; none: the newest page. A page shorter than limit has come to that end (around: to the newest). Fields: with?, conversation?, limit?, before?, after?, around?. */
        public static final String HISTORY = "history";
        /** Finds messages by what they say. Words match by how they begin, without regard to case and accents; characters of scripts without spaces anywhere. All must be there. Fields: text, with?, conversation?, from?, kinds?, since_ms?, until_ms?, limit?, before?. */
        public static final String SEARCH = "search";
        /** The devices of this account. */
        public static final String DEVICES = "devices";
        /** Lets a device in that shows this code, without the password. Fields: code. */
        public static final String DEVICE_LINK = "device_link";
        /** For a new device: a code to show to a device of the account, good for 5 minutes. `linked` follows when it was let in. Fields: relay, device_name?. */
        public static final String DEVICE_LINK_CODE = "device_link_code";
        /** Withdraws another device of this account: it leaves every conversation, and its key never comes back. Fields: device. */
        public static final String DEVICE_REVOKE = "device_revoke";
        /** What to compare with a contact. Fields: with. */
        public static final String SAFETY_NUMBER = "safety_number";
        /** Says that the keys were compared and are right, or takes that back. `code` is what was compared; godwit compares it with the keys of now. Fields: with, verified?, code?. */
        public static final String VERIFY = "verify";
        /** Takes a copy of a file, encrypted, and names it by its content. The reply is what a message refers to it by. Fields: path, name?, media_type?. */
        public static final String FILE_ADD = "file_add";
        /** Gets a file that a message refers to, from whoever has it, as soon as somebody can be reached: file_progress, then file_done. Fields: file. */
        public static final String FILE_FETCH = "file_fetch";
        /** Writes a file that is whole to where the user wants it. The reply comes when it is durable there. Fields: file, path, replace?. */
        public static final String FILE_SAVE = "file_save";
        /** What is here stays, nothing more is asked for, also after a restart. Fields: file. */
        public static final String FILE_PAUSE = "file_pause";
        /** Goes on after file_pause. Fields: file. */
        public static final String FILE_RESUME = "file_resume";
        /** Removes what is here of it. It can be fetched again while somebody else has it. Fields: file. */
        public static final String FILE_CANCEL = "file_cancel";
        /** What is in a pack of stickers that is here whole. Fields: file. */
        public static final String STICKER_PACK = "sticker_pack";
        /** A sticker of a pack that is here whole, to be shown. Fields: file, name. */
        public static final String STICKER = "sticker";
        /** Every file that a message refers to or that was added. */
        public static final String FILES = "files";
        /** Bytes a second that files may take, together; messages are not counted. Kept. Fields: up?, down?. */
        public static final String SET_RATE = "set_rate";
        /** Files up to so many bytes are fetched by themselves. Kept; 10 MiB at first. Fields: bytes. */
        public static final String SET_AUTO_FETCH = "set_auto_fetch";
        /** Writes the history into a file, sealed with a passphrase: no keys, no files. The reply comes when it is durable. Fields: path, passphrase, changes_only?, replace?. */
        public static final String ARCHIVE_MAKE = "archive_make";
        /** Merges an archive of this account into the history. May be repeated, and broken off. Fields: path, passphrase, check_only?. */
        public static final String ARCHIVE_READ = "archive_read";
        /** Ends the one that is made or read, whose reply is cancelled. */
        public static final String ARCHIVE_CANCEL = "archive_cancel";
        /** On a new device: asks the account's other devices for the history. */
        public static final String HISTORY_ASK = "history_ask";
        /** Gives the history to another device of this account, which merges it. Fields: device. */
        public static final String HISTORY_SEND = "history_send";
        /** Makes a conversation of many, with this account as its owner. The named come in as their devices are reached. Fields: name, members?, kind?, about?, invite?, join?, expires_ms?. */
        public static final String GROUP_CREATE = "group_create";
        /** Takes contacts in. Fields: conversation, users. */
        public static final String GROUP_INVITE = "group_invite";
        /** Puts members out. Fields: conversation, users. */
        public static final String GROUP_REMOVE = "group_remove";
        /** The history stays. The owner hands over first, or dissolves. Fields: conversation. */
        public static final String GROUP_LEAVE = "group_leave";
        /** Makes somebody admin, member again, or owner. By the owner. Fields: conversation, user, role. */
        public static final String GROUP_ROLE = "group_role";
        /** Who is muted may read and not write. Fields: conversation, user?, until_ms. */
        public static final String GROUP_MUTE = "group_mute";
        /** Sets what a group is; what is not given stays as it is. By admins. Fields: conversation, name?, about?, announcement?, avatar?, invite?, join?, receipts?. */
        public static final String GROUP_SET = "group_set";
        /** A discussion becomes a group, and does not end. By its owner. Fields: conversation. */
        public static final String GROUP_PROMOTE = "group_promote";
        /** Nobody says anything there any more. By the owner. Fields: conversation. */
        public static final String GROUP_DISSOLVE = "group_dissolve";
        /** Everything about a group. Fields: conversation. */
        public static final String GROUP_ABOUT = "group_about";
        /** What lets others in, as a text to be passed on. Fields: conversation, renew?. */
        public static final String GROUP_LINK = "group_link";
        /** Asks to be let in by a link. A `group` event with joined follows, or group_refused. Fields: link, text?. */
        public static final String GROUP_JOIN = "group_join";
        /** Says yes or no to who asks to be let in. Fields: conversation, user, accept?. */
        public static final String GROUP_ANSWER = "group_answer";
        /** Who has a message of this account, and which way it went there. Fields: message. */
        public static final String DELIVERIES = "deliveries";
        /** What the operator of the relay has said, newest first. The newest 256 are kept. Fields: limit?, before?. */
        public static final String NOTICES = "notices";
        /** Up to this one they are read, on all devices of the account. Fields: up_to?. */
        public static final String NOTICES_READ = "notices_read";
        /** Calls an account: it rings at all its devices. In a group: begins its call, or joins the one that goes on; call_member tells who is in. call_state, then call_ended tell how it goes. Fields: to?, conversation?, video?, audio_source?, audio_sink?, video_source?, video_sink?, processed?, video_codec?. */
        public static final String CALL = "call";
        /** Takes a call that rings here, or joins the open one of a group. Fields: call?, video?, audio_source?, audio_sink?, video_source?, video_sink?, processed?, video_codec?. */
        public static final String ANSWER = "answer";
        /** Refuses a call that rings here, for all devices of the account; of a group: stops its ringing. Fields: call?. */
        public static final String REJECT = "reject";
        /** Ends, cancels or refuses a call, whatever it does; of a group: leaves it. Fields: call?. */
        public static final String HANGUP = "hangup";
        /** How this device takes part; what is not given stays as it is, and one of the four is given. The other side hears of it. Fields: call?, muted?, held?, camera?, screen?. */
        public static final String CALL_MEDIA = "call_media";
        /** How a call goes. Fields: call?, device?. */
        public static final String CALL_STATS = "call_stats";
        /** Calls that are not over. */
        public static final String CALLS = "calls";
        /** Microphones, loudspeakers and cameras of this machine; the first of a kind is taken without a name. */
        public static final String CALL_DEVICES = "call_devices";
        /** Tells the operator of the relay about somebody, a group or messages: it is for their eyes, not end-to-end encrypted, and what is said of messages is this user's word. Fields: user?, conversation?, reason?, text?, messages?, with_content?. */
        public static final String REPORT = "report";
        /** What is in a department of the organisation's directory, or who is found in it. It is the relay's word: whom to look for, not who somebody is. Fields: department?, find?, after?. */
        public static final String DIRECTORY = "directory";
        /** How this client stands. */
        public static final String STATUS = "status";
        /** Addresses or routes changed: looks at every path again, without waiting. */
        public static final String NETWORK_CHANGED = "network_changed";
        /** Which paths content may take. Fields: path. */
        public static final String SET_POLICY = "set_policy";
        /** For tests: drops every datagram of direct paths on this device, as a firewall would. Fields: drop_direct. */
        public static final String FAULT = "fault";
    }

    /** Events: {@link Event#name}. */
    public static final class On {
        private On() {}

        /** A message came in; it is in the history. Shown again after a crash until the event after it was asked for. */
        public static final String MESSAGE = "message";
        /** A message of ours moved on. */
        public static final String MESSAGE_STATE = "message_state";
        /** A message stands otherwise than before. Told once: who was not running looks into the history. */
        public static final String MESSAGE_CHANGED = "message_changed";
        /** Somebody has read everything up to a message; the own name: on another device. */
        public static final String READ = "read";
        /** What stood in a conversation's history up to and including a message has left it, here or by another device of this account. */
        public static final String CONVERSATION_CLEARED = "conversation_cleared";
        /** Somebody writes, or has stopped. */
        public static final String TYPING = "typing";
        /** What is shared about a conversation is another: settings, draft, timer. */
        public static final String CONVERSATION = "conversation";
        /** A watched list changes: apply the steps in order. */
        public static final String VIEW = "view";
        /** A contact came or went. */
        public static final String PRESENCE = "presence";
        /** Somebody asks to become a contact: contact_accept or contact_remove. */
        public static final String CONTACT_REQUEST = "contact_request";
        /** They said yes, or another device of ours did. */
        public static final String CONTACT_ACCEPTED = "contact_accepted";
        /** The contact has ended. */
        public static final String CONTACT_REMOVED = "contact_removed";
        /** See SecurityKind. Told once for each cause; show also kinds that you do not know. */
        public static final String SECURITY = "security";
        /** This device, which showed a code, is now one of this account's. */
        public static final String LINKED = "linked";
        /** To the relay, also again after every interruption. */
        public static final String CONNECTED = "connected";
        /** It comes back by itself. */
        public static final String DISCONNECTED = "disconnected";
        /** From the relay, at login: there is a newer client. */
        public static final String UPDATE = "update";
        /** The best path to a contact changed. */
        public static final String PATH = "path";
        /** The relay does not know this device any more: revoked or lost (device_revoked: log in), or the account is gone (not_registered: register). The history stays. */
        public static final String LOGGED_OUT = "logged_out";
        /** More of a file has come, or comes from somebody else now. Twice a second at most. */
        public static final String FILE_PROGRESS = "file_progress";
        /** A file that was asked for is whole. */
        public static final String FILE_DONE = "file_done";
        /** A file that was asked for is not going to come. */
        public static final String FILE_FAILED = "file_failed";
        /** An archive is made or read. Once a megabyte. */
        public static final String ARCHIVE_PROGRESS = "archive_progress";
        /** Another device of this account asks for the history: history_send. */
        public static final String HISTORY_WANTED = "history_wanted";
        /** It has it. */
        public static final String HISTORY_TAKEN = "history_taken";
        /** What history_send on that device gave is merged here. */
        public static final String HISTORY_RECEIVED = "history_received";
        /** A group stands otherwise than before, by what `by` did. */
        public static final String GROUP = "group";
        /** Somebody asks to be let in: group_answer. */
        public static final String GROUP_ASKED = "group_asked";
        /** This account, which had asked, was not let in. */
        public static final String GROUP_REFUSED = "group_refused";
        /** The operator of the relay says something. Told once: who was not running finds it by notices. */
        public static final String NOTICE_RECEIVED = "notice_received";
        /** It was taken back. */
        public static final String NOTICE_WITHDRAWN = "notice_withdrawn";
        /** They were read up to there, on another device. */
        public static final String NOTICES_READ = "notices_read";
        /** Somebody calls: answer or reject. After ringing for a while it ends by itself. */
        public static final String CALL_INCOMING = "call_incoming";
        /** A call is in another state. */
        public static final String CALL_STATE = "call_state";
        /** The other device takes part otherwise than before. */
        public static final String CALL_MEDIA = "call_media";
        /** Somebody is in the call of a group, or is not any more, or takes part otherwise. */
        public static final String CALL_MEMBER = "call_member";
        /** A call is over, or never came to be. */
        public static final String CALL_ENDED = "call_ended";
        /** How a call goes, every 5 seconds while it is active; in a group for each other device. */
        public static final String CALL_QUALITY = "call_quality";
        /** The user should know: the disk is full, damaged rows, the last write before a power failure was cut off. */
        public static final String WARNING = "warning";
    }

    /** Fields of both. */
    public static final class Field {
        private Field() {}

        public static final String ABOUT = "about";
        public static final String ACCEPT = "accept";
        public static final String ACCOUNT = "account";
        public static final String ACCOUNT_KEY = "account_key";
        public static final String ACCURACY_M = "accuracy_m";
        public static final String ACTIVE = "active";
        public static final String ACTIVE_MS = "active_ms";
        public static final String ACTIVITY_MS = "activity_ms";
        public static final String ADDED = "added";
        public static final String AFTER = "after";
        public static final String ALL_MUTED = "all_muted";
        public static final String ANIMATED = "animated";
        public static final String ANNOUNCEMENT = "announcement";
        public static final String APPLICANTS = "applicants";
        public static final String ARCHIVE = "archive";
        public static final String ARCHIVED = "archived";
        public static final String AROUND = "around";
        public static final String AS = "as";
        public static final String ASKED_MS = "asked_ms";
        public static final String AT_MS = "at_ms";
        public static final String AUDIO_BPS = "audio_bps";
        public static final String AUDIO_DELAY_MS = "audio_delay_ms";
        public static final String AUDIO_SINK = "audio_sink";
        public static final String AUDIO_SOURCE = "audio_source";
        public static final String AVATAR = "avatar";
        public static final String BEFORE = "before";
        public static final String BEGIN = "begin";
        public static final String BODY = "body";
        public static final String BY = "by";
        public static final String BYTES = "bytes";
        public static final String BYTES_TOTAL = "bytes_total";
        public static final String CALL = "call";
        public static final String CALLS = "calls";
        public static final String CAMERA = "camera";
        public static final String CHANGES_ONLY = "changes_only";
        public static final String CHECK_ONLY = "check_only";
        public static final String CLIENT_VERSION = "client_version";
        public static final String CODE = "code";
        public static final String CODEC_RECEIVED = "codec_received";
        public static final String CODEC_SENT = "codec_sent";
        public static final String COMPLETE = "complete";
        public static final String CONCEALED = "concealed";
        public static final String CONNECTED = "connected";
        public static final String CONNECTION_DETAIL = "connection_detail";
        public static final String CONTACTS = "contacts";
        public static final String CONTENT_BYTES_DIRECT = "content_bytes_direct";
        public static final String CONTENT_BYTES_MAILBOX = "content_bytes_mailbox";
        public static final String CONTENT_BYTES_TURNED = "content_bytes_turned";
        public static final String CONTINUES = "continues";
        public static final String CONVERSATION = "conversation";
        public static final String CONVERSATIONS = "conversations";
        public static final String CREATED_MS = "created_ms";
        public static final String CURRENT = "current";
        public static final String DATA = "data";
        public static final String DATAGRAMS_DROPPED = "datagrams_dropped";
        public static final String DATAGRAMS_RECEIVED = "datagrams_received";
        public static final String DATAGRAMS_SENT = "datagrams_sent";
        public static final String DELIVERIES = "deliveries";
        public static final String DELIVERY = "delivery";
        public static final String DEPARTMENT = "department";
        public static final String DEPARTMENTS = "departments";
        public static final String DETAIL = "detail";
        public static final String DEVICE = "device";
        public static final String DEVICE_NAME = "device_name";
        public static final String DEVICES = "devices";
        public static final String DISSOLVED = "dissolved";
        public static final String DONE = "done";
        public static final String DOWN = "down";
        public static final String DRAFT = "draft";
        public static final String DROP_DIRECT = "drop_direct";
        public static final String DURATION_MS = "duration_ms";
        public static final String EDITED_MS = "edited_ms";
        public static final String ELAPSED_US = "elapsed_us";
        public static final String EMAIL = "email";
        public static final String EMOJI = "emoji";
        public static final String END_TO_END = "end_to_end";
        public static final String ERROR = "error";
        public static final String EXCERPT = "excerpt";
        public static final String EXPIRES_MS = "expires_ms";
        public static final String FIELDS = "fields";
        public static final String FILE = "file";
        public static final String FILES = "files";
        public static final String FILES_BPS = "files_bps";
        public static final String FIND = "find";
        public static final String FORWARDED = "forwarded";
        public static final String FRAMES_REFUSED = "frames_refused";
        public static final String FRAMES_REJECTED = "frames_rejected";
        public static final String FREEZES = "freezes";
        public static final String FROM = "from";
        public static final String FROM_DEVICE = "from_device";
        public static final String FROZEN_MS = "frozen_ms";
        public static final String FULL_NAME = "full_name";
        public static final String GAP_BEFORE = "gap_before";
        public static final String GROUP = "group";
        public static final String HEIGHT = "height";
        public static final String HELD = "held";
        public static final String HIDDEN = "hidden";
        public static final String HITS = "hits";
        public static final String ID = "id";
        public static final String INCOMING = "incoming";
        public static final String INDEX = "index";
        public static final String INVITE = "invite";
        public static final String ITEM = "item";
        public static final String ITEMS = "items";
        public static final String JITTER_MS = "jitter_ms";
        public static final String JOIN = "join";
        public static final String KEPT = "kept";
        public static final String KEY = "key";
        public static final String KEY_CHANGED = "key_changed";
        public static final String KIND = "kind";
        public static final String KINDS = "kinds";
        public static final String LABEL = "label";
        public static final String LABELS = "labels";
        public static final String LAST = "last";
        public static final String LATITUDE = "latitude";
        public static final String LENGTH = "length";
        public static final String LEVEL_IN_DB = "level_in_db";
        public static final String LEVEL_OUT_DB = "level_out_db";
        public static final String LIFETIME = "lifetime";
        public static final String LIMIT = "limit";
        public static final String LINK = "link";
        public static final String LINKS = "links";
        public static final String LIVE_SECONDS = "live_seconds";
        public static final String LIVE_UNTIL_MS = "live_until_ms";
        public static final String LONGITUDE = "longitude";
        public static final String LOSS_THERE = "loss_there";
        public static final String MADE_MS = "made_ms";
        public static final String MATCHES = "matches";
        public static final String MEDIA = "media";
        public static final String MEDIA_TYPE = "media_type";
        public static final String MEMBER = "member";
        public static final String MEMBERS = "members";
        public static final String MENTIONS = "mentions";
        public static final String MERGED = "merged";
        public static final String MESSAGE = "message";
        public static final String MESSAGES = "messages";
        public static final String MORE = "more";
        public static final String MOS = "mos";
        public static final String MOVED_MS = "moved_ms";
        public static final String MUTED = "muted";
        public static final String MUTED_UNTIL_MS = "muted_until_ms";
        public static final String NAME = "name";
        public static final String NEXT = "next";
        public static final String NOTES = "notes";
        public static final String NOTICE = "notice";
        public static final String NOTICES = "notices";
        public static final String NUMBER = "number";
        public static final String ON = "on";
        public static final String ONLINE = "online";
        public static final String OP = "op";
        public static final String OUTBOX_MESSAGES = "outbox_messages";
        public static final String OUTCOME = "outcome";
        public static final String OVER = "over";
        public static final String OWN = "own";
        public static final String OWN_ROLE = "own_role";
        public static final String PACK = "pack";
        public static final String PACKETS_REPAIRED = "packets_repaired";
        public static final String PARENT = "parent";
        public static final String PASSPHRASE = "passphrase";
        public static final String PASSWORD = "password";
        public static final String PATH = "path";
        public static final String PICTURES_SHOWN = "pictures_shown";
        public static final String PINNED = "pinned";
        public static final String PLACE = "place";
        public static final String POLICY = "policy";
        public static final String POSTS = "posts";
        public static final String PROCESSED = "processed";
        public static final String RATE_BPS = "rate_bps";
        public static final String RAW = "raw";
        public static final String RAW_BODY = "raw_body";
        public static final String REACTIONS = "reactions";
        public static final String READ = "read";
        public static final String READ_BY = "read_by";
        public static final String READING = "reading";
        public static final String REASON = "reason";
        public static final String RECALLED_BY = "recalled_by";
        public static final String RECALLED_MS = "recalled_ms";
        public static final String RECEIPTS = "receipts";
        public static final String RECEIVED_MS = "received_ms";
        public static final String RELAY = "relay";
        public static final String REMARK = "remark";
        public static final String RENEW = "renew";
        public static final String REPLACE = "replace";
        public static final String REPLY = "reply";
        public static final String REPLY_TO = "reply_to";
        public static final String REQUIRED = "required";
        public static final String RETRY = "retry";
        public static final String RETRY_IN_MS = "retry_in_ms";
        public static final String ROLE = "role";
        public static final String ROUND_TRIP_MS = "round_trip_ms";
        public static final String SCHEDULED = "scheduled";
        public static final String SCREEN = "screen";
        public static final String SECONDS = "seconds";
        public static final String SENT_BPS = "sent_bps";
        public static final String SENT_MS = "sent_ms";
        public static final String SETTINGS = "settings";
        public static final String SINCE_MS = "since_ms";
        public static final String SIZE = "size";
        public static final String SNIPPET = "snippet";
        public static final String STATE = "state";
        public static final String STEPS = "steps";
        public static final String STICKERS = "stickers";
        public static final String TEXT = "text";
        public static final String THEIRS = "theirs";
        public static final String THUMBNAIL = "thumbnail";
        public static final String TIMER = "timer";
        public static final String TITLE = "title";
        public static final String TO = "to";
        public static final String TO_ALL = "to_all";
        public static final String TYPE = "type";
        public static final String UNREAD = "unread";
        public static final String UNTIL_MS = "until_ms";
        public static final String UP = "up";
        public static final String UP_TO = "up_to";
        public static final String UPGRADE = "upgrade";
        public static final String URL = "url";
        public static final String USER = "user";
        public static final String USERS = "users";
        public static final String VALUE = "value";
        public static final String VERIFIED = "verified";
        public static final String VERSION = "version";
        public static final String VERSIONS = "versions";
        public static final String VIDEO = "video";
        public static final String VIDEO_BPS = "video_bps";
        public static final String VIDEO_CODEC = "video_codec";
        public static final String VIDEO_SINK = "video_sink";
        public static final String VIDEO_SOURCE = "video_source";
        public static final String VP9 = "vp9";
        public static final String WATCH = "watch";
        public static final String WAVEFORM = "waveform";
        public static final String WHAT = "what";
        public static final String WHY = "why";
        public static final String WIDTH = "width";
        public static final String WITH = "with";
        public static final String WITH_CONTENT = "with_content";
        public static final String WRITTEN_MS = "written_ms";
    }
}
