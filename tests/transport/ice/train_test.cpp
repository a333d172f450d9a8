// SPDX-License-Identifier: Apache-2.0
#include "transport/ice/train.hpp"

#include "tests/transport/ice/ice_world.hpp"

#include <array>

#include <netinet/in.h>
#include <unistd.h>

using namespace godwit;
using namespace godwit::ice;

namespace {

/// `count` datagrams that stand behind each other, the last of another size.
struct Train {
    Bytes bytes;
    std::vector<BytesView> views;
    Train(std::size_t count, std::size_t segment, std::size_t last) : bytes((count - 1) * segment + last)
    {
        for (std::size_t i = 0; i < bytes.size(); ++i)
            bytes[i] = static_cast<std::uint8_t>(i / segment);
        for (std::size_t i = 0; i < count; ++i)
            views.push_back(BytesView(bytes).subspan(i * segment, i + 1 < count ? segment : last));
    }
};

struct Socket {
    int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in at{};
    Socket()
    {
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof at;
        REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&at), length) == 0);
        REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &length) == 0);
    }
    ~Socket() { ::close(fd); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
};

} // namespace

TEST_CASE("a train: equal datagrams behind each other in memory, the last may be shorter")
{
    CHECK(is_train(Train(2, 1200, 1200).views));
    CHECK(is_train(Train(44, 1452, 7).views));
    CHECK_FALSE(is_train(Train(1, 1200, 1200).views)); // one needs no train
    CHECK_FALSE(is_train(Train(3, 1200, 1201).views));
    CHECK_FALSE(is_train({}));
    const Train apart(3, 1200, 1200);
    const std::array<BytesView, 2> gap{apart.views[0], apart.views[2]};
    CHECK_FALSE(is_train(gap));
    const std::array<BytesView, 2> same{apart.views[0], apart.views[0]};
    CHECK_FALSE(is_train(same));
}

TEST_CASE("a train arrives as the datagrams that it was made of")
{
    const Socket from, to;
    const Train train(20, 1200, 300);
    const auto outcome = send_train(from.fd, reinterpret_cast<const sockaddr*>(&to.at), sizeof to.at, train.views);
    if (outcome == TrainOutcome::refused) return; // no Linux, or one that has none
    REQUIRE(outcome == TrainOutcome::sent);
    for (const auto& one : train.views) {
        std::array<std::uint8_t, 2000> room{};
        const auto got = ::recv(to.fd, room.data(), room.size(), MSG_DONTWAIT);
        REQUIRE(got == static_cast<ssize_t>(one.size()));
        CHECK(std::equal(one.begin(), one.end(), room.begin()));
    }
}

TEST_CASE(
    "a train that is too long for one call, or that the kernel does not cut, is left whole, and the next is tried")
{
    const Socket from, to;
    const auto apart = [&](const Train& train, socklen_t to_bytes) {
        const auto outcome = send_train(from.fd, reinterpret_cast<const sockaddr*>(&to.at), to_bytes, train.views);
        return outcome == TrainOutcome::apart || outcome == TrainOutcome::refused;
    };
    CHECK(apart(Train(65, 100, 100), sizeof to.at));
    CHECK(apart(Train(60, 1452, 1452), sizeof to.at));
    CHECK(apart(Train(2, 1200, 1200), 1)); // no address: the kernel says EINVAL
    std::array<std::uint8_t, 16> room{};
    CHECK(::recv(to.fd, room.data(), room.size(), MSG_DONTWAIT) < 0);
    const Train fine(2, 1200, 1200);
    if (send_train(from.fd, reinterpret_cast<const sockaddr*>(&to.at), sizeof to.at, fine.views) !=
        TrainOutcome::refused)
        CHECK(send_train(from.fd, reinterpret_cast<const sockaddr*>(&to.at), 1, fine.views) == TrainOutcome::apart);
}

TEST_CASE("a session sends trains over the pair in use, and what is no train as ever")
{
    ice::test::World world;
    ice::test::Couple couple;
    couple.start(world);
    REQUIRE(world.run_until([&] { return couple.both_connected(); }));
    couple.b.session->path().observe(&couple.b);
    const Train train(30, 1200, 500);
    CHECK(couple.a.session->path().send(train.views) == 30);
    REQUIRE(world.run_until([&] { return couple.b.datagrams.size() == 30; }));
    for (std::size_t i = 0; i < 30; ++i)
        CHECK(couple.b.datagrams[i] == std::string(train.views[i].begin(), train.views[i].end()));
    // Too long for a train of the kernel's: it goes one by one.
    const Train long_one(70, 1200, 1200);
    std::size_t sent = 0;
    REQUIRE(world.run_until([&] {
        sent += couple.a.session->path().send(std::span(long_one.views).subspan(sent));
        return sent == 70 && couple.b.datagrams.size() == 100;
    }));
    CHECK(couple.a.session->counters().sent_datagrams == 100);
}

TEST_CASE("what the peer sends comes in trains, past libnice, and STUN goes on with libnice")
{
    ice::test::World world;
    ice::test::Couple couple;
    couple.start(world);
    REQUIRE(world.run_until([&] { return couple.both_connected(); }));
    couple.b.session->path().observe(&couple.b);
    // With the bit of QUIC set.
    Train train(30, 1200, 500);
    for (auto& byte : train.bytes)
        byte = static_cast<std::uint8_t>(byte | 0x40U);
    REQUIRE(couple.a.session->path().send(train.views) == 30);
    REQUIRE(world.run_until([&] { return couple.b.datagrams.size() == 30; }));
    for (std::size_t i = 0; i < 30; ++i)
        CHECK(couple.b.datagrams[i] == std::string(train.views[i].begin(), train.views[i].end()));
    CHECK(couple.b.session->counters().received_datagrams == 30);
#ifdef __linux__
    CHECK(couple.b.session->counters().received_past_libnice == 30);
#endif
    // Without the bit it is libnice's, which passes on what is no STUN.
    const BytesView other = as_bytes("hello");
    const Bytes plain{0x20, 1, 2, 3};
    CHECK(couple.a.session->path().send(std::array<BytesView, 2>{plain, other}) == 2);
    REQUIRE(world.run_until([&] { return couple.b.datagrams.size() == 32; }));
#ifdef __linux__
    CHECK(couple.b.session->counters().received_past_libnice == 31); // 'h' is 0x68
#endif
}

TEST_CASE("a session that goes in the middle of a train takes no more of it")
{
    ice::test::World world;
    ice::test::Couple couple;
    couple.start(world);
    REQUIRE(world.run_until([&] { return couple.both_connected(); }));
    couple.b.session->path().observe(&couple.b);
    couple.b.on_event = [&] {
        if (couple.b.datagrams.size() == 3) couple.b.session.reset();
    };
    Train train(30, 1200, 500);
    for (auto& byte : train.bytes)
        byte = static_cast<std::uint8_t>(byte | 0x40U);
    REQUIRE(couple.a.session->path().send(train.views) == 30);
    REQUIRE(world.run_until([&] { return couple.b.session == nullptr; }));
    world.turn(4);
    CHECK(couple.b.datagrams.size() == 3);
}
