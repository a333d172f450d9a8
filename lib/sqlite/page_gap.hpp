// SPDX-License-Identifier: Apache-2.0
// The unused middle of a b-tree page, between its cell pointers and its cells.
//
// SQLite's secure_delete wipes a deleted cell where it lies. When it moves cells between neighbouring pages it makes a
// page anew from its end, and what lay in the middle before stays: copies of cells that live elsewhere by now, and are
// deleted there. So the middle is wiped on the way to the file.
#pragma once

#include <cstdint>

namespace godwit::sqlite {

/// `page` (page_bytes) as SQLite writes it; `number` from 0. Pages that are no b-tree pages are left alone: they begin
/// with a page number, whose high byte is none of the four kinds in a file below 128 GiB, and beyond that the rest of
/// the header would have to fit by chance.
void wipe_gap(std::uint64_t number, std::uint8_t* page) noexcept;

} // namespace godwit::sqlite
