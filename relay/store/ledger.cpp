// SPDX-License-Identifier: Apache-2.0
#include "relay/store/ledger.hpp"

namespace godwit::relay {

bool Ledger::writing()
{
    if (failed()) return false;
    if (in_transaction_) return true;
    const auto begun = backend_->begin();
    in_transaction_ = true; // also when it failed: the tick has written, and commit() says how that went
    note(begun);
    return begun.ok();
}

Result<void> Ledger::commit()
{
    if (error_) return *error_;
    if (!in_transaction_) return {};
    auto committed = backend_->commit();
    note(committed);
    if (committed.ok()) in_transaction_ = false;
    return committed;
}

void Ledger::rollback() noexcept
{
    backend_->rollback();
    in_transaction_ = false;
    error_.reset();
}

} // namespace godwit::relay
