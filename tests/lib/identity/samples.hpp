// SPDX-License-Identifier: Apache-2.0
// Accounts and devices with fixed seeds. The expected bytes in these tests were worked out by another program (Python,
// with its own Ed25519, BLAKE2b and msgpack) from docs/protocol.md and the headers.
#pragma once

#include "lib/crypto/signing.hpp"
#include "lib/identity/device_list.hpp"

namespace godwit::identity::test {

inline Bytes seed(std::uint8_t byte)
{
    return Bytes(32, byte);
}
inline PublicKey key_of(std::uint8_t byte)
{
    return crypto::SigningKey::from_seed(seed(byte)).public_key();
}

inline const Bytes ann_seed = seed(1);
inline const PublicKey ann = key_of(1);
inline const PublicKey bob = key_of(3);

/// Ann's phone has the seed 2.
inline wire::DeviceCertificate certificate(std::uint8_t device = 2, const std::string& name = "phone",
                                           const std::string& user = "ann", const Bytes& account = ann_seed)
{
    wire::DeviceCertificate out;
    out.user = user;
    out.device = key_of(device);
    out.created_ms = 1;
    out.device_name = name;
    return sign_certificate(out, account);
}

inline constexpr const char* certificate_hex =
    "9720a3616e6ec4208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5cc4208139770ea87d175f56a35466c34c"
    "7ecccb8d8a91b4ee37a25df60f5b8fc9b39401a570686f6e65c4408fa11b012ba89a382dadb0161e7df59d8b59aa40a880c76d7a1ecb7af5"
    "19f396a818a4fb1a3da139c670c7ede910783f5d729be87f8a436b837bfd5908379c07";

template <class T>
ErrorCode code_of(const Result<T>& result)
{
    return result.ok() ? ErrorCode::ok : result.error().code;
}

} // namespace godwit::identity::test
