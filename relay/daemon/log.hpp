// SPDX-License-Identifier: Apache-2.0
// What the relay says while it runs: one line an event, to stderr or to a file, as text or JSON.
//
//   event -> below the level? dropped -> said too often? counted -> address shortened -> one line, one write
//
// An event is a stable name for machines and a sentence for people. Content, names of accounts and keys are never in
// it; addresses are as `addresses` says, and "none" is the default: what is not written cannot be asked for.
#pragma once

#include "lib/base/time.hpp"
#include "transport/loop/address.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace godwit::relay {

enum class LogLevel { error, warning, info, debug };
enum class LogFormat { text, json };
enum class LogAddresses {
    none,
    truncated, ///< IPv4 to /24, IPv6 to /48.
    full,
};

/// Lines of one event at once, then one each log_interval; what is left out is counted in the next line.
inline constexpr std::uint32_t log_burst = 20;
inline constexpr Duration log_interval = std::chrono::seconds(5);
/// A line is cut behind so many bytes.
inline constexpr std::size_t log_line_bytes_max = 4096;

struct LogConfig {
    LogFormat format = LogFormat::text;
    LogLevel level = LogLevel::warning; ///< A relay with nothing to complain of is silent.
    LogAddresses addresses = LogAddresses::none;
    std::string file; ///< Empty: stderr, whose keeper (journald) has rules of its own.
    std::uint64_t file_bytes_max = std::uint64_t{16} * 1024 * 1024; ///< Then FILE becomes FILE.1 and so on.
    std::uint32_t files_max = 8;                                    ///< FILE.1 … FILE.N that are kept,
    std::uint32_t days_max = 14;                                    ///< none of them longer than this.

    friend bool operator==(const LogConfig&, const LogConfig&) = default;
};

class Log {
public:
    using Fields = std::vector<std::pair<std::string_view, std::string>>;

    Log() = default; ///< To stderr.
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    /// Takes the new ways, opening the file (again: whoever moved it away gets a new one). On error nothing has
    /// changed.
    [[nodiscard]] Result<void> configure(const LogConfig& config);
    /// `event`: a literal such as "storage_failed".
    void say(LogLevel level, const char* event, std::string_view sentence, const Fields& fields, Moment now);
    void say(LogLevel level, const char* event, std::string_view sentence, const Fields& fields = {});
    [[nodiscard]] bool wants(LogLevel level) const noexcept { return level <= config_.level; }
    /// As `addresses` says; "" with none. The port only with full.
    [[nodiscard]] std::string address(const loop::Address& address) const;
    [[nodiscard]] const LogConfig& config() const noexcept { return config_; }
    [[nodiscard]] std::uint64_t lines_suppressed() const noexcept { return suppressed_total_; }

    /// The line that say() writes, for tests and for tools.
    [[nodiscard]] static std::string line(LogFormat format, LogLevel level, std::string_view event,
                                          std::string_view sentence, const Fields& fields, WallMs wall_ms);

private:
    struct Said {
        std::uint32_t tokens = log_burst;
        Instant filled{};
        std::uint64_t suppressed = 0;
    };
    /// False: this one is only counted.
    [[nodiscard]] bool may(Said& said, Instant now);
    void write(const std::string& line, WallMs now);
    void rotate(WallMs now);
    void remove_old(WallMs now) const;

    LogConfig config_;
    int fd_ = 2;
    std::uint64_t file_bytes_ = 0;
    WallMs swept_ms_ = 0;
    std::map<std::string_view, Said> said_; ///< By event: there are as many as the program has.
    std::uint64_t suppressed_total_ = 0;
};

[[nodiscard]] std::string_view log_level_name(LogLevel level) noexcept;
/// 2026-11-26T20:00:00.123Z (RFC 3339).
[[nodiscard]] std::string timestamp(WallMs wall_ms);

} // namespace godwit::relay
