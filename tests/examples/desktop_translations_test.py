#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Everything that the desktop client says is said in Chinese too: what Qt's lupdate finds in the sources stands in the translation,
finished, with the same places for what is put in.

    desktop_translations_test.py --sources examples/desktop
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

LUPDATE = shutil.which("lupdate", path="/usr/lib/qt6/bin:/usr/lib64/qt6/bin") or shutil.which("lupdate6") or shutil.which("lupdate-qt6")


def texts(path):
    """(context, source) -> translations, or None while unfinished."""
    out = {}
    for context in xml.parse(path).getroot().findall("context"):
        for message in context.findall("message"):
            there = message.find("translation")
            forms = [form.text or "" for form in there.findall("numerusform")] or [there.text or ""]
            unfinished = there.get("type") == "unfinished" or not all(forms)
            out[context.findtext("name"), message.findtext("source")] = None if unfinished else forms
    return out


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--sources", type=pathlib.Path, required=True)
    given = arguments.parse_args()
    if not LUPDATE:
        print("not run: Qt's lupdate is not here (qt6-l10n-tools)")
        return 77
    sources = sorted(str(path) for path in given.sources.glob("*.?pp"))
    wrong = []
    for language, more in (("zh_CN", []), ("en", ["-pluralonly"])):
        committed = given.sources / f"translations/godwit_desktop_{language}.ts"
        with tempfile.TemporaryDirectory(prefix="godwit-ts-") as folder:
            found = pathlib.Path(folder) / committed.name
            subprocess.run([LUPDATE, "-silent", *more, *sources, "-ts", found, "-target-language", language], check=True, stdout=subprocess.DEVNULL)
            said = texts(found)
        have = texts(committed)
        wrong += [f"{committed.name}: lacks {text!r} of {context}" for context, text in sorted(said.keys() - have.keys())]
        wrong += [f"{committed.name}: {text!r} of {context} is said nowhere any more" for context, text in sorted(have.keys() - said.keys())]
        for (context, text), forms in have.items():
            if forms is None:
                wrong.append(f"{committed.name}: {text!r} of {context} is not translated")
                continue
            places = sorted(re.findall(r"%(?:\d|n)", text))
            wrong += [f"{committed.name}: {form!r} has other places than {text!r}" for form in forms if sorted(re.findall(r"%(?:\d|n)", form)) != places]
        print(f"{committed.name}: {len(have)} texts")
    for one in wrong:
        print("FAIL", one)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
