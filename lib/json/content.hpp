// SPDX-License-Identifier: Apache-2.0
// Private to lib/json: messages, their bodies and conversations, as JSON and back.
#pragma once

#include <godwit/event.hpp>
#include <godwit/request.hpp>

#include "lib/json/fields.hpp"

#include <nlohmann/json.hpp>

namespace godwit::json {

using Ordered = nlohmann::ordered_json;

// render_content.cpp
void put_message(Ordered& out, const Message& message);
[[nodiscard]] Ordered contact_object(const Contact& contact); // render.cpp
[[nodiscard]] Ordered scheduled_object(const ScheduledMessage& message);
[[nodiscard]] Ordered steps_array(const event::ViewChanged& change);
[[nodiscard]] Ordered versions_array(const std::vector<MessageVersion>& versions);
[[nodiscard]] Ordered file_object(const content::FileRef& file);
[[nodiscard]] Ordered conversation_object(const Conversation& conversation);

// parse_content.cpp
[[nodiscard]] content::FileRef read_file(Fields& in, std::string_view name);
[[nodiscard]] Request read_send(Fields& in);
[[nodiscard]] Request read_edit(Fields& in);
[[nodiscard]] Request read_recall(Fields& in);
[[nodiscard]] Request read_react(Fields& in);
[[nodiscard]] Request read_pin(Fields& in);
[[nodiscard]] Request read_move_location(Fields& in);
[[nodiscard]] Request read_end_location(Fields& in);
[[nodiscard]] Request read_versions(Fields& in);
[[nodiscard]] Request read_set_versions(Fields& in);
[[nodiscard]] Request read_set_recall_window(Fields& in);
[[nodiscard]] Request read_timer(Fields& in);
[[nodiscard]] Request read_forward(Fields& in);
[[nodiscard]] Request read_mark_read(Fields& in);
[[nodiscard]] Request read_typing(Fields& in);
[[nodiscard]] Request read_conversations(Fields& in);
[[nodiscard]] Request read_set_conversation(Fields& in);
[[nodiscard]] Request read_set_receipts(Fields& in);
[[nodiscard]] Request read_unschedule(Fields& in);
[[nodiscard]] Request read_set_contact(Fields& in);
[[nodiscard]] Request read_watch(Fields& in);
[[nodiscard]] Request read_unwatch(Fields& in);
[[nodiscard]] Request read_history(Fields& in);

} // namespace godwit::json
