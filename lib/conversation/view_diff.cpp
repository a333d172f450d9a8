// SPDX-License-Identifier: Apache-2.0
#include "lib/conversation/view_diff.hpp"

#include <algorithm>
#include <unordered_set>

namespace godwit::conversation {

std::vector<DiffStep> diff(const std::vector<std::string>& before, const std::vector<std::string>& after,
                           const std::function<bool(const std::string&)>& is_new)
{
    using Op = DiffStep::Op;
    std::vector<DiffStep> out;
    const std::unordered_set<std::string> stays(after.begin(), after.end());
    auto list = before;
    for (std::size_t i = list.size(); i-- > 0;)
        if (!stays.contains(list[i])) {
            out.push_back({Op::remove, i, 0, 0});
            list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
        }
    const std::unordered_set<std::string> known(list.begin(), list.end());
    for (std::size_t i = 0; i < after.size(); ++i) {
        const auto place = list.begin() + static_cast<std::ptrdiff_t>(i);
        if (!known.contains(after[i])) {
            out.push_back({Op::insert, i, 0, i});
            list.insert(place, after[i]);
            continue;
        }
        if (list[i] != after[i]) {
            const auto at = std::find(place, list.end(), after[i]);
            out.push_back({Op::move, i, static_cast<std::size_t>(at - list.begin()), i});
            std::rotate(place, at, at + 1);
        }
        if (is_new(after[i])) out.push_back({Op::update, i, 0, i});
    }
    return out;
}

} // namespace godwit::conversation
