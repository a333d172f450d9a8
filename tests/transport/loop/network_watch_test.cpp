// SPDX-License-Identifier: Apache-2.0
#include "tests/transport/support/until.hpp"
#include "transport/loop/network_watch.hpp"

#include <doctest/doctest.h>

#ifdef __linux__
#include <cstring>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#endif

using namespace godwit;
using namespace godwit::loop;
using godwit::test::turns;
using godwit::test::until;

TEST_CASE("a network watch comes and goes without a call when nothing changes")
{
    Loop loop;
    int changes = 0;
    NetworkWatch watch(loop, [&] { ++changes; });
    turns(loop, 10);
    CHECK(changes == 0);
}

#ifdef __linux__
TEST_CASE("a burst of changes is one call, after it settled")
{
    // A thread of its own in a network namespace of its own: nothing of the host is touched.
    std::thread([] {
        if (unshare(CLONE_NEWNET) != 0) {
            MESSAGE("skipped: making a network namespace needs root");
            return;
        }
        Loop loop;
        int changes = 0;
        NetworkWatch watch(loop, [&] { ++changes; }, std::chrono::milliseconds(20));
        REQUIRE(watch.active());
        const int fd = socket(AF_INET, SOCK_DGRAM, 0);
        ifreq request{};
        std::strcpy(request.ifr_name, "lo");
        for (int i = 0; i < 3; ++i) {
            request.ifr_flags = i % 2 == 0 ? IFF_UP : 0;
            REQUIRE(ioctl(fd, SIOCSIFFLAGS, &request) == 0);
        }
        close(fd);
        turns(loop, 3);
        CHECK(changes == 0);
        CHECK(until(loop, [&] { return changes > 0; }));
        turns(loop, 10);
        CHECK(changes == 1);
    }).join();
}
#endif
