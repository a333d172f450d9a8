// SPDX-License-Identifier: Apache-2.0
// Message framing (RFC 9420 section 6).
//
// Out: FramedContent -> sign_content -> AuthenticatedContent -> PublicMessage (membership_tag) or
// PrivateMessage (seal) -> MLSMessage. In: the same way back, each step with its own error.
#pragma once

#include "lib/mls/group_info.hpp"

namespace godwit::mls {

enum class ContentType : std::uint8_t { application = 1, proposal = 2, commit = 3 };
enum class SenderType : std::uint8_t { member = 1, external = 2, new_member_proposal = 3, new_member_commit = 4 };
/// Section 17.2.
enum class WireFormat : std::uint16_t {
    mls_public_message = 1,
    mls_private_message = 2,
    mls_welcome = 3,
    mls_group_info = 4,
    mls_key_package = 5,
};

struct Sender {
    SenderType sender_type = SenderType::member;
    std::uint32_t index = 0; ///< leaf_index of a member, sender_index of an external sender; else unused.
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.sender_type);
        if (s.sender_type == SenderType::member || s.sender_type == SenderType::external)
            io(s.index);
        else
            io.require(s.sender_type == SenderType::new_member_proposal ||
                           s.sender_type == SenderType::new_member_commit,
                       MlsError::invalid_enum);
    }
    friend bool operator==(const Sender&, const Sender&) = default;
};

struct FramedContent {
    Bytes group_id;
    std::uint64_t epoch = 0;
    Sender sender;
    Bytes authenticated_data;
    std::variant<Bytes, Proposal, Commit> content; ///< application_data, proposal, commit.

    [[nodiscard]] ContentType content_type() const noexcept { return static_cast<ContentType>(content.index() + 1); }
    /// The select over content_type alone, as PrivateMessageContent has it too.
    template <class Io, class Self>
    static void tls_select(Io& io, Self& s, ContentType type)
    {
        if constexpr (!Io::writes) {
            if (type == ContentType::application)
                s.content.template emplace<0>();
            else if (type == ContentType::proposal)
                s.content.template emplace<1>();
            else if (type == ContentType::commit)
                s.content.template emplace<2>();
            else
                return io.require(false, MlsError::invalid_enum);
        }
        std::visit([&](auto& body) { io(body); }, s.content);
    }
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.group_id, s.epoch, s.sender, s.authenticated_data);
        ContentType type = Io::writes ? s.content_type() : ContentType{};
        io(type);
        tls_select(io, s, type);
    }
};

struct FramedContentAuthData {
    Bytes signature;
    std::optional<Bytes> confirmation_tag; ///< For commits only.
    template <class Io, class Self>
    static void tls_for(Io& io, Self& s, ContentType type)
    {
        io(s.signature);
        if (type != ContentType::commit) return;
        if constexpr (!Io::writes) s.confirmation_tag.emplace();
        io.require(s.confirmation_tag.has_value(), MlsError::confirmation_tag_missing);
        if (s.confirmation_tag) io(*s.confirmation_tag);
    }
};

struct AuthenticatedContent {
    WireFormat wire_format = WireFormat::mls_public_message;
    FramedContent content;
    FramedContentAuthData auth;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.wire_format, s.content);
        FramedContentAuthData::tls_for(io, s.auth, s.content.content_type());
    }
};

struct PublicMessage {
    FramedContent content;
    FramedContentAuthData auth;
    Bytes membership_tag; ///< For members only.
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.content);
        FramedContentAuthData::tls_for(io, s.auth, s.content.content_type());
        if (s.content.sender.sender_type == SenderType::member) io(s.membership_tag);
    }
};

struct PrivateMessage {
    Bytes group_id;
    std::uint64_t epoch = 0;
    ContentType content_type = ContentType::application;
    Bytes authenticated_data;
    Bytes encrypted_sender_data;
    Bytes ciphertext;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.group_id, s.epoch, s.content_type);
        io.require(s.content_type >= ContentType::application && s.content_type <= ContentType::commit,
                   MlsError::invalid_enum);
        io(s.authenticated_data, s.encrypted_sender_data, s.ciphertext);
    }
};

struct MLSMessage {
    std::variant<PublicMessage, PrivateMessage, Welcome, GroupInfo, KeyPackage> body;
    [[nodiscard]] WireFormat wire_format() const noexcept { return static_cast<WireFormat>(body.index() + 1); }
    template <class T>
    [[nodiscard]] T* as() noexcept
    {
        return std::get_if<T>(&body);
    }
    template <class T>
    [[nodiscard]] const T* as() const noexcept
    {
        return std::get_if<T>(&body);
    }
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        auto version = ProtocolVersion::mls10;
        auto format = Io::writes ? s.wire_format() : WireFormat{};
        io(version);
        io.require(version == ProtocolVersion::mls10, MlsError::unsupported_version);
        io(format);
        if constexpr (!Io::writes) {
            switch (format) {
            case WireFormat::mls_public_message: s.body.template emplace<PublicMessage>(); break;
            case WireFormat::mls_private_message: s.body.template emplace<PrivateMessage>(); break;
            case WireFormat::mls_welcome: s.body.template emplace<Welcome>(); break;
            case WireFormat::mls_group_info: s.body.template emplace<GroupInfo>(); break;
            case WireFormat::mls_key_package: s.body.template emplace<KeyPackage>(); break;
            default: return io.require(false, MlsError::unknown_wire_format);
            }
        }
        std::visit([&](auto& body) { io(body); }, s.body);
    }
};

struct SenderData {
    LeafIndex leaf_index = 0;
    std::uint32_t generation = 0;
    std::array<std::uint8_t, 4> reuse_guard{};
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.leaf_index, s.generation, s.reuse_guard);
    }
};

/// `encoded_context`: the GroupContext, encoded; used where FramedContentTBS has it (section 6.1).
void sign_content(AuthenticatedContent& content, BytesView encoded_context, const SignatureKeyPair& signer);
[[nodiscard]] MlsError verify_content(const AuthenticatedContent& content, CipherSuite suite, BytesView encoded_context,
                                      BytesView signature_key);
/// Section 6.2.
[[nodiscard]] Bytes compute_membership_tag(const AuthenticatedContent& content, BytesView encoded_context,
                                           BytesView membership_key);
[[nodiscard]] Bytes make_proposal_ref(const AuthenticatedContent& content);

/// A key and nonce of the secret tree, used once.
struct MessageKey {
    WipedBytes key;
    WipedBytes nonce;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.key, s.nonce);
    }
};

/// Sections 6.3.1 and 6.3.2. Precondition: a member sent `content`. Adds `padding_bytes` zeroes.
[[nodiscard]] PrivateMessage seal_private_message(CipherSuite suite, const AuthenticatedContent& content,
                                                  const MessageKey& key, const SenderData& sender_data,
                                                  BytesView sender_data_secret, std::size_t padding_bytes);
[[nodiscard]] MlsResult<SenderData> open_sender_data(CipherSuite suite, const PrivateMessage& message,
                                                     BytesView sender_data_secret);
/// Does not verify the signature.
[[nodiscard]] MlsResult<AuthenticatedContent> open_private_message(CipherSuite suite, const PrivateMessage& message,
                                                                   const SenderData& sender_data, const MessageKey& key,
                                                                   const ProposalBodies* bodies = nullptr);

} // namespace godwit::mls
