// SPDX-License-Identifier: Apache-2.0
// What stories of groups have in common: somebody says something, and the others read it.
#pragma once

#include "tests/lib/mls/forge.hpp"
#include "tests/lib/mls/world.hpp"

namespace godwit::testing {

inline constexpr std::size_t nobody = static_cast<std::size_t>(-1);

inline void expect_text(World& world, std::size_t to, const Bytes& message, std::string_view text)
{
    const auto got = world.group(to).process(world.env(), message);
    REQUIRE_MESSAGE(got.ok(), mls::mls_error_name(got.error()));
    CHECK(got->type == mls::ContentType::application);
    CHECK(as_text(got->application_data) == text);
}

inline void everybody_talks(World& world)
{
    for (std::size_t from = 0; from < world.members.size(); ++from) {
        const std::string text = "hello from " + world.members[from]->name;
        const Bytes message = must(world.group(from).encrypt(world.env(), as_bytes(text), as_bytes("aad")));
        for (std::size_t to = 0; to < world.members.size(); ++to)
            if (to != from) expect_text(world, to, message, text);
        CHECK(world.group(from).process(world.env(), message).error() == mls::MlsError::own_message);
    }
}

} // namespace godwit::testing
