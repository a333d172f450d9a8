// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/views.hpp"

#include "lib/conversation/view_diff.hpp"

#include <algorithm>

namespace godwit::engine {
namespace {

using Step = event::ViewChanged::Step;

/// The steps between two lists of keys; `item` makes what is told of the new list's i-th.
template <class Item>
void put_steps(event::ViewChanged& out, std::shared_ptr<const Watches::Keys>& shown, Watches::Keys now,
               const std::function<bool(const std::string&)>& is_new, Item item)
{
    for (const auto& one : conversation::diff(*shown, now, is_new)) {
        Step step;
        step.op = static_cast<Step::Op>(one.op);
        step.index = static_cast<std::uint32_t>(one.index);
        step.from = static_cast<std::uint32_t>(one.from);
        if (step.op == Step::Op::insert || step.op == Step::Op::update) step.item = item(one.item);
        out.steps.push_back(std::move(step));
    }
    if (*shown != now) shown = std::make_shared<const Watches::Keys>(std::move(now));
}

template <std::size_t N, class Tag>
std::string key_of(const FixedBytes<N, Tag>& id)
{
    return std::string(as_text(id.view()));
}

} // namespace

Result<std::uint64_t> Views::watch(const request::Watch& what, const ConversationId& conversation)
{
    using What = request::Watch::What;
    if (watches_.size() >= request::watches_max)
        return Error{ErrorCode::quota_exceeded,
                     "at most " + std::to_string(request::watches_max) + " lists can be watched: unwatch one", 0};
    if (what.what == What::messages && (what.limit < 1 || what.limit > request::history_limit_max))
        return Error{ErrorCode::invalid_argument, "limit: 1 to " + std::to_string(request::history_limit_max), 0};
    const auto number = ++last_;
    auto& made = watches_[number];
    made.what = std::make_shared<const request::Watch>(what);
    made.conversation = conversation;
    look(number, made, true);
    return number;
}

bool Views::unwatch(std::uint64_t number)
{
    kept_ = nullptr;
    return watches_.erase(number) > 0;
}

std::shared_ptr<const Watches> Views::watches() const
{
    if (kept_) return kept_;
    auto out = std::make_shared<Watches>();
    for (const auto& [number, watched] : watches_)
        out->all.emplace(number, watched);
    out->last = last_;
    kept_ = std::move(out);
    return kept_;
}

void Views::resume(const Watches& watches)
{
    for (const auto& [number, one] : watches.all)
        static_cast<Watches::One&>(watches_[number]) = one;
    last_ = watches.last;
    resumed_ = !watches_.empty();
}

bool Views::concerns(const Watched& watched)
{
    using What = request::Watch::What;
    const auto& touched = context_.touched;
    switch (watched.what->what) {
    case What::contacts: return !touched.contacts.empty();
    case What::conversations: return touched.any();
    case What::messages: break;
    }
    if (touched.conversations.contains(watched.conversation)) return true;
    return std::any_of(touched.messages.begin(), touched.messages.end(),
                       [&](const auto& id) { return context_.store.has_message(watched.conversation, id); });
}

void Views::update()
{
    if (std::exchange(resumed_, false))
        for (auto& [number, watched] : watches_)
            look(number, watched, false);
    if (!context_.touched.any()) return;
    const auto touched = context_.touched;
    // States of messages concern the list of conversations too: it shows the last one.
    for (const auto& id : touched.messages)
        if (const auto row = watches_.empty() ? std::nullopt : context_.store.message(id))
            context_.touched.conversations.insert(row->message.conversation);
    for (const auto& user : touched.contacts)
        if (const auto id = roster_.conversation_with(user)) context_.touched.conversations.insert(*id);
    for (auto& [number, watched] : watches_)
        if (concerns(watched)) look(number, watched, false);
    context_.touched = {};
}

void Views::look(std::uint64_t number, Watched& watched, bool first)
{
    using What = request::Watch::What;
    event::ViewChanged out{number, {}};
    switch (watched.what->what) {
    case What::conversations: look_at_conversations(watched, out); break;
    case What::messages: look_at_messages(watched, out); break;
    case What::contacts: look_at_contacts(watched, out); break;
    }
    watched.whole = false;
    kept_ = nullptr;
    if (first || !out.steps.empty()) context_.event(std::move(out));
}

void Views::look_at_conversations(Watched& watched, event::ViewChanged& out)
{
    const auto take = [&](Conversation one) {
        if (one.hidden && !watched.what->hidden)
            watched.conversations.erase(one.id);
        else
            watched.conversations.insert_or_assign(one.id, std::move(one));
    };
    if (watched.whole)
        for (auto& one : chats_.list(true))
            take(std::move(one));
    else
        for (const auto& id : context_.touched.conversations) {
            if (const auto stored = context_.store.conversation(id))
                take(chats_.describe(*stored));
            else
                watched.conversations.erase(id);
        }
    std::vector<const Conversation*> order;
    for (const auto& [id, one] : watched.conversations)
        order.push_back(&one);
    std::sort(order.begin(), order.end(),
              [](const Conversation* a, const Conversation* b) { return Chats::comes_before(*a, *b); });
    std::vector<std::string> keys;
    for (const auto* one : order)
        keys.push_back(key_of(one->id));
    std::set<std::string> news;
    for (const auto& id : context_.touched.conversations)
        news.insert(key_of(id));
    put_steps(
        out, watched.keys, std::move(keys), [&](const std::string& key) { return watched.whole || news.contains(key); },
        [&](std::size_t i) { return *order[i]; });
}

void Views::look_at_messages(Watched& watched, event::ViewChanged& out)
{
    auto rows = context_.store.history(watched.conversation, watched.what->limit, std::nullopt);
    std::vector<std::string> keys;
    for (const auto& row : rows)
        keys.push_back(key_of(row.message.id));
    std::set<std::string> news;
    for (const auto& id : context_.touched.messages)
        news.insert(key_of(id));
    put_steps(
        out, watched.keys, std::move(keys), [&](const std::string& key) { return watched.whole || news.contains(key); },
        [&](std::size_t i) { return conversation::present(context_.store, rows[i]); });
}

void Views::look_at_contacts(Watched& watched, event::ViewChanged& out)
{
    std::vector<std::string> keys;
    for (const auto& [user, person] : roster_.people())
        keys.push_back(user);
    put_steps(
        out, watched.keys, keys,
        [&](const std::string& key) { return watched.whole || context_.touched.contacts.contains(key); },
        [&](std::size_t i) { return describe_contact_(keys[i]).value_or(Contact{}); });
}

} // namespace godwit::engine
