// SPDX-License-Identifier: Apache-2.0
// Private to wire: what posts and bodies share.
#pragma once

#include "lib/wire/codec.hpp"

namespace godwit::wire {

template <class C>
void fields(C& c, Of<C, godwit::content::Lifetime>& v)
{
    using From = godwit::content::Lifetime::From;
    c.number(v.seconds);
    c.enumeration(v.from, From::sent, From::read);
}

template <class C>
void fields(C& c, Of<C, godwit::content::FileRef>& v)
{
    c.fixed(v.id);
    c.number(v.size_bytes);
    c.text(v.name, godwit::content::file_name_bytes_max);
    c.text(v.media_type, godwit::content::media_type_bytes_max);
    c.fixed(v.key);
}

} // namespace godwit::wire
