// SPDX-License-Identifier: Apache-2.0
// What a post may hold, one function for both directions: what the application wants to send, and what came.
#pragma once

#include <godwit/content.hpp>
#include <godwit/result.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace godwit::conversation {

/// Errors: invalid_argument (empty, not UTF-8), message_too_large.
[[nodiscard]] Result<void> validate_text(std::string_view text);
/// Errors: invalid_argument (too long).
[[nodiscard]] Result<void> validate_send_key(std::string_view key);

/// Something to say, before it has a place.
struct Draft {
    std::string text;
    content::Body body;
    std::optional<content::Quote> reply;
    /// nullopt: as the conversation's timer says.
    std::optional<content::Lifetime> lifetime;
    bool forwarded = false;
    std::string send_key;
};

/// Bounds, UTF-8, ranges on character boundaries within the text, and a text where the body needs one. Errors:
/// invalid_argument, message_too_large; detail names the field.
[[nodiscard]] Result<void> validate_body(std::string_view text, const content::Body& body);
[[nodiscard]] Result<void> validate_lifetime(const content::Lifetime& lifetime);
[[nodiscard]] Result<void> validate(const Draft& draft);

} // namespace godwit::conversation
