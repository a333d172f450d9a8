// SPDX-License-Identifier: Apache-2.0
// Private to lib/json: requests and answers about archives.
#pragma once

#include <godwit/event.hpp>
#include <godwit/request.hpp>

#include "lib/json/fields.hpp"

#include <nlohmann/json.hpp>

namespace godwit::json {

[[nodiscard]] Request read_archive_make(Fields& in);
[[nodiscard]] Request read_archive_read(Fields& in);
[[nodiscard]] Request read_history_send(Fields& in);

[[nodiscard]] nlohmann::ordered_json archive_object(const ArchiveInfo& archive);
[[nodiscard]] nlohmann::ordered_json archive_event(const event::ArchiveProgress& e);
[[nodiscard]] nlohmann::ordered_json archive_event(const event::HistoryWanted& e);
[[nodiscard]] nlohmann::ordered_json archive_event(const event::HistoryTaken& e);
[[nodiscard]] nlohmann::ordered_json archive_event(const event::HistoryReceived& e);

} // namespace godwit::json
