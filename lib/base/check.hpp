// SPDX-License-Identifier: Apache-2.0
// GODWIT_ASSERT: for our own bugs, on in release builds. Never on data from outside: that is a Result.
#pragma once

namespace godwit {

/// Prints the broken promise to stderr and aborts.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

} // namespace godwit

#define GODWIT_ASSERT(expression)                                                                                      \
    ((expression) ? static_cast<void>(0) : ::godwit::assertion_failed(#expression, __FILE__, __LINE__))
