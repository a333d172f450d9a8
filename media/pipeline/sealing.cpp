// SPDX-License-Identifier: Apache-2.0
#include "media/pipeline/sealing.hpp"

#include <utility>

namespace godwit::pipeline {

bool Sealing::prepare_epoch(std::uint64_t epoch, BytesView base_key, std::uint32_t leaves, std::uint32_t own_leaf)
{
    if (!keys_.add_epoch(epoch, base_key, leaves, own_leaf)) return false;
    for (const std::uint64_t kind : {0U, 1U})
        next_[kind] = keys_.take_send_key(stream_ << 1 | kind);
    newest_ = epoch;
    return true;
}

bool Sealing::add_epoch(std::uint64_t epoch, BytesView base_key, std::uint32_t leaves, std::uint32_t own_leaf)
{
    if (!prepare_epoch(epoch, base_key, leaves, own_leaf)) return false;
    use_newest();
    return true;
}

void Sealing::use_newest()
{
    if (!next_[0] && !next_[1]) return;
    for (const std::size_t kind : {0U, 1U})
        send_[kind] = std::exchange(next_[kind], std::nullopt);
    epoch_ = newest_;
}

std::optional<Bytes> Sealing::seal(Kind kind, BytesView frame)
{
    auto& key = send_[static_cast<std::size_t>(kind)];
    const auto metadata = static_cast<std::uint8_t>(kind);
    if (!key) return std::nullopt;
    return key->encrypt({&metadata, 1}, frame);
}

std::optional<Bytes> Sealing::open(Kind kind, BytesView sealed)
{
    const auto metadata = static_cast<std::uint8_t>(kind);
    auto opened = keys_.decrypt({&metadata, 1}, sealed);
    if (opened.verdict != sframe::Decrypted::Verdict::opened || (opened.context & 1) != metadata) {
        ++refused_;
        return std::nullopt;
    }
    if (opened.epoch == newest_) use_newest();
    return std::move(opened.frame);
}

} // namespace godwit::pipeline
