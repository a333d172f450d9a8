// SPDX-License-Identifier: Apache-2.0
// group_calls: what the call of a group is, as a pure state machine of one device (docs/adr/0051-group-calls.md).
//
//   nobody ── place() ──> waiting ── Present, repeated ──> ringing at all devices of the group, 45 s; then open
//   ringing, open ── answer() ──> in it: Present to all; each that is in it answers with its own, and they connect
//   in it ── leave() ──> open, as long as others are in it      Gone ──> nobody is: it is over
//
// There is no one who decides. A device is in the call as long as it says so itself, and whoever hears that connects
// with it; what is not heard of for a while, by a signal or by media, is not in it any more. To devices that are not in
// it only one says so, the one with the lowest id of those who are, and who else it knows of. A conversation has one
// call: of two that began at once the one with the lower id goes on, and who is in the other moves.
#pragma once

#include "lib/call/calls.hpp"
#include "lib/wire/group_call.hpp"

#include <set>

namespace godwit::call {

using wire::call::GroupSignal;

/// Calls of groups that this device knows of and is not in; of further ones nothing is told.
inline constexpr std::size_t group_calls_max = 32;
/// Present, to those who are in it; to all others, every third time.
inline constexpr Duration present_every = std::chrono::seconds(3);
inline constexpr int presents_to_all = 3;
/// Presents that one device gets in answer within present_every: those who are full, or whose lists are old, answer
/// each other's answers.
inline constexpr int answers_max = 2;
/// Who is in it and of whom nothing has come for so long, has gone: three times Present, or a second of media.
inline constexpr Duration member_silence_max = std::chrono::seconds(10);
/// A device that is not in it has heard nothing of it: three times Present to all, and some.
inline constexpr Duration open_silence_max = std::chrono::seconds(32);
/// Somebody was in it and all others have left: so long it is kept for them.
inline constexpr Duration alone_max = std::chrono::seconds(60);
/// Who was in it and saw it end without having ended it writes the record when by then nobody else has.
inline constexpr Duration record_after = std::chrono::seconds(4);
enum class GroupState : std::uint8_t {
    ringing = 1,
    open,       ///< It goes on without this device.
    waiting,    ///< This device is in it, alone.
    connecting, ///< With others, and nothing flows yet.
    active,
};

struct GroupMember {
    Device who;
    Media media;
    bool active = false; ///< Media has flowed, and does.
};

/// A call as it is.
struct GroupView {
    Id id;
    ConversationId conversation;
    std::string starter;
    bool video = false;
    GroupState state{};
    Media own;    ///< As the others see it: without pictures when there are too many in it ...
    Media wanted; ///< ... and as it is wanted.
    std::vector<GroupMember> members;
    std::optional<Instant> active_since;
};

enum class MemberChange : std::uint8_t { joined = 1, connected, media, left, lost, removed };

namespace group_out {

/// Sealed in the group. `to` empty: to all its devices.
struct Send {
    ConversationId conversation;
    std::vector<DeviceId> to;
    GroupSignal signal;
};
struct Incoming {
    Id id;
};
struct Changed {
    Id id;
};
/// This device is in it from now on.
struct Begin {
    Id id;
};
/// What this device sends is otherwise now, without having been asked.
struct Own {
    Id id;
};
/// After joined: media begins with that device; after left, lost and removed it ends.
struct Member {
    Id id;
    MemberChange what{};
    GroupMember member;
};
/// Both have begun one; what was wanted of that one holds for this one, which this device is in now.
struct Moved {
    Id from, to;
};
struct Ended {
    GroupView last;
    Outcome outcome{};
    Duration active{};
};

} // namespace group_out

using GroupOutput = std::variant<group_out::Send, group_out::Incoming, group_out::Changed, group_out::Begin,
                                 group_out::Own, group_out::Member, group_out::Moved, group_out::Ended, out::Record>;

class GroupCalls {
public:
    explicit GroupCalls(Device self) : self_(std::move(self)) {}

    /// Begins the call of that conversation, or joins the one there is. `fresh`: random, for a new one. Returns which.
    /// Errors: conflict (this device is in one), quota_exceeded (it is full).
    [[nodiscard]] Result<Id> place(const Id& fresh, const ConversationId& conversation, bool video, const Media& media,
                                   Instant now);
    /// Errors: as place(); invalid_argument (no such call).
    [[nodiscard]] Result<void> answer(const Id& id, const Media& media, Instant now);
    /// It rings no more, on all devices of the account. Errors: invalid_argument (it does not ring here).
    [[nodiscard]] Result<void> dismiss(const Id& id, Instant now);
    /// Leaves it, or dismisses it. Errors: invalid_argument (no such call).
    [[nodiscard]] Result<void> leave(const Id& id, Instant now);
    /// Errors: invalid_argument (this device is not in it), quota_exceeded (pictures, and too many are in it).
    [[nodiscard]] Result<void> set_media(const Id& id, const Media& media, Instant now);
    /// Media of that device flows.
    void connected(const Id& id, const DeviceId& device, Instant now);
    /// It has come since this was said last.
    void media_heard(const Id& id, const DeviceId& device, Instant now);
    /// It cannot, here.
    void failed(const Id& id, Instant now);
    /// Which devices are in the group now; none: this account is not in it any more.
    void set_group(const ConversationId& conversation, const std::vector<Device>& devices, Instant now);

    /// `from`: who sealed it, in the group. Total: what does not fit is ignored.
    void receive(const ConversationId& conversation, const Device& from, const GroupSignal& signal, Instant now);
    void handle_deadline(Instant now);
    [[nodiscard]] Instant deadline() const noexcept;
    [[nodiscard]] std::vector<GroupOutput> take() { return std::exchange(out_, {}); }

    /// nullopt: no such call that is not over.
    [[nodiscard]] std::optional<GroupView> view(const Id& id) const;
    /// The call that this device is in.
    [[nodiscard]] std::optional<Id> engaged() const noexcept;
    [[nodiscard]] std::vector<Id> all() const;
    [[nodiscard]] std::set<ConversationId> conversations() const;

private:
    struct Member {
        GroupMember about;
        Instant heard{};              ///< Of it, by whatever.
        std::optional<Instant> media; ///< Of it, came last.
        std::uint32_t joined_s = 0;   ///< When, as it says.
    };
    struct Answers { ///< That one device has got.
        Instant since{};
        int count = 0;
    };
    struct Call {
        ConversationId conversation;
        std::string starter;
        bool video = false;
        GroupState state{};
        Media own; ///< As it is wanted.
        bool pictures = true;
        std::map<DeviceId, Member> members;
        Instant began{};
        Instant joined{};
        std::uint32_t joined_s = 0; ///< After it began.
        Instant heard{};
        Instant alone{}; ///< Since when.
        Instant repeat_at = never;
        int repeats = 0;
        std::map<DeviceId, Answers> answers;
        bool linked = false; ///< Somebody has heard somebody.
        bool was_in = false;
        std::uint32_t most = 1; ///< In it at once.
        std::optional<Instant> active_since;
    };
    struct Over {
        Id id;
        Instant at;
        std::optional<out::Record> record; ///< To be written.
    };
    using Place = std::map<Id, Call>::iterator;

    [[nodiscard]] static bool is_in(const Call& call) { return call.state >= GroupState::waiting; }
    [[nodiscard]] Result<Place> find(const Id& id);
    [[nodiscard]] Result<void> join(Place call, const Media& media, Instant now);
    [[nodiscard]] static GroupView view_of(const Id& id, const Call& call);
    [[nodiscard]] wire::call::Present present(const Id& id, const Call& call, Instant now) const;
    void send(const Call& call, std::vector<DeviceId> to, GroupSignal signal);
    void say_present(Place call, bool to_all, Instant now);
    /// To devices that have said something, or were named, and do not know what this one knows; not without end.
    void answer_present(Place call, std::vector<DeviceId> to, Instant now);
    void step_out(Place call, EndReason reason, Instant now);
    void end(Place call, Outcome outcome, Instant now);
    void open(Place call, Instant now);
    void settle(Place call, Instant now);
    void add(Place call, const Device& who, const Media& media, std::uint32_t joined_s, Instant now);
    void remove(Place call, const DeviceId& device, MemberChange how, Instant now);
    /// Whether it came into the call before this device; what all say of themselves is the same everywhere.
    [[nodiscard]] bool is_before(const Call& call, const DeviceId& device, std::uint32_t joined_s) const;
    [[nodiscard]] out::Record record_of(const Id& id, const Call& call, Instant now) const;
    [[nodiscard]] Instant next_deadline(const Call& call) const noexcept;
    void step(Place call, Instant now);

    void on(const ConversationId& conversation, const Device& from, const wire::call::Present& v, Instant now);
    void on(const ConversationId& conversation, const Device& from, const wire::call::Gone& v, Instant now);
    void on(const ConversationId& conversation, const Device& from, const wire::call::Dismissed& v, Instant now);
    void heard_in(Place call, const Device& from, const wire::call::Present& v, Instant now);
    void heard_outside(Place call, const Device& from, const wire::call::Present& v, Instant now);
    void merge(Place mine, Place other, Instant now);

    Device self_;
    std::map<Id, Call> calls_;
    std::deque<Over> over_;                 ///< Newest last.
    std::map<DeviceId, std::string> users_; ///< Of the groups that have a call.
    std::vector<GroupOutput> out_;
};

} // namespace godwit::call
