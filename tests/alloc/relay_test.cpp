// SPDX-License-Identifier: Apache-2.0
// The relay's tick when memory runs out. Where an exception gets out of the core its process ends, as by kill -9, and
// is started again: what it said is stored is there then, once, whichever allocation it was.
#include "tests/alloc/scarce.hpp"
#include "tests/relay/rig.hpp"

using namespace godwit;
using namespace godwit::relay::test;
using godwit::test::next_allocation;
using godwit::test::ScarceMemory;

namespace {

struct Turn {
    bool died = false;
    bool struck = false;
    std::vector<relay::Output> said;
};

/// One tick with a frame in it, its k-th allocation failing.
Turn turn_with(World& world, relay::LinkId link, const Bytes& frame, std::uint64_t k)
{
    Turn out;
    out.said.reserve(64);
    const ScarceMemory scarce(k);
    try {
        world.core->receive(link, frame, world.now);
        (void)world.core->commit(world.now);
        while (auto output = world.core->next_output())
            out.said.push_back(std::move(*output));
    } catch (const std::bad_alloc&) {
        out.died = true;
    }
    out.struck = scarce.struck();
    return out;
}

bool said_stored(const Turn& turn, std::uint64_t request)
{
    for (const auto& output : turn.said) {
        if (output.close) continue;
        const auto frame = wire::decode_server_frame(output.frame);
        REQUIRE(frame.ok());
        const auto* response = std::get_if<frame::Response>(&*frame);
        if (response == nullptr || response->id != request || response->error.code != ErrorCode::ok) continue;
        const auto* done = std::get_if<frame::MailboxPutOk>(&response->body);
        return done != nullptr && done->results == std::vector{ErrorCode::ok};
    }
    return false;
}

} // namespace

TEST_CASE("a message put at each allocation of the relay's tick: what it says it has it has, once")
{
    World world;
    Device ann{world, 1};
    Device bo{world, 2};
    ann.join("ann", 100);
    bo.join("bo", 200);
    befriend(ann, "ann", bo, "bo");
    std::uint64_t failures = 0;
    std::uint64_t deaths = 0;
    std::uint64_t number = 10;
    for (std::uint64_t k = 1;; k = next_allocation(k)) {
        CAPTURE(k);
        bo.drop();
        const auto request = ann.next_id++;
        const auto one = envelope(++number);
        const auto frame = wire::encode(
            wire::relay::ClientFrame(wire::relay::Request{request, wire::relay::MailboxPut{{bo.id}, one}}));
        const auto turn = turn_with(world, ann.link, frame, k);
        const bool promised = said_stored(turn, request);
        if (turn.died) {
            ++deaths;
            world.restart();
            ann.resume();
        }
        if (promised) REQUIRE(world.store.envelope(ann.id, one.id).has_value());
        // Whoever was not answered asks again, and the reader gets it once.
        if (!promised) REQUIRE(ann.put(bo, number) == ErrorCode::ok);
        bo.resume();
        const auto mail = bo.take<frame::MailboxDeliver>();
        REQUIRE(mail.size() == 1);
        CHECK(mail[0].envelope.id == one.id);
        CHECK(mail[0].envelope.sealed == one.sealed);
        bo.acknowledge({mail[0].sequence});
        CHECK_FALSE(world.store.envelope(ann.id, one.id));
        world.advance(std::chrono::minutes(1));
        if (!turn.struck) {
            CHECK(promised);
            break;
        }
        ++failures;
    }
    CHECK(failures > 30);
    CHECK(deaths > 0);
}
