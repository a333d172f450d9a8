// SPDX-License-Identifier: Apache-2.0
#include "lib/conversation/shared.hpp"
#include "tests/lib/conversation/shelf.hpp"

using namespace godwit;
using namespace godwit::conversation;
using namespace godwit::testing;

TEST_CASE("how far messages have come, to bytes and back; what is cut off or out of bounds is nothing")
{
    const std::vector<shared::Reached> all = {
        {chat, "bob", MessageState::delivered, Path::direct, "", {message_named(1), message_named(2)}},
        {chat, "", MessageState::sent, Path::mailbox, "", {message_named(3)}},
        {chat, "carol", MessageState::failed, Path::none, "expired", {message_named(4)}},
    };
    const auto bytes = shared::encode(all);
    const auto back = shared::read_reached(bytes);
    REQUIRE(back);
    REQUIRE(back->size() == 3);
    for (std::size_t n = 0; n < all.size(); ++n) {
        CHECK((*back)[n].conversation == all[n].conversation);
        CHECK((*back)[n].user == all[n].user);
        CHECK((*back)[n].state == all[n].state);
        CHECK((*back)[n].path == all[n].path);
        CHECK((*back)[n].failure == all[n].failure);
        CHECK((*back)[n].messages == all[n].messages);
    }
    CHECK(shared::encode(*back) == bytes);
    // At the end of an entry less is less; anywhere else it is damaged.
    std::size_t whole = 0;
    for (std::size_t size = 0; size < bytes.size(); ++size)
        if (shared::read_reached(BytesView(bytes).first(size))) ++whole;
    CHECK(whole == 3); // None, one, two.
    const auto with = [&](std::size_t at, std::uint8_t value) {
        auto other = bytes;
        other[at] = value;
        return shared::read_reached(other).has_value();
    };
    const std::size_t state = 1 + ConversationId::size_bytes;
    CHECK_FALSE(with(0, 2)); // A later version.
    CHECK_FALSE(with(state, static_cast<std::uint8_t>(MessageState::accepted)));
    CHECK_FALSE(with(state, 5));
    CHECK_FALSE(with(state + 1, 4));
    CHECK_FALSE(with(state + 2, 65));
    CHECK_FALSE(shared::is_shared(shared::reached)); // Neither an archive nor a register among several brings it.
}
