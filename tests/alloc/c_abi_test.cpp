// SPDX-License-Identifier: Apache-2.0
// The C ABI when the memory of its caller's thread runs out: no exception gets out, what is refused was not done, and
// what was taken is answered once. (The loop's thread has memory; what becomes of its ticks is in engine_test.cpp.)
#include "tests/alloc/scarce.hpp"
#include "tests/lib/assembly/c_support.hpp"
#include "tests/lib/assembly/temporary_folder.hpp"

#include <doctest/doctest.h>

using namespace godwit::test;

TEST_CASE("C: a home is opened at each allocation of its caller: a client, or an error that says why")
{
    const TemporaryFolder folder;
    const std::string home = folder / "home";
    REQUIRE(opened(home) != nullptr);
    const auto options = options_for(home);
    std::uint64_t failures = 0;
    for (std::uint64_t k = 1;; k = next_allocation(k)) {
        CAPTURE(k);
        CHandle client;
        std::string error;
        bool struck = false;
        {
            const ScarceMemory scarce(k);
            char* why = nullptr;
            client.reset(godwit_open(&options, &why));
            struck = scarce.struck();
            error = taken(why);
        }
        CHECK((client != nullptr) == error.empty());
        client.reset();
        if (!struck) {
            CHECK(error.empty());
            break;
        }
        ++failures;
    }
    CHECK(failures > 50);
    const auto client = opened(home);
    REQUIRE(client != nullptr);
    REQUIRE(ask(client.get(), R"({"do":"status"})") == 0);
    CHECK(next(client.get()).starts_with(R"({"id":null,"ok":true)"));
}

TEST_CASE("C: a request at each allocation of its caller: refused and not done, or taken and answered once")
{
    const TemporaryFolder folder;
    const auto client = opened(folder / "home");
    REQUIRE(client != nullptr);
    std::uint64_t failures = 0;
    std::uint64_t taken_requests = 0;
    for (std::uint64_t k = 1;; k = next_allocation(k)) {
        CAPTURE(k);
        const auto line = R"({"do":"history","with":"nobody","limit":10,"id":)" + std::to_string(k) + "}";
        int code = 0;
        bool struck = false;
        {
            const ScarceMemory scarce(k);
            code = ask(client.get(), line);
            struck = scarce.struck();
        }
        // The next one shows that nothing else was to come.
        if (code == 0) {
            ++taken_requests;
            CHECK(next(client.get()).find("\"id\":" + std::to_string(k) + ",") != std::string::npos);
        }
        REQUIRE(ask(client.get(), R"({"do":"status","id":"mark"})") == 0);
        CHECK(next(client.get()).find(R"("id":"mark")") != std::string::npos);
        if (!struck) {
            CHECK(code == 0);
            break;
        }
        ++failures;
    }
    CHECK(failures > 10);
    CHECK(taken_requests > 0);
}
