// SPDX-License-Identifier: Apache-2.0
// DueRows: the part of the Store port that remembers what another device does not have the newest state of
// (lib/delivery/due.hpp). Same transaction, same sticky errors as the rest (store.hpp).
#pragma once

#include <godwit/ids.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::port {

/// `device` has not been given the state of now that `name` stands for. One row for each (device, name).
struct Due {
    DeviceId device;
    std::string name;  ///< At most 256 bytes.
    MessageId message; ///< The envelope that it has been put into, and whose receipt is awaited; zero: none yet.
    friend bool operator==(const Due&, const Due&) = default;
};

class DueRows {
public:
    virtual ~DueRows() = default;

    /// Adds the row, or puts it into another envelope, or into none.
    virtual void put_due(const Due& due) = 0;
    /// By device, then name, after that row, at most `limit`; `waiting`: only those in no envelope.
    [[nodiscard]] virtual std::vector<Due> due(const DeviceId& device, std::string_view after, bool waiting,
                                               std::uint32_t limit) = 0;
    /// Names that this envelope is to tell the device, at most `limit`.
    [[nodiscard]] virtual std::vector<std::string> due_in(const DeviceId& device, const MessageId& message,
                                                          std::uint32_t limit) = 0;
    /// Devices that something is due to, by id.
    [[nodiscard]] virtual std::vector<DeviceId> due_devices() = 0;
    virtual void remove_due(const DeviceId& device, std::string_view name) = 0;
    virtual void remove_due_to(const DeviceId& device) = 0;
};

} // namespace godwit::port
