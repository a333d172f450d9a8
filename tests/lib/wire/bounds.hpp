// SPDX-License-Identifier: Apache-2.0
// Every bound of the protocol, and an encoding with as many as one likes.
#pragma once

#include "tests/lib/wire/samples.hpp"

#include <functional>

namespace godwit::wire::test {

struct Bound {
    const char* name;
    std::size_t limit;
    Again again;
    std::function<Bytes(std::size_t)> with; ///< The encoding with this many.
    bool floor_is_one = false;              ///< Zero is refused too.
};

[[nodiscard]] std::vector<Bound> bounds();

inline std::string text(std::size_t n)
{
    return std::string(n, 'x');
}

inline Bytes blob(std::size_t n)
{
    return Bytes(n, 0x5a);
}

inline Bytes client(relay::RequestBody body)
{
    return encode(relay::ClientFrame(relay::Request{1, std::move(body)}));
}

inline Bytes server(relay::ServerFrame frame)
{
    return encode(frame);
}

} // namespace godwit::wire::test
