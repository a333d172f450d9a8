# SPDX-License-Identifier: Apache-2.0
"""bindings/node: types, and the names at run time."""
import json

from .model import GENERATED

BUILT_IN = {"string": "string", "bool": "boolean", "int": "number", "uint": "number", "number": "number", "hex": "string", "ErrorCode": "ErrorCode"}
HEAD = ["// SPDX-License-Identifier: Apache-2.0", f"// {GENERATED}", ""]


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def pascal(name):
    return "".join(part.capitalize() for part in name.split("_"))


def type_text(kind, schema):
    out = BUILT_IN.get(kind.name) or kind.name
    out = f"{out}[]" if kind.is_list else out
    return f"{out} | null" if kind.nullable else out


def members(schema, fields, first=()):
    out = [f"  {name}: {kind};" for name, kind in first]
    for f in fields:
        if f.doc:
            out.append(f"  /** {f.doc} */")
        out.append(f"  {f.name}{'?' if f.optional else ''}: {type_text(f.type, schema)};")
    return out


def render_types(schema):
    out = HEAD[:]
    out += ["/** What a failure asks of the caller. Append-only. */", "export type ErrorCode ="]
    out += [f'  | "{name}"' for _, name, _ in schema.errors]
    out[-1] += ";"
    out.append("")
    for name, (size, doc) in schema.scalars.items():
        out += [f"/** {doc}: {2 * size} hexadecimal digits. */", f"export type {name} = string;"]
    for name, (doc, values) in schema.enums.items():
        out += ["", f"/** {doc} */", f"export type {name} = " + " | ".join(f'"{v}"' for v, _ in values) + ";"]
    for o in schema.objects.values():
        out += ["", f"/** {o.doc} */", f"export interface {o.name} {{", *members(schema, o.fields, [("kind", f'"{o.tag}"')] if o.tag else ()), "}"]
    for name, (doc, _, of) in schema.unions.items():
        out += ["", f"/** {doc} */", f"export type {name} = " + " | ".join(of) + ";"]
    for r in schema.requests.values():
        if r.fields:
            out += ["", f"export interface {pascal(r.name)}Fields {{", *members(schema, r.fields), "}"]
        if r.reply:
            out += ["", f"export interface {pascal(r.name)}Reply {{", *members(schema, r.reply), "}"]
    for e in schema.events.values():
        out += ["", f"/** {e.doc} */", f"export interface {pascal(e.name)}Event {{", *members(schema, e.fields, [("event", f'"{e.name}"')]), "}"]
    out += ["", '/** Told apart by `event`. Skip those that you do not know. */', "export type Event ="]
    out += [f"  | {pascal(name)}Event" for name in schema.events]
    out[-1] += ";"
    out += ["", "/** A method a request. */", "export interface Requests {"]
    for r in schema.requests.values():
        if r.host:
            continue
        needed = any(not f.optional for f in r.fields)
        argument = f"fields{'' if needed else '?'}: {pascal(r.name)}Fields" if r.fields else ""
        reply = r.reply_of or (f"{pascal(r.name)}Reply" if r.reply else "void")
        out += [f"  /** {r.doc}{' Works offline.' if r.offline else ''} */", f"  {camel(r.name)}({argument}): Promise<{reply}>;"]
    return "\n".join(out + ["}", ""])


def render_js(schema):
    out = HEAD + ['"use strict";', "", "/** Numbers of the C ABI, by name. */", "exports.errorNumbers = {"]
    out += [f"  {name}: {number}," for number, name, _ in schema.errors]
    out += ["};", "", "/** [method, request, answers with something]. */", "exports.requests = ["]
    out += [f"  [{json.dumps(camel(r.name))}, {json.dumps(r.name)}, {'true' if schema.reply_fields(r) else 'false'}],"
            for r in schema.requests.values() if not r.host]
    return "\n".join(out + ["];", ""])
