// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: what was left at the relay and nobody is to have any more goes from there. Kept until the
// relay has said that it is gone.
#pragma once

#include "lib/engine/file_reach.hpp"
#include "lib/port/file_rows.hpp"

namespace godwit::engine {

class FileDrop {
public:
    explicit FileDrop(Context& context) : context_(context) {}

    void load();
    /// The last post of this device's that referred to it under this key does not stand any more.
    void drop(const port::FileGrant& grant);
    /// It is referred to again.
    void keep(const port::FileGrant& grant);
    void relay_gone() { asked_ = false; }
    void answered(const purpose::BlobDrop& what, const wire::relay::Response& response, Moment now);
    void end_tick(FileReach& reach, Moment now);
    [[nodiscard]] Instant deadline(Instant now) const { return retry_at_ > now ? retry_at_ : never; }

private:
    void remove(const wire::BlobId& blob);
    void save();

    Context& context_;
    std::vector<wire::BlobId> blobs_; ///< The oldest first.
    bool asked_ = false;              ///< For the first of them, and not answered.
    Instant retry_at_{};
};

} // namespace godwit::engine
