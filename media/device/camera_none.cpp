// SPDX-License-Identifier: Apache-2.0
#include "media/device/camera.hpp"

namespace godwit::device {

namespace {

Error none()
{
    return {ErrorCode::unsupported, "this build of godwit knows no cameras: name a Y4M file", 0};
}

} // namespace

std::shared_ptr<V4l2> system_v4l2()
{
    return nullptr;
}

Result<std::unique_ptr<Camera>> open_camera(CameraConfig, std::shared_ptr<V4l2>)
{
    return none();
}

Result<void> check_camera(const std::string&, V4l2*)
{
    return none();
}

Result<std::vector<CallDevice>> list_cameras(V4l2*)
{
    return std::vector<CallDevice>{};
}

} // namespace godwit::device
