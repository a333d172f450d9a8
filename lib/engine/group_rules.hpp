// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: what the application wants of a group, as the policy that it shall have next. Pure; whether
// that is allowed says seal::policy::judge, here as at every other member.
#pragma once

#include <godwit/request.hpp>

#include "lib/base/time.hpp"
#include "lib/port/entropy.hpp"
#include "lib/seal/policy.hpp"

#include <functional>
#include <variant>

namespace godwit::engine {

/// Somebody who has asked by the link.
struct TakeIn {
    ConversationId conversation;
    std::string user;
    PublicKey account_key;
    std::int64_t asked_ms = 0; ///< Which asking it answers.
};
/// Somebody who has left knows the group's secret.
struct RenewSecret {
    ConversationId conversation;
};
using GroupAct = std::variant<request::GroupCreate, request::GroupInvite, request::GroupRemove, request::GroupLeave,
                              request::GroupRole, request::GroupMute, request::GroupSet, request::GroupPromote,
                              request::GroupDissolve, request::GroupLink, TakeIn, RenewSecret>;

struct NextGroup {
    seal::Policy policy;                       ///< Its profile as before; sealed anew where `profile` is set.
    std::optional<wire::GroupProfile> profile; ///< Another one.
    std::vector<GroupMember> joined;
    bool renews = false; ///< The secret as well: `profile` is sealed with another one, which all members get.
    [[nodiscard]] bool changes(const seal::Policy& before) const { return profile.has_value() || policy != before; }
};

/// Account key of a contact who may be taken in. Errors: not_a_contact, account_key_changed.
using KeyOf = std::function<Result<PublicKey>(const std::string& user)>;

struct Self {
    std::string user;
    PublicKey account_key;
};

/// Errors: invalid_argument, not_a_contact, account_key_changed.
[[nodiscard]] Result<NextGroup> new_group(const request::GroupCreate& wanted, const Self& self, const KeyOf& key_of,
                                          WallMs now_ms);
/// Errors: as new_group(), and not_allowed, with judge's reason. `profile`: nullptr when it cannot be read here now.
[[nodiscard]] Result<NextGroup> next_group(const seal::Policy& now, const wire::GroupProfile* profile,
                                           const GroupAct& act, const Self& self, const KeyOf& key_of,
                                           port::Entropy& entropy);

} // namespace godwit::engine
