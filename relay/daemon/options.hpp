// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace godwit::relay {

struct Options {
    enum class Command { serve, check, repair } command = Command::serve;
    std::string data;
    std::string listen;
    std::string config; ///< Empty: defaults.
    std::string advertise;
    bool check_config = false;
    bool new_key = false;      ///< Beside a database with accounts.
    bool new_database = false; ///< Beside a key.
};

/// nullopt when there is nothing to run (help, version, or a mistake, which is on stderr): exit with `exit_code`.
[[nodiscard]] std::optional<Options> parse_options(int argc, char** argv, int& exit_code);

} // namespace godwit::relay
