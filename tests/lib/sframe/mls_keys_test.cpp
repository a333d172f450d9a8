// SPDX-License-Identifier: Apache-2.0
#include "lib/sframe/mls_keys.hpp"

#include "tests/lib/mls/world.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::sframe;
using Verdict = Decrypted::Verdict;

namespace {

constexpr auto suite = CipherSuite::aes_128_gcm_sha256_128;

Bytes key(std::uint8_t fill)
{
    return Bytes(base_key_bytes(suite), fill);
}

/// A device of a call, by its leaf among `leaves`.
MlsKeys device(std::uint32_t leaf, std::uint64_t epoch = 14, std::uint32_t leaves = 64)
{
    MlsKeys out(suite);
    REQUIRE(out.add_epoch(epoch, key(1), leaves, leaf));
    return out;
}

} // namespace

TEST_CASE("sframe kids: the example of RFC 9605 section 5.2, E=4 and S=6")
{
    const struct {
        MlsKid parts;
        std::uint64_t kid;
    } table[] = {
        {{0, 3, 14}, 0x3e},  {{0, 7, 14}, 0x7e},  {{0, 20, 14}, 0x14e}, {{0, 3, 15}, 0x3f},   {{0, 5, 15}, 0x5f},
        {{2, 2, 16}, 0x820}, {{3, 2, 16}, 0xc20}, {{0, 33, 17}, 0x211}, {{0, 51, 17}, 0x331},
    };
    CHECK(index_bits(64) == 6);
    for (const auto& row : table) {
        CHECK(make_kid(row.parts, 64) == row.kid);
        const MlsKid back = parse_kid(row.kid, 64);
        CHECK(back.context == row.parts.context);
        CHECK(back.leaf == row.parts.leaf);
        CHECK(back.epoch == row.parts.epoch % 16);
    }
    CHECK(index_bits(1) == 0);
    CHECK(index_bits(2) == 1);
    CHECK(index_bits(65) == 7);
    CHECK(index_bits(group_leaves_max) == 16);
    CHECK_FALSE(make_kid({0, 64, 1}, 64));
    CHECK(make_kid({(std::uint64_t{1} << 54) - 1, 0, 1}, 64));
    CHECK_FALSE(make_kid({std::uint64_t{1} << 54, 0, 1}, 64));
}

TEST_CASE("sframe call: every device opens the others, once, and nobody its own")
{
    MlsKeys ann = device(0), bob = device(1), cleo = device(63);
    auto voice = ann.take_send_key(), screen = ann.take_send_key(1);
    REQUIRE(voice.has_value());
    REQUIRE(screen.has_value());
    CHECK(voice->kid() != screen->kid());
    const Bytes frame = *voice->encrypt(as_bytes("audio"), as_bytes("hello"));
    const Bytes shown = *screen->encrypt({}, as_bytes("picture"));
    for (MlsKeys* const who : {&bob, &cleo}) {
        const auto got = who->decrypt(as_bytes("audio"), frame);
        CHECK(got.verdict == Verdict::opened);
        CHECK(as_text(got.frame) == "hello");
        CHECK(got.leaf == 0);
        CHECK(got.context == 0);
        CHECK(got.epoch == 14);
        CHECK(who->decrypt(as_bytes("audio"), frame).verdict == Verdict::replayed);
        CHECK(who->decrypt({}, shown).context == 1);
    }
    CHECK(ann.decrypt(as_bytes("audio"), frame).verdict == Verdict::unknown_key);
}

TEST_CASE("sframe call: a key for sending is given out once")
{
    MlsKeys ann = device(0);
    CHECK(ann.take_send_key(5).has_value());
    CHECK_FALSE(ann.take_send_key(5).has_value());
    for (std::uint64_t context = 100; context < 100 + contexts_max - 1; ++context)
        CHECK(ann.take_send_key(context).has_value());
    CHECK_FALSE(ann.take_send_key(99).has_value());
    CHECK(ann.add_epoch(15, key(2), 64, 0)); // Another base key: from the beginning.
    CHECK(ann.take_send_key(5).has_value());
    CHECK_FALSE(ann.take_send_key(std::uint64_t{1} << 60).has_value());
    CHECK_FALSE(MlsKeys(suite).take_send_key().has_value());
}

TEST_CASE("sframe call: epochs come and go")
{
    MlsKeys ann = device(0), bob = device(1);
    auto old = *ann.take_send_key();
    REQUIRE(ann.add_epoch(15, key(2), 64, 0));
    auto fresh = *ann.take_send_key();
    // Bob has not entered it yet: keep the frame, or drop it.
    const Bytes early = *fresh.encrypt({}, as_bytes("early"));
    CHECK(bob.decrypt({}, early).verdict == Verdict::unknown_key);
    REQUIRE(bob.add_epoch(15, key(2), 64, 1));
    CHECK(bob.decrypt({}, early).verdict == Verdict::opened);
    CHECK(bob.decrypt({}, *old.encrypt({}, as_bytes("late"))).epoch == 14);
    // Never back, never the same again.
    CHECK_FALSE(bob.add_epoch(15, key(3), 64, 1));
    CHECK_FALSE(bob.add_epoch(13, key(3), 64, 1));
    CHECK_FALSE(bob.add_epoch(16, Bytes(15, 1), 64, 1));
    CHECK_FALSE(bob.add_epoch(16, key(3), 64, 64));
    CHECK_FALSE(bob.add_epoch(16, key(3), group_leaves_max + 1, 1));
    for (std::uint64_t epoch = 16; epoch < 16 + epochs_kept_max; ++epoch)
        CHECK(bob.add_epoch(epoch, key(static_cast<std::uint8_t>(epoch)), 64, 1));
    CHECK(bob.epochs() == epochs_kept_max);
    CHECK(bob.decrypt({}, *old.encrypt({}, as_bytes("too late"))).verdict == Verdict::unknown_key);
    bob.forget_epochs_before(18);
    CHECK(bob.epochs() == 2);
    // The same low bits: the older one goes at once.
    CHECK(bob.add_epoch(19 + 16, key(9), 64, 1));
    CHECK(bob.epochs() == 2);
}

TEST_CASE("sframe call: leaves that are not there, and strangers, take no room")
{
    MlsKeys bob = device(1, 14, 3);
    const auto forged = [&](std::uint64_t kid, const Bytes& base) {
        return *SendKey(suite, kid, base).encrypt({}, as_bytes("x"));
    };
    CHECK(bob.decrypt({}, forged(*make_kid({0, 3, 14}, 4), key(1))).verdict == Verdict::unknown_key);
    for (std::uint64_t context = 0; context < 3 * contexts_max; ++context)
        CHECK(bob.decrypt({}, forged(*make_kid({context, 2, 14}, 3), key(8))).verdict == Verdict::forged);
    // A member's contexts are counted, and the others are not the poorer for it.
    std::size_t opened = 0;
    for (std::uint64_t context = 0; context < 2 * contexts_max; ++context)
        if (bob.decrypt({}, forged(*make_kid({context, 2, 14}, 3), key(1))).verdict == Verdict::opened) ++opened;
    CHECK(opened == contexts_max);
    CHECK(bob.decrypt({}, forged(*make_kid({0, 0, 14}, 3), key(1))).verdict == Verdict::opened);
    CHECK(bob.decrypt({}, {}).verdict == Verdict::malformed);
}

TEST_CASE("sframe call: keys of an epoch have a total")
{
    constexpr std::uint32_t leaves = 128;
    MlsKeys bob = device(127, 14, leaves);
    std::size_t opened = 0;
    for (std::uint32_t leaf = 0; leaf < leaves - 1; ++leaf)
        for (std::uint64_t context = 0; context < receive_keys_max / 64; ++context) {
            SendKey sender(suite, *make_kid({context, leaf, 14}, leaves), key(1));
            if (bob.decrypt({}, *sender.encrypt({}, {})).verdict == Verdict::opened) ++opened;
        }
    CHECK(opened == receive_keys_max);
}

TEST_CASE("sframe call: keys from the MLS exporter, and of no use to who was removed")
{
    using namespace godwit::testing;
    World world(1);
    world.found("ann");
    world.add(0, {"bob", "cleo"});
    const auto enter = [](MlsKeys& call, const mls::Group& group) {
        const auto base = must(group.export_secret(base_key_label, {}, base_key_bytes(suite)));
        REQUIRE(call.add_epoch(group.epoch(), base, group.tree().leaves(), group.own_leaf()));
    };
    MlsKeys ann(suite), bob(suite), cleo(suite);
    enter(ann, world.group(0));
    enter(bob, world.group(1));
    enter(cleo, world.group(2));
    const Bytes all = *ann.take_send_key()->encrypt({}, as_bytes("to all"));
    for (MlsKeys* const who : {&bob, &cleo}) {
        const auto got = who->decrypt({}, all);
        CHECK(got.verdict == Verdict::opened);
        CHECK(got.leaf == world.group(0).own_leaf());
    }
    mls::CommitOptions out;
    out.proposals = {mls::Proposal{mls::Remove{world.group(2).own_leaf()}}};
    world.commit(0, out);
    enter(ann, world.group(0));
    enter(bob, world.group(1));
    const Bytes rest = *ann.take_send_key()->encrypt({}, as_bytes("to the rest"));
    CHECK(bob.decrypt({}, rest).verdict == Verdict::opened);
    CHECK(cleo.decrypt({}, rest).verdict == Verdict::unknown_key);
}
