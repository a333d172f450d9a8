// SPDX-License-Identifier: Apache-2.0
// Private to wire: frames that travel both ways on a relay link.
#pragma once

#include "lib/wire/codec.hpp"

namespace godwit::wire {

/// Departments in one page: with its members they stay below content::values_max, the most values of any frame.
inline constexpr std::size_t departments_in_page_max = 1000;

template <class C>
void fields(C& c, Of<C, relay::Ping>& v)
{
    c.number(v.token);
}

template <class C>
void fields(C& c, Of<C, relay::Pong>& v)
{
    c.number(v.token);
}

} // namespace godwit::wire
