// SPDX-License-Identifier: Apache-2.0
// What a request holds besides itself. Each that holds anything names its members here; one that does not, and is not
// plain bytes either, does not compile.
#include "lib/client/mailbox.hpp"

#include <type_traits>

namespace godwit::client {

namespace {

template <class Plain>
    requires std::is_trivially_copyable_v<Plain>
std::size_t heap(const Plain&)
{
    return 0;
}
std::size_t heap(const std::string& text)
{
    return text.size();
}
std::size_t heap(const content::Mention& it)
{
    return heap(it.user);
}
std::size_t heap(const content::FileRef& it)
{
    return heap(it.name) + heap(it.media_type);
}
std::size_t heap(const content::Forwarded::Item& it)
{
    return heap(it.from) + heap(it.text) + it.body.size();
}
std::size_t heap(const content::Card::Field& it)
{
    return heap(it.label) + heap(it.value);
}
std::size_t heap(const request::Where& it)
{
    return heap(it.with);
}
std::size_t heap(const CallDevices& it)
{
    return heap(it.audio_source) + heap(it.audio_sink) + heap(it.video_source) + heap(it.video_sink);
}
template <class T>
std::size_t heap(const std::vector<T>& list)
{
    std::size_t sum = list.size() * sizeof(T);
    for (const auto& one : list)
        sum += heap(one);
    return sum;
}
template <class T>
    requires(!std::is_trivially_copyable_v<std::optional<T>>)
std::size_t heap(const std::optional<T>& it)
{
    return it ? heap(*it) : 0;
}
template <class... Members>
    requires(sizeof...(Members) > 1)
std::size_t heap(const Members&... members)
{
    return (heap(members) + ...);
}

struct OfBody {
    template <class Plain>
        requires std::is_trivially_copyable_v<Plain>
    std::size_t operator()(const Plain&) const
    {
        return 0;
    }
    std::size_t operator()(const content::Text& it) const { return heap(it.mentions, it.links); }
    std::size_t operator()(const content::Attachment& it) const
    {
        return heap(it.file, it.thumbnail, it.waveform, it.mentions, it.links);
    }
    std::size_t operator()(const content::Sticker& it) const { return heap(it.pack, it.name, it.emoji); }
    std::size_t operator()(const content::Location& it) const { return heap(it.place); }
    std::size_t operator()(const content::ContactCard& it) const { return heap(it.user); }
    std::size_t operator()(const content::Forwarded& it) const { return heap(it.title, it.items); }
    std::size_t operator()(const content::Card& it) const { return heap(it.name, it.title, it.fields, it.url); }
    std::size_t operator()(const content::Custom& it) const { return heap(it.type, it.data); }
    std::size_t operator()(const content::GroupNote& it) const { return heap(it.by, it.users, it.text); }
    std::size_t operator()(const content::Edit& it) const { return heap(it.mentions, it.links); }
    std::size_t operator()(const content::Reaction& it) const { return heap(it.emoji); }
    std::size_t operator()(const content::Unknown& it) const { return heap(it.raw); }
};

struct OfRequest {
    template <class Plain>
        requires std::is_trivially_copyable_v<Plain>
    std::size_t operator()(const Plain&) const
    {
        return 0;
    }
    /// Those that have a user and nothing else.
    template <class Named>
        requires(sizeof(Named) == sizeof(std::string) && requires(const Named& it) { it.user; })
    std::size_t operator()(const Named& it) const
    {
        return heap(it.user);
    }
    std::size_t operator()(const request::MarkRead& it) const { return heap(it.where); }
    std::size_t operator()(const request::SetTimer& it) const { return heap(it.where); }
    std::size_t operator()(const request::Typing& it) const { return heap(it.where); }
    std::size_t operator()(const request::Watch& it) const { return heap(it.where); }
    std::size_t operator()(const request::Pinned& it) const { return heap(it.where); }
    std::size_t operator()(const request::Search& it) const { return heap(it.text, it.where, it.from, it.kinds); }
    std::size_t operator()(const request::SetConversation& it) const { return heap(it.where, it.draft); }

    std::size_t operator()(const request::RegisterAccount& it) const
    {
        return heap(it.relay, it.user, it.password, it.device_name);
    }
    std::size_t operator()(const request::Login& it) const
    {
        return heap(it.relay, it.user, it.password, it.device_name);
    }
    std::size_t operator()(const request::Send& it) const
    {
        return heap(it.to, it.text, it.key) + std::visit(OfBody{}, it.body);
    }
    std::size_t operator()(const request::Edit& it) const { return heap(it.text, it.mentions, it.links); }
    std::size_t operator()(const request::React& it) const { return heap(it.emoji); }
    std::size_t operator()(const request::RemoveMessages& it) const { return heap(it.messages); }
    std::size_t operator()(const request::ClearConversation& it) const { return heap(it.where); }
    std::size_t operator()(const request::Forward& it) const { return heap(it.messages, it.to, it.title); }
    std::size_t operator()(const request::SetContact& it) const { return heap(it.user, it.remark, it.labels); }
    std::size_t operator()(const request::History& it) const { return heap(it.with); }
    std::size_t operator()(const request::DeviceLink& it) const { return heap(it.code); }
    std::size_t operator()(const request::LinkCode& it) const { return heap(it.relay, it.device_name); }
    std::size_t operator()(const request::SafetyNumber& it) const { return heap(it.with); }
    std::size_t operator()(const request::Verify& it) const { return heap(it.with, it.code); }
    std::size_t operator()(const request::FileAdd& it) const { return heap(it.path, it.name, it.media_type); }
    std::size_t operator()(const request::FileSave& it) const { return heap(it.path); }
    std::size_t operator()(const request::StickerImage& it) const { return heap(it.name); }
    std::size_t operator()(const request::ArchiveMake& it) const { return heap(it.path, it.passphrase); }
    std::size_t operator()(const request::ArchiveRead& it) const { return heap(it.path, it.passphrase); }
    std::size_t operator()(const request::GroupCreate& it) const { return heap(it.name, it.members, it.about); }
    std::size_t operator()(const request::GroupInvite& it) const { return heap(it.users); }
    std::size_t operator()(const request::GroupRemove& it) const { return heap(it.users); }
    std::size_t operator()(const request::GroupRole& it) const { return heap(it.user); }
    std::size_t operator()(const request::GroupMute& it) const { return heap(it.user); }
    std::size_t operator()(const request::GroupSet& it) const
    {
        return heap(it.name, it.about, it.announcement, it.avatar);
    }
    std::size_t operator()(const request::GroupJoin& it) const { return heap(it.link, it.text); }
    std::size_t operator()(const request::GroupAnswer& it) const { return heap(it.user); }
    std::size_t operator()(const request::CallPlace& it) const { return heap(it.to, it.devices); }
    std::size_t operator()(const request::CallAnswer& it) const { return heap(it.devices); }
    std::size_t operator()(const request::Report& it) const { return heap(it.user, it.text, it.messages); }
    std::size_t operator()(const request::Directory& it) const { return heap(it.find, it.after); }
};

} // namespace

std::size_t request_bytes(const Request& request) noexcept
{
    return std::visit(OfRequest{}, static_cast<const request::Any&>(request));
}

} // namespace godwit::client
