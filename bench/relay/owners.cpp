// SPDX-License-Identifier: Apache-2.0
// Whose a relay's memory is. Preloaded into the process (LD_PRELOAD), it keeps of each block of the heap who asked for
// it:
//
//   malloc -> the innermost caller that is neither the C nor the C++ library -> program, ngtcp2, GnuTLS, SQLite, others
//   ngtcp2_conn_server_new -> the allocator that the program lends to ngtcp2 is wrapped: what passes it is ngtcp2's,
//                             though the program's code fetches it; blocks that are pages by themselves count as far as
//                             they are resident (mincore)
//   SIGRTMIN+3 -> the sums, as lines "owner bytes", into the file of GODWIT_OWNERS
//
// Bytes are those that were asked for: what the allocator adds is the difference to the resident memory, and nobody's.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <mutex>
#include <ngtcp2/ngtcp2.h>
#include <pthread.h>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);
}

namespace {

enum Owner : std::uint8_t { program, ngtcp2, gnutls, sqlite, others, pages, owners };
constexpr std::array<const char*, owners> names{"program", "ngtcp2", "gnutls", "sqlite", "others", "ngtcp2_pages"};
/// Files by the beginning of whose names an owner is told.
constexpr std::array<std::pair<const char*, Owner>, 9> files{{{"libngtcp2", ngtcp2},
                                                              {"libgnutls", gnutls},
                                                              {"libnettle", gnutls},
                                                              {"libhogweed", gnutls},
                                                              {"libgmp", gnutls},
                                                              {"libtasn1", gnutls},
                                                              {"libp11-kit", gnutls},
                                                              {"libsqlite3", sqlite},
                                                              {"godwit-relay", program}}};
/// Through which everybody asks.
constexpr std::array<const char*, 4> nobodys{"libc.so", "libstdc++", "libgcc_s", "libgodwit_owners"};
constexpr int frames_max = 24;

bool begins(const char* text, const char* with)
{
    return std::strncmp(text, with, std::strlen(with)) == 0;
}

/// Ranges of code, found once: dladdr takes a lock and a search for each frame.
struct Code {
    std::uintptr_t begin = 0, end = 0;
    std::uint8_t owner = others;
    bool counts = true;
};
struct Map {
    std::array<Code, 256> of{};
    std::size_t count = 0;
};
Map map;

int add(dl_phdr_info* info, std::size_t, void*)
{
    const char* const slash = std::strrchr(info->dlpi_name, '/');
    const char* const name = slash != nullptr ? slash + 1 : info->dlpi_name;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const auto& segment = info->dlpi_phdr[i];
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0 || map.count == map.of.size()) continue;
        auto& code = map.of[map.count++];
        code.begin = info->dlpi_addr + segment.p_vaddr;
        code.end = code.begin + segment.p_memsz;
        code.owner = *name == 0 ? program : others; // the program itself has no name
        for (const auto& [file, owner] : files)
            if (begins(name, file)) code.owner = owner;
        code.counts = std::none_of(nobodys.begin(), nobodys.end(), [&](auto* one) { return begins(name, one); });
    }
    return 0;
}

const Code* code_at(std::uintptr_t at)
{
    for (std::size_t i = 0; i < map.count; ++i)
        if (at >= map.of[i].begin && at < map.of[i].end) return &map.of[i];
    return nullptr;
}

/// Block -> size and owner: open addressing in memory of its own.
struct Entry {
    void* block = nullptr;
    std::uint32_t size = 0;
    std::uint8_t owner = 0;
};
constexpr int entries_bits = 20; // some thousand strangers, and what a relay has besides
constexpr std::size_t entries_max = std::size_t{1} << entries_bits;
constexpr std::uintptr_t gone = 1;
Entry* table = nullptr;
std::mutex mutex;
thread_local bool inside = false;
thread_local bool for_ngtcp2 = false;

Entry* place(const void* block)
{
    return table + ((reinterpret_cast<std::uintptr_t>(block) >> 4) * 0x9e3779b97f4a7c15ULL >> (64 - entries_bits));
}

Owner asker()
{
    if (for_ngtcp2) return ngtcp2;
    void* frames[frames_max];
    const int depth = ::backtrace(frames, frames_max);
    for (int i = 1; i < depth; ++i) {
        const auto* const code = code_at(reinterpret_cast<std::uintptr_t>(frames[i]));
        if (code != nullptr && code->counts) return static_cast<Owner>(code->owner);
    }
    return others;
}

void note(void* block, std::size_t size, Owner owner)
{
    const std::lock_guard lock(mutex);
    Entry* at = place(block);
    while (at->block != nullptr && reinterpret_cast<std::uintptr_t>(at->block) != gone)
        if (++at == table + entries_max) at = table;
    *at = {block, static_cast<std::uint32_t>(std::min<std::size_t>(size, UINT32_MAX)), owner};
}

void came(void* block, std::size_t size)
{
    if (block == nullptr || inside || table == nullptr) return;
    inside = true;
    note(block, size, asker());
    inside = false;
}

void went(void* block)
{
    if (block == nullptr || inside || table == nullptr) return;
    const std::lock_guard lock(mutex);
    for (Entry* at = place(block); at->block != nullptr;) {
        if (at->block == block) {
            at->block = reinterpret_cast<void*>(gone);
            return;
        }
        if (++at == table + entries_max) at = table;
    }
}

std::size_t resident(const void* block, std::size_t size)
{
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    std::array<unsigned char, 64> there{};
    const auto count = std::min((size + page - 1) / page, there.size());
    if (::mincore(const_cast<void*>(block), count * page, there.data()) != 0) return size;
    return page * static_cast<std::size_t>(std::count_if(there.begin(), there.begin() + static_cast<long>(count),
                                                         [](unsigned char one) { return (one & 1) != 0; }));
}

void tell(const char* path)
{
    std::array<std::uint64_t, owners> sums{};
    {
        const std::lock_guard lock(mutex);
        for (Entry* at = table; at != table + entries_max; ++at) {
            if (reinterpret_cast<std::uintptr_t>(at->block) <= gone) continue;
            sums[at->owner] += at->owner == pages ? resident(at->block, at->size) : at->size;
        }
    }
    char aside[512];
    std::snprintf(aside, sizeof aside, "%s.new", path);
    std::FILE* const file = std::fopen(aside, "w");
    if (file == nullptr) return;
    for (std::size_t i = 0; i < owners; ++i)
        std::fprintf(file, "%s %llu\n", names[i], static_cast<unsigned long long>(sums[i]));
    std::fclose(file);
    std::rename(aside, path);
}

/// Fails only where the program would not run either.
[[gnu::constructor]] void begin()
{
    const char* const path = std::getenv("GODWIT_OWNERS");
    if (path == nullptr) return;
    inside = true;
    void* warm[1];
    (void)::backtrace(warm, 1); // loads what it needs
    ::dl_iterate_phdr(add, nullptr);
    void* const room =
        ::mmap(nullptr, entries_max * sizeof(Entry), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) std::abort();
    sigset_t asked;
    sigemptyset(&asked);
    sigaddset(&asked, SIGRTMIN + 3);
    pthread_sigmask(SIG_BLOCK, &asked, nullptr); // threads that come later inherit it
    std::thread([asked, path] {
        inside = true;
        for (int signal = 0; ::sigwait(&asked, &signal) == 0;)
            tell(path);
    }).detach();
    table = static_cast<Entry*>(room);
    inside = false;
}

// ---------------------------------------------------------------------------------------- the allocator lent to ngtcp2

const ngtcp2_mem* lent = nullptr;

struct Lent {
    Lent() { for_ngtcp2 = true; }
    ~Lent() { for_ngtcp2 = false; }
};

/// What the program gave without asking the heap is pages of its own.
void* paged(void* block, std::size_t size)
{
    if (block == nullptr || (reinterpret_cast<std::uintptr_t>(block) & 0xfff) != 0) return block;
    went(block);
    note(block, size, pages);
    return block;
}

ngtcp2_mem wrapped{nullptr,
                   [](std::size_t size, void*) {
                       const Lent as;
                       return paged(lent->malloc(size, lent->user_data), size);
                   },
                   [](void* block, void*) {
                       if ((reinterpret_cast<std::uintptr_t>(block) & 0xfff) == 0) went(block);
                       lent->free(block, lent->user_data);
                   },
                   [](std::size_t count, std::size_t size, void*) {
                       const Lent as;
                       return lent->calloc(count, size, lent->user_data);
                   },
                   [](void* block, std::size_t size, void*) {
                       const Lent as;
                       if ((reinterpret_cast<std::uintptr_t>(block) & 0xfff) == 0) went(block);
                       return paged(lent->realloc(block, size, lent->user_data), size);
                   }};

} // namespace

#pragma GCC visibility push(default)
extern "C" {

void* malloc(std::size_t size)
{
    void* const out = __libc_malloc(size);
    came(out, size);
    return out;
}
void* calloc(std::size_t count, std::size_t size)
{
    void* const out = __libc_calloc(count, size);
    came(out, count * size);
    return out;
}
void* realloc(void* block, std::size_t size)
{
    went(block);
    void* const out = __libc_realloc(block, size);
    if (out == nullptr && size > 0) came(block, 0);
    came(out, size);
    return out;
}
void free(void* block)
{
    went(block);
    __libc_free(block);
}
void* memalign(std::size_t alignment, std::size_t size)
{
    void* const out = __libc_memalign(alignment, size);
    came(out, size);
    return out;
}
void* aligned_alloc(std::size_t alignment, std::size_t size)
{
    return memalign(alignment, size);
}
int posix_memalign(void** out, std::size_t alignment, std::size_t size)
{
    *out = memalign(alignment, size);
    return *out == nullptr ? ENOMEM : 0;
}

int ngtcp2_conn_server_new_versioned(ngtcp2_conn** out, const ngtcp2_cid* dcid, const ngtcp2_cid* scid,
                                     const ngtcp2_path* path, std::uint32_t client_version, int callbacks_version,
                                     const ngtcp2_callbacks* callbacks, int settings_version,
                                     const ngtcp2_settings* settings, int params_version,
                                     const ngtcp2_transport_params* params, const ngtcp2_mem* mem, void* user_data)
{
    using Function = decltype(&ngtcp2_conn_server_new_versioned);
    static const auto real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "ngtcp2_conn_server_new_versioned"));
    if (mem != nullptr) {
        lent = mem; // one endpoint, one allocator
        mem = &wrapped;
    }
    return real(out, dcid, scid, path, client_version, callbacks_version, callbacks, settings_version, settings,
                params_version, params, mem, user_data);
}

} // extern "C"
#pragma GCC visibility pop
