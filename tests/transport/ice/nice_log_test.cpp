// SPDX-License-Identifier: Apache-2.0
#include "tests/transport/ice/ice_world.hpp"

#include <glib.h>

#include <thread>

using namespace godwit;
using namespace godwit::ice;

namespace {

class Lines final : public port::Trace {
public:
    std::vector<std::string> all;
    void line(port::TraceLevel level, std::string_view room, std::string_view text) override
    {
        all.push_back(std::to_string(static_cast<int>(level)) + " " + std::string(room) + ": " + std::string(text));
    }
};

} // namespace

TEST_CASE("what libnice says on a loop's thread goes to its trace")
{
    Lines lines, of_other_thread;
    {
        loop::Loop loop;
        IceRuntime runtime(loop, &lines);
        g_log("libnice", G_LOG_LEVEL_WARNING, "no %s", "route");
        g_log("libnice-socket", G_LOG_LEVEL_CRITICAL, "socket");
        std::thread([&] {
            loop::Loop another;
            IceRuntime theirs(another, &of_other_thread);
            g_log("libnice", G_LOG_LEVEL_WARNING, "elsewhere");
        }).join();
        IceRuntime silent(loop); // Without a trace of its own it changes nothing.
        g_log("libnice", G_LOG_LEVEL_WARNING, "still");
    }
    CHECK(lines.all == std::vector<std::string>{"2 ice: no route", "3 ice: socket", "2 ice: still"});
    CHECK(of_other_thread.all == std::vector<std::string>{"2 ice: elsewhere"});
    g_log("libnice", G_LOG_LEVEL_MESSAGE, "(this line of the test belongs on stderr)");
    CHECK(lines.all.size() == 3);
}
