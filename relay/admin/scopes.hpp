// SPDX-License-Identifier: Apache-2.0
// scopes: what a token of one application may ask. A role says what may be done; a scope says to whom.
//
// Everything that is not in the table of scopes.cpp is for tokens of the whole relay alone: its limits and keys, its
// log, its tokens, and what is counted of all applications together.
#pragma once

#include "relay/admin/api.hpp"

namespace godwit::relay::admin {

enum class Scope : std::uint8_t {
    relay,   ///< Tokens of the whole relay.
    app,     ///< Its `app` is that application: filled in when it is left out, and no other.
    account, ///< It names an account (`user` or `subject`), which is of that application.
    own,     ///< The endpoint itself looks at whom it answers.
};

struct ScopeRow {
    http::Method method;
    std::string_view pattern; ///< Of an endpoint.
    Scope scope;
};
[[nodiscard]] std::span<const ScopeRow> scopes() noexcept;
[[nodiscard]] Scope scope_of(const Endpoint& endpoint) noexcept;

/// An account of this name is the caller's to administer, whether or not there is one.
[[nodiscard]] bool sees(Office& office, const Caller& caller, std::string_view full_name);
/// What names of accounts of the caller's application end with, "@acme"; empty: it administers all.
[[nodiscard]] std::string suffix_of(Office& office, const Caller& caller);

/// Why this caller may not ask that: not_allowed. What is left out is filled in.
[[nodiscard]] std::optional<Error> outside(Office& office, const Endpoint& endpoint, const Caller& caller,
                                           Input& input);

} // namespace godwit::relay::admin
