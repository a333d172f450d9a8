// SPDX-License-Identifier: Apache-2.0
#include "lib/assembly/c_memory.hpp"

#include "lib/sqlite/memory.hpp"
#include "transport/loop/memory.hpp"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace godwit::assembly {

namespace {

struct Memory {
    enum class State : std::uint8_t { open, being_set, decided }; ///< decided: set, or used as it was.
    /// No mutex: the child of a fork would inherit it locked. (Being set it is before any client, for a moment.)
    std::atomic<State> state = State::open;
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

/// False: it is decided.
bool begin_setting()
{
    for (auto was = Memory::State::open;
         !memory().state.compare_exchange_weak(was, Memory::State::being_set, std::memory_order_acquire);
         was = Memory::State::open) {
        if (was == Memory::State::decided) return false;
        if (was == Memory::State::being_set) std::this_thread::yield();
    }
    return true;
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
    if (!begin_setting()) return GODWIT_ERROR_UNSUPPORTED;
    const bool taken = sqlite::use_memory(functions);
    if (taken) {
        loop::use_memory(functions);
        memory().functions = functions;
    }
    memory().state.store(taken ? Memory::State::decided : Memory::State::open, std::memory_order_release);
    return taken ? 0 : GODWIT_ERROR_UNSUPPORTED;
}

void memory_is_used()
{
    // Behind being_set somebody sets one: it is decided when that is done.
    for (auto was = Memory::State::open; !memory().state.compare_exchange_weak(was, Memory::State::decided);
         was = Memory::State::open) {
        if (was == Memory::State::decided) return;
        if (was == Memory::State::being_set) std::this_thread::yield();
    }
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
