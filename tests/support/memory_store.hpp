// SPDX-License-Identifier: Apache-2.0
// A Store in memory for tests: transactional as the real one (rollback works, errors are sticky), and it fails when
// told to. What is committed survives the engine that used it: crash = roll back, drop the engine, make a new one.
//
// Simulations live on it, so a transaction costs what it touches: writes leave their undo behind, not a copy of all.
#pragma once

#include "tests/support/memory_store/file_rows.hpp"

namespace godwit::testing {

class MemoryStore final : public MemoryFileRows {
public:
    std::optional<port::StoredIdentity> identity() override { return failed_ ? std::nullopt : data_.identity; }
    void put_identity(const port::StoredIdentity& identity) override
    {
        if (write()) replace(data_.identity, std::optional(identity));
    }
    void clear_identity() override
    {
        if (write()) replace(data_.identity, std::optional<port::StoredIdentity>());
    }
    std::optional<Bytes> value(std::string_view name) override
    {
        const auto at = data_.values.find(std::string(name));
        if (failed_ || at == data_.values.end()) return std::nullopt;
        return at->second;
    }
    void put_value(std::string_view name, BytesView value) override
    {
        if (write()) put(data_.values, std::string(name), to_bytes(value));
    }
    void remove_value(std::string_view name) override
    {
        if (write()) erase(data_.values, std::string(name));
    }
    void wipe_value(std::string_view name) override { remove_value(name); }

    std::vector<port::StoredContact> contacts() override
    {
        std::vector<port::StoredContact> out;
        if (!failed_)
            for (const auto& [user, contact] : data_.contacts)
                out.push_back(contact);
        return out;
    }
    void put_contact(const port::StoredContact& contact) override
    {
        if (write()) put(data_.contacts, contact.user, contact);
    }
    void remove_contact(std::string_view user) override
    {
        if (write()) erase(data_.contacts, std::string(user));
    }

    std::optional<port::StoredNotice> notice(const NoticeId& id) override
    {
        const auto at = data_.notices.find(id);
        if (failed_ || at == data_.notices.end()) return std::nullopt;
        return at->second;
    }
    void put_notice(const port::StoredNotice& notice) override
    {
        if (write()) put(data_.notices, notice.id, notice);
    }
    std::vector<port::StoredNotice> notices(std::int64_t before_ms, std::uint32_t limit) override
    {
        auto out = notices_in_order();
        std::erase_if(out, [&](const auto& one) { return one.withdrawn || one.created_ms >= before_ms; });
        if (out.size() > limit) out.resize(limit);
        return out;
    }
    void forget_notices(std::uint32_t keep) override
    {
        const auto all = notices_in_order();
        for (std::size_t i = keep; i < all.size(); ++i)
            if (write()) erase(data_.notices, all[i].id);
    }

    /// For checkers: the names of all named values.
    [[nodiscard]] std::vector<std::string> value_names() const
    {
        std::vector<std::string> out;
        for (const auto& [name, value] : data_.values)
            out.push_back(name);
        return out;
    }
    [[nodiscard]] std::size_t seen_count() const { return data_.seen.size(); }
    [[nodiscard]] std::size_t envelope_count() const { return data_.envelopes.size(); }

private:
    /// Newest first.
    std::vector<port::StoredNotice> notices_in_order() const
    {
        std::vector<port::StoredNotice> out;
        if (failed_) return out;
        for (const auto& [id, row] : data_.notices)
            out.push_back(row);
        std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
            return std::tie(a.created_ms, a.id) > std::tie(b.created_ms, b.id);
        });
        return out;
    }
};

} // namespace godwit::testing
