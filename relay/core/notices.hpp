// SPDX-License-Identifier: Apache-2.0
// notices: what the operator says to all accounts or to some (docs/adr/0035-notices.md). Signed by the relay, not
// sealed.
//
//   send      the operator -> may it be said? is it here already? is there room? -> one row -> (commit) -> answered,
//   and
//             pushed to whoever is connected
//   push      at login, and when there is something new: in order of sequence, a bounded window ahead of the
//             acknowledgements
//   ack       the device has them durably -> its cursor moves on -> (commit) -> the window moves on
//   withdraw  says under a new sequence that it is taken back: it comes to those who have it, too
//   expire    what is over is not delivered any more; how far it came is counted then, and kept for a while
//
// A notice to all is one row, whoever it is for, and comes to the connected devices a few at a time. It is for accounts
// that were there when it was made, and for devices that they add later. Signatures are made when something is pushed,
// so they are always by the key that clients know: one for each account, or one for all.
//
// What an acknowledgement says that came after the end does not count any more: a cursor that passes a notice because
// of a later one says nothing about it.
#pragma once

#include "relay/core/tick.hpp"

#include <deque>

namespace godwit::relay {

/// Notices whose counting one tick does: each reads all accounts it is for.
inline constexpr std::size_t notices_settled_per_tick_max = 4;
/// Signed notices to all that are remembered.
inline constexpr std::size_t signed_notices_max = 64;

/// What the operator wants said.
struct NoticeDraft {
    NoticeId id; ///< Chosen at random by whoever asks: the same once more is answered as the first time.
    bool to_all = false;
    AppRow app = no_app;            ///< To accounts of this application alone; no_app: of every one.
    AppRow by = relays_own;         ///< Of which application whoever says it is.
    std::vector<std::string> users; ///< Else to these accounts.
    NoticeKind kind = NoticeKind::announcement;
    std::string title;
    std::string text;
    std::string link;
    WallMs lifetime_ms = 0;
};

class Notices {
public:
    explicit Notices(Context& context) : context_(context) {}

    // The operator's requests: whoever speaks for him (the daemon's control socket) has checked that he does.
    /// Errors: invalid_argument (and what), conflict (something else has this id), quota_exceeded, unsupported.
    [[nodiscard]] Result<StoredNotice> send(const NoticeDraft& draft, Moment now);
    /// Errors: invalid_argument (there is none of this id, or it is over).
    [[nodiscard]] Result<StoredNotice> withdraw(const NoticeId& id, Moment now);
    struct State {
        StoredNotice notice;
        NoticeReach reach;
    };
    /// Errors: invalid_argument.
    [[nodiscard]] Result<State> state(const NoticeId& id, Moment now);
    /// Whom it is for, by user name, those after `after`: so many accounts. Errors: invalid_argument (none of this id,
    /// or it is over and only its counts are kept).
    [[nodiscard]] Result<std::vector<NoticeRecipient>> recipients(const NoticeId& id, std::string_view after,
                                                                  std::size_t accounts, Moment now);
    /// Newest first, those before the one of this sequence.
    [[nodiscard]] std::vector<StoredNotice> list(std::uint64_t before, std::size_t limit)
    {
        return context_.store.notices(before, limit);
    }

    void acknowledge(Session& session, const frame::NoticeAck& ack, Moment now);
    /// True when there may be more to do.
    bool expire(Moment now);

    // After the commit.
    using Send = std::function<void(Session&, frame::NoticeDeliver&&)>;
    void push(Session& session, Moment now, const Send& send);
    /// Whoever is connected gets what is new, as the pace allows.
    void push_to_all(Moment now);
    void push_due(Moment now, const Send& send);
    /// When push_due() has something to do.
    [[nodiscard]] Instant deadline() const { return waiting_.empty() ? never : push_from_; }
    /// The tick was rolled back.
    void forget() { newest_.reset(); }

private:
    void settle(Moment now);
    [[nodiscard]] std::uint64_t newest();
    [[nodiscard]] const Bytes& signed_for(const StoredNotice& notice, const Session& session);
    [[nodiscard]] Result<std::vector<AccountRow>> accounts_of(const NoticeDraft& draft);

    Context& context_;
    std::optional<std::uint64_t> newest_; ///< Sequence of the newest.
    std::map<std::uint64_t, Bytes> signed_;
    Bytes signed_for_one_;
    std::deque<LinkId> waiting_; ///< For what was said to all.
    Instant push_from_{};
};

} // namespace godwit::relay
