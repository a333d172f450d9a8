// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/control.hpp"

#include "relay/daemon/control_question.hpp"
#include "relay/daemon/toml_text.hpp"

namespace godwit::relay {
namespace {

Error invalid(std::string detail)
{
    return {ErrorCode::invalid_argument, std::move(detail), 0};
}

std::int64_t signed_of(std::uint64_t number)
{
    return static_cast<std::int64_t>(number);
}

const char* state_of(const StoredNotice& notice, Moment now)
{
    if (notice.withdrawn) return "withdrawn";
    return notice.settled || notice.expires_ms <= now.wall_ms ? "over" : "open";
}

toml::table table_of(const StoredNotice& notice, Moment now)
{
    return toml::table{{"id", to_hex(notice.id.view())},
                       {"sequence", signed_of(notice.sequence)},
                       {"state", state_of(notice, now)},
                       {"to_all", notice.to_all},
                       {"kind", std::string(notice_kind_name(notice.kind))},
                       {"created_ms", notice.created_ms},
                       {"expires_ms", notice.expires_ms},
                       {"title", notice.title},
                       {"text", notice.text},
                       {"link", notice.link}};
}

Result<toml::table> notice_send(Desk& desk, Question& in, Moment now)
{
    NoticeDraft draft;
    draft.id = in.id();
    draft.to_all = in.flag("to_all");
    draft.users = in.texts("to");
    draft.kind = in.kind();
    draft.title = in.text("title");
    draft.text = in.text("text", "");
    draft.link = in.text("link", "");
    draft.lifetime_ms = in.number("lifetime_ms", 0, INT64_MAX, 0);
    if (in.error()) return *in.error();
    const auto done = desk.core.notices().send(draft, now);
    if (!done) return done.error();
    desk.admin.audit.record(admin::local_caller(), admin::Verb::notices_write, to_hex(draft.id.view()), "{}",
                            now.wall_ms);
    return table_of(*done, now);
}

Result<toml::table> notice_withdraw(Desk& desk, Question& in, Moment now)
{
    const auto id = in.id();
    if (in.error()) return *in.error();
    const auto done = desk.core.notices().withdraw(id, now);
    if (!done) return done.error();
    desk.admin.audit.record(admin::local_caller(), admin::Verb::notices_write, to_hex(id.view()),
                            R"({"withdrawn":true})", now.wall_ms);
    return table_of(*done, now);
}

Result<toml::table> notice_list(Desk& desk, Question& in, Moment now)
{
    const auto before = in.number("before", 1, INT64_MAX, INT64_MAX);
    const auto limit = in.number("limit", 1, control_page_max, 100);
    if (in.error()) return *in.error();
    toml::array all;
    for (const auto& notice :
         desk.core.notices().list(static_cast<std::uint64_t>(before), static_cast<std::size_t>(limit)))
        all.push_back(table_of(notice, now));
    return toml::table{{"notices", std::move(all)}};
}

Result<toml::table> notice_state(Desk& desk, Question& in, Moment now)
{
    const auto id = in.id();
    const bool devices = in.flag("devices");
    const auto after = in.text("after", "");
    const auto limit = in.number("limit", 1, control_page_max, 100);
    if (in.error()) return *in.error();
    const auto state = desk.core.notices().state(id, now);
    if (!state) return state.error();
    auto out = table_of(state->notice, now);
    out.insert("accounts", signed_of(state->reach.accounts));
    out.insert("accounts_reached", signed_of(state->reach.accounts_reached));
    out.insert("devices", signed_of(state->reach.devices));
    out.insert("devices_reached", signed_of(state->reach.devices_reached));
    if (!devices) return out;
    const auto recipients = desk.core.notices().recipients(id, after, static_cast<std::size_t>(limit), now);
    if (!recipients) return recipients.error();
    toml::array all;
    for (const auto& one : *recipients)
        all.push_back(toml::table{{"user", one.user},
                                  {"device", one.device ? to_hex(one.device->view()) : std::string()},
                                  {"reached", one.reached}});
    out.insert("recipients", std::move(all));
    return out;
}

constexpr ControlRow notice_rows[] = {{"notice_send", notice_send},
                                      {"notice_withdraw", notice_withdraw},
                                      {"notice_list", notice_list},
                                      {"notice_state", notice_state}};

Result<toml::table> table_of(const Result<Snapshots::State>& state)
{
    if (!state.ok()) return state.error();
    return toml::table{{"pages_total", signed_of(state->pages_total)},
                       {"pages_left", signed_of(state->pages_left)},
                       {"whole", state->is_whole}};
}

struct SnapshotRow {
    std::string_view name;
    Result<toml::table> (*answer)(Snapshots&, Moment);
};
constexpr SnapshotRow snapshot_rows[] = {
    {"snapshot_begin", [](Snapshots& all, Moment now) { return table_of(all.begin(now.mono)); }},
    {"snapshot_state", [](Snapshots& all, Moment now) { return table_of(all.state(now.mono)); }},
    {"snapshot_end", [](Snapshots& all, Moment) -> Result<toml::table> {
         all.end();
         return toml::table{};
     }}};

Result<toml::table> answer_to(Desk desk, Snapshots& snapshots, BytesView question, Moment now)
{
    try {
        const auto table = toml::parse(as_text(question));
        Question in(table);
        const auto what = in.text("do");
        for (const auto table_of_rows : {std::span<const ControlRow>(notice_rows), admin_rows()})
            for (const auto& row : table_of_rows)
                if (row.name == what) return row.answer(desk, in, now);
        for (const auto& row : snapshot_rows)
            if (row.name == what) return row.answer(snapshots, now);
        return Error{ErrorCode::unknown_request, "this relay knows no request of this name", 0};
    } catch (const toml::parse_error& wrong) {
        return invalid(std::string(wrong.description()));
    }
}

Bytes written(const toml::table& table)
{
    return to_bytes(as_bytes(toml_text(table)));
}

toml::table refusal(const Error& why)
{
    return toml::table{{"error", toml::table{{"code", std::string(error_name(why.code))}, {"detail", why.detail}}}};
}

} // namespace

Result<std::unique_ptr<Control>> Control::open(loop::Loop& loop, const std::string& path, Core& core,
                                               admin::Admin& admin, Snapshots& snapshots, Commit commit)
{
    auto out = std::make_unique<Control>(core, admin, snapshots, std::move(commit));
    loop::LocalLimits limits;
    limits.question_bytes_max = control_question_bytes_max;
    limits.time_max = control_time_max;
    auto server = loop::LocalServer::open(
        loop, path, limits, [raw = out.get()](BytesView question) { return raw->answer(question, loop::Loop::now()); });
    if (!server.ok()) return server.error();
    out->server_ = *std::move(server);
    return out;
}

Bytes Control::answer(BytesView question, Moment now)
{
    try {
        auto said = answer_to({core_, admin_}, snapshots_, question, now);
        // Nothing is said that rests on what is not stored.
        if (const auto committed = commit_(); !committed.ok())
            said = Error{ErrorCode::relay_unavailable, "the relay cannot store now (is its disk full?): try again", 0};
        return written(said ? *said : refusal(said.error()));
    } catch (const std::exception&) {
        return to_bytes(as_bytes("[error]\ncode = \"internal\"\ndetail = \"out of memory\"\n"));
    }
}

} // namespace godwit::relay
