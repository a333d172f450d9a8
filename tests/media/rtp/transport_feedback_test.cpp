// SPDX-License-Identifier: Apache-2.0
#include "media/rtp/rtcp.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace godwit;
using namespace godwit::rtp;
using namespace std::chrono_literals;

namespace {

constexpr auto none = std::nullopt;

Instant at(Duration since_start)
{
    return Instant(1h + since_start);
}

std::optional<TransportFeedback> through_bytes(const TransportFeedback& feedback)
{
    const auto got = decode_rtcp(encode({feedback}));
    if (!got || got->size() != 1) return none;
    return std::get<TransportFeedback>(got->front());
}

} // namespace

TEST_CASE("transport feedback: value and bytes (pion)")
{
    const TransportFeedback want{1, 2, 65'534, 3, 5, {4, none, -8, 255, none, none, 0, 1, 2}};
    const auto got = decode_rtcp(*from_hex("afcd00070000000100000002fffe000900000503d241200204fff8ff00010201"));
    REQUIRE(got.has_value());
    CHECK(got->front() == RtcpPacket(want));
    // The same bytes, but that zeros pad ours, which need no flag.
    CHECK(to_hex(encode({want})) == "8fcd00070000000100000002fffe000900000503d241200204fff8ff00010200");
}

TEST_CASE("transport feedback: runs and vectors of every length come back as they were")
{
    std::mt19937_64 random(1);
    for (int round = 0; round < 2000; ++round) {
        CAPTURE(round);
        TransportFeedback feedback{1,
                                   2,
                                   static_cast<std::uint16_t>(random()),
                                   static_cast<std::uint8_t>(random()),
                                   static_cast<std::int32_t>(random() % 0x1000000) - 0x800000,
                                   {}};
        const std::size_t count = 1 + random() % 60;
        int kind = 0;
        for (std::size_t i = 0; i < count; ++i) {
            if (random() % 6 == 0) kind = static_cast<int>(random() % 3);
            if (kind == 0)
                feedback.deltas.emplace_back();
            else
                feedback.deltas.emplace_back(static_cast<std::int16_t>(kind == 1 ? random() % 256 : random()));
        }
        const auto got = through_bytes(feedback);
        REQUIRE(got.has_value());
        CHECK(*got == feedback);
    }
}

TEST_CASE("transport feedback: long runs cost two bytes, and the bound holds")
{
    TransportFeedback feedback{1, 2, 0, 0, 0, std::vector<std::optional<std::int16_t>>(feedback_statuses_max)};
    CHECK(encode_body(feedback).size() == 18);
    REQUIRE(through_bytes(feedback).has_value());
    CHECK(*through_bytes(feedback) == feedback);
    Bytes body = encode_body(feedback);
    CHECK(decode_body(body).has_value());
    body[10] = static_cast<std::uint8_t>((feedback_statuses_max + 1) >> 8);
    body[11] = static_cast<std::uint8_t>(feedback_statuses_max + 1);
    CHECK_FALSE(decode_body(body).has_value());
}

TEST_CASE("transport feedback: broken bodies")
{
    const TransportFeedback feedback{1, 2, 7, 0, 9, {1, 300, none, 5}};
    const Bytes body = encode_body(feedback);
    for (std::size_t cut = 0; cut < body.size(); ++cut)
        CHECK_FALSE(decode_body(BytesView(body).first(cut)).has_value());
    CHECK_FALSE(decode_body(*from_hex("0000000100000002000700010000000060010101")).has_value()); // symbol 3 in a run
    CHECK_FALSE(decode_body(*from_hex("00000001000000020007000100000000f0000101")).has_value()); // and in a vector
    CHECK_FALSE(decode_body(*from_hex("00000001000000020007000100000000200000")).has_value());   // a run of none
    CHECK_FALSE(decode_body(*from_hex("0000000100000002000700000000000000000000")).has_value()); // of no packet
}

TEST_CASE("transport feedback: what arrived is what is read, to a quarter of a millisecond")
{
    FeedbackBuilder builder;
    FeedbackReader reader;
    CHECK_FALSE(builder.build(1, 2).has_value());
    std::mt19937_64 random(2);
    std::map<std::int64_t, Instant> truth;
    std::map<std::int64_t, Duration> told;
    std::int64_t number = 65'000;
    Instant now = at(0s);
    for (int feedback = 0; feedback < 60; ++feedback) {
        for (int i = 0; i < 40; ++i, ++number) {
            now += Duration(random() % 8000);
            if (random() % 10 == 0) continue; // lost
            truth.emplace(number, now);
            builder.arrived(static_cast<std::uint16_t>(number), now);
        }
        const auto made = builder.build(1, 2);
        REQUIRE(made.has_value());
        CHECK(made->feedback_packet_count == feedback);
        const auto got = through_bytes(*made);
        REQUIRE(got.has_value());
        for (const PacketArrival& one : reader.read(*got))
            if (one.at) told[one.sequence_number] = *one.at;
    }
    REQUIRE(told.size() == truth.size());
    // The origin of the told clock is unknown; differences are not.
    const Duration offset = told.begin()->second - truth.begin()->second.time_since_epoch();
    for (const auto& [n, when] : truth) {
        const Duration error = told.at(n) - offset - when.time_since_epoch();
        CHECK(std::abs(error.count()) <= feedback_tick.count());
    }
}

TEST_CASE("transport feedback: the late one is told, and nobody is taken back")
{
    FeedbackBuilder builder;
    builder.arrived(10, at(0ms));
    builder.arrived(12, at(20ms));
    CHECK(builder.build(1, 2)->deltas.size() == 3);
    builder.arrived(11, at(30ms));
    builder.arrived(11, at(31ms)); // a duplicate
    builder.arrived(13, at(40ms));
    const auto second = builder.build(1, 2);
    REQUIRE(second.has_value());
    CHECK(second->base_sequence_number == 11);
    REQUIRE(second->deltas.size() == 3);
    CHECK(second->deltas[0].has_value());
    CHECK(second->deltas[1] == -40); // 12 came 10 ms before 11
    CHECK(second->deltas[2] == 80);
    CHECK_FALSE(builder.build(1, 2).has_value());
    // What is lost after the last feedback is in the next one.
    builder.arrived(16, at(60ms));
    const auto third = builder.build(1, 2);
    REQUIRE(third.has_value());
    CHECK(third->base_sequence_number == 14);
    CHECK(third->deltas.size() == 3);
    CHECK_FALSE(third->deltas[0].has_value());
}

TEST_CASE("transport feedback: a gap of time or numbers beyond one feedback goes into the next")
{
    FeedbackBuilder builder;
    builder.arrived(1, at(0s));
    builder.arrived(2, at(9s)); // more than 32,767 ticks
    builder.arrived(3, at(9s));
    const auto first = builder.build(1, 2);
    REQUIRE(first.has_value());
    CHECK(first->deltas.size() == 1);
    const auto second = builder.build(1, 2);
    REQUIRE(second.has_value());
    CHECK(second->base_sequence_number == 2);
    CHECK(second->deltas.size() == 2);
    builder.arrived(3 + 3000, at(10s));
    const auto third = builder.build(1, 2);
    REQUIRE(third.has_value());
    CHECK(third->deltas.size() == feedback_statuses_max);
    CHECK(third->deltas.back().has_value());
    CHECK_FALSE(builder.build(1, 2).has_value());
}

TEST_CASE("transport feedback: history is bounded")
{
    FeedbackBuilder builder;
    for (std::size_t i = 0; i < FeedbackBuilder::history_max + 100; ++i)
        builder.arrived(static_cast<std::uint16_t>(i), at(Duration(i)));
    const auto made = builder.build(1, 2);
    REQUIRE(made.has_value());
    CHECK(made->base_sequence_number == 100);
    CHECK(made->deltas.size() == FeedbackBuilder::history_max);
}
