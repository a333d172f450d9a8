// SPDX-License-Identifier: Apache-2.0
// Made by tools/schema.py from schema/: change it there.
// What objects are made of: written as the members of one that is open, and read.
#pragma once

#include "lib/json/fields.hpp"
#include "lib/json/writer.hpp"

#include <godwit/event.hpp>
#include <godwit/request.hpp>

namespace godwit::json {

// clang-format off
void members(Writer& out, const Error& it);
void members(Writer& out, const content::FileRef& it);
void members(Writer& out, const StickerEntry& it);
void members(Writer& out, const FileInfo& it);
void members(Writer& out, const content::Mention& it);
void members(Writer& out, const content::Range& it);
void members(Writer& out, const content::Lifetime& it);
void members(Writer& out, const content::Quote& it);
void members(Writer& out, const Reactions& it);
void members(Writer& out, const MessageVersion& it);
void members(Writer& out, const SearchHit& it);
void members(Writer& out, const Department& it);
void members(Writer& out, const DirectoryEntry& it);
void members(Writer& out, const Conversation::ReadBy& it);
void members(Writer& out, const Conversation& it);
void members(Writer& out, const ScheduledMessage& it);
void members(Writer& out, const Contact& it);
void members(Writer& out, const Device& it);
void members(Writer& out, const GroupMember& it);
void members(Writer& out, const GroupApplicant& it);
void members(Writer& out, const GroupInfo& it);
void members(Writer& out, const DeliveryReport& it);
void members(Writer& out, const ArchiveInfo& it);
void members(Writer& out, const Notice& it);
void members(Writer& out, const CallMedia& it);
void members(Writer& out, const CallInfo& it);
void members(Writer& out, const CallMember& it);
void members(Writer& out, const CallDevice& it);
void members(Writer& out, const CallStatistics& it);
void members(Writer& out, const event::ViewChanged::Step& it);
void members(Writer& out, const Message& it);
void members(Writer& out, const content::Text& it);
void members(Writer& out, const content::Attachment& it);
void members(Writer& out, const content::Sticker& it);
void members(Writer& out, const content::Location& it);
void members(Writer& out, const content::ContactCard& it);
void members(Writer& out, const content::Card::Field& it);
void members(Writer& out, const content::Card& it);
void members(Writer& out, const content::Custom& it);
void members(Writer& out, const content::GroupNote& it);
void members(Writer& out, const content::Unknown& it);
void read(Fields& in, content::FileRef& it);
void read(Fields& in, content::Mention& it);
void read(Fields& in, content::Range& it);
void read(Fields& in, content::Lifetime& it);
void read(Fields& in, content::Text& it);
void read(Fields& in, content::Attachment& it);
void read(Fields& in, content::Sticker& it);
void read(Fields& in, content::Location& it);
void read(Fields& in, content::ContactCard& it);
void read(Fields& in, content::Card::Field& it);
void read(Fields& in, content::Card& it);
void read(Fields& in, content::Custom& it);
// clang-format on

} // namespace godwit::json
