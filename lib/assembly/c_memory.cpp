// SPDX-License-Identifier: Apache-2.0
#include "lib/assembly/c_memory.hpp"

#include "lib/sqlite/memory.hpp"
#include "transport/loop/memory.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace godwit::assembly {

namespace {

struct Memory {
    std::mutex mutex;
    bool decided = false; // under mutex: set, or used as it was
    MemoryFunctions functions{
        .allocate = [](void*, std::size_t bytes) { return std::malloc(bytes); },
        .resize = [](void*, void* block, std::size_t bytes) { return std::realloc(block, bytes); },
        .release = [](void*, void* block) { std::free(block); },
    };
};

/// Of the process; constant once it is decided.
Memory& memory()
{
    static Memory one;
    return one;
}

} // namespace

int set_allocator(const godwit_allocator* allocator)
{
    godwit_allocator given{};
    if (allocator == nullptr || allocator->size < sizeof given) return GODWIT_ERROR_INVALID_ARGUMENT;
    std::memcpy(&given, allocator, sizeof given);
    if (given.allocate == nullptr || given.resize == nullptr || given.release == nullptr)
        return GODWIT_ERROR_INVALID_ARGUMENT;
    const MemoryFunctions functions{given.allocate, given.resize, given.release, given.context};
    const std::lock_guard lock(memory().mutex);
    if (memory().decided || !sqlite::use_memory(functions)) return GODWIT_ERROR_UNSUPPORTED;
    loop::use_memory(functions);
    memory().functions = functions;
    memory().decided = true;
    return 0;
}

void memory_is_used()
{
    const std::lock_guard lock(memory().mutex);
    memory().decided = true;
}

char* copy_out(std::string_view text)
{
    memory_is_used();
    const auto& functions = memory().functions;
    auto* out = static_cast<char*>(functions.allocate(functions.context, text.size() + 1));
    if (out == nullptr) return nullptr;
    std::memcpy(out, text.data(), text.size());
    out[text.size()] = '\0';
    return out;
}

void free_text(char* text)
{
    const auto& functions = memory().functions;
    if (text != nullptr) functions.release(functions.context, text);
}

} // namespace godwit::assembly
