// SPDX-License-Identifier: Apache-2.0
#include "lib/json/group_faces.hpp"

#include "lib/base/bytes.hpp"

namespace godwit::json {
namespace {

constexpr std::string_view conversation_form = "a conversation: 32 hexadecimal digits";

ConversationId read_group(Fields& in)
{
    return in.fixed<ConversationId>("conversation", conversation_form);
}

std::optional<Role> read_role(Fields& in, std::string_view name, std::initializer_list<Role> allowed)
{
    if (!in.has(name)) return std::nullopt;
    const auto text = in.text(name);
    std::string names;
    for (const auto role : allowed) {
        if (text == role_name(role)) return role;
        names += (names.empty() ? "" : " or ") + std::string(role_name(role));
    }
    in.fail(name, names);
    return std::nullopt;
}

std::optional<JoinRule> read_join_rule(Fields& in)
{
    if (!in.has("join")) return std::nullopt;
    const auto text = in.text("join");
    for (const auto rule : {JoinRule::closed, JoinRule::request, JoinRule::link})
        if (text == join_rule_name(rule)) return rule;
    in.fail("join", "closed, request or link");
    return std::nullopt;
}

std::int64_t read_ms(Fields& in, std::string_view name, std::optional<std::uint64_t> fallback)
{
    return static_cast<std::int64_t>(in.integer(name, 0, INT64_MAX, fallback));
}

std::optional<std::string> read_text(Fields& in, std::string_view name)
{
    if (!in.has(name)) return std::nullopt;
    return in.text(name);
}

Ordered applicant_object(const GroupApplicant& applicant)
{
    return {{"user", applicant.user}, {"text", applicant.text}, {"asked_ms", applicant.asked_ms}};
}

std::string hex(const ConversationId& id)
{
    return to_hex(id.view());
}

} // namespace

Request read_group_create(Fields& in)
{
    request::GroupCreate out;
    const auto kind = in.text("kind", "group");
    bool known = false;
    for (const auto one : {ConversationKind::group, ConversationKind::discussion, ConversationKind::channel})
        if (kind == conversation_kind_name(one)) {
            out.kind = one;
            known = true;
        }
    if (!known) in.fail("kind", "group, discussion or channel");
    out.name = in.text("name");
    out.members = in.texts("members", group_invites_max);
    out.about = in.text("about", "");
    out.invite = read_role(in, "invite", {Role::member, Role::admin}).value_or(out.invite);
    out.join = read_join_rule(in).value_or(out.join);
    out.expires_ms = read_ms(in, "expires_ms", 0);
    return out;
}

Request read_group_invite(Fields& in)
{
    return request::GroupInvite{read_group(in), in.texts("users", group_invites_max)};
}

Request read_group_remove(Fields& in)
{
    return request::GroupRemove{read_group(in), in.texts("users", group_invites_max)};
}

Request read_group_leave(Fields& in)
{
    return request::GroupLeave{read_group(in)};
}

Request read_group_role(Fields& in)
{
    request::GroupRole out{read_group(in), in.text("user"), Role::member};
    const auto role = read_role(in, "role", {Role::member, Role::admin, Role::owner});
    if (!role) in.fail("role", "member, admin or owner");
    out.role = role.value_or(Role::member);
    return out;
}

Request read_group_mute(Fields& in)
{
    return request::GroupMute{read_group(in), in.text("user", ""), read_ms(in, "until_ms", std::nullopt)};
}

Request read_group_set(Fields& in)
{
    request::GroupSet out;
    out.conversation = read_group(in);
    out.name = read_text(in, "name");
    out.about = read_text(in, "about");
    out.announcement = read_text(in, "announcement");
    if (in.find("avatar") != nullptr) out.avatar = in.has("avatar") ? read_file(in, "avatar") : content::FileRef{};
    out.invite = read_role(in, "invite", {Role::member, Role::admin});
    out.join = read_join_rule(in);
    if (in.has("receipts")) out.receipts = in.boolean("receipts");
    return out;
}

Request read_group_promote(Fields& in)
{
    return request::GroupPromote{read_group(in)};
}

Request read_group_dissolve(Fields& in)
{
    return request::GroupDissolve{read_group(in)};
}

Request read_group_about(Fields& in)
{
    return request::GroupAbout{read_group(in)};
}

Request read_group_link(Fields& in)
{
    return request::GroupLink{read_group(in), in.boolean("renew", false)};
}

Request read_group_join(Fields& in)
{
    return request::GroupJoin{in.text("link"), in.text("text", "")};
}

Request read_group_answer(Fields& in)
{
    return request::GroupAnswer{read_group(in), in.text("user"), in.boolean("accept", true)};
}

Request read_deliveries(Fields& in)
{
    return request::Deliveries{in.fixed<MessageId>("message", "a message: 32 hexadecimal digits")};
}

Ordered group_object(const GroupInfo& group)
{
    Ordered out{{"conversation", hex(group.conversation)},
                {"kind", conversation_kind_name(group.kind)},
                {"active", group.active},
                {"dissolved", group.dissolved},
                {"expires_ms", group.expires_ms},
                {"name", group.name},
                {"about", group.about},
                {"announcement", group.announcement},
                {"avatar", group.avatar ? file_object(*group.avatar) : Ordered(nullptr)},
                {"own_role", role_name(group.own_role)},
                {"invite", role_name(group.invite)},
                {"join", join_rule_name(group.join)},
                {"all_muted", group.all_muted},
                {"receipts", group.receipts}};
    auto& members = out["members"] = Ordered::array();
    for (const auto& one : group.members)
        members.push_back({{"user", one.user},
                           {"account_key", to_hex(one.account_key.view())},
                           {"role", role_name(one.role)},
                           {"muted_until_ms", one.muted_until_ms}});
    auto& applicants = out["applicants"] = Ordered::array();
    for (const auto& one : group.applicants)
        applicants.push_back(applicant_object(one));
    return out;
}

Ordered deliveries_array(const std::vector<DeliveryReport>& reports)
{
    Ordered out = Ordered::array();
    for (const auto& one : reports)
        out.push_back({{"user", one.user}, {"state", message_state_name(one.state)}, {"path", path_name(one.path)}});
    return out;
}

Ordered group_event(const event::GroupChanged& e)
{
    return {{"event", "group"},
            {"what", event::group_change_name(e.what)},
            {"conversation", hex(e.conversation)},
            {"name", e.name},
            {"by", e.by},
            {"users", e.users}};
}

Ordered group_event(const event::GroupAsked& e)
{
    Ordered out{{"event", "group_asked"}, {"conversation", hex(e.conversation)}, {"name", e.name}};
    out.update(applicant_object(e.applicant));
    return out;
}

Ordered group_event(const event::GroupRefused& e)
{
    return {{"event", "group_refused"},
            {"conversation", hex(e.conversation)},
            {"why", e.why == event::GroupRefused::Why::stale_link ? "stale_link" : "refused"}};
}

} // namespace godwit::json
