// SPDX-License-Identifier: Apache-2.0
// Made by tools/schema.py from schema/: change it there.
#pragma once

namespace godwit::assembly {

struct ErrorText {
    int number;
    const char* name;
    const char* what_to_do;
};

// clang-format off
inline constexpr ErrorText error_texts[] = {
    {0, "ok", "It worked."},
    {1, "invalid_argument", "A field is missing, malformed or out of range: correct the one that detail names."},
    {2, "message_too_large", "Shorten the content; detail gives the limit."},
    {3, "unknown_request", "No request of this name: look it up in the reference."},
    {4, "not_registered", "No account on this device yet: register or log in first."},
    {5, "already_registered", "This home already holds an account: log out, or use another home."},
    {6, "unsupported", "This build or this peer cannot do it."},
    {20, "wrong_credentials", "User unknown or password wrong, deliberately not told apart: ask again."},
    {21, "name_taken", "Another account has this name: choose another."},
    {22, "not_a_contact", "Messages go to accepted contacts only: send a contact request first."},
    {23, "no_such_user", "The relay knows no such account: check the spelling."},
    {24, "blocked", "The user has blocked this contact, or is blocked: unblock first."},
    {25, "relay_key_mismatch", "The relay proved another key than its address pins: check the address; do not go on."},
    {26, "update_required", "The relay demands a newer client: update."},
    {27, "account_key_changed", "A contact's account key is not the known one: compare the safety number, then verify, or contact_accept to go on without."},
    {28, "device_revoked", "This device was logged out elsewhere: log in again."},
    {29, "no_such_file", "Nobody here knows such a file (any more): ask its sender for it anew."},
    {30, "not_allowed", "The rules of the group, or your role in it, do not allow that: ask an admin."},
    {40, "not_connected", "No connection to the relay now: it comes back by itself; repeat the request then."},
    {41, "rate_limited", "Too many tries: wait retry milliseconds."},
    {42, "quota_exceeded", "A bound is reached: wait or delete; detail names it."},
    {43, "timed_out", "No answer in time: repeat; what was asked for may have been done already, and asking again does it once."},
    {44, "busy", "The queue of this client is full: take events, then repeat."},
    {45, "relay_unavailable", "The relay cannot serve now (starting, draining, its disk is full): wait."},
    {46, "conflict", "Somebody else changed it first: look again, then repeat."},
    {60, "storage_failed", "The local disk refused (full, read-only, I/O error): make room; nothing accepted was lost."},
    {61, "storage_corrupt", "Stored bytes fail authentication: repair (godwit repair, godwit_repair), or restore a backup."},
    {62, "wrong_key", "The store key or passphrase does not open this store; the file is untouched."},
    {63, "storage_in_use", "Another client has this home open: close it."},
    {64, "storage_too_new", "Written by a newer godwit: update; the file is untouched."},
    {65, "expired", "The deadline of the message passed without delivery."},
    {66, "cancelled", "The client closed, or the user withdrew the request."},
    {67, "address_in_use", "The port is taken: stop the other program or choose another port."},
    {80, "malformed", "Bytes do not decode; detail names what."},
    {81, "authentication_failed", "A signature, tag or identity does not verify."},
    {82, "protocol_mismatch", "No common protocol version."},
    {99, "internal", "A bug in godwit: report it with detail."},
};
// clang-format on

/// Of a number that is not there: internal, the last.
[[nodiscard]] constexpr const ErrorText& error_text(int number) noexcept
{
    for (const auto& one : error_texts)
        if (one.number == number) return one;
    return error_texts[sizeof error_texts / sizeof error_texts[0] - 1];
}

} // namespace godwit::assembly
