// SPDX-License-Identifier: Apache-2.0
// Ratchet trees that lie beside their GroupInfo, and for how long.
#include "tests/relay/circle.hpp"

#include "lib/crypto/hash.hpp"
#include "relay/core/groups.hpp"

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

wire::TreeId name_of(const Bytes& tree)
{
    wire::TreeId out;
    crypto::blake2b({}, tree, out.bytes);
    return out;
}

/// A circle whose commits have their trees beside them, and dee, whose invitation waits.
struct Forest : Circle {
    static constexpr std::uint64_t invited_at = 2; ///< The epoch of dee's Welcome.

    explicit Forest(Config config = {}) : Circle(std::move(config))
    {
        befriend(ann, "ann", dee, "dee");
        create();
        commit_with_tree(ann, {dee.id});
        REQUIRE(epoch == invited_at);
    }

    /// By `by`; ann, bo and cy have taken it.
    void commit_with_tree(Device& by, std::vector<DeviceId> newcomers = {}, std::size_t bytes = 100)
    {
        const Bytes tree(bytes, static_cast<std::uint8_t>(epoch));
        REQUIRE(by.code(frame::GroupTreePut{id, name_of(tree), 1, 0, tree}) == ErrorCode::ok);
        auto commit = request(epoch, first_number + epoch, {"ann", "bo", "cy", "dee"}, std::move(newcomers));
        commit.tree = name_of(tree);
        REQUIRE(by.code(commit) == ErrorCode::ok);
        ++epoch;
        for (auto* const one : {&ann, &bo, &cy})
            acknowledge(*one);
    }
    void commit_with_trees(std::size_t count)
    {
        for (std::size_t i = 0; i < count; ++i)
            commit_with_tree(i % 2 == 0 ? ann : bo);
    }
    bool has_tree_of(std::uint64_t at) { return ann.code(frame::GroupTreeGet{id, 1, at, 0}) == ErrorCode::ok; }
    std::uint64_t let_go() { return world.core->counters().group_trees_let_go; }
    void expire()
    {
        world.advance(expiry_interval);
        REQUIRE(world.tick().ok());
    }

    std::uint64_t epoch = 1;
    std::uint64_t first_number = 10; ///< Of envelopes.
};

} // namespace

TEST_CASE("a tree beside its GroupInfo: put in pieces, named by a commit, handed to members of that epoch")
{
    Circle c;
    c.create();
    Bytes tree;
    for (int i = 0; i < 3000; ++i)
        tree.push_back(static_cast<std::uint8_t>(i * 7));
    const auto name = name_of(tree);
    const auto piece = [&](std::uint32_t i) {
        return frame::GroupTreePut{c.id, name, 3, i, to_bytes(BytesView(tree).subspan(i * 1000, 1000))};
    };
    auto commit = c.request(1, 2, {"ann", "bo", "cy"});
    commit.tree = name;
    CHECK(c.ann.code(commit) == ErrorCode::invalid_argument); // nothing of it is here
    CHECK(c.ann.code(piece(2)) == ErrorCode::ok);             // in any order
    CHECK(c.ann.code(piece(0)) == ErrorCode::ok);
    CHECK(c.ann.code(piece(0)) == ErrorCode::ok);
    CHECK(c.ann.code(commit) == ErrorCode::invalid_argument); // not all
    CHECK(c.ann.code(piece(1)) == ErrorCode::ok);
    CHECK(c.ann.code(piece(1)) == ErrorCode::ok); // the answer was lost
    const auto answer = c.ann.ask(commit);
    CHECK(answer.error.code == ErrorCode::ok);
    CHECK(std::get<frame::GroupState>(answer.body).tree_pieces == 3);
    CHECK(c.state(c.bo).tree_pieces == 3);

    Bytes got;
    for (std::uint32_t i = 0; i < 3; ++i) {
        const auto response = c.bo.ask(frame::GroupTreeGet{c.id, 1, 2, i});
        REQUIRE(response.error.code == ErrorCode::ok);
        append(got, std::get<frame::GroupTreePiece>(response.body).bytes);
    }
    CHECK(got == tree);
    for (const auto& [incarnation, epoch, at] :
         {std::tuple(1, 2, 3), std::tuple(1, 1, 0), std::tuple(2, 2, 0), std::tuple(1, 0, 0), std::tuple(1, 9, 0)})
        CHECK(c.bo.code(frame::GroupTreeGet{c.id, static_cast<std::uint64_t>(incarnation),
                                            static_cast<std::uint64_t>(epoch), static_cast<std::uint32_t>(at)}) ==
              ErrorCode::no_such_file);
    // The next one has its tree in the GroupInfo.
    CHECK(c.commit(c.bo, 2, 3, {"ann", "bo", "cy"}) == ErrorCode::ok);
    CHECK(c.state(c.bo).tree_pieces == 0);
    CHECK(c.bo.code(frame::GroupTreeGet{c.id, 1, 2, 0}) == ErrorCode::ok); // who was welcomed then may still come
    CHECK(c.world.core->counters().group_trees_stored == 1);
}

TEST_CASE("trees are bounded: wrong ones go, unused ones are few and short-lived, old ones end")
{
    Config config;
    config.limits.group_trees_unused_max = 2;
    config.limits.group_trees_kept = 2;
    Circle c(config);
    c.create();
    const auto put = [&](Device& by, const Bytes& tree, wire::TreeId name, std::uint32_t pieces = 1) {
        return by.code(frame::GroupTreePut{c.id, name, pieces, 0, tree});
    };
    CHECK(put(c.ann, Bytes(10, 1), name_of(Bytes(10, 2))) == ErrorCode::invalid_argument);
    CHECK_FALSE(c.world.store.tree(1).has_value());
    CHECK(put(c.ann, Bytes(10, 1), name_of(Bytes(10, 1)), 2) == ErrorCode::ok);
    CHECK(put(c.ann, Bytes(10, 1), name_of(Bytes(10, 1)), 3) == ErrorCode::invalid_argument); // another number
    CHECK(c.ann.code(frame::GroupTreePut{c.id, name_of(Bytes(9, 9)), 2, 2, Bytes(10, 1)}) ==
          ErrorCode::invalid_argument);
    CHECK(put(c.dee, Bytes(10, 1), name_of(Bytes(10, 1))) == ErrorCode::not_allowed);

    std::vector<wire::TreeId> names;
    const auto account = c.world.store.account("bo")->row;
    for (std::uint8_t i = 0; i < 3; ++i) {
        names.push_back(name_of(Bytes(20, i)));
        CHECK(put(c.bo, Bytes(20, i), names.back()) == ErrorCode::ok);
    }
    CHECK_FALSE(c.world.store.tree(account, c.id, names[0]).has_value()); // the oldest of three made room
    CHECK(c.world.store.tree(account, c.id, names[1]).has_value());
    c.world.now.wall_ms += config.limits.group_tree_unused_ms_max + 1;
    c.world.advance(expiry_interval);
    CHECK(c.world.tick().ok());
    CHECK_FALSE(c.world.store.tree(account, c.id, names[1]).has_value());

    for (std::uint64_t epoch = 1; epoch < 5; ++epoch) {
        const Bytes tree(30, static_cast<std::uint8_t>(epoch));
        CHECK(put(c.bo, tree, name_of(tree)) == ErrorCode::ok);
        auto commit = c.request(epoch, 10 + epoch, {"ann", "bo", "cy"});
        commit.tree = name_of(tree);
        CHECK(c.bo.code(commit) == ErrorCode::ok);
    }
    CHECK(c.ann.code(frame::GroupTreeGet{c.id, 1, 5, 0}) == ErrorCode::ok);
    CHECK(c.ann.code(frame::GroupTreeGet{c.id, 1, 4, 0}) == ErrorCode::ok);
    CHECK(c.ann.code(frame::GroupTreeGet{c.id, 1, 3, 0}) == ErrorCode::no_such_file);
    CHECK_FALSE(c.world.store.tree(account, c.id, name_of(Bytes(30, 1))).has_value());
}

TEST_CASE("a GroupInfo without a tree is joinable only with one beside it")
{
    Circle c;
    c.create();
    auto commit = c.request(1, 2, {"ann", "bo", "cy"});
    commit.group_info = group_info_bytes({c.id, 1}, 2, 2, 0, c.policy({"ann", "bo", "cy"}));
    CHECK(c.ann.code(commit) == ErrorCode::malformed);
    CHECK(c.ann.code(frame::GroupTreePut{c.id, name_of(Bytes(9, 1)), 1, 0, Bytes(9, 1)}) == ErrorCode::ok);
    commit.tree = name_of(Bytes(9, 1));
    CHECK(c.ann.code(commit) == ErrorCode::ok);
}

TEST_CASE("who slept through more commits than trees are kept of has the tree of its Welcome all the same")
{
    Forest c;
    // So many that also the commit itself would have been forgotten.
    c.commit_with_trees(group_commits_kept + 8);
    CHECK_FALSE(c.has_tree_of(Forest::invited_at + 1)); // Nobody comes in by that one.
    c.world.restart();
    for (auto* const one : {&c.ann, &c.bo, &c.cy, &c.dee})
        one->resume();
    c.expire();
    const auto tree = c.dee.ask(frame::GroupTreeGet{c.id, 1, Forest::invited_at, 0});
    REQUIRE(tree.error.code == ErrorCode::ok);
    CHECK(std::get<frame::GroupTreePiece>(tree.body).bytes == Bytes(100, 1));
    CHECK(c.let_go() == 0);
}

TEST_CASE("the tree of a Welcome goes when the last has taken it")
{
    Forest c;
    c.commit_with_trees(20);
    CHECK(c.has_tree_of(Forest::invited_at));
    Circle::acknowledge(c.dee);
    CHECK(c.world.tick().ok());
    SUBCASE("by the clock")
    {
        c.expire();
    }
    SUBCASE("by the next commit")
    {
        c.commit_with_trees(1);
    }
    CHECK_FALSE(c.has_tree_of(Forest::invited_at));
    CHECK(c.has_tree_of(c.epoch)); // The newest ones stay, whoever comes.
    CHECK(c.has_tree_of(c.epoch - 15));
    CHECK(c.let_go() == 0);
}

TEST_CASE("the tree of a Welcome goes when its time in the mailbox is over")
{
    Forest c;
    c.commit_with_trees(20);
    c.world.advance(std::chrono::milliseconds(c.world.config.limits.mailbox_age_ms_max + 1));
    CHECK(c.world.tick().ok());
    c.expire();
    CHECK_FALSE(c.has_tree_of(Forest::invited_at));
}

TEST_CASE("a Welcome that falls with its commit takes its tree along")
{
    Forest c;
    for (auto* const one : {&c.bo, &c.cy})
        REQUIRE(c.reject(*one, 1, 11) == ErrorCode::ok);
    CHECK_FALSE(c.has_tree_of(Forest::invited_at));
    c.epoch = 1;
    c.first_number = 100;
    c.commit_with_trees(20);
    c.expire();
    CHECK_FALSE(c.has_tree_of(Forest::invited_at));
}

TEST_CASE("the trees of one group have a bound: those of the oldest Welcomes go, and are counted")
{
    Config config;
    config.limits.group_trees_kept = 2;
    config.limits.group_trees_bytes_max = 1000;
    Forest c(config);
    const auto invite = [&](std::size_t bytes) {
        c.commit_with_tree(c.ann, {c.dee.id}, bytes);
        return c.epoch;
    };
    const auto second = invite(200);
    const auto third = invite(200);
    c.commit_with_trees(3); // 100 + 200 + 200 wait, and the newest two: 700
    for (const auto epoch : {Forest::invited_at, second, third})
        CHECK(c.has_tree_of(epoch));
    c.commit_with_tree(c.ann, {}, 300); // 500 + 100 + 300
    CHECK(c.has_tree_of(Forest::invited_at));
    c.commit_with_tree(c.ann, {}, 300); // 500 + 600
    CHECK_FALSE(c.has_tree_of(Forest::invited_at));
    CHECK(c.has_tree_of(second));
    CHECK(c.let_go() == 1);
    c.commit_with_tree(c.ann, {}, 2000); // The newest ones stay, however large.
    CHECK_FALSE(c.has_tree_of(third));
    CHECK(c.has_tree_of(c.epoch));
    CHECK(c.has_tree_of(c.epoch - 1));
    CHECK(c.let_go() == 3);
}

TEST_CASE("a group that is over leaves no tree behind")
{
    Forest c;
    REQUIRE(c.world.store.tree(1).has_value());
    c.world.store.remove_group(c.world.store.group(c.id).row);
    c.expire();
    CHECK_FALSE(c.world.store.tree(1).has_value());
}

TEST_CASE("more groups with trees than one tick looks at are all looked at")
{
    Forest c;
    c.commit_with_trees(20);
    Circle::acknowledge(c.dee);
    const auto account = c.world.store.account("ann")->row;
    for (std::uint8_t i = 0; i < 2 * groups_swept_per_tick_max; ++i)
        c.world.store.add_tree(account, filled<ConversationId>(i), name_of(Bytes(1, i)), 1, c.world.now.wall_ms);
    for (int i = 0; i < 3; ++i)
        c.expire();
    CHECK_FALSE(c.has_tree_of(Forest::invited_at));
}
