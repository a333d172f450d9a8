// SPDX-License-Identifier: Apache-2.0
#include "relay/core/accounts.hpp"

#include "lib/crypto/hash.hpp"
#include "lib/crypto/wiped.hpp"
#include "lib/identity/device_list.hpp"
#include "lib/wire/names.hpp"
#include "relay/core/events.hpp"

namespace godwit::relay {
namespace {

/// An account that this relay has lost comes back with the version that its devices know. Versions must not run out.
constexpr std::uint64_t first_version_max = 1ULL << 32;
/// Before who found its application full tries again.
constexpr auto app_full_wait = std::chrono::seconds(30);
constexpr WallMs day_ms = 24 * 3600 * 1000;

/// Two names in one, that no other pair spells: names of accounts have no slash.
std::string pair_of(const std::string& full_name, const std::string& address)
{
    return full_name + "/" + address;
}

} // namespace

Accounts::Accounts(Context& context, Gate& gate)
    : context_(context), gate_(gate),
      by_account_and_address_(context.config.limits.login_per_account_and_address, context.config.limits.throttled_max),
      by_address_(context.config.limits.login_per_address, context.config.limits.throttled_max),
      by_account_(context.config.limits.login_per_account, context.config.limits.throttled_max),
      registrations_(context.config.limits.registrations_per_address, context.config.limits.throttled_max)
{
    context.entropy.fill(nobodys_salt_.bytes);
}

Answer Accounts::register_account(Session& session, const frame::RegisterAccount& request, Moment now)
{
    if (session.account != 0) return {ErrorCode::already_registered, "this connection is logged in: log out first"};
    if (!wire::is_user_name(request.user))
        return {ErrorCode::invalid_argument,
                "user names have 1 to 32 characters of a-z, 0-9, '.', '_' and '-', and start with a letter or digit"};
    if (const auto wait = wait_at(session.peer.subscriber, now); wait > Duration::zero()) {
        ++context_.counters.logins_throttled;
        return slow_down(wait);
    }
    // Signatures are work, and whoever sends wrong ones has them looked at no faster than passwords.
    if (auto wrong = check_registration(session, request)) {
        by_address_.take(session.peer.subscriber, now.mono);
        return *std::move(wrong);
    }

    if (auto no = context_.apps.refuses(session.app)) {
        by_address_.take(session.peer.subscriber, now.mono); // keys of applications are not found by trying
        return *std::move(no);
    }

    auto device = context_.store.device(session.peer.device);
    if (const auto existing = context_.store.account(session.app, request.user)) {
        // The answer to the first try may have been lost: the same account comes again, and its key has signed for it.
        const bool same =
            existing->account_key == request.account_key &&
            crypto::secure_equal(hash(existing->salt, request.login_secret).view(), existing->login_hash.view());
        if (!same) {
            // It tells that the name exists, and with the account's key whether the password is right.
            took_wrong_credentials(session.peer.subscriber, now);
            return {ErrorCode::name_taken, "this name is taken: choose another"};
        }
        if (!device || device->account != existing->row || existing->device_list != request.device_list)
            return {ErrorCode::conflict, "this account is registered already: log in"};
        if (auto no = refuses(*existing, &*device)) return *std::move(no);
        enter(session, *existing, *device, now);
        return session_info(session, now);
    }
    // Before anybody is asked about it: who may not register now has no question sent.
    if (const auto wait = registrations_.wait(session.peer.subscriber, now.mono); wait > Duration::zero())
        return slow_down(wait);
    if (auto no =
            gate_.refuses_registration(session.app, request.user, request.account_key, session.peer.subscriber, now)) {
        if (no->code != ErrorCode::rate_limited) by_address_.take(session.peer.subscriber, now.mono);
        return *std::move(no);
    }
    if (device) return {ErrorCode::already_registered, "this device belongs to another account: log out there first"};
    if (context_.store.has_account_key(request.account_key))
        return {ErrorCode::already_registered, "this account is registered under another name: log in to it"};

    StoredAccount account;
    account.app = session.app;
    account.user = request.user;
    const StoredDevice newcomer; // of no row yet
    if (auto no = refuses(account, &newcomer)) return *std::move(no);
    account.account_key = request.account_key;
    context_.entropy.fill(account.salt.bytes);
    account.login_hash = hash(account.salt, request.login_secret);
    account.vault = request.vault;
    account.device_list = request.device_list;
    account.row = context_.store.add_account(account, now.wall_ms);
    context_.apps.registered(account.app);
    device = StoredDevice{0, account.row, session.peer.device, session.client_version, session.platform, now.wall_ms};
    device->row = context_.store.add_device(*device, now.wall_ms);
    context_.changes.devices.insert(account.row);
    gate_.registered(session.app, request.user);
    registrations_.take(session.peer.subscriber, now.mono);
    ++context_.counters.registrations;
    record_event(context_, EventKind::account_created, context_.apps.full_name(account.app, account.user),
                 "{\"account_key\":\"" + to_base64url(account.account_key.view()) + "\"}", now);
    enter(session, account, *device, now);
    return session_info(session, now);
}

std::optional<Error> Accounts::check_registration(const Session& session, const frame::RegisterAccount& request) const
{
    const auto list = identity::verify_device_list(request.device_list, request.user, request.account_key);
    if (!list) return list.error();
    const auto certificate = identity::verify_certificate(request.certificate, request.user, request.account_key);
    if (!certificate) return certificate.error();
    if (certificate->device != session.peer.device)
        return Error{ErrorCode::authentication_failed,
                     "the device certificate names another device than this connection's", 0};
    const auto* const own = list->find(session.peer.device);
    if (own == nullptr || wire::encode(*own) != request.certificate ||
        (list->version == 1 && list->devices.size() != 1) || list->version > first_version_max)
        return Error{ErrorCode::authentication_failed,
                     "the first device list has this device's certificate, and in version 1 no other", 0};
    return std::nullopt;
}

Answer Accounts::login(Session& session, const frame::Login& request, Moment now)
{
    if (session.account != 0) return {ErrorCode::already_registered, "this connection is logged in: log out first"};
    session.proved = 0;
    const auto& address = session.peer.subscriber;
    const auto full_name = context_.apps.full_name(session.app, request.user);
    const auto place = pair_of(full_name, address);
    const auto known_device = context_.store.device(session.peer.device);
    const auto known = context_.store.login(session.app, request.user);

    auto wait = std::max(by_account_and_address_.wait(place, now.mono), by_address_.wait(address, now.mono));
    const bool at_home = is_known_place(place) || (known_device && known && known_device->account == known->account);
    if (!at_home) wait = std::max(wait, by_account_.wait(full_name, now.mono));
    if (wait > Duration::zero()) {
        ++context_.counters.logins_throttled;
        return slow_down(wait);
    }

    if (auto no = context_.apps.refuses(session.app)) {
        by_address_.take(address, now.mono);
        return *std::move(no);
    }

    const auto computed = hash(known ? known->salt : nobodys_salt_, request.login_secret);
    const auto expected = known ? known->hash : LoginHash{};
    const bool equal = crypto::secure_equal(computed.view(), expected.view());
    // Only who has shown the password has the rest of the row read: it may be long, and time tells.
    const auto account = equal && known ? context_.store.account(known->account) : std::nullopt;
    if (!account) {
        by_account_and_address_.take(place, now.mono);
        by_account_.take(full_name, now.mono);
        took_wrong_credentials(address, now);
        return wrong_credentials();
    }
    by_account_and_address_.forget(place);
    remember_place(place);
    ++context_.counters.logins_by_password;
    if (auto no = refuses(*account)) return *std::move(no);
    if (context_.store.was_removed(account->row, session.peer.device)) return removed();
    session.proved = account->row;
    const bool vacant = context_.store.devices(account->row).empty();
    return frame::ResponseBody(frame::LoginOk{account->account_key, account->vault, account->device_list, vacant});
}

Answer Accounts::wrong_credentials()
{
    return {ErrorCode::wrong_credentials, "the user name or the password is wrong"};
}

Answer Accounts::removed()
{
    return {ErrorCode::device_revoked, "this device was removed from its account: it may come back as a new one"};
}

std::optional<Error> Accounts::refuses(const StoredAccount& account, const StoredDevice* device)
{
    if (auto no = context_.apps.refuses(account.app)) return no;
    if (auto no = gate_.refuses_account(account.row)) return no;
    if (device == nullptr || account.app == relays_own) return std::nullopt;
    const auto most = context_.apps.limits(account.app).sessions;
    const auto there = context_.sessions.of_app(account.app) + context_.changes.app_logins[account.app];
    if (!most || there < *most || context_.sessions.of_device(device->row) != nullptr) return std::nullopt;
    return Error{ErrorCode::quota_exceeded,
                 "this application's limit is " + std::to_string(*most) + " connected devices: try again later",
                 static_cast<std::uint64_t>(std::chrono::milliseconds(app_full_wait).count())};
}

void Accounts::forget_failed_logins(const std::string& full_name)
{
    by_account_.forget(full_name);
    by_account_and_address_.forget_beginning(pair_of(full_name, {}));
}

void Accounts::took_wrong_credentials(const std::string& address, Moment now)
{
    by_address_.take(address, now.mono);
    ++context_.counters.logins_refused;
}

Answer Accounts::resume(Session& session, Moment now)
{
    if (session.account != 0) return session_info(session, now);
    const auto device = context_.store.device(session.peer.device);
    const auto account = device ? context_.store.account(device->account) : std::nullopt;
    if (!account) return {ErrorCode::device_revoked, "this relay does not know this device: log in again"};
    if (auto no = refuses(*account, &*device)) return *std::move(no);
    enter(session, *account, *device, now);
    return session_info(session, now);
}

Answer Accounts::session_info(const Session& session, Moment now)
{
    frame::Session out;
    out.user = session.user;
    if (context_.config.turn_servers)
        out.turn_servers =
            context_.config.turn_servers(context_.apps.full_name(session.app, session.user), now.wall_ms);
    out.stun_host = context_.config.stun_host;
    out.stun_port = context_.config.stun_port;
    const auto packages = context_.store.key_package_count(session.device);
    out.key_packages = packages.one_time;
    out.last_resort = packages.last_resort;
    return frame::ResponseBody(std::move(out));
}

/// A device that comes back writes only when there is news, so that logging in works with a full disk.
void Accounts::enter(Session& session, const StoredAccount& account, const StoredDevice& device, Moment now)
{
    const bool news = device.client_version != session.client_version || device.platform != session.platform ||
                      now.wall_ms - device.seen_ms >= day_ms;
    if (news) {
        auto updated = device;
        updated.client_version = session.client_version;
        updated.platform = session.platform;
        updated.seen_ms = now.wall_ms;
        context_.store.update_device(updated);
    }
    if (account.app != 0 && context_.sessions.of_device(device.row) == nullptr)
        ++context_.changes.app_logins[account.app];
    session.app = account.app;
    session.account = device.account;
    session.device = device.row;
    session.user = account.user;
    session.account_key = account.account_key;
    context_.changes.logins.push_back(session.link);
}

/// The secret is uniformly random as far as the password is good (Argon2id, docs/protocol.md), so one fast keyed hash
/// keeps a stolen database from being a list of login secrets.
LoginHash Accounts::hash(const LoginSalt& salt, const Secret& secret)
{
    LoginHash out;
    crypto::derive(salt.view(), "godwit relay login 1", {secret.view()}, out.bytes);
    return out;
}

void Accounts::remember_place(const std::string& place)
{
    if (!places_.insert(place).second) return;
    places_in_order_.push_back(place);
    if (places_in_order_.size() > context_.config.limits.throttled_max) {
        places_.erase(places_in_order_.front());
        places_in_order_.pop_front();
    }
}

} // namespace godwit::relay
