// SPDX-License-Identifier: Apache-2.0
#include "examples/godwit/devices.hpp"
#include "examples/godwit/words.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <set>

using namespace godwit;

namespace {

constexpr int security_kinds = 15;

Device device(std::uint8_t fill, std::string name)
{
    Device out;
    out.id.bytes.fill(fill);
    out.name = std::move(name);
    return out;
}

bool has(const std::string& text, std::string_view words)
{
    return text.find(words) != std::string::npos;
}

} // namespace

TEST_CASE("a device is found by its name or by how its id begins, or it is said why not")
{
    std::vector<Device> devices{device(0xab, "desk"), device(0xac, "phone"), device(0xad, "phone"), device(0x11, "")};
    struct Row {
        const char* word;
        std::optional<std::size_t> found;
        const char* says = "";
    };
    for (const Row& row : {
             Row{"desk", 0},
             Row{"abab", 0},
             Row{"ABABab", 0},
             Row{"acac", 1},
             Row{"1111", 3},
             Row{"phone", std::nullopt, "more than one"},
             Row{"aba", std::nullopt, "4 digits or more"}, // too short, although it would be clear
             Row{"", std::nullopt, "no device"},
             Row{"Desk", std::nullopt, "no device"},
             Row{"abac", std::nullopt, "no device"},
         }) {
        CAPTURE(row.word);
        const auto got = device_of(devices, row.word);
        REQUIRE(got.ok() == row.found.has_value());
        if (row.found)
            CHECK(*got == devices[*row.found].id);
        else
            CHECK_MESSAGE(has(got.error().detail, row.says), got.error().detail);
    }
    const std::string whole(64, '1');
    CHECK(device_of(devices, whole).ok());
    CHECK_FALSE(device_of(devices, whole + "1").ok());
    CHECK_FALSE(device_of({}, "desk").ok());
    devices.push_back(device(0xee, "abab"));
    CHECK_FALSE(device_of(devices, "abab").ok()); // a name that is how another's id begins
}

TEST_CASE("a device's line shows what revoke takes, and no control characters")
{
    auto one = device(0x5f, "ann's \x1b[2J desk");
    one.current = true;
    const auto line = device_line(one);
    CHECK(line == "○ 5f5f5f5f  ann's ?[2J desk  this device");
    one.online = true;
    CHECK(device_line(one).rfind("● 5f5f5f5f", 0) == 0);
    CHECK(device_of({one}, line.substr(line.find("5f"), device_shown_length)).ok());
    CHECK(has(device_line(device(1, "")), "(no name)"));
}

TEST_CASE("a safety number in three lines of four groups")
{
    SafetyNumber safety{"00001 00002 00003 00004 00005 00006 00007 00008 00009 00010 00011 00012", "the-code", false};
    const auto text = safety_text(safety, "ben");
    CHECK(has(text, "\n    00001 00002 00003 00004\n    00005 00006 00007 00008\n    00009 00010 00011 00012\n"));
    CHECK(has(text, "Not compared yet"));
    CHECK(has(text, "ben's device, instead of reading: the-code"));
    safety.verified = true;
    CHECK(has(safety_text(safety, "ben"), "✔ You have compared it."));
    CHECK_FALSE(has(safety_text(safety, "ben"), "Not compared"));
}

TEST_CASE("every security event in words of its own, without jargon")
{
    std::set<std::string> seen;
    for (int number = 1; number <= security_kinds; ++number)
        for (const std::string own : {"ann", "ben"}) {
            event::Security event{static_cast<SecurityKind>(number), "ben", {}, "phone"};
            const auto text = security_text(event, own);
            CAPTURE(text);
            CHECK(has(text, own == "ben" && event.kind != SecurityKind::account_key_changed ? "you" : "ben"));
            CHECK(text.back() == '.');
            CHECK(seen.insert(security_kind_name(event.kind).data() + own + text).second);
            std::string words = text;
            std::transform(words.begin(), words.end(), words.begin(), [](char letter) {
                return static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
            });
            for (const char* jargon :
                 {"commit", "epoch", "key", "mls", "group", "package", "leaf", "sign", "seal", "_"})
                CHECK_MESSAGE(!has(words, jargon), jargon);
        }
    CHECK(seen.size() == 2 * security_kinds);
    CHECK(has(security_text({static_cast<SecurityKind>(200), "ben", {}, {}}, "ann"), "no words for"));
    CHECK(has(security_text({SecurityKind::device_added, "b\x1b[2Jn", {}, "\x1b[1m"}, "ann"),
              "b?[2Jn has a new device (?[1m)."));
    CHECK(has(security_text({SecurityKind::device_added, "", {}, {}}, ""), "somebody has a new device."));
    CHECK(has(security_text({SecurityKind::commit_rejected, "ben", {}, "mls error 17"}, "ann"), "was not allowed."));
    CHECK(has(security_text({SecurityKind::group_invalid, "", {}, {}}, "ann"), "a false invitation to a conversation"));
}

TEST_CASE("a contact's line has the mark when the safety number was compared")
{
    Contact ben;
    ben.user = "ben";
    ben.state = ContactState::accepted;
    CHECK(contact_line(ben) == "○ ben  offline");
    ben.verified = true;
    CHECK(contact_line(ben) == "○ ben ✔  offline");
}
