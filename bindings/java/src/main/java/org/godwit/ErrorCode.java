// SPDX-License-Identifier: Apache-2.0
// Made by tools/schema.py from schema/: change it there.
package org.godwit;

/** What a failure asks of the caller. Append-only: a code that this version does not know is {@link #INTERNAL}. */
public enum ErrorCode {
    /** It worked. */
    OK(0, "ok"),
    /** A field is missing, malformed or out of range: correct the one that `detail` names. */
    INVALID_ARGUMENT(1, "invalid_argument"),
    /** Shorten the content; `detail` gives the limit. */
    MESSAGE_TOO_LARGE(2, "message_too_large"),
    /** No request of this name: look it up in the reference. */
    UNKNOWN_REQUEST(3, "unknown_request"),
    /** No account on this device yet: register or log in first. */
    NOT_REGISTERED(4, "not_registered"),
    /** This home already holds an account: log out, or use another home. */
    ALREADY_REGISTERED(5, "already_registered"),
    /** This build or this peer cannot do it. */
    UNSUPPORTED(6, "unsupported"),
    /** User unknown or password wrong, deliberately not told apart: ask again. */
    WRONG_CREDENTIALS(20, "wrong_credentials"),
    /** Another account has this name: choose another. */
    NAME_TAKEN(21, "name_taken"),
    /** Messages go to accepted contacts only: send a contact request first. */
    NOT_A_CONTACT(22, "not_a_contact"),
    /** The relay knows no such account: check the spelling. */
    NO_SUCH_USER(23, "no_such_user"),
    /** The user has blocked this contact, or is blocked: unblock first. */
    BLOCKED(24, "blocked"),
    /** The relay proved another key than its address pins: check the address; do not go on. */
    RELAY_KEY_MISMATCH(25, "relay_key_mismatch"),
    /** The relay demands a newer client: update. */
    UPDATE_REQUIRED(26, "update_required"),
    /** A contact's account key is not the known one: compare the safety number, then `verify`, or `contact_accept` to go on without. */
    ACCOUNT_KEY_CHANGED(27, "account_key_changed"),
    /** This device was logged out elsewhere: log in again. */
    DEVICE_REVOKED(28, "device_revoked"),
    /** Nobody here knows such a file (any more): ask its sender for it anew. */
    NO_SUCH_FILE(29, "no_such_file"),
    /** The rules of the group, or your role in it, do not allow that: ask an admin. */
    NOT_ALLOWED(30, "not_allowed"),
    /** No connection to the relay now: it comes back by itself; repeat the request then. */
    NOT_CONNECTED(40, "not_connected"),
    /** Too many tries: wait `retry` milliseconds. */
    RATE_LIMITED(41, "rate_limited"),
    /** A bound is reached: wait or delete; `detail` names it. */
    QUOTA_EXCEEDED(42, "quota_exceeded"),
    /** No answer in time: repeat; what was asked for may have been done already, and asking again does it once. */
    TIMED_OUT(43, "timed_out"),
    /** The queue of this client is full: take events, then repeat. */
    BUSY(44, "busy"),
    /** The relay cannot serve now (starting, draining, its disk is full): wait. */
    RELAY_UNAVAILABLE(45, "relay_unavailable"),
    /** Somebody else changed it first: look again, then repeat. */
    CONFLICT(46, "conflict"),
    /** The local disk refused (full, read-only, I/O error): make room; nothing accepted was lost. */
    STORAGE_FAILED(60, "storage_failed"),
    /** Stored bytes fail authentication: repair (`godwit repair`, `godwit_repair`), or restore a backup. */
    STORAGE_CORRUPT(61, "storage_corrupt"),
    /** The store key or passphrase does not open this store; the file is untouched. */
    WRONG_KEY(62, "wrong_key"),
    /** Another client has this home open: close it. */
    STORAGE_IN_USE(63, "storage_in_use"),
    /** Written by a newer godwit: update; the file is untouched. */
    STORAGE_TOO_NEW(64, "storage_too_new"),
    /** The deadline of the message passed without delivery. */
    EXPIRED(65, "expired"),
    /** The client closed, or the user withdrew the request. */
    CANCELLED(66, "cancelled"),
    /** The port is taken: stop the other program or choose another port. */
    ADDRESS_IN_USE(67, "address_in_use"),
    /** Bytes do not decode; `detail` names what. */
    MALFORMED(80, "malformed"),
    /** A signature, tag or identity does not verify. */
    AUTHENTICATION_FAILED(81, "authentication_failed"),
    /** No common protocol version. */
    PROTOCOL_MISMATCH(82, "protocol_mismatch"),
    /** A bug in godwit: report it with `detail`. */
    INTERNAL(99, "internal");

    /** Of the C ABI. */
    public final int number;
    /** In JSON. */
    public final String code;

    ErrorCode(int number, String code) {
        this.number = number;
        this.code = code;
    }

    static ErrorCode of(String code) {
        for (ErrorCode one : values()) if (one.code.equals(code)) return one;
        return INTERNAL;
    }

    static ErrorCode of(int number) {
        for (ErrorCode one : values()) if (one.number == number) return one;
        return INTERNAL;
    }
}
