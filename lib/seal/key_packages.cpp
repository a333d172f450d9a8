// SPDX-License-Identifier: Apache-2.0
#include "lib/seal/key_packages.hpp"

#include "lib/base/check.hpp"
#include "lib/seal/membership.hpp"

#include <algorithm>

namespace godwit::seal {
namespace {

constexpr std::string_view shelf_name = "mls/kp/index";

std::string package_name(BytesView ref)
{
    return "mls/kp/" + to_hex(ref);
}

/// What of a bundle is stored: the signer is the device's key, which is stored elsewhere.
struct Halves {
    mls::KeyPackage key_package;
    WipedBytes init_private;
    WipedBytes encryption_private;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.key_package, s.init_private, s.encryption_private);
    }
};

std::uint64_t seconds(WallMs ms)
{
    return ms < 0 ? 0 : static_cast<std::uint64_t>(ms) / 1000;
}

WallMs age_ms(std::uint64_t made_ms, WallMs now_ms)
{
    return now_ms - static_cast<WallMs>(made_ms);
}

} // namespace

mls::Lifetime lifetime_from(WallMs now_ms)
{
    return {seconds(now_ms - clock_slack_ms), seconds(now_ms + key_package_lifetime_ms)};
}

KeyPackageShelf::Entries KeyPackageShelf::load(port::Store& store)
{
    const auto value = store.value(shelf_name);
    if (!value) return {};
    auto list = mls::decode<mls::ListOf<Entry>>(*value);
    return list ? std::move(list->items) : Entries{};
}

void KeyPackageShelf::save(const Entries& entries)
{
    store_.put_value(shelf_name, mls::encode(mls::ListOf<Entry>{entries}));
}

void KeyPackageShelf::drop_expired(Entries& entries, WallMs now_ms)
{
    // Each that is as old as that has long taken the place of those before it.
    std::uint64_t replaced_until = 0;
    for (const Entry& entry : entries)
        if (entry.last_resort && age_ms(entry.made_ms, now_ms) > replaced_last_resort_kept_ms)
            replaced_until = std::max(replaced_until, entry.made_ms);
    std::erase_if(entries, [&](const Entry& entry) {
        const bool expired = age_ms(entry.made_ms, now_ms) > key_package_lifetime_ms ||
                             (entry.last_resort && entry.made_ms < replaced_until);
        if (expired) store_.remove_value(package_name(entry.ref));
        return expired;
    });
}

template <class IsKind>
void KeyPackageShelf::drop_surplus(Entries& entries, std::size_t kept_max, IsKind is_kind)
{
    while (static_cast<std::size_t>(std::count_if(entries.begin(), entries.end(), is_kind)) > kept_max) {
        const auto oldest = std::find_if(entries.begin(), entries.end(), is_kind);
        store_.remove_value(package_name(oldest->ref));
        entries.erase(oldest);
    }
}

Bytes KeyPackageShelf::make(bool last_resort, const mls::SignatureKeyPair& signer, const mls::LeafNodeOptions& leaf,
                            WallMs now_ms)
{
    auto bundle = mls::create_key_package(suite, signer, leaf, lifetime_from(now_ms), entropy_);
    GODWIT_ASSERT(bundle.ok());
    const Bytes ref = mls::make_key_package_ref(bundle->key_package);
    const Halves halves{bundle->key_package, bundle->init_private, bundle->encryption_private};
    store_.put_value(package_name(ref), mls::encode_secret(halves));
    Entries entries = load(store_);
    drop_expired(entries, now_ms);
    entries.push_back({ref, now_ms < 0 ? 0 : static_cast<std::uint64_t>(now_ms), last_resort, false});
    drop_surplus(entries, last_resorts_max, [](const Entry& entry) { return entry.last_resort; });
    drop_surplus(entries, one_time_packages_max, [](const Entry& entry) { return !entry.last_resort && !entry.used; });
    save(entries);
    return mls::encode(mls::MLSMessage{std::move(bundle->key_package)});
}

std::optional<KeyPackageShelf::Found> KeyPackageShelf::find(const mls::Welcome& welcome)
{
    for (const Entry& entry : load(store_)) {
        const bool named = std::any_of(welcome.secrets.begin(), welcome.secrets.end(),
                                       [&](const auto& secrets) { return secrets.new_member == entry.ref; });
        if (!named) continue;
        auto value = store_.value(package_name(entry.ref));
        if (!value) continue;
        auto halves = mls::decode<Halves>(*value);
        crypto::wipe_memory(value->data(), value->size());
        if (!halves) continue;
        return Found{entry.ref,
                     {std::move(halves->key_package),
                      std::move(halves->init_private),
                      std::move(halves->encryption_private),
                      {}},
                     entry.last_resort};
    }
    return std::nullopt;
}

void KeyPackageShelf::use(const Found& found)
{
    Entries entries = load(store_);
    const auto at = std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.ref == found.ref; });
    if (at == entries.end()) return;
    at->used = true;
    if (!found.last_resort) {
        store_.remove_value(package_name(found.ref));
        std::rotate(at, at + 1, entries.end()); // the one that was used last
        drop_surplus(entries, spent_packages_max, [](const Entry& entry) { return !entry.last_resort && entry.used; });
    }
    save(entries);
}

bool KeyPackageShelf::was_spent_on(const mls::Welcome& welcome)
{
    const auto entries = load(store_);
    return std::any_of(welcome.secrets.begin(), welcome.secrets.end(), [&](const auto& secrets) {
        return std::any_of(entries.begin(), entries.end(), [&](const Entry& entry) {
            return !entry.last_resort && entry.used && entry.ref == secrets.new_member;
        });
    });
}

bool KeyPackageShelf::last_resort_is_old(WallMs now_ms)
{
    Entries entries = load(store_);
    const std::size_t before = entries.size();
    drop_expired(entries, now_ms);
    if (entries.size() != before) save(entries);
    const auto newest =
        std::find_if(entries.rbegin(), entries.rend(), [](const Entry& entry) { return entry.last_resort; });
    if (newest == entries.rend()) return true;
    const WallMs age = age_ms(newest->made_ms, now_ms);
    if (age < -clock_slack_ms) return true; // By a clock that was ahead: not valid for anybody yet.
    return age >= last_resort_renewed_after_ms || (newest->used && age >= used_last_resort_renewed_after_ms);
}

void KeyPackageShelf::forget_all(port::Store& store)
{
    for (const Entry& entry : load(store))
        store.remove_value(package_name(entry.ref));
    store.remove_value(shelf_name);
}

} // namespace godwit::seal
