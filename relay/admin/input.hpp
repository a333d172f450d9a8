// SPDX-License-Identifier: Apache-2.0
// What a request says, checked against a table of what it may say. The same table is the OpenAPI description
// (openapi.cpp), so that what is written there is what is accepted.
#pragma once

#include "lib/base/bytes.hpp"
#include "relay/http/message.hpp"

#include <godwit/result.hpp>

#include <nlohmann/json.hpp>

#include <span>

namespace godwit::relay::admin {

using Json = nlohmann::ordered_json;

/// Largest JSON body; a CSV has its own bound.
inline constexpr std::size_t json_body_bytes_max = 256 * 1024;

enum class Kind : std::uint8_t { text, integer, boolean, texts };

/// One value of the path, the query or the body.
struct Field {
    std::string_view name;
    Kind kind = Kind::text;
    bool required = false;
    /// Of an integer: the least and the most. Of a text: characters as bytes. Of texts: how many.
    std::int64_t least = 0;
    std::int64_t most = 0;
    std::string_view doc;
    std::span<const std::string_view> choices = {}; ///< Of a text: one of these.
};

class Input {
public:
    /// Everything that is there is known, of its kind and within its bounds, and what is required is there. Errors:
    /// invalid_argument, which names the field and says what would be right.
    [[nodiscard]] static Result<Input> read(const http::Request& request, std::span<const Field> path,
                                            std::span<const Field> query, std::span<const Field> body);

    [[nodiscard]] bool has(std::string_view name) const { return values_.contains(name); }
    /// Precondition of these: the field's table has it, with this kind. Absent: what stands behind.
    [[nodiscard]] std::string text(std::string_view name, std::string absent = {}) const;
    [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t absent = 0) const;
    [[nodiscard]] bool boolean(std::string_view name, bool absent = false) const;
    [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;
    void set(std::string_view name, Json value) { values_[std::string(name)] = std::move(value); }
    [[nodiscard]] const std::string& raw_body() const noexcept { return raw_; }

private:
    [[nodiscard]] static std::optional<Error> check(const Field& field, const Json& value);

    Json values_ = Json::object();
    std::string raw_;
};

} // namespace godwit::relay::admin
