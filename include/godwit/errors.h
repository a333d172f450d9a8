/* SPDX-License-Identifier: Apache-2.0
 *
 * Made by tools/schema.py from schema/: change it there.
 *
 * Error codes: stable and append-only. What each asks of the caller stands beside it. */
#ifndef GODWIT_ERRORS_H
#define GODWIT_ERRORS_H

/* clang-format off */
enum godwit_error {
    /* Fix the code or the input. */
    GODWIT_ERROR_OK = 0, /* It worked. */
    GODWIT_ERROR_INVALID_ARGUMENT = 1, /* A field is missing, malformed or out of range: correct the one that detail names. */
    GODWIT_ERROR_MESSAGE_TOO_LARGE = 2, /* Shorten the content; detail gives the limit. */
    GODWIT_ERROR_UNKNOWN_REQUEST = 3, /* No request of this name: look it up in the reference. */
    GODWIT_ERROR_NOT_REGISTERED = 4, /* No account on this device yet: register or log in first. */
    GODWIT_ERROR_ALREADY_REGISTERED = 5, /* This home already holds an account: log out, or use another home. */
    GODWIT_ERROR_UNSUPPORTED = 6, /* This build or this peer cannot do it. */
    /* Ask the user. */
    GODWIT_ERROR_WRONG_CREDENTIALS = 20, /* User unknown or password wrong, deliberately not told apart: ask again. */
    GODWIT_ERROR_NAME_TAKEN = 21, /* Another account has this name: choose another. */
    GODWIT_ERROR_NOT_A_CONTACT = 22, /* Messages go to accepted contacts only: send a contact request first. */
    GODWIT_ERROR_NO_SUCH_USER = 23, /* The relay knows no such account: check the spelling. */
    GODWIT_ERROR_BLOCKED = 24, /* The user has blocked this contact, or is blocked: unblock first. */
    GODWIT_ERROR_RELAY_KEY_MISMATCH = 25, /* The relay proved another key than its address pins: check the address; do not go on. */
    GODWIT_ERROR_UPDATE_REQUIRED = 26, /* The relay demands a newer client: update. */
    GODWIT_ERROR_ACCOUNT_KEY_CHANGED = 27, /* A contact's account key is not the known one: compare the safety number, then verify, or contact_accept to go on without. */
    GODWIT_ERROR_DEVICE_REVOKED = 28, /* This device was logged out elsewhere: log in again. */
    GODWIT_ERROR_NO_SUCH_FILE = 29, /* Nobody here knows such a file (any more): ask its sender for it anew. */
    GODWIT_ERROR_NOT_ALLOWED = 30, /* The rules of the group, or your role in it, do not allow that: ask an admin. */
    /* Try later; `retry` says when. */
    GODWIT_ERROR_NOT_CONNECTED = 40, /* No connection to the relay now: it comes back by itself; repeat the request then. */
    GODWIT_ERROR_RATE_LIMITED = 41, /* Too many tries: wait retry milliseconds. */
    GODWIT_ERROR_QUOTA_EXCEEDED = 42, /* A bound is reached: wait or delete; detail names it. */
    GODWIT_ERROR_TIMED_OUT = 43, /* No answer in time: repeat; what was asked for may have been done already, and asking again does it once. */
    GODWIT_ERROR_BUSY = 44, /* The queue of this client is full: take events, then repeat. */
    GODWIT_ERROR_RELAY_UNAVAILABLE = 45, /* The relay cannot serve now (starting, draining, its disk is full): wait. */
    GODWIT_ERROR_CONFLICT = 46, /* Somebody else changed it first: look again, then repeat. */
    /* Give up, or repair outside. */
    GODWIT_ERROR_STORAGE_FAILED = 60, /* The local disk refused (full, read-only, I/O error): make room; nothing accepted was lost. */
    GODWIT_ERROR_STORAGE_CORRUPT = 61, /* Stored bytes fail authentication: repair (godwit repair, godwit_repair), or restore a backup. */
    GODWIT_ERROR_WRONG_KEY = 62, /* The store key or passphrase does not open this store; the file is untouched. */
    GODWIT_ERROR_STORAGE_IN_USE = 63, /* Another client has this home open: close it. */
    GODWIT_ERROR_STORAGE_TOO_NEW = 64, /* Written by a newer godwit: update; the file is untouched. */
    GODWIT_ERROR_EXPIRED = 65, /* The deadline of the message passed without delivery. */
    GODWIT_ERROR_CANCELLED = 66, /* The client closed, or the user withdrew the request. */
    GODWIT_ERROR_ADDRESS_IN_USE = 67, /* The port is taken: stop the other program or choose another port. */
    /* A peer or relay sent nonsense. */
    GODWIT_ERROR_MALFORMED = 80, /* Bytes do not decode; detail names what. */
    GODWIT_ERROR_AUTHENTICATION_FAILED = 81, /* A signature, tag or identity does not verify. */
    GODWIT_ERROR_PROTOCOL_MISMATCH = 82, /* No common protocol version. */
    /* Our bug. */
    GODWIT_ERROR_INTERNAL = 99, /* A bug in godwit: report it with detail. */
};
/* clang-format on */

#endif
