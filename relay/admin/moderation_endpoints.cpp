// SPDX-License-Identifier: Apache-2.0
// Bans, reports and groups. Of groups the relay knows who is in them and when they changed; names and roles are sealed.
#include "relay/admin/fields.hpp"

#include "relay/admin/prefix.hpp"
#include "relay/store/share_tables.hpp"

namespace godwit::relay::admin {
namespace {

constexpr Field number_path[] = {{"id", Kind::integer, true, 1, INT64_MAX, "Its number"}};

// ---- bans ----

std::string_view kind_name(BanKind kind)
{
    return kind == BanKind::address ? "address" : "name";
}

Json ban_of(const StoredBan& ban)
{
    return {{"id", ban.id},         {"kind", kind_name(ban.kind)},  {"subject", ban.subject},
            {"reason", ban.reason}, {"created_ms", ban.created_ms}, {"until_ms", time_or_null(ban.until_ms)}};
}

/// Addresses are everybody's; a name is its application's.
bool is_of(Office& office, const Caller& caller, BanKind kind, std::string_view subject)
{
    return caller.app == relays_own || (kind == BanKind::name && sees(office, caller, subject));
}

constexpr Field bans_query[] = {{"after", Kind::integer, false, 0, INT64_MAX, "Those after this number"}, limit_field};

Result<Reply> bans(Office& office, const Input& in, const Caller& caller, Moment)
{
    Reply out;
    out.body["bans"] = Json::array();
    for (const auto& one : BanTable(office.store).after(in.integer("after"), limit_of(in), suffix_of(office, caller)))
        out.body["bans"].push_back(ban_of(one));
    return out;
}

constexpr std::string_view ban_kinds[] = {"address", "name"};
constexpr Field ban_body[] = {
    {"kind", Kind::text, true, 1, 16, "Of what the subject is", ban_kinds},
    {"subject", Kind::text, true, 1, account_name_bytes_max,
     "An address or prefix, whose connections end; or a name (user, user@app) that nobody may register"},
    {"lifetime_s", Kind::integer, false, 60, 3650LL * 86'400, "Left out: until it is lifted"},
    reason_field,
};

Result<Reply> ban(Office& office, const Input& in, const Caller& caller, Moment now)
{
    const auto subject = in.text("subject");
    if (!is_of(office, caller, in.text("kind") == "name" ? BanKind::name : BanKind::address, subject))
        return Error{ErrorCode::not_allowed,
                     "this token bans names of its application alone: user" + suffix_of(office, caller), 0};
    const auto lifetime_ms = in.integer("lifetime_s", 0) * 1000;
    auto& gate = office.core.gate();
    if (in.text("kind") == "name") {
        const auto done = gate.ban_name(subject, in.text("reason"), lifetime_ms, now, caller.app);
        if (!done) return done.error();
        return Reply{201, ban_of(*done), subject, {{"banned", true}, {"reason", in.text("reason")}}};
    }
    const auto prefix = parse_prefix(subject);
    if (!prefix && parse_prefix(subject, 0))
        return Error{ErrorCode::invalid_argument,
                     "subject: a prefix has one bit at least: this one is every address there is", 0};
    if (!prefix)
        return Error{ErrorCode::invalid_argument,
                     "subject: must be an address or a prefix such as 198.51.100.0/24 or 2001:db8::/48, with no bits "
                     "set behind it",
                     0};
    const auto done = gate.ban_address(*prefix, subject, in.text("reason"), lifetime_ms, now);
    if (!done) return done.error();
    return Reply{201, ban_of(*done), subject, {{"banned", true}, {"reason", in.text("reason")}}};
}

Result<Reply> unban(Office& office, const Input& in, const Caller& caller, Moment)
{
    const auto there = BanTable(office.store).find(in.integer("id"));
    if (!there || !is_of(office, caller, there->kind, there->subject)) return no_such("ban");
    const auto lifted = office.core.gate().unban(in.integer("id"));
    if (!lifted) return no_such("ban");
    return Reply{204, {}, lifted->subject, {{"banned", false}}};
}

// ---- reports ----

Json report_of(const StoredReport& report)
{
    const auto about = report.conversation.is_zero() ? Json(nullptr) : Json(to_hex(report.conversation.view()));
    return {{"id", report.id},
            {"subject", report.subject.empty() ? Json(nullptr) : Json(report.subject)},
            {"conversation", about},
            {"by_client", report.by_client},
            {"reporter", report.reporter},
            {"reason", report.reason},
            {"text", report.text},
            {"created_ms", report.created_ms},
            {"closed_ms", time_or_null(report.closed_ms)},
            {"closed_by", report.closed_by},
            {"outcome", report.outcome}};
}

constexpr Field reports_query[] = {
    {"closed", Kind::boolean, false, 0, 0, "Closed ones too, newest first; else the open ones, oldest first"},
    {"after", Kind::integer, false, 0, INT64_MAX, "Open ones after this number"},
    {"before", Kind::integer, false, 1, INT64_MAX, "With closed: those before this number"},
    limit_field};

/// Of whom it is about; of a group: of who reports it, who is in it.
bool is_of(Office& office, const Caller& caller, const StoredReport& report)
{
    return sees(office, caller, report.subject.empty() ? report.reporter : report.subject);
}

Result<Reply> reports(Office& office, const Input& in, const Caller& caller, Moment)
{
    ReportTable table(office.store);
    const auto of = suffix_of(office, caller);
    Reply out;
    out.body["reports"] = Json::array();
    for (const auto& one : in.boolean("closed") ? table.before(in.integer("before", INT64_MAX), limit_of(in), of)
                                                : table.open(in.integer("after"), limit_of(in), of))
        out.body["reports"].push_back(report_of(one));
    return out;
}

Result<Reply> report_shown(Office& office, const Input& in, const Caller& caller, Moment)
{
    const auto found = ReportTable(office.store).find(in.integer("id"));
    if (!found || !is_of(office, caller, *found)) return no_such("report");
    Reply out;
    out.body = report_of(*found);
    out.body["messages"] = Json::array();
    for (const auto& one : found->messages)
        out.body["messages"].push_back({{"message", to_hex(one.id.view())},
                                        {"from", one.author},
                                        {"sent_ms", one.sent_ms},
                                        {"text", one.shown ? Json(one.text) : Json(nullptr)}});
    return out;
}

constexpr std::string_view report_reasons[] = {"spam", "abuse", "impersonation", "illegal", "other"};
constexpr Field report_body[] = {
    {"subject", Kind::text, true, 1, account_name_bytes_max, "The account that it is about: user, user@app"},
    {"reporter", Kind::text, false, 0, account_name_bytes_max, "Who says so; left out: whoever asks"},
    {"reason", Kind::text, true, 1, 32, "What it is", report_reasons},
    {"text", Kind::text, false, 0, 8192, "In their words. The relay cannot show what was sent: it is sealed"},
};

Result<Reply> report(Office& office, const Input& in, const Caller& caller, Moment now)
{
    if (!office.core.gate().account(in.text("subject"))) return no_such("account");
    ReportTable table(office.store);
    table.remove_closed(now.wall_ms - reports_kept_ms, reports_expired_at_once);
    // Of clients there may be as many as the relay keeps: they do not keep those who administer from taking one down.
    if (ShareTable(office.store).reports(app_suffix(in.text("subject"))) >= bound_for(caller.app, reports_open_max))
        return Error{ErrorCode::quota_exceeded, "too many open reports: close some", 0};
    StoredReport made;
    made.subject = in.text("subject");
    made.reporter = in.text("reporter", caller.name);
    made.reason = in.text("reason");
    made.text = in.text("text");
    made.created_ms = now.wall_ms;
    made.id = table.add(made);
    return Reply{201, report_of(made), made.subject, {{"report", made.id}, {"reason", made.reason}}};
}

constexpr Field close_body[] = {{"outcome", Kind::text, true, 1, 500, "What was done"}};

Result<Reply> close(Office& office, const Input& in, const Caller& caller, Moment now)
{
    ReportTable table(office.store);
    const auto found = table.find(in.integer("id"));
    if (!found || !is_of(office, caller, *found)) return no_such("report");
    if (found->closed_ms != 0) return Error{ErrorCode::conflict, "this report is closed already", 0};
    table.close(found->id, now.wall_ms, caller.name, in.text("outcome"));
    return Reply{204, {}, found->subject, {{"report", found->id}, {"outcome", in.text("outcome")}}};
}

// ---- groups ----

constexpr Field groups_query[] = {{"after", Kind::integer, false, 0, INT64_MAX, "Those after this row"}, limit_field};
constexpr Field group_path[] = {{"conversation", Kind::text, true, 32, 32, "32 hexadecimal digits"}};

Result<Reply> groups(Office& office, const Input& in, const Caller&, Moment)
{
    Reply out;
    out.body["groups"] = Json::array();
    for (const auto& one : PolicyTable(office.store).groups(in.integer("after"), limit_of(in)))
        out.body["groups"].push_back({{"row", one.row},
                                      {"conversation", to_hex(one.conversation.view())},
                                      {"members", one.members},
                                      {"epoch", one.epoch},
                                      {"changed_ms", one.changed_ms}});
    return out;
}

Result<Reply> group(Office& office, const Input& in, const Caller&, Moment)
{
    const auto bytes = from_hex(in.text("conversation"));
    const auto id = bytes ? ConversationId::from(*bytes) : std::nullopt;
    if (!id) return Error{ErrorCode::invalid_argument, "conversation: must be 32 hexadecimal digits", 0};
    const auto found = office.store.group(*id);
    if (found.row == 0 || !found.of_many) return no_such("group");
    Reply out;
    out.body = {{"conversation", in.text("conversation")},
                {"epoch", found.epoch},
                {"waiting_to_join", office.store.join_count(found.row)},
                {"members", Json::array()}};
    for (const auto& [user, account] : office.store.member_names(found.row))
        out.body["members"].push_back(user);
    return out;
}

using http::Method;
constexpr Endpoint endpoints[] = {
    {Method::get,
     "/v1/bans",
     Verb::bans_read,
     "Who may not come, and which names nobody may have",
     {},
     bans_query,
     {},
     bans},
    {Method::post,
     "/v1/bans",
     Verb::bans_write,
     "Let nobody in from there, or nobody have the name",
     {},
     {},
     ban_body,
     ban},
    {Method::del, "/v1/bans/{id}", Verb::bans_write, "Lift it", number_path, {}, {}, unban},
    {Method::get,
     "/v1/reports",
     Verb::reports_read,
     "What was said about accounts and groups",
     {},
     reports_query,
     {},
     reports},
    {Method::get,
     "/v1/reports/{id}",
     Verb::reports_read,
     "One report, with what its reporter chose to show of messages: nothing proves it",
     number_path,
     {},
     {},
     report_shown},
    {Method::post, "/v1/reports", Verb::reports_file, "Take one down", {}, {}, report_body, report},
    {Method::post,
     "/v1/reports/{id}/close",
     Verb::reports_close,
     "Say what was done",
     number_path,
     {},
     close_body,
     close},
    {Method::get,
     "/v1/groups",
     Verb::groups_read,
     "Groups, as far as the relay knows them",
     {},
     groups_query,
     {},
     groups},
    {Method::get, "/v1/groups/{conversation}", Verb::groups_read, "Who is in it", group_path, {}, {}, group},
};

} // namespace

std::span<const Endpoint> moderation_endpoints()
{
    return endpoints;
}

} // namespace godwit::relay::admin
