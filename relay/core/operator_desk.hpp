// SPDX-License-Identifier: Apache-2.0
// operator_desk: what clients ask of the people who run the relay.
//
//   ReportFile       a report about an account, a group or messages, for those who judge (relay/admin): reporter and
//                    subject are known here; what is shown of messages is the reporter's choice, and word
//   DirectoryFetch   whom the organisation's directory names, of the application of who asks, when it is shown
//
// A report that says the same as an open one of the same account is that one: its answer may have been lost.
#pragma once

#include "relay/core/tick.hpp"

namespace godwit::relay {

/// Of a department, directly in it, by name: more are not shown. As many as a page of the directory carries.
inline constexpr std::size_t departments_shown_max = 1000;
/// Open ones of one account.
inline constexpr std::size_t reports_open_per_account_max = 20;
/// Open ones of all, and how long closed ones are kept.
inline constexpr std::size_t reports_open_max = 100'000;
inline constexpr WallMs reports_kept_ms = WallMs{365} * 24 * 3600 * 1000;
/// Closed ones that are removed with one that comes.
inline constexpr std::size_t reports_expired_at_once = 100;

class OperatorDesk {
public:
    explicit OperatorDesk(Context& context)
        : context_(context), reports_(context.config.limits.reports, context.config.limits.throttled_max),
          look_ups_(context.config.limits.directory_requests, context.config.limits.throttled_max)
    {
    }

    [[nodiscard]] Answer file(const Session& session, const frame::ReportFile& request, Moment now);
    [[nodiscard]] Answer directory(const Session& session, const frame::DirectoryFetch& request, Moment now);

private:
    [[nodiscard]] std::optional<Error> wrong(const Session& session, const frame::ReportFile& request);

    Context& context_;
    AccountPaces reports_;
    AccountPaces look_ups_;
};

} // namespace godwit::relay
