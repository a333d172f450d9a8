// SPDX-License-Identifier: Apache-2.0
// Clients who do not read: what waits for them is bounded, each and all together, and the others are served.
#include "relay/daemon/front.hpp"
#include "tests/relay/rig.hpp"

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

/// A link whose far side takes so many bytes, and no more.
struct Line {
    bool open = true;
    bool closed = false;
    std::size_t takes = 0; ///< From now on.
    std::size_t frames_max = 0;
    port::LinkQuality quality;
};

class FakeLink final : public port::Link {
public:
    FakeLink(Line& line, PublicKey key) : line_(line), key_(key) {}
    ~FakeLink() override { line_.open = false; }

    bool send(BytesView frame, port::Lane) override
    {
        if (frame.size() > line_.takes) return false;
        line_.takes -= frame.size();
        line_.quality.sent_bytes += frame.size();
        line_.quality.queued_bytes += frame.size();
        return true;
    }
    void close() override { line_.closed = true; }
    void limit_frames(std::size_t bytes_max) override { line_.frames_max = bytes_max; }
    [[nodiscard]] const port::PeerKey& peer_key() const override { return key_; }
    [[nodiscard]] port::LinkQuality quality() const override { return line_.quality; }

private:
    Line& line_;
    PublicKey key_;
};

struct House {
    struct Guest;

    loop::Loop loop;
    World world;
    std::vector<std::unique_ptr<Guest>> guests; // before `front`, whose links write into them to the last
    Front front;

    explicit House(OverloadLimits limits = {}, Config config = {})
        : world(std::move(config)), front(loop, *world.core, limits, [](const Error&) {}, [](Shed) {})
    {
    }

    struct Guest {
        Line line;
        port::Link* link = nullptr;
        port::LinkObserver* observer = nullptr;
        std::uint64_t next_id = 1;

        void say(const wire::relay::ClientFrame& frame) { observer->link_frame(*link, wire::encode(frame)); }
        void ask(frame::RequestBody body) { say(frame::Request{next_id++, std::move(body)}); }
    };
    Guest* guest(std::uint64_t number, std::size_t takes)
    {
        auto* const out = guests.emplace_back(std::make_unique<Guest>()).get();
        out->line.takes = takes;
        auto link = std::make_unique<FakeLink>(out->line, signing_key(number).public_key());
        out->link = link.get();
        out->observer = &front.link_accepted(std::move(link), *loop::Address::parse("192.0.2.1:5"));
        out->say(frame::Hello{1, 1, "0.1.0", "test"});
        return out;
    }
    /// As an account of its own.
    Guest* member(std::uint64_t number, std::size_t takes)
    {
        auto* const out = guest(number, takes);
        Device device(world, number);
        out->ask(device.registration("user" + std::to_string(number), 100 + number));
        (void)front.tick();
        return out;
    }
    /// So many bytes for a guest who takes none: answers to pings.
    static std::size_t pong_bytes() { return wire::encode(wire::relay::ServerFrame(frame::Pong{7})).size(); }
    void owe(Guest& guest, std::size_t bytes)
    {
        for (std::size_t i = 0; i < bytes / pong_bytes(); ++i)
            guest.say(frame::Ping{7});
        (void)front.tick();
    }
};

constexpr std::size_t all = 100'000'000;

} // namespace

TEST_CASE("whoever comes may send short frames, and longer ones when logged in")
{
    House house;
    auto* const ann = house.guest(1, all);
    (void)house.front.tick();
    CHECK(ann->line.frames_max == 0); // what the server was opened with
    Device device(house.world, 1);
    ann->ask(device.registration("ann", 100));
    (void)house.front.tick();
    CHECK(ann->line.frames_max == port::frame_bytes_max);
}

TEST_CASE(
    "all backlogs together: at the limit nobody goes; beyond it the slowest reader does, and the others keep theirs")
{
    OverloadLimits limits;
    limits.queued_bytes_max = 300 * House::pong_bytes();
    House house(limits);
    auto *const slow = house.member(1, all), *const slower = house.member(2, all), *const good = house.member(3, all);
    slow->line.takes = slower->line.takes = 0;
    house.owe(*slow, 100 * House::pong_bytes());
    house.owe(*slower, 200 * House::pong_bytes());
    CHECK_FALSE(slow->line.closed);
    CHECK_FALSE(slower->line.closed);
    house.owe(*slow, House::pong_bytes());
    CHECK_FALSE(slow->line.closed);
    CHECK(slower->line.closed);
    CHECK_FALSE(slower->line.open);
    CHECK(house.front.slow_readers_closed() == 1);
    // Its room is free again.
    house.owe(*slow, 199 * House::pong_bytes());
    CHECK_FALSE(slow->line.closed);
    house.owe(*slow, House::pong_bytes());
    CHECK(slow->line.closed);
    const auto sent = good->line.quality.sent_bytes;
    house.owe(*good, House::pong_bytes());
    CHECK(good->line.quality.sent_bytes == sent + House::pong_bytes());
    CHECK_FALSE(good->line.closed);
}

TEST_CASE("what waits leaves in order when there is room, and does not count any more")
{
    OverloadLimits limits;
    limits.queued_bytes_max = 10 * House::pong_bytes();
    House house(limits);
    auto* const ann = house.member(1, all);
    ann->line.takes = 0;
    for (int round = 0; round < 5; ++round) {
        house.owe(*ann, 10 * House::pong_bytes());
        CHECK_FALSE(ann->line.closed);
        ann->line.takes = 10 * House::pong_bytes();
        ann->observer->link_writable(*ann->link);
        CHECK(ann->line.takes == 0);
    }
    ann->observer->link_down(*ann->link, {});
    auto* const bo = house.member(2, all);
    bo->line.takes = 0;
    house.owe(*bo, 10 * House::pong_bytes());
    CHECK_FALSE(bo->line.closed);
}

TEST_CASE("one backlog: 16 MiB for one link, and one frame more ends it")
{
    OverloadLimits limits;
    limits.queued_bytes_max = 1024 * 1024 * 1024;
    Config config;
    config.turn_servers = [](std::string_view, WallMs) { // so that a small question has a large answer
        const std::string long_text(wire::turn_credential_bytes_max, 'x');
        return std::vector<wire::TurnServer>(
            wire::turn_servers_max,
            {"turn.example.org", 3478, wire::TurnServer::Transport::udp, long_text, long_text, 0});
    };
    House house(limits, config);
    auto* const ann = house.member(1, all);
    const auto answer_bytes = [&] {
        const auto before = ann->line.quality.sent_bytes;
        ann->next_id = 1'000; // ids of one length
        ann->ask(frame::FetchSession{});
        (void)house.front.tick();
        return ann->line.quality.sent_bytes - before;
    }();
    ann->line.takes = 0;
    const auto count = backlog_bytes_max / answer_bytes;
    REQUIRE(count < Limits{}.requests.burst);
    for (std::size_t i = 0; i < count; ++i)
        ann->ask(frame::FetchSession{});
    (void)house.front.tick();
    CHECK_FALSE(ann->line.closed);
    ann->ask(frame::FetchSession{});
    (void)house.front.tick();
    CHECK(ann->line.closed);
    CHECK(house.world.core->counters().links == 0);
}

TEST_CASE("who takes nothing of what waits is closed after the time for that, and who takes a little is not")
{
    OverloadLimits limits;
    limits.stalled_max = std::chrono::seconds(30);
    House house(limits);
    auto *const deaf = house.member(1, all), *const slow = house.member(2, all), *const idle = house.member(3, all);
    for (auto* const one : {deaf, slow})
        house.owe(*one, 10 * House::pong_bytes());
    idle->line.quality.queued_bytes = 0;
    auto now = loop::Loop::now();
    house.front.look(now);
    const auto began = now.mono;
    for (int second = 1; second < 30; ++second) {
        now.mono = began + std::chrono::seconds(second);
        slow->line.quality.queued_bytes -= second % 10 == 0 ? 1 : 0; // one byte in ten seconds is life
        // More comes for both: that alone is none.
        for (auto* const one : {deaf, slow})
            house.owe(*one, House::pong_bytes());
        house.front.look(now);
    }
    CHECK_FALSE(deaf->line.closed);
    now.mono = began + std::chrono::seconds(30);
    house.front.look(now);
    CHECK(deaf->line.closed);
    CHECK_FALSE(slow->line.closed);
    CHECK_FALSE(idle->line.closed);
    CHECK(house.front.slow_readers_closed() == 1);
    now.mono = began + std::chrono::hours(1);
    house.front.look(now);
    CHECK_FALSE(idle->line.closed);
}

TEST_CASE("the gauge: ticks are smoothed, and an idle relay is not slow")
{
    OverloadLimits limits;
    limits.memory_bytes_max = std::uint64_t{1} << 60;
    limits.tick_max = std::chrono::seconds(2);
    StrainGauge gauge(limits);
    gauge.ticked(std::chrono::seconds(2));
    CHECK(gauge.measure(0, Instant{}).per_mille() == 125); // one slow disk access is no overload
    for (int i = 0; i < 60; ++i)
        gauge.ticked(std::chrono::seconds(2));
    CHECK(gauge.measure(0, Instant{}).per_mille() >= 990);
    for (int i = 0; i < 60; ++i)
        (void)gauge.measure(0, Instant{});
    CHECK(gauge.measure(0, Instant{}).per_mille() <= 10);
    CHECK(gauge.measure(limits.queued_bytes_max, Instant{}).per_mille() == 1000);
    CHECK(resident_bytes() > 1'000'000);
    CHECK(granted_bytes() > resident_bytes());
    CHECK(StrainGauge(OverloadLimits{}).limits().memory_bytes_max == granted_bytes() / 4 * 3);
}
