// SPDX-License-Identifier: Apache-2.0
// What other devices do not have the newest state of.
#include "lib/store/store.hpp"

namespace godwit::store {

void SqliteStore::put_due(const port::Due& due)
{
    write("INSERT INTO due(device, name, message) VALUES(?1, ?2, ?3) ON CONFLICT(device, name) DO UPDATE "
          "SET message = excluded.message",
          due.device, due.name, due.message);
}

std::vector<port::Due> SqliteStore::due(const DeviceId& device, std::string_view after, bool waiting,
                                        std::uint32_t limit)
{
    std::vector<port::Due> out;
    read(
        "SELECT name, message FROM due WHERE device = ?1 AND name > ?2 AND (?3 = 0 OR message = zeroblob(16)) "
        "ORDER BY name LIMIT ?4",
        [&](sqlite::Statement& row) {
            const auto message = row.fixed<MessageId>(1);
            if (!message) {
                fail_row("due");
                return false;
            }
            out.push_back({device, std::string(row.text(0)), *message});
            return true;
        },
        device, after, waiting, limit);
    if (failed()) out.clear();
    return out;
}

std::vector<std::string> SqliteStore::due_in(const DeviceId& device, const MessageId& message, std::uint32_t limit)
{
    std::vector<std::string> out;
    read(
        // An index of some rows serves who asks for those alone: without the last word all of the device's are walked.
        "SELECT name FROM due INDEXED BY due_message WHERE message = ?1 AND device = ?2 AND message != zeroblob(16) "
        "ORDER BY name LIMIT ?3",
        [&](sqlite::Statement& row) {
            out.emplace_back(row.text(0));
            return true;
        },
        message, device, limit);
    if (failed()) out.clear();
    return out;
}

std::vector<DeviceId> SqliteStore::due_devices()
{
    std::vector<DeviceId> out;
    read("SELECT DISTINCT device FROM due ORDER BY device", [&](sqlite::Statement& row) {
        const auto device = row.fixed<DeviceId>(0);
        if (!device) {
            fail_row("due");
            return false;
        }
        out.push_back(*device);
        return true;
    });
    if (failed()) out.clear();
    return out;
}

void SqliteStore::remove_due(const DeviceId& device, std::string_view name)
{
    write("DELETE FROM due WHERE device = ?1 AND name = ?2", device, name);
}

void SqliteStore::remove_due_to(const DeviceId& device)
{
    write("DELETE FROM due WHERE device = ?1", device);
}

} // namespace godwit::store
