// SPDX-License-Identifier: Apache-2.0
// Allocate (RFC 8656 section 7) and Refresh (section 8).
#include "relay/turn/turn.hpp"

#include <cstring>

namespace godwit::relay::turn {

namespace attribute = stun::attribute;

namespace {

constexpr std::uint8_t udp = 17; ///< Protocol number of REQUESTED-TRANSPORT (section 18.7).
constexpr int family_v4 = 1;
constexpr int family_v6 = 2;

/// REQUESTED-ADDRESS-FAMILY and ADDITIONAL-ADDRESS-FAMILY: one byte and three of nothing. 0: of another form.
int read_family(const stun::Attribute& attribute)
{
    return attribute.value.size() == 4 ? attribute.value[0] : 0;
}

std::optional<std::uint64_t> read_token(BytesView value)
{
    if (value.size() != 8) return std::nullopt;
    std::uint64_t out = 0;
    for (const auto byte : value)
        out = out << 8 | byte;
    return out;
}

std::array<std::uint8_t, 8> write_token(std::uint64_t token)
{
    std::array<std::uint8_t, 8> out;
    for (std::size_t i = 0; i < 8; ++i)
        out[i] = static_cast<std::uint8_t>(token >> (56 - 8 * i));
    return out;
}

/// What an Allocate wants, as far as the message alone says.
struct Wish {
    int error = 0; ///< It is refused with this.
    bool is_v6 = false;
    bool additional_v6 = false;
    Book::Parity parity = Book::Parity::any;
    std::optional<std::uint64_t> token;
};

/// Section 7.2, in its order.
Wish read_wish(const stun::Message& message)
{
    const auto* const transport = message.find(attribute::requested_transport);
    const auto* const even = message.find(attribute::even_port);
    const auto* const token = message.find(attribute::reservation_token);
    const auto* const family = message.find(attribute::requested_address_family);
    const auto* const additional = message.find(attribute::additional_address_family);
    Wish out;
    if (transport == nullptr || transport->value.size() != 4) return {.error = 400};
    if (transport->value[0] != udp) return {.error = 442};
    if (token != nullptr) {
        out.token = read_token(token->value);
        if (!out.token || even != nullptr || family != nullptr || additional != nullptr) return {.error = 400};
        return out;
    }
    if (family != nullptr && additional != nullptr) return {.error = 400};
    if (family != nullptr) {
        if (family->value.size() != 4) return {.error = 400};
        if (read_family(*family) != family_v4 && read_family(*family) != family_v6) return {.error = 440};
        out.is_v6 = read_family(*family) == family_v6;
    }
    if (even != nullptr) {
        if (even->value.size() != 1) return {.error = 400};
        out.parity = (even->value[0] & 0x80) != 0 ? Book::Parity::even_with_next : Book::Parity::even;
    }
    if (additional != nullptr) {
        if (read_family(*additional) != family_v6 || out.parity == Book::Parity::even_with_next) return {.error = 400};
        out.additional_v6 = true;
    }
    return out;
}

} // namespace

Duration Server::lifetime_of(const Message& message) const
{
    const auto* const asked = message.find(attribute::lifetime);
    const auto seconds = asked == nullptr ? std::nullopt : stun::read_u32(asked->value);
    if (!seconds) return config_.limits.lifetime;
    return std::min(Duration(std::chrono::seconds(*seconds)), config_.limits.lifetime_max);
}

void Server::allocate(const Request& request)
{
    const auto& [client, message, caller, existing, now] = request;
    if (existing != nullptr) {
        // Section 7.2: a retransmission gets the answer that was lost; anything else comes too late.
        const bool again =
            std::ranges::equal(existing->transaction, message.transaction()) && existing->username == caller.username;
        if (again) return allocated(request, *existing);
        return refuse(request, 437);
    }
    if (sheds_allocations_) return refuse(request, 508);
    const auto wish = read_wish(message);
    if (wish.error != 0) return refuse(request, wish.error);
    const auto& wanted = wish.is_v6 ? config_.address_v6 : config_.address_v4;
    if (!wanted && !wish.additional_v6 && !wish.token) return refuse(request, 440);

    auto& user = book_.user(caller.account);
    const auto give_up = [&](int code) {
        book_.release(user);
        refuse(request, code);
    };
    // Each relayed address counts, also the second one of a dual-stack allocation, and one that is reserved.
    const std::size_t more = wish.parity == Book::Parity::even_with_next || wish.additional_v6 ? 2 : 1;
    Allocation made;
    if (wish.token) {
        auto* const reserved = book_.redeem(*wish.token, user);
        if (reserved == nullptr) return give_up(508);
        made.relayed.push_back(reserved);
    } else {
        if (user.relayed() + more > config_.limits.allocations_per_user_max) return give_up(486);
        if (book_.relayed() + more > config_.limits.allocations_max) return give_up(508);
        if (auto* const one = book_.open(wish.is_v6, wish.parity, user, now.mono, made.reservation)) {
            made.relayed.push_back(one);
        } else {
            made.address_error_family = wish.is_v6 ? family_v6 : family_v4;
            made.address_error = wanted ? 508 : 440;
        }
        if (wish.additional_v6) {
            std::optional<std::uint64_t> none;
            if (auto* const one = book_.open(true, Book::Parity::any, user, now.mono, none)) {
                made.relayed.push_back(one);
            } else if (made.address_error == 0) {
                made.address_error_family = family_v6;
                made.address_error = config_.address_v6 ? 508 : 440;
            }
        }
        if (made.relayed.empty()) return give_up(made.address_error == 440 ? 440 : 508);
    }
    made.client = client;
    std::ranges::copy(message.transaction(), made.transaction.begin());
    made.user = &user;
    made.username = caller.username;
    made.algorithm = caller.algorithm;
    made.key = caller.key;
    made.expires = now.mono + std::max(lifetime_of(message), config_.limits.lifetime);
    const auto& allocation = book_.add(std::move(made));
    ++counters_.allocations_total;
    if (book_.allocations() == 1) check_accounts_at_ = now.mono + account_check_interval;
    allocated(request, allocation);
}

void Server::allocated(const Request& request, const Allocation& allocation)
{
    auto writer = success(request);
    for (const auto* const one : allocation.relayed)
        writer.put_xor_address(attribute::xor_relayed_address, one->told);
    const auto left = std::chrono::ceil<std::chrono::seconds>(allocation.expires - request.now.mono);
    writer.put_u32(attribute::lifetime, static_cast<std::uint32_t>(std::max<std::int64_t>(left.count(), 0)));
    if (allocation.reservation) writer.put(attribute::reservation_token, write_token(*allocation.reservation));
    writer.put_xor_address(attribute::xor_mapped_address, request.client.client);
    if (allocation.address_error != 0)
        writer.put_u32(attribute::address_error_code, static_cast<std::uint32_t>(allocation.address_error_family << 24 |
                                                                                 allocation.address_error / 100 << 8 |
                                                                                 allocation.address_error % 100));
    answer(request, writer);
}

void Server::refresh(const Request& request)
{
    if (!is_own(request)) return;
    auto& allocation = *request.allocation;
    const auto* const family = request.message.find(attribute::requested_address_family);
    Relayed* only = nullptr;
    if (family != nullptr) {
        const auto which = read_family(*family);
        only = which == family_v4 || which == family_v6 ? allocation.relayed_for(which == family_v6) : nullptr;
        if (only == nullptr) return refuse(request, 443);
    }
    auto wanted = lifetime_of(request.message);
    if (wanted > Duration::zero()) wanted = std::max(wanted, config_.limits.lifetime);
    auto writer = success(request);
    writer.put_u32(attribute::lifetime, static_cast<std::uint32_t>(wanted / std::chrono::seconds(1)));
    answer(request, writer);
    if (wanted > Duration::zero()) return book_.set_expiry(allocation, request.now.mono + wanted);
    if (only == nullptr || allocation.relayed.size() == 1) return book_.remove(allocation);
    // Section 8.2 with the family named: of two relayed addresses one goes.
    std::erase(allocation.relayed, only);
    book_.close(*only);
}

} // namespace godwit::relay::turn
