// SPDX-License-Identifier: Apache-2.0
#include "lib/identity/notice.hpp"

#include "tests/lib/identity/samples.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::identity;
using namespace godwit::identity::test;

namespace {

const PublicKey relay = key_of(9);

wire::OperatorNotice to(const PublicKey& account)
{
    wire::OperatorNotice out;
    out.id.bytes.fill(0x0b);
    out.account = account;
    out.kind = NoticeKind::account;
    out.created_ms = 1000;
    out.expires_ms = 2000;
    out.title = "Your account";
    out.text = "Line one.\nLine two.";
    out.link = "https://relay.example/a?b=c";
    return out;
}

template <class Change>
ErrorCode saying(Change change)
{
    auto notice = to(ann);
    change(notice);
    const auto said = check_notice(notice);
    // What may not be said is refused from whoever has signed it.
    CHECK(verify_notice(sign_notice(notice, seed(9)), relay, ann).ok() == said.ok());
    return code_of(said);
}

std::string text(std::size_t bytes)
{
    return std::string(bytes, 'x');
}

} // namespace

TEST_CASE("notice: exactly these bytes, and verified from them")
{
    const auto encoded = sign_notice(to(ann), seed(9));
    CHECK(to_hex(encoded) ==
          "9b2fc4100b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0bc4208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121b"
          "f3748801b40f6f5c03cd03e8cd07d0c2ac596f7572206163636f756e74b34c696e65206f6e652e0a4c696e652074"
          "776f2ebb68747470733a2f2f72656c61792e6578616d706c652f613f623d63c440476a5e9514fb6be60e7978009f"
          "546d64a9db1a991fb4acd02b9b6177b9ddb7edc9f34faf5c0fb011f54257d06733d955ea1f3d8166a77a54435c69"
          "d91575c704");
    const auto back = verify_notice(encoded, relay, ann);
    REQUIRE(back.ok());
    CHECK(back->account == ann);
    CHECK(back->title == "Your account");
    CHECK(back->text == "Line one.\nLine two.");
}

TEST_CASE(
    "notice: what was said to one account proves nothing to another, nor to all; what was said to all, to everybody")
{
    const auto for_ann = sign_notice(to(ann), seed(9));
    CHECK(code_of(verify_notice(for_ann, relay, bob)) == ErrorCode::authentication_failed);
    auto passed_off = *verify_notice(for_ann, relay, ann);
    for (const auto& account : {bob, PublicKey{}}) {
        passed_off.account = account;
        CHECK(code_of(verify_notice(wire::encode(passed_off), relay, bob)) == ErrorCode::authentication_failed);
    }
    const auto for_all = sign_notice(to({}), seed(9));
    CHECK(verify_notice(for_all, relay, ann).ok());
    CHECK(verify_notice(for_all, relay, bob).ok());
}

TEST_CASE("notice: another relay's word, and every flipped byte and every cut, are refused")
{
    const auto encoded = sign_notice(to(ann), seed(9));
    CHECK(code_of(verify_notice(encoded, key_of(8), ann)) == ErrorCode::authentication_failed);
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        CAPTURE(i);
        for (const auto flip : std::initializer_list<std::uint8_t>{0x01, 0x80, 0xff}) {
            Bytes bad = encoded;
            bad[i] ^= flip;
            CHECK_FALSE(verify_notice(bad, relay, ann).ok());
        }
        CHECK_FALSE(verify_notice(BytesView(encoded).first(i), relay, ann).ok());
    }
}

TEST_CASE("notice: what may be said")
{
    using N = wire::OperatorNotice;
    constexpr auto no = ErrorCode::invalid_argument;
    CHECK(saying([](N&) {}) == ErrorCode::ok);
    CHECK(saying([](N& n) { n.text.clear(); }) == ErrorCode::ok);
    CHECK(saying([](N& n) { n.link.clear(); }) == ErrorCode::ok);
    CHECK(saying([](N& n) { n.title = "小明, é"; }) == ErrorCode::ok);
    CHECK(saying([](N& n) { n.id = {}; }) == no);
    CHECK(saying([](N& n) { n.title.clear(); }) == no);
    CHECK(saying([](N& n) { n.title = "two\nlines"; }) == no);
    CHECK(saying([](N& n) { n.text = "a bell \a"; }) == no);
    CHECK(saying([](N& n) { n.text = "an escape \x1b[2J"; }) == no);
    CHECK(saying([](N& n) {
              n.text = "another \xc2\x9b"
                       "2J";
          }) == no);
    CHECK(saying([](N& n) { n.text = "\x7f"; }) == no);
    CHECK(saying([](N& n) { n.created_ms = 0; }) == no);
    CHECK(saying([](N& n) { n.expires_ms = n.created_ms; }) == no);
    CHECK(saying([](N& n) { n.withdrawn = true; }) == no);
    CHECK(saying([](N& n) {
              n.withdrawn = true;
              n.title = n.text = n.link = "";
          }) == ErrorCode::ok);
    // Longer than it may be, wire refuses as well; nobody signs it.
    auto longest = to(ann);
    longest.title = text(notice_title_bytes_max);
    longest.text = text(notice_text_bytes_max);
    CHECK(check_notice(longest).ok());
    longest.title += "x";
    CHECK(code_of(check_notice(longest)) == no);
    longest.title = "x";
    longest.text += "x";
    CHECK(code_of(check_notice(longest)) == no);
    longest.text = "\xff";
    CHECK(code_of(check_notice(longest)) == no);
}

TEST_CASE("notice: a link leads where it says")
{
    for (const auto* good :
         {"https://relay.example", "https://relay.example:8443/a/b?c=d&e#f", "https://[2001:db8::1]/",
          "https://xn--fiq228c.example/", "https://relay.example/@operator"}) {
        CAPTURE(good);
        CHECK(is_notice_link(good));
    }
    for (const auto* bad :
         {"", "http://relay.example", "https://", "https:///path", "https://:8443/", "HTTPS://relay.example",
          "javascript:alert(1)", "https://bank.example@evil.example/", "https://a:b@evil.example",
          "https://bank.example\\@evil.example", "https://relay.example/a b", "https://relay.example/\n",
          "https://中文.example/", " https://relay.example"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_notice_link(bad));
    }
    const std::string_view host = "https://relay.example/";
    CHECK(is_notice_link(std::string(host) + text(notice_link_bytes_max - host.size())));
    CHECK_FALSE(is_notice_link(std::string(host) + text(notice_link_bytes_max - host.size() + 1)));
}
