// SPDX-License-Identifier: Apache-2.0
#include "words.hpp"

#include <QDateTime>

using godwit::ErrorCode;
namespace content = godwit::content;

QString Words::path(godwit::Path path)
{
    switch (path) {
    case godwit::Path::direct: return tr("direct");
    case godwit::Path::turned: return tr("through TURN");
    case godwit::Path::mailbox: return tr("by the relay's mailbox");
    case godwit::Path::none: break;
    }
    return tr("no path yet");
}

QString Words::policy(godwit::PathPolicy policy)
{
    switch (policy) {
    case godwit::PathPolicy::direct_first: return tr("Direct where possible");
    case godwit::PathPolicy::direct_only: return tr("Only direct");
    case godwit::PathPolicy::relay_only: return tr("Only over the relay (hides my address)");
    case godwit::PathPolicy::race: return tr("Every path at once");
    }
    return {};
}

QString Words::state(godwit::MessageState state)
{
    switch (state) {
    case godwit::MessageState::received: return tr("received");
    case godwit::MessageState::accepted: return tr("waiting");
    case godwit::MessageState::sent: return tr("sent");
    case godwit::MessageState::delivered: return tr("delivered");
    case godwit::MessageState::failed: return tr("not delivered");
    }
    return {};
}

QString Words::transport(godwit::RelayTransport over)
{
    switch (over) {
    case godwit::RelayTransport::quic: return QStringLiteral("QUIC");
    case godwit::RelayTransport::tls: return QStringLiteral("TLS");
    case godwit::RelayTransport::none: break;
    }
    return {};
}

QString Words::call_state(const godwit::CallInfo& call)
{
    const auto who = of(call.with);
    switch (call.state) {
    case godwit::CallState::calling: return tr("Calling %1 …").arg(who);
    case godwit::CallState::ringing:
        if (!call.incoming) return tr("It rings at %1 …").arg(who);
        return call.video ? tr("%1 is calling, with video").arg(who) : tr("%1 is calling").arg(who);
    case godwit::CallState::connecting: return tr("Connecting with %1 …").arg(who);
    case godwit::CallState::active: return tr("In a call with %1").arg(who);
    case godwit::CallState::open: return tr("%1 has begun a call").arg(who);
    }
    return {};
}

QString Words::outcome(godwit::CallOutcome outcome)
{
    switch (outcome) {
    case godwit::CallOutcome::completed: return tr("call");
    case godwit::CallOutcome::cancelled: return tr("cancelled call");
    case godwit::CallOutcome::no_answer: return tr("unanswered call");
    case godwit::CallOutcome::declined: return tr("declined call");
    case godwit::CallOutcome::busy: return tr("call: was busy");
    case godwit::CallOutcome::unsupported: return tr("call: that device cannot call");
    case godwit::CallOutcome::answered_elsewhere: return tr("call answered on another device");
    case godwit::CallOutcome::failed: return tr("call: no connection came about");
    case godwit::CallOutcome::lost: return tr("call: the connection was lost");
    case godwit::CallOutcome::superseded: return tr("call: both called at once");
    case godwit::CallOutcome::removed: return tr("call: you are not in the group any more");
    case godwit::CallOutcome::full: return tr("call: there was no room");
    }
    return {};
}

QString Words::security(const godwit::event::Security& security)
{
    using godwit::SecurityKind;
    const auto who = of(security.user);
    switch (security.kind) {
    case SecurityKind::account_key_changed:
        return tr("The key of %1 is another one now. Nothing is sent until you have compared the safety number, and "
                  "removed and "
                  "added the contact again.")
            .arg(who);
    case SecurityKind::device_added: return tr("%1 has one more device.").arg(who);
    case SecurityKind::device_removed: return tr("%1 has one device less.").arg(who);
    default: break;
    }
    return tr("Security: %1 (%2)").arg(of(security.detail), of(std::string(security_kind_name(security.kind))));
}

QString Words::error(const godwit::Error& error)
{
    const auto detail = of(error.detail);
    const auto told = [&](const QString& what) { return detail.isEmpty() ? what : tr("%1 (%2)").arg(what, detail); };
    switch (error.code) {
    case ErrorCode::wrong_credentials: return tr("User name or password are wrong.");
    case ErrorCode::name_taken: return tr("Another account has this name already. Choose another one.");
    case ErrorCode::not_a_contact: return tr("Messages go to contacts only. Send a contact request first.");
    case ErrorCode::no_such_user: return tr("The relay knows no such account. Check the spelling.");
    case ErrorCode::blocked: return tr("This contact is blocked.");
    case ErrorCode::relay_key_mismatch:
        return told(tr("The relay is not the one that its address names. Check the address."));
    case ErrorCode::update_required: return tr("The relay wants a newer version of this program.");
    case ErrorCode::account_key_changed: return tr("The contact's key has changed. Compare the safety number first.");
    case ErrorCode::device_revoked: return tr("This device was logged out elsewhere. Log in again.");
    case ErrorCode::no_such_file: return tr("This file is not here any more. Ask its sender for it.");
    case ErrorCode::not_allowed: return tr("Your role in the group does not allow this.");
    case ErrorCode::not_connected: return tr("There is no connection to the relay. Try again when there is.");
    case ErrorCode::rate_limited: return tr("Too many tries. Wait %1 s.").arg((error.retry_after_ms + 999) / 1000);
    case ErrorCode::quota_exceeded: return told(tr("A bound is reached."));
    case ErrorCode::timed_out: return tr("No answer came in time. Try again.");
    case ErrorCode::busy: return tr("Too much is under way. Try again.");
    case ErrorCode::relay_unavailable: return tr("The relay cannot serve now. Try again later.");
    case ErrorCode::conflict: return told(tr("This is not possible now."));
    case ErrorCode::storage_failed: return told(tr("The disk refused. Make room. Nothing that was accepted is lost."));
    case ErrorCode::storage_in_use: return tr("Another program has this account open. Close it first.");
    case ErrorCode::storage_corrupt:
        return told(tr("What is stored is damaged: \"godwit repair\" makes a new store of the rest."));
    case ErrorCode::storage_too_new: return tr("A newer version has written here. Update this program.");
    case ErrorCode::wrong_key: return tr("The passphrase does not open this.");
    case ErrorCode::message_too_large: return told(tr("This is too long."));
    case ErrorCode::invalid_argument: return told(tr("This cannot be done so."));
    case ErrorCode::unsupported: return told(tr("This version or the other side cannot do that."));
    case ErrorCode::expired: return tr("It was not delivered in time.");
    default: break;
    }
    return detail.isEmpty() ? of(std::string(error_name(error.code))) : detail;
}

QString Words::group_note(const content::GroupNote& note)
{
    using What = content::GroupNote::What;
    QStringList names;
    for (const auto& user : note.users)
        names += of(user);
    const auto by = note.by.empty() ? tr("somebody") : of(note.by), who = names.join(QStringLiteral(", ")),
               text = of(note.text);
    switch (note.what) {
    case What::created: return tr("%1 has made the group").arg(by);
    case What::added: return tr("%1 has taken in %2").arg(by, who);
    case What::removed: return tr("%1 has put out %2").arg(by, who);
    case What::left: return tr("%1 has left").arg(who);
    case What::name: return tr("the group is called %1 now").arg(text);
    case What::about:
    case What::announcement: return tr("%1 writes about the group: %2").arg(by, text);
    case What::role: return tr("the role of %1 is another one now").arg(who);
    case What::muted: return note.until_ms == 0 ? tr("%1 may write again").arg(who) : tr("%1 may not write").arg(who);
    case What::all_muted: return note.until_ms == 0 ? tr("everybody may write again") : tr("only admins may write");
    case What::promoted: return tr("the discussion is a group now");
    case What::dissolved: return tr("%1 has dissolved the group").arg(by);
    case What::expired: return tr("the discussion is over");
    case What::avatar:
    case What::rules: break;
    }
    return tr("%1 has changed the group").arg(by);
}

QString Words::body(const godwit::Message& message)
{
    if (const auto record = godwit::call_record_of(message)) {
        auto text = outcome(record->outcome);
        if (record->active_ms > 0) text = tr("%1, %2").arg(text, minutes(record->active_ms));
        return text;
    }
    if (const auto* attachment = std::get_if<content::Attachment>(&message.body))
        return tr("%1, %2").arg(of(attachment->file.name), size(attachment->file.size_bytes));
    if (const auto* sticker = std::get_if<content::Sticker>(&message.body))
        return tr("sticker %1").arg(of(sticker->emoji.empty() ? sticker->name : sticker->emoji));
    if (const auto* location = std::get_if<content::Location>(&message.body))
        return tr("place %1 %2, %3")
            .arg(of(location->place))
            .arg(location->latitude_e7 / 1e7, 0, 'f', 5)
            .arg(location->longitude_e7 / 1e7, 0, 'f', 5);
    if (const auto* card = std::get_if<content::ContactCard>(&message.body))
        return tr("contact %1").arg(of(card->user));
    if (const auto* bundle = std::get_if<content::Forwarded>(&message.body))
        return tr("%n forwarded message(s)", nullptr, static_cast<int>(bundle->items.size()));
    if (const auto* card = std::get_if<content::Card>(&message.body)) return of(card->title);
    if (const auto* note = std::get_if<content::GroupNote>(&message.body)) return group_note(*note);
    if (const auto* custom = std::get_if<content::Custom>(&message.body)) return of(custom->type);
    if (std::holds_alternative<content::Unknown>(message.body)) return tr("of a kind that this version does not know");
    return {};
}

QString Words::summary(const godwit::Message& message)
{
    if (message.recalled_ms != 0) return tr("taken back by %1").arg(of(message.recalled_by));
    const auto what = body(message);
    auto text = of(message.text).simplified();
    if (what.isEmpty()) return text;
    return text.isEmpty() ? what : what + QStringLiteral(": ") + text;
}

QString Words::title(const godwit::Conversation& conversation)
{
    return conversation.kind == godwit::ConversationKind::self ? tr("Notes to myself") : of(conversation.title);
}

QString Words::when(std::int64_t ms)
{
    const auto then = QDateTime::fromMSecsSinceEpoch(ms);
    if (then.date() == QDate::currentDate()) return QLocale().toString(then.time(), QStringLiteral("HH:mm"));
    return QLocale().toString(then, QStringLiteral("yyyy-MM-dd HH:mm"));
}

QString Words::size(std::uint64_t bytes)
{
    return QLocale().formattedDataSize(static_cast<qint64>(bytes), 1, QLocale::DataSizeTraditionalFormat);
}

QString Words::minutes(std::uint64_t ms)
{
    const auto seconds = ms / 1000;
    return QStringLiteral("%1:%2").arg(seconds / 60).arg(seconds % 60, 2, 10, QLatin1Char('0'));
}
