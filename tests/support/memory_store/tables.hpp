// SPDX-License-Identifier: Apache-2.0
// Private to memory_store.hpp: what it holds, transactions, and failures on order. Writes leave their undo behind, not
// a copy of all.
#pragma once

#include "lib/port/store.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <tuple>

namespace godwit::testing {

class MemoryTables : public port::Store {
public:
    /// The n-th write or commit from now fails (1 = the next one); 0: none.
    void fail_at(std::uint64_t nth) { fail_at_ = nth; }
    [[nodiscard]] std::uint64_t commits() const { return commits_; }
    /// The next commit that writes says ok, and power_cut() shows that it never reached the disk.
    void lose_next_commit() { lose_next_commit_ = true; }
    void keep_next_commit() { lose_next_commit_ = false; }
    [[nodiscard]] bool lost_commit() const { return lost_commit_; }
    /// What the next process finds. No transaction is open afterwards.
    void power_cut()
    {
        rollback();
        if (lost_commit_) undo(lost_);
        lost_.clear();
        lose_next_commit_ = lost_commit_ = false;
    }

    void begin() override
    {
        in_transaction_ = true;
        dirty_ = failed_ = false;
    }
    Result<void> commit() override
    {
        if (dirty_) count_write();
        if (failed_) return Error{ErrorCode::storage_failed, "simulated: the disk refused", 0};
        in_transaction_ = false;
        if (dirty_) ++commits_;
        if (dirty_ && (lose_next_commit_ || lost_commit_)) {
            // What was committed after a lost commit is lost with it.
            lose_next_commit_ = false;
            lost_commit_ = true;
            std::move(undo_.begin(), undo_.end(), std::back_inserter(lost_));
        }
        undo_.clear();
        dirty_ = false;
        return {};
    }
    void rollback() override
    {
        if (in_transaction_) undo(undo_);
        undo_.clear();
        in_transaction_ = dirty_ = failed_ = false;
    }
    bool failed() const override { return failed_; }
    bool dirty() const override { return dirty_; }

protected:
    struct Row {
        port::StoredMessage message;
        std::uint64_t arrival = 0;
    };
    using AnnotationKey = std::tuple<ConversationId, MessageId, std::string, std::string>;
    using GrantKey = std::tuple<FileId, ConversationId, MessageId>;
    struct Data {
        std::map<AnnotationKey, port::Annotation> annotations;
        std::map<std::string, port::StoredRegister> registers;
        std::map<ConversationId, port::StoredConversation> conversations;
        std::optional<port::StoredIdentity> identity;
        std::map<std::string, Bytes> values;
        std::map<std::string, port::StoredContact> contacts;
        std::map<std::pair<MessageId, ConversationId>, Row> messages;
        std::map<ConversationId, std::vector<Head>> heads;
        std::map<std::pair<ConversationId, MessageId>, port::HeldMessage> held;
        std::map<std::pair<DeviceId, MessageId>, std::int64_t> seen;
        std::map<MessageId, port::OutboxEnvelope> envelopes;
        std::map<std::uint64_t, port::Delivery> deliveries;
        std::map<std::pair<MessageId, std::uint64_t>, bool> by_message; ///< Index of deliveries.
        std::map<std::pair<DeviceId, std::string>, MessageId> due;
        std::map<FileId, port::StoredFile> files;
        std::map<GrantKey, port::FileGrant> grants;
        std::map<FileId, std::set<std::string>> had;
        std::map<NoticeId, port::StoredNotice> notices;
        std::uint64_t order = 0;
        std::uint64_t arrivals = 0;
        std::map<std::pair<ConversationId, MessageId>, std::int64_t> changed;
        std::int64_t changes = 0;
    };

    bool write()
    {
        if (failed_) return false;
        count_write();
        if (failed_) return false;
        dirty_ = true;
        return true;
    }

    // Changes that can be taken back.
    using Undo = std::vector<std::function<void()>>;
    template <class Value>
    void replace(Value& place, Value value)
    {
        if (in_transaction_) undo_.push_back([&place, old = place] { place = old; });
        place = std::move(value);
    }
    template <class Map>
    void put(Map& map, typename Map::key_type key, typename Map::mapped_type value)
    {
        const auto at = map.find(key);
        if (at != map.end()) {
            // By key: the place itself may be gone and made anew before this is undone.
            if (in_transaction_) undo_.push_back([&map, key, old = std::move(at->second)] { map[key] = old; });
            at->second = std::move(value);
            return;
        }
        if (in_transaction_) undo_.push_back([&map, key] { map.erase(key); });
        map.emplace(std::move(key), std::move(value));
    }
    template <class Map>
    void erase(Map& map, const typename Map::key_type& key)
    {
        const auto at = map.find(key);
        if (at == map.end()) return;
        if (in_transaction_) undo_.push_back([&map, key, old = at->second] { map[key] = old; });
        map.erase(at);
    }
    static void undo(Undo& steps)
    {
        for (auto at = steps.rbegin(); at != steps.rend(); ++at)
            (*at)();
        steps.clear();
    }
    void count_write()
    {
        if (fail_at_ > 0 && --fail_at_ == 0) failed_ = true;
    }

    Data data_;
    bool failed_ = false;

private:
    Undo undo_;
    Undo lost_; ///< Undoes what a power cut takes.
    bool lose_next_commit_ = false;
    bool lost_commit_ = false;
    bool in_transaction_ = false;
    bool dirty_ = false;
    std::uint64_t fail_at_ = 0;
    std::uint64_t commits_ = 0;
};

} // namespace godwit::testing
