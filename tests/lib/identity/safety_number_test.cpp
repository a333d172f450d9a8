// SPDX-License-Identifier: Apache-2.0
#include "lib/identity/safety_number.hpp"

#include "tests/lib/identity/samples.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::identity;
using namespace godwit::identity::test;

TEST_CASE("safety number: exactly these digits, from both sides")
{
    const Named a{"ann", ann}, b{"bob", bob};
    CHECK(safety_number(a, b) == "02180 63138 65436 68252 44804 30136 79881 41951 35862 70949 39227 82379");
    CHECK(safety_number(b, a) == safety_number(a, b));
}

TEST_CASE("safety number: another one for each name and key")
{
    const Named a{"ann", ann}, b{"bob", bob};
    CHECK(safety_number(a, {"bob", key_of(9)}) != safety_number(a, b));
    CHECK(safety_number(a, {"rob", bob}) != safety_number(a, b));
    CHECK(safety_number({"ann", bob}, {"bob", ann}) != safety_number(a, b));
    // Twelve groups of five digits, always.
    for (std::uint8_t i = 10; i < 14; ++i) {
        const auto number = safety_number(a, {"bob", key_of(i)});
        REQUIRE(number.size() == 71);
        for (std::size_t at = 0; at < number.size(); ++at)
            CHECK((at % 6 == 5 ? number[at] == ' ' : number[at] >= '0' && number[at] <= '9'));
    }
}

TEST_CASE("verification code: what one side shows, the other side matches")
{
    const Named a{"ann", ann}, b{"bob", bob};
    const auto shown = verification_code(a, b);
    CHECK(shown == "godwit-verify:1:ann:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w:bob:"
                   "7UkoxijRwsbq6QM4kFmVYSlZJzpcY_k2NsFGFKyHN9E");
    CHECK(verification_matches(shown, b, a));
    CHECK_FALSE(verification_matches(shown, a, b)); // One's own code shown back.
    CHECK_FALSE(verification_matches(shown, b, {"ann", key_of(9)}));
    CHECK_FALSE(verification_matches(shown, {"bob", key_of(9)}, a));
    CHECK_FALSE(verification_matches(shown.substr(0, shown.size() - 1), b, a));
    CHECK_FALSE(verification_matches("", b, a));
}
