// SPDX-License-Identifier: Apache-2.0
// What the doors of administration share: the control socket and the HTTP API (relay/daemon).
#pragma once

#include "relay/admin/audit.hpp"
#include "relay/admin/tokens.hpp"

namespace godwit::relay::admin {

struct Admin {
    /// Both outlive it. Nothing is read before the first question.
    Admin(Ledger& ledger, port::Entropy& entropy) : tokens(ledger, entropy), audit(ledger) {}

    Tokens tokens;
    Audit audit;
};

} // namespace godwit::relay::admin
