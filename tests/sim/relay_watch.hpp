// SPDX-License-Identifier: Apache-2.0
// Holds the relay to its word: what it said is stored stays stored, byte for byte, until the recipient acknowledges it,
// whatever its process and its disk go through, and whoever else comes with other bytes under its name; it takes one
// commit an epoch; who is online, it tells contacts only; and no mailbox outgrows its limit.
#pragma once

#include "relay/core/core.hpp"
#include "tests/sim/client.hpp"
#include "tests/sim/trace_hash.hpp"

#include <map>
#include <optional>
#include <set>

namespace godwit::testing {

class RelayHost;

class RelayWatch {
public:
    explicit RelayWatch(RelayHost& relay) : relay_(relay) {}

    /// A client's frame is in the relay's hand.
    void takes(relay::LinkId link, Client& from, BytesView frame);
    void says(relay::LinkId link, Client& to, BytesView frame);
    /// Its process is gone: the store shows what is left.
    void died();
    /// Between ticks.
    void check();
    /// Waiting mail of all mailboxes.
    [[nodiscard]] std::uint64_t waiting() const;
    /// It told this sender once that it has this for that device.
    [[nodiscard]] bool said_stored(const DeviceId& to, const DeviceId& from, const MessageId& id) const
    {
        return said_.contains({to, from, id});
    }
    void knows_account(const std::string& user) { accounts_.insert(user); }

private:
    struct Mail {
        DeviceId to;
        DeviceId from;
        MessageId id;
        friend auto operator<=>(const Mail&, const Mail&) = default;
    };
    struct Put {
        DeviceId from;
        MessageId id;
        Print sealed;
        std::vector<DeviceId> recipients;     ///< In a group: those who are in it when it is taken.
        std::uint64_t taken = 0;              ///< When, among all frames.
        std::set<DeviceId> as_good_as_stored; ///< Their account blocks the sender, who is not to know.
    };
    /// Those of one mail that may be stored, and since when: one seals anew for who cannot open what there was.
    using Sealings = std::map<Print, std::uint64_t>;
    /// Where a commit starts from.
    struct Epoch {
        ConversationId conversation;
        std::uint64_t incarnation = 0;
        std::uint64_t epoch = 0;
        friend auto operator<=>(const Epoch&, const Epoch&) = default;
    };
    struct Commit {
        Epoch from;
        MessageId id;
    };
    void ordered(const Commit& commit);
    [[nodiscard]] std::optional<ConversationId> group_of(BytesView sealed) const;
    void asked(relay::LinkId link, std::uint64_t request, Put put, const std::optional<ConversationId>& group,
               bool fans_out);
    [[nodiscard]] bool is_reached(relay::AccountRow from, relay::AccountRow to,
                                  const std::optional<ConversationId>& group, bool fans_out) const;
    [[nodiscard]] std::vector<DeviceId> readers(const DeviceId& from, const wire::relay::GroupPut& put) const;
    void note_blocks(Put& put) const;
    void promised(const Put& put, const std::vector<ErrorCode>& results);
    void presence(const std::string& viewer, const std::string& user, const std::vector<DeviceId>& online) const;
    void keeps_its_word() const;

    RelayHost& relay_;
    std::map<std::pair<relay::LinkId, std::uint64_t>, Put> asked_;
    std::map<std::pair<relay::LinkId, std::uint64_t>, Commit> asked_commits_;
    std::map<Epoch, MessageId> commits_;                       ///< Those that were accepted, and nobody rejected.
    std::map<DeviceId, std::map<std::uint64_t, Mail>> pushed_; ///< By sequence number, which is the device's.
    std::set<Mail> promises_;
    std::map<Mail, Sealings> sealings_;
    std::set<Mail> said_;                        ///< Every "ok" there ever was.
    std::map<Mail, std::uint64_t> acknowledged_; ///< When last.
    std::uint64_t taken_ = 0;
    std::set<std::string> accounts_;
};

} // namespace godwit::testing
