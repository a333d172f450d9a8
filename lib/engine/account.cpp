// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/account.hpp"

#include "lib/crypto/signing.hpp"
#include "lib/crypto/vault.hpp"
#include "lib/identity/device_list.hpp"

namespace godwit::engine::account {

namespace {

constexpr std::string_view confirmed_name = "account/confirmed";
constexpr std::size_t seed_bytes = 32;

Bytes random_seed(port::Entropy& entropy)
{
    Bytes out(seed_bytes);
    entropy.fill(out);
    return out;
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
    certificate.device_name = device_name.substr(0, wire::device_name_bytes_max);
    if (!is_utf8(certificate.device_name)) certificate.device_name.clear();
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

/// The account's current list, as the relay or a linking device shows it; not older than what this home knows.
Result<identity::DeviceList> current_list(Context& context, BytesView shown, const port::StoredIdentity& identity)
{
    auto list = identity::verify_device_list(shown, identity.user, identity.account_key);
    if (!list) return list;
    if (const auto known = identity::verify_device_list(identity.device_list, identity.user, identity.account_key);
        known && known->version > list->version + 1) {
        context.security(SecurityKind::device_list_rollback, identity.user, {},
                         "the relay shows device list " + std::to_string(list->version) + ", and " +
                             std::to_string(known->version) + " is known");
        return Error{ErrorCode::authentication_failed,
                     "the relay shows an older list of this account's devices than this home knows: do not go on", 0};
    }
    return list;
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
}

Result<port::StoredIdentity> prepare_register(Context& context, const Credentials& credentials, Moment now)
{
    auto known = take_up(context, credentials);
    if (!known) return std::move(known).error();
    if (*known && confirmed(context.store))
        return Error{ErrorCode::already_registered, "this account exists: log in with its password", 0};
    port::StoredIdentity identity;
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
    identity.account_seed = to_bytes(seed->view());
    auto list = current_list(context, login.device_list, identity);
    if (!list) return list.error();
    if (login.vacant) list->devices.clear(); // The last of them has logged out: this one starts anew.
    if (auto done = certify(credentials.device_name, &*list, identity, now); !done) return done;
    context.store.put_identity(identity);
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
    const auto list = current_list(context, grant.device_list, identity);
    if (!list) return list.error();
    if (auto done = certify(device_name, &*list, identity, now); !done) return done;
    context.store.put_identity(identity);
    return {};
}

wire::relay::RegisterAccount register_frame(Context& context, const Credentials& credentials,
                                            const port::StoredIdentity& identity)
{
    wire::relay::RegisterAccount out;
    out.user = identity.user;
    out.login_secret = credentials.login_secret;
    out.account_key = identity.account_key;
    out.vault = crypto::seal_vault(credentials.vault_key, identity.user, identity.account_key, identity.account_seed,
                                   context.entropy);
    out.certificate = identity.certificate;
    out.device_list = identity.device_list;
    return out;
}

void forget_device(port::Store& store, port::StoredIdentity identity)
{
    identity.logged_in = false;
    identity.device = {};
    identity.device_seed.clear();
    identity.account_seed.clear();
    identity.certificate.clear();
    store.put_identity(identity);
}

seal::DeviceKeys device_keys(const port::StoredIdentity& identity)
{
    return {identity.device, identity.device_seed, identity.certificate};
}

} // namespace godwit::engine::account
