// SPDX-License-Identifier: Apache-2.0
// The key schedule (RFC 9420 section 8): from init, commit and PSK secrets to everything that an epoch needs.
#pragma once

#include "lib/mls/framing.hpp"

namespace godwit::mls {

/// One resolved PSK: what the messages call it, and the key itself.
struct ResolvedPsk {
    PreSharedKeyID id;
    WipedBytes psk;
};
/// Section 8.4. All zeroes for an empty list.
[[nodiscard]] WipedBytes compute_psk_secret(const std::vector<ResolvedPsk>& psks);

/// Table 4 of section 8, and the init secret for the next epoch. encryption_secret leaves at once for a SecretTree.
struct EpochSecrets {
    WipedBytes sender_data_secret;
    WipedBytes exporter_secret;
    WipedBytes external_secret;
    WipedBytes confirmation_key;
    WipedBytes membership_key;
    WipedBytes resumption_psk;
    WipedBytes epoch_authenticator;
    WipedBytes init_secret;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.sender_data_secret, s.exporter_secret, s.external_secret, s.confirmation_key, s.membership_key,
           s.resumption_psk, s.epoch_authenticator, s.init_secret);
    }
};

struct DerivedEpoch {
    EpochSecrets secrets;
    WipedBytes encryption_secret;
};

/// `encoded_context` is GroupContext_[n].
[[nodiscard]] WipedBytes derive_joiner_secret(BytesView init_secret, BytesView commit_secret,
                                              BytesView encoded_context);
[[nodiscard]] WipedBytes derive_welcome_secret(BytesView joiner_secret, BytesView psk_secret);
[[nodiscard]] DerivedEpoch derive_epoch(BytesView joiner_secret, BytesView psk_secret, BytesView encoded_context);
/// From the epoch secret itself: how a group is created (section 11).
[[nodiscard]] DerivedEpoch derive_epoch_secrets(BytesView epoch_secret);

[[nodiscard]] HpkeKeyPair derive_external_key_pair(CipherSuite suite, BytesView external_secret);
/// Section 8.3: the joiner's side, and the members'.
struct ExternalInitSecret {
    Bytes kem_output;
    WipedBytes init_secret;
};
[[nodiscard]] MlsResult<ExternalInitSecret> create_external_init(CipherSuite suite, BytesView external_pub,
                                                                 port::Entropy& entropy);
[[nodiscard]] MlsResult<WipedBytes> open_external_init(CipherSuite suite, BytesView external_secret,
                                                       BytesView kem_output);

/// MLS-Exporter, section 8.5.
[[nodiscard]] MlsResult<WipedBytes> mls_exporter(BytesView exporter_secret, std::string_view label, BytesView context,
                                                 std::size_t length_bytes);

/// Section 8.2.
[[nodiscard]] Bytes confirmed_transcript_hash(BytesView interim_before, const AuthenticatedContent& commit);
[[nodiscard]] Bytes interim_transcript_hash(BytesView confirmed, const Bytes& confirmation_tag);

} // namespace godwit::mls
