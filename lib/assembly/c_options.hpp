// SPDX-License-Identifier: Apache-2.0
// godwit_options as what the other rooms take.
#pragma once

#include <godwit/godwit.h>

#include "lib/assembly/client_impl.hpp"

namespace godwit::assembly {

/// godwit_options, as C++ has them.
struct COptions {
    ClientOptions client;

    COptions() = default;
    COptions(COptions&&) = default;
    COptions& operator=(COptions&&) = default;
    /// Wipes its secrets.
    ~COptions();

    /// Errors: invalid_argument.
    [[nodiscard]] static Result<COptions> read(const godwit_options* options);
};

} // namespace godwit::assembly
