// SPDX-License-Identifier: Apache-2.0
// Every client of this process that has a thread, or may have one again. When the process ends by exit(), or the
// library is unloaded, they end first: their threads stand on what libraries destroy after that, and libuv aborts under
// a thread that uses it.
#pragma once

namespace godwit::assembly {

class Life;

/// Also when the process ends already: then `life` ends at once.
void live(Life& life);
/// Returns when nobody looks at `life` any more.
void live_no_more(Life& life) noexcept;
/// No client is to be opened, or resumed, any more.
[[nodiscard]] bool process_ends() noexcept;

} // namespace godwit::assembly
