// SPDX-License-Identifier: Apache-2.0
// What can be read from outside, how long things look, and every bound of the room, reached.
#include "tests/lib/seal/four.hpp"
#include "tests/lib/seal/insider.hpp"

#include "lib/seal/padding.hpp"
#include "lib/seal/state.hpp"

#include <algorithm>

using namespace godwit;
using namespace godwit::test;
using seal::Groups;
using Verdict = seal::Opened::Verdict;

TEST_CASE("label: group id and authenticated data are exactly these bytes")
{
    ConversationId conversation;
    for (std::size_t i = 0; i < conversation.bytes.size(); ++i)
        conversation.bytes[i] = static_cast<std::uint8_t>(i);
    const Bytes id = seal::encode_group_id(conversation, 0x0102);
    CHECK(to_hex(id) == "000102030405060708090a0b0c0d0e0f0000000000000102");
    const auto name = seal::parse_group_id(id);
    REQUIRE(name.has_value());
    CHECK(name->conversation == conversation);
    CHECK(name->incarnation == 0x0102);
    CHECK_FALSE(seal::parse_group_id(BytesView(id).first(23)).has_value());
    CHECK(to_hex(seal::bind(2, message_id(0x0a0b))) == "020b0a0000000000000000000000000000");
    CHECK(to_hex(seal::context_extensions({PublicKey{}})[1].extension_data) == "20" + std::string(64, '0'));
}

TEST_CASE("label: what is sealed says what it is, and no more")
{
    Four f;
    Member& ann3 = f.world.device("ann", "ann3");
    const auto change = f.change(f.ann1, f.world.packages({&ann3}));
    const auto outside = f.rejoin(f.ann2);
    const auto at = *f.ann1.groups->version(f.conversation);
    f.world.lists["ann"].pop_back();
    const auto signal = f.seal(f.bob1, message_id(1), "x", seal::Purpose::signal);
    using Kind = seal::Label::Kind;
    for (const auto& [bytes, kind] : {std::pair(change.commit, Kind::commit), std::pair(outside.commit, Kind::commit),
                                      std::pair(signal.bytes, Kind::message)}) {
        const auto label = seal::read_label(bytes);
        REQUIRE(label.has_value());
        CHECK(label->kind == kind);
        CHECK(label->conversation == f.conversation);
        CHECK(label->version == at);
    }
    CHECK(seal::read_label(signal.bytes)->purpose == seal::Purpose::signal);
    const auto welcome = seal::read_label(change.welcome);
    REQUIRE(welcome.has_value());
    CHECK(welcome->kind == Kind::welcome);
    CHECK(welcome->conversation.is_zero());
    CHECK_FALSE(seal::read_label(change.group_info).has_value());
    CHECK_FALSE(seal::read_label(f.world.packages({&ann3})[ann3.id]).has_value());
    CHECK_FALSE(seal::read_label({}).has_value());
    // Lengths that promise more than there is claim no memory.
    for (std::size_t i = 0; i < 40; ++i)
        CHECK_FALSE(seal::read_label(BytesView(signal.bytes).first(i)).has_value());
    CHECK_FALSE(seal::read_label(*from_hex("00010002bfffffff")).has_value());
    CHECK_FALSE(seal::read_label(*from_hex("0002000240")).has_value());
}

TEST_CASE("outline: a relay without keys reads of our commits, Welcomes and GroupInfos what their frames say")
{
    Four f;
    Member& ann3 = f.world.device("ann", "ann3");
    const auto check = [](const seal::Outgoing& out, const DeviceId& by) {
        const auto commit = wire::read_mls_commit(out.commit);
        REQUIRE(commit.has_value());
        CHECK(commit->group == wire::GroupName{out.conversation, out.from.incarnation});
        CHECK(commit->epoch == out.from.epoch);
        CHECK(commit->envelope == out.id);
        CHECK(commit->joins.has_value() == out.external);
        if (out.external) CHECK(*commit->joins == by);
        CHECK(wire::is_mls_welcome(out.welcome) == !out.newcomers.empty());
        const auto info = wire::read_mls_group_info(out.group_info);
        REQUIRE(info.has_value());
        CHECK(info->group == commit->group);
        CHECK(info->epoch == out.from.epoch + 1);
        CHECK(info->has_ratchet_tree);
        CHECK(info->has_external_pub);
    };
    check(f.change(f.ann1, f.world.packages({&ann3})), f.ann1.id); // adds
    check(f.rejoin(f.ann2), f.ann2.id);                            // takes out its old leaf
    check(f.found(f.bob1, 2), f.bob1.id);
    check(f.change(f.bob2), f.bob2.id); // nobody comes
}

TEST_CASE("padding: 256 at least, then Padmé")
{
    const std::pair<std::size_t, std::size_t> table[] = {
        {0, 256},       {1, 256},       {256, 256},         {257, 272},         {272, 272},   {273, 288},
        {511, 512},     {512, 512},     {513, 544},         {1000, 1024},       {1025, 1088}, {9000, 9216},
        {65537, 67584}, {65536, 65536}, {196'608, 196'608}, {196'609, 200'704},
    };
    for (const auto& [size, padded] : table) {
        CAPTURE(size);
        CHECK(seal::padded_size(size) == padded);
    }
    for (std::size_t size = 256; size < 300'000; size += 61) {
        const auto padded = seal::padded_size(size);
        CHECK(padded >= size);
        CHECK(padded <= size + size * 12 / 100);
        CHECK(seal::padded_size(padded) == padded);
    }
}

TEST_CASE("padding: short texts, receipts and signals of one length")
{
    Four f;
    const auto a = f.seal(f.ann1, message_id(1), "ok").bytes.size();
    const auto b = f.seal(f.ann1, message_id(2), std::string(150, 'x')).bytes.size();
    const auto c = f.seal(f.ann1, message_id(3), std::string(100, 'x'), seal::Purpose::signal).bytes.size();
    const auto d = f.seal(f.ann1, message_id(4), std::string(400, 'x')).bytes.size();
    CHECK(a == b);
    CHECK(a == c);
    CHECK(d > a);
}

TEST_CASE("bounds: the longest content fits an envelope, one byte more is refused")
{
    Four f;
    const std::string longest(wire::content_bytes_max, 'x');
    const auto sealed = f.seal(f.ann1, message_id(1), longest);
    CHECK(sealed.bytes.size() <= wire::envelope_bytes_max);
    CHECK(f.open(f.bob1, f.ann1, message_id(1), sealed.bytes).content.size() == longest.size());
    const auto code = [&](std::size_t size, seal::Purpose purpose) {
        const auto out = f.ann1.groups->seal(f.circle, purpose, message_id(2), Bytes(size));
        return out.ok() ? ErrorCode::ok : out.error().code;
    };
    CHECK(code(wire::content_bytes_max + 1, seal::Purpose::content) == ErrorCode::message_too_large);
    CHECK(code(wire::ice_signal_bytes_max, seal::Purpose::signal) == ErrorCode::ok);
    CHECK(code(wire::ice_signal_bytes_max + 1, seal::Purpose::signal) == ErrorCode::message_too_large);
    const auto signal =
        f.seal(f.ann1, message_id(5), std::string(wire::ice_signal_bytes_max, 'x'), seal::Purpose::signal);
    CHECK(signal.bytes.size() <= wire::signal_bytes_max);
    CHECK(f.seal(f.ann1, message_id(6), "").bytes.size() == f.seal(f.ann1, message_id(7), "x").bytes.size());
}

TEST_CASE("bounds: late messages, as far back as a ratchet goes")
{
    Four f;
    const auto first = f.seal(f.ann1, message_id(0), "first");
    seal::Sealed last;
    for (std::uint64_t i = 1; i <= mls::forward_steps_max; ++i)
        last = f.seal(f.ann1, message_id(i), "later");
    const auto beyond = f.seal(f.ann1, message_id(5000), "too far");
    CHECK(f.open(f.bob1, f.ann1, message_id(5000), beyond.bytes).verdict == Verdict::forged);
    CHECK(f.open(f.bob1, f.ann1, message_id(mls::forward_steps_max), last.bytes).verdict == Verdict::opened);
    CHECK(f.open(f.bob1, f.ann1, message_id(0), first.bytes).verdict == Verdict::opened);
    f.bob1.crash();
    CHECK(f.open(f.bob1, f.ann1, message_id(5000), beyond.bytes).verdict == Verdict::opened);
}

TEST_CASE("bounds: a value longer than the store takes goes on under further names, and leaves none behind")
{
    testing::MemoryStore store;
    const auto names = [&] { return store.value_names().size(); };
    const auto filled = [](std::size_t size) {
        Bytes out(size);
        for (std::size_t i = 0; i < size; ++i)
            out[i] = static_cast<std::uint8_t>(i * 31 >> 3);
        return out;
    };
    constexpr std::size_t mib = std::size_t{1} << 20;
    seal::LongValue value("mls/x/y");
    CHECK_FALSE(value.load(store).has_value());
    for (const auto& [size, parts] :
         {std::pair<std::size_t, std::size_t>{0, 1}, {mib - 4, 1}, {mib - 3, 2}, {3 * mib, 4}, {10, 1}, {2 * mib, 3}}) {
        CAPTURE(size);
        value.save(store, filled(size));
        CHECK(names() == parts);
        for (const auto& name : store.value_names())
            CHECK(store.value(name)->size() <= mib);
        const auto back = seal::LongValue("mls/x/y").load(store); // One that did not write it.
        REQUIRE(back.has_value());
        CHECK(to_bytes(*back) == filled(size));
    }
    seal::LongValue again("mls/x/y");
    again.save(store, filled(1)); // Shorter, by one that did not know how long it was.
    CHECK(names() == 1);
    value.save(store, filled(2 * mib));
    store.remove_value("mls/x/y/1");
    CHECK_FALSE(seal::LongValue("mls/x/y").load(store).has_value());
    seal::LongValue("mls/x/y").remove(store);
    CHECK(names() == 0);
}

TEST_CASE("bounds: more conversations than fit into memory, and all go on")
{
    World world;
    Member& ann = world.device("ann", "ann1");
    std::vector<seal::Circle> circles;
    constexpr std::size_t count = seal::loaded_max + 20;
    for (std::size_t i = 0; i < count; ++i) {
        const auto friend_name = "friend" + std::to_string(i);
        world.lists[friend_name] = {};
        circles.push_back(world.circle("ann", friend_name));
        std::vector<DeviceId> bad;
        REQUIRE(ann.tick([&](Groups& g) { return g.create(circles.back(), 1, {}, bad, start_ms); }).ok());
    }
    ann.crash();
    CHECK(ann.groups->pending().size() == count);
    for (const auto& circle : circles)
        REQUIRE(ann.tick([&](Groups& g) { return g.accepted(circle.conversation, start_ms); }).ok());
    const auto seal_in = [](Groups& groups, const seal::Circle& circle) {
        return groups.seal(circle, seal::Purpose::content, message_id(1), Bytes{1}).ok();
    };
    for (const auto& circle : circles)
        REQUIRE(ann.tick([&](Groups& groups) { return seal_in(groups, circle); }));
    ann.crash();
    // In one tick: what has not been written yet stays, however much it is.
    CHECK(ann.tick([&](Groups& groups) {
        return std::all_of(circles.begin(), circles.end(), [&](const auto& circle) { return seal_in(groups, circle); });
    }));
    // Each was sealed in twice, whether it was in memory or not.
    for (const auto& circle : circles) {
        auto group = group_of(ann, circle.conversation);
        CHECK(must(mls::GroupTestAccess::secret_tree(group).next(group.own_leaf(), mls::RatchetType::application))
                  .generation == 2);
    }
}

TEST_CASE("bounds: a device has so many conversations, and no more")
{
    World world;
    world.pairs = {{"ann", "bob"}, {"ann", "eve"}};
    Member &ann = world.device("ann", "ann1"), &bob = world.device("bob", "bob1");
    static_cast<void>(world.device("eve", "eve1"));
    mls::ListOf<std::array<std::uint8_t, 16>> full;
    for (std::size_t i = 0; i < seal::conversations_max; ++i) {
        full.items.emplace_back();
        full.items.back()[0] = static_cast<std::uint8_t>(i >> 8);
        full.items.back()[1] = static_cast<std::uint8_t>(i);
    }
    ann.store.begin();
    ann.store.put_value("mls/index", mls::encode(full));
    REQUIRE(ann.store.commit().ok());
    ann.crash();
    std::vector<DeviceId> bad;
    CHECK(ann.groups->create(world.circle("ann", "bob"), 1, {}, bad, start_ms).error().code ==
          ErrorCode::quota_exceeded);
    const auto packages = world.packages({&ann});
    const auto made =
        bob.tick([&](Groups& g) { return g.create(world.circle("bob", "ann"), 1, packages, bad, start_ms); });
    REQUIRE(made.ok());
    CHECK(ann.groups->welcome(made->welcome, start_ms).error().code == ErrorCode::quota_exceeded);
    // The KeyPackage is not used up by that.
    ann.crash();
    ann.store.begin();
    ann.store.remove_value("mls/index");
    REQUIRE(ann.store.commit().ok());
    ann.crash();
    CHECK(ann.tick([&](Groups& g) { return g.welcome(made->welcome, start_ms); }).ok());
}

TEST_CASE("bounds: a group of as many devices as may be, in as few commits as their bounds allow")
{
    World world;
    world.pairs = {{"ann", "bob"}};
    std::vector<Member*> all;
    for (std::size_t i = 0; i < seal::members_max + 1; ++i)
        all.push_back(&world.device(i % 2 == 0 ? "ann" : "bob", "device" + std::to_string(i)));
    Member& ann = *all.front();
    const auto circle = world.circle("ann", "bob");
    const auto packages = world.packages(all);
    std::vector<DeviceId> bad;
    auto made = ann.tick([&](Groups& g) { return g.create(circle, 1, packages, bad, start_ms); });
    int commits = 0;
    for (;; ++commits) {
        REQUIRE(commits < 20);
        REQUIRE_MESSAGE(made.ok(), (made.ok() ? "" : made.error().detail));
        CHECK(made->commit.size() <= wire::commit_bytes_max);
        CHECK(made->recipients.size() <= wire::recipients_max);
        // Only the newcomers follow, each into the epoch that it comes with; that suffices to see that it is good.
        for (const DeviceId& newcomer : made->newcomers)
            CHECK(world.by_id(newcomer).tick([&](Groups& g) { return g.welcome(made->welcome, start_ms); }).ok());
        REQUIRE(ann.tick([&](Groups& g) { return g.accepted(circle.conversation, start_ms); }).ok());
        if (ann.groups->members(circle.conversation).size() == seal::members_max) break;
        made = ann.tick([&](Groups& g) { return g.change(circle, packages, bad, start_ms); });
    }
    CHECK(bad.empty());
    const auto missing = ann.groups->needs(circle, start_ms).missing;
    REQUIRE(missing.size() == 1);
    const auto full = ann.tick([&](Groups& g) { return g.change(circle, packages, bad, start_ms); });
    REQUIRE(full.ok());
    CHECK(full->newcomers.empty());
    Member& last = world.by_id(missing[0]);
    CHECK(last.groups->rejoin(circle, full->group_info, {1, full->from.epoch + 1}, start_ms).error().code ==
          ErrorCode::quota_exceeded);
    // And a member that adds it all the same is not followed.
    Member& recent = world.by_id(made->newcomers.back());
    auto group = group_of(ann, circle.conversation);
    const auto message = must(mls::decode<mls::MLSMessage>(packages.at(last.id)));
    mls::CommitOptions options;
    options.proposals = {{mls::Add{*message.as<mls::KeyPackage>()}}};
    options.authenticated_data = seal::bind(seal::commit_purpose, message_id(1));
    const auto lawless_commit = must(group.commit(lawless(ann), options));
    const auto got =
        recent.tick([&](Groups& g) { return g.commit(message_id(1), ann.id, lawless_commit.commit, start_ms); });
    CHECK(got.verdict == seal::CommitOutcome::Verdict::rejected);
    CHECK(got.detail == "refused_by_application");
}

TEST_CASE("bounds: state that does not read is like no state")
{
    Four f;
    f.bob1.store.begin();
    const auto name = seal::value_name(f.conversation, "epoch");
    Bytes value = *f.bob1.store.value(name);
    value[5] ^= 0xff; // Its version.
    f.bob1.store.put_value(name, value);
    REQUIRE(f.bob1.store.commit().ok());
    f.bob1.crash();
    CHECK(f.bob1.groups->needs(f.circle, start_ms).group);
    f.world.accept(f.bob1, f.rejoin(f.bob1));
    f.everybody_talks();
}

TEST_CASE("bounds: a message writes one part of the ratchets, and epochs that are over leave nothing")
{
    Four f;
    const auto rows = [&](Member& member) {
        std::map<std::string, Bytes> out;
        const auto prefix = seal::value_name(f.conversation, "ratchets") + '/';
        for (const auto& name : member.store.value_names())
            if (name.starts_with(prefix)) out.emplace(name, *member.store.value(name));
        return out;
    };
    f.everybody_talks();
    const auto before = rows(f.ann1);
    f.seal(f.ann1, message_id(70), "x");
    std::size_t changed = 0;
    for (const auto& [name, value] : rows(f.ann1))
        if (const auto at = before.find(name); at == before.end() || at->second != value) {
            ++changed;
            CHECK(value.size() < 2048);
        }
    CHECK(changed == 1);
    for (std::size_t i = 0; i < 2 * mls::past_epochs_max; ++i) {
        f.world.accept(f.ann1, f.change(f.ann1));
        f.everybody_talks();
    }
    for (Member* const member : f.all) // Four leaves are one part an epoch.
        CHECK(rows(*member).size() == mls::past_epochs_max + 1);
    f.world.accept(f.bob1, f.rejoin(f.bob1)); // What was said before opens on.
    CHECK(rows(f.bob1).size() == mls::past_epochs_max + 1);
    f.bob1.crash();
    f.everybody_talks();
}
