// SPDX-License-Identifier: Apache-2.0
#include "relay/core/mailbox.hpp"

namespace godwit::relay {

Answer Mailbox::put(const Session& session, const frame::MailboxPut& request, Moment now)
{
    frame::MailboxPutOk out;
    std::int64_t envelope_row = context_.store.envelope_row(session.peer.device, request.envelope.id);
    for (const auto& recipient : request.recipients) {
        const auto code = put_one(session, recipient, request.envelope, envelope_row, now);
        if (code != ErrorCode::ok) ++context_.counters.content_envelopes_refused;
        out.results.push_back(code);
    }
    return frame::ResponseBody(std::move(out));
}

ErrorCode Mailbox::put_one(const Session& session, const DeviceId& recipient, const wire::Envelope& envelope,
                           std::int64_t& envelope_row, Moment now)
{
    const auto device = context_.store.device(recipient);
    if (!device) return ErrorCode::device_revoked;
    if (const auto verdict = may_send(session, device->account); verdict != ErrorCode::ok)
        // Blocked people are not told: their message is as good as stored.
        return verdict == ErrorCode::blocked ? ErrorCode::ok : verdict;
    if (envelope_row != 0 && context_.store.has_mail(device->row, envelope_row)) return ErrorCode::ok;

    auto& usage = usage_of(device->row);
    const auto bytes = envelope.sealed.size();
    if (!has_room(usage, session.account, bytes)) return ErrorCode::quota_exceeded;
    if (envelope_row == 0)
        envelope_row = context_.store.add_envelope(session.peer.device, session.account, envelope, now.wall_ms);
    if (usage.sequence_next >= usage.sequence_floor) {
        usage.sequence_floor = usage.sequence_next + sequences_reserved;
        context_.store.set_sequence_floor(device->row, usage.sequence_floor);
    }
    context_.store.add_mail(device->row, usage.sequence_next++, envelope_row);

    auto& from_sender = usage.by_sender[session.account];
    from_sender.messages += 1;
    from_sender.bytes += bytes;
    usage.messages += 1;
    usage.bytes += bytes;
    context_.changes.mail.insert(device->row);
    ++context_.counters.content_envelopes_stored;
    context_.counters.content_bytes_stored += bytes;
    return ErrorCode::ok;
}

ErrorCode Mailbox::may_send(const Session& session, AccountRow to) const
{
    if (to == session.account) return ErrorCode::ok;
    if (context_.store.contact(session.account, to) != RosterState::accepted) return ErrorCode::not_a_contact;
    switch (context_.store.contact(to, session.account)) {
    case RosterState::accepted: return ErrorCode::ok;
    case RosterState::blocked: return ErrorCode::blocked;
    default: return ErrorCode::not_a_contact;
    }
}

bool Mailbox::has_room(const Usage& usage, AccountRow sender, std::size_t bytes) const
{
    const auto& limits = context_.config.limits;
    const auto found = usage.by_sender.find(sender);
    const auto from_sender = found == usage.by_sender.end() ? MailUsage{} : found->second;
    const auto percent = limits.mailbox_sender_percent_max;
    return usage.messages + 1 <= limits.mailbox_messages_max && usage.bytes + bytes <= limits.mailbox_bytes_max &&
           (from_sender.messages + 1) * 100 <= std::uint64_t{limits.mailbox_messages_max} * percent &&
           (from_sender.bytes + bytes) * 100 <= limits.mailbox_bytes_max * percent;
}

Mailbox::Usage& Mailbox::usage_of(DeviceRow device)
{
    if (const auto found = usage_.find(device); found != usage_.end()) return found->second;
    if (usage_.size() >= usage_cache_max) usage_.erase(usage_.begin());
    auto& usage = usage_[device];
    for (const auto& one : context_.store.mail_usage(device)) {
        usage.by_sender[one.sender] = one;
        usage.messages += one.messages;
        usage.bytes += one.bytes;
    }
    usage.sequence_floor = context_.store.sequence_floor(device);
    usage.sequence_next = usage.sequence_floor;
    return usage;
}

void Mailbox::acknowledge(Session& session, const frame::MailboxAck& ack)
{
    for (const auto sequence : ack.sequences) {
        const auto removed = context_.store.remove_mail(session.device, sequence);
        if (const auto flying = session.in_flight.find(sequence); flying != session.in_flight.end()) {
            session.in_flight_bytes -= flying->second;
            session.in_flight.erase(flying);
        }
        if (!removed) continue; // acknowledged before
        ++context_.counters.content_envelopes_acknowledged;
        const auto found = usage_.find(session.device);
        if (found == usage_.end()) continue;
        auto& usage = found->second;
        usage.messages -= 1;
        usage.bytes -= removed->bytes;
        auto& from_sender = usage.by_sender[removed->sender];
        from_sender.messages -= 1;
        from_sender.bytes -= removed->bytes;
        if (from_sender.messages == 0) usage.by_sender.erase(removed->sender);
    }
    context_.changes.mail.insert(session.device);
    context_.changes.acknowledged.insert(session.link);
}

bool Mailbox::expire(Moment now)
{
    std::vector<DeviceRow> touched;
    const auto before = now.wall_ms - context_.config.limits.mailbox_age_ms_max;
    const auto count = context_.store.expire_mail(before, expired_per_tick_max, touched);
    for (const auto device : touched)
        forget_usage(device);
    context_.counters.content_envelopes_expired += count;
    return count == expired_per_tick_max;
}

void Mailbox::push(Session& session, const std::function<void(frame::MailboxDeliver&&)>& send)
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
        ++context_.counters.content_envelopes_delivered;
        context_.counters.content_bytes_delivered += bytes;
        send({mail.sequence, mail.from, mail.stored_ms, std::move(mail.envelope)});
        return true;
    });
}

void Mailbox::rewind(Session& session)
{
    session.pushed_up_to = 0;
    session.in_flight.clear();
    session.in_flight_bytes = 0;
}

} // namespace godwit::relay
