// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/wire/bounds.hpp"

#include "lib/wire/relay_fields.hpp"

namespace godwit::wire::test {
namespace {

relay::ServerFrame response(relay::ResponseBody body)
{
    return relay::Response{1, {ErrorCode::ok, {}, 0}, std::move(body)};
}

relay::ServerFrame session(TurnServer turn, std::string stun_host)
{
    return response(relay::Session{"u", {std::move(turn)}, std::move(stun_host), 1});
}

} // namespace

std::vector<Bound> bounds()
{
    const Envelope small{{}, {1}};
    return {
        {"post.to", user_name_length_max, again_content,
         [](std::size_t n) { return encode(wire::content::Any(wire::content::Post{text(n), 0, 0, {}, "x", {}})); }},
        {"post.parents", parents_max, again_content,
         [](std::size_t n) {
             return encode(wire::content::Any(wire::content::Post{"u", 0, 0, std::vector<MessageId>(n), "x", {}}));
         }},
        {"post.text", text_bytes_max, again_content,
         [](std::size_t n) { return encode(wire::content::Any(wire::content::Post{"u", 0, 0, {}, text(n), {}})); }},
        {"content.receipt", receipt_ids_max, again_content,
         [](std::size_t n) { return encode(wire::content::Any(wire::content::Receipt{std::vector<MessageId>(n)})); }},
        {"post.body", body_bytes_max, again_content,
         [](std::size_t n) {
             return encode(wire::content::Any(wire::content::Post{"u", 0, 0, {}, "x", {blob(n), {}, {}, false}}));
         }},
        {"post.reply", 1, again_content,
         [](std::size_t n) {
             return encode(wire::content::Any(
                 wire::content::Post{"u", 0, 0, {}, "x", {{}, std::vector<godwit::content::Quote>(n), {}, false}}));
         }},
        {"mark.opened", opened_ids_max, again_content,
         [](std::size_t n) {
             return encode(wire::content::Any(
                 wire::content::Mark{"u", 0, wire::content::mark::Opened{std::vector<MessageId>(n)}}));
         }},
        {"register.name", register_name_bytes_max, again_content,
         [](std::size_t n) { return encode(wire::content::Any(wire::content::Register{0, text(n), {}})); }},
        {"register.value", register_value_bytes_max, again_content,
         [](std::size_t n) { return encode(wire::content::Any(wire::content::Register{0, "x", blob(n)})); }},
        {"body.mentions", godwit::content::mentions_max, again_body,
         [](std::size_t n) {
             return encode(
                 godwit::content::Body(godwit::content::Edit{{}, std::vector<godwit::content::Mention>(n), {}}));
         }},
        {"body.thumbnail", godwit::content::thumbnail_bytes_max, again_body,
         [](std::size_t n) {
             godwit::content::Attachment out;
             out.thumbnail = blob(n);
             return encode(godwit::content::Body(out));
         }},
        {"body.file_name", godwit::content::file_name_bytes_max, again_body,
         [](std::size_t n) {
             godwit::content::Attachment out;
             out.file.name = text(n);
             return encode(godwit::content::Body(out));
         }},
        {"body.forwarded", godwit::content::forwarded_max, again_body,
         [](std::size_t n) {
             return encode(godwit::content::Body(
                 godwit::content::Forwarded{"", std::vector<godwit::content::Forwarded::Item>(n)}));
         }},
        {"body.card", godwit::content::card_fields_max, again_body,
         [](std::size_t n) {
             return encode(godwit::content::Body(
                 godwit::content::Card{"", "", std::vector<godwit::content::Card::Field>(n), ""}));
         }},
        {"body.custom", godwit::content::custom_bytes_max, again_body,
         [](std::size_t n) { return encode(godwit::content::Body(godwit::content::Custom{"", blob(n)})); }},
        {"body.emoji", godwit::content::emoji_bytes_max, again_body,
         [](std::size_t n) { return encode(godwit::content::Body(godwit::content::Reaction{{}, text(n), true})); }},
        {"certificate.user", user_name_length_max, again_certificate,
         [](std::size_t n) { return encode(DeviceCertificate{text(n), {}, {}, 0, "x", {}}); }},
        {"certificate.device_name", device_name_bytes_max, again_certificate,
         [](std::size_t n) { return encode(DeviceCertificate{"u", {}, {}, 0, text(n), {}}); }},
        {"content.unopened", receipt_ids_max, again_content,
         [](std::size_t n) { return encode(wire::content::Any(wire::content::Unopened{std::vector<MessageId>(n)})); }},
        {"list.user", user_name_length_max, again_device_list,
         [](std::size_t n) { return encode(DeviceList{text(n), {}, 1, 0, {{1}}, {}}); }},
        {"list.certificates", devices_per_account_max, again_device_list,
         [](std::size_t n) { return encode(DeviceList{"u", {}, 1, 0, std::vector<Bytes>(n, Bytes{1}), {}}); }},
        {"list.certificate", certificate_bytes_max, again_device_list,
         [](std::size_t n) { return encode(DeviceList{"u", {}, 1, 0, {blob(n)}, {}}); }, true},
        {"ice.ufrag", ice_credential_bytes_max, again_ice_signal,
         [](std::size_t n) { return encode(IceSignal{IceSignal::Kind::offer, 1, text(n), "p", {}, false}); }},
        {"ice.pwd", ice_credential_bytes_max, again_ice_signal,
         [](std::size_t n) { return encode(IceSignal{IceSignal::Kind::offer, 1, "u", text(n), {}, false}); }},
        {"ice.candidates", candidates_per_signal_max, again_ice_signal,
         [](std::size_t n) {
             return encode(IceSignal{IceSignal::Kind::offer, 1, "u", "p", std::vector<std::string>(n, "c"), false});
         }},
        {"ice.candidate", candidate_bytes_max, again_ice_signal,
         [](std::size_t n) { return encode(IceSignal{IceSignal::Kind::offer, 1, "u", "p", {text(n)}, false}); }},
        {"ice.kind", 4, again_ice_signal,
         [](std::size_t n) { return encode(IceSignal{static_cast<IceSignal::Kind>(n), 1, "u", "p", {}, false}); },
         true},
        {"peer.envelope", envelope_bytes_max, again_peer,
         [](std::size_t n) { return encode(peer::Frame(peer::Deliver{{{}, blob(n)}})); }, true},
        {"peer.receipt", receipt_ids_max, again_peer,
         [](std::size_t n) { return encode(peer::Frame(peer::Receipt{std::vector<MessageId>(n)})); }},
        {"peer.unopened", receipt_ids_max, again_peer,
         [](std::size_t n) { return encode(peer::Frame(peer::Unopened{std::vector<MessageId>(n)})); }},
        {"peer.file_have", piece_ranges_max, again_peer,
         [](std::size_t n) { return encode(peer::Frame(peer::FileHave{{}, 1, std::vector<PieceRange>(n)})); }},
        {"peer.file_want", piece_ranges_max, again_peer,
         [](std::size_t n) { return encode(peer::Frame(peer::FileWant{{}, std::vector<PieceRange>(n)})); }},
        {"peer.file_piece", piece_bytes_max, again_peer,
         [](std::size_t n) { return encode(peer::Frame(peer::FilePiece{{}, 1, blob(n)})); }, true},
        {"blob_put", blob_piece_bytes_max, again_client,
         [](std::size_t n) { return client(relay::BlobPut{{}, 1, 0, blob(n)}); }, true},
        {"blob_state", piece_ranges_max, again_server,
         [](std::size_t n) { return server(response(relay::BlobState{1, std::vector<PieceRange>(n), 0, true})); }},
        {"blob_piece", blob_piece_bytes_max, again_server,
         [](std::size_t n) { return server(response(relay::BlobPiece{blob(n)})); }, true},
        {"hello.client_version", version_text_bytes_max, again_client,
         [](std::size_t n) { return encode(relay::ClientFrame(relay::Hello{1, 1, text(n), "p"})); }},
        {"hello.platform", platform_bytes_max, again_client,
         [](std::size_t n) { return encode(relay::ClientFrame(relay::Hello{1, 1, "v", text(n)})); }},
        {"hello.app", app_key_length_max, again_client,
         [](std::size_t n) { return encode(relay::ClientFrame(relay::Hello{1, 1, "v", "p", text(n)})); }},
        {"report.user", user_name_length_max, again_client,
         [](std::size_t n) { return client(relay::ReportFile{text(n), {}, ReportReason::spam, "", {}}); }},
        {"report.text", report_text_bytes_max, again_client,
         [](std::size_t n) { return client(relay::ReportFile{"u", {}, ReportReason::spam, text(n), {}}); }},
        {"report.messages", report_messages_max, again_client,
         [](std::size_t n) {
             return client(
                 relay::ReportFile{"u", {}, ReportReason::spam, "", std::vector<relay::ReportFile::Message>(n)});
         }},
        {"directory.find", directory_text_bytes_max, again_client,
         [](std::size_t n) { return client(relay::DirectoryFetch{0, text(n), ""}); }},
        {"directory.after", user_name_length_max, again_client,
         [](std::size_t n) { return client(relay::DirectoryFetch{0, "", text(n)}); }},
        {"directory_page.departments", departments_in_page_max, again_server,
         [](std::size_t n) { return server(response(relay::DirectoryPage{std::vector<Department>(n), {}, false})); }},
        {"directory_page.members", directory_page_max, again_server,
         [](std::size_t n) {
             return server(response(relay::DirectoryPage{{}, std::vector<DirectoryEntry>(n), false}));
         }},
        {"directory_page.full_name", directory_text_bytes_max, again_server,
         [](std::size_t n) {
             return server(response(relay::DirectoryPage{{}, {{"u", 1, text(n), "", "", false}}, false}));
         }},
        {"register.user", user_name_length_max, again_client,
         [](std::size_t n) { return client(relay::RegisterAccount{text(n), {}, {}, {}, {1}, {1}}); }},
        {"register.vault", vault_bytes_max, again_client,
         [](std::size_t n) { return client(relay::RegisterAccount{"u", {}, {}, blob(n), {1}, {1}}); }},
        {"register.certificate", certificate_bytes_max, again_client,
         [](std::size_t n) { return client(relay::RegisterAccount{"u", {}, {}, {}, blob(n), {1}}); }, true},
        {"register.device_list", device_list_bytes_max, again_client,
         [](std::size_t n) { return client(relay::RegisterAccount{"u", {}, {}, {}, {1}, blob(n)}); }, true},
        {"login.user", user_name_length_max, again_client,
         [](std::size_t n) { return client(relay::Login{text(n), {}}); }},
        {"add_device.user", user_name_length_max, again_client,
         [](std::size_t n) { return client(relay::AddDevice{text(n), {1}, {1}}); }},
        {"add_device.certificate", certificate_bytes_max, again_client,
         [](std::size_t n) { return client(relay::AddDevice{"u", blob(n), {1}}); }, true},
        {"add_device.device_list", device_list_bytes_max, again_client,
         [](std::size_t n) { return client(relay::AddDevice{"u", {1}, blob(n)}); }, true},
        {"logout", device_list_bytes_max, again_client, [](std::size_t n) { return client(relay::Logout{blob(n)}); },
         true},
        {"devices_put", device_list_bytes_max, again_client,
         [](std::size_t n) { return client(relay::DevicesPut{blob(n)}); }, true},
        {"link_grant", link_grant_bytes_max, again_client,
         [](std::size_t n) { return client(relay::LinkGrant{{}, blob(n)}); }, true},
        {"publish.packages", key_packages_max, again_client,
         [](std::size_t n) { return client(relay::KeyPackagePublish{std::vector<Bytes>(n, Bytes{1}), {}}); }},
        {"publish.package", key_package_bytes_max, again_client,
         [](std::size_t n) { return client(relay::KeyPackagePublish{{blob(n)}, {}}); }, true},
        {"publish.last_resort", key_package_bytes_max, again_client,
         [](std::size_t n) { return client(relay::KeyPackagePublish{{}, blob(n)}); }},
        {"package_fetch.user", user_name_length_max, again_client,
         [](std::size_t n) { return client(relay::KeyPackageFetch{text(n), {}}); }},
        {"package_fetch.devices", devices_per_account_max, again_client,
         [](std::size_t n) { return client(relay::KeyPackageFetch{"u", std::vector<DeviceId>(n)}); }},
        {"commit.with", user_name_length_max, again_client,
         [small](std::size_t n) { return client(relay::GroupCommit{text(n), {}, 1, 1, {}, small, {}, {}, {1}}); }},
        {"commit.recipients", recipients_max, again_client,
         [small](std::size_t n) {
             return client(relay::GroupCommit{"u", {}, 1, 1, std::vector<DeviceId>(n), small, {}, {}, {1}});
         }},
        {"commit.envelope", handshake_bytes_max, again_client,
         [](std::size_t n) { return client(relay::GroupCommit{"u", {}, 1, 1, {}, {{}, blob(n)}, {}, {}, {1}}); }, true},
        {"commit.newcomers", recipients_max, again_client,
         [small](std::size_t n) {
             return client(relay::GroupCommit{"u", {}, 1, 1, {}, small, std::vector<DeviceId>(n), {}, {1}});
         }},
        {"commit.welcome", welcome_bytes_max, again_client,
         [small](std::size_t n) { return client(relay::GroupCommit{"u", {}, 1, 1, {}, small, {}, blob(n), {1}}); }},
        {"commit.group_info", group_info_bytes_max, again_client,
         [small](std::size_t n) { return client(relay::GroupCommit{"u", {}, 1, 1, {}, small, {}, {}, blob(n)}); },
         true},
        {"commit.members", group_members_max, again_client,
         [small](std::size_t n) {
             return client(
                 relay::GroupCommit{"", {}, 1, 1, {}, small, {}, {}, {1}, std::vector<std::string>(n, "u"), {}, {}});
         }},
        {"commit.joined", group_members_max, again_client,
         [small](std::size_t n) {
             return client(relay::GroupCommit{
                 "", {}, 1, 1, {}, small, {}, {}, {1}, {}, std::vector<relay::GroupNewcomer>(n, {"u", {1}}), {}});
         }},
        {"commit.secret", group_secret_bytes_max, again_client,
         [small](std::size_t n) {
             return client(relay::GroupCommit{
                 "", {}, 1, 1, {}, small, {}, {}, {1}, {}, {relay::GroupNewcomer{"u", blob(n)}}, {}});
         },
         true},
        {"group_put.except", recipients_max, again_client,
         [small](std::size_t n) { return client(relay::GroupPut{{}, small, std::vector<DeviceId>(n)}); }},
        {"group_join", group_join_bytes_max, again_client,
         [](std::size_t n) { return client(relay::GroupJoin{{}, blob(n)}); }, true},
        {"group_join_refuse", user_name_length_max, again_client,
         [](std::size_t n) { return client(relay::GroupJoinRefuse{{}, text(n), {}}); }},
        {"group_tree_put", group_tree_piece_bytes_max, again_client,
         [](std::size_t n) { return client(relay::GroupTreePut{{}, {}, 1, 0, blob(n)}); }, true},
        {"group_fetch", user_name_length_max, again_client,
         [](std::size_t n) { return client(relay::GroupFetch{text(n), {}}); }},
        {"group_reject", user_name_length_max, again_client,
         [](std::size_t n) { return client(relay::GroupReject{text(n), {}, 1, 1, {}, 0}); }},
        {"contact_add", user_name_length_max, again_client,
         [](std::size_t n) { return client(relay::ContactAdd{text(n)}); }},
        {"contact_accept", user_name_length_max, again_client,
         [](std::size_t n) { return client(relay::ContactAccept{text(n)}); }},
        {"contact_remove", user_name_length_max, again_client,
         [](std::size_t n) { return client(relay::ContactRemove{text(n)}); }},
        {"contact_block", user_name_length_max, again_client,
         [](std::size_t n) { return client(relay::ContactBlock{text(n)}); }},
        {"contact_unblock", user_name_length_max, again_client,
         [](std::size_t n) { return client(relay::ContactUnblock{text(n)}); }},
        {"put.recipients", recipients_max, again_client,
         [small](std::size_t n) { return client(relay::MailboxPut{std::vector<DeviceId>(n), small}); }},
        {"put.envelope", envelope_bytes_max, again_client,
         [](std::size_t n) { return client(relay::MailboxPut{{DeviceId{}}, {{}, blob(n)}}); }, true},
        {"signal", signal_bytes_max, again_client, [](std::size_t n) { return client(relay::Signal{{}, blob(n)}); },
         true},
        {"mailbox_ack", mailbox_acks_max, again_client,
         [](std::size_t n) { return encode(relay::ClientFrame(relay::MailboxAck{std::vector<std::uint64_t>(n, 7)})); }},
        {"welcome.version", version_text_bytes_max, again_server,
         [](std::size_t n) { return server(relay::Welcome{1, text(n), "", 0, false, "", 0, 0}); }},
        {"welcome.address", address_text_bytes_max, again_server,
         [](std::size_t n) { return server(relay::Welcome{1, "", text(n), 0, false, "", 0, 0}); }},
        {"welcome.update", version_text_bytes_max, again_server,
         [](std::size_t n) { return server(relay::Welcome{1, "", "", 0, false, text(n), 0, 0}); }},
        {"login_ok.vault", vault_bytes_max, again_server,
         [](std::size_t n) { return server(response(relay::LoginOk{{}, blob(n), {}})); }},
        {"login_ok.device_list", device_list_bytes_max, again_server,
         [](std::size_t n) { return server(response(relay::LoginOk{{}, {}, blob(n)})); }},
        {"key_packages", devices_per_account_max, again_server,
         [](std::size_t n) {
             return server(response(
                 relay::KeyPackages{std::vector<relay::KeyPackages::One>(n, relay::KeyPackages::One{{}, {1}})}));
         }},
        {"key_packages.package", key_package_bytes_max, again_server,
         [](std::size_t n) { return server(response(relay::KeyPackages{{{{}, blob(n)}}})); }, true},
        {"group_state.group_info", group_info_bytes_max, again_server,
         [](std::size_t n) { return server(response(relay::GroupState{1, 1, {}, blob(n)})); }},
        {"group_put_ok.refused", recipients_max, again_server,
         [](std::size_t n) { return server(response(relay::GroupPutOk{1, std::vector<DeviceId>(n)})); }},
        {"group_roster", roster_page_max, again_server,
         [](std::size_t n) {
             return server(response(relay::GroupRoster{1, std::vector<relay::GroupRoster::Entry>(n), false}));
         }},
        {"group_roster.list", device_list_bytes_max, again_server,
         [](std::size_t n) { return server(response(relay::GroupRoster{1, {{"u", true, {}, blob(n), {}}}, false})); }},
        {"group_roster.secret", group_secret_bytes_max, again_server,
         [](std::size_t n) { return server(response(relay::GroupRoster{1, {{"u", true, {}, {}, blob(n)}}, false})); }},
        {"group_joins", group_joins_page_max, again_server,
         [](std::size_t n) {
             return server(
                 response(relay::GroupJoins{std::vector<relay::GroupJoins::Entry>(n, {"u", {}, {}, {1}, 0})}));
         }},
        {"group_joins.sealed", group_join_bytes_max, again_server,
         [](std::size_t n) { return server(response(relay::GroupJoins{{{"u", {}, {}, blob(n), 0}}})); }, true},
        {"group_tree_piece", group_tree_piece_bytes_max, again_server,
         [](std::size_t n) { return server(response(relay::GroupTreePiece{1, blob(n)})); }, true},
        {"session.user", user_name_length_max, again_server,
         [](std::size_t n) { return server(response(relay::Session{text(n), {}, "", 0})); }},
        {"session.turn_servers", turn_servers_max, again_server,
         [](std::size_t n) { return server(response(relay::Session{"u", std::vector<TurnServer>(n), "", 0})); }},
        {"session.stun_host", host_bytes_max, again_server, [](std::size_t n) { return server(session({}, text(n))); }},
        {"turn.host", host_bytes_max, again_server,
         [](std::size_t n) { return server(session({text(n), 1, TurnServer::Transport::udp, "", "", 0}, "")); }},
        {"turn.transport", 1, again_server,
         [](std::size_t n) { return server(session({"h", 1, static_cast<TurnServer::Transport>(n), "", "", 0}, "")); }},
        {"turn.username", turn_credential_bytes_max, again_server,
         [](std::size_t n) { return server(session({"h", 1, TurnServer::Transport::udp, text(n), "", 0}, "")); }},
        {"turn.password", turn_credential_bytes_max, again_server,
         [](std::size_t n) { return server(session({"h", 1, TurnServer::Transport::udp, "", text(n), 0}, "")); }},
        {"put_ok.results", recipients_max, again_server,
         [](std::size_t n) { return server(response(relay::MailboxPutOk{std::vector<ErrorCode>(n, ErrorCode::ok)})); }},
        {"roster.entries", roster_page_max, again_server,
         [](std::size_t n) { return server(relay::Roster{std::vector<RosterEntry>(n), {}, true}); }},
        {"roster.own", device_list_bytes_max, again_server,
         [](std::size_t n) { return server(relay::Roster{{}, blob(n), true}); }},
        {"entry.user", user_name_length_max, again_server,
         [](std::size_t n) { return server(relay::RosterChange{{text(n), RosterState::none, {}, {}, {}}}); }},
        {"entry.state", 4, again_server,
         [](std::size_t n) { return server(relay::RosterChange{{"u", static_cast<RosterState>(n), {}, {}, {}}}); }},
        {"entry.device_list", device_list_bytes_max, again_server,
         [](std::size_t n) { return server(relay::RosterChange{{"u", RosterState::accepted, {}, blob(n), {}}}); }},
        {"entry.online", devices_per_account_max, again_server,
         [](std::size_t n) {
             return server(relay::RosterChange{{"u", RosterState::accepted, {}, {}, std::vector<DeviceId>(n)}});
         }},
        {"own_devices", device_list_bytes_max, again_server,
         [](std::size_t n) { return server(relay::OwnDevices{blob(n)}); }, true},
        {"link_granted", link_grant_bytes_max, again_server,
         [](std::size_t n) { return server(relay::LinkGranted{blob(n)}); }, true},
        {"presence.user", user_name_length_max, again_server,
         [](std::size_t n) { return server(relay::Presence{text(n), {}}); }},
        {"presence.online", devices_per_account_max, again_server,
         [](std::size_t n) { return server(relay::Presence{"u", std::vector<DeviceId>(n)}); }},
        {"deliver.envelope", handshake_bytes_max, again_server,
         [](std::size_t n) { return server(relay::MailboxDeliver{1, {}, 0, {{}, blob(n)}}); }, true},
        {"signal_push", signal_bytes_max, again_server,
         [](std::size_t n) { return server(relay::SignalPush{{}, blob(n)}); }, true},
    };
}

} // namespace godwit::wire::test
