// SPDX-License-Identifier: Apache-2.0
// How things are said to a person: the same in the chat and in one-shot commands.
#pragma once

#include <godwit/client.hpp>

#include <optional>
#include <string>
#include <string_view>

/// hh:mm of the local day; with the date when it was another day than `now_ms`.
[[nodiscard]] std::string clock_text(std::int64_t when_ms, std::int64_t now_ms);
[[nodiscard]] std::int64_t wall_now_ms();
/// "12:03 bob: hello  [direct]": one line of a history.
[[nodiscard]] std::string content_text(const godwit::Message& message);
[[nodiscard]] std::string conversation_line(const godwit::Conversation& conversation, const std::string& own_name);
[[nodiscard]] std::string history_line(const godwit::Message& message, const std::string& own_name);
/// "alice took bob in": what happened to a group.
[[nodiscard]] std::string group_note_text(const godwit::content::GroupNote& note);
/// A typed text with whom it mentions ("@bob", "@all") and its links.
[[nodiscard]] godwit::content::Text marked(const std::string& text);
/// Of a search: what was found of it.
[[nodiscard]] std::string hit_line(const godwit::SearchHit& hit);
[[nodiscard]] std::string contact_line(const godwit::Contact& contact);
[[nodiscard]] std::string status_text(const godwit::StatusReport& status);
/// "812 messages, 40 of them new, 182000 bytes"
[[nodiscard]] std::string archive_text(const godwit::ArchiveInfo& archive, bool read);
[[nodiscard]] bool is_of_many(godwit::ConversationKind kind);
/// Several lines: who says it, and that it is not end-to-end encrypted, comes first.
[[nodiscard]] std::string notice_text(const godwit::Notice& notice, std::int64_t now_ms);
/// "wrong_credentials: user unknown or password wrong"
[[nodiscard]] std::string error_text(const godwit::Error& error);
/// Without control characters, and those that turn the direction of a line: what others wrote must not move our cursor,
/// nor look otherwise than it is.
[[nodiscard]] std::string printable(const std::string& text);
/// A whole number between the two, all of the word; nullopt: it is none.
[[nodiscard]] std::optional<std::int64_t> number_of(std::string_view word, std::int64_t min, std::int64_t max);
[[nodiscard]] std::optional<godwit::PathPolicy> policy_of(std::string_view name);
