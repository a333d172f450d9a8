// SPDX-License-Identifier: Apache-2.0
// The schema (schema/*.toml, resolved in schema/godwit.json) against what lib/json reads and writes, both ways: nothing
// is promised that is not there, and nothing is there that is not promised. Trouble here after a change of requests or
// events: write the change into schema/, run tools/schema.py, and add a sample to schema_samples.cpp.
#include "lib/json/json.hpp"
#include "tests/lib/json/schema_samples.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <set>

using namespace godwit;
using Json = nlohmann::json;

namespace {

const Json& schema()
{
    static const Json model = [] {
        std::ifstream file(GODWIT_SCHEMA);
        return Json::parse(file);
    }();
    return model;
}

std::set<std::string> keys(const Json& object)
{
    std::set<std::string> out;
    for (const auto& [name, value] : object.items())
        out.insert(name);
    return out;
}

struct Type {
    std::string name;
    bool list = false;
    bool nullable = false;
};

Type type_of(const Json& field)
{
    Type out{field["type"], false, false};
    if (out.name.ends_with("|null")) out.nullable = true, out.name.resize(out.name.size() - 5);
    if (out.name.ends_with("[]")) out.list = true, out.name.resize(out.name.size() - 2);
    return out;
}

/// Every name of a field, wherever it occurs.
std::set<std::string> vocabulary()
{
    std::set<std::string> out{"id", "do"};
    for (const char* kind : {"requests", "events", "objects"})
        for (const auto& one : schema()[kind])
            out.merge(keys(one["fields"]));
    out.erase("id");
    out.erase("do");
    out.erase("kind");
    return out;
}

// ---- reading ------------------------------------------------------------------------------------

/// Empty: accepted; else the error's detail.
std::string refusal(const Json& line)
{
    const auto parsed = json::parse_request(line.dump());
    return parsed.request.ok() ? "" : parsed.request.error().detail;
}

/// A value that is good for a field of this type.
Json good(const Type& type)
{
    if (type.list) return Json::array({good({type.name, false, false})});
    const auto& model = schema();
    if (type.name == "string") return "x";
    if (type.name == "hex") return "00";
    if (type.name == "bool") return true;
    if (type.name == "number") return 1.5;
    if (type.name == "int" || type.name == "uint") return 1;
    if (model["scalars"].contains(type.name))
        return std::string(2 * model["scalars"][type.name]["bytes"].get<std::size_t>(), '1');
    if (model["enums"].contains(type.name)) return model["enums"][type.name]["values"].begin().key();
    if (model["unions"].contains(type.name)) return good({model["unions"][type.name]["of"][0], false, false});
    Json out = Json::object();
    const auto& object = model["objects"][type.name];
    if (object["tag"].is_string()) out["kind"] = object["tag"];
    for (const auto& [name, field] : object["fields"].items())
        out[name] = good(type_of(field));
    return out;
}

/// Values that no field of this type takes.
std::vector<Json> wrong(const Type& type)
{
    std::vector<Json> out{5.5, Json::object({{"no_such", 1}})};
    if (type.list || schema()["objects"].contains(type.name) || schema()["unions"].contains(type.name)) out = {5, "x"};
    if (type.name == "number") out = {"x", Json::object()};
    return out;
}

/// Removes, spoils and adds members of the object at `at` of an accepted line.
void probe(const Json& line, const Json::json_pointer& at, const Json& fields, const std::set<std::string>& spared)
{
    for (const auto& [name, field] : fields.items()) {
        const auto type = type_of(field);
        const auto here = at / name;
        if (!line.contains(here)) continue;
        Json without = line;
        without[at].erase(name);
        if (!spared.contains(name)) {
            const auto detail = refusal(without);
            // A list that is missing is empty and a position 0: what that means is the engine's to judge.
            if (field["optional"] || type.list || name == "begin")
                CHECK_MESSAGE(detail.empty(), without.dump() << " without " << name << ": " << detail);
            else
                CHECK_MESSAGE(detail.find(name) != std::string::npos,
                              without.dump() << ": " << name << " is needed, says the schema");
        }
        for (const auto& value : wrong(type)) {
            Json spoiled = line;
            spoiled[here] = value;
            CHECK_MESSAGE(refusal(spoiled).find(name) != std::string::npos, spoiled.dump()
                                                                                << ": nobody reads " << name);
        }
        if (type.nullable || field["optional"]) {
            Json null = line;
            null[here] = nullptr;
            if (!spared.contains(name)) CHECK_MESSAGE(refusal(null).empty(), null.dump());
        }
        const auto inner = type.list ? here / 0 : here;
        if (schema()["objects"].contains(type.name) && line.contains(inner))
            probe(line, inner, schema()["objects"][type.name]["fields"], {});
    }
    for (const auto& name : vocabulary()) {
        if (fields.contains(name)) continue;
        for (const Json& value : {Json(5.5), Json::object()}) {
            Json more = line;
            more[at][name] = value;
            CHECK_MESSAGE(refusal(more).empty(), more.dump() << ": " << name << " is read, and is not in the schema");
        }
    }
}

} // namespace

TEST_CASE("schema: errors are those of result.hpp")
{
    std::set<std::string> names;
    for (const auto& [name, error] : schema()["errors"].items()) {
        CHECK(error_name(static_cast<ErrorCode>(error["number"].get<std::uint16_t>())) == name);
        names.insert(name);
    }
    for (std::uint16_t number = 0; number < 1000; ++number) {
        const std::string name(error_name(static_cast<ErrorCode>(number)));
        CHECK_MESSAGE(names.contains(name), name);
        if (name != "internal") CHECK(schema()["errors"][name]["number"] == number);
    }
}

TEST_CASE("schema: enumerations are those of the headers")
{
    const auto check = [](const char* name, auto render) {
        std::set<std::string> rendered;
        for (unsigned value = 0; value < 256; ++value)
            rendered.insert(std::string(render(static_cast<std::uint8_t>(value))));
        CHECK_MESSAGE(rendered == keys(schema()["enums"][name]["values"]), name);
    };
    check("Path", [](auto v) { return path_name(static_cast<Path>(v)); });
    check("PathPolicy", [](auto v) { return path_policy_name(static_cast<PathPolicy>(v)); });
    check("MessageState", [](auto v) { return message_state_name(static_cast<MessageState>(v)); });
    check("ConversationKind", [](auto v) { return conversation_kind_name(static_cast<ConversationKind>(v)); });
    check("Role", [](auto v) { return role_name(static_cast<Role>(v)); });
    check("JoinRule", [](auto v) { return join_rule_name(static_cast<JoinRule>(v)); });
    check("ContactState", [](auto v) { return contact_state_name(static_cast<ContactState>(v)); });
    check("FileState", [](auto v) { return file_state_name(static_cast<FileState>(v)); });
    check("NoticeKind", [](auto v) { return notice_kind_name(static_cast<NoticeKind>(v)); });
    check("AttachmentKind",
          [](auto v) { return content::attachment_kind_name(static_cast<content::AttachmentKind>(v)); });
    check("MessageChange", [](auto v) { return event::change_name(static_cast<event::MessageChanged::What>(v)); });
    check("GroupChange", [](auto v) { return event::group_change_name(static_cast<event::GroupChanged::What>(v)); });
    check("StepOp", [](auto v) { return event::step_name(static_cast<event::ViewChanged::Step::Op>(v)); });
    check("CallState", [](auto v) { return call_state_name(static_cast<CallState>(v)); });
    check("CallMemberChange",
          [](auto v) { return event::call_member_change_name(static_cast<event::CallMemberChanged::What>(v)); });
    check("CallOutcome", [](auto v) { return call_outcome_name(static_cast<CallOutcome>(v)); });
    std::set<std::string> kinds;
    for (unsigned value = 0; value < 256; ++value)
        kinds.insert(std::string(security_kind_name(static_cast<SecurityKind>(value))));
    kinds.erase("unknown");
    CHECK(kinds == keys(schema()["enums"]["SecurityKind"]["values"]));
}

TEST_CASE("schema: requests are those that are read")
{
    std::set<std::string> read;
    for (const auto name : json::request_names())
        read.insert(std::string(name));
    read.insert("quit");
    CHECK(read == keys(schema()["requests"]));
}

TEST_CASE("schema: every request is accepted as its example, field by field, and reads nothing else")
{
    for (const auto& [name, request] : schema()["requests"].items()) {
        if (request["host"]) continue;
        CAPTURE(name);
        Json line = request["example"];
        line["do"] = name;
        CHECK_MESSAGE(refusal(line).empty(), refusal(line));
        for (const auto& [field, about] : request["fields"].items())
            if (field != "conversation" && field != "body")
                CHECK_MESSAGE(line.contains(field), name << ": its example has no " << field);
        std::set<std::string> spared;
        if (request["where"].is_string()) spared.insert(request["where"].get<std::string>());
        if (name == "send") spared.insert("text"); // Missing only beside a body.
        if (name == "watch") spared.insert("with");
        if (name == "verify") spared.insert("code"); // An empty one is no comparison, so null is none either.
        probe(line, Json::json_pointer(""), request["fields"], spared);
        if (!request["where"].is_string()) continue;
        line.erase(request["where"].get<std::string>());
        CHECK_MESSAGE(!refusal(line).empty(), name << ": a conversation is needed");
        line["conversation"] = std::string(32, '1');
        CHECK_MESSAGE(refusal(line).empty(), refusal(line));
    }
}

TEST_CASE("schema: every body that can be sent")
{
    for (const auto& member : schema()["unions"]["Body"]["of"]) {
        const std::string name = member;
        const auto& object = schema()["objects"][name];
        Json line{{"do", "send"}, {"to", "bob"}, {"body", good({name, false, false})}};
        CAPTURE(name);
        if (name == "UnknownBody" || name == "ForwardedBody" || name == "GroupNoteBody") {
            CHECK(refusal(line).find("kind") != std::string::npos);
            continue;
        }
        CHECK_MESSAGE(refusal(line).empty(), refusal(line));
        probe(line, Json::json_pointer("/body"), object["fields"], {});
    }
}

// ---- writing ------------------------------------------------------------------------------------

namespace {

/// Where a rendered value differs from the schema; and which fields have been seen.
struct Judge {
    std::set<std::string> seen{}; ///< "Type.field"
    std::vector<std::string> findings{};

    void value(const std::string& where, const Type& type, const Json& value)
    {
        const auto bad = [&] { findings.push_back(where + ": " + value.dump() + " is no " + type.name); };
        if (value.is_null() && type.nullable) return;
        if (type.list) {
            if (!value.is_array()) return bad();
            for (const auto& item : value)
                this->value(where, {type.name, false, false}, item);
            return;
        }
        const auto& model = schema();
        const auto& name = type.name;
        if (model["objects"].contains(name)) return object(where, name, model["objects"][name], value);
        if (model["unions"].contains(name)) return one_of(where, name, value);
        if (name == "bool" ? !value.is_boolean() : name == "number" ? !value.is_number() : false) bad();
        if ((name == "int" && !value.is_number_integer()) || (name == "uint" && !value.is_number_unsigned())) bad();
        if (name == "bool" || name == "number" || name == "int" || name == "uint") return;
        if (!value.is_string()) return bad();
        const std::string text = value;
        if (model["enums"].contains(name) && !model["enums"][name]["values"].contains(text)) bad();
        if (name == "ErrorCode" && !model["errors"].contains(text)) bad();
        if (model["scalars"].contains(name) && text.size() != 2 * model["scalars"][name]["bytes"].get<std::size_t>())
            bad();
    }

    void object(const std::string& where, const std::string& name, const Json& about, const Json& value)
    {
        if (!value.is_object()) return findings.push_back(where + ": no object");
        members(where, name, about["fields"], value,
                about["tag"].is_string() ? std::set<std::string>{"kind"} : std::set<std::string>{});
    }

    void members(const std::string& where, const std::string& name, const Json& fields, const Json& value,
                 const std::set<std::string>& besides)
    {
        for (const auto& [member, content] : value.items()) {
            if (besides.contains(member)) continue;
            if (!fields.contains(member)) {
                findings.push_back(where + "." + member + " is not in the schema");
                continue;
            }
            seen.insert(name + "." + member);
            this->value(where + "." + member, type_of(fields[member]), content);
        }
        for (const auto& [member, field] : fields.items())
            if (!field["optional"] && !value.contains(member)) findings.push_back(where + "." + member + " is missing");
    }

    void one_of(const std::string& where, const std::string& name, const Json& value)
    {
        const auto& about = schema()["unions"][name];
        for (const auto& member : about["of"]) {
            const std::string candidate = member;
            const auto& object = schema()["objects"][candidate];
            const bool tagged = about["tagged"].is_string();
            if (tagged &&
                value.value(about["tagged"].get<std::string>(), std::string()) != object["tag"].get<std::string>())
                continue;
            Judge trial;
            trial.object(where, candidate, object, value);
            if (!trial.findings.empty() && !tagged) continue;
            seen.merge(trial.seen);
            findings.insert(findings.end(), trial.findings.begin(), trial.findings.end());
            return;
        }
        findings.push_back(where + ": " + value.dump() + " is no " + name);
    }
};

/// All fields of these have been rendered at least once.
void expect_seen(const Judge& judge, const std::string& name, const Json& fields)
{
    for (const auto& [field, about] : fields.items())
        CHECK_MESSAGE(judge.seen.contains(name + "." + field),
                      name << "." << field << " is in the schema, and never rendered");
}

} // namespace

TEST_CASE("schema: events and replies are rendered as it says, all of them and nothing else")
{
    Judge judge;
    std::set<std::size_t> alternatives{0}; // A reply is no event.
    std::set<std::string> events;
    for (const auto& sample : test::event_samples()) {
        alternatives.insert(sample.index());
        const auto rendered = Json::parse(json::render_event(sample));
        const std::string name = rendered["event"];
        events.insert(name);
        REQUIRE_MESSAGE(schema()["events"].contains(name), name << " is not in schema/events.toml");
        judge.members(name, "event " + name, schema()["events"][name]["fields"], rendered, {"event"});
    }
    CHECK_MESSAGE(alternatives.size() == std::variant_size_v<event::Any>,
                  "an event has no sample in schema_samples.cpp");
    CHECK(events == keys(schema()["events"]));

    std::set<std::size_t> values;
    std::set<std::string> answered;
    for (const auto& sample : test::reply_samples()) {
        values.insert(sample.value.index());
        const auto rendered = Json::parse(json::render_reply(sample, "1"));
        bool fits = false;
        for (const auto& [name, request] : schema()["requests"].items()) {
            Judge trial;
            trial.members(name, "reply " + name, request["reply"], rendered, {"id", "ok"});
            if (!trial.findings.empty()) continue;
            fits = true;
            answered.insert(name);
            judge.seen.merge(trial.seen);
        }
        CHECK_MESSAGE(fits, rendered.dump() << " is the reply of no request in schema/requests.toml");
    }
    CHECK_MESSAGE(values.size() == std::variant_size_v<event::AnyReply>, "a reply has no sample in schema_samples.cpp");
    CHECK(answered == keys(schema()["requests"]));

    for (const auto& finding : judge.findings)
        FAIL_CHECK(finding);
    for (const auto& [name, event] : schema()["events"].items())
        expect_seen(judge, "event " + name, event["fields"]);
    for (const auto& [name, request] : schema()["requests"].items())
        expect_seen(judge, "reply " + name, request["reply"]);
    // Some objects are only ever part of what names them in "of" or "reply_of", which was looked at above.
    std::set<std::string> by_themselves;
    const auto note = [&](const Json& fields) {
        for (const auto& [field, about] : fields.items())
            by_themselves.insert(type_of(about).name);
    };
    for (const char* kind : {"objects", "events"})
        for (const auto& one : schema()[kind])
            note(one["fields"]);
    for (const auto& one : schema()["requests"])
        note(one["reply"]);
    for (const auto& [name, object] : schema()["objects"].items())
        if (by_themselves.contains(name)) expect_seen(judge, name, object["fields"]);
}
