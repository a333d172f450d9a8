// SPDX-License-Identifier: Apache-2.0
#include "lib/mls/secret_tree.hpp"
#include "tests/lib/mls/support.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;

namespace {

constexpr auto suite = CipherSuite::mls_128_dhkemx25519_aes128gcm_sha256_ed25519;

SecretTree fresh(std::uint32_t leaves = 4)
{
    return SecretTree(suite, WipedBytes(32, 1), leaves);
}

MlsError take(SecretTree& tree, std::uint32_t generation, LeafIndex leaf = 1,
              RatchetType type = RatchetType::application)
{
    auto peek = tree.peek(leaf, type, generation);
    if (!peek) return peek.error();
    tree.consume(std::move(*peek));
    return MlsError::none;
}

} // namespace

TEST_CASE("secret tree: sender and receiver meet, in any order, each key once")
{
    SecretTree sender = fresh(), receiver = fresh();
    std::vector<SecretTree::Generation> sent;
    for (int i = 0; i < 20; ++i)
        sent.push_back(must(sender.next(1, RatchetType::application)));
    for (const std::size_t i : {5u, 2u, 19u, 0u, 18u}) {
        const auto peek = must(receiver.peek(1, RatchetType::application, sent[i].generation));
        CHECK(peek.key.key == sent[i].key.key);
        CHECK(peek.key.nonce == sent[i].key.nonce);
        // A peek alone uses nothing up.
        CHECK(must(receiver.peek(1, RatchetType::application, sent[i].generation)).key.key == sent[i].key.key);
        receiver.consume(peek);
        CHECK(take(receiver, sent[i].generation) == MlsError::generation_used);
    }
    CHECK(receiver.skipped_keys(1) == 15);
    CHECK(receiver.skipped_keys(0) == 0);
    CHECK(receiver.is_sound());
    // The two ratchets of a leaf, and two leaves, have nothing in common.
    CHECK(must(receiver.peek(1, RatchetType::handshake, 0)).key.key != sent[0].key.key);
    CHECK(must(receiver.peek(2, RatchetType::application, 0)).key.key != sent[0].key.key);
}

TEST_CASE("secret tree: one message may be forward_steps_max ahead and no further")
{
    SecretTree tree = fresh();
    CHECK(take(tree, forward_steps_max + 1) == MlsError::generation_too_far);
    CHECK(tree.skipped_keys(1) == 0);
    CHECK(take(tree, forward_steps_max) == MlsError::none);
    CHECK(tree.skipped_keys(1) == skipped_keys_max);
    CHECK(take(tree, 2 * forward_steps_max + 2) == MlsError::generation_too_far);
    CHECK(take(tree, generation_max) == MlsError::generation_too_far);
    CHECK(take(tree, generation_max + 1) == MlsError::generation_exhausted);
}

TEST_CASE("secret tree: skipped keys stop at skipped_keys_max, over both ratchets, and the oldest go first")
{
    SecretTree tree = fresh();
    CHECK(take(tree, 1000) == MlsError::none);
    CHECK(take(tree, 1500) == MlsError::none);
    CHECK(tree.skipped_keys(1) == skipped_keys_max);
    CHECK(take(tree, 498) == MlsError::generation_used); // Dropped to make room: 499 newer ones came.
    CHECK(take(tree, 499) == MlsError::none);
    CHECK(take(tree, 1499) == MlsError::none);
    CHECK(take(tree, 800, 1, RatchetType::handshake) == MlsError::none);
    CHECK(tree.skipped_keys(1) == skipped_keys_max);
    // Another sender is not touched by this one's gaps.
    CHECK(take(tree, 1000, 2) == MlsError::none);
    CHECK(tree.skipped_keys(2) == skipped_keys_max);
    CHECK(tree.is_sound());
}

TEST_CASE("secret tree: all senders together stop at skipped_keys_epoch_max, and a hoard costs its owner")
{
    SecretTree tree = fresh(8);
    CHECK(take(tree, 3, 0) == MlsError::none); // Somebody honest: three messages are on their way.
    for (LeafIndex hoarder = 1; hoarder < 8; ++hoarder)
        CHECK(take(tree, 900, hoarder) == MlsError::none);
    CHECK(tree.skipped_keys() == skipped_keys_epoch_max);
    CHECK(tree.is_sound());
    for (std::uint32_t generation = 0; generation < 3; ++generation)
        CHECK(take(tree, generation, 0) == MlsError::none);
    CHECK(tree.skipped_keys() == skipped_keys_epoch_max - 3);
    // Alike among those who have most, and of each the newest are what is left.
    for (LeafIndex hoarder = 1; hoarder < 8; ++hoarder) {
        CHECK(tree.skipped_keys(hoarder) >= (skipped_keys_epoch_max - 3) / 7);
        CHECK(tree.skipped_keys(hoarder) <= (skipped_keys_epoch_max - 3) / 7 + 3);
        CHECK(take(tree, 0, hoarder) == MlsError::generation_used);
        CHECK(take(tree, 899, hoarder) == MlsError::none);
    }
    const std::size_t left = tree.skipped_keys();
    CHECK(must_decode<SecretTree>(plain(encode_secret(tree))).skipped_keys() == left);
    CHECK(take(tree, 5, 0, RatchetType::handshake) == MlsError::none);
    CHECK(tree.skipped_keys() == left + 5);
    tree.forget_handshakes();
    CHECK(tree.skipped_keys() == left);
    CHECK(take(tree, 2, 0, RatchetType::handshake) == MlsError::epoch_too_old);
    CHECK(take(tree, 6, 0, RatchetType::handshake) == MlsError::epoch_too_old);
    CHECK(tree.next(0, RatchetType::handshake).error() == MlsError::epoch_too_old);
}

TEST_CASE("secret tree: a fair share")
{
    CHECK(fair_share({}, 10) == 10);
    CHECK(fair_share({3, 4}, 10) == 4); // Nothing to give up.
    CHECK(fair_share({100, 2, 100}, 10) == 4);
    CHECK(fair_share({9, 9, 9}, 10) == 3);
    CHECK(fair_share({1, 1, 1}, 2) == 0); // For certain nobody keeps any; what is dropped is the excess, no more.
}

TEST_CASE("secret tree: what was used up is not in the stored bytes")
{
    SecretTree tree = fresh();
    const auto contains = [](const WipedBytes& hay, const WipedBytes& needle) {
        return std::search(hay.begin(), hay.end(), needle.begin(), needle.end()) != hay.end();
    };
    CHECK(contains(encode_secret(tree), WipedBytes(32, 1)));
    const auto untouched = encode_secret(tree);
    const auto first = must(tree.peek(1, RatchetType::application, 0));
    const auto third = must(tree.peek(1, RatchetType::application, 2));
    CHECK(encode_secret(tree) == untouched); // Who only looks moves nothing: the message may yet fail.
    tree.consume(third);
    // Deriving a leaf's ratchets has removed the root and all secrets on the way (section 9.2).
    CHECK_FALSE(contains(encode_secret(tree), WipedBytes(32, 1)));
    CHECK_FALSE(contains(encode_secret(tree), third.key.key));
    CHECK(contains(encode_secret(tree), first.key.key)); // Waits for a late message.
    tree.consume(must(tree.peek(1, RatchetType::application, 0)));
    CHECK_FALSE(contains(encode_secret(tree), first.key.key));
    const auto back = must_decode<SecretTree>(plain(encode_secret(tree)));
    CHECK(back.is_sound());
    CHECK(encode_secret(back) == encode_secret(tree));
}

TEST_CASE("secret tree: the last generation ends the ratchet")
{
    // A ratchet two steps from its end, as stored state.
    SecretTree tree = fresh(1);
    must(tree.next(0, RatchetType::handshake));
    Bytes bytes = plain(encode_secret(tree));
    auto read = [&] { return must_decode<SecretTree>(bytes); };
    // suite, leaves, no nodes, then ratchets<V>: leaf, handshake secret<V>, next.
    const std::size_t next_at = 2 + 4 + 1 + 2 + 4 + 33;
    REQUIRE(bytes[next_at + 3] == 1);
    bytes[next_at] = bytes[next_at + 1] = bytes[next_at + 2] = 0xff;
    bytes[next_at + 3] = 0xfe;
    SecretTree late = read();
    CHECK(must(late.next(0, RatchetType::handshake)).generation == generation_max);
    CHECK(late.next(0, RatchetType::handshake).error() == MlsError::generation_exhausted);
    CHECK(late.next(0, RatchetType::application).ok());
}

TEST_CASE("secret tree: stored in parts, a message writes the part of its sender")
{
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        CAPTURE(seed);
        SeededEntropy random(seed);
        const auto dice = [&](std::uint64_t sides) { return static_cast<std::uint32_t>(random.next_u64() % sides); };
        constexpr std::uint32_t leaves = 128;
        SecretTree tree(suite, WipedBytes(kdf_nh, 5), leaves);
        std::map<PartIndex, WipedBytes> rows;
        const auto whole = [](const SecretTree& any) {
            Writer io;
            io(any);
            return std::move(io).take();
        };
        const auto store = [&] {
            const auto moved = tree.take_moved();
            for (const PartIndex part : moved) {
                REQUIRE(part < parts_of(leaves));
                Writer io;
                tree.write_part(io, part);
                if (tree.is_empty(part))
                    rows.erase(part);
                else
                    rows[part] = std::move(io).take();
            }
            return moved.size();
        };
        CHECK(store() == 1); // The root.
        CHECK(rows.size() == 1);
        for (int step = 0; step < 400; ++step) {
            const LeafIndex leaf = dice(4) == 0 ? dice(leaves) : dice(20);
            const bool over = step >= 300; // The epoch: from now on only late application messages come.
            const auto type = dice(3) == 0 && !over ? RatchetType::handshake : RatchetType::application;
            if (step == 300) {
                tree.forget_handshakes();
                store(); // All who have ratchets.
            }
            switch (dice(20)) {
            case 1: {
                std::size_t excess = 5;
                tree.limit_skipped(2, excess);
                break;
            }
            case 2:
            case 3: must(tree.next(leaf, type)); break;
            default:
                if (auto peek = tree.peek(leaf, type, dice(40)); peek.ok()) tree.consume(std::move(*peek));
                // Of others only when the epoch's bound takes keys from them.
                REQUIRE((store() <= 2 || tree.skipped_keys() == skipped_keys_epoch_max));
            }
            store();
            SecretTree again = SecretTree::blank(suite, leaves);
            for (const auto& [part, bytes] : rows) {
                Reader io(bytes);
                again.read_part(io, part);
                REQUIRE(io.finish() == MlsError::none);
            }
            CHECK(again.is_sound() == !over);
            if (over) again.forget_handshakes();
            REQUIRE(again.is_sound());
            REQUIRE(whole(again) == whole(tree));
            REQUIRE(again.take_moved().empty());
        }
        CHECK(rows.size() > 5);
        // A part that is missing, or under another's name, is noticed.
        for (const auto& [gone, bytes] : rows) {
            SecretTree less = SecretTree::blank(suite, leaves);
            for (const auto& [part, others] : rows) {
                Reader io(others);
                if (part != gone) less.read_part(io, part);
            }
            CHECK_FALSE(less.is_sound());
            SecretTree elsewhere = SecretTree::blank(suite, leaves);
            Reader io(bytes);
            elsewhere.read_part(io, (gone + 1) % parts_of(leaves));
            CHECK(io.error() == MlsError::state_malformed);
        }
    }
}
