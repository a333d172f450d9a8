// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"
#include "lib/port/store.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::delivery {

/// Envelopes with what is due, made for one device and not receipted.
inline constexpr std::size_t due_open_max = 16;
/// So many follow each other at once; from then on each waits twice as long as the one before.
inline constexpr std::size_t due_open_at_once = 4;
inline constexpr Duration due_rest_min = std::chrono::minutes(1);
inline constexpr Duration due_rest_max = std::chrono::hours(6);

/// What only the newest state of matters: settings, drafts, read marks. A change of it is no envelope but a name, per
/// device, until an envelope with the state of then is receipted; so a thousand changes while a device is away are one
/// name, and never in the way of what people write.
///
///   changed ── note ──> waiting ── may_make ──> in an envelope (made) ── settled: receipted ──> forgotten
///                          ^                        │ changed again, or it failed
///                          └────────────────────────┘
///
/// The names are durable; of envelopes that are open, those that a restart still has names for are remembered.
class Due {
public:
    void load(port::Store& store);

    /// `device` lacks the newest of `name`. `from`: no envelope is made for that alone before then, so that more can
    /// come together; what is said earlier takes it along.
    void note(port::Store& store, const DeviceId& device, const std::string& name, Instant from = {});
    /// Devices with names in no envelope.
    [[nodiscard]] std::set<DeviceId> waiting() const;
    /// Those names, at most `limit`, in order.
    [[nodiscard]] std::vector<std::string> names(port::Store& store, const DeviceId& device, std::uint32_t limit) const;
    /// One more envelope for the device is in order.
    [[nodiscard]] bool may_make(const DeviceId& device, Instant now) const;
    void made(port::Store& store, const DeviceId& device, const std::vector<std::string>& names, const MessageId& id,
              Instant now);
    /// The device will never be told of it, or it is not to be.
    void drop(port::Store& store, const DeviceId& device, std::string_view name);
    void drop_all(port::Store& store, const DeviceId& device);

    /// What became of one: `again`: its names wait again.
    void settled(port::Store& store, const DeviceId& device, const MessageId& id, bool again);
    /// Open ones, for whoever knows what becomes of them.
    struct Open {
        DeviceId device;
        MessageId id;
    };
    [[nodiscard]] std::vector<Open> open() const;
    /// When may_make turns for a device that waits.
    [[nodiscard]] Instant deadline() const;

private:
    struct Entry {
        std::set<MessageId> open;
        Instant last{}; ///< When the newest was made.
    };
    [[nodiscard]] static Duration rest(std::size_t open);
    void look(port::Store& store, const DeviceId& device);

    std::map<DeviceId, Entry> entries_;
    std::map<DeviceId, Instant> waiting_; ///< From when on. Not durable: after a restart, at once.
};

} // namespace godwit::delivery
