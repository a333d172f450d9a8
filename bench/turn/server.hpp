// SPDX-License-Identifier: Apache-2.0
// A TURN server as a child process on loopback, ours or coturn, with the same secret; and what it uses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

namespace bench::turn {

inline constexpr const char* secret = "bench";

/// Ends the run by way of every destructor: a server that was started ends with it.
struct GaveUp {
    std::string why;
};
[[noreturn]] void give_up(const std::string& why);

class Server {
public:
    [[nodiscard]] static Server relay(const std::string& program);
    [[nodiscard]] static Server coturn(const std::string& program);
    [[nodiscard]] static bool is_program(const std::string& path);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] double cpu_seconds() const;
    [[nodiscard]] std::size_t resident_bytes() const;

private:
    Server(const std::vector<std::string>& words, std::string directory, std::uint16_t port);

    std::string directory_;
    std::uint16_t port_;
    pid_t pid_ = 0;
};

} // namespace bench::turn
