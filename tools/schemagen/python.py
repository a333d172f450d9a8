# SPDX-License-Identifier: Apache-2.0
"""bindings/python: TypedDicts, error codes, and a method a request."""
import keyword

from .model import GENERATED

BUILT_IN = {"string": "str", "bool": "bool", "int": "int", "uint": "int", "number": "float", "hex": "str", "ErrorCode": "str"}


def type_text(schema, kind):
    if kind.name in BUILT_IN:
        out = BUILT_IN[kind.name]
    elif kind.name in schema.scalars:
        out = "str"
    else:
        out = kind.name
    out = f"list[{out}]" if kind.is_list else out
    return f"{out} | None" if kind.nullable else out


def pascal(name):
    return "".join(part.capitalize() for part in name.split("_"))


def parameter(name):
    return name + "_" if keyword.iskeyword(name) else name


def typed_dict(schema, name, doc, fields, first=()):
    out = [f"{name} = TypedDict(", f'    "{name}",', "    {"]
    out += [f'        "{key}": {kind},' for key, kind in first]
    for f in fields:
        text = f'"{type_text(schema, f.type)}"'
        out.append(f'        "{f.name}": {f"NotRequired[{text}]" if f.optional else text},')
    return out + ["    },", ")", f'"""{doc}"""', ""]


def method(schema, r):
    """One coroutine method; fields that are not given are not sent."""
    needed = [f for f in r.fields if not f.optional]
    rest = [f for f in r.fields if f.optional]
    args = ["self"] + (["*"] if r.fields else [])
    args += [f"{parameter(f.name)}: {type_text(schema, f.type)}" for f in needed]
    for f in rest:
        kind = type_text(schema, f.type)
        args.append(f"{parameter(f.name)}: {kind} = UNSET" if f.type.nullable else f"{parameter(f.name)}: {kind} | None = None")
    reply = schema.reply_fields(r)
    result = r.reply_of or (f"{pascal(r.name)}Reply" if reply else "None")
    doc = r.doc + (" Works offline." if r.offline else "")
    out = [f"    async def {r.name}({', '.join(args)}) -> {result}:", f'        """{doc}']
    described = [f for f in r.fields if f.doc]
    if described:
        out += [""] + [f"        {parameter(f.name)}: {f.doc}" for f in described]
        out[-1] += ""
        out += ['        """']
    else:
        out[-1] += '"""'
    given = "{" + ", ".join(f'"{f.name}": {parameter(f.name)}' for f in r.fields) + "}"
    call = f'await self._ask("{r.name}", {given})'
    out.append(f"        return cast({result}, {call})" if reply else f"        {call}")
    return out + [""]


def render(schema):
    out = ["# SPDX-License-Identifier: Apache-2.0", f'"""{GENERATED}"""', "", "from __future__ import annotations", "", "import enum",
           "from typing import Any, Literal, Mapping, NotRequired, TypedDict, Union, cast", "", "# pylint: disable=too-many-lines,line-too-long,invalid-name", "",
           "#: Left out, as opposed to None, where None says something.", "UNSET: Any = object()", "", "",
           "class ErrorCode(enum.IntEnum):", '    """What a failure asks of the caller. Append-only."""', ""]
    for _, items in schema.error_groups:
        for number, name, do in items:
            out += [f"    {name} = {number}", f'    """{do}"""']
    out += ["", ""]
    for name, (doc, values) in schema.enums.items():
        out += [f"{name} = Literal[{', '.join(repr(v).replace(chr(39), chr(34)) for v, _ in values)}]", f'"""{doc}"""', ""]
    for o in schema.objects.values():
        out += typed_dict(schema, o.name, o.doc, o.fields, [("kind", f'Literal["{o.tag}"]')] if o.tag else ())
    for name, (doc, _, members) in schema.unions.items():
        out += [f"{name} = Union[{', '.join(members)}]", f'"""{doc}"""', ""]
    for r in schema.requests.values():
        if schema.reply_fields(r) and not r.reply_of:
            out += typed_dict(schema, f"{pascal(r.name)}Reply", f"What `{r.name}` is answered with.", r.reply)
    for e in schema.events.values():
        out += typed_dict(schema, f"{pascal(e.name)}Event", e.doc, e.fields, [("event", f'Literal["{e.name}"]')])
    names = [f"{pascal(name)}Event" for name in schema.events]
    out += ["Event = Union[", *[f"    {name}," for name in names], "]", '"""Told apart by its member "event". Skip those that you do not know."""', "", "",
            "class Requests:", '    """A method a request. Fields that are not given are not sent."""', "",
            "    async def _ask(self, do: str, fields: Mapping[str, Any]) -> dict[str, Any]:", "        raise NotImplementedError", ""]
    for r in schema.requests.values():
        if not r.host:
            out += method(schema, r)
    while out[-1] == "":
        out.pop()
    return "\n".join(out) + "\n"
