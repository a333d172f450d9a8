// SPDX-License-Identifier: Apache-2.0
// Pictures of groups: files that no post refers to.
#include "tests/lib/engine/file_party.hpp"

using namespace godwit;
using namespace godwit::engine;
using namespace godwit::engine::test;
using std::chrono::seconds;

namespace {

Bytes picture(std::uint8_t salt)
{
    Bytes out(70'000);
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<std::uint8_t>(i * 7 + salt);
    return out;
}

} // namespace

TEST_CASE("pictures: it comes to those who are there, by the relay to those who are not, and goes with the next one")
{
    FileWorld world;
    auto& ann = world.party("ann");
    auto& bo = world.party("bo");
    auto& cy = world.party("cy");
    world.link(ann, bo);
    const auto first = ann.add("/one.png", picture(1));
    for (auto* one : {&ann, &bo, &cy})
        one->picture(&first, "ann");
    for (auto* one : {&bo, &cy}) {
        REQUIRE(world.run([&] { return one->state(first.id) == FileState::whole; }));
        CHECK(one->content(first.id) == picture(1));
    }
    CHECK(cy.last<event::FileDone>().file.path == Path::mailbox);
    // Nothing else refers to it: it is not kept twice, nor asked for again.
    const auto served = ann.served;
    bo.picture(&first, {});
    world.settle(seconds(20));
    CHECK(ann.served == served);

    const auto second = bo.add("/two.png", picture(2));
    for (auto* one : {&ann, &bo, &cy})
        one->picture(&second, "bo");
    REQUIRE(world.run([&] { return ann.state(second.id) == FileState::whole; }));
    for (auto* one : {&ann, &bo, &cy})
        CHECK(one->code(request::FileFetch{first.id}) == ErrorCode::no_such_file);
    for (auto* one : {&ann, &bo, &cy})
        one->picture(nullptr, {});
    for (auto* one : {&ann, &bo, &cy})
        CHECK(one->code(request::FileFetch{second.id}) == ErrorCode::no_such_file);
}

TEST_CASE("pictures: who comes later gets it, from who was served and from the relay, though all had it before")
{
    FileWorld world;
    auto& ann = world.party("ann");
    auto& bo = world.party("bo");
    world.link(ann, bo);
    const auto file = ann.add("/one.png", picture(1));
    for (auto* one : {&ann, &bo})
        one->picture(&file, "ann");
    REQUIRE(world.run([&] { return bo.state(file.id) == FileState::whole; }));
    world.settle();
    CHECK(world.blobs.empty()); // All have it.
    auto& cy = world.party("cy");
    cy.picture(&file, {}); // He has not seen who chose it.
    ann.picture(&file, {}, true);
    bo.picture(&file, {}, true);
    REQUIRE(world.run([&] { return cy.state(file.id) == FileState::whole; }));
    CHECK(cy.last<event::FileDone>().file.path == Path::mailbox);
}

TEST_CASE("pictures: to choose a file as a picture is not to get it")
{
    FileWorld world;
    auto& ann = world.party("ann");
    auto& bo = world.party("bo");
    world.link(ann, bo);
    const auto secret = ann.add("/secret", picture(3));
    SUBCASE("from who sees it chosen")
    {
        ann.picture(&secret, "bo"); // Bo knows its id from somewhere.
    }
    SUBCASE("from who comes later, and does not know whose word it is")
    {
        ann.picture(&secret, {});
    }
    bo.picture(&secret, "bo");
    bo.post(secret, 9, false, "ann"); // So that he asks.
    world.settle(seconds(30));
    CHECK(bo.state(secret.id) != FileState::whole);
    CHECK(ann.served == 0);
    CHECK(world.blobs.empty());
}
