// SPDX-License-Identifier: Apache-2.0
// What the operator of a relay tells its accounts: all of them, or some. It comes from the relay, signed with the key
// in the relay's address, and is not end-to-end encrypted: never show it as a message of somebody.
#pragma once

#include <godwit/ids.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace godwit {

using NoticeId = FixedBytes<16, struct NoticeIdTag>;

inline constexpr std::size_t notice_title_bytes_max = 200;
inline constexpr std::size_t notice_text_bytes_max = 4096;
inline constexpr std::size_t notice_link_bytes_max = 1024;

enum class NoticeKind : std::uint8_t {
    announcement = 1,
    maintenance = 2, ///< The relay will not be there, or was not.
    account = 3,     ///< About this account.
};
[[nodiscard]] constexpr std::string_view notice_kind_name(NoticeKind kind) noexcept
{
    switch (kind) {
    case NoticeKind::announcement: return "announcement";
    case NoticeKind::maintenance: return "maintenance";
    case NoticeKind::account: return "account";
    }
    return "announcement"; // of a later version
}

struct Notice {
    NoticeId id;
    NoticeKind kind = NoticeKind::announcement;
    bool to_all = false;         ///< False: to this account.
    std::string title;           ///< One line.
    std::string text;            ///< May be empty; lines end with a line feed.
    std::string link;            ///< https; empty: none. Nothing fetches it; who shows it shows where it leads.
    std::int64_t created_ms = 0; ///< By the relay's clock, as the next.
    std::int64_t expires_ms = 0;
    std::int64_t received_ms = 0; ///< By this device's clock.
    bool read = false;            ///< On one of the account's devices.
};

} // namespace godwit
