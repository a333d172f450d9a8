// SPDX-License-Identifier: Apache-2.0
#include "relay/core/operator_desk.hpp"

#include "lib/wire/names.hpp"
#include "relay/core/events.hpp"
#include "relay/store/directory_tables.hpp"
#include "relay/store/policy_tables.hpp"

#include <algorithm>

namespace godwit::relay {

// ---- reports ----

std::optional<Error> OperatorDesk::wrong(const Session& session, const frame::ReportFile& request)
{
    const auto invalid = [](const char* what) { return Error{ErrorCode::invalid_argument, what, 0}; };
    if (request.user.empty() && request.conversation.is_zero()) return invalid("say whom or which group it is about");
    if (request.user == session.user) return invalid("user: this is your own name");
    if (!std::all_of(request.messages.begin(), request.messages.end(),
                     [](const auto& one) { return wire::is_user_name(one.from); }))
        return invalid("messages: from is the name of an account");
    if (!request.user.empty()) {
        if (!wire::is_user_name(request.user) || !context_.store.account(session.app, request.user))
            return Error{ErrorCode::no_such_user, "this relay has no such user: check the spelling", 0};
        return std::nullopt;
    }
    // Also of one that the account is not in any more: that may be why.
    const auto group = context_.store.group(request.conversation);
    if (group.row == 0 || !context_.store.membership(group.row, session.account))
        return invalid("conversation: no group that you are or were in; say whom it is about");
    return std::nullopt;
}

Answer OperatorDesk::file(const Session& session, const frame::ReportFile& request, Moment now)
{
    const auto who = session.account;
    if (const auto wait = reports_.wait(who, now.mono); wait > Duration::zero()) return slow_down(wait);
    reports_.take(who, now.mono);
    if (auto no = wrong(session, request)) return *std::move(no);

    StoredReport report;
    report.reporter = context_.apps.full_name(session.app, session.user);
    if (!request.user.empty()) report.subject = context_.apps.full_name(session.app, request.user);
    report.reason = report_reason_name(request.reason);
    report.text = request.text;
    report.created_ms = now.wall_ms;
    report.conversation = request.conversation;
    report.by_client = true;
    for (const auto& one : request.messages)
        report.messages.push_back({one.id, context_.apps.full_name(session.app, one.from), one.sent_ms, one.shown,
                                   one.shown ? one.text : std::string()});

    ReportTable table(context_.store);
    if (table.has_open(report)) return {};
    table.remove_closed(now.wall_ms - reports_kept_ms, reports_expired_at_once);
    if (table.open_count(report.reporter) >= reports_open_per_account_max)
        return {ErrorCode::quota_exceeded, "you have " + std::to_string(reports_open_per_account_max) +
                                               " reports that nobody has looked at yet: wait"};
    if (table.open_count() >= reports_open_max)
        return {ErrorCode::quota_exceeded, "too many reports wait at this relay: try again later"};
    const auto id = table.add(report);
    ++context_.counters.reports_filed;
    record_event(context_, EventKind::report_filed,
                 report.subject.empty() ? to_hex(report.conversation.view()) : report.subject,
                 "{\"report\":" + std::to_string(id) + ",\"reason\":\"" + report.reason + "\"}", now);
    return {};
}

// ---- the directory ----

Answer OperatorDesk::directory(const Session& session, const frame::DirectoryFetch& request, Moment now)
{
    const auto who = session.account;
    if (const auto wait = look_ups_.wait(who, now.mono); wait > Duration::zero()) return slow_down(wait);
    look_ups_.take(who, now.mono);
    const auto* const app = context_.apps.find(session.app);
    if (!(app == nullptr ? context_.config.directory_shown : app->directory_shown))
        return {ErrorCode::not_allowed, "this relay shows no directory"};

    DirectoryTable table(context_.store, session.app);
    const auto department = static_cast<DepartmentRow>(std::min<std::uint64_t>(request.department, INT64_MAX));
    if (department != 0 && !table.department(department))
        return {ErrorCode::no_such_file, "there is no such department (any more)"};
    frame::DirectoryPage out;
    if (request.find.empty() && request.after.empty())
        for (const auto& one : table.children(department))
            if (out.departments.size() < departments_shown_max)
                out.departments.push_back({static_cast<std::uint64_t>(one.id), static_cast<std::uint64_t>(one.parent),
                                           one.name, one.members});
    auto members = request.find.empty() ? table.members(department, request.after, directory_page_max + 1)
                                        : table.find_members(request.find, request.after, directory_page_max + 1);
    out.more = members.size() > directory_page_max;
    if (out.more) members.pop_back();
    for (auto& one : members) {
        const bool has_account = table.has_account(one.user);
        out.members.push_back({std::move(one.user), static_cast<std::uint64_t>(one.department),
                               std::move(one.full_name), std::move(one.title), std::move(one.email), has_account});
    }
    return frame::ResponseBody(std::move(out));
}

} // namespace godwit::relay
