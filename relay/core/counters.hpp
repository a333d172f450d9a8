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
    std::uint64_t content_envelopes_refused = 0; ///< Quota, not a contact, device unknown.
    std::uint64_t signals_forwarded = 0;
    std::uint64_t signals_refused = 0;
    std::uint64_t requests = 0;
    std::uint64_t requests_refused = 0;
    std::uint64_t frames_malformed = 0;
    std::uint64_t strangers_closed = 0; ///< Too slow, too chatty, or too many.
    std::uint64_t commits = 0;
    std::uint64_t commits_failed = 0;

    /// visit(name, value), in this order.
    template <class Visit>
    void each(Visit visit) const
    {
        visit("links", links);
        visit("sessions", sessions);
        visit("links_total", links_total);
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
        visit("signals_forwarded", signals_forwarded);
        visit("signals_refused", signals_refused);
        visit("requests", requests);
        visit("requests_refused", requests_refused);
        visit("frames_malformed", frames_malformed);
        visit("strangers_closed", strangers_closed);
        visit("commits", commits);
        visit("commits_failed", commits_failed);
    }
};

} // namespace godwit::relay
