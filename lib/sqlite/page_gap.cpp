// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/page_gap.hpp"

#include "lib/sqlite/layout.hpp"

#include <cstring>

namespace godwit::sqlite {
namespace {

std::size_t load_be16(const std::uint8_t* p) noexcept
{
    return (std::size_t{p[0]} << 8) | p[1];
}

} // namespace

// https://www.sqlite.org/fileformat2.html section 1.6
void wipe_gap(std::uint64_t number, std::uint8_t* page) noexcept
{
    const std::size_t header = number == 0 ? 100 : 0;
    const std::uint8_t kind = page[header];
    if (kind != 2 && kind != 5 && kind != 10 && kind != 13) return;
    const std::size_t cells = load_be16(page + header + 3);
    const std::size_t content = load_be16(page + header + 5);
    const std::size_t pointers = header + (kind == 2 || kind == 5 ? 12 : 8);
    if (cells > body_bytes / 2) return;
    const std::size_t gap = pointers + 2 * cells;
    if (gap > content || content > body_bytes) return;
    for (std::size_t i = 0; i < cells; ++i)
        if (const std::size_t at = load_be16(page + pointers + 2 * i); at < content || at >= body_bytes) return;
    std::memset(page + gap, 0, content - gap);
}

} // namespace godwit::sqlite
