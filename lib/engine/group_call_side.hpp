// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: calls of groups, between the application, the signals (lib/call/group_calls.hpp says what such
// a call is) and the media (docs/adr/0051-group-calls.md). A mesh: each device has a link with every other one.
//
//   requests, signals, time ──> call::GroupCalls ──> signals, sealed in the group, to devices that are there
//                                                ──> events; who is in it ──> MediaJoin, MediaLeave
//   keys of the group's epochs, ways to each device ──> MediaKeys, MediaWay
#pragma once

#include "lib/engine/call_side.hpp"
#include "lib/wire/group_call.hpp"

#include <memory>

namespace godwit::engine {

class GroupCallSide {
public:
    /// As CallSide.
    GroupCallSide(Context& context, port::MediaDoor* door);
    ~GroupCallSide();
    GroupCallSide(const GroupCallSide&) = delete;
    GroupCallSide& operator=(const GroupCallSide&) = delete;

    void start(const std::string& user, const DeviceId& device);
    void stop();
    /// As CallSide.
    [[nodiscard]] bool leave(CallReach& reach, Moment now);
    [[nodiscard]] bool engaged() const;
    [[nodiscard]] bool knows(const CallId& call) const;
    /// How many a request without a call's id may mean: one that rings, or the one that this device is in.
    [[nodiscard]] std::size_t count(bool ringing) const;

    // What the application asks. place(): something may be said in that group.
    void ask(RequestId id, const conversation::Parties& parties, const request::CallPlace& place, CallReach& reach,
             Moment now);
    void ask(RequestId id, const request::CallAnswer& answer, CallReach& reach, Moment now);
    void ask(RequestId id, const request::CallReject& reject, CallReach& reach, Moment now);
    void ask(RequestId id, const request::CallHangUp& hang_up, CallReach& reach, Moment now);
    void ask(RequestId id, const request::CallSetMedia& what, CallReach& reach, Moment now);
    void ask(RequestId id, const request::CallStats& wanted, Moment now);
    [[nodiscard]] std::vector<CallInfo> list(Moment now) const;

    /// A signal that was opened, of a device that is in that group.
    void signal(const ConversationId& conversation, const call::Device& from, const wire::call::GroupSignal& signal,
                CallReach& reach, Moment now);
    void report(const CallId& call, const port::MediaReport& report, CallReach& reach, Moment now);
    void end_tick(CallReach& reach, Moment now);
    [[nodiscard]] Instant deadline() const;
    /// As CallSide.
    [[nodiscard]] std::vector<DeviceId> sought() const;
    /// That device is in the call that this one is in: it may have a link with this one, be it a contact's or not.
    [[nodiscard]] bool is_party(const DeviceId& device) const;
    /// And that call's conversation.
    [[nodiscard]] std::optional<ConversationId> conversation() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace godwit::engine
