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

} // namespace godwit::wire
