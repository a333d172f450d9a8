// SPDX-License-Identifier: Apache-2.0
// Two accounts, three devices, and commits that look like some.
#pragma once

#include "lib/identity/conversation_id.hpp"
#include "tests/relay/mls_shapes.hpp"
#include "tests/relay/rig.hpp"

namespace godwit::relay::test {

inline ConversationId conversation(std::uint64_t one_account, std::uint64_t other_account)
{
    return identity::conversation_of(signing_key(one_account).public_key(), signing_key(other_account).public_key());
}

/// Of a group without other members.
inline frame::GroupCommit creation(const wire::GroupName& group, const std::string& with, std::uint64_t number)
{
    const auto id = envelope(number).id;
    return {with,
            group.conversation,
            group.incarnation,
            0,
            {},
            {id, commit_bytes(group, 0, id)},
            {},
            {},
            group_info_bytes(group, 1, static_cast<std::uint8_t>(number))};
}

/// ann (account 100) with laptop and phone, bo (account 200); contacts.
struct Chat {
    World world;
    std::map<std::uint64_t, frame::GroupCommit> asked;
    Device ann{world, 1};
    Device bo{world, 2};
    Device phone{world, 3};

    explicit Chat(Config config = {}, std::optional<Store> on = std::nullopt) : world(std::move(config), std::move(on))
    {
        ann.join("ann", 100);
        bo.join("bo", 200);
        befriend(ann, "ann", bo, "bo");
        phone.enter("ann", 100);
        for (auto* const one : {&ann, &bo, &phone})
            one->forget_frames();
    }

    [[nodiscard]] static wire::GroupName group(std::uint64_t incarnation)
    {
        return {conversation(100, 200), incarnation};
    }
    /// Envelope, GroupInfo and id from `number`.
    [[nodiscard]] frame::GroupCommit request(const std::string& with, std::uint64_t incarnation, std::uint64_t epoch,
                                             std::uint64_t number, std::vector<DeviceId> recipients = {},
                                             std::vector<DeviceId> newcomers = {})
    {
        const auto group = this->group(incarnation);
        const auto id = envelope(number).id;
        const auto filler = static_cast<std::uint8_t>(number);
        const auto welcome = newcomers.empty() ? Bytes() : welcome_bytes(newcomers.size());
        frame::GroupCommit out{with,
                               group.conversation,
                               incarnation,
                               epoch,
                               std::move(recipients),
                               {id, commit_bytes(group, epoch, id, filler)},
                               std::move(newcomers),
                               welcome,
                               group_info_bytes(group, epoch + 1, filler, 30 + number % 7)};
        asked[number] = out;
        return out;
    }
    /// Of the newest request with this number.
    [[nodiscard]] const Bytes& sealed(std::uint64_t number) const { return asked.at(number).envelope.sealed; }
    [[nodiscard]] const Bytes& info(std::uint64_t number) const { return asked.at(number).group_info; }
    [[nodiscard]] const Bytes& welcome(std::uint64_t number) const { return asked.at(number).welcome; }
    ErrorCode commit(Device& by, const std::string& with, std::uint64_t incarnation, std::uint64_t epoch,
                     std::uint64_t number, std::vector<DeviceId> recipients = {}, std::vector<DeviceId> newcomers = {})
    {
        return by.code(request(with, incarnation, epoch, number, std::move(recipients), std::move(newcomers)));
    }
    ErrorCode reject(Device& by, const std::string& with, std::uint64_t incarnation, std::uint64_t epoch,
                     std::uint64_t number)
    {
        return by.code(frame::GroupReject{with, conversation(100, 200), incarnation, epoch, envelope(number).id, 7});
    }
    frame::GroupState state(Device& by, const std::string& with = "bo")
    {
        const auto response = by.ask(frame::GroupFetch{with, conversation(100, 200)});
        REQUIRE(response.error.code == ErrorCode::ok);
        return std::get<frame::GroupState>(response.body);
    }
};

} // namespace godwit::relay::test
