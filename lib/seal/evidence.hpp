// SPDX-License-Identifier: Apache-2.0
// Private to seal: why a device of another account goes out of a group. Members have seen different device lists, so a
// commit that takes out a leaf of somebody else, who stays, brings that account's signed list: in the
// authenticated_data, behind what binds it to its envelope (lib/wire/mls_outline.hpp). All judge by what is there, and
// by nothing that they happen to know.
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/identity/device_list.hpp"
#include "lib/wire/mls_outline.hpp"

#include <vector>

namespace godwit::seal {

/// This list is of the account of this certificate, signed by it, not older than the certificate, and the device is not
/// in it. A list that is older says nothing: the device may have come after it.
[[nodiscard]] bool withdraws(BytesView device_list, const wire::DeviceCertificate& certificate);

/// Device lists of a commit, at most wire::evidence_lists_max; each account's first counts. They are verified once,
/// when somebody asks for their account.
class Evidence {
public:
    Evidence() = default;
    explicit Evidence(const std::vector<BytesView>& lists);
    explicit Evidence(const std::vector<Bytes>& lists);
    [[nodiscard]] bool withdraws(const wire::DeviceCertificate& certificate) const;

private:
    struct Entry {
        Bytes encoded;
        std::string user;
        PublicKey account_key;
        mutable bool tried = false;
        mutable std::optional<identity::DeviceList> list; ///< When it verifies.
    };
    void add(BytesView list);
    std::vector<Entry> entries_;
};

} // namespace godwit::seal
