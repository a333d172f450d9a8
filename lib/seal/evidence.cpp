// SPDX-License-Identifier: Apache-2.0
#include "lib/seal/evidence.hpp"

#include <algorithm>

namespace godwit::seal {

bool withdraws(BytesView device_list, const wire::DeviceCertificate& certificate)
{
    return Evidence(std::vector<BytesView>{device_list}).withdraws(certificate);
}

Evidence::Evidence(const std::vector<BytesView>& lists)
{
    for (const BytesView list : lists)
        add(list);
}

Evidence::Evidence(const std::vector<Bytes>& lists)
{
    for (const Bytes& list : lists)
        add(list);
}

void Evidence::add(BytesView list)
{
    if (entries_.size() >= wire::evidence_lists_max || list.size() > wire::device_list_bytes_max) return;
    const auto claimed = wire::decode_device_list(list);
    if (!claimed) return;
    const auto same = [&](const Entry& one) { return one.account_key == claimed->account_key; };
    if (std::any_of(entries_.begin(), entries_.end(), same)) return;
    entries_.push_back({to_bytes(list), claimed->user, claimed->account_key, false, std::nullopt});
}

bool Evidence::withdraws(const wire::DeviceCertificate& certificate) const
{
    const auto at = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& one) {
        return one.account_key == certificate.account_key && one.user == certificate.user;
    });
    if (at == entries_.end()) return false;
    if (!std::exchange(at->tried, true))
        if (auto list = identity::verify_device_list(at->encoded, at->user, at->account_key))
            at->list = std::move(*list);
    return at->list && at->list->find(certificate.device) == nullptr && at->list->created_ms >= certificate.created_ms;
}

} // namespace godwit::seal
