// SPDX-License-Identifier: Apache-2.0
#include "lib/mls/group_info.hpp"

namespace godwit::mls {
namespace {

Bytes group_info_tbs(const GroupInfo& info)
{
    Writer io;
    GroupInfo::tls_content(io, info);
    return io.copy();
}

} // namespace

void sign_group_info(GroupInfo& info, const SignatureKeyPair& signer)
{
    info.signature = sign_with_label(signer, "GroupInfoTBS", group_info_tbs(info));
}

bool verify_group_info(const GroupInfo& info, BytesView signature_key)
{
    const CipherSuite suite = info.group_context.cipher_suite;
    return is_supported(suite) &&
           verify_with_label(suite, signature_key, "GroupInfoTBS", group_info_tbs(info), info.signature);
}

Bytes seal_group_info(CipherSuite suite, BytesView welcome_secret, const GroupInfo& info)
{
    const WipedBytes key = expand_with_label(welcome_secret, "key", {}, aead_nk(suite));
    const WipedBytes nonce = expand_with_label(welcome_secret, "nonce", {}, aead_nn);
    return crypto::aead_suite_seal(aead_of(suite), key, nonce, {}, encode(info));
}

MlsResult<GroupInfo> open_group_info(CipherSuite suite, BytesView welcome_secret, BytesView encrypted_group_info)
{
    const WipedBytes key = expand_with_label(welcome_secret, "key", {}, aead_nk(suite));
    const WipedBytes nonce = expand_with_label(welcome_secret, "nonce", {}, aead_nn);
    const auto plaintext = crypto::aead_suite_open(aead_of(suite), key, nonce, {}, encrypted_group_info);
    if (!plaintext) return MlsError::group_info_decrypt_failed;
    return decode<GroupInfo>(*plaintext);
}

} // namespace godwit::mls
