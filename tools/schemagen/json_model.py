# SPDX-License-Identifier: Apache-2.0
"""The whole schema as one JSON file, resolved: for tests, and for generators of others."""
import json


def fields(items):
    return {f.name: {"type": str(f.type), "optional": f.optional, "doc": f.doc} for f in items}


def render(schema):
    model = {
        "errors": {name: {"number": number, "do": do} for number, name, do in schema.errors},
        "scalars": {name: {"bytes": size, "doc": doc} for name, (size, doc) in schema.scalars.items()},
        "enums": {name: {"doc": doc, "values": dict(values)} for name, (doc, values) in schema.enums.items()},
        "objects": {o.name: {"doc": o.doc, "tag": o.tag, "fields": fields(o.fields)} for o in schema.objects.values()},
        "unions": {name: {"doc": doc, "tagged": tagged, "of": of} for name, (doc, tagged, of) in schema.unions.items()},
        "requests": {
            r.name: {"doc": r.doc, "host": r.host, "offline": r.offline, "where": r.where, "errors": r.errors,
                     "fields": fields(r.fields), "reply": fields(schema.reply_fields(r)), "example": r.example}
            for r in schema.requests.values()
        },
        "events": {e.name: {"doc": e.doc, "fields": fields(e.fields)} for e in schema.events.values()},
    }
    return json.dumps(model, indent=1, ensure_ascii=False) + "\n"
