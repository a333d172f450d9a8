// SPDX-License-Identifier: Apache-2.0
#include "media/device/sound.hpp"

namespace godwit::device {

namespace {

Error none()
{
    return {ErrorCode::unsupported,
            "this build of godwit knows no sound devices: install PortAudio and build with -Ddevices=enabled, or name "
            "a file",
            0};
}

} // namespace

Result<std::unique_ptr<Sound>> open_sound(SoundConfig)
{
    return none();
}

Result<void> check_sound(const std::optional<std::string>& source, const std::optional<std::string>& sink)
{
    return source || sink ? Result<void>(none()) : Result<void>();
}

Result<std::vector<CallDevice>> list_sound()
{
    return none();
}

} // namespace godwit::device
