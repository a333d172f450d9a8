// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/content.hpp"

#include "lib/wire/codec.hpp"

namespace godwit::wire {

template <class C>
void fields(C& c, Of<C, content::Text>& v)
{
    c.text(v.to, user_name_length_max);
    c.wall(v.hlc_ms);
    c.wall(v.sent_ms);
    c.list(v.parents, parents_max, fixed_item);
    c.text(v.text, text_bytes_max);
}

template <class C>
void fields(C& c, Of<C, content::Receipt>& v)
{
    c.list(v.ids, receipt_ids_max, fixed_item);
}

template <class C>
void fields(C& c, Of<C, IceSignal>& v)
{
    c.enumeration(v.kind, IceSignal::Kind::offer, IceSignal::Kind::end);
    c.number(v.session);
    c.text(v.ufrag, ice_credential_bytes_max);
    c.text(v.pwd, ice_credential_bytes_max);
    c.list(v.candidates, candidates_per_signal_max,
           [](auto& codec, auto& one) { codec.text(one, candidate_bytes_max); });
    c.flag(v.last_candidate);
}

namespace {

template <class C>
void signed_fields(C& c, Of<C, DeviceCertificate>& v)
{
    c.text(v.user, user_name_length_max);
    c.fixed(v.account_key);
    c.fixed(v.device);
    c.fixed(v.sealing_key);
    c.wall(v.created_ms);
    c.text(v.device_name, device_name_bytes_max);
}

} // namespace

template <class C>
void fields(C& c, Of<C, DeviceCertificate>& v)
{
    signed_fields(c, v);
    c.fixed(v.signature);
}

Bytes certificate_signed_bytes(const DeviceCertificate& certificate)
{
    FieldCount counter;
    signed_fields(counter, certificate);
    Encoder encoder;
    encoder.open_array(1 + counter.count);
    encoder.number(DeviceCertificate::wire_kind);
    signed_fields(encoder, certificate);
    const auto encoded = encoder.take();
    Bytes out;
    out.reserve(certificate_context.size() + encoded.size());
    append(out, as_bytes(certificate_context));
    append(out, encoded);
    return out;
}

Bytes encode(const DeviceCertificate& certificate)
{
    return encode_alone(certificate);
}

Result<DeviceCertificate> decode_certificate(BytesView bytes)
{
    auto out = decode_alone<DeviceCertificate>(bytes, certificate_bytes_max);
    if (!out.ok()) return out;
    // One certificate has one encoding: what follows the signature would not be signed.
    const auto again = encode(*out);
    if (again.size() != bytes.size()) return Error{ErrorCode::malformed, "a field follows the signature", 0};
    return out;
}

Bytes encode(const content::Any& content)
{
    if (const auto* const unknown = std::get_if<content::Unknown>(&content)) return unknown->raw;
    if (const auto* const text = std::get_if<content::Text>(&content)) return encode_alone(*text);
    return encode_alone(*std::get_if<content::Receipt>(&content));
}

Result<content::Any> decode_content(BytesView bytes)
{
    return decode_with<content::Any>(bytes, content_bytes_max, [bytes](Decoder& decoder, content::Any& out) {
        switch (const auto kind = decoder.peek_kind()) {
        case content::Text::wire_kind: return decoder.alone(out.emplace<content::Text>());
        case content::Receipt::wire_kind: return decoder.alone(out.emplace<content::Receipt>());
        default: out.emplace<content::Unknown>(content::Unknown{kind, to_bytes(bytes)});
        }
    });
}

Bytes encode(const IceSignal& signal)
{
    return encode_alone(signal);
}

Result<IceSignal> decode_ice_signal(BytesView bytes)
{
    return decode_alone<IceSignal>(bytes, ice_signal_bytes_max);
}

} // namespace godwit::wire
