// SPDX-License-Identifier: Apache-2.0
// For who reads MLS messages without lib/mls: mls_outline.cpp, lib/policy.
#pragma once

#include "lib/base/bytes.hpp"

#include <cstdint>

namespace godwit::wire {

/// The TLS presentation language of RFC 9420 section 2.1, as far as is needed to walk over it. The first problem
/// sticks; later reads give zeroes.
class MlsWalker {
public:
    explicit MlsWalker(BytesView in) : in_(in) {}

    std::uint64_t integer(std::size_t size_bytes)
    {
        std::uint64_t out = 0;
        for (const auto octet : raw(size_bytes))
            out = (out << 8) | octet;
        return out;
    }
    BytesView raw(std::size_t size_bytes)
    {
        if (!good_ || size_bytes > in_.size()) {
            good_ = false;
            return {};
        }
        const auto out = in_.first(size_bytes);
        in_ = in_.subspan(size_bytes);
        return out;
    }
    /// opaque<V>: the length of section 2.1.2, in its shortest spelling.
    BytesView opaque()
    {
        const auto first = static_cast<std::uint8_t>(integer(1));
        const unsigned prefix = first >> 6U;
        if (prefix == 3) good_ = false;
        std::uint64_t length = first & 0x3fU;
        if (good_)
            for (const auto octet : raw((std::size_t{1} << prefix) - 1))
                length = (length << 8) | octet;
        if ((prefix == 1 && length < 64) || (prefix == 2 && length < 16'384)) good_ = false;
        return good_ ? raw(static_cast<std::size_t>(length)) : BytesView{};
    }
    void require(bool condition) { good_ = good_ && condition; }
    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] bool more() const { return good_ && !in_.empty(); }
    /// All was read, and all was right.
    [[nodiscard]] bool done() const { return good_ && in_.empty(); }

private:
    BytesView in_;
    bool good_ = true;
};

} // namespace godwit::wire
