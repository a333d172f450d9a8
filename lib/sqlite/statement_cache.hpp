// SPDX-License-Identifier: Apache-2.0
// Private: compiled statements that wait for their next use.
//
//   take(sql): by the place of the text (a literal is asked for again and again), else by the text -> nullptr: compile
//   it give_back: kept, and the one that was used longest ago leaves; a second one of the same text is not kept
//
// A message takes some twenty statements, so neither way may allocate or hash a text that is asked for again.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <sqlite3.h>
#include <string_view>
#include <unordered_map>

namespace godwit::sqlite {

class StatementCache {
public:
    StatementCache() = default;
    StatementCache(const StatementCache&) = delete;
    StatementCache& operator=(const StatementCache&) = delete;
    ~StatementCache() { clear(); }

    /// It is the caller's until it is given back. nullptr: there is none, or it is out.
    [[nodiscard]] sqlite3_stmt* take(std::string_view sql) noexcept;
    /// Reset and without values; from take() or newly compiled.
    void give_back(sqlite3_stmt* statement) noexcept;
    /// Precondition: none is out.
    void clear() noexcept;

private:
    struct Kept {
        sqlite3_stmt* statement = nullptr;
        std::string_view sql; // the statement's own copy
        std::uint64_t used = 0;
        bool out = false;
    };
    /// Where a text lay when it was asked for last. Texts that are made lie anywhere: what is found here is compared.
    struct Place {
        const char* text = nullptr;
        Kept* kept = nullptr;
    };
    static constexpr std::size_t places_count = 256;

    [[nodiscard]] Place& place_of(std::string_view sql) noexcept;
    void drop_oldest() noexcept;
    void drop(Kept& kept) noexcept;

    std::unordered_map<std::string_view, std::unique_ptr<Kept>> by_sql_;
    std::unordered_map<sqlite3_stmt*, Kept*> by_statement_;
    std::array<Place, places_count> places_{};
    std::uint64_t now_ = 0;
};

} // namespace godwit::sqlite
