// SPDX-License-Identifier: Apache-2.0
// Accounts, devices, and a delivery service that can be honest or not, for the tests of sealing.
#pragma once

#include "lib/crypto/signing.hpp"
#include "lib/identity/certificate.hpp"
#include "lib/identity/conversation_id.hpp"
#include "lib/mls/group.hpp"
#include "lib/seal/groups.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/seeded_entropy.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <set>

namespace godwit::test {

inline constexpr WallMs start_ms = 1'900'000'000'000;
inline constexpr WallMs day_ms = 24LL * 3600 * 1000;

/// The account seed of a name.
inline Bytes account_seed(std::string_view user)
{
    Bytes out(32, 0x11);
    for (std::size_t i = 0; i < user.size() && i < out.size(); ++i)
        out[i] = static_cast<std::uint8_t>(user[i]);
    return out;
}
inline PublicKey account_key(std::string_view user)
{
    return crypto::SigningKey::from_seed(account_seed(user)).public_key();
}

class World;

/// A device: what is durable, and the Groups that it has in memory while it runs.
struct Member {
    Member(World& world, std::string user, std::string name);

    World& world;
    std::string user;
    std::string name;
    DeviceId id;
    Bytes seed;
    Bytes certificate;
    testing::MemoryStore store;
    SeededEntropy entropy;
    std::unique_ptr<seal::Groups> groups;

    void start();
    /// One tick: everything in it commits, or nothing.
    template <class Body>
    auto tick(Body body)
    {
        store.begin();
        auto out = body(*groups);
        groups->flush();
        REQUIRE(store.commit().ok());
        return out;
    }
    /// The process dies in mid-tick.
    void crash()
    {
        groups.reset();
        store.rollback();
        start();
    }
};

class World final : public seal::Directory {
public:
    explicit World(std::uint64_t seed = 1) : seed_(seed) {}
    World(const World&) = delete;

    Member& device(const std::string& user, const std::string& name);
    /// The account's list.
    std::map<std::string, std::vector<DeviceId>> lists;
    std::optional<seal::Circle> circle_of(const ConversationId& conversation) const override;
    bool follows(const ConversationId& conversation, const seal::Policy& policy,
                 const wire::DeviceCertificate& by) const override;
    /// Of the devices in `lists`, as new as now_ms.
    Bytes device_list_of(const PublicKey& account) const override;
    [[nodiscard]] seal::Circle circle(const std::string& own, const std::string& other) const;
    /// From one key package of each.
    std::map<DeviceId, Bytes> packages(const std::vector<Member*>& of);
    std::uint64_t next_seed() { return ++seed_; }

    /// Who may take others into groups of many; nobody: no such Welcome is followed.
    std::set<std::string> followed;
    /// Of whom no device list is known.
    std::set<std::string> unknown;
    /// Pairs with a conversation.
    std::vector<std::pair<std::string, std::string>> pairs;
    WallMs now_ms = start_ms;
    std::vector<std::unique_ptr<Member>> devices;
    Member& by_id(const DeviceId& id);

    // ---- the delivery service ----

    /// Everybody gets an accepted commit, its committer too. Fails the test where one of them does not follow.
    seal::Changes accept(Member& committer, const seal::Outgoing& outgoing);
    void agree(const ConversationId& conversation, const std::vector<Member*>& members);
    Bytes group_info;
    seal::Version at_relay;

private:
    std::uint64_t seed_;
};

/// One message from `from`, opened by everybody of `to`.
void talk(World& world, Member& from, const seal::Circle& circle, const std::vector<Member*>& to);
MessageId message_id(std::uint64_t n);

inline const char* name(seal::Opened::Verdict verdict)
{
    constexpr const char* names[] = {"opened", "ahead", "behind", "repeated", "forged"};
    return names[static_cast<std::size_t>(verdict)];
}
inline const char* name(seal::CommitOutcome::Verdict verdict)
{
    constexpr const char* names[] = {"applied",  "known",   "rival",   "ahead",  "rejected",
                                     "replayed", "revived", "instead", "foreign"};
    return names[static_cast<std::size_t>(verdict)];
}

} // namespace godwit::test
