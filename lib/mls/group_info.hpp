// SPDX-License-Identifier: Apache-2.0
// GroupContext (RFC 9420 section 8.1), GroupInfo, GroupSecrets and Welcome (section 12.4.3).
#pragma once

#include "lib/mls/proposal.hpp"

namespace godwit::mls {

struct GroupContext {
    ProtocolVersion version = ProtocolVersion::mls10;
    CipherSuite cipher_suite{};
    Bytes group_id;
    std::uint64_t epoch = 0;
    Bytes tree_hash;
    Bytes confirmed_transcript_hash;
    Extensions extensions;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.version);
        io.require(s.version == ProtocolVersion::mls10, MlsError::unsupported_version);
        io(s.cipher_suite, s.group_id, s.epoch, s.tree_hash, s.confirmed_transcript_hash, s.extensions);
    }
    friend bool operator==(const GroupContext&, const GroupContext&) = default;
};

struct GroupInfo {
    GroupContext group_context;
    Extensions extensions;
    Bytes confirmation_tag;
    LeafIndex signer = 0;
    Bytes signature;
    template <class Io, class Self>
    static void tls_content(Io& io, Self& s)
    {
        io(s.group_context, s.extensions, s.confirmation_tag, s.signer);
    }
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        tls_content(io, s);
        io(s.signature);
    }
};
void sign_group_info(GroupInfo& info, const SignatureKeyPair& signer);
[[nodiscard]] bool verify_group_info(const GroupInfo& info, BytesView signature_key);

struct PathSecret {
    WipedBytes path_secret;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.path_secret);
    }
};

struct GroupSecrets {
    WipedBytes joiner_secret;
    std::optional<PathSecret> path_secret;
    std::vector<PreSharedKeyID> psks;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.joiner_secret, s.path_secret, s.psks);
    }
};

struct EncryptedGroupSecrets {
    Bytes new_member; ///< KeyPackageRef.
    HPKECiphertext encrypted_group_secrets;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.new_member, s.encrypted_group_secrets);
    }
};

struct Welcome {
    CipherSuite cipher_suite{};
    std::vector<EncryptedGroupSecrets> secrets;
    Bytes encrypted_group_info;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.cipher_suite, s.secrets, s.encrypted_group_info);
    }
};

/// welcome_key and welcome_nonce of section 12.4.3.1, applied.
[[nodiscard]] Bytes seal_group_info(CipherSuite suite, BytesView welcome_secret, const GroupInfo& info);
[[nodiscard]] MlsResult<GroupInfo> open_group_info(CipherSuite suite, BytesView welcome_secret,
                                                   BytesView encrypted_group_info);

} // namespace godwit::mls
