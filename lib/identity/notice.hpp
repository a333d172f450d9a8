// SPDX-License-Identifier: Apache-2.0
// Notices of a relay's operator: made there, judged by devices, by the same rules.
#pragma once

#include "lib/wire/notice.hpp"

namespace godwit::identity {

/// An https URI (RFC 3986): ASCII, a host, no user information ("bank@evil"), at most
/// notice_link_bytes_max. Names in other scripts stand there as A-labels (RFC 5890): what is shown is where it leads.
[[nodiscard]] bool is_notice_link(std::string_view text) noexcept;

/// What may be said: a title of one line, UTF-8 without control characters (the text may have line feeds), a link or
/// none, an end after the beginning; a withdrawal says nothing. Errors: invalid_argument, and which field.
[[nodiscard]] Result<void> check_notice(const wire::OperatorNotice& notice);

/// Encoded and signed. Precondition: check_notice.
[[nodiscard]] Bytes sign_notice(wire::OperatorNotice notice, BytesView relay_seed);

/// Decodes and verifies: signed by `relay`, for `account` or for all, and such that it may be said. Errors: malformed,
/// authentication_failed.
[[nodiscard]] Result<wire::OperatorNotice> verify_notice(BytesView encoded, const PublicKey& relay,
                                                         const PublicKey& account);

} // namespace godwit::identity
