// SPDX-License-Identifier: Apache-2.0
// Text of strangers and of the keyboard: encodings of base, JSON requests, what the terminal client shows and types.
#include "tests/fuzz/target.hpp"

#include "examples/godwit/typed_line.hpp"
#include "examples/godwit/widths.hpp"
#include "examples/godwit/words.hpp"
#include "lib/json/json.hpp"

#include <nlohmann/json.hpp>

using namespace godwit;
using namespace godwit::fuzz;

namespace {

Bytes bytes_of(std::string_view text)
{
    return to_bytes(as_bytes(text));
}

std::vector<Bytes> encodings()
{
    return {bytes_of("00ffA1"), bytes_of("_-8AAA"), bytes_of("h\xc3\xa9 \xe6\xbc\xa2 \xf0\x9f\x90\xa6"),
            bytes_of("\xed\xa0\x80"), bytes_of("\xc0\x80")};
}

std::vector<Bytes> requests()
{
    return {
        bytes_of(R"({"id":1,"do":"register","relay":"godwit://h:1#k","user":"ann","password":"p","device_name":"d"})"),
        bytes_of(R"({"id":"x","do":"send","to":"bob","text":"h\u00e9 \ud83d\udc26\n","key":"k1"})"),
        bytes_of(R"({"id":2,"do":"history","with":"bob","limit":10,"before":"0102030405060708090a0b0c0d0e0f10"})"),
        bytes_of(R"({"do":"contact_add","user":"bob","more":[{"a":[1,2.5e3,null,true]}]})"),
        bytes_of(R"({"id":null,"do":"set_policy","path":"relay_only"})"),
        bytes_of(R"({"id":-3,"do":"quit"})"),
        bytes_of(R"({"id":18446744073709551615,"do":"status"})")};
}

std::vector<Bytes> keys()
{
    // Three bytes of how (columns, prompt, secret), then keys.
    return {bytes_of("P\x02 hello\x7f\x1b[D\x1b[Dl\r\x1b[A\x17more\x01\x0b\x05\r"),
            Bytes{20, 2, 0, 0xc3, 0xa9, 0x1b, '[', 'D', 0xe6, 0xbc, 0xa2, 0x7f, 0x1b, 'O', 'C', '\r', 4},
            Bytes{9, 40, 1, 's', '3', 'c', '\r', 0x1b, '[', '1', ';', '5', 'D', 0x15, 'x', '\n'}};
}

/// A fake of nothing: the one line that every reply has to be, and JSON.
void check_line(const std::string& line)
{
    FUZZ_CHECK(line.find('\n') == std::string::npos);
    FUZZ_CHECK(nlohmann::json::accept(line));
}

} // namespace

FUZZ_TARGET(text_encodings, "", 256, encodings)
{
    const auto text = as_text(input);
    if (const auto bytes = from_hex(text)) {
        FUZZ_CHECK(from_hex(to_hex(*bytes)) == bytes);
        FUZZ_CHECK(bytes->size() * 2 == text.size());
    }
    // One spelling for each value.
    if (const auto bytes = from_base64url(text)) FUZZ_CHECK(to_base64url(*bytes) == text);
    FUZZ_CHECK(from_base64url(to_base64url(input)) == to_bytes(input));
    FUZZ_CHECK(from_hex(to_hex(input)) == to_bytes(input));
    // Two that decide about UTF-8, written by different people, agree.
    const bool well_formed = [&] {
        try {
            (void)nlohmann::json(std::string(text)).dump();
            return true;
        } catch (const nlohmann::json::exception&) {
            return false;
        }
    }();
    FUZZ_CHECK(is_utf8(text) == well_formed);
}

FUZZ_TARGET(text_json_request, "json", 4096, requests)
{
    const auto parsed = json::parse_request(as_text(input));
    FUZZ_CHECK(nlohmann::json::accept(parsed.id));
    FUZZ_CHECK(parsed.id.find('\n') == std::string::npos);
    event::Reply reply;
    if (!parsed.request.ok()) {
        reply.error = parsed.request.error();
        FUZZ_CHECK(parsed.quit || reply.error.code != ErrorCode::ok);
        check_line(json::render_error(reply.error));
    } else {
        FUZZ_CHECK(!parsed.quit);
        // Whatever text came in can go out again.
        if (const auto* send = std::get_if<request::Send>(&*parsed.request)) {
            event::MessageReceived received;
            received.message.text = send->text;
            received.message.from = send->to;
            check_line(json::render_event(received));
        }
    }
    check_line(json::render_reply(reply, parsed.id));
}

FUZZ_TARGET(text_printable, "terminal", 1024, encodings)
{
    // Nothing that a contact writes steers the terminal: no C0 or C1 control but our own line break.
    const auto shown = printable(std::string(as_text(input)));
    for (std::size_t i = 0; i < shown.size(); ++i) {
        const auto byte = static_cast<unsigned char>(shown[i]);
        FUZZ_CHECK(byte != 0x7f);
        FUZZ_CHECK(byte >= 0x20 || byte == '\n');
        const auto next = static_cast<unsigned char>(i + 1 < shown.size() ? shown[i + 1] : 0);
        FUZZ_CHECK(!(byte == 0xC2 && next >= 0x80 && next < 0xA0));
    }
    if (is_utf8(as_text(input))) FUZZ_CHECK(is_utf8(shown));
}

FUZZ_TARGET(text_typed_line, "terminal", 2048, keys)
{
    Choices choices(input);
    const std::size_t columns = choices.byte();
    const std::string prompt(choices.dice(48), 'p');
    TypedLine typed;
    typed.set_secret(choices.flag());
    const auto typed_bytes = choices.rest();
    const bool clean = is_utf8(as_text(typed_bytes));
    std::size_t lines = 0;
    for (const auto byte : typed_bytes) {
        typed.key(static_cast<char>(byte));
        FUZZ_CHECK(typed.cursor() <= typed.line().size());
        FUZZ_CHECK(typed.line().size() <= TypedLine::line_bytes_max);
        while (auto line = typed.next_line()) {
            ++lines;
            FUZZ_CHECK(line->find_first_of("\r\n\x1b") == std::string::npos);
        }
        // It stays on its line, whatever is typed: narrower than the terminal, however narrow that is.
        const auto drawn = typed.drawn(prompt, columns);
        FUZZ_CHECK(drawn.starts_with("\r\x1b[K"));
        const auto shown = std::string_view(drawn).substr(4);
        FUZZ_CHECK(columns_of(shown.substr(0, shown.find('\x1b'))) < std::max(columns, TypedLine::columns_min));
    }
    FUZZ_CHECK(lines <= typed_bytes.size());
    // Whole characters in, whole characters kept: the cursor never stands inside one.
    if (clean) FUZZ_CHECK(is_utf8(typed.line().substr(0, typed.cursor())));
}
