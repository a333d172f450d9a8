// SPDX-License-Identifier: Apache-2.0
#include "lib/transfer/serving.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::transfer;
using std::chrono::seconds;

namespace {

FileId file(std::uint8_t byte)
{
    FileId out;
    out.bytes.fill(byte);
    return out;
}

const Instant now{seconds(500)};

} // namespace

TEST_CASE("whoever asks gets a piece a turn, however much somebody else wants")
{
    Serving serving;
    const Layout layout{100 * chunk_bytes};
    serving.want(1, file(1), layout, {{0, 20}});
    serving.want(2, file(1), layout, {{50, 2}});
    std::vector<std::pair<SourceId, std::uint32_t>> order;
    while (const auto item = serving.next(now))
        order.emplace_back(item->to, item->piece);
    REQUIRE(order.size() == 22);
    CHECK(order[0] == std::pair<SourceId, std::uint32_t>{1, 0});
    CHECK(order[1] == std::pair<SourceId, std::uint32_t>{2, 50});
    CHECK(order[3] == std::pair<SourceId, std::uint32_t>{2, 51});
    CHECK(order.back() == std::pair<SourceId, std::uint32_t>{1, 19});
    CHECK(serving.deadline() == never);
}

TEST_CASE("what waits is bounded, and pieces that there are not are not sent")
{
    Serving serving;
    serving.want(1, file(1), Layout{10 * chunk_bytes}, {{5, 4'000'000'000}, {11, 5}, {4'000'000'000, 4'000'000'000}});
    std::size_t count = 0;
    while (const auto item = serving.next(now)) {
        CHECK(item->piece < 11);
        ++count;
    }
    CHECK(count == 6);
    for (int i = 0; i < 100; ++i)
        serving.want(1, file(1), Layout{1000 * chunk_bytes}, {{0, 1000}});
    for (count = 0; serving.next(now); ++count) {}
    CHECK(count == wants_per_source_max);
}

TEST_CASE("a rate, and what is dropped")
{
    Serving serving;
    serving.set_rate(chunk_bytes);
    const Layout layout{10 * chunk_bytes};
    serving.want(1, file(1), layout, {{0, 3}});
    serving.want(2, file(2), layout, {{0, 3}});
    REQUIRE(serving.next(now));
    serving.sent(chunk_bytes, now);
    CHECK_FALSE(serving.next(now));
    CHECK(serving.deadline() == now + std::chrono::milliseconds(750));
    CHECK(serving.next(serving.deadline()));
    serving.set_rate(0);
    serving.drop(SourceId{1});
    serving.drop(file(2));
    CHECK_FALSE(serving.next(now));
}
