// SPDX-License-Identifier: Apache-2.0
// How deep what was forwarded may have been forwarded before: who sends refuses more, who shows and who fetches files
// goes no further.
#pragma once

namespace godwit::wire {

inline constexpr int bundle_levels_max = 4;

} // namespace godwit::wire
