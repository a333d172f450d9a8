// SPDX-License-Identifier: Apache-2.0
// A group of many: ann, bo, cy with a device each, all contacts of ann; dee who is nobody's contact.
#pragma once

#include "lib/policy/outline.hpp"
#include "tests/relay/mls_shapes.hpp"
#include "tests/relay/rig.hpp"

namespace godwit::relay::test {

struct Circle {
    World world;
    Device ann{world, 1};
    Device bo{world, 2};
    Device cy{world, 3};
    Device dee{world, 4};
    ConversationId id = filled<ConversationId>(77);

    /// By user; who is not named is member.
    std::string owner = "ann";
    std::set<std::string> admins;

    explicit Circle(Config config = {}, std::optional<Store> on = std::nullopt)
        : world(std::move(config), std::move(on))
    {
        ann.join("ann", 100);
        bo.join("bo", 200);
        cy.join("cy", 300);
        dee.join("dee", 400);
        befriend(ann, "ann", bo, "bo");
        befriend(ann, "ann", cy, "cy");
        forget_frames();
    }
    void forget_frames()
    {
        for (auto* const one : {&ann, &bo, &cy, &dee})
            one->forget_frames();
    }
    [[nodiscard]] static PublicKey key_of(const std::string& user)
    {
        static const std::map<std::string, std::uint64_t> known{{"ann", 100}, {"bo", 200}, {"cy", 300}, {"dee", 400}};
        const auto found = known.find(user);
        if (found != known.end()) return signing_key(found->second).public_key();
        if (user[0] == 'p') return signing_key(1000 + std::stoul(user.substr(1))).public_key(); // of the large ones
        return signing_key(9).public_key();
    }
    /// Of these. Whoever goes knows the secret: it is stale from the first.
    [[nodiscard]] Bytes policy(const std::vector<std::string>& members) const
    {
        PolicyShape out;
        out.flags = 2 | 8;
        out.profile = Bytes(20, 0x9f);
        for (const auto& user : std::set<std::string>(members.begin(), members.end()))
            out.members.push_back({user, key_of(user),
                                   static_cast<std::uint8_t>(user == owner           ? 3
                                                             : admins.contains(user) ? 2
                                                                                     : 1)});
        return policy_extensions(std::move(out));
    }
    [[nodiscard]] frame::GroupCommit request(std::uint64_t epoch, std::uint64_t number,
                                             std::vector<std::string> members,
                                             std::vector<DeviceId> newcomers = {}) const
    {
        const wire::GroupName group{id, 1};
        const auto envelope_id = envelope(number).id;
        const auto filler = static_cast<std::uint8_t>(number);
        frame::GroupCommit out;
        out.conversation = id;
        out.incarnation = 1;
        out.epoch = epoch;
        const auto extensions = policy(members);
        out.envelope = {envelope_id,
                        commit_bytes(group, epoch, envelope_id, filler, 60, policy::rules_digest(extensions))};
        out.welcome = newcomers.empty() ? Bytes() : welcome_bytes(newcomers.size());
        out.newcomers = std::move(newcomers);
        out.group_info = group_info_bytes(group, epoch + 1, filler, 40, extensions);
        out.members = std::move(members);
        return out;
    }
    ErrorCode commit(Device& by, std::uint64_t epoch, std::uint64_t number, std::vector<std::string> members,
                     std::vector<DeviceId> newcomers = {})
    {
        return by.code(request(epoch, number, std::move(members), std::move(newcomers)));
    }
    /// Of ann, bo and cy; nothing of it is left in the inboxes, nor in the mailboxes.
    void create()
    {
        REQUIRE(commit(ann, 0, 1, {"ann", "bo", "cy"}, {bo.id, cy.id}) == ErrorCode::ok);
        for (auto* const one : {&bo, &cy})
            acknowledge(*one);
        forget_frames();
    }
    /// By ann, to `user`.
    void hand_over(const std::string& user, std::uint64_t epoch, std::uint64_t number)
    {
        owner = user;
        admins = {"ann"};
        REQUIRE(commit(ann, epoch, number, {"ann", "bo", "cy"}) == ErrorCode::ok);
    }
    static void acknowledge(Device& by)
    {
        std::vector<std::uint64_t> sequences;
        for (const auto& mail : by.take<frame::MailboxDeliver>())
            sequences.push_back(mail.sequence);
        by.acknowledge(sequences);
    }
    [[nodiscard]] frame::GroupPut message(std::uint64_t number, std::vector<DeviceId> except = {}) const
    {
        const auto envelope_id = envelope(number).id;
        return {id, {envelope_id, message_bytes({id, 1}, 1, envelope_id)}, std::move(except)};
    }
    frame::GroupPutOk put(Device& by, std::uint64_t number, std::vector<DeviceId> except = {})
    {
        const auto response = by.ask(message(number, std::move(except)));
        REQUIRE(response.error.code == ErrorCode::ok);
        return std::get<frame::GroupPutOk>(response.body);
    }
    frame::GroupRoster roster(Device& by, std::uint64_t after = 0)
    {
        const auto response = by.ask(frame::GroupRosterFetch{id, after});
        REQUIRE(response.error.code == ErrorCode::ok);
        return std::get<frame::GroupRoster>(response.body);
    }
    frame::GroupState state(Device& by)
    {
        const auto response = by.ask(frame::GroupFetch{"", id});
        REQUIRE(response.error.code == ErrorCode::ok);
        return std::get<frame::GroupState>(response.body);
    }
    ErrorCode reject(Device& by, std::uint64_t epoch, std::uint64_t number)
    {
        return by.code(frame::GroupReject{"", id, 1, epoch, envelope(number).id, 7, {}});
    }
};

} // namespace godwit::relay::test
