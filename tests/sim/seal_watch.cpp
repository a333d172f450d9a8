// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/seal_watch.hpp"

#include "tests/sim/broken.hpp"

#include "lib/delivery/outbox.hpp"
#include "lib/mls/framing.hpp"

#include <algorithm>

namespace godwit::testing {

/// encrypted_sender_data of a PrivateMessage (RFC 9420 section 6.3.2): generation and reuse guard, under a key that the
/// ciphertext gives.
std::optional<Bytes> fresh_part(BytesView sealed)
{
    const auto message = mls::decode<mls::MLSMessage>(sealed);
    const auto* closed = message ? message->as<mls::PrivateMessage>() : nullptr;
    return closed == nullptr ? std::nullopt : std::optional(closed->encrypted_sender_data);
}

void SealWatch::no_plaintext(BytesView frame, const std::string& from)
{
    demand(as_text(frame).find(plain_marker) == std::string_view::npos, "plaintext on a link, from " + from);
}

void SealWatch::envelope(const std::string& from, port::Store& store, const wire::Envelope& envelope)
{
    const auto stored = store.envelope(envelope.id);
    demand(!stored || stored->sealed.empty() || stored->sealed == envelope.sealed,
           from + " sends a sealing that its store does not have");
    const auto print = print_of(envelope.sealed);
    auto& sealings = seen_[{from, envelope.id}];
    if (std::find(sealings.begin(), sealings.end(), print) != sealings.end()) return;
    sealings.push_back(print);
    demand(sealings.size() <= delivery::sealings_max, from + " seals one message again and again");
    if (const auto fresh = fresh_part(envelope.sealed))
        demand(fresh_.try_emplace(*fresh, print).first->second == print,
               "sealed alike: two ciphertexts of " + from + " share their sender data");
}

std::optional<wire::Envelope> SealWatch::peer_frame(const std::string& from, port::Store& store, BytesView frame)
{
    no_plaintext(frame, from);
    const auto decoded = wire::decode_peer_frame(frame);
    demand(decoded.ok(), from + " sends a device a frame that does not decode");
    const auto* deliver = std::get_if<wire::peer::Deliver>(&*decoded);
    if (deliver == nullptr) return std::nullopt;
    envelope(from, store, deliver->envelope);
    return deliver->envelope;
}

std::optional<wire::Envelope> SealWatch::frame_to_relay(const std::string& from, port::Store& store, BytesView frame)
{
    no_plaintext(frame, from);
    const auto decoded = wire::decode_client_frame(frame);
    demand(decoded.ok(), from + " sends the relay a frame that does not decode");
    demand(as_text(frame).find(file_marker) == std::string_view::npos, "plaintext of a file on a link, from " + from);
    const auto* request = std::get_if<wire::relay::Request>(&*decoded);
    if (request == nullptr) return std::nullopt;
    const wire::Envelope* out = nullptr;
    if (const auto* put = std::get_if<wire::relay::MailboxPut>(&request->body)) out = &put->envelope;
    if (const auto* put = std::get_if<wire::relay::GroupPut>(&request->body)) out = &put->envelope;
    if (out == nullptr) return std::nullopt;
    envelope(from, store, *out);
    return *out;
}

} // namespace godwit::testing
