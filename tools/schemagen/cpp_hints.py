# SPDX-License-Identifier: Apache-2.0
"""schema/cpp.toml, checked: each hint is one that is known there, has the form that it must have, and says something.

A hint that nobody reads (a misspelt one, `max` of a text, `given` of a field that is always there) would look like a bound and be none.
"""

TEXT, FLAG, TEXTS, TABLE = "a text", "true", "a list of texts", "a table of texts"
HINTS = {
    "enum": {"type": TEXT, "name": TEXT},
    "object": {"type": TEXT, "fields": TABLE, "given": TABLE, "lenient": TEXTS, "max": "bounds", "by": TABLE, "read": FLAG, "of": TABLE, "own_first": FLAG},
    "request": {"type": TEXT, "where": "two texts", "fields": TABLE, "lenient": TEXTS, "max": "bounds", "only": "values", "by": TABLE, "check": TEXT, "reply": TEXT,
                "replied": TABLE},
    "event": {"type": TEXT, "fields": TABLE, "given": TABLE, "by": TABLE, "of": TABLE, "own_first": FLAG},
}


def is_text(value):
    return isinstance(value, str)


def is_bound(value):
    """A number or a constant of C++; two of them."""
    one = isinstance(value, (str, int)) and not isinstance(value, bool)
    return one or isinstance(value, list) and len(value) == 2 and all(is_bound(v) and not isinstance(v, list) for v in value)


def is_texts(value):
    return isinstance(value, list) and bool(value) and all(map(is_text, value))


FORMS = {
    TEXT: is_text,
    FLAG: lambda value: value is True,
    TEXTS: is_texts,
    "two texts": lambda value: is_texts(value) and len(value) == 2,
    TABLE: lambda value: isinstance(value, dict) and all(map(is_text, value.values())),
    "bounds": lambda value: isinstance(value, dict) and all(map(is_bound, value.values())),
    "values": lambda value: isinstance(value, dict) and all(map(is_texts, value.values())),
}


def check_forms(kind, name, about):
    """Of one entry, whatever the schema says."""
    if not isinstance(about, dict) or "type" not in about:
        raise ValueError(f"cpp.toml: {kind}.{name} says no type")
    for hint, value in about.items():
        form = HINTS[kind].get(hint)
        if form is None:
            raise ValueError(f"cpp.toml: {kind}.{name}: there is no hint {hint}")
        if not FORMS[form](value):
            raise ValueError(f"cpp.toml: {kind}.{name}.{hint}: {form}")


def check_fields(kind, name, about, known):
    """What an entry says of single fields: they are there, and it means something for them."""
    fields = {f.name: f for f in known.fields}

    def refuse(hint, field, why):
        raise ValueError(f"cpp.toml: {kind}.{name}.{hint}: {field}: {why}")

    for hint in ("fields", "given", "max", "only", "by", "lenient"):
        for field in about.get(hint, {}):
            if field not in fields:
                refuse(hint, field, "there is no such field")
    for field in about.get("max", {}):
        it = fields[field].type
        if not it.is_list and it.name not in ("hex", "int", "uint", "number") and field not in about.get("by", {}):
            refuse("max", field, f"a {it} has no bound here")
    for field in about.get("given", {}):
        if not fields[field].optional:
            refuse("given", field, "is always there")
    for field in about.get("lenient", []):
        if fields[field].optional:
            refuse("lenient", field, "may be missing in any case")


def check_whole(kind, name, about, known, schema):
    """What an entry says of itself as a whole."""
    bases = schema.bases.get(name, []) if kind == "object" else getattr(known, "of", [])
    for base in about.get("of", {}):
        if base not in bases:
            raise ValueError(f"cpp.toml: {kind}.{name}.of: it has no fields of {base}")
    if about.get("own_first") and not bases:
        raise ValueError(f"cpp.toml: {kind}.{name}.own_first: all its fields are its own")
    if kind != "request":
        return
    if "where" in about and not known.where:
        raise ValueError(f"cpp.toml: request.{name}.where: it names no conversation")
    if known.where and "where" not in about:
        raise ValueError(f"cpp.toml: request.{name} does not say where its conversation is")
    replied = {f.name for f in schema.reply_fields(known)}
    if "reply" in about and not replied:
        raise ValueError(f"cpp.toml: request.{name}.reply: it has none")
    for field in about.get("replied", {}):
        if field not in replied:
            raise ValueError(f"cpp.toml: request.{name}.replied: {field}: there is no such field")
    types = {f.name: f.type.name for f in known.fields}
    for field, values in about.get("only", {}).items():
        for value in values:
            if value not in [one for one, _ in schema.enums.get(types[field], ("", []))[1]]:
                raise ValueError(f"cpp.toml: request.{name}.only: {field}: {types[field]} has no {value}")


def check(cpp, schema):
    """Raises ValueError with the first thing that is wrong."""
    known = {"enum": schema.enums, "object": schema.objects, "event": schema.events, "request": {n: r for n, r in schema.requests.items() if not r.host}}
    # What is only made for another one to have its fields, and what is read and written by hand.
    spared = {"object": {"ForwardedBody", "ForwardedItem"}}
    for kind in cpp:
        if kind not in HINTS:
            raise ValueError(f"cpp.toml: there is no [{kind}]")
    for kind, these in known.items():
        for name in these:
            if name not in cpp.get(kind, {}) and name not in spared.get(kind, ()):
                raise ValueError(f"cpp.toml: there is no {kind}.{name}")
        for name, about in cpp[kind].items():
            if name not in these:
                raise ValueError(f"cpp.toml: {kind}.{name} is not in the schema")
            check_forms(kind, name, about)
            if kind != "enum":
                check_fields(kind, name, about, these[name])
                check_whole(kind, name, about, these[name], schema)
