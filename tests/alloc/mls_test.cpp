// SPDX-License-Identifier: Apache-2.0
// MLS groups when memory runs out. A group that failed in the middle is thrown away with its tick (lib/seal), so what
// it holds then does not matter; that it does not crash or leak does, and that the stored state still takes the
// message.
#include "tests/alloc/scarce.hpp"
#include "tests/lib/mls/world.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::test;
using namespace godwit::testing;

namespace {

struct Stored {
    mls::WipedBytes epoch;
    mls::WipedBytes ratchets;
    explicit Stored(const mls::Group& group) : epoch(group.serialize_epoch()), ratchets(group.serialize_ratchets()) {}
    [[nodiscard]] mls::Group load() const { return must(mls::Group::deserialize(epoch, ratchets)); }
    friend bool operator==(const Stored&, const Stored&) = default;
};

/// A message arrives at `to`, as stored; each time from the same state.
std::uint64_t arrives(World& world, const Stored& stored, const Bytes& message, const Stored& wanted)
{
    return at_each_allocation(
        [&] {
            mls::Group group = [&] {
                auto loaded = mls::Group::deserialize(stored.epoch, stored.ratchets);
                if (!loaded.ok()) throw std::bad_alloc(); // never because the state were bad
                return std::move(*loaded);
            }();
            const auto got = group.process(world.env(), message);
            return got.ok() && Stored(group) == wanted;
        },
        [&] {
            mls::Group group = stored.load();
            CHECK(group.process(world.env(), message).ok());
            CHECK(Stored(group) == wanted);
        });
}

} // namespace

TEST_CASE("a commit, an application message, a proposal: from stored bytes to the next state, at each allocation")
{
    World world(7);
    world.found("alice");
    world.add(0, {"bob", "carol", "dave"});
    auto& alice = world.group(0);
    const Stored before(world.group(1));
    std::uint64_t failures = 0;

    const auto sealed = must(alice.encrypt(world.env(), as_bytes("hello"), {}));
    auto out = must(alice.commit(world.env(), {}));
    for (const Bytes& message : {sealed, out.commit}) {
        mls::Group bob = before.load();
        REQUIRE(bob.process(world.env(), message).ok());
        failures += arrives(world, before, message, Stored(bob));
    }
    CHECK(failures > 200);
}

TEST_CASE("a Welcome: joining at each allocation")
{
    World world(8);
    world.found("alice");
    const Member bob = world.newcomer("bob");
    const auto bundle = world.package(bob);
    mls::CommitOptions options;
    options.proposals.push_back(mls::Proposal{mls::Add{bundle.key_package}});
    const auto out = must(world.group(0).commit(world.env(), options));
    REQUIRE(out.welcome.has_value());
    const auto failures = at_each_allocation(
        [&] {
            const auto message = mls::decode<mls::MLSMessage>(*out.welcome);
            if (!message.ok()) return false;
            return mls::Group::join(world.env(), *message->as<mls::Welcome>(), bundle, {}, world.group(0).options())
                .ok();
        },
        [] {});
    CHECK(failures > 100);
}
