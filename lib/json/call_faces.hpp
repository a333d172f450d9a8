// SPDX-License-Identifier: Apache-2.0
// Private to lib/json: calls.
#pragma once

#include <godwit/event.hpp>
#include <godwit/request.hpp>

#include "lib/json/fields.hpp"

#include <nlohmann/json.hpp>

namespace godwit::json {

[[nodiscard]] Request read_call(Fields& in);
[[nodiscard]] Request read_answer(Fields& in);
[[nodiscard]] Request read_reject(Fields& in);
[[nodiscard]] Request read_hangup(Fields& in);
[[nodiscard]] Request read_call_media(Fields& in);
[[nodiscard]] Request read_call_stats(Fields& in);

[[nodiscard]] nlohmann::ordered_json call_device_object(const CallDevice& device);
void put_call(nlohmann::ordered_json& out, const CallInfo& call);
void put_statistics(nlohmann::ordered_json& out, const CallStatistics& statistics);
[[nodiscard]] nlohmann::ordered_json call_event(const event::CallIncoming& e);
[[nodiscard]] nlohmann::ordered_json call_event(const event::CallChanged& e);
[[nodiscard]] nlohmann::ordered_json call_event(const event::CallPeerMedia& e);
[[nodiscard]] nlohmann::ordered_json call_event(const event::CallMemberChanged& e);
[[nodiscard]] nlohmann::ordered_json call_event(const event::CallEnded& e);
[[nodiscard]] nlohmann::ordered_json call_event(const event::CallQuality& e);

} // namespace godwit::json
