// SPDX-License-Identifier: Apache-2.0
// Proposals, update paths and commits (RFC 9420 sections 7.6, 8.4, 12.1 and 12.4).
#pragma once

#include "lib/mls/key_package.hpp"

#include <functional>
#include <map>
#include <variant>

namespace godwit::mls {

enum class PSKType : std::uint8_t { external = 1, resumption = 2 };
enum class ResumptionPSKUsage : std::uint8_t { application = 1, reinit = 2, branch = 3 };

struct PreSharedKeyID {
    PSKType psktype = PSKType::external;
    Bytes psk_id;                                               ///< external only.
    ResumptionPSKUsage usage = ResumptionPSKUsage::application; ///< resumption only, as the next two.
    Bytes psk_group_id;
    std::uint64_t psk_epoch = 0;
    Bytes psk_nonce; ///< Fresh and KDF.Nh long for each use.
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.psktype);
        if (s.psktype == PSKType::external)
            io(s.psk_id);
        else if (s.psktype == PSKType::resumption) {
            io(s.usage, s.psk_group_id, s.psk_epoch);
            io.require(s.usage >= ResumptionPSKUsage::application && s.usage <= ResumptionPSKUsage::branch,
                       MlsError::invalid_enum);
        } else
            io.require(false, MlsError::invalid_enum);
        io(s.psk_nonce);
    }
    friend bool operator==(const PreSharedKeyID&, const PreSharedKeyID&) = default;
};
template <>
inline constexpr std::size_t list_items_max<PreSharedKeyID> = 256;

struct Add {
    KeyPackage key_package;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.key_package);
    }
    friend bool operator==(const Add&, const Add&) = default;
};

struct Update {
    LeafNode leaf_node;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.leaf_node);
    }
    friend bool operator==(const Update&, const Update&) = default;
};

struct Remove {
    LeafIndex removed = 0;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.removed);
    }
    friend bool operator==(const Remove&, const Remove&) = default;
};

struct PreSharedKey {
    PreSharedKeyID psk;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.psk);
    }
    friend bool operator==(const PreSharedKey&, const PreSharedKey&) = default;
};

struct ReInit {
    Bytes group_id;
    ProtocolVersion version = ProtocolVersion::mls10;
    CipherSuite cipher_suite{};
    Extensions extensions;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.group_id, s.version, s.cipher_suite, s.extensions);
    }
    friend bool operator==(const ReInit&, const ReInit&) = default;
};

struct ExternalInit {
    Bytes kem_output;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.kem_output);
    }
    friend bool operator==(const ExternalInit&, const ExternalInit&) = default;
};

struct GroupContextExtensions {
    Extensions extensions;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.extensions);
    }
    friend bool operator==(const GroupContextExtensions&, const GroupContextExtensions&) = default;
};

/// A type outside this document. Only committed where every member lists the type.
struct CustomProposal {
    ProposalType type{};
    Bytes body; ///< As it stands on the wire after proposal_type; may be empty.

    /// The body that every reader can tell without being told how: one opaque<V>.
    [[nodiscard]] static CustomProposal opaque(ProposalType type, BytesView data);
    /// What such a body holds; nullopt: it is none.
    [[nodiscard]] std::optional<Bytes> opaque_data() const;
    /// A body of the application's own struct.
    template <class Body>
    [[nodiscard]] static CustomProposal of(ProposalType type, const Body& body)
    {
        return {type, encode(body)};
    }
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        if constexpr (Io::writes)
            io.raw(s.body);
        else
            s.read(io);
    }
    friend bool operator==(const CustomProposal&, const CustomProposal&) = default;

private:
    void read(Reader& io);
};

/// Where the body of an application's own proposal type ends. The wire does not say: a Proposal is a select without a
/// length (section 12.1), so whoever reads a commit has to know every type in it. A type that nobody registered is read
/// as one opaque<V>; is it something else, the message does not decode or verify, and is refused as every proposal is
/// that not all support.
class ProposalBodies {
public:
    /// Reads one body, and nothing after it.
    using Skip = std::function<void(Reader&)>;

    /// Precondition: no type of RFC 9420. The later one counts.
    void add(ProposalType type, Skip skip);
    /// By the struct that a body is.
    template <class Body>
    void add(ProposalType type)
    {
        add(type, [](Reader& io) {
            Body body{};
            io(body);
        });
    }
    void skip(ProposalType type, Reader& io) const;

private:
    std::map<ProposalType, Skip> skips_;
};

struct Proposal {
    std::variant<Remove, Add, Update, PreSharedKey, ReInit, ExternalInit, GroupContextExtensions, CustomProposal> body;

    [[nodiscard]] ProposalType proposal_type() const noexcept;
    /// Section 17.4, column "Path Required"; of custom types the Authentication Service says it.
    [[nodiscard]] bool path_required(bool if_custom = true) const noexcept;
    /// Section 12.1.8: may come from an external sender; as above.
    [[nodiscard]] bool external_allowed(bool if_custom = false) const noexcept;
    template <class T>
    [[nodiscard]] const T* as() const noexcept
    {
        return std::get_if<T>(&body);
    }
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        ProposalType type = Io::writes ? s.proposal_type() : ProposalType{};
        io(type);
        if constexpr (!Io::writes) s.emplace(type);
        std::visit([&](auto& body) { io(body); }, s.body);
    }
    /// The same where it is stored, which has to be read without ProposalBodies: custom bodies with their length.
    /// `bodies_opaque`: as versions before had it, where a body could only be an opaque<V>.
    template <class Io, class Self>
    static void tls_stored(Io& io, Self& s, bool bodies_opaque)
    {
        ProposalType type = Io::writes ? s.proposal_type() : ProposalType{};
        io(type);
        if constexpr (!Io::writes) s.emplace(type);
        const auto one = [&]<class Body>(Body& body) {
            if constexpr (!std::is_same_v<std::remove_const_t<Body>, CustomProposal>)
                io(body);
            else if constexpr (Io::writes)
                io(body.body);
            else {
                io(body.body);
                if (bodies_opaque) body = CustomProposal::opaque(type, body.body);
            }
        };
        std::visit(one, s.body);
    }
    friend bool operator==(const Proposal&, const Proposal&) = default;

private:
    void emplace(ProposalType type);
};

enum class ProposalOrRefType : std::uint8_t { proposal = 1, reference = 2 };

struct ProposalOrRef {
    std::variant<Bytes, std::shared_ptr<const Proposal>> value; ///< ProposalRef, or the proposal itself.
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        auto type = s.value.index() == 0 ? ProposalOrRefType::reference : ProposalOrRefType::proposal;
        io(type);
        if (type == ProposalOrRefType::proposal) {
            if constexpr (!Io::writes) s.value.template emplace<1>();
            io(*std::get_if<1>(&s.value));
        } else if (type == ProposalOrRefType::reference) {
            if constexpr (!Io::writes) s.value.template emplace<0>();
            io(*std::get_if<0>(&s.value));
        } else
            io.require(false, MlsError::invalid_enum);
    }
};
template <>
inline constexpr std::size_t list_items_max<ProposalOrRef> = 16384;

struct UpdatePathNode {
    Bytes encryption_key;
    std::vector<HPKECiphertext> encrypted_path_secret;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.encryption_key, s.encrypted_path_secret);
    }
};
template <>
inline constexpr std::size_t list_items_max<UpdatePathNode> = 32;
/// Ciphertexts of a path, of all its nodes: a resolution names each leaf at most once, and one more node each.
inline constexpr std::size_t path_ciphertexts_max = std::size_t{1} << 17;

struct UpdatePath {
    LeafNode leaf_node;
    std::vector<UpdatePathNode> nodes;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.leaf_node);
        if constexpr (Io::writes)
            io(s.nodes);
        else
            read_nodes(io, s);
    }

private:
    /// Before anything is verified: nobody is made to hold more than a path can have.
    template <class Io>
    static void read_nodes(Io& io, UpdatePath& path)
    {
        std::size_t ciphertexts = 0;
        io.vector([&] {
            io.require(path.nodes.size() < list_items_max<UpdatePathNode>, MlsError::too_many_items);
            if (io.error() != MlsError::none) return;
            io(path.nodes.emplace_back());
            ciphertexts += path.nodes.back().encrypted_path_secret.size();
            io.require(ciphertexts <= path_ciphertexts_max, MlsError::too_many_items);
        });
    }
};

struct Commit {
    std::vector<ProposalOrRef> proposals;
    std::optional<UpdatePath> path;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.proposals, s.path);
    }
};

} // namespace godwit::mls
