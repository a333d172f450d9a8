// SPDX-License-Identifier: Apache-2.0
// From the command line to a request.
#include "commands.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>

#include <termios.h>
#include <unistd.h>

namespace {

const char* prompt_of(OneShot::Kind kind)
{
    switch (kind) {
    case OneShot::Kind::register_account: return "a new password: ";
    case OneShot::Kind::archive_make: return "a passphrase for the archive (8 characters or more): ";
    case OneShot::Kind::archive_read: return "the archive's passphrase: ";
    default: return "password: ";
    }
}

/// From the file, else typed without echo, else the first line of stdin. Never from the command line: others can see
/// that.
std::string read_password(const OneShot& what)
{
    std::string out;
    if (!what.password_file.empty()) {
        std::ifstream file(what.password_file);
        std::getline(file, out);
        return out;
    }
    termios mode{};
    const bool terminal = ::isatty(STDIN_FILENO) != 0 && ::tcgetattr(STDIN_FILENO, &mode) == 0;
    termios silent = mode;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (terminal) {
        std::cerr << prompt_of(what.kind);
        ::tcsetattr(STDIN_FILENO, TCSANOW, &silent);
    }
    std::getline(std::cin, out);
    if (terminal) {
        ::tcsetattr(STDIN_FILENO, TCSANOW, &mode);
        std::cerr << '\n';
    }
    return out;
}

std::optional<godwit::MessageId> message_id(const std::string& hex)
{
    if (hex.size() != 32) return std::nullopt;
    godwit::MessageId id;
    for (std::size_t i = 0; i < 16; ++i) {
        unsigned byte = 0;
        if (std::sscanf(hex.c_str() + 2 * i, "%2x", &byte) != 1) return std::nullopt;
        id.bytes[i] = static_cast<std::uint8_t>(byte);
    }
    return id;
}

} // namespace

std::optional<godwit::Request> request_of(const OneShot& what)
{
    namespace request = godwit::request;
    using Kind = OneShot::Kind;
    switch (what.kind) {
    case Kind::register_account:
        return request::RegisterAccount{what.relay, what.user, read_password(what), what.device_name};
    case Kind::login: return request::Login{what.relay, what.user, read_password(what), what.device_name};
    case Kind::logout: return request::Logout{};
    case Kind::add: return request::ContactAdd{what.user};
    case Kind::accept: return request::ContactAccept{what.user};
    case Kind::remove: return request::ContactRemove{what.user};
    case Kind::block: return request::ContactBlock{what.user};
    case Kind::unblock: return request::ContactUnblock{what.user};
    case Kind::contacts: return request::Contacts{};
    case Kind::send: return request::Send{what.user, what.text, what.key};
    case Kind::status: return request::Status{};
    case Kind::policy: return request::SetPolicy{what.policy};
    case Kind::devices: return request::Devices{};
    case Kind::link: return request::DeviceLink{what.code};
    case Kind::link_code: return request::LinkCode{what.relay, what.device_name};
    case Kind::revoke: return request::DeviceRevoke{};
    case Kind::safety: return request::SafetyNumber{what.user};
    case Kind::verify: return request::Verify{what.user, !what.undo, what.code};
    case Kind::archive_make:
        return request::ArchiveMake{what.path, read_password(what), what.changes_only, what.replace};
    case Kind::archive_read: return request::ArchiveRead{what.path, read_password(what), what.check_only};
    case Kind::history_ask: return request::HistoryAsk{};
    case Kind::history_send: return request::HistorySend{};
    case Kind::search: {
        request::Search search;
        search.text = what.text;
        search.where.with = what.with;
        search.from = what.from;
        search.kinds = what.kinds;
        search.limit = std::min(what.limit, godwit::search_limit_max);
        search.before = what.before_page;
        return search;
    }
    case Kind::notices: return request::Notices{std::min(what.limit, request::notices_kept_max), {}};
    case Kind::history: {
        request::History history{what.user, what.limit, {}};
        if (!what.before.empty() && !(history.before = message_id(what.before))) return std::nullopt;
        if (!what.after.empty() && !(history.after = message_id(what.after))) return std::nullopt;
        if (!what.around.empty() && !(history.around = message_id(what.around))) return std::nullopt;
        return history;
    }
    case Kind::none: break;
    }
    return std::nullopt;
}
