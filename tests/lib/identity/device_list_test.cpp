// SPDX-License-Identifier: Apache-2.0
#include "lib/identity/device_list.hpp"

#include "tests/lib/identity/samples.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::identity;
using namespace godwit::identity::test;

namespace {

/// Signs whatever stands in it.
Bytes signed_list(wire::DeviceList list, const Bytes& account = ann_seed)
{
    const auto signature = crypto::SigningKey::from_seed(account).sign(wire::device_list_signed_bytes(list));
    std::copy(signature.begin(), signature.end(), list.signature.bytes.begin());
    return wire::encode(list);
}

wire::DeviceList unsigned_list()
{
    wire::DeviceList out;
    out.user = "ann";
    out.account_key = ann;
    out.version = 3;
    out.created_ms = 2;
    out.certificates = {wire::encode(certificate())};
    return out;
}

} // namespace

TEST_CASE("device list: exactly these bytes, and verified from them")
{
    const auto list = sign_device_list("ann", ann_seed, 3, {certificate()}, 2);
    CHECK(to_hex(list.encoded) ==
          "9722a3616e6ec4208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c030291c493" +
              std::string(certificate_hex) +
              "c440b5d6f5fe9062863120da1cf36e5821cd3fe018135bf7f7b8983278586b5f8b44f6cbf9476d67fc469941c2bea278cff7aff5"
              "34223aacd06aa7dbb99eea9dc608");
    const auto back = verify_device_list(list.encoded, "ann", ann);
    REQUIRE(back.ok());
    CHECK(back->version == 3);
    REQUIRE(back->devices.size() == 1);
    CHECK(back->devices[0].device == key_of(2));
    CHECK(back->encoded == list.encoded);
    CHECK(back->find(key_of(2)) != nullptr);
    CHECK(back->find(key_of(4)) == nullptr);
}

TEST_CASE("device list: what is well signed and still wrong is refused")
{
    struct Case {
        const char* name;
        Bytes (*make)();
    };
    const Case cases[]{
        {"of another user",
         [] {
             auto list = unsigned_list();
             list.user = "bob";
             return signed_list(list);
         }},
        {"of another account",
         [] {
             auto list = unsigned_list();
             list.account_key = bob;
             return signed_list(list, seed(3));
         }},
        {"signed by another account", [] { return signed_list(unsigned_list(), seed(3)); }},
        {"version 0",
         [] {
             auto list = unsigned_list();
             list.version = 0;
             return signed_list(list);
         }},
        {"no device",
         [] {
             auto list = unsigned_list();
             list.certificates.clear();
             return signed_list(list);
         }},
        {"a device twice",
         [] {
             auto list = unsigned_list();
             list.certificates.push_back(wire::encode(certificate(2, "again")));
             return signed_list(list);
         }},
        {"a device of another account",
         [] {
             auto list = unsigned_list();
             list.certificates.push_back(wire::encode(certificate(4, "phone", "bob", seed(3))));
             return signed_list(list);
         }},
        {"a device of another user of the same key",
         [] {
             auto list = unsigned_list();
             list.certificates.push_back(wire::encode(certificate(4, "phone", "rob")));
             return signed_list(list);
         }},
        {"a certificate that is none",
         [] {
             auto list = unsigned_list();
             list.certificates.push_back(Bytes(10, 1));
             return signed_list(list);
         }},
    };
    CHECK(verify_device_list(signed_list(unsigned_list()), "ann", ann).ok());
    for (const auto& one : cases) {
        CAPTURE(one.name);
        CHECK_FALSE(verify_device_list(one.make(), "ann", ann).ok());
    }
}

TEST_CASE("device list: every flipped byte and every cut is refused")
{
    const auto list = sign_device_list("ann", ann_seed, 3, {certificate(), certificate(4, "laptop")}, 2);
    for (std::size_t i = 0; i < list.encoded.size(); ++i) {
        CAPTURE(i);
        Bytes bad = list.encoded;
        bad[i] ^= 0x01;
        CHECK_FALSE(verify_device_list(bad, "ann", ann).ok());
        CHECK_FALSE(verify_device_list(BytesView(list.encoded).first(i), "ann", ann).ok());
    }
}

TEST_CASE("device list: devices come, are renamed, and go; each time the next version")
{
    auto list = sign_device_list("ann", ann_seed, 1, {certificate()}, 1);
    auto two = with_device(list, certificate(4, "laptop"), "ann", ann_seed, 2);
    REQUIRE(two.ok());
    CHECK(two->version == 2);
    CHECK(two->devices.size() == 2);
    CHECK(verify_device_list(two->encoded, "ann", ann).ok());
    const auto renamed = with_device(*two, certificate(4, "old laptop"), "ann", ann_seed, 3);
    REQUIRE(renamed.ok());
    CHECK(renamed->devices.size() == 2);
    CHECK(renamed->find(key_of(4))->device_name == "old laptop");
    const auto one = without_device(*renamed, key_of(2), "ann", ann_seed, 4);
    CHECK(one.version == 4);
    REQUIRE(one.devices.size() == 1);
    CHECK(one.devices[0].device == key_of(4));
    CHECK(verify_device_list(one.encoded, "ann", ann).ok());

    // The bound, and no further.
    for (std::size_t i = 1; i < wire::devices_per_account_max; ++i) {
        auto more = with_device(list, certificate(static_cast<std::uint8_t>(100 + i)), "ann", ann_seed, 5);
        REQUIRE(more.ok());
        list = std::move(*more);
    }
    CHECK(list.devices.size() == wire::devices_per_account_max);
    CHECK(list.encoded.size() <= wire::device_list_bytes_max);
    CHECK(code_of(with_device(list, certificate(99), "ann", ann_seed, 6)) == ErrorCode::quota_exceeded);
    CHECK(with_device(list, certificate(2, "renamed"), "ann", ann_seed, 6).ok());
}

TEST_CASE("device list: newer, same, rolled back, or in conflict")
{
    const auto first = sign_device_list("ann", ann_seed, 1, {certificate()}, 1);
    const auto second = sign_device_list("ann", ann_seed, 2, {certificate()}, 1);
    const auto other = sign_device_list("ann", ann_seed, 2, {certificate(), certificate(9, "somebody's")}, 1);
    CHECK(judge(first, second) == Succession::newer);
    CHECK(judge(second, second) == Succession::same);
    CHECK(judge(second, first) == Succession::rollback);
    CHECK(judge(second, other) == Succession::conflict);
    CHECK(judge({}, first) == Succession::newer);
}

TEST_CASE("mend: what both lists say, without what was taken out; above both")
{
    const auto at = [](std::uint8_t device, WallMs created_ms, const char* name = "") {
        auto one = certificate();
        one.device = key_of(device);
        one.created_ms = created_ms;
        one.device_name = name;
        return sign_certificate(one, ann_seed);
    };
    const auto known = sign_device_list("ann", ann_seed, 7, {at(2, 10), at(3, 20)}, 100);
    const auto names = [](const std::optional<DeviceList>& list) {
        std::vector<DeviceId> out;
        for (const auto& one : list->devices)
            out.push_back(one.device);
        return out;
    };
    const auto mended = [&](std::uint64_t version, const std::vector<wire::DeviceCertificate>& shown,
                            const std::set<DeviceId>& removed = {}) {
        return mend(known, sign_device_list("ann", ann_seed, version, shown, 50), removed, "ann", ann_seed, 200);
    };
    using Ids = std::vector<DeviceId>;
    // Older: what it lacks is kept; what it has besides was taken out since.
    CHECK(names(mended(5, {at(2, 10), at(4, 99)})) == Ids{key_of(2), key_of(3)});
    // One that came after our list was signed, by a relay that did not know it.
    CHECK(names(mended(7, {at(2, 10), at(4, 101)})) == Ids{key_of(2), key_of(3), key_of(4)});
    CHECK(names(mended(7, {at(2, 10), at(4, 101)}, {key_of(4)})) == Ids{key_of(2), key_of(3)});
    CHECK(names(mended(7, {at(2, 10)}, {key_of(3)})) == Ids{key_of(2)});
    CHECK_FALSE(mended(7, {at(4, 1)}, {key_of(2), key_of(3)}));
    // The newer certificate of a device.
    CHECK(mended(6, {at(2, 30, "renewed")})->devices[0].device_name == "renewed");
    CHECK(mended(6, {at(2, 5, "old")})->devices[0].device_name.empty());
    // Versions.
    CHECK(mended(5, {at(2, 10)})->version == 9);
    CHECK(mended(7, {at(2, 10)})->version == 9);
    CHECK(mended(8, {at(2, 10)})->version == 10);
    const auto list = *mended(7, {at(2, 10)});
    CHECK(verify_device_list(list.encoded, "ann", ann).ok());
    CHECK(mends(known, list));
    CHECK_FALSE(mends(list, known));
    CHECK_FALSE(mends(known, known));
    // Never more than a list may have.
    std::vector<wire::DeviceCertificate> many;
    for (std::uint8_t n = 0; n < wire::devices_per_account_max; ++n)
        many.push_back(at(static_cast<std::uint8_t>(100 + n), 101));
    CHECK(mended(7, many)->devices.size() == wire::devices_per_account_max);
}
