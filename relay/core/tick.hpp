// SPDX-License-Identifier: Apache-2.0
// What one tick gathers before its commit, and what the rooms of the core share.
#pragma once

#include "lib/port/entropy.hpp"
#include "relay/core/apps.hpp"
#include "relay/core/config.hpp"
#include "relay/core/counters.hpp"
#include "relay/core/session.hpp"

namespace godwit::relay {

namespace frame = wire::relay;

/// What a request is answered with.
struct Answer {
    Error error{ErrorCode::ok, {}, 0};
    frame::ResponseBody body;

    Answer() = default;
    Answer(Error why) : error(std::move(why)) {}
    Answer(ErrorCode code, std::string detail) : error{code, std::move(detail), 0} {}
    Answer(frame::ResponseBody what) : body(std::move(what)) {}
};

[[nodiscard]] inline Error slow_down(Duration wait)
{
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
    return {ErrorCode::rate_limited, "too many tries: wait", static_cast<std::uint64_t>(ms)};
}

/// What has to be told after the commit, computed then from what is committed. Sets: many reasons, one telling.
struct Changes {
    std::vector<LinkId> logins;
    std::map<LinkId, const char*> logouts;                  ///< And the words to go with.
    std::set<std::pair<AccountRow, AccountRow>> roster;     ///< (who sees it, which contact)
    std::set<std::pair<AccountRow, AccountRow>> presence;   ///< (who sees it, whose)
    std::set<AccountRow> devices;                           ///< Accounts whose device list changed.
    std::set<std::pair<AccountRow, ConversationId>> groups; ///< Commits were taken back, or not: (who is told, where).
    std::set<ConversationId> circles; ///< Groups of many whose members, or who asks to be one, changed.
    std::set<std::pair<AccountRow, ConversationId>> outs;                 ///< (who is not in it any more, which group)
    std::set<std::tuple<AccountRow, ConversationId, bool>> join_refusals; ///< (who is not let in, where, stale link)
    std::set<DeviceRow> mail;             ///< Mailboxes with something new or with room in the window.
    std::set<LinkId> acknowledged;        ///< Sessions that have acknowledged mail.
    std::set<DeviceRow> notices;          ///< Devices with room in their window of notices.
    bool notice_to_all = false;           ///< The operator has said something, to all …
    std::set<AccountRow> notice_accounts; ///< … or to these.
    std::set<LinkId> endings;             ///< Sessions that end by the operator's word (Session::ending).
    std::set<std::string> ended_accounts; ///< Disabled or removed.
    std::vector<std::pair<AccountRow, std::string>> gone_contacts; ///< (who is told, of whom): removed accounts.
    std::map<AppRow, std::size_t> app_logins; ///< Devices of applications that log in, and were not there.
    bool quotas = false;                      ///< Of some account: what is remembered of them is read anew.
};

/// The rooms of the core get this and nothing else.
struct Context {
    const Config& config;
    Store& store;
    port::Entropy& entropy;
    Counters counters;
    Sessions sessions;
    Changes changes;
    Apps apps{store};
};

} // namespace godwit::relay
