// SPDX-License-Identifier: Apache-2.0
// tokens: who asks. A token is 32 random bytes, shown once and stored as a hash: whoever reads the database cannot ask
// with what stands there.
//
//   "gwa_" and 43 characters (base64url)  ->  derive("godwit relay admin token 1")  ->  admin_tokens
#pragma once

#include "lib/port/entropy.hpp"
#include "relay/admin/roles.hpp"
#include "relay/store/admin_tables.hpp"

namespace godwit::relay::admin {

inline constexpr std::size_t tokens_max = 100;
inline constexpr std::size_t token_name_bytes_max = 64;
inline constexpr WallMs token_lifetime_ms_max = WallMs{3650} * 24 * 3600 * 1000;

class Tokens {
public:
    Tokens(Ledger& ledger, port::Entropy& entropy) : table_(ledger), entropy_(entropy) {}

    /// The token, which nobody sees again. `lifetime_ms` 0: until it is revoked. `app`: for this application alone,
    /// which is there; 0: for the whole relay. Errors: invalid_argument, conflict (the name is taken), quota_exceeded.
    [[nodiscard]] Result<std::string> add(std::string_view name, Role role, WallMs lifetime_ms, WallMs now_ms,
                                          AppRow app = 0);
    /// From the next request on nobody asks with it. Errors: invalid_argument (there is none of this name).
    [[nodiscard]] Result<void> revoke(std::string_view name);
    [[nodiscard]] std::vector<StoredToken> list() { return table_.all(); }
    /// nullopt: nobody that we know, or whose time is over.
    [[nodiscard]] std::optional<Caller> caller(std::string_view token, WallMs now_ms);

private:
    TokenTable table_;
    port::Entropy& entropy_;
};

} // namespace godwit::relay::admin
