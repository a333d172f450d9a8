// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/call.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace godwit;
using namespace godwit::wire::call;

namespace {

template <class Fixed>
Fixed filled(std::uint8_t byte)
{
    Fixed out;
    out.bytes.fill(byte);
    return out;
}

const Id id = filled<Id>(0xca);
const Media media{7, true, false, true, false};

} // namespace

TEST_CASE("wire call: name, value, bytes")
{
    const std::string id_hex = "c410" + to_hex(id.view()), media_hex = "9507c3c2c3c2";
    const struct {
        const char* name;
        Signal signal;
        std::string hex;
    } table[] = {
        {"offer", Offer{id, true, media}, "94cce0" + id_hex + "c3" + media_hex},
        {"ringing", Ringing{id}, "92cce1" + id_hex},
        {"answer", Answer{id, media}, "93cce2" + id_hex + media_hex},
        {"taken", Taken{id, filled<DeviceId>(0xd1), media},
         "94cce3" + id_hex + "c420" + to_hex(filled<DeviceId>(0xd1).view()) + media_hex},
        {"reject", Reject{id, RejectReason::busy}, "93cce4" + id_hex + "02"},
        {"end", End{id, EndReason::superseded}, "93cce5" + id_hex + "06"},
        {"update", Update{id, media}, "93cce6" + id_hex + media_hex},
        {"update of who decodes VP9", Update{id, {7, true, false, true, false, true}},
         "93cce6" + id_hex + "9607c3c2c3c2c3"},
    };
    for (const auto& row : table) {
        CAPTURE(row.name);
        Bytes bytes = encode(row.signal);
        CHECK(to_hex(bytes) == row.hex);
        CHECK(id_of(row.signal) == id);
        CHECK(bytes.size() <= signal_bytes_max);
        const auto got = decode_signal(bytes);
        REQUIRE(got.ok());
        CHECK(encode(*got) == bytes);
        for (std::size_t cut = 0; cut < bytes.size(); ++cut)
            CHECK(decode_signal(BytesView(bytes).first(cut)).error().code == ErrorCode::malformed);
        bytes.push_back(0);
        CHECK_FALSE(decode_signal(bytes).ok());
    }
}

TEST_CASE("wire call: what is none, and the bound")
{
    const std::string id_hex = "c410" + to_hex(id.view());
    for (const std::string& hex : {"93cce4" + id_hex + "00", "93cce4" + id_hex + "04", "93cce5" + id_hex + "08",
                                   "92ccf0" + id_hex, std::string("92cce1c401ca"), std::string("c0"), std::string()}) {
        CAPTURE(hex);
        CHECK(decode_signal(*from_hex(hex)).error().code == ErrorCode::malformed);
    }
    // A later version's field behind those that are known, as long as the whole keeps within the bound.
    const auto with_text = [&](std::size_t length) {
        Bytes bytes = *from_hex("93cce1" + id_hex + "d9");
        bytes.push_back(static_cast<std::uint8_t>(length));
        bytes.resize(bytes.size() + length, 'x');
        return bytes;
    };
    const std::size_t fits = signal_bytes_max - with_text(0).size();
    CHECK(decode_signal(with_text(fits)).ok());
    CHECK_FALSE(decode_signal(with_text(fits + 1)).ok());
}

TEST_CASE("wire call: any bytes give a value or an error")
{
    std::mt19937_64 random(1);
    const Bytes good = encode(Taken{id, filled<DeviceId>(1), media});
    for (int round = 0; round < 20'000; ++round) {
        Bytes bytes = good;
        for (int i = 0; i < 1 + round % 4; ++i)
            bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
        const auto got = decode_signal(bytes);
        if (got.ok()) CHECK(encode(*got).size() <= bytes.size());
    }
}
