// SPDX-License-Identifier: Apache-2.0
// timeline: how posts stand after what was said about them. Nothing is replayed: what acts on a post becomes an
// annotation, and a post is settled from itself and its annotations, whichever came first.
//
//   post ──┬── shown ────────────────────────────> file ──> settle(itself)
//          └── acts ──> annotation (later wins) ──> file ──> settle(target)
//   mark ──> annotation of the conversation, or the beginning of a lifetime
//   time ──> expire: what has lived its time is emptied
//   the user ──> remove, or cleared.hpp: the same, in this account's history alone
#pragma once

#include <godwit/event.hpp>
#include <godwit/request.hpp>

#include "lib/conversation/conversation.hpp"

namespace godwit::conversation {

/// The author of a post may take it back for so long, by the two clocks; what a sender is offered may be less.
inline constexpr std::int64_t recall_ms_max = std::int64_t{request::recall_seconds_max} * 1000;

/// A post that stands otherwise than before.
struct Changed {
    using What = event::MessageChanged::What; ///< Never `sent`.
    What what{};
    port::StoredMessage row;       ///< As it is now.
    std::vector<MessageId> edits;  ///< What its edits said is gone, too: their envelopes.
    std::vector<MessageId> quotes; ///< And these have quoted it, and do so no more.
    bool told = true;              ///< false: nobody is shown it any more, and there is nothing to tell.
};

/// An own post that nobody else has is taken back: it keeps its place, and says nothing, as its tombstone will say
/// elsewhere.
[[nodiscard]] Changed take_back(port::Store& store, port::StoredMessage row);
/// Or it is nowhere any more.
[[nodiscard]] Changed withdraw(port::Store& store, port::StoredMessage row);

/// It leaves this account's history, and nobody else's: what is on its way of it goes on, and lives as long as it would
/// have.
[[nodiscard]] Changed remove(port::Store& store, port::StoredMessage row);
/// One that is not here yet: it comes as any, after what it answers to, and leaves at once.
void remove_ahead(port::Store& store, const ConversationId& conversation, const MessageId& id);

/// Puts a row into the history, with what it does. nullopt in `changed`: nothing else is different.
struct Filed {
    bool added = false; ///< false: it was there already.
    std::optional<Changed> changed;
    std::vector<MessageId> quotes{}; ///< These have quoted what was taken back and is not here, and do so no more.
};
/// `clock_ahead_ms`: this device's clock is so much ahead of its author's, as far as is known: what lives for a time
/// from its sending ends that much later here.
[[nodiscard]] Filed take(port::Store& store, port::StoredMessage& row, const std::vector<MessageId>& parents,
                         Moment now, std::int64_t clock_ahead_ms = 0);

/// What goes out in the place of a post that was emptied before everybody had it: it keeps its place, and says nothing.
[[nodiscard]] wire::content::Post tombstone(const port::StoredMessage& row);
/// What stands in the place of an edit whose words are gone: it acts on nothing, least of all as another recall.
[[nodiscard]] wire::content::Post nothing_instead(wire::content::Post edit, const MessageId& id);

/// The clock of what an act, as it would be filed, would overwrite: whoever has seen that says it later. 0: nothing.
[[nodiscard]] std::int64_t stamp_of(port::Store& store, const port::StoredMessage& row, const content::Body& body);
/// The content of a post that is on its way, without the words that it quotes.
[[nodiscard]] Bytes without_quote(BytesView content);

/// May this account do that to the post? For what the application asks; what others do is judged when it is settled.
/// Errors: invalid_argument (no such post, another's, too late, tombstone).
[[nodiscard]] Result<void> may(port::Store& store, const Parties& parties, const content::Body& act,
                               std::int64_t recall_window_ms, Moment now);

/// Where a live location is.
struct Spot {
    std::int32_t latitude_e7 = 0;
    std::int32_t longitude_e7 = 0;
    std::uint32_t accuracy_m = 0;
    bool last = false; ///< It does not move any more.
    friend bool operator==(const Spot&, const Spot&) = default;
};
/// As its author said last; nullopt: nothing yet.
struct Moved {
    Spot spot;
    std::int64_t hlc_ms = 0;
};
[[nodiscard]] std::optional<Moved> place_of(port::Store& store, const port::StoredMessage& row);
/// Until when a live location moves, by its author's clock; 0: it is none, or has ended.
[[nodiscard]] std::int64_t moves_until(port::Store& store, const port::StoredMessage& row);
/// `author` says where theirs is now. It may not be here yet. nullopt: nothing is different by that.
[[nodiscard]] std::optional<Changed> move(port::Store& store, const ConversationId& conversation,
                                          const MessageId& target, const std::string& author, std::int64_t hlc_ms,
                                          const MessageId& id, const Spot& spot, Moment now);

/// What a post said before its edits, oldest first, as far as it is kept (versions.cpp).
[[nodiscard]] std::vector<MessageVersion> versions(port::Store& store, const port::StoredMessage& row);
/// So many of each post are kept.
[[nodiscard]] std::uint32_t versions_kept(port::Store& store);
/// None are: those that are here go. At most `limit` posts; false: there are more.
bool drop_versions(port::Store& store, std::uint32_t limit);

/// What happened to a group, into its history; the same on every device that sees it. False: it is there.
bool note_group(port::Store& store, const Parties& parties, const MessageId& id, const content::GroupNote& note,
                Moment now);

/// Lifetime of posts in the conversation that say nothing else.
[[nodiscard]] content::Lifetime timer_of(port::Store& store, const ConversationId& conversation);

/// A place in the order of a conversation.
struct Place {
    std::int64_t hlc_ms = 0;
    MessageId id;
    friend auto operator<=>(const Place&, const Place&) = default;
};
[[nodiscard]] Bytes encode(const Place& place);
[[nodiscard]] std::optional<Place> decode_place(BytesView bytes);

/// `user` has read up to there, but for `late`. False: that was known.
bool note_read(port::Store& store, const ConversationId& conversation, const std::string& user, const Place& place,
               const std::vector<MessageId>& late = {});
/// How far; nullopt: not known.
[[nodiscard]] std::optional<Place> read_up_to(port::Store& store, const ConversationId& conversation,
                                              std::string_view user);
struct ReadBy {
    std::string user;
    Place place;                 ///< Claimed; without what came late, see `late`.
    std::vector<MessageId> late; ///< Below it, and not read: they came to the reader later.
};
[[nodiscard]] std::vector<ReadBy> readers(port::Store& store, const ConversationId& conversation);

/// What burns after reading begins to: incoming posts when this account has read them, own ones when somebody else has.
/// Those that did.
std::vector<MessageId> begin_burning(port::Store& store, const ConversationId& conversation, bool incoming,
                                     const Place& up_to, Moment now);

/// One of them. False: there is none, or it burns already.
bool begin_burning(port::Store& store, const ConversationId& conversation, const MessageId& id, Moment now);
/// `by` has opened a post that has not come yet; a bounded number of them in a conversation.
void note_opened(port::Store& store, const ConversationId& conversation, const MessageId& id, const std::string& by);
/// Who has, by then.
[[nodiscard]] std::vector<std::string> take_opened(port::Store& store, const ConversationId& conversation,
                                                   const MessageId& id);

/// A row as another device of the account has it, from an archive. False: it is here already, or has lived its time.
bool merge(port::Store& store, const port::StoredMessage& row, Moment now);
/// Likewise, what was said. A post that is here may stand otherwise then.
[[nodiscard]] std::optional<Changed> merge(port::Store& store, const port::Annotation& note, Moment now);
/// Likewise, a post that has lived its time there, or was removed: it goes as if it was removed here.
[[nodiscard]] std::optional<Changed> merge_gone(port::Store& store, const ConversationId& conversation,
                                                const MessageId& id);

/// What was said, for another device of the account: by whom it is quoted that sees from its answers.
[[nodiscard]] std::vector<port::Annotation> notes_of(port::Store& store, const ConversationId& conversation,
                                                     const MessageId& target);

/// Empties what has lived its time, at most `limit` posts.
[[nodiscard]] std::vector<Changed> expire(port::Store& store, Moment now, std::uint32_t limit);

/// Of an own message in a group, or of any that is not here yet: how far it has come to one account, and which way.
/// Only forward.
struct DeliveredTo {
    std::string user; ///< Empty: the relay, for many; the account itself: the message as a whole (shared::Reached).
    MessageState state = MessageState::sent;
    Path path = Path::none;
    std::string failure; ///< error_name; where it is failed.
};
/// False: that was known.
bool note_delivery(port::Store& store, const ConversationId& conversation, const MessageId& id,
                   const DeliveredTo& delivered);
[[nodiscard]] std::vector<DeliveredTo> deliveries(port::Store& store, const ConversationId& conversation,
                                                  const MessageId& id);

/// Fills in what annotations say: reactions, pinned.
void annotate(port::Store& store, Message& message);

} // namespace godwit::conversation
