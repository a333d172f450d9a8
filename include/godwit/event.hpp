// SPDX-License-Identifier: Apache-2.0
// What a client tells its application, on one ordered queue. Events that carry durable facts come after their commit.
#pragma once

#include <godwit/message.hpp>
#include <godwit/result.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace godwit {

enum class ContactState : std::uint8_t {
    requested = 1, ///< We asked; they have not answered.
    incoming = 2,  ///< They asked; contact_accept or contact_remove answers.
    accepted = 3,
    blocked = 4, ///< By us.
};

[[nodiscard]] constexpr std::string_view contact_state_name(ContactState state) noexcept
{
    switch (state) {
    case ContactState::requested: return "requested";
    case ContactState::incoming: return "incoming";
    case ContactState::accepted: return "accepted";
    case ContactState::blocked: return "blocked";
    }
    return "requested";
}

struct Contact {
    std::string user;
    ContactState state = ContactState::requested;
    bool online = false; ///< False while we are not connected ourselves.
    std::uint32_t device_count = 0;
    Path path = Path::none;   ///< Best live path to any of their devices now.
    std::string path_reason;  ///< Why that one.
    PublicKey account_key;    ///< Pinned at first sight; zero until known.
    bool key_changed = false; ///< The relay now shows another key: sending is stopped until removed and added again.
};

enum class RelayTransport : std::uint8_t { none = 0, quic = 1, tls = 2 };

struct StatusReport {
    std::string user;  ///< Empty: not registered.
    std::string relay; ///< Address as given.
    DeviceId device;
    bool connected = false;
    RelayTransport over = RelayTransport::none;
    std::string connection_detail; ///< Why not connected, or the address the relay sees.
    PathPolicy policy = PathPolicy::direct_first;
    std::uint64_t outbox_messages = 0;      ///< Accepted, not yet delivered or failed.
    std::uint64_t content_bytes_direct = 0; ///< Sealed content sent since open, per path.
    std::uint64_t content_bytes_turned = 0;
    std::uint64_t content_bytes_mailbox = 0;
    std::uint64_t frames_rejected = 0; ///< Nonsense dropped since open.
    std::string client_version;
};

namespace event {

/// The answer to one request.
struct Reply {
    RequestId id = 0;
    Error error{ErrorCode::ok, {}, 0}; ///< code ok: it worked.
    std::variant<std::monostate, MessageId, std::vector<Contact>, std::vector<Message>, StatusReport> value;
};

/// A message came in; it is in the history. Repeated after a restart until the application took the next event.
struct MessageReceived {
    Message message;
};

/// An outgoing message moved on. Also for messages sent by this account's other devices (state accepted).
struct MessageStateChanged {
    MessageId id;
    std::string with;
    MessageState state = MessageState::accepted;
    Path path = Path::none;
    std::string reason; ///< Why this path; or the error name when failed.
    /// Since accepted, on this device's monotonic clock; 0 when accepted before this run.
    std::uint64_t elapsed_us = 0;
};

struct Presence {
    std::string user;
    bool online = false;
};
struct ContactRequest {
    std::string user;
};
struct ContactAccepted {
    std::string user;
};
struct ContactRemoved {
    std::string user;
};
/// The relay shows another account key for this contact than the one pinned. Nothing is sent until the user decides.
struct AccountKeyChanged {
    std::string user;
    PublicKey pinned;
    PublicKey shown;
};

struct Connected {
    std::string relay;
    RelayTransport over = RelayTransport::none;
};
struct Disconnected {
    Error reason;
    std::uint64_t retry_in_ms = 0;
};
/// From the relay's configuration, at each login.
struct Update {
    bool required = false;
    std::string version;
};
/// The best path to a contact changed.
struct PathChanged {
    std::string user;
    Path path = Path::none;
    std::string reason;
};
/// The relay withdrew this device's session: logged out elsewhere, or the account is gone.
struct LoggedOut {
    Error reason;
};
/// Something the user should know: local disk full, damaged rows, clock far off.
struct Warning {
    Error what;
};

using Any =
    std::variant<Reply, MessageReceived, MessageStateChanged, Presence, ContactRequest, ContactAccepted, ContactRemoved,
                 AccountKeyChanged, Connected, Disconnected, Update, PathChanged, LoggedOut, Warning>;

} // namespace event

using Event = event::Any;

} // namespace godwit
