// SPDX-License-Identifier: Apache-2.0
#include "lib/sframe/frame_key.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <set>

using namespace godwit;
using namespace godwit::sframe;
using Verdict = Decrypted::Verdict;

static_assert(!std::is_copy_constructible_v<SendKey> && !std::is_copy_assignable_v<SendKey>);
static_assert(!std::is_copy_constructible_v<ReceiveKey> && !std::is_copy_assignable_v<ReceiveKey>);

namespace {

constexpr auto suite = CipherSuite::aes_128_gcm_sha256_128;
constexpr auto most = std::numeric_limits<std::uint64_t>::max();
const Bytes base_key(16, 7);

constexpr CipherSuite all_suites[] = {
    CipherSuite::aes_128_ctr_hmac_sha256_80, CipherSuite::aes_128_ctr_hmac_sha256_64,
    CipherSuite::aes_128_ctr_hmac_sha256_32, CipherSuite::aes_128_gcm_sha256_128,
    CipherSuite::aes_256_gcm_sha512_128,     CipherSuite::aes_256_ctr_hmac_sha512_80,
    CipherSuite::aes_256_ctr_hmac_sha512_64, CipherSuite::aes_256_ctr_hmac_sha512_32,
};

Bytes frame_at(std::uint64_t ctr)
{
    SendKey sender(suite, 3, base_key, ctr);
    return *sender.encrypt({}, as_bytes("frame"));
}

} // namespace

TEST_CASE("sframe: a frame through every suite, empty ones and ones of many blocks too")
{
    for (const auto which : all_suites) {
        CAPTURE(static_cast<int>(which));
        SendKey sender(which, 9, base_key);
        ReceiveKey receiver(which, 9, base_key);
        for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 1'000U, 70'000U}) {
            const Bytes frame(size, 5);
            const auto sent = sender.encrypt(as_bytes("meta"), frame);
            REQUIRE(sent.has_value());
            CHECK(sent->size() == encode_header({9, sender.next_ctr() - 1}).size() + size + parameters_of(which)->nt);
            CHECK(receiver.decrypt(as_bytes("mesa"), *sent).verdict == Verdict::forged);
            const auto got = receiver.decrypt(as_bytes("meta"), *sent);
            CHECK(got.verdict == Verdict::opened);
            CHECK(got.frame == frame);
            CHECK(receiver.decrypt(as_bytes("meta"), *sent).verdict == Verdict::replayed);
        }
    }
    CHECK_FALSE(parameters_of(static_cast<CipherSuite>(0)));
    CHECK_FALSE(parameters_of(static_cast<CipherSuite>(9)));
}

TEST_CASE("sframe: no counter serves twice, and the last one ends it")
{
    SendKey sender(suite, 3, base_key, most - 2);
    std::set<Bytes> sent;
    for (int i = 0; i < 2; ++i) {
        const auto one = sender.encrypt({}, as_bytes("same"));
        REQUIRE(one.has_value());
        CHECK(sent.insert(*one).second);
    }
    CHECK_FALSE(sender.encrypt({}, as_bytes("same")));
    CHECK_FALSE(sender.encrypt({}, as_bytes("same")));
    CHECK(sender.next_ctr() == most);

    // What is refused uses none up.
    SendKey fresh(suite, 3, base_key);
    CHECK_FALSE(fresh.encrypt({}, Bytes(frame_bytes_max + 1)));
    CHECK_FALSE(fresh.encrypt(Bytes(frame_bytes_max + 1), {}));
    CHECK(fresh.next_ctr() == 0);
}

TEST_CASE("sframe: the key id and the suite are part of the key")
{
    const Bytes sent = frame_at(0);
    CHECK(ReceiveKey(suite, 4, base_key).decrypt({}, sent).verdict == Verdict::unknown_key);
    CHECK(ReceiveKey(suite, 3, Bytes(16, 8)).decrypt({}, sent).verdict == Verdict::forged);
    // Another key id in the header of the same frame.
    Bytes moved = sent;
    moved[0] = 0x40;
    CHECK(ReceiveKey(suite, 4, base_key).decrypt({}, moved).verdict == Verdict::forged);
}

TEST_CASE("sframe: late frames open once, within the window")
{
    ReceiveKey receiver(suite, 3, base_key);
    const auto verdict = [&](std::uint64_t ctr) { return receiver.decrypt({}, frame_at(ctr)).verdict; };
    CHECK(verdict(5) == Verdict::opened);
    CHECK(verdict(0) == Verdict::opened);
    CHECK(verdict(0) == Verdict::replayed);
    CHECK(verdict(5) == Verdict::replayed);
    constexpr std::uint64_t far = 5 + replay_window;
    CHECK(verdict(far) == Verdict::opened);
    CHECK(verdict(5) == Verdict::replayed); // Just outside ...
    CHECK(verdict(far + 1) == Verdict::opened);
    CHECK(verdict(7) == Verdict::opened); // ... and just inside.
    CHECK(verdict(7) == Verdict::replayed);
    CHECK(verdict(6) == Verdict::replayed); // Never came, and cannot be told from one that did.
    // A leap beyond everything; all in the window behind it are fresh.
    constexpr std::uint64_t leap = std::uint64_t{1} << 40;
    CHECK(verdict(leap) == Verdict::opened);
    for (std::uint64_t back = 1; back < replay_window; back += 7) {
        REQUIRE(verdict(leap - back) == Verdict::opened);
        REQUIRE(verdict(leap - back) == Verdict::replayed);
    }
    CHECK(verdict(leap - replay_window) == Verdict::replayed);
    CHECK(verdict(most - 1) == Verdict::opened);
    CHECK(verdict(most - 1) == Verdict::replayed);
}

TEST_CASE("sframe: against a plain set of what was opened, over random walks")
{
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        CAPTURE(seed);
        std::uint64_t state = seed * 0x9e3779b97f4a7c15ULL;
        const auto dice = [&](std::uint64_t sides) {
            state = state * 6364136223846793005ULL + 1442695040888963407ULL;
            return (state >> 33) % sides;
        };
        ReceiveKey receiver(suite, 3, base_key);
        std::set<std::uint64_t> opened;
        std::uint64_t newest = 0;
        for (int i = 0; i < 3'000; ++i) {
            const std::uint64_t ctr = dice(4) != 0 ? newest - std::min(newest, dice(replay_window + 200))
                                                   : newest + dice(dice(20) == 0 ? 3 * replay_window : 90);
            const bool fresh = !opened.contains(ctr) && (ctr > newest || newest - ctr < replay_window);
            REQUIRE(receiver.decrypt({}, frame_at(ctr)).verdict == (fresh ? Verdict::opened : Verdict::replayed));
            if (!fresh) continue;
            opened.insert(ctr);
            newest = std::max(newest, ctr);
        }
    }
}

TEST_CASE("sframe: what does not verify marks no counter")
{
    ReceiveKey receiver(suite, 3, base_key);
    const Bytes good = frame_at(2);
    for (std::size_t i = 1; i < good.size(); ++i) {
        Bytes broken = good;
        broken[i] ^= 0x80;
        CHECK(receiver.decrypt({}, broken).verdict == Verdict::forged);
    }
    Bytes ahead = frame_at(7);
    ahead.back() ^= 1;
    CHECK(receiver.decrypt({}, ahead).verdict == Verdict::forged);
    for (std::size_t cut = 0; cut < good.size(); ++cut)
        CHECK(receiver.decrypt({}, BytesView(good).first(cut)).verdict ==
              (cut < 1 + parameters_of(suite)->nt ? Verdict::malformed : Verdict::forged));
    CHECK(receiver.decrypt({}, good).verdict == Verdict::opened);
    CHECK(receiver.decrypt({}, Bytes(frame_bytes_max + 100)).verdict == Verdict::malformed);
}
