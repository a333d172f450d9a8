// SPDX-License-Identifier: Apache-2.0
// admin: what may be done to a relay by the people who run it. Sans-IO: requests are values, time is given in.
//
//   token -> caller (who, which role) -> may this role do this verb? -> the verb -> its audit record -> (commit) ->
//   answer
//
// roles: the table of who may do what. tokens: who asks. audit: what was done, in a chain. This file is the first of
// them: everything that is not in its table is refused.
#pragma once

#include "relay/store/app_tables.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace godwit::relay::admin {

/// Stored by number: append-only. They are no ladder: see the table in roles.cpp.
enum class Role : std::uint8_t {
    viewer = 1,    ///< Sees how the relay is, and nobody's name.
    support = 2,   ///< Helps users: finds accounts, invites, resets throttles, takes reports.
    moderator = 3, ///< Judges: reports, bans, disabled accounts, groups.
    operator_ = 4, ///< Runs the relay: all but tokens.
    owner = 5,     ///< All.
};
inline constexpr Role roles[] = {Role::viewer, Role::support, Role::moderator, Role::operator_, Role::owner};

enum class Verb : std::uint8_t {
    state_read,
    availability_read,
    clients_read,
    notices_read,
    notices_write,
    accounts_read,
    accounts_reset,
    accounts_disable,
    accounts_delete,
    invitations_read,
    invitations_write,
    quotas_write,
    bans_read,
    bans_write,
    groups_read,
    reports_read,
    reports_file,
    reports_close,
    directory_read,
    directory_write,
    audit_read,
    tokens_read,
    tokens_write,
    apps_read,
    apps_write,
};

struct VerbRow {
    Verb verb;
    std::string_view name;       ///< "accounts.disable": in the audit log, in the OpenAPI description.
    std::span<const Role> roles; ///< Who may.
};
/// Every verb once, in the order of the enumeration.
[[nodiscard]] std::span<const VerbRow> verbs() noexcept;
[[nodiscard]] std::string_view verb_name(Verb verb) noexcept;

/// Deny by default: a number that is no role, a verb that has no row, is false.
[[nodiscard]] bool may(Role role, Verb verb) noexcept;

[[nodiscard]] std::string_view role_name(Role role) noexcept; ///< "" for numbers not known here.
[[nodiscard]] std::optional<Role> role_of(std::string_view name) noexcept;

/// Who asks.
struct Caller {
    std::string name;
    Role role = Role::viewer;
    AppRow app = 0; ///< Of this application alone (scopes.hpp); 0: of the whole relay.
};
/// Whoever may open the relay's control socket may read its key: the owner.
[[nodiscard]] inline Caller local_caller()
{
    return {"local", Role::owner, 0};
}

} // namespace godwit::relay::admin
