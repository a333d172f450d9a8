// SPDX-License-Identifier: Apache-2.0
// What godwit promises, judged from outside: by what applications were told, by what crosses the wires, and by what
// stands on the disks. It knows nothing of how the code under test works, and keeps its own account of everything said.
//
//   no loss        accepted: on the sender's disk until terminal, and owed to somebody; delivered: on a disk of the
//                  recipient; shown to an application: on that disk for ever
//   no duplicate   in a history, nor shown twice by one process
//   no disorder    what an application knew when it spoke stands, and is shown, before what it then said
//   no regress     states go forward; failed only for a reason that something in this world gave
//   acts           what was edited, taken back or reacted to stands alike everywhere, and as somebody asked
//   (oracle_acts.cpp) secrecy        seal_watch.hpp, member_watch.hpp          the relay's word, order and discretion:
//   relay_watch.hpp bounds         outbox, held messages, mailboxes
//
// A new checker is a method called from step(), died() or rest(); it throws Broken with a verdict whose words before
// the first colon name the kind of failure (the minimiser keeps to it).
#pragma once

#include "tests/sim/member_watch.hpp"
#include "tests/sim/observer.hpp"
#include "tests/sim/relay_watch.hpp"
#include "tests/sim/seal_watch.hpp"
#include "tests/sim/world.hpp"

#include <optional>
#include <set>

namespace godwit::testing {

/// A set of small numbers.
class Bits {
public:
    void set(std::size_t n)
    {
        if (words_.size() <= n / 64) words_.resize(n / 64 + 1);
        words_[n / 64] |= 1ULL << (n % 64);
    }
    [[nodiscard]] bool has(std::size_t n) const
    {
        return n / 64 < words_.size() && (words_[n / 64] >> (n % 64) & 1) != 0;
    }
    [[nodiscard]] bool empty() const { return words_.empty(); }
    /// visit(n) for each of these that is not in `other`; stops when it says false.
    template <class Visit>
    void each_not_in(const Bits& other, Visit visit) const
    {
        for (std::size_t w = 0; w < words_.size(); ++w) {
            auto left = words_[w] & ~(w < other.words_.size() ? other.words_[w] : 0);
            for (; left != 0; left &= left - 1)
                if (!visit(w * 64 + static_cast<std::size_t>(__builtin_ctzll(left)))) return;
        }
    }
    [[nodiscard]] std::optional<std::size_t> first_common(const Bits& other) const
    {
        for (std::size_t w = 0; w < std::min(words_.size(), other.words_.size()); ++w)
            if (const auto both = words_[w] & other.words_[w]; both != 0)
                return w * 64 + static_cast<std::size_t>(__builtin_ctzll(both));
        return std::nullopt;
    }

private:
    std::vector<std::uint64_t> words_;
};

class Oracle final : public Observer {
public:
    explicit Oracle(World& world) : world_(world), relay_(world.relay) {}

    /// These are there from the start, and know each other: what is said reaches all of them.
    void settle(const std::vector<Client*>& members);
    /// One more device, which may or may not get what is said.
    void joins(Client& client);
    void asked_to_log_out(Client& client);
    void severs(const std::string& a, const std::string& b) { severed_.insert(pair(a, b)); }

    /// A text that will be known again.
    [[nodiscard]] std::string text(Client& from, const std::string& to, std::size_t bytes);
    /// Something that stands on this device, said by its account, or by anybody. nullopt: there is nothing.
    [[nodiscard]] std::optional<MessageId> something_said(Client& here, std::uint64_t dice, bool own);
    /// Another text for it, that will be known again.
    [[nodiscard]] std::string edition(const MessageId& id);

    /// After each step.
    void step();
    /// Nothing moves any more: every promise to its end.
    void rest();
    /// Empty, or what is not terminal.
    [[nodiscard]] std::string under_way();
    /// Empty, or who is not at rest, and why: nothing is under way, held back, unshown, or waiting at the relay.
    [[nodiscard]] std::string restless();
    [[nodiscard]] std::size_t said() const { return said_.size(); }
    [[nodiscard]] std::size_t accepted() const { return by_id_.size(); }

    // Observer
    void asks(Client& client, RequestId id, const Request& request) override;
    void told(Client& client, const Event& event) override;
    void died(Client& client) override;
    void peer_frame(Client& from, Client& to, BytesView frame) override;
    void frame_to_relay(Client& from, BytesView frame) override;
    void frame_of_relay(relay::LinkId link, Client& to, BytesView frame) override
    {
        seal_.frame_of_relay(frame);
        relay_.says(link, to, frame);
    }
    void relay_takes(relay::LinkId link, Client& from, BytesView frame) override { relay_.takes(link, from, frame); }
    void relay_died() override { relay_.died(); }

private:
    using Pair = std::pair<std::string, std::string>;

    /// One thing that an application wanted said.
    struct Said {
        Client* sender = nullptr;
        std::string to;
        std::string text;
        Bits before; ///< What its application knew of this conversation when it asked.
        std::optional<MessageId> id;
        bool accepted = false; ///< The application was told so.
        bool refused = false;  ///< The application was told that it is not.
        std::vector<Client*> owed;
        MessageState state = MessageState::accepted; ///< As the application was told.
        std::vector<std::string> editions;           ///< Asked for.
        bool recalled = false;                       ///< Somebody asked for it.
    };
    /// One thing that an application did to something said.
    struct Act {
        enum class Kind : std::uint8_t { edit, recall, react };
        Kind kind{};
        std::size_t target = 0;
        bool accepted = false;
        bool failed = false;
    };
    struct Member {
        Client* client = nullptr;
        bool settled = false;
        bool logged_out = false;           ///< Asked to, at least once.
        std::map<std::string, Bits> known; ///< By the other account: shown, or said here.
        std::set<std::string> gaps;        ///< Conversations in which a gap was admitted.
        std::map<RequestId, std::size_t> requests;
        std::map<RequestId, std::size_t> act_requests;
        Bits shown_in_this_life;
    };

    [[nodiscard]] static Pair pair(const std::string& a, const std::string& b) { return std::minmax(a, b); }
    [[nodiscard]] Member& member(Client& client) { return members_.at(&client); }
    [[nodiscard]] bool somebody_left(const std::string& a, const std::string& b) const
    {
        return logged_out_accounts_.contains(a) || logged_out_accounts_.contains(b);
    }
    void leaves(Client& from, const wire::Envelope& envelope);
    [[nodiscard]] std::size_t number_of(const Message& message, const Client& where) const;
    [[nodiscard]] std::string words(std::size_t n) const;
    [[nodiscard]] std::string describe_delivery(const port::Delivery& delivery) const;

    void replied(Member& member, const event::Reply& reply);
    [[nodiscard]] bool is_for(Member& sender, const MessageId& id, Client& reader);
    void received(Member& member, const Message& message);
    void moved(Member& member, const event::MessageStateChanged& change);
    void delivered_is_there(std::size_t n);
    void failed_with_reason(std::size_t n, const std::string& reason);
    void is_owed(std::size_t n);
    void keeps_what_it_showed(Member& member);
    void bounds(Member& member);
    // oracle_acts.cpp
    void asks_act(Member& member, RequestId id, const Request& request);
    [[nodiscard]] bool replied_act(Member& member, const event::Reply& reply);
    [[nodiscard]] bool act_admits_gap(Client& client) const;
    void act_moved(const event::MessageStateChanged& change);
    void is_known(std::size_t n, const MessageId& id);
    void stands_alike(std::size_t n);
    [[nodiscard]] std::vector<std::size_t> history(Member& member, const std::string& other);
    void same_order(const Pair& conversation);
    void all_have(std::size_t n);

    World& world_;
    SealWatch seal_;
    RelayWatch relay_;
    MemberWatch members_of_groups_;
    std::map<Client*, Member> members_;
    std::vector<Client*> in_order_; ///< As they joined: addresses order nothing.
    std::set<Pair> severed_;
    std::set<std::string> logged_out_accounts_;
    std::vector<Said> said_;
    std::map<MessageId, std::size_t> by_id_; ///< Accepted.
    std::map<MessageId, std::size_t> names_; ///< As anybody has called it.
    std::vector<Act> acts_;
    std::map<MessageId, std::size_t> acts_by_id_;
    std::size_t open_from_ = 0; ///< Everything before is terminal.
    /// At rest: histories of those who have been there all the time.
    std::map<Pair, std::vector<std::pair<std::string, std::vector<std::size_t>>>> histories_;
};

} // namespace godwit::testing
