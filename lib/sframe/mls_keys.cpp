// SPDX-License-Identifier: Apache-2.0
#include "lib/sframe/mls_keys.hpp"

#include "lib/base/check.hpp"

#include <algorithm>
#include <bit>

namespace godwit::sframe {
namespace {

constexpr std::uint64_t epoch_mask = (std::uint64_t{1} << epoch_bits) - 1;

} // namespace

static_assert(epochs_kept_max <= epoch_mask + 1);

std::size_t base_key_bytes(CipherSuite suite) noexcept
{
    const auto parameters = parameters_of(suite);
    GODWIT_ASSERT(parameters.has_value());
    return parameters->nk;
}

unsigned index_bits(std::uint32_t leaves) noexcept
{
    return leaves <= 1 ? 0 : static_cast<unsigned>(std::bit_width(leaves - 1));
}

std::optional<std::uint64_t> make_kid(const MlsKid& parts, std::uint32_t leaves) noexcept
{
    const unsigned below = index_bits(leaves) + epoch_bits;
    if (parts.leaf >= leaves || (parts.context << below) >> below != parts.context) return std::nullopt;
    return parts.context << below | std::uint64_t{parts.leaf} << epoch_bits | (parts.epoch & epoch_mask);
}

MlsKid parse_kid(std::uint64_t kid, std::uint32_t leaves) noexcept
{
    const unsigned bits = index_bits(leaves);
    const std::uint64_t leaf = kid >> epoch_bits & ((std::uint64_t{1} << bits) - 1);
    return {kid >> (bits + epoch_bits), static_cast<std::uint32_t>(leaf), kid & epoch_mask};
}

bool MlsKeys::add_epoch(std::uint64_t epoch, BytesView base_key, std::uint32_t leaves, std::uint32_t own_leaf)
{
    if (base_key.size() != base_key_bytes(suite_) || leaves > group_leaves_max || own_leaf >= leaves) return false;
    if (!epochs_.empty() && epochs_.front().number >= epoch) return false;
    std::erase_if(epochs_, [&](const Epoch& old) { return ((old.number ^ epoch) & epoch_mask) == 0; });
    Epoch fresh;
    fresh.number = epoch;
    fresh.base_key = crypto::to_wiped(base_key);
    fresh.leaves = leaves;
    fresh.own_leaf = own_leaf;
    epochs_.push_front(std::move(fresh));
    if (epochs_.size() > epochs_kept_max) epochs_.pop_back();
    return true;
}

void MlsKeys::forget_epochs_before(std::uint64_t epoch)
{
    std::erase_if(epochs_, [&](const Epoch& old) { return old.number < epoch; });
}

MlsKeys::Epoch* MlsKeys::epoch_of(std::uint64_t low_bits) noexcept
{
    for (Epoch& epoch : epochs_)
        if ((epoch.number & epoch_mask) == low_bits) return &epoch;
    return nullptr;
}

std::optional<SendKey> MlsKeys::take_send_key(std::uint64_t context)
{
    if (epochs_.empty()) return std::nullopt;
    Epoch& epoch = epochs_.front();
    const auto kid = make_kid({context, epoch.own_leaf, epoch.number}, epoch.leaves);
    if (!kid || epoch.contexts_taken.size() >= contexts_max) return std::nullopt;
    if (!epoch.contexts_taken.insert(context).second) return std::nullopt;
    return SendKey(suite_, *kid, epoch.base_key);
}

MlsKeys::Opened MlsKeys::decrypt(BytesView metadata, BytesView ciphertext)
{
    Opened out;
    const auto parsed = decode_header(ciphertext);
    if (!parsed) return out;
    out.header = parsed->header;
    out.verdict = Decrypted::Verdict::unknown_key;
    const std::uint64_t kid = parsed->header.kid;
    Epoch* const epoch = epoch_of(kid & epoch_mask);
    if (epoch == nullptr) return out;
    const MlsKid parts = parse_kid(kid, epoch->leaves);
    if (parts.leaf >= epoch->leaves || parts.leaf == epoch->own_leaf) return out;

    const auto give = [&](Decrypted decrypted) {
        static_cast<Decrypted&>(out) = std::move(decrypted);
        if (out.verdict != Decrypted::Verdict::opened) return std::move(out);
        out.epoch = epoch->number;
        out.leaf = parts.leaf;
        out.context = parts.context;
        return std::move(out);
    };
    if (const auto known = epoch->receive.find(kid); known != epoch->receive.end())
        return give(known->second.decrypt(metadata, ciphertext));
    const auto contexts = epoch->contexts_of_leaf.find(parts.leaf);
    if (epoch->receive.size() >= receive_keys_max ||
        (contexts != epoch->contexts_of_leaf.end() && contexts->second >= contexts_max))
        return out;
    // Kept once something has been opened by it: a stranger's KIDs take no room.
    ReceiveKey fresh(suite_, kid, epoch->base_key);
    auto decrypted = fresh.decrypt(metadata, ciphertext);
    if (decrypted.verdict == Decrypted::Verdict::opened) {
        epoch->receive.emplace(kid, std::move(fresh));
        ++epoch->contexts_of_leaf[parts.leaf];
    }
    return give(std::move(decrypted));
}

} // namespace godwit::sframe
