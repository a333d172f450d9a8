// SPDX-License-Identifier: Apache-2.0
// Private to options: subcommands with many words.
#pragma once

#include "relay/daemon/options.hpp"

namespace CLI {
class App;
}

namespace godwit::relay {

/// "90m", "36h", "7d": becomes milliseconds. Empty, or what is wrong with it: as CLI::Validator wants it.
[[nodiscard]] std::string read_lifetime(std::string& text);
void add_admin(CLI::App& app, Options& out);

} // namespace godwit::relay
