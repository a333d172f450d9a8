// SPDX-License-Identifier: Apache-2.0
// The description of the API, made from the tables that serve it.
#include "relay/admin/fields.hpp"

namespace godwit::relay::admin {
namespace {

Json schema_of(const Field& field)
{
    Json out;
    switch (field.kind) {
    case Kind::boolean: out = {{"type", "boolean"}}; break;
    case Kind::integer:
        out = {{"type", "integer"}, {"format", "int64"}, {"minimum", field.least}, {"maximum", field.most}};
        break;
    case Kind::text:
        out = {{"type", "string"}, {"minLength", field.least}, {"maxLength", field.most}};
        if (!field.choices.empty()) out["enum"] = std::vector<std::string>(field.choices.begin(), field.choices.end());
        break;
    case Kind::texts: out = {{"type", "array"}, {"items", {{"type", "string"}}}, {"maxItems", field.most}}; break;
    }
    out["description"] = field.doc;
    return out;
}

Json parameter_of(const Field& field, const char* where)
{
    return {{"name", field.name}, {"in", where}, {"required", field.required}, {"schema", schema_of(field)}};
}

Json operation_of(const Endpoint& endpoint)
{
    Json out{{"operationId", std::string(http::method_name(endpoint.method)) + " " + std::string(endpoint.pattern)},
             {"summary", endpoint.summary},
             {"x-verb", verb_name(endpoint.verb)},
             {"x-scope", scope_of(endpoint) == Scope::relay ? "relay" : "application"},
             {"x-roles", Json::array()}};
    for (const auto role : roles)
        if (may(role, endpoint.verb)) out["x-roles"].push_back(role_name(role));
    out["parameters"] = Json::array();
    for (const auto& field : endpoint.path)
        out["parameters"].push_back(parameter_of(field, "path"));
    for (const auto& field : endpoint.query)
        out["parameters"].push_back(parameter_of(field, "query"));
    if (!endpoint.body.empty()) {
        Json schema{{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}};
        for (const auto& field : endpoint.body) {
            schema["properties"][std::string(field.name)] = schema_of(field);
            if (field.required) schema["required"].push_back(field.name);
        }
        if (endpoint.body_type != "application/json")
            schema = {{"type", "string"}, {"description", endpoint.body.front().doc}};
        out["requestBody"] = {{"content", {{std::string(endpoint.body_type), {{"schema", std::move(schema)}}}}}};
    }
    const Json problem{{"$ref", "#/components/responses/problem"}};
    out["responses"] = {{"2XX", {{"description", "Done, and stored"}}}, {"4XX", problem}, {"5XX", problem}};
    return out;
}

std::string lower(std::string_view text)
{
    std::string out(text);
    for (auto& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

} // namespace

std::string openapi(std::string_view version)
{
    Json out{{"openapi", "3.0.3"},
             {"info",
              {{"title", "godwit-relay administration"},
               {"version", version},
               {"license", {{"name", "Apache-2.0"}}},
               {"description", "Times are milliseconds since 1970. Fields that are not known are refused."}}},
             {"security", Json::array({{{"token", Json::array()}}})},
             {"paths", Json::object()},
             {"components",
              {{"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}},
               {"responses",
                {{"problem",
                  {{"description", "RFC 9457: what is wrong, and what would be right"},
                   {"content",
                    {{"application/problem+json",
                      {{"schema",
                        {{"type", "object"},
                         {"properties",
                          {{"title", {{"type", "string"}}},
                           {"status", {{"type", "integer"}}},
                           {"detail", {{"type", "string"}}}}}}}}}}}}}}}}}};
    for (const auto* const endpoint : all_endpoints())
        out["paths"][std::string(endpoint->pattern)][lower(http::method_name(endpoint->method))] =
            operation_of(*endpoint);
    return out.dump(1);
}

} // namespace godwit::relay::admin
