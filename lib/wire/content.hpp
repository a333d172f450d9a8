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

#include <godwit/ids.hpp>
#include <godwit/message.hpp>
#include <godwit/result.hpp>

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"

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
/// Values (array headers included) in one encoding; the largest frame (Roster) needs 1,500. Bounds what decoding
/// allocates besides the bytes themselves: 24 bytes a value.
inline constexpr std::size_t values_max = 4096;

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

namespace content {

/// A text in a 1:1 conversation. `to` names the conversation from the sender's side, so that the sender's own other
/// devices file it.
struct Text {
    static constexpr std::uint8_t wire_kind = 1;
    std::string to;                 ///< The recipient account's user name.
    std::int64_t hlc_ms = 0;        ///< Hybrid logical clock: max(own wall clock, every parent's + 1).
    WallMs sent_ms = 0;             ///< Sender's wall clock, for display.
    std::vector<MessageId> parents; ///< Heads of the conversation as the sender saw it; causal order waits for them.
    std::string text;
};

/// "These are durable here." Through the mailbox it is sealed like any content; on a link it is a frame (frames.hpp).
struct Receipt {
    static constexpr std::uint8_t wire_kind = 2;
    std::vector<MessageId> ids;
};

/// "These came, and this device has no keys for them": the sender seals them anew, under the same ids.
struct Unopened {
    static constexpr std::uint8_t wire_kind = 3;
    std::vector<MessageId> ids;
};

/// Kinds that this version does not know: kept, never lost (issue of later versions to show them).
struct Unknown {
    std::uint32_t kind = 0;
    Bytes raw; ///< The whole encoding, canonical.
};

using Any = std::variant<Text, Receipt, Unopened, Unknown>;

} // namespace content

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
[[nodiscard]] Bytes encode(const IceSignal& signal);
[[nodiscard]] Result<IceSignal> decode_ice_signal(BytesView bytes);

} // namespace godwit::wire
