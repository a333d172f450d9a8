// SPDX-License-Identifier: Apache-2.0
// Frames: the units on a link. Peer links carry four kinds, relay links the rest; each side names the type it may
// receive, so a peer that sends relay frames is speaking nonsense.
//
// A session with the relay (the link is already authenticated: the device by its Ed25519 key, the relay by its pinned
// key):
//
//   device                                       relay
//   Hello                        ->
//                                <-  Welcome (versions, limits, what address I see you at)
//   Request{register | login+add_device | resume} ->
//                                <-  Response{ok}, Roster pages, Presence of contacts, stored MailboxDeliver
//   MailboxPut, Signal, contact requests … ->  (each Request has one Response)
//   MailboxAck (after its own commit)      ->  the relay deletes
//                                <-  MailboxDeliver, Signal, RosterChange, Presence, Notice: pushed at any time
//   Ping                         <->  Pong
#pragma once

#include "lib/wire/content.hpp"

namespace godwit::wire {

inline constexpr std::uint32_t protocol_version = 1;
inline constexpr std::size_t envelope_bytes_max = 256 * 1024;
inline constexpr std::size_t recipients_max = 128; ///< Devices one MailboxPut may name.
inline constexpr std::size_t vault_bytes_max = 512;
inline constexpr std::size_t devices_per_account_max = 16;
inline constexpr std::size_t roster_page_max = 64; ///< Entries in one Roster frame.
inline constexpr std::size_t mailbox_acks_max = 512;
inline constexpr std::size_t turn_servers_max = 8;
inline constexpr std::size_t signal_bytes_max = 16 * 1024;
inline constexpr std::size_t detail_bytes_max = 512;
inline constexpr std::size_t platform_bytes_max = 64;
/// A DNS name (RFC 1035 section 2.3.4) or an address.
inline constexpr std::size_t host_bytes_max = 255;
/// [host]:port
inline constexpr std::size_t address_text_bytes_max = 264;
/// RFC 8489 section 14.3: USERNAME is shorter than 509 bytes.
inline constexpr std::size_t turn_credential_bytes_max = 508;
/// Longest frame, without the link's length prefix: the largest envelope for recipients_max devices, twice.
inline constexpr std::size_t frame_bytes_max = 512 * 1024;

/// One sealed message on its way (message -> envelope). `sealed` binds `id`.
struct Envelope {
    MessageId id;
    Bytes sealed; ///< lib/seal; 1..envelope_bytes_max.
};

// ---- peer links ----

namespace peer {
struct Deliver {
    static constexpr std::uint8_t wire_kind = 40;
    Envelope envelope;
};
/// Durable at the device that sends this frame. The link authenticates it.
struct Receipt {
    static constexpr std::uint8_t wire_kind = 41;
    std::vector<MessageId> ids;
};
struct Ping {
    static constexpr std::uint8_t wire_kind = 42;
    std::uint64_t token = 0;
};
struct Pong {
    static constexpr std::uint8_t wire_kind = 43;
    std::uint64_t token = 0;
};
using Frame = std::variant<Deliver, Receipt, Ping, Pong>;
} // namespace peer

[[nodiscard]] Bytes encode(const peer::Frame& frame);
[[nodiscard]] Result<peer::Frame> decode_peer_frame(BytesView bytes);

// ---- relay links ----

enum class RosterState : std::uint8_t { none = 0, requested = 1, incoming = 2, accepted = 3, blocked = 4 };

/// One contact as the relay keeps it. `certificates` only in state accepted (incoming and requested carry none).
struct RosterEntry {
    std::string user;
    RosterState state = RosterState::none; ///< none: the contact is gone.
    PublicKey account_key; ///< Zero in states requested and blocked: nothing about people who have not agreed.
    std::vector<Bytes> certificates; ///< Encoded DeviceCertificate, one a device.
    std::vector<DeviceId> online;    ///< Their devices that are connected now.
};

struct TurnServer {
    std::string host;
    std::uint16_t port = 3478;
    enum class Transport : std::uint8_t { udp = 0, tcp = 1 } transport = Transport::udp;
    std::string username; ///< Time-limited (REST) or static.
    std::string password;
    WallMs expires_ms = 0; ///< 0: never.
};

namespace relay {

// device -> relay, the first frame
struct Hello {
    static constexpr std::uint8_t wire_kind = 48;
    std::uint32_t protocol_min = protocol_version;
    std::uint32_t protocol_max = protocol_version;
    std::string client_version;
    std::string platform;
};

// requests: each Request{id, body} is answered by one Response{id}
struct RegisterAccount {
    static constexpr std::uint8_t wire_kind = 64;
    std::string user;
    FixedBytes<32, struct LoginSecretTag> login_secret; ///< Argon2id of the password; the relay stores a hash of it.
    PublicKey account_key;
    Bytes vault;       ///< The account's secret key under a key that only the password gives; opaque to the relay.
    Bytes certificate; ///< This device's, signed by account_key; device = the key of this link.
};
/// First half of a login on a new device: answers LoginOk with the vault.
struct Login {
    static constexpr std::uint8_t wire_kind = 65;
    std::string user;
    FixedBytes<32, LoginSecretTag> login_secret;
};
/// Second half: this device, certified by the account key out of the vault. Must follow Login on the same link.
struct AddDevice {
    static constexpr std::uint8_t wire_kind = 66;
    Bytes certificate;
};
/// A known device comes back; the key of the link says which.
struct Resume {
    static constexpr std::uint8_t wire_kind = 67;
};
/// Removes this device from its account.
struct Logout {
    static constexpr std::uint8_t wire_kind = 68;
};
struct ContactAdd {
    static constexpr std::uint8_t wire_kind = 69;
    std::string user;
};
struct ContactAccept {
    static constexpr std::uint8_t wire_kind = 70;
    std::string user;
};
struct ContactRemove {
    static constexpr std::uint8_t wire_kind = 71;
    std::string user;
};
struct ContactBlock {
    static constexpr std::uint8_t wire_kind = 72;
    std::string user;
};
struct ContactUnblock {
    static constexpr std::uint8_t wire_kind = 73;
    std::string user;
};
/// Answered after COMMIT. The same envelope id to the same device twice is stored once.
struct MailboxPut {
    static constexpr std::uint8_t wire_kind = 74;
    std::vector<DeviceId> recipients;
    Envelope envelope;
};
/// Forwarded to a connected device of an accepted contact (or of the own account), else error not_connected.
struct Signal {
    static constexpr std::uint8_t wire_kind = 75;
    DeviceId device;
    Bytes sealed; ///< lib/seal around an IceSignal.
};
/// Fresh TURN credentials; answered by Session.
struct FetchSession {
    static constexpr std::uint8_t wire_kind = 76;
};

using RequestBody = std::variant<RegisterAccount, Login, AddDevice, Resume, Logout, ContactAdd, ContactAccept,
                                 ContactRemove, ContactBlock, ContactUnblock, MailboxPut, Signal, FetchSession>;
struct Request {
    static constexpr std::uint8_t wire_kind = 49;
    std::uint64_t id = 0;
    RequestBody body;
};

/// The client has these durably (or knows them already): forget them. No answer; repeated when the relay delivers
/// again.
struct MailboxAck {
    static constexpr std::uint8_t wire_kind = 50;
    std::vector<std::uint64_t> sequences;
};

struct Ping {
    static constexpr std::uint8_t wire_kind = 51;
    std::uint64_t token = 0;
};
struct Pong {
    static constexpr std::uint8_t wire_kind = 52;
    std::uint64_t token = 0;
};

using ClientFrame = std::variant<Hello, Request, MailboxAck, Ping, Pong>;

// relay -> device
struct Welcome {
    static constexpr std::uint8_t wire_kind = 80;
    std::uint32_t protocol = protocol_version; ///< The one both speak.
    std::string relay_version;
    std::string observed_address; ///< host:port this link comes from, as the relay sees it.
    WallMs relay_ms = 0;
    bool update_required = false;           ///< Login will be refused with update_required.
    std::string update_version;             ///< Empty: none newer.
    std::uint32_t mailbox_messages_max = 0; ///< Per device.
    std::uint64_t mailbox_bytes_max = 0;
};

/// Why a request failed; success has code ok.
struct LoginOk {
    static constexpr std::uint8_t wire_kind = 97;
    PublicKey account_key;
    Bytes vault;
};
/// This device is logged in. Roster pages follow.
struct Session {
    static constexpr std::uint8_t wire_kind = 98;
    std::string user;
    std::vector<TurnServer> turn_servers;
    std::string stun_host; ///< Empty: the relay's own address and port.
    std::uint16_t stun_port = 0;
};
/// One code per recipient of a MailboxPut, in its order: ok, quota_exceeded, not_a_contact, device_revoked, …
struct MailboxPutOk {
    static constexpr std::uint8_t wire_kind = 99;
    std::vector<ErrorCode> results;
};

/// wire_kind of std::monostate in a Response: nothing to say but the error code.
inline constexpr std::uint8_t no_body_wire_kind = 96;
using ResponseBody = std::variant<std::monostate, LoginOk, Session, MailboxPutOk>;
struct Response {
    static constexpr std::uint8_t wire_kind = 81;
    std::uint64_t id = 0;
    Error error{ErrorCode::ok, {}, 0};
    ResponseBody body;
};

/// The contact list after login, in pages; `last` closes it (contacts missing from the pages are gone).
struct Roster {
    static constexpr std::uint8_t wire_kind = 82;
    std::vector<RosterEntry> entries;
    std::vector<Bytes> own_certificates; ///< Every device of this account, on the last page.
    bool last = true;
};
/// One contact as it is now (added, accepted, removed, new device, …); replaces what was known.
struct RosterChange {
    static constexpr std::uint8_t wire_kind = 83;
    RosterEntry entry;
};
/// The devices of the own account changed.
struct OwnDevices {
    static constexpr std::uint8_t wire_kind = 84;
    std::vector<Bytes> certificates;
};
struct Presence {
    static constexpr std::uint8_t wire_kind = 85;
    std::string user;
    std::vector<DeviceId> online; ///< Empty: offline. The own account too (other devices).
};
struct MailboxDeliver {
    static constexpr std::uint8_t wire_kind = 86;
    std::uint64_t sequence = 0; ///< Per device; what MailboxAck names.
    DeviceId from;
    WallMs stored_ms = 0;
    Envelope envelope;
};
struct SignalPush {
    static constexpr std::uint8_t wire_kind = 87;
    DeviceId from;
    Bytes sealed;
};
/// Why something is about to happen: replaced by a newer session, logged out, draining.
struct Notice {
    static constexpr std::uint8_t wire_kind = 88;
    Error what;
};

using ServerFrame = std::variant<Welcome, Response, Roster, RosterChange, OwnDevices, Presence, MailboxDeliver,
                                 SignalPush, Notice, Ping, Pong>;

} // namespace relay

[[nodiscard]] Bytes encode(const relay::ClientFrame& frame);
[[nodiscard]] Bytes encode(const relay::ServerFrame& frame);
[[nodiscard]] Result<relay::ClientFrame> decode_client_frame(BytesView bytes);
[[nodiscard]] Result<relay::ServerFrame> decode_server_frame(BytesView bytes);

} // namespace godwit::wire
