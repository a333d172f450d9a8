// SPDX-License-Identifier: Apache-2.0
// Microphone and loudspeaker of a call: Qt Multimedia, where the build has it (sound.cpp); else nothing.
#pragma once

#include <godwit/client.hpp>

#include <memory>

/// Runs as long as it lives.
class CallSound {
public:
    CallSound() = default;
    virtual ~CallSound() = default;
    CallSound(const CallSound&) = delete;
    CallSound& operator=(const CallSound&) = delete;
};

[[nodiscard]] bool has_sound();
/// Only those directions that `devices` leaves to the application. Null: none of them, or no sound card.
[[nodiscard]] std::unique_ptr<CallSound> start_sound(godwit::Client& client, const godwit::CallId& call,
                                                     const godwit::CallDevices& devices);
