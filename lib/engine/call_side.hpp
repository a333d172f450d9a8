// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: calls of two, between the application, the signals (lib/call says what a call is) and who has
// the media (lib/port/media.hpp).
//
//   requests, signals, time ──> call::Calls ──> signals, sealed in the conversation, to devices that are there
//                                           ──> events for the application
//                                           ──> Connect: path, keys ──> MediaBegin; what changes ──> MediaWay,
//                                           MediaKeys
//   MediaReport ──> Calls (it flows, it failed), statistics, doubt about a path
//                                           ──> Record: a card in the history, under the call's id
#pragma once

#include "lib/call/calls.hpp"
#include "lib/conversation/conversation.hpp"
#include "lib/engine/context.hpp"

namespace godwit::engine {

/// What calls need of the rest of the engine. Where they ask, the engine decides.
class CallReach {
public:
    struct Way {
        LinkId link = 0;
        Path path = Path::none;
        friend bool operator==(const Way&, const Way&) = default;
    };
    /// To that device, or to all of both accounts, sealed; to those who are there now.
    virtual void signal(const ConversationId& conversation, const std::optional<DeviceId>& to, BytesView signal,
                        Moment now) = 0;
    /// The best live link that policy allows.
    [[nodiscard]] virtual std::optional<Way> way(const DeviceId& device) = 0;
    /// A (better) path to it would be of use.
    virtual void seek(const DeviceId& device, Moment now) = 0;
    /// Its links shall prove that they live.
    virtual void doubt(const DeviceId& device) = 0;
    /// Keeps a link from being closed as idle.
    virtual void used(LinkId link, Moment now) = 0;
    /// Of the conversation's group, newer than `known`. nullopt: none, or not now.
    [[nodiscard]] virtual std::optional<port::CallKeys> keys(const ConversationId& conversation, const CallId& call,
                                                             std::uint64_t known) = 0;
    /// Into the history, unless it is there.
    virtual void record(const call::out::Record& what, Moment now) = 0;
    // Of a group:
    /// As signal(). `to` empty: all devices of its members but this one.
    virtual void signal_group(const ConversationId& conversation, const std::vector<DeviceId>& to, BytesView signal,
                              Moment now) = 0;
    /// Devices that are in it, this one too; empty: this account is in no such group.
    [[nodiscard]] virtual std::vector<call::Device> members(const ConversationId& conversation) = 0;
    /// Files are under way from here.
    [[nodiscard]] virtual bool has_files() = 0;
    /// Files may take so much, bytes a second, of the way that a call takes too; 0: no call is in their way.
    virtual void share_files(std::uint64_t bytes_per_s, Moment now) = 0;
    /// This account has this device only.
    [[nodiscard]] virtual bool is_alone() = 0;
    /// Who is in it besides the own account is a contact, and may talk with it.
    [[nodiscard]] virtual bool may_talk(const ConversationId& conversation) = 0;

protected:
    ~CallReach() = default;
};

class CallSide {
public:
    /// `door` nullptr: this build has no media. Both borrowed for life.
    CallSide(Context& context, port::MediaDoor* door) : context_(context), door_(door) {}

    void start(const std::string& user, const DeviceId& device);
    /// Logged out. Calls end here; the other side hears nothing more of them.
    void stop();
    /// Likewise, and hangs up the call that this device is in. False: there was none.
    [[nodiscard]] bool leave(CallReach& reach, Moment now);
    [[nodiscard]] bool has_media() const { return door_ != nullptr; }

    // What the application asks. place(): `parties` may be called, as far as the rest of the engine knows.
    void ask(RequestId id, const conversation::Parties& parties, const request::CallPlace& place, CallReach& reach,
             Moment now);
    void ask(RequestId id, const request::CallAnswer& answer, CallReach& reach, Moment now);
    void ask(RequestId id, const request::CallReject& reject, CallReach& reach, Moment now);
    void ask(RequestId id, const request::CallHangUp& hang_up, CallReach& reach, Moment now);
    void ask(RequestId id, const request::CallSetMedia& what, CallReach& reach, Moment now);
    void ask(RequestId id, const request::CallStats& wanted, Moment now);
    [[nodiscard]] std::vector<CallInfo> list(Moment now) const;
    /// How many calls a request without a call's id may mean.
    [[nodiscard]] std::size_t count(bool ringing) const;
    [[nodiscard]] bool engaged() const { return calls_ && calls_->engaged().has_value(); }
    void set_busy(bool busy)
    {
        if (calls_) calls_->set_busy(busy);
    }

    /// Whatever it does: before who is in it is no contact any more, so that they hear of it.
    void hang_up_with(const std::string& user, CallReach& reach, Moment now);

    /// A signal that was opened, of a device that may talk to us, in a conversation of two.
    void signal(const ConversationId& conversation, const call::Device& from, const call::Signal& signal,
                CallReach& reach, Moment now);
    void report(const CallId& call, const port::MediaReport& report, CallReach& reach, Moment now);

    void end_tick(CallReach& reach, Moment now);
    [[nodiscard]] Instant deadline() const;
    /// Devices to which media shall flow, and does not by the best way.
    [[nodiscard]] std::vector<DeviceId> sought() const;

private:
    struct Known {
        CallInfo info;
        CallDevices devices;
        std::optional<Instant> active_since;
        // From Connect on:
        bool connects = false;
        bool offerer = false;
        bool begun = false; ///< MediaBegin is out.
        std::uint64_t epoch = 0;
        std::optional<CallReach::Way> way;
        CallStatistics statistics;
        Instant quality_at{};
        bool files = false; ///< MediaFiles said so last.
    };

    void carry(CallReach& reach, Moment now);
    void on(call::out::Send& v, CallReach& reach, Moment now);
    void on(call::out::Wake& v, CallReach& reach, Moment now);
    void on(call::out::Incoming& v, CallReach& reach, Moment now);
    void on(call::out::RingingThere& v, CallReach& reach, Moment now);
    void on(call::out::Connect& v, CallReach& reach, Moment now);
    void on(call::out::Active& v, CallReach& reach, Moment now);
    void on(call::out::PeerMedia& v, CallReach& reach, Moment now);
    void on(call::out::Ended& v, CallReach& reach, Moment now);
    void on(call::out::Record& v, CallReach& reach, Moment now);
    void drive(const CallId& id, Known& call, CallReach& reach, Moment now);
    void order(const CallId& call, port::MediaOrder what) { context_.effect(DirectMedia{call, std::move(what)}); }
    [[nodiscard]] CallInfo info(const Known& call, Moment now) const;
    /// The call that is meant; nullptr, and the request was refused.
    [[nodiscard]] Known* meant(RequestId id, const std::optional<CallId>& call, bool ringing, bool any);
    [[nodiscard]] bool refused(RequestId id, const CallDevices& devices);

    Context& context_;
    port::MediaDoor* door_;
    std::optional<call::Calls> calls_; ///< While logged in.
    std::map<CallId, Known> known_;
    /// Of calls that gave way to theirs: what the application wanted holds for that one.
    std::map<std::string, Known> superseded_;
};

} // namespace godwit::engine
