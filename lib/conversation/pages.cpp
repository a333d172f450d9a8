// SPDX-License-Identifier: Apache-2.0
#include "lib/conversation/pages.hpp"

#include <iterator>
#include <string>

namespace godwit::conversation {
namespace {

std::vector<port::StoredMessage> rows_around(port::Store& store, const ConversationId& conversation,
                                             std::uint32_t limit, const MessageId& middle)
{
    auto rows = store.history(conversation, limit / 2, middle);
    // What has gone by its lifetime still has its place.
    if (auto row = store.message_in(conversation, middle); row && row->shown) rows.push_back(std::move(*row));
    auto newer = store.history_after(conversation, limit - static_cast<std::uint32_t>(rows.size()), middle);
    rows.insert(rows.end(), std::make_move_iterator(newer.begin()), std::make_move_iterator(newer.end()));
    return rows;
}

} // namespace

Result<std::vector<port::StoredMessage>> page(port::Store& store, const ConversationId& conversation,
                                              const PageOf& wanted)
{
    const auto invalid = [](std::string detail) { return Error{ErrorCode::invalid_argument, std::move(detail), 0}; };
    const char* name = nullptr;
    const std::pair<const char*, const std::optional<MessageId>*> all[] = {
        {"before", &wanted.before}, {"after", &wanted.after}, {"around", &wanted.around}};
    for (const auto& [its_name, id] : all) {
        if (!*id) continue;
        if (name != nullptr) return invalid(std::string(name) + " and " + its_name + ": only one of them");
        name = its_name;
        // Answered with the newest page, somebody who turns pages would begin again, and again.
        if (!store.has_message(conversation, **id))
            return invalid(std::string(name) + ": no such message in this conversation");
    }
    if (wanted.after) return store.history_after(conversation, wanted.limit, *wanted.after);
    if (wanted.around) return rows_around(store, conversation, wanted.limit, *wanted.around);
    return store.history(conversation, wanted.limit, wanted.before);
}

} // namespace godwit::conversation
