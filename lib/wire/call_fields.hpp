// SPDX-License-Identifier: Apache-2.0
// Private to lib/wire: what signals of calls share, those of two devices and those of a group.
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
    c.later(v.vp9, [&] { c.flag(v.vp9); });
}

/// Which call, and no more.
template <class C, class V>
void call_only(C& c, V& v)
{
    c.fixed(v.id);
}

/// How somebody's part in it ended.
template <class C, class V>
void call_ended(C& c, V& v)
{
    c.fixed(v.id);
    c.enumeration(v.reason, call::EndReason::hung_up, call::EndReason::rejected);
}

template <class... Signals>
[[nodiscard]] const call::Id& call_of(const std::variant<Signals...>& signal) noexcept
{
    return std::visit([](const auto& one) -> const call::Id& { return one.id; }, signal);
}

} // namespace godwit::wire
