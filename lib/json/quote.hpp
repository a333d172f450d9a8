// SPDX-License-Identifier: Apache-2.0
// Private to lib/json.
#pragma once

#include <string>
#include <string_view>

namespace godwit::json {

/// A JSON string literal, quotes included. Invalid UTF-8 becomes U+FFFD: what goes out is always valid JSON.
[[nodiscard]] std::string quote(std::string_view text);

} // namespace godwit::json
