// SPDX-License-Identifier: Apache-2.0
// call: what a call is, as a pure state machine of one device. Signals (lib/wire/call.hpp), commands and time go in;
// signals to send and news for the user come out. No media, no path, no clock (docs/adr/0037-media.md).
//
//   caller                                   each device of the callee
//   calling ── Offer, repeated ────────────> ringing_here ──> Ringing
//   ringing_there                            answer(): answering ── Answer, repeated ──> all
//   connecting <── the first Answer          siblings: ended (answered_elsewhere)
//      Taken(device) ──────────────────────> connecting; any other that answered: ended
//   active when media flows                  active
//      Update, now and then ───────────────────────────────────────────── Update
//   ended <─────────────────────────────── End ──────────────────────────> ended
//
// Signals may be lost, doubled, and come late, so what matters is repeated until it is answered, and who hears of a
// call that is over says so again. Glare: both call each other; the call with the lower id goes on, answered by itself.
#pragma once

#include <godwit/result.hpp>

#include "lib/base/time.hpp"
#include "lib/wire/call.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace godwit::call {

using wire::call::EndReason;
using wire::call::Id;
using wire::call::Media;
using wire::call::RejectReason;
using wire::call::Signal;

/// Calls that are not over, on one device: one that it takes part in, the others ring. More are told that it is busy.
inline constexpr std::size_t calls_max = 4;
/// Calls that are over and still known, so that what comes late finds its answer.
inline constexpr std::size_t ended_max = 32;
inline constexpr Duration ended_for = std::chrono::seconds(60);
/// So long it rings.
inline constexpr Duration ring_max = std::chrono::seconds(45);
inline constexpr Duration offer_every = std::chrono::seconds(3);
/// A caller of whom nothing is heard for so long has gone.
inline constexpr Duration offer_silence_max = std::chrono::seconds(12);
inline constexpr Duration answer_every = std::chrono::seconds(1);
inline constexpr Duration answer_max = std::chrono::seconds(10);
/// From the answer until media flows.
inline constexpr Duration connect_max = std::chrono::seconds(20);
inline constexpr Duration update_every = std::chrono::seconds(3);
/// Neither an update nor media in so long: three updates, and a path that was asked twice whether it lives.
inline constexpr Duration update_silence_max = std::chrono::seconds(10);
/// Updates come, and no media: so long another path may take.
inline constexpr Duration media_lost_max = std::chrono::seconds(20);

struct Device {
    std::string user;
    DeviceId device;
    friend bool operator==(const Device&, const Device&) = default;
};

enum class State : std::uint8_t {
    calling = 1,   ///< Offered; nobody has said anything yet.
    ringing_there, ///< Offered; it rings somewhere.
    ringing_here,
    answering,  ///< Answered here; who called has not said yet that it is this device.
    connecting, ///< Between two devices; media does not flow yet.
    active,
};

enum class Outcome : std::uint8_t {
    completed = 1, ///< Was active, and somebody hung up.
    cancelled,     ///< By who called, before an answer. Here that is a missed call, where it rang.
    no_answer,     ///< Likewise, by time.
    declined,      ///< By the callee, on this device or another.
    busy,
    unsupported,
    answered_elsewhere, ///< By another device of this account.
    failed,             ///< No media within connect_max.
    lost,               ///< The other device says nothing any more.
    superseded,         ///< Both called each other; the other call goes on.
    removed,            ///< Of a group, as the next: the account is not in it any more.
    full,
};

namespace out {

/// A signal, sealed in the conversation.
struct Send {
    ConversationId conversation;
    std::optional<Device> to; ///< nullopt: all devices of both accounts but this one.
    Signal signal;
};
/// Devices of this account may sleep: a push, where there is one.
struct Wake {
    std::string user;
};
struct Incoming {
    Id id;
    ConversationId conversation;
    Device from;
    bool video = false;
};
struct RingingThere {
    Id id;
};
/// Begin with media, with that device. `offerer`: this device called (and so is, say, the controlling one).
struct Connect {
    Id id;
    Device peer;
    bool offerer = false;
    Media media; ///< What the other one begins with.
};
struct Active {
    Id id;
};
/// What the other one sends now. `upgrade`: pictures in a call that had none; to answer it is set_media().
struct PeerMedia {
    Id id;
    Media media;
    bool upgrade = false;
};
struct Ended {
    Id id;
    Outcome outcome{};
    Duration active{}; ///< How long it was.
    bool incoming = false;
};
/// To be written into the history, under the call's id so that two of them are one: by the device that called, and by
/// one that rang and has not heard how it ended.
struct Record {
    Id id;
    ConversationId conversation;
    std::string caller;
    Outcome outcome{};
    Duration active{};
    bool video = false;
    std::uint32_t members = 2; ///< Devices that were in it, at most at once.
};

} // namespace out

using Output = std::variant<out::Send, out::Wake, out::Incoming, out::RingingThere, out::Connect, out::Active,
                            out::PeerMedia, out::Ended, out::Record>;

class Calls {
public:
    explicit Calls(Device self) : self_(std::move(self)) {}

    /// `id`: fresh and random. `media`: how it begins; its revision does not matter. Errors: conflict (this device is
    /// in a call, or that account rings here: answer it), invalid_argument (the own account, or an id that is known).
    [[nodiscard]] Result<void> place(const Id& id, const ConversationId& conversation, const std::string& user,
                                     bool video, const Media& media, Instant now);
    /// Errors: invalid_argument (it does not ring here), conflict (this device is in another call).
    [[nodiscard]] Result<void> answer(const Id& id, const Media& media, Instant now);
    /// On all devices. Errors: invalid_argument (it does not ring here).
    [[nodiscard]] Result<void> reject(const Id& id, Instant now);
    /// In any state: cancels, rejects or hangs up. Errors: invalid_argument (no such call).
    [[nodiscard]] Result<void> hang_up(const Id& id, Instant now);
    /// Mute, hold, camera, screen. Errors: invalid_argument (no such call).
    [[nodiscard]] Result<void> set_media(const Id& id, const Media& media, Instant now);
    /// Media flows. Ignored where it is not connecting.
    void connected(const Id& id, Instant now);
    /// Media has come since this was said last.
    void media_heard(const Id& id, Instant now);
    /// It cannot. Ends the call.
    void failed(const Id& id, Instant now);

    /// This device is in the call of a group: who calls hears that it is busy.
    void set_busy(bool busy) { busy_ = busy; }

    /// `from`: who sealed it. Total: what does not fit is ignored.
    void receive(const ConversationId& conversation, const Device& from, const Signal& signal, Instant now);
    void handle_deadline(Instant now);
    [[nodiscard]] Instant deadline() const noexcept;
    /// What is to be done, in order, once.
    [[nodiscard]] std::vector<Output> take();

    [[nodiscard]] std::optional<State> state(const Id& id) const noexcept;
    /// The call that this device takes part in.
    [[nodiscard]] std::optional<Id> engaged() const noexcept;
    /// Everything that will ever matter, as text: two of the same behave alike. For tests.
    [[nodiscard]] std::string fingerprint() const;

private:
    struct Call {
        ConversationId conversation;
        State state{};
        bool incoming = false;
        bool video = false;
        std::string other;          ///< The other account.
        std::optional<Device> peer; ///< The other device: who called, or whose answer counts.
        Media own, theirs;
        Instant since{};     ///< Of this state.
        Instant heard{};     ///< When the other side was heard of last.
        Instant repeat_at{}; ///< When to say it again.
        Instant media{};     ///< When media came last.
        std::optional<Instant> active_since;
    };
    struct Over {
        Id id;
        std::optional<Device> peer;
        std::optional<RejectReason> rejected; ///< By this device.
        EndReason reason{};
        bool party = false; ///< This device took part.
        Instant at;
    };
    using Place = std::map<Id, Call>::iterator;

    void send(const Call& call, std::optional<Device> to, Signal signal);
    void enter(Call& call, State state, Instant now);
    void end(Place call, Outcome outcome, EndReason reason, Instant now, std::optional<RejectReason> rejected = {});
    void do_answer(Place call, const Media& media, Instant now);
    void do_reject(Place call, RejectReason reason, Instant now);
    [[nodiscard]] Result<Place> find(const Id& id);
    [[nodiscard]] const Over* over(const Id& id) const noexcept;
    [[nodiscard]] bool knows(const Id& id) const noexcept { return calls_.contains(id) || over(id) != nullptr; }
    [[nodiscard]] Instant next_deadline(const Call& call) const noexcept;
    void step(Place call, Instant now);

    void on(const ConversationId& conversation, const Device& from, const wire::call::Offer& v, Instant now);
    void on(const ConversationId& conversation, const Device& from, const wire::call::Ringing& v, Instant now);
    void on(const ConversationId& conversation, const Device& from, const wire::call::Answer& v, Instant now);
    void on(const ConversationId& conversation, const Device& from, const wire::call::Taken& v, Instant now);
    void on(const ConversationId& conversation, const Device& from, const wire::call::Reject& v, Instant now);
    void on(const ConversationId& conversation, const Device& from, const wire::call::End& v, Instant now);
    void on(const ConversationId& conversation, const Device& from, const wire::call::Update& v, Instant now);
    void connect(Place call, const Media& media, Instant now);
    void hear(Place call, const Media& media, Instant now);
    void repeat_end(const ConversationId& conversation, const Device& to, const Over& over);

    Device self_;
    bool busy_ = false;
    std::map<Id, Call> calls_;
    std::deque<Over> over_; ///< Newest last.
    std::vector<Output> out_;
};

} // namespace godwit::call
