// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: what happens in conversations, on their way between the application, the rules
// (lib/conversation), the store and the outbox.
//
//   request ── find: which conversation ── reach: who gets it ──> say ──> take (rules, history) ──> outbox
//   content that was opened ──> take | mark | shared ──> events
//   time ──> what has lived its time is emptied
//   the user, here or on another own device ──> what leaves the history, a slice in each tick (removals.cpp)
#pragma once

#include "lib/conversation/cleared.hpp"
#include "lib/conversation/own_read.hpp"
#include "lib/delivery/outbox.hpp"
#include "lib/engine/announcer.hpp"
#include "lib/engine/files.hpp"
#include "lib/engine/notifier.hpp"

#include "lib/delivery/causal_hold.hpp"

#include <map>
#include <set>

namespace godwit::engine {

/// What a body does, as the policies of groups see it; nullopt: whatever they say, it may.
[[nodiscard]] std::optional<seal::policy::Speech> speech_of(const content::Body& body);

class Chats {
public:
    Chats(Context& context, Roster& roster, const GroupBook& book, delivery::Outbox& outbox, Announcer& announcer,
          Notifier& notifier, Files& files)
        : context_(context), roster_(roster), book_(book), outbox_(outbox), announcer_(announcer), notifier_(notifier),
          files_(files)
    {
    }

    void start(const port::StoredIdentity& identity);

    /// Errors: not_a_contact, invalid_argument.
    [[nodiscard]] Result<conversation::Parties> find(const request::Where& where) const;
    /// The one that a message is in. Errors: invalid_argument.
    [[nodiscard]] Result<conversation::Parties> of_message(const MessageId& message) const;
    /// Devices that get what is said there now, own ones among them, when there are so many messages. A device for
    /// which too much waits already is left out as long as others of its account are not: it sees a gap, and asks them.
    /// 0: one that acts on another, for which room is kept when no more may be said. Errors: as request::Send.
    [[nodiscard]] Result<std::vector<delivery::Recipient>> reach(const conversation::Parties& parties,
                                                                 std::size_t messages = 1) const;
    /// A group lets this account say that there, now. Errors: not_allowed.
    [[nodiscard]] Result<void> may_say(const conversation::Parties& parties, const content::Body& body,
                                       Moment now) const;
    /// What is shared about it, or who is in it, is another.
    void tell(const ConversationId& conversation);

    /// A post, into the history and the outbox. Precondition: validate(draft), reach() are ok.
    MessageId say(const conversation::Parties& parties, conversation::Draft draft,
                  const std::vector<delivery::Recipient>& recipients, Moment now,
                  std::optional<MessageId> id = std::nullopt);
    /// An own message that has not left this device is not said at all: the last one of its conversation is nowhere any
    /// more, others leave an empty place, because what was said since answers to it. Errors: invalid_argument (it has
    /// left, or is none).
    [[nodiscard]] Result<MessageId> take_back(const conversation::Parties& parties, const MessageId& id, Moment now);

    // Recalls that are owed (recalls_owed.cpp).
    /// One is said, and nothing goes to whom it is for. Errors: quota_exceeded (recalls_owed_max).
    [[nodiscard]] Result<MessageId> owe(const conversation::Parties& parties, conversation::Draft recall, Moment now);
    /// Nothing goes to a contact's device any more: what was on its way there is owed.
    void owe_open(const DeviceId& device, Moment now);
    /// To those of them to whom something goes now.
    void give_owed(const std::vector<ConversationId>& conversations, Moment now);

    /// To the own devices, or one of them. nullopt: there is none that has room.
    std::optional<MessageId> tell_own_devices(wire::content::Mark mark, const std::optional<DeviceId>& to, Moment now);
    /// To the own devices, and into the store here. False: nothing new.
    bool share(std::string name, Bytes value, Moment now);
    /// The same with a clock that the value brings along.
    bool share_at(std::string name, std::int64_t hlc_ms, Bytes value);
    /// Another device of the account has said all that is shared, or the user has decided.
    void settings_came();

    // What came, opened, from whom it says.
    void show(std::vector<delivery::CausalHold::Ready> ready, Moment now);
    void mark(const conversation::Parties& parties, const conversation::Sender& sender, const MessageId& id,
              const wire::content::Mark& mark, Moment now);
    void shared(const wire::content::Register& value, Moment now);
    /// How far messages that an own device wrote have come, as it says: encoded shared::Reached.
    void reached(const DeviceId& from, BytesView value);
    /// `conversation`: of the two, or a small group that both are in.
    void typing(const Person& person, const ConversationId& conversation, bool on, Moment now);
    /// Something has happened to groups.
    void note(std::vector<GroupBook::Happened> happened, Moment now);
    /// Changes of groups were taken back: what stands of them in the histories and is not so goes.
    void unnote(const std::vector<GroupBook::Span>& taken_back, Moment now);
    /// Posts that an archive has added, and those that stand otherwise by it.
    void merged(const std::vector<port::StoredMessage>& added, std::vector<conversation::Changed> changes, Moment now);
    /// All that an archive has of this conversation is here.
    void complete(const ConversationId& conversation, Moment now);

    // What the application asks.
    [[nodiscard]] std::vector<Conversation> list(bool hidden);
    [[nodiscard]] Conversation describe(const port::StoredConversation& stored);
    void read(const conversation::Parties& parties, const conversation::Place& place, Moment now);
    void set(const conversation::Parties& parties, const request::SetConversation& what, Moment now);
    void set_receipts(bool on, Moment now);
    void set_delivery_receipts(bool on, Moment now);
    /// Others are shown what has reached this account.
    [[nodiscard]] bool tells_delivery();
    [[nodiscard]] bool receipts_on(const ConversationId& conversation) const;
    /// The order of the list: pinned ones first, then the newest.
    [[nodiscard]] static bool comes_before(const Conversation& a, const Conversation& b);
    /// What the user calls a contact, and where they put it.
    void name(Contact& contact) const;
    void set(const std::string& user, const request::SetContact& what, Moment now);
    /// The user has decided about a contact's key: the account's other devices hear of it.
    void trust(const Person& person, Moment now);

    // What leaves this account's history (removals.cpp).
    /// Errors: invalid_argument.
    [[nodiscard]] Result<void> remove(const std::vector<MessageId>& messages, Moment now);
    void clear(const conversation::Parties& parties, Moment now);
    /// As another own device says: encoded shared::Removed.
    void removed(BytesView value, Moment now);

    // Live locations (live_places.cpp).
    /// An own one is elsewhere now; nullopt: it stays where it is. Errors: invalid_argument.
    [[nodiscard]] Result<void> move(const conversation::Parties& parties, const MessageId& id,
                                    const std::optional<conversation::Spot>& to, Moment now);
    // What edited messages said before.
    [[nodiscard]] Result<std::vector<MessageVersion>> versions(const MessageId& id) const;
    void keep_versions(std::uint32_t kept, Moment now);
    /// How long after it was sent an own message may be taken back; negative: not at all.
    [[nodiscard]] std::int64_t recall_window_ms() const;
    void set_recall_window(std::uint32_t seconds, Moment now);
    /// This device tells others that its user writes there; not more often than they need to know.
    [[nodiscard]] bool may_tell_typing(const ConversationId& conversation, bool on, Moment now);

    // Messages to come.
    MessageId schedule(const conversation::Parties& parties, conversation::Draft draft, std::int64_t at_ms, Moment now);
    [[nodiscard]] std::vector<ScheduledMessage> scheduled() const;
    [[nodiscard]] bool can_schedule() const;
    bool unschedule(const MessageId& message);

    void handle_deadline(Moment now);
    /// What has lived its time is read as nothing from here on: before anything is told of what is in the store. It is
    /// emptied by handle_deadline(), so much in one go: after months there may be a lot of it.
    void hide_over(Moment now);
    [[nodiscard]] Instant deadline() const { return !running_ ? never : sweeps_.empty() ? due_ : Instant{}; }

private:
    void changed(conversation::Changed what, Moment now);
    /// How a row comes to be looked at: it stands, an archive brings it, or it comes only now.
    enum class Comes : std::uint8_t { stands, merged, now };
    [[nodiscard]] bool is_cleared(const port::StoredMessage& row, Comes comes, Moment now);
    /// It was cleared, which is told of the conversation as a whole.
    void leave(port::StoredMessage row, Moment now);
    void left(const conversation::Changed& what, Moment now);
    void begin_sweep(const ConversationId& conversation, const MessageId& up_to);
    void sweep(Moment now);
    void load_sweeps();
    void save_sweeps();
    void unquoted(const ConversationId& conversation, const std::vector<MessageId>& by);
    void active(const port::StoredMessage& row, ConversationKind kind);
    void come_back(const port::StoredMessage& row, Moment now);
    void opened(const conversation::Parties& parties, const std::string& by, const MessageId& id, Moment now);
    /// How far this account has read, to the contacts there.
    void tell_read(const conversation::Parties& parties);
    void say_opened(const conversation::Parties& parties, const std::vector<MessageId>& ids);
    /// What the device that wrote it had said before the message itself was here.
    void reached_before(port::StoredMessage& row);
    void note_late(const port::StoredMessage& row, Moment now);
    /// What this account's devices say they have read there; kept decoded, as it is looked at for every message.
    [[nodiscard]] const conversation::ReadState& own_read(const ConversationId& conversation);
    /// Another own device says what it has read there.
    void read_elsewhere(const ConversationId& conversation, conversation::OwnRead read, Moment now);
    /// Of a large group: contacts who wrote what is read by that, the latest of them.
    [[nodiscard]] std::vector<delivery::Recipient> authors_in(const Group& group,
                                                              const conversation::Place& up_to) const;
    void tell_place(const conversation::Parties& parties, const MessageId& id);
    void look_at_places(Moment now);
    void note_file(const port::StoredMessage& row, Moment now);
    /// Something is missing before a row that nobody is told of: the next one that is told says so.
    void owe_gap(const ConversationId& conversation, bool owed);
    void put_out(const conversation::Parties& parties, const MessageId& id, wire::content::Any content,
                 const std::vector<delivery::Recipient>& recipients, Moment now,
                 delivery::Rank rank = delivery::Rank::usual);
    [[nodiscard]] MessageId new_id();
    /// False: too many are.
    [[nodiscard]] bool owe(const MessageId& recall, const ConversationId& conversation, BytesView content, Moment now);
    void look_at_expiry(Moment now);
    void expire(Moment now);
    void take_over_scheduled();
    void send_scheduled(Moment now);
    void fail(const conversation::Parties& parties, conversation::Draft draft, const MessageId& id, ErrorCode why,
              Moment now);
    void due_by(std::int64_t wall_ms, Moment now);
    [[nodiscard]] std::vector<delivery::Recipient> own_devices() const;
    [[nodiscard]] Result<std::vector<delivery::Recipient>> with_room(std::vector<delivery::Recipient> all,
                                                                     std::string_view whom, std::size_t messages) const;
    [[nodiscard]] Result<std::vector<delivery::Recipient>> reach_group(const Group& group) const;
    /// Of a group, those who are contacts: to whom this account tells what it has read.
    [[nodiscard]] std::vector<delivery::Recipient> contacts_in(const Group& group) const;

    /// Somebody who wrote "typing" and nothing since has stopped.
    static constexpr Duration typing_max = std::chrono::seconds(8);
    /// Who is told so often hears of nobody who has stopped without saying so.
    static constexpr Duration typing_told_every = std::chrono::seconds(4);
    static constexpr std::size_t typing_kept_max = 512;
    static constexpr std::size_t places_kept_max = 256;
    static constexpr std::uint32_t room_for_acts = 16;    ///< A sixteenth of what may wait for a device.
    static constexpr std::uint32_t expired_at_once = 256; ///< In a tick.
    static constexpr std::uint32_t swept_at_once = 256;   ///< Likewise.
    /// While something is due by the wall clock: two wake-ups a minute are what an idle client may take.
    static constexpr std::int64_t wall_looked_at_ms = 30'000;

    Context& context_;
    Roster& roster_;
    const GroupBook& book_;
    delivery::Outbox& outbox_;
    Announcer& announcer_;
    Notifier& notifier_;
    Files& files_;
    bool running_ = false;
    std::string own_user_;
    DeviceId own_device_;
    Instant due_ = never;
    /// Nothing in the store has lived its time before then. A device that was off, or has slept, is behind that.
    WallMs expires_ms_ = 0;
    std::map<std::pair<ConversationId, std::string>, Instant> typing_; ///< Who writes, until when.
    std::map<ConversationId, std::pair<bool, Instant>> typing_told_;   ///< Of this account, and when.
    struct Moving {
        ConversationId conversation;
        Instant next{};     ///< Not told before then.
        bool waits = false; ///< Has moved since it was told.
    };
    std::map<MessageId, Moving> moving_; ///< Own live locations, at most places_kept_max.
    struct ReadCache {
        ConversationId conversation;
        conversation::ReadState read;
    };
    std::optional<ReadCache> read_cache_;
    std::optional<conversation::Clears> clears_; ///< Likewise, of one conversation.
    /// A conversation that was cleared, while that goes on.
    struct Sweep {
        ConversationId conversation;
        MessageId up_to;
        MessageId at; ///< Down to there all was looked at; zero: nothing yet.
    };
    std::vector<Sweep> sweeps_;          ///< As in the store.
    std::optional<bool> tells_delivery_; ///< Looked at for each receipt; nullopt: not read yet.
    std::set<ConversationId> gaps_owed_; ///< As in the store.
};

} // namespace godwit::engine
