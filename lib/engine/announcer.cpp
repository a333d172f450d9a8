// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/announcer.hpp"

#include "lib/conversation/own_read.hpp"
#include "lib/conversation/shared.hpp"
#include "lib/conversation/timeline.hpp"
#include "lib/engine/said_at.hpp"

#include <algorithm>
#include <map>

namespace godwit::engine {

namespace shared = conversation::shared;

namespace {

constexpr std::string_view register_prefix = "register/";
constexpr std::string_view read_prefix = "read/";
constexpr std::string_view opened_prefix = "opened/";
constexpr std::string_view moved_prefix = "moved/";
/// These two are last in the order of names: however many they are, they are in no setting's way.
constexpr std::string_view removed_prefix = "struck/";
constexpr std::string_view reached_prefix = "told/";
constexpr std::string_view settings_name = "settings"; ///< Behind all registers, in the order of names.
/// Devices of the account that have been given all settings, 32 bytes each.
constexpr std::string_view given_value = "settings/given";
constexpr std::string_view wanted_value = "settings/wanted";
/// Conversations of which something was read and not told, 16 bytes each.
constexpr std::string_view held_value = "settings/held";
/// What has left the history last: conversation (16) ‖ message (16) each, the latest last.
constexpr std::string_view removed_value = "removed/last";
constexpr std::size_t removed_kept_max = 1000;
constexpr std::size_t removed_bytes = ConversationId::size_bytes + MessageId::size_bytes;
/// Names that one look takes for one device; the others follow.
constexpr std::uint32_t names_at_once = 256;
constexpr std::uint32_t registers_page = 256;
/// Accounts of one message that own devices are told of: there are more only where contacts are in a very large group.
constexpr std::size_t reached_accounts_max = 256;
static_assert(names_at_once <= shared::reached_messages_max); // All messages that stand alike find room in one entry.
static_assert(names_at_once <= shared::removed_messages_max); // Likewise.

template <class Id>
std::vector<Id> read_ids(port::Store& store, std::string_view name)
{
    std::vector<Id> out;
    const auto value = store.value(name).value_or(Bytes());
    for (std::size_t at = 0; at + Id::size_bytes <= value.size(); at += Id::size_bytes)
        out.push_back(*Id::from(BytesView(value).subspan(at, Id::size_bytes)));
    return out;
}

template <class Id>
void write_ids(port::Store& store, std::string_view name, const std::vector<Id>& ids)
{
    Bytes value;
    for (const auto& id : ids)
        append(value, id.view());
    store.put_value(name, value);
}

template <class Id>
std::optional<Id> id_at(std::string_view name, std::size_t at)
{
    if (name.size() < at + 2 * Id::size_bytes) return std::nullopt;
    const auto raw = from_hex(name.substr(at, 2 * Id::size_bytes));
    return raw ? Id::from(*raw) : std::nullopt;
}

std::string name_of(std::string_view prefix, const ConversationId& conversation)
{
    return std::string(prefix) + to_hex(conversation.view());
}

/// "<prefix><conversation>", or with "/<message>" behind it.
struct About {
    ConversationId conversation;
    std::optional<MessageId> message;
};
std::optional<About> read_name(std::string_view prefix, std::string_view name)
{
    constexpr std::size_t conversation_digits = 2 * ConversationId::size_bytes;
    if (!name.starts_with(prefix)) return std::nullopt;
    name.remove_prefix(prefix.size());
    const auto conversation = id_at<ConversationId>(name, 0);
    if (!conversation) return std::nullopt;
    if (name.size() == conversation_digits) return About{*conversation, std::nullopt};
    if (name.size() != conversation_digits + 1 + 2 * MessageId::size_bytes || name[conversation_digits] != '/')
        return std::nullopt;
    const auto message = id_at<MessageId>(name, conversation_digits + 1);
    if (!message) return std::nullopt;
    return About{*conversation, message};
}

/// What came to this account after it had read so far; the latest of it.
std::vector<MessageId> late_in(port::Store& store, const ConversationId& conversation, const DeviceId& own_device)
{
    auto late = conversation::read_state(store, conversation, own_device).late;
    if (late.size() > wire::content::mark::read_late_max)
        late.erase(late.begin(), late.end() - static_cast<std::ptrdiff_t>(wire::content::mark::read_late_max));
    return late;
}

/// As it stands, an entry for each account; none: no further than the other own devices know.
std::vector<shared::Reached> how_far(port::Store& store, const port::StoredMessage& row, const std::string& own_user)
{
    const auto& m = row.message;
    const bool ended = m.state == MessageState::delivered || m.state == MessageState::failed;
    const auto entry = [&](std::string user, MessageState state, Path path, std::string failure) {
        return shared::Reached{m.conversation, std::move(user), state, path, std::move(failure), {m.id}};
    };
    std::vector<shared::Reached> out;
    if (!m.with.empty()) {
        if (ended) out.push_back(entry(m.with, m.state, m.path, m.failure));
        return out;
    }
    bool said = false;
    for (auto& one : conversation::deliveries(store, m.conversation, m.id)) {
        if (out.size() == reached_accounts_max) break;
        if (one.user == own_user) continue;                                         // Of the whole: the row says it.
        said = said || (one.state == m.state && one.state != MessageState::failed); // That is theirs alone.
        out.push_back(entry(std::move(one.user), one.state, one.path, std::move(one.failure)));
    }
    if (ended && !said) out.push_back(entry(own_user, m.state, m.path, m.failure));
    return out;
}

} // namespace

void Announcer::start()
{
    running_ = true;
    given_.reset();
    due_.load(context_.store);
    for (const auto& [device, id] : due_.open())
        if (!outbox_.watch(device, id)) due_.settled(context_.store, device, id, true);
    wants_settings_ = context_.store.value(wanted_value).has_value();
    if (context_.store.value(given_value)) return;
    all_given(); // A home of before: each change went to all of them as it was made.
}

void Announcer::all_given()
{
    given_.emplace();
    for (const auto& device : roster_.self().devices)
        given_->push_back(device.device);
    write_ids(context_.store, given_value, *given_);
}

void Announcer::entered()
{
    all_given(); // They have what this one will be given.
    if (roster_.self().devices.empty()) return;
    wants_settings_ = true;
    context_.store.put_value(wanted_value, Bytes{1});
}

void Announcer::hold_read(const ConversationId& conversation)
{
    auto held = read_ids<ConversationId>(context_.store, held_value);
    if (std::find(held.begin(), held.end(), conversation) != held.end()) return;
    held.push_back(conversation);
    write_ids(context_.store, held_value, held);
}

std::vector<ConversationId> Announcer::settings_came()
{
    if (!wants_settings_) return {};
    wants_settings_ = false;
    context_.store.remove_value(wanted_value);
    auto out = read_ids<ConversationId>(context_.store, held_value);
    if (!out.empty()) context_.store.remove_value(held_value);
    return out;
}

// ---- what has changed ---------------------------------------------------------------------------

void Announcer::register_changed(const std::string& name)
{
    for (const auto& device : roster_.self().devices)
        due_.note(context_.store, device.device, std::string(register_prefix) + name);
}

void Announcer::read(const ConversationId& conversation, const std::vector<delivery::Recipient>& to)
{
    for (const auto& one : to)
        due_.note(context_.store, one.device, name_of(read_prefix, conversation));
}

void Announcer::opened(const ConversationId& conversation, const std::vector<MessageId>& ids,
                       const std::vector<delivery::Recipient>& to)
{
    for (const auto& one : to)
        for (const auto& id : ids)
            due_.note(context_.store, one.device, name_of(opened_prefix, conversation) + "/" + to_hex(id.view()));
}

void Announcer::moved(const ConversationId& conversation, const MessageId& message,
                      const std::vector<delivery::Recipient>& to)
{
    for (const auto& one : to)
        due_.note(context_.store, one.device, name_of(moved_prefix, conversation) + "/" + to_hex(message.view()));
}

void Announcer::reached(const ConversationId& conversation, const MessageId& message, Moment now)
{
    const auto& self = roster_.self();
    if (self.devices.empty() || conversation == self.conversation) return;
    const auto row = context_.store.message_in(conversation, message);
    if (!row || !row->shown || row->message.from_device != roster_.own_device()) return;
    const auto name = name_of(reached_prefix, conversation) + "/" + to_hex(message.view());
    // Who has no room for messages has not got all of them; so there are not more names than messages.
    for (const auto& device : self.devices)
        if (outbox_.has_room(device.device)) due_.note(context_.store, device.device, name, now.mono + reached_gather);
}

void Announcer::removed(const ConversationId& conversation, const std::vector<MessageId>& messages, bool elsewhere)
{
    auto kept = context_.store.value(removed_value).value_or(Bytes());
    for (const auto& id : messages) {
        append(kept, conversation.view());
        append(kept, id.view());
        if (!elsewhere)
            for (const auto& device : roster_.self().devices)
                due_.note(context_.store, device.device,
                          name_of(removed_prefix, conversation) + "/" + to_hex(id.view()));
    }
    constexpr auto most = static_cast<std::ptrdiff_t>(removed_kept_max * removed_bytes);
    if (std::ssize(kept) > most) kept.erase(kept.begin(), kept.end() - most);
    context_.store.put_value(removed_value, kept);
}

void Announcer::give_removed(const DeviceId& device)
{
    const auto kept = context_.store.value(removed_value).value_or(Bytes());
    for (BytesView rest(kept); rest.size() >= removed_bytes; rest = rest.subspan(removed_bytes))
        due_.note(context_.store, device,
                  name_of(removed_prefix, *ConversationId::from(rest.first(ConversationId::size_bytes))) + "/" +
                      to_hex(rest.subspan(ConversationId::size_bytes, MessageId::size_bytes)));
}

/// To own devices that are new: everything, once.
void Announcer::give_settings()
{
    if (wants_settings_) return; // They are not all here.
    if (!given_) given_ = read_ids<DeviceId>(context_.store, given_value);
    auto given = *given_;
    std::erase_if(given, [&](const auto& device) { return !is_own(device); });
    for (const auto& one : roster_.self().devices) {
        if (std::find(given.begin(), given.end(), one.device) != given.end()) continue;
        given.push_back(one.device);
        std::string after;
        for (;;) {
            const auto page = context_.store.registers("", after, registers_page);
            for (const auto& value : page)
                if (shared::is_shared(value.name))
                    due_.note(context_.store, one.device, std::string(register_prefix) + value.name);
            if (page.size() < registers_page) break;
            after = page.back().name;
        }
        due_.note(context_.store, one.device, std::string(settings_name));
        give_removed(one.device);
    }
    if (given == *given_) return;
    write_ids(context_.store, given_value, given);
    given_ = std::move(given);
}

// ---- on its way ---------------------------------------------------------------------------------

void Announcer::end_tick(const std::function<bool(const ConversationId&)>& tells_read, Moment now)
{
    for (const auto& one : outbox_.take_settled()) // Who was away for the whole of its time gets it when they are back.
        due_.settled(context_.store, one.device, one.id, one.result == ErrorCode::expired);
    if (!running_) return;
    give_settings();
    std::map<std::vector<std::string>, Devices> groups; // Devices that lack the same get the same.
    for (const auto& device : due_.waiting())
        if (due_.may_make(device, now.mono))
            groups[due_.names(context_.store, device, names_at_once)].push_back(device);
    for (const auto& [names, devices] : groups)
        said(names, devices, tells_read, now);
}

void Announcer::said(const std::vector<std::string>& names, const Devices& devices,
                     const std::function<bool(const ConversationId&)>& tells_read, Moment now)
{
    std::vector<std::string> registers;
    std::vector<std::string> told;
    std::vector<std::string> removed;
    std::map<ConversationId, std::vector<std::string>> opened;
    for (const auto& name : names) {
        if (name.starts_with(reached_prefix)) {
            told.push_back(name);
            continue;
        }
        if (name.starts_with(removed_prefix)) {
            removed.push_back(name);
            continue;
        }
        if (name.starts_with(register_prefix) || name == settings_name) {
            registers.push_back(name);
            continue;
        }
        if (const auto about = read_name(opened_prefix, name); about && about->message) {
            opened[about->conversation].push_back(name);
        } else if (const auto moved = read_name(moved_prefix, name); moved && moved->message) {
            const auto row = context_.store.message_in(moved->conversation, *moved->message);
            const auto place = row ? conversation::place_of(context_.store, *row) : std::nullopt;
            if (!place) {
                drop({name}, devices); // It is gone, or none any more.
                continue;
            }
            const auto& spot = place->spot;
            say_mark(moved->conversation, {name}, devices,
                     wire::content::mark::Moved{*moved->message, spot.latitude_e7, spot.longitude_e7, spot.accuracy_m,
                                                spot.last},
                     now);
        } else if (const auto read = read_name(read_prefix, name); read && !read->message) {
            const auto place = conversation::read_up_to(context_.store, read->conversation, roster_.self().stored.user);
            if (place && tells_read(read->conversation))
                say_mark(read->conversation, {name}, devices,
                         wire::content::mark::Read{place->hlc_ms, place->id,
                                                   late_in(context_.store, read->conversation, roster_.own_device())},
                         now);
            else
                drop({name}, devices);
        } else {
            drop({name}, devices); // Of another version: nobody here knows what to say.
        }
    }
    for (const auto& [conversation, of_it] : opened) {
        wire::content::mark::Opened mark;
        for (const auto& name : of_it)
            if (mark.ids.size() < wire::opened_ids_max) mark.ids.push_back(*read_name(opened_prefix, name)->message);
        say_mark(conversation, of_it, devices, std::move(mark), now);
    }
    if (!registers.empty()) say_registers(registers, devices, now);
    if (!removed.empty()) say_removed(removed, devices, now);
    if (!told.empty()) say_reached(told, devices, now);
}

void Announcer::say_removed(const std::vector<std::string>& names, const Devices& devices, Moment now)
{
    const auto to = ready(devices, now);
    if (to.empty()) return;
    std::vector<shared::Removed> all; // By conversation, as the names are.
    for (const auto& name : names) {
        const auto about = read_name(removed_prefix, name);
        if (!about || !about->message) {
            drop({name}, devices);
            continue;
        }
        if (all.empty() || all.back().conversation != about->conversation) all.push_back({about->conversation, {}});
        all.back().messages.push_back(*about->message);
    }
    if (all.empty()) return;
    put_out(roster_.self().conversation, names, to,
            wire::content::Register{now.wall_ms, std::string(shared::removed), shared::encode(all)}, now);
}

void Announcer::say_reached(const std::vector<std::string>& names, const Devices& devices, Moment now)
{
    const auto to = ready(devices, now);
    if (to.empty()) return;
    std::vector<shared::Reached> all;
    std::vector<std::string> taken;
    std::size_t bytes = 0;
    for (const auto& name : names) {
        const auto about = read_name(reached_prefix, name);
        const auto row =
            about && about->message ? context_.store.message_in(about->conversation, *about->message) : std::nullopt;
        auto far = row && row->shown ? how_far(context_.store, *row, roster_.self().stored.user)
                                     : std::vector<shared::Reached>();
        if (far.empty()) {
            drop({name}, devices); // It is gone.
            continue;
        }
        const auto size = shared::encode(far).size();
        if (bytes != 0 && bytes + size > shared::several_bytes_max) break;
        bytes += size;
        for (auto& one : far) {
            const auto alike = std::find_if(all.begin(), all.end(), [&](const auto& other) {
                return other.conversation == one.conversation && other.user == one.user && other.state == one.state &&
                       other.path == one.path && other.failure == one.failure;
            });
            if (alike == all.end())
                all.push_back(std::move(one));
            else
                alike->messages.push_back(one.messages.front());
        }
        taken.push_back(name);
    }
    if (taken.empty()) return;
    put_out(roster_.self().conversation, taken, to,
            wire::content::Register{now.wall_ms, std::string(shared::reached), shared::encode(all)}, now);
}

void Announcer::say_registers(const std::vector<std::string>& names, const Devices& devices, Moment now)
{
    const auto to = ready(devices, now);
    if (to.empty()) return;
    shared::Several all;
    std::vector<std::string> taken;
    std::size_t bytes = 0;
    for (const auto& name : names) {
        if (name == settings_name) {
            all.complete = true;
            taken.push_back(name);
            continue;
        }
        const auto stored = context_.store.register_named(std::string_view(name).substr(register_prefix.size()));
        if (!stored) {
            drop({name}, devices);
            continue;
        }
        const auto size = stored->name.size() + stored->value.size() + 32;
        if (bytes != 0 && bytes + size > shared::several_bytes_max) break;
        bytes += size;
        all.registers.push_back({stored->hlc_ms, stored->name, stored->value});
        taken.push_back(name);
    }
    if (taken.empty()) return;
    const auto& conversation = roster_.self().conversation;
    if (all.registers.size() == 1 && !all.complete)
        return put_out(conversation, taken, to, std::move(all.registers.front()), now);
    put_out(conversation, taken, to,
            wire::content::Register{now.wall_ms, std::string(shared::several), shared::encode(all)}, now);
}

void Announcer::say_mark(const ConversationId& conversation, const std::vector<std::string>& names,
                         const Devices& devices, decltype(wire::content::Mark::what) what, Moment now)
{
    const auto to = ready(devices, now);
    if (to.empty()) return;
    wire::content::Mark mark;
    if (const auto* person = roster_.person_of(conversation))
        mark.to = person->stored.user;
    else if (book_.find(conversation) == nullptr)
        return drop(names, devices); // A conversation that is over.
    mark.hlc_ms = now.wall_ms;
    // All devices compare the clock that the place has here.
    if (const auto* moved = std::get_if<wire::content::mark::Moved>(&what))
        if (const auto row = context_.store.message_in(conversation, moved->target))
            if (const auto place = conversation::place_of(context_.store, *row)) mark.hlc_ms = place->hlc_ms;
    mark.what = std::move(what);
    put_out(conversation, names, to, std::move(mark), now);
}

Announcer::Devices Announcer::ready(const Devices& devices, Moment now) const
{
    auto out = devices;
    std::erase_if(out, [&](const auto& device) { return !due_.may_make(device, now.mono); });
    return out;
}

void Announcer::put_out(const ConversationId& conversation, const std::vector<std::string>& names,
                        const Devices& devices, const wire::content::Any& content, Moment now)
{
    std::vector<delivery::Recipient> to;
    for (const auto& device : devices) {
        auto user = owner_of(device);
        if (user.empty() && !fan_conversation(device))
            due_.drop_all(context_.store, device); // Nobody's any more.
        else
            to.push_back({device, std::move(user)});
    }
    if (to.empty()) return;
    MessageId id;
    context_.entropy.fill(id.bytes);
    id = said_at(id, now);
    outbox_.accept(context_.store, {id, conversation, now.wall_ms, wire::encode(content), {}, 0, 0, 0}, to);
    for (const auto& one : to) {
        static_cast<void>(outbox_.watch(one.device, id));
        due_.made(context_.store, one.device, names, id, now.mono);
    }
}

void Announcer::drop(const std::vector<std::string>& names, const Devices& devices)
{
    for (const auto& device : devices)
        for (const auto& name : names)
            due_.drop(context_.store, device, name);
}

bool Announcer::is_own(const DeviceId& device) const
{
    const auto& own = roster_.self().devices;
    return std::any_of(own.begin(), own.end(), [&](const auto& one) { return one.device == device; });
}

std::string Announcer::owner_of(const DeviceId& device) const
{
    if (const auto* person = roster_.owner_of(device)) return person->stored.user;
    return book_.knows(device) ? book_.user_of(device) : std::string();
}

} // namespace godwit::engine
