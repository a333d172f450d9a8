// SPDX-License-Identifier: Apache-2.0
// Private to lib/wire: what signals of calls share.
#pragma once

#include "lib/wire/call.hpp"
#include "lib/wire/codec.hpp"

namespace godwit::wire {

template <class C>
void fields(C& c, Of<C, call::Media>& v)
{
    c.number(v.revision);
    c.flag(v.muted);
    c.flag(v.held);
    c.flag(v.camera);
    c.flag(v.screen);
}

} // namespace godwit::wire
