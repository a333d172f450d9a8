// SPDX-License-Identifier: Apache-2.0
// Text in all scripts to the units that search compares, each with the bytes it stands for.
//
//   bytes -> characters -> folded (script.hpp) -> dense or symbol: a unit each
//                                              -> the rest: runs for SQLite's unicode61, which knows letters and case
//
//   "Ｃafé@咖啡馆"  ->  cafe · @ · 咖 啡 馆
//
// unicode61 comes out of FTS5 by its C interface; there is no FTS5 table. What it folds, and how, is what units are: a
// change of this file, script.cpp or folds.inc that makes other units of a text raises units_version.
#pragma once

#include <godwit/result.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::sqlite {

/// Of what is kept in an index: another number, and the index is built anew.
inline constexpr std::int64_t units_version = 1;
/// Longer words are cut here, between characters: two that begin alike for so long count as one.
inline constexpr std::size_t unit_bytes_max = 64;

struct Unit {
    std::uint32_t begin = 0; ///< Bytes of the text, end exclusive.
    std::uint32_t end = 0;
    std::uint32_t form_at = 0; ///< In Units::forms.
    std::uint8_t form_bytes = 0;
    bool dense = false;  ///< One character of a script without spaces.
    bool joined = false; ///< Dense, and so is the one before, with nothing between them.
};

struct Units {
    std::vector<Unit> all;
    std::string forms; ///< Folded, one behind the other.

    [[nodiscard]] std::string_view form(const Unit& unit) const
    {
        return std::string_view(forms).substr(unit.form_at, unit.form_bytes);
    }
    /// Of a joined unit: the one before and this one, as one view.
    [[nodiscard]] std::string_view pair(std::size_t index) const
    {
        const Unit& before = all[index - 1];
        return std::string_view(forms).substr(before.form_at, std::size_t{before.form_bytes} + all[index].form_bytes);
    }
    void clear()
    {
        all.clear();
        forms.clear();
    }
};

/// One thread at a time.
class Tokenizer {
public:
    /// Errors: unsupported (an SQLite without FTS5), storage_failed (no memory).
    [[nodiscard]] static Result<Tokenizer> make();
    Tokenizer(Tokenizer&&) noexcept;
    Tokenizer& operator=(Tokenizer&&) noexcept;
    ~Tokenizer();

    /// Total: bytes that are no UTF-8 separate. `out` is cleared first. Throws std::bad_alloc, when words would be
    /// missing. Precondition: text below 2 GiB.
    void split(std::string_view text, Units& out);

private:
    struct Impl;
    explicit Tokenizer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace godwit::sqlite
