// SPDX-License-Identifier: Apache-2.0
// Flow: line -> Fields -> "id" (echoed) -> "do" -> made_requests.cpp -> Request.
#include "lib/json/json.hpp"
#include "lib/json/requests.hpp"
#include "lib/json/writer.hpp"

#include <exception>

namespace godwit::json {

namespace {

/// The "id" as it goes into the reply. An id of another kind is an error, and is not echoed.
std::string read_id(Fields& in)
{
    const Value* value = in.find("id");
    if (value == nullptr || std::holds_alternative<std::nullptr_t>(*value)) return "null";
    if (const auto* number = std::get_if<std::uint64_t>(value)) return std::to_string(*number);
    if (const auto* number = std::get_if<std::int64_t>(value)) return std::to_string(*number);
    if (const auto* text = std::get_if<std::string>(value); text != nullptr && text->size() <= id_bytes_max) {
        std::string out;
        append_quoted(out, *text);
        return out;
    }
    in.fail("id", "an integer of 64 bits or a string of at most " + std::to_string(id_bytes_max) + " bytes");
    return "null";
}

ParsedRequest parse(std::string_view line)
{
    Fields in = Fields::read(line);
    ParsedRequest out;
    out.id = read_id(in);
    if (in.failed()) {
        out.request = in.error();
        return out;
    }
    const std::string name = in.text("do");
    if (in.failed()) {
        out.request = in.error();
        return out;
    }
    if (name == "quit") {
        out.quit = true;
        out.request = Error{ErrorCode::unsupported, "quit is obeyed by the program around the library", 0};
        return out;
    }
    for (const auto& row : request_rows()) {
        if (row.name != name) continue;
        Request request = row.read(in);
        if (in.failed())
            out.request = Error{in.error().code, name + ": " + in.error().detail, 0};
        else
            out.request = std::move(request);
        return out;
    }
    constexpr std::size_t shown_max = 40;
    out.request = Error{ErrorCode::unknown_request,
                        "there is no request \"" + name.substr(0, shown_max) + "\"; docs/cli.md lists them", 0};
    return out;
}

} // namespace

ParsedRequest parse_request(std::string_view line)
{
    try {
        return parse(line);
    } catch (const std::exception&) { // out of memory
        return {};
    }
}

std::vector<std::string_view> request_names()
{
    std::vector<std::string_view> out;
    for (const auto& row : request_rows())
        out.push_back(row.name);
    return out;
}

} // namespace godwit::json
