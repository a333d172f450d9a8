// SPDX-License-Identifier: Apache-2.0
// wire: frames, sealed content and certificates to bytes and back. Decoding is total: any bytes give a value or a
// `malformed` error, within limits, without allocation that the input did not pay for.
//
// Two layers travel:  content (this file; inside the seal, only devices read it)
//                     frames  (frames.hpp; on a link, the relay reads those meant for it)
// Encoding is msgpack in one canonical form (docs/protocol.md): what stands alone is an array [kind, field, …], a
// struct inside another one is [field, …]; fields in the declared order, integers shortest, byte strings as bin, text
// as str (UTF-8). Decoders accept longer arrays (newer minor versions add fields at the end) and refuse shorter ones,
// anything non-canonical, and trailing bytes. Kind numbers stand beside their structs as `wire_kind`; each number means
// one thing in the whole protocol.
//
// encode() writes what it is given (only an Error's detail is shortened): who fills a struct keeps its bounds, or the
// far side refuses it.
#pragma once

#include <godwit/content.hpp>
#include <godwit/ids.hpp>
#include <godwit/message.hpp>
#include <godwit/result.hpp>

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace godwit::wire {

/// Parents a message may name: more heads than this are merged by the next message anyway.
inline constexpr std::size_t parents_max = 16;
inline constexpr std::size_t device_name_bytes_max = 64;
inline constexpr std::size_t version_text_bytes_max = 32;
inline constexpr std::size_t receipt_ids_max = 512;
inline constexpr std::size_t candidates_per_signal_max = 20;
inline constexpr std::size_t candidate_bytes_max = 256;
/// ice-ufrag and ice-pwd: RFC 8839 section 5.4 ends both at 256 characters.
inline constexpr std::size_t ice_credential_bytes_max = 256;
inline constexpr std::size_t certificate_bytes_max = 512;
inline constexpr std::size_t devices_per_account_max = 16;
/// devices_per_account_max certificates of certificate_bytes_max, and what stands around them.
inline constexpr std::size_t device_list_bytes_max = 10 * 1024;
/// Content inside one seal: three times the longest text, so that kinds of later versions are kept too, and an envelope
/// still has room for what sealing adds.
inline constexpr std::size_t content_bytes_max = 192 * 1024;
inline constexpr std::size_t ice_signal_bytes_max = 8 * 1024;
/// Arrays inside arrays; the deepest frame (Roster) needs four.
inline constexpr std::size_t nesting_max = 8;
/// Values (array headers included) in one encoding; the largest frame (a GroupCommit that brings a new secret for each
/// of 2,000 accounts) needs 8,300. Bounds what decoding allocates besides the bytes themselves: 24 bytes a value.
inline constexpr std::size_t values_max = 8448;

/// What binds a device to an account, and the identity in the basic credential of its MLS leaf. Signed by the account
/// key over `certificate_context` ‖ encoding without the signature. The one struct that never grows: a field after the
/// signature would not be signed, so a longer array is refused.
struct DeviceCertificate {
    static constexpr std::uint8_t wire_kind = 32;
    std::string user;      ///< Without the relay: the account key is what counts.
    PublicKey account_key; ///< Ed25519.
    DeviceId device;       ///< Ed25519: key of the link, signature key of the MLS leaf.
    WallMs created_ms = 0;
    std::string device_name;
    FixedBytes<64, struct SignatureTag> signature;
};
using Signature = FixedBytes<64, SignatureTag>;
inline constexpr std::string_view certificate_context = "godwit device certificate 1";

/// The bytes the account key signs: `certificate_context`, then the encoding without its last field.
[[nodiscard]] Bytes certificate_signed_bytes(const DeviceCertificate& certificate);
[[nodiscard]] Bytes encode(const DeviceCertificate& certificate);
[[nodiscard]] Result<DeviceCertificate> decode_certificate(BytesView bytes);

/// All devices of an account, as the account says. Each change is a new list with the next version; who holds a list
/// refuses older ones. Signed by the account key over `device_list_context` ‖ encoding without the signature, and like
/// a certificate it never grows.
struct DeviceList {
    static constexpr std::uint8_t wire_kind = 34;
    std::string user;
    PublicKey account_key;
    std::uint64_t version = 0; ///< 1 at registration.
    WallMs created_ms = 0;
    std::vector<Bytes> certificates; ///< Encoded DeviceCertificate of every device; no device twice.
    Signature signature;
};
inline constexpr std::string_view device_list_context = "godwit device list 1";

[[nodiscard]] Bytes device_list_signed_bytes(const DeviceList& list);
[[nodiscard]] Bytes encode(const DeviceList& list);
/// Does not look into the certificates.
[[nodiscard]] Result<DeviceList> decode_device_list(BytesView bytes);

/// Longest encoded body: the largest is a bundle of forwarded posts, or an attachment's thumbnail beside its waveform.
inline constexpr std::size_t body_bytes_max = 112 * 1024;
inline constexpr std::size_t register_name_bytes_max = 160;
inline constexpr std::size_t register_value_bytes_max = 64 * 1024;
inline constexpr std::size_t opened_ids_max = 256;

/// What godwit::content has, to bytes and back (body.cpp). Kinds that this version does not know become Unknown, and go
/// back to the same bytes.
[[nodiscard]] Bytes encode(const godwit::content::Body& body);
[[nodiscard]] Result<godwit::content::Body> decode_body(BytesView bytes);

namespace content {

/// What a post is besides its text.
struct Extra {
    static constexpr std::uint8_t wire_kind = 36;
    Bytes body; ///< Encoded body; empty: a plain text. Opaque here, so that a post of any kind has a head.
    std::vector<godwit::content::Quote> reply; ///< At most one.
    godwit::content::Lifetime lifetime;
    bool forwarded = false; ///< It was written elsewhere.
    friend bool operator==(const Extra&, const Extra&) = default;
};

/// What an edit put in the place of a text.
struct Edition {
    static constexpr std::uint8_t wire_kind = 37;
    std::string text;
    std::vector<godwit::content::Mention> mentions;
    std::vector<godwit::content::Range> links;
};

/// Has a place in a conversation: something that is shown, or that acts on what is shown (docs/adr/0030-posts.md).
struct Post {
    static constexpr std::uint8_t wire_kind = 1;
    std::string to; ///< In a conversation of two the recipient account's user name, so that the sender's own other
                    ///< devices file it; empty in a group.
    std::int64_t hlc_ms = 0;        ///< Hybrid logical clock: max(own wall clock, every parent's + 1).
    WallMs sent_ms = 0;             ///< Sender's wall clock, for display.
    std::vector<MessageId> parents; ///< Heads of the conversation as the sender saw it; causal order waits for them.
    std::string text;               ///< Shown, searched; empty only beside a body that says more.
    Extra extra;
};

// What a mark says.
namespace mark {
/// The sender has read everything up to this place in the order of the conversation.
struct Read {
    static constexpr std::uint8_t wire_kind = 184;
    std::int64_t hlc_ms = 0;
    MessageId id;
    /// Except these: they came to the reader after they had read so far. At most read_late_max.
    std::vector<MessageId> late{};
};
inline constexpr std::size_t read_late_max = 64;
/// What burns after reading was read; a voice message was played.
struct Opened {
    static constexpr std::uint8_t wire_kind = 185;
    std::vector<MessageId> ids;
};
/// A live location moved.
struct Moved {
    static constexpr std::uint8_t wire_kind = 186;
    MessageId target;
    std::int64_t latitude_e7 = 0;
    std::int64_t longitude_e7 = 0;
    std::uint32_t accuracy_m = 0;
    bool last = false; ///< It does not move any more.
};
// Between the devices of one account, in its own conversation:
/// "Give me the history."
struct HistoryWanted {
    static constexpr std::uint8_t wire_kind = 187;
};
/// "Here it is": an archive (docs/archive.md) as a file, and what opens it.
struct HistoryOffer {
    static constexpr std::uint8_t wire_kind = 188;
    godwit::content::FileRef file;
    Bytes key; ///< history_key_bytes.
};
/// "I have it": nobody else needs it.
struct HistoryTaken {
    static constexpr std::uint8_t wire_kind = 189;
    MessageId offer;
};
inline constexpr std::size_t history_key_bytes = 32;
} // namespace mark

/// Says something about posts that are there already. Nobody waits for it, and it waits for nothing.
struct Mark {
    static constexpr std::uint8_t wire_kind = 4;
    std::string to; ///< As in Post.
    std::int64_t hlc_ms = 0;
    std::variant<mark::Read, mark::Opened, mark::Moved, mark::HistoryWanted, mark::HistoryOffer, mark::HistoryTaken>
        what;
};

/// One value of what the devices of an account share, in the conversation of the account with itself. Of two writes the
/// later clock stands, and of equal clocks the larger bytes.
struct Register {
    static constexpr std::uint8_t wire_kind = 5;
    std::int64_t hlc_ms = 0;
    std::string name; ///< "conversation/<hex>/mute", "contact/<user>/remark", …
    Bytes value;      ///< Empty: not set any more.
};

/// "These are durable here." Through the mailbox it is sealed like any content; on a link it is a frame (frames.hpp).
struct Receipt {
    static constexpr std::uint8_t wire_kind = 2;
    std::vector<MessageId> ids;
    /// This account tells nobody what has reached it: the sender need not keep them, and shows them as sent.
    bool quiet = false;
};

/// "These came, and this device has no keys for them": the sender seals them anew, under the same ids.
struct Unopened {
    static constexpr std::uint8_t wire_kind = 3;
    std::vector<MessageId> ids;
};

/// Kinds that this version does not know: kept, never lost (later versions may show them).
struct Unknown {
    std::uint32_t kind = 0;
    Bytes raw; ///< The whole encoding, canonical.
};

using Any = std::variant<Post, Receipt, Unopened, Mark, Register, Unknown>;

} // namespace content

/// For the history; what a plain text has is empty.
[[nodiscard]] Bytes encode(const content::Extra& extra);
[[nodiscard]] Result<content::Extra> decode_extra(BytesView bytes);
[[nodiscard]] Bytes encode(const content::Edition& edition);
[[nodiscard]] Result<content::Edition> decode_edition(BytesView bytes);
[[nodiscard]] Bytes encode(const godwit::content::Lifetime& lifetime);
[[nodiscard]] Result<godwit::content::Lifetime> decode_lifetime(BytesView bytes);
/// wire_kind of an encoded body, without looking at the rest of it; 0: not one.
[[nodiscard]] std::uint32_t body_kind(BytesView body);

[[nodiscard]] Bytes encode(const content::Any& content);
[[nodiscard]] Result<content::Any> decode_content(BytesView bytes);

/// ICE signalling between two devices; sealed, forwarded by the relay, never stored.
struct IceSignal {
    static constexpr std::uint8_t wire_kind = 33;
    enum class Kind : std::uint8_t { offer = 1, answer = 2, candidates = 3, end = 4 };
    Kind kind = Kind::offer;
    std::uint64_t session = 0; ///< Chosen at random by the offerer; every later signal of the session repeats it.
    std::string ufrag;         ///< RFC 8839 ice-ufrag; offer and answer.
    std::string pwd;           ///< RFC 8839 ice-pwd; offer and answer.
    std::vector<std::string> candidates; ///< RFC 8839 candidate-attribute values, trickled.
    bool last_candidate = false;         ///< RFC 8838 end-of-candidates.
};
/// Somebody is writing to us, or has stopped. A signal like IceSignal: sealed, forwarded, never stored.
struct TypingSignal {
    static constexpr std::uint8_t wire_kind = 35;
    bool on = true;
    /// Of many accounts: which. None: that of the two whose devices these are.
    std::optional<ConversationId> conversation{};
};
/// To a device that has posted this file, from one of the conversation that finds no path to anybody who has it, and it
/// at the relay under no key: let it be left there. A signal like IceSignal.
struct FileSoughtSignal {
    static constexpr std::uint8_t wire_kind = 59;
    FileId file;
};
using Signal = std::variant<IceSignal, TypingSignal, FileSoughtSignal>;
[[nodiscard]] Bytes encode(const Signal& signal);
[[nodiscard]] Result<Signal> decode_signal(BytesView bytes);
[[nodiscard]] Bytes encode(const IceSignal& signal);
[[nodiscard]] Result<IceSignal> decode_ice_signal(BytesView bytes);

} // namespace godwit::wire
