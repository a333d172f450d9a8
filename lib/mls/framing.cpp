// SPDX-License-Identifier: Apache-2.0
#include "lib/mls/framing.hpp"
#include "lib/base/check.hpp"

#include <algorithm>

namespace godwit::mls {
namespace {

// FramedContentTBS of section 6.1.
Writer framed_content_tbs(const AuthenticatedContent& content, BytesView encoded_context)
{
    Writer io;
    io(ProtocolVersion::mls10, content.wire_format, content.content);
    const SenderType sender = content.content.sender.sender_type;
    if (sender == SenderType::member || sender == SenderType::new_member_commit) io.raw(encoded_context);
    return io;
}

MessageKey sender_data_key(CipherSuite suite, BytesView sender_data_secret, BytesView ciphertext)
{
    const BytesView sample = ciphertext.first(std::min(ciphertext.size(), kdf_nh));
    return {expand_with_label(sender_data_secret, "key", sample, aead_nk(suite)),
            expand_with_label(sender_data_secret, "nonce", sample, aead_nn)};
}

Bytes sender_data_aad(const PrivateMessage& message)
{
    Writer io;
    io(message.group_id, message.epoch, message.content_type);
    return io.copy();
}

Bytes private_content_aad(const PrivateMessage& message)
{
    Writer io;
    io(message.group_id, message.epoch, message.content_type, message.authenticated_data);
    return io.copy();
}

WipedBytes guarded(const WipedBytes& nonce, const SenderData& sender_data)
{
    WipedBytes out = nonce;
    for (std::size_t i = 0; i < sender_data.reuse_guard.size(); ++i)
        out[i] ^= sender_data.reuse_guard[i];
    return out;
}

} // namespace

void sign_content(AuthenticatedContent& content, BytesView encoded_context, const SignatureKeyPair& signer)
{
    const Writer tbs = framed_content_tbs(content, encoded_context);
    content.auth.signature = sign_with_label(signer, "FramedContentTBS", tbs.view());
}

MlsError verify_content(const AuthenticatedContent& content, CipherSuite suite, BytesView encoded_context,
                        BytesView signature_key)
{
    const Writer tbs = framed_content_tbs(content, encoded_context);
    const bool good = verify_with_label(suite, signature_key, "FramedContentTBS", tbs.view(), content.auth.signature);
    return good ? MlsError::none : MlsError::bad_signature;
}

Bytes compute_membership_tag(const AuthenticatedContent& content, BytesView encoded_context, BytesView membership_key)
{
    // AuthenticatedContentTBM = FramedContentTBS || FramedContentAuthData.
    Writer tbm = framed_content_tbs(content, encoded_context);
    FramedContentAuthData::tls_for(tbm, content.auth, content.content.content_type());
    return mac(membership_key, tbm.view());
}

Bytes make_proposal_ref(const AuthenticatedContent& content)
{
    return ref_hash("MLS 1.0 Proposal Reference", encode(content));
}

PrivateMessage seal_private_message(CipherSuite suite, const AuthenticatedContent& content, const MessageKey& key,
                                    const SenderData& sender_data, BytesView sender_data_secret,
                                    std::size_t padding_bytes)
{
    const FramedContent& framed = content.content;
    GODWIT_ASSERT(framed.sender.sender_type == SenderType::member && framed.sender.index == sender_data.leaf_index);
    PrivateMessage out;
    out.group_id = framed.group_id;
    out.epoch = framed.epoch;
    out.content_type = framed.content_type();
    out.authenticated_data = framed.authenticated_data;

    Writer plaintext;
    FramedContent::tls_select(plaintext, framed, framed.content_type());
    FramedContentAuthData::tls_for(plaintext, content.auth, framed.content_type());
    plaintext.raw(Bytes(padding_bytes, 0));
    out.ciphertext = crypto::aead_suite_seal(aead_of(suite), key.key, guarded(key.nonce, sender_data),
                                             private_content_aad(out), plaintext.view());

    const MessageKey outer = sender_data_key(suite, sender_data_secret, out.ciphertext);
    out.encrypted_sender_data = crypto::aead_suite_seal(aead_of(suite), outer.key, outer.nonce, sender_data_aad(out),
                                                        encode_secret(sender_data));
    return out;
}

MlsResult<SenderData> open_sender_data(CipherSuite suite, const PrivateMessage& message, BytesView sender_data_secret)
{
    const MessageKey outer = sender_data_key(suite, sender_data_secret, message.ciphertext);
    const auto plaintext = crypto::aead_suite_open(aead_of(suite), outer.key, outer.nonce, sender_data_aad(message),
                                                   message.encrypted_sender_data);
    if (!plaintext) return MlsError::bad_sender_data;
    auto out = decode<SenderData>(*plaintext);
    if (!out) return MlsError::bad_sender_data;
    return out;
}

MlsResult<AuthenticatedContent> open_private_message(CipherSuite suite, const PrivateMessage& message,
                                                     const SenderData& sender_data, const MessageKey& key,
                                                     const ProposalBodies* bodies)
{
    const auto plaintext = crypto::aead_suite_open(aead_of(suite), key.key, guarded(key.nonce, sender_data),
                                                   private_content_aad(message), message.ciphertext);
    if (!plaintext) return MlsError::bad_ciphertext;
    AuthenticatedContent out;
    out.wire_format = WireFormat::mls_private_message;
    out.content.group_id = message.group_id;
    out.content.epoch = message.epoch;
    out.content.sender = {SenderType::member, sender_data.leaf_index};
    out.content.authenticated_data = message.authenticated_data;
    Reader io(*plaintext, bodies);
    FramedContent::tls_select(io, out.content, message.content_type);
    FramedContentAuthData::tls_for(io, out.auth, message.content_type);
    if (io.error() != MlsError::none) return io.error();
    const BytesView padding = io.rest();
    if (!std::all_of(padding.begin(), padding.end(), [](auto octet) { return octet == 0; }))
        return MlsError::nonzero_padding;
    return out;
}

} // namespace godwit::mls
