// SPDX-License-Identifier: Apache-2.0
#include "lib/base/bounded_queue.hpp"
#include "lib/base/bytes.hpp"

#include <doctest/doctest.h>

using namespace godwit;

TEST_CASE("hex: both ways, and a clear no")
{
    const Bytes bytes{0x00, 0x7f, 0xff};
    CHECK(to_hex(bytes) == "007fff");
    CHECK(from_hex("007FfF") == bytes);
    CHECK_FALSE(from_hex("0"));
    CHECK_FALSE(from_hex("0g"));
}

TEST_CASE("base64url: RFC 4648 section 10 vectors, unpadded")
{
    const std::pair<const char*, const char*> table[] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, coded] : table) {
        CHECK(to_base64url(as_bytes(plain)) == coded);
        CHECK(from_base64url(coded) == to_bytes(as_bytes(plain)));
    }
    CHECK_FALSE(from_base64url("Zg=="));
    CHECK_FALSE(from_base64url("Zh")); // trailing bits must be zero: one spelling a key
    CHECK_FALSE(from_base64url("A"));
    CHECK_FALSE(from_base64url("+/+/"));
}

TEST_CASE("utf-8: accepts what RFC 3629 accepts")
{
    CHECK(is_utf8(""));
    CHECK(is_utf8("a\xc3\xa9\xe4\xbd\xa0\xf0\x9f\x90\xa6"));
    CHECK_FALSE(is_utf8("\xc0\x80"));         // overlong
    CHECK_FALSE(is_utf8("\xed\xa0\x80"));     // surrogate
    CHECK_FALSE(is_utf8("\xf4\x90\x80\x80")); // past U+10FFFF
    CHECK_FALSE(is_utf8("\xe4\xbd"));         // cut short
    CHECK_FALSE(is_utf8("\x80"));
}

TEST_CASE("bounded queue: full is an answer")
{
    BoundedQueue<int> queue(2);
    CHECK(queue.push(1));
    CHECK(queue.push(2));
    CHECK_FALSE(queue.push(3));
    CHECK(queue.pop() == 1);
    CHECK(queue.push(3));
    CHECK(queue.pop() == 2);
    CHECK(queue.pop() == 3);
    CHECK_FALSE(queue.pop());
}
