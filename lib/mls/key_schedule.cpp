// SPDX-License-Identifier: Apache-2.0
#include "lib/mls/key_schedule.hpp"

namespace godwit::mls {
namespace {

constexpr std::string_view external_init_label = "MLS 1.0 external init secret";

WipedBytes zeroes()
{
    return WipedBytes(kdf_nh, 0);
}

} // namespace

WipedBytes compute_psk_secret(const std::vector<ResolvedPsk>& psks)
{
    WipedBytes out = zeroes();
    std::uint16_t index = 0;
    for (const ResolvedPsk& psk : psks) {
        const WipedBytes extracted = crypto::hkdf_extract(zeroes(), {psk.psk});
        Writer label; // PSKLabel
        label(psk.id, index, static_cast<std::uint16_t>(psks.size()));
        const WipedBytes input = expand_with_label(extracted, "derived psk", label.view(), kdf_nh);
        out = crypto::hkdf_extract(input, {out});
        ++index;
    }
    return out;
}

WipedBytes derive_joiner_secret(BytesView init_secret, BytesView commit_secret, BytesView encoded_context)
{
    const WipedBytes extracted = crypto::hkdf_extract(init_secret, {commit_secret});
    return expand_with_label(extracted, "joiner", encoded_context, kdf_nh);
}

WipedBytes derive_welcome_secret(BytesView joiner_secret, BytesView psk_secret)
{
    return derive_secret(crypto::hkdf_extract(joiner_secret, {psk_secret}), "welcome");
}

DerivedEpoch derive_epoch(BytesView joiner_secret, BytesView psk_secret, BytesView encoded_context)
{
    const WipedBytes extracted = crypto::hkdf_extract(joiner_secret, {psk_secret});
    return derive_epoch_secrets(expand_with_label(extracted, "epoch", encoded_context, kdf_nh));
}

DerivedEpoch derive_epoch_secrets(BytesView epoch_secret)
{
    DerivedEpoch out;
    EpochSecrets& secrets = out.secrets;
    secrets.sender_data_secret = derive_secret(epoch_secret, "sender data");
    out.encryption_secret = derive_secret(epoch_secret, "encryption");
    secrets.exporter_secret = derive_secret(epoch_secret, "exporter");
    secrets.external_secret = derive_secret(epoch_secret, "external");
    secrets.confirmation_key = derive_secret(epoch_secret, "confirm");
    secrets.membership_key = derive_secret(epoch_secret, "membership");
    secrets.resumption_psk = derive_secret(epoch_secret, "resumption");
    secrets.epoch_authenticator = derive_secret(epoch_secret, "authentication");
    secrets.init_secret = derive_secret(epoch_secret, "init");
    return out;
}

HpkeKeyPair derive_external_key_pair(CipherSuite suite, BytesView external_secret)
{
    return derive_hpke_key_pair(suite, external_secret);
}

MlsResult<ExternalInitSecret> create_external_init(CipherSuite suite, BytesView external_pub, port::Entropy& entropy)
{
    auto sender =
        crypto::hpke_setup_sender(hpke_of(suite), external_pub, {}, random_secret(entropy, crypto::hpke_key_bytes));
    if (!sender) return MlsError::external_pub_invalid;
    return ExternalInitSecret{std::move(sender->enc),
                              sender->context.export_secret(as_bytes(external_init_label), kdf_nh)};
}

MlsResult<WipedBytes> open_external_init(CipherSuite suite, BytesView external_secret, BytesView kem_output)
{
    const auto receiver =
        crypto::hpke_setup_receiver(hpke_of(suite), kem_output, derive_external_key_pair(suite, external_secret), {});
    if (!receiver) return MlsError::bad_external_init;
    return receiver->export_secret(as_bytes(external_init_label), kdf_nh);
}

MlsResult<WipedBytes> mls_exporter(BytesView exporter_secret, std::string_view label, BytesView context,
                                   std::size_t length_bytes)
{
    if (length_bytes > crypto::hkdf_expand_bytes_max) return MlsError::export_too_long;
    return expand_with_label(derive_secret(exporter_secret, label), "exported", hash(context), length_bytes);
}

Bytes confirmed_transcript_hash(BytesView interim_before, const AuthenticatedContent& commit)
{
    Writer io; // interim_transcript_hash_[epoch - 1] || ConfirmedTranscriptHashInput
    io.raw(interim_before);
    io(commit.wire_format, commit.content, commit.auth.signature);
    return hash(io.view());
}

Bytes interim_transcript_hash(BytesView confirmed, const Bytes& confirmation_tag)
{
    Writer io;
    io.raw(confirmed);
    io(confirmation_tag);
    return hash(io.view());
}

} // namespace godwit::mls
