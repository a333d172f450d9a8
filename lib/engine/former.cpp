// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/former.hpp"

#include "lib/wire/content.hpp"

#include <algorithm>

namespace godwit::engine {

namespace {

/// Of each: its weight, the length of its name, its name. Removed longest ago first.
constexpr std::string_view index_name = "formers";

struct Entry {
    std::uint8_t weight = 0;
    std::string user;
};

std::string value_name(std::string_view user)
{
    return "former/" + std::string(user);
}

std::vector<Entry> read_index(port::Store& store)
{
    std::vector<Entry> out;
    const auto bytes = store.value(index_name).value_or(Bytes());
    for (std::size_t at = 0; at + 2 <= bytes.size();) {
        const std::size_t length = bytes[at + 1];
        if (at + 2 + length > bytes.size()) break;
        out.push_back({bytes[at], std::string(as_text(BytesView(bytes).subspan(at + 2, length)))});
        at += 2 + length;
    }
    return out;
}

void write_index(port::Store& store, const std::vector<Entry>& entries)
{
    Bytes out;
    for (const auto& one : entries) {
        out.push_back(one.weight);
        out.push_back(static_cast<std::uint8_t>(one.user.size()));
        append(out, as_bytes(one.user));
    }
    store.put_value(index_name, out);
}

/// What earlier versions stored: the list alone, without a bound.
std::string old_name(std::string_view user)
{
    return "former_list/" + std::string(user);
}

} // namespace

std::string remember_former(port::Store& store, std::string_view user, const Former& former, FormerWeight weight)
{
    auto entries = read_index(store);
    std::erase_if(entries, [&](const Entry& one) { return one.user == user; });
    entries.push_back({static_cast<std::uint8_t>(weight), std::string(user)});
    std::string forgotten;
    if (entries.size() > formers_max) {
        const auto least = std::min_element(entries.begin(), std::prev(entries.end()),
                                            [](const Entry& a, const Entry& b) { return a.weight < b.weight; });
        forgotten = least->user;
        store.remove_value(value_name(forgotten));
        entries.erase(least);
    }
    write_index(store, entries);
    Bytes value = to_bytes(former.account_key.view());
    append(value, former.device_list);
    store.put_value(value_name(user), value);
    return forgotten;
}

std::optional<Former> former_contact(port::Store& store, std::string_view user)
{
    if (const auto value = store.value(value_name(user)); value && value->size() >= PublicKey::size_bytes) {
        const BytesView view(*value);
        return Former{*PublicKey::from(view.first(PublicKey::size_bytes)),
                      to_bytes(view.subspan(PublicKey::size_bytes))};
    }
    auto old = store.value(old_name(user));
    if (!old) return std::nullopt;
    const auto list = wire::decode_device_list(*old);
    if (!list) return std::nullopt;
    return Former{list->account_key, *std::move(old)};
}

void forget_former(port::Store& store, std::string_view user)
{
    if (store.value(old_name(user))) store.remove_value(old_name(user));
    if (!store.value(value_name(user))) return;
    store.remove_value(value_name(user));
    auto entries = read_index(store);
    std::erase_if(entries, [&](const Entry& one) { return one.user == user; });
    write_index(store, entries);
}

} // namespace godwit::engine
