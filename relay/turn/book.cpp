// SPDX-License-Identifier: Apache-2.0
#include "relay/turn/book.hpp"

namespace godwit::relay::turn {
namespace {

/// Sockets that are tried before we say that there is no port: others on this host have some of the range.
constexpr int open_tries_max = 16;
/// Ports looked at for one that is ours to try.
constexpr std::size_t ports_looked_at_max = 4096;

} // namespace

Book::Book(const Config& config, Outside& outside, port::Entropy& entropy)
    : config_(config), outside_(outside), entropy_(entropy)
{
}

Book::~Book() = default;

Allocation* Book::find(const FiveTuple& client)
{
    const auto found = by_client_.find(client);
    return found == by_client_.end() ? nullptr : found->second.get();
}

Relayed* Book::find(RelayId id)
{
    const auto found = by_id_.find(id);
    return found == by_id_.end() || found->second->owner == nullptr ? nullptr : found->second.get();
}

Relayed* Book::find_told(const Endpoint& told)
{
    const auto found = by_told_.find(told);
    return found == by_told_.end() || found->second->owner == nullptr ? nullptr : found->second;
}

bool Book::is_relayed_ip(const Endpoint& address) const noexcept
{
    for (const auto& own : {config_.address_v4, config_.address_v6, config_.external_v4})
        if (own && own->same_ip(address)) return true;
    return false;
}

User& Book::user(std::string_view account)
{
    auto& place = users_[std::string(account)];
    if (!place) place = std::make_unique<User>(std::string(account), config_.limits);
    return *place;
}

User* Book::find_user(std::string_view account)
{
    const auto found = users_.find(std::string(account));
    return found == users_.end() ? nullptr : found->second.get();
}

void Book::release(User& user)
{
    if (user.allocations.empty() && user.reservations == 0) users_.erase(std::string(user.account));
}

std::vector<std::string> Book::users() const
{
    std::vector<std::string> out;
    out.reserve(users_.size());
    for (const auto& [account, user] : users_)
        out.push_back(account);
    return out;
}

Relayed* Book::open_at(bool is_v6, std::uint16_t port)
{
    const auto& at = is_v6 ? config_.address_v6 : config_.address_v4;
    auto told = (!is_v6 && config_.external_v4 ? config_.external_v4 : at)->with_port(port);
    const auto id = ++last_id_;
    if (!outside_.open_relay(id, at->with_port(port))) return nullptr;
    auto made = std::make_unique<Relayed>(Relayed{id, told, nullptr});
    auto* const out = made.get();
    by_told_.emplace(told, out);
    by_id_.emplace(id, std::move(made));
    return out;
}

Relayed* Book::open(bool is_v6, Parity parity, User& user, Instant now, std::optional<std::uint64_t>& token)
{
    const auto& at = is_v6 ? config_.address_v6 : config_.address_v4;
    if (!at) return nullptr;
    const auto told = !is_v6 && config_.external_v4 ? *config_.external_v4 : *at;
    const std::size_t ports = std::size_t{config_.port_max} - config_.port_min + 1;
    // RFC 8656 section 7.2: at random, so that nobody knows the next one beforehand.
    const auto start = static_cast<std::size_t>(entropy_.next_u64() % ports);
    int tries = 0;
    for (std::size_t i = 0; i < std::min(ports, ports_looked_at_max) && tries < open_tries_max; ++i) {
        const auto port = static_cast<std::uint16_t>(config_.port_min + (start + i) % ports);
        if (parity != Parity::any && port % 2 != 0) continue;
        if (by_told_.contains(told.with_port(port))) continue;
        const auto next = static_cast<std::uint16_t>(port + 1);
        if (parity == Parity::even_with_next && (port >= config_.port_max || by_told_.contains(told.with_port(next))))
            continue;
        ++tries;
        auto* const out = open_at(is_v6, port);
        if (out == nullptr || parity != Parity::even_with_next) {
            if (out != nullptr) return out;
            continue;
        }
        auto* const beside = open_at(is_v6, next);
        if (beside == nullptr) {
            close(*out);
            continue;
        }
        token = entropy_.next_u64();
        reservations_[*token] = {beside, &user, now + reservation_life};
        ++user.reservations;
        return out;
    }
    return nullptr;
}

Relayed* Book::redeem(std::uint64_t token, User& user)
{
    const auto found = reservations_.find(token);
    if (found == reservations_.end() || found->second.user != &user) return nullptr;
    auto* const out = found->second.relayed;
    reservations_.erase(found);
    --user.reservations;
    return out;
}

void Book::close(Relayed& relayed)
{
    const auto id = relayed.id;
    outside_.close_relay(id);
    by_told_.erase(relayed.told);
    by_id_.erase(id);
}

Allocation& Book::add(Allocation made)
{
    auto owned = std::make_unique<Allocation>(std::move(made));
    auto& out = *owned;
    GODWIT_ASSERT(!by_client_.contains(out.client));
    by_client_.emplace(out.client, std::move(owned));
    for (auto* const one : out.relayed)
        one->owner = &out;
    out.user->allocations.push_back(&out);
    ends_.emplace(out.expires, &out);
    return out;
}

void Book::set_expiry(Allocation& allocation, Instant expires)
{
    ends_.erase({allocation.expires, &allocation});
    allocation.expires = expires;
    ends_.emplace(expires, &allocation);
}

void Book::remove(Allocation& allocation)
{
    ends_.erase({allocation.expires, &allocation});
    for (auto* const one : allocation.relayed)
        close(*one);
    auto& user = *allocation.user;
    std::erase(user.allocations, &allocation);
    const auto client = allocation.client;
    by_client_.erase(client);
    release(user);
}

void Book::expire(Instant now)
{
    while (!ends_.empty() && ends_.begin()->first <= now)
        remove(*ends_.begin()->second);
    for (auto it = reservations_.begin(); it != reservations_.end();) {
        if (it->second.until > now) {
            ++it;
            continue;
        }
        auto& user = *it->second.user;
        close(*it->second.relayed);
        it = reservations_.erase(it);
        --user.reservations;
        release(user);
    }
}

Instant Book::deadline() const
{
    auto out = ends_.empty() ? never : ends_.begin()->first;
    for (const auto& [token, one] : reservations_)
        out = earlier(out, one.until);
    return out;
}

} // namespace godwit::relay::turn
