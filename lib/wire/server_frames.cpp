// SPDX-License-Identifier: Apache-2.0
// What a relay sends to a device.
#include "lib/wire/relay_fields.hpp"

namespace godwit::wire {

template <class C>
void fields(C& c, Of<C, relay::Welcome>& v)
{
    c.number(v.protocol);
    c.text(v.relay_version, version_text_bytes_max);
    c.text(v.observed_address, address_text_bytes_max);
    c.wall(v.relay_ms);
    c.flag(v.update_required);
    c.text(v.update_version, version_text_bytes_max);
    c.number(v.mailbox_messages_max);
    c.number(v.mailbox_bytes_max);
}

template <class C>
void fields(C&, Of<C, std::monostate>&)
{
}

template <class C>
void fields(C& c, Of<C, relay::LoginOk>& v)
{
    c.fixed(v.account_key);
    c.blob(v.vault, 0, vault_bytes_max);
    c.blob(v.device_list, 0, device_list_bytes_max);
    c.flag(v.vacant);
}

template <class C>
void fields(C& c, Of<C, TurnServer>& v)
{
    c.text(v.host, host_bytes_max);
    c.number(v.port);
    c.enumeration(v.transport, TurnServer::Transport::udp, TurnServer::Transport::tcp);
    c.text(v.username, turn_credential_bytes_max);
    c.text(v.password, turn_credential_bytes_max);
    c.wall(v.expires_ms);
}

template <class C>
void fields(C& c, Of<C, relay::Session>& v)
{
    c.text(v.user, user_name_length_max);
    c.list(v.turn_servers, turn_servers_max, structure_item);
    c.text(v.stun_host, host_bytes_max);
    c.number(v.stun_port);
    c.number(v.key_packages);
    c.flag(v.last_resort);
}

template <class C>
void fields(C& c, Of<C, relay::MailboxPutOk>& v)
{
    c.list(v.results, recipients_max, [](auto& codec, auto& one) { fields(codec, one); });
}

template <class C>
void fields(C& c, Of<C, relay::KeyPackageStock>& v)
{
    c.number(v.key_packages);
}

template <class C>
void fields(C& c, Of<C, relay::KeyPackages::One>& v)
{
    c.fixed(v.device);
    c.blob(v.package, 1, key_package_bytes_max);
}

template <class C>
void fields(C& c, Of<C, relay::KeyPackages>& v)
{
    c.list(v.packages, devices_per_account_max, structure_item);
}

template <class C>
void fields(C& c, Of<C, relay::GroupState>& v)
{
    c.number(v.incarnation);
    c.number(v.epoch);
    c.fixed(v.commit);
    c.blob(v.group_info, 0, group_info_bytes_max);
    c.number(v.tree_pieces);
}

template <class C>
void fields(C& c, Of<C, relay::GroupPutOk>& v)
{
    c.number(v.stored);
    c.list(v.refused, recipients_max, fixed_item);
}

template <class C>
void fields(C& c, Of<C, relay::GroupRoster::Entry>& v)
{
    c.text(v.user, user_name_length_max);
    c.flag(v.member);
    c.fixed(v.account_key);
    c.blob(v.device_list, 0, device_list_bytes_max);
    c.blob(v.secret, 0, group_secret_bytes_max);
}

template <class C>
void fields(C& c, Of<C, relay::GroupRoster>& v)
{
    c.number(v.version);
    c.list(v.entries, roster_page_max, structure_item);
    c.flag(v.more);
}

template <class C>
void fields(C& c, Of<C, relay::GroupJoins::Entry>& v)
{
    c.text(v.user, user_name_length_max);
    c.fixed(v.account_key);
    c.blob(v.device_list, 0, device_list_bytes_max);
    c.blob(v.sealed, 1, group_join_bytes_max);
    c.wall(v.asked_ms);
}

template <class C>
void fields(C& c, Of<C, relay::GroupJoins>& v)
{
    c.list(v.entries, group_joins_page_max, structure_item);
}

template <class C>
void fields(C& c, Of<C, relay::GroupTreePiece>& v)
{
    c.number(v.pieces);
    c.blob(v.bytes, 1, group_tree_piece_bytes_max);
}

template <class C>
void fields(C& c, Of<C, Department>& v)
{
    c.number(v.id);
    c.number(v.parent);
    c.text(v.name, directory_text_bytes_max);
    c.number(v.members);
}

template <class C>
void fields(C& c, Of<C, DirectoryEntry>& v)
{
    c.text(v.user, user_name_length_max);
    c.number(v.department);
    c.text(v.full_name, directory_text_bytes_max);
    c.text(v.title, directory_text_bytes_max);
    c.text(v.email, directory_text_bytes_max);
    c.flag(v.account);
}

template <class C>
void fields(C& c, Of<C, relay::DirectoryPage>& v)
{
    c.list(v.departments, departments_in_page_max, structure_item);
    c.list(v.members, directory_page_max, structure_item);
    c.flag(v.more);
}

template <class C>
void fields(C& c, Of<C, relay::BlobState>& v)
{
    c.number(v.pieces);
    c.list(v.stored, piece_ranges_max, structure_item);
    c.wall(v.expires_ms);
    c.flag(v.own);
}

template <class C>
void fields(C& c, Of<C, relay::BlobPiece>& v)
{
    c.blob(v.sealed, 1, blob_piece_bytes_max);
}

template <class C>
void fields(C& c, Of<C, relay::Response>& v)
{
    c.number(v.id);
    c.structure(v.error);
    c.variant(v.body);
}

template <class C>
void fields(C& c, Of<C, RosterEntry>& v)
{
    c.text(v.user, user_name_length_max);
    c.enumeration(v.state, RosterState::none, RosterState::blocked);
    c.fixed(v.account_key);
    c.blob(v.device_list, 0, device_list_bytes_max);
    c.list(v.online, devices_per_account_max, fixed_item);
}

template <class C>
void fields(C& c, Of<C, relay::Roster>& v)
{
    c.list(v.entries, roster_page_max, structure_item);
    c.blob(v.own_device_list, 0, device_list_bytes_max);
    c.flag(v.last);
}

template <class C>
void fields(C& c, Of<C, relay::RosterChange>& v)
{
    c.structure(v.entry);
}

template <class C>
void fields(C& c, Of<C, relay::OwnDevices>& v)
{
    c.blob(v.device_list, 1, device_list_bytes_max);
}

template <class C>
void fields(C& c, Of<C, relay::Presence>& v)
{
    c.text(v.user, user_name_length_max);
    c.list(v.online, devices_per_account_max, fixed_item);
}

template <class C>
void fields(C& c, Of<C, relay::MailboxDeliver>& v)
{
    c.number(v.sequence);
    c.fixed(v.from);
    c.wall(v.stored_ms);
    c.structure(v.envelope);
}

template <class C>
void fields(C& c, Of<C, relay::SignalPush>& v)
{
    c.fixed(v.from);
    c.blob(v.sealed, 1, signal_bytes_max);
}

template <class C>
void fields(C& c, Of<C, relay::Goodbye>& v)
{
    c.structure(v.what);
}

template <class C>
void fields(C& c, Of<C, relay::NoticeDeliver>& v)
{
    c.number(v.sequence);
    c.blob(v.notice, 1, notice_bytes_max);
}

template <class C>
void fields(C& c, Of<C, relay::GroupChanged>& v)
{
    c.fixed(v.conversation);
    c.number(v.incarnation);
    c.number(v.epoch);
    c.fixed(v.commit);
}

template <class C>
void fields(C&, Of<C, relay::MailboxEmpty>&)
{
}

template <class C>
void fields(C& c, Of<C, relay::GroupNews>& v)
{
    c.fixed(v.conversation);
    c.number(v.roster);
    c.number(v.joins);
    c.flag(v.member);
}

template <class C>
void fields(C& c, Of<C, relay::GroupJoinRefused>& v)
{
    c.fixed(v.conversation);
    c.later(v.why != relay::GroupJoinRefused::refused, [&] { c.number(v.why); });
}

template <class C>
void fields(C& c, Of<C, relay::LinkGranted>& v)
{
    c.blob(v.sealed, 1, link_grant_bytes_max);
}

Bytes encode(const relay::ServerFrame& frame)
{
    return encode_variant(frame);
}

Result<relay::ServerFrame> decode_server_frame(BytesView bytes)
{
    return decode_variant<relay::ServerFrame>(bytes, frame_bytes_max);
}

} // namespace godwit::wire
