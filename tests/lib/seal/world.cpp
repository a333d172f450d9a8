// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/seal/world.hpp"

#include "lib/identity/device_list.hpp"

#include <algorithm>

namespace godwit::test {

Member::Member(World& its_world, std::string its_user, std::string its_name)
    : world(its_world), user(std::move(its_user)), name(std::move(its_name)), seed(32), entropy(its_world.next_seed())
{
    entropy.fill(seed);
    id = crypto::SigningKey::from_seed(seed).public_key();
    wire::DeviceCertificate unsigned_certificate;
    unsigned_certificate.user = user;
    unsigned_certificate.device = id;
    unsigned_certificate.created_ms = 1;
    unsigned_certificate.device_name = name;
    certificate = wire::encode(identity::sign_certificate(unsigned_certificate, account_seed(user)));
    start();
}

void Member::start()
{
    groups = std::make_unique<seal::Groups>(seal::DeviceKeys{id, seed, certificate}, store, entropy, world);
}

Member& World::device(const std::string& user, const std::string& name)
{
    devices.push_back(std::make_unique<Member>(*this, user, name));
    lists[user].push_back(devices.back()->id);
    return *devices.back();
}

Member& World::by_id(const DeviceId& id)
{
    const auto at = std::find_if(devices.begin(), devices.end(), [&](const auto& device) { return device->id == id; });
    REQUIRE(at != devices.end());
    return **at;
}

seal::Circle World::circle(const std::string& own, const std::string& other) const
{
    seal::Circle out;
    out.conversation = identity::conversation_of(account_key(own), account_key(other));
    out.parties.push_back({own, account_key(own), lists.at(own)});
    if (other != own) out.parties.push_back({other, account_key(other), lists.at(other)});
    return out;
}

std::optional<seal::Circle> World::circle_of(const ConversationId& conversation) const
{
    for (const auto& [a, b] : pairs)
        if (identity::conversation_of(account_key(a), account_key(b)) == conversation) return circle(a, b);
    return std::nullopt;
}

bool World::follows(const ConversationId&, const seal::Policy&, const wire::DeviceCertificate& by) const
{
    return followed.contains(by.user);
}

Bytes World::device_list_of(const PublicKey& account) const
{
    for (const auto& [user, listed] : lists) {
        if (account_key(user) != account || unknown.contains(user)) continue;
        std::vector<wire::DeviceCertificate> certificates;
        for (const auto& device : devices)
            if (std::find(listed.begin(), listed.end(), device->id) != listed.end())
                certificates.push_back(*wire::decode_certificate(device->certificate));
        return identity::sign_device_list(user, account_seed(user), 1, certificates, now_ms).encoded;
    }
    return {};
}

std::map<DeviceId, Bytes> World::packages(const std::vector<Member*>& of)
{
    std::map<DeviceId, Bytes> out;
    for (Member* device : of)
        out[device->id] = device->tick([&](seal::Groups& groups) { return groups.make_key_packages(1, now_ms); }).at(0);
    return out;
}

seal::Changes World::accept(Member& committer, const seal::Outgoing& outgoing)
{
    for (const DeviceId& recipient : outgoing.recipients) {
        const auto got = by_id(recipient).tick(
            [&](seal::Groups& groups) { return groups.commit(outgoing.id, committer.id, outgoing.commit, now_ms); });
        CHECK_MESSAGE(got.verdict == seal::CommitOutcome::Verdict::applied,
                      by_id(recipient).name << ": " << name(got.verdict) << ' ' << got.detail);
    }
    for (const DeviceId& newcomer : outgoing.newcomers) {
        const auto got =
            by_id(newcomer).tick([&](seal::Groups& groups) { return groups.welcome(outgoing.welcome, now_ms); });
        CHECK_MESSAGE(got.ok(), by_id(newcomer).name << ": " << (got.ok() ? "" : got.error().detail));
    }
    auto changes = committer.tick([&](seal::Groups& groups) { return groups.accepted(outgoing.conversation, now_ms); });
    REQUIRE_MESSAGE(changes.ok(), (changes.ok() ? "" : changes.error().detail));
    CHECK(changes->committer == committer.id);
    group_info = outgoing.group_info;
    at_relay = {outgoing.from.incarnation, outgoing.from.epoch + 1};
    CHECK(changes->version == at_relay);
    return *changes;
}

void World::agree(const ConversationId& conversation, const std::vector<Member*>& members)
{
    const auto first = members.front()->groups->head(conversation);
    REQUIRE(first.has_value());
    for (Member* device : members) {
        const auto head = device->groups->head(conversation);
        REQUIRE_MESSAGE(head.has_value(), device->name);
        CHECK(head->epoch == first->epoch);
        CHECK(head->incarnation == first->incarnation);
        CHECK(head->authenticator == first->authenticator);
        CHECK(device->groups->members(conversation).size() == members.size());
    }
}

MessageId message_id(std::uint64_t n)
{
    MessageId out;
    for (std::size_t i = 0; i < 8; ++i)
        out.bytes[i] = static_cast<std::uint8_t>(n >> (8 * i));
    return out;
}

void talk(World& world, Member& from, const seal::Circle& circle, const std::vector<Member*>& to)
{
    const MessageId id = message_id(world.next_seed());
    const Bytes text = to_bytes(as_bytes("hello from " + from.name));
    const auto sealed =
        from.tick([&](seal::Groups& groups) { return groups.seal(circle, seal::Purpose::content, id, text); });
    REQUIRE_MESSAGE(sealed.ok(), from.name << ": " << (sealed.ok() ? "" : sealed.error().detail));
    for (Member* device : to) {
        if (device == &from) continue;
        const auto got = device->tick(
            [&](seal::Groups& groups) { return groups.open(seal::Purpose::content, id, from.id, sealed->bytes); });
        CHECK_MESSAGE(got.verdict == seal::Opened::Verdict::opened, device->name << ": " << name(got.verdict));
        CHECK(got.content == text);
        CHECK(got.sender.device == from.id);
        CHECK(got.sender.user == from.user);
        CHECK(got.version == sealed->version);
    }
}

} // namespace godwit::test
