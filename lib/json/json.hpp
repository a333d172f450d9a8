// SPDX-License-Identifier: Apache-2.0
// json: the face that every other language sees. Requests and events of include/godwit as lines of JSON, and back.
//
//   {"id":7,"do":"send","to":"bob","text":"hi"}  ->  parse_request  ->  Request + "7"
//   Reply + "7"   ->  render_reply  ->  {"id":7,"ok":true,"message":"1f…"}
//   other events  ->  render_event  ->  {"event":"message","message":"1f…","from":"bob",…}
//
// The first member of a reply is "id", that of any other event is "event": enough to tell them apart without a parser.
// schema/ lists every name; tests/lib/json/schema_test.cpp holds the two together. nlohmann/json is included in this
// room only.
#pragma once

#include <godwit/event.hpp>
#include <godwit/request.hpp>
#include <godwit/rescue.hpp>
#include <godwit/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::json {

/// Longest request, in bytes: a text of text_bytes_max with every byte escaped as \u00xx is 384 KiB, and fits with room
/// to spare.
inline constexpr std::size_t line_bytes_max = 1024 * 1024;
/// Objects and arrays inside each other. Requests are flat; fields we do not know may bring their own structure.
inline constexpr std::size_t depth_max = 16;
/// Longest "id" when it is a string, in bytes.
inline constexpr std::size_t id_bytes_max = 64;

struct ParsedRequest {
    /// The caller's "id" as JSON, unchanged: an integer, a string, or null when there was none or it could not be read.
    std::string id = "null";
    bool quit = false; ///< {"do":"quit"}: the host's to obey. `request` then holds an error.
    Result<Request> request = Error{};
};

/// Total: any bytes give a request or an error that names the field and what it should be. Errors: invalid_argument,
/// message_too_large (the line), unknown_request.
[[nodiscard]] ParsedRequest parse_request(std::string_view line);
/// Every "do" that parse_request knows, but for "quit".
[[nodiscard]] std::vector<std::string_view> request_names();

/// One line without a newline. `id`: as ParsedRequest gave it.
[[nodiscard]] std::string render_reply(const event::Reply& reply, std::string_view id);
/// Any event but a Reply (use render_reply).
[[nodiscard]] std::string render_event(const Event& event);
/// {"code":…,"detail":…,"retry":ms}
[[nodiscard]] std::string render_error(const Error& error);
/// What `godwit check --json` prints, and `godwit repair --json`: docs/cli.md.
[[nodiscard]] std::string render_check(const HomeCheck& check);
[[nodiscard]] std::string render_repair(const HomeRepair& repair);

} // namespace godwit::json
