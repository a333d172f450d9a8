// SPDX-License-Identifier: Apache-2.0
// Private to lib/json: what the schema cannot say, by the names that schema/cpp.toml gives it.
#pragma once

#include "lib/json/fields.hpp"
#include "lib/json/writer.hpp"

#include <godwit/event.hpp>
#include <godwit/request.hpp>

namespace godwit::json {

/// Most kinds of one search.
inline constexpr std::size_t search_kinds_max = 16;

/// An account in the field `account`, or an id in "conversation", which wins.
void read_where(Fields& in, std::string_view account, std::string& with, std::optional<ConversationId>& conversation);
/// Degrees in JSON; × 10^7 here.
void read_degrees(Fields& in, std::string_view name, std::int32_t& out, double most);
void write_degrees(Writer& out, std::string_view name, std::int32_t degrees_e7);
/// Text, mentions, links and body of what is sent.
void read_post(Fields& in, request::Send& out);
void read_call_device(Fields& in, std::string_view name, std::string& out);

void check_watched(Fields& in, const request::Watch& watch);
void check_compared(Fields& in, const request::Verify& verify);
void check_one_of_four(Fields& in, const request::CallSetMedia& media);

/// bodies.cpp: which body it is says its "kind".
[[nodiscard]] content::Body read_body(Fields& in);
void value(Writer& out, const content::Body& body);
void value(Writer& out, const std::variant<std::monostate, Conversation, Message, Contact>& item);

} // namespace godwit::json
