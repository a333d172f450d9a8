// SPDX-License-Identifier: Apache-2.0
// Every bound at its limit, and one past it.
#include "lib/wire/relay_fields.hpp"
#include "tests/lib/wire/bounds.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::wire;
using namespace godwit::wire::test;

TEST_CASE("every bound: its limit is taken, one more is not")
{
    for (const auto& bound : bounds()) {
        CAPTURE(bound.name);
        const auto at_limit = bound.with(bound.limit);
        CHECK(bound.again(at_limit) == at_limit);
        CHECK_FALSE(bound.again(bound.with(bound.limit + 1)));
        CHECK(bound.again(bound.with(0)).has_value() != bound.floor_is_one);
    }
}

TEST_CASE("numbers wider than their field: refused")
{
    // hello with protocol_min = 2^32
    CHECK_FALSE(again_client(*from_hex("9530"
                                       "cf0000000100000000"
                                       "01"
                                       "a0"
                                       "a0")));
    CHECK(again_client(*from_hex("9530"
                                 "ceffffffff"
                                 "01"
                                 "a0"
                                 "a0")));
    // a negative number where none may stand
    CHECK_FALSE(again_peer(*from_hex("922aff")));
    // times may be negative, within 53 bits: who takes one may negate it, and add to it
    const auto said_at = [](std::int64_t ms) {
        return decode_content(encode(wire::content::Any(wire::content::Post{"u", ms, 0, {}, "x", {}})));
    };
    constexpr std::int64_t most = std::int64_t{1} << 53;
    for (const std::int64_t ms : {std::int64_t{-1}, std::int64_t{-33}, std::int64_t{-40'000}, -most, most}) {
        const auto decoded = said_at(ms);
        REQUIRE(decoded.ok());
        CHECK(std::get<wire::content::Post>(*decoded).hlc_ms == ms);
    }
    for (const std::int64_t ms :
         {-most - 1, most + 1, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()})
        CHECK_FALSE(said_at(ms).ok());
    CHECK_FALSE(again_content(*from_hex("9701"
                                        "a175"
                                        "cf8000000000000000"
                                        "00"
                                        "90"
                                        "a178"
                                        "94c40090920000c2")));
    // degrees beyond the poles
    CHECK(again_body(encode(godwit::content::Body(godwit::content::Location{-900'000'000, 1'800'000'000, 0, "", 0}))));
    CHECK_FALSE(again_body(encode(godwit::content::Body(godwit::content::Location{900'000'001, 0, 0, "", 0}))));
}

TEST_CASE("text that is not UTF-8: refused")
{
    CHECK_FALSE(again_content(encode(wire::content::Any(wire::content::Post{"u", 0, 0, {}, "\xc0\x80", {}}))));
    CHECK_FALSE(again_client(client(relay::ContactAdd{"\xff"})));
}

TEST_CASE("an error's detail is shortened by whole characters, not refused")
{
    const auto long_detail = text(detail_bytes_max - 1) + "\xc3\xa9";
    const auto decoded = decode_server_frame(server(relay::Goodbye{{ErrorCode::busy, long_detail, 0}}));
    REQUIRE(decoded.ok());
    CHECK(std::get<relay::Goodbye>(*decoded).what.detail == text(detail_bytes_max - 1));
}

TEST_CASE("an error code from the future stays a number")
{
    const auto decoded = decode_server_frame(server(relay::Goodbye{{static_cast<ErrorCode>(999), "new", 5}}));
    REQUIRE(decoded.ok());
    CHECK(static_cast<unsigned>(std::get<relay::Goodbye>(*decoded).what.code) == 999);
    CHECK(std::get<relay::Goodbye>(*decoded).what.retry_after_ms == 5);
}

TEST_CASE("whole encodings: longest, deepest, most values")
{
    // An unknown kind of exactly content_bytes_max: [99, bin]
    const auto unknown = [](std::size_t size) {
        Bytes out = *from_hex("9263c6");
        const auto body = size - 7;
        for (int shift = 24; shift >= 0; shift -= 8)
            out.push_back(static_cast<std::uint8_t>(body >> shift));
        out.resize(size);
        return out;
    };
    CHECK(again_content(unknown(content_bytes_max)) == unknown(content_bytes_max));
    CHECK_FALSE(again_content(unknown(content_bytes_max + 1)));

    const auto nested = [](std::size_t depth) {
        Bytes out = *from_hex("9263"); // [99, …
        out.insert(out.end(), depth - 2, 0x91);
        out.push_back(0x90);
        return out;
    };
    CHECK(again_content(nested(nesting_max)));
    CHECK_FALSE(again_content(nested(nesting_max + 1)));
    CHECK_FALSE(again_content(nested(100'000)));

    const auto many = [](std::size_t values) {
        const auto items = values - 3;
        Bytes out = *from_hex("9263dc");
        out.push_back(static_cast<std::uint8_t>(items >> 8));
        out.push_back(static_cast<std::uint8_t>(items));
        out.resize(out.size() + items);
        return out;
    };
    CHECK(again_content(many(values_max)));
    CHECK_FALSE(again_content(many(values_max + 1)));

    // The fullest roster page that a relay makes (half a frame of lists) still is within values_max, and in one frame.
    const std::size_t list_bytes = frame_bytes_max / 2 / roster_page_max - 800;
    RosterEntry full{
        text(32), RosterState::accepted, {}, blob(list_bytes), std::vector<DeviceId>(devices_per_account_max)};
    const auto page =
        server(relay::Roster{std::vector<RosterEntry>(roster_page_max, full), blob(device_list_bytes_max), true});
    CHECK(page.size() <= frame_bytes_max);
    CHECK(again_server(page) == page);

    // The largest commit fits a frame.
    const auto commit = client(relay::GroupCommit{
        text(32),
        {},
        1,
        1,
        std::vector<DeviceId>(recipients_max),
        {{}, blob(commit_bytes_max)},
        std::vector<DeviceId>(recipients_max),
        blob(welcome_bytes_max),
        blob(group_info_bytes_max),
        std::vector<std::string>(group_members_max, text(32)),
        std::vector<relay::GroupNewcomer>(group_members_max, {text(32), blob(group_secret_bytes_max)}),
        {}});
    CHECK(commit.size() <= frame_bytes_max);
    CHECK(again_client(commit) == commit);
    const auto tree = client(relay::GroupTreePut{{}, {}, group_tree_pieces_max, 0, blob(group_tree_piece_bytes_max)});
    CHECK(tree.size() <= frame_bytes_max);
    CHECK(again_client(tree) == tree);

    // The longest list is within its bound: sixteen of the longest certificates.
    DeviceList longest{text(32), {}, ~std::uint64_t{0}, ~WallMs{0}, {}, {}};
    longest.certificates.assign(devices_per_account_max, blob(certificate_bytes_max));
    CHECK(encode(longest).size() <= device_list_bytes_max);
    CHECK(decode_device_list(encode(longest)).ok());
}

TEST_CASE("a notice: each text at its bound and one past it; a kind of a later version is kept")
{
    const auto notice = [](std::size_t title, std::size_t body, std::size_t link) {
        return encode(OperatorNotice{filled<NoticeId>(0xff), key(0xff), static_cast<NoticeKind>(0xff), ~WallMs{0},
                                     ~WallMs{0}, true, text(title), text(body), text(link), filled<Signature>(0xff)});
    };
    const auto longest = notice(notice_title_bytes_max, notice_text_bytes_max, notice_link_bytes_max);
    CHECK(longest.size() <= notice_bytes_max);
    CHECK(again_notice(longest) == longest);
    CHECK_FALSE(again_notice(notice(notice_title_bytes_max + 1, 0, 0)));
    CHECK_FALSE(again_notice(notice(0, notice_text_bytes_max + 1, 0)));
    CHECK_FALSE(again_notice(notice(0, 0, notice_link_bytes_max + 1)));
    CHECK(again_server(server(relay::NoticeDeliver{~std::uint64_t{0}, blob(notice_bytes_max)})));
    CHECK_FALSE(again_server(server(relay::NoticeDeliver{1, blob(notice_bytes_max + 1)})));
    CHECK_FALSE(again_server(server(relay::NoticeDeliver{1, {}})));
}

TEST_CASE("unknown content is kept as it is; what is not canonical is not")
{
    const auto raw = *from_hex("93cd1234a3616263920105");
    const auto decoded = decode_content(raw);
    REQUIRE(decoded.ok());
    const auto& unknown = std::get<wire::content::Unknown>(*decoded);
    CHECK(unknown.kind == 0x1234);
    CHECK(unknown.raw == raw);
    CHECK(encode(*decoded) == raw);
    CHECK_FALSE(decode_content(*from_hex("91cc05")).ok());
    CHECK_FALSE(decode_content(*from_hex("90")).ok());
    CHECK_FALSE(decode_content(*from_hex("91a161")).ok());
}

TEST_CASE("what a key signs is what stands before the signature, in a context of its own")
{
    const auto before_signature = [](std::string_view context, const Bytes& whole) {
        Bytes out = to_bytes(as_bytes(context));
        auto part = to_bytes(BytesView(whole).first(whole.size() - 66)); // bin8 header and 64 bytes
        part[0] = static_cast<std::uint8_t>(part[0] - 1);
        append(out, part);
        return out;
    };
    const DeviceCertificate certificate{"ann", key(1), key(2), 4, "x", filled<Signature>(5)};
    CHECK(certificate_signed_bytes(certificate) == before_signature(certificate_context, encode(certificate)));
    const DeviceList list{"ann", key(1), 3, 4, {encode(certificate)}, filled<Signature>(5)};
    CHECK(device_list_signed_bytes(list) == before_signature(device_list_context, encode(list)));
    const OperatorNotice notice{filled<NoticeId>(1), {}, NoticeKind::account, 2, 3, false, "a", "b", "", {}};
    CHECK(notice_signed_bytes(notice) == before_signature(notice_context, encode(notice)));
}
