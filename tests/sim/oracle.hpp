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
//                  (oracle_acts.cpp)
//   groups         who is in one has one epoch, one policy and one view; nobody else can read (oracle_groups.cpp)
//   files          come bit by bit as they were sent, or go with what referred to them (oracle_files.cpp)
//   secrecy        seal_watch.hpp, member_watch.hpp
//   the relay      its word, order and discretion: relay_watch.hpp
//   bounds         outbox, held messages, mailboxes
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
    /// A post with a file, said by this account, that stands on this device. nullopt: there is none.
    [[nodiscard]] std::optional<MessageId> file_post(Client& here, std::uint64_t dice);
    /// Another text for it, that will be known again.
    [[nodiscard]] std::string edition(const MessageId& id);

    // groups; `number` counts them as they were asked for
    /// A name that will be known again.
    [[nodiscard]] std::string group_name();
    [[nodiscard]] std::size_t groups() const { return groups_.size(); }
    /// Those that this device is in, as far as it knows.
    [[nodiscard]] std::vector<std::size_t> groups_at(Client& client);
    [[nodiscard]] ConversationId group(std::size_t number) const { return *groups_[number].id; }
    /// What text() takes for one.
    [[nodiscard]] static std::string group_label(std::size_t number) { return "#" + std::to_string(number); }
    /// Its accounts, as this device knows them. Precondition: groups_at().
    [[nodiscard]] std::vector<std::string> group_members(Client& client, std::size_t number);
    /// As this device knows it, somebody has a leaf who is not in it any more.
    [[nodiscard]] bool has_stranger(Client& client, std::size_t number);
    /// What a device in it says that it is: who is in one says the same.
    [[nodiscard]] static std::string describe(const GroupInfo& group);

    // files
    /// The words beside it, and its bytes.
    struct NewFile {
        std::size_t number = 0;
        std::string path;
        std::string name;
        Bytes bytes;
    };
    [[nodiscard]] NewFile file(std::size_t size_bytes);
    /// It is what was said last.
    void posts_file(std::size_t number, const FileId& id);
    struct Fetch {
        Client* client = nullptr;
        FileId file;
        std::size_t number = 0;
        FileState state = FileState::known;
        bool is_sender = false;
    };
    /// Files that are owed to devices, and how far they are there.
    [[nodiscard]] std::vector<Fetch> owed_files();
    /// Precondition: this device has saved it as `saved`.
    void file_is_as_sent(const Fetch& what, const std::string& saved);

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
    void seeks_path(Client& from, const engine::OpenPath& open) override;
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

    /// A conversation of many, asked for by somebody here.
    struct Group {
        std::string name;
        std::optional<ConversationId> id; ///< When anybody has heard of it.
        std::set<std::string> shaken;     ///< Accounts that somebody wanted out or muted, or who wanted to go.
        bool dissolved = false;           ///< Somebody asked for it.
        bool muted = false;               ///< All who are no admins: likewise.
        bool is_channel = false;
        /// What an application was told is changed in it, and what that says from then on.
        struct Granted {
            Client* to = nullptr;
            content::GroupNote::What what{};
            std::string text;
        };
        std::vector<Granted> granted;
    };
    struct File {
        std::optional<FileId> id;
        std::optional<std::size_t> said; ///< With which words it was posted.
        std::string path;                ///< At its sender, with its bytes.
    };
    /// One thing that an application wanted said.
    struct Said {
        Client* sender = nullptr;
        std::string to; ///< An account, or group_label().
        std::string text;
        Bits before; ///< What its application knew of this conversation when it asked.
        Instant asked{};
        std::optional<MessageId> id;
        bool accepted = false;     ///< The application was told so.
        bool refused = false;      ///< The application was told that it is not.
        std::set<DeviceId> listed; ///< In a group: who was in its sender's epoch when it was asked for.
        std::vector<Client*> owed;
        MessageState state = MessageState::accepted; ///< As the application was told.
        std::vector<std::string> editions;           ///< Asked for.
        bool recalled = false;                       ///< Somebody asked for it.
        std::set<std::string> removed_by;            ///< Accounts that asked for it.
        std::optional<std::size_t> file;
        bool alone = false; ///< In a group of nobody else.
    };
    /// One thing that an application did to something said.
    struct Act {
        enum class Kind : std::uint8_t { edit, recall, react, remove };
        Kind kind{};
        Client* by = nullptr;
        std::size_t target = 0;
        bool accepted = false;
        bool failed = false;
    };
    struct Member {
        Client* client = nullptr;
        bool settled = false;
        bool logged_out = false;           ///< Asked to, at least once.
        std::map<std::string, Bits> known; ///< By the other account, or the group: shown, or said here.
        /// Conversations in which a gap was admitted, and how much had been said by then: what is missing is of that.
        std::map<std::string, std::size_t> gaps;
        std::map<RequestId, std::size_t> requests;
        std::map<RequestId, std::size_t> act_requests;
        std::map<RequestId, std::size_t> group_requests;
        std::map<RequestId, request::GroupSet> set_requests;
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
    [[nodiscard]] static PathPolicy policy_of(Client& client);
    [[nodiscard]] std::string words(std::size_t n) const;
    [[nodiscard]] std::string describe_delivery(const port::Delivery& delivery) const;

    void replied(Member& member, const event::Reply& reply);
    [[nodiscard]] bool is_for(Member& sender, const MessageId& id, Client& reader);
    void received(Member& member, const Message& message);
    [[nodiscard]] bool must_be_there(std::size_t n, Client& reader);
    void moved(Member& member, const event::MessageStateChanged& change);
    void delivered_is_there(std::size_t n);
    void failed_with_reason(std::size_t n, const std::string& reason);
    void is_owed(std::size_t n);
    void keeps_what_it_showed(Member& member);
    void bounds(Member& member);
    // oracle_acts.cpp
    void asks_act(Member& member, RequestId id, const Request& request);
    [[nodiscard]] bool replied_act(Member& member, const event::Reply& reply);
    void act_moved(const event::MessageStateChanged& change);
    void is_known(std::size_t n, const MessageId& id);
    void stands_alike(std::size_t n);
    // removals.cpp
    void asks_removal(Member& member, RequestId id, const request::RemoveMessages& what);
    [[nodiscard]] bool may_be_removed(std::size_t n, const Client& here) const;
    void removed_is_gone(std::size_t n);
    // oracle_groups.cpp
    [[nodiscard]] static bool is_group(const std::string& to) { return to.starts_with('#'); }
    /// nullptr: that was said to an account.
    [[nodiscard]] Group* group_of(const Said& said)
    {
        return is_group(said.to) ? &groups_[std::stoul(said.to.substr(1))] : nullptr;
    }
    /// The conversation, as known, gaps and histories_ call it on this device.
    [[nodiscard]] static const std::string& place_of(const Said& said, const std::string& account,
                                                     const std::string& sender)
    {
        return is_group(said.to) || sender == account ? said.to : sender;
    }
    void asks_group(Member& member, RequestId id, const Request& request);
    void told_group(Member& member, const event::GroupChanged& change);
    void heard_of(const std::string& name, const ConversationId& id);
    void is_in(std::size_t n, const ConversationId& conversation, const Client& where);
    void asks_in_group(Member& sender, Said& said);
    void owes_in_group(Member& sender, std::size_t n);
    void sealed_in_group(Client& from, const wire::Envelope& envelope);
    /// Nothing is promised to this account there, or by it.
    [[nodiscard]] bool is_shaken(const Said& said, const std::string& account);
    [[nodiscard]] std::string apart(const Group& group);
    void was_granted(Client& to, const request::GroupSet& set);
    void granted_is_done();
    // oracle_files.cpp
    [[nodiscard]] std::string files_under_way();
    void gone_with_its_post(std::size_t n);

    [[nodiscard]] bool is_lost_to(std::size_t n, Client& reader);
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
    std::vector<Group> groups_;
    std::map<ConversationId, std::size_t> groups_by_id_;
    std::set<std::pair<ConversationId, seal::Version>> judged_epochs_; ///< Of groups: something was sealed in them.
    std::vector<File> files_;
    std::vector<Act> acts_;
    std::map<MessageId, std::size_t> acts_by_id_;
    std::size_t open_from_ = 0; ///< Everything before is terminal.
    /// At rest: histories of those who have been there all the time.
    std::map<Pair, std::vector<std::pair<std::string, std::vector<std::size_t>>>> histories_;
};

} // namespace godwit::testing
