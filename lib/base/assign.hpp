// SPDX-License-Identifier: Apache-2.0
// Assignment of large sums, in terms of their construction.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace godwit {

/// What `= default` would do by a table of two functions for each kind that the sum may have, which was a third of all
/// the code of the public sums. `target` is no base of another object.
template <class T>
T& assign(T& target, T&& source) noexcept
{
    static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>);
    if (&target != &source) {
        std::destroy_at(&target);
        std::construct_at(&target, std::move(source));
    }
    return target;
}

/// The same for a copy. When memory runs out meanwhile, `target` is what it was.
template <class T>
T& assign(T& target, const T& source)
{
    T copy(source);
    return assign(target, std::move(copy));
}

} // namespace godwit
