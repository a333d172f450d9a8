// SPDX-License-Identifier: Apache-2.0
// Two accounts, three devices, and commits that are just bytes.
#pragma once

#include "lib/identity/conversation_id.hpp"
#include "tests/relay/rig.hpp"

namespace godwit::relay::test {

inline const Bytes welcome_bytes(50, 0x3e);

inline Bytes info_bytes(std::uint64_t number)
{
    return Bytes(30 + number % 7, static_cast<std::uint8_t>(number));
}

inline ConversationId conversation(std::uint64_t one_account, std::uint64_t other_account)
{
    return identity::conversation_of(signing_key(one_account).public_key(), signing_key(other_account).public_key());
}

/// ann (account 100) with laptop and phone, bo (account 200); contacts.
struct Chat {
    World world;
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

    /// Envelope, GroupInfo and id from `number`.
    [[nodiscard]] frame::GroupCommit request(const std::string& with, std::uint64_t incarnation, std::uint64_t epoch,
                                             std::uint64_t number, std::vector<DeviceId> recipients = {},
                                             std::vector<DeviceId> newcomers = {}) const
    {
        const auto welcome = newcomers.empty() ? Bytes() : welcome_bytes;
        return {with,
                conversation(100, 200),
                incarnation,
                epoch,
                std::move(recipients),
                envelope(number),
                std::move(newcomers),
                welcome,
                info_bytes(number)};
    }
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
