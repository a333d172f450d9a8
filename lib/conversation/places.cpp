// SPDX-License-Identifier: Apache-2.0
// Of timeline.hpp, live locations: the post says where it began and how long it moves, an annotation of its author
// where it is now.
#include "lib/conversation/notes.hpp"
#include "lib/conversation/settling.hpp"
#include "lib/conversation/shared.hpp"

namespace godwit::conversation {
namespace {

/// By how much the clocks of one account's devices may differ.
constexpr std::int64_t clocks_differ_ms = 5LL * 60 * 1000;
constexpr std::size_t number_bytes = 8;

/// latitude (8) ‖ longitude (8) ‖ accuracy (8) ‖ last (8): numbers, big-endian.
Bytes encode(const Spot& spot)
{
    Bytes out = shared::number(spot.latitude_e7);
    append(out, shared::number(spot.longitude_e7));
    append(out, shared::number(spot.accuracy_m));
    append(out, shared::number(spot.last ? 1 : 0));
    return out;
}

std::optional<Spot> decode_spot(BytesView bytes)
{
    if (bytes.size() != 4 * number_bytes) return std::nullopt;
    const auto at = [&](std::size_t n) { return *shared::read_number(bytes.subspan(n * number_bytes, number_bytes)); };
    if (at(0) < -900'000'000 || at(0) > 900'000'000 || at(1) < -1'800'000'000 || at(1) > 1'800'000'000 || at(2) < 0 ||
        at(2) > 0xffffffff)
        return std::nullopt;
    return Spot{static_cast<std::int32_t>(at(0)), static_cast<std::int32_t>(at(1)), static_cast<std::uint32_t>(at(2)),
                at(3) != 0};
}

/// 0: it is none that moves.
std::int64_t ends_at(const port::StoredMessage& row)
{
    if (!row.shown || row.message.recalled_ms != 0) return 0;
    const auto extra = wire::decode_extra(row.extra);
    const auto body = extra ? wire::decode_body(extra->body) : Result<content::Body>(extra.error());
    const auto* location = body ? std::get_if<content::Location>(&*body) : nullptr;
    if (location == nullptr || location->live_seconds == 0) return 0;
    return std::max(row.message.sent_ms, row.hlc_ms) +
           std::int64_t{std::min(location->live_seconds, content::live_seconds_max)} * 1000;
}

} // namespace

/// Where it ended, else where it is.
std::optional<Moved> place_of(port::Store& store, const port::StoredMessage& row)
{
    if (!row.annotated) return std::nullopt;
    const auto end = ends_at(row);
    if (end == 0) return std::nullopt;
    std::optional<Moved> out;
    for (const auto& one : store.annotations_named(row.message.conversation, row.message.id, moved_name)) {
        if (one.author != row.message.from) continue;
        const auto hlc_ms = one.name == ended_name ? -one.hlc_ms : one.hlc_ms;
        const auto spot = decode_spot(one.value);
        if (!spot || hlc_ms > end + clocks_differ_ms) continue;
        // Before it had a name of its own an end was a move, the last one.
        if (out && (spot->last ? out->spot.last && out->hlc_ms < hlc_ms : out->spot.last)) continue;
        out = Moved{*spot, hlc_ms};
    }
    return out;
}

std::int64_t moves_until(port::Store& store, const port::StoredMessage& row)
{
    const auto end = ends_at(row);
    if (end == 0) return 0;
    const auto moved = place_of(store, row);
    return moved && moved->spot.last ? 0 : end;
}

std::optional<Changed> move(port::Store& store, const ConversationId& conversation, const MessageId& target,
                            const std::string& author, std::int64_t hlc_ms, const MessageId& id, const Spot& spot,
                            Moment now)
{
    port::Annotation note;
    note.conversation = conversation;
    note.target = target;
    note.name = spot.last ? ended_name : moved_name;
    note.author = author;
    note.hlc_ms = spot.last ? -hlc_ms : hlc_ms;
    note.id = id;
    note.value = encode(spot);
    auto row = store.message_in(conversation, target);
    if (row) {
        const auto end = ends_at(*row);
        if (end == 0 || row->message.from != author || hlc_ms > end + clocks_differ_ms) return std::nullopt;
        // What has ended does not begin again, whatever the clocks say.
        if (const auto before = place_of(store, *row);
            before && before->spot.last &&
            (!spot.last || before->hlc_ms < hlc_ms || (before->hlc_ms == hlc_ms && before->spot == spot)))
            return std::nullopt;
    }
    if (target.is_zero() || !put(store, note, now) || !row) return std::nullopt;
    if (spot.last) store.remove_annotation(conversation, target, moved_name, author);
    return settle(store, *std::move(row), &note);
}

} // namespace godwit::conversation
