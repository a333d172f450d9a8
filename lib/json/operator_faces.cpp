// SPDX-License-Identifier: Apache-2.0
#include "lib/json/operator_faces.hpp"

#include "lib/base/bytes.hpp"

namespace godwit::json {

Request read_report(Fields& in)
{
    request::Report out;
    out.user = in.text("user", "");
    if (in.has("conversation"))
        out.conversation = in.fixed<ConversationId>("conversation", "a conversation: 32 hexadecimal digits");
    const auto reason = in.text("reason", "other");
    bool known = false;
    for (auto n = static_cast<int>(ReportReason::spam); n <= static_cast<int>(ReportReason::other); ++n)
        if (reason == report_reason_name(static_cast<ReportReason>(n))) {
            out.reason = static_cast<ReportReason>(n);
            known = true;
        }
    if (!known) in.fail("reason", "spam, abuse, illegal, impersonation or other");
    out.text = in.text("text", "");
    for (const auto& one : in.texts("messages", report_messages_max)) {
        const auto bytes = from_hex(one);
        const auto id = bytes ? MessageId::from(*bytes) : std::nullopt;
        if (!id) in.fail("messages", "messages: 32 hexadecimal digits each");
        out.messages.push_back(id.value_or(MessageId{}));
    }
    out.with_content = in.boolean("with_content", false);
    return out;
}

Request read_directory(Fields& in)
{
    request::Directory out;
    out.department = in.integer("department", 0, INT64_MAX, 0);
    out.find = in.text("find", "");
    out.after = in.text("after", "");
    return out;
}

void put_page(Ordered& out, const DirectoryPage& page)
{
    auto& departments = out["departments"] = Ordered::array();
    for (const auto& one : page.departments)
        departments.push_back({{"id", one.id}, {"parent", one.parent}, {"name", one.name}, {"members", one.members}});
    auto& members = out["members"] = Ordered::array();
    for (const auto& one : page.members)
        members.push_back({{"user", one.user},
                           {"department", one.department},
                           {"full_name", one.full_name},
                           {"title", one.title},
                           {"email", one.email},
                           {"account", one.account}});
    out["more"] = page.more;
}

} // namespace godwit::json
