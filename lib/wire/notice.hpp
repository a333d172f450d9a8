// SPDX-License-Identifier: Apache-2.0
// What the operator of a relay tells its accounts (docs/adr/0035-notices.md). Signed by the relay's key, which clients
// pin; not sealed.
#pragma once

#include <godwit/notice.hpp>

#include "lib/wire/content.hpp"

namespace godwit::wire {

/// At most notice_bytes_max (frames.hpp). Signed over `notice_context` ‖ encoding without the signature, and like a
/// certificate it never grows.
struct OperatorNotice {
    static constexpr std::uint8_t wire_kind = 47;
    NoticeId id;
    PublicKey account; ///< Whose; zero: every account's. What was said to one proves nothing to another.
    NoticeKind kind = NoticeKind::announcement; ///< Others are of a later version, and kept.
    WallMs created_ms = 0;                      ///< No two of one relay are equal.
    WallMs expires_ms = 0;
    bool withdrawn = false; ///< Takes back what was said under this id: title, text and link are empty.
    std::string title;
    std::string text;
    std::string link;
    Signature signature;
};
inline constexpr std::string_view notice_context = "godwit operator notice 1";

/// The bytes the relay's key signs: `notice_context`, then the encoding without its last field.
[[nodiscard]] Bytes notice_signed_bytes(const OperatorNotice& notice);
[[nodiscard]] Bytes encode(const OperatorNotice& notice);
[[nodiscard]] Result<OperatorNotice> decode_notice(BytesView bytes);

} // namespace godwit::wire
