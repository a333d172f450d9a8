// SPDX-License-Identifier: Apache-2.0
#include "relay/admin/input.hpp"

#include <algorithm>
#include <charconv>

namespace godwit::relay::admin {
namespace {

Error invalid(std::string_view name, const std::string& why)
{
    return {ErrorCode::invalid_argument, std::string(name) + ": " + why, 0};
}

const Field* find(std::span<const Field> fields, std::string_view name)
{
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& one) { return one.name == name; });
    return found == fields.end() ? nullptr : &*found;
}

std::string known(std::span<const Field> fields)
{
    std::string out;
    for (const auto& one : fields)
        out += (out.empty() ? "" : ", ") + std::string(one.name);
    return out.empty() ? "nothing" : out;
}

/// A value of a path or a query is text: of which kind it is meant, the table says.
Json from_text(const Field& field, std::string_view text)
{
    if (field.kind == Kind::integer) {
        std::int64_t number = 0;
        const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (wrong == std::errc() && end == text.data() + text.size()) return number;
    }
    if (field.kind == Kind::boolean && (text == "true" || text == "false")) return text == "true";
    return std::string(text);
}

std::string between(std::int64_t least, std::int64_t most)
{
    return std::to_string(least) + " to " + std::to_string(most);
}

} // namespace

Result<Input> Input::read(const http::Request& request, std::span<const Field> path, std::span<const Field> query,
                          std::span<const Field> body)
{
    Input out;
    const auto take = [&](std::span<const Field> fields, std::string_view name, Json value) -> std::optional<Error> {
        const auto* const field = find(fields, name);
        if (field == nullptr) return invalid(name, "is not known here (known: " + known(fields) + ")");
        if (out.values_.contains(name)) return invalid(name, "is given twice");
        if (auto wrong = check(*field, value)) return wrong;
        out.values_[std::string(name)] = std::move(value);
        return std::nullopt;
    };
    for (const auto& field : path)
        if (auto wrong = take(path, field.name, from_text(field, request.parameter(field.name)))) return *wrong;
    for (const auto& [name, value] : request.query) {
        const auto* const field = find(query, name);
        if (auto wrong = take(query, name, field == nullptr ? Json(value) : from_text(*field, value))) return *wrong;
    }
    if (!body.empty() && !request.body.empty()) {
        const auto parsed = Json::parse(request.body, nullptr, false);
        if (!parsed.is_object()) return invalid("body", "must be a JSON object");
        for (const auto& [name, value] : parsed.items())
            if (!value.is_null())
                if (auto wrong = take(body, name, value)) return *wrong;
    }
    for (const auto fields : {query, body})
        for (const auto& field : fields)
            if (field.required && !out.has(field.name)) return invalid(field.name, "is missing");
    out.raw_ = request.body;
    return out;
}

std::optional<Error> Input::check(const Field& field, const Json& value)
{
    switch (field.kind) {
    case Kind::boolean:
        if (value.is_boolean()) return std::nullopt;
        return invalid(field.name, "must be true or false");
    case Kind::integer: {
        // A number that only fits without a sign is too large for any of ours.
        const bool fits = value.is_number_integer() &&
                          (!value.is_number_unsigned() || value.get<std::uint64_t>() <= INT64_MAX) &&
                          value.get<std::int64_t>() >= field.least && value.get<std::int64_t>() <= field.most;
        if (fits) return std::nullopt;
        return invalid(field.name, "must be a whole number from " + between(field.least, field.most));
    }
    case Kind::text: {
        const auto* const text = value.get_ptr<const std::string*>();
        if (text == nullptr || !is_utf8(*text) || static_cast<std::int64_t>(text->size()) < field.least ||
            static_cast<std::int64_t>(text->size()) > field.most)
            return invalid(field.name, "must be a text of " + between(field.least, field.most) + " bytes of UTF-8");
        if (field.choices.empty() ||
            std::find(field.choices.begin(), field.choices.end(), *text) != field.choices.end())
            return std::nullopt;
        std::string all;
        for (const auto one : field.choices)
            all += (all.empty() ? "" : ", ") + std::string(one);
        return invalid(field.name, "must be one of " + all);
    }
    case Kind::texts:
        if (value.is_array() && static_cast<std::int64_t>(value.size()) <= field.most &&
            std::all_of(value.begin(), value.end(), [](const Json& one) { return one.is_string(); }))
            return std::nullopt;
        return invalid(field.name, "must be a list of at most " + std::to_string(field.most) + " texts");
    }
    return invalid(field.name, "is of no kind"); // not reached: the table says
}

std::string Input::text(std::string_view name, std::string absent) const
{
    const auto found = values_.find(name);
    return found == values_.end() ? std::move(absent) : found->get<std::string>();
}

std::int64_t Input::integer(std::string_view name, std::int64_t absent) const
{
    const auto found = values_.find(name);
    return found == values_.end() ? absent : found->get<std::int64_t>();
}

bool Input::boolean(std::string_view name, bool absent) const
{
    const auto found = values_.find(name);
    return found == values_.end() ? absent : found->get<bool>();
}

std::vector<std::string> Input::texts(std::string_view name) const
{
    const auto found = values_.find(name);
    return found == values_.end() ? std::vector<std::string>() : found->get<std::vector<std::string>>();
}

} // namespace godwit::relay::admin
