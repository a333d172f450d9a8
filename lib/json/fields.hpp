// SPDX-License-Identifier: Apache-2.0
// Private to lib/json: the members of one flat JSON object, read once and asked for by name.
#pragma once

#include <godwit/result.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace godwit::json {

/// What a member may hold. Structure (objects, arrays) is accepted and forgotten: only fields that we do not know have
/// it.
struct Structure {};
using Value = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Structure>;

class Fields {
public:
    /// Reads `line`; on trouble the error is set and the members read so far remain (so that "id" can still be echoed).
    static Fields read(std::string_view line);

    [[nodiscard]] bool failed() const { return error_.has_value(); }
    /// The first trouble met: malformed JSON, or a field that a getter below did not like.
    [[nodiscard]] const Error& error() const { return *error_; }
    void fail(std::string_view field, std::string_view expected);

    [[nodiscard]] const Value* find(std::string_view name) const;

    /// A missing or null field is an error unless `fallback` is given; so is any other type.
    std::string text(std::string_view name, std::optional<std::string> fallback = std::nullopt);
    std::uint64_t integer(std::string_view name, std::uint64_t min, std::uint64_t max,
                          std::optional<std::uint64_t> fallback);
    bool boolean(std::string_view name, std::optional<bool> fallback = std::nullopt);

private:
    friend class FieldsReader;
    std::map<std::string, Value, std::less<>> members_;
    std::optional<Error> error_;
};

} // namespace godwit::json
