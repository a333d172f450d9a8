// SPDX-License-Identifier: Apache-2.0
// What an event is, by the handlers that there are for it:
//
//   godwit::visit(event,
//       [&](const event::MessageReceived& e) { show(e.message); },
//       [&](const event::Connected&) { online = true; });
//
// Events that no handler is for are skipped, so a program that was written today meets the events of tomorrow.
#pragma once

#include <godwit/event.hpp>

#include <type_traits>
#include <utility>
#include <variant>

namespace godwit {

/// Several callables as one; the argument chooses.
template <class... Handlers>
struct Overloaded : Handlers... {
    using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

/// Calls the one handler that takes the event as what it is; what the handler returns is dropped. False: there is none.
/// A handler of `const auto&` gets all that the others do not.
template <class... Handlers>
bool visit(const Event& event, Handlers&&... handlers)
{
    Overloaded<std::decay_t<Handlers>...> all{std::forward<Handlers>(handlers)...};
    return std::visit(
        [&all](const auto& one) {
            constexpr bool wanted = std::is_invocable_v<decltype(all)&, decltype(one)>;
            if constexpr (wanted) all(one);
            return wanted;
        },
        event);
}

} // namespace godwit
