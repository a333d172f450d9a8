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
};

} // namespace godwit::testing
