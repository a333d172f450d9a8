// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/group_record.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::engine;

namespace {

// What holds secrets is wiped when it goes.
static_assert(std::is_same_v<decltype(encode_record(std::declval<const Group&>())), WipingBytes>);

WipingBytes secret(std::uint8_t octet)
{
    return WipingBytes(seal::group_secret_bytes, octet);
}

std::vector<Bytes> plain(const std::vector<WipingBytes>& secrets)
{
    std::vector<Bytes> out;
    for (const auto& one : secrets)
        out.emplace_back(one.begin(), one.end());
    return out;
}

} // namespace

TEST_CASE("a group as it is stored: back as it was, of older versions too; cut anywhere it is none")
{
    Group group;
    group.state = Group::State::out;
    group.kind = ConversationKind::channel;
    group.roster = 0x0102030405060708;
    group.secret = secret(1);
    group.spare_secrets = {secret(2), secret(3)};
    group.given_secrets = {secret(4)};
    group.profile.name = "crew";
    const auto stored = encode_record(group);
    Group back;
    REQUIRE(decode_record(stored, back));
    CHECK(back.state == group.state);
    CHECK(back.kind == group.kind);
    CHECK(back.roster == group.roster);
    CHECK(plain({back.secret}) == plain({group.secret}));
    CHECK(plain(back.spare_secrets) == plain(group.spare_secrets));
    CHECK(plain(back.given_secrets) == plain(group.given_secrets));
    CHECK(back.profile == group.profile);
    for (std::size_t n = 0; n < stored.size(); ++n) {
        Group cut;
        CHECK_FALSE(decode_record(BytesView(stored).first(n), cut));
    }

    const auto head = [&](std::uint8_t version) {
        WipingBytes out(stored.begin(), stored.begin() + 12 + 32);
        out[0] = version;
        return out;
    };
    const auto add = [](WipingBytes& out, const WipingBytes& more) { out.insert(out.end(), more.begin(), more.end()); };
    const WipingBytes profile(wire::encode(group.profile));
    auto first = head(1), second = head(2);
    add(first, profile);
    add(second, {1});
    add(second, secret(9));
    add(second, profile);
    Group of_first, of_second, of_none;
    REQUIRE(decode_record(first, of_first));
    CHECK(plain({of_first.secret}) == plain({group.secret}));
    CHECK(of_first.spare_secrets.empty());
    REQUIRE(decode_record(second, of_second));
    CHECK(plain(of_second.spare_secrets) == plain({secret(9)}));
    CHECK(of_second.profile == group.profile);
    CHECK_FALSE(decode_record(head(4), of_none));
}
