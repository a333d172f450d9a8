// SPDX-License-Identifier: Apache-2.0
// Private to lib/conversation: the names of annotations.
#pragma once

#include "lib/base/bytes.hpp"

#include <string_view>

namespace godwit::conversation {

inline constexpr std::string_view edit_name = "edit";
/// Of several recalls the first stands: their clocks are kept negative. An admin's has a name of its own, so that what
/// its author said as a member does not take its place.
inline constexpr std::string_view recall_name = "recall";
inline constexpr std::string_view admin_recall_name = "recall/admin";
inline constexpr std::string_view pin_name = "pin";
inline constexpr std::string_view timer_name = "timer";
inline constexpr std::string_view read_name = "read";
inline constexpr std::string_view delivery_name = "delivery";
/// Where a live location is.
inline constexpr std::string_view moved_name = "moved";
/// That its author has ended it, and where: whatever was said of it meanwhile elsewhere, it is over. Of several the
/// first stands, as of recalls.
inline constexpr std::string_view ended_name = "moved/end";
/// Behind it the id of the post or edit that said so before.
inline constexpr std::string_view version_prefix = "version/";
/// Of the conversation: a post that somebody has opened and that has not come yet.
inline constexpr std::string_view opened_prefix = "opened/";
/// Behind it the id of a post that quotes the target.
inline constexpr std::string_view quoted_prefix = "quoted/";
/// Of what was removed before it came: it leaves when it does. Of what happened to a group: it does not happen again.
inline constexpr std::string_view removed_name = "removed";

/// Of several the first stands: their clocks are kept negative.
[[nodiscard]] constexpr bool is_first_of(std::string_view name)
{
    return name.starts_with(recall_name) || name == ended_name;
}

/// What says nothing about how a post stands, by the beginnings of the names: there may be thousands of it, and it is
/// not read where something else is wanted.
inline constexpr std::string_view asides[] = {delivery_name, quoted_prefix, version_prefix};
/// The same but for versions, which are shown with it.
inline constexpr std::string_view unshown_asides[] = {delivery_name, quoted_prefix, removed_name};

inline const Bytes set{1};

} // namespace godwit::conversation
