// SPDX-License-Identifier: Apache-2.0
// What a device's application was told.
#pragma once

#include "tests/sim/world.hpp"

namespace godwit::testing {

/// Of the events that are no messages nor states of some.
template <class E>
std::vector<E> all(const Client& client)
{
    std::vector<E> out;
    for (const auto& event : client.heard.others)
        if (const auto* one = std::get_if<E>(&event)) out.push_back(*one);
    return out;
}

inline std::size_t told(const Client& client, SecurityKind kind)
{
    std::size_t out = 0;
    for (const auto& event : client.heard.others)
        if (const auto* one = std::get_if<event::Security>(&event)) out += one->kind == kind ? 1 : 0;
    return out;
}

inline const event::LoggedOut* logged_out(const Client& client)
{
    const event::LoggedOut* out = nullptr;
    for (const auto& event : client.heard.others)
        if (const auto* one = std::get_if<event::LoggedOut>(&event)) out = one;
    return out;
}

inline DeviceId id_of(Client& client)
{
    return client.store.identity()->device;
}

} // namespace godwit::testing
