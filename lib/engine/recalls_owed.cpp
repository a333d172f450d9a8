// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/recalls_owed.hpp"

#include <algorithm>

namespace godwit::engine {

namespace {

constexpr std::string_view prefix = "recall/";
constexpr std::uint32_t registers_page = 64;

} // namespace

std::string owed_recall_name(const MessageId& id)
{
    return std::string(prefix) + to_hex(id.view());
}

Bytes owed_recall_value(const ConversationId& conversation, BytesView content)
{
    Bytes out(ConversationId::size_bytes + content.size());
    const auto behind = std::copy(conversation.bytes.begin(), conversation.bytes.end(), out.begin());
    std::copy(content.begin(), content.end(), behind);
    return out;
}

std::optional<OwedRecall> read_owed_recall(std::string_view name, BytesView value)
{
    if (!name.starts_with(prefix) || value.size() <= ConversationId::size_bytes) return std::nullopt;
    const auto bytes = from_hex(name.substr(prefix.size()));
    const auto id = bytes ? MessageId::from(*bytes) : std::nullopt;
    if (!id) return std::nullopt;
    return OwedRecall{*ConversationId::from(value.first(ConversationId::size_bytes)), *id,
                      to_bytes(value.subspan(ConversationId::size_bytes))};
}

std::vector<OwedRecall> owed_recalls(port::Store& store)
{
    std::vector<OwedRecall> out;
    std::string after;
    for (;;) {
        const auto page = store.registers(prefix, after, registers_page);
        for (const auto& one : page)
            if (auto owed = read_owed_recall(one.name, one.value)) out.push_back(*std::move(owed));
        if (page.size() < registers_page) return out;
        after = page.back().name;
    }
}

} // namespace godwit::engine
