// SPDX-License-Identifier: Apache-2.0
#include "relay/core/mailbox.hpp"

#include "relay/core/departed.hpp"
#include "relay/store/policy_tables.hpp"

#include "lib/wire/mls_outline.hpp"

namespace godwit::relay {

// ---- put ----

Answer Mailbox::put(const Session& session, const frame::MailboxPut& request, Moment now)
{
    // Commits and Welcomes go by group commit, one an epoch, to those whom they concern.
    const auto header = wire::read_mls_header(request.envelope.sealed);
    if (header &&
        (header->format != wire::MlsFormat::private_message || header->content != wire::MlsContent::application))
        return {ErrorCode::invalid_argument, "a mailbox takes messages: what changes a group goes by group commit"};
    frame::MailboxPutOk out;
    const auto named = header && header->group ? std::optional(header->group->conversation) : std::nullopt;
    auto stored = newest(session, request.envelope, [&](AccountRow to) {
        return may_send(session, to) == ErrorCode::ok && !is_out_of(named, to);
    });
    if (!stored && stored.error().code == ErrorCode::quota_exceeded) {
        context_.counters.content_envelopes_refused += request.recipients.size();
        out.results.assign(request.recipients.size(), ErrorCode::quota_exceeded);
        return frame::ResponseBody(std::move(out));
    }
    if (!stored) return stored.error();
    for (const auto& recipient : request.recipients) {
        const auto code = put_one(session, recipient, request.envelope, *stored, now);
        if (code != ErrorCode::ok) ++context_.counters.content_envelopes_refused;
        out.results.push_back(code);
    }
    return frame::ResponseBody(std::move(out));
}

Answer Mailbox::put_group(const Session& session, GroupRow group, const std::vector<MemberDevice>& to,
                          const wire::Envelope& envelope, Moment now)
{
    auto stored =
        newest(session, envelope, [&](AccountRow account) { return context_.store.is_member(group, account); });
    frame::GroupPutOk out;
    const auto no_room = [&](const MemberDevice& device) {
        ++context_.counters.content_envelopes_refused;
        if (out.refused.size() < wire::recipients_max) out.refused.push_back(device.key);
    };
    if (!stored && stored.error().code != ErrorCode::quota_exceeded) return stored.error();
    for (const auto& device : to)
        if (!stored || store_one(session, device.row, envelope, *stored, now) != ErrorCode::ok)
            no_room(device);
        else
            ++out.stored;
    ++context_.counters.group_messages;
    return frame::ResponseBody(std::move(out));
}

Result<std::optional<StoredEnvelope>> Mailbox::newest(const Session& session, const wire::Envelope& envelope,
                                                      const std::function<bool(AccountRow)>& reaches)
{
    auto stored = context_.store.envelope(session.peer.device, envelope.id);
    if (stored && stored->kind != EnvelopeKind::content)
        return Error{ErrorCode::invalid_argument, "this envelope id is a commit's: choose another", 0};
    if (!stored || stored->sealed == envelope.sealed) return stored;
    // New bytes are not for those whom this sender may not write to any more, or not in this group. What they wait for
    // was said to be stored, and stays as it is.
    std::vector<DeviceRow> unreachable;
    for (const auto device : context_.store.holders(stored->row))
        if (!reaches(context_.store.owner(device))) unreachable.push_back(device);
    context_.store.set_aside(stored->row, unreachable);
    if (!replace(*stored, envelope.sealed)) return Error{ErrorCode::quota_exceeded, "no room for the new bytes", 0};
    return context_.store.envelope(session.peer.device, envelope.id);
}

ErrorCode Mailbox::put_one(const Session& session, const DeviceId& recipient, const wire::Envelope& envelope,
                           std::optional<StoredEnvelope>& stored, Moment now)
{
    const auto device = context_.store.device(recipient);
    if (!device) return ErrorCode::device_revoked;
    if (const auto verdict = may_send(session, device->account); verdict != ErrorCode::ok)
        // Blocked people are not told: their message is as good as stored.
        return verdict == ErrorCode::blocked ? ErrorCode::ok : verdict;
    return store_one(session, device->row, envelope, stored, now);
}

ErrorCode Mailbox::store_one(const Session& session, DeviceRow device, const wire::Envelope& envelope,
                             std::optional<StoredEnvelope>& stored, Moment now)
{
    if (stored && context_.store.mail_sequence(device, stored->row)) return ErrorCode::ok;
    if (!has_room(usage_of(device), session.account, EnvelopeKind::content, 1, envelope.sealed.size()))
        return ErrorCode::quota_exceeded;
    if (!stored) {
        const auto row = context_.store.add_envelope(session.peer.device, session.account, EnvelopeKind::content,
                                                     envelope, now.wall_ms);
        stored = StoredEnvelope{row, session.account, EnvelopeKind::content, {}};
    }
    store_mail(device, session.account, stored->row, EnvelopeKind::content, envelope.sealed.size());
    ++context_.counters.content_envelopes_stored;
    context_.counters.content_bytes_stored += envelope.sealed.size();
    return ErrorCode::ok;
}

bool Mailbox::replace(const StoredEnvelope& stored, const Bytes& sealed)
{
    const auto holders = context_.store.holders(stored.row);
    if (sealed.size() > stored.sealed.size())
        for (const auto device : holders)
            if (!has_room(usage_of(device), stored.sender, stored.kind, 0, sealed.size() - stored.sealed.size()))
                return false;
    context_.store.replace_sealed(stored.row, sealed);
    for (const auto device : holders) {
        forget_usage(device);
        // The old bytes may be on their way: acknowledging those must not delete these. Under a new number they are
        // new.
        const auto* const session = context_.sessions.of_device(device);
        const auto sequence = context_.store.mail_sequence(device, stored.row);
        if (session == nullptr || !sequence || !session->in_flight.contains(*sequence)) continue;
        context_.store.renumber_mail(device, *sequence, next_sequence(device, usage_of(device)));
        context_.changes.mail.insert(device);
    }
    return true;
}

std::vector<DeviceRow> Mailbox::put_handshake(const Session& session, const std::vector<DeviceRow>& recipients,
                                              const wire::Envelope& envelope, Moment now)
{
    std::vector<DeviceRow> out;
    EnvelopeRow row = 0;
    for (const auto device : recipients) {
        if (!has_room(usage_of(device), session.account, EnvelopeKind::handshake, 1, envelope.sealed.size())) {
            ++context_.counters.handshake_envelopes_skipped;
            continue;
        }
        if (row == 0)
            row = context_.store.add_envelope(session.peer.device, session.account, EnvelopeKind::handshake, envelope,
                                              now.wall_ms);
        store_mail(device, session.account, row, EnvelopeKind::handshake, envelope.sealed.size());
        ++context_.counters.handshake_envelopes_stored;
        context_.counters.handshake_bytes_stored += envelope.sealed.size();
        out.push_back(device);
    }
    return out;
}

Mailbox::Room Mailbox::room_for_handshake(const Session& session, DeviceRow device, std::size_t bytes)
{
    const auto& usage = usage_of(device);
    if (has_room(usage, session.account, EnvelopeKind::handshake, 1, bytes)) return Room::yes;
    // Its owner's handshakes know no share.
    return has_room(usage, usage.owner, EnvelopeKind::handshake, 1, bytes) ? Room::over_share : Room::full;
}

void Mailbox::withdraw(const DeviceId& from, const MessageId& id)
{
    const auto stored = context_.store.envelope(from, id);
    if (!stored || stored->kind != EnvelopeKind::handshake) return;
    for (const auto device : context_.store.holders(stored->row))
        took_out(device);
    context_.store.remove_envelope(stored->row);
}

void Mailbox::took_out(DeviceRow device)
{
    forget_usage(device);
    context_.changes.mail.insert(device); // it may be empty now
    if (const auto* const session = context_.sessions.of_device(device); session && !session->departed.empty())
        context_.changes.departed.insert(session->link);
}

void Mailbox::store_mail(DeviceRow device, AccountRow sender, EnvelopeRow envelope, EnvelopeKind kind,
                         std::size_t bytes)
{
    auto& usage = usage_of(device);
    context_.store.add_mail(device, next_sequence(device, usage), envelope);
    usage.shelf(kind).add(sender, 1, bytes);
    context_.changes.mail.insert(device);
}

std::uint64_t Mailbox::next_sequence(DeviceRow device, Usage& usage)
{
    if (usage.sequence_next >= usage.sequence_floor) {
        usage.sequence_floor = usage.sequence_next + sequences_reserved;
        context_.store.set_sequence_floor(device, usage.sequence_floor);
    }
    return usage.sequence_next++;
}

/// Contacts, and who is in a group with this account: what goes to one of its devices alone (a message sealed anew, a
/// receipt).
ErrorCode Mailbox::may_send(const Session& session, AccountRow to) const
{
    if (to == session.account) return ErrorCode::ok;
    const auto theirs = context_.store.contact(to, session.account);
    const bool contact = context_.store.contact(session.account, to) == RosterState::accepted &&
                         (theirs == RosterState::accepted || theirs == RosterState::blocked);
    if (!contact && !context_.store.share_group(session.account, to)) return ErrorCode::not_a_contact;
    return theirs == RosterState::blocked ? ErrorCode::blocked : ErrorCode::ok;
}

/// What is sealed in a group of many now, nobody opens who has gone, though they were in it when the old bytes were.
bool Mailbox::is_out_of(const std::optional<ConversationId>& conversation, AccountRow account) const
{
    const auto group = conversation ? context_.store.group(*conversation) : StoredGroup{};
    return group.of_many && !context_.store.is_member(group.row, account);
}

// ---- room ----

void Mailbox::Shelf::add(AccountRow sender, std::uint64_t messages, std::uint64_t bytes)
{
    for (auto* const amount : {&all, &by_sender[sender]}) {
        amount->messages += messages;
        amount->bytes += bytes;
    }
}

void Mailbox::Shelf::remove(AccountRow sender, std::uint64_t bytes)
{
    auto& from_sender = by_sender[sender];
    for (auto* const amount : {&all, &from_sender}) {
        amount->messages -= 1;
        amount->bytes -= bytes;
    }
    if (from_sender.messages == 0) by_sender.erase(sender);
}

/// Content of the own account is held to a share as well: its devices may be many, or one of them stolen. Its
/// handshakes are not: adding a device is one in each conversation.
bool Mailbox::has_room(const Usage& usage, AccountRow sender, EnvelopeKind kind, std::uint64_t messages,
                       std::uint64_t bytes) const
{
    const auto& limits = context_.config.limits;
    const bool content = kind == EnvelopeKind::content;
    const auto& shelf = content ? usage.content : usage.handshakes;
    const std::uint64_t messages_max = content ? usage.content_messages_max : limits.mailbox_handshakes_max;
    const auto bytes_max = content ? usage.content_bytes_max : limits.mailbox_handshake_bytes_max;
    if (shelf.all.messages + messages > messages_max || shelf.all.bytes + bytes > bytes_max) return false;
    if (!content && sender == usage.owner) return true;

    const auto found = shelf.by_sender.find(sender);
    const auto from_sender = found == shelf.by_sender.end() ? Amount{} : found->second;
    const auto share = limits.mailbox_sender_percent_max;
    return (from_sender.messages + messages) * 100 <= messages_max * share &&
           (from_sender.bytes + bytes) * 100 <= bytes_max * share;
}

Mailbox::Usage& Mailbox::usage_of(DeviceRow device)
{
    if (const auto found = usage_.find(device); found != usage_.end()) return found->second;
    if (usage_.size() >= usage_cache_max) usage_.erase(usage_.begin());
    auto& usage = usage_[device];
    for (const auto& one : context_.store.mail_usage(device))
        usage.shelf(one.kind).add(one.sender, one.messages, one.bytes);
    usage.owner = context_.store.owner(device);
    const auto quotas = PolicyTable(context_.store).find(usage.owner).quotas;
    const auto of_app = context_.apps.limits(context_.store.app_of(usage.owner));
    const auto& limits = context_.config.limits;
    usage.content_messages_max =
        quotas.mailbox_messages.value_or(of_app.mailbox_messages.value_or(limits.mailbox_messages_max));
    usage.content_bytes_max = quotas.mailbox_bytes.value_or(of_app.mailbox_bytes.value_or(limits.mailbox_bytes_max));
    usage.sequence_floor = context_.store.sequence_floor(device);
    usage.sequence_next = usage.sequence_floor;
    return usage;
}

// ---- acknowledge, expire ----

void Mailbox::acknowledge(Session& session, const frame::MailboxAck& ack)
{
    std::set<AccountRow> departed;
    for (const auto sequence : ack.sequences) {
        const auto removed = context_.store.remove_mail(session.device, sequence);
        if (const auto flying = session.in_flight.find(sequence); flying != session.in_flight.end()) {
            session.in_flight_bytes -= flying->second;
            session.in_flight.erase(flying);
        }
        if (!removed) continue; // acknowledged before
        if (session.departed.contains(removed->sender)) departed.insert(removed->sender);
        ++(removed->kind == EnvelopeKind::content ? context_.counters.content_envelopes_acknowledged
                                                  : context_.counters.handshake_envelopes_acknowledged);
        if (const auto found = usage_.find(session.device); found != usage_.end())
            found->second.shelf(removed->kind).remove(removed->sender, removed->bytes);
    }
    settle_departed(context_, session, departed);
    context_.changes.mail.insert(session.device);
    context_.changes.acknowledged.insert(session.link);
}

bool Mailbox::expire(Moment now)
{
    std::vector<DeviceRow> touched;
    const auto before = now.wall_ms - context_.config.limits.mailbox_age_ms_max;
    const auto expired = context_.store.expire_mail(before, expired_per_tick_max, touched);
    for (const auto device : touched)
        took_out(device);
    context_.counters.content_envelopes_expired += expired.content;
    context_.counters.handshake_envelopes_expired += expired.handshakes;
    return expired.content + expired.handshakes == expired_per_tick_max;
}

// ---- push ----

void Mailbox::push(Session& session, const std::function<void(wire::relay::ServerFrame&&)>& send)
{
    const auto& limits = context_.config.limits;
    const auto window_is_open = [&](std::size_t more) {
        return session.in_flight.empty() || (session.in_flight.size() < limits.mailbox_window_messages_max &&
                                             session.in_flight_bytes + more <= limits.mailbox_window_bytes_max);
    };
    if (!window_is_open(1)) return;
    context_.store.each_mail(session.device, session.pushed_up_to, [&](StoredMail&& mail) {
        const auto bytes = mail.envelope.sealed.size();
        if (!window_is_open(bytes)) return false;
        session.pushed_up_to = mail.sequence;
        session.in_flight[mail.sequence] = bytes;
        session.in_flight_bytes += bytes;
        session.told_empty = false;
        const bool content = mail.kind == EnvelopeKind::content;
        auto& counters = context_.counters;
        ++(content ? counters.content_envelopes_delivered : counters.handshake_envelopes_delivered);
        (content ? counters.content_bytes_delivered : counters.handshake_bytes_delivered) += bytes;
        send(frame::MailboxDeliver{mail.sequence, mail.from, mail.stored_ms, std::move(mail.envelope)});
        return true;
    });
    // Mail may be stored that is neither in flight nor ahead: acknowledged in a tick that failed, until rewind().
    if (session.told_empty || !session.in_flight.empty() || context_.store.has_mail(session.device)) return;
    session.told_empty = true;
    send(frame::MailboxEmpty{});
}

void Mailbox::rewind(Session& session)
{
    session.pushed_up_to = 0;
    session.in_flight.clear();
    session.in_flight_bytes = 0;
}

} // namespace godwit::relay
