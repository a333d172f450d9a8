#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One schema, many faces: makes what repeats from schema/*.toml.

    tools/schema.py            writes every generated file
    tools/schema.py --check    says which are stale, and fails when one is

A new request, event, field or error: write it into schema/, run this, commit both. tests/lib/json/schema_test.cpp holds the
schema against what lib/json really reads and writes.
"""
import argparse
import pathlib
import sys

from schemagen import c_header, cpp_json, java, json_model, python, reference, swift, typescript
from schemagen.model import Schema

FACES = {
    "schema/godwit.json": json_model.render,
    "include/godwit/errors.h": c_header.render,
    "lib/assembly/error_texts.hpp": c_header.render_texts,
    "lib/json/made_names.hpp": cpp_json.render_names,
    "lib/json/made_choices.hpp": cpp_json.render_choices,
    "lib/json/made_objects.hpp": cpp_json.render_header,
    "lib/json/made_objects.cpp": cpp_json.render_objects,
    "lib/json/made_requests.cpp": cpp_json.render_requests,
    "lib/json/made_events.cpp": cpp_json.render_events,
    "docs/reference.md": reference.render,
    "bindings/python/src/godwit/_schema.py": python.render,
    "bindings/node/lib/schema.js": typescript.render_js,
    "bindings/node/lib/schema.d.ts": typescript.render_types,
    "bindings/java/src/main/java/org/godwit/ErrorCode.java": java.render_errors,
    "bindings/java/src/main/java/org/godwit/Schema.java": java.render_names,
    "bindings/swift/Sources/Godwit/Schema.swift": swift.render,
}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    arguments.add_argument("--check", action="store_true")
    options = arguments.parse_args()
    schema = Schema.read(options.root / "schema")
    stale = []
    for name, render in FACES.items():
        path = options.root / name
        text = render(schema, options.root / "schema") if render.__module__.endswith("cpp_json") else render(schema)
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"{name}: {'is not what schema/ says: run tools/schema.py' if options.check else 'written'}")
    print(f"schema: {len(FACES) - (len(stale) if options.check else 0)} passed, {len(stale) if options.check else 0} failed")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
