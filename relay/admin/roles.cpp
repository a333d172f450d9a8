// SPDX-License-Identifier: Apache-2.0
#include "relay/admin/roles.hpp"

#include <algorithm>
#include <array>

namespace godwit::relay::admin {
namespace {

constexpr Role everybody[] = {Role::viewer, Role::support, Role::moderator, Role::operator_, Role::owner};
constexpr Role with_people[] = {Role::support, Role::moderator, Role::operator_, Role::owner};
constexpr Role helping[] = {Role::support, Role::operator_, Role::owner};
constexpr Role judging[] = {Role::moderator, Role::operator_, Role::owner};
constexpr Role running[] = {Role::operator_, Role::owner};
constexpr Role owning[] = {Role::owner};

constexpr std::array rows{
    VerbRow{Verb::state_read, "state.read", everybody},
    VerbRow{Verb::availability_read, "availability.read", everybody},
    VerbRow{Verb::clients_read, "clients.read", everybody},
    VerbRow{Verb::notices_read, "notices.read", everybody},
    VerbRow{Verb::notices_write, "notices.write", running},
    VerbRow{Verb::accounts_read, "accounts.read", with_people},
    VerbRow{Verb::accounts_reset, "accounts.reset", helping},
    VerbRow{Verb::accounts_disable, "accounts.disable", judging},
    VerbRow{Verb::accounts_delete, "accounts.delete", running},
    VerbRow{Verb::invitations_read, "invitations.read", helping},
    VerbRow{Verb::invitations_write, "invitations.write", helping},
    VerbRow{Verb::quotas_write, "quotas.write", running},
    VerbRow{Verb::bans_read, "bans.read", with_people},
    VerbRow{Verb::bans_write, "bans.write", judging},
    VerbRow{Verb::groups_read, "groups.read", judging},
    VerbRow{Verb::reports_read, "reports.read", judging},
    VerbRow{Verb::reports_file, "reports.file", with_people},
    VerbRow{Verb::reports_close, "reports.close", judging},
    VerbRow{Verb::directory_read, "directory.read", with_people},
    VerbRow{Verb::directory_write, "directory.write", running},
    VerbRow{Verb::audit_read, "audit.read", running},
    VerbRow{Verb::tokens_read, "tokens.read", owning},
    VerbRow{Verb::tokens_write, "tokens.write", owning},
    VerbRow{Verb::apps_read, "apps.read", with_people},
    VerbRow{Verb::apps_write, "apps.write", running},
};
static_assert(rows.size() == static_cast<std::size_t>(Verb::apps_write) + 1);
static_assert([] {
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (rows[i].verb != static_cast<Verb>(i)) return false;
    return true;
}());

} // namespace

std::span<const VerbRow> verbs() noexcept
{
    return rows;
}

std::string_view verb_name(Verb verb) noexcept
{
    const auto at = static_cast<std::size_t>(verb);
    return at < rows.size() ? rows[at].name : std::string_view();
}

bool may(Role role, Verb verb) noexcept
{
    const auto at = static_cast<std::size_t>(verb);
    return at < rows.size() && std::find(rows[at].roles.begin(), rows[at].roles.end(), role) != rows[at].roles.end();
}

std::string_view role_name(Role role) noexcept
{
    switch (role) {
    case Role::viewer: return "viewer";
    case Role::support: return "support";
    case Role::moderator: return "moderator";
    case Role::operator_: return "operator";
    case Role::owner: return "owner";
    }
    return {};
}

std::optional<Role> role_of(std::string_view name) noexcept
{
    for (const auto role : roles)
        if (role_name(role) == name) return role;
    return std::nullopt;
}

} // namespace godwit::relay::admin
