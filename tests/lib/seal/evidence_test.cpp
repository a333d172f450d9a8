// SPDX-License-Identifier: Apache-2.0
// Why a device of somebody else goes: what convinces, and what does not.
#include "lib/policy/outline.hpp"
#include "lib/seal/evidence.hpp"
#include "tests/lib/seal/world.hpp"

using namespace godwit;
using namespace godwit::test;

namespace {

wire::DeviceCertificate certificate(const std::string& user, std::uint8_t device, WallMs created_ms)
{
    wire::DeviceCertificate out;
    out.user = user;
    out.device.bytes.fill(device);
    out.created_ms = created_ms;
    out.device_name = "phone";
    return identity::sign_certificate(out, account_seed(user));
}

const auto phone = certificate("ben", 1, 100);
const auto desk = certificate("ben", 2, 50);

Bytes list_of(const std::string& user, const std::vector<wire::DeviceCertificate>& devices, WallMs created_ms)
{
    return identity::sign_device_list(user, account_seed(user), 3, devices, created_ms).encoded;
}

} // namespace

TEST_CASE("evidence: a signed list without the device, not older than its certificate")
{
    CHECK(seal::withdraws(list_of("ben", {desk}, 200), phone));
    CHECK(seal::withdraws(list_of("ben", {desk}, 100), phone));
    CHECK_FALSE(seal::withdraws(list_of("ben", {desk}, 99), phone)); // The phone may have come after it.
    CHECK_FALSE(seal::withdraws(list_of("ben", {desk, phone}, 200), phone));
    CHECK(seal::withdraws(list_of("ben", {phone}, 200), desk));
}

TEST_CASE("evidence: of that account, signed by it")
{
    const auto ann = certificate("ann", 9, 1);
    CHECK_FALSE(seal::withdraws(list_of("ann", {ann}, 200), phone));
    CHECK_FALSE(seal::withdraws({}, phone));
    // Ann signs that Ben has none: his name with her key, and his key with her signature.
    auto mixed = *wire::decode_device_list(list_of("ann", {ann}, 200));
    mixed.user = "ben";
    CHECK_FALSE(seal::withdraws(wire::encode(mixed), phone));
    mixed.account_key = account_key("ben");
    CHECK_FALSE(seal::withdraws(wire::encode(mixed), phone));
    // One bit anywhere.
    const Bytes good = list_of("ben", {desk}, 200);
    for (std::size_t i = 0; i < good.size(); ++i) {
        Bytes bad = good;
        bad[i] ^= 1;
        CHECK_FALSE(seal::withdraws(bad, phone));
        CHECK_FALSE(seal::withdraws(BytesView(good).first(i), phone));
    }
    // Another account of the same name: his key of before.
    auto other = phone;
    other.account_key = account_key("somebody");
    CHECK_FALSE(seal::withdraws(good, other));
}

TEST_CASE("evidence: of some accounts at once; more than fit are not heard")
{
    std::vector<Bytes> lists;
    std::vector<wire::DeviceCertificate> lost;
    for (const std::string user : {"ann", "ben", "eve", "ida", "joe"}) {
        lists.push_back(list_of(user, {certificate(user, 7, 1)}, 200));
        lost.push_back(certificate(user, 8, 1));
    }
    REQUIRE(lists.size() == wire::evidence_lists_max + 1);
    const seal::Evidence evidence(lists);
    for (std::size_t i = 0; i < wire::evidence_lists_max; ++i)
        CHECK(evidence.withdraws(lost[i]));
    CHECK(evidence.withdraws(lost[0])); // Asked again.
    CHECK_FALSE(evidence.withdraws(lost.back()));
    CHECK_FALSE(seal::Evidence().withdraws(lost[0]));
}

TEST_CASE("evidence: what binds a commit carries it, and nothing else does")
{
    const Bytes one = list_of("ben", {desk}, 200), longest(wire::device_list_bytes_max, 5), tiny{1};
    const auto id = message_id(7);
    for (const std::vector<Bytes>& lists : {std::vector<Bytes>{}, {one}, {one, longest, tiny, one}}) {
        const Bytes bound = wire::bind(wire::commit_purpose, id, lists);
        const auto parsed = wire::parse_bound(bound);
        REQUIRE(parsed.has_value());
        CHECK(parsed->purpose == wire::commit_purpose);
        CHECK(parsed->id == id);
        REQUIRE(parsed->lists.size() == lists.size());
        for (std::size_t i = 0; i < lists.size(); ++i)
            CHECK(std::ranges::equal(parsed->lists[i], lists[i]));
        for (std::size_t cut = 0; cut < 1 + MessageId::size_bytes; ++cut)
            CHECK_FALSE(wire::parse_bound(BytesView(bound).first(cut)).has_value());
        if (!lists.empty()) CHECK_FALSE(wire::parse_bound(BytesView(bound).first(bound.size() - 1)).has_value());
        Bytes message = bound;
        message[0] = 1; // A message brings none.
        CHECK(wire::parse_bound(message).has_value() == lists.empty());
    }
    const Bytes none = wire::bind(wire::commit_purpose, id);
    const auto with = [&](const Bytes& more) {
        Bytes out = none;
        append(out, more);
        return wire::parse_bound(out).has_value();
    };
    CHECK(with({1, 9}));
    CHECK_FALSE(with({0}));          // An empty list.
    CHECK_FALSE(with({0x40, 1, 9})); // A length that could be shorter.
    CHECK(with({1, 9, 1, 9, 1, 9, 1, 9}));
    CHECK_FALSE(with({1, 9, 1, 9, 1, 9, 1, 9, 1, 9}));
    Bytes too_long{0x68, 0x01}; // 10,241
    too_long.resize(2 + wire::device_list_bytes_max + 1, 9);
    CHECK_FALSE(with(too_long));
    Bytes just{0x68, 0x00};
    just.resize(2 + wire::device_list_bytes_max, 9);
    CHECK(with(just));
}

TEST_CASE("evidence: what binds a commit says its rules before its lists, and is read as it was written")
{
    const Bytes rules(wire::rules_bytes, 7), one = list_of("ben", {desk}, 200);
    const auto id = message_id(7);
    for (const std::vector<Bytes>& lists : {std::vector<Bytes>{}, {one}, {one, rules, Bytes{1}, one}}) {
        const Bytes bound = wire::bind(wire::commit_purpose, id, lists, rules);
        const auto parsed = wire::parse_bound(bound);
        REQUIRE(parsed.has_value());
        CHECK(std::ranges::equal(parsed->rules, rules));
        REQUIRE(parsed->lists.size() == lists.size());
        for (std::size_t i = 0; i < lists.size(); ++i)
            CHECK(std::ranges::equal(parsed->lists[i], lists[i]));
        Bytes message = bound;
        message[0] = 1;
        CHECK_FALSE(wire::parse_bound(message).has_value()); // A message has none.
    }
    CHECK(wire::parse_bound(wire::bind(wire::commit_purpose, id, {one}))->rules.empty());
    CHECK(wire::parse_bound(wire::bind(wire::commit_purpose, id, {one, rules}))->rules.empty()); // A list, behind one.
    const auto digest = [](std::size_t n) { return policy::rules_digest(Bytes(n, 1)); };
    CHECK(digest(0).size() == wire::rules_bytes);
    CHECK(digest(1) != digest(2));
}
