// SPDX-License-Identifier: Apache-2.0
// c-toxcore as a peer to measure beside: two instances of this process on loopback, UDP, friends of each other.
#pragma once

#include "bench/floors.hpp"

#include <functional>
#include <memory>
#include <string>

#include <tox/tox.h>

namespace bench {

class ToxPair {
public:
    static constexpr int as_asked = 0; // by tox_iteration_interval, as applications do
    static constexpr int never = -1;   // a loop that burns a core

    /// `pause_ms`: how long a turn of the loop waits.
    explicit ToxPair(int pause_ms);
    ToxPair(const ToxPair&) = delete;
    ToxPair& operator=(const ToxPair&) = delete;

    void set_pause(int pause_ms) { pause_ms_ = pause_ms; }
    /// Milliseconds from nothing until both see the other over UDP, each knowing the other's DHT node.
    double connect_ms();
    /// A message there and an echo of it back: kinder to c-toxcore than its receipt, which waits up to a second for
    /// company. Nothing is stored on either side.
    Spread round_trips(int rounds, std::size_t bytes);
    /// Messages a second until the last receipt, `window` under way.
    double one_way_rate(int messages, std::size_t bytes, int window);
    /// MiB a second, of a file that is in memory on one side and forgotten on the other.
    double file_rate(std::size_t mebibytes);

    static std::string version();

private:
    struct Free {
        void operator()(Tox* tox) const { tox_kill(tox); }
    };
    using Handle = std::unique_ptr<Tox, Free>;

    static Handle make(std::uint16_t port);
    void turn();
    void until(const char* what, const std::function<bool()>& done);
    bool send(const std::string& text);

    int pause_ms_;
    Handle ends_[2];
    std::uint32_t friend_ = 0;
    bool online_[2] = {false, false};
    bool echo_ = false;
    int echoes_ = 0;
    int receipts_ = 0;
    std::size_t received_ = 0;
    std::string block_;
};

} // namespace bench
