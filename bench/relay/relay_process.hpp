// SPDX-License-Identifier: Apache-2.0
// A relay process that is measured from outside: its processor time, memory, descriptors and files.
#pragma once

#include "lib/base/time.hpp"
#include "lib/wire/names.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <sys/types.h>

namespace bench {

/// Of a process, as Linux tells.
struct Usage {
    double cpu_s = 0;
    double rss_kib = 0;
    std::size_t descriptors = 0;
    double database_kib = 0; ///< With its log.
};

class RelayProcess {
public:
    /// Without limits that a crowd behind one address would meet. With `owners`, the file of bench/relay/owners.cpp, it
    /// keeps account of whose its memory is, and is some times slower.
    RelayProcess(const std::string& program, const std::filesystem::path& directory, const std::string& owners = {});
    ~RelayProcess();
    RelayProcess(const RelayProcess&) = delete;
    RelayProcess& operator=(const RelayProcess&) = delete;

    [[nodiscard]] const godwit::wire::RelayAddress& address() const { return address_; }
    [[nodiscard]] Usage usage() const;
    /// KiB by owner: program, ngtcp2, ngtcp2_pages, gnutls, sqlite, others. Throws when it keeps no account.
    [[nodiscard]] std::map<std::string, double> memory_by_owner() const;
    [[nodiscard]] bool has_ended() const;

private:
    std::filesystem::path data_;
    std::filesystem::path account_; ///< Of its memory.
    pid_t pid_ = 0;
    int out_ = -1;
    godwit::wire::RelayAddress address_;
};

/// Wall time and the relay's processor time of a stretch. As the load shares the machine with the relay, a rate "of a
/// core" is what the relay did in a second of its own time: what one loop does when nobody else wants the machine.
class Stretch {
public:
    explicit Stretch(const RelayProcess& relay);
    [[nodiscard]] double wall_s() const;
    [[nodiscard]] double cpu_s() const { return relay_.usage().cpu_s - cpu_; }
    /// A line: how many, how many a second, of a core, and processor time of each.
    void tell(const std::string& what, std::size_t count) const;
    /// How many of `count` a second of its own.
    [[nodiscard]] double of_a_core(std::size_t count) const
    {
        const auto cpu = cpu_s();
        return cpu > 0 ? static_cast<double>(count) / cpu : 0;
    }

private:
    const RelayProcess& relay_;
    double cpu_;
    godwit::Instant since_;
};

} // namespace bench
