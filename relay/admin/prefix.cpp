// SPDX-License-Identifier: Apache-2.0
#include "relay/admin/prefix.hpp"

#include <charconv>

namespace godwit::relay::admin {

std::optional<loop::Address> parse_ip(std::string_view text)
{
    const bool is_v6 = text.find(':') != std::string_view::npos;
    return loop::Address::parse(is_v6 ? "[" + std::string(text) + "]:0" : std::string(text) + ":0");
}

std::optional<AddressPrefix> parse_prefix(std::string_view text, unsigned bits_min)
{
    const auto slash = text.find('/');
    const auto address = parse_ip(text.substr(0, slash));
    if (!address) return std::nullopt;
    const auto bytes = address->ip_bytes();
    auto bits = static_cast<unsigned>(8 * bytes.size());
    if (slash != std::string_view::npos) {
        const auto number = text.substr(slash + 1);
        const auto* const end = number.data() + number.size();
        const auto [stop, wrong] = std::from_chars(number.data(), end, bits);
        if (wrong != std::errc() || stop != end || bits > 8 * bytes.size()) return std::nullopt;
    }
    auto out = AddressPrefix::of(bytes, bits);
    if (bits < bits_min || out.bytes != Bytes(bytes.begin(), bytes.end())) return std::nullopt;
    return out;
}

} // namespace godwit::relay::admin
