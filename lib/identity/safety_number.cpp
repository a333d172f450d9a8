// SPDX-License-Identifier: Apache-2.0
#include "lib/identity/safety_number.hpp"

#include "lib/crypto/hash.hpp"

#include <algorithm>
#include <iterator>

namespace godwit::identity {
namespace {

constexpr std::size_t groups_per_half = 6;
constexpr std::size_t group_bytes = 5;
constexpr std::uint64_t group_values = 100'000;

std::string half(const Named& who)
{
    auto hash = crypto::transcript_hash("godwit safety number 1", {as_bytes(who.user), who.account_key.view()});
    for (std::uint32_t round = 1; round < safety_number_rounds; ++round)
        hash = crypto::transcript_hash("godwit safety number round 1", {hash, who.account_key.view()});
    std::string out;
    for (std::size_t group = 0; group < groups_per_half; ++group) {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < group_bytes; ++i)
            value = value << 8 | hash[group * group_bytes + i];
        const auto digits = std::to_string(value % group_values);
        if (!out.empty()) out += ' ';
        out += std::string(5 - digits.size(), '0') + digits;
    }
    return out;
}

} // namespace

std::string safety_number(const Named& one, const Named& other)
{
    auto a = half(one);
    auto b = half(other);
    if (b < a) std::swap(a, b);
    return a + ' ' + b;
}

bool safety_number_matches(std::string_view text, const Named& one, const Named& other)
{
    const auto digits_of = [](std::string_view spaced) {
        std::string out;
        std::copy_if(spaced.begin(), spaced.end(), std::back_inserter(out), [](char c) { return c != ' '; });
        return out;
    };
    return digits_of(text) == digits_of(safety_number(one, other));
}

std::string verification_code(const Named& own, const Named& theirs)
{
    return "godwit-verify:1:" + own.user + ':' + to_base64url(own.account_key.view()) + ':' + theirs.user + ':' +
           to_base64url(theirs.account_key.view());
}

bool verification_matches(std::string_view code, const Named& own, const Named& theirs)
{
    return code == verification_code(theirs, own);
}

} // namespace godwit::identity
