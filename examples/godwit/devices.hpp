// SPDX-License-Identifier: Apache-2.0
// What is said to a person about devices, safety numbers and what happens to them: the same in the chat and in one-shot
// commands.
#pragma once

#include <godwit/client.hpp>

#include <string>
#include <vector>

/// "● 5f0c12ab  laptop  since 12:03  this device"
[[nodiscard]] std::string device_line(const godwit::Device& device);
/// The one that `word` means: its name, or how its id begins (device_word_length_min digits or more). Errors:
/// invalid_argument (none, or more than one).
[[nodiscard]] godwit::Result<godwit::DeviceId> device_of(const std::vector<godwit::Device>& devices,
                                                         const std::string& word);
inline constexpr std::size_t device_word_length_min = 4;
/// Digits of an id that are shown.
inline constexpr std::size_t device_shown_length = 8;

/// The number in lines as one reads it out, whether it was compared, and the code for the other side.
[[nodiscard]] std::string safety_text(const godwit::SafetyNumber& safety, const std::string& with);
/// One sentence, and what to do when there is something to do. `own_name`: empty when not known.
[[nodiscard]] std::string security_text(const godwit::event::Security& event, const std::string& own_name);
