// SPDX-License-Identifier: Apache-2.0
// How the relay is, and what its operator says.
#include "relay/admin/fields.hpp"

namespace godwit::relay::admin {
namespace {

constexpr std::size_t clients_max = 200;

Result<Reply> state(Office& office, const Input&, const Caller& caller, Moment now)
{
    Reply out;
    const auto* const app = office.core.apps().find(caller.app);
    const Json who{{"name", caller.name},
                   {"role", role_name(caller.role)},
                   {"app", app != nullptr ? Json(app->name) : Json(nullptr)}};
    if (app != nullptr) { // what all applications do together is not one's to know
        out.body = {{"version", office.version},
                    {"now_ms", now.wall_ms},
                    {"caller", who},
                    {"accounts", office.core.apps().accounts(app->row)},
                    {"sessions", office.core.sessions_of(app->row)}};
        return out;
    }
    const auto totals = PolicyTable(office.store).totals();
    Json counters = Json::object();
    office.core.counters().each([&](const char* name, std::uint64_t value) { counters[name] = value; });
    if (office.more_counters)
        office.more_counters([&](std::string_view name, std::uint64_t value) { counters[std::string(name)] = value; });
    out.body = {{"version", office.version},
                {"now_ms", now.wall_ms},
                {"caller", who},
                {"accounts", totals.accounts},
                {"accounts_disabled", totals.disabled},
                {"devices", totals.devices},
                {"sessions", office.core.counters().sessions},
                {"groups", totals.groups},
                {"reports_open", totals.reports_open},
                {"counters", std::move(counters)}};
    return out;
}

constexpr std::string_view periods[] = {"day", "week", "month", "quarter"};
constexpr Field availability_query[] = {
    {"period", Kind::text, true, 1, 16, "The last 24 hours, 7 days, 30 days, 13 weeks", periods}};

Result<Reply> availability(Office& office, const Input& in, const Caller& caller, Moment now)
{
    const auto found = office.uptime.availability(period_of(in.text("period")).value_or(Period::day), now);
    Reply out;
    out.body = {{"period", in.text("period")},
                {"from_ms", found.from_ms},
                {"to_ms", found.to_ms},
                {"seconds", found.seconds},
                {"served_s", found.served_s},
                {"ratio", found.seconds == 0
                              ? Json(nullptr)
                              : Json(static_cast<double>(found.served_s) / static_cast<double>(found.seconds))},
                {"parts", Json::array()}};
    for (const auto& part : found.parts)
        out.body["parts"].push_back(
            {{"from_ms", part.from_ms},
             {"seconds", part.seconds},
             {"served_s", part.served_s},
             {"sessions_max", caller.app == relays_own ? Json(part.sessions_max) : Json(nullptr)}});
    return out;
}

Result<Reply> clients(Office& office, const Input&, const Caller&, Moment)
{
    Reply out;
    out.body["clients"] = Json::array();
    for (const auto& one : PolicyTable(office.store).clients(clients_max))
        out.body["clients"].push_back({{"version", one.version}, {"platform", one.platform}, {"devices", one.devices}});
    return out;
}

// ---- notices ----

Json notice_of(Office& office, const StoredNotice& notice, Moment now)
{
    const auto* const app = office.core.apps().find(notice.app);
    const bool over = notice.settled || notice.expires_ms <= now.wall_ms;
    return {{"id", to_hex(notice.id.view())},
            {"sequence", notice.sequence},
            {"state", notice.withdrawn ? "withdrawn"
                      : over           ? "over"
                                       : "open"},
            {"to_all", notice.to_all},
            {"app", app != nullptr             ? Json(app->name)
                    : notice.app == relays_own ? Json("")
                                               : Json(nullptr)},
            {"kind", notice_kind_name(notice.kind)},
            {"title", notice.title},
            {"text", notice.text},
            {"link", notice.link},
            {"created_ms", notice.created_ms},
            {"expires_ms", notice.expires_ms}};
}

Result<NoticeId> id_of(const Input& in)
{
    const auto bytes = from_hex(in.text("id"));
    const auto id = bytes ? NoticeId::from(*bytes) : std::nullopt;
    if (!id) return Error{ErrorCode::invalid_argument, "id: must be 32 hexadecimal digits", 0};
    return *id;
}

constexpr Field notice_path[] = {{"id", Kind::text, true, 32, 32, "32 hexadecimal digits"}};
constexpr Field notices_query[] = {limit_field,
                                   {"before", Kind::integer, false, 1, INT64_MAX, "Those before this sequence"}};

/// Of the caller's application: said to it, or by those who administer it alone.
bool is_of(const Caller& caller, const StoredNotice& notice)
{
    return caller.app == relays_own || notice.app == caller.app;
}

Result<Reply> notices(Office& office, const Input& in, const Caller& caller, Moment now)
{
    Reply out;
    auto& shown = out.body["notices"] = Json::array();
    // There are at most some thousands: those of others are passed over here.
    auto before = static_cast<std::uint64_t>(in.integer("before", INT64_MAX));
    for (auto page = office.core.notices().list(before, pages_items_max); !page.empty() && shown.size() < limit_of(in);
         page = office.core.notices().list(before, pages_items_max))
        for (const auto& one : page) {
            before = one.sequence;
            if (is_of(caller, one) && shown.size() < limit_of(in)) shown.push_back(notice_of(office, one, now));
        }
    return out;
}

Result<Reply> notice(Office& office, const Input& in, const Caller& caller, Moment now)
{
    const auto id = id_of(in);
    if (!id) return id.error();
    const auto found = office.core.notices().state(*id, now);
    if (!found || !is_of(caller, found->notice)) return no_such("notice");
    Reply out;
    out.body = notice_of(office, found->notice, now);
    out.body["accounts"] = found->reach.accounts;
    out.body["accounts_reached"] = found->reach.accounts_reached;
    out.body["devices"] = found->reach.devices;
    out.body["devices_reached"] = found->reach.devices_reached;
    return out;
}

constexpr std::string_view kinds[] = {"announcement", "maintenance", "account"};
constexpr Field notice_body[] = {
    {"id", Kind::text, true, 32, 32, "32 hexadecimal digits, chosen at random: the same once more is not said twice"},
    {"to_all", Kind::boolean, false, 0, 0, "To every account that there is now; else `to`"},
    {"app", Kind::text, false, 0, app_name_bytes_max,
     "To accounts of this application alone; empty: of the default one; left out: of every one"},
    {"to", Kind::texts, false, 0, 1000, "To these accounts: user, user@app"},
    {"kind", Kind::text, false, 1, 16, "What it is about (announcement)", kinds},
    {"title", Kind::text, true, 1, 200, "One line"},
    {"text", Kind::text, false, 0, 4096, "More lines"},
    {"link", Kind::text, false, 0, 1024, "https, shown and never fetched"},
    {"lifetime_s", Kind::integer, false, 60, 3650 * 86'400, "Then nobody gets it any more (7 days)"},
};

Result<Reply> notice_send(Office& office, const Input& in, const Caller& caller, Moment now)
{
    const auto id = id_of(in);
    if (!id) return id.error();
    NoticeDraft draft;
    draft.id = *id;
    draft.to_all = in.boolean("to_all");
    if (in.has("app") && in.text("app").empty()) {
        draft.app = 0;
    } else if (in.has("app")) {
        const auto app = app_in(office, in);
        if (!app) return app.error();
        draft.app = *app;
    }
    if (caller.app != 0) {
        if (in.has("app") && draft.app != caller.app) return no_such("application");
        draft.app = caller.app;
    }
    draft.by = caller.app;
    draft.users = in.texts("to");
    const auto kind = in.text("kind", "announcement");
    for (const auto one : {NoticeKind::announcement, NoticeKind::maintenance, NoticeKind::account})
        if (kind == notice_kind_name(one)) draft.kind = one;
    draft.title = in.text("title");
    draft.text = in.text("text");
    draft.link = in.text("link");
    draft.lifetime_ms = in.integer("lifetime_s", 7 * 86'400) * 1000;
    const auto sent = office.core.notices().send(draft, now);
    if (!sent) return sent.error();
    return Reply{201, notice_of(office, *sent, now), in.text("id"), {{"title", draft.title}, {"to_all", draft.to_all}}};
}

Result<Reply> notice_withdraw(Office& office, const Input& in, const Caller& caller, Moment now)
{
    const auto id = id_of(in);
    if (!id) return id.error();
    if (const auto there = office.store.notice(*id); !there || !is_of(caller, *there)) return no_such("notice");
    const auto done = office.core.notices().withdraw(*id, now);
    if (!done) return done.error();
    return Reply{200, notice_of(office, *done, now), in.text("id"), {{"withdrawn", true}}};
}

using http::Method;
constexpr Endpoint endpoints[] = {
    {Method::get, "/v1/state", Verb::state_read, "How the relay is, in numbers", {}, {}, {}, state},
    {Method::get,
     "/v1/availability",
     Verb::availability_read,
     "When it served",
     {},
     availability_query,
     {},
     availability},
    {Method::get, "/v1/clients", Verb::clients_read, "Versions and platforms of all devices", {}, {}, {}, clients},
    {Method::get,
     "/v1/notices",
     Verb::notices_read,
     "What was said to accounts, newest first",
     {},
     notices_query,
     {},
     notices},
    {Method::get,
     "/v1/notices/{id}",
     Verb::notices_read,
     "One notice, and how far it has come",
     notice_path,
     {},
     {},
     notice},
    {Method::post,
     "/v1/notices",
     Verb::notices_write,
     "Say something to all accounts, or to some",
     {},
     {},
     notice_body,
     notice_send},
    {Method::del,
     "/v1/notices/{id}",
     Verb::notices_write,
     "Take it back, from who has it too",
     notice_path,
     {},
     {},
     notice_withdraw},
};

} // namespace

std::span<const Endpoint> relay_endpoints()
{
    return endpoints;
}

} // namespace godwit::relay::admin
