// SPDX-License-Identifier: Apache-2.0
// What is kept of a group: epochs that have passed, state that is stored, commits that wait for their answer.
#include "tests/lib/mls/story.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;

TEST_CASE("late messages: past epochs are open for past_epochs_max, then closed")
{
    World world(22);
    world.found("alice");
    world.add(0, {"bob", "carol"});
    std::vector<Bytes> sent;
    for (std::size_t i = 0; i <= past_epochs_max + 1; ++i) {
        sent.push_back(must(world.group(0).encrypt(world.env(), as_bytes("late"))));
        world.commit(2);
        if (i == 2) world.add(0, {"dave"});
    }
    CHECK(world.group(1).past_epochs() == past_epochs_max);
    int opened = 0, closed = 0;
    for (const Bytes& message : sent) {
        const auto got = world.group(1).process(world.env(), message);
        if (got.ok()) {
            ++opened;
            CHECK(world.group(1).process(world.env(), message).error() == MlsError::generation_used);
        } else {
            ++closed;
            CHECK(got.error() == MlsError::epoch_too_old);
        }
    }
    CHECK(opened == 4); // Seven epochs passed, and the one with dave's Add.
    CHECK(closed == 3);
}

TEST_CASE("state: every part comes back the same, parts of different moments do not fit, damage is noticed")
{
    World world(24);
    world.found("alice", {}, HandshakeFormat::private_message);
    world.add(0, {"bob", "carol"});
    world.deliver(must(world.group(1).propose_update(world.env())), 1);
    Group& bob = world.group(1);
    const WipedBytes epoch = bob.serialize_epoch(), ratchets = bob.serialize_ratchets();
    Group copy = must(Group::deserialize(epoch, ratchets));
    CHECK(copy.serialize_epoch() == epoch);
    CHECK(copy.serialize_ratchets() == ratchets);
    bob = std::move(copy); // Bob restarts with his own Update pending.
    world.commit(0);
    CHECK(bob.serialize_epoch() != epoch);
    CHECK(Group::deserialize(bob.serialize_epoch(), ratchets).error() == MlsError::state_malformed);
    CHECK(Group::deserialize(epoch, bob.serialize_ratchets()).error() == MlsError::state_malformed);
    // Sending moves the ratchets and nothing else.
    const WipedBytes before_epoch = bob.serialize_epoch(), before_ratchets = bob.serialize_ratchets();
    const Bytes message = must(bob.encrypt(world.env(), as_bytes("x")));
    CHECK(bob.serialize_epoch() == before_epoch);
    CHECK(bob.serialize_ratchets() != before_ratchets);

    // In parts: two for two leaves and their epochs before, and a message moves one.
    CHECK(bob.take_moved_ratchets().size() >= 2);
    must(bob.encrypt(world.env(), as_bytes("x")));
    auto moved = bob.take_moved_ratchets();
    REQUIRE(moved.size() == 1);
    CHECK(moved[0].epoch == bob.epoch());
    CHECK(moved[0].bytes.size() < 512);
    CHECK(bob.take_moved_ratchets().empty());
    bob.all_ratchets_moved();
    const auto all = bob.take_moved_ratchets();
    const auto load = [&](std::size_t damaged, std::size_t at, std::uint8_t change) {
        return Group::deserialize(bob.serialize_epoch(),
                                  [&](std::uint64_t of, PartIndex part) {
                                      for (std::size_t i = 0; i < all.size(); ++i) {
                                          if (all[i].epoch != of || all[i].part != part) continue;
                                          WipedBytes bytes = all[i].bytes;
                                          if (i == damaged) bytes[at] ^= change;
                                          return std::optional(bytes);
                                      }
                                      return std::optional<WipedBytes>();
                                  })
            .error();
    };
    CHECK(load(all.size(), 0, 0) == MlsError::none);
    CHECK(load(0, 0, 1) == MlsError::state_version);
    CHECK(load(0, 9, 1) == MlsError::state_malformed);  // Of another epoch.
    CHECK(load(0, 13, 1) == MlsError::state_malformed); // Of another part.
    for (std::size_t at = 0; at < all[0].bytes.size(); ++at)
        static_cast<void>(load(0, at, 0x41));
    CHECK(Group::deserialize(bob.serialize_epoch(), [](std::uint64_t, PartIndex) {
              return std::optional<WipedBytes>();
          }).error() == MlsError::state_malformed);

    WipedBytes newer = before_epoch;
    newer[1] = 3;
    CHECK(Group::deserialize(newer, before_ratchets).error() == MlsError::state_version);
    for (std::size_t cut = 0; cut < before_epoch.size(); cut += 13)
        CHECK_FALSE(Group::deserialize(BytesView(before_epoch).first(cut), before_ratchets).ok());
    for (std::size_t cut = 0; cut < before_ratchets.size(); cut += 7)
        CHECK_FALSE(Group::deserialize(before_epoch, BytesView(before_ratchets).first(cut)).ok());
    // No damage makes it crash; what still loads is the caller's to authenticate.
    SeededEntropy random(3);
    for (int i = 0; i < 2000; ++i) {
        WipedBytes a = before_epoch, b = before_ratchets;
        a[random.next_u64() % a.size()] ^= static_cast<std::uint8_t>(1 + random.next_u64() % 255);
        static_cast<void>(Group::deserialize(a, b));
        b[random.next_u64() % b.size()] ^= static_cast<std::uint8_t>(1 + random.next_u64() % 255);
        static_cast<void>(Group::deserialize(before_epoch, b));
    }
}

TEST_CASE("what is used while a commit is on its way stays used when it is accepted")
{
    World world(27);
    world.found("alice", {}, HandshakeFormat::private_message);
    world.add(0, {"bob", "carol"});
    const Bytes older = must(world.group(1).encrypt(world.env(), as_bytes("of the epoch before")));
    world.commit(2);
    auto made = must(world.group(0).commit(world.env(), {}));
    // Meanwhile: Alice opens a message of this epoch and one of the last, and sends.
    const Bytes in = must(world.group(1).encrypt(world.env(), as_bytes("meanwhile")));
    const Bytes later = must(world.group(1).encrypt(world.env(), as_bytes("not yet opened")));
    expect_text(world, 0, older, "of the epoch before");
    expect_text(world, 0, in, "meanwhile");
    static_cast<void>(must(world.group(0).encrypt(world.env(), as_bytes("out"))));
    world.deliver(made.commit, 0);

    Group without = made.next; // As it was when the commit was made: it would open them again.
    CHECK(without.process(world.env(), in).ok());
    CHECK(without.process(world.env(), older).ok());
    const WipedBytes epoch_part = made.next.serialize_epoch();
    made.next.adopt_ratchets(world.group(0));
    CHECK(made.next.serialize_epoch() == epoch_part);
    world.group(0) = must(Group::deserialize(epoch_part, made.next.serialize_ratchets()));
    world.agree();
    CHECK(world.group(0).process(world.env(), in).error() == MlsError::generation_used);
    CHECK(world.group(0).process(world.env(), older).error() == MlsError::generation_used);
    expect_text(world, 0, later, "not yet opened");
    everybody_talks(world);
}

TEST_CASE("a commit that waits for its answer keeps none of the keys that are used up meanwhile")
{
    World world(47);
    world.found("alice");
    world.add(0, {"bob", "carol"});
    const Bytes before = must(world.group(1).encrypt(world.env(), as_bytes("of the epoch before")));
    world.commit(1);
    auto out = must(world.group(0).commit(world.env(), {}));
    out.next.forget_past_ratchets();
    const Bytes now = must(world.group(1).encrypt(world.env(), as_bytes("while it waits")));
    const Bytes late = must(world.group(2).encrypt(world.env(), as_bytes("late")));
    expect_text(world, 0, now, "while it waits");

    Group waiting = must(Group::deserialize(out.next.serialize_epoch(), out.next.serialize_ratchets()));
    for (const Bytes& message : {before, now, late})
        CHECK(waiting.process(world.env(), message).error() == MlsError::epoch_too_old);
    waiting.adopt_ratchets(world.group(0));
    CHECK(waiting.process(world.env(), now).error() == MlsError::generation_used);
    for (const Bytes& message : {before, late})
        CHECK(waiting.process(world.env(), message).ok());

    // Stored in parts without them, it loads as well.
    auto parts = out.next.take_moved_ratchets();
    const auto stored = must(Group::deserialize(
        out.next.serialize_epoch(), [&](std::uint64_t epoch, PartIndex part) -> std::optional<WipedBytes> {
            for (const RatchetPart& one : parts)
                if (one.epoch == epoch && one.part == part && !one.bytes.empty()) return one.bytes;
            return std::nullopt;
        }));
    CHECK(stored.epoch() == out.next.epoch());
}

namespace {

bool holds(BytesView state, BytesView secret)
{
    REQUIRE(secret.size() == kdf_nh);
    return std::search(state.begin(), state.end(), secret.begin(), secret.end()) != state.end();
}

/// Handshake and application ratchet of a leaf, out of a group's stored parts.
std::pair<WipedBytes, WipedBytes> ratchets_of(Group& group, LeafIndex leaf)
{
    Writer io;
    GroupTestAccess::secret_tree(group).write_part(io, 1 + leaf / part_leaves);
    Reader in(io.view());
    std::map<NodeIndex, WipedBytes> nodes;
    std::map<LeafIndex, SenderRatchets> senders;
    in(nodes, senders);
    REQUIRE(in.error() == MlsError::none);
    REQUIRE(senders.contains(leaf));
    return {senders.at(leaf).handshake.secret, senders.at(leaf).application.secret};
}

using Rows = std::map<std::pair<std::uint64_t, PartIndex>, WipedBytes>;

void store_moved(Group& group, Rows& rows)
{
    for (RatchetPart& one : group.take_moved_ratchets()) {
        if (one.bytes.empty())
            rows.erase({one.epoch, one.part});
        else
            rows[{one.epoch, one.part}] = std::move(one.bytes);
    }
}

MlsResult<Group> load(const Group& group, const Rows& rows)
{
    return Group::deserialize(group.serialize_epoch(), [&](std::uint64_t epoch, PartIndex part) {
        const auto row = rows.find({epoch, part});
        return row == rows.end() ? std::nullopt : std::optional(row->second);
    });
}

} // namespace

TEST_CASE("an epoch that is over keeps no handshake ratchet, in memory or in what is stored")
{
    World world(76);
    world.found("alice", {}, HandshakeFormat::private_message);
    world.add(0, {"bob", "carol", "dave"});
    Rows alices;
    // Everybody but Dave is heard from; of Carol one proposal is late.
    const Bytes late = must(world.group(1).encrypt(world.env(), as_bytes("late")));
    const Bytes dave_late = must(world.group(3).encrypt(world.env(), as_bytes("never heard before")));
    for (const std::size_t from : {1u, 2u}) {
        must(world.group(0).process(world.env(), must(world.group(from).encrypt(world.env(), as_bytes("x")))));
        must(
            GroupTestAccess::secret_tree(world.group(from)).next(world.group(from).own_leaf(), RatchetType::handshake));
    }
    world.deliver(must(world.group(2).propose_update(world.env())), 2);
    CHECK(world.group(0).skipped_keys() > 0);
    store_moved(world.group(0), alices);
    const Rows before = alices;
    const auto [handshake, application] = ratchets_of(world.group(0), 2);
    const auto all_of = [](const Rows& rows) {
        Bytes out;
        for (const auto& [name, bytes] : rows)
            append(out, bytes);
        return out;
    };
    CHECK(holds(all_of(alices), handshake));

    world.commit(1);
    store_moved(world.group(0), alices);
    Group& alice = world.group(0);
    CHECK_FALSE(holds(all_of(alices), handshake));
    CHECK_FALSE(holds(alice.serialize_ratchets(), handshake));
    CHECK(holds(all_of(alices), application));
    CHECK(holds(alice.serialize_ratchets(), application));
    // It still opens what is late, also of who was not heard from in that epoch, and keeps no handshake ratchet of
    // them.
    Group back = must(load(alice, alices));
    CHECK(back.serialize_ratchets() == alice.serialize_ratchets());
    for (Group* one : {&back, &alice}) {
        CHECK(as_text(must(one->process(world.env(), late)).application_data) == "late");
        CHECK(as_text(must(one->process(world.env(), dave_late)).application_data) == "never heard before");
    }
    store_moved(alice, alices);
    CHECK(must(load(alice, alices)).serialize_ratchets() == alice.serialize_ratchets());

    // What a version before this one left in the store, the handshake ratchets of an epoch that is over, is read,
    // dropped, and replaced with the next write.
    Rows old = alices;
    for (const auto& [name, bytes] : before)
        if (name.first + 1 == alice.epoch()) {
            WipedBytes first_version = bytes;
            first_version[1] = 1;
            old[name] = first_version;
        }
    CHECK(holds(all_of(old), handshake));
    Group upgraded = must(load(alice, old));
    CHECK_FALSE(holds(upgraded.serialize_ratchets(), handshake));
    store_moved(upgraded, old);
    CHECK_FALSE(holds(all_of(old), handshake));
}

TEST_CASE("state: what the version before wrote is read")
{
    World world(77);
    world.found("alice", {}, HandshakeFormat::private_message);
    world.add(0, {"bob"});
    world.commit(1);
    world.deliver(must(world.group(1).propose_update(world.env())), 1);
    Group& alice = world.group(0);
    const auto first_version = [](WipedBytes state) {
        state[1] = 1;
        return state;
    };
    // The same layout, where no custom proposal waits.
    const Group back =
        must(Group::deserialize(first_version(alice.serialize_epoch()), first_version(alice.serialize_ratchets())));
    CHECK(back.serialize_epoch() == alice.serialize_epoch());
    CHECK(back.serialize_ratchets() == alice.serialize_ratchets());
    // One that does was an opaque<V> then, stored as it went over the wire.
    const auto custom = CustomProposal::opaque(custom_proposal, Bytes{4, 5, 6});
    Writer stored;
    const Proposal waits{custom};
    Proposal::tls_stored(stored, waits, false);
    CHECK(to_hex(stored.view()) == "f0010403040506");
    Proposal again;
    Reader now(stored.view());
    Proposal::tls_stored(now, again, false);
    CHECK(again == waits);
    const Bytes before = encode(waits);
    Reader then(before);
    Proposal::tls_stored(then, again, true);
    CHECK(then.finish() == MlsError::none);
    CHECK(again == waits);
}
