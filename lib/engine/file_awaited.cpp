// SPDX-License-Identifier: Apache-2.0
// Of files.hpp, posts that this account has removed from its history. With them goes what only they referred to; but
// what this device has sent others is on its way as the message is, and may exist nowhere else: it stays and is given
// to them until all have it, or their time is over.
#include "lib/engine/files.hpp"

#include <algorithm>

namespace godwit::engine {

namespace {

/// file (32) ‖ conversation (16) ‖ post (16) each.
constexpr std::string_view awaited_value = "files/awaited";
constexpr std::size_t awaited_bytes = FileId::size_bytes + ConversationId::size_bytes + MessageId::size_bytes;
/// What is removed beyond goes at once: the value is written anew with each.
constexpr std::size_t awaited_max = 1024;
/// That a time is over shows then; that somebody has all, at once.
constexpr Duration looked_every = std::chrono::minutes(1);

} // namespace

void Files::load_awaited()
{
    awaited_.clear();
    awaited_looked_ = {};
    const auto value = context_.store.value(awaited_value).value_or(Bytes());
    for (BytesView rest(value); rest.size() >= awaited_bytes; rest = rest.subspan(awaited_bytes)) {
        const auto ids = rest.subspan(FileId::size_bytes);
        awaited_.push_back({*FileId::from(rest.first(FileId::size_bytes)),
                            *ConversationId::from(ids.first(ConversationId::size_bytes)),
                            *MessageId::from(ids.subspan(ConversationId::size_bytes, MessageId::size_bytes))});
    }
}

void Files::save_awaited()
{
    Bytes value;
    for (const auto& one : awaited_) {
        append(value, one.file.view());
        append(value, one.conversation.view());
        append(value, one.post.view());
    }
    if (value.empty())
        context_.store.remove_value(awaited_value);
    else
        context_.store.put_value(awaited_value, value);
}

bool Files::is_awaited(const port::FileGrant& grant, Moment now) const
{
    return grant.mine && !grant.served && grant.posted_ms + context_.config.delivery_deadline_ms > now.wall_ms;
}

void Files::removed(const ConversationId& conversation, const MessageId& post, bool of_others, Moment now)
{
    if (!shelf_.open()) return;
    bool any = false;
    for (const auto& grant : shelf_.remove_grants(conversation, post)) {
        if (!of_others || awaited_.size() >= awaited_max || !is_awaited(grant, now)) {
            let_go(grant, false);
            continue;
        }
        shelf_.put_grant(grant);
        awaited_.push_back({grant.file, conversation, post});
        any = true;
    }
    if (any) save_awaited();
}

void Files::look_at_awaited(Moment now)
{
    if (awaited_.empty() || awaited_looked_ > now.mono) return;
    awaited_looked_ = now.mono + looked_every;
    const auto over = std::erase_if(awaited_, [&](const Awaited& one) {
        std::optional<port::FileGrant> its;
        for (const auto& grant : context_.store.file_grants(one.file))
            if (grant.conversation == one.conversation && grant.post == one.post) its = grant;
        if (its && is_awaited(*its, now)) return false;
        if (!its) return true; // Taken back meanwhile.
        // Of a post with several files each stays as long as it is awaited.
        for (const auto& grant : shelf_.remove_grants(one.conversation, one.post)) {
            if (grant.file == one.file)
                let_go(grant, false);
            else
                shelf_.put_grant(grant);
        }
        return true;
    });
    if (over > 0) save_awaited();
}

} // namespace godwit::engine
