// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/group_call.hpp"

#include "lib/wire/call_fields.hpp"

namespace godwit::wire {

template <class C>
void fields(C& c, Of<C, call::Present>& v)
{
    c.fixed(v.id);
    c.text(v.starter, user_name_length_max);
    c.flag(v.video);
    c.number(v.call_s);
    c.number(v.member_s);
    c.flag(v.linked);
    c.structure(v.media);
    c.list(v.members, call_members_max, fixed_item);
}

template <class C>
void fields(C& c, Of<C, call::Gone>& v)
{
    call_ended(c, v);
}

template <class C>
void fields(C& c, Of<C, call::Dismissed>& v)
{
    call_only(c, v);
}

namespace call {

Bytes encode(const GroupSignal& signal)
{
    return encode_variant(signal);
}

Result<GroupSignal> decode_group_signal(BytesView bytes)
{
    return decode_variant<GroupSignal>(bytes, group_signal_bytes_max);
}

const Id& id_of(const GroupSignal& signal) noexcept
{
    return call_of(signal);
}

} // namespace call
} // namespace godwit::wire
