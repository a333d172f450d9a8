// SPDX-License-Identifier: Apache-2.0
// The engine's ticks when memory runs out, under the rule of its shell: roll back, throw it away, make it anew.
#include "tests/alloc/scarce.hpp"
#include "tests/sim/world.hpp"
#include "tests/support/seeded_entropy.hpp"

#include "lib/engine/engine.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::testing;

TEST_CASE("a message is accepted or refused at each allocation of its tick, never half")
{
    World world(5);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    alice.crash();
    auto& store = alice.store;
    const Moment now = {world.now(), world.wall_ms()};
    std::uint64_t seed = 1;
    std::uint64_t failures = 0;
    std::size_t accepted = 0;
    for (std::uint64_t k = 1;; k = test::next_allocation(k)) {
        CAPTURE(k);
        test::SeededEntropy entropy(++seed);
        const auto open_before = store.open_message_count();
        std::optional<RequestId> replied;
        bool struck = false;
        {
            auto engine = std::make_unique<engine::Engine>(alice.config(), store, entropy, world_trace());
            bool committed = false;
            store.begin();
            {
                const godwit::test::ScarceMemory scarce(k);
                try {
                    engine->start(now);
                    engine->submit({7, Request(request::Send{"bob", "k " + std::to_string(k), {}})}, now);
                    engine->submit({8, Request(request::Status{})}, now);
                    engine->handle_deadline(now);
                    committed = true;
                } catch (const std::bad_alloc&) {
                    committed = false;
                }
                struck = scarce.struck();
            }
            if (committed) committed = store.commit().ok();
            if (!committed) {
                engine->discard_outputs();
                store.rollback();
            }
            while (auto event = engine->next_event())
                if (const auto* reply = std::get_if<event::Reply>(&*event); reply != nullptr && reply->id == 7)
                    if (reply->error.code == ErrorCode::ok) replied = reply->id;
        }
        CHECK(store.open_message_count() == open_before + (replied ? 1U : 0U));
        if (replied) ++accepted;
        if (!struck) {
            CHECK(replied);
            break;
        }
        ++failures;
    }
    CHECK(failures > 100);
    // What was accepted arrives, once.
    alice.start();
    REQUIRE(world.run_until([&] { return bob.heard.received.size() >= accepted; }));
    world.run_for(std::chrono::seconds(30));
    CHECK(bob.heard.received.size() == accepted);
    CHECK(alice.history("bob").size() == accepted);
}
