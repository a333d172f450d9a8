// SPDX-License-Identifier: Apache-2.0
// Whence libuv's memory comes: requests, queues of writes, answers of the resolver. Of the whole process, as libuv has
// it.
#pragma once

#include "lib/base/memory.hpp"

namespace godwit::loop {

/// Before anything in this process uses libuv: it frees by these what it has, whoever made it.
void use_memory(const MemoryFunctions& functions);

} // namespace godwit::loop
