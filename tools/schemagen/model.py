# SPDX-License-Identifier: Apache-2.0
"""schema/*.toml as objects, checked: every type that is named exists, every name is unique and well formed."""
import re
import tomllib
from dataclasses import dataclass, field

BUILT_IN = ("string", "bool", "int", "uint", "number", "hex", "ErrorCode")
NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
TYPE_NAME = re.compile(r"[A-Z][A-Za-z0-9]*\Z")
GENERATED = "Made by tools/schema.py from schema/: change it there."


@dataclass(frozen=True)
class Type:
    """A name, maybe as a list, maybe nullable."""
    name: str
    is_list: bool = False
    nullable: bool = False

    @staticmethod
    def parse(text):
        nullable = text.endswith("|null")
        text = text.removesuffix("|null")
        return Type(text.removesuffix("[]"), text.endswith("[]"), nullable)

    def __str__(self):
        return self.name + ("[]" if self.is_list else "") + ("|null" if self.nullable else "")


@dataclass(frozen=True)
class Field:
    name: str
    optional: bool
    type: Type
    doc: str


@dataclass
class Object:
    name: str
    doc: str
    fields: list[Field]
    tag: str | None = None  # of a body: the value of its "kind"


@dataclass
class Request:
    name: str
    doc: str
    fields: list[Field]
    reply: list[Field]
    reply_of: str | None
    where: str | None
    errors: list[str]
    offline: bool
    host: bool
    example: dict


@dataclass
class Event:
    name: str
    doc: str
    fields: list[Field]
    of: list[str]
    own: list[Field]


@dataclass
class Schema:
    error_groups: list = field(default_factory=list)  # (title, [(number, name, do)])
    scalars: dict = field(default_factory=dict)  # name -> (bytes, doc)
    enums: dict = field(default_factory=dict)  # name -> (doc, [(value, doc)])
    objects: dict = field(default_factory=dict)
    bases: dict = field(default_factory=dict)  # name of an object -> [names of those whose fields it has, too]
    unions: dict = field(default_factory=dict)  # name -> (doc, tagged or None, [names])
    requests: dict = field(default_factory=dict)
    events: dict = field(default_factory=dict)

    @property
    def errors(self):
        return [error for _, errors in self.error_groups for error in errors]

    @staticmethod
    def read(folder):
        def load(name):
            return tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))

        out = Schema()
        out.error_groups = [(group["title"], [tuple(error) for error in group["errors"]]) for group in load("errors")["group"]]
        types = load("types")
        out.scalars = {name: tuple(about) for name, about in types["scalar"].items()}
        out.enums = {name: (about["doc"], [tuple(v) for v in about["values"]]) for name, about in types["enum"].items()}
        for name, about in types["object"].items():
            out.bases[name] = about.get("of", [])
            inherited = [f for base in about.get("of", []) for f in out.objects[base].fields]
            out.objects[name] = Object(name, about["doc"], inherited + fields_of(about), about.get("tag"))
        out.unions = {name: (about["doc"], about.get("tagged"), about["of"]) for name, about in types["union"].items()}
        for name, about in load("requests").items():
            out.requests[name] = request_of(name, about)
        for name, about in load("events").items():
            bases = about.get("of", [])
            own = fields_of(about)
            out.events[name] = Event(name, about["doc"], [f for b in bases for f in out.objects[b].fields] + own, bases, own)
        out.check()
        return out

    def reply_fields(self, request):
        return self.objects[request.reply_of].fields if request.reply_of else request.reply

    def knows(self, name):
        return name in BUILT_IN or any(name in kind for kind in (self.scalars, self.enums, self.objects, self.unions))

    def check(self):
        """Raises ValueError with the first thing that is wrong."""
        numbers = [number for number, _, _ in self.errors]
        names = [name for _, name, _ in self.errors]
        if len(set(numbers)) != len(numbers) or len(set(names)) != len(names):
            raise ValueError("errors.toml: a number or a name is there twice")
        if numbers != sorted(numbers):
            raise ValueError("errors.toml: numbers are not in order")
        for kind in (self.scalars, self.enums, self.objects, self.unions):
            for name in kind:
                if not TYPE_NAME.match(name):
                    raise ValueError(f"types.toml: {name}: types are PascalCase")
        everything = [(f"types.toml: {o.name}", o.fields) for o in self.objects.values()]
        everything += [(f"requests.toml: {r.name}", r.fields + r.reply) for r in self.requests.values()]
        everything += [(f"events.toml: {e.name}", e.fields) for e in self.events.values()]
        for where, fields in everything:
            for one in fields:
                if not NAME.match(one.name):
                    raise ValueError(f"{where}.{one.name}: fields are snake_case")
                if not self.knows(one.type.name):
                    raise ValueError(f"{where}.{one.name}: there is no type {one.type.name}")
        for request in self.requests.values():
            known = {f.name for f in request.fields}
            for name in request.example:
                if name not in known:
                    raise ValueError(f"requests.toml: {request.name}: its example has {name}, which is no field")
            for code in request.errors:
                if code not in names:
                    raise ValueError(f"requests.toml: {request.name}: there is no error {code}")
        for name, (_, _, members) in self.unions.items():
            for member in members:
                if member not in self.objects:
                    raise ValueError(f"types.toml: {name}: there is no object {member}")


def fields_of(about, key="fields"):
    return [Field(name.removesuffix("?"), name.endswith("?"), Type.parse(kind), doc) for name, kind, doc in about.get(key, [])]


def request_of(name, about):
    fields = fields_of(about)
    where = about.get("where")
    if where:
        fields = [Field(where, True, Type("string"), "An account (one's own: notes to oneself), or"),
                  Field("conversation", True, Type("ConversationId"), "the conversation")] + fields
    return Request(name, about["doc"], fields, fields_of(about, "reply"), about.get("reply_of"), where, about.get("errors", []),
                   about.get("offline", False), about.get("host", False), about.get("example", {}))
