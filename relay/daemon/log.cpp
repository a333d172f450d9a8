// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/log.hpp"

#include "relay/http/message.hpp"
#include "transport/loop/loop.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace godwit::relay {
namespace {

constexpr WallMs day_ms = WallMs{24} * 3600 * 1000;
constexpr int stderr_fd = 2;

Result<int> open_file(const std::string& path)
{
    const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return Error{ErrorCode::storage_failed,
                     "cannot write the log " + path + " (" + std::strerror(errno) +
                         "): check log.file and the rights of its directory",
                     0};
    return fd;
}

bool is_control(char c)
{
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
}

/// A value that a reader can take apart again: in quotes when it has to be.
std::string text_value(const std::string& value)
{
    const bool is_plain = !value.empty() && value.find_first_of(" \"=\\") == std::string::npos &&
                          std::none_of(value.begin(), value.end(), is_control);
    return is_plain ? value : http::json_string(value);
}

bool is_number(const std::string& value)
{
    return !value.empty() && value.size() <= 15 && (value == "0" || value.front() != '0') &&
           std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
}

} // namespace

std::string_view log_level_name(LogLevel level) noexcept
{
    constexpr std::array<std::string_view, 4> names = {"error", "warning", "info", "debug"};
    return names[static_cast<std::size_t>(level)];
}

std::string timestamp(WallMs wall_ms)
{
    const auto seconds = static_cast<std::time_t>(wall_ms / 1000);
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    std::array<char, 64> text{};
    const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
    std::snprintf(text.data() + length, text.size() - length, ".%03dZ", static_cast<int>(wall_ms % 1000));
    return text.data();
}

Log::~Log()
{
    if (fd_ != stderr_fd) ::close(fd_);
}

Result<void> Log::configure(const LogConfig& config)
{
    int fd = stderr_fd;
    if (!config.file.empty()) {
        auto opened = open_file(config.file);
        if (!opened.ok()) return opened.error();
        fd = *opened;
    }
    if (fd_ != stderr_fd) ::close(fd_);
    fd_ = fd;
    struct stat about{};
    file_bytes_ = fd != stderr_fd && ::fstat(fd, &about) == 0 ? static_cast<std::uint64_t>(about.st_size) : 0;
    swept_ms_ = 0;
    config_ = config;
    return {};
}

std::string Log::address(const loop::Address& address) const
{
    if (config_.addresses == LogAddresses::none) return {};
    if (config_.addresses == LogAddresses::full) return address.text();
    auto shown = address;
    shown.scope = 0;
    const std::size_t kept = address.is_v6 ? 6 : 3;
    std::fill(shown.ip.begin() + static_cast<std::ptrdiff_t>(kept), shown.ip.end(), std::uint8_t{0});
    auto text = shown.text();
    text.resize(text.rfind(':'));
    return text + (address.is_v6 ? "/48" : "/24");
}

std::string Log::line(LogFormat format, LogLevel level, std::string_view event, std::string_view sentence,
                      const Fields& fields, WallMs wall_ms)
{
    std::string out;
    if (format == LogFormat::json) {
        out = "{\"time\":\"" + timestamp(wall_ms) + "\",\"level\":\"" + std::string(log_level_name(level)) +
              "\",\"event\":" + http::json_string(event) + ",\"message\":" + http::json_string(sentence);
        for (const auto& [name, value] : fields)
            out += "," + http::json_string(name) + ":" + (is_number(value) ? value : http::json_string(value));
        return out + "}\n";
    }
    // Who reads text has a keeper that knows the time (journald), or a terminal.
    out = "godwit-relay: " + std::string(sentence);
    if (level != LogLevel::info) out += " level=" + std::string(log_level_name(level));
    out += " event=" + std::string(event);
    for (const auto& [name, value] : fields)
        out += " " + std::string(name) + "=" + text_value(value);
    // Of what peers and files say nothing moves a terminal's cursor, or begins a line of its own.
    std::replace_if(out.begin(), out.end(), is_control, ' ');
    return out + "\n";
}

bool Log::may(Said& said, Instant now)
{
    if (said.tokens < log_burst && now >= said.filled + log_interval) {
        const auto fresh = (now - said.filled) / log_interval;
        said.tokens = static_cast<std::uint32_t>(std::min<std::int64_t>(log_burst, said.tokens + fresh));
        said.filled += fresh * log_interval;
    }
    if (said.tokens == 0) {
        ++said.suppressed;
        ++suppressed_total_;
        return false;
    }
    if (said.tokens == log_burst) said.filled = now;
    --said.tokens;
    return true;
}

void Log::say(LogLevel level, const char* event, std::string_view sentence, const Fields& fields, Moment now)
{
    if (!wants(level)) return;
    auto& said = said_[event];
    if (!may(said, now.mono)) return;
    auto all = fields;
    std::erase_if(all, [](const auto& field) { return field.second.empty(); }); // an address that is not to be told
    if (said.suppressed > 0) all.emplace_back("suppressed", std::to_string(std::exchange(said.suppressed, 0)));
    auto out = line(config_.format, level, event, sentence, all, now.wall_ms);
    if (out.size() > log_line_bytes_max) {
        // A cut line of JSON is none: the sentence is what is kept, shortened.
        out =
            line(config_.format, level, event, sentence.substr(0, log_line_bytes_max / 8), {{"cut", "1"}}, now.wall_ms);
    }
    write(out, now.wall_ms);
}

void Log::say(LogLevel level, const char* event, std::string_view sentence, const Fields& fields)
{
    say(level, event, sentence, fields, loop::Loop::now());
}

void Log::write(const std::string& line, WallMs now)
{
    if (fd_ != stderr_fd) {
        if (file_bytes_ + line.size() > config_.file_bytes_max && file_bytes_ > 0) rotate(now);
        if (now >= swept_ms_ + day_ms) remove_old(swept_ms_ = now);
    }
    // Whole or not at all; a log that cannot be written (its reader is gone, its disk is full) must not stop the relay.
    const auto put = ::write(fd_, line.data(), line.size());
    if (put > 0) file_bytes_ += static_cast<std::uint64_t>(put);
}

void Log::rotate(WallMs now)
{
    const auto name = [&](std::uint32_t number) { return config_.file + "." + std::to_string(number); };
    ::unlink(name(config_.files_max).c_str());
    for (auto number = config_.files_max; number > 1; --number)
        ::rename(name(number - 1).c_str(), name(number).c_str());
    ::rename(config_.file.c_str(), name(1).c_str());
    remove_old(now);
    if (auto opened = open_file(config_.file); opened.ok()) {
        ::close(fd_);
        fd_ = *opened;
    }
    file_bytes_ = 0; // also when it did not open: not again for each line
}

void Log::remove_old(WallMs now) const
{
    for (std::uint32_t number = 1; number <= config_.files_max; ++number) {
        const auto path = config_.file + "." + std::to_string(number);
        struct stat about{};
        if (::stat(path.c_str(), &about) == 0 &&
            static_cast<WallMs>(about.st_mtim.tv_sec) * 1000 + config_.days_max * day_ms < now)
            ::unlink(path.c_str());
    }
}

} // namespace godwit::relay
