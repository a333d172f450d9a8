// SPDX-License-Identifier: Apache-2.0
// Flow: bytes -> nlohmann's SAX parser (iterative, checks UTF-8) -> FieldsReader (depth, duplicates, top-level members
// only).
#include "lib/json/fields.hpp"

#include "lib/base/bytes.hpp"
#include "lib/json/json.hpp"

#include <nlohmann/json.hpp>

#include <exception>

namespace godwit::json {

namespace {
constexpr std::size_t too_large_looked_at = 512;

Error invalid(std::string detail)
{
    return Error{ErrorCode::invalid_argument, std::move(detail), 0};
}
} // namespace

/// Builds the tree, within its bounds. Returning false ends the parse.
class FieldsReader {
public:
    explicit FieldsReader(Fields& fields) : fields_(fields) {}

    bool null() { return keep(nullptr); }
    bool boolean(bool value) { return keep(value); }
    bool number_integer(std::int64_t value) { return keep(value); }
    bool number_unsigned(std::uint64_t value) { return keep(value); }
    bool number_float(double value, const std::string&) { return keep(value); }
    bool string(std::string& value) { return keep(std::move(value)); }
    bool binary(std::vector<std::uint8_t>&) { return keep(nullptr); }

    bool start_object(std::size_t)
    {
        auto object = open_.empty() ? fields_.object_ : std::make_shared<Object>();
        if (open_.size() == depth_max) return refuse("nested deeper than " + std::to_string(depth_max));
        if (!open_.empty() && !keep(object)) return false;
        open_.push_back({std::move(object), nullptr, {}});
        return true;
    }
    bool end_object() { return close(); }
    bool start_array(std::size_t)
    {
        if (open_.empty()) return refuse(not_an_object);
        if (open_.size() == depth_max) return refuse("nested deeper than " + std::to_string(depth_max));
        auto list = std::make_shared<List>();
        if (!keep(list)) return false;
        open_.push_back({nullptr, std::move(list), {}});
        return true;
    }
    bool end_array() { return close(); }

    bool key(std::string& name)
    {
        if (open_.back().object->members.contains(name))
            return refuse("field \"" + printable(name) + "\" appears twice");
        open_.back().key = std::move(name);
        return true;
    }

    bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&)
    {
        return refuse("not valid JSON (UTF-8, one object a line) at byte " + std::to_string(position));
    }

private:
    struct Open {
        std::shared_ptr<Object> object;
        std::shared_ptr<List> list;
        std::string key; ///< Of the member that comes next.
    };
    static constexpr const char* not_an_object = "a request is one JSON object, e.g. {\"id\":1,\"do\":\"status\"}";

    template <class T>
    bool keep(T&& value)
    {
        if (open_.empty()) return refuse(not_an_object);
        if (++values_ > values_max) return refuse("more than " + std::to_string(values_max) + " values");
        auto& into = open_.back();
        if (into.object)
            into.object->members.emplace(std::move(into.key), Value(std::forward<T>(value)));
        else
            into.list->items.emplace_back(std::forward<T>(value));
        return true;
    }
    bool close()
    {
        open_.pop_back();
        return true;
    }
    bool refuse(std::string detail)
    {
        if (!*fields_.error_) *fields_.error_ = invalid(std::move(detail));
        return false;
    }
    /// Names come from outside: enough of them to recognise, not enough to flood a log.
    static std::string printable(std::string_view name)
    {
        constexpr std::size_t shown_max = 40;
        return name.size() <= shown_max ? std::string(name) : "(a name of " + std::to_string(name.size()) + " bytes)";
    }

    Fields& fields_;
    std::vector<Open> open_;
    std::size_t values_ = 0;
};

Fields Fields::read(std::string_view line)
{
    Fields out;
    if (line.size() > line_bytes_max) {
        *out.error_ = Error{ErrorCode::message_too_large,
                            "a request may have at most " + std::to_string(line_bytes_max) + " bytes", 0};
        line = line.substr(0, too_large_looked_at); // for an id that stands first
    }
    FieldsReader reader(out);
    try {
        // What json::sax_parse() does for text. Itself it would bring along readers of CBOR, MessagePack, UBJSON and
        // BSON, 40 KB of them, since it is told at run time which of these it reads.
        auto text = nlohmann::detail::input_adapter(line.begin(), line.end());
        nlohmann::detail::parser<nlohmann::json, decltype(text)> parser(std::move(text), nullptr, true, false);
        const bool complete = parser.sax_parse(&reader, true);
        if (!complete && !*out.error_) *out.error_ = invalid("not valid JSON");
    } catch (const std::exception&) {
        if (!*out.error_) *out.error_ = invalid("not valid JSON");
    }
    return out;
}

void Fields::fail(std::string_view field, std::string_view expected)
{
    if (*error_) return;
    *error_ = invalid("field \"" + path_ + std::string(field) + "\" must be " + std::string(expected));
}

const Value* Fields::find(std::string_view name) const
{
    const auto it = object_->members.find(name);
    return it == object_->members.end() ? nullptr : &it->second;
}

namespace {
bool absent(const Value* value)
{
    return value == nullptr || std::holds_alternative<std::nullptr_t>(*value);
}
} // namespace

bool Fields::has(std::string_view name) const
{
    return !absent(find(name));
}

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

double Fields::number(std::string_view name, double min, double max, std::optional<double> fallback)
{
    const Value* value = find(name);
    if (absent(value) && fallback) return *fallback;
    std::optional<double> out;
    if (value != nullptr) {
        if (const auto* held = std::get_if<double>(value)) out = *held;
        if (const auto* held = std::get_if<std::uint64_t>(value)) out = static_cast<double>(*held);
        if (const auto* held = std::get_if<std::int64_t>(value)) out = static_cast<double>(*held);
    }
    if (out && *out >= min && *out <= max) return *out;
    fail(name, "a number from " + std::to_string(min) + " to " + std::to_string(max));
    return min;
}

std::optional<std::vector<std::uint8_t>> Fields::digits(std::string_view name)
{
    return from_hex(text(name, ""));
}

std::vector<std::uint8_t> Fields::bytes(std::string_view name, std::size_t bytes_max)
{
    auto raw = digits(name);
    if (raw && raw->size() <= bytes_max) return *std::move(raw);
    fail(name, "hexadecimal digits, of at most " + std::to_string(bytes_max) + " bytes");
    return {};
}

std::optional<Fields> Fields::object(std::string_view name)
{
    const Value* value = find(name);
    if (absent(value)) return std::nullopt;
    if (const auto* held = std::get_if<std::shared_ptr<Object>>(value))
        return Fields(*held, error_, path_ + std::string(name) + ".");
    fail(name, "an object");
    return std::nullopt;
}

const List* Fields::list(std::string_view name, std::size_t max)
{
    const Value* value = find(name);
    if (absent(value)) return nullptr;
    if (const auto* held = std::get_if<std::shared_ptr<List>>(value); held != nullptr && (*held)->items.size() <= max)
        return held->get();
    fail(name, "a list of at most " + std::to_string(max));
    return nullptr;
}

void Fields::each(std::string_view name, std::size_t max, const std::function<void(Fields&)>& item)
{
    const auto* found = list(name, max);
    if (found == nullptr) return;
    for (const auto& value : found->items) {
        const auto* held = std::get_if<std::shared_ptr<Object>>(&value);
        if (held == nullptr) return fail(name, "a list of objects");
        Fields one(*held, error_, path_ + std::string(name) + ".");
        item(one);
    }
}

std::vector<std::string> Fields::texts(std::string_view name, std::size_t max)
{
    std::vector<std::string> out;
    const auto* found = list(name, max);
    if (found == nullptr) return out;
    for (const auto& value : found->items) {
        const auto* held = std::get_if<std::string>(&value);
        if (held == nullptr) {
            fail(name, "a list of strings");
            return {};
        }
        out.push_back(*held);
    }
    return out;
}

} // namespace godwit::json
