// SPDX-License-Identifier: Apache-2.0
#include "lib/delivery/causal_hold.hpp"
#include "tests/lib/delivery/fixtures.hpp"

#include <random>

using namespace godwit;
using namespace godwit::delivery;
using namespace godwit::testing;

namespace {

const ConversationId chat = conversation_named(1);

struct Desk {
    MemoryStore store;
    CausalHold hold;
    std::vector<std::uint32_t> shown;
    std::vector<std::uint32_t> gaps;

    explicit Desk(CausalHold::Limits limits = {}) : hold(limits) { store.begin(); }

    static std::uint32_t number(const MessageId& id)
    {
        std::uint32_t n = 0;
        for (std::size_t i = 0; i < 4; ++i)
            n = (n << 8) | id.bytes[i];
        return n;
    }
    void show(std::vector<CausalHold::Ready> ready)
    {
        for (auto& item : ready) {
            const auto n = number(item.message.message.id);
            REQUIRE(store.add_message(item.message)); // never twice
            shown.push_back(n);
            if (item.message.message.gap_before) gaps.push_back(n);
        }
    }
    void arrive(std::uint32_t n, std::vector<std::uint32_t> parents, std::int64_t ms = 0, bool before = false,
                std::size_t size = 10)
    {
        port::StoredMessage row;
        row.message.conversation = chat;
        row.message.id = message_named(n);
        row.message.text.assign(size, 'x');
        std::vector<MessageId> named;
        for (auto p : parents)
            named.push_back(message_named(p));
        show(hold.arrive(store, std::move(row), std::move(named), before, at_ms(ms)));
    }
    void expire(std::int64_t ms) { show(hold.expire(store, at_ms(ms).mono)); }
};

using Numbers = std::vector<std::uint32_t>;

} // namespace

TEST_CASE("parents first, whatever comes first")
{
    Desk desk;
    desk.arrive(1, {});
    desk.arrive(4, {3, 2});
    desk.arrive(3, {2});
    CHECK(desk.shown == Numbers{1});
    CHECK(desk.hold.held_count(chat) == 2);
    desk.arrive(2, {1});
    CHECK(desk.shown == Numbers{1, 2, 3, 4});
    CHECK(desk.gaps.empty());
    CHECK(desk.hold.deadline() == never);
    CHECK(desk.store.conversations_with_held().empty());
}

TEST_CASE("a duplicate of what is held or shown is nothing")
{
    Desk desk;
    desk.arrive(2, {1});
    desk.arrive(2, {1});
    desk.arrive(1, {});
    desk.arrive(1, {});
    desk.arrive(2, {});
    CHECK(desk.shown == Numbers{1, 2});
}

TEST_CASE("a parent that never comes: a gap after the wait, once")
{
    Desk desk;
    desk.arrive(1, {});
    desk.arrive(3, {2}, 1'000);
    desk.arrive(4, {3}, 2'000);
    CHECK(desk.hold.deadline() == at_ms(31'000).mono);
    desk.expire(30'999);
    CHECK(desk.shown == Numbers{1});
    desk.expire(31'000);
    CHECK(desk.shown == Numbers{1, 3, 4});
    CHECK(desk.gaps == Numbers{3});
    desk.arrive(5, {2, 4}, 40'000); // nobody waits for 2 again
    CHECK(desk.shown.back() == 5);
    desk.arrive(2, {1}, 50'000); // and when it comes after all, it is shown
    CHECK(desk.shown.back() == 2);
}

TEST_CASE("the child came before its held parent: the gap is shown at the parent")
{
    Desk desk;
    desk.arrive(4, {3}, 0);
    desk.arrive(3, {2}, 10);
    desk.expire(30'000);
    CHECK(desk.shown == Numbers{3, 4});
    CHECK(desk.gaps == Numbers{3});
}

TEST_CASE("messages that name each other in a ring end too")
{
    Desk desk;
    desk.arrive(1, {2});
    desk.arrive(2, {3});
    desk.arrive(3, {1});
    desk.arrive(7, {7});
    CHECK(desk.shown == Numbers{7});
    desk.expire(30'000);
    CHECK(desk.shown.size() == 4);
    CHECK(desk.hold.held_count(chat) == 0);
}

TEST_CASE("held is durable: a restart goes on waiting, for the rest of the time")
{
    Desk desk;
    desk.arrive(2, {1}, 0);
    REQUIRE(desk.store.commit());
    desk.store.begin();
    desk.hold = CausalHold(CausalHold::Limits{});
    desk.hold.load(desk.store, at_ms(20'000));
    CHECK(desk.hold.deadline() == at_ms(30'000).mono);
    SUBCASE("parent comes")
    {
        desk.arrive(1, {}, 21'000);
        CHECK(desk.shown == Numbers{1, 2});
        CHECK(desk.gaps.empty());
    }
    SUBCASE("parent does not come")
    {
        desk.expire(30'000);
        CHECK(desk.gaps == Numbers{2});
    }
}

TEST_CASE("held_messages_max: the oldest goes, with a gap")
{
    CausalHold::Limits limits;
    limits.messages_max = 5;
    Desk desk(limits);
    for (std::uint32_t n = 10; n < 15; ++n)
        desk.arrive(n, {n + 100}, n);
    CHECK(desk.shown.empty());
    desk.arrive(15, {115}, 15);
    CHECK(desk.shown == Numbers{10});
    CHECK(desk.gaps == Numbers{10});
    CHECK(desk.hold.held_count(chat) == 5);
}

TEST_CASE("held_bytes_max: as many of the oldest go as must")
{
    CausalHold::Limits limits;
    limits.bytes_max = 10'000;
    Desk desk(limits);
    desk.arrive(1, {101}, 1, false, 3'000);
    desk.arrive(2, {102}, 2, false, 3'000);
    desk.arrive(3, {103}, 3, false, 9'000);
    CHECK(desk.shown == Numbers{1, 2});
    CHECK(desk.hold.held_count(chat) == 1);
}

TEST_CASE("a device that is younger than the conversation does not stall on its first message, nor calls it a gap")
{
    Desk desk;
    desk.arrive(50, {49}, 0, true);
    CHECK(desk.hold.deadline() == at_ms(2'000).mono);
    SUBCASE("what it names was before our time")
    {
        desk.expire(2'000);
        CHECK(desk.shown == Numbers{50});
        CHECK(desk.gaps.empty());
    }
    SUBCASE("what it names was only slower")
    {
        desk.arrive(49, {48}, 100, true);
        desk.expire(2'100);
        CHECK(desk.shown == Numbers{49, 50});
    }
}

TEST_CASE("random order, random loss: everything that came is shown once, parents first")
{
    for (std::uint32_t seed = 1; seed <= 200; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        const auto pick = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
        std::map<std::uint32_t, Numbers> parents;
        Numbers order;
        for (std::uint32_t n = 1; n <= 40; ++n) {
            for (std::uint32_t p = 0; n > 1 && p < pick(4); ++p)
                parents[n].push_back(1 + pick(n - 1));
            if (pick(10) != 0) order.push_back(n); // one in ten never comes
        }
        std::shuffle(order.begin(), order.end(), random);
        Desk desk;
        std::int64_t ms = 0;
        for (auto n : order)
            desk.arrive(n, parents[n], ms += 10);
        const std::set<std::uint32_t> came(order.begin(), order.end());
        while (desk.hold.deadline() != never) {
            ms = std::chrono::duration_cast<std::chrono::milliseconds>(desk.hold.deadline().time_since_epoch()).count();
            desk.expire(ms);
        }
        CHECK(std::set<std::uint32_t>(desk.shown.begin(), desk.shown.end()) == came);
        CHECK(desk.shown.size() == came.size());
        for (std::size_t i = 0; i < desk.shown.size(); ++i)
            for (auto parent : parents[desk.shown[i]]) {
                const auto at = std::find(desk.shown.begin(), desk.shown.end(), parent);
                if (at != desk.shown.end()) CHECK(at < desk.shown.begin() + static_cast<std::ptrdiff_t>(i));
            }
    }
}
