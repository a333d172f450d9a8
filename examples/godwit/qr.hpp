// SPDX-License-Identifier: Apache-2.0
// A text as a QR code (ISO/IEC 18004) in the characters of a terminal.
#pragma once

#include <string>

/// Lines with a newline between them; two modules a character, by half blocks. Black on white whatever the terminal's
/// own colours are: many cameras do not read the inverse. Empty when this build has no QR codes, or the text is too
/// long for one.
[[nodiscard]] std::string qr_text(const std::string& text);

/// Light modules around the symbol on each side: ISO/IEC 18004 section 5.3.8 asks for four.
inline constexpr int qr_quiet_zone = 4;
