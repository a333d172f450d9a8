// SPDX-License-Identifier: Apache-2.0
// One of everything that lib/json renders, once with every member set and once as it comes.
#pragma once

#include <godwit/event.hpp>

#include <vector>

namespace godwit::test {

[[nodiscard]] std::vector<Event> event_samples();
/// Replies that worked.
[[nodiscard]] std::vector<event::Reply> reply_samples();

} // namespace godwit::test
