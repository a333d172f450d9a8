// SPDX-License-Identifier: Apache-2.0
#include "lib/identity/notice.hpp"

#include "lib/crypto/signing.hpp"

#include <algorithm>

namespace godwit::identity {
namespace {

Error invalid(std::string detail)
{
    return {ErrorCode::invalid_argument, std::move(detail), 0};
}

Error refused(const char* detail)
{
    return {ErrorCode::authentication_failed, detail, 0};
}

/// RFC 3986 section 2. Nothing else: a backslash, say, is a slash to browsers.
bool is_uri_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~:/?#[]@!$&'()*+,;=%").find(c) != std::string_view::npos;
}

/// C0 without what is allowed, DEL, and C1 (U+0080…U+009F, in UTF-8 c2 80…c2 9f).
bool has_controls(std::string_view text, bool lines)
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if ((c < 0x20 && !(lines && c == '\n')) || c == 0x7f) return true;
        if (c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
    }
    return false;
}

Result<void> check_text(const char* name, std::string_view text, std::size_t bytes_max, bool lines)
{
    if (text.size() > bytes_max || !is_utf8(text) || has_controls(text, lines))
        return invalid(std::string(name) + ": UTF-8 without control characters, at most " + std::to_string(bytes_max) +
                       " bytes" + (lines ? "" : ", one line"));
    return {};
}

} // namespace

bool is_notice_link(std::string_view text) noexcept
{
    constexpr std::string_view scheme = "https://";
    if (text.size() > notice_link_bytes_max || !text.starts_with(scheme)) return false;
    if (!std::all_of(text.begin(), text.end(), is_uri_character)) return false;
    const auto rest = text.substr(scheme.size());
    const auto authority = rest.substr(0, rest.find_first_of("/?#"));
    return !authority.empty() && authority.front() != ':' && authority.find('@') == std::string_view::npos;
}

Result<void> check_notice(const wire::OperatorNotice& notice)
{
    if (notice.id.is_zero()) return invalid("id: 16 bytes, not all zero");
    if (notice.created_ms <= 0 || notice.expires_ms <= notice.created_ms) return invalid("expires: after it is made");
    if (notice.withdrawn) {
        if (!notice.title.empty() || !notice.text.empty() || !notice.link.empty())
            return invalid("title, text, link: what is withdrawn says nothing");
        return {};
    }
    if (notice.title.empty()) return invalid("title: one line, not empty");
    if (auto title = check_text("title", notice.title, notice_title_bytes_max, false); !title) return title;
    if (auto text = check_text("text", notice.text, notice_text_bytes_max, true); !text) return text;
    if (!notice.link.empty() && !is_notice_link(notice.link))
        return invalid("link: https://HOST…, ASCII, without user information, at most " +
                       std::to_string(notice_link_bytes_max) + " bytes");
    return {};
}

Bytes sign_notice(wire::OperatorNotice notice, BytesView relay_seed)
{
    const auto signature = crypto::SigningKey::from_seed(relay_seed).sign(wire::notice_signed_bytes(notice));
    std::copy(signature.begin(), signature.end(), notice.signature.bytes.begin());
    return wire::encode(notice);
}

Result<wire::OperatorNotice> verify_notice(BytesView encoded, const PublicKey& relay, const PublicKey& account)
{
    auto notice = wire::decode_notice(encoded);
    if (!notice) return std::move(notice).error();
    if (!notice->account.is_zero() && notice->account != account) return refused("notice: for another account");
    if (!crypto::verify(relay, wire::notice_signed_bytes(*notice), notice->signature.view()))
        return refused("notice: signature does not verify");
    if (const auto sane = check_notice(*notice); !sane) return Error{ErrorCode::malformed, sane.error().detail, 0};
    return notice;
}

} // namespace godwit::identity
