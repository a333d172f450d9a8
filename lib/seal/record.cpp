// SPDX-License-Identifier: Apache-2.0
#include "lib/seal/record.hpp"

#include <algorithm>

namespace godwit::seal {
namespace {

/// What the store takes under one name.
constexpr std::size_t part_bytes_max = std::size_t{1} << 20;
/// The first part begins with the length of all: uint32.
constexpr std::size_t length_bytes = 4;

std::size_t parts_for(std::size_t size_bytes)
{
    return (length_bytes + size_bytes + part_bytes_max - 1) / part_bytes_max;
}

WipedBytes taken(Bytes value)
{
    WipedBytes out(value.begin(), value.end());
    wipe(value);
    return out;
}

} // namespace

std::string value_name(const ConversationId& conversation, std::string_view what)
{
    return "mls/" + to_hex(conversation.view()) + '/' + std::string(what);
}

std::string ratchet_name(const ConversationId& conversation, std::uint64_t epoch, mls::PartIndex part)
{
    return value_name(conversation, "ratchets") + '/' + std::to_string(epoch) + '/' + std::to_string(part);
}

void remove_ratchets(port::Store& store, const ConversationId& conversation, const mls::RatchetEpoch& epoch)
{
    for (mls::PartIndex part = 0; part < epoch.parts; ++part)
        store.remove_value(ratchet_name(conversation, epoch.epoch, part));
}

std::optional<mls::Group> load_group(port::Store& store, const ConversationId& conversation)
{
    const auto epoch_part = LongValue(value_name(conversation, "epoch")).load(store);
    if (!epoch_part) return std::nullopt;
    auto out = mls::Group::deserialize(*epoch_part, [&](std::uint64_t epoch, mls::PartIndex part) {
        auto value = store.value(ratchet_name(conversation, epoch, part));
        return value ? std::optional(taken(std::move(*value))) : std::nullopt;
    });
    if (!out || out->has_left()) return std::nullopt;
    return std::move(*out);
}

std::string LongValue::part(std::size_t index) const
{
    return index == 0 ? name_ : name_ + '/' + std::to_string(index);
}

std::optional<WipedBytes> LongValue::load(port::Store& store)
{
    auto first = store.value(name_);
    if (!first) {
        parts_ = 0;
        return std::nullopt;
    }
    mls::Reader io(*first);
    const auto size = static_cast<std::size_t>(io.integer(length_bytes));
    if (io.error() != mls::MlsError::none || size > mls::message_bytes_max) return std::nullopt;
    parts_ = parts_for(size);
    WipedBytes out;
    out.reserve(size);
    out.insert(out.end(), io.rest().begin(), io.rest().end());
    crypto::wipe_memory(first->data(), first->size());
    for (std::size_t i = 1; i < *parts_; ++i) {
        auto more = store.value(part(i));
        if (!more) return std::nullopt;
        out.insert(out.end(), more->begin(), more->end());
        crypto::wipe_memory(more->data(), more->size());
    }
    if (out.size() != size) return std::nullopt;
    return out;
}

void LongValue::save(port::Store& store, BytesView value)
{
    if (!parts_) static_cast<void>(load(store));
    const std::size_t parts = parts_for(value.size());
    mls::Writer io;
    io.integer(value.size(), length_bytes);
    io.raw(value);
    for (std::size_t i = 0; i < parts; ++i) {
        const std::size_t from = i * part_bytes_max;
        store.put_value(part(i), io.view().subspan(from, std::min(part_bytes_max, io.view().size() - from)));
    }
    for (std::size_t i = parts; i < parts_.value_or(0); ++i)
        store.remove_value(part(i));
    parts_ = parts;
}

void LongValue::remove(port::Store& store)
{
    if (!parts_) static_cast<void>(load(store));
    for (std::size_t i = 0; i < parts_.value_or(0); ++i)
        store.remove_value(part(i));
    parts_ = 0;
}

} // namespace godwit::seal
