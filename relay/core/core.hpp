// SPDX-License-Identifier: Apache-2.0
// core: the relay without sockets, clock or threads. Frames of links and time go in; frames, closings and a deadline
// come out.
//
//   link_up, receive, link_down, handle_deadline …     gather: change the store's open transaction, note what to tell
//   commit                                             one transaction for all of it
//   next_output …                                      speak: answers first, then what others are told, from committed
//   state
//
// Nothing comes out that rests on what is not committed. When a commit fails, its requests are answered
// relay_unavailable, logins of that tick are undone, and everything that was merely read goes on.
//
// Rooms: accounts (register, login), devices (signed lists), linking (a new device beside an old one), roster
// (contacts), presence, mailbox, key packages, groups (the Delivery Service) with members, joins and trees of groups of
// many, blobs, signals, notices, gate and operator_desk (the operator's), apps (tenants); session.hpp is one link,
// tick.hpp what a tick gathers. Files: core.cpp gathers, requests.cpp routes, commit.cpp ends the tick. The same core
// runs in the daemon (relay/daemon) and in simulations.
#pragma once

#include "relay/core/accounts.hpp"
#include "relay/core/blobs.hpp"
#include "relay/core/departed.hpp"
#include "relay/core/devices.hpp"
#include "relay/core/gate.hpp"
#include "relay/core/groups.hpp"
#include "relay/core/joins.hpp"
#include "relay/core/key_packages.hpp"
#include "relay/core/linking.hpp"
#include "relay/core/mailbox.hpp"
#include "relay/core/notices.hpp"
#include "relay/core/operator_desk.hpp"
#include "relay/core/presence.hpp"
#include "relay/core/roster.hpp"
#include "relay/core/shedding.hpp"
#include "relay/core/signals.hpp"

#include <deque>

namespace godwit::relay {

struct Output {
    LinkId link = 0;
    Bytes frame;        ///< To send; empty when `close`.
    bool close = false; ///< Flush and close; the core has forgotten this link.
};

/// How long after a failed commit windows go back to what is stored.
inline constexpr Duration rewind_after = std::chrono::seconds(5);
/// How often old envelopes are looked for.
inline constexpr Duration expiry_interval = std::chrono::minutes(10);

class Core {
public:
    /// `store`, `entropy` and `wakeups` outlive the core. Nothing is read before the first input. `wakeups`: other
    /// relays on the same database; nullptr: there are none.
    Core(Config config, Store& store, port::Entropy& entropy, WakeUps* wakeups = nullptr);
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    // Inputs. LinkIds are chosen by the caller and never used twice.
    void link_up(LinkId link, Peer peer, Moment now);
    /// Frames of unknown links are ignored: the link was closed by us.
    void receive(LinkId link, BytesView bytes, Moment now);
    void link_down(LinkId link, Moment now);
    void handle_deadline(Moment now);
    /// How much there is to do, measured by the caller from time to time: what shedding.hpp gives up follows from it.
    void strained(const Strain& strain, Moment now);
    /// Logged in, and that is committed.
    [[nodiscard]] bool is_member(LinkId link)
    {
        const auto* const session = context_.sessions.find(link);
        return session != nullptr && session->active;
    }
    [[nodiscard]] Shed shed() const noexcept { return shedding_.level(); }
    /// Another relay has committed this: told with the next commit().
    void woken(const Wake& wake);
    /// Says goodbye to all and closes their links; whoever comes now is turned away. The last tick before the end.
    void drain(Moment now);

    /// What an operator may change while it runs: limits and their rates, whom it serves, STUN. The rest of `config` is
    /// not looked at. What is there already and would be too much now stays.
    void reconfigure(const Config& config);

    /// For what the operator asks. As with frames: what it changes is stored by the next commit, and not said before.
    [[nodiscard]] Notices& notices() noexcept
    {
        gathered_anything_ = true;
        return notices_;
    }

    [[nodiscard]] Gate& gate() noexcept
    {
        gathered_anything_ = true;
        return gate_;
    }
    /// Of whoever is served beside the core (TURN): the account is there and not disabled.
    [[nodiscard]] bool may_relay(std::string_view full_name) { return gate_.may_relay(full_name); }
    void forget_failed_logins(const std::string& full_name) { accounts_.forget_failed_logins(full_name); }
    [[nodiscard]] Apps& apps() noexcept
    {
        gathered_anything_ = true;
        return context_.apps;
    }
    [[nodiscard]] std::size_t sessions_of(AppRow app) const { return context_.sessions.of_app(app); }
    [[nodiscard]] bool online(AccountRow account) const { return context_.sessions.online(account); }

    /// Ends the tick. An error means that nothing of the tick's changes was stored (the core has said so to those who
    /// asked).
    [[nodiscard]] Result<void> commit(Moment now);
    [[nodiscard]] std::optional<Output> next_output();
    /// When handle_deadline() wants to be called; `never`: not before the next input.
    [[nodiscard]] Instant deadline() const;
    /// Something was gathered that waits for commit().
    [[nodiscard]] bool pending() const noexcept { return gathered_anything_; }

    [[nodiscard]] const Counters& counters() const noexcept { return context_.counters; }

private:
    /// Something to say when the tick is committed.
    struct Gathered {
        LinkId link = 0;
        wire::relay::ServerFrame frame;
        bool rests_on_store = true; ///< False: said also when the commit fails.
    };

    void on(Session& session, const frame::Hello& hello, Moment now);
    void on(Session& session, const frame::Request& request, Moment now);
    void on(Session& session, const frame::MailboxAck& ack, Moment now);
    void on(Session& session, const frame::NoticeAck& ack, Moment now);
    void on(Session& session, const frame::Ping& ping, Moment now);
    void on(Session& session, const frame::Pong& pong, Moment now);
    [[nodiscard]] Answer serve(Session& session, const frame::RequestBody& body, Moment now);
    [[nodiscard]] bool is_too_much_for_a_stranger(Session& session, std::size_t bytes);
    [[nodiscard]] bool is_turned_away(const Session& session);
    void turn_away(Session& session);
    /// What is wrong with the time of this request, whatever it asks for.
    [[nodiscard]] std::optional<Error> is_untimely(const Session& session, const frame::RequestBody& body, Moment now);

    void say(LinkId link, wire::relay::ServerFrame frame, bool rests_on_store = true);
    /// Now, after the commit.
    void speak(LinkId link, const wire::relay::ServerFrame& frame);
    void speak_goodbye(LinkId link, Error what);
    /// Forgets the link and lets the caller close it.
    void close(Session& session);
    void forget(Session& session);

    void undo_tick(const Error& why, Moment now);
    void take_heard(Changes& changes, Moment now);
    void end_by_operator(const Changes& changes);
    void tell_changes(Moment now);
    void tell_notices(const Changes& changes, Moment now);
    void tell(Session& to, wire::relay::ServerFrame frame);
    void tell_groups(Changes& changes);
    void start_over();
    void activate(Session& session);
    void push_mail(DeviceRow device);

    Config config_;
    WakeUps* const wakeups_;
    Context context_;
    Gate gate_;
    Shedding shedding_;
    AccountPaces requests_;
    Accounts accounts_;
    Linking linking_;
    Devices devices_;
    Roster roster_;
    Departed departed_;
    Presence presence_;
    Mailbox mailbox_;
    KeyPackages key_packages_;
    Members members_;
    Joins joins_;
    Trees trees_;
    Groups groups_;
    Blobs blobs_;
    Signals signals_;
    Notices notices_;
    OperatorDesk desk_;

    Counters at_last_commit_; ///< What a failed tick goes back to.
    Wake heard_;              ///< Of other relays, not told yet.
    std::vector<Gathered> gathered_;
    std::vector<LinkId> closing_;
    std::deque<Output> outputs_;
    bool gathered_anything_ = false;
    bool draining_ = false;

    std::map<LinkId, Instant> strangers_; ///< Not logged in, and when their time is up; by age, as ids grow.
    std::set<LinkId> to_rewind_;
    Instant rewind_at_ = never;
    Instant expire_at_{};
};

} // namespace godwit::relay
