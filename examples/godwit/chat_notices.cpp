// SPDX-License-Identifier: Apache-2.0
// What the operator of the relay says: never in a conversation.
#include "chat.hpp"

#include "words.hpp"

namespace request = godwit::request;

void Chat::notices()
{
    ask(request::Notices{history_on_open, {}}, [this](const godwit::event::Reply& reply) {
        const auto* all = std::get_if<std::vector<godwit::Notice>>(&reply.value);
        if (all == nullptr) return;
        if (all->empty()) return screen_.print("  the operator of the relay has said nothing");
        for (auto at = all->rbegin(); at != all->rend(); ++at)
            screen_.print(notice_text(*at, wall_now_ms()));
        ask(request::MarkNoticesRead{all->front().id});
    });
}

void Chat::show(const godwit::event::NoticeReceived& e)
{
    screen_.print(notice_text(e.notice, wall_now_ms()));
    if (!e.notice.read) screen_.print("  /notices shows it again, and marks it as read");
}

void Chat::show(const godwit::event::NoticeWithdrawn&)
{
    screen_.print("  the operator of the relay has taken a notice back: /notices shows what stands");
}

void Chat::show(const godwit::event::NoticesRead&) {}
