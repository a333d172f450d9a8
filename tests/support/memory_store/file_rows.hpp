// SPDX-License-Identifier: Apache-2.0
// Private to memory_store.hpp: what is known about files.
#pragma once

#include "tests/support/memory_store/mail.hpp"

namespace godwit::testing {

class MemoryFileRows : public MemoryMail {
public:
    std::optional<port::StoredFile> file(const FileId& id) override
    {
        const auto at = data_.files.find(id);
        if (failed_ || at == data_.files.end()) return std::nullopt;
        return at->second;
    }
    std::vector<port::StoredFile> files(const FileId& after, std::uint32_t limit) override
    {
        std::vector<port::StoredFile> out;
        if (!failed_)
            for (auto at = data_.files.upper_bound(after); at != data_.files.end() && out.size() < limit; ++at)
                out.push_back(at->second);
        return out;
    }
    std::vector<port::StoredFile> files_in(FileState state, std::uint32_t limit) override
    {
        std::vector<port::StoredFile> out;
        if (failed_) return out;
        for (const auto& [id, row] : data_.files)
            if (row.state == state) out.push_back(row);
        std::sort(out.begin(), out.end(),
                  [](const auto& a, const auto& b) { return std::tie(a.added_ms, a.id) < std::tie(b.added_ms, b.id); });
        if (out.size() > limit) out.resize(limit);
        return out;
    }
    std::vector<port::StoredFile> files_wanted(bool asked, std::uint32_t limit) override
    {
        std::vector<port::StoredFile> out;
        if (failed_) return out;
        for (const auto& [id, row] : data_.files)
            if (row.state == FileState::fetching && row.wanted_by.empty() == asked) out.push_back(row);
        std::sort(out.begin(), out.end(),
                  [](const auto& a, const auto& b) { return std::tie(a.turn, a.id) < std::tie(b.turn, b.id); });
        if (out.size() > limit) out.resize(limit);
        return out;
    }
    port::AutomaticFiles automatic_files(std::string_view user) override
    {
        port::AutomaticFiles out;
        if (failed_) return out;
        for (const auto& [id, row] : data_.files) {
            if (row.wanted_by.empty()) continue;
            out.bytes_total += row.size_bytes;
            if (row.state == FileState::fetching && row.wanted_by == user) ++out.waiting;
        }
        return out;
    }
    bool has_slot(const port::SlotName& name) override
    {
        return !failed_ && std::any_of(data_.files.begin(), data_.files.end(),
                                       [&](const auto& one) { return one.second.slot.name == name; });
    }
    void put_file(const port::StoredFile& file) override
    {
        if (write()) put(data_.files, file.id, file);
    }
    void remove_file(const FileId& id) override
    {
        if (!write()) return;
        erase(data_.files, id);
        erase(data_.had, id);
    }
    void put_file_grant(const port::FileGrant& grant) override
    {
        const GrantKey key{grant.file, grant.conversation, grant.post};
        if (!data_.grants.contains(key) && write()) put(data_.grants, key, grant);
    }
    std::vector<port::FileGrant> file_grants(const FileId& file) override
    {
        return grants_if([&](const port::FileGrant& one) { return one.file == file; });
    }
    std::vector<port::FileGrant> unserved_grants(const FileId& after, std::int64_t now_ms, std::uint32_t limit) override
    {
        auto out = grants_if([&](const port::FileGrant& one) {
            return one.mine && !one.served && after < one.file && one.left_until_ms <= now_ms;
        });
        if (out.size() > limit) out.resize(limit);
        return out;
    }
    void set_grants_served(const FileId& file, const ConversationId& conversation) override
    {
        for (auto& grant : grants_if([&](const port::FileGrant& one) {
                 return one.file == file && one.conversation == conversation && !one.served;
             })) {
            if (!write()) return;
            grant.served = true;
            put(data_.grants, {grant.file, grant.conversation, grant.post}, grant);
        }
    }
    void set_grants_left(const FileId& file, const FileKey& key, std::int64_t until_ms) override
    {
        for (auto& grant :
             grants_if([&](const port::FileGrant& one) { return one.file == file && one.key == key && one.mine; })) {
            if (!write()) return;
            grant.left_until_ms = until_ms;
            put(data_.grants, {grant.file, grant.conversation, grant.post}, grant);
        }
    }
    std::optional<std::int64_t> next_left_until(std::int64_t now_ms) override
    {
        std::optional<std::int64_t> out;
        for (const auto& one : grants_if(
                 [&](const port::FileGrant& each) { return each.mine && !each.served && each.left_until_ms > now_ms; }))
            if (!out || one.left_until_ms < *out) out = one.left_until_ms;
        return out;
    }
    void put_file_had(const FileId& file, std::string_view user) override
    {
        if (!write()) return;
        auto users = data_.had.contains(file) ? data_.had.at(file) : std::set<std::string>();
        users.insert(std::string(user));
        put(data_.had, file, users);
    }
    std::vector<std::string> file_had(const FileId& file) override
    {
        if (failed_ || !data_.had.contains(file)) return {};
        const auto& users = data_.had.at(file);
        return {users.begin(), users.end()};
    }
    std::vector<port::FileGrant> remove_file_grants(const ConversationId& conversation, const MessageId& post) override
    {
        auto out =
            grants_if([&](const port::FileGrant& one) { return one.conversation == conversation && one.post == post; });
        for (const auto& grant : out) {
            if (!write()) return out;
            erase(data_.grants, {grant.file, grant.conversation, grant.post});
        }
        return out;
    }

private:
    template <class Judge>
    std::vector<port::FileGrant> grants_if(Judge judge) const
    {
        std::vector<port::FileGrant> out;
        if (!failed_)
            for (const auto& [key, grant] : data_.grants)
                if (judge(grant)) out.push_back(grant);
        return out;
    }
};

} // namespace godwit::testing
