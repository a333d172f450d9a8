// SPDX-License-Identifier: Apache-2.0
// The steps that lead from one list to another, for lists that somebody watches.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace godwit::conversation {

struct DiffStep {
    enum class Op : std::uint8_t { insert = 1, update = 2, move = 3, remove = 4 } op{};
    std::size_t index = 0; ///< Where in the list, as it is after the steps before this one; of a move: to where.
    std::size_t from = 0;  ///< Of a move: where it was.
    std::size_t item = 0;  ///< Index in the new list; of a remove meaningless.
};

/// Keys of the old and of the new list, none twice in either; `is_new(key)`: what is shown under this key is another.
/// Applied in order the steps make the new list of the old one. Removes first, last place first; then from the front
/// what stands there: inserted, moved or updated.
[[nodiscard]] std::vector<DiffStep> diff(const std::vector<std::string>& before, const std::vector<std::string>& after,
                                         const std::function<bool(const std::string&)>& is_new);

} // namespace godwit::conversation
