// SPDX-License-Identifier: Apache-2.0
// What a configuration may say, and who wrote it probably did not mean: said by check-config and at the start.
#pragma once

#include "relay/daemon/config_file.hpp"

namespace godwit::relay {

/// One sentence each. Looks at this machine's addresses.
[[nodiscard]] std::vector<std::string> config_doubts(const DaemonConfig& config);

} // namespace godwit::relay
