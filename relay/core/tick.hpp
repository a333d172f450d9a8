// SPDX-License-Identifier: Apache-2.0
// What one tick gathers before its commit, and what the rooms of the core share.
#pragma once

#include "lib/port/entropy.hpp"
#include "relay/core/apps.hpp"
#include "relay/core/config.hpp"
#include "relay/core/counters.hpp"
#include "relay/core/session.hpp"
#include "relay/core/wakeups.hpp"

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

/// What has to be told after the commit, computed then from what is committed: a Wake, which sessions of other relays
/// may be concerned by as well, and what is about links of this one.
struct Changes : Wake {
    std::vector<LinkId> logins;
    std::map<LinkId, const char*> logouts;    ///< And the words to go with.
    std::set<LinkId> acknowledged;            ///< Sessions that have acknowledged mail.
    std::set<LinkId> departed;                ///< Sessions whose mail of contacts who were removed may be over.
    std::set<DeviceRow> notices;              ///< Devices with room in their window of notices.
    std::set<LinkId> endings;                 ///< Sessions that end by the operator's word (Session::ending).
    std::map<AppRow, std::size_t> app_logins; ///< Devices of applications that log in, and were not there.
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
