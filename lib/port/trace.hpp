// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace godwit::port {

enum class TraceLevel : unsigned char { debug, info, warning, error };

/// Where the core tells what it does, for people who debug. Never carries plaintext, keys or passwords.
class Trace {
public:
    virtual ~Trace() = default;
    /// `room`: the room that speaks, e.g. "engine". Called on the loop thread; must not call back.
    virtual void line(TraceLevel level, std::string_view room, std::string_view text) = 0;
};

} // namespace godwit::port
