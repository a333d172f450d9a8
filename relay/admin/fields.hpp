// SPDX-License-Identifier: Apache-2.0
// Private to admin: fields that many endpoints have, and shapes of what they answer.
#pragma once

#include "relay/admin/scopes.hpp"

namespace godwit::relay::admin {

inline constexpr Field user_in_path{
    "user", Kind::text, true, 1, account_name_bytes_max, "A user name; of an application: user@app"};
inline constexpr Field app_in_path{"app", Kind::text, true, 1, app_name_bytes_max, "The name of an application"};
inline constexpr Field app_field{"app", Kind::text,         false,
                                 1,     app_name_bytes_max, "Of this application; left out: the default one"};
inline constexpr Field limit_field{"limit", Kind::integer, false, 1, pages_items_max, "At most so many (100)"};
inline constexpr Field reason_field{
    "reason", Kind::text, false, 0, operator_reason_bytes_max, "Why, for those who administer"};

[[nodiscard]] inline Error no_such(std::string_view what)
{
    return {ErrorCode::no_such_file, "there is no such " + std::string(what), 0};
}

/// Which application `app` names, the default one when it does not. Error: there is none of this name.
[[nodiscard]] inline Result<AppRow> app_in(Office& office, const Input& in)
{
    if (!in.has("app")) return AppRow{0};
    const auto* const found = office.core.apps().named(in.text("app"));
    if (found == nullptr) return no_such("application");
    return found->row;
}

[[nodiscard]] inline std::size_t limit_of(const Input& in)
{
    return static_cast<std::size_t>(in.integer("limit", 100));
}

/// 0 is "never", which JSON says by null.
[[nodiscard]] inline Json time_or_null(WallMs at_ms)
{
    return at_ms == 0 ? Json(nullptr) : Json(at_ms);
}

} // namespace godwit::relay::admin
