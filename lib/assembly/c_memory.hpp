// SPDX-License-Identifier: Apache-2.0
// godwit_set_allocator, and the texts that the C face hands out. The functions belong to the process, as SQLite's and
// libuv's do (docs/adr/0063-allocator-and-coroutines.md).
#pragma once

#include <godwit/godwit.h>

#include <string_view>

namespace godwit::assembly {

/// As godwit_set_allocator.
[[nodiscard]] int set_allocator(const godwit_allocator* allocator);
/// From here on it is too late for set_allocator.
void memory_is_used();

/// A text for the caller; nullptr: there is no memory.
[[nodiscard]] char* copy_out(std::string_view text);
/// As godwit_free.
void free_text(char* text);

} // namespace godwit::assembly
