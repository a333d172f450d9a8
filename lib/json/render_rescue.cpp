// SPDX-License-Identifier: Apache-2.0
#include "lib/json/json.hpp"

#include <nlohmann/json.hpp>

namespace godwit::json {

namespace {

using Object = nlohmann::ordered_json;

std::string dump(const Object& object)
{
    return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace

std::string render_check(const HomeCheck& check)
{
    Object tables = Object::object();
    for (const HomeTable& table : check.tables)
        tables[table.table] = table.rows;
    return dump({{"sound", check.sound()},
                 {"findings", check.findings},
                 {"pages", check.pages},
                 {"pages_lost", check.pages_lost},
                 {"log_frames", check.log_frames},
                 {"log_frames_tail", check.log_frames_tail},
                 {"rows", std::move(tables)}});
}

std::string render_repair(const HomeRepair& repair)
{
    Object tables = Object::object();
    for (const HomeTable& table : repair.tables)
        tables[table.table] = {{"saved", table.rows}, {"rows_lost", table.rows_lost}, {"pages_lost", table.pages_lost}};
    return dump({{"was_sound", repair.was_sound},
                 {"complete", repair.complete},
                 {"kept_as", repair.kept_as},
                 {"identity", repair.identity},
                 {"groups", repair.groups},
                 {"newest_lost", repair.newest_lost},
                 {"messages_failed", repair.messages_failed},
                 {"pages_lost_unknown", repair.pages_lost_unknown},
                 {"tables", std::move(tables)}});
}

} // namespace godwit::json
