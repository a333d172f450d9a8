// SPDX-License-Identifier: Apache-2.0
// Private to lib/json: the members of one JSON object, read once and asked for by name; objects and lists in it are
// asked the same way.
#pragma once

#include <godwit/result.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace godwit::json {

struct Object;
struct List;
/// What a member may hold.
using Value = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string,
                           std::shared_ptr<Object>, std::shared_ptr<List>>;
struct Object {
    std::map<std::string, Value, std::less<>> members;
};
struct List {
    std::vector<Value> items;
};

/// Values of one line, all levels together: more is no request of ours, and would cost more memory than it is worth.
inline constexpr std::size_t values_max = 16'384;

class Fields {
public:
    /// Reads `line`; on trouble the error is set and the members read so far remain (so that "id" can still be echoed).
    static Fields read(std::string_view line);

    [[nodiscard]] bool failed() const { return error_->has_value(); }
    /// The first trouble met: malformed JSON, or a field that a getter below did not like.
    [[nodiscard]] const Error& error() const { return **error_; }
    void fail(std::string_view field, std::string_view expected);

    [[nodiscard]] const Value* find(std::string_view name) const;
    /// There, and not null.
    [[nodiscard]] bool has(std::string_view name) const;

    /// A missing or null field is an error unless `fallback` is given; so is any other type.
    std::string text(std::string_view name, std::optional<std::string> fallback = std::nullopt);
    std::uint64_t integer(std::string_view name, std::uint64_t min, std::uint64_t max,
                          std::optional<std::uint64_t> fallback);
    /// Integers too.
    double number(std::string_view name, double min, double max, std::optional<double> fallback);
    bool boolean(std::string_view name, std::optional<bool> fallback = std::nullopt);
    /// Hexadecimal digits; missing: empty.
    std::vector<std::uint8_t> bytes(std::string_view name, std::size_t bytes_max);
    /// Exactly N bytes, as hexadecimal digits. A missing or null one is an error unless `optional`; then it is zero.
    template <class Fixed>
    Fixed fixed(std::string_view name, std::string_view expected, bool optional = false)
    {
        if (optional && !has(name)) return {};
        const auto raw = digits(name);
        const auto out = raw ? Fixed::from(*raw) : std::nullopt;
        if (!out) fail(name, expected);
        return out.value_or(Fixed{});
    }

    /// The members of an object in a field; nullopt: it is missing or null. Another type is an error.
    std::optional<Fields> object(std::string_view name);
    /// Each object in a list, at most `max`; a missing list is empty.
    void each(std::string_view name, std::size_t max, const std::function<void(Fields&)>& item);
    /// The strings of a list, at most `max`; a missing list is empty.
    std::vector<std::string> texts(std::string_view name, std::size_t max);

private:
    friend class FieldsReader;
    Fields() : object_(std::make_shared<Object>()), error_(std::make_shared<std::optional<Error>>()) {}
    Fields(std::shared_ptr<Object> object, std::shared_ptr<std::optional<Error>> error, std::string path)
        : object_(std::move(object)), error_(std::move(error)), path_(std::move(path))
    {
    }
    [[nodiscard]] std::optional<std::vector<std::uint8_t>> digits(std::string_view name);
    [[nodiscard]] const List* list(std::string_view name, std::size_t max);

    std::shared_ptr<Object> object_;
    std::shared_ptr<std::optional<Error>> error_; ///< Of the whole line.
    std::string path_;                            ///< In front of a name, in errors: "body.file."
};

} // namespace godwit::json
