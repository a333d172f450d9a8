// SPDX-License-Identifier: Apache-2.0
#include "relay/core/shedding.hpp"

#include <algorithm>

namespace godwit::relay {
namespace {

/// Before who was turned away comes again: a level lasts at least as long (shed_calm_time).
constexpr Duration overload_wait = std::chrono::seconds(10);

std::uint64_t thousandths(std::uint64_t measured, std::uint64_t allowed) noexcept
{
    if (allowed == 0) return 0;
    const auto scaled = static_cast<double>(measured) * 1000.0 / static_cast<double>(allowed);
    return scaled < 1'000'000 ? static_cast<std::uint64_t>(scaled) : 1'000'000;
}

template <class Body, class... Bodies>
constexpr bool is_one_of = (std::is_same_v<Body, Bodies> || ...);

template <class Body>
constexpr Shed level_of()
{
    using namespace frame;
    if constexpr (is_one_of<Body, RegisterAccount, Login, AddDevice, LinkWait, LinkGrant>) return Shed::strangers;
    if constexpr (is_one_of<Body, Resume>) return Shed::logins;
    if constexpr (is_one_of<Body, BlobPut, BlobQuery, BlobGet, DirectoryFetch>) return Shed::media;
    // Ends, frees, takes away a right, or costs nothing: a stolen phone is revoked on the worst of days too.
    if constexpr (is_one_of<Body, Logout, DevicesPut, ContactBlock, ContactRemove, BlobDrop, FetchSession, Signal,
                            GroupReject, GroupJoinRefuse>)
        return Shed::nothing;
    return Shed::messages;
}

} // namespace

std::uint32_t Strain::per_mille() const noexcept
{
    const auto worst =
        std::max({thousandths(memory_bytes, memory_bytes_max), thousandths(queued_bytes, queued_bytes_max),
                  thousandths(static_cast<std::uint64_t>(std::max<Duration::rep>(tick.count(), 0)),
                              static_cast<std::uint64_t>(tick_max.count()))});
    return static_cast<std::uint32_t>(worst);
}

std::uint32_t begins_at(Shed level) noexcept
{
    switch (level) {
    case Shed::nothing: return 0;
    case Shed::strangers: return 700;
    case Shed::logins: return 760;
    case Shed::presence: return 820;
    case Shed::turn: return 870;
    case Shed::media: return 920;
    case Shed::messages: return 970;
    }
    return 0;
}

const char* name_of(Shed level) noexcept
{
    switch (level) {
    case Shed::nothing: return "nothing";
    case Shed::strangers: return "strangers";
    case Shed::logins: return "logins";
    case Shed::presence: return "presence";
    case Shed::turn: return "new TURN allocations";
    case Shed::media: return "media and files";
    case Shed::messages: return "messages";
    }
    return "nothing";
}

bool Shedding::measure(const Strain& strain, Instant now)
{
    const auto worst = strain.per_mille();
    auto reached = Shed::nothing;
    for (auto level = Shed::strangers; level <= Shed::messages; level = static_cast<Shed>(int(level) + 1))
        if (worst >= begins_at(level)) reached = level;
    if (reached > level_) {
        level_ = reached;
        calm_since_ = never;
        return true;
    }
    if (level_ == Shed::nothing || worst + shed_slack_per_mille > begins_at(level_)) {
        calm_since_ = never;
        return false;
    }
    if (calm_since_ == never) calm_since_ = now;
    if (now < calm_since_ + shed_calm_time) return false;
    level_ = static_cast<Shed>(int(level_) - 1);
    calm_since_ = now;
    return true;
}

Shed given_up_at(const frame::RequestBody& request) noexcept
{
    return std::visit([](const auto& one) { return level_of<std::decay_t<decltype(one)>>(); }, request);
}

Duration jittered(Duration wait, port::Entropy& entropy)
{
    return wait +
           Duration(static_cast<Duration::rep>(entropy.next_u64() % (static_cast<std::uint64_t>(wait.count()) + 1)));
}

Error overloaded(port::Entropy& entropy)
{
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(jittered(overload_wait, entropy)).count();
    return {ErrorCode::relay_unavailable, "the relay has too much to do: try again later",
            static_cast<std::uint64_t>(wait)};
}

} // namespace godwit::relay
