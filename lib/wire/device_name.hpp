// SPDX-License-Identifier: Apache-2.0
// The name of a device, as its owner gives it.
#pragma once

#include <godwit/result.hpp>

#include <string_view>

namespace godwit::wire {

/// A line of UTF-8 without control and direction characters, at most device_name_bytes_max long; empty is one.
/// Errors: invalid_argument.
[[nodiscard]] Result<void> check_device_name(std::string_view name);

} // namespace godwit::wire
