// SPDX-License-Identifier: Apache-2.0
// Private to lib/json: what the operator of the relay says.
#pragma once

#include <godwit/event.hpp>
#include <godwit/request.hpp>

#include "lib/json/fields.hpp"

#include <nlohmann/json.hpp>

namespace godwit::json {

[[nodiscard]] Request read_notices(Fields& in);
[[nodiscard]] Request read_notices_read(Fields& in);

void put_notice(nlohmann::ordered_json& out, const Notice& notice);
[[nodiscard]] nlohmann::ordered_json notice_event(const event::NoticeReceived& e);
[[nodiscard]] nlohmann::ordered_json notice_event(const event::NoticeWithdrawn& e);
[[nodiscard]] nlohmann::ordered_json notice_event(const event::NoticesRead& e);

} // namespace godwit::json
