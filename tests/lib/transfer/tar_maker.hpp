// SPDX-License-Identifier: Apache-2.0
// Tar archives as any tar makes them, for tests of packs of stickers.
#pragma once

#include "lib/base/bytes.hpp"

#include <cstdio>
#include <string>
#include <string_view>

namespace godwit::transfer::test {

class TarMaker {
public:
    TarMaker& file(std::string_view name, BytesView content, char type = '0')
    {
        Bytes header(512);
        const auto put = [&](std::size_t at, std::string_view text) {
            std::copy(text.begin(), text.end(), header.begin() + static_cast<std::ptrdiff_t>(at));
        };
        const auto octal = [](std::size_t number, int digits) {
            char out[24];
            std::snprintf(out, sizeof out, "%0*zo", digits, number);
            return std::string(out);
        };
        put(0, name.substr(0, 100));
        put(100, "0000644");
        put(124, octal(content.size(), 11));
        put(148, "        ");
        header[156] = static_cast<std::uint8_t>(type);
        put(257, std::string_view("ustar\0"
                                  "00",
                                  8));
        std::size_t sum = 0;
        for (const auto byte : header)
            sum += byte;
        put(148, octal(sum, 6) + std::string(1, '\0') + " ");
        append(bytes, header);
        append(bytes, content);
        bytes.resize((bytes.size() + 511) / 512 * 512);
        return *this;
    }
    TarMaker& file(std::string_view name, std::string_view content, char type = '0')
    {
        return file(name, as_bytes(content), type);
    }
    [[nodiscard]] Bytes done() const
    {
        auto out = bytes;
        out.resize(out.size() + 1024);
        return out;
    }

    Bytes bytes;
};

} // namespace godwit::transfer::test
