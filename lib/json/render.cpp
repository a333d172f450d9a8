// SPDX-License-Identifier: Apache-2.0
// Flow: event -> members in their order (made_events.cpp) -> one line. The order is part of the face: "id" or "event"
// first.
#include "lib/json/events.hpp"
#include "lib/json/json.hpp"
#include "lib/json/put.hpp"

namespace godwit::json {

namespace {

/// A table's name and what is said of it.
template <class Tables, class Say>
void put_tables(Writer& out, std::string_view name, const Tables& tables, const Say& say)
{
    out.key(name);
    out.begin_object();
    for (const HomeTable& one : tables) {
        out.key(one.table);
        say(one);
    }
    out.end_object();
}

} // namespace

std::string render_reply(const event::Reply& reply, std::string_view id)
{
    Writer out;
    out.begin_object();
    out.key("id");
    out.raw(id);
    put(out, "ok", reply.error.code == ErrorCode::ok);
    if (reply.error.code == ErrorCode::ok)
        put_reply(out, reply.value);
    else
        put(out, "error", reply.error);
    out.end_object();
    return out.take();
}

std::string render_event(const Event& event)
{
    Writer out;
    out.begin_object();
    put_event(out, event);
    out.end_object();
    return out.take();
}

std::string render_error(const Error& error)
{
    Writer out;
    value(out, error);
    return out.take();
}

std::string render_check(const HomeCheck& check)
{
    Writer out;
    out.begin_object();
    put(out, "sound", check.sound());
    put(out, "findings", check.findings);
    put(out, "pages", check.pages);
    put(out, "pages_lost", check.pages_lost);
    put(out, "log_frames", check.log_frames);
    put(out, "log_frames_tail", check.log_frames_tail);
    put_tables(out, "rows", check.tables, [&](const HomeTable& one) { value(out, one.rows); });
    out.end_object();
    return out.take();
}

std::string render_repair(const HomeRepair& repair)
{
    Writer out;
    out.begin_object();
    put(out, "was_sound", repair.was_sound);
    put(out, "complete", repair.complete);
    put(out, "kept_as", repair.kept_as);
    put(out, "identity", repair.identity);
    put(out, "groups", repair.groups);
    put(out, "newest_lost", repair.newest_lost);
    put(out, "messages_failed", repair.messages_failed);
    put(out, "pages_lost_unknown", repair.pages_lost_unknown);
    put_tables(out, "tables", repair.tables, [&](const HomeTable& one) {
        out.begin_object();
        put(out, "saved", one.rows);
        put(out, "rows_lost", one.rows_lost);
        put(out, "pages_lost", one.pages_lost);
        out.end_object();
    });
    out.end_object();
    return out.take();
}

} // namespace godwit::json
