// SPDX-License-Identifier: Apache-2.0
#include "media/host/names.hpp"

#include "media/device/camera.hpp"
#include "media/device/sound.hpp"
#include "media/pipeline/picture_file.hpp"
#include "media/pipeline/sound_file.hpp"

#include <filesystem>

namespace godwit::media_host {

namespace {

/// A folder that can be written into is there; the file itself is made when the call has media.
Result<void> may_make(const char* device, const std::string& name)
{
    std::error_code trouble;
    const std::filesystem::path path(name);
    const auto folder = path.parent_path().empty() ? std::filesystem::path(".") : path.parent_path();
    if (std::filesystem::is_directory(path, trouble) || path.filename().empty())
        return about(device, name, {ErrorCode::invalid_argument, "this is a folder: name a file in it", 0});
    if (!std::filesystem::is_directory(folder, trouble))
        return about(device, name, {ErrorCode::invalid_argument, "there is no folder for it: make it first", 0});
    return {};
}

} // namespace

bool is_word(const std::string& name)
{
    return name == "app" || name == "none";
}

std::optional<std::string> of_machine(const std::string& name, std::string_view kind)
{
    if (name == kind) return std::string();
    if (name.size() > kind.size() && name.starts_with(kind) && name[kind.size()] == ':')
        return name.substr(kind.size() + 1);
    return std::nullopt;
}

Error about(std::string_view device, const std::string& name, Error why)
{
    why.detail = std::string(device) + " \"" + name + "\": " + why.detail;
    return why;
}

Result<void> check_names(const CallDevices& names)
{
    const auto microphone = of_machine(names.audio_source, "sound"),
               loudspeaker = of_machine(names.audio_sink, "sound");
    if (microphone)
        if (const auto there = device::check_sound(microphone, std::nullopt); !there)
            return about("audio_source", names.audio_source, there.error());
    if (loudspeaker)
        if (const auto there = device::check_sound(std::nullopt, loudspeaker); !there)
            return about("audio_sink", names.audio_sink, there.error());
    const auto camera = of_machine(names.video_source, "camera");
    if (camera) {
        const auto system = device::system_v4l2();
        if (const auto there = device::check_camera(*camera, system.get()); !there)
            return about("video_source", names.video_source, there.error());
    }
    if (!is_word(names.audio_source) && !microphone && names.audio_source != "tone")
        if (const auto opened = pipeline::SoundReader::open(names.audio_source); !opened)
            return about("audio_source", names.audio_source, opened.error());
    if (!is_word(names.video_source) && !camera && names.video_source != "pattern")
        if (const auto opened = pipeline::Y4mReader::open(names.video_source); !opened)
            return about("video_source", names.video_source, opened.error());
    if (!is_word(names.audio_sink) && !loudspeaker)
        if (auto may = may_make("audio_sink", names.audio_sink); !may) return may;
    if (!is_word(names.video_sink))
        if (auto may = may_make("video_sink", names.video_sink); !may) return may;
    return {};
}

Result<std::vector<CallDevice>> list_devices()
{
    const auto system = device::system_v4l2();
    auto sound = device::list_sound();
    if (!sound && system == nullptr) return sound.error();
    std::vector<CallDevice> out;
    if (sound)
        for (auto& one : *sound) {
            one.name = "sound:" + one.name;
            out.push_back(std::move(one));
        }
    if (auto cameras = device::list_cameras(system.get()))
        for (auto& one : *cameras) {
            one.name = "camera:" + one.name;
            out.push_back(std::move(one));
        }
    return out;
}

} // namespace godwit::media_host
