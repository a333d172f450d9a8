// SPDX-License-Identifier: Apache-2.0
// godwit_set_allocator, in a process of its own: what is said to go through it does, comes back, and may fail.
#include "tests/lib/assembly/c_support.hpp"
#include "tests/lib/assembly/temporary_folder.hpp"

#include <cstdlib>
#include <map>
#include <mutex>

using namespace godwit::test;

namespace {

/// An allocator that knows what it has given.
struct Purse {
    std::mutex mutex;
    std::map<const void*, std::size_t> live;
    std::size_t bytes = 0, bytes_most = 0, calls = 0;
    std::size_t fails_at = 0; ///< The so-manieth call from when it was set gets nothing; 0: none.

    bool refuses()
    {
        ++calls;
        return fails_at != 0 && --fails_at == 0;
    }
    void note(const void* block, std::size_t size)
    {
        live.emplace(block, size);
        bytes += size;
        bytes_most = std::max(bytes_most, bytes);
    }
    void forget(const void* block)
    {
        const auto node = live.extract(block);
        if (node) bytes -= node.mapped();
        strangers += node ? 0U : 1U;
    }
    std::size_t strangers = 0; ///< Blocks that were given back, and are none of ours.

    static void* allocate(void* context, std::size_t size)
    {
        auto& self = *static_cast<Purse*>(context);
        const std::lock_guard lock(self.mutex);
        if (self.refuses()) return nullptr;
        void* const block = std::malloc(size);
        self.note(block, size);
        return block;
    }
    static void* resize(void* context, void* block, std::size_t size)
    {
        auto& self = *static_cast<Purse*>(context);
        const std::lock_guard lock(self.mutex);
        if (self.refuses()) return nullptr;
        self.forget(block);
        void* const moved = std::realloc(block, size);
        self.note(moved, size);
        return moved;
    }
    static void release(void* context, void* block)
    {
        auto& self = *static_cast<Purse*>(context);
        {
            const std::lock_guard lock(self.mutex);
            self.forget(block);
        }
        std::free(block);
    }
    std::size_t has(const void* block)
    {
        const std::lock_guard lock(mutex);
        return live.count(block);
    }
    std::size_t held()
    {
        const std::lock_guard lock(mutex);
        return live.size();
    }
    std::size_t held_bytes()
    {
        const std::lock_guard lock(mutex);
        return bytes;
    }
    void fail_at(std::size_t call)
    {
        const std::lock_guard lock(mutex);
        fails_at = call;
    }
};
Purse purse;

godwit_allocator ours()
{
    return {sizeof(godwit_allocator), Purse::allocate, Purse::resize, Purse::release, &purse};
}

/// Opens, asks, closes. False: opening or asking was refused.
bool one_life(const std::string& home)
{
    const auto options = options_for(home);
    char* error = nullptr;
    CHandle client(godwit_open(&options, &error));
    godwit_free(error);
    if (!client) return false;
    if (ask(client.get(), R"({"id":1,"do":"status"})") != 0) return false;
    return next(client.get()).find(R"("ok":true)") != std::string::npos;
}

} // namespace

TEST_CASE("an allocator, from before the first call to after the last")
{
    // What is wrong is refused, and leaves the way open.
    CHECK(godwit_set_allocator(nullptr) == GODWIT_ERROR_INVALID_ARGUMENT);
    auto wrong = ours();
    wrong.size = sizeof wrong - 1;
    CHECK(godwit_set_allocator(&wrong) == GODWIT_ERROR_INVALID_ARGUMENT);
    for (int which = 0; which < 3; ++which) {
        wrong = ours();
        if (which == 0) wrong.allocate = nullptr;
        if (which == 1) wrong.resize = nullptr;
        if (which == 2) wrong.release = nullptr;
        CHECK(godwit_set_allocator(&wrong) == GODWIT_ERROR_INVALID_ARGUMENT);
    }
    CHECK(std::string(godwit_version()) != "");
    auto right = ours();
    right.size += 64; // of a newer header
    REQUIRE(godwit_set_allocator(&right) == 0);
    CHECK(godwit_set_allocator(&right) == GODWIT_ERROR_UNSUPPORTED);

    // Texts.
    char* text = nullptr;
    CHECK(godwit_open(nullptr, &text) == nullptr);
    REQUIRE(text != nullptr);
    CHECK(purse.has(text) == 1);
    godwit_free(text);
    CHECK(purse.has(text) == 0);
    godwit_free(nullptr);

    // The store's memory comes from it, and comes back.
    const TemporaryFolder folder;
    const auto before = purse.calls;
    REQUIRE(one_life(folder / "home"));
    CHECK(purse.calls > before + 100);
    CHECK(purse.bytes_most > 100'000);
    const auto kept = purse.held();
    for (int life = 0; life < 3; ++life)
        CHECK(one_life(folder / "home"));
    CHECK(purse.held() == kept);
    CHECK(purse.strangers == 0);
    {
        const auto client = opened(folder / "home");
        REQUIRE(ask(client.get(), R"({"id":1,"do":"status"})") == 0);
        REQUIRE(next(client.get()).starts_with(R"({"id":1,"ok":true)"));
        const auto before_trim = purse.held_bytes();
        CHECK(godwit_trim_memory(client.get()) == 0);
        REQUIRE(ask(client.get(), R"({"id":2,"do":"status"})") == 0); // is taken after it
        REQUIRE(next(client.get()).starts_with(R"({"id":2,"ok":true)"));
        const auto after = purse.held_bytes();
        CHECK_MESSAGE(after + 50'000 < before_trim, before_trim << " before, " << after << " after");
        MESSAGE("trimmed: " << before_trim << " to " << after << " bytes");
    }
    MESSAGE("most at once: " << purse.bytes_most << " bytes; calls: " << purse.calls << "; kept: " << kept);

    // A text that there is no memory for is an event that comes again.
    {
        const auto client = opened(folder / "home");
        std::map<std::string, int> answers;
        for (int number = 1; number <= 60; ++number) {
            REQUIRE(ask(client.get(), R"({"id":)" + std::to_string(number) + R"(,"do":"status"})") == 0);
            for (int tries = 0; answers[std::to_string(number)] == 0 && tries < 40; ++tries) {
                purse.fail_at(static_cast<std::size_t>(1 + (number + tries) % 3)); // the next one, or soon
                const auto got = next(client.get(), tries < 20 ? 500 : 30'000);
                purse.fail_at(0);
                if (got.starts_with(R"({"id":)")) ++answers[got.substr(6, got.find(',') - 6)];
            }
        }
        for (const auto& [id, times] : answers)
            CHECK_MESSAGE(times == 1, id << ": " << times);
        CHECK(next(client.get(), 0).empty()); // and none twice
    }

    // Where it gives nothing, something is refused: nothing ends, nothing is lost.
    std::size_t refused = 0;
    for (std::size_t call = 1; call <= 400; ++call) {
        purse.fail_at(call);
        refused += one_life(folder / "home") ? 0U : 1U;
        purse.fail_at(0);
        CAPTURE(call);
        REQUIRE(purse.strangers == 0);
        REQUIRE(purse.held() <= kept + 4);
    }
    CHECK(refused > 0);
    CHECK(one_life(folder / "home"));
    CHECK(purse.held() <= kept + 4);
}
