// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/notice.hpp"

#include "lib/wire/signed.hpp"

namespace godwit::wire {

template <class C>
void signed_fields(C& c, Of<C, OperatorNotice>& v)
{
    c.fixed(v.id);
    c.fixed(v.account);
    c.enumeration(v.kind, NoticeKind::announcement, static_cast<NoticeKind>(0xff));
    c.wall(v.created_ms);
    c.wall(v.expires_ms);
    c.flag(v.withdrawn);
    c.text(v.title, notice_title_bytes_max);
    c.text(v.text, notice_text_bytes_max);
    c.text(v.link, notice_link_bytes_max);
}

template <class C>
void fields(C& c, Of<C, OperatorNotice>& v)
{
    signed_fields(c, v);
    c.fixed(v.signature);
}

Bytes notice_signed_bytes(const OperatorNotice& notice)
{
    return signed_bytes(notice_context, notice);
}

Bytes encode(const OperatorNotice& notice)
{
    return encode_alone(notice);
}

Result<OperatorNotice> decode_notice(BytesView bytes)
{
    return decode_signed<OperatorNotice>(bytes, notice_bytes_max);
}

} // namespace godwit::wire
