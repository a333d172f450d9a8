# SPDX-License-Identifier: Apache-2.0
"""schema/cpp.toml cannot say what nobody reads: tools/schemagen/cpp_hints.py refuses it."""

import copy
import pathlib
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from schemagen import cpp_hints  # noqa: E402  # pylint: disable=wrong-import-position
from schemagen.model import Schema  # noqa: E402  # pylint: disable=wrong-import-position

# What is put in where, and what the refusal names.
WRONG = [
    ("request.history.maximum", {"limit": 5}, "there is no hint maximum"),
    ("object.Range.only", {"begin": ["a"]}, "there is no hint only"),
    ("event.message.max", {"text": 5}, "there is no hint max"),
    ("enum.Path.fields", {}, "there is no hint fields"),
    ("requests", {}, "there is no [requests]"),
    ("object.Nothing", {"type": "Nothing"}, "is not in the schema"),
    ("request.status", {}, "says no type"),
    ("request.status.type", 5, "a text"),
    ("request.history.max", {"limit": [1, 2, 3]}, "bounds"),
    ("request.history.max", {"limit": True}, "bounds"),
    ("request.history.max", {"limits": 5}, "there is no such field"),
    ("request.edit.max", {"text": 5}, "a string has no bound here"),
    ("object.Range.lenient", "begin", "a list of texts"),
    ("object.Range.lenient", ["start"], "there is no such field"),
    ("request.edit.lenient", ["mentions"], "may be missing in any case"),
    ("object.Version.given", {"text": ""}, "is always there"),
    ("object.TextBody.read", False, "true"),
    ("object.Range.own_first", True, "all its fields are its own"),
    ("event.message.of", {"File": "file"}, "it has no fields of File"),
    ("request.history.where", ["with"], "two texts"),
    ("request.status.where", ["with", "conversation"], "it names no conversation"),
    ("request.logout.reply", "std::string", "it has none"),
    ("request.sticker.replied", {"colour": "red"}, "there is no such field"),
    ("request.group_role.only", {"role": ["emperor"]}, "Role has no emperor"),
]


def put(cpp, path, value):
    *way, last = path.split(".")
    for name in way:
        cpp = cpp[name]
    cpp[last] = value


def main():
    schema = Schema.read(ROOT / "schema")
    right = tomllib.loads((ROOT / "schema/cpp.toml").read_text(encoding="utf-8"))
    cpp_hints.check(right, schema)
    failed = 0
    for path, value, wanted in WRONG:
        cpp = copy.deepcopy(right)
        put(cpp, path, value)
        try:
            cpp_hints.check(cpp, schema)
            said = "nothing"
        except ValueError as refused:
            said = str(refused)
        failed += wanted not in said
        print(f"{'ok  ' if wanted in said else 'FAIL'} {path} = {value!r}: {said}")
    missing = copy.deepcopy(right)
    del missing["request"]["send"]["where"]
    try:
        cpp_hints.check(missing, schema)
        failed += 1
        print("FAIL a conversation whose place nobody said")
    except ValueError:
        print("ok   a conversation whose place nobody said")
    print(f"cpp_hints: {len(WRONG) + 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
