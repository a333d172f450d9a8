// SPDX-License-Identifier: Apache-2.0
#include "lib/identity/device_list.hpp"

#include "lib/base/check.hpp"
#include "lib/crypto/signing.hpp"

#include <algorithm>

namespace godwit::identity {
namespace {

Error refused(const char* detail)
{
    return Error{ErrorCode::authentication_failed, detail, 0};
}

auto same_device(const DeviceId& device)
{
    return [&device](const wire::DeviceCertificate& one) { return one.device == device; };
}

} // namespace

const wire::DeviceCertificate* DeviceList::find(const DeviceId& device) const
{
    const auto at = std::find_if(devices.begin(), devices.end(), same_device(device));
    return at == devices.end() ? nullptr : &*at;
}

Result<DeviceList> verify_device_list(BytesView encoded, std::string_view user, const PublicKey& account_key)
{
    const auto list = wire::decode_device_list(encoded);
    if (!list) return list.error();
    if (list->user != user) return refused("device list: of another user");
    if (list->account_key != account_key) return refused("device list: by another account key");
    if (list->version == 0 || list->certificates.empty()) return refused("device list: empty, or without a version");
    if (!crypto::verify(account_key, wire::device_list_signed_bytes(*list), list->signature.view()))
        return refused("device list: signature does not verify");
    DeviceList out;
    out.version = list->version;
    out.encoded = to_bytes(encoded);
    out.created_ms = list->created_ms;
    for (const auto& one : list->certificates) {
        auto certificate = verify_certificate(one, user, account_key);
        if (!certificate) return std::move(certificate).error();
        if (out.find(certificate->device) != nullptr) return refused("device list: a device twice");
        out.devices.push_back(std::move(*certificate));
    }
    return out;
}

DeviceList sign_device_list(std::string_view user, BytesView account_seed, std::uint64_t version,
                            const std::vector<wire::DeviceCertificate>& devices, WallMs created_ms)
{
    GODWIT_ASSERT(devices.size() <= wire::devices_per_account_max);
    const auto key = crypto::SigningKey::from_seed(account_seed);
    wire::DeviceList list;
    list.user = user;
    list.account_key = key.public_key();
    list.version = version;
    list.created_ms = created_ms;
    for (const auto& device : devices)
        list.certificates.push_back(wire::encode(device));
    const auto signature = key.sign(wire::device_list_signed_bytes(list));
    std::copy(signature.begin(), signature.end(), list.signature.bytes.begin());
    return {version, devices, wire::encode(list), created_ms};
}

Result<DeviceList> with_device(const DeviceList& list, const wire::DeviceCertificate& added, std::string_view user,
                               BytesView account_seed, WallMs created_ms)
{
    auto devices = list.devices;
    std::erase_if(devices, same_device(added.device));
    if (devices.size() >= wire::devices_per_account_max)
        return Error{ErrorCode::quota_exceeded,
                     "this account has " + std::to_string(devices.size()) + " devices, its limit: revoke one first", 0};
    devices.push_back(added);
    return sign_device_list(user, account_seed, list.version + 1, devices, created_ms);
}

DeviceList without_device(const DeviceList& list, const DeviceId& removed, std::string_view user,
                          BytesView account_seed, WallMs created_ms)
{
    auto devices = list.devices;
    std::erase_if(devices, same_device(removed));
    return sign_device_list(user, account_seed, list.version + 1, devices, created_ms);
}

Succession judge(const DeviceList& known, const DeviceList& shown)
{
    if (shown.version > known.version) return Succession::newer;
    if (shown.version < known.version) return Succession::rollback;
    return shown.encoded == known.encoded ? Succession::same : Succession::conflict;
}

bool mends(const DeviceList& stored, const DeviceList& next)
{
    return next.version > stored.version && next.version - stored.version >= mending_step_min &&
           next.version - stored.version <= mending_step_max;
}

std::optional<DeviceList> mend(const DeviceList& known, const DeviceList& shown, const std::set<DeviceId>& removed,
                               std::string_view user, BytesView account_seed, WallMs created_ms)
{
    std::vector<wire::DeviceCertificate> devices;
    for (const auto& one : known.devices) {
        if (removed.contains(one.device)) continue;
        const auto* const theirs = shown.find(one.device);
        devices.push_back(theirs != nullptr && theirs->created_ms > one.created_ms ? *theirs : one);
    }
    for (const auto& one : shown.devices)
        if (known.find(one.device) == nullptr && !removed.contains(one.device) && one.created_ms > known.created_ms &&
            devices.size() < wire::devices_per_account_max)
            devices.push_back(one);
    if (devices.empty()) return std::nullopt;
    return sign_device_list(user, account_seed, std::max(known.version, shown.version) + mending_step_min, devices,
                            created_ms);
}

} // namespace godwit::identity
