// SPDX-License-Identifier: Apache-2.0
// How the world says that something impossible has happened: a promise of the code under test is broken, or the world
// is used wrongly. doctest reports it as a failure; the simulator as the verdict of the seed.
#pragma once

#include <stdexcept>
#include <string>

namespace godwit::testing {

struct Broken : std::runtime_error {
    using std::runtime_error::runtime_error;
};

inline void demand(bool holds, const std::string& what)
{
    if (!holds) throw Broken(what);
}

} // namespace godwit::testing
