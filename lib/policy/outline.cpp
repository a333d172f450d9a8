// SPDX-License-Identifier: Apache-2.0
#include "lib/policy/outline.hpp"

#include "lib/crypto/hash.hpp"
#include "lib/wire/mls_outline.hpp"
#include "lib/wire/mls_walker.hpp"

#include <limits>

namespace godwit::policy {
namespace {

using wire::MlsWalker;

// lib/seal/accounts_extension.hpp, lib/seal/policy_extension.cpp.
constexpr std::uint64_t accounts_type = 0xf0d1;
constexpr std::uint64_t policy_type = 0xf0d2;
constexpr std::uint64_t form_version = 1;
constexpr std::uint64_t flag_all_muted = 1;
constexpr std::uint64_t flag_receipts = 2;
constexpr std::uint64_t flag_dissolved = 4;
constexpr std::uint64_t flag_stale = 8;

/// Past the end of time: negative, and no policy is sound with that.
std::int64_t milliseconds(MlsWalker& in)
{
    const auto out = in.integer(8);
    return out > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) ? -1
                                                                                      : static_cast<std::int64_t>(out);
}

struct Found {
    BytesView accounts, policy;
};

std::optional<Found> find(BytesView extensions)
{
    Found out;
    MlsWalker in(extensions);
    while (in.more()) {
        const auto type = in.integer(2);
        const auto data = in.opaque();
        if (type == accounts_type) out.accounts = data;
        if (type == policy_type) out.policy = data;
    }
    if (!in.good() || out.accounts.empty() || out.policy.empty()) return std::nullopt;
    return out;
}

std::optional<std::vector<PublicKey>> read_accounts(BytesView bytes)
{
    MlsWalker outer(bytes);
    MlsWalker in(outer.opaque());
    outer.require(outer.done());
    std::vector<PublicKey> out;
    while (in.more() && out.size() < group_members_max)
        if (const auto key = PublicKey::from(in.raw(PublicKey::size_bytes))) out.push_back(*key);
    if (!outer.good() || !in.done()) return std::nullopt;
    return out;
}

} // namespace

std::optional<Policy> read_outline(BytesView context_extensions)
{
    const auto found = find(context_extensions);
    const auto accounts = found ? read_accounts(found->accounts) : std::nullopt;
    if (!accounts) return std::nullopt;
    MlsWalker in(found->policy);
    Policy out;
    in.require(in.integer(1) == form_version);
    out.kind = static_cast<ConversationKind>(in.integer(1));
    out.invite = static_cast<Role>(in.integer(1));
    out.join = static_cast<JoinRule>(in.integer(1));
    const auto flags = in.integer(1);
    out.all_muted = (flags & flag_all_muted) != 0;
    out.receipts = (flags & flag_receipts) != 0;
    out.dissolved = (flags & flag_dissolved) != 0;
    out.stale = (flags & flag_stale) != 0;
    out.expires_ms = milliseconds(in);
    out.profile = to_bytes(in.opaque());
    MlsWalker rows(in.opaque());
    for (const auto& account : *accounts) {
        GroupMember member;
        member.user = std::string(as_text(rows.opaque()));
        member.account_key = account;
        member.role = static_cast<Role>(rows.integer(1));
        member.muted_until_ms = milliseconds(rows);
        if (!rows.good()) return std::nullopt;
        out.members.push_back(std::move(member));
    }
    if (!in.done() || !rows.done() || !is_sound(out)) return std::nullopt;
    return out;
}

Bytes rules_digest(BytesView context_extensions)
{
    Bytes out(wire::rules_bytes);
    crypto::blake2b({}, context_extensions, out);
    return out;
}

} // namespace godwit::policy
