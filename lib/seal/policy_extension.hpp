// SPDX-License-Identifier: Apache-2.0
// Private to seal: a policy as the extensions of a GroupContext, and back (policy.hpp has the form).
#pragma once

#include "lib/seal/accounts_extension.hpp"
#include "lib/seal/policy.hpp"

namespace godwit::policy {

/// Private use (RFC 9420 section 17.3).
inline constexpr auto extension = static_cast<mls::ExtensionType>(0xf0d2);
/// Is this the context of a group of many, whatever it says? Else of a conversation of two.
[[nodiscard]] inline bool is_there(const mls::Extensions& extensions)
{
    return mls::find_extension(extensions, extension) != nullptr;
}

/// All extensions of a group's context. Precondition: is_sound(policy).
[[nodiscard]] mls::Extensions encode(const Policy& policy);
/// nullopt: no policy there, or none that is sound, or not the accounts of 0xF0D1, or further extensions.
[[nodiscard]] std::optional<Policy> decode(const mls::Extensions& extensions);
/// rules_digest() of them: what a commit of ours says that it leads to.
[[nodiscard]] Bytes rules_of(const mls::Extensions& extensions);

} // namespace godwit::policy
