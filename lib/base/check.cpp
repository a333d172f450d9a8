// SPDX-License-Identifier: Apache-2.0
#include "lib/base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace godwit {

void assertion_failed(const char* expression, const char* file, int line) noexcept
{
    std::fprintf(stderr, "godwit: broken promise: %s (%s:%d)\n", expression, file, line);
    std::abort();
}

} // namespace godwit
