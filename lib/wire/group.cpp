// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/group.hpp"

#include "lib/wire/body_fields.hpp"

namespace godwit::wire {

template <class C>
void fields(C& c, Of<C, GroupProfile>& v)
{
    c.text(v.name, group_name_bytes_max);
    c.text(v.about, group_about_bytes_max);
    c.text(v.announcement, group_announcement_bytes_max);
    c.list(v.avatar, 1, structure_item);
    c.blob(v.link_secret, 0, group_link_secret_bytes);
}

template <class C>
void fields(C& c, Of<C, GroupJoinText>& v)
{
    c.text(v.text, group_join_text_bytes_max);
}

Bytes encode(const GroupProfile& profile)
{
    Encoder encoder;
    encoder.reserve(group_profile_bytes_max); // It holds a secret.
    encoder.alone(profile);
    return encoder.take();
}

Result<GroupProfile> decode_group_profile(BytesView bytes)
{
    return decode_alone<GroupProfile>(bytes, group_profile_bytes_max);
}

Bytes encode(const GroupJoinText& text)
{
    return encode_alone(text);
}

Result<GroupJoinText> decode_group_join_text(BytesView bytes)
{
    return decode_alone<GroupJoinText>(bytes, group_profile_bytes_max);
}

} // namespace godwit::wire
