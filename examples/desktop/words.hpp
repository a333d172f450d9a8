// SPDX-License-Identifier: Apache-2.0
// How things are said to a person, in the language of the window. What others wrote is data: shown as plain text only.
#pragma once

#include <godwit/client.hpp>

#include <QCoreApplication>
#include <QLocale>
#include <QString>

class Words {
    Q_DECLARE_TR_FUNCTIONS(Words)
public:
    [[nodiscard]] static QString of(const std::string& text) { return QString::fromStdString(text); }
    [[nodiscard]] static QString path(godwit::Path path);
    [[nodiscard]] static QString policy(godwit::PathPolicy policy);
    /// "sent", "delivered" …, of an own message.
    [[nodiscard]] static QString state(godwit::MessageState state);
    [[nodiscard]] static QString transport(godwit::RelayTransport over);
    [[nodiscard]] static QString call_state(const godwit::CallInfo& call);
    [[nodiscard]] static QString outcome(godwit::CallOutcome outcome);
    [[nodiscard]] static QString security(const godwit::event::Security& security);
    /// What to do about it, and what happened.
    [[nodiscard]] static QString error(const godwit::Error& error);
    /// "alice has taken in bob": what has happened to a group.
    [[nodiscard]] static QString group_note(const godwit::content::GroupNote& note);
    /// What a message is, in a line.
    [[nodiscard]] static QString summary(const godwit::Message& message);
    /// What the body says besides the text; empty: nothing.
    [[nodiscard]] static QString body(const godwit::Message& message);
    [[nodiscard]] static QString title(const godwit::Conversation& conversation);
    [[nodiscard]] static QString when(std::int64_t ms);
    [[nodiscard]] static QString size(std::uint64_t bytes);
    /// "1:05"
    [[nodiscard]] static QString minutes(std::uint64_t ms);
};
