// SPDX-License-Identifier: Apache-2.0
// Frames and content when memory runs out: std::bad_alloc and nothing else, nothing left behind.
#include "tests/alloc/failing_new.hpp"
#include "tests/alloc/scarce.hpp"
#include "tests/lib/wire/samples.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::test;

TEST_CASE("every frame and content: decoding and encoding at each allocation that can fail")
{
    std::uint64_t failures = 0;
    for (const auto& sample : wire::test::samples()) {
        CAPTURE(sample.name);
        REQUIRE(sample.again(sample.encoded) == sample.encoded);
        std::uint64_t refusals = 0; // "malformed" would make the caller drop what somebody relies on
        failures += at_each_allocation(
            [&] {
                const bool decoded = sample.again(sample.encoded).has_value();
                if (!decoded) ++refusals;
                return decoded;
            },
            [] {});
        CHECK(refusals == 0);
        CHECK(sample.again(sample.encoded) == sample.encoded);
    }
    CHECK(failures > 200);
}
