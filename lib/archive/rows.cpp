// SPDX-License-Identifier: Apache-2.0
#include "lib/archive/rows.hpp"

#include "lib/base/check.hpp"

namespace godwit::archive {
namespace {

/// Leaves room for what a record says besides.
constexpr std::size_t notes_bytes_max = wire::archive::record_bytes_max - 64 * 1024;

std::size_t size_of(const wire::archive::Notes::Note& note)
{
    return note.name.size() + note.author.size() + note.value.size() + 64;
}

} // namespace

bool is_unknown(const port::StoredMessage& row)
{
    // Of a post `extra` is a wire::content::Extra; of unknown content all of it, which begins with its kind.
    return !row.extra.empty() && row.kind != wire::content::Extra::wire_kind && wire::body_kind(row.extra) == row.kind;
}

wire::archive::Post record_of(const port::StoredMessage& row)
{
    GODWIT_ASSERT(row.shown || is_unknown(row));
    const auto& m = row.message;
    wire::archive::Post out;
    out.conversation = m.conversation;
    out.id = m.id;
    out.hlc_ms = row.hlc_ms;
    out.kind = row.kind;
    out.with = m.with;
    out.from = m.from;
    out.from_device = m.from_device;
    out.role = row.role;
    out.text = m.text;
    out.extra = row.extra;
    out.sent_ms = m.sent_ms;
    out.received_ms = m.received_ms;
    out.state = m.state;
    out.path = m.path;
    out.path_reason = m.path_reason;
    out.failure = m.failure;
    out.gap_before = m.gap_before;
    out.edited_ms = m.edited_ms;
    out.recalled_ms = m.recalled_ms;
    out.recalled_by = m.recalled_by;
    out.expires_ms = m.expires_ms;
    out.burn_seconds = row.burn_seconds;
    return out;
}

port::StoredMessage row_of(wire::archive::Post record)
{
    port::StoredMessage out;
    auto& m = out.message;
    m.conversation = record.conversation;
    m.id = record.id;
    out.hlc_ms = record.hlc_ms;
    out.kind = record.kind;
    m.with = std::move(record.with);
    m.from = std::move(record.from);
    m.from_device = record.from_device;
    out.role = record.role;
    m.text = std::move(record.text);
    out.extra = std::move(record.extra);
    m.sent_ms = record.sent_ms;
    m.received_ms = record.received_ms;
    // It is in no outbox here: what became of it shows when its receipts were seen by the device that sent it.
    m.state = record.state == MessageState::accepted ? MessageState::sent : record.state;
    m.path = record.path;
    m.path_reason = std::move(record.path_reason);
    m.failure = std::move(record.failure);
    m.gap_before = record.gap_before;
    m.edited_ms = record.edited_ms;
    m.recalled_ms = record.recalled_ms;
    m.recalled_by = std::move(record.recalled_by);
    m.expires_ms = record.expires_ms;
    out.burn_seconds = record.burn_seconds;
    out.notified = true;
    out.shown = !is_unknown(out);
    return out;
}

std::vector<wire::archive::Notes> records_of(const ConversationId& conversation, const MessageId& target,
                                             std::vector<port::Annotation> notes)
{
    std::vector<wire::archive::Notes> out;
    std::size_t bytes = 0;
    for (auto& one : notes) {
        wire::archive::Notes::Note note{
            std::move(one.name), std::move(one.author), one.hlc_ms, one.id, std::move(one.value), one.role};
        const auto size = size_of(note);
        if (out.empty() || out.back().notes.size() == wire::archive::notes_max || bytes + size > notes_bytes_max) {
            out.push_back({conversation, target, {}});
            bytes = 0;
        }
        bytes += size;
        out.back().notes.push_back(std::move(note));
    }
    return out;
}

std::vector<port::Annotation> rows_of(wire::archive::Notes record)
{
    std::vector<port::Annotation> out;
    for (auto& one : record.notes)
        out.push_back({record.conversation, record.target, std::move(one.name), std::move(one.author), one.hlc_ms,
                       one.id, std::move(one.value), one.role});
    return out;
}

} // namespace godwit::archive
