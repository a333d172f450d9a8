// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/device_name.hpp"

#include "lib/base/harmless.hpp"
#include "lib/wire/content.hpp"

#include <string>

namespace godwit::wire {

Result<void> check_device_name(std::string_view name)
{
    if (is_harmless_line(name) && name.size() <= device_name_bytes_max) return {};
    return Error{ErrorCode::invalid_argument,
                 "device_name: a line of UTF-8 without control and direction characters, at most " +
                     std::to_string(device_name_bytes_max) + " bytes",
                 0};
}

} // namespace godwit::wire
