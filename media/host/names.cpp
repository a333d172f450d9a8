// SPDX-License-Identifier: Apache-2.0
#include "media/host/names.hpp"

#include "media/codec/video.hpp"
#include "media/device/camera.hpp"
#include "media/device/sound.hpp"
#include "media/pipeline/picture_file.hpp"
#include "media/pipeline/sound_file.hpp"

#include <filesystem>

namespace godwit::media_host {

namespace {

/// A file can be made there, and nothing is lost by it; it is made when the call has media. `sources`: what is read
/// meanwhile.
Result<void> may_make(const char* device, const std::string& name, std::initializer_list<const std::string*> sources,
                      const MayMake& allowed)
{
    const auto refuse = [&](const char* why) { return about(device, name, {ErrorCode::invalid_argument, why, 0}); };
    std::error_code trouble;
    const std::filesystem::path path(name);
    const auto folder = path.parent_path().empty() ? std::filesystem::path(".") : path.parent_path();
    if (std::filesystem::is_directory(path, trouble) || path.filename().empty())
        return refuse("this is a folder: name a file in it");
    if (!std::filesystem::is_directory(folder, trouble)) return refuse("there is no folder for it: make it first");
    const bool is_there = std::filesystem::exists(std::filesystem::status(path, trouble));
    // A pipe would have the call wait for its reader.
    if (is_there && !std::filesystem::is_regular_file(path, trouble)) return refuse("this is no ordinary file");
    // It may be anything under its other name, as a file of this client's home.
    if (is_there && std::filesystem::hard_link_count(path, trouble) > 1)
        return refuse("this file has another name, too (a hard link): name one of its own");
    for (const auto* source : sources)
        if (is_there && std::filesystem::equivalent(path, *source, trouble))
            return refuse("this call reads that file: name another");
    if (allowed)
        if (auto may = allowed(name); !may) return about(device, name, may.error());
    return {};
}

/// Pictures that can be sent, one at least.
Result<void> has_pictures(const std::string& path)
{
    auto opened = pipeline::Y4mReader::open(path);
    if (!opened) return opened.error();
    if (opened->width() < codec::video_side_min || opened->height() < codec::video_side_min)
        return Error{ErrorCode::invalid_argument,
                     "its pictures are too small: " + std::to_string(codec::video_side_min) + " on each side, at least",
                     0};
    const auto first = opened->read();
    if (!first || !*first) return Error{ErrorCode::invalid_argument, "there is no whole picture in it", 0};
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

Result<void> check_names(const CallDevices& names, const MayMake& allowed)
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
        if (const auto may = has_pictures(names.video_source); !may)
            return about("video_source", names.video_source, may.error());
    const bool sound_made = !is_word(names.audio_sink) && !loudspeaker, pictures_made = !is_word(names.video_sink);
    const auto sources = {&names.audio_source, &names.video_source};
    if (sound_made)
        if (auto may = may_make("audio_sink", names.audio_sink, sources, allowed); !may) return may;
    if (pictures_made)
        if (auto may = may_make("video_sink", names.video_sink, sources, allowed); !may) return may;
    std::error_code trouble;
    if (sound_made && pictures_made &&
        std::filesystem::weakly_canonical(names.audio_sink, trouble) ==
            std::filesystem::weakly_canonical(names.video_sink, trouble))
        return about("video_sink", names.video_sink,
                     {ErrorCode::invalid_argument, "the sound goes there: name another file", 0});
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
