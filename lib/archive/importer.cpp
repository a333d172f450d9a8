// SPDX-License-Identifier: Apache-2.0
#include "lib/archive/importer.hpp"

#include "lib/archive/rows.hpp"

#include <algorithm>

namespace godwit::archive {

namespace record = wire::archive;

Importer::Importer(port::Store& store, Reader reader, PublicKey account_key, bool check_only)
    : store_(store), reader_(std::move(reader)), account_key_(account_key), check_only_(check_only)
{
}

Result<Importer::Step> Importer::push(BytesView bytes, Moment now)
{
    Step out;
    auto records = reader_.push(bytes);
    if (!records) return std::move(records).error();
    for (auto& one : *records)
        if (auto taken = take(std::move(one), out, now); !taken) return std::move(taken).error();
    if (reader_.finished() && !ended_)
        return Error{ErrorCode::malformed, "this archive says nothing of its end: make it again", 0};
    if (reader_.finished() && !check_only_)
        for (const auto& one : conversations_)
            complete(one);
    return out;
}

Result<void> Importer::take(record::Record what, Step& step, Moment now)
{
    const auto malformed = [](std::string detail) { return Error{ErrorCode::malformed, std::move(detail), 0}; };
    if (auto* head = std::get_if<record::Head>(&what)) {
        if (begun_) return malformed("this archive begins twice");
        if (head->account_key != account_key_)
            return Error{ErrorCode::invalid_argument,
                         "this archive is of the account " + head->user +
                             " with another key than this home's: open the home of that account",
                         0};
        head_ = std::move(*head);
        begun_ = true;
        return {};
    }
    if (!begun_ || ended_) return malformed("a record of this archive stands outside of it");
    if (const auto* end = std::get_if<record::End>(&what)) {
        if (end->posts != counts_.posts || end->notes != counts_.notes || end->settings != counts_.settings)
            return malformed("this archive has not what it says: make it again");
        ended_ = true;
        return {};
    }
    if (auto* setting = std::get_if<record::Setting>(&what)) {
        ++counts_.settings;
        step.settings.push_back({setting->hlc_ms, std::move(setting->name), std::move(setting->value)});
    } else if (auto* post = std::get_if<record::Post>(&what)) {
        ++counts_.posts;
        auto row = row_of(std::move(*post));
        conversations_.insert(row.message.conversation);
        if (!check_only_ && conversation::merge(store_, row, now)) {
            ++added_;
            step.added.push_back(std::move(row));
        }
    } else if (auto* notes = std::get_if<record::Notes>(&what)) {
        counts_.notes += notes->notes.size();
        if (check_only_) return {};
        for (const auto& note : rows_of(std::move(*notes)))
            if (auto changed = conversation::merge(store_, note, now)) step.changed.push_back(*std::move(changed));
    } else if (const auto* gone = std::get_if<record::Gone>(&what)) {
        if (check_only_) return {};
        for (const auto& id : gone->ids)
            if (auto changed = conversation::merge_gone(store_, gone->conversation, id))
                step.changed.push_back(*std::move(changed));
    } else if (auto* chat = std::get_if<record::Conversation>(&what)) {
        if (check_only_) return {};
        const auto known = store_.conversation(chat->id);
        // Where nobody has said anything yet, that this device has come into it is no activity.
        const auto newest = store_.newest(chat->id);
        const bool silent = !newest || newest->quiet;
        if (!known || silent || known->activity_ms < chat->activity_ms)
            store_.put_conversation({chat->id, chat->kind, std::move(chat->with), chat->activity_ms});
        conversations_.insert(chat->id);
    }
    return {};
}

/// Where nothing was said since, the next post answers the newest one.
void Importer::complete(const ConversationId& conversation)
{
    if (!store_.heads(conversation).empty()) return;
    begun_here_.insert(conversation);
    if (const auto newest = store_.newest(conversation))
        store_.put_heads(conversation, {{newest->message.id, newest->hlc_ms}});
}

} // namespace godwit::archive
