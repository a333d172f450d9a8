// SPDX-License-Identifier: Apache-2.0
#include "lib/conversation/own_read.hpp"

#include "lib/conversation/shared.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace godwit::conversation {
namespace {

constexpr std::uint32_t devices_page = 64;

bool holds(const std::vector<MessageId>& ids, const MessageId& id)
{
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

/// Each once, those of one device in the order in which they came to it.
void add(std::vector<MessageId>& to, const std::vector<MessageId>& ids)
{
    std::set<MessageId> known(to.begin(), to.end());
    std::copy_if(ids.begin(), ids.end(), std::back_inserter(to),
                 [&](const auto& id) { return known.insert(id).second; });
}

} // namespace

Bytes encode(const OwnRead& read)
{
    auto out = encode(read.place);
    append(out, read.by.view());
    for (const auto& id : read.late)
        append(out, id.view());
    if (read.seen.empty()) return out;
    append(out, MessageId().view());
    for (const auto& id : read.seen)
        append(out, id.view());
    return out;
}

std::optional<OwnRead> decode_read(BytesView bytes)
{
    constexpr std::size_t place_bytes = MessageId::size_bytes + 8;
    if (bytes.size() < place_bytes) return std::nullopt;
    const auto place = decode_place(bytes.first(place_bytes));
    if (!place) return std::nullopt;
    OwnRead out{*place, {}, {}, {}};
    auto rest = bytes.subspan(place_bytes);
    if (rest.empty()) return out;
    if (rest.size() < DeviceId::size_bytes || (rest.size() - DeviceId::size_bytes) % MessageId::size_bytes != 0)
        return std::nullopt;
    out.by = *DeviceId::from(rest.first(DeviceId::size_bytes));
    auto* ids = &out.late;
    for (rest = rest.subspan(DeviceId::size_bytes); !rest.empty(); rest = rest.subspan(MessageId::size_bytes)) {
        const auto id = *MessageId::from(rest.first(MessageId::size_bytes));
        if (id.is_zero())
            ids = &out.seen;
        else if (ids->size() < late_max)
            ids->push_back(id);
    }
    return out;
}

std::string own_read_name(const ConversationId& conversation, const DeviceId& device)
{
    return shared::name_of(conversation, std::string(shared::read) + "/" + to_hex(device.view()));
}

bool is_own_read(std::string_view what)
{
    return what == shared::read ||
           (what.starts_with(shared::read) && what.substr(shared::read.size()).starts_with('/'));
}

ReadState read_state(port::Store& store, const ConversationId& conversation, const DeviceId& own_device)
{
    std::vector<OwnRead> all;
    std::optional<OwnRead> of_before; // The last one that any device said, when they shared one register.
    const auto prefix = shared::name_of(conversation, shared::read);
    for (std::string after;;) {
        const auto page = store.registers(prefix, after, devices_page);
        for (const auto& value : page) {
            const auto about = shared::parse(value.name);
            auto read = about && is_own_read(about->what) ? decode_read(value.value) : std::nullopt;
            if (!read) continue;
            if (about->what == shared::read)
                of_before = std::move(read);
            else
                all.push_back(std::move(*read));
        }
        if (page.size() < devices_page) break;
        after = page.back().name;
    }
    const auto is_by = [&](const OwnRead& one) { return of_before && one.by == of_before->by; };
    if (of_before && std::none_of(all.begin(), all.end(), is_by)) all.push_back(std::move(*of_before));
    ReadState out;
    std::set<MessageId> seen;
    for (auto& one : all) {
        add(out.late, one.late);
        seen.insert(one.seen.begin(), one.seen.end());
        if (one.by == own_device)
            out.own = std::move(one);
        else
            add(out.late_elsewhere, one.late);
    }
    std::erase_if(out.late, [&](const auto& id) { return seen.contains(id); });
    return out;
}

bool note_seen(port::Store& store, const ConversationId& conversation, const ReadState& state, const Place& place,
               OwnRead& own)
{
    bool any = false;
    std::erase_if(own.seen, [&](const auto& id) { return !holds(state.late_elsewhere, id); });
    for (const auto& id : state.late_elsewhere) {
        if (own.seen.size() >= late_max) break;
        if (holds(own.seen, id) || holds(own.late, id)) continue;
        const auto row = store.message_in(conversation, id);
        if (!row || Place{row->hlc_ms, id} > place) continue;
        own.seen.push_back(id);
        any = true;
    }
    return any;
}

} // namespace godwit::conversation
