// SPDX-License-Identifier: Apache-2.0
// What a device sends to its relay.
#include "lib/wire/relay_fields.hpp"

namespace godwit::wire {

template <class C>
void fields(C& c, Of<C, relay::Hello>& v)
{
    c.number(v.protocol_min);
    c.number(v.protocol_max);
    c.text(v.client_version, version_text_bytes_max);
    c.text(v.platform, platform_bytes_max);
    c.later_text(v.app, app_key_length_max);
}

template <class C>
void fields(C& c, Of<C, relay::RegisterAccount>& v)
{
    c.text(v.user, user_name_length_max);
    c.fixed(v.login_secret);
    c.fixed(v.account_key);
    c.blob(v.vault, 0, vault_bytes_max);
    c.blob(v.certificate, 1, certificate_bytes_max);
    c.blob(v.device_list, 1, device_list_bytes_max);
}

template <class C>
void fields(C& c, Of<C, relay::Login>& v)
{
    c.text(v.user, user_name_length_max);
    c.fixed(v.login_secret);
}

template <class C>
void fields(C& c, Of<C, relay::AddDevice>& v)
{
    c.text(v.user, user_name_length_max);
    c.blob(v.certificate, 1, certificate_bytes_max);
    c.blob(v.device_list, 1, device_list_bytes_max);
}

template <class C>
void fields(C&, Of<C, relay::Resume>&)
{
}

template <class C>
void fields(C& c, Of<C, relay::Logout>& v)
{
    c.blob(v.device_list, 1, device_list_bytes_max);
}

template <class C>
void fields(C& c, Of<C, relay::ContactAdd>& v)
{
    c.text(v.user, user_name_length_max);
}

template <class C>
void fields(C& c, Of<C, relay::ContactAccept>& v)
{
    c.text(v.user, user_name_length_max);
}

template <class C>
void fields(C& c, Of<C, relay::ContactRemove>& v)
{
    c.text(v.user, user_name_length_max);
}

template <class C>
void fields(C& c, Of<C, relay::ContactBlock>& v)
{
    c.text(v.user, user_name_length_max);
}

template <class C>
void fields(C& c, Of<C, relay::ContactUnblock>& v)
{
    c.text(v.user, user_name_length_max);
}

template <class C>
void fields(C& c, Of<C, relay::MailboxPut>& v)
{
    c.list(v.recipients, recipients_max, fixed_item);
    message_envelope(c, v.envelope);
}

template <class C>
void fields(C& c, Of<C, relay::Signal>& v)
{
    c.fixed(v.device);
    c.blob(v.sealed, 1, signal_bytes_max);
}

template <class C>
void fields(C&, Of<C, relay::FetchSession>&)
{
}

template <class C>
void fields(C& c, Of<C, relay::KeyPackagePublish>& v)
{
    c.list(v.packages, key_packages_max, key_package_item);
    c.blob(v.last_resort, 0, key_package_bytes_max);
}

template <class C>
void fields(C& c, Of<C, relay::KeyPackageFetch>& v)
{
    c.text(v.user, user_name_length_max);
    c.list(v.devices, devices_per_account_max, fixed_item);
}

template <class C>
void fields(C& c, Of<C, relay::GroupNewcomer>& v)
{
    c.text(v.user, user_name_length_max);
    c.blob(v.secret, 1, group_secret_bytes_max);
}

template <class C>
void fields(C& c, Of<C, relay::GroupCommit>& v)
{
    c.text(v.with, user_name_length_max);
    c.fixed(v.conversation);
    c.number(v.incarnation);
    c.number(v.epoch);
    c.list(v.recipients, recipients_max, fixed_item);
    c.structure(v.envelope);
    c.list(v.newcomers, recipients_max, fixed_item);
    c.blob(v.welcome, 0, welcome_bytes_max);
    c.blob(v.group_info, 1, group_info_bytes_max);
    c.list(v.members, group_members_max, user_item);
    c.list(v.joined, group_members_max, structure_item);
    c.fixed(v.tree);
}

template <class C>
void fields(C& c, Of<C, relay::GroupFetch>& v)
{
    c.text(v.with, user_name_length_max);
    c.fixed(v.conversation);
}

template <class C>
void fields(C& c, Of<C, relay::GroupReject>& v)
{
    c.text(v.with, user_name_length_max);
    c.fixed(v.conversation);
    c.number(v.incarnation);
    c.number(v.epoch);
    c.fixed(v.commit);
    c.number(v.reason);
    c.fixed(v.after);
}

template <class C>
void fields(C& c, Of<C, relay::DevicesPut>& v)
{
    c.blob(v.device_list, 1, device_list_bytes_max);
}

template <class C>
void fields(C&, Of<C, relay::LinkWait>&)
{
}

template <class C>
void fields(C& c, Of<C, relay::LinkGrant>& v)
{
    c.fixed(v.device);
    c.blob(v.sealed, 1, link_grant_bytes_max);
}

template <class C>
void fields(C& c, Of<C, relay::BlobPut>& v)
{
    c.fixed(v.blob);
    c.number(v.pieces);
    c.number(v.piece);
    c.blob(v.sealed, 1, blob_piece_bytes_max);
}

template <class C>
void fields(C& c, Of<C, relay::BlobQuery>& v)
{
    c.fixed(v.blob);
}

template <class C>
void fields(C& c, Of<C, relay::BlobGet>& v)
{
    c.fixed(v.blob);
    c.number(v.piece);
}

template <class C>
void fields(C& c, Of<C, relay::BlobDrop>& v)
{
    c.fixed(v.blob);
}

template <class C>
void fields(C& c, Of<C, relay::GroupPut>& v)
{
    c.fixed(v.conversation);
    message_envelope(c, v.envelope);
    c.list(v.except, recipients_max, fixed_item);
}

template <class C>
void fields(C& c, Of<C, relay::GroupRosterFetch>& v)
{
    c.fixed(v.conversation);
    c.number(v.after);
}

template <class C>
void fields(C& c, Of<C, relay::GroupJoin>& v)
{
    c.fixed(v.conversation);
    c.blob(v.sealed, 1, group_join_bytes_max);
}

template <class C>
void fields(C& c, Of<C, relay::GroupJoinsFetch>& v)
{
    c.fixed(v.conversation);
}

template <class C>
void fields(C& c, Of<C, relay::GroupJoinRefuse>& v)
{
    c.fixed(v.conversation);
    c.text(v.user, user_name_length_max);
    c.later(v.stale_link.has_value(), [&] {
        // Not emplace(): clang takes a nested struct with initializers for one without a default constructor.
        if constexpr (C::decodes) v.stale_link = relay::GroupJoinRefuse::StaleLink{};
        c.number(v.stale_link->incarnation);
        c.number(v.stale_link->epoch);
        c.wall(v.stale_link->asked_ms);
    });
}

template <class C>
void fields(C& c, Of<C, relay::GroupTreePut>& v)
{
    c.fixed(v.conversation);
    c.fixed(v.tree);
    c.number(v.pieces);
    c.number(v.piece);
    c.blob(v.bytes, 1, group_tree_piece_bytes_max);
}

template <class C>
void fields(C& c, Of<C, relay::GroupTreeGet>& v)
{
    c.fixed(v.conversation);
    c.number(v.incarnation);
    c.number(v.epoch);
    c.number(v.piece);
}

template <class C>
void fields(C& c, Of<C, relay::ReportFile::Message>& v)
{
    c.fixed(v.id);
    c.text(v.from, user_name_length_max);
    c.wall(v.sent_ms);
    c.flag(v.shown);
    c.shortened_text(v.text, report_excerpt_bytes_max);
}

template <class C>
void fields(C& c, Of<C, relay::ReportFile>& v)
{
    c.text(v.user, user_name_length_max);
    c.fixed(v.conversation);
    c.enumeration(v.reason, ReportReason::spam, ReportReason::other);
    c.text(v.text, report_text_bytes_max);
    c.list(v.messages, report_messages_max, structure_item);
}

template <class C>
void fields(C& c, Of<C, relay::DirectoryFetch>& v)
{
    c.number(v.department);
    c.text(v.find, directory_text_bytes_max);
    c.text(v.after, user_name_length_max);
}

template <class C>
void fields(C& c, Of<C, relay::Request>& v)
{
    c.number(v.id);
    c.variant(v.body);
}

template <class C>
void fields(C& c, Of<C, relay::MailboxAck>& v)
{
    c.list(v.sequences, mailbox_acks_max, number_item);
}

template <class C>
void fields(C& c, Of<C, relay::NoticeAck>& v)
{
    c.number(v.sequence);
}

Bytes encode(const relay::ClientFrame& frame)
{
    return encode_variant(frame);
}

Result<relay::ClientFrame> decode_client_frame(BytesView bytes)
{
    return decode_variant<relay::ClientFrame>(bytes, frame_bytes_max);
}

} // namespace godwit::wire
