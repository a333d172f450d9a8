// SPDX-License-Identifier: Apache-2.0
#include "transport/loop/memory.hpp"

#include "lib/base/check.hpp"

#include <uv.h>

#include <cstring>
#include <limits>

namespace godwit::loop {

namespace {

MemoryFunctions given;

// libuv expects what the C library's do with nullptr and 0.
void* take(std::size_t bytes)
{
    return given.allocate(given.context, bytes == 0 ? 1 : bytes);
}
void* take_zeros(std::size_t count, std::size_t bytes)
{
    if (bytes != 0 && count > std::numeric_limits<std::size_t>::max() / bytes) return nullptr;
    auto* const block = take(count * bytes);
    if (block != nullptr) std::memset(block, 0, count * bytes);
    return block;
}
void give_back(void* block)
{
    if (block != nullptr) given.release(given.context, block);
}
void* resize(void* block, std::size_t bytes)
{
    if (block == nullptr) return take(bytes);
    if (bytes != 0) return given.resize(given.context, block, bytes);
    give_back(block);
    return nullptr;
}

} // namespace

void use_memory(const MemoryFunctions& functions)
{
    given = functions;
    GODWIT_ASSERT(uv_replace_allocator(take, resize, take_zeros, give_back) == 0); // it asks for four functions
}

} // namespace godwit::loop
