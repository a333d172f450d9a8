// SPDX-License-Identifier: Apache-2.0
// A file descriptor that is readable while something waits: for applications with a poll loop of their own.
#pragma once

namespace godwit::client {

/// A pipe where the platform has them (POSIX); elsewhere fd() is -1 and applications wait with Client::wait. Not
/// thread-safe: its owner holds a lock. Until somebody asks for the descriptor there is none, and set() costs nothing.
class WakeFd {
public:
    WakeFd() noexcept = default;
    ~WakeFd();
    WakeFd(const WakeFd&) = delete;
    WakeFd& operator=(const WakeFd&) = delete;

    /// The same for life. -1: none.
    [[nodiscard]] int fd() noexcept;
    void set(bool readable) noexcept;

private:
    int read_ = -1;
    int write_ = -1;
    bool wanted_ = false;   // what set() said last
    bool readable_ = false; // a byte is in the pipe
    bool asked_ = false;
};

} // namespace godwit::client
