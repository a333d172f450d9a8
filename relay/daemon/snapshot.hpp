// SPDX-License-Identifier: Apache-2.0
// A copy of relay.db for `godwit-relay backup`, made beside it while the relay works: some pages a turn of the loop,
// between ticks. The far end takes it from there, so that the relay itself needs to reach no other place.
#pragma once

#include "relay/store/store.hpp"
#include "transport/loop/loop.hpp"

namespace godwit::relay {

inline constexpr const char* snapshot_file_name = "snapshot.db";
/// 256 KiB a millisecond at most: a tick waits no longer than for a large message.
inline constexpr int snapshot_pages_per_turn = 64;
inline constexpr Duration snapshot_turn = std::chrono::milliseconds(1);
/// A snapshot that nobody has asked about for so long goes: who wanted it is dead.
inline constexpr Duration snapshot_unasked_max = std::chrono::minutes(10);
/// Room that is left to the relay itself.
inline constexpr std::uint64_t snapshot_free_bytes_min = std::uint64_t{64} * 1024 * 1024;

class Snapshots {
public:
    /// Removes what an earlier process left.
    Snapshots(loop::Loop& loop, Store& store, std::string data);
    ~Snapshots();

    struct State {
        std::uint64_t pages_total = 0;
        std::uint64_t pages_left = 0;
        bool is_whole = false;
    };
    /// Errors: storage_in_use (one is being made for somebody else), storage_failed (no room, or the disk says no).
    [[nodiscard]] Result<State> begin(Instant now);
    /// Errors: no_such_file (none was begun, or it was too long ago); of the copying.
    [[nodiscard]] Result<State> state(Instant now);
    /// Removes it.
    void end();

private:
    void step();
    [[nodiscard]] State now_is() const;

    Store& store_;
    std::string data_;
    std::string path_;
    std::unique_ptr<sqlite::OnlineCopy> copy_;
    std::optional<Error> error_;
    bool is_whole_ = false;
    loop::Timer turn_;
    loop::Timer forget_;
};

} // namespace godwit::relay
