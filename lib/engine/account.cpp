// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/account.hpp"

#include "lib/crypto/hash.hpp"
#include "lib/crypto/signing.hpp"
#include "lib/crypto/vault.hpp"
#include "lib/identity/device_list.hpp"
#include "lib/wire/device_name.hpp"

#include <algorithm>

namespace godwit::engine::account {

namespace {

constexpr std::string_view confirmed_name = "account/confirmed";
/// This device has asked to be logged out, and has no answer yet.
constexpr std::string_view leaving_name = "account/leaving";
/// The list that register has asked a relay to take which had lost the account.
constexpr std::string_view coming_name = "account/coming_again";
/// Device ids, 32 bytes each, the newest last.
constexpr std::string_view removed_name = "account/removed_devices";
constexpr std::size_t seed_bytes = 32;

WipingBytes random_seed(port::Entropy& entropy)
{
    WipingBytes out(seed_bytes);
    entropy.fill(out);
    return out;
}

std::string refusal_name(std::string_view user)
{
    return "refused_list/" + std::string(user);
}

std::vector<DeviceId> removed_in_order(port::Store& store)
{
    std::vector<DeviceId> out;
    const auto bytes = store.value(removed_name).value_or(Bytes());
    for (std::size_t at = 0; at + DeviceId::size_bytes <= bytes.size(); at += DeviceId::size_bytes)
        out.push_back(*DeviceId::from(BytesView(bytes).subspan(at, DeviceId::size_bytes)));
    return out;
}

void put_removed(port::Store& store, const std::vector<DeviceId>& devices)
{
    Bytes out;
    for (const auto& one : devices)
        append(out, one.view());
    store.put_value(removed_name, out);
}

void make_device_keys(Context& context, port::StoredIdentity& identity)
{
    identity.device_seed = random_seed(context.entropy);
    identity.device = crypto::SigningKey::from_seed(identity.device_seed).public_key();
}

/// This device's certificate, in the list that follows `known` (nullptr: in the first).
Result<void> certify(const std::string& device_name, const identity::DeviceList* known, port::StoredIdentity& identity,
                     Moment now)
{
    wire::DeviceCertificate certificate;
    certificate.user = identity.user;
    certificate.device = identity.device;
    certificate.created_ms = now.wall_ms;
    // One that was kept before there was a rule is left out rather than the device.
    if (wire::check_device_name(device_name)) certificate.device_name = device_name;
    certificate = identity::sign_certificate(std::move(certificate), identity.account_seed);
    identity.certificate = wire::encode(certificate);
    if (known == nullptr) {
        identity.device_list =
            identity::sign_device_list(identity.user, identity.account_seed, 1, {certificate}, now.wall_ms).encoded;
        return {};
    }
    auto list = identity::with_device(*known, certificate, identity.user, identity.account_seed, now.wall_ms);
    if (!list) return std::move(list).error();
    identity.device_list = std::move(list->encoded);
    return {};
}

/// The newest list that a relay has confirmed to this home.
std::optional<identity::DeviceList> confirmed_list(port::Store& store)
{
    const auto stored = confirmed(store) ? store.identity() : std::nullopt;
    if (!stored) return std::nullopt;
    auto list = identity::verify_device_list(stored->device_list, stored->user, stored->account_key);
    return list ? std::optional(*std::move(list)) : std::nullopt;
}

/// The account's current list, as the relay or a linking device shows it, mended when this home knows better.
Result<identity::DeviceList> current_list(Context& context, BytesView shown, bool vacant,
                                          const port::StoredIdentity& identity, Moment now)
{
    auto list = identity::verify_device_list(shown, identity.user, identity.account_key);
    if (!list) return list;
    if (const auto known = confirmed_list(context.store)) {
        const auto how = identity::judge(*known, *list);
        const bool older = how == identity::Succession::rollback;
        if (older || how == identity::Succession::conflict) {
            if (is_first_refusal(context.store, identity.user, shown))
                context.security(older ? SecurityKind::device_list_rollback : SecurityKind::device_list_conflict,
                                 identity.user, {},
                                 "the relay shows device list " + std::to_string(list->version) + ", and another " +
                                     std::to_string(known->version) + " is known: a newer one takes their place");
            if (auto mended = identity::mend(*known, *list, removed_devices(context.store), identity.user,
                                             identity.account_seed, now.wall_ms))
                return *std::move(mended);
        }
    }
    if (vacant) list->devices.clear(); // The last of them has logged out: this one starts anew.
    return list;
}

/// With the list that is known: the one that is asked for counts when the relay has taken it.
void put_unanswered(port::Store& store, port::StoredIdentity identity)
{
    const auto stored = confirmed(store) ? store.identity() : std::nullopt;
    identity.device_list = stored ? stored->device_list : Bytes();
    store.put_identity(identity);
}

/// The same account and device, for a relay that has lost them: the known list, in a version above it.
port::StoredIdentity come_again(Context& context, port::StoredIdentity identity, const std::string& device_name,
                                Moment now)
{
    const auto read = [&](BytesView list) {
        return identity::verify_device_list(list, identity.user, identity.account_key);
    };
    const auto known = read(identity.device_list);
    if (!known) return identity;
    // The answer to an earlier try may be lost: the same again.
    const auto asked = read(context.store.value(coming_name).value_or(Bytes()));
    if (asked && identity::mends(*known, *asked)) {
        identity.device_list = asked->encoded;
        return identity;
    }
    auto next = identity::mend(*known, *known, removed_devices(context.store), identity.user, identity.account_seed,
                               now.wall_ms);
    if (!next) return identity;
    if (next->find(identity.device) != nullptr)
        identity.device_list = std::move(next->encoded);
    else if (certify(device_name, &*next, identity, now)) // The device's keys are new.
        put_unanswered(context.store, identity);
    context.store.put_value(coming_name, identity.device_list);
    return identity;
}

/// The home's identity when it may serve these credentials; nullopt: none, start afresh. Errors: already_registered.
Result<std::optional<port::StoredIdentity>> take_up(Context& context, const Credentials& credentials)
{
    auto identity = context.store.identity();
    if (!identity) return std::optional<port::StoredIdentity>();
    const bool same = identity->user == credentials.user && identity->relay == credentials.relay_text;
    if (identity->logged_in || (!same && confirmed(context.store)))
        return Error{ErrorCode::already_registered,
                     "this home holds the account " + identity->user + ": log out, or use another home", 0};
    if (!same) identity.reset(); // Never confirmed: nobody has seen it.
    return identity;
}

} // namespace

bool confirmed(port::Store& store)
{
    return store.value(confirmed_name).has_value();
}

void set_confirmed(port::Store& store)
{
    store.put_value(confirmed_name, as_bytes("1"));
    if (store.value(coming_name)) store.remove_value(coming_name);
}

bool leaving(port::Store& store)
{
    return store.value(leaving_name).has_value();
}

void set_leaving(port::Store& store, bool leaves)
{
    if (leaves)
        store.put_value(leaving_name, as_bytes("1"));
    else if (leaving(store))
        store.remove_value(leaving_name);
}

Result<port::StoredIdentity> prepare_register(Context& context, const Credentials& credentials, Moment now)
{
    auto known = take_up(context, credentials);
    if (!known) return std::move(known).error();
    port::StoredIdentity identity;
    if (*known && confirmed(context.store)) {
        if ((*known)->account_seed.empty())
            return Error{ErrorCode::already_registered,
                         "this account exists: log in with its password; if the relay has lost it, this home has no "
                         "key of it any more: register in a device that was not logged out, or in another home",
                         0};
        if ((*known)->device_seed.empty()) make_device_keys(context, **known);
        return come_again(context, std::move(**known), credentials.device_name, now);
    }
    if (*known && !(*known)->account_seed.empty() && !(*known)->device_seed.empty()) {
        identity = std::move(**known);
    } else {
        identity.relay = credentials.relay_text;
        identity.user = credentials.user;
        identity.account_seed = random_seed(context.entropy);
        identity.account_key = crypto::SigningKey::from_seed(identity.account_seed).public_key();
        make_device_keys(context, identity);
        (void)certify(credentials.device_name, nullptr, identity, now);
    }
    context.store.put_identity(identity);
    return identity;
}

Result<port::StoredIdentity> prepare_login(Context& context, const Credentials& credentials)
{
    auto known = take_up(context, credentials);
    if (!known) return std::move(known).error();
    port::StoredIdentity identity;
    if (*known) identity = std::move(**known);
    identity.relay = credentials.relay_text;
    identity.user = credentials.user;
    if (identity.device_seed.empty()) make_device_keys(context, identity);
    return identity;
}

Result<port::StoredIdentity> prepare_link(Context& context, const std::string& relay_text)
{
    // Which account it will be is not known yet: only a home without one will do.
    if (const auto known = context.store.identity(); known && (known->logged_in || confirmed(context.store)))
        return Error{ErrorCode::already_registered,
                     "this home holds the account " + known->user + ": log in to it, or use another home", 0};
    port::StoredIdentity identity;
    identity.relay = relay_text;
    make_device_keys(context, identity);
    return identity;
}

Result<void> complete_login(Context& context, const Credentials& credentials, const wire::relay::LoginOk& login,
                            port::StoredIdentity& identity, Moment now)
{
    if (confirmed(context.store) && !identity.account_key.is_zero() && identity.account_key != login.account_key)
        return Error{ErrorCode::authentication_failed,
                     "the relay shows another account under this name than this home's history belongs to", 0};
    auto seed = crypto::open_vault(credentials.vault_key, credentials.user, login.account_key, login.vault);
    if (!seed) return seed.error();
    identity.account_key = login.account_key;
    identity.account_seed = WipingBytes::copy_of(seed->view());
    const auto list = current_list(context, login.device_list, login.vacant, identity, now);
    if (!list) return list.error();
    if (auto done = certify(credentials.device_name, &*list, identity, now); !done) return done;
    put_unanswered(context.store, identity);
    return {};
}

Result<void> complete_link(Context& context, const seal::LinkGrant& grant, const std::string& device_name,
                           port::StoredIdentity& identity, Moment now)
{
    if (!wire::is_user_name(grant.user) || grant.account_seed.size() != seed_bytes ||
        crypto::SigningKey::from_seed(grant.account_seed).public_key() != grant.account_key)
        return Error{ErrorCode::authentication_failed, "what the other device has granted makes no sense", 0};
    identity.user = grant.user;
    identity.account_key = grant.account_key;
    identity.account_seed = grant.account_seed;
    const auto list = current_list(context, grant.device_list, false, identity, now);
    if (!list) return list.error();
    if (auto done = certify(device_name, &*list, identity, now); !done) return done;
    put_unanswered(context.store, identity);
    return {};
}

Result<void> complete_again(Context& context, BytesView shown, const std::string& device_name,
                            port::StoredIdentity& identity, Moment now)
{
    auto list = current_list(context, shown, false, identity, now);
    if (!list) return list.error();
    const auto refused = identity::verify_device_list(identity.device_list, identity.user, identity.account_key);
    if (!refused) return refused.error();
    // The list that came with the grant is the account's own word: a relay that shows less gets a mended one, for
    // nobody signs a version twice because of it.
    if (list->version < refused->version) {
        auto mended = identity::mend(*refused, *list, removed_devices(context.store), identity.user,
                                     identity.account_seed, now.wall_ms);
        if (!mended) return Error{ErrorCode::conflict, "the relay's device list is older than the granted one", 0};
        identity.device_list = std::move(mended->encoded);
    } else if (auto done = certify(device_name, &*list, identity, now); !done) {
        return done;
    }
    put_unanswered(context.store, identity);
    return {};
}

FixedBytes<32, wire::relay::LoginSecretTag> login_secret(const Credentials& credentials)
{
    return FixedBytes<32, wire::relay::LoginSecretTag>::from(credentials.login_secret).value();
}

wire::relay::RegisterAccount register_frame(Context& context, const Credentials& credentials,
                                            const port::StoredIdentity& identity)
{
    wire::relay::RegisterAccount out;
    out.user = identity.user;
    out.login_secret = login_secret(credentials);
    out.account_key = identity.account_key;
    out.vault = crypto::seal_vault(credentials.vault_key, identity.user, identity.account_key, identity.account_seed,
                                   context.entropy);
    out.certificate = identity.certificate;
    out.device_list = identity.device_list;
    return out;
}

void forget_device(port::Store& store, port::StoredIdentity identity, Withdrawn what)
{
    set_leaving(store, false);
    identity.logged_in = false;
    if (!identity.device.is_zero()) note_removed(store, identity.device);
    identity.device = {};
    identity.device_seed.clear();
    if (what == Withdrawn::account) identity.account_seed.clear();
    identity.certificate.clear();
    store.put_identity(identity);
}

void lay_by(port::Store& store, port::StoredIdentity identity)
{
    identity.logged_in = false;
    store.put_identity(identity);
}

std::set<DeviceId> removed_devices(port::Store& store)
{
    std::set<DeviceId> out;
    for (const auto& one : removed_in_order(store))
        out.insert(one);
    return out;
}

void note_removed(port::Store& store, const DeviceId& device)
{
    auto all = removed_in_order(store);
    std::erase(all, device);
    all.push_back(device);
    if (all.size() > removed_devices_max) all.erase(all.begin());
    put_removed(store, all);
}

void note_added(port::Store& store, const DeviceId& device)
{
    auto all = removed_in_order(store);
    if (std::erase(all, device) > 0) put_removed(store, all);
}

bool is_first_refusal(port::Store& store, std::string_view user, BytesView list)
{
    const auto name = refusal_name(user);
    const auto hash = crypto::transcript_hash("godwit refused list 1", {list});
    if (const auto known = store.value(name); known && std::ranges::equal(*known, hash)) return false;
    store.put_value(name, hash);
    return true;
}

void forget_refusal(port::Store& store, std::string_view user)
{
    if (const auto name = refusal_name(user); store.value(name)) store.remove_value(name);
}

seal::DeviceKeys device_keys(const port::StoredIdentity& identity)
{
    return {identity.device, identity.device_seed, identity.certificate};
}

} // namespace godwit::engine::account
