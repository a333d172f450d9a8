// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/call.hpp"

#include "lib/wire/call_fields.hpp"

namespace godwit::wire {

template <class C>
void fields(C& c, Of<C, call::Offer>& v)
{
    c.fixed(v.id);
    c.flag(v.video);
    c.structure(v.media);
}

template <class C>
void fields(C& c, Of<C, call::Ringing>& v)
{
    call_only(c, v);
}

template <class C>
void fields(C& c, Of<C, call::Answer>& v)
{
    c.fixed(v.id);
    c.structure(v.media);
}

template <class C>
void fields(C& c, Of<C, call::Taken>& v)
{
    c.fixed(v.id);
    c.fixed(v.device);
    c.structure(v.media);
}

template <class C>
void fields(C& c, Of<C, call::Reject>& v)
{
    c.fixed(v.id);
    c.enumeration(v.reason, call::RejectReason::declined, call::RejectReason::unsupported);
}

template <class C>
void fields(C& c, Of<C, call::End>& v)
{
    call_ended(c, v);
}

template <class C>
void fields(C& c, Of<C, call::Update>& v)
{
    c.fixed(v.id);
    c.structure(v.media);
}

namespace call {

Bytes encode(const Signal& signal)
{
    return encode_variant(signal);
}

Result<Signal> decode_signal(BytesView bytes)
{
    return decode_variant<Signal>(bytes, signal_bytes_max);
}

const Id& id_of(const Signal& signal) noexcept
{
    return call_of(signal);
}

} // namespace call
} // namespace godwit::wire
