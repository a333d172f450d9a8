// SPDX-License-Identifier: Apache-2.0
#include "tests/transport/support/until.hpp"
#include "transport/loop/tcp.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::loop;
using godwit::test::turns;
using godwit::test::until;

namespace {

struct End final : TcpObserver {
    bool connected = false;
    std::optional<Error> fault;
    Bytes got;
    bool ended = false;
    bool failed = false;
    int writable = 0;
    std::function<void()> on_readable;

    void tcp_connected(TcpStream&, const std::optional<Error>& why) override
    {
        connected = !why;
        fault = why;
    }
    void tcp_readable(TcpStream& stream) override
    {
        if (on_readable) return on_readable();
        std::uint8_t room[65536];
        for (;;) {
            const TcpIo io = stream.read(room);
            if (io.state == TcpIo::State::ok) {
                got.insert(got.end(), room, room + io.bytes);
                continue;
            }
            if (io.state != TcpIo::State::would_block) stream.want_readable(false);
            ended = io.state == TcpIo::State::end;
            failed = io.state == TcpIo::State::failed;
            return;
        }
    }
    void tcp_writable(TcpStream&) override { ++writable; }
};

struct Pair {
    Loop loop;
    End near;
    End far;
    std::unique_ptr<TcpListener> listener;
    std::unique_ptr<TcpStream> client;
    std::unique_ptr<TcpStream> server;

    Pair()
    {
        listener = std::move(TcpListener::open(loop, Address::loopback_v4(0), [this](std::unique_ptr<TcpStream> s) {
                       server = std::move(s);
                       server->observe(far);
                   })).value();
        client = TcpStream::connect(loop, listener->local(), near);
        REQUIRE(until(loop, [this] { return near.connected && server != nullptr; }));
    }
};

} // namespace

TEST_CASE("tcp: a megabyte with back-pressure, then the end")
{
    Pair pair;
    Bytes sent(8 * 1024 * 1024);
    for (std::size_t i = 0; i < sent.size(); ++i)
        sent[i] = static_cast<std::uint8_t>(i * 31 >> 3);
    pair.server->want_readable(false);
    std::size_t at = 0;
    bool blocked = false;
    const auto push = [&] {
        while (at < sent.size()) {
            const TcpIo io = pair.client->write(BytesView(sent).subspan(at));
            if (io.state != TcpIo::State::ok) {
                blocked = true;
                CHECK(io.state == TcpIo::State::would_block);
                return;
            }
            at += io.bytes;
        }
    };
    push();
    CHECK(blocked);
    turns(pair.loop, 20);
    CHECK(pair.far.got.empty());
    pair.server->want_readable(true);
    REQUIRE(until(pair.loop, [&] {
        if (pair.near.writable > 0) {
            pair.near.writable = 0;
            push();
        }
        return pair.far.got.size() == sent.size();
    }));
    CHECK(pair.far.got == sent);
    pair.client.reset();
    REQUIRE(until(pair.loop, [&] { return pair.far.ended; }));
}

TEST_CASE("tcp: refused is an error that comes later, not inside connect")
{
    Loop loop;
    End end;
    Address nobody;
    {
        auto listener = TcpListener::open(loop, Address::loopback_v4(0), [](std::unique_ptr<TcpStream>) {});
        nobody = (*listener)->local();
    }
    auto stream = TcpStream::connect(loop, nobody, end);
    CHECK_FALSE(end.fault);
    REQUIRE(until(loop, [&] { return end.fault.has_value(); }));
    CHECK(end.fault->code == ErrorCode::not_connected);
}

TEST_CASE("tcp: what was written before the close arrives although the other side was still talking")
{
    Pair pair;
    const Bytes chatter(3000, 1);
    static_cast<void>(pair.client->write(chatter));
    turns(pair.loop, 5);
    const Bytes last_words(100, 2);
    static_cast<void>(pair.server->write(last_words));
    pair.server.reset();
    REQUIRE(until(pair.loop, [&] { return pair.near.ended || pair.near.failed; }));
    CHECK(pair.near.got == last_words);
}

TEST_CASE("tcp: a stream may go inside its own callback; writing to a gone peer is an error, not a signal")
{
    Pair pair;
    pair.far.on_readable = [&] { pair.server.reset(); };
    static_cast<void>(pair.client->write(Bytes(10, 1)));
    REQUIRE(until(pair.loop, [&] { return pair.server == nullptr; }));
    REQUIRE(until(pair.loop, [&] { return pair.near.ended || pair.near.failed; }));
    bool failed = false;
    REQUIRE(until(pair.loop,
                  [&] { return failed = failed || pair.client->write(Bytes(10, 1)).state == TcpIo::State::failed; }));
}

TEST_CASE("tcp: a taken port is named")
{
    Loop loop;
    auto first = TcpListener::open(loop, Address::loopback_v4(0), [](std::unique_ptr<TcpStream>) {});
    auto second = TcpListener::open(loop, (*first)->local(), [](std::unique_ptr<TcpStream>) {});
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::address_in_use);
    CHECK(second.error().detail.find("choose another port") != std::string::npos);
}
