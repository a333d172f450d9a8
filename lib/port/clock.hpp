// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/base/time.hpp"

namespace godwit::port {

/// Read by the shell around the core (the loop thread), never by the core itself.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Moment now() const = 0;
};

} // namespace godwit::port
