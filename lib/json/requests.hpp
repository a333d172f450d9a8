// SPDX-License-Identifier: Apache-2.0
// Private to lib/json: every request by its name (made_requests.cpp).
#pragma once

#include "lib/json/fields.hpp"

#include <godwit/request.hpp>

#include <span>
#include <string_view>

namespace godwit::json {

struct RequestRow {
    std::string_view name;
    Request (*read)(Fields&); ///< What it did not like, the Fields have.
};
[[nodiscard]] std::span<const RequestRow> request_rows();

} // namespace godwit::json
