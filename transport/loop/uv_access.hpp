// SPDX-License-Identifier: Apache-2.0
// The uv_loop_t inside a Loop, for this room and for transport/ice, which embeds GLib's main context in it. No one
// else.
#pragma once

#include "transport/loop/loop.hpp"

#include <uv.h>

namespace godwit::loop {

/// Lives as long as `loop`. Handles opened on it are closed, and their close callbacks have run or can run in ~Loop,
/// before the Loop goes; ~Loop asserts that no handle is left open.
[[nodiscard]] uv_loop_t* uv_loop_of(Loop& loop) noexcept;

} // namespace godwit::loop
