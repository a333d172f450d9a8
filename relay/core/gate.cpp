// SPDX-License-Identifier: Apache-2.0
#include "relay/core/gate.hpp"

#include "lib/wire/names.hpp"
#include "relay/core/departed.hpp"
#include "relay/core/events.hpp"
#include "relay/store/share_tables.hpp"

namespace godwit::relay {
namespace {

Error invalid(std::string detail)
{
    return {ErrorCode::invalid_argument, std::move(detail), 0};
}

std::optional<Error> check_reason(std::string_view reason)
{
    if (reason.size() <= operator_reason_bytes_max && is_utf8(reason)) return std::nullopt;
    return invalid("reason: UTF-8 of at most " + std::to_string(operator_reason_bytes_max) + " bytes");
}

Error disabled()
{
    return {ErrorCode::not_allowed, "this account is disabled by the relay's operator: ask them", 0};
}

Error gone()
{
    return {ErrorCode::not_allowed, "this account was removed by the relay's operator", 0};
}

Error banned()
{
    return {ErrorCode::not_allowed, "this relay's operator lets nobody in from this address", 0};
}

} // namespace

// ---- what the other rooms ask ----

std::optional<Error> Gate::refuses_address(BytesView ip, Moment now)
{
    const auto& all = bans();
    for (const auto& [size, bits] : all.lengths) {
        if (size != ip.size()) continue;
        const auto found = all.prefixes.find(AddressPrefix::of(ip, bits));
        if (found != all.prefixes.end() && (found->second == 0 || found->second > now.wall_ms)) return banned();
    }
    return std::nullopt;
}

std::optional<Error> Gate::refuses_account(AccountRow account)
{
    if (PolicyTable(context_.store).find(account).disabled_ms == 0) return std::nullopt;
    return disabled();
}

std::optional<Error> Gate::refuses_session(AccountRow account, AppRow app)
{
    if (auto why = context_.apps.refuses(app)) return why;
    if (auto why = refuses_account(account)) return why;
    if (context_.store.account(account) || context_.store.failed()) return std::nullopt;
    return gone();
}

std::optional<Error> Gate::refuses_registration(AppRow app, const std::string& user, const PublicKey& key,
                                                const std::string& subscriber, Moment now)
{
    const auto full_name = context_.apps.full_name(app, user);
    const auto ban = BanTable(context_.store).find(BanKind::name, full_name);
    if (ban && (ban->until_ms == 0 || ban->until_ms > now.wall_ms))
        return Error{ErrorCode::name_taken, "this name is not given out on this relay: choose another", 0};
    const auto invitation = InvitationTable(context_.store).find(full_name);
    const bool invited = invitation && invitation->expires_ms > now.wall_ms;
    if (invited && invitation->account_key && *invitation->account_key != key)
        return Error{ErrorCode::name_taken, "this name is kept for somebody else: choose another", 0};
    const auto* const of = context_.apps.find(app);
    if (!invited && !(of == nullptr ? context_.config.registration_open : of->registration_open))
        return Error{ErrorCode::unsupported, "this relay takes no new accounts: ask its operator", 0};
    if (of != nullptr && of->limits.accounts && context_.apps.accounts(app) >= *of->limits.accounts)
        return Error{ErrorCode::quota_exceeded, "this application takes no more accounts: ask its operator", 0};
    if (!context_.config.decide_registration) return std::nullopt;
    switch (context_.config.decide_registration(full_name, key, subscriber, now)) {
    case Decision::yes: return std::nullopt;
    case Decision::no: return Error{ErrorCode::not_allowed, "this relay's operator does not admit this account", 0};
    case Decision::wait: break;
    }
    const auto again_ms = std::chrono::ceil<std::chrono::milliseconds>(registration_decided_after).count();
    return Error{ErrorCode::rate_limited, "whether this account may be made is being decided: ask again",
                 static_cast<std::uint64_t>(again_ms)};
}

void Gate::registered(AppRow app, const std::string& user)
{
    const auto full_name = context_.apps.full_name(app, user);
    InvitationTable table(context_.store);
    if (table.find(full_name)) table.remove(full_name);
}

bool Gate::may_relay(std::string_view full_name)
{
    const auto name = context_.apps.parse(full_name);
    return name && !context_.apps.refuses(name->app) &&
           PolicyTable(context_.store).is_disabled(name->app, name->user) == false;
}

// ---- the operator ----

Result<void> Gate::disable(std::string_view user, std::string_view reason, Moment now)
{
    if (auto wrong = check_reason(reason)) return *std::move(wrong);
    const auto who = account(user);
    if (!who) return who.error();
    PolicyTable table(context_.store);
    auto policy = table.find(who->row);
    if (policy.disabled_ms == 0) policy.disabled_ms = now.wall_ms;
    policy.reason = reason;
    table.set(who->row, policy);
    end_sessions(who->row, disabled());
    context_.changes.ended_accounts.insert(context_.apps.full_name(who->app, who->user));
    return {};
}

Result<void> Gate::enable(std::string_view user)
{
    const auto who = account(user);
    if (!who) return who.error();
    PolicyTable table(context_.store);
    auto policy = table.find(who->row);
    policy.disabled_ms = 0;
    policy.reason.clear();
    table.set(who->row, policy);
    return {};
}

Result<void> Gate::set_quotas(std::string_view user, const Quotas& quotas)
{
    const auto who = account(user);
    if (!who) return who.error();
    PolicyTable table(context_.store);
    auto policy = table.find(who->row);
    policy.quotas = quotas;
    table.set(who->row, policy);
    context_.changes.quotas = true;
    return {};
}

Result<void> Gate::remove(std::string_view user, bool reserve, Moment now, AppRow by)
{
    const auto who = account(user);
    if (!who) return who.error();
    if (reserve)
        if (const auto kept = ban_name(user, "a removed account's name", 0, now, by); !kept) return kept.error();
    depart(context_, *who, now);
    end_sessions(who->row, gone());
    PolicyTable(context_.store).remove_account(context_.store, who->row);
    context_.apps.removed();
    record_event(context_, EventKind::account_removed, context_.apps.full_name(who->app, who->user), "{}", now);
    context_.changes.ended_accounts.insert(context_.apps.full_name(who->app, who->user));
    context_.changes.quotas = true; // what is remembered of its mailboxes and files
    return {};
}

Result<StoredBan> Gate::ban_address(const AddressPrefix& prefix, std::string_view subject, std::string_view reason,
                                    WallMs lifetime_ms, Moment now)
{
    auto done = ban({0, BanKind::address, std::string(subject), prefix, std::string(reason), 0, 0}, lifetime_ms, now,
                    relays_own);
    if (!done) return done;
    context_.sessions.each([&](Session& session) {
        if (session.ending || !prefix.contains(session.peer.ip)) return;
        session.ending = banned();
        context_.changes.endings.insert(session.link);
    });
    return done;
}

Result<StoredBan> Gate::ban_name(std::string_view user, std::string_view reason, WallMs lifetime_ms, Moment now,
                                 AppRow by)
{
    if (const auto name = context_.apps.parse(user); !name || !wire::is_user_name(name->user))
        return invalid("subject: " + std::string(user) + " is no user name, or of no application");
    return ban({0, BanKind::name, std::string(user), {}, std::string(reason), 0, 0}, lifetime_ms, now, by);
}

Result<StoredBan> Gate::ban(StoredBan draft, WallMs lifetime_ms, Moment now, AppRow by)
{
    if (auto wrong = check_reason(draft.reason)) return *std::move(wrong);
    if (lifetime_ms < 0 || lifetime_ms > ban_lifetime_ms_max)
        return invalid("lifetime: within " + std::to_string(ban_lifetime_ms_max / (24 * 3600 * 1000)) +
                       " days, or 0: until it is lifted");
    draft.created_ms = now.wall_ms;
    draft.until_ms = lifetime_ms == 0 ? 0 : now.wall_ms + lifetime_ms;
    BanTable table(context_.store);
    table.remove_over(now.wall_ms);
    const auto suffix = app_suffix(draft.subject);
    const auto most = bound_for(by, bans_max);
    if (!table.find(draft.kind, draft.subject) && ShareTable(context_.store).bans(suffix) >= most)
        return Error{ErrorCode::quota_exceeded,
                     "this relay keeps " + std::to_string(most) +
                         (suffix.empty() ? " bans: lift some, or use wider prefixes"
                                         : " bans for " + std::string(suffix) + ": lift some"),
                     0};
    draft.id = table.add(draft);
    bans_.reset();
    context_.changes.rules = true;
    return draft;
}

Result<StoredBan> Gate::unban(std::int64_t id)
{
    BanTable table(context_.store);
    auto found = table.find(id);
    if (!found) return invalid("there is no ban of this id");
    table.remove(id);
    bans_.reset();
    context_.changes.rules = true;
    return *std::move(found);
}

Result<StoredInvitation> Gate::invite(std::string_view user, std::optional<PublicKey> key, WallMs lifetime_ms,
                                      Moment now, AppRow by)
{
    const auto name = context_.apps.parse(user);
    if (!name || !wire::is_user_name(name->user))
        return invalid("user: " + std::string(user) + " is no user name, or of no application");
    if (lifetime_ms <= 0 || lifetime_ms > invitation_lifetime_ms_max)
        return invalid("lifetime: within " + std::to_string(invitation_lifetime_ms_max / (24 * 3600 * 1000)) + " days");
    if (context_.store.account(name->app, name->user))
        return Error{ErrorCode::name_taken, "there is an account of this name", 0};
    InvitationTable table(context_.store);
    table.remove_over(now.wall_ms);
    const auto suffix = app_suffix(user);
    const auto most = bound_for(by, invitations_max);
    if (!table.find(user) && ShareTable(context_.store).invitations(suffix) >= most)
        return Error{ErrorCode::quota_exceeded,
                     "this relay keeps " + std::to_string(most) + " invitations" +
                         (suffix.empty() ? "" : " for " + std::string(suffix)) + ": take some back",
                     0};
    StoredInvitation out{std::string(user), key, now.wall_ms, now.wall_ms + lifetime_ms};
    table.add(out);
    return out;
}

Result<void> Gate::uninvite(std::string_view user)
{
    InvitationTable table(context_.store);
    if (!table.find(user)) return invalid("nobody is invited under this name");
    table.remove(user);
    return {};
}

const Gate::Bans& Gate::bans()
{
    if (bans_) return *bans_;
    Bans out;
    for (const auto& one : BanTable(context_.store).all())
        if (one.kind == BanKind::address) {
            out.lengths.insert({one.prefix.bytes.size(), one.prefix.bits});
            out.prefixes[one.prefix] = one.until_ms;
        }
    bans_ = std::move(out);
    if (context_.store.failed()) { // half a list is none: next time again
        static const Bans nobody;
        bans_.reset();
        return nobody;
    }
    return *bans_;
}

Result<StoredAccount> Gate::account(std::string_view full_name)
{
    const auto name = context_.apps.parse(full_name);
    auto out = name ? context_.store.account(name->app, name->user) : std::nullopt;
    if (!out) return Error{ErrorCode::no_such_user, "there is no account of this name", 0};
    return *std::move(out);
}

Result<StoredApp> Gate::add_app(std::string_view name, Moment now)
{
    context_.changes.rules = true;
    return context_.apps.add(name, context_.entropy, now.wall_ms);
}

Result<StoredApp> Gate::renew_app_key(std::string_view name)
{
    context_.changes.rules = true;
    return context_.apps.renew_key(name, context_.entropy);
}

Result<void> Gate::remove_app(std::string_view name)
{
    context_.changes.rules = true;
    return context_.apps.remove(name);
}

Result<StoredApp> Gate::change_app(std::string_view name, const AppChange& change)
{
    context_.changes.quotas = context_.changes.rules = true;
    return context_.apps.change(name, change);
}

Result<StoredApp> Gate::disable_app(std::string_view name, bool disabled, Moment now)
{
    context_.changes.rules = true;
    auto done = context_.apps.disable(name, disabled, now.wall_ms);
    if (!done || !disabled) return done;
    const auto why = context_.apps.refuses(done->row);
    context_.sessions.each([&](Session& session) {
        if (session.app != done->row || session.ending || !why) return;
        session.ending = *why;
        context_.changes.endings.insert(session.link);
        if (session.account != 0) context_.changes.ended_accounts.insert(session.user + "@" + done->name);
    });
    return done;
}

void Gate::end_sessions(AccountRow account, const Error& why)
{
    context_.sessions.each([&](Session& session) {
        if (session.account != account || session.ending) return;
        session.ending = why;
        context_.changes.endings.insert(session.link);
    });
}

} // namespace godwit::relay
