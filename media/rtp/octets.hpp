// SPDX-License-Identifier: Apache-2.0
// Private to rtp: big-endian numbers out of bytes and into them. A reader that has come to the end stays there: what is
// read then is 0, and ok() says so once for a whole straight line of reads.
#pragma once

#include "lib/base/bytes.hpp"

namespace godwit::rtp {

class Reader {
public:
    explicit Reader(BytesView in) : rest_(in) {}

    [[nodiscard]] bool ok() const noexcept { return ok_; }
    [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }
    [[nodiscard]] bool done() const noexcept { return ok_ && rest_.empty(); }

    std::uint64_t number(std::size_t octets)
    {
        std::uint64_t out = 0;
        for (const std::uint8_t one : bytes(octets))
            out = out << 8 | one;
        return out;
    }
    std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
    /// Empty, and not ok, when there are fewer.
    BytesView bytes(std::size_t count)
    {
        if (!ok_ || count > rest_.size()) {
            ok_ = false;
            return {};
        }
        const BytesView out = rest_.first(count);
        rest_ = rest_.subspan(count);
        return out;
    }
    BytesView rest() { return bytes(rest_.size()); }

private:
    BytesView rest_;
    bool ok_ = true;
};

inline void put(Bytes& out, std::uint64_t number, std::size_t octets)
{
    for (std::size_t i = octets; i-- > 0;)
        out.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
}
inline void put8(Bytes& out, std::uint64_t number)
{
    put(out, number, 1);
}
inline void put16(Bytes& out, std::uint64_t number)
{
    put(out, number, 2);
}
inline void put32(Bytes& out, std::uint64_t number)
{
    put(out, number, 4);
}

} // namespace godwit::rtp
