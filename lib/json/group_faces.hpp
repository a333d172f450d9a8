// SPDX-License-Identifier: Apache-2.0
// Private to lib/json: requests and answers about groups.
#pragma once

#include "lib/json/content.hpp"

namespace godwit::json {

[[nodiscard]] Request read_group_create(Fields& in);
[[nodiscard]] Request read_group_invite(Fields& in);
[[nodiscard]] Request read_group_remove(Fields& in);
[[nodiscard]] Request read_group_leave(Fields& in);
[[nodiscard]] Request read_group_role(Fields& in);
[[nodiscard]] Request read_group_mute(Fields& in);
[[nodiscard]] Request read_group_set(Fields& in);
[[nodiscard]] Request read_group_promote(Fields& in);
[[nodiscard]] Request read_group_dissolve(Fields& in);
[[nodiscard]] Request read_group_about(Fields& in);
[[nodiscard]] Request read_group_link(Fields& in);
[[nodiscard]] Request read_group_join(Fields& in);
[[nodiscard]] Request read_group_answer(Fields& in);
[[nodiscard]] Request read_deliveries(Fields& in);

[[nodiscard]] Ordered group_object(const GroupInfo& group);
[[nodiscard]] Ordered deliveries_array(const std::vector<DeliveryReport>& reports);
[[nodiscard]] Ordered group_event(const event::GroupChanged& e);
[[nodiscard]] Ordered group_event(const event::GroupAsked& e);
[[nodiscard]] Ordered group_event(const event::GroupRefused& e);

} // namespace godwit::json
