// SPDX-License-Identifier: Apache-2.0
// A file descriptor that is readable while something waits: for applications with a poll loop of their own.
#pragma once

namespace godwit::client {

/// A pipe where the platform has them (POSIX); elsewhere fd() is -1 and applications wait with Client::wait. Not
/// thread-safe: its owner holds a lock.
class WakeFd {
public:
    WakeFd() noexcept;
    ~WakeFd();
    WakeFd(const WakeFd&) = delete;
    WakeFd& operator=(const WakeFd&) = delete;

    /// -1: none.
    [[nodiscard]] int fd() const noexcept { return read_; }
    void set(bool readable) noexcept;

private:
    int read_ = -1;
    int write_ = -1;
    bool readable_ = false;
};

} // namespace godwit::client
