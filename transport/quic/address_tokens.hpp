// SPDX-License-Identifier: Apache-2.0
// What servers have given this client to prove its address by when it comes again (NEW_TOKEN, RFC 9000 section 8.1.3):
// with one the handshake begins at once, without one a server that proves addresses asks for a round trip (Retry).
#pragma once

#include "lib/base/bytes.hpp"
#include "transport/loop/address.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace godwit::quic {

class AddressTokens {
public:
    /// Servers of which one is kept; the oldest makes room. A relay has an address or two.
    static constexpr std::size_t servers_max = 4;
    /// Ours have 57 bytes. A server may send anything, and it travels in our first packet.
    static constexpr std::size_t token_bytes_max = 256;

    /// The newest of a server counts. One that is too long is not kept.
    void keep(const loop::Address& server, BytesView token)
    {
        if (token.empty() || token.size() > token_bytes_max) return;
        static_cast<void>(take(server));
        const auto room =
            std::find_if(kept_.begin(), kept_.end() - 1, [](const Kept& one) { return one.token.empty(); });
        std::rotate(kept_.begin(), room, room + 1);
        kept_.front() = {server, to_bytes(token)};
    }
    /// Takes it out: a token that is shown twice tells who watches that both came from one client. Empty: there is
    /// none.
    [[nodiscard]] Bytes take(const loop::Address& server)
    {
        for (auto& one : kept_)
            if (!one.token.empty() && one.server == server) return std::exchange(one.token, {});
        return {};
    }

private:
    struct Kept {
        loop::Address server;
        Bytes token;
    };
    std::array<Kept, servers_max> kept_;
};

} // namespace godwit::quic
