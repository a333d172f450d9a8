// SPDX-License-Identifier: Apache-2.0
// mls_client: lib/mls for other implementations to talk to. One JSON object a line comes in, one goes out; what MLS
// puts on the wire is in them as hexadecimal MLSMessages (RFC 9420 section 6), so anything that has these bytes can be
// on the other side. The verbs are those that interoperability harnesses of MLS have; docs/mls.md lists them.
//
//   {"do":"create_group","group_id":"01","cipher_suite":1,"encrypt_handshake":false,"identity":"616c696365"}
//   {"ok":true,"state":1}
//   {"do":"process","state":1,"message":"00"}
//   {"ok":false,"error":"truncated"}
//
// For tests: it trusts every credential, keeps its secrets in ordinary memory and gives them out when asked.
#pragma once

#include "lib/mls/group.hpp"
#include "transport/loop/system_entropy.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace godwit::interop {

using nlohmann::json;

/// A request that cannot be carried out: a word about it, or the name of an mls::MlsError.
struct Refusal : std::runtime_error {
    using std::runtime_error::runtime_error;
};

template <class T>
T must(mls::MlsResult<T> result)
{
    if (!result) throw Refusal(std::string(mls::mls_error_name(result.error())));
    return std::move(*result);
}

// What stands in a request. Refusal: it is missing, or of another type.
Bytes hex_in(const json& request, const char* field);
Bytes hex_or(const json& request, const char* field, Bytes otherwise);
std::uint64_t number_in(const json& request, const char* field);
bool flag_or(const json& request, const char* field, bool otherwise);
mls::CipherSuite suite_in(const json& request);
mls::Extensions extensions_in(const json& request, const char* field);
std::string hex(BytesView bytes);
/// The body of an MLSMessage, which must be of this kind.
template <class T>
T message_in(const json& request, const char* field)
{
    auto message = must(mls::decode<mls::MLSMessage>(hex_in(request, field)));
    T* body = message.template as<T>();
    if (body == nullptr) throw Refusal(std::string(field) + ": another kind of MLSMessage");
    return std::move(*body);
}
std::optional<mls::RatchetTree> tree_in(const json& request);
/// Basic, and of every suite that there is.
mls::LeafNodeOptions leaf_in(const json& request);

/// Whoever comes is who they say.
class Trusting final : public mls::AuthenticationService {
public:
    [[nodiscard]] bool is_valid(const mls::Credential&, BytesView) const override { return true; }
    [[nodiscard]] bool accepts_newcomer(const mls::Group&, const mls::Add&) const override { return true; }
};

class Psks final : public mls::PskSource {
public:
    std::map<Bytes, Bytes> known;
    [[nodiscard]] std::optional<mls::WipedBytes> external_psk(BytesView psk_id) const override;
};

class Client {
public:
    /// `now_ms`: what time it is, for lifetimes.
    explicit Client(WallMs now_ms) : now_ms_(now_ms) {}
    /// Never throws: {"ok":false,"error":…} for whatever was wrong. A group is as it was then.
    [[nodiscard]] json handle(const json& request);
    [[nodiscard]] static std::vector<std::string> verbs();

private:
    /// One member of one group.
    struct Member {
        mls::Group group;
        std::optional<mls::Group> pending; ///< After our commit, which has to be accepted.
        mls::SignatureKeyPair signer;
        mls::LeafNodeOptions leaf;
    };
    /// Who waits for a Welcome.
    struct Joiner {
        mls::KeyPackageBundle bundle;
        mls::LeafNodeOptions leaf;
        std::uint64_t from = 0; ///< The member that it continues, after a ReInit; 0: nobody.
    };
    struct Signer {
        mls::SignatureKeyPair keys;
        Bytes identity;
    };
    using Verb = json (Client::*)(const json&);
    static const std::map<std::string, Verb>& table();

    // Beginning (client_begin.cpp)
    json supported_ciphersuites(const json& request);
    json create_group(const json& request);
    json create_key_package(const json& request);
    json join_group(const json& request);
    json external_join(const json& request);
    json new_member_add_proposal(const json& request);
    json create_external_signer(const json& request);
    json external_signer_proposal(const json& request);
    json re_init_key_package(const json& request);
    json re_init_welcome(const json& request);
    json handle_re_init_welcome(const json& request);
    json create_branch(const json& request);
    json handle_branch(const json& request);
    json store_psk(const json& request);
    json free_state(const json& request);

    // Being in it (client_group.cpp)
    json group_info(const json& request);
    json state_auth(const json& request);
    json describe(const json& request);
    json export_secret(const json& request);
    json protect(const json& request);
    json unprotect(const json& request);
    json propose(const json& request);
    json commit(const json& request);
    json handle_commit(const json& request);
    json handle_pending_commit(const json& request);
    json process(const json& request);
    json save_and_load(const json& request);

    [[nodiscard]] mls::Environment environment(std::span<const mls::Group* const> groups = {});
    [[nodiscard]] mls::Lifetime lifetime() const;
    [[nodiscard]] mls::GroupOptions options_in(const json& request) const;
    [[nodiscard]] Member& member_in(const json& request, const char* field = "state");
    [[nodiscard]] Joiner& joiner_in(const json& request);
    [[nodiscard]] mls::Proposal proposal_in(const Member& member, const json& what);
    [[nodiscard]] mls::PreSharedKeyID psk_id(mls::PSKType type);
    [[nodiscard]] std::vector<mls::KeyPackage> key_packages_in(const json& request);
    json joined(mls::Group group, mls::SignatureKeyPair signer, mls::LeafNodeOptions leaf);
    json started(mls::CommitOutput made, mls::SignatureKeyPair signer, mls::LeafNodeOptions leaf);
    json waiting(Joiner joiner, json more = json::object());

    loop::SystemEntropy entropy_;
    Trusting trusting_;
    Psks psks_;
    WallMs now_ms_;
    std::uint64_t last_ = 0; ///< Handle that was given out.
    std::map<std::uint64_t, Member> members_;
    std::map<std::uint64_t, Joiner> joiners_;
    std::map<std::uint64_t, Signer> signers_;
};

} // namespace godwit::interop
