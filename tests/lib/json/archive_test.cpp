// SPDX-License-Identifier: Apache-2.0
#include "lib/json/json.hpp"

#include <doctest/doctest.h>

using namespace godwit;

TEST_CASE("what archives and the history of a new device are told in")
{
    DeviceId device;
    device.bytes.fill(0x2a);
    const std::string hex(64, 'x');
    const ArchiveInfo info{"00ff", "", true, 7, 3, 2, 1, 3, 900};
    const std::string archive =
        R"({"id":"00ff","continues":"","complete":true,"made_ms":7,"posts":3,"notes":2,"settings":1,"added":3,"bytes":900})";
    std::string id;
    for (int i = 0; i < 32; ++i)
        id += "2a";
    CHECK(json::render_event(event::ArchiveProgress{true, 5, 9}) ==
          R"({"event":"archive_progress","reading":true,"bytes":5,"bytes_total":9})");
    CHECK(json::render_event(event::HistoryWanted{device, "phone"}) ==
          R"({"event":"history_wanted","device":")" + id + R"(","name":"phone"})");
    CHECK(json::render_event(event::HistoryTaken{device}) == R"({"event":"history_taken","device":")" + id + R"("})");
    CHECK(json::render_event(event::HistoryReceived{device, info}) ==
          R"({"event":"history_received","from":")" + id + R"(","archive":)" + archive + "}");
}
