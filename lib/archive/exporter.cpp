// SPDX-License-Identifier: Apache-2.0
#include "lib/archive/exporter.hpp"

#include "lib/archive/rows.hpp"
#include "lib/conversation/shared.hpp"
#include "lib/conversation/timeline.hpp"

namespace godwit::archive {

namespace record = wire::archive;

Bytes encode(const Mark& mark)
{
    Bytes out = to_bytes(mark.archive.view());
    append(out, conversation::shared::number(mark.arrival));
    append(out, conversation::shared::number(mark.change));
    return out;
}

std::optional<Mark> decode_mark(BytesView bytes)
{
    constexpr auto id_bytes = record::Id::size_bytes;
    if (bytes.size() != id_bytes + 16) return std::nullopt;
    const auto arrival = conversation::shared::read_number(bytes.subspan(id_bytes, 8));
    const auto change = conversation::shared::read_number(bytes.subspan(id_bytes + 8));
    if (!arrival || !change || *arrival < 0 || *change < 0) return std::nullopt;
    return Mark{*record::Id::from(bytes.first(id_bytes)), *arrival, *change};
}

Exporter::Exporter(port::Store& store, Writer writer, record::Head head, Mark since, port::Entropy& entropy)
    : store_(store), writer_(std::move(writer)), head_(std::move(head)), since_(since), upto_(since)
{
    entropy.fill(head_.id.bytes);
    head_.parent = since.archive;
    writer_.add(head_);
}

void Exporter::step(std::uint32_t rows)
{
    switch (phase_) {
    case Phase::settings: return settings(rows);
    case Phase::conversations: return conversations();
    case Phase::posts: return posts(rows);
    case Phase::changes: return changes(rows);
    case Phase::finished: return;
    }
}

void Exporter::settings(std::uint32_t rows)
{
    for (auto& one : store_.registers("", last_setting_, rows)) {
        last_setting_ = one.name;
        --rows;
        if (!conversation::shared::is_shared(one.name)) continue;
        if (const auto about = conversation::shared::parse(one.name); about && conversation::cleared_by(about->what))
            cleared_said_[about->conversation] += one.hlc_ms;
        writer_.add(record::Setting{std::move(one.name), one.hlc_ms, std::move(one.value)});
        ++counts_.settings;
    }
    if (rows > 0) phase_ = Phase::conversations;
}

void Exporter::conversations()
{
    for (auto& one : store_.conversations())
        writer_.add(record::Conversation{one.id, one.kind, std::move(one.with), one.activity_ms});
    phase_ = Phase::posts;
}

void Exporter::posts(std::uint32_t rows)
{
    const auto page = store_.arrivals(upto_.arrival, rows);
    for (const auto& one : page) {
        upto_.arrival = one.arrival;
        // What is not shown acts on another one, where it is a note, or has lived its time; or nobody knows it yet.
        if (!one.row.shown && !is_unknown(one.row)) continue;
        writer_.add(record_of(one.row));
        ++counts_.posts;
        if (one.row.annotated) notes(one.row.message.conversation, one.row.message.id);
    }
    if (page.size() < rows) phase_ = Phase::changes;
}

void Exporter::changes(std::uint32_t rows)
{
    const auto page = store_.changes(upto_.change, rows);
    for (const auto& one : page) {
        upto_.change = one.number;
        const auto row = one.target.is_zero() ? std::nullopt : store_.message_in(one.conversation, one.target);
        if (row && !row->shown) {
            gone(*row);
            continue;
        }
        if (row && store_.arrival_of(one.conversation, one.target).value_or(0) <= since_.arrival) {
            writer_.add(record_of(*row));
            ++counts_.posts;
        }
        notes(one.conversation, one.target);
    }
    if (page.size() == rows) return;
    flush_gone();
    writer_.add(counts_);
    writer_.finish();
    phase_ = Phase::finished;
}

void Exporter::notes(const ConversationId& conversation, const MessageId& target)
{
    for (auto& one : records_of(conversation, target, conversation::notes_of(store_, conversation, target))) {
        counts_.notes += one.notes.size();
        writer_.add(std::move(one));
    }
}

/// What was cleared goes by a setting that is in here, however much it was.
void Exporter::gone(const port::StoredMessage& row)
{
    const auto& conversation = row.message.conversation;
    if (!clears_ || clears_->conversation() != conversation) clears_.emplace(store_, conversation);
    const auto said = cleared_said_.find(conversation);
    if (said != cleared_said_.end() && said->second == clears_->stamp() && row.hlc_ms != 0) {
        using Says = conversation::Clears::Says;
        const auto says = clears_->of(row, {});
        if (says == Says::named || says == Says::before) return;
    }
    if (gone_.conversation != conversation || gone_.ids.size() == record::gone_max) flush_gone();
    gone_.conversation = conversation;
    gone_.ids.push_back(row.message.id);
}

void Exporter::flush_gone()
{
    if (!gone_.ids.empty()) writer_.add(std::exchange(gone_, {}));
}

} // namespace godwit::archive
