// SPDX-License-Identifier: Apache-2.0
// Frames: the units on a link. Peer links carry the first few, relay links the rest; each side names the type it may
// receive, so a peer that sends relay frames is speaking nonsense.
//
// A session with the relay (the link is already authenticated: the device by its Ed25519 key, the relay by its pinned
// key):
//
//   device                                       relay
//   Hello                        ->
//                                <-  Welcome (versions, limits, what address I see you at)
//   Request{register | login+add_device | link_wait+add_device | resume} ->
//                                <-  Response{ok}, Roster pages, Presence of contacts, stored MailboxDeliver,
//                                    MailboxEmpty
//   MailboxPut, Signal, GroupCommit, contact requests … ->  (each Request has one Response)
//   MailboxAck (after its own commit)      ->  the relay deletes
//   NoticeAck (likewise)                   ->  the relay goes on
//                                <-  MailboxDeliver, Signal, RosterChange, Presence, GroupChanged, NoticeDeliver: at
//                                any
//                                    time; Goodbye before the relay ends it
//   Ping                         <->  Pong
#pragma once

#include <godwit/directory.hpp>
#include <godwit/group.hpp>
#include <godwit/report.hpp>

#include "lib/wire/content.hpp"

namespace godwit::wire {

inline constexpr std::uint32_t protocol_version = 1;
inline constexpr std::size_t envelope_bytes_max = 256 * 1024;
inline constexpr std::size_t recipients_max = 128; ///< Devices one MailboxPut may name.
inline constexpr std::size_t vault_bytes_max = 512;
inline constexpr std::size_t roster_page_max = 64; ///< Entries in one Roster frame.
inline constexpr std::size_t mailbox_acks_max = 512;
inline constexpr std::size_t turn_servers_max = 8;
inline constexpr std::size_t signal_bytes_max = 16 * 1024;
inline constexpr std::size_t detail_bytes_max = 512;
inline constexpr std::size_t platform_bytes_max = 64;
/// The key of an application: 1 to so many of A-Z a-z 0-9 - _.
inline constexpr std::size_t app_key_length_max = 64;
/// A DNS name (RFC 1035 section 2.3.4) or an address.
inline constexpr std::size_t host_bytes_max = 255;
/// [host]:port
inline constexpr std::size_t address_text_bytes_max = 264;
/// RFC 8489 section 14.3: USERNAME is shorter than 509 bytes.
inline constexpr std::size_t turn_credential_bytes_max = 508;
/// KeyPackages of one publication, and of one device at the relay.
inline constexpr std::size_t key_packages_max = 64;
inline constexpr std::size_t key_package_bytes_max = 2048;
/// One GroupCommit with its Welcome and GroupInfo fits a frame. A tree that does not fit its GroupInfo, of more than
/// about 200 devices, lies beside it (GroupTreePut). A commit is longer than any message may be: in a tree that nobody
/// has committed in yet it has a ciphertext of 82 bytes for each leaf (RFC 9420 section 7.6), 328 KiB of 4,096; beside
/// them the policy of 2,000 accounts (152 KiB), 40 KiB of KeyPackages, and device lists.
inline constexpr std::size_t commit_bytes_max = 576 * 1024;
/// Of an envelope with whatever may be in it: commits are the longest.
inline constexpr std::size_t handshake_bytes_max = commit_bytes_max;
static_assert(envelope_bytes_max <= handshake_bytes_max);
inline constexpr std::size_t welcome_bytes_max = 176 * 1024;
inline constexpr std::size_t group_info_bytes_max = 176 * 1024;
inline constexpr std::size_t group_tree_piece_bytes_max = 256 * 1024;
inline constexpr std::size_t group_tree_pieces_max = 16;
/// A group's secret, sealed for one account (lib/seal/group_secret.hpp).
inline constexpr std::size_t group_secret_bytes_max = 128;
inline constexpr std::size_t group_join_bytes_max = 1024;
inline constexpr std::size_t group_joins_page_max = 16; ///< Entries in one GroupJoins.
inline constexpr std::size_t link_grant_bytes_max = 16 * 1024;
/// Title, text and link of a notice (notice.hpp) at their longest, and what stands around them.
inline constexpr std::size_t notice_bytes_max = 6 * 1024;
/// Longest frame, without the link's length prefix: a GroupCommit of 2,000 accounts whose parts are all at their
/// bounds, with a new secret for each of them.
inline constexpr std::size_t frame_bytes_max = 1344 * 1024;

/// Pieces of files (lib/transfer/tree.hpp) in one frame about them.
inline constexpr std::size_t piece_ranges_max = 256;
inline constexpr std::size_t piece_bytes_max = 64 * 1024;
/// A piece as a relay keeps it: with the tag of its seal.
inline constexpr std::size_t blob_piece_bytes_max = piece_bytes_max + 16;
/// Chunks of the longest file and their leaves.
inline constexpr std::uint32_t pieces_max = 65'536 + 32;

struct PieceRange {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    friend bool operator==(const PieceRange&, const PieceRange&) = default;
};
/// A file's pieces at a relay; a keyed hash, so that it cannot be guessed.
using BlobId = FixedBytes<32, struct BlobIdTag>;

/// The bytes of a ratchet tree at a relay: BLAKE2b-256 of them.
using TreeId = FixedBytes<32, struct TreeIdTag>;

/// One sealed message on its way (message -> envelope). `sealed` binds `id`.
struct Envelope {
    MessageId id;
    Bytes sealed; ///< lib/seal; 1..envelope_bytes_max, of a commit 1..commit_bytes_max.
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
    bool quiet = false; ///< As in content::Receipt.
};
/// Delivered envelopes that this device has no keys for: the sender seals them anew, under the same ids.
struct Unopened {
    static constexpr std::uint8_t wire_kind = 44;
    std::vector<MessageId> ids;
};
/// Where the sender of this frame stands in a conversation's group. Two devices in one epoch with different
/// authenticators have been shown different commits.
struct GroupHead {
    static constexpr std::uint8_t wire_kind = 45;
    ConversationId conversation;
    std::uint64_t incarnation = 0;
    std::uint64_t epoch = 0;
    FixedBytes<16, struct EpochAuthenticatorTag> authenticator; ///< Hash of MLS's epoch_authenticator.
};
struct Ping {
    static constexpr std::uint8_t wire_kind = 42;
    std::uint64_t token = 0;
};
struct Pong {
    static constexpr std::uint8_t wire_kind = 43;
    std::uint64_t token = 0;
};
using EpochAuthenticator = FixedBytes<16, EpochAuthenticatorTag>;

// Files: who wants one asks for its pieces. Only who was sent a reference to it gets an answer other than FileGone.
/// What do you have of this file?
struct FileQuery {
    static constexpr std::uint8_t wire_kind = 54;
    FileId file;
};
/// Answers FileQuery; and, unasked, what has come since, to those who have asked.
struct FileHave {
    static constexpr std::uint8_t wire_kind = 55;
    FileId file;
    std::uint64_t size_bytes = 0;
    std::vector<PieceRange> pieces;
};
/// Send me these. Each comes as a FilePiece, in any order; what is too much at once does not come.
struct FileWant {
    static constexpr std::uint8_t wire_kind = 56;
    FileId file;
    std::vector<PieceRange> pieces;
};
struct FilePiece {
    static constexpr std::uint8_t wire_kind = 57;
    FileId file;
    std::uint32_t piece = 0;
    Bytes bytes;
};
/// Not here, or not for you.
struct FileGone {
    static constexpr std::uint8_t wire_kind = 58;
    FileId file;
};
using AnyFrame =
    std::variant<Deliver, Receipt, Unopened, GroupHead, Ping, Pong, FileQuery, FileHave, FileWant, FilePiece, FileGone>;
/// Copied, moved and destroyed in frames.cpp.
struct Frame : AnyFrame {
    using AnyFrame::AnyFrame;
    using AnyFrame::operator=;
    Frame() noexcept;
    Frame(const Frame& other);
    Frame(Frame&& other) noexcept;
    Frame& operator=(const Frame& other);
    Frame& operator=(Frame&& other) noexcept;
    ~Frame();
};
} // namespace peer

[[nodiscard]] Bytes encode(const peer::Frame& frame);
[[nodiscard]] Result<peer::Frame> decode_peer_frame(BytesView bytes);

// ---- relay links ----

enum class RosterState : std::uint8_t { none = 0, requested = 1, incoming = 2, accepted = 3, blocked = 4 };

/// One contact as the relay keeps it. `device_list` only in state accepted (incoming and requested carry none).
struct RosterEntry {
    std::string user;
    RosterState state = RosterState::none; ///< none: the contact is gone.
    PublicKey account_key;        ///< Zero in states requested and blocked: nothing about people who have not agreed.
    Bytes device_list;            ///< Encoded DeviceList; empty: none.
    std::vector<DeviceId> online; ///< Their devices that are connected now.
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
    std::string app{}; ///< The key of the application whose account registers or logs in; empty: the default one.
};

// requests: each Request{id, body} is answered by one Response{id}
struct RegisterAccount {
    static constexpr std::uint8_t wire_kind = 64;
    std::string user;
    FixedBytes<32, struct LoginSecretTag> login_secret; ///< Argon2id of the password; the relay stores a hash of it.
    PublicKey account_key;
    Bytes vault;       ///< The account's secret key under a key that only the password gives; opaque to the relay.
    Bytes certificate; ///< This device's, signed by account_key; device = the key of this link.
    Bytes device_list; ///< Version 1, with this device alone.
};
/// First half of a login on a new device: answers LoginOk with the vault.
struct Login {
    static constexpr std::uint8_t wire_kind = 65;
    std::string user;
    FixedBytes<32, LoginSecretTag> login_secret;
};
/// Second half of a login, or of a device link: this device, on a device list signed by the account key. Errors:
/// conflict (the list is not the next version: fetch again by Login), device_revoked (not listed, and neither Login nor
/// a LinkGrant has opened this link).
struct AddDevice {
    static constexpr std::uint8_t wire_kind = 66;
    std::string user;
    Bytes certificate; ///< This device's; device = the key of this link.
    Bytes device_list; ///< The next version, with this device and nobody else new.
};
/// A known device comes back; the key of the link says which.
struct Resume {
    static constexpr std::uint8_t wire_kind = 67;
};
/// Removes this device from its account. Errors: conflict.
struct Logout {
    static constexpr std::uint8_t wire_kind = 68;
    Bytes device_list; ///< The next version, without this device; of the last device: the current one, which stays.
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

/// What others need to add this device to groups while it is away (RFC 9420 section 10; RFC 9750 section 5.1). The last
/// resort is handed out, and kept, when no other is left. Answered by KeyPackageStock.
struct KeyPackagePublish {
    static constexpr std::uint8_t wire_kind = 112;
    std::vector<Bytes> packages; ///< Encoded MLSMessage with a KeyPackage; each is handed out once.
    Bytes last_resort;           ///< Replaces the former; empty: keep that.
};
/// One KeyPackage for each of these devices of `user` (a contact or this account). Answered by KeyPackages.
struct KeyPackageFetch {
    static constexpr std::uint8_t wire_kind = 113;
    std::string user;
    std::vector<DeviceId> devices;
};

/// An account that a commit takes into a group.
struct GroupNewcomer {
    std::string user;
    Bytes secret; ///< The group's, sealed for that account: kept for its devices, whenever they come.
};
/// A Commit, for the relay as Delivery Service (RFC 9750 section 5.2): it accepts one for each epoch, in order. The
/// conversation must be the one of this account and `with` (conversation_of), and all devices theirs; or a group, of
/// which this account is a member, or which it creates. Who is new in a group must be a contact of this account on both
/// sides, or have asked to join. The same envelope id again is answered as the first time. Errors: conflict (another
/// commit came first; the body is GroupState), not_allowed (no member), not_a_contact (somebody who is new).
struct GroupCommit {
    static constexpr std::uint8_t wire_kind = 114;
    std::string with; ///< Own name: the conversation of the account's own devices. Empty: a group.
    ConversationId conversation;
    std::uint64_t incarnation = 0;    ///< Which group of the conversation; one more than the current one creates.
    std::uint64_t epoch = 0;          ///< The one that the commit starts from; 0 creates.
    std::vector<DeviceId> recipients; ///< Members before the commit, without the committer. Empty when creating, and of
                                      ///< a group: all devices of its accounts.
    Envelope envelope;                ///< MLSMessage with the Commit.
    std::vector<DeviceId> newcomers;  ///< Devices that the commit adds.
    Bytes welcome;                    ///< MLSMessage with the Welcome; empty: no newcomers.
    Bytes group_info;                 ///< MLSMessage with the GroupInfo of the new epoch, for external commits.
    std::vector<std::string> members{};  ///< Of a group: all accounts after the commit; the own one, unless it leaves.
    std::vector<GroupNewcomer> joined{}; ///< Those of them that are new, or have a new secret.
    TreeId tree{};                       ///< Zero: in the GroupInfo; else all its pieces are here already.
};
/// The group of a conversation as the relay has it. Answered by GroupState with `group_info`. `with` as in GroupCommit;
/// of a group only to its members.
struct GroupFetch {
    static constexpr std::uint8_t wire_kind = 115;
    std::string with;
    ConversationId conversation;
};
/// A member could not accept the newest commit: the relay opens its epoch again, and tells the members (GroupChanged).
/// Error: conflict, with the GroupState in the answer: it is not the newest, or the member came there by another
/// commit.
struct GroupReject {
    static constexpr std::uint8_t wire_kind = 116;
    std::string with;
    ConversationId conversation;
    std::uint64_t incarnation = 0;
    std::uint64_t epoch = 0;  ///< The one that the commit started from.
    MessageId commit;         ///< Its envelope's id.
    std::uint32_t reason = 0; ///< mls::MlsError, for the operator's eyes.
    MessageId after;          ///< Envelope id of the commit by which the member entered `epoch`; zero: by a Welcome.
};
/// A device list with fewer devices: those that are missing are revoked, and their connections end. Errors: conflict.
struct DevicesPut {
    static constexpr std::uint8_t wire_kind = 117;
    Bytes device_list;
};

/// A new device waits to be linked by one that it shows a code to: LinkGranted comes within link_wait_max or the
/// connection ends. In the place of Login.
struct LinkWait {
    static constexpr std::uint8_t wire_kind = 118;
};
/// To a device that waits. `sealed` (lib/seal) is for it alone. Errors: not_connected (nobody waits under this key).
struct LinkGrant {
    static constexpr std::uint8_t wire_kind = 119;
    DeviceId device;
    Bytes sealed;
};

/// One piece of a file for devices that are not there now (lib/transfer/blob.hpp). Answered after COMMIT; the same
/// piece again is answered as the first time. Errors: conflict (somebody else keeps a blob of this name here, or it has
/// another number of pieces), quota_exceeded.
struct BlobPut {
    static constexpr std::uint8_t wire_kind = 104;
    BlobId blob;
    std::uint32_t pieces = 0; ///< Of the whole blob.
    std::uint32_t piece = 0;
    Bytes sealed;
};
/// Answered by BlobState. Error: no_such_file.
struct BlobQuery {
    static constexpr std::uint8_t wire_kind = 105;
    BlobId blob;
};
/// Answered by BlobPiece. Error: no_such_file.
struct BlobGet {
    static constexpr std::uint8_t wire_kind = 106;
    BlobId blob;
    std::uint32_t piece = 0;
};

/// This account's blob of this name goes, what is there of it and what was put before; there may be none. Error:
/// conflict (it is somebody else's).
struct BlobDrop {
    static constexpr std::uint8_t wire_kind = 109;
    BlobId blob;
};

/// To all devices of the accounts in a group but this one, and but those that have it already; the ciphertext is kept
/// once. Answered by GroupPutOk after COMMIT. The same envelope id to the same device twice is stored once. Errors:
/// not_allowed (no member).
struct GroupPut {
    static constexpr std::uint8_t wire_kind = 77;
    ConversationId conversation;
    Envelope envelope;
    std::vector<DeviceId> except;
};
/// The accounts of a group that have changed since. Answered by GroupRoster. Error: not_allowed (no member).
struct GroupRosterFetch {
    static constexpr std::uint8_t wire_kind = 78;
    ConversationId conversation;
    std::uint64_t after = 0; ///< GroupRoster::version of the last answer; 0: all.
};
/// This account asks to be let into a group; again replaces what it said. Errors: no_such_user (no such group),
/// conflict (it is in), quota_exceeded.
struct GroupJoin {
    static constexpr std::uint8_t wire_kind = 79;
    ConversationId conversation;
    Bytes sealed; ///< lib/seal/group_secret.hpp, for who has the link's secret.
};
/// Who waits to be let in. Answered by GroupJoins. Error: not_allowed (no member).
struct GroupJoinsFetch {
    static constexpr std::uint8_t wire_kind = 120;
    ConversationId conversation;
};
/// They are not let in. Who is, is told by the commit. Error: conflict (`stale_link`, and the group is in another
/// epoch, whose link may be another).
struct GroupJoinRefuse {
    static constexpr std::uint8_t wire_kind = 121;
    /// Nobody said no: what they know is not the link of the group's epoch.
    struct StaleLink {
        std::uint64_t incarnation = 0;
        std::uint64_t epoch = 0;
        WallMs asked_ms = 0; ///< GroupJoins::Entry::asked_ms: they may have asked anew since.
    };
    ConversationId conversation;
    std::string user;
    std::optional<StaleLink> stale_link{};
};
/// One piece of the ratchet tree (RFC 9420 section 12.4.3.3) that the next GroupCommit names. Errors: not_allowed (no
/// member), invalid_argument (the last piece, and they are not the tree of this id).
struct GroupTreePut {
    static constexpr std::uint8_t wire_kind = 122;
    ConversationId conversation;
    TreeId tree;
    std::uint32_t pieces = 0; ///< Of the whole tree; 1…group_tree_pieces_max.
    std::uint32_t piece = 0;
    Bytes bytes;
};
/// The tree of an epoch. Answered by GroupTreePiece. Error: no_such_file (it is not kept any more, or never was).
struct GroupTreeGet {
    static constexpr std::uint8_t wire_kind = 123;
    ConversationId conversation;
    std::uint64_t incarnation = 0;
    std::uint64_t epoch = 0;
    std::uint32_t piece = 0;
};

/// About an account, a group, or messages. `text` and what the messages say is what this user chooses to show the
/// operator. Errors: invalid_argument (it is about nobody), no_such_user, quota_exceeded (too many are open),
/// rate_limited.
struct ReportFile {
    static constexpr std::uint8_t wire_kind = 124;
    struct Message {
        MessageId id;
        std::string from; ///< An account.
        WallMs sent_ms = 0;
        bool shown = false; ///< `text` is what it says, or its beginning.
        std::string text;
    };
    std::string user;            ///< Empty: about the conversation.
    ConversationId conversation; ///< Zero: none in particular.
    ReportReason reason = ReportReason::other;
    std::string text;
    std::vector<Message> messages;
};
/// A department of the directory, or who is found in it. Answered by DirectoryPage. Errors: no_such_file (no such
/// department), not_allowed.
struct DirectoryFetch {
    static constexpr std::uint8_t wire_kind = 125;
    std::uint64_t department = 0;
    std::string find;  ///< Not empty: in all of them, whose user or full name begins so.
    std::string after; ///< Users after this one.
};

using AnyRequestBody =
    std::variant<RegisterAccount, Login, AddDevice, Resume, Logout, ContactAdd, ContactAccept, ContactRemove,
                 ContactBlock, ContactUnblock, MailboxPut, Signal, FetchSession, KeyPackagePublish, KeyPackageFetch,
                 GroupCommit, GroupFetch, GroupReject, DevicesPut, LinkWait, LinkGrant, BlobPut, BlobQuery, BlobGet,
                 BlobDrop, GroupPut, GroupRosterFetch, GroupJoin, GroupJoinsFetch, GroupJoinRefuse, GroupTreePut,
                 GroupTreeGet, ReportFile, DirectoryFetch>;
/// Copied, moved and destroyed in frames.cpp.
struct RequestBody : AnyRequestBody {
    using AnyRequestBody::AnyRequestBody;
    using AnyRequestBody::operator=;
    RequestBody() noexcept;
    RequestBody(const RequestBody& other);
    RequestBody(RequestBody&& other) noexcept;
    RequestBody& operator=(const RequestBody& other);
    RequestBody& operator=(RequestBody&& other) noexcept;
    ~RequestBody();
};
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

/// All notices that were delivered on this link, up to this one, are durable here. No answer.
struct NoticeAck {
    static constexpr std::uint8_t wire_kind = 53;
    std::uint64_t sequence = 0;
};

struct Ping {
    static constexpr std::uint8_t wire_kind = 51;
    std::uint64_t token = 0;
};
struct Pong {
    static constexpr std::uint8_t wire_kind = 52;
    std::uint64_t token = 0;
};

using AnyClientFrame = std::variant<Hello, Request, MailboxAck, NoticeAck, Ping, Pong>;
/// Copied, moved and destroyed in frames.cpp.
struct ClientFrame : AnyClientFrame {
    using AnyClientFrame::AnyClientFrame;
    using AnyClientFrame::operator=;
    ClientFrame() noexcept;
    ClientFrame(const ClientFrame& other);
    ClientFrame(ClientFrame&& other) noexcept;
    ClientFrame& operator=(const ClientFrame& other);
    ClientFrame& operator=(ClientFrame&& other) noexcept;
    ~ClientFrame();
};

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
    Bytes device_list;   ///< The current one.
    bool vacant = false; ///< Its last device has logged out: none of them is left, and the next list may lack them all.
};
/// This device is logged in. Roster pages follow.
struct Session {
    static constexpr std::uint8_t wire_kind = 98;
    std::string user;
    std::vector<TurnServer> turn_servers;
    std::string stun_host; ///< Empty: the relay's own address and port.
    std::uint16_t stun_port = 0;
    std::uint32_t key_packages = 0; ///< Of this device, at the relay, without the last resort.
    bool last_resort = false;       ///< The relay has one.
};
/// One code per recipient of a MailboxPut, in its order: ok, quota_exceeded, not_a_contact, device_revoked, …
struct MailboxPutOk {
    static constexpr std::uint8_t wire_kind = 99;
    std::vector<ErrorCode> results;
};

struct KeyPackageStock {
    static constexpr std::uint8_t wire_kind = 100;
    std::uint32_t key_packages = 0;
};
struct KeyPackages {
    static constexpr std::uint8_t wire_kind = 101;
    struct One {
        DeviceId device;
        Bytes package;
    };
    std::vector<One> packages; ///< Devices that are gone, or have none, are missing.
};
struct GroupState {
    static constexpr std::uint8_t wire_kind = 102;
    std::uint64_t incarnation = 0; ///< 0: there never was a group.
    std::uint64_t epoch = 0;       ///< The next commit must start from it; 0: the group is to be created anew.
    MessageId commit;              ///< Envelope id of the commit that led here.
    Bytes group_info;              ///< In the answer to GroupFetch; empty otherwise.
    std::uint32_t tree_pieces = 0; ///< Of its tree, by GroupTreeGet; 0: it is in the GroupInfo.
};
/// Devices whose mailbox had no room; more than recipients_max are not named.
struct GroupPutOk {
    static constexpr std::uint8_t wire_kind = 103;
    std::uint32_t stored = 0; ///< Devices that have it waiting now.
    std::vector<DeviceId> refused;
};
struct GroupRoster {
    static constexpr std::uint8_t wire_kind = 110;
    struct Entry {
        std::string user;
        bool member = true; ///< False: not any more; nothing else is said of it.
        PublicKey account_key;
        Bytes device_list; ///< Encoded DeviceList.
        Bytes secret;      ///< Of the own account only: the group's, sealed for it; empty: none is here.
    };
    std::uint64_t version = 0; ///< Up to here.
    std::vector<Entry> entries;
    bool more = false; ///< Ask again, after `version`.
};
struct GroupJoins {
    static constexpr std::uint8_t wire_kind = 111;
    struct Entry {
        std::string user;
        PublicKey account_key;
        Bytes device_list;
        Bytes sealed;
        WallMs asked_ms = 0;
    };
    std::vector<Entry> entries; ///< The oldest.
};
struct GroupTreePiece {
    static constexpr std::uint8_t wire_kind = 128;
    std::uint32_t pieces = 0;
    Bytes bytes;
};

/// As godwit::DirectoryPage (directory.hpp).
struct DirectoryPage {
    static constexpr std::uint8_t wire_kind = 129;
    std::vector<Department> departments;
    std::vector<DirectoryEntry> members;
    bool more = false;
};

struct BlobState {
    static constexpr std::uint8_t wire_kind = 107;
    std::uint32_t pieces = 0; ///< Of the whole blob.
    std::vector<PieceRange> stored;
    WallMs expires_ms = 0;
    bool own = false; ///< Put by this account.
};
struct BlobPiece {
    static constexpr std::uint8_t wire_kind = 108;
    Bytes sealed;
};

/// wire_kind of std::monostate in a Response: nothing to say but the error code.
inline constexpr std::uint8_t no_body_wire_kind = 96;
using AnyResponseBody =
    std::variant<std::monostate, LoginOk, Session, MailboxPutOk, KeyPackageStock, KeyPackages, GroupState, BlobState,
                 BlobPiece, GroupPutOk, GroupRoster, GroupJoins, GroupTreePiece, DirectoryPage>;
/// Copied, moved and destroyed in frames.cpp.
struct ResponseBody : AnyResponseBody {
    using AnyResponseBody::AnyResponseBody;
    using AnyResponseBody::operator=;
    ResponseBody() noexcept;
    ResponseBody(const ResponseBody& other);
    ResponseBody(ResponseBody&& other) noexcept;
    ResponseBody& operator=(const ResponseBody& other);
    ResponseBody& operator=(ResponseBody&& other) noexcept;
    ~ResponseBody();
};
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
    Bytes own_device_list; ///< Of this account, on the last page; else empty.
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
    Bytes device_list;
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
struct Goodbye {
    static constexpr std::uint8_t wire_kind = 88;
    Error what;
};

/// Something the operator says to this account, or to all (notice.hpp). In the order of the sequence, a bounded window
/// ahead of the acknowledgements.
struct NoticeDeliver {
    static constexpr std::uint8_t wire_kind = 95;
    std::uint64_t sequence = 0; ///< Of the relay; what NoticeAck names.
    Bytes notice;               ///< Encoded OperatorNotice.
};

/// The relay has taken back a commit (GroupReject): this is where the group stands.
struct GroupChanged {
    static constexpr std::uint8_t wire_kind = 90;
    ConversationId conversation;
    std::uint64_t incarnation = 0;
    std::uint64_t epoch = 0;
    MessageId commit;
};
/// Of a group of this account: after login, one for each, and whenever it is another.
struct GroupNews {
    static constexpr std::uint8_t wire_kind = 92;
    ConversationId conversation;
    std::uint64_t roster = 0; ///< Newest GroupRoster::version.
    std::uint32_t joins = 0;  ///< Accounts that ask to be let in.
    bool member = true;       ///< False: this account is not in it any more, by a commit of a member.
};
/// This account asked to be let into a group, and was not.
struct GroupJoinRefused {
    static constexpr std::uint8_t wire_kind = 93;
    /// Why.
    static constexpr std::uint64_t refused = 0;
    static constexpr std::uint64_t stale_link = 1; ///< It may ask with another one at once.
    ConversationId conversation;
    std::uint64_t why = refused; ///< One of these, or of a later version.
};
/// Nothing waits in this device's mailbox, and all of it is acknowledged. Once after login, and whenever it has become
/// so again.
struct MailboxEmpty {
    static constexpr std::uint8_t wire_kind = 91;
};
/// What a device has granted that was shown this connection's code. AddDevice follows.
struct LinkGranted {
    static constexpr std::uint8_t wire_kind = 89;
    Bytes sealed;
};

using AnyServerFrame =
    std::variant<Welcome, Response, Roster, RosterChange, OwnDevices, Presence, MailboxDeliver, SignalPush, Goodbye,
                 NoticeDeliver, GroupChanged, MailboxEmpty, LinkGranted, GroupNews, GroupJoinRefused, Ping, Pong>;
/// Copied, moved and destroyed in frames.cpp.
struct ServerFrame : AnyServerFrame {
    using AnyServerFrame::AnyServerFrame;
    using AnyServerFrame::operator=;
    ServerFrame() noexcept;
    ServerFrame(const ServerFrame& other);
    ServerFrame(ServerFrame&& other) noexcept;
    ServerFrame& operator=(const ServerFrame& other);
    ServerFrame& operator=(ServerFrame&& other) noexcept;
    ~ServerFrame();
};

} // namespace relay

[[nodiscard]] Bytes encode(const relay::ClientFrame& frame);
[[nodiscard]] Bytes encode(const relay::ServerFrame& frame);
[[nodiscard]] Result<relay::ClientFrame> decode_client_frame(BytesView bytes);
[[nodiscard]] Result<relay::ServerFrame> decode_server_frame(BytesView bytes);

} // namespace godwit::wire
