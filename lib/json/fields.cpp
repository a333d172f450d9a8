// SPDX-License-Identifier: Apache-2.0
// Flow: bytes -> nlohmann's SAX parser (iterative, checks UTF-8) -> FieldsReader (depth, duplicates, top-level members
// only).
#include "lib/json/fields.hpp"

#include "lib/json/json.hpp"

#include <nlohmann/json.hpp>

#include <exception>
#include <set>
#include <vector>

namespace godwit::json {

namespace {
Error invalid(std::string detail)
{
    return Error{ErrorCode::invalid_argument, std::move(detail), 0};
}
} // namespace

/// Keeps scalars of the outermost object, checks the rest and lets it go. Returning false ends the parse.
class FieldsReader {
public:
    explicit FieldsReader(Fields& fields) : fields_(fields) {}

    bool null() { return keep(nullptr); }
    bool boolean(bool value) { return keep(value); }
    bool number_integer(std::int64_t value) { return keep(value); }
    bool number_unsigned(std::uint64_t value) { return keep(value); }
    bool number_float(double value, const std::string&) { return keep(value); }
    bool string(std::string& value) { return keep(std::move(value)); }
    bool binary(std::vector<std::uint8_t>&) { return keep(Structure{}); }

    bool start_object(std::size_t)
    {
        if (!descend()) return false;
        keys_.emplace_back();
        return true;
    }
    bool end_object()
    {
        keys_.pop_back();
        return ascend();
    }
    bool start_array(std::size_t)
    {
        if (depth_ == 0) return refuse("a request is one JSON object, e.g. {\"id\":1,\"do\":\"status\"}");
        return descend();
    }
    bool end_array() { return ascend(); }

    bool key(std::string& name)
    {
        if (!keys_.back().insert(name).second) return refuse("field \"" + printable(name) + "\" appears twice");
        if (depth_ == 1) key_ = std::move(name);
        return true;
    }

    bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&)
    {
        return refuse("not valid JSON (UTF-8, one object a line) at byte " + std::to_string(position));
    }

private:
    template <class T>
    bool keep(T&& value)
    {
        if (depth_ == 0) return refuse("a request is one JSON object, e.g. {\"id\":1,\"do\":\"status\"}");
        if (depth_ == 1) fields_.members_.emplace(std::move(key_), Value(std::forward<T>(value)));
        return true;
    }
    bool descend()
    {
        if (depth_ == depth_max) return refuse("nested deeper than " + std::to_string(depth_max));
        if (depth_ == 1) fields_.members_.emplace(std::move(key_), Structure{});
        ++depth_;
        return true;
    }
    bool ascend()
    {
        --depth_;
        return true;
    }
    bool refuse(std::string detail)
    {
        if (!fields_.error_) fields_.error_ = invalid(std::move(detail));
        return false;
    }
    /// Names come from outside: enough of them to recognise, not enough to flood a log.
    static std::string printable(std::string_view name)
    {
        constexpr std::size_t shown_max = 40;
        return name.size() <= shown_max ? std::string(name) : "(a name of " + std::to_string(name.size()) + " bytes)";
    }

    Fields& fields_;
    std::size_t depth_ = 0;
    std::string key_;                         // of the outermost object
    std::vector<std::set<std::string>> keys_; // seen, per open object
};

Fields Fields::read(std::string_view line)
{
    Fields out;
    if (line.size() > line_bytes_max) {
        out.error_ = Error{ErrorCode::message_too_large,
                           "a request may have at most " + std::to_string(line_bytes_max) + " bytes", 0};
        return out;
    }
    FieldsReader reader(out);
    try {
        const bool complete = nlohmann::json::sax_parse(line.begin(), line.end(), &reader);
        if (!complete && !out.error_) out.error_ = invalid("not valid JSON");
    } catch (const std::exception&) {
        out.error_ = invalid("not valid JSON");
    }
    return out;
}

void Fields::fail(std::string_view field, std::string_view expected)
{
    if (error_) return;
    error_ = invalid("field \"" + std::string(field) + "\" must be " + std::string(expected));
}

const Value* Fields::find(std::string_view name) const
{
    const auto it = members_.find(name);
    return it == members_.end() ? nullptr : &it->second;
}

namespace {
bool absent(const Value* value)
{
    return value == nullptr || std::holds_alternative<std::nullptr_t>(*value);
}
} // namespace

std::string Fields::text(std::string_view name, std::optional<std::string> fallback)
{
    const Value* value = find(name);
    if (absent(value) && fallback) return *std::move(fallback);
    if (value != nullptr)
        if (const auto* held = std::get_if<std::string>(value)) return *held;
    fail(name, value == nullptr ? "given: a string" : "a string");
    return {};
}

std::uint64_t Fields::integer(std::string_view name, std::uint64_t min, std::uint64_t max,
                              std::optional<std::uint64_t> fallback)
{
    const Value* value = find(name);
    if (absent(value) && fallback) return *fallback;
    // nlohmann gives every non-negative integer as unsigned; a negative one is below any min.
    if (value != nullptr)
        if (const auto* held = std::get_if<std::uint64_t>(value); held != nullptr && *held >= min && *held <= max)
            return *held;
    fail(name, "an integer from " + std::to_string(min) + " to " + std::to_string(max));
    return min;
}

bool Fields::boolean(std::string_view name, std::optional<bool> fallback)
{
    const Value* value = find(name);
    if (absent(value) && fallback) return *fallback;
    if (value != nullptr)
        if (const auto* held = std::get_if<bool>(value)) return *held;
    fail(name, "true or false");
    return false;
}

} // namespace godwit::json
