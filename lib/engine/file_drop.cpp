// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/file_drop.hpp"

#include "lib/transfer/blob.hpp"

#include <algorithm>

namespace godwit::engine {

namespace {

constexpr std::string_view name = "files/drop"; ///< The blobs' names, one behind the other.
/// More wait for their days to be over, as all blobs do.
constexpr std::size_t blobs_max = 1024;

} // namespace

void FileDrop::load()
{
    const auto value = context_.store.value(name);
    if (!value) return;
    for (BytesView left(*value); left.size() >= wire::BlobId::size_bytes; left = left.subspan(wire::BlobId::size_bytes))
        blobs_.push_back(*wire::BlobId::from(left.first(wire::BlobId::size_bytes)));
}

void FileDrop::save()
{
    Bytes value;
    for (const auto& blob : blobs_)
        append(value, blob.view());
    context_.store.put_value(name, value);
}

void FileDrop::drop(const port::FileGrant& grant)
{
    if (grant.size_bytes == 0 || blobs_.size() >= blobs_max) return;
    blobs_.push_back(transfer::blob_id(grant.key, grant.file));
    save();
}

void FileDrop::keep(const port::FileGrant& grant)
{
    if (!blobs_.empty()) remove(transfer::blob_id(grant.key, grant.file));
}

void FileDrop::remove(const wire::BlobId& blob)
{
    if (std::erase(blobs_, blob) > 0) save();
}

void FileDrop::answered(const purpose::BlobDrop& what, const wire::relay::Response& response, Moment now)
{
    asked_ = false;
    if (is_temporary(response.error.code))
        retry_at_ = now.mono + context_.config.blob_retry_min;
    else
        remove(what.blob);
}

void FileDrop::end_tick(FileReach& reach, Moment now)
{
    if (asked_ || blobs_.empty() || retry_at_ > now.mono) return;
    if (auto* session = reach.blobs())
        asked_ = session->request(wire::relay::BlobDrop{blobs_.front()}, purpose::BlobDrop{blobs_.front()}, now);
}

} // namespace godwit::engine
