// SPDX-License-Identifier: Apache-2.0
#include "tests/transport/ice/ice_world.hpp"

#include <gio/gio.h>

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace godwit::ice::test;

namespace {

auto pipe_handler()
{
    struct sigaction now{};
    sigaction(SIGPIPE, nullptr, &now);
    return now.sa_handler;
}
/// As this program was started; static initialisation comes before the first GIO socket.
const auto handler_at_start = pipe_handler();

} // namespace

TEST_CASE("what SIGPIPE does stays the program's, and libnice's sockets raise none")
{
    World world;
    Couple couple;
    couple.start(world);
    REQUIRE(world.run_until([&] { return couple.both_connected(); }));
    CHECK((pipe_handler() == handler_at_start));

    // As libnice does it for ICE over TCP: a stream whose other end has gone. With the signal this test would end here.
    const auto given = signal(SIGPIPE, SIG_DFL);
    int ends[2] = {-1, -1};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    auto* socket = g_socket_new_from_fd(ends[0], nullptr);
    REQUIRE(socket != nullptr);
    close(ends[1]);
    GError* error = nullptr;
    CHECK(g_socket_send(socket, "x", 1, nullptr, &error) == -1);
    GOutputVector part{"x", 1};
    CHECK(g_socket_send_message(socket, nullptr, &part, 1, nullptr, 0, 0, nullptr, nullptr) == -1);
    REQUIRE(error != nullptr);
    CHECK(error->code == G_IO_ERROR_BROKEN_PIPE);
    g_error_free(error);
    g_object_unref(socket);
    signal(SIGPIPE, given);
}
