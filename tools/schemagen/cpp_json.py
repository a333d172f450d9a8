# SPDX-License-Identifier: Apache-2.0
"""lib/json/made_*: the JSON face, from the schema and schema/cpp.toml, which says how C++ carries it."""
import re
import tomllib

from . import cpp_hints
from .model import GENERATED

HEAD = ["// SPDX-License-Identifier: Apache-2.0", f"// {GENERATED}"]
INTEGERS = ("int", "uint")


def words(names):
    """"a, b or c"."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]


class Face:
    """The schema, and what cpp.toml says of it; each names what the other has (cpp_hints.py)."""

    def __init__(self, schema, folder):
        self.schema = schema
        self.cpp = tomllib.loads((folder / "cpp.toml").read_text(encoding="utf-8"))
        cpp_hints.check(self.cpp, schema)

    # ---- reading ----

    def form(self, name):
        size, doc = self.schema.scalars[name]
        word = re.split(r"[,:(]", doc)[0].strip()
        return f"{word[0].lower()}{word[1:]}: {2 * size} hexadecimal digits"

    def arguments(self, about, field):
        """What need() and may() are told besides the field."""
        kind, schema = field.type.name, self.schema
        limit = about.get("max", {}).get(field.name)
        out = []
        if field.type.is_list or kind == "hex":
            if limit is None:
                raise ValueError(f"cpp.toml: {field.name} has no max")
            out.append(f"Most{{{limit}}}")
        elif kind in INTEGERS:
            least, most = limit if isinstance(limit, list) else (0, limit)
            if most is None:
                most = "UINT64_MAX" if kind == "uint" else "INT64_MAX"
            out.append(f"Span{{{least}, {most}}}")
        if kind in schema.scalars:
            out.append(f'Form{{"{self.form(kind)}"}}')
        elif kind in schema.enums:
            out.append(self.choices(kind, about.get("only", {}).get(field.name)))
        elif kind in schema.objects and not field.type.is_list:
            needed = [f.name for f in schema.objects[kind].fields if not f.optional]
            out.append(f'Form{{"an object with {", ".join(needed)}"}}')
        return out

    def choices(self, kind, only):
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower() + "_choices"
        return f"Choices({name})" if only is None else f"Choices({name}).subspan({self.part(kind, only)})"

    def part(self, kind, only):
        values = [value for value, _ in self.schema.enums[kind][1]]
        at = values.index(only[0])
        if values[at:at + len(only)] != only:
            raise ValueError(f"cpp.toml: {only} do not stand side by side in {kind}")
        return f"{at}, {len(only)}"

    def reads(self, about, field):
        by = about.get("by", {}).get(field.name)
        member = "it." + about.get("fields", {}).get(field.name, field.name)
        if by is not None and by.startswith("*"):
            return [f"{by[1:]}(in, it);"] if by != "*" else []
        if by is not None:
            most = about.get("max", {}).get(field.name)
            return [f'read_{by}(in, "{field.name}", {member}{"" if most is None else f", {most}"});']
        verb = "may_or_null" if field.type.nullable else "may" if field.optional or field.name in about.get("lenient", []) else "need"
        return [f'{verb}({", ".join(["in", chr(34) + field.name + chr(34), member] + self.arguments(about, field))});']

    def read_objects(self):
        """Those that requests name, and what they are made of."""
        out, todo = [], [f.type.name for r in self.schema.requests.values() for f in r.fields]
        todo += [name for name, about in self.cpp["object"].items() if about.get("read")]
        while todo:
            name = todo.pop(0)
            if name in self.schema.objects and name not in out:
                out.append(name)
                todo += [f.type.name for f in self.schema.objects[name].fields]
        return [name for name in self.schema.objects if name in out]

    # ---- writing ----

    def writes(self, about, field):
        member = about.get("fields", {}).get(field.name, field.name)
        member = member[1:] if member.startswith("=") else "it." + member
        verb = "put_or_null" if field.type.nullable else "put"
        by = about.get("by", {}).get(field.name)
        line = f'{verb if by is None else "write_" + by}(out, "{field.name}", {member});'
        given = about.get("given", {}).get(field.name)
        return line if given is None else f"if ({given or f'given({member})'}) {line}"

    def written_members(self, about, name, of, own):
        """Of an object or event: the fields of others, and its own."""
        taken = [f"members(out, it.{about['of'][base]});" for base in of if base in about.get("of", {})]
        if len(taken) != len(of):
            raise ValueError(f"cpp.toml: {name} does not say where the fields of {of} are")
        own = [self.writes(about, f) for f in own]
        return own + taken if about.get("own_first") else taken + own

    def reply_writes(self, request):
        about = self.cpp["request"][request.name]
        cpp = about["reply"]
        if request.reply_of:
            return ["members(out, it);"]
        fields = self.schema.reply_fields(request)
        alone = fields[0].type.name
        whole = self.cpp["object"].get(alone, {}).get("type") == cpp or alone in self.schema.scalars or cpp.startswith("std::")
        if len(fields) == 1 and whole:
            return [f'put(out, "{fields[0].name}", it);']
        hints = {"fields": about.get("replied", {})}
        return [self.writes(hints, f) for f in fields]


def render_names(schema, folder):
    face = Face(schema, folder)
    out = HEAD + ["// What values of enumerations are called.", "#pragma once", "", "#include <godwit/event.hpp>",
                  "#include <godwit/report.hpp>", "#include <godwit/request.hpp>", "", "#include <string_view>", "",
                  "namespace godwit::json {", "", "// clang-format off"]
    for name, (_, values) in schema.enums.items():
        about = face.cpp["enum"][name]
        if "name" in about:
            out.append(f"[[nodiscard]] inline std::string_view name_of({about['type']} it) {{ return {about['name']}(it); }}")
            continue
        out += [f"[[nodiscard]] inline std::string_view name_of({about['type']} it)", "{", "    switch (it) {"]
        out += [f'    case {about["type"]}::{value}: return "{value}";' for value, _ in values]
        out += ["    }", f'    return "{values[0][0]}";', "}"]
    return "\n".join(out + ["// clang-format on", "", "} // namespace godwit::json", ""])


def render_header(schema, folder):
    face = Face(schema, folder)
    out = HEAD + ["// What objects are made of: written as the members of one that is open, and read.", "#pragma once", "",
                  '#include "lib/json/fields.hpp"', '#include "lib/json/writer.hpp"', "", "#include <godwit/event.hpp>",
                  "#include <godwit/request.hpp>", "", "namespace godwit::json {", "", "// clang-format off"]
    out += [f"void members(Writer& out, const {about['type']}& it);" for about in face.cpp["object"].values()]
    out += [f"void read(Fields& in, {face.cpp['object'][name]['type']}& it);" for name in face.read_objects()]
    return "\n".join(out + ["// clang-format on", "", "} // namespace godwit::json", ""])


def tables(face):
    """Values of enumerations, as they are read."""
    wanted = {f.type.name for r in face.schema.requests.values() for f in r.fields}
    wanted |= {f.type.name for name in face.read_objects() for f in face.schema.objects[name].fields}
    for name, (_, values) in face.schema.enums.items():
        if name in wanted:
            cpp = face.cpp["enum"][name]["type"]
            entries = ", ".join(f'{{"{value}", static_cast<std::uint8_t>({cpp}::{value})}}' for value, _ in values)
            yield f"inline constexpr Choice {face.choices(name, None)[8:-1]}[] = {{{entries}}};"


def render_choices(schema, folder):
    return "\n".join(HEAD + ["// Enumerations as they are read.", "#pragma once", "", '#include "lib/json/get.hpp"', "",
                             "#include <godwit/report.hpp>", "", "namespace godwit::json {", "", "// clang-format off"]
                     + list(tables(Face(schema, folder))) + ["// clang-format on", "", "} // namespace godwit::json", ""])


def render_objects(schema, folder):
    face = Face(schema, folder)
    out = HEAD + ['#include "lib/json/made_objects.hpp"', "", '#include "lib/json/get.hpp"', '#include "lib/json/made_choices.hpp"',
                  '#include "lib/json/put.hpp"', "", "namespace godwit::json {", "", "// clang-format off"]
    for name, about in face.cpp["object"].items():
        one = schema.objects[name]
        inherited = [base for base in schema.bases.get(name, [])]
        own = [f for f in one.fields if not any(f in schema.objects[base].fields for base in inherited)]
        lines = face.written_members(about, name, inherited, own)
        it = "it" if any(re.search(r"\bit\b", line) for line in lines) else ""
        out += [f"void members(Writer& out, const {about['type']}& {it})", "{"] + [f"    {line}" for line in lines] + ["}"]
    for name in face.read_objects():
        about = face.cpp["object"][name]
        out += [f"void read(Fields& in, {about['type']}& it)", "{"]
        out += [f"    {line}" for f in schema.objects[name].fields for line in face.reads(about, f)] + ["}"]
    return "\n".join(out + ["// clang-format on", "", "} // namespace godwit::json", ""])


def render_requests(schema, folder):
    face = Face(schema, folder)
    out = HEAD + ['#include "lib/json/requests.hpp"', "", '#include "lib/json/get.hpp"', '#include "lib/json/made_choices.hpp"', "",
                  "namespace godwit::json {", "namespace {", "", "// clang-format off"]
    rows, alike = [], {}
    for request in schema.requests.values():
        if request.host:
            continue
        about = face.cpp["request"][request.name]
        lines = []
        fields = request.fields
        if request.where:
            fields = fields[2:]
            with_, conversation = about["where"]
            lines.append(f'read_where(in, "{request.where}", it.{with_}, it.{conversation});')
        for f in fields:
            lines += face.reads(about, f)
        if "check" in about:
            lines.append(f"check_{about['check']}(in, it);")
        # Requests of the same fields share a function but for the type that it makes.
        key = tuple(lines)
        name = alike.get(key)
        if name is None:
            name = alike[key] = f"read_{request.name}"
            out += [f"template <class What> Request {name}(Fields&{' in' if lines else ''})", "{", "    What it{};"]
            out += [f"    {line}" for line in lines] + ["    return Request(std::move(it));", "}"]
        rows.append(f'    {{"{request.name}", {name}<request::{about["type"]}>}},')
    out += ["", "constexpr RequestRow rows[] = {"] + rows + ["};", "// clang-format on", "", "} // namespace", "",
            "std::span<const RequestRow> request_rows()", "{", "    return rows;", "}", "", "} // namespace godwit::json", ""]
    return "\n".join(out)


def render_events(schema, folder):
    face = Face(schema, folder)
    out = HEAD + ['#include "lib/json/events.hpp"', "", '#include "lib/json/put.hpp"', "", "#include <variant>", "",
                  "namespace godwit::json {", "namespace {", "", "// clang-format off", "struct PutEvent {", "    Writer& out;", "",
                  '    void operator()(const event::Reply&) const { put(out, "event", std::string_view("reply")); } // render_reply']
    for event in schema.events.values():
        about = face.cpp["event"][event.name]
        lines = face.written_members(about, event.name, event.of, event.own)
        out += [f"    void operator()(const event::{about['type']}& it) const", "    {", f'        put(out, "event", std::string_view("{event.name}"));']
        out += [f"        {line}" for line in lines] + ["    }"]
    out += ["};", "", "struct PutReply {", "    Writer& out;", "", "    void operator()(std::monostate) const {}"]
    replies = {}
    for request in schema.requests.values():
        if request.host or not schema.reply_fields(request):
            continue
        cpp = face.cpp["request"][request.name].get("reply")
        if cpp is None:
            raise ValueError(f"cpp.toml: request.{request.name} has a reply, and does not say of which type")
        lines = face.reply_writes(request)
        if replies.setdefault(cpp, lines) != lines:
            raise ValueError(f"cpp.toml: request.{request.name}: {cpp} is another reply elsewhere")
    for cpp, lines in replies.items():
        out += [f"    void operator()(const {cpp}& it) const", "    {"] + [f"        {line}" for line in lines] + ["    }"]
    out += ["};", "// clang-format on", "", "} // namespace", "", "void put_event(Writer& out, const Event& event)", "{",
            "    std::visit(PutEvent{out}, static_cast<const event::Any&>(event));", "}", "",
            "void put_reply(Writer& out, const event::ReplyValue& reply)", "{",
            "    std::visit(PutReply{out}, static_cast<const event::AnyReply&>(reply));", "}", "", "} // namespace godwit::json", ""]
    return "\n".join(out)
