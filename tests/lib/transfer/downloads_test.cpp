// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/transfer/content.hpp"

#include "lib/transfer/downloads.hpp"

#include <doctest/doctest.h>
#include <random>

using namespace godwit;
using namespace godwit::transfer;
using namespace godwit::transfer::test;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Verdict = Downloads::Verdict;

namespace {

Instant at(Duration since)
{
    return Instant(seconds(1000)) + since;
}

std::vector<PieceRange> everything(const Made& file)
{
    return {{0, file.layout().pieces()}};
}

/// Gives what is asked for at once, until nothing more is asked for; returns how many pieces each source gave.
struct Exchange {
    Downloads downloads;
    std::map<SourceId, std::uint32_t> gave;
    Instant now = at(seconds(0));

    void begin(const Made& file) { downloads.begin(file.id, file.layout(), PieceSet(file.layout().pieces()), {}); }
    void source(const Made& file, SourceId id, Rank rank)
    {
        downloads.source_up(id, rank);
        downloads.offers(file.id, id, everything(file));
    }
    void take(const Made& file, SourceId from, std::uint32_t piece, const Bytes& bytes)
    {
        const auto verdict = downloads.judge(file.id, from, piece, bytes, now);
        if (verdict == Verdict::good) downloads.keep(file.id, piece);
        if (verdict == Verdict::list_done)
            for (auto leaf = file.layout().chunks(); leaf < file.layout().pieces(); ++leaf)
                downloads.keep(file.id, leaf);
        ++gave[from];
    }
    void run(const Made& file)
    {
        for (;;) {
            const auto asks = downloads.plan(now);
            if (asks.empty()) return;
            for (const auto& ask : asks)
                for (const auto& range : ask.pieces)
                    for (std::uint32_t i = 0; i < range.count; ++i)
                        take(file, ask.source, range.first + i, file.piece(range.first + i));
        }
    }
    [[nodiscard]] bool whole(const Made& file) const { return downloads.have(file.id).full(); }
};

std::vector<std::uint32_t> pieces(const std::vector<Downloads::Ask>& asks, SourceId source)
{
    std::vector<std::uint32_t> out;
    for (const auto& ask : asks)
        for (const auto& range : ask.pieces)
            for (std::uint32_t i = 0; ask.source == source && i < range.count; ++i)
                out.push_back(range.first + i);
    return out;
}

} // namespace

TEST_CASE("a file from one device: leaves first, then chunks, never more than the window")
{
    const auto file = made(40 * chunk_bytes + 5);
    Exchange one;
    one.begin(file);
    CHECK(one.downloads.plan(one.now).empty()); // nobody has it
    one.source(file, 1, Rank::direct);
    CHECK(pieces(one.downloads.plan(one.now), 1) == std::vector<std::uint32_t>{41});
    CHECK(one.downloads.plan(one.now).empty()); // asked for once
    one.take(file, 1, 41, file.piece(41));
    CHECK(pieces(one.downloads.plan(one.now), 1).size() == 5); // it came quickly
    Exchange two;
    two.begin(file);
    two.source(file, 1, Rank::direct);
    two.run(file);
    CHECK(two.whole(file));
    CHECK(two.gave[1] == 42);
}

TEST_CASE("a source is asked anew when a quarter of its window is free, and for all of it then")
{
    const auto file = made(200 * chunk_bytes);
    Exchange one;
    one.begin(file);
    one.source(file, 1, Rank::direct);
    for (const auto leaf : pieces(one.downloads.plan(one.now), 1))
        one.take(file, 1, leaf, file.piece(leaf));
    std::vector<std::uint32_t> out;
    std::uint32_t came = 0;
    const auto ask = [&] {
        const auto more = pieces(one.downloads.plan(one.now), 1);
        out.insert(out.end(), more.begin(), more.end());
        return more.size();
    };
    while (out.size() - came < 16) { // until the window is as wide as it gets
        REQUIRE((ask() > 0 || out.size() > came));
        one.take(file, 1, out[came], file.piece(out[came]));
        ++came;
        (void)ask();
    }
    for (int turn = 0; turn < 3; ++turn) {
        for (int i = 0; i < 3; ++i) {
            one.take(file, 1, out[came], file.piece(out[came]));
            ++came;
            CHECK(ask() == 0);
        }
        one.take(file, 1, out[came], file.piece(out[came]));
        ++came;
        CHECK(ask() == 4);
    }
    one.run(file);
    while (came < out.size()) {
        one.take(file, 1, out[came], file.piece(out[came]));
        ++came;
    }
    one.run(file);
    CHECK(one.whole(file));
}

TEST_CASE("files of one chunk and of none need no leaves")
{
    const auto small = made(100);
    Exchange one;
    one.begin(small);
    one.source(small, 1, Rank::turned);
    one.run(small);
    CHECK(one.whole(small));
    const auto empty = made(0);
    Exchange none;
    none.begin(empty);
    CHECK(none.whole(empty));
}

TEST_CASE("two devices share the work; a worse path is not used while a better one has it all")
{
    const auto file = made(60 * chunk_bytes);
    Exchange both;
    both.begin(file);
    both.source(file, 1, Rank::direct);
    both.source(file, 2, Rank::direct);
    both.source(file, 3, Rank::turned);
    both.source(file, relay_source, Rank::relay);
    both.run(file);
    CHECK(both.whole(file));
    CHECK(both.gave[1] > 15);
    CHECK(both.gave[2] > 15);
    CHECK(both.gave[1] + both.gave[2] == 61);
    CHECK(both.gave.count(3) == 0);
    CHECK(both.gave.count(relay_source) == 0);
}

TEST_CASE("what the better path lacks comes by the worse one")
{
    const auto file = made(30 * chunk_bytes);
    Exchange parts;
    parts.begin(file);
    parts.downloads.source_up(1, Rank::direct);
    parts.downloads.offers(file.id, 1, {{0, 10}}); // still fetching itself, without the leaves
    parts.source(file, relay_source, Rank::relay);
    parts.run(file);
    CHECK(parts.whole(file));
    CHECK(parts.gave[1] == 10);
    CHECK(parts.gave[relay_source] == 21);
    CHECK(parts.downloads.served(file.id, Rank::relay, parts.now) == false); // nothing is missing
}

TEST_CASE("a bad chunk: its source is asked no more, another one goes on")
{
    const auto file = made(10 * chunk_bytes);
    Exchange two;
    two.begin(file);
    two.source(file, 1, Rank::direct);
    two.take(file, 1, pieces(two.downloads.plan(two.now), 1).front(), file.piece(10));
    const auto asked = pieces(two.downloads.plan(two.now), 1);
    auto damaged = file.piece(asked.front());
    damaged[77] ^= 1;
    CHECK(two.downloads.judge(file.id, 1, asked.front(), damaged, two.now) == Verdict::bad);
    CHECK(two.downloads.plan(two.now).empty());
    CHECK(two.downloads.judge(file.id, 1, asked[1], file.piece(asked[1]), two.now) == Verdict::unasked);
    CHECK_FALSE(two.downloads.have(file.id).has(asked.front()));
    two.source(file, 2, Rank::turned);
    two.run(file);
    CHECK(two.whole(file));
    CHECK(two.gave[1] == 1);
}

TEST_CASE("a chunk of another length, or of another place, is bad")
{
    const auto file = made(2 * chunk_bytes + 9);
    for (const bool short_one : {true, false}) {
        Exchange one;
        one.begin(file);
        one.source(file, 1, Rank::direct);
        one.take(file, 1, 3, (void(one.downloads.plan(one.now)), file.piece(3)));
        REQUIRE(pieces(one.downloads.plan(one.now), 1).size() == 3);
        CHECK(one.downloads.judge(file.id, 1, 0, short_one ? file.piece(2) : file.piece(1), one.now) == Verdict::bad);
    }
}

TEST_CASE("leaves that are not the file's: whoever gave them lied, and the next one is asked for all of them")
{
    const auto file = made((leaves_per_piece + 3) * chunk_bytes);
    Exchange two;
    two.begin(file);
    two.source(file, 1, Rank::direct);
    two.source(file, 2, Rank::direct);
    const auto list = file.layout().chunks();
    CHECK(pieces(two.downloads.plan(two.now), 1) == std::vector<std::uint32_t>{list, list + 1});
    auto damaged = file.piece(list + 1);
    damaged[0] ^= 1;
    CHECK(two.downloads.judge(file.id, 1, list, file.piece(list), two.now) == Verdict::listed);
    CHECK(two.downloads.judge(file.id, 1, list + 1, damaged, two.now) == Verdict::bad_list);
    CHECK(pieces(two.downloads.plan(two.now), 2) == std::vector<std::uint32_t>{list, list + 1});
    CHECK(two.downloads.judge(file.id, 2, list, file.piece(list), two.now) == Verdict::listed);
    CHECK(two.downloads.judge(file.id, 2, list + 1, file.piece(list + 1), two.now) == Verdict::list_done);
    CHECK(two.downloads.leaves(file.id) == file.leaves);
}

TEST_CASE("a list that one device began another one begins anew: halves of two could not be judged")
{
    const auto file = made((leaves_per_piece + 3) * chunk_bytes);
    Exchange two;
    two.begin(file);
    two.source(file, 1, Rank::direct);
    two.source(file, 2, Rank::turned);
    const auto list = file.layout().chunks();
    (void)two.downloads.plan(two.now);
    CHECK(two.downloads.judge(file.id, 1, list, file.piece(list), two.now) == Verdict::listed);
    two.downloads.source_down(1);
    CHECK(pieces(two.downloads.plan(two.now), 2) == std::vector<std::uint32_t>{list, list + 1});
}

TEST_CASE("silence: what is owed is asked of others, and whoever was silent rests, longer each time")
{
    const auto file = made(4 * chunk_bytes);
    Exchange two;
    two.begin(file);
    two.source(file, 1, Rank::direct);
    two.take(file, 1, 4, (void(two.downloads.plan(two.now)), file.piece(4)));
    CHECK(pieces(two.downloads.plan(two.now), 1).size() == 4);
    CHECK(two.downloads.deadline(two.now) == two.now + seconds(30));
    two.now += seconds(30);
    CHECK(two.downloads.handle_deadline(two.now) == std::vector<SourceId>{1});
    CHECK(two.downloads.plan(two.now).empty());
    CHECK(two.downloads.deadline(two.now) == two.now + seconds(5));
    CHECK(two.downloads.judge(file.id, 1, 0, file.piece(0), two.now) == Verdict::unasked); // too late
    two.now += seconds(5);
    CHECK(pieces(two.downloads.plan(two.now), 1).size() == 4);
    two.now += seconds(30);
    CHECK(two.downloads.handle_deadline(two.now).size() == 1);
    CHECK(two.downloads.deadline(two.now) == two.now + seconds(10));
    two.source(file, 2, Rank::relay);
    two.run(file);
    CHECK(two.whole(file));
    CHECK(two.gave[2] == 4);
}

TEST_CASE("the last chunks are asked of idle devices too when they are late, and the first to come counts")
{
    const auto file = made(3 * chunk_bytes);
    Exchange two;
    two.begin(file);
    two.source(file, 1, Rank::direct);
    two.take(file, 1, 3, (void(two.downloads.plan(two.now)), file.piece(3)));
    REQUIRE(pieces(two.downloads.plan(two.now), 1).size() == 3);
    two.source(file, 2, Rank::direct);
    CHECK(two.downloads.plan(two.now).empty());
    CHECK(two.downloads.deadline(two.now) == two.now + seconds(1));
    two.now += seconds(1);
    CHECK(pieces(two.downloads.plan(two.now), 2) == std::vector<std::uint32_t>{0, 1, 2});
    two.take(file, 2, 1, file.piece(1));
    CHECK(two.downloads.judge(file.id, 1, 1, file.piece(1), two.now) == Verdict::unasked);
    two.take(file, 1, 0, file.piece(0));
    two.take(file, 1, 2, file.piece(2));
    CHECK(two.whole(file));
}

TEST_CASE("windows follow the link: quick pieces widen them, slow ones narrow them")
{
    const auto file = made(400 * chunk_bytes);
    Exchange one;
    one.begin(file);
    one.source(file, 1, Rank::direct);
    one.run(file);
    CHECK(one.whole(file));
    Exchange slow;
    slow.begin(file);
    slow.source(file, 1, Rank::direct);
    std::size_t out = 0;
    for (int round = 0; round < 10; ++round) {
        const auto asked = pieces(slow.downloads.plan(slow.now), 1);
        out = asked.size();
        slow.now += seconds(2);
        for (const auto piece : asked)
            slow.take(file, 1, piece, file.piece(piece));
    }
    CHECK(out == 1);
    for (int round = 0; round < 200; ++round) {
        const auto asked = pieces(slow.downloads.plan(slow.now), 1);
        out = asked.size();
        slow.now += milliseconds(10);
        for (const auto piece : asked)
            slow.take(file, 1, piece, file.piece(piece));
        if (slow.whole(file)) break;
        CHECK(asked.size() <= 16);
    }
    CHECK(slow.whole(file));
}

TEST_CASE("one window for all files of a device, and files take turns")
{
    const auto a = made(50 * chunk_bytes, 1);
    const auto b = made(50 * chunk_bytes, 2);
    Exchange both;
    both.begin(a);
    both.begin(b);
    both.source(a, 1, Rank::direct);
    both.source(b, 1, Rank::direct);
    CHECK(pieces(both.downloads.plan(both.now), 1).size() == 2); // a list each
    both.take(a, 1, 50, a.piece(50));
    both.take(b, 1, 50, b.piece(50));
    std::map<FileId, std::size_t> asked;
    for (int round = 0; round < 6; ++round)
        for (const auto& ask : both.downloads.plan(both.now)) {
            asked[ask.file] += pieces({ask}, 1).size();
            for (const auto piece : pieces({ask}, 1)) {
                const auto& file = ask.file == a.id ? a : b;
                both.take(file, 1, piece, file.piece(piece));
            }
        }
    CHECK(asked[a.id] > 0);
    CHECK(asked[b.id] > 0);
}

TEST_CASE("a rate: so many bytes a second and no more, over any while")
{
    const auto file = made(64 * chunk_bytes);
    Exchange slow;
    slow.downloads.set_rate(10 * chunk_bytes);
    slow.begin(file);
    slow.source(file, 1, Rank::direct);
    const auto begin = slow.now;
    while (!slow.whole(file)) {
        slow.run(file);
        const auto next = slow.downloads.deadline(slow.now);
        REQUIRE(next != never);
        slow.now = std::max(slow.now, next);
        if (slow.gave[1] > 5) CHECK(slow.gave[1] <= 5 + 10 * (slow.now - begin) / seconds(1));
    }
    CHECK(slow.now - begin > seconds(5));
    CHECK(slow.now - begin < seconds(8));
}

TEST_CASE("a file that is taken up again asks only for what is missing")
{
    const auto file = made(20 * chunk_bytes);
    PieceSet have(file.layout().pieces());
    have.add(PieceRange{0, 7});
    have.add(std::uint32_t{20});
    Exchange again;
    again.downloads.begin(file.id, file.layout(), have, file.leaves);
    again.source(file, 1, Rank::direct);
    again.run(file);
    CHECK(again.whole(file));
    CHECK(again.gave[1] == 13);
}

// Any number of devices that come, go, lie, forget and delay: what is kept is right, and nothing is owed in the end.
TEST_CASE("whatever the others do, only right chunks are kept; with one honest device it ends")
{
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 dice(seed);
        const auto file = made((1 + dice() % 40) * chunk_bytes - dice() % 1000, static_cast<std::uint8_t>(seed));
        Exchange all;
        all.begin(file);
        struct Flight {
            SourceId from;
            std::uint32_t piece;
        };
        std::vector<Flight> flights;
        std::set<SourceId> up;
        SourceId fresh = 1;
        bool ended = false;
        for (int step = 0; step < 5000 && !ended; ++step) {
            all.now += milliseconds(dice() % 400);
            (void)all.downloads.handle_deadline(all.now);
            if (dice() % 20 == 0 || up.empty()) {
                const auto id = fresh++;
                up.insert(id);
                all.downloads.source_up(id, static_cast<Rank>(dice() % 3));
                all.downloads.offers(file.id, id,
                                     dice() % 2 == 0
                                         ? everything(file)
                                         : std::vector<PieceRange>{{static_cast<std::uint32_t>(dice() % 50),
                                                                    static_cast<std::uint32_t>(dice() % 50)}});
            }
            if (dice() % 25 == 0 && !up.empty()) {
                all.downloads.source_down(*up.begin());
                up.erase(up.begin());
            }
            if (dice() % 40 == 0 && !up.empty()) all.downloads.lacks(file.id, *up.begin());
            for (const auto& ask : all.downloads.plan(all.now))
                for (const auto piece : pieces({ask}, ask.source))
                    flights.push_back({ask.source, piece});
            REQUIRE(flights.size() < 100'000);
            while (!flights.empty() && dice() % 3 != 0) {
                const auto which = dice() % flights.size();
                const auto flight = flights[which];
                flights.erase(flights.begin() + static_cast<std::ptrdiff_t>(which));
                if (dice() % 8 == 0) continue; // lost with its link
                auto bytes = file.piece(flight.piece);
                const bool lies = flight.from % 3 == 0 && dice() % 2 == 0;
                if (lies) bytes[dice() % bytes.size()] ^= 0x40;
                const auto verdict = all.downloads.judge(file.id, flight.from, flight.piece, bytes, all.now);
                if (lies) REQUIRE(verdict != Verdict::good);
                if (lies) REQUIRE(verdict != Verdict::list_done);
                if (verdict == Verdict::good) all.downloads.keep(file.id, flight.piece);
                if (verdict == Verdict::list_done) {
                    REQUIRE(all.downloads.leaves(file.id) == file.leaves);
                    for (auto leaf = file.layout().chunks(); leaf < file.layout().pieces(); ++leaf)
                        all.downloads.keep(file.id, leaf);
                }
            }
            ended = all.whole(file);
        }
        if (!ended) { // Now somebody honest comes.
            all.now += std::chrono::minutes(10);
            all.source(file, 1'000'000, Rank::direct);
            for (int step = 0; step < 200 && !all.whole(file); ++step) {
                (void)all.downloads.handle_deadline(all.now);
                for (const auto& ask : all.downloads.plan(all.now))
                    for (const auto piece : pieces({ask}, 1'000'000))
                        all.take(file, 1'000'000, piece, file.piece(piece));
                all.now += seconds(5);
            }
        }
        CHECK(all.whole(file));
        CHECK(all.downloads.plan(all.now).empty());
        all.downloads.end(file.id);
        CHECK(all.downloads.handle_deadline(all.now + std::chrono::hours(1)).empty()); // nobody owes anything
    }
}
