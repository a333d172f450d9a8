// SPDX-License-Identifier: Apache-2.0
// What stands in requests, and which verb it is.
#include "tests/interop/client.hpp"

namespace godwit::interop {
namespace {

constexpr std::uint64_t lifetime_s = 90ULL * 24 * 3600;

const json& field_in(const json& request, const char* field)
{
    const auto at = request.find(field);
    if (at == request.end()) throw Refusal(std::string(field) + ": missing");
    return *at;
}

} // namespace

std::string hex(BytesView bytes)
{
    return to_hex(bytes);
}

Bytes hex_in(const json& request, const char* field)
{
    const auto& value = field_in(request, field);
    auto bytes = value.is_string() ? from_hex(value.get_ref<const std::string&>()) : std::nullopt;
    if (!bytes) throw Refusal(std::string(field) + ": hexadecimal");
    return std::move(*bytes);
}

Bytes hex_or(const json& request, const char* field, Bytes otherwise)
{
    return request.contains(field) ? hex_in(request, field) : std::move(otherwise);
}

std::uint64_t number_in(const json& request, const char* field)
{
    const auto& value = field_in(request, field);
    if (!value.is_number_unsigned()) throw Refusal(std::string(field) + ": a number");
    return value.get<std::uint64_t>();
}

bool flag_or(const json& request, const char* field, bool otherwise)
{
    if (!request.contains(field)) return otherwise;
    const auto& value = request[field];
    if (!value.is_boolean()) throw Refusal(std::string(field) + ": true or false");
    return value.get<bool>();
}

mls::CipherSuite suite_in(const json& request)
{
    const auto number = number_in(request, "cipher_suite");
    const auto suite = static_cast<mls::CipherSuite>(number);
    if (number > 0xffff || !mls::is_supported(suite)) throw Refusal("unsupported_cipher_suite");
    return suite;
}

mls::Extensions extensions_in(const json& request, const char* field)
{
    mls::Extensions out;
    if (!request.contains(field)) return out;
    for (const auto& one : request[field])
        out.push_back(
            {static_cast<mls::ExtensionType>(number_in(one, "extension_type")), hex_in(one, "extension_data")});
    return out;
}

std::optional<mls::RatchetTree> tree_in(const json& request)
{
    if (!request.contains("ratchet_tree")) return std::nullopt;
    return must(mls::decode<mls::RatchetTree>(hex_in(request, "ratchet_tree")));
}

mls::LeafNodeOptions leaf_in(const json& request)
{
    auto out = mls::LeafNodeOptions::basic(hex_in(request, "identity"));
    out.capabilities.cipher_suites.clear();
    for (std::uint16_t suite = 1; suite <= 7; ++suite)
        if (mls::is_supported(static_cast<mls::CipherSuite>(suite)))
            out.capabilities.cipher_suites.push_back(static_cast<mls::CipherSuite>(suite));
    return out;
}

std::optional<mls::WipedBytes> Psks::external_psk(BytesView psk_id) const
{
    const auto at = known.find(to_bytes(psk_id));
    if (at == known.end()) return std::nullopt;
    return mls::WipedBytes(at->second.begin(), at->second.end());
}

mls::Environment Client::environment(std::span<const mls::Group* const> groups)
{
    mls::Environment out{entropy_, trusting_, now_ms_};
    out.psks = &psks_;
    out.groups = groups;
    return out;
}

mls::Lifetime Client::lifetime() const
{
    const auto now_s = static_cast<std::uint64_t>(now_ms_ / 1000);
    return {now_s - 3600, now_s + lifetime_s};
}

mls::GroupOptions Client::options_in(const json& request) const
{
    return {flag_or(request, "encrypt_handshake", false) ? mls::HandshakeFormat::private_message
                                                         : mls::HandshakeFormat::public_message,
            0};
}

Client::Member& Client::member_in(const json& request, const char* field)
{
    const auto at = members_.find(number_in(request, field));
    if (at == members_.end()) throw Refusal(std::string(field) + ": none of this number");
    return at->second;
}

Client::Joiner& Client::joiner_in(const json& request)
{
    const auto at = joiners_.find(number_in(request, "transaction"));
    if (at == joiners_.end()) throw Refusal("transaction: none of this number");
    return at->second;
}

mls::PreSharedKeyID Client::psk_id(mls::PSKType type)
{
    mls::PreSharedKeyID out;
    out.psktype = type;
    out.psk_nonce.resize(mls::kdf_nh);
    entropy_.fill(out.psk_nonce);
    return out;
}

std::vector<mls::KeyPackage> Client::key_packages_in(const json& request)
{
    std::vector<mls::KeyPackage> out;
    if (!request.contains("key_packages")) throw Refusal("key_packages: missing");
    for (const auto& one : request["key_packages"])
        out.push_back(message_in<mls::KeyPackage>(json{{"key_packages", one}}, "key_packages"));
    return out;
}

const std::map<std::string, Client::Verb>& Client::table()
{
    static const std::map<std::string, Verb> verbs{
        {"supported_ciphersuites", &Client::supported_ciphersuites},
        {"create_group", &Client::create_group},
        {"create_key_package", &Client::create_key_package},
        {"join_group", &Client::join_group},
        {"external_join", &Client::external_join},
        {"new_member_add_proposal", &Client::new_member_add_proposal},
        {"create_external_signer", &Client::create_external_signer},
        {"external_signer_proposal", &Client::external_signer_proposal},
        {"re_init_key_package", &Client::re_init_key_package},
        {"re_init_welcome", &Client::re_init_welcome},
        {"handle_re_init_welcome", &Client::handle_re_init_welcome},
        {"create_branch", &Client::create_branch},
        {"handle_branch", &Client::handle_branch},
        {"store_psk", &Client::store_psk},
        {"free", &Client::free_state},
        {"group_info", &Client::group_info},
        {"state_auth", &Client::state_auth},
        {"describe", &Client::describe},
        {"export", &Client::export_secret},
        {"protect", &Client::protect},
        {"unprotect", &Client::unprotect},
        {"propose", &Client::propose},
        {"commit", &Client::commit},
        {"handle_commit", &Client::handle_commit},
        {"handle_pending_commit", &Client::handle_pending_commit},
        {"process", &Client::process},
        {"save_and_load", &Client::save_and_load},
    };
    return verbs;
}

std::vector<std::string> Client::verbs()
{
    std::vector<std::string> out;
    for (const auto& [name, verb] : table())
        out.push_back(name);
    return out;
}

json Client::handle(const json& request)
{
    json out;
    try {
        const auto verb = request.is_object() && request.contains("do") && request["do"].is_string()
                              ? table().find(request["do"].get<std::string>())
                              : table().end();
        if (verb == table().end()) throw Refusal("do: a verb that is known");
        out = (this->*verb->second)(request);
        out["ok"] = true;
    } catch (const std::exception& why) { // Also what nlohmann-json says of another type.
        out = {{"ok", false}, {"error", why.what()}};
    }
    if (request.is_object() && request.contains("id")) out["id"] = request["id"];
    return out;
}

} // namespace godwit::interop
