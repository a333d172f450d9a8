// SPDX-License-Identifier: Apache-2.0
// Accounts. What is not here cannot be: a relay that could set a password or add a device could read what is sealed to
// it. So accounts are not created but invited, and not reset but freed of what slows their user down.
#include "relay/admin/fields.hpp"

namespace godwit::relay::admin {
namespace {

Json quota_or_null(const std::optional<std::uint64_t>& quota)
{
    return quota ? Json(*quota) : Json(nullptr);
}

Json account_of(Office& office, const AccountSummary& one)
{
    return {{"user", office.core.apps().full_name(one.app, one.user)},
            {"account_key", to_base64url(one.account_key.view())},
            {"created_ms", one.created_ms},
            {"devices", one.devices},
            {"seen_ms", time_or_null(one.seen_ms)},
            {"online", office.core.online(one.row)},
            {"disabled_ms", time_or_null(one.policy.disabled_ms)},
            {"reason", one.policy.reason},
            {"quotas",
             {{"mailbox_messages", quota_or_null(one.policy.quotas.mailbox_messages)},
              {"mailbox_bytes", quota_or_null(one.policy.quotas.mailbox_bytes)},
              {"blob_bytes", quota_or_null(one.policy.quotas.blob_bytes)}}}};
}

std::optional<AccountSummary> find(Office& office, const std::string& user)
{
    const auto name = office.core.apps().parse(user);
    if (!name) return std::nullopt;
    auto found = PolicyTable(office.store).accounts(name->app, name->user, "", 1);
    if (found.empty() || found.front().user != name->user) return std::nullopt;
    return std::move(found.front());
}

constexpr Field path[] = {user_in_path};
constexpr Field list_query[] = {app_field,
                                {"search", Kind::text, false, 0, 64, "How the name begins"},
                                {"after", Kind::text, false, 0, account_name_bytes_max, "Those after this name"},
                                limit_field};

Result<Reply> list(Office& office, const Input& in, const Caller&, Moment)
{
    const auto app = app_in(office, in);
    if (!app) return app.error();
    auto after = in.text("after"); // as it was told: user@app
    after.resize(std::min(after.find('@'), after.size()));
    Reply out;
    out.body["accounts"] = Json::array();
    for (const auto& one : PolicyTable(office.store).accounts(*app, in.text("search"), after, limit_of(in)))
        out.body["accounts"].push_back(account_of(office, one));
    return out;
}

Result<Reply> show(Office& office, const Input& in, const Caller&, Moment)
{
    const auto found = find(office, in.text("user"));
    if (!found) return no_such("account");
    Reply out;
    out.body = account_of(office, *found);
    const auto usage = PolicyTable(office.store).usage(found->row);
    out.body["usage"] = {
        {"mail_messages", usage.mail_messages}, {"mail_bytes", usage.mail_bytes}, {"blob_bytes", usage.blob_bytes}};
    out.body["device_list"] = Json::array();
    for (const auto& device : office.store.devices(found->row))
        out.body["device_list"].push_back({{"device", to_hex(device.key.view())},
                                           {"client_version", device.client_version},
                                           {"platform", device.platform},
                                           {"seen_ms", device.seen_ms}});
    return out;
}

Reply about(const std::string& user, Json detail)
{
    return Reply{204, {}, user, std::move(detail)};
}

constexpr Field disable_body[] = {reason_field};

Result<Reply> disable(Office& office, const Input& in, const Caller&, Moment now)
{
    if (const auto done = office.core.gate().disable(in.text("user"), in.text("reason"), now); !done)
        return done.error();
    return about(in.text("user"), {{"disabled", true}, {"reason", in.text("reason")}});
}

Result<Reply> enable(Office& office, const Input& in, const Caller&, Moment)
{
    if (const auto done = office.core.gate().enable(in.text("user")); !done) return done.error();
    return about(in.text("user"), {{"disabled", false}});
}

Result<Reply> reset(Office& office, const Input& in, const Caller&, Moment)
{
    if (!office.core.gate().account(in.text("user"))) return no_such("account");
    office.core.forget_failed_logins(in.text("user"));
    return about(in.text("user"), {{"failed_logins", "forgotten"}});
}

constexpr Field remove_query[] = {
    {"reserve", Kind::boolean, false, 0, 0, "Nobody registers the name afterwards (true)"}};

Result<Reply> remove(Office& office, const Input& in, const Caller& caller, Moment now)
{
    const bool reserve = in.boolean("reserve", true);
    if (const auto done = office.core.gate().remove(in.text("user"), reserve, now, caller.app); !done)
        return done.error();
    return about(in.text("user"), {{"removed", true}, {"name_reserved", reserve}});
}

constexpr std::int64_t tebibyte = std::int64_t{1} << 40;
constexpr Field quotas_body[] = {
    {"mailbox_messages", Kind::integer, false, 0, 1'000'000, "Per device; left out or null: the relay's limit"},
    {"mailbox_bytes", Kind::integer, false, 0, tebibyte, "Per device"},
    {"blob_bytes", Kind::integer, false, 0, tebibyte, "Files left for devices that are away"},
};

std::optional<std::uint64_t> quota_in(const Input& in, const char* name)
{
    if (!in.has(name)) return std::nullopt;
    return static_cast<std::uint64_t>(in.integer(name));
}

Result<Reply> set_quotas(Office& office, const Input& in, const Caller&, Moment)
{
    const Quotas quotas{quota_in(in, "mailbox_messages"), quota_in(in, "mailbox_bytes"), quota_in(in, "blob_bytes")};
    if (const auto done = office.core.gate().set_quotas(in.text("user"), quotas); !done) return done.error();
    return about(in.text("user"), {{"mailbox_messages", quota_or_null(quotas.mailbox_messages)},
                                   {"mailbox_bytes", quota_or_null(quotas.mailbox_bytes)},
                                   {"blob_bytes", quota_or_null(quotas.blob_bytes)}});
}

// ---- invitations ----

Json invitation_of(const StoredInvitation& one)
{
    return {{"user", one.user},
            {"account_key", one.account_key ? Json(to_base64url(one.account_key->view())) : Json(nullptr)},
            {"created_ms", one.created_ms},
            {"expires_ms", one.expires_ms}};
}

constexpr Field invitations_query[] = {{"after", Kind::text, false, 0, account_name_bytes_max, "Those after this name"},
                                       limit_field};

Result<Reply> invitations(Office& office, const Input& in, const Caller& caller, Moment)
{
    Reply out;
    out.body["invitations"] = Json::array();
    const auto of = suffix_of(office, caller);
    for (const auto& one : InvitationTable(office.store).after(in.text("after"), limit_of(in), of))
        out.body["invitations"].push_back(invitation_of(one));
    return out;
}

constexpr Field invite_body[] = {
    {"user", Kind::text, true, 1, account_name_bytes_max,
     "The name that may be registered; of an application: user@app"},
    {"account_key", Kind::text, false, 43, 43, "By this account alone (base64url); left out: by whoever comes first"},
    {"lifetime_s", Kind::integer, false, 60, 365 * 86'400, "For so long (7 days)"},
};

Result<Reply> invite(Office& office, const Input& in, const Caller& caller, Moment now)
{
    std::optional<PublicKey> key;
    if (in.has("account_key")) {
        const auto bytes = from_base64url(in.text("account_key"));
        key = bytes ? PublicKey::from(*bytes) : std::nullopt;
        if (!key) return Error{ErrorCode::invalid_argument, "account_key: must be 32 bytes in base64url", 0};
    }
    const auto done =
        office.core.gate().invite(in.text("user"), key, in.integer("lifetime_s", 7 * 86'400) * 1000, now, caller.app);
    if (!done) return done.error();
    return Reply{201, invitation_of(*done), done->user, {{"invited", true}, {"with_key", key.has_value()}}};
}

Result<Reply> uninvite(Office& office, const Input& in, const Caller&, Moment)
{
    if (!InvitationTable(office.store).find(in.text("user"))) return no_such("invitation");
    if (const auto done = office.core.gate().uninvite(in.text("user")); !done) return done.error();
    return about(in.text("user"), {{"invited", false}});
}

using http::Method;
constexpr Endpoint endpoints[] = {
    {Method::get, "/v1/accounts", Verb::accounts_read, "Accounts by name", {}, list_query, {}, list},
    {Method::get,
     "/v1/accounts/{user}",
     Verb::accounts_read,
     "One account, its devices and what it takes",
     path,
     {},
     {},
     show},
    {Method::post,
     "/v1/accounts/{user}/disable",
     Verb::accounts_disable,
     "End its sessions and refuse it; its mail waits",
     path,
     {},
     disable_body,
     disable},
    {Method::post, "/v1/accounts/{user}/enable", Verb::accounts_disable, "Let it in again", path, {}, {}, enable},
    {Method::post, "/v1/accounts/{user}/reset", Verb::accounts_reset, "Forget its failed logins", path, {}, {}, reset},
    {Method::put,
     "/v1/accounts/{user}/quotas",
     Verb::quotas_write,
     "What it may have, where that is not the relay's limit",
     path,
     {},
     quotas_body,
     set_quotas},
    {Method::del,
     "/v1/accounts/{user}",
     Verb::accounts_delete,
     "Remove it with its data",
     path,
     remove_query,
     {},
     remove},
    {Method::get,
     "/v1/invitations",
     Verb::invitations_read,
     "Who may register although registration is closed, by name",
     {},
     invitations_query,
     {},
     invitations},
    {Method::post, "/v1/invitations", Verb::invitations_write, "Let a name be registered", {}, {}, invite_body, invite},
    {Method::del, "/v1/invitations/{user}", Verb::invitations_write, "Take it back", path, {}, {}, uninvite},
};

} // namespace

std::span<const Endpoint> account_endpoints()
{
    return endpoints;
}

} // namespace godwit::relay::admin
