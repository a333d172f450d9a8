// SPDX-License-Identifier: Apache-2.0
// Made by tools/schema.py from schema/: change it there.

/// What a failure asks of the caller. Append-only.
public enum ErrorCode: String, Sendable {
    /// It worked.
    case ok = "ok"
    /// A field is missing, malformed or out of range: correct the one that `detail` names.
    case invalidArgument = "invalid_argument"
    /// Shorten the content; `detail` gives the limit.
    case messageTooLarge = "message_too_large"
    /// No request of this name: look it up in the reference.
    case unknownRequest = "unknown_request"
    /// No account on this device yet: register or log in first.
    case notRegistered = "not_registered"
    /// This home already holds an account: log out, or use another home.
    case alreadyRegistered = "already_registered"
    /// This build or this peer cannot do it.
    case unsupported = "unsupported"
    /// User unknown or password wrong, deliberately not told apart: ask again.
    case wrongCredentials = "wrong_credentials"
    /// Another account has this name: choose another.
    case nameTaken = "name_taken"
    /// Messages go to accepted contacts only: send a contact request first.
    case notAContact = "not_a_contact"
    /// The relay knows no such account: check the spelling.
    case noSuchUser = "no_such_user"
    /// The user has blocked this contact, or is blocked: unblock first.
    case blocked = "blocked"
    /// The relay proved another key than its address pins: check the address; do not go on.
    case relayKeyMismatch = "relay_key_mismatch"
    /// The relay demands a newer client: update.
    case updateRequired = "update_required"
    /// A contact's account key is not the known one: compare the safety number, then `verify`, or `contact_accept` to go on without.
    case accountKeyChanged = "account_key_changed"
    /// This device was logged out elsewhere: log in again.
    case deviceRevoked = "device_revoked"
    /// Nobody here knows such a file (any more): ask its sender for it anew.
    case noSuchFile = "no_such_file"
    /// The rules of the group, or your role in it, do not allow that: ask an admin.
    case notAllowed = "not_allowed"
    /// No connection to the relay now: it comes back by itself; repeat the request then.
    case notConnected = "not_connected"
    /// Too many tries: wait `retry` milliseconds.
    case rateLimited = "rate_limited"
    /// A bound is reached: wait or delete; `detail` names it.
    case quotaExceeded = "quota_exceeded"
    /// No answer in time: repeat; what was asked for may have been done already, and asking again does it once.
    case timedOut = "timed_out"
    /// The queue of this client is full: take events, then repeat.
    case busy = "busy"
    /// The relay cannot serve now (starting, draining, its disk is full): wait.
    case relayUnavailable = "relay_unavailable"
    /// Somebody else changed it first: look again, then repeat.
    case conflict = "conflict"
    /// The local disk refused (full, read-only, I/O error): make room; nothing accepted was lost.
    case storageFailed = "storage_failed"
    /// Stored bytes fail authentication: repair (`godwit repair`, `godwit_repair`), or restore a backup.
    case storageCorrupt = "storage_corrupt"
    /// The store key or passphrase does not open this store; the file is untouched.
    case wrongKey = "wrong_key"
    /// Another client has this home open: close it.
    case storageInUse = "storage_in_use"
    /// Written by a newer godwit: update; the file is untouched.
    case storageTooNew = "storage_too_new"
    /// The deadline of the message passed without delivery.
    case expired = "expired"
    /// The client closed, or the user withdrew the request.
    case cancelled = "cancelled"
    /// The port is taken: stop the other program or choose another port.
    case addressInUse = "address_in_use"
    /// Bytes do not decode; `detail` names what.
    case malformed = "malformed"
    /// A signature, tag or identity does not verify.
    case authenticationFailed = "authentication_failed"
    /// No common protocol version.
    case protocolMismatch = "protocol_mismatch"
    /// A bug in godwit: report it with `detail`.
    case internal = "internal"

    /// Of the C ABI.
    public var number: Int32 {
        switch self {
        case .ok: return 0
        case .invalidArgument: return 1
        case .messageTooLarge: return 2
        case .unknownRequest: return 3
        case .notRegistered: return 4
        case .alreadyRegistered: return 5
        case .unsupported: return 6
        case .wrongCredentials: return 20
        case .nameTaken: return 21
        case .notAContact: return 22
        case .noSuchUser: return 23
        case .blocked: return 24
        case .relayKeyMismatch: return 25
        case .updateRequired: return 26
        case .accountKeyChanged: return 27
        case .deviceRevoked: return 28
        case .noSuchFile: return 29
        case .notAllowed: return 30
        case .notConnected: return 40
        case .rateLimited: return 41
        case .quotaExceeded: return 42
        case .timedOut: return 43
        case .busy: return 44
        case .relayUnavailable: return 45
        case .conflict: return 46
        case .storageFailed: return 60
        case .storageCorrupt: return 61
        case .wrongKey: return 62
        case .storageInUse: return 63
        case .storageTooNew: return 64
        case .expired: return 65
        case .cancelled: return 66
        case .addressInUse: return 67
        case .malformed: return 80
        case .authenticationFailed: return 81
        case .protocolMismatch: return 82
        case .internal: return 99
        }
    }
}

/// The "do" of `Client.request`.
public enum Do: String, Sendable {
    /// Makes an account at a relay, and this device its first. Where the relay has lost the account, brings it back.
    case `register` = "register"
    /// Adds this device to an account, or brings back one that was logged out.
    case `login` = "login"
    /// Withdraws this device from its account. The history stays here.
    case `logout` = "logout"
    /// Asks somebody to become a contact; when they had asked already, accepts.
    case `contactAdd` = "contact_add"
    /// Accepts a request; of an accepted contact with `key_changed`, accepts the new key without comparing.
    case `contactAccept` = "contact_accept"
    /// Ends the contact on both sides, or declines or withdraws a request.
    case `contactRemove` = "contact_remove"
    /// No messages, presence, signalling or requests from them any more; they are not told.
    case `contactBlock` = "contact_block"
    /// Takes contact_block back.
    case `contactUnblock` = "contact_unblock"
    /// Everybody this account knows, with presence and path.
    case `contacts` = "contacts"
    /// What this account's devices share about a contact; what is not given stays as it is.
    case `setContact` = "set_contact"
    /// Sends a message. The reply comes when it is durable here; how it moves on is told by `message_state` events.
    case `send` = "send"
    /// Puts another text in the place of that of an own message. Told like a message.
    case `edit` = "edit"
    /// Takes a message back, everywhere: one's own for 48 hours; in a group, as an admin, anybody's.
    case `recall` = "recall"
    /// Removes messages, 1–100 of one conversation, from the history of this account, on all of its devices. Nobody else hears of it.
    case `removeMessages` = "remove_messages"
    /// Likewise all that this device has of a conversation, which stays in the list with its settings.
    case `clearConversation` = "clear_conversation"
    /// Reacts to a message, or takes that back.
    case `react` = "react"
    /// Pins a message in its conversation; in groups for admins.
    case `pin` = "pin"
    /// The pinned messages of a conversation, a page of them; answers oldest first. A page shorter than limit has come to the oldest.
    case `pinned` = "pinned"
    /// A live location of this account is elsewhere now. Others are told every 5 seconds at most, of the newest place only.
    case `moveLocation` = "move_location"
    /// A live location of this account does not move any more, before its time is over.
    case `endLocation` = "end_location"
    /// What a message said before it was edited, as far as it is kept here, oldest first.
    case `versions` = "versions"
    /// So many earlier versions of each edited message are kept from now on, on all devices of the account; at first 0. With 0 what is kept goes.
    case `setVersions` = "set_versions"
    /// How long own messages can be taken back by `recall`, on all devices of the account; at first 172800 (48 hours).
    case `setRecallWindow` = "set_recall_window"
    /// Sends messages on to another conversation: each as it is, or merged into one.
    case `forward` = "forward"
    /// From now on what anybody sends here has this lifetime.
    case `setTimer` = "set_timer"
    /// The user has seen everything up to a message: on all own devices, and told to the others if receipts are on.
    case `markRead` = "mark_read"
    /// The user is writing, or has stopped. Never stored; repeat it every 5 seconds while it lasts.
    case `typing` = "typing"
    /// All conversations, the pinned ones first, then the newest.
    case `conversations` = "conversations"
    /// What this account's devices share about a conversation; what is not given stays as it is.
    case `setConversation` = "set_conversation"
    /// Receipts of this account, on at first; what is not given stays as it is.
    case `setReceipts` = "set_receipts"
    /// Messages to come (`at_ms` of send), the earliest first.
    case `scheduled` = "scheduled"
    /// It is not sent.
    case `unschedule` = "unschedule"
    /// A list that is kept up to date: `view` events tell what is in it, and how it changes. At most 32.
    case `watch` = "watch"
    /// Ends a watch.
    case `unwatch` = "unwatch"
    /// A page of a conversation; answers oldest first. At most one of before, after and around, each the id of a message in it; none: the newest page. A page shorter than limit has come to that end (around: to the newest).
    case `history` = "history"
    /// Finds messages by what they say. Words match by how they begin, without regard to case and accents; characters of scripts without spaces anywhere. All must be there.
    case `search` = "search"
    /// The devices of this account.
    case `devices` = "devices"
    /// Lets a device in that shows this code, without the password.
    case `deviceLink` = "device_link"
    /// For a new device: a code to show to a device of the account, good for 5 minutes. `linked` follows when it was let in.
    case `deviceLinkCode` = "device_link_code"
    /// Withdraws another device of this account: it leaves every conversation, and its key never comes back.
    case `deviceRevoke` = "device_revoke"
    /// What to compare with a contact.
    case `safetyNumber` = "safety_number"
    /// Says that the keys were compared and are right, or takes that back. `code` is what was compared; godwit compares it with the keys of now.
    case `verify` = "verify"
    /// Takes a copy of a file, encrypted, and names it by its content. The reply is what a message refers to it by.
    case `fileAdd` = "file_add"
    /// Gets a file that a message refers to, from whoever has it, as soon as somebody can be reached: file_progress, then file_done.
    case `fileFetch` = "file_fetch"
    /// Writes a file that is whole to where the user wants it. The reply comes when it is durable there.
    case `fileSave` = "file_save"
    /// What is here stays, nothing more is asked for, also after a restart.
    case `filePause` = "file_pause"
    /// Goes on after file_pause.
    case `fileResume` = "file_resume"
    /// Removes what is here of it. It can be fetched again while somebody else has it.
    case `fileCancel` = "file_cancel"
    /// What is in a pack of stickers that is here whole.
    case `stickerPack` = "sticker_pack"
    /// A sticker of a pack that is here whole, to be shown.
    case `sticker` = "sticker"
    /// Every file that a message refers to or that was added.
    case `files` = "files"
    /// Bytes a second that files may take, together; messages are not counted. Kept.
    case `setRate` = "set_rate"
    /// Files up to so many bytes are fetched by themselves. Kept; 10 MiB at first.
    case `setAutoFetch` = "set_auto_fetch"
    /// Writes the history into a file, sealed with a passphrase: no keys, no files. The reply comes when it is durable.
    case `archiveMake` = "archive_make"
    /// Merges an archive of this account into the history. May be repeated, and broken off.
    case `archiveRead` = "archive_read"
    /// Ends the one that is made or read, whose reply is cancelled.
    case `archiveCancel` = "archive_cancel"
    /// On a new device: asks the account's other devices for the history.
    case `historyAsk` = "history_ask"
    /// Gives the history to another device of this account, which merges it.
    case `historySend` = "history_send"
    /// Makes a conversation of many, with this account as its owner. The named come in as their devices are reached.
    case `groupCreate` = "group_create"
    /// Takes contacts in.
    case `groupInvite` = "group_invite"
    /// Puts members out.
    case `groupRemove` = "group_remove"
    /// The history stays. The owner hands over first, or dissolves.
    case `groupLeave` = "group_leave"
    /// Makes somebody admin, member again, or owner. By the owner.
    case `groupRole` = "group_role"
    /// Who is muted may read and not write.
    case `groupMute` = "group_mute"
    /// Sets what a group is; what is not given stays as it is. By admins.
    case `groupSet` = "group_set"
    /// A discussion becomes a group, and does not end. By its owner.
    case `groupPromote` = "group_promote"
    /// Nobody says anything there any more. By the owner.
    case `groupDissolve` = "group_dissolve"
    /// Everything about a group.
    case `groupAbout` = "group_about"
    /// What lets others in, as a text to be passed on.
    case `groupLink` = "group_link"
    /// Asks to be let in by a link. A `group` event with joined follows, or group_refused.
    case `groupJoin` = "group_join"
    /// Says yes or no to who asks to be let in.
    case `groupAnswer` = "group_answer"
    /// Who has a message of this account, and which way it went there.
    case `deliveries` = "deliveries"
    /// What the operator of the relay has said, newest first. The newest 256 are kept.
    case `notices` = "notices"
    /// Up to this one they are read, on all devices of the account.
    case `noticesRead` = "notices_read"
    /// Calls an account: it rings at all its devices. In a group: begins its call, or joins the one that goes on; call_member tells who is in. call_state, then call_ended tell how it goes.
    case `call` = "call"
    /// Takes a call that rings here, or joins the open one of a group.
    case `answer` = "answer"
    /// Refuses a call that rings here, for all devices of the account; of a group: stops its ringing.
    case `reject` = "reject"
    /// Ends, cancels or refuses a call, whatever it does; of a group: leaves it.
    case `hangup` = "hangup"
    /// How this device takes part; what is not given stays as it is, and one of the four is given. The other side hears of it.
    case `callMedia` = "call_media"
    /// How a call goes.
    case `callStats` = "call_stats"
    /// Calls that are not over.
    case `calls` = "calls"
    /// Microphones, loudspeakers and cameras of this machine; the first of a kind is taken without a name.
    case `callDevices` = "call_devices"
    /// Tells the operator of the relay about somebody, a group or messages: it is for their eyes, not end-to-end encrypted, and what is said of messages is this user's word.
    case `report` = "report"
    /// What is in a department of the organisation's directory, or who is found in it. It is the relay's word: whom to look for, not who somebody is.
    case `directory` = "directory"
    /// How this client stands.
    case `status` = "status"
    /// Addresses or routes changed: looks at every path again, without waiting.
    case `networkChanged` = "network_changed"
    /// Which paths content may take.
    case `setPolicy` = "set_policy"
    /// For tests: drops every datagram of direct paths on this device, as a firewall would.
    case `fault` = "fault"
}

/// The names of events. Skip those that are not here.
public enum EventName: String, Sendable {
    /// A message came in; it is in the history. Shown again after a crash until the event after it was asked for.
    case `message` = "message"
    /// A message of ours moved on.
    case `messageState` = "message_state"
    /// A message stands otherwise than before. Told once: who was not running looks into the history.
    case `messageChanged` = "message_changed"
    /// Somebody has read everything up to a message; the own name: on another device.
    case `read` = "read"
    /// What stood in a conversation's history up to and including a message has left it, here or by another device of this account.
    case `conversationCleared` = "conversation_cleared"
    /// Somebody writes, or has stopped.
    case `typing` = "typing"
    /// What is shared about a conversation is another: settings, draft, timer.
    case `conversation` = "conversation"
    /// A watched list changes: apply the steps in order.
    case `view` = "view"
    /// A contact came or went.
    case `presence` = "presence"
    /// Somebody asks to become a contact: contact_accept or contact_remove.
    case `contactRequest` = "contact_request"
    /// They said yes, or another device of ours did.
    case `contactAccepted` = "contact_accepted"
    /// The contact has ended.
    case `contactRemoved` = "contact_removed"
    /// See SecurityKind. Told once for each cause; show also kinds that you do not know.
    case `security` = "security"
    /// This device, which showed a code, is now one of this account's.
    case `linked` = "linked"
    /// To the relay, also again after every interruption.
    case `connected` = "connected"
    /// It comes back by itself.
    case `disconnected` = "disconnected"
    /// From the relay, at login: there is a newer client.
    case `update` = "update"
    /// The best path to a contact changed.
    case `path` = "path"
    /// The relay does not know this device any more: revoked or lost (device_revoked: log in), or the account is gone (not_registered: register). The history stays.
    case `loggedOut` = "logged_out"
    /// More of a file has come, or comes from somebody else now. Twice a second at most.
    case `fileProgress` = "file_progress"
    /// A file that was asked for is whole.
    case `fileDone` = "file_done"
    /// A file that was asked for is not going to come.
    case `fileFailed` = "file_failed"
    /// An archive is made or read. Once a megabyte.
    case `archiveProgress` = "archive_progress"
    /// Another device of this account asks for the history: history_send.
    case `historyWanted` = "history_wanted"
    /// It has it.
    case `historyTaken` = "history_taken"
    /// What history_send on that device gave is merged here.
    case `historyReceived` = "history_received"
    /// A group stands otherwise than before, by what `by` did.
    case `group` = "group"
    /// Somebody asks to be let in: group_answer.
    case `groupAsked` = "group_asked"
    /// This account, which had asked, was not let in.
    case `groupRefused` = "group_refused"
    /// The operator of the relay says something. Told once: who was not running finds it by notices.
    case `noticeReceived` = "notice_received"
    /// It was taken back.
    case `noticeWithdrawn` = "notice_withdrawn"
    /// They were read up to there, on another device.
    case `noticesRead` = "notices_read"
    /// Somebody calls: answer or reject. After ringing for a while it ends by itself.
    case `callIncoming` = "call_incoming"
    /// A call is in another state.
    case `callState` = "call_state"
    /// The other device takes part otherwise than before.
    case `callMedia` = "call_media"
    /// Somebody is in the call of a group, or is not any more, or takes part otherwise.
    case `callMember` = "call_member"
    /// A call is over, or never came to be.
    case `callEnded` = "call_ended"
    /// How a call goes, every 5 seconds while it is active; in a group for each other device.
    case `callQuality` = "call_quality"
    /// The user should know: the disk is full, damaged rows, the last write before a power failure was cut off.
    case `warning` = "warning"
}
