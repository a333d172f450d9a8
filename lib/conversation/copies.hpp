// SPDX-License-Identifier: Apache-2.0
// What others wrote, as it is shown here and sent on: names made harmless, and copies that live no longer than what
// they were made of.
#pragma once

#include "lib/base/time.hpp"
#include "lib/port/timeline.hpp"
#include "lib/wire/bundles.hpp"

#include <godwit/content.hpp>
#include <godwit/result.hpp>

#include <optional>

namespace godwit::conversation {

/// 0: it is no bundle; 1: one without another in it. Counts no further than `most`.
[[nodiscard]] int levels_of(const content::Body& body, int most = wire::bundle_levels_max + 1);

/// Names and media types of files, addresses and names of cards, also in what was forwarded: harmless.hpp.
void make_harmless(content::FileRef& file);
void make_harmless(content::Body& body);

/// How long a copy of a post may live: the rest of its time; nullopt: as long as it likes. Errors: not_allowed (it
/// burns after reading: a copy would outlive it where nobody has read it).
[[nodiscard]] Result<std::optional<content::Lifetime>> lifetime_of_copy(const port::StoredMessage& row,
                                                                        const content::Lifetime& lifetime, Moment now);

/// Of two bounds the tighter one.
[[nodiscard]] std::optional<content::Lifetime> shorter(const std::optional<content::Lifetime>& one,
                                                       const std::optional<content::Lifetime>& other);

} // namespace godwit::conversation
