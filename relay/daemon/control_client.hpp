// SPDX-License-Identifier: Apache-2.0
// The far end of control.hpp: a question to the relay that runs on a data directory.
#pragma once

#include "relay/daemon/control.hpp"

#include <toml++/toml.h>

namespace godwit::relay {

/// Blocks. Errors: not_connected (no relay runs there); what the relay refused, under its own code, with `detail` as it
/// said it; malformed (its answer makes no sense); as loop::ask_local.
[[nodiscard]] Result<toml::table> ask_control(const std::string& data, const toml::table& question);

/// For people: what to do about an error of ask_control.
[[nodiscard]] std::string control_failure(const std::string& data, const Error& why);

} // namespace godwit::relay
