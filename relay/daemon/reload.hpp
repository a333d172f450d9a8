// SPDX-License-Identifier: Apache-2.0
// What SIGHUP does with a configuration that was edited: which keys differ, and which of them take effect now.
#pragma once

#include "relay/daemon/config_file.hpp"

namespace godwit::relay {

struct ReloadPlan {
    std::vector<std::string> applied; ///< Keys, as "limits.contacts".
    std::vector<std::string> restart; ///< These differ too, and stay as they are until the relay starts again.
};

/// True when the relay takes a new value of `key` while it runs. What is not known here needs a restart.
[[nodiscard]] bool is_live(std::string_view key);
[[nodiscard]] ReloadPlan plan_reload(const ConfigValues& old, const ConfigValues& fresh);
/// "limits.contacts, clients.required"
[[nodiscard]] std::string joined(const std::vector<std::string>& keys);

} // namespace godwit::relay
