// SPDX-License-Identifier: Apache-2.0
// A few members, one group, and a delivery service that gives everybody the same messages.
#pragma once

#include "lib/mls/group.hpp"
#include "tests/lib/mls/support.hpp"

#include <algorithm>
#include <memory>
#include <set>

namespace godwit::testing {

inline constexpr WallMs world_now_ms = 1'900'000'000'000;
inline constexpr std::uint64_t world_now_s = world_now_ms / 1000;
inline constexpr mls::Lifetime world_lifetime{world_now_s - 3600, world_now_s + 30 * 24 * 3600};
inline constexpr auto suite_1 = mls::CipherSuite::mls_128_dhkemx25519_aes128gcm_sha256_ed25519;
inline constexpr auto suite_2 = mls::CipherSuite::mls_128_dhkemp256_aes128gcm_sha256_p256;
inline constexpr auto suite_3 = mls::CipherSuite::mls_128_dhkemx25519_chacha20poly1305_sha256_ed25519;
/// Types of our own: all members of a World list them.
inline constexpr auto custom_proposal = static_cast<mls::ProposalType>(0xf001);
inline constexpr auto custom_extension = static_cast<mls::ExtensionType>(0xf002);

struct Member {
    std::string name;
    mls::SignatureKeyPair signer;
    mls::LeafNodeOptions leaf;
    std::optional<mls::Group> group;
};

class World {
public:
    explicit World(std::uint64_t seed, mls::CipherSuite suite = suite_1) : suite_(suite), entropy(seed) {}

    mls::Environment env()
    {
        mls::Environment out{entropy, service, world_now_ms};
        out.psks = &psks;
        out.proposal_bodies = &bodies;
        out.lifetimes = lifetimes;
        return out;
    }
    Member newcomer(const std::string& name)
    {
        Member out{
            name, mls::generate_signature_key_pair(suite_, entropy), mls::LeafNodeOptions::basic(as_bytes(name)), {}};
        if (!out.leaf.capabilities.supports(suite_)) out.leaf.capabilities.cipher_suites.push_back(suite_);
        out.leaf.capabilities.proposals = {custom_proposal};
        out.leaf.capabilities.extensions = {custom_extension};
        return out;
    }
    mls::KeyPackageBundle package(const Member& member)
    {
        return must(mls::create_key_package(suite_, member.signer, member.leaf, world_lifetime, entropy));
    }
    void found(const std::string& name, mls::Extensions extensions = {},
               mls::HandshakeFormat handshake = mls::HandshakeFormat::public_message)
    {
        Member creator = newcomer(name);
        Bytes id(32);
        entropy.fill(id);
        creator.group = must(mls::Group::create(env(), suite_, id, creator.leaf, creator.signer, world_lifetime,
                                                std::move(extensions), {handshake, 0}));
        members.push_back(std::make_unique<Member>(std::move(creator)));
    }
    /// Member `by` commits; everybody else follows, newcomers join.
    void commit(std::size_t by, mls::CommitOptions options = {}, const std::vector<Member>& newcomers = {})
    {
        std::vector<mls::KeyPackageBundle> bundles;
        for (const Member& member : newcomers) {
            bundles.push_back(package(member));
            options.proposals.push_back(mls::Proposal{mls::Add{bundles.back().key_package}});
        }
        const bool with_tree = options.tree_in_welcome;
        auto out = must(members[by]->group->commit(env(), options));
        deliver(out.commit, by);
        members[by]->group = std::move(out.next);
        if (options.signer) members[by]->signer = *options.signer;
        if (!newcomers.empty()) {
            REQUIRE(out.welcome.has_value());
            auto message = must_decode<mls::MLSMessage>(*out.welcome);
            for (std::size_t i = 0; i < newcomers.size(); ++i) {
                Member fresh = newcomers[i];
                std::optional<mls::RatchetTree> tree;
                if (!with_tree) tree = members[by]->group->tree();
                fresh.group = must(mls::Group::join(env(), *message.as<mls::Welcome>(), bundles[i], tree,
                                                    members[by]->group->options()));
                members.push_back(std::make_unique<Member>(std::move(fresh)));
            }
        }
        drop_removed();
        agree();
    }
    void add(std::size_t by, const std::vector<std::string>& names)
    {
        std::vector<Member> fresh;
        for (const auto& name : names)
            fresh.push_back(newcomer(name));
        commit(by, {}, fresh);
    }
    /// All but `by` (npos: all) process the message.
    void deliver(const Bytes& message, std::size_t by)
    {
        for (std::size_t i = 0; i < members.size(); ++i) {
            if (i == by) continue;
            const auto got = members[i]->group->process(env(), message);
            REQUIRE_MESSAGE(got.ok(), members[i]->name << ": " << mls::mls_error_name(got.error()));
        }
    }
    void drop_removed()
    {
        std::erase_if(members, [](const auto& member) { return member->group->has_left(); });
    }
    void agree()
    {
        const mls::Group& first = *members.front()->group;
        const auto secret = must(first.export_secret("test", as_bytes("context"), 40));
        for (const auto& member : members) {
            const mls::Group& group = *member->group;
            CHECK(group.epoch() == first.epoch());
            CHECK(group.context() == first.context());
            CHECK(std::ranges::equal(group.epoch_authenticator(), first.epoch_authenticator()));
            CHECK(must(group.export_secret("test", as_bytes("context"), 40)) == secret);
            CHECK(encode(group.tree()) == encode(first.tree()));
        }
        CHECK(first.tree().member_count() == members.size());
    }
    mls::Group& group(std::size_t i) { return *members[i]->group; }
    mls::PreSharedKeyID external_psk(const Bytes& id)
    {
        mls::PreSharedKeyID out;
        out.psk_id = id;
        out.psk_nonce.resize(mls::kdf_nh);
        entropy.fill(out.psk_nonce);
        return out;
    }
    mls::PreSharedKeyID resumption_psk(const mls::Group& group, std::uint64_t epoch)
    {
        mls::PreSharedKeyID out = external_psk({});
        out.psktype = mls::PSKType::resumption;
        out.psk_group_id = to_bytes(group.group_id());
        out.psk_epoch = epoch;
        return out;
    }

private:
    mls::CipherSuite suite_;

public:
    SeededEntropy entropy;
    TrustingService service;
    MapPsks psks;
    mls::ProposalBodies bodies;
    mls::LifetimePolicy lifetimes;
    std::vector<std::unique_ptr<Member>> members;
};

} // namespace godwit::testing
