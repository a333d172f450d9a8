// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: what files need of the rest of the engine. Where they ask, the engine decides.
#pragma once

#include "lib/engine/relay_session.hpp"

namespace godwit::engine {

class FileReach {
public:
    struct Way {
        LinkId link = 0;
        Path path = Path::none;
    };
    /// Devices that belong into the conversation, this one left out, other own ones included. Empty: nobody now.
    [[nodiscard]] virtual std::vector<DeviceId> members(const ConversationId& conversation) = 0;
    [[nodiscard]] virtual bool is_own(const DeviceId& device) = 0;
    /// Whose device it is; empty: nobody's any more.
    [[nodiscard]] virtual std::string owner(const DeviceId& device) = 0;
    /// The best live link that policy allows.
    [[nodiscard]] virtual std::optional<Way> way(const DeviceId& device) = 0;
    /// A path to it would be of use: looked for, unless that was tried just now.
    virtual void seek(const DeviceId& device, Moment now) = 0;
    /// Tells that device, which has posted it, that nobody gives it. False: it cannot be told now.
    virtual bool sought(const DeviceId& device, const FileId& file, Moment now) = 0;
    /// Keeps a link from being closed as idle, and counts what went.
    virtual void used(LinkId link, std::size_t bytes, Moment now) = 0;
    /// nullptr: not connected, or policy keeps content away from the relay.
    [[nodiscard]] virtual RelaySession* blobs() = 0;

protected:
    ~FileReach() = default;
};

} // namespace godwit::engine
