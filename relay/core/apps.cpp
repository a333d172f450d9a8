// SPDX-License-Identifier: Apache-2.0
#include "relay/core/apps.hpp"

#include "lib/base/bytes.hpp"
#include "lib/port/entropy.hpp"

#include <algorithm>
#include <array>

namespace godwit::relay {
namespace {

/// base64url of them is the key: enough that nobody finds one by trying.
constexpr std::size_t app_key_bytes = 18;

bool is_app_name(std::string_view text)
{
    const auto is_inner = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    return !text.empty() && text.size() <= app_name_bytes_max && std::all_of(text.begin(), text.end(), is_inner) &&
           text.front() != '-';
}

std::string fresh_key(port::Entropy& entropy)
{
    std::array<std::uint8_t, app_key_bytes> bytes{};
    entropy.fill(bytes);
    return to_base64url(bytes);
}

} // namespace

void Apps::read()
{
    if (is_read_) return;
    apps_.clear();
    for (auto& one : table_.all()) {
        const auto row = one.row;
        apps_.emplace(row, std::move(one));
    }
    is_read_ = !ledger_.failed(); // half a list is none: next time again
}

void Apps::forget()
{
    is_read_ = false;
    counts_.clear();
}

const StoredApp* Apps::find(AppRow row)
{
    read();
    const auto found = apps_.find(row);
    return found == apps_.end() ? nullptr : &found->second;
}

const StoredApp* Apps::named(std::string_view name)
{
    read();
    const auto found =
        std::find_if(apps_.begin(), apps_.end(), [&](const auto& one) { return one.second.name == name; });
    return found == apps_.end() ? nullptr : &found->second;
}

AppRow Apps::of_key(std::string_view key)
{
    if (key.empty()) return 0;
    read();
    const auto found = std::find_if(apps_.begin(), apps_.end(), [&](const auto& one) { return one.second.key == key; });
    return found == apps_.end() ? no_app : found->first;
}

std::vector<StoredApp> Apps::all()
{
    return table_.all();
}

std::string Apps::full_name(AppRow app, std::string_view user)
{
    std::string out(user);
    if (app == relays_own) return out;
    const auto* const one = find(app);
    return out + "@" + (one == nullptr ? std::string("?") : one->name);
}

std::optional<AccountName> Apps::parse(std::string_view full_name)
{
    const auto at = full_name.find('@');
    if (at == std::string_view::npos) return AccountName{0, full_name};
    const auto* const app = named(full_name.substr(at + 1));
    if (app == nullptr) return std::nullopt;
    return AccountName{app->row, full_name.substr(0, at)};
}

AppLimits Apps::limits(AppRow row)
{
    const auto* const app = find(row);
    return app == nullptr ? AppLimits{} : app->limits;
}

std::uint64_t Apps::accounts(AppRow row)
{
    if (const auto found = counts_.find(row); found != counts_.end()) return found->second;
    const auto count = table_.account_count(row);
    if (!ledger_.failed()) counts_[row] = count;
    return count;
}

std::optional<Error> Apps::refuses(AppRow row)
{
    if (row == 0) return std::nullopt;
    const auto* const app = find(row);
    if (app == nullptr)
        return Error{ErrorCode::not_allowed, "this relay knows no application of this key: check the relay's address",
                     0};
    if (app->disabled_ms != 0)
        return Error{ErrorCode::not_allowed, "this application is disabled by the relay's operator: ask them", 0};
    return std::nullopt;
}

// ---- the operator ----

Result<StoredApp> Apps::of_name(std::string_view name)
{
    const auto* const app = named(name);
    if (app == nullptr) return Error{ErrorCode::no_such_file, "there is no application of this name", 0};
    return *app;
}

Result<StoredApp> Apps::add(std::string_view name, port::Entropy& entropy, WallMs now_ms)
{
    if (!is_app_name(name))
        return Error{ErrorCode::invalid_argument,
                     "name: 1 to " + std::to_string(app_name_bytes_max) + " of a-z, 0-9 and '-', not '-' in front", 0};
    if (named(name) != nullptr) return Error{ErrorCode::conflict, "there is an application of this name", 0};
    if (apps_.size() >= apps_max)
        return Error{ErrorCode::quota_exceeded, "at most " + std::to_string(apps_max) + " applications", 0};
    StoredApp out;
    out.name = name;
    out.key = fresh_key(entropy);
    out.created_ms = now_ms;
    out.row = table_.add(out);
    forget();
    return out;
}

Result<StoredApp> Apps::change(std::string_view name, const AppChange& change)
{
    auto out = of_name(name);
    if (!out) return out;
    if (change.registration_open) out->registration_open = *change.registration_open;
    if (change.directory_shown) out->directory_shown = *change.directory_shown;
    if (change.limits) out->limits = *change.limits;
    table_.set(*out);
    forget();
    return out;
}

Result<StoredApp> Apps::renew_key(std::string_view name, port::Entropy& entropy)
{
    auto out = of_name(name);
    if (!out) return out;
    out->key = fresh_key(entropy);
    table_.set(*out);
    forget();
    return out;
}

Result<StoredApp> Apps::disable(std::string_view name, bool disabled, WallMs now_ms)
{
    auto out = of_name(name);
    if (!out) return out;
    if (disabled != (out->disabled_ms != 0)) out->disabled_ms = disabled ? now_ms : 0;
    table_.set(*out);
    forget();
    return out;
}

Result<void> Apps::remove(std::string_view name)
{
    const auto app = of_name(name);
    if (!app) return app.error();
    if (table_.account_count(app->row) > 0)
        return Error{ErrorCode::conflict, "accounts belong to this application: remove them first", 0};
    table_.remove(app->row);
    forget();
    return {};
}

} // namespace godwit::relay
