# SPDX-License-Identifier: Apache-2.0
"""docs/reference.md: every request, event, type and error."""
from .model import GENERATED


def cell(text):
    return text.replace("|", "\\|")


def anchor(name):
    return name.lower()


def type_text(schema, kind):
    """Links to what is described on the page."""
    name = kind.name
    if name == "ErrorCode":
        shown = "[error code](#errors)"
    elif name in schema.scalars:
        shown = f"[{name}](#ids-and-keys)"
    elif schema.knows(name) and name[0].isupper():
        shown = f"[{name}](#{anchor(name)})"
    else:
        shown = name
    return (f"list of {shown}" if kind.is_list else shown) + (" or null" if kind.nullable else "")


def table(schema, fields):
    out = ["| Field | Type | |", "|---|---|---|"]
    for f in fields:
        out.append(f"| `{f.name}`{'?' if f.optional else ''} | {cell(type_text(schema, f.type))} | {cell(f.doc)} |")
    return out + [""]


def requests(schema):
    out = ["## Requests", "", "One JSON object: `\"do\"` names it, `\"id\"` is yours (an integer of 64 bits or a string of at most 64 bytes) and comes back.",
           "A `?` marks what may be left out; unknown fields are ignored. Any request may be answered with `invalid_argument`, `busy` or `cancelled`.", ""]
    out += [", ".join(f"[`{name}`](#{name})" for name in schema.requests), ""]
    for r in schema.requests.values():
        out += [f"### {r.name}", "", r.doc + (" Works offline." if r.offline else ""), ""]
        if r.fields:
            out += table(schema, r.fields)
        if r.reply_of:
            out += [f"Reply: all fields of [{r.reply_of}](#{anchor(r.reply_of)}).", ""]
        elif r.reply:
            out += ["Reply:", ""] + table(schema, r.reply)
        if r.errors:
            out += ["Errors: " + ", ".join(f"`{code}`" for code in r.errors) + ".", ""]
    return out


def events(schema):
    out = ["## Events", "", "One JSON object whose first member is `\"event\"`. Skip those that you do not know.", ""]
    out += [", ".join(f"[`{name}`](#event-{name})" for name in schema.events), ""]
    for e in schema.events.values():
        out += [f"### Event {e.name}", "", e.doc, ""]
        if e.of:
            out += ["All fields of " + ", ".join(f"[{name}](#{anchor(name)})" for name in e.of) + (", and:" if e.own else "."), ""]
        if e.own:
            out += table(schema, e.own)
    return out


def types(schema):
    out = ["## Types", "", "`string` is UTF-8; `int` and `uint` have 64 bits; `hex` is bytes as hexadecimal digits; names ending in `_ms` are milliseconds",
           "since 1970 UTC, or of a duration.", "", "### Ids and keys", "", "Hexadecimal digits, two a byte.", "", "| Type | Bytes | |", "|---|---|---|"]
    out += [f"| `{name}` | {size} | {doc} |" for name, (size, doc) in schema.scalars.items()] + [""]
    for o in schema.objects.values():
        out += [f"### {o.name}", "", o.doc + (f" `\"kind\"` is `{o.tag}`." if o.tag else ""), ""] + table(schema, o.fields)
    for name, (doc, _, members) in schema.unions.items():
        out += [f"### {name}", "", doc, "", "One of " + ", ".join(f"[{m}](#{anchor(m)})" for m in members) + ".", ""]
    for name, (doc, values) in schema.enums.items():
        out += [f"### {name}", "", doc, "", "| Value | |", "|---|---|"] + [f"| `{value}` | {cell(text)} |" for value, text in values] + [""]
    return out


def errors(schema):
    out = ["## Errors", "", "`{\"code\":…,\"detail\":…,\"retry\":ms}`. The number is the C ABI's (`include/godwit/errors.h`)."]
    for title, items in schema.error_groups:
        out += ["", f"**{title}.**", "", "| Code | Number | Do |", "|---|---|---|"]
        out += [f"| `{name}` | {number} | {cell(do)} |" for number, name, do in items]
    return out + [""]


def render(schema):
    out = ["# Reference", "", f"<!-- {GENERATED} -->", "",
           "Every request, reply, event, type and error of the JSON face: what `godwit stdio`, the C ABI and all bindings speak. How it is used:",
           "[embedding](embedding.md); the programs: [cli](cli.md). The vocabulary is append-only: names keep their meaning; new fields, values,", "events and errors come.", ""]
    out += ["- [Requests](#requests)", "- [Events](#events)", "- [Types](#types)", "- [Errors](#errors)", ""]
    return "\n".join(out + requests(schema) + events(schema) + types(schema) + errors(schema))
