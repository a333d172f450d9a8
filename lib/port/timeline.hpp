// SPDX-License-Identifier: Apache-2.0
// Timeline: the part of the Store port that conversations stand on: posts, what was said about them, what the account's
// devices share, and the list of conversations. Same transaction, same sticky errors as the rest (store.hpp).
#pragma once

#include <godwit/message.hpp>

#include "lib/base/bytes.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::port {

/// A post in the history. Order of a conversation: (hlc_ms, id).
struct StoredMessage {
    Message message; ///< Without what is derived when it is shown: body, reply, lifetime, forwarded, reactions, pinned.
    std::int64_t hlc_ms = 0;
    std::uint32_t kind = 0; ///< wire_kind of the body, or of a content that is no post and not known here.
    Bytes extra;            ///< Encoded wire::content::Extra; of unknown content all of it; empty: a plain text.
    std::string send_key;   ///< Idempotency key; empty: none.
    Role role = Role::none; ///< Of its author, when it was sealed.
    std::uint32_t burn_seconds = 0; ///< Goes so long after it was read; 0: does not, or its time has begun.
    bool shown = true;              ///< false: it acts on another post, or has gone by its lifetime.
    bool annotated = false;         ///< There are annotations with this target.
    bool notified = false;          ///< The application has taken the event.
    bool quiet = false;             ///< No news, and never was: does not count as unread.
};

/// Something said about a post, or (target zero) about a conversation. One for each (conversation, target, name,
/// author): the later (hlc_ms, id) stands.
struct Annotation {
    ConversationId conversation;
    MessageId target;
    std::string name;   ///< "edit", "recall", "pin", "reaction/<emoji>", "read", …
    std::string author; ///< User name; empty where all authors write the same one.
    std::int64_t hlc_ms = 0;
    MessageId id;           ///< Of the post or mark that said so.
    Bytes value;            ///< By name.
    Role role = Role::none; ///< Of its author, when it was sealed.
};

/// One value of what the account's devices share. The later hlc_ms stands, of equal ones the larger value.
struct StoredRegister {
    std::string name;
    std::int64_t hlc_ms = 0;
    Bytes value; ///< Empty: not set any more; kept, so that an older value does not come back.
};

struct StoredConversation {
    ConversationId id;
    ConversationKind kind = ConversationKind::direct;
    std::string with;             ///< Of two: the other account; of the own devices: the own one; else empty.
    std::int64_t activity_ms = 0; ///< When something was shown in it last: the order of the list.
};

class Timeline {
public:
    virtual ~Timeline() = default;

    // posts
    /// False, and nothing written, when this conversation has the id already.
    virtual bool add_message(const StoredMessage& message) = 0;
    /// The one that came first: ids are drawn at random, and who repeats one makes another row in another conversation.
    [[nodiscard]] virtual std::optional<StoredMessage> message(const MessageId& id) = 0;
    /// All of an id, by arrival, at most `limit`.
    [[nodiscard]] virtual std::vector<StoredMessage> messages(const MessageId& id, std::uint32_t limit) = 0;
    [[nodiscard]] virtual std::optional<StoredMessage> message_in(const ConversationId& conversation,
                                                                  const MessageId& id) = 0;
    [[nodiscard]] virtual bool has_message(const ConversationId& conversation, const MessageId& id) = 0;
    [[nodiscard]] virtual std::optional<MessageId> message_by_key(const ConversationId& conversation,
                                                                  std::string_view send_key) = 0;
    /// Writes text, extra, burn_seconds, shown, annotated, edited_ms, recalled_ms, recalled_by and expires_ms of a post
    /// that is there.
    /// What is overwritten is gone from the files, and from what search finds, when the commit has returned.
    virtual void update_post(const StoredMessage& message) = 0;
    /// Only forward: accepted < sent < delivered; failed only from accepted or sent; sent again over another path
    /// counts (the path that was tried last is kept). Touches outgoing messages only. Returns whether it changed.
    virtual bool set_message_state(const ConversationId& conversation, const MessageId& id, MessageState state,
                                   Path path, std::string_view path_reason, std::string_view failure) = 0;
    /// What is shown, oldest first; the newest `limit` rows before `before` (exclusive).
    [[nodiscard]] virtual std::vector<StoredMessage> history(const ConversationId& conversation, std::uint32_t limit,
                                                             const std::optional<MessageId>& before) = 0;
    /// What is shown, oldest first; the oldest `limit` rows after `after` (exclusive), which is a row, shown or not;
    /// none when it is not there.
    [[nodiscard]] virtual std::vector<StoredMessage> history_after(const ConversationId& conversation,
                                                                   std::uint32_t limit, const MessageId& after) = 0;
    /// Incoming shown posts after a place that are not quiet, at most `max` are counted.
    [[nodiscard]] virtual std::uint32_t count_received_after(const ConversationId& conversation, std::int64_t hlc_ms,
                                                             const MessageId& id, std::uint32_t max) = 0;
    /// The first shown own post between two places (the first exclusive, the second inclusive) that has not left.
    [[nodiscard]] virtual std::optional<StoredMessage> first_unsent(const ConversationId& conversation,
                                                                    std::int64_t after_hlc_ms,
                                                                    const MessageId& after_id, std::int64_t hlc_ms,
                                                                    const MessageId& id) = 0;
    /// Posts that burn after reading and whose time has not begun, up to and including a place; incoming or own ones.
    [[nodiscard]] virtual std::vector<StoredMessage> burning(const ConversationId& conversation, bool incoming,
                                                             std::int64_t hlc_ms, const MessageId& id,
                                                             std::uint32_t limit) = 0;
    /// Posts whose expires_ms is set and not later than this, as they are, earliest first, at most `limit`.
    [[nodiscard]] virtual std::vector<StoredMessage> expiring(std::int64_t until_ms, std::uint32_t limit) = 0;
    [[nodiscard]] virtual std::optional<std::int64_t> next_expiry() = 0;
    /// Posts whose expires_ms is set and not later than this are read as if they were emptied already: not shown,
    /// without a word, in no page, count or search. Nothing is written, and it is as it was when the store is opened
    /// anew.
    virtual void hide_over(std::int64_t until_ms) = 0;
    /// Incoming messages whose event the application has not taken yet, in order of arrival, at most `limit`.
    [[nodiscard]] virtual std::vector<StoredMessage> unnotified(std::uint32_t limit) = 0;
    virtual void mark_notified(const ConversationId& conversation, const MessageId& id) = 0;
    /// Messages that no other message of the conversation names as parent, with their hlc; at most `wire::parents_max`
    /// are kept.
    struct Head {
        MessageId id;
        std::int64_t hlc_ms = 0;
    };
    [[nodiscard]] virtual std::vector<Head> heads(const ConversationId& conversation) = 0;
    virtual void put_heads(const ConversationId& conversation, const std::vector<Head>& heads) = 0;

    /// Rows of the history in the order in which they came to this device, those after `after`, at most `limit`.
    struct Arrived {
        std::int64_t arrival = 0; ///< Grows; never given twice.
        StoredMessage row;
    };
    [[nodiscard]] virtual std::vector<Arrived> arrivals(std::int64_t after, std::uint32_t limit) = 0;
    /// When that row came; nullopt: it is not there.
    [[nodiscard]] virtual std::optional<std::int64_t> arrival_of(const ConversationId& conversation,
                                                                 const MessageId& id) = 0;
    /// Posts (target zero: conversations) that stand otherwise, or of which something was said, after `after`, at most
    /// `limit`. Each is there once, with its newest number.
    struct ChangedTarget {
        std::int64_t number = 0; ///< Grows; never given twice.
        ConversationId conversation;
        MessageId target;
    };
    [[nodiscard]] virtual std::vector<ChangedTarget> changes(std::int64_t after, std::uint32_t limit) = 0;

    // annotations
    /// False, and nothing written, when what is there is not older.
    virtual bool put_annotation(const Annotation& annotation) = 0;
    /// By name, then author.
    [[nodiscard]] virtual std::vector<Annotation> annotations(const ConversationId& conversation,
                                                              const MessageId& target) = 0;
    /// Of those the ones whose names begin with none of these: what is left out costs nothing, however much it is.
    [[nodiscard]] virtual std::vector<Annotation> annotations_without(const ConversationId& conversation,
                                                                      const MessageId& target,
                                                                      std::span<const std::string_view> prefixes) = 0;
    /// Of those the ones whose names begin so.
    [[nodiscard]] virtual std::vector<Annotation>
    annotations_named(const ConversationId& conversation, const MessageId& target, std::string_view prefix) = 0;
    [[nodiscard]] virtual std::optional<Annotation> annotation(const ConversationId& conversation,
                                                               const MessageId& target, std::string_view name,
                                                               std::string_view author) = 0;
    virtual void remove_annotation(const ConversationId& conversation, const MessageId& target, std::string_view name,
                                   std::string_view author) = 0;
    /// Posts of the conversation that are shown, were not taken back and have an annotation "pin" with a value, oldest
    /// first: the newest that stand before `before` (nullopt: of all), at most `limit`.
    [[nodiscard]] virtual std::vector<StoredMessage> pinned(const ConversationId& conversation, std::uint32_t limit,
                                                            const std::optional<MessageId>& before) = 0;
    /// Of all posts, those whose names begin so, at most `limit`. Whether there were fewer.
    virtual bool remove_annotations(std::string_view prefix, std::uint32_t limit) = 0;

    // registers
    virtual bool put_register(const StoredRegister& value) = 0;
    [[nodiscard]] virtual std::optional<StoredRegister> register_named(std::string_view name) = 0;
    /// Whose names begin so, by name; at most `limit`, after `after` (exclusive).
    [[nodiscard]] virtual std::vector<StoredRegister> registers(std::string_view prefix, std::string_view after,
                                                                std::uint32_t limit) = 0;

    // conversations
    /// The newest shown post.
    [[nodiscard]] virtual std::optional<StoredMessage> newest(const ConversationId& conversation) = 0;
    virtual void put_conversation(const StoredConversation& conversation) = 0;
    [[nodiscard]] virtual std::optional<StoredConversation> conversation(const ConversationId& id) = 0;
    /// By id.
    [[nodiscard]] virtual std::vector<StoredConversation> conversations() = 0;
    virtual void remove_conversation(const ConversationId& id) = 0;
};

} // namespace godwit::port
