// SPDX-License-Identifier: Apache-2.0
// What the relay has done since it started, for operators and proofs. Counts only: nobody's name is in it.
#pragma once

#include <cstdint>

namespace godwit::relay {

struct Counters {
    // Now.
    std::uint64_t links = 0;
    std::uint64_t sessions = 0;
    // Since the start.
    std::uint64_t links_total = 0;
    std::uint64_t links_banned = 0; ///< From addresses that the operator lets nobody in from.
    std::uint64_t sessions_total = 0;
    std::uint64_t sessions_replaced = 0;
    std::uint64_t registrations = 0;
    std::uint64_t logins_by_password = 0;
    std::uint64_t logins_refused = 0;
    std::uint64_t logins_throttled = 0;
    std::uint64_t content_envelopes_stored = 0; ///< Per recipient device.
    std::uint64_t content_bytes_stored = 0;     ///< Sealed bytes, per recipient device.
    std::uint64_t content_envelopes_delivered = 0;
    std::uint64_t content_bytes_delivered = 0;
    std::uint64_t content_envelopes_acknowledged = 0;
    std::uint64_t content_envelopes_expired = 0;
    std::uint64_t content_envelopes_refused = 0;  ///< Quota, not a contact, device unknown.
    std::uint64_t handshake_envelopes_stored = 0; ///< Commits and Welcomes, per recipient device.
    std::uint64_t handshake_bytes_stored = 0;
    std::uint64_t handshake_envelopes_delivered = 0;
    std::uint64_t handshake_bytes_delivered = 0;
    std::uint64_t handshake_envelopes_acknowledged = 0;
    std::uint64_t handshake_envelopes_expired = 0;
    std::uint64_t handshake_envelopes_skipped = 0; ///< No room left: the device joins again by itself.
    std::uint64_t group_commits = 0;
    std::uint64_t group_conflicts = 0;          ///< Commits that came second, or for another epoch.
    std::uint64_t group_commits_malformed = 0;  ///< Not what their frame said: refused.
    std::uint64_t group_commits_held = 0;       ///< Put off: too many before them may still be taken back.
    std::uint64_t group_reject_reports = 0;     ///< Members who could not accept a commit.
    std::uint64_t group_rejects = 0;            ///< Commits taken back, because at least half of the members could not.
    std::uint64_t group_reject_reason_last = 0; ///< Of the newest of them, as the member said (mls::MlsError).
    std::uint64_t group_messages = 0;           ///< Sent to all of a group at once, each stored once.
    std::uint64_t group_joins = 0;              ///< Accounts that asked to be let in.
    std::uint64_t group_trees_stored = 0;       ///< Whole ones.
    std::uint64_t group_trees_let_go = 0;       ///< For want of room, though a Welcome still waited that names it.
    std::uint64_t key_packages_stored = 0;
    std::uint64_t key_packages_handed_out = 0;
    std::uint64_t key_packages_expired = 0; ///< Last resorts too.
    std::uint64_t last_resorts_handed_out = 0;
    std::uint64_t blob_pieces_stored = 0;
    std::uint64_t blob_bytes_stored = 0;
    std::uint64_t blob_pieces_delivered = 0;
    std::uint64_t blob_bytes_delivered = 0;
    std::uint64_t blob_pieces_expired = 0; ///< Their days were over, or the room was.
    std::uint64_t blob_pieces_refused = 0; ///< Quota.
    std::uint64_t notices_made = 0;        ///< By the operator; withdrawals too.
    std::uint64_t notices_delivered = 0;
    std::uint64_t notices_acknowledged = 0;
    std::uint64_t devices_added = 0;   ///< To accounts that existed.
    std::uint64_t devices_revoked = 0; ///< By another device; logging out is not counted.
    std::uint64_t link_grants = 0;
    std::uint64_t reports_filed = 0;   ///< By clients.
    std::uint64_t events_recorded = 0; ///< For webhooks.
    std::uint64_t signals_forwarded = 0;
    std::uint64_t signals_refused = 0;
    std::uint64_t requests = 0;
    std::uint64_t requests_refused = 0;
    std::uint64_t frames_malformed = 0;
    std::uint64_t strangers_closed = 0; ///< Too slow, too chatty, or too many.
    std::uint64_t members_closed = 0;   ///< Sent more frames than any device has to say.
    std::uint64_t requests_throttled = 0;
    std::uint64_t shed_level = 0;       ///< Now (shedding.hpp).
    std::uint64_t overload_refused = 0; ///< Connections and requests, for the sake of those who are served.
    std::uint64_t commits = 0;
    std::uint64_t commits_failed = 0;

    /// What rests on the store goes back with it; what was merely seen or said stands.
    void take_back(const Counters& to)
    {
        registrations = to.registrations;
        content_envelopes_stored = to.content_envelopes_stored;
        content_bytes_stored = to.content_bytes_stored;
        content_envelopes_acknowledged = to.content_envelopes_acknowledged;
        content_envelopes_expired = to.content_envelopes_expired;
        handshake_envelopes_stored = to.handshake_envelopes_stored;
        handshake_bytes_stored = to.handshake_bytes_stored;
        handshake_envelopes_acknowledged = to.handshake_envelopes_acknowledged;
        handshake_envelopes_expired = to.handshake_envelopes_expired;
        handshake_envelopes_skipped = to.handshake_envelopes_skipped;
        group_commits = to.group_commits;
        group_reject_reports = to.group_reject_reports;
        group_rejects = to.group_rejects;
        group_reject_reason_last = to.group_reject_reason_last;
        group_messages = to.group_messages;
        group_joins = to.group_joins;
        group_trees_stored = to.group_trees_stored;
        group_trees_let_go = to.group_trees_let_go;
        key_packages_stored = to.key_packages_stored;
        key_packages_handed_out = to.key_packages_handed_out;
        key_packages_expired = to.key_packages_expired;
        last_resorts_handed_out = to.last_resorts_handed_out;
        blob_pieces_stored = to.blob_pieces_stored;
        blob_bytes_stored = to.blob_bytes_stored;
        blob_pieces_delivered = to.blob_pieces_delivered;
        blob_bytes_delivered = to.blob_bytes_delivered;
        blob_pieces_expired = to.blob_pieces_expired;
        notices_made = to.notices_made;
        notices_acknowledged = to.notices_acknowledged;
        devices_added = to.devices_added;
        devices_revoked = to.devices_revoked;
        link_grants = to.link_grants;
        reports_filed = to.reports_filed;
        events_recorded = to.events_recorded;
        signals_forwarded = to.signals_forwarded;
    }
    /// visit(name, value), in this order.
    template <class Visit>
    void each(Visit visit) const
    {
        visit("links", links);
        visit("sessions", sessions);
        visit("links_total", links_total);
        visit("links_banned", links_banned);
        visit("sessions_total", sessions_total);
        visit("sessions_replaced", sessions_replaced);
        visit("registrations", registrations);
        visit("logins_by_password", logins_by_password);
        visit("logins_refused", logins_refused);
        visit("logins_throttled", logins_throttled);
        visit("content_envelopes_stored", content_envelopes_stored);
        visit("content_bytes_stored", content_bytes_stored);
        visit("content_envelopes_delivered", content_envelopes_delivered);
        visit("content_bytes_delivered", content_bytes_delivered);
        visit("content_envelopes_acknowledged", content_envelopes_acknowledged);
        visit("content_envelopes_expired", content_envelopes_expired);
        visit("content_envelopes_refused", content_envelopes_refused);
        visit("handshake_envelopes_stored", handshake_envelopes_stored);
        visit("handshake_bytes_stored", handshake_bytes_stored);
        visit("handshake_envelopes_delivered", handshake_envelopes_delivered);
        visit("handshake_bytes_delivered", handshake_bytes_delivered);
        visit("handshake_envelopes_acknowledged", handshake_envelopes_acknowledged);
        visit("handshake_envelopes_expired", handshake_envelopes_expired);
        visit("handshake_envelopes_skipped", handshake_envelopes_skipped);
        visit("group_commits", group_commits);
        visit("group_conflicts", group_conflicts);
        visit("group_commits_malformed", group_commits_malformed);
        visit("group_commits_held", group_commits_held);
        visit("group_reject_reports", group_reject_reports);
        visit("group_rejects", group_rejects);
        visit("group_reject_reason_last", group_reject_reason_last);
        visit("group_messages", group_messages);
        visit("group_joins", group_joins);
        visit("group_trees_stored", group_trees_stored);
        visit("group_trees_let_go", group_trees_let_go);
        visit("key_packages_stored", key_packages_stored);
        visit("key_packages_handed_out", key_packages_handed_out);
        visit("key_packages_expired", key_packages_expired);
        visit("last_resorts_handed_out", last_resorts_handed_out);
        visit("blob_pieces_stored", blob_pieces_stored);
        visit("blob_bytes_stored", blob_bytes_stored);
        visit("blob_pieces_delivered", blob_pieces_delivered);
        visit("blob_bytes_delivered", blob_bytes_delivered);
        visit("blob_pieces_expired", blob_pieces_expired);
        visit("blob_pieces_refused", blob_pieces_refused);
        visit("notices_made", notices_made);
        visit("notices_delivered", notices_delivered);
        visit("notices_acknowledged", notices_acknowledged);
        visit("devices_added", devices_added);
        visit("devices_revoked", devices_revoked);
        visit("link_grants", link_grants);
        visit("reports_filed", reports_filed);
        visit("events_recorded", events_recorded);
        visit("signals_forwarded", signals_forwarded);
        visit("signals_refused", signals_refused);
        visit("requests", requests);
        visit("requests_refused", requests_refused);
        visit("frames_malformed", frames_malformed);
        visit("strangers_closed", strangers_closed);
        visit("members_closed", members_closed);
        visit("requests_throttled", requests_throttled);
        visit("shed_level", shed_level);
        visit("overload_refused", overload_refused);
        visit("commits", commits);
        visit("commits_failed", commits_failed);
    }
};

} // namespace godwit::relay
