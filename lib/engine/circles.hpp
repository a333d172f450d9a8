// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: who belongs into a conversation, be it of two or of many.
#pragma once

#include "lib/engine/group_book.hpp"

#include <algorithm>

namespace godwit::engine {

/// A recipient of the outbox that is no device: a large group, at the relay, which knows its devices. No Ed25519 key
/// ends in sixteen zeros.
[[nodiscard]] inline DeviceId fan_device(const ConversationId& conversation)
{
    DeviceId out;
    std::copy(conversation.bytes.begin(), conversation.bytes.end(), out.bytes.begin());
    return out;
}
[[nodiscard]] inline std::optional<ConversationId> fan_conversation(const DeviceId& device)
{
    constexpr auto size = ConversationId::size_bytes;
    if (std::any_of(device.bytes.begin() + size, device.bytes.end(), [](auto byte) { return byte != 0; }))
        return std::nullopt;
    return ConversationId::from(device.view().first(size));
}

class Circles final : public seal::Directory {
public:
    Circles(const Roster& roster, GroupBook& book) : roster_(roster), book_(book) {}

    [[nodiscard]] std::optional<seal::Circle> circle_of(const ConversationId& conversation) const override
    {
        if (const auto* circle = find(conversation)) return *circle;
        return std::nullopt;
    }
    /// nullptr: no conversation of ours, or not now.
    [[nodiscard]] const seal::Circle* find(const ConversationId& conversation) const
    {
        if (const auto* person = roster_.person_of(conversation))
            return person->circle.parties.empty() ? nullptr : &person->circle;
        const auto* group = book_.find(conversation);
        if (group == nullptr || group->state != Group::State::in) return nullptr;
        const auto& circle = book_.circle(conversation);
        return circle.parties.empty() ? nullptr : &circle;
    }
    [[nodiscard]] bool follows(const ConversationId& conversation, const seal::Policy& policy,
                               const wire::DeviceCertificate& by) const override
    {
        return book_.follows(conversation, policy, by);
    }
    [[nodiscard]] Bytes device_list_of(const PublicKey& account) const override
    {
        return book_.encoded_list_of(account);
    }

    [[nodiscard]] bool is_many(const ConversationId& conversation) const { return book_.find(conversation) != nullptr; }
    /// The other account; empty: of many.
    [[nodiscard]] std::string with(const ConversationId& conversation) const
    {
        const auto* person = roster_.person_of(conversation);
        return person == nullptr ? std::string() : person->stored.user;
    }

private:
    const Roster& roster_;
    GroupBook& book_;
};

} // namespace godwit::engine
