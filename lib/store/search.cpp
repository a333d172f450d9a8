// SPDX-License-Identifier: Apache-2.0
// The door to the index (search/index.hpp).
#include "lib/store/store.hpp"

namespace godwit::store {
namespace {

/// A thousand posts, and some milliseconds.
constexpr int slices_a_call = 4;

} // namespace

Result<port::SearchPage> SqliteStore::search(const port::SearchQuery& query)
{
    if (failed()) return port::SearchPage();
    auto page = index_.find(query, over_ms_);
    if (page || page.error().code == ErrorCode::invalid_argument) return page;
    fail(page.error());
    return port::SearchPage();
}

bool SqliteStore::index_more()
{
    for (int slice = 0; !failed(); ++slice) {
        const auto due = index_.due();
        if (!due) fail(due.error());
        if (!due || !*due) return false;
        if (slice == slices_a_call) return true;
        if (!ready_to_write()) return false;
        dirty_ = true;
        if (const auto done = index_.step(); !done) fail(done.error());
    }
    return false;
}

} // namespace godwit::store
