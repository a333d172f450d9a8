// SPDX-License-Identifier: Apache-2.0
// webhooks: other programs hear what was done, and may be asked whether somebody may register. Sans-IO: requests come
// out, what became of them goes in; relay/hooks sends them.
//
// Events. The queue is the audit log itself: each hook has a cursor in the database, which moves on when its receiver
// has answered 2xx. So nothing that was done is lost by a restart of either side; a record may come twice (its sequence
// tells). One request at a time for each hook, in order; a failure is tried again after 1 s, 2 s, … 10 minutes. Who is
// more than webhook_lag_max records behind is told how many it has missed.
//
// What accounts do (relay/core/events.hpp) is no record of that log, and has a queue and a cursor of its own; a hook
// gets the kinds that it names, in order, after what the log has for it.
//
// Decision. A registration is held back with "try again" until its hook has said yes or no; what it said counts for
// decision_kept. When it does not answer, the configuration says whether that is a yes (fail open) or a no (closed).
//
// Every request is signed (as many know it from payment services):
//   Godwit-Signature: t=SECONDS,v1=hex(HMAC-SHA256(secret, "SECONDS." ‖ body))
#pragma once

#include "lib/port/entropy.hpp"
#include "relay/admin/input.hpp"
#include "relay/core/config.hpp"
#include "relay/core/events.hpp"
#include "relay/core/pace.hpp"
#include "relay/store/admin_tables.hpp"

#include <map>

namespace godwit::relay::admin {

inline constexpr std::size_t webhooks_max = 8;
inline constexpr std::uint64_t webhook_lag_max = 10'000;
inline constexpr Duration webhook_retry_first = std::chrono::seconds(1);
inline constexpr Duration webhook_retry_max = std::chrono::minutes(10);
inline constexpr std::size_t decisions_max = 1000; ///< Waited for or remembered; one more: the oldest is forgotten.
/// Questions without an answer; one more, and whoever wants to know tries again later, whatever silence means.
inline constexpr std::size_t questions_max = 64;
inline constexpr std::size_t questions_per_address_max = 8; ///< Of those.
/// Requests at once: a receiver that hangs holds so many of the background threads, and other hooks have the rest.
inline constexpr std::size_t questions_sent_max = 2;
inline constexpr Duration decision_kept = std::chrono::minutes(10);
inline constexpr Duration decision_time_max = std::chrono::seconds(10);

/// One [[webhook]] of the configuration.
struct Webhook {
    std::string name; ///< Of its cursor: another name begins anew.
    std::string url;
    std::string secret;
    std::vector<std::string> verbs; ///< Of the audit log; empty: all, unless there are events.
    std::vector<EventKind> events;
    bool asks_registration = false; ///< Is asked, and hears nothing else.
    bool fail_open = false;         ///< Of those: no answer is a yes.
    bool allow_private = false;     ///< Its address need not be on the open internet.
};

struct HookRequest {
    std::size_t hook = 0;
    std::uint64_t number = 0; ///< To be given back to answered().
    bool is_event = false;    ///< Of what accounts do: its number counts there.
    std::string url;
    http::Pairs headers;
    std::string body;
};

/// "t=…,v1=…"
[[nodiscard]] std::string hook_signature(std::string_view secret, std::string_view body, WallMs now_ms);

class Webhooks {
public:
    /// `ledger` and `entropy` outlive it.
    /// `questions`: of one address.
    Webhooks(std::vector<Webhook> hooks, Ledger& ledger, port::Entropy& entropy,
             Rate questions = {100, std::chrono::seconds(10)});

    Webhooks(const Webhooks&) = delete;
    Webhooks& operator=(const Webhooks&) = delete;

    /// What is to be sent now; ask until there is none, after every commit and at deadline(). Writes cursors, for the
    /// next commit.
    [[nodiscard]] std::optional<HookRequest> next(Moment now);
    /// What an answer says of its receiver, when it is news: told once a turn, whatever the number of tries.
    enum class Turn : std::uint8_t { none, fails, works };
    /// `status` 0: it was not reached, or not in time. `body`: of a decision, {"allow": true}.
    Turn answered(const HookRequest& request, int status, std::string_view body, Moment now);
    /// There was no thread for it: nothing is known of its receiver, and it comes again from next() in a second.
    void not_sent(const HookRequest& request, Moment now);
    [[nodiscard]] Instant deadline() const;
    [[nodiscard]] const std::vector<Webhook>& hooks() const noexcept { return hooks_; }

    /// May this name be registered with this key? Starts asking when that is not known, and when neither the address
    /// nor all together have asked too much.
    [[nodiscard]] Decision decide(const std::string& user, const PublicKey& key, const std::string& address,
                                  Moment now);

    struct Counters {
        std::uint64_t webhooks_delivered = 0;
        std::uint64_t webhooks_failed = 0;  ///< Tries.
        std::uint64_t webhooks_skipped = 0; ///< Records that a receiver was too far behind for.
    };
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

private:
    struct Line {
        bool waits = false;         ///< For an answer.
        std::uint32_t failures = 0; ///< In a row.
        Instant from{};             ///< Not before.
    };
    struct Question {
        enum class State : std::uint8_t { to_ask, asked, yes, no } state = State::to_ask;
        std::string body;
        std::string address;
        Instant until{};
    };
    [[nodiscard]] std::optional<HookRequest> next_record(std::size_t hook, Moment now);
    [[nodiscard]] std::optional<HookRequest> next_event(std::size_t hook, Moment now);
    [[nodiscard]] std::optional<HookRequest> next_question(std::size_t hook, Moment now);
    [[nodiscard]] HookRequest request(std::size_t hook, std::uint64_t number, std::string body, WallMs now_ms) const;
    [[nodiscard]] const Webhook* judge() const;

    std::vector<Webhook> hooks_;
    AuditTable audit_;
    EventTable events_;
    CursorTable cursors_;
    port::Entropy& entropy_;
    std::vector<Line> lines_;
    std::map<std::uint64_t, Question> questions_;  ///< By number: the oldest first.
    std::map<std::string, std::uint64_t> numbers_; ///< Name and key -> number.
    std::uint64_t last_number_ = 0;
    std::size_t questions_sent_ = 0; ///< And not answered.
    Rate question_rate_;
    PaceTable question_paces_;
    Counters counters_;
};

} // namespace godwit::relay::admin
