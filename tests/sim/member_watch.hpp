// SPDX-License-Identifier: Apache-2.0
// For whom is it sealed? What is accepted after the sender knew that a device has left is sealed for none but those
// that its lists named, then or now; and at rest nobody has such a device in a group any more.
//
// Judged by what stands in the sender's store: its lists, and the members of the group in the epoch that the sealing
// names. An epoch that has passed when the sealing is first seen is not judged.
#pragma once

#include "lib/port/store.hpp"
#include "lib/seal/groups.hpp"
#include "lib/wire/frames.hpp"

#include <map>
#include <set>
#include <string>

namespace godwit::testing {

/// A group as a device has it in its store.
struct GroupView {
    seal::Version version;
    Bytes authenticator; ///< Equal for all who are in one epoch.
    std::vector<wire::DeviceCertificate> members;
    std::shared_ptr<const seal::Policy> policy; ///< nullptr: of two.

    [[nodiscard]] bool has(const DeviceId& device) const;
};
/// nullopt: none is there.
[[nodiscard]] std::optional<GroupView> group_view(port::Store& store, const ConversationId& conversation);
/// The devices that an account lists, as one of them has it.
[[nodiscard]] std::set<DeviceId> own_devices(port::Store& store);

class MemberWatch {
public:
    /// `to`: the other account of the conversation.
    void accepted(port::Store& sender, const MessageId& id, const std::string& to, Instant asked, Instant now);
    /// While all devices that there ever were are there: the same bytes, sent again later, are not of then.
    void noted(const wire::Envelope& envelope);
    void leaves(const std::string& from, port::Store& sender, const wire::Envelope& envelope, Instant now);
    /// Looks at each conversation of this device that it may talk in. Empty: nobody is a member who has left.
    [[nodiscard]] static std::string stale(const std::string& name, port::Store& store);

private:
    struct Said {
        std::string to;
        std::set<DeviceId> listed; ///< When it was accepted.
        std::set<seal::Version> judged;
    };
    /// What is to be said of it when it turns out to be a message that was asked for in that moment.
    struct Early {
        Instant left{};
        std::string verdict;
    };
    void leaves_early(const std::string& from, port::Store& sender, const MessageId& id, const seal::Label& label,
                      Instant now);

    std::map<MessageId, Said> said_;
    std::map<MessageId, std::set<seal::Version>> early_judged_;
    std::map<MessageId, Early> early_;
};

} // namespace godwit::testing
