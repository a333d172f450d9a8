// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/seal_watch.hpp"

#include "tests/sim/broken.hpp"
#include "tests/sim/trace_hash.hpp"

namespace godwit::testing {

/// lib/seal, version 1: the ephemeral X25519 key follows two bytes of head; content key and nonce come from it.
std::optional<Bytes> fresh_part(BytesView sealed)
{
    constexpr std::size_t at = 2;
    constexpr std::size_t bytes = 32;
    if (sealed.size() < at + bytes || sealed[0] != 1) return std::nullopt;
    return to_bytes(sealed.subspan(at, bytes));
}

void SealWatch::no_plaintext(BytesView frame, const std::string& from)
{
    demand(as_text(frame).find(plain_marker) == std::string_view::npos, "plaintext on a link, from " + from);
}

void SealWatch::envelope(const std::string& from, const wire::Envelope& envelope)
{
    TraceHash hash;
    hash.note(Instant{}, "", 0, envelope.sealed);
    const Print print{envelope.sealed.size(), hash.value()};
    const auto [known, is_new] = seen_.try_emplace({from, envelope.id}, print);
    demand(known->second == print, "sealed twice: one message id of " + from + " travels as two ciphertexts");
    if (!is_new) return;
    if (const auto fresh = fresh_part(envelope.sealed))
        demand(fresh_.try_emplace(*fresh, print).first->second == print,
               "sealed alike: two ciphertexts of " + from + " use one key");
}

void SealWatch::peer_frame(const std::string& from, BytesView frame)
{
    no_plaintext(frame, from);
    const auto decoded = wire::decode_peer_frame(frame);
    demand(decoded.ok(), from + " sends a device a frame that does not decode");
    if (const auto* deliver = std::get_if<wire::peer::Deliver>(&*decoded)) envelope(from, deliver->envelope);
}

void SealWatch::frame_to_relay(const std::string& from, BytesView frame)
{
    no_plaintext(frame, from);
    const auto decoded = wire::decode_client_frame(frame);
    demand(decoded.ok(), from + " sends the relay a frame that does not decode");
    if (const auto* request = std::get_if<wire::relay::Request>(&*decoded))
        if (const auto* put = std::get_if<wire::relay::MailboxPut>(&request->body)) envelope(from, put->envelope);
}

} // namespace godwit::testing
