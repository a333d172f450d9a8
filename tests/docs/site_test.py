#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The site (docs/Doxyfile): it is made without an error, every document is a page of it, every public header too, and what a page
of ours points to is there.

    site_test.py --root FOLDER
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

passed = failed = 0


def told(ok, what, why=""):
    global passed, failed  # pylint: disable=global-statement
    passed, failed = passed + ok, failed + (not ok)
    print(f"{'ok  ' if ok else 'FAIL'} {what}{'' if ok else ': ' + why}", flush=True)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--root", type=pathlib.Path, required=True)
    root = arguments.parse_args().root.resolve()
    with tempfile.TemporaryDirectory(prefix="godwit-site-") as name:
        rules = (root / "docs/Doxyfile").read_text(encoding="utf-8") + f"\nOUTPUT_DIRECTORY = {name}\n"
        done = subprocess.run(["doxygen", "-"], input=rules, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        told(done.returncode == 0 and "error:" not in done.stdout, "doxygen makes it", done.stdout[-2000:])
        html = pathlib.Path(name) / "html"
        # Doxygen names a page after its file's path.
        pages = {path.name.lower() for path in html.glob("*.html")}
        for folder in ("docs", "docs/adr"):
            missing = [page.name for page in sorted((root / folder).glob("*.md"))
                       if f"md_{page.relative_to(root).with_suffix('')}.html".replace("/", "_").replace("-", "_").replace(".", "_", page.name.count(".") - 1).lower()
                       not in pages and page.name != "README.md"]
            told(not missing, f"every document of {folder} is a page", ", ".join(missing))
        headers = [header.name for header in sorted((root / "include/godwit").glob("*.h*"))
                   if header.name.replace(".", "_8") + ".html" not in {path.name for path in html.glob("*_8h*.html")}]
        told(not headers, "every public header is a page", ", ".join(headers))
        gone = set()
        for page in html.glob("md_*.html"):
            for link in re.findall(r'href="([^":#]+\.html)[#"]', page.read_text(encoding="utf-8")):
                if not (html / link).is_file():
                    gone.add(f"{page.name} -> {link}")
        told(not gone, "what pages point to is there", "; ".join(sorted(gone)[:10]))
    print(f"site: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
