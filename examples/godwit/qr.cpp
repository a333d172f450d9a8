// SPDX-License-Identifier: Apache-2.0
#include "qr.hpp"

#if defined(GODWIT_WITH_QRENCODE)

#include <memory>

#include <qrencode.h>

namespace {

struct Freed {
    void operator()(QRcode* code) const { QRcode_free(code); }
};

constexpr const char* black_on_white = "\x1b[38;5;16;48;5;231m";
constexpr const char* as_before = "\x1b[0m";

} // namespace

std::string qr_text(const std::string& text)
{
    // Level L: a screen has no scratches, and a smaller symbol fits more terminals. Version 0: the smallest that holds
    // it.
    const std::unique_ptr<QRcode, Freed> code(QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_L));
    if (!code) return {};
    const auto dark = [&code](int x, int y) {
        const int width = code->width;
        return x >= 0 && y >= 0 && x < width && y < width && (code->data[y * width + x] & 1) != 0;
    };
    std::string out;
    const int end = code->width + qr_quiet_zone;
    for (int y = -qr_quiet_zone; y < end; y += 2) {
        if (!out.empty()) out += '\n';
        out += black_on_white;
        for (int x = -qr_quiet_zone; x < end; ++x) {
            const bool upper = dark(x, y);
            const bool lower = dark(x, y + 1);
            out += upper ? (lower ? "█" : "▀") : (lower ? "▄" : " ");
        }
        out += as_before;
    }
    return out;
}

#else

std::string qr_text(const std::string&)
{
    return {};
}

#endif
