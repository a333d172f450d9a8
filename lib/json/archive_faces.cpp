// SPDX-License-Identifier: Apache-2.0
#include "lib/json/archive_faces.hpp"

#include "lib/base/bytes.hpp"

namespace godwit::json {

Request read_archive_make(Fields& in)
{
    return request::ArchiveMake{in.text("path"), in.text("passphrase"), in.boolean("changes_only", false),
                                in.boolean("replace", false)};
}

Request read_archive_read(Fields& in)
{
    return request::ArchiveRead{in.text("path"), in.text("passphrase"), in.boolean("check_only", false)};
}

Request read_history_send(Fields& in)
{
    return request::HistorySend{in.fixed<DeviceId>("device", "a device: 64 hexadecimal digits")};
}

nlohmann::ordered_json archive_object(const ArchiveInfo& archive)
{
    return {{"id", archive.id},
            {"continues", archive.continues},
            {"complete", archive.complete},
            {"made_ms", archive.made_ms},
            {"posts", archive.posts},
            {"notes", archive.notes},
            {"settings", archive.settings},
            {"added", archive.added},
            {"bytes", archive.bytes}};
}

nlohmann::ordered_json archive_event(const event::ArchiveProgress& e)
{
    return {{"event", "archive_progress"}, {"reading", e.reading}, {"bytes", e.bytes}, {"bytes_total", e.bytes_total}};
}

nlohmann::ordered_json archive_event(const event::HistoryWanted& e)
{
    return {{"event", "history_wanted"}, {"device", to_hex(e.device.view())}, {"name", e.device_name}};
}

nlohmann::ordered_json archive_event(const event::HistoryTaken& e)
{
    return {{"event", "history_taken"}, {"device", to_hex(e.device.view())}};
}

nlohmann::ordered_json archive_event(const event::HistoryReceived& e)
{
    return {{"event", "history_received"}, {"from", to_hex(e.from.view())}, {"archive", archive_object(e.archive)}};
}

} // namespace godwit::json
