// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/json/schema_samples.hpp"

#include "lib/wire/content.hpp"

namespace godwit::test {

namespace {

template <class Id>
Id id(std::uint8_t fill = 7)
{
    Id out;
    out.bytes.fill(fill);
    return out;
}

content::FileRef file_ref()
{
    return {id<FileId>(), 3, "a.png", "image/png", id<FileKey>()};
}

std::vector<content::Body> bodies()
{
    const content::Text text{{{"ann", {0, 2}}}, {{1, 1}}};
    return {
        text,
        content::Attachment{content::AttachmentKind::image, file_ref(), 1, 2, 3, {1}, {2}, text.mentions, text.links},
        content::Sticker{file_ref(), "wave", "x", true},
        content::Location{1, 2, 3, "Nome", 4},
        content::ContactCard{"cat", id<PublicKey>()},
        content::ContactCard{"cat", {}},
        content::Forwarded{
            "title",
            {{"ann", 1, "hi", wire::encode(content::Body(text))}, {"ann", 1, "hi", {0xc1}}, {"ann", 1, "hi", {}}}},
        content::Card{"order", "title", {{"label", "value"}}, "https://example.org"},
        content::Custom{"org.example", {1}},
        content::GroupNote{content::GroupNote::What::muted, "ann", {"bob"}, "text", 5},
        content::Unknown{99, {1}}};
}

Message message(content::Body body)
{
    Message out;
    out.id = id<MessageId>();
    out.with = out.from = "bob";
    out.text = "hi";
    out.body = std::move(body);
    out.reply = content::Quote{id<MessageId>(), "ann", "hi"};
    out.forwarded = out.pinned = true;
    out.lifetime = {5, content::Lifetime::From::read};
    out.edited_ms = out.recalled_ms = out.expires_ms = out.live_until_ms = out.moved_ms = 5;
    out.versions = 2;
    out.recalled_by = "bob";
    out.reactions = {{"x", {"ann"}}};
    return out;
}

Conversation conversation()
{
    Conversation out;
    out.id = id<ConversationId>();
    out.last = message(content::Custom{"org.example", {1}});
    out.read_by = {{"bob", id<MessageId>()}};
    return out;
}

Contact contact()
{
    Contact out;
    out.user = "bob";
    out.account_key = id<PublicKey>();
    out.labels = {"friends"};
    return out;
}

GroupInfo group()
{
    GroupInfo out;
    out.avatar = file_ref();
    out.members = {{"bob", id<PublicKey>(), Role::admin, 0}};
    out.applicants = {{"cat", "please", 1}};
    return out;
}

ScheduledMessage scheduled()
{
    return {id<MessageId>(), {}, "bob", 1, "hi", content::Text{}};
}

FileInfo file()
{
    FileInfo out;
    out.name = "a.png";
    return out;
}

const Error trouble{ErrorCode::busy, "later", 5};

} // namespace

std::vector<Event> event_samples()
{
    using namespace event;
    using Step = ViewChanged::Step;
    std::vector<Event> out;
    for (auto& body : bodies())
        out.emplace_back(MessageReceived{message(std::move(body))});
    out.emplace_back(MessageReceived{});
    out.emplace_back(MessageStateChanged{});
    out.emplace_back(MessageChanged{MessageChanged::What::edited, message(content::Custom{"org.example", {1}})});
    out.emplace_back(ReadUpTo{});
    out.emplace_back(ConversationCleared{});
    out.emplace_back(TypingChanged{});
    out.emplace_back(ConversationChanged{conversation()});
    out.emplace_back(ConversationChanged{});
    out.emplace_back(ViewChanged{1,
                                 {Step{Step::Op::insert, 0, 0, conversation()}, Step{Step::Op::update, 0, 0, Message{}},
                                  Step{Step::Op::insert, 0, 0, contact()}, Step{Step::Op::move, 1, 2, {}},
                                  Step{Step::Op::remove, 1, 0, {}}}});
    out.emplace_back(Presence{});
    out.emplace_back(event::ContactRequest{});
    out.emplace_back(ContactAccepted{});
    out.emplace_back(ContactRemoved{});
    out.emplace_back(Security{SecurityKind::device_added, "bob", id<DeviceId>(), ""});
    out.emplace_back(Security{SecurityKind::device_added, "bob", {}, ""});
    out.emplace_back(Linked{});
    out.emplace_back(Connected{"relay", RelayTransport::quic});
    out.emplace_back(Disconnected{trouble, 5});
    out.emplace_back(Update{});
    out.emplace_back(PathChanged{});
    out.emplace_back(LoggedOut{trouble});
    out.emplace_back(FileProgress{file()});
    out.emplace_back(FileDone{file()});
    out.emplace_back(FileFailed{file(), trouble});
    out.emplace_back(ArchiveProgress{});
    out.emplace_back(HistoryWanted{});
    out.emplace_back(HistoryTaken{});
    out.emplace_back(HistoryReceived{});
    out.emplace_back(GroupChanged{GroupChanged::What::added, {}, "Birds", "ann", {"bob"}});
    out.emplace_back(GroupAsked{{}, "Birds", {"cat", "please", 1}});
    out.emplace_back(GroupRefused{});
    out.emplace_back(NoticeReceived{});
    out.emplace_back(NoticeWithdrawn{});
    out.emplace_back(NoticesRead{});
    CallInfo call;
    call.device = id<DeviceId>();
    call.group = true;
    call.members = {{"bob", id<DeviceId>(), true, {}}};
    out.emplace_back(CallIncoming{call});
    out.emplace_back(CallMemberChanged{call, call.members.front(), CallMemberChanged::What::left});
    out.emplace_back(CallChanged{});
    out.emplace_back(CallPeerMedia{});
    out.emplace_back(CallEnded{});
    out.emplace_back(CallQuality{});
    out.emplace_back(Warning{trouble});
    return out;
}

std::vector<event::Reply> reply_samples()
{
    std::vector<event::Reply> out;
    const auto add = [&](auto value) { out.push_back({1, {ErrorCode::ok, {}, 0}, std::move(value)}); };
    add(std::monostate{});
    add(id<MessageId>());
    add(std::vector<Contact>{contact(), Contact{}});
    add(std::vector<Message>{message(content::Text{}), Message{}});
    add(StatusReport{});
    add(std::vector<Device>{Device{}});
    add(SafetyNumber{});
    add(std::string("code"));
    add(std::vector<Conversation>{conversation(), Conversation{}});
    add(std::vector<MessageId>{id<MessageId>()});
    add(std::vector<ScheduledMessage>{scheduled()});
    add(std::uint64_t{1});
    add(file());
    add(std::vector<FileInfo>{file()});
    add(SavedFile{"/there"});
    add(StickerPackInfo{{{"fox.webp", "\xf0\x9f\xa6\x8a", "image/webp", 3, true}}});
    add(StickerPicture{{"fox.webp", "", "image/webp", 3, false}, {1, 2, 3}});
    add(ArchiveInfo{});
    add(group());
    add(GroupInfo{});
    add(std::vector<DeliveryReport>{{"bob", MessageState::delivered, Path::direct}});
    add(id<ConversationId>());
    add(SearchResults{{{message(content::Custom{"org.example", {1}}), "hi", {{0, 2}}}}, 1});
    add(std::vector<Notice>{Notice{}});
    add(id<CallId>());
    add(std::vector<CallInfo>{CallInfo{}});
    add(CallStatistics{});
    add(std::vector<MessageVersion>{{"was", {{"ann", {0, 2}}}, {{1, 1}}, 5}, MessageVersion{}});
    add(DirectoryPage{{{1, 0, "Sales", 2}}, {{"ann", 1, "Ann Lee", "Head", "ann@example.org", true}}, true});
    add(std::vector<CallDevice>{{"sound", "Loudspeaker", false, true, false}});
    return out;
}

} // namespace godwit::test
