// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/log.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

using namespace godwit;
using namespace godwit::relay;

namespace fs = std::filesystem;

namespace {

struct Folder {
    fs::path path = [] {
        char name[] = "/tmp/godwit-log-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        return fs::path(name);
    }();
    ~Folder() { fs::remove_all(path); }
    [[nodiscard]] std::string file(const std::string& end = "") const { return (path / "relay.log").string() + end; }
};

std::string content(const std::string& path)
{
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t lines(const std::string& text)
{
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

Moment at(std::int64_t seconds)
{
    return {Instant(std::chrono::seconds(1'000'000 + seconds)), (1'795'000'000 + seconds) * 1000};
}

LogConfig to_file(const Folder& folder)
{
    LogConfig out;
    out.file = folder.file();
    out.level = LogLevel::debug;
    return out;
}

} // namespace

TEST_CASE("a line as text and as JSON")
{
    const Log::Fields fields = {{"address", "192.0.2.0/24"}, {"count", "12"}, {"why", "a \"b\"\nc"}};
    CHECK(Log::line(LogFormat::text, LogLevel::warning, "link_down", "a link ended", fields, 0) ==
          "godwit-relay: a link ended level=warning event=link_down address=192.0.2.0/24 count=12 why=\"a "
          "\\\"b\\\"\\u000ac\"\n");
    CHECK(Log::line(LogFormat::json, LogLevel::error, "x", "it's \"so\"", fields, 1'795'000'000'123) ==
          "{\"time\":\"2026-11-18T11:06:40.123Z\",\"level\":\"error\",\"event\":\"x\",\"message\":\"it's "
          "\\\"so\\\"\",\"address\":\"192.0.2.0/24\","
          "\"count\":12,\"why\":\"a \\\"b\\\"\\u000ac\"}\n");
    // Nobody writes a line of his own through what he is quoted with.
    CHECK(lines(Log::line(LogFormat::text, LogLevel::info, "x", "a\nb", fields, 0)) == 1);
}

TEST_CASE("addresses: none, truncated, full")
{
    const auto v4 = *loop::Address::parse("192.0.2.123:4433");
    const auto v6 = *loop::Address::parse("[2001:db8:1:2:3:4:5:6]:4433");
    Log log;
    CHECK(log.address(v4).empty());
    LogConfig config;
    config.addresses = LogAddresses::truncated;
    REQUIRE(log.configure(config).ok());
    CHECK(log.address(v4) == "192.0.2.0/24");
    CHECK(log.address(v6) == "[2001:db8:1::]/48");
    config.addresses = LogAddresses::full;
    REQUIRE(log.configure(config).ok());
    CHECK(log.address(v4) == "192.0.2.123:4433");
}

TEST_CASE("below its level nothing is written, and what is empty is left out")
{
    const Folder folder;
    Log log;
    auto config = to_file(folder);
    config.level = LogLevel::warning;
    REQUIRE(log.configure(config).ok());
    log.say(LogLevel::info, "a", "not this", {}, at(0));
    log.say(LogLevel::warning, "b", "this", {{"address", ""}}, at(0));
    CHECK(content(folder.file()) == "godwit-relay: this level=warning event=b\n");
}

TEST_CASE("an event as often as it may, once more, and again after a while, with what was left out")
{
    const Folder folder;
    Log log;
    REQUIRE(log.configure(to_file(folder)).ok());
    for (std::uint32_t i = 0; i < log_burst; ++i)
        log.say(LogLevel::error, "flood", "again", {}, at(0));
    CHECK(lines(content(folder.file())) == log_burst);
    for (int i = 0; i < 1000; ++i)
        log.say(LogLevel::error, "flood", "again", {}, at(4));
    CHECK(lines(content(folder.file())) == log_burst);
    CHECK(log.lines_suppressed() == 1000);
    log.say(LogLevel::error, "other", "not held back by it", {}, at(4));
    CHECK(lines(content(folder.file())) == log_burst + 1);
    log.say(LogLevel::error, "flood", "again", {}, at(5));
    CHECK(content(folder.file()).ends_with("godwit-relay: again level=error event=flood suppressed=1000\n"));
    log.say(LogLevel::error, "flood", "again", {}, at(5));
    CHECK(lines(content(folder.file())) == log_burst + 2);
}

TEST_CASE("a line is not longer than it may be, and JSON stays JSON")
{
    const Folder folder;
    Log log;
    auto config = to_file(folder);
    config.format = LogFormat::json;
    REQUIRE(log.configure(config).ok());
    log.say(LogLevel::error, "long", std::string(10'000, '\x01'), {{"more", std::string(10'000, 'x')}}, at(0));
    const auto text = content(folder.file());
    CHECK(text.size() <= log_line_bytes_max);
    CHECK(text.ends_with(",\"cut\":1}\n"));
}

TEST_CASE("files: so many, so large, so old")
{
    const Folder folder;
    Log log;
    auto config = to_file(folder);
    config.file_bytes_max = 1000;
    config.files_max = 2;
    config.days_max = 3;
    REQUIRE(log.configure(config).ok());
    int second = 0;
    const auto fill = [&] {
        for (int i = 0; i < 10; ++i, second += 5) // never too often
            log.say(LogLevel::info, "a", std::string(80, 'x'), {}, at(second));
    };
    fill();
    CHECK(content(folder.file()).size() <= 1000);
    CHECK(fs::exists(folder.file(".1")));
    fill();
    fill();
    fill();
    CHECK(fs::exists(folder.file(".2")));
    CHECK(!fs::exists(folder.file(".3")));
    CHECK(content(folder.file(".2")).size() <= 1000);
    // Three days and more: they go, although there is room.
    const auto now = fs::file_time_type::clock::now();
    fs::last_write_time(folder.file(".2"), now - std::chrono::hours(24 * 3));
    const auto wall = std::chrono::system_clock::now().time_since_epoch() / std::chrono::milliseconds(1);
    log.say(LogLevel::info, "b", "later", {}, {Instant(std::chrono::hours(9'000)), wall + 60'000});
    CHECK(fs::exists(folder.file(".1")));
    CHECK(!fs::exists(folder.file(".2")));
}

TEST_CASE("a file that was moved away is made anew; one that cannot be made changes nothing")
{
    const Folder folder;
    Log log;
    REQUIRE(log.configure(to_file(folder)).ok());
    log.say(LogLevel::info, "a", "one", {}, at(0));
    fs::rename(folder.file(), folder.file(".moved"));
    REQUIRE(log.configure(to_file(folder)).ok());
    log.say(LogLevel::info, "a", "two", {}, at(0));
    CHECK(content(folder.file()).find("two") != std::string::npos);
    auto bad = to_file(folder);
    bad.file = folder.path.string() + "/no/such/relay.log";
    const auto refused = log.configure(bad);
    REQUIRE(!refused.ok());
    CHECK(refused.error().detail.find("log.file") != std::string::npos);
    log.say(LogLevel::info, "a", "three", {}, at(0));
    CHECK(content(folder.file()).find("three") != std::string::npos);
}

TEST_CASE("a line of text is one line: no control character of what others say reaches a terminal")
{
    const auto line = Log::line(LogFormat::text, LogLevel::warning, "x",
                                "a\rb\x1B[2Jc\x7F"
                                "d\te",
                                {{"why", "\x1B]0;owned\x07"}, {"plain", "ok"}}, 0);
    CHECK(line == "godwit-relay: a b [2Jc d e level=warning event=x why=\"\\u001b]0;owned\\u0007\" plain=ok\n");
}
