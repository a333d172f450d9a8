// SPDX-License-Identifier: Apache-2.0
#include "relay/core/key_packages.hpp"

#include "lib/crypto/hash.hpp"
#include "relay/core/partner.hpp"

namespace godwit::relay {
namespace {

KeyPackageDigest digest_of(const Bytes& package)
{
    return {crypto::transcript_hash("godwit relay key package 1", {package})};
}

} // namespace

KeyPackages::KeyPackages(Context& context)
    : context_(context), requests_(context.config.limits.key_package_requests, context.config.limits.throttled_max),
      pairs_(context.config.limits.key_packages_per_pair, context.config.limits.throttled_max)
{
}

Answer KeyPackages::publish(const Session& session, const frame::KeyPackagePublish& request, Moment now)
{
    const auto who = session.account;
    if (const auto wait = requests_.wait(who, now.mono); wait > Duration::zero()) return slow_down(wait);
    requests_.take(who, now.mono);

    std::map<KeyPackageDigest, const Bytes*> fresh; // those of one publication that are alike are one
    std::vector<KeyPackageDigest> in_order;
    for (const auto& package : request.packages) {
        const auto digest = digest_of(package);
        if (context_.store.knows_key_package(session.device, digest)) continue;
        if (fresh.emplace(digest, &package).second) in_order.push_back(digest);
    }
    const auto stock = context_.store.key_package_count(session.device).one_time;
    if (stock + in_order.size() > wire::key_packages_max)
        return {ErrorCode::quota_exceeded, "this relay keeps " + std::to_string(wire::key_packages_max) +
                                               " key packages of a device, and has " + std::to_string(stock) +
                                               ": publish fewer"};
    for (const auto& digest : in_order)
        context_.store.add_key_package(session.device, digest, *fresh[digest], now.wall_ms);
    if (!request.last_resort.empty()) context_.store.set_last_resort(session.device, request.last_resort, now.wall_ms);
    context_.counters.key_packages_stored += in_order.size();
    return frame::ResponseBody(frame::KeyPackageStock{stock + static_cast<std::uint32_t>(in_order.size())});
}

Answer KeyPackages::fetch(const Session& session, const frame::KeyPackageFetch& request, Moment now)
{
    const auto who = session.account;
    if (const auto wait = requests_.wait(who, now.mono); wait > Duration::zero()) return slow_down(wait);
    requests_.take(who, now.mono);
    auto partner = partner_of(context_, session, request.user);
    if (!partner) partner = fellow_of(context_, session, request.user);
    if (!partner) return no_partner();

    // Own devices are in every group that is created, and harm only themselves.
    const bool own = partner->row == session.account;
    frame::KeyPackages out;
    std::set<DeviceId> seen;
    for (const auto& id : request.devices) {
        const auto device = context_.store.device(id);
        if (!device || device->account != partner->row || !seen.insert(id).second) continue;
        auto package =
            hand_out(device->row, own ? std::string() : std::to_string(who) + "/" + std::to_string(device->row),
                     partner->listens, now);
        if (!package.empty()) out.packages.push_back({id, std::move(package)});
    }
    return frame::ResponseBody(std::move(out));
}

bool KeyPackages::expire(Moment now)
{
    const auto& limits = context_.config.limits;
    const auto expired = context_.store.expire_key_packages(now.wall_ms - limits.key_package_age_ms_max,
                                                            now.wall_ms - limits.last_resort_age_ms_max,
                                                            key_packages_expired_per_tick_max);
    context_.counters.key_packages_expired += expired;
    return expired >= key_packages_expired_per_tick_max;
}

Bytes KeyPackages::hand_out(DeviceRow device, const std::string& pair, bool may_take, Moment now)
{
    if (may_take && (pair.empty() || pairs_.wait(pair, now.mono) == Duration::zero())) {
        if (auto package = context_.store.take_key_package(device); !package.empty()) {
            if (!pair.empty()) pairs_.take(pair, now.mono);
            ++context_.counters.key_packages_handed_out;
            return package;
        }
    }
    auto package = context_.store.last_resort(device);
    if (!package.empty()) ++context_.counters.last_resorts_handed_out;
    return package;
}

} // namespace godwit::relay
