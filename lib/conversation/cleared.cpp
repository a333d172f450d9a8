// SPDX-License-Identifier: Apache-2.0
#include "lib/conversation/cleared.hpp"

#include "lib/conversation/shared.hpp"

#include <algorithm>

namespace godwit::conversation {
namespace {

constexpr std::size_t place_bytes = MessageId::size_bytes + 8;
constexpr std::uint32_t devices_page = 64;
constexpr std::uint32_t rows_page = 256;

} // namespace

Bytes encode(const Cleared& cleared)
{
    auto out = encode(cleared.up_to);
    append(out, encode(cleared.since));
    for (const auto& id : cleared.messages)
        append(out, id.view());
    return out;
}

std::optional<Cleared> decode_cleared(BytesView bytes)
{
    if (bytes.size() < 2 * place_bytes || (bytes.size() - 2 * place_bytes) % MessageId::size_bytes != 0 ||
        (bytes.size() - 2 * place_bytes) / MessageId::size_bytes > cleared_named_max)
        return std::nullopt;
    const auto up_to = decode_place(bytes.first(place_bytes));
    const auto since = decode_place(bytes.subspan(place_bytes, place_bytes));
    if (!up_to || !since) return std::nullopt;
    Cleared out{*up_to, *since, {}};
    for (auto rest = bytes.subspan(2 * place_bytes); !rest.empty(); rest = rest.subspan(MessageId::size_bytes))
        out.messages.push_back(*MessageId::from(rest.first(MessageId::size_bytes)));
    return out;
}

std::string cleared_name(const ConversationId& conversation, const DeviceId& device)
{
    return shared::name_of(conversation, std::string(shared::cleared) + "/" + to_hex(device.view()));
}

std::optional<DeviceId> cleared_by(std::string_view what)
{
    if (!what.starts_with(shared::cleared) || !what.substr(shared::cleared.size()).starts_with('/'))
        return std::nullopt;
    const auto raw = from_hex(what.substr(shared::cleared.size() + 1));
    return raw ? DeviceId::from(*raw) : std::nullopt;
}

bool is_moving(port::Store& store, const port::StoredMessage& row, Moment now)
{
    static const auto kind = wire::body_kind(wire::encode(content::Body(content::Location{})));
    return row.kind == kind && row.message.state != MessageState::received && moves_until(store, row) > now.wall_ms;
}

std::optional<Cleared> clear(port::Store& store, const Parties& parties, Moment now)
{
    const auto& id = parties.conversation;
    std::optional<Cleared> out;
    const auto add = [&](const port::StoredMessage& row) {
        const Place place{row.hlc_ms, row.message.id};
        if (!out) out = Cleared{place, place, {}};
        out->messages.push_back(place.id);
        out->since = std::min(out->since, place);
    };
    const auto full = [&] { return out && out->messages.size() >= cleared_named_max; };
    for (std::optional<MessageId> before; !full();) {
        const auto rows = store.history(id, rows_page, before);
        for (auto row = rows.rbegin(); row != rows.rend() && !full(); ++row)
            if (!is_moving(store, *row, now)) add(*row);
        if (rows.size() < rows_page) break;
        before = rows.front().message.id;
    }
    if (!out) return out;
    // Who was away for both gets this one alone.
    const auto known = store.register_named(cleared_name(id, parties.own_device));
    const auto earlier = known ? decode_cleared(known->value) : std::nullopt;
    if (!earlier) return out;
    for (const auto& one : earlier->messages)
        if (!full())
            if (const auto row = store.message_in(id, one)) add(*row);
    return out;
}

Clears::Clears(port::Store& store, const ConversationId& conversation) : conversation_(conversation)
{
    const auto prefix = shared::name_of(conversation, std::string(shared::cleared) + "/");
    for (std::string after;;) {
        const auto page = store.registers(prefix, after, devices_page);
        for (const auto& value : page) {
            const auto about = shared::parse(value.name);
            const auto by = about ? cleared_by(about->what) : std::nullopt;
            const auto cleared = by ? decode_cleared(value.value) : std::nullopt;
            if (!cleared) continue;
            all_.push_back(
                {*by, cleared->since, value.hlc_ms - under_way_ms_max, cleared->messages.size() >= cleared_named_max});
            stamp_ += value.hlc_ms;
            named_.insert(named_.end(), cleared->messages.begin(), cleared->messages.end());
        }
        if (page.size() < devices_page) break;
        after = page.back().name;
    }
    std::sort(named_.begin(), named_.end());
}

Clears::Says Clears::of(const port::StoredMessage& row, const DeviceId& own_device) const
{
    if (all_.empty()) return Says::nothing;
    if (std::binary_search(named_.begin(), named_.end(), row.message.id)) return Says::named;
    auto out = Says::nothing;
    for (const auto& one : all_) {
        if (Place{row.hlc_ms, row.message.id} >= one.since) continue;
        if (one.by == own_device)
            out = Says::before_here;
        else if (one.full || row.hlc_ms < one.under_way_ms)
            return Says::before;
        else if (out == Says::nothing)
            out = Says::read_here;
    }
    return out;
}

} // namespace godwit::conversation
