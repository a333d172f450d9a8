// SPDX-License-Identifier: Apache-2.0
// Result and Error: how godwit says "the world said no".
//
// Three kinds of trouble, three answers:
//   our bug              -> GODWIT_ASSERT (lib/base/check.hpp), never on data from outside
//   the world said no    -> Result<T>: a value, or an Error whose code says what the caller does now
//   a later failure      -> an Event that carries the id of the request it answers
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace godwit {

/// Stable, append-only error codes. The number is the ABI, the name (see `error_name`) is the JSON face.
/// The comment beside each says what the caller does now.
enum class ErrorCode : std::uint16_t {
    ok = 0,

    // Fix the code or the input.
    invalid_argument = 1,   ///< A field is missing, malformed or out of range: correct it; `detail` names it.
    message_too_large = 2,  ///< Shorten the content; `detail` gives the limit in bytes.
    unknown_request = 3,    ///< No request of this name: see docs/cli.md.
    not_registered = 4,     ///< No account on this device yet: register or log in first.
    already_registered = 5, ///< This home already holds an account: log out, or use another home.
    unsupported = 6,        ///< This build or this peer cannot do it.

    // Ask the user.
    wrong_credentials = 20,   ///< User unknown or password wrong (deliberately not told apart): ask again.
    name_taken = 21,          ///< Another account has this name: choose another.
    not_a_contact = 22,       ///< Messages go to accepted contacts only: send a contact request first.
    no_such_user = 23,        ///< The relay knows no such account: check the spelling.
    blocked = 24,             ///< The user has blocked this contact, or is blocked: unblock first.
    relay_key_mismatch = 25,  ///< The relay proved another key than the address pins: check the address; do not go on.
    update_required = 26,     ///< The relay demands a newer client: update.
    account_key_changed = 27, ///< A contact's account key is not the pinned one: compare, then decide.
    device_revoked = 28,      ///< This device was logged out elsewhere: log in again.
    no_such_file = 29,        ///< Nobody here knows such a file (any more): ask its sender for it anew.
    not_allowed = 30,         ///< The rules of the group, or your role in it, do not allow that: ask an admin.

    // Try later; `retry_after_ms` says when.
    not_connected = 40,     ///< No relay connection now: it comes back by itself; repeat the request then.
    rate_limited = 41,      ///< Too many tries: wait retry_after_ms.
    quota_exceeded = 42,    ///< A bound is reached (mailbox, queue, contacts): wait or delete; `detail` names it.
    timed_out = 43,         ///< No answer in time: repeat; the request is idempotent unless its docs say otherwise.
    busy = 44,              ///< The mailbox of this client is full: drain events, then repeat.
    relay_unavailable = 45, ///< The relay cannot serve now (starting, draining, its disk is full): wait.
    conflict = 46,          ///< Somebody else changed it first: take their change, then repeat.

    // Give up, or repair outside.
    storage_failed = 60, ///< The local disk refused (full, read-only, I/O error): make room; nothing accepted was lost.
    storage_corrupt = 61, ///< Stored bytes fail authentication: restore a backup, or `godwit repair` (rescue.hpp).
    wrong_key = 62,       ///< The store key or passphrase does not open this store; the file is untouched.
    storage_in_use = 63,  ///< Another process has this home open: close it.
    storage_too_new = 64, ///< Written by a newer godwit: update; the file is untouched.
    expired = 65,         ///< The deadline of the message passed without delivery.
    cancelled = 66,       ///< The client closed or the user withdrew the request.
    address_in_use = 67,  ///< The port is taken: stop the other program or choose another port.

    // A peer or relay sent nonsense (inside wire and seal: counted and dropped).
    malformed = 80,             ///< Bytes do not decode; `detail` names what.
    authentication_failed = 81, ///< A signature, tag or identity does not verify.
    protocol_mismatch = 82,     ///< No common protocol version.

    internal = 99, ///< A bug in godwit: report it with `detail`.
};

/// The stable lower-case name of a code, e.g. "wrong_credentials"; "internal" for numbers not known here.
[[nodiscard]] constexpr std::string_view error_name(ErrorCode code) noexcept
{
    switch (code) {
    case ErrorCode::ok: return "ok";
    case ErrorCode::invalid_argument: return "invalid_argument";
    case ErrorCode::message_too_large: return "message_too_large";
    case ErrorCode::unknown_request: return "unknown_request";
    case ErrorCode::not_registered: return "not_registered";
    case ErrorCode::already_registered: return "already_registered";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::wrong_credentials: return "wrong_credentials";
    case ErrorCode::name_taken: return "name_taken";
    case ErrorCode::not_a_contact: return "not_a_contact";
    case ErrorCode::no_such_user: return "no_such_user";
    case ErrorCode::blocked: return "blocked";
    case ErrorCode::relay_key_mismatch: return "relay_key_mismatch";
    case ErrorCode::update_required: return "update_required";
    case ErrorCode::account_key_changed: return "account_key_changed";
    case ErrorCode::device_revoked: return "device_revoked";
    case ErrorCode::no_such_file: return "no_such_file";
    case ErrorCode::not_allowed: return "not_allowed";
    case ErrorCode::not_connected: return "not_connected";
    case ErrorCode::rate_limited: return "rate_limited";
    case ErrorCode::quota_exceeded: return "quota_exceeded";
    case ErrorCode::timed_out: return "timed_out";
    case ErrorCode::busy: return "busy";
    case ErrorCode::relay_unavailable: return "relay_unavailable";
    case ErrorCode::conflict: return "conflict";
    case ErrorCode::storage_failed: return "storage_failed";
    case ErrorCode::storage_corrupt: return "storage_corrupt";
    case ErrorCode::wrong_key: return "wrong_key";
    case ErrorCode::storage_in_use: return "storage_in_use";
    case ErrorCode::storage_too_new: return "storage_too_new";
    case ErrorCode::expired: return "expired";
    case ErrorCode::cancelled: return "cancelled";
    case ErrorCode::address_in_use: return "address_in_use";
    case ErrorCode::malformed: return "malformed";
    case ErrorCode::authentication_failed: return "authentication_failed";
    case ErrorCode::protocol_mismatch: return "protocol_mismatch";
    case ErrorCode::internal: return "internal";
    }
    return "internal";
}

/// Why something failed, in words good enough to show.
struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string detail;               ///< One English sentence: what happened, and what to do.
    std::uint64_t retry_after_ms = 0; ///< 0: do not retry unchanged.
};

/// A value, or the Error that stood in its way.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }

    /// Precondition: ok().
    [[nodiscard]] T& value() & { return *std::get_if<0>(&state_); }
    [[nodiscard]] const T& value() const& { return *std::get_if<0>(&state_); }
    [[nodiscard]] T&& value() && { return std::move(*std::get_if<0>(&state_)); }
    [[nodiscard]] T& operator*() & { return value(); }
    [[nodiscard]] const T& operator*() const& { return value(); }
    [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
    [[nodiscard]] T* operator->() { return &value(); }
    [[nodiscard]] const T* operator->() const { return &value(); }

    /// Precondition: !ok().
    [[nodiscard]] const Error& error() const& { return *std::get_if<1>(&state_); }
    [[nodiscard]] Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    [[nodiscard]] bool ok() const noexcept { return !error_.has_value(); }
    explicit operator bool() const noexcept { return ok(); }
    [[nodiscard]] const Error& error() const& { return *error_; }
    [[nodiscard]] Error&& error() && { return std::move(*error_); }

private:
    std::optional<Error> error_;
};

} // namespace godwit
