// SPDX-License-Identifier: Apache-2.0
// Made by tools/schema.py from schema/: change it there.
// Enumerations as they are read.
#pragma once

#include "lib/json/get.hpp"

#include <godwit/report.hpp>

namespace godwit::json {

// clang-format off
inline constexpr Choice path_policy_choices[] = {{"direct_first", static_cast<std::uint8_t>(PathPolicy::direct_first)}, {"direct_only", static_cast<std::uint8_t>(PathPolicy::direct_only)}, {"relay_only", static_cast<std::uint8_t>(PathPolicy::relay_only)}, {"race", static_cast<std::uint8_t>(PathPolicy::race)}};
inline constexpr Choice conversation_kind_choices[] = {{"direct", static_cast<std::uint8_t>(ConversationKind::direct)}, {"self", static_cast<std::uint8_t>(ConversationKind::self)}, {"group", static_cast<std::uint8_t>(ConversationKind::group)}, {"discussion", static_cast<std::uint8_t>(ConversationKind::discussion)}, {"channel", static_cast<std::uint8_t>(ConversationKind::channel)}};
inline constexpr Choice role_choices[] = {{"none", static_cast<std::uint8_t>(Role::none)}, {"member", static_cast<std::uint8_t>(Role::member)}, {"admin", static_cast<std::uint8_t>(Role::admin)}, {"owner", static_cast<std::uint8_t>(Role::owner)}};
inline constexpr Choice join_rule_choices[] = {{"closed", static_cast<std::uint8_t>(JoinRule::closed)}, {"request", static_cast<std::uint8_t>(JoinRule::request)}, {"link", static_cast<std::uint8_t>(JoinRule::link)}};
inline constexpr Choice report_reason_choices[] = {{"spam", static_cast<std::uint8_t>(ReportReason::spam)}, {"abuse", static_cast<std::uint8_t>(ReportReason::abuse)}, {"illegal", static_cast<std::uint8_t>(ReportReason::illegal)}, {"impersonation", static_cast<std::uint8_t>(ReportReason::impersonation)}, {"other", static_cast<std::uint8_t>(ReportReason::other)}};
inline constexpr Choice attachment_kind_choices[] = {{"file", static_cast<std::uint8_t>(content::AttachmentKind::file)}, {"image", static_cast<std::uint8_t>(content::AttachmentKind::image)}, {"voice", static_cast<std::uint8_t>(content::AttachmentKind::voice)}, {"video", static_cast<std::uint8_t>(content::AttachmentKind::video)}};
inline constexpr Choice lifetime_from_choices[] = {{"sent", static_cast<std::uint8_t>(content::Lifetime::From::sent)}, {"read", static_cast<std::uint8_t>(content::Lifetime::From::read)}};
inline constexpr Choice watch_what_choices[] = {{"conversations", static_cast<std::uint8_t>(request::Watch::What::conversations)}, {"messages", static_cast<std::uint8_t>(request::Watch::What::messages)}, {"contacts", static_cast<std::uint8_t>(request::Watch::What::contacts)}};
inline constexpr Choice video_codec_choices[] = {{"vp8", static_cast<std::uint8_t>(VideoCodec::vp8)}, {"vp9", static_cast<std::uint8_t>(VideoCodec::vp9)}};
// clang-format on

} // namespace godwit::json
