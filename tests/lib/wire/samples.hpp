// SPDX-License-Identifier: Apache-2.0
// One value of each kind with its bytes: name -> value -> hex. docs/protocol.md shows the same hex, a test compares.
#pragma once

#include "lib/wire/content.hpp"
#include "lib/wire/frames.hpp"
#include "lib/wire/notice.hpp"

#include <optional>
#include <string>
#include <vector>

namespace godwit::wire::test {

/// Decodes and encodes again; nullopt when refused.
using Again = std::optional<Bytes> (*)(BytesView);

struct Sample {
    std::string name;
    Bytes encoded;   ///< What the codec wrote.
    const char* hex; ///< What it has to be; written by another, independent encoder.
    Again again;
};

template <class T>
T filled(std::uint8_t byte)
{
    T out;
    out.bytes.fill(byte);
    return out;
}

inline constexpr std::int64_t t = 1700000000000;

inline PublicKey key(std::uint8_t byte)
{
    return filled<PublicKey>(byte);
}

inline MessageId message(std::uint8_t byte)
{
    return filled<MessageId>(byte);
}

[[nodiscard]] std::vector<Sample> samples();
[[nodiscard]] std::vector<Sample> client_samples(); ///< Of what a device sends to its relay; samples() has them too.
[[nodiscard]] std::vector<Sample> server_samples();
[[nodiscard]] std::vector<Sample> content_samples();

[[nodiscard]] std::optional<Bytes> again_content(BytesView bytes);
[[nodiscard]] std::optional<Bytes> again_body(BytesView bytes);
[[nodiscard]] std::optional<Bytes> again_extra(BytesView bytes);
[[nodiscard]] std::optional<Bytes> again_edition(BytesView bytes);
[[nodiscard]] std::optional<Bytes> again_signal(BytesView bytes);
[[nodiscard]] std::optional<Bytes> again_certificate(BytesView bytes);
[[nodiscard]] std::optional<Bytes> again_device_list(BytesView bytes);
[[nodiscard]] std::optional<Bytes> again_notice(BytesView bytes);
[[nodiscard]] std::optional<Bytes> again_ice_signal(BytesView bytes);
[[nodiscard]] std::optional<Bytes> again_peer(BytesView bytes);
[[nodiscard]] std::optional<Bytes> again_client(BytesView bytes);
[[nodiscard]] std::optional<Bytes> again_server(BytesView bytes);

} // namespace godwit::wire::test
