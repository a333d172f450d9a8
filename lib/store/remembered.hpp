// SPDX-License-Identifier: Apache-2.0
// Private: rows that one message after the other reads and writes again, kept for as long as nothing else touches them.
//
//   find -> known | nullptr: read it, then keep(..., unwritten: false)
//   a write  -> keep(..., unwritten: true): the row reaches SQLite once a transaction, by each_unwritten()
//   rollback -> clear()
#pragma once

#include <cstddef>
#include <unordered_map>
#include <utility>

namespace godwit::store {

template <class Key, class Value, class Hash>
class Remembered {
public:
    /// Conversations that are talked in at once, and a page of them beside.
    static constexpr std::size_t entries_max = 64;

    [[nodiscard]] const Value* find(const Key& key) const
    {
        const auto at = entries_.find(key);
        return at == entries_.end() ? nullptr : &at->second.value;
    }
    /// No room for one more: what is unwritten must be written, and clear() called.
    [[nodiscard]] bool full(const Key& key) const { return entries_.size() >= entries_max && !entries_.contains(key); }
    void keep(const Key& key, Value value, bool unwritten = false)
    {
        auto& entry = entries_[key];
        entry.value = std::move(value);
        entry.unwritten = entry.unwritten || unwritten;
    }
    void forget(const Key& key) { entries_.erase(key); }
    void clear() { entries_.clear(); }

    template <class Write>
    void each_unwritten(Write&& write)
    {
        for (auto& [key, entry] : entries_)
            if (std::exchange(entry.unwritten, false)) write(key, std::as_const(entry.value));
    }

private:
    struct Entry {
        Value value;
        bool unwritten = false;
    };
    std::unordered_map<Key, Entry, Hash> entries_;
};

} // namespace godwit::store
