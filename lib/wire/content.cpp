// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/content.hpp"

#include "lib/wire/body_fields.hpp"
#include "lib/wire/signed.hpp"

namespace godwit::wire {

template <class C>
void fields(C& c, Of<C, godwit::content::Quote>& v)
{
    c.fixed(v.id);
    c.text(v.from, user_name_length_max);
    c.text(v.excerpt, godwit::content::excerpt_bytes_max);
}

template <class C>
void fields(C& c, Of<C, content::Extra>& v)
{
    c.blob(v.body, 0, body_bytes_max);
    c.list(v.reply, 1, structure_item);
    c.structure(v.lifetime);
    c.flag(v.forwarded);
}

template <class C>
void fields(C& c, Of<C, content::Post>& v)
{
    c.text(v.to, user_name_length_max);
    c.wall(v.hlc_ms);
    c.wall(v.sent_ms);
    c.list(v.parents, parents_max, fixed_item);
    c.text(v.text, text_bytes_max);
    c.structure(v.extra);
}

template <class C>
void fields(C& c, Of<C, content::mark::Read>& v)
{
    c.wall(v.hlc_ms);
    c.fixed(v.id);
    c.later(!v.late.empty(), [&] { c.list(v.late, content::mark::read_late_max, fixed_item); });
}

template <class C>
void fields(C& c, Of<C, content::mark::Opened>& v)
{
    c.list(v.ids, opened_ids_max, fixed_item);
}

template <class C>
void fields(C& c, Of<C, content::mark::Moved>& v)
{
    c.fixed(v.target);
    c.wall(v.latitude_e7);
    c.wall(v.longitude_e7);
    c.number(v.accuracy_m);
    c.flag(v.last);
}

template <class C>
void fields(C&, Of<C, content::mark::HistoryWanted>&)
{
}

template <class C>
void fields(C& c, Of<C, content::mark::HistoryOffer>& v)
{
    c.structure(v.file);
    c.blob(v.key, content::mark::history_key_bytes, content::mark::history_key_bytes);
}

template <class C>
void fields(C& c, Of<C, content::mark::HistoryTaken>& v)
{
    c.fixed(v.offer);
}

template <class C>
void fields(C& c, Of<C, content::Mark>& v)
{
    c.text(v.to, user_name_length_max);
    c.wall(v.hlc_ms);
    c.variant(v.what);
}

template <class C>
void fields(C& c, Of<C, content::Register>& v)
{
    c.wall(v.hlc_ms);
    c.text(v.name, register_name_bytes_max);
    c.blob(v.value, 0, register_value_bytes_max);
}

template <class C>
void fields(C& c, Of<C, content::Receipt>& v)
{
    c.list(v.ids, receipt_ids_max, fixed_item);
    c.later(v.quiet, [&] { c.flag(v.quiet); });
}

template <class C>
void fields(C& c, Of<C, content::Unopened>& v)
{
    c.list(v.ids, receipt_ids_max, fixed_item);
}

template <class C>
void fields(C& c, Of<C, TypingSignal>& v)
{
    c.flag(v.on);
    c.later(v.conversation.has_value(), [&] {
        if constexpr (C::decodes) v.conversation.emplace();
        c.fixed(*v.conversation);
    });
}

template <class C>
void fields(C& c, Of<C, FileSoughtSignal>& v)
{
    c.fixed(v.file);
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

template <class C>
void signed_fields(C& c, Of<C, DeviceCertificate>& v)
{
    c.text(v.user, user_name_length_max);
    c.fixed(v.account_key);
    c.fixed(v.device);
    c.wall(v.created_ms);
    c.text(v.device_name, device_name_bytes_max);
}

template <class C>
void signed_fields(C& c, Of<C, DeviceList>& v)
{
    c.text(v.user, user_name_length_max);
    c.fixed(v.account_key);
    c.number(v.version);
    c.wall(v.created_ms);
    c.list(v.certificates, devices_per_account_max, certificate_item);
}

template <class C>
void fields(C& c, Of<C, DeviceCertificate>& v)
{
    signed_fields(c, v);
    c.fixed(v.signature);
}

template <class C>
void fields(C& c, Of<C, DeviceList>& v)
{
    signed_fields(c, v);
    c.fixed(v.signature);
}

Bytes certificate_signed_bytes(const DeviceCertificate& certificate)
{
    return signed_bytes(certificate_context, certificate);
}

Bytes encode(const DeviceCertificate& certificate)
{
    return encode_alone(certificate);
}

Result<DeviceCertificate> decode_certificate(BytesView bytes)
{
    return decode_signed<DeviceCertificate>(bytes, certificate_bytes_max);
}

Bytes device_list_signed_bytes(const DeviceList& list)
{
    return signed_bytes(device_list_context, list);
}

Bytes encode(const DeviceList& list)
{
    return encode_alone(list);
}

Result<DeviceList> decode_device_list(BytesView bytes)
{
    return decode_signed<DeviceList>(bytes, device_list_bytes_max);
}

Bytes encode(const content::Extra& extra)
{
    return extra == content::Extra{} ? Bytes() : encode_alone(extra);
}

Result<content::Extra> decode_extra(BytesView bytes)
{
    if (bytes.empty()) return content::Extra{};
    return decode_alone<content::Extra>(bytes, content_bytes_max);
}

Bytes encode(const content::Any& content)
{
    return std::visit(
        [](const auto& one) {
            if constexpr (std::is_same_v<std::decay_t<decltype(one)>, content::Unknown>)
                return one.raw;
            else
                return encode_alone(one);
        },
        content);
}

Result<content::Any> decode_content(BytesView bytes)
{
    return decode_with<content::Any>(bytes, content_bytes_max, [bytes](Decoder& decoder, content::Any& out) {
        switch (const auto kind = decoder.peek_kind()) {
        case content::Post::wire_kind: return decoder.alone(out.emplace<content::Post>());
        case content::Receipt::wire_kind: return decoder.alone(out.emplace<content::Receipt>());
        case content::Unopened::wire_kind: return decoder.alone(out.emplace<content::Unopened>());
        case content::Mark::wire_kind: return decoder.alone(out.emplace<content::Mark>());
        case content::Register::wire_kind: return decoder.alone(out.emplace<content::Register>());
        default: out.emplace<content::Unknown>(content::Unknown{kind, to_bytes(bytes)});
        }
    });
}

Bytes encode(const Signal& signal)
{
    return encode_variant(signal);
}

Result<Signal> decode_signal(BytesView bytes)
{
    return decode_variant<Signal>(bytes, ice_signal_bytes_max);
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
