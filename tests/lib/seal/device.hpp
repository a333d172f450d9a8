// SPDX-License-Identifier: Apache-2.0
// A device with keys from a seed, for the tests of sealing.
#pragma once

#include "lib/crypto/exchange.hpp"
#include "lib/crypto/signing.hpp"
#include "lib/seal/certificate.hpp"
#include "lib/seal/sealer.hpp"
#include "tests/support/seeded_entropy.hpp"

namespace godwit::test {

struct Device {
    Bytes account_seed = Bytes(32);
    Bytes device_seed = Bytes(32);
    Bytes sealing_secret = Bytes(32);
    wire::DeviceCertificate certificate;

    explicit Device(std::uint64_t seed)
    {
        SeededEntropy entropy(seed);
        entropy.fill(account_seed);
        entropy.fill(device_seed);
        entropy.fill(sealing_secret);
        certificate.user = "user" + std::to_string(seed);
        certificate.device = crypto::SigningKey::from_seed(device_seed).public_key();
        certificate.sealing_key.bytes = crypto::exchange_public_key(sealing_secret);
        certificate.created_ms = 1;
        certificate.device_name = "laptop";
        certificate = seal::sign_certificate(certificate, account_seed);
    }

    [[nodiscard]] seal::DeviceKeys keys() const { return {certificate.device, device_seed, sealing_secret}; }
};

} // namespace godwit::test
