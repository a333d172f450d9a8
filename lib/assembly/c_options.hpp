// SPDX-License-Identifier: Apache-2.0
// godwit_options as what the other rooms take.
#pragma once

#include <godwit/godwit.h>

#include "lib/assembly/client_impl.hpp"

namespace godwit::assembly {

/// Options that a client keeps, to open its home again after it was suspended.
struct COptions {
    ClientOptions client;
    Hooks hooks;
    int (*provide_key)(void* context, std::uint8_t key[32]) = nullptr;
    void* key_context = nullptr;

    /// Errors: invalid_argument.
    [[nodiscard]] static Result<COptions> read(const godwit_options* options);
    /// With the key, which is asked for when a hook gives it. Errors: wrong_key (the hook refuses).
    [[nodiscard]] Result<ClientOptions> with_key() const;
    ~COptions();

    COptions() = default;
    COptions(COptions&&) = default;
    COptions& operator=(COptions&&) = default;
};

} // namespace godwit::assembly
