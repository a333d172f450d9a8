// SPDX-License-Identifier: Apache-2.0
#include "lib/seal/policy_extension.hpp"

#include "lib/base/check.hpp"
#include "lib/mls/codec.hpp"
#include "lib/policy/outline.hpp"
#include "lib/wire/mls_walker.hpp"

#include <limits>

namespace godwit::policy {
namespace {

constexpr std::uint8_t form_version = 1;
constexpr std::uint8_t flag_all_muted = 1;
constexpr std::uint8_t flag_receipts = 2;
constexpr std::uint8_t flag_dissolved = 4;
constexpr std::uint8_t flag_stale = 8;

struct Row {
    Bytes user;
    std::uint8_t role = 0;
    std::uint64_t muted_until_ms = 0;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.user, s.role, s.muted_until_ms);
    }
};

struct Form {
    std::uint8_t version = form_version;
    std::uint8_t kind = 0;
    std::uint8_t invite = 0;
    std::uint8_t join = 0;
    std::uint8_t flags = 0;
    std::uint64_t expires_ms = 0;
    Bytes profile;
    std::vector<Row> members;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.version, s.kind, s.invite, s.join, s.flags, s.expires_ms, s.profile, s.members);
    }
};

/// Past the end of time the result is negative, and no policy is sound with that.
std::int64_t signed_ms(std::uint64_t ms)
{
    return ms > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) ? -1
                                                                                     : static_cast<std::int64_t>(ms);
}

} // namespace
} // namespace godwit::policy

template <>
inline constexpr std::size_t godwit::mls::list_items_max<godwit::policy::Row> = godwit::group_members_max;

namespace godwit::policy {

mls::Extensions encode(const Policy& policy)
{
    GODWIT_ASSERT(is_sound(policy));
    Form form;
    form.kind = static_cast<std::uint8_t>(policy.kind);
    form.invite = static_cast<std::uint8_t>(policy.invite);
    form.join = static_cast<std::uint8_t>(policy.join);
    form.flags =
        static_cast<std::uint8_t>((policy.all_muted ? flag_all_muted : 0) | (policy.receipts ? flag_receipts : 0) |
                                  (policy.dissolved ? flag_dissolved : 0) | (policy.stale ? flag_stale : 0));
    form.expires_ms = static_cast<std::uint64_t>(policy.expires_ms);
    form.profile = policy.profile;
    seal::AccountKeys keys;
    for (const GroupMember& member : policy.members) {
        keys.items.push_back(member.account_key.bytes);
        form.members.push_back({to_bytes(as_bytes(member.user)), static_cast<std::uint8_t>(member.role),
                                static_cast<std::uint64_t>(member.muted_until_ms)});
    }
    const mls::RequiredCapabilities required{{seal::accounts_extension, extension}, {}, {mls::CredentialType::basic}};
    return {mls::make_extension(mls::ExtensionType::required_capabilities, required),
            mls::make_extension(seal::accounts_extension, keys), mls::make_extension(extension, form)};
}

// What decodes must be what encode() makes of it: one policy has one form.
std::optional<Policy> decode(const mls::Extensions& extensions)
{
    const auto form = mls::get_extension<Form>(extensions, extension);
    const auto keys = mls::get_extension<seal::AccountKeys>(extensions, seal::accounts_extension);
    if (!form || !form->has_value() || !keys || !keys->has_value()) return std::nullopt;
    const Form& f = **form;
    const auto& accounts = (*keys)->items;
    if (f.version != form_version || f.members.size() != accounts.size()) return std::nullopt;
    Policy out;
    out.kind = static_cast<ConversationKind>(f.kind);
    out.invite = static_cast<Role>(f.invite);
    out.join = static_cast<JoinRule>(f.join);
    out.all_muted = (f.flags & flag_all_muted) != 0;
    out.receipts = (f.flags & flag_receipts) != 0;
    out.dissolved = (f.flags & flag_dissolved) != 0;
    out.stale = (f.flags & flag_stale) != 0;
    out.expires_ms = signed_ms(f.expires_ms);
    out.profile = f.profile;
    for (std::size_t i = 0; i < accounts.size(); ++i)
        out.members.push_back({std::string(as_text(f.members[i].user)), PublicKey{accounts[i]},
                               static_cast<Role>(f.members[i].role), signed_ms(f.members[i].muted_until_ms)});
    if (!is_sound(out) || encode(out) != extensions) return std::nullopt;
    return out;
}

Bytes rules_of(const mls::Extensions& extensions)
{
    const auto encoded = mls::encode(mls::ListOf<mls::Extension>{extensions});
    return rules_digest(wire::MlsWalker(encoded).opaque());
}

} // namespace godwit::policy
