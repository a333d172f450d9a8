// SPDX-License-Identifier: Apache-2.0
// What the names in CallDevices mean.
#pragma once

#include <godwit/call.hpp>
#include <godwit/result.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::media_host {

/// "app" or "none".
[[nodiscard]] bool is_word(const std::string& name);
/// Of "sound", "sound:NAME", "camera", "camera:NAME": the name, empty for the default; nullopt: it is not of that kind.
[[nodiscard]] std::optional<std::string> of_machine(const std::string& name, std::string_view kind);
[[nodiscard]] Error about(std::string_view device, const std::string& name, Error why);
/// Whether a file may be made at that path. Errors: invalid_argument.
using MayMake = std::function<Result<void>(const std::string& path)>;
/// Sources can be read, sinks made without a loss, devices are there. `allowed`: asked of each file that is to be made;
/// empty: any may be. Errors: no_such_file, invalid_argument, unsupported.
[[nodiscard]] Result<void> check_names(const CallDevices& names, const MayMake& allowed = {});
/// Of this machine, by the names that CallDevices has. Errors: unsupported.
[[nodiscard]] Result<std::vector<CallDevice>> list_devices();

} // namespace godwit::media_host
