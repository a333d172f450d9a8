// SPDX-License-Identifier: Apache-2.0
// `admin` and `audit` on the command line.
#include "relay/daemon/admin_options.hpp"

#include <CLI/CLI.hpp>

namespace godwit::relay {

std::string read_lifetime(std::string& text)
{
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9')
        ++digits;
    const std::string_view unit = std::string_view(text).substr(digits);
    const std::int64_t minutes = unit == "m" ? 1 : unit == "h" ? 60 : unit == "d" ? 24 * 60 : 0;
    if (digits == 0 || digits > 6 || minutes == 0) return "must be such as 90m, 36h or 7d";
    text = std::to_string(std::stoll(text.substr(0, digits)) * minutes * 60'000);
    return {};
}

void add_admin(CLI::App& app, Options& out)
{
    using Verb = AdminOptions::Verb;
    auto& admin = out.admin;
    const auto verb = [&](CLI::App* under, const char* name, const char* does, Verb what) {
        auto* const sub = under->add_subcommand(name, does);
        sub->callback([&admin, what] { admin.verb = what; });
        sub->add_flag("--json", admin.json, "Print JSON");
        sub->fallthrough();
        return sub;
    };

    auto* const command =
        app.add_subcommand("admin", "Who may administer the relay that runs on DIR over HTTP (docs/admin.md)");
    command->callback([&out] { out.command = Options::Command::admin; });
    command->require_subcommand(1);
    command->fallthrough();
    auto* const token = command->add_subcommand("token", "Bearer tokens of the HTTP API");
    token->require_subcommand(1);
    token->fallthrough();
    auto* const add = verb(token, "add", "Prints a new token, once: it is stored as a hash", Verb::token_add);
    add->add_option("--role", admin.role, "viewer, support, moderator, operator or owner")
        ->required()
        ->check(CLI::IsMember({"viewer", "support", "moderator", "operator", "owner"}));
    add->add_option("--app", admin.app, "For this application alone; left out: for the whole relay");
    add->add_option("--expires-in", admin.lifetime_ms, "Such as 90m, 36h or 90d; left out: until it is revoked")
        ->transform(CLI::Validator(read_lifetime, "TIME"));
    (void)verb(token, "list", "Names and roles", Verb::token_list);
    auto* const revoke = verb(token, "revoke", "From now on nobody asks with it", Verb::token_revoke);
    for (auto* const sub : {add, revoke})
        sub->add_option("NAME", admin.name, "Whose it is: it stands in the audit log")->required();

    auto* const apps = command->add_subcommand("app", "Applications: tenants of the relay");
    apps->require_subcommand(1);
    apps->fallthrough();
    (void)verb(apps, "list", "Names, keys, and how many accounts they have", Verb::app_list);
    for (auto* const sub :
         {verb(apps, "add", "Makes one and prints its key, for the relay's address", Verb::app_add),
          verb(apps, "key", "Gives it another key and prints that; who is logged in stays so", Verb::app_key),
          verb(apps, "disable", "Ends the sessions of its accounts and refuses them", Verb::app_disable),
          verb(apps, "enable", "Lets them in again", Verb::app_enable),
          verb(apps, "remove", "Removes one that has no accounts", Verb::app_remove)})
        sub->add_option("NAME", admin.name, "a-z, 0-9 and '-': accounts are told by it (ann@NAME)")->required();

    auto* const audit = app.add_subcommand("audit", "What was done to the relay by the people who run it");
    audit->callback([&out] { out.command = Options::Command::audit; });
    audit->require_subcommand(1);
    audit->fallthrough();
    auto* const show = verb(audit, "show", "The records, oldest first", Verb::audit_show);
    show->add_option("--after", admin.after, "Those after this sequence")->type_name("SEQUENCE");
    show->add_option("--limit", admin.limit, "At most so many")->capture_default_str();
    auto* const verify =
        verb(audit, "verify", "Is every record what it was, and none missing? Prints a checkpoint", Verb::audit_verify);
    verify->add_option("--checkpoint", admin.checkpoint, "As an earlier verify has printed it; kept elsewhere");
}

} // namespace godwit::relay
