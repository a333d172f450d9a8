// SPDX-License-Identifier: Apache-2.0
// Private to lib/conversation: how a post stands after what was said about it (timeline.cpp).
#pragma once

#include "lib/conversation/timeline.hpp"

namespace godwit::conversation {

/// Of two the later stands. One of a time that nobody lives in (is_possible) counts nowhere, nor does it stay.
bool put(port::Store& store, const port::Annotation& note, Moment now);

/// `row` after its annotations. `latest`: the one that came now; nullptr: the row came. nullopt: as it was.
std::optional<Changed> settle(port::Store& store, port::StoredMessage row, const port::Annotation* latest);

/// What happened to a group: nobody's words, on which nobody acts.
[[nodiscard]] bool is_group_note(const port::StoredMessage& row);

/// Of versions.cpp. An edit came, and is not put yet: of it and the one that stands, the older is kept as a version.
void keep_older(port::Store& store, const port::Annotation& edit);
/// The words of the post itself are going to be overwritten.
void keep_original(port::Store& store, const port::StoredMessage& row);
/// From an archive: may it be kept?
[[nodiscard]] bool may_keep_version(port::Store& store, const port::Annotation& note);

} // namespace godwit::conversation
